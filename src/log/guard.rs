//! The head guard (I6): a small preallocated file outside the database that remembers the newest head the log was
//! about to sign, so that a restored database, or a second one on the same key, cannot sign a fork.
//!
//! Two slots of 512 bytes are written in turn, one `fdatasync` each: a torn write leaves the other slot whole. The
//! file is locked while it is open, so two processes cannot share it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::crypto::{Digest, sha256};
use crate::merkle::Hash;

const SLOT_LEN: usize = 512;
const MAGIC: &[u8; 8] = b"nospygd1";

/// The head that the guard remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardedHead {
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The id of the seal that ends it.
    pub seal: Digest,
}

/// Why the guard cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The file is not there.
    #[error("there is no head guard at {path}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("the head guard {path} is in use by another process: only one may run on a log's key")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It exists already where a new one was to be made.
    #[error("there is already a head guard at {path}")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Neither slot is whole, or it is another log's.
    #[error("the head guard {path} is damaged or belongs to another log")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The newest head in the guard is not the one the writer knows.
    #[error("the head guard {path} was moved by somebody else")]
    Moved {
        /// The file.
        path: PathBuf,
    },
    /// The operating system's error.
    #[error("the head guard {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        error: std::io::Error,
    },
}

/// An open, locked head guard.
#[derive(Debug)]
pub struct Guard {
    file: File,
    path: PathBuf,
    origin: Digest,
    sequence: u64,
    head: GuardedHead,
}

impl Guard {
    /// Makes the guard of a new log. The directory must exist.
    ///
    /// # Errors
    /// [`GuardError::Exists`], [`GuardError::Io`].
    pub fn create(path: &Path, origin: &str, head: GuardedHead) -> Result<Self, GuardError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = file.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => GuardError::Exists { path: path.into() },
            _ => GuardError::Io { path: path.into(), error },
        })?;
        let mut guard = Self { file, path: path.into(), origin: sha256(&[origin.as_bytes()]), sequence: 0, head };
        guard.lock()?;
        let slot = guard.slot();
        guard.write_at(0, &[slot, [0; SLOT_LEN]].concat())?;
        // The file's name must survive as well: a guard that is gone after a power cut stops the log.
        let synced = guard.file.sync_all().and_then(|()| File::open(Self::directory(path))?.sync_all());
        synced.map_err(|error| guard.io(error))?;
        Ok(guard)
    }

    /// Opens the guard of `origin` and locks it.
    ///
    /// # Errors
    /// [`GuardError`], each with what to look at.
    pub fn open(path: &Path, origin: &str) -> Result<Self, GuardError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => GuardError::Missing { path: path.into() },
            _ => GuardError::Io { path: path.into(), error },
        })?;
        let nothing = GuardedHead { size: 0, root: [0; 32], seal: Digest([0; 32]) };
        let origin = sha256(&[origin.as_bytes()]);
        let mut guard = Self { file, path: path.into(), origin, sequence: 0, head: nothing };
        guard.lock()?;
        let mut bytes = Vec::new();
        let read = (&guard.file).take(2 * SLOT_LEN as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| guard.io(error))?;
        let slots = bytes.chunks(SLOT_LEN).filter_map(|slot| guard.read_slot(slot));
        let newest = slots.max_by_key(|(sequence, _)| *sequence);
        (guard.sequence, guard.head) = newest.ok_or(GuardError::Damaged { path: path.into() })?;
        Ok(guard)
    }

    /// The newest head it remembers.
    pub fn head(&self) -> &GuardedHead {
        &self.head
    }

    /// Remembers `next` instead of `expected`; durable when it returns.
    ///
    /// # Errors
    /// [`GuardError::Moved`] if the newest head is another one than `expected`; [`GuardError::Io`] if the write may
    /// or may not have happened: the process ends (I4).
    pub fn swap(&mut self, expected: &GuardedHead, next: GuardedHead) -> Result<(), GuardError> {
        if self.head != *expected || next.size < expected.size {
            return Err(GuardError::Moved { path: self.path.clone() });
        }
        self.sequence += 1;
        self.head = next;
        let slot = self.slot();
        self.write_at((self.sequence % 2) * SLOT_LEN as u64, &slot)?;
        self.file.sync_data().map_err(|error| self.io(error))
    }

    /// The directory of the guard at `path`.
    pub(in crate::log) fn directory(path: &Path) -> &Path {
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn lock(&self) -> Result<(), GuardError> {
        flock(&self.file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => GuardError::Locked { path: self.path.clone() },
            error => self.io(error.into()),
        })
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), GuardError> {
        let written = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| self.io(error))
    }

    fn io(&self, error: std::io::Error) -> GuardError {
        GuardError::Io { path: self.path.clone(), error }
    }

    fn slot(&self) -> [u8; SLOT_LEN] {
        let mut content = [&MAGIC[..], &self.origin.0, &self.sequence.to_be_bytes()].concat();
        content.extend(self.head.size.to_be_bytes());
        content.extend(self.head.root);
        content.extend(self.head.seal.0);
        content.extend(sha256(&[&content]).0);
        let mut slot = [0; SLOT_LEN];
        slot[..content.len()].copy_from_slice(&content);
        slot
    }

    fn read_slot(&self, slot: &[u8]) -> Option<(u64, GuardedHead)> {
        let content = slot.get(..120)?;
        let checksum = slot.get(120..152)?;
        if sha256(&[content]).0 != *checksum || content[..8] != MAGIC[..] || content[8..40] != self.origin.0 {
            return None;
        }
        let number = |at: usize| content[at..at + 8].try_into().ok().map(u64::from_be_bytes);
        let hash = |at: usize| content[at..at + 32].try_into().ok();
        let head = GuardedHead { size: number(48)?, root: hash(56)?, seal: Digest(hash(88)?) };
        Some((number(40)?, head))
    }
}

impl Drop for Guard {
    /// Lets go of the lock by name: a child process that is just being started may hold a copy of the open file, and the
    /// lock with it, for a moment longer.
    fn drop(&mut self) {
        // If it cannot be let go of here, closing the file does.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}
