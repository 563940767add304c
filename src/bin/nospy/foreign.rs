//! `nospy verify --foreign-key`: SCITT statements and receipts that others made, read tolerantly.

use std::path::{Path, PathBuf};

use nospy::crypto::{ForeignKey, Kid, hex};
use nospy::evidence::Outcome;
use nospy::evidence::foreign::{ForeignError, ForeignInclusion, ForeignMessage, check_receipt, read_keys, shown};
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;
use crate::view::{self, CheckLine};

/// Most bytes of a key id that are shown.
const KID_SHOWN_MAX: usize = 64;
/// What is not understood is not checked, and never counted as passed.
const NOT_UNDERSTOOD: &str = "not understood here";

/// The keys that the caller chose, each role its own: who may sign statements is not thereby a log.
pub struct KeyFiles<'a> {
    /// Keys of issuers.
    pub issuers: &'a [PathBuf],
    /// Keys of logs; receipts are checked under these only.
    pub logs: &'a [PathBuf],
}

/// Verifies a foreign statement with the receipts that it carries, or a foreign receipt for `statement`.
///
/// # Errors
/// If a file is no COSE_Sign1, or a key cannot be read; failed checks are an answer.
pub fn verify(
    bytes: &[u8],
    name: &str,
    statement: Option<&Path>,
    files: &KeyFiles<'_>,
    output: &Output,
) -> Result<Exit, CliError> {
    let (issuers, logs) = (Keys::read(files.issuers)?, Keys::read(files.logs)?);
    let parse = |bytes, name: &str| {
        ForeignMessage::parse(bytes)
            .map_err(|error: ForeignError| CliError::malformed(format!("{name} cannot be read: {error}")))
    };
    let other = statement.map(files::read).transpose()?;
    let (message, receipts) = match (&other, statement) {
        (Some(other), Some(path)) => (parse(other, &path.display().to_string())?, Ok(vec![bytes])),
        _ => {
            let message = parse(bytes, name)?;
            let receipts = message.receipts();
            (message, receipts)
        }
    };
    let signature = message.check(None, &issuers.keys).map(|key| issuers.by(key));
    let mut checks = vec![line("statement-signature", signature)];
    checks.extend(receipt_checks(&message, receipts.as_deref(), &logs));
    report(&message, receipts.map_or(0, |receipts| receipts.len()), &checks, output)
}

/// Keys, and the files that they are from.
struct Keys {
    keys: Vec<ForeignKey>,
    files: Vec<(Kid, String)>,
}

impl Keys {
    fn read(paths: &[PathBuf]) -> Result<Self, CliError> {
        let mut read = Self { keys: Vec::new(), files: Vec::new() };
        for path in paths {
            let keys = read_keys(&files::read(path)?)
                .map_err(|error| CliError::malformed(format!("{}: {error}", path.display())))?;
            read.files.extend(keys.iter().map(|key| (key.kid(), path.display().to_string())));
            read.keys.extend(keys);
        }
        Ok(read)
    }

    /// Which key it was: its thumbprint, and the file that it is from.
    fn by(&self, key: Kid) -> String {
        let file = self.files.iter().find(|(kid, _)| *kid == key).map_or("", |(_, file)| file);
        format!("by key {key} of {file}")
    }
}

/// One line for each receipt, or for why there is none.
fn receipt_checks(
    message: &ForeignMessage<'_>,
    receipts: Result<&[&[u8]], &ForeignError>,
    logs: &Keys,
) -> Vec<CheckLine> {
    const NAME: &str = "entry-inclusion";
    let open =
        |why, next: &str| CheckLine { name: NAME, outcome: Outcome::Skipped(why), detail: Some(next.to_owned()) };
    let receipts = match receipts {
        Ok(receipts) => receipts,
        Err(error) => return vec![line(NAME, Err(error.clone()))],
    };
    match (receipts.is_empty(), logs.keys.is_empty()) {
        (true, true) => vec![CheckLine::skipped(NAME, "it carries no receipt")],
        (true, false) => {
            vec![open("it carries no receipt", "a log key was given, and nothing is there to check with it")]
        }
        (false, true) => {
            vec![open("not checked, no log key given", "give the log's own key with --foreign-log-key FILE")]
        }
        (false, false) => receipts
            .iter()
            .map(|receipt| {
                let words = |place: ForeignInclusion| {
                    let (index, size, root, by) = (place.index, place.size, hex(&place.root), logs.by(place.key));
                    format!("entry {index} of {size}, by its proof; the root {root} is signed {by}")
                };
                line(NAME, check_receipt(receipt, message, &logs.keys).map(words))
            })
            .collect(),
    }
}

