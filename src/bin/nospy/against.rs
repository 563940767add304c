//! Two things that one log signed, held against each other: what two people do who compare what they were shown.

use std::collections::BTreeMap;
use std::path::Path;

use nospy::crypto::{KeyLine, hex};
use nospy::evidence::{
    DocketFile, Entries, EvidenceFile, Fork, NotProved, Policy, Receipt, Seal, SignedCheckpoint, SignedHead,
    detach_receipts,
};
use nospy::merkle::Hash;
use nospy::statement::{Origin, Statement};
use serde_json::json;

use crate::caught;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::view::{self, CheckLine};

/// What one of the two shows.
struct Side {
    head: SignedHead,
    /// Each entry by its index, with its id and path.
    entries: BTreeMap<u64, (Hash, Vec<Hash>)>,
    /// The seals, by index.
    seals: Vec<(Seal, Statement)>,
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
                "\u{2013} the two alone show nothing: the trees have {} and {} entries. Ask the log whether \
                 one extends the other: nospy log consistency, with a checkpoint of each.",
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
    let of_entry = |(index, (id, path)): (&u64, &(Hash, Vec<Hash>))| {
        let (other_id, other_path) = other.entries.get(index).filter(|(other_id, _)| other_id != id)?;
        let one = (one.head.clone(), *id, path.clone());
        Fork::of_entries(log, *index, one, (other.head.clone(), *other_id, other_path.clone()))
    };
    Fork::of_one_size(log, one.head.clone(), other.head.clone())
        .or_else(|| one.entries.iter().find_map(of_entry))
        .or_else(|| of_seals(log, one, other))
}

/// Two seals of one batch, or two behind one seal, or of two batches in a row the later with the earlier time: no log has both.
fn of_seals(log: &KeyLine, one: &Side, other: &Side) -> Option<Fork> {
    let mut seals: Vec<&(Seal, Statement)> = one.seals.iter().chain(&other.seals).collect();
    let contradict = |pair: &[&(Seal, Statement)]| Fork::of_seals(log, pair[0].1.clone(), pair[1].1.clone());
    let is_apart = |pair: &&[&(Seal, Statement)]| pair[0].0.id != pair[1].0.id;
    seals.sort_by_key(|(seal, _)| seal.prev);
    let behind_one = |pair: &&[&(Seal, Statement)]| pair[0].0.prev == pair[1].0.prev;
    let found = seals.windows(2).filter(is_apart).filter(behind_one).find_map(contradict);
    seals.sort_by_key(|(seal, _)| seal.from);
    let in_doubt =
        |pair: &&[&(Seal, Statement)]| pair[0].0.from == pair[1].0.from || pair[0].0.time_ms >= pair[1].0.time_ms;
    found.or_else(|| seals.windows(2).filter(is_apart).filter(in_doubt).find_map(contradict))
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
        Ok((Side { head, entries: BTreeMap::new(), seals: Vec::new() }, log))
    };
    if let Ok(signed) = SignedCheckpoint::parse(bytes) {
        return of_checkpoint(&signed);
    }
    if let Ok(file) = DocketFile::parse(bytes) {
        let (side, log) = of_checkpoint(&file.checkpoint)?;
        return Ok((with_file(side, &file), log));
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
    let entries = BTreeMap::from([(verified.index, (statement.id().0, receipt.path().to_vec()))]);
    Ok((Side { head: SignedHead::of_receipt(&receipt, &verified), entries, seals: Vec::new() }, log))
}

/// What a docket file shows beside its checkpoint. Nothing of it is believed: evidence is made of what verifies.
fn with_file(side: Side, file: &DocketFile<'_>) -> Side {
    let seals = file.seals.iter().map(|entry| (entry.seal.index, entry.seal.id.0, entry.path.iter().collect()));
    let full = file.dockets.iter().filter_map(|docket| match &docket.entries {
        Entries::Full(entries) => Some(entries),
        Entries::List(_) => None,
    });
    let statements = full.flatten().map(|entry| {
        let placed = &file.statements[entry.statement];
        (placed.index, placed.statement.id().0, entry.path.iter().collect())
    });
    let entries = seals.chain(statements).map(|(index, id, path)| (index, (id, path))).collect();
    let seals = file.seals.iter().map(|entry| (entry.seal.clone(), entry.statement.clone())).collect();
    Side { entries, seals, ..side }
}
