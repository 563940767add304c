//! `nospy log fsck`: recompute everything that the log claims, from its entries alone.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use nospy::crypto::hex;
use nospy::log::OpenError;
use nospy::registry::{FaultFamily, FsckFinding, FsckReport, GuardCheck, fsck};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::trust::{TrustArgs, the_log};
use crate::{describe, node};

/// How often the line on stderr changes.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Recompute everything that the log claims, from the entries of a stopped registry or of a copy of its database.
///
/// Entries, ids, chain, tree, seals, signatures, rules, dockets, texts, the head and its guard. No row is changed.
/// Exit code 0: clean; 11: what is stored or sealed is not what follows from the entries; 10: a signature fails, or
/// it is another log; 18: an entry breaks a rule and has no effect.
#[derive(Args)]
pub struct FsckArgs {
    /// The database's directory; the configured one if left out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The head guard. Without --data it is the configured one; with --data it is looked at only if given.
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Runs the verb.
///
/// # Errors
/// If the database cannot be read. What is wrong with the log is data, and decides the exit code.
pub fn run(args: &FsckArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let log = the_log(&args.trust.policy(config)?, config.origin.as_deref())?;
    let configured = config.serve.as_ref();
    let data = args.data.as_ref().or(configured.map(|serve| &serve.data));
    let data =
        data.ok_or_else(|| CliError::usage("no database named").next_step("Give --data DIR, or --config FILE."))?;
    let configured_guard = configured.filter(|_| args.data.is_none()).map(|serve| serve.guard.as_path());
    let guard: Option<&Path> = args.guard.as_deref().or(configured_guard);
    if !data.is_dir() {
        return Err(CliError::new(Exit::NotFound, format!("there is no database at {}", data.display())));
    }
    let storage = node::storage(data)?;
    let mut told = Instant::now();
    let mut progress = |done: u64, total: u64| {
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            let percent = (done * 100).checked_div(total).unwrap_or(100);
            output.progress(&format!("{done} of {total} entries ({percent} %)"));
        }
    };
    let report = fsck(&*storage, &log, guard, &mut progress);
    output.progress("");
    let report = report.map_err(|error| match error {
        OpenError::Empty => CliError::new(Exit::NotFound, format!("there is no log in {}", data.display())),
        error => node::cannot_open(&error),
    })?;
    output.data(&text_of(&report), json_of(&report))?;
    Ok(match report.gravest() {
        None => Exit::Ok,
        Some(FaultFamily::Damage) => Exit::BadInclusion,
        Some(FaultFamily::Signature) => Exit::BadSignature,
        Some(FaultFamily::Inadmissible) => Exit::Indeterminate,
    })
}

fn text_of(report: &FsckReport) -> String {
    let mark = if report.origin.starts_with("demo.") { describe::DEMO } else { "" };
    let counts = format!(
        "{} entries ({} seals), {} signatures, {} dockets, {} texts of {}",
        report.entries, report.seals, report.signatures, report.dockets, report.texts, report.origin
    );
    let guard = match &report.guard {
        GuardCheck::NotAsked => "– not looked at (give --guard FILE)".to_owned(),
        GuardCheck::Agrees { size } => format!("✓ has seen {size} entries"),
        GuardCheck::NotChecked { why } => format!("– not checked: {why}"),
        GuardCheck::Differs { path } => format!("✗ {}", path.display()),
    };
    let root = report.root.map_or_else(|| "cannot be recomputed".to_owned(), |root| hex(&root));
    let mut text = mark.to_owned();
    match report.is_clean() {
        true => text += &format!("✓ {counts}: everything follows from the entries"),
        false => text += &format!("✗ {} findings in {counts}", report.findings.len()),
    }
    // Writing to a String does not fail.
    let _ = write!(text, "\nroot   {root}\nguard  {guard}");
    for finding in &report.findings {
        let place = finding.index.map_or_else(String::new, |index| format!(" at entry {index}"));
        let _ = write!(text, "\n✗ {}{place}: {}", finding.fault, finding.message);
    }
    if report.is_cut_short {
        text += "\nThere is more of this; the first findings of each kind are shown.";
    }
    if !report.is_clean() {
        text += "\nNothing was changed. Keep a copy of the directory and the guard before anything else.";
    }
    text
}

fn json_of(report: &FsckReport) -> Json {
    let guard = match &report.guard {
        GuardCheck::NotAsked => json!({ "state": "not_asked" }),
        GuardCheck::Agrees { size } => json!({ "state": "agrees", "size": size }),
        GuardCheck::NotChecked { why } => json!({ "state": "not_checked", "why": why }),
        GuardCheck::Differs { path } => json!({ "state": "differs", "path": path }),
    };
    json!({
        "origin": report.origin, "clean": report.is_clean(), "entries": report.entries, "seals": report.seals,
        "signatures": report.signatures, "dockets": report.dockets, "texts": report.texts,
        "root": report.root.map(|root| hex(&root)), "guard": guard, "cut_short": report.is_cut_short,
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &FsckFinding) -> Json {
    let family = match finding.fault.family() {
        FaultFamily::Damage => "damage",
        FaultFamily::Signature => "signature",
        FaultFamily::Inadmissible => "inadmissible",
    };
    json!({
        "fault": finding.fault.as_str(), "family": family, "index": finding.index,
        "rule": finding.rule.map(|rule| rule.as_str()), "message": finding.message,
    })
}
