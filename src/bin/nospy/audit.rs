//! `nospy audit`: derive a registry's log again from its entries alone, as anybody can.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use nospy::audit::{Auditor, Fault, Finding, Findings, Sealed};
use nospy::crypto::{KeyLine, hex};
use nospy::evidence::{CLOCK_SKEW_MS_MAX, SignedCheckpoint};
use nospy::merkle::{BUNDLE_ENTRY_LEN_MAX, Bundle, Edge, Hash, TILE_WIDTH, bundle_entries, bundles_between};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::{describe, moment, seen, trust};

/// Longest checkpoint, in bytes.
const NOTE_LEN_MAX: usize = 65_536;

/// Recompute everything that a log claims from its entries alone: tree, chain, seals, dockets, rules, signatures.
///
/// The entries come from the registry, each proved, or from a copy in a directory (`nospy log export`, `nospy mirror`, or any
/// tlog-tiles tree of this log). It always begins with entry 0: what the rules say of an entry depends on all before it.
#[derive(Args)]
pub struct AuditArgs {
    /// The directory of a copy; the registry itself if left out.
    directory: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// What the entries must lead to.
struct Target {
    log: KeyLine,
    checkpoint: SignedCheckpoint,
    is_quorum_met: bool,
    now_ms: u64,
    /// What this machine has seen of the log, of a copy: a connection has compared it.
    seen: Option<Head>,
}

/// A size and the root of a tree of that size.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    size: u64,
    root: Hash,
}

/// Runs the verb.
///
/// # Errors
/// If the entries cannot be read. What is wrong with the log is data, and decides the exit code.
pub fn run(args: &AuditArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let started = Instant::now();
    let (mut audit, target) = match &args.directory {
        Some(directory) => of_copy(directory, &args.online, config, output)?,
        None => of_registry(&args.online, config, output)?,
    };
    let (signatures, findings) = audit.auditor.report();
    let (findings, elapsed) = (findings.clone(), started.elapsed());
    let report = Report { signatures, findings, elapsed, audit: &audit, target: &target };
    let exit = report.exit();
    output.data(&report.text(exit), report.json(exit))?;
    Ok(exit)
}

/// An audit under way.
struct Audit {
    auditor: Auditor,
    last: Option<Sealed>,
    /// The tree when it had this size, once it has.
    watched: (u64, Option<Hash>),
    bar: ProgressBar,
}

impl Audit {
    fn begin(log: &KeyLine, entries: u64, output: &Output) -> Result<Self, CliError> {
        let auditor = Auditor::new(log.clone()).map_err(|error| CliError::usage(format!("the log's name: {error}")))?;
        let bar = if output.is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(entries) };
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} entries  {per_sec}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Ok(Self { auditor, last: None, watched: (0, None), bar })
    }

    fn push(&mut self, entry: &[u8]) {
        self.last = self.auditor.push(entry).or(self.last);
        if self.auditor.edge().size() == self.watched.0 {
            self.watched.1 = Some(self.auditor.edge().root());
        }
        self.bar.inc(1);
    }
}

fn of_registry(args: &OnlineArgs, config: &Config, output: &Output) -> Result<(Audit, Target), CliError> {
    let mut online = Online::connect(args, config, output)?;
    let quorum = crate::log::quorum(&online)?;
    let checkpoint = online.checkpoint.signed().clone();
    let (log, size) = (online.log.clone(), checkpoint.checkpoint().size);
    let mut audit = Audit::begin(&log, size, output)?;
    let mut tail = online.client.tail(Edge::new(), Some(size));
    while let Some(run) = online.ask(|client| client.next_run(&mut tail))? {
        run.statements().iter().for_each(|entry| audit.push(entry));
    }
    audit.bar.finish_and_clear();
    let now_ms = moment::now_seconds()?.saturating_mul(1_000);
    Ok((audit, Target { log, checkpoint, is_quorum_met: quorum.is_met, now_ms, seen: None }))
}

