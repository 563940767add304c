//! `nospy verify --foreign-key`: SCITT statements and receipts that others made, read tolerantly.

use std::path::{Path, PathBuf};

use nospy::crypto::{ForeignKey, hex};
use nospy::evidence::Outcome;
use nospy::evidence::foreign::{ForeignError, ForeignMessage, check_receipt, read_keys};
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;
use crate::view::{self, CheckLine};

/// Verifies a foreign statement with the receipts that it carries, or a foreign receipt for `statement`.
///
/// # Errors
/// If a file is no COSE_Sign1, or a key cannot be read; failed checks are an answer.
pub fn verify(
    bytes: &[u8],
    name: &str,
    statement: Option<&Path>,
    key_files: &[PathBuf],
    output: &Output,
) -> Result<Exit, CliError> {
    let mut keys: Vec<ForeignKey> = Vec::new();
    for path in key_files {
        let read = read_keys(&files::read(path)?);
        keys.extend(read.map_err(|error| CliError::malformed(format!("{}: {error}", path.display())))?);
    }
    let parse = |bytes, name: &str| {
        ForeignMessage::parse(bytes)
            .map_err(|error: ForeignError| CliError::malformed(format!("{name} cannot be read: {error}")))
    };
    let other = statement.map(files::read).transpose()?;
    let (message, receipts) = match (&other, statement) {
        (Some(other), Some(path)) => (parse(other, &path.display().to_string())?, vec![bytes]),
        _ => {
            let message = parse(bytes, name)?;
            let receipts = message.receipts();
            (message, receipts)
        }
    };
    let mut checks =
        vec![line("statement-signature", message.check(None, &keys).map(|()| "by a key that you gave".into()))];
    for receipt in &receipts {
        let found = check_receipt(receipt, &message, &keys);
        let words = |place: nospy::evidence::foreign::ForeignInclusion| {
            format!("entry {} of {}, by its proof; the signed root is {}", place.index, place.size, hex(&place.root))
        };
        checks.push(line("entry-inclusion", found.map(words)));
    }
    if receipts.is_empty() {
        checks.push(CheckLine::skipped("entry-inclusion", "it carries no receipt"));
    }
    let exit = exit_of(&checks);
    let (issuer, subject) = message.claims();
    let text = format!(
        "a foreign statement{}{}\nheaders {}\n\n{}\n{}Not proven: what it means. It is no statement of a registry of ours, whatever it says.\n\nAnswer: {} (exit {})",
        issuer.map(|issuer| format!("\nissuer  {issuer}")).unwrap_or_default(),
        subject.map(|subject| format!("\nsubject {subject}")).unwrap_or_default(),
        message.labels().join(", "),
        view::checks_text(&checks),
        not_understood(&checks).map(|why| format!("Not understood: {why}\n")).collect::<String>(),
        exit.meaning(),
        exit.code()
    );
    let json = json!({
        "type": "foreign", "exit": exit.code(), "answer": exit.name(), "issuer": issuer, "subject": subject,
        "kid": message.kid().map(hex), "headers": message.labels(), "receipts": receipts.len(),
        "checks": view::checks_json(&checks),
    });
    output.data(&text, json)?;
    Ok(exit)
}

/// What is not understood is not checked, and never counted as passed.
fn line(name: &'static str, result: Result<String, ForeignError>) -> CheckLine {
    match result {
        Err(
            error @ (ForeignError::Algorithm(_)
            | ForeignError::DataStructure(_)
            | ForeignError::Critical(_)
            | ForeignError::Detached),
        ) => CheckLine { name, outcome: Outcome::Skipped("not understood here"), detail: Some(error.to_string()) },
        result => CheckLine::of(name, result.map_err(|error| error.to_string())),
    }
}

/// What could not be checked, each in a sentence.
fn not_understood(checks: &[CheckLine]) -> impl Iterator<Item = &str> {
    checks
        .iter()
        .filter(|check| matches!(check.outcome, Outcome::Skipped(_)))
        .filter_map(|check| check.detail.as_deref())
}

fn exit_of(checks: &[CheckLine]) -> Exit {
    let failed = checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_))).map(|check| check.name);
    match failed {
        Some("entry-inclusion") => Exit::BadInclusion,
        Some(_) => Exit::BadSignature,
        None if not_understood(checks).next().is_some() => Exit::Indeterminate,
        None if checks.iter().any(|check| check.outcome == Outcome::Passed) => Exit::Ok,
        None => Exit::Indeterminate,
    }
}
