//! `nospy log seam`: whether a log that ended and the one that continues it name each other. No network.

use std::path::PathBuf;

use clap::Args;
use nospy::crypto::hex;
use nospy::evidence::{Seam, SeamAnswer, SeamReport, Trust, Verdict, Verification, check_seam};
use nospy::merkle::Hash;
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{closed, describe, files, moment, trust, view};

/// Check the seam between a log that was closed and the one that continues it, without any network.
///
/// Both files are verified, each under the key that you trust for its log. The seam holds if the old log's last statement
/// names exactly the new log's origin and key, and the new log's genesis names exactly the tree at which the old one ended.
/// Exit codes: 0 it holds; 17 one of the logs does not name the other; 15 the old log names another key; 12 the ends do not
/// meet, and the two files are the evidence; others as of `nospy verify`, for the file that fails.
#[derive(Args)]
pub struct SeamArgs {
    /// A docket file of the log that ended, taken after its close; that of `registry` is the smallest.
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// Whom you trust for the old log: a policy file, or the log's verifier key.
    #[arg(long, value_name = "FILE|VKEY")]
    old_policy: String,
    /// A docket file of the log that continues it.
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    /// Whom you trust for the new log.
    #[arg(long, value_name = "FILE|VKEY")]
    new_policy: String,
}

/// Runs the verb.
///
/// # Errors
/// If a file or policy cannot be read; a seam that does not hold is an answer, not an error.
pub fn run(args: &SeamArgs, output: &Output) -> Result<Exit, CliError> {
    let (old_trust, new_trust) =
        (Trust::of(trust::policy_of(&args.old_policy)?), Trust::of(trust::policy_of(&args.new_policy)?));
    let (old, new) = (files::read(&args.old)?, files::read(&args.new)?);
    let report = check_seam((&old, &old_trust), (&new, &new_trust));
    let exit = exit_of(&report.answer);
    let text = format!(
        "{}\n{}\n{}\n{}\n\nAnswer: {} (exit {})",
        file_text("old", &report.old),
        file_text("new", &report.new),
        sentence(&report.answer),
        "Not proven: that the same people run both logs, nor that the new registrar is who it says it is.",
        exit.meaning(),
        exit.code()
    );
    output.data(&text, json(&report, exit))?;
    Ok(exit)
}

/// The exit code of an answer.
fn exit_of(answer: &SeamAnswer) -> Exit {
    match answer {
        SeamAnswer::Holds(_) => Exit::Ok,
        SeamAnswer::OldFails(verdict) | SeamAnswer::NewFails(verdict) => match verdict {
            // No check failed, and still nothing follows from the file.
            Verdict::Holds | Verdict::No => Exit::Indeterminate,
            failed => view::exit_of(*failed),
        },
        SeamAnswer::OtherKey => Exit::KeyAuthority,
        SeamAnswer::GoesOn { .. } | SeamAnswer::OtherTree { .. } => Exit::Equivocation,
        SeamAnswer::NotClosed
        | SeamAnswer::OtherSuccessor { .. }
        | SeamAnswer::NoPredecessor
        | SeamAnswer::OtherPredecessor { .. } => Exit::AnswerNo,
        // An answer that this table does not know is no yes.
        _ => Exit::Indeterminate,
    }
}

/// The name of an answer for programs.
fn name(answer: &SeamAnswer) -> &'static str {
    match answer {
        SeamAnswer::Holds(_) => "holds",
        SeamAnswer::OldFails(_) => "old_fails",
        SeamAnswer::NewFails(_) => "new_fails",
        SeamAnswer::NotClosed => "not_closed",
        SeamAnswer::OtherSuccessor { .. } => "other_successor",
        SeamAnswer::OtherKey => "other_key",
        SeamAnswer::GoesOn { .. } => "goes_on",
        SeamAnswer::NoPredecessor => "no_predecessor",
        SeamAnswer::OtherPredecessor { .. } => "other_predecessor",
        SeamAnswer::OtherTree { .. } => "other_tree",
        _ => "unknown",
    }
}