fn of_copy(directory: &Path, args: &OnlineArgs, config: &Config, output: &Output) -> Result<(Audit, Target), CliError> {
    let policy = args.trust.policy(config)?;
    let log = trust::the_log(&policy, args.origin.as_deref().or(config.origin.as_deref()))?;
    let note = read(directory, "checkpoint", NOTE_LEN_MAX)?;
    let checkpoint = SignedCheckpoint::parse(&note)
        .map_err(|error| CliError::malformed(format!("the checkpoint of the copy: {error}")))?;
    let signed = checkpoint.check_log_signature(&log).and_then(|()| checkpoint.check_quorum(&policy));
    let quorum =
        signed.map_err(|error| CliError::new(Exit::BadSignature, format!("the checkpoint of the copy: {error}")))?;
    let size = checkpoint.checkpoint().size;
    let seen = seen_of(&log, args, config)?;
    let mut audit = Audit::begin(&log, size, output)?;
    audit.watched.0 = seen.map_or(0, |seen| seen.size);
    for bundle in bundles_between(0, size) {
        let bytes = read_bundle(directory, bundle)?;
        let entries = bundle_entries(&bytes).filter(|entries| entries.len() >= usize::from(bundle.width));
        let entries = entries.ok_or_else(|| CliError::malformed(format!("{} is no entry bundle", bundle.path())))?;
        entries[..usize::from(bundle.width)].iter().for_each(|entry| audit.push(entry));
    }
    audit.bar.finish_and_clear();
    let now_ms = moment::now_seconds()?.saturating_mul(1_000);
    Ok((audit, Target { log, checkpoint, is_quorum_met: quorum.is_met, now_ms, seen }))
}

/// What verbs that ask the registry have seen of `log` on this machine. Reads only; without a home there is no memory.
fn seen_of(log: &KeyLine, args: &OnlineArgs, config: &Config) -> Result<Option<Head>, CliError> {
    let Ok(state) = seen::directory(args.state(), config) else { return Ok(None) };
    let Some(note) = seen::last(&state, log)? else { return Ok(None) };
    let signed = SignedCheckpoint::parse(&note).ok().filter(|note| note.check_log_signature(log).is_ok());
    let signed = signed.ok_or_else(|| {
        let message = format!("the checkpoint in {} is not what was stored there", state.display());
        CliError::usage(message).next_step("Give --state DIR with another memory, or look who changed it.")
    })?;
    Ok(Some(Head { size: signed.checkpoint().size, root: signed.checkpoint().root }))
}

/// The bundle, or the full one that has taken its place.
fn read_bundle(directory: &Path, bundle: Bundle) -> Result<Vec<u8>, CliError> {
    let len_max = TILE_WIDTH as usize * (2 + BUNDLE_ENTRY_LEN_MAX);
    let full = Bundle { width: TILE_WIDTH as u16, ..bundle };
    read(directory, &bundle.path(), len_max).or_else(|error| match full == bundle {
        true => Err(error),
        false => read(directory, &full.path(), len_max).map_err(|_| error),
    })
}

fn read(directory: &Path, path: &str, len_max: usize) -> Result<Vec<u8>, CliError> {
    use std::io::Read as _;
    let path = directory.join(path);
    let mut bytes = Vec::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(len_max as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| CliError::file("read", &path, &error))?;
    match bytes.len() > len_max {
        true => Err(CliError::malformed(format!("{} is longer than {len_max} bytes", path.display()))),
        false => Ok(bytes),
    }
}

/// What was found.
struct Report<'a> {
    signatures: u64,
    findings: Findings,
    elapsed: Duration,
    audit: &'a Audit,
    target: &'a Target,
}

