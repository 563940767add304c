//! What the evidence files have in common: how they are told apart, bounded, and how they fail.

use crate::codec::{CborError, Item, Value, encode};
use crate::crypto::KeyLine;
use crate::evidence::Policy;
use crate::evidence::caught::{Fork, Omission, Suspicion};
use crate::merkle::{Hash, PATH_LEN_MAX};
use crate::statement::Origin;

/// Longest fork or suspicion, in bytes.
pub const FORK_LEN_MAX: usize = 16 * 1_024;
/// Longest omission, in bytes: a statement, those that it names, and a full docket of thin rows.
pub const OMISSION_LEN_MAX: usize = 4 << 20;
/// Longest evidence file, in bytes.
pub const EVIDENCE_LEN_MAX: usize = OMISSION_LEN_MAX;

/// How every evidence file begins: a map of two, `"v": 1`, and the head of the name of what it holds.
const MAGIC: [u8; 4] = [0xA2, 0x61, 0x76, 0x01];
const FORK: &str = "fork";
const OMISSION: &str = "omission";
const SUSPICION: &str = "suspicion";

/// A well-formed evidence file; nothing is proved until [`EvidenceFile::check`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceFile {
    /// Two histories.
    Fork(Fork),
    /// A statement left out.
    Omission(Box<Omission>),
    /// Two checkpoints without an answer: proves nothing.
    Suspicion(Suspicion),
}

/// Why bytes are not evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Longer than a file of its kind may be.
    #[error("the file is {len} bytes long, more than the {max} that its kind may have")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
        /// The most it may have.
        max: usize,
    },
    /// Not in the CBOR profile.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// Neither of the three kinds.
    #[error("the file is a map of `v`: 1 and one of `fork`, `omission`, `suspicion`")]
    Kind,
    /// A part does not have the shape that it should.
    #[error("{0} (docs/spec/evidence.md)")]
    Shape(&'static str),
    /// A checkpoint, receipt, statement or name inside is not one.
    #[error("{0}")]
    Part(String),
}

/// Why well-formed evidence does not prove its claim under a key. It then proves nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotProved {
    /// The policy does not name the log.
    #[error("your policy does not trust the log {0}")]
    LogNotTrusted(Origin),
    /// A signature in it is not the log's.
    #[error("a signature is not the log's: {0}")]
    Signature(String),
    /// What should bind a part to the log's signature does not.
    #[error("a proof does not lead to what the log signed: {0}")]
    Proof(String),
    /// Everything was signed, and an honest log may have signed it.
    #[error("an honest log may have signed all of this: {0}")]
    Honest(&'static str),
}

/// What evidence proves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proved {
    /// The log signed two roots for one size.
    TwoRoots {
        /// The size.
        size: u64,
        /// Both roots, ascending.
        roots: [Hash; 2],
    },
    /// The later tree begins with another tree than the one that was signed.
    NotExtended {
        /// Size of the earlier head.
        size: u64,
        /// The root that the log signed for it.
        signed: Hash,
        /// The root that the later tree has at this size.
        found: Hash,
        /// Size of the later head.
        later_size: u64,
    },
    /// Two statements are the same entry.
    TwoEntries {
        /// Index of the entry.
        index: u64,
        /// Ids of the two statements, ascending.
        ids: [Hash; 2],
    },
    /// Two seals that cannot both be of one log.
    TwoSeals {
        /// Ids of both, ascending.
        ids: [Hash; 2],
        /// Why not both.
        why: &'static str,
    },
    /// A docket lacks a statement that must stand in it.
    LeftOut {
        /// The docket.
        subject: crate::statement::Subject,
        /// Id of the statement.
        id: Hash,
        /// Its index, as the receipt promises.
        index: u64,
        /// Index of the seal whose docket root commits to the docket.
        seal: u64,
        /// What stands there instead.
        instead: Instead,
    },
}

/// How a docket contradicts a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instead {
    /// There is no such docket at all.
    NoDocket,
    /// The docket does not name the statement, and has nothing at its index.
    Nothing,
    /// The statement stands there as another entry.
    OtherIndex(u64),
    /// Another statement stands there as this entry.
    OtherStatement(Hash),
    /// It stands there with a time later than the seal that the receipt was given under, unix milliseconds.
    Later(u64),
}

