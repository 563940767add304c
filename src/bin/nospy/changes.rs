//! `nospy changes`: what is new about a subject since a seal, or since a docket file that somebody kept, and how it
//! stood before and stands now.
//!
//! - E1. Against a kept file the log is held to its word twice: the new tree extends the old one, and every docket of
//!   the kept file is the beginning of the same docket now. A log that fails either has signed two histories, and the
//!   evidence is written before anything else is said.
//! - E2. What stood before is read from the kept file itself, or from the new one as the old seal knew it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use nospy::agreement::{Force, KnownAt, On, Standing};
use nospy::crypto::KeyLine;
use nospy::evidence::{
    CheckedFile, DocketFile, Entries, EvidenceFile, GrowthError, Omission, Promise, Receipt, Word, check_file,
    check_growth,
};
use nospy::rpc::EntryRef;
use nospy::statement::{Statement, StatementId, Subject, one_line};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::describe::{self, NOT_APPROVED};
use crate::error::CliError;
use crate::exit::Exit;
use crate::footing::{self, Fault, seal_json};
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::shelf::{self, Held, Shelf};
use crate::{caught, files, moment, view};

/// Most new statements of a thin list that are fetched; of further ones index, time and id are shown.
const LISTED_SHOWN_MAX: usize = 1_000;

