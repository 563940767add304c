//! A commented template of each kind, written from the one definition of its body.
//!
//! Required fields stand there with example values, so that a template can be read back as it is; optional ones
//! are commented out.

use std::fmt::Write as _;

use nospy::codec::Value;
use nospy::crypto::hex;
use nospy::statement::body::KindInfo;
use nospy::statement::{FieldShape, Form, Presence, Shape, StatementId, for_each_field};

use crate::draft_file::{Header, header_yaml};
use crate::plain::yaml_scalar;

/// What a template says where a person has to write; nothing that still says so is signed.
pub const UNWRITTEN: &str = "to be written";

/// The public key of RFC 8032 §7.1 test 1: an example that nobody will mistake for theirs. Its private key stands in
/// the RFC, so that nothing that names it is signed either.
const EXAMPLE_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
/// What stands above every template.
pub const PUBLIC_COMMENT: &str = "# Everything below becomes public for ever once it is published.\n\
    # Write no personal data into it but the names of office holders.\n";
/// Fields that a kind needs although their record does not.
const NEEDED: [(&str, &str); 1] = [("agreement.file", "terms.term.effective")];

/// What no one but a template says: [`UNWRITTEN`], a digest or id of zeros, the example key. `None` if the value has
/// been written by somebody.
pub fn unwritten(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => (text == UNWRITTEN).then(|| text.clone()),
        Value::Bytes(bytes) => {
            let text = hex(bytes);
            (text == EXAMPLE_KEY || bytes.iter().all(|byte| *byte == 0)).then_some(text)
        }
        _ => None,
    }
}

/// The template of `kind`, with what is known of its header and the id of the statement that it refers to.
pub fn template(kind: &'static KindInfo, header: &Header, reference: Option<&StatementId>) -> String {
    let head = head(kind, header);
    let mut text = format!(
        "# {}: {}\n# Signed by: {}. Subject: {}\n{PUBLIC_COMMENT}",
        kind.name, kind.summary, kind.signer, kind.subject
    );
    text.push_str(&head.yaml());
    text.push_str("body:\n");
    let writer = Writer { kind: kind.name, origin: &head.origin, reference };
    writer.record(&mut text, kind.fields, 2, "");
    text
}

/// What stands above the body of a template.
pub struct Head {
    issuer: String,
    subject: String,
    origin: String,
    kind: &'static str,
}

impl Head {
    /// As a draft begins.
    pub fn yaml(&self) -> String {
        header_yaml(&self.issuer, &self.subject, &self.origin, self.kind)
    }
}

/// The header of a template: what is given, and examples of the rest.
pub fn head(kind: &'static KindInfo, header: &Header) -> Head {
    let subject = header.subject.clone().unwrap_or_else(|| example_subject(kind.subject));
    let issuer = header.issuer.clone().unwrap_or_else(|| example_issuer(kind, &subject));
    let origin = header.origin.clone().or_else(|| header.origin_default.clone());
    let origin = origin.unwrap_or_else(|| "registry.example/nospy".to_owned());
    Head { issuer, subject, origin, kind: kind.name }
}

struct Writer<'a> {
    kind: &'static str,
    origin: &'a str,
    reference: Option<&'a StatementId>,
}

