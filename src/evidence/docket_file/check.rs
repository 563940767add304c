//! The steps of verification that need no domain rule, in order: from bytes to [`CheckedFile`].

use crate::crypto::KeyLine;
use crate::evidence::docket_file::digest::check_dockets;
use crate::evidence::docket_file::keys::check_statement_signatures;
use crate::evidence::docket_file::seals::check_seal_order;
use crate::evidence::docket_file::{DocketFile, Entries, FileStatement, HashList};
use crate::evidence::{CheckpointError, Checks, Cosigner, Quorum, SealError, Step, Trust};
use crate::merkle::{ProofError, check_inclusion};
use crate::statement::{Origin, StatementId, Subject};

/// How far a seal may be ahead of the verifier's clock, in milliseconds.
pub const CLOCK_SKEW_MS_MAX: u64 = 60_000;

/// How old a file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The verifier's clock, unix seconds.
    pub now: u64,
    /// The greatest age of the last seal that it accepts, in seconds.
    pub max_age_s: u64,
}

/// A docket file that passed every step before `freshness`. There is no other way to make one.
#[derive(Clone, Debug)]
pub struct CheckedFile<'a> {
    file: DocketFile<'a>,
    times_ms: Vec<u64>,
}

/// How far a file came.
#[derive(Clone, Debug)]
pub struct FileCheck<'a> {
    /// The steps; those that need the domain rules are not run.
    pub checks: Checks,
    /// What the file is about, once its form is checked.
    pub about: Option<Subject>,
    /// The registry that it claims to be of, once its form is checked.
    pub origin: Option<Origin>,
    /// The witnesses of the policy that cosigned.
    pub cosigners: Vec<Cosigner>,
    /// The file, if every step passed or was skipped.
    pub file: Option<CheckedFile<'a>>,
    /// The file, if nothing but its age fails: no answer may rest on it, but it still tells whether its log has ended.
    pub stale: Option<CheckedFile<'a>>,
}

/// A seal that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal at {index}: {error}")]
struct SealFault<E: std::fmt::Display> {
    index: u64,
    error: E,
}

/// An entry that is not in the tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {index} is not in the tree of the checkpoint: {error}")]
struct EntryFault {
    index: u64,
    error: ProofError,
}

/// Why trust in the checkpoint is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum TrustFault {
    #[error("your policy does not name the log {0}")]
    LogNotTrusted(Origin),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("{0} of the policy's witnesses cosigned this checkpoint, and that is not the quorum it asks for")]
    QuorumMissing(usize),
}

/// Why a file is not fresh.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum FreshnessFault {
    #[error("the last seal is {age_s} s old, more than the {max_age_s} s that you accept")]
    Stale { age_s: u64, max_age_s: u64 },
    #[error("the last seal is {ahead_ms} ms ahead of your clock, more than 60 s")]
    Ahead { ahead_ms: u64 },
}

/// Runs every step that needs no domain rule; the first that fails ends it.
pub fn check_file<'a>(bytes: &'a [u8], trust: &Trust, freshness: Option<Freshness>) -> FileCheck<'a> {
    let (checks, cosigners) = (Checks::new(), Vec::new());
    let mut check = FileCheck { checks, about: None, origin: None, cosigners, file: None, stale: None };
    let Some(checked) = check.run(bytes, trust) else { return check };
    let is_fresh = match freshness {
        None => {
            check.checks.skip(Step::Freshness, "no greatest age was asked for");
            true
        }
        Some(asked) => check.checks.record(Step::Freshness, check_freshness(&checked.file, asked)).is_some(),
    };
    match is_fresh {
        true => check.file = Some(checked),
        false => check.stale = Some(checked),
    }
    check
}

impl<'a> FileCheck<'a> {
    /// The steps before `freshness` in the order of formats §9.
    fn run(&mut self, bytes: &'a [u8], trust: &Trust) -> Option<CheckedFile<'a>> {
        let file = self.checks.record(Step::FileFormat, DocketFile::parse(bytes))?;
        self.about = Some(file.about.clone());
        self.origin = Some(file.origin.clone());
        let log = self.checks.record(Step::CheckpointSignature, check_log(&file, trust))?;
        self.check_witnesses(&file, trust)?;
        self.checks.record(Step::SealInclusion, check_seal_inclusion(&file))?;
        self.checks.record(Step::SealSignature, check_seal_signatures(&file, log))?;
        let times_ms = self.checks.record(Step::SealOrder, check_seal_order(&file))?;
        self.checks.record(Step::DocketDigest, check_dockets(&file, &times_ms, log))?;
        self.checks.record(Step::EntryInclusion, check_entry_inclusion(&file))?;
        self.checks.record(Step::StatementSignature, check_statement_signatures(&file))?;
        Some(CheckedFile { file, times_ms })
    }

    fn check_witnesses(&mut self, file: &DocketFile<'_>, trust: &Trust) -> Option<()> {
        let quorum = file.checkpoint.check_quorum(&trust.policy).map_err(TrustFault::from);
        let quorum = quorum.and_then(|quorum| match quorum {
            Quorum { is_met: true, .. } => Ok(quorum),
            Quorum { cosigners, .. } => Err(TrustFault::QuorumMissing(cosigners.len())),
        });
        self.cosigners = self.checks.record(Step::WitnessQuorum, quorum)?.cosigners;
        if !trust.policy.asks_for_witnesses() {
            self.checks.skip(Step::WitnessQuorum, "your policy asks for no witness");
        }
        let names: Vec<&str> = self.cosigners.iter().map(|cosigner| cosigner.name.as_str()).collect();
        if !names.is_empty() {
            self.checks.detail(Step::WitnessQuorum, names.join(", "));
        }
        Some(())
    }
}

impl<'a> CheckedFile<'a> {
    /// The file.
    pub fn file(&self) -> &DocketFile<'a> {
        &self.file
    }