impl EvidenceFile {
    /// Whether bytes begin as evidence does; says nothing of the rest.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// Reads a file; form only.
    ///
    /// # Errors
    /// The first rule of form that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let too_long = |max| EvidenceError::TooLong { len: bytes.len(), max };
        if bytes.len() > EVIDENCE_LEN_MAX {
            return Err(too_long(EVIDENCE_LEN_MAX));
        }
        let item = Item::read(bytes)?;
        let is_shaped = item.map().is_some_and(|map| map.remaining() == 2);
        if !is_shaped || item.field("v").and_then(|v| v.uint()) != Some(1) {
            return Err(EvidenceError::Kind);
        }
        if let Some(omission) = item.field(OMISSION) {
            return Omission::read(&omission).map(Box::new).map(Self::Omission);
        }
        if bytes.len() > FORK_LEN_MAX {
            return Err(too_long(FORK_LEN_MAX));
        }
        match (item.field(FORK), item.field(SUSPICION)) {
            (Some(fork), _) => Fork::read(&fork).map(Self::Fork),
            (None, Some(suspicion)) => Suspicion::read(&suspicion).map(Self::Suspicion),
            (None, None) => Err(EvidenceError::Kind),
        }
    }

    /// The file's bytes: one spelling for one evidence.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (name, value) = match self {
            Self::Fork(fork) => (FORK, fork.to_value()),
            Self::Omission(omission) => (OMISSION, omission.to_value()),
            Self::Suspicion(suspicion) => (SUSPICION, suspicion.to_value()),
        };
        encode(&Value::record([("v", Value::uint(1)), (name, value)]))
    }

    /// The suffix of its file name, without the point.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Fork(_) => FORK,
            Self::Omission(_) => OMISSION,
            Self::Suspicion(_) => SUSPICION,
        }
    }

    /// The log that it speaks of, as it says.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Fork(fork) => fork.origin(),
            Self::Omission(omission) => omission.origin(),
            Self::Suspicion(suspicion) => suspicion.origin(),
        }
    }

    /// Checks the evidence against the log of `policy` that it names. `None`: every signature is the log's, and nothing is
    /// proved (a [`Suspicion`]).
    ///
    /// # Errors
    /// [`NotProved`]: the file is worth nothing under this policy.
    pub fn check(&self, policy: &Policy) -> Result<Option<Proved>, NotProved> {
        let log = policy.log_of(self.origin()).ok_or_else(|| NotProved::LogNotTrusted(self.origin().clone()))?;
        self.check_by(log)
    }

    /// As [`EvidenceFile::check`], against one log key.
    ///
    /// # Errors
    /// As there.
    pub fn check_by(&self, log: &KeyLine) -> Result<Option<Proved>, NotProved> {
        match self {
            Self::Fork(fork) => fork.check(log).map(Some),
            Self::Omission(omission) => omission.check(log).map(Some),
            Self::Suspicion(suspicion) => suspicion.check(log).map(|()| None),
        }
    }
}

/// The members of an array of exactly `N`.
pub(in crate::evidence::caught) fn members<'a, const N: usize>(item: &Item<'a>) -> Option<[Item<'a>; N]> {
    let array = item.array().filter(|array| array.remaining() == N as u64)?;
    array.collect::<Vec<_>>().try_into().ok()
}

/// The values of a map that has exactly these text keys.
pub(in crate::evidence::caught) fn fields<'a, const N: usize>(
    item: &Item<'a>,
    names: [&str; N],
) -> Option<[Item<'a>; N]> {
    if item.map()?.remaining() != N as u64 {
        return None;
    }
    let values: Option<Vec<Item<'a>>> = names.iter().map(|name| item.field(name)).collect();
    values?.try_into().ok()
}

/// A list of at most `max` hashes.
pub(in crate::evidence::caught) fn hashes(item: &Item<'_>, max: usize) -> Option<Vec<Hash>> {
    item.array().filter(|array| array.remaining() <= max as u64)?.map(|hash| hash.byte_array()).collect()
}

/// A path of at most 63 hashes.
pub(in crate::evidence::caught) fn path(item: &Item<'_>) -> Result<Vec<Hash>, EvidenceError> {
    hashes(item, PATH_LEN_MAX).ok_or(EvidenceError::Shape("a path is at most 63 hashes of 32 bytes"))
}

pub(in crate::evidence::caught) fn hashes_value(hashes: &[Hash]) -> Value {
    Value::Array(hashes.iter().map(|hash| Value::bytes(*hash)).collect())
}
