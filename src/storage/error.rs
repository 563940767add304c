//! What can go wrong between a table and its disk, and which of it ends the process.

use std::path::PathBuf;

use thiserror::Error;

use crate::storage::Bytes;

/// A table could not be opened or read.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StorageError {
    /// The operating system refused a file operation.
    #[error("cannot {doing} {path}: {cause}", path = path.display())]
    Io {
        /// The operation, as a verb: `open`, `sync`.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Kind of the operating system's error.
        kind: std::io::ErrorKind,
        /// The operating system's own words.
        cause: String,
    },
    /// Another process, or another handle of this one, has the table open.
    #[error("{path} is in use by another process: only one may open it; stop that one first", path = directory.display())]
    Locked {
        /// The data directory.
        directory: PathBuf,
    },
    /// The stored bytes are damaged.
    #[error(
        "the table in {path} is damaged ({cause}): keep a copy of the directory and rebuild it \
         from the exported tiles or from a mirror",
        path = directory.display()
    )]
    Corrupt {
        /// The data directory.
        directory: PathBuf,
        /// What the engine said.
        cause: String,
    },
    /// The engine failed in another way.
    #[error("the storage engine of {path} failed: {cause}", path = directory.display())]
    Engine {
        /// The data directory.
        directory: PathBuf,
        /// What the engine said.
        cause: String,
    },
    /// The snapshot was held while more than [`UNDO_BYTES_MAX`](crate::storage::UNDO_BYTES_MAX) were written over it.
    /// Take a new one.
    #[error("the snapshot was held too long and has expired: take a new one")]
    SnapshotExpired,
    /// A fault that a test asked for.
    #[error("fault injected at commit {commit}")]
    Injected {
        /// Number of the commit, from 1.
        commit: u64,
    },
}

impl StorageError {
    /// An operating system's error with what was tried on which path.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>, error: &std::io::Error) -> Self {
        Self::Io { doing, path: path.into(), kind: error.kind(), cause: error.to_string() }
    }
}

/// A batch was not acknowledged. Only [`CommitError::Unknown`] leaves the state of the disk open.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommitError {
    /// Another writer committed since the caller read the head. Nothing was written.
    #[error("another writer moved the head; nothing was written")]
    HeadMoved {
        /// The head the caller started from.
        expected: Option<Bytes>,
        /// The head that is stored.
        found: Option<Bytes>,
    },
    /// The volume is nearly full. Nothing was written.
    #[error("{available_bytes} bytes are left on the volume, the batch needs {needed_bytes}: free some space")]
    NoSpace {
        /// Bytes left on the volume.
        available_bytes: u64,
        /// Bytes that must be left before the batch is written: its own and the reserve.
        needed_bytes: u64,
    },
    /// The batch breaks a bound of the room, a mistake of the caller. Nothing was written.
    #[error("{found} {what} exceed the bound of {max}")]
    OutOfBounds {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// The write failed half-way: the batch may be stored or not. End the process; the next start finds out.
    #[error("it is unknown whether the batch was stored: {0}; the process must end")]
    Unknown(StorageError),
}

impl CommitError {
    /// Whether the state of the disk is unknown, so that the process must end (I4 of the log).
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}