/// What changed about a subject since a seal, or since a docket file that you kept: the new statements, and how it
/// stood before and stands now, all verified here.
#[derive(Args)]
#[group(id = "since_what", required = true, multiple = false, args = ["since", "since_file"])]
pub struct ChangesArgs {
    /// The subject, such as agreement/<vendor>/<reference>/<government>; that of the kept file if left out.
    #[arg(required_unless_present = "since_file")]
    subject: Option<Subject>,
    /// Since the seal of this index.
    #[arg(long, value_name = "SEAL")]
    since: Option<u64>,
    /// Since this docket file: it is verified, the log is proved to extend it, and nothing of it may be lost.
    #[arg(long, value_name = "FILE")]
    since_file: Option<PathBuf>,
    /// Keep the new docket file here.
    #[arg(short, long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// A statement that is new.
struct New {
    index: u64,
    time_ms: u64,
    id: StatementId,
    subject: Subject,
    kind: String,
    issuer: String,
    summary: String,
    /// Whether it stands in the docket asked about, and not only in one that the answer rests on.
    is_about: bool,
}

struct Answer {
    subject: Subject,
    before: (KnownAt, Standing),
    after: (KnownAt, Standing),
    new: Vec<New>,
    /// New entries of a thin list beyond those that were fetched.
    unread: usize,
    is_against_a_file: bool,
    faults: Vec<Fault>,
}

/// Runs the verb.
///
/// # Errors
/// What failed; [`Exit::Equivocation`] with evidence if the log dropped what it held.
pub fn run(args: &ChangesArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let mut shelf = Shelf::open(&args.online, None, config, output)?;
    let kept = args.since_file.as_ref().map(|path| kept_file(path, args.subject.as_ref(), &mut shelf)).transpose()?;
    let (subject, since) = match (&kept, &args.subject, args.since) {
        (Some(kept), ..) => (kept.subject.clone(), kept.seal),
        (None, Some(subject), Some(index)) => (subject.clone(), shelf.seal(index)?),
        _ => {
            return Err(CliError::usage(
                "since when, and about what? Give a subject and --since SEAL, or --since-file FILE",
            ));
        }
    };
    let held = shelf.fetch(&subject)?;
    if let Some(path) = &args.out {
        files::write_new(path, &held.bytes)?;
    }
    if held.seal.index < since.index {
        let words = format!("the registry's file about {subject} ends before the seal at {}", since.index);
        return Err(CliError::new(Exit::Stale, words).next_step("Ask again, and by another way."));
    }
    if let Some(kept) = &kept {
        demand_growth(kept, &held, &mut shelf)?;
    }
    let (new, unread) = new_statements(&held, since, &mut shelf)?;
    let answer = Answer {
        // E2.
        before: (since, standing_at(kept.as_ref().unwrap_or(&held), since)),
        after: (held.seal, standing_at(&held, held.seal)),
        new,
        unread,
        is_against_a_file: kept.is_some(),
        faults: shelf.faults().to_vec(),
        subject,
    };
    let exit = answer.exit();
    let mark = held.verification.origin.as_ref().map_or("", describe::demo_mark);
    output.data(&format!("{mark}{}", answer.text()), answer.json(&held, exit))?;
    Ok(exit)
}

/// The kept file, verified, of a history that the log still extends.
fn kept_file(path: &Path, subject: Option<&Subject>, shelf: &mut Shelf) -> Result<Held, CliError> {
    let bytes = files::read(path)?;
    let malformed =
        |why: &dyn std::fmt::Display| CliError::malformed(format!("{} is not a docket file: {why}", path.display()));
    let (about, note) = {
        let file = DocketFile::parse(&bytes).map_err(|error| malformed(&error))?;
        (file.about.clone(), file.checkpoint.note().to_string())
    };
    if let Some(subject) = subject.filter(|subject| **subject != about) {
        return Err(CliError::usage(format!("{} is about {about}, not about {subject}", path.display())));
    }
    let held = shelf::hold(&about, bytes, shelf.trust(), 0).map_err(|error| {
        CliError::new(error.exit(), format!("{} cannot be compared with: {}", path.display(), error.message()))
            .next_step("`nospy verify FILE` names each check.")
    })?;
    shelf.online().demand_same_history(note.as_bytes())?;
    Ok(held)
}

/// E1: nothing of the kept file is lost.
fn demand_growth(kept: &Held, held: &Held, shelf: &mut Shelf) -> Result<(), CliError> {
    let (old, new) = (check_file(&kept.bytes, shelf.trust(), None), check_file(&held.bytes, shelf.trust(), None));
    let (Some(old), Some(new)) = (&old.file, &new.file) else {
        return Err(CliError::new(Exit::Internal, "a file that verified does not verify again"));
    };
    let error = match check_growth(old, new) {
        Ok(()) => return Ok(()),
        Err(error @ GrowthError::Lost { .. }) => error,
        Err(other) => return Err(CliError::new(Exit::Stale, other.to_string())),
    };
    let words = format!("the log signed two histories of {}: {error}", held.subject);
    let omission = lost(old, new, &error, &shelf.online().log);
    if let Some(omission) = omission.or_else(|| lost_of_a_list(new, &error, shelf)) {
        return Err(caught::accuse(shelf.online().state(), &EvidenceFile::Omission(Box::new(omission)), words));
    }
    // A log that does not even give a receipt for what its own list named: both files together are the evidence.
    let name = format!("lost-as-of-{}-{}", held.seal.index, shelf::file_name(&held.subject));
    let evidence = shelf.online().state().join(name);
    let found = CliError::new(Exit::Equivocation, words);
    match files::write_new(&evidence, &held.bytes) {
        Ok(()) => Err(found
            .detail(format!("the evidence is the kept file together with {}", evidence.display()))
            .next_step("Trust nothing this log says from now on. Give both files to the registry and its witnesses.")),
        Err(failed) => {
            Err(found.detail(failed.message().to_owned()).next_step("Keep the file: ask again with -o FILE."))
        }
    }
}

/// The evidence that the new file lacks an entry which the kept one proves to be in the log.
fn lost(old: &CheckedFile<'_>, new: &CheckedFile<'_>, error: &GrowthError, log: &KeyLine) -> Option<Omission> {
    let GrowthError::Lost { index, .. } = error else { return None };
    let file = old.file();
    let place = file.statements.iter().position(|entry| entry.index == *index)?;
    let full = file.dockets.iter().filter_map(|docket| match &docket.entries {
        Entries::Full(entries) => entries.iter().find(|entry| entry.statement == place),
        Entries::List(_) => None,
    });
    let path = { full }.next()?.path.iter().collect();
    let statement = Statement::clone(&file.statements.get(place)?.statement);
    let word = Word::Entry { checkpoint: file.checkpoint.with_line_of(log)?, index: *index, path };
    let find = |id: &StatementId| {
        let found = old.statements().find(|(entry, _)| entry.statement.id() == id);
        found.map(|(entry, _)| Statement::clone(&entry.statement))
    };
    Omission::find(log, &Promise::gather(statement, word, find).ok()?, new.file())
}

/// The same of a thin list, which names the statement and does not hold it: the log is asked for it, and for its receipt.
fn lost_of_a_list(new: &CheckedFile<'_>, error: &GrowthError, shelf: &mut Shelf) -> Option<Omission> {
    let GrowthError::Lost { index, id, .. } = error else { return None };
    let statement = shelf.listed(*index, id).ok()?;
    let receipt = shelf.online().ask(|client| client.receipt(&statement)).ok()?;
    let word = Word::Receipt(Receipt::parse(receipt.bytes()).ok()?);
    let log = shelf.online().log.clone();
    let find = |id: &StatementId| {
        let asked = shelf.online().ask(|client| client.statement(EntryRef::Id(*id))).ok()?;
        Some(asked.statement().clone())
    };
    Omission::find(&log, &Promise::gather(statement.clone(), word, find).ok()?, new.file())
}

/// What the file holds that was registered after a seal. Of a thin list the statements are fetched.
fn new_statements(held: &Held, since: KnownAt, shelf: &mut Shelf) -> Result<(Vec<New>, usize), CliError> {
    let about = own_entries(held)?;
    let history = held.verification.history.iter().filter(|line| line.index > since.index);
    let mut new: Vec<New> = history
        .map(|line| New {
            index: line.index,
            time_ms: line.time_ms,
            id: line.id,
            subject: line.subject.clone(),
            kind: line.kind.clone(),
            issuer: line.issuer.clone(),
            summary: line.summary.clone(),
            is_about: about.contains(&line.index),
        })
        .collect();
    let listed: Vec<_> = held.verification.list.iter().filter(|(index, ..)| *index > since.index).collect();
    for (index, time_ms, id) in listed.iter().take(LISTED_SHOWN_MAX) {
        let statement = shelf.listed(*index, id)?;
        new.retain(|line| line.index != *index);
        new.push(New {
            index: *index,
            time_ms: *time_ms,
            id: *id,
            subject: statement.subject().clone(),
            kind: statement.kind().to_string(),
            issuer: describe::issuer(&statement),
            summary: String::new(),
            is_about: true,
        });
    }
    new.sort_by_key(|line| line.index);
    Ok((new, listed.len().saturating_sub(LISTED_SHOWN_MAX)))
}

/// The indexes of the docket asked about.
fn own_entries(held: &Held) -> Result<BTreeSet<u64>, CliError> {
    let file = DocketFile::parse(&held.bytes).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
    Ok(match file.docket(&held.subject).map(|docket| &docket.entries) {
        Some(Entries::Full(entries)) => entries.iter().map(|entry| file.statements[entry.statement].index).collect(),
        Some(Entries::List(rows)) => rows.iter().map(|row| row.index).collect(),
        None => BTreeSet::new(),
    })
}

/// How the subject stood at the time of a seal, as known there.
fn standing_at(held: &Held, seal: KnownAt) -> Standing {
    held.world.standing(&held.subject, On::Instant(seal.time_ms), seal)
}

impl Answer {
    fn exit(&self) -> Exit {
        match (self.faults.first(), self.after.1.force) {
            (Some(fault), _) => fault.exit,
            (None, Force::Indeterminate(_)) => Exit::Indeterminate,
            (None, _) => Exit::Ok,
        }
    }

