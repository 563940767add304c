//! The docket files that an answer rests on: fetched, shown to be of one history, verified here, kept if asked.
//!
//! - B1. A file that fails a check of bytes, proofs or signatures ends the question: no answer rests on a part.
//! - B2. A file is about the subject that was asked for, and not older than the log was when the question began.
//! - B3. Each checkpoint that comes with a file is proved to belong to the history that this machine knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nospy::agreement::{KnownAt, World};
use nospy::evidence::{
    DocketFile, FileStatement, Outcome, PartyTrust, Question, Seal, Step, Trust, Verification, verify_and_fold,
};
use nospy::merkle::Hash;
use nospy::rpc::EntryRef;
use nospy::statement::{Origin, Party, Statement, StatementId, Subject};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::footing::{Fault, Footing};
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::{files, view};

/// A verified docket file.
pub struct Held {
    /// What it is about.
    pub subject: Subject,
    /// The file.
    pub bytes: Vec<u8>,
    /// What verification found.
    pub verification: Verification,
    /// Its dockets, folded.
    pub world: World,
    /// Its last seal.
    pub seal: KnownAt,
}

/// The files of one question, and where they come from.
pub struct Shelf {
    online: Online,
    trust: Trust,
    directory: Option<PathBuf>,
    /// Checkpoints shown to belong to the known history, by size.
    proved: BTreeMap<u64, Hash>,
    /// Whose files were written in this run.
    kept: BTreeSet<Subject>,
    /// Rules that the log let be broken, each told once.
    faults: Vec<Fault>,
}

impl Shelf {
    /// Connects to the registry. Files are kept in `directory` if one is named; it is made if it is not there.
    ///
    /// # Errors
    /// As [`Online::connect`], or if the directory cannot be made.
    pub fn open(
        args: &OnlineArgs,
        directory: Option<&Path>,
        config: &Config,
        output: &Output,
    ) -> Result<Self, CliError> {
        let party_keys = args.trust.party_keys()?;
        let online = Online::connect(args, config, output)?;
        if let Some(directory) = directory {
            std::fs::create_dir_all(directory).map_err(|error| CliError::file("make", directory, &error))?;
        }
        let trust = Trust { policy: online.policy.clone(), party_keys };
        let directory = directory.map(Path::to_owned);
        Ok(Self { online, trust, directory, proved: BTreeMap::new(), kept: BTreeSet::new(), faults: Vec::new() })
    }

    /// The connection.
    pub fn online(&mut self) -> &mut Online {
        &mut self.online
    }

    /// Whom the caller trusts.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Rules that the log let be broken, as far as they were met on the way.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What the answer to the question rests on.
    ///
    /// # Errors
    /// If the policy names the log by what is no origin.
    pub fn footing(&self, lists: Vec<Subject>, seal: KnownAt, notes: Vec<String>) -> Result<Footing, CliError> {
        let origin: Result<Origin, _> = self.online.log.name().parse();
        let origin = origin.map_err(|error| CliError::usage(format!("the log {}: {error}", self.online.log.name())))?;
        Ok(Footing { origin, lists, seal, faults: self.faults.clone(), notes })
    }

    /// Fetches the file about `subject`, verifies it, and keeps it.
    ///
    /// # Errors
    /// B1, B2, B3, each with the exit code of the check that failed.
    pub fn fetch(&mut self, subject: &Subject) -> Result<Held, CliError> {
        let bytes = self.online.ask(|client| client.docket_file(subject))?.into_the_servers_word();
        if let (Some(directory), true) = (&self.directory, self.kept.insert(subject.clone())) {
            files::write_new(&directory.join(file_name(subject)), &bytes)?;
        }
        // B3. A file whose form is broken is left to the verification, which names what is wrong with it.
        if let Ok(file) = DocketFile::parse(&bytes) {
            let checkpoint = file.checkpoint.checkpoint();
            if self.proved.get(&checkpoint.size) != Some(&checkpoint.root) {
                self.online.demand_same_history(file.checkpoint.note().to_string().as_bytes())?;
                self.proved.insert(checkpoint.size, checkpoint.root);
            }
        }
        let held = hold(subject, bytes, &self.trust, self.online.checkpoint.size())?;
        let is_new = |fault: &Fault| !self.faults.iter().any(|known| known.words == fault.words);
        let fault = fault_of(&held).filter(is_new);
        self.faults.extend(fault);
        Ok(held)
    }

