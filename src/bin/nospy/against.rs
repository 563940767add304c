//! Two things that one log signed, held against each other: what two people do who compare what they were shown.

use std::path::Path;

use nospy::crypto::{KeyLine, hex};
use nospy::evidence::{
    DocketFile, EvidenceFile, Fork, NotProved, Policy, Receipt, SignedCheckpoint, SignedHead, detach_receipts,
};
use nospy::merkle::Hash;
use nospy::statement::Origin;
use serde_json::json;

use crate::caught;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::view::{self, CheckLine};

/// What one of the two shows.
struct Side {
    head: SignedHead,
    /// Of a receipt: index, id and path of its entry.
    entry: Option<(u64, Hash, Vec<Hash>)>,
}

/// Holds two files against each other, each a checkpoint, a docket file or a statement with a receipt.
///
/// # Errors
/// If a file is none of these, or the two are of two logs, or evidence cannot be written.
pub fn run(
    (one, one_name): (&[u8], &str),
    (other, other_name): (&[u8], &str),
    policy: &Policy,
    directory: &Path,
    output: &Output,
) -> Result<Exit, CliError> {
    let (one, log) = read(one, one_name, policy)?;
    let (other, other_log) = read(other, other_name, policy)?;
    if log != other_log {
        return Err(CliError::usage(format!("{one_name} is of {}, {other_name} of {}", log.name(), other_log.name())));
    }
    let (exit, sentence) = match fork(&log, &one, &other) {
        Some(fork) => {
            let proved = fork.check(&log).map(|proved| caught::sentence(&proved));
            let path = caught::keep(directory, &EvidenceFile::Fork(fork))?;
            let words = proved.unwrap_or_else(|error: NotProved| error.to_string());
            (
                Exit::Equivocation,
                format!("\u{2717} EQUIVOCATION PROVED\n{words} The evidence is in {}.", path.display()),
            )
        }
        None if one.head.root() == other.head.root() && one.head.size() == other.head.size() => {
            (Exit::Ok, "\u{2713} one tree: both are of the same size and root.".to_owned())
        }
        None => (
            Exit::Indeterminate,
            format!(
                "\u{2013} the two heads alone show nothing: the trees have {} and {} entries. Ask the log \
                 whether one extends the other: nospy log consistency FILE FILE.",
                one.head.size(),
                other.head.size()
            ),
        ),
    };
    let checks = [CheckLine::of("log-signatures", Ok(format!("both by {log}")))];
    let text =
        format!("{}\n{sentence}\n\nAnswer: {} (exit {})", view::checks_text(&checks), exit.meaning(), exit.code());
    let head = |side: &Side| json!({ "size": side.head.size(), "root": hex(side.head.root()) });
    let json = json!({
        "type": "comparison", "exit": exit.code(), "answer": exit.name(), "origin": log.name(),
        "heads": [head(&one), head(&other)], "sentence": sentence, "checks": view::checks_json(&checks),
    });
    output.data(&text, json)?;
    Ok(exit)
}

/// What the two prove together.
fn fork(log: &KeyLine, one: &Side, other: &Side) -> Option<Fork> {
    let entries = || match (&one.entry, &other.entry) {
        (Some((index, id, path)), Some((other_index, other_id, other_path))) if index == other_index => {
            let one = (one.head.clone(), *id, path.clone());
            Fork::of_entries(log, *index, one, (other.head.clone(), *other_id, other_path.clone()))
        }
        _ => None,
    };
    Fork::of_one_size(log, one.head.clone(), other.head.clone()).or_else(entries)
}

fn read(bytes: &[u8], name: &str, policy: &Policy) -> Result<(Side, KeyLine), CliError> {
    let log_of = |origin: &Origin| {
        let log = policy.log_of(origin).cloned();
        log.ok_or_else(|| {
            CliError::new(Exit::BadSignature, format!("{name}: your policy does not trust the log {origin}"))
        })
    };
    let of_checkpoint = |signed: &SignedCheckpoint| {
        let log = log_of(&signed.checkpoint().origin)?;
        let head = SignedHead::of_checkpoint(signed, &log)
            .ok_or_else(|| CliError::new(Exit::BadSignature, format!("{name}: not signed by {log}")))?;
        Ok((Side { head, entry: None }, log))
    };
    if let Ok(signed) = SignedCheckpoint::parse(bytes) {
        return of_checkpoint(&signed);
    }
    if let Ok(file) = DocketFile::parse(bytes) {
        return of_checkpoint(&file.checkpoint);
    }
    let what = || {
        CliError::malformed(format!(
            "{name} is neither a checkpoint, nor a docket file, nor a statement with a receipt"
        ))
    };
    let (statement, receipts) = detach_receipts(bytes).map_err(|_| what())?;
    let log = log_of(statement.origin())?;
    let receipt = receipts.iter().filter_map(|receipt| Receipt::parse(receipt).ok());
    let receipt = { receipt }.find(|receipt| receipt.claims().origin == *statement.origin()).ok_or_else(what)?;
    let verified = receipt
        .check(&statement, &log)
        .map_err(|error| CliError::new(Exit::BadInclusion, format!("{name}: {error}")))?;
    let entry = Some((verified.index, statement.id().0, receipt.path().to_vec()));
    Ok((Side { head: SignedHead::of_receipt(&receipt, &verified), entry }, log))
}