fn line(name: &'static str, result: Result<String, ForeignError>) -> CheckLine {
    match result {
        Err(
            error @ (ForeignError::Algorithm(_)
            | ForeignError::DataStructure(_)
            | ForeignError::Critical(_)
            | ForeignError::Receipts(_)
            | ForeignError::Detached),
        ) => CheckLine { name, outcome: Outcome::Skipped(NOT_UNDERSTOOD), detail: Some(error.to_string()) },
        result => CheckLine::of(name, result.map_err(|error| error.to_string())),
    }
}

/// What was asked and could not be checked, each in a sentence. A line that is skipped without detail was not asked.
fn unknown(checks: &[CheckLine]) -> impl Iterator<Item = String> {
    checks.iter().filter_map(|check| match (&check.outcome, &check.detail) {
        (Outcome::Skipped(why), Some(detail)) => Some(format!("{}: {why}: {detail}", check.name)),
        _ => None,
    })
}

fn exit_of(checks: &[CheckLine]) -> Exit {
    let failed = checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_))).map(|check| check.name);
    match failed {
        Some("entry-inclusion") => Exit::BadInclusion,
        Some(_) => Exit::BadSignature,
        None if unknown(checks).next().is_some() => Exit::Indeterminate,
        None if checks.iter().any(|check| check.outcome == Outcome::Passed) => Exit::Ok,
        None => Exit::Indeterminate,
    }
}

/// What it says is shown as its words: on one line each, and marked while its signature is not verified.
fn report(
    message: &ForeignMessage<'_>,
    receipts: usize,
    checks: &[CheckLine],
    output: &Output,
) -> Result<Exit, CliError> {
    let exit = exit_of(checks);
    let is_signed = checks.iter().any(|check| check.name == "statement-signature" && check.outcome == Outcome::Passed);
    let mark = if is_signed { "" } else { "   (it says so; its signature is not verified)" };
    let claim = |name: &str, text: Option<&str>| {
        text.map(|text| format!("\n{name:<8} {}{mark}", shown(text))).unwrap_or_default()
    };
    let list = |labels: &[String]| if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    let ((issuer, subject), labels) = (message.claims(), message.labels());
    let text = format!(
        "a foreign statement{}{}\nsigned headers    {}\nunsigned headers  {}\n\n{}\n{}Not proven: what it means. It is no statement of a registry of ours, whatever it says.\n\nAnswer: {} (exit {})",
        claim("issuer", issuer),
        claim("subject", subject),
        list(&labels.signed),
        list(&labels.unsigned),
        view::checks_text(checks),
        unknown(checks).map(|why| format!("Not known: {why}\n")).collect::<String>(),
        exit.meaning(),
        exit.code()
    );
    let kid = message.kid().map(|kid| hex(&kid[..kid.len().min(KID_SHOWN_MAX)]));
    let json = json!({
        "type": "foreign", "exit": exit.code(), "answer": exit.name(), "issuer": issuer, "subject": subject,
        "kid": kid, "headers": { "signed": labels.signed, "unsigned": labels.unsigned }, "receipts": receipts,
        "checks": view::checks_json(checks), "not_known": unknown(checks).collect::<Vec<_>>(),
    });
    output.data(&text, json)?;
    Ok(exit)
}