impl Writer<'_> {
    fn record(&self, text: &mut String, fields: &'static [FieldShape], indent: usize, path: &str) {
        let mut shown = Vec::new();
        for_each_field(fields, &mut |field| shown.push(field));
        let all_optional = shown.iter().all(|field| field.presence == Presence::Optional);
        for (i, field) in shown.into_iter().enumerate() {
            let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
            let is_needed = NEEDED.contains(&(self.kind, &path))
                || field.presence == Presence::Required
                || (all_optional && i == 0);
            self.field(text, field, indent, &path, is_needed);
        }
    }

    fn field(&self, text: &mut String, field: &'static FieldShape, indent: usize, path: &str, is_needed: bool) {
        let pad = " ".repeat(indent);
        let word = if is_needed { "" } else { "Optional. " };
        // Writing to a String does not fail.
        let _ = writeln!(text, "{pad}# {word}{}{}", field.doc.trim(), wanted(&field.shape));
        let mut lines = String::new();
        self.value(&mut lines, field.name, &field.shape, indent, path);
        for line in lines.lines() {
            let _ = match is_needed {
                true => writeln!(text, "{line}"),
                false => writeln!(text, "{pad}# {}", &line[indent..]),
            };
        }
    }

    fn value(&self, text: &mut String, name: &str, shape: &'static Shape, indent: usize, path: &str) {
        let pad = " ".repeat(indent);
        let _ = match shape {
            Shape::Record(fields) => {
                let _ = writeln!(text, "{pad}{name}:");
                return self.record(text, fields, indent + 2, path);
            }
            Shape::List { of: Shape::Record(fields), .. } => {
                let _ = writeln!(text, "{pad}{name}:");
                let mut member = String::new();
                self.record(&mut member, fields, indent + 4, path);
                return text.push_str(&with_dash(&member, indent + 2));
            }
            Shape::List { of, .. } => writeln!(text, "{pad}{name}: [{}]", self.scalar(name, of)),
            _ => writeln!(text, "{pad}{name}: {}", self.scalar(name, shape)),
        };
    }

    fn scalar(&self, name: &str, shape: &Shape) -> String {
        match shape {
            Shape::Choice(words) | Shape::WordOr(words, _) => yaml_scalar(words.first().copied().unwrap_or_default()),
            Shape::Nullable(_) => "null".to_owned(),
            Shape::Scalar { form: Form::Bytes(_), wants } if wants.contains("public key") => yaml_scalar(EXAMPLE_KEY),
            Shape::Scalar { form: Form::Bytes(len), .. } => match self.reference {
                Some(id) if name == "ref" => yaml_scalar(&id.to_string()),
                _ => yaml_scalar(&"00".repeat(*len)),
            },
            Shape::Scalar { form: Form::Uint, wants } if wants.contains("instant") => "1767225600".to_owned(),
            Shape::Scalar { form: Form::Uint, .. } => if name == "seal_interval" { "600" } else { "1" }.to_owned(),
            Shape::Scalar { form: Form::Bool, .. } => ["any", "ends_inclusive"].contains(&name).to_string(),
            Shape::Scalar { form: Form::Text, wants } => yaml_scalar(self.example_text(name, wants)),
            Shape::List { .. } | Shape::Record(_) => "[]".to_owned(),
        }
    }

    fn example_text(&self, name: &str, wants: &str) -> &str {
        // So that days that follow one another do, and a window is open for a while.
        let by_name = [
            ("until", "2026-03-31"),
            ("due", "2026-06-30"),
            ("open_until", "2026-12-31"),
            ("valid_until", "2026-12-31"),
            ("ends", "2028-12-31"),
            ("every", "P3M"),
            ("grace", "P14D"),
            ("opens", "P3M"),
            ("closes", "P6W"),
            ("lapse_after", "P6W"),
            ("successor", "example-successor"),
        ];
        if let Some((_, example)) = by_name.into_iter().find(|(known, _)| *known == name) {
            return example;
        }
        let by_form = [
            ("a day", "2026-01-01"),
            ("an IANA", "UTC"),
            ("a period", "P6M"),
            ("a BCP 47", "en"),
            ("a country code", "gb"),
            ("a party id", "example-vendor"),
            ("a government id", "gb-example"),
            ("a clause id", "c1"),
            ("a statement kind", "*"),
            ("agreement/", "agreement/example-vendor/example-1/gb-example"),
        ];
        if wants.starts_with("an origin") {
            return self.origin;
        }
        match by_form.into_iter().find(|(start, _)| wants.starts_with(start)) {
            Some((_, example)) => example,
            None if name == "media_type" => "application/pdf",
            None if name == "url" => "https://example.org/",
            None => UNWRITTEN,
        }
    }
}

/// What a value of this shape must look like, as a sentence after what it means; empty where that says it.
pub fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Record(_) => String::new(),
        Shape::List { of: Shape::Record(_), max } => format!(" A list of 1-{max}."),
        Shape::Scalar { form: Form::Text, wants } if wants.starts_with("a text") => String::new(),
        other => format!(" Wants {}.", other.wants()),
    }
}

/// Puts the dash of a list member before the first field that is not a comment.
pub fn with_dash(member: &str, indent: usize) -> String {
    let mut is_done = false;
    member.lines().fold(String::new(), |mut text, line| {
        let is_first = !is_done && !line.trim_start().starts_with('#');
        is_done |= is_first;
        let _ = match (is_first, is_done) {
            (true, _) => writeln!(text, "{}- {}", " ".repeat(indent), line.trim_start()),
            // A comment before the dash stands with the dash.
            (false, false) => writeln!(text, "{}", &line[2..]),
            (false, true) => writeln!(text, "{line}"),
        };
        text
    })
}

/// An example of a subject of this form. The first of several forms; an agreement where it is another statement's.
fn example_subject(form: &str) -> String {
    let form = match form.split(" or ").next() {
        Some(first) if first.contains('/') || first == "registry" => first,
        _ => "agreement/<vendor>/<reference>/<government>",
    };
    form.replace("<vendor>", "example-vendor")
        .replace("<reference>", "example-1")
        .replace("<government>", "gb-example")
        .replace("<party>", "example-vendor")
        .replace("<reporter>", "registrar")
}

/// Who may sign a statement of this kind about this subject: one of those who may.
fn example_issuer(kind: &KindInfo, subject: &str) -> String {
    let mut parts = subject.split('/').skip(1);
    let (first, government) = (parts.next(), parts.nth(1));
    let is_for_registrar = kind.signer.starts_with("registrar") || first.is_none();
    let starts_with = |starts: &[&str]| starts.iter().any(|start| kind.signer.starts_with(start));
    let issuer = match (is_for_registrar, government) {
        (true, _) => "registrar",
        // An auditor has no place in a subject; of an agreement the government may sign what it may.
        (_, Some(government)) if starts_with(&["government", "auditor", "the body"]) => government,
        (_, None) if starts_with(&["auditor"]) => "example-auditor",
        _ => first.unwrap_or("example-vendor"),
    };
    issuer.to_owned()
}
