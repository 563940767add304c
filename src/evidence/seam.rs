//! The end of a log, and the seam to the log that continues it: two files show whether each names the other.
//!
//! A log has one key for ever. Where it ends, its registrar closes it by a `registry.close` that names the next log, and the
//! genesis of the next one names the tree at which this one ended. The seam holds if and only if
//!
//! - M1. the old log's close names exactly the origin and the log key of the new one,
//! - M2. nothing but the seal of its batch stands behind the close, so that the old checkpoint is the final one,
//! - M3. the new log's genesis names exactly the origin, the size and the root of that checkpoint.
//!
//! Each file is verified first, under the key that the verifier pinned for its log: a seam leads from one trusted log to
//! another, and never lends trust to a key. Without M1 a stranger could claim to continue any log; without M3 an old log
//! that was forked could be continued from either end.
//!
//! In scope: the two files. Out of scope: whether the operators are the same people, and what stands in either log.

use std::sync::Arc;

use crate::agreement::{Act, LogEnd, World};
use crate::evidence::verify::check_pins;
use crate::evidence::{AsKnownAt, CheckedFile, Question, Trust, Verdict, Verification, verify_and_fold};
use crate::merkle::Hash;
use crate::statement::body::Predecessor;
use crate::statement::{Origin, Subject};

/// A seam that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seam {
    /// The log that ended.
    pub old: Origin,
    /// Its final number of entries.
    pub size: u64,
    /// Its final root.
    pub root: Hash,
    /// The close, and who continues.
    pub end: LogEnd,
}

/// What two files say about the seam between their logs: one answer, each with its own exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeamAnswer {
    /// Each log names the other, and the new one begins exactly where the old one ended.
    Holds(Box<Seam>),
    /// The old file does not verify.
    OldFails(Verdict),
    /// The new file does not verify.
    NewFails(Verdict),
    /// Up to the seal of the old file, nobody has closed its log.
    NotClosed,
    /// The old log names another registry.
    OtherSuccessor {
        /// The one that it names.
        named: Origin,
    },
    /// The old log names the new origin, but another log key than the one that signs it.
    OtherKey,
    /// The old log goes on behind its close.
    GoesOn {
        /// Where its close stands.
        end: u64,
        /// Its number of entries.
        size: u64,
    },
    /// The new log's genesis names no predecessor.
    NoPredecessor,
    /// The new log's genesis names another log.
    OtherPredecessor {
        /// The one that it names.
        named: Origin,
    },
    /// Each names the other, but the genesis of the new log names another tree than the final one of the old log: either
    /// the old log signed two ends, or the new registrar wrote down a wrong one. The two files are the evidence.
    OtherTree {
        /// Size and root that the genesis of the new log names.
        named: (u64, Hash),
        /// Those of the old log's final checkpoint.
        found: (u64, Hash),
    },
}

/// The answer, and what it rests on.
#[derive(Clone, Debug)]
pub struct SeamReport {
    /// The verification of the old file.
    pub old: Verification,
    /// That of the new file.
    pub new: Verification,
    /// What follows from both.
    pub answer: SeamAnswer,
}

/// Verifies a docket file of the log that ended and one of the log that continues it, each under its own trust, and checks
/// that the two logs meet (M1-M3). Any docket file will do, for each holds the docket `registry`; the old one has to be
/// taken after the close. Freshness is not asked for: a closed log's last seal never gets younger.
pub fn check_seam(old: (&[u8], &Trust), new: (&[u8], &Trust)) -> SeamReport {
    let question = Question::default();
    let (old, old_world) = verify_and_fold(old.0, old.1, &question);
    let (new, new_world) = verify_and_fold(new.0, new.1, &question);
    let answer = match (provable(&old, old_world.as_ref()), provable(&new, new_world.as_ref())) {
        (None, _) => SeamAnswer::OldFails(old.verdict()),
        (_, None) => SeamAnswer::NewFails(new.verdict()),
        (Some((known, old)), Some((_, new))) => meet(old, &known, new),
    };
    SeamReport { old, new, answer }
}

/// What a seam can rest on: a file of which no check failed. Whether the answer about its subject is a yes is another
/// question.
fn provable<'w>(verification: &Verification, world: Option<&'w World>) -> Option<(AsKnownAt, &'w World)> {
    let is_whole = verification.failed().is_none();
    verification.as_known_at.zip(world).filter(|_| is_whole)
}

/// M1, M2, M3.
fn meet(old: &World, last: &AsKnownAt, new: &World) -> SeamAnswer {
    let Some(end) = old.log_end() else { return SeamAnswer::NotClosed };
    if end.origin != *new.origin() {
        return SeamAnswer::OtherSuccessor { named: end.origin.clone() };
    }
    // `docket-digest`: the genesis names the log key under which the file was verified.
    let Some(genesis) = new.genesis() else { return SeamAnswer::NewFails(Verdict::Malformed) };
    if end.log_key != genesis.log_key {
        return SeamAnswer::OtherKey;
    }
    // The last seal is the last entry of the checkpoint (formats §9), so it closes the batch of the entry before it.
    if last.index != end.index + 1 {
        return SeamAnswer::GoesOn { end: end.index, size: last.size };
    }
    let Some(Predecessor { origin, size, root }) = &genesis.predecessor else { return SeamAnswer::NoPredecessor };
    if origin != old.origin() {
        return SeamAnswer::OtherPredecessor { named: origin.clone() };
    }
    let (named, found) = ((*size, root.0), (last.size, last.root));
    match named == found {
        true => SeamAnswer::Holds(Box::new(Seam {
            old: old.origin().clone(),
            size: last.size,
            root: last.root,
            end: end.clone(),
        })),
        false => SeamAnswer::OtherTree { named, found },
    }
}

/// The end of the log as the docket `registry` of a file shows it; `None` also where somebody signed in that docket whose
/// key the verifier did not pin.
pub(in crate::evidence) fn log_end_of(file: &CheckedFile<'_>, trust: &Trust) -> Option<LogEnd> {
    let statements: Vec<_> = file.statements().collect();
    let (_, places) = file.dockets().find(|(subject, _)| **subject == Subject::Registry)?;
    let acts: Vec<Act> = places
        .into_iter()
        .map(|place| statements[place])
        .map(|(entry, time_ms)| Act::met(entry.index, time_ms, Arc::clone(&entry.statement)))
        .collect();
    check_pins(&acts, trust, u64::MAX).ok()?;
    let mut world = World::new(file.file().origin.clone());
    world.load(Subject::Registry, acts);
    world.log_end().cloned()
}