    /// The statement that a verified list names.
    ///
    /// # Errors
    /// If the registry hands out another one.
    pub fn listed(&mut self, index: u64, id: &StatementId) -> Result<Statement, CliError> {
        self.online.ask(|client| client.listed(index, id))
    }

    /// The seal at `index`, proved to be in the log and signed by it.
    ///
    /// # Errors
    /// [`Exit::NotFound`] if something else stands there.
    pub fn seal(&mut self, index: u64) -> Result<KnownAt, CliError> {
        let found = self.online.ask(|client| client.statement(EntryRef::Index(index)))?;
        let not_a_seal = |error: String| {
            CliError::new(Exit::NotFound, format!("no seal stands at index {index}: {error}"))
                .next_step("A seal's index is the one after `as known at` in an answer of this program.")
        };
        let seal = Seal::read(index, found.statement()).map_err(|error| not_a_seal(error.to_string()))?;
        seal.check_signature(found.statement(), &self.online.log)
            .map_err(|error| CliError::new(Exit::BadSignature, format!("the seal at {index}: {error}")))?;
        Ok(KnownAt { index, time_ms: seal.time_ms })
    }
}

/// Verifies a file that came as the one about `subject`, of a log that had at least `size_min` entries. Pure.
///
/// # Errors
/// B1 and B2.
pub fn hold(subject: &Subject, bytes: Vec<u8>, trust: &Trust, size_min: u64) -> Result<Held, CliError> {
    let (verification, world) = verify_and_fold(&bytes, trust, &Question::default());
    let refuse = |exit, what: String| {
        Err(CliError::new(exit, format!("the registry's file about {subject} is no answer: {what}"))
            .next_step("Do not rely on what this registry says. Ask again, and by another way."))
    };
    if let Some(check) = verification.failed().filter(|check| check.step < Step::KeyAuthority) {
        let Outcome::Failed(reason) = &check.outcome else { return refuse(Exit::Internal, check.name().to_owned()) };
        return refuse(view::exit_of(verification.verdict()), format!("{} failed: {reason}", check.name()));
    }
    if verification.about.as_ref() != Some(subject) {
        let about = verification.about.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        return refuse(Exit::BadInclusion, format!("it is about {about}"));
    }
    let (Some(world), Some(known)) = (world, verification.as_known_at) else {
        return refuse(view::exit_of(verification.verdict()), "a pinned key did not sign what stands in it".to_owned());
    };
    if known.size < size_min {
        let what = format!("it is of {} entries, and the log had {size_min} before", known.size);
        return refuse(Exit::Stale, what);
    }
    let seal = KnownAt { index: known.index, time_ms: known.time_ms };
    Ok(Held { subject: subject.clone(), bytes, verification, world, seal })
}

/// The first rule that is broken in what a file holds.
fn fault_of(held: &Held) -> Option<Fault> {
    let check = held.verification.failed()?;
    let Outcome::Failed(reason) = &check.outcome else { return None };
    let words = format!("{} failed: {reason}", check.name());
    Some(Fault { exit: view::exit_of(held.verification.verdict()), words, file: held.subject.clone() })
}

impl Held {
    /// Demands that the registry knows the party: a misspelt name would read as a proven no.
    ///
    /// # Errors
    /// [`Exit::Indeterminate`].
    pub fn demand_known(&self, party: &Party) -> Result<(), CliError> {
        let line = self.verification.parties.iter().find(|line| line.party == *party);
        match line.is_some_and(|line| line.trust != PartyTrust::Unknown) {
            true => Ok(()),
            false => Err(unknown_name(party.as_str())),
        }
    }

    /// Every statement of the file with its index, each once.
    ///
    /// # Errors
    /// Never for a file that was verified.
    pub fn statements(&self) -> Result<Vec<FileStatement>, CliError> {
        let file = DocketFile::parse(&self.bytes);
        file.map(|file| file.statements).map_err(|error| CliError::new(Exit::Internal, error.to_string()))
    }
}

/// The answer about somebody whom the registry does not know.
pub fn unknown_name(name: &str) -> CliError {
    CliError::new(Exit::Indeterminate, format!("this cannot be known: `{name}` is nobody whom this registry knows"))
        .next_step("Is it spelt right? `nospy list parties` shows who is registered.")
}

/// The name under which the file about a subject is kept.
pub fn file_name(subject: &Subject) -> String {
    format!("{}.docket", subject.to_string().replace('/', "-"))
}