    /// Every distinct statement of the file with its registration time, unix milliseconds.
    pub fn statements(&self) -> impl Iterator<Item = (&FileStatement, u64)> {
        self.file.statements.iter().zip(self.times_ms.iter().copied())
    }

    /// The complete dockets with statements, each with the places of its statements in
    /// [`CheckedFile::statements`]; an absent docket has none.
    pub fn dockets(&self) -> impl Iterator<Item = (&Subject, Vec<usize>)> {
        self.file.dockets.iter().filter_map(|docket| match &docket.entries {
            Entries::Full(entries) => Some((&docket.subject, entries.iter().map(|entry| entry.statement).collect())),
            Entries::List(_) => None,
        })
    }

    /// The complete lists: index, registration time (unix milliseconds) and id of each statement.
    pub fn lists(&self) -> impl Iterator<Item = (&Subject, &[crate::evidence::ListEntry])> {
        self.file.dockets.iter().filter_map(|docket| match &docket.entries {
            Entries::Full(_) => None,
            Entries::List(entries) => Some((&docket.subject, entries.as_slice())),
        })
    }

    /// The id of the last seal.
    pub fn last_seal_id(&self) -> StatementId {
        self.file.last_seal().id
    }
}

fn check_log<'t>(file: &DocketFile<'_>, trust: &'t Trust) -> Result<&'t KeyLine, TrustFault> {
    let log = trust.policy.log_of(&file.origin).ok_or_else(|| TrustFault::LogNotTrusted(file.origin.clone()))?;
    file.checkpoint.check_log_signature(log)?;
    Ok(log)
}

fn check_seal_inclusion(file: &DocketFile<'_>) -> Result<(), SealFault<ProofError>> {
    for entry in &file.seals {
        let index = entry.seal.index;
        check_path(file, index, &entry.seal.id, &entry.path).map_err(|error| SealFault { index, error })?;
    }
    Ok(())
}

fn check_seal_signatures(file: &DocketFile<'_>, log: &KeyLine) -> Result<(), SealFault<SealError>> {
    for entry in &file.seals {
        let (seal, statement) = (&entry.seal, &entry.statement);
        seal.check_signature(statement, log)
            .and_then(|()| seal.check_iat(statement))
            .map_err(|error| SealFault { index: seal.index, error })?;
    }
    Ok(())
}

fn check_entry_inclusion(file: &DocketFile<'_>) -> Result<(), EntryFault> {
    // A statement brings its path into each docket; equal paths are checked once.
    let mut checked: Vec<Option<HashList<'_>>> = vec![None; file.statements.len()];
    for docket in &file.dockets {
        let Entries::Full(entries) = &docket.entries else { continue };
        for entry in entries {
            if checked[entry.statement] == Some(entry.path) {
                continue;
            }
            let FileStatement { index, statement } = &file.statements[entry.statement];
            check_path(file, *index, statement.id(), &entry.path)
                .map_err(|error| EntryFault { index: *index, error })?;
            checked[entry.statement] = Some(entry.path);
        }
    }
    Ok(())
}

fn check_path(file: &DocketFile<'_>, index: u64, id: &StatementId, path: &HashList<'_>) -> Result<(), ProofError> {
    let checkpoint = file.checkpoint.checkpoint();
    path.with_path(|path| check_inclusion(&id.0, index, checkpoint.size, path, &checkpoint.root))
}

fn check_freshness(file: &DocketFile<'_>, freshness: Freshness) -> Result<(), FreshnessFault> {
    let now_ms = freshness.now.saturating_mul(1_000);
    let time_ms = file.last_seal().time_ms;
    let (age_ms, ahead_ms) = (now_ms.saturating_sub(time_ms), time_ms.saturating_sub(now_ms));
    if ahead_ms > CLOCK_SKEW_MS_MAX {
        return Err(FreshnessFault::Ahead { ahead_ms });
    }
    if age_ms > freshness.max_age_s.saturating_mul(1_000) {
        return Err(FreshnessFault::Stale { age_s: age_ms.div_ceil(1_000), max_age_s: freshness.max_age_s });
    }
    Ok(())
}