    fn is_changed(&self) -> bool {
        self.unread > 0 || self.new.iter().any(|line| line.is_about) || claim(&self.before.1) != claim(&self.after.1)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "{}\n", self.subject)?;
        for line in &self.new {
            let aside = if line.is_about { "" } else { " (the answer rests on it)" };
            let time = moment::utc_ms(line.time_ms);
            writeln!(text, "  {:>6}  {time}  {} by {} on {}{aside}", line.index, line.kind, line.issuer, line.subject)?;
            if !line.summary.is_empty() {
                writeln!(text, "          {}", one_line(&line.summary))?;
            }
        }
        if self.unread > 0 {
            writeln!(text, "  and {} more, which `nospy docket {} -o FILE` lists", self.unread, self.subject)?;
        }
        if self.new.is_empty() {
            writeln!(text, "  Nothing was registered since.")?;
        }
        let has_standing = self.after.1.force != Force::NotApplicable;
        for (word, (_, standing)) in [("before", &self.before), ("now", &self.after)] {
            if has_standing {
                writeln!(text, "\n  {word:<6}  {}", standing.sentence())?;
            }
        }
        let (before, after) = (self.before.0, self.after.0);
        writeln!(
            text,
            "\nEverything between the seal at index {} of {} and the seal at index {} of {}.",
            before.index,
            moment::utc_ms(before.time_ms),
            after.index,
            moment::utc_ms(after.time_ms)
        )?;
        if self.is_against_a_file {
            writeln!(text, "\u{2713} the log extends the tree of the kept file, and nothing of that file is lost.")?;
        }
        text.push_str(&footing::faults_text(&self.faults));
        let exit = self.exit();
        writeln!(text, "{NOT_APPROVED}\n\nAnswer: {} (exit {})", exit.meaning(), exit.code())
    }

    fn json(&self, held: &Held, exit: Exit) -> Json {
        let new: Vec<Json> = self
            .new
            .iter()
            .map(|line| {
                json!({ "index": line.index, "time_ms": line.time_ms, "kind": line.kind, "issuer": line.issuer,
                        "subject": line.subject.to_string(), "id": line.id.to_string(), "summary": line.summary,
                        "is_about": line.is_about })
            })
            .collect();
        let origin = held.verification.origin.as_ref();
        json!({
            "type": "changes", "exit": exit.code(), "answer": exit.name(), "about": self.subject.to_string(),
            "origin": origin.map(ToString::to_string), "demo": origin.map(describe::is_demo),
            "since": seal_json(self.before.0), "as_known_at": seal_json(self.after.0), "changed": self.is_changed(),
            "new": new, "unread": self.unread, "kept_file_extended": self.is_against_a_file.then_some(true),
            "before": view::standing_json(&self.before.1), "after": view::standing_json(&self.after.1),
            "faults": footing::faults_json(&self.faults),
        })
    }
}

/// What of a standing is an answer, and not the two times it is for.
fn claim(standing: &Standing) -> Json {
    let mut claim = view::standing_json(standing);
    if let Some(fields) = claim.as_object_mut() {
        for time in ["sentence", "on", "known_at", "changes_on_day", "list", "otherwise"] {
            fields.remove(time);
        }
    }
    claim["list"] = standing.list.iter().map(|(_, member)| self::claim(member)).collect();
    claim
}
