//! A draft: what a statement will say, as people write it.
//!
//! ```yaml
//! issuer: huawei
//! subject: offer/huawei/no-spy-2019
//! origin: registry.example/nospy
//! kind: offer.make
//! body:
//!   addressees: {any: true}
//!   …
//! ```

use std::fmt::Write as _;
use std::path::Path;

use nospy::codec::{Key, Value, encode};
use nospy::crypto::possession_message;
use nospy::statement::body::KindInfo;
use nospy::statement::{
    Body, BodyError, Draft, Issuer, KINDS, KindName, Origin, Party, SEAL_KIND, Subject, from_plain, nearest, to_plain,
};

use crate::error::CliError;
use crate::exit::Exit;
use crate::plain::{self, Plain};
use crate::{files, moment};

/// A draft with every name parsed and its body in the shape of its kind.
#[derive(Debug)]
pub struct DraftFile {
    /// Who will sign.
    pub issuer: Party,
    /// What it is about.
    pub subject: Subject,
    /// The registry it is meant for.
    pub origin: Origin,
    /// Its kind.
    pub kind: &'static KindInfo,
    /// Its body.
    pub body: Value,
}

/// What a header may be given from outside the file; a given field wins over the file's.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Who will sign.
    pub issuer: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// The registry it is meant for.
    pub origin: Option<String>,
    /// The registry, where neither the caller nor the file names one.
    pub origin_default: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
}

const HEADER_FIELDS: [&str; 4] = ["issuer", "subject", "origin", "kind"];

impl DraftFile {
    /// Reads a draft.
    ///
    /// # Errors
    /// The field and the rule, with the line where it is known.
    pub fn read(path: &Path, header: &Header) -> Result<Self, CliError> {
        Self::parse(&files::read_text(path)?, &path.display().to_string(), header)
    }

    /// Parses the text of a draft, called `name` in errors. A text without a `body` is the body alone.
    ///
    /// # Errors
    /// As [`DraftFile::read`].
    pub fn parse(text: &str, name: &str, header: &Header) -> Result<Self, CliError> {
        let plain = Plain::parse(text, name)?;
        let field = |field: &str| match &plain.value {
            Value::Map(pairs) => pairs.get(&Key::Text(field.to_owned())),
            _ => None,
        };
        let is_whole = field("body").is_some();
        if is_whole {
            check_header_fields(&plain, name)?;
        }
        let text_of = |wanted: &'static str, given: &Option<String>| match (given, field(wanted).filter(|_| is_whole)) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(Value::Text(text))) => Ok(text.clone()),
            (None, Some(_)) => Err(at(&plain, name, wanted, "wants a text; put the value in quotes")),
            (None, None) => Err(at(&plain, name, wanted, "missing").next_step(format!(
                "Write `{wanted}: …` above `body:`, or give --{wanted}. `nospy draft KIND` prints a template."
            ))),
        };
        let origin = match field("origin").filter(|_| is_whole) {
            Some(_) => header.origin.clone(),
            None => header.origin.clone().or_else(|| header.origin_default.clone()),
        };
        let rule = |field: &'static str| {
            let plain = &plain;
            move |error: nospy::statement::NameError| at(plain, name, field, &error.to_string())
        };
        let kind =
            find_kind(&text_of("kind", &header.kind)?).map_err(|error| error.detail(format!("in {name}, kind")))?;
        let issuer: Party = text_of("issuer", &header.issuer)?.parse().map_err(rule("issuer"))?;
        let subject: Subject = text_of("subject", &header.subject)?.parse().map_err(rule("subject"))?;
        let origin: Origin = text_of("origin", &origin)?.parse().map_err(rule("origin"))?;
        let kind_name: KindName = kind.name.parse().map_err(rule("kind"))?;
        if subject.is_derived() || !subject.admits_kind(&kind_name) || !is_about(kind, &subject) {
            return Err(at(&plain, name, "subject", &format!("a {} is about {}", kind.name, kind.subject)));
        }
        let tree = if is_whole { field("body").cloned().unwrap_or(Value::Null) } else { plain.value.clone() };
        let body = from_plain(&kind_name, &tree).map_err(|error| match error {
            BodyError::Field { path, rule } => {
                let path = match (is_whole, path.as_str()) {
                    (_, "body") => "body".to_owned(),
                    (true, inner) => format!("body.{inner}"),
                    (false, inner) => inner.to_owned(),
                };
                at(&plain, name, &path, &rule).next_step(format!("`nospy draft {}` prints every field.", kind.name))
            }
            other => CliError::malformed(format!("{name}: {other}")),
        })?;
        Ok(Self { issuer, subject, origin, kind, body })
    }

    /// The draft as YAML; what [`DraftFile::parse`] reads back.
    pub fn to_yaml(&self) -> String {
        let mut text =
            header_yaml(self.issuer.as_str(), &self.subject.to_string(), self.origin.as_str(), self.kind.name);
        let bytes = encode(&self.body);
        let body = nospy::codec::Item::read(&bytes).map(to_plain).unwrap_or(Value::Null);
        let indented = plain::body_to_yaml(&body, self.kind.fields).lines().fold(String::new(), |mut all, line| {
            // Writing to a String does not fail.
            let _ = writeln!(all, "  {line}");
            all
        });
        text.push_str("body:\n");
        text.push_str(&indented);
        text
    }

    /// What will be signed at `iat`, unix seconds.
    pub fn at(&self, iat: u64) -> Draft {
        let kind = self.kind.name.parse().expect("the names of known kinds are kinds");
        Draft {
            issuer: Issuer::Party(self.issuer.clone()),
            subject: self.subject.clone(),
            origin: self.origin.clone(),
            kind,
            iat,
            body: self.body.clone(),
        }
    }

    /// The body, typed.
    pub fn typed(&self) -> Result<Body, BodyError> {
        let kind = self.kind.name.parse().expect("the names of known kinds are kinds");
        let bytes = encode(&self.body);
        let item = nospy::codec::Item::read(&bytes).expect("from_plain read these bytes");
        Body::read(&kind, item)
    }

    /// Checks the proof of possession of every key that the draft enrols or grants: whoever signs the draft says
    /// that the party holds the key.
    ///
    /// # Errors
    /// [`Exit::BadSignature`] with the first proof that is none.
    pub fn check_possession(&self, name: &str) -> Result<(), CliError> {
        let (grants, list) = match self.typed() {
            Ok(Body::PartyEnrol(body)) => (body.keys, "keys"),
            Ok(Body::PartyKeys(body)) => (body.grant.unwrap_or_default(), "grant"),
            _ => return Ok(()),
        };
        let Subject::Party(party) = &self.subject else { return Ok(()) };
        for (i, grant) in grants.iter().enumerate() {
            let message = possession_message(self.origin.as_str(), party.as_str(), &grant.key);
            grant.key.verify(&message, &grant.proof.0).map_err(|_| {
                CliError::new(
                    Exit::BadSignature,
                    format!(
                        "{name}, body.{list}[{i}].proof: not a proof that {party} holds this key for {}",
                        self.origin
                    ),
                )
                .next_step("The party makes the proof with `nospy key request` for this origin and this party id.")
            })?;
        }
        Ok(())
    }
}