fn sentence(answer: &SeamAnswer) -> String {
    match answer {
        SeamAnswer::Holds(seam) => holds(seam),
        SeamAnswer::OldFails(_) => "✗ nothing is known of the seam: the old file fails a check.".to_owned(),
        SeamAnswer::NewFails(_) => "✗ nothing is known of the seam: the new file fails a check.".to_owned(),
        SeamAnswer::NotClosed => "✗ the old log does not name the new one: up to its last seal in the file it is not \
             closed. Fetch the file again if it was closed since."
            .to_owned(),
        SeamAnswer::OtherSuccessor { named } => {
            format!("✗ the old log does not name the new one: it names {named}.")
        }
        SeamAnswer::OtherKey => {
            "✗ the old log names the new one's origin, but another log key than the one that signs \
             it. Do not follow it."
                .to_owned()
        }
        SeamAnswer::GoesOn { end, size } => format!(
            "✗ the old log goes on behind its end: it was closed at entry {end} and has {size} entries. Its file is the \
             evidence: keep it."
        ),
        SeamAnswer::NoPredecessor => {
            "✗ the new log does not name the old one: its genesis has no predecessor.".to_owned()
        }
        SeamAnswer::OtherPredecessor { named } => {
            format!("✗ the new log does not name the old one: its genesis names {named}.")
        }
        SeamAnswer::OtherTree { named, found } => format!(
            "✗ the ends do not meet: the new log continues a tree of {}, and the old log ended at {}. Either the old log \
             signed two ends, or the new registrar wrote down a wrong one. Keep both files: they are the evidence.",
            tree(named),
            tree(found)
        ),
        _ => "✗ this program does not know the answer.".to_owned(),
    }
}

fn holds(seam: &Seam) -> String {
    format!(
        "✓ the seam holds: {} ended at {} and names {} with its log key; that one's genesis names exactly this end.",
        seam.old,
        tree(&(seam.size, seam.root)),
        seam.end.origin,
    )
}

fn tree((size, root): &(u64, Hash)) -> String {
    format!("{size} entries with the root {}", hex(root))
}

/// What one file is, with its checks.
fn file_text(which: &str, verification: &Verification) -> String {
    let mark = verification.origin.as_ref().map_or("", describe::demo_mark);
    let origin = verification.origin.as_ref().map_or("of no known log".to_owned(), ToString::to_string);
    let known = verification.as_known_at.as_ref();
    let known = known.map(|known| format!(", {} entries, last seal of {}", known.size, moment::utc_ms(known.time_ms)));
    let checks = view::checks_text(&view::lines(verification));
    let end = verification.closed.as_ref().map(closed::text).unwrap_or_default();
    format!("{mark}the {which} log: {origin}{}\n{checks}{end}", known.unwrap_or_default())
}

fn json(report: &SeamReport, exit: Exit) -> Json {
    let tree = |(size, root): &(u64, Hash)| json!({ "size": size, "root": hex(root) });
    let named = match &report.answer {
        SeamAnswer::OtherSuccessor { named } | SeamAnswer::OtherPredecessor { named } => json!(named.as_str()),
        SeamAnswer::OtherTree { named, .. } => tree(named),
        _ => Json::Null,
    };
    json!({
        "type": "seam", "exit": exit.code(), "answer": name(&report.answer), "named": named,
        "sentence": sentence(&report.answer), "old": file_json(&report.old), "new": file_json(&report.new),
    })
}

fn file_json(verification: &Verification) -> Json {
    json!({
        "origin": verification.origin.as_ref().map(ToString::to_string),
        "demo": verification.origin.as_ref().map(describe::is_demo),
        "size": verification.as_known_at.as_ref().map(|known| known.size),
        "root": verification.as_known_at.as_ref().map(|known| hex(&known.root)),
        "closed": verification.closed.as_ref().map(closed::json),
        "checks": view::checks_json(&view::lines(verification)),
    })
}