impl Report<'_> {
    /// Whether the entries make the tree that the log signed.
    fn is_tree_signed(&self) -> bool {
        let checkpoint = self.target.checkpoint.checkpoint();
        let edge = self.audit.auditor.edge();
        (edge.size(), edge.root()) == (checkpoint.size, checkpoint.root)
    }

    /// Whether the last entry is a seal, as that of every checkpoint is.
    fn is_sealed(&self) -> bool {
        self.audit.last.is_some_and(|last| last.size == self.audit.auditor.edge().size())
    }

    /// Whether the copy is another history than the one that this machine has seen; of a damaged copy nobody knows.
    fn is_other_history(&self) -> bool {
        let tree = self.audit.watched.1.filter(|_| self.is_tree_signed());
        self.target.seen.is_some_and(|seen| tree.is_some_and(|root| root != seen.root))
    }

    /// How far the newest seal is ahead of the clock, seconds, if that is more than clocks differ.
    fn ahead_s(&self) -> Option<u64> {
        let ahead_ms = self.audit.last?.time_ms.saturating_sub(self.target.now_ms);
        (ahead_ms > CLOCK_SKEW_MS_MAX).then_some(ahead_ms / 1_000)
    }

    fn exit(&self) -> Exit {
        let has = |exit: Exit| self.findings.faults().any(|fault| exit_of(fault) == exit);
        let is_off = !self.is_tree_signed() || !self.is_sealed() || self.is_other_history();
        match () {
            () if is_off || has(Exit::BadInclusion) => Exit::BadInclusion,
            () if has(Exit::BadSignature) => Exit::BadSignature,
            () if self.ahead_s().is_some() => Exit::Stale,
            () if has(Exit::Indeterminate) => Exit::Indeterminate,
            () if !self.target.is_quorum_met => Exit::WitnessQuorum,
            () => Exit::Ok,
        }
    }

    fn per_second(&self) -> u64 {
        (self.audit.auditor.edge().size() as f64 / self.elapsed.as_secs_f64().max(1e-9)) as u64
    }

    fn text(&self, exit: Exit) -> String {
        let auditor = &self.audit.auditor;
        let origin = self.target.log.name();
        let counts = format!(
            "{} entries ({} seals), {} signatures, {} dockets of {origin}",
            auditor.edge().size(),
            auditor.seals(),
            self.signatures,
            auditor.dockets(),
        );
        let mut text = if origin.starts_with("demo.") { describe::DEMO.to_owned() } else { String::new() };
        let found = self.findings.count();
        text += &match found {
            0 => format!("✓ {counts}: everything that the log signed follows from its entries"),
            found => format!("✗ {found} findings in {counts}"),
        };
        let line = |holds: bool, yes: &str, no: &str| {
            if holds { format!("\n✓ {yes}") } else { format!("\n✗ {no}") }
        };
        text += &line(
            self.is_tree_signed(),
            "they make the tree that the checkpoint signs",
            "they do not make the tree that the checkpoint signs",
        );
        if !self.is_sealed() {
            text += "\n✗ the checkpoint does not end with a seal";
        }
        let size = auditor.edge().size();
        match self.target.seen {
            Some(_) if self.is_other_history() => {
                text += "\n✗ this machine has seen another history of this log: keep the copy and the state directory";
            }
            Some(seen) if seen.size > size => {
                let _ = write!(text, "\nThe copy is older than what this machine has seen, {} entries.", seen.size);
            }
            _ => {}
        }
        if let Some(ahead_s) = self.ahead_s() {
            let _ = write!(text, "\n✗ the newest seal is {ahead_s} s ahead of the clock of this machine");
        }
        if !self.target.is_quorum_met {
            text += "\n✗ the witnesses that your policy asks for have not cosigned the checkpoint";
        }
        for Finding { fault, index, message, .. } in self.findings.first() {
            // Writing to a String does not fail.
            let _ = write!(text, "\n✗ {} at entry {index}: {message}", fault.as_str());
        }
        let shown = self.findings.first().len() as u64;
        if found > shown {
            let _ = write!(text, "\nThe first {shown} of {found} findings are shown.");
        }
        let newest = self.audit.last.map(|last| moment::utc_ms(last.time_ms));
        let _ = write!(
            text,
            "\nroot {}\nnewest seal {}\n{} entries a second\nAnswer: {} (exit {})",
            hex(&auditor.edge().root()),
            newest.as_deref().unwrap_or("none"),
            self.per_second(),
            exit.meaning(),
            exit.code()
        );
        text
    }

    fn json(&self, exit: Exit) -> Json {
        let auditor = &self.audit.auditor;
        let finding = |finding: &Finding| {
            json!({
                "fault": finding.fault.as_str(), "index": finding.index, "rule": finding.rule.map(|rule| rule.as_str()),
                "message": finding.message,
            })
        };
        json!({
            "origin": self.target.log.name(), "exit": exit.code(), "answer": exit.name(),
            "entries": auditor.edge().size(), "seals": auditor.seals(), "signatures": self.signatures,
            "dockets": auditor.dockets(), "root": hex(&auditor.edge().root()), "tree_is_signed": self.is_tree_signed(),
            "quorum_met": self.target.is_quorum_met, "is_other_history": self.is_other_history(),
            "ahead_s": self.ahead_s(), "newest_seal_ms": self.audit.last.map(|last| last.time_ms),
            "entries_per_second": self.per_second(), "found": self.findings.count(),
            "findings": self.findings.first().map(finding).collect::<Vec<_>>(),
        })
    }
}

/// As `nospy log fsck` has it: what does not follow, what is not signed, what breaks a rule.
pub fn exit_of(fault: Fault) -> Exit {
    match fault {
        Fault::Genesis | Fault::SealSignature | Fault::StatementSignature | Fault::SigningKey => Exit::BadSignature,
        Fault::Inadmissible | Fault::Admission => Exit::Indeterminate,
        _ => Exit::BadInclusion,
    }
}