/// The kind of this name.
///
/// # Errors
/// [`Exit::Usage`], with the nearest known name.
pub fn find_kind(name: &str) -> Result<&'static KindInfo, CliError> {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).filter(|name| *name != SEAL_KIND).collect();
    match KindInfo::find(name) {
        Some(kind) if kind.name != SEAL_KIND => Ok(kind),
        Some(_) => Err(CliError::usage("seals are made by the registry alone")),
        None => {
            let unknown = CliError::usage(format!("unknown kind of statement: {name}"));
            Err(match nearest(name, &names) {
                Some(near) => unknown.next_step(format!("Did you mean {near}? `nospy draft` lists every kind.")),
                None => unknown.next_step("`nospy draft` lists every kind."),
            })
        }
    }
}

/// Whether a statement of this kind may have this subject, by the family of either.
pub fn is_about(kind: &KindInfo, subject: &Subject) -> bool {
    let family = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    let subject = family(&subject.to_string());
    // That of the statement that it names: of any family.
    kind.subject.starts_with("that of") || kind.subject.split(" or ").any(|form| family(form) == subject)
}

/// The header of a draft as YAML.
pub fn header_yaml(issuer: &str, subject: &str, origin: &str, kind: &str) -> String {
    HEADER_FIELDS.into_iter().zip([issuer, subject, origin, kind]).fold(String::new(), |mut text, (name, value)| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name}: {}", plain::yaml_scalar(value));
        text
    })
}

/// When a signature says it was made: as given, or now.
///
/// # Errors
/// If the text is neither unix seconds nor a time.
pub fn iat(given: Option<&str>) -> Result<u64, CliError> {
    match given {
        Some(text) => moment::parse_seconds(text),
        None => moment::now_seconds(),
    }
}

fn check_header_fields(plain: &Plain, name: &str) -> Result<(), CliError> {
    let Value::Map(pairs) = &plain.value else { return Ok(()) };
    for key in pairs.keys() {
        match key {
            Key::Text(field) if field == "body" || HEADER_FIELDS.contains(&field.as_str()) => {}
            Key::Text(field) => {
                return Err(at(
                    plain,
                    name,
                    field,
                    "unknown field; a draft has issuer, subject, origin, kind and body",
                ));
            }
            Key::Int(_) => return Err(CliError::malformed(format!("{name}: field names are texts"))),
        }
    }
    Ok(())
}

fn at(plain: &Plain, name: &str, path: &str, rule: &str) -> CliError {
    let line = plain.line_of(path).map(|line| format!("line {line}, ")).unwrap_or_default();
    CliError::malformed(format!("{name}, {line}{path}: {rule}"))
}
