//! What a witness keeps: of each log the newest checkpoint that it cosigned, and what contradicts it.

use std::path::PathBuf;

use crate::crypto::{Digest, Note, hex, sha256};
use crate::evidence::witness::{KeptHead, LogHead};
use crate::log::{GuardError, GuardedHead};
use crate::storage::{CommitError, Snapshot, StorageError};

const COSIGNED: u8 = b'w';
const CONFLICT: u8 = b'f';

/// Why a witness cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The table.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The table could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The guard.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// There is a state already where a new one was to be made.
    #[error("there is a witness's state already")]
    Exists,
    /// No state: made by `create` only.
    #[error("there is no witness's state here")]
    Missing,
    /// The state is not the one that the guard remembers, nor one change after it (V3).
    #[error(
        "the state of this witness is not the one that its guard remembers, it was rolled back or exchanged: it has seen \
         {found} changes, the guard {guard} remembers {remembered}. Restore the newer state; if it is lost, this key must never \
         cosign again"
    )]
    OtherState {
        /// Changes in the table.
        found: u64,
        /// Changes that the guard remembers.
        remembered: u64,
        /// The guard's file.
        guard: PathBuf,
    },
    /// A row that cannot be read.
    #[error("the witness's state is damaged: {what}")]
    Damaged {
        /// Which row.
        what: String,
    },
}

/// A checkpoint with the log's lines that were verified and this witness's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The note.
    pub note: Note,
    /// What it says.
    pub head: LogHead,
    /// When it was cosigned, unix seconds.
    pub time: u64,
}

impl Cosigned {
    /// Its size and root.
    pub fn kept(&self) -> KeptHead {
        KeptHead { size: self.head.size, root: self.head.root }
    }
}

/// One kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The newest checkpoint that was cosigned, behind its time (8 bytes).
    Cosigned,
    /// Two checkpoints of one size with two roots, each as long as its length (4 bytes) says: two histories.
    Conflict,
}

impl Kept {
    pub(in crate::witness) fn key(self, origin: &str) -> Vec<u8> {
        let family = match self {
            Self::Cosigned => COSIGNED,
            Self::Conflict => CONFLICT,
        };
        [&[family][..], &sha256(&[origin.as_bytes()]).0].concat()
    }
}

/// Two checkpoints of one log and one size with two roots, both signed by the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The one that was cosigned, with the cosignature; or the one that the log showed to the audit of this witness first.
    pub cosigned: Vec<u8>,
    /// The one that was refused, with the log's lines.
    pub refused: Vec<u8>,
}

impl Conflict {
    pub(in crate::witness) fn to_bytes(&self) -> Vec<u8> {
        let len = (self.cosigned.len() as u32).to_be_bytes();
        [&len[..], &self.cosigned, &self.refused].concat()
    }

    pub(in crate::witness) fn read(bytes: &[u8]) -> Option<Self> {
        let (len, notes) = bytes.split_first_chunk::<4>()?;
        let (cosigned, refused) = notes.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        Some(Self { cosigned: cosigned.to_vec(), refused: refused.to_vec() })
    }
}

/// How a log is named in the paths of a witness: SHA-256 of its origin, hex.
pub fn origin_hash(origin: &str) -> String {
    hex(&sha256(&[origin.as_bytes()]).0)
}

/// How often the state changed, and a digest over all changes: what the guard remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::witness) struct StateHead {
    pub changes: u64,
    pub digest: Digest,
    /// The digest before the last change: what a guard remembers that was not moved any more.
    previous: Digest,
}

impl StateHead {
    pub const START: Self = Self { changes: 0, digest: Digest([0; 32]), previous: Digest([0; 32]) };

    /// The state after a row was written.
    pub fn after(&self, key: &[u8], value: &[u8]) -> Self {
        let len = (key.len() as u64).to_be_bytes();
        let digest = sha256(&[&self.digest.0, &len, key, value]);
        Self { changes: self.changes + 1, digest, previous: self.digest }
    }

    pub fn to_bytes(self) -> Vec<u8> {
        [&self.changes.to_be_bytes()[..], &self.digest.0, &self.previous.0].concat()
    }

    pub fn read(bytes: &[u8]) -> Result<Self, WitnessError> {
        let damaged = || WitnessError::Damaged { what: "the head".to_owned() };
        let (changes, digests) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        match digests.as_chunks::<32>() {
            ([digest, previous], []) => {
                Ok(Self { changes: u64::from_be_bytes(*changes), digest: Digest(*digest), previous: Digest(*previous) })
            }
            _ => Err(damaged()),
        }
    }

    /// Whether this is the state that a guard remembers, or the one that follows it.
    pub fn is_at_or_after(&self, remembered: &GuardedHead) -> bool {
        let follows = remembered.size.checked_add(1) == Some(self.changes) && remembered.root == self.previous.0;
        *remembered == self.guarded() || follows
    }

    pub fn guarded(self) -> GuardedHead {
        GuardedHead { size: self.changes, root: self.digest.0, seal: Digest([0; 32]) }
    }
}

/// The newest checkpoint of `origin` that was cosigned.
pub(in crate::witness) fn cosigned(snapshot: &dyn Snapshot, origin: &str) -> Result<Option<Cosigned>, WitnessError> {
    let Some(row) = snapshot.get(&Kept::Cosigned.key(origin))? else { return Ok(None) };
    let damaged = || WitnessError::Damaged { what: format!("the checkpoint of {origin}") };
    let (time, note) = row.split_first_chunk::<8>().ok_or_else(damaged)?;
    let note = Note::parse(note).map_err(|_| damaged())?;
    let head = LogHead::from_text(note.text()).ok().filter(|head| head.origin == origin).ok_or_else(damaged)?;
    Ok(Some(Cosigned { note, head, time: u64::from_be_bytes(*time) }))
}
