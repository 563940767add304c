//! Ordered byte tables: snapshot reads, one atomic durable commit.
//!
//! The room promises one thing to the rooms above: a batch of byte keys and values is written as a whole or not at
//! all, only if the head is still the one the writer started from, and when `commit` returns `Ok` the batch survives
//! a power cut. It knows bytes only; what a key means is decided by whoever writes it.
//!
//! In scope: the trait, an engine in memory, the embedded engine [`SledStorage`], and a wrapper that plays the lies a
//! disk tells. Out of scope: entries, dockets, checkpoints, repair, retries. There is no retry on purpose: after a
//! failed durable write nobody knows what the disk holds, so the caller ends the process (I4 of the log).
//!
//! # What every engine keeps
//!
//! - **S1** A batch is visible and durable as a whole or not at all.
//! - **S2** A commit compares the value under [`HEAD_KEY`] with the head the writer expects, under the lock that
//!   serialises commits, and writes nothing if they differ (I2 of the log).
//! - **S3** A snapshot never changes: it shows the last commit that was durable when it was taken, however many
//!   commits follow. It never shows a batch whose sync has not returned.
//! - **S4** After [`CommitError::Unknown`] every later commit of the same handle answers `Unknown` at once.
//! - **S5** Keys are ordered bytewise, so big-endian numbers sort as numbers.
//!
//! The one suite `tests/storage_contract.rs` runs on every engine.

mod batch;
mod error;
mod fault;
mod memory;
mod pages;
mod sled;
mod versioned;
mod versions;

use std::sync::Arc;

pub use batch::{BATCH_BYTES_MAX, BATCH_KEYS_MAX, Batch, KEY_BYTES_MAX, VALUE_BYTES_MAX};
pub use error::{CommitError, StorageError};
pub use fault::{Fault, FaultyStorage};
pub use memory::MemoryStorage;
pub use pages::rows_between;
pub use sled::{CACHE_BYTES_DEFAULT, SPACE_RESERVE_BYTES, SledOptions, SledStorage};
pub use versions::UNDO_BYTES_MAX;

/// The key of the head record, the value every commit compares. Each batch that moves the head puts it.
pub const HEAD_KEY: &[u8] = b"head";

/// A stored key or value, shared and cheap to clone.
pub type Bytes = Arc<[u8]>;

/// One durable ordered byte table. Keys and values are byte strings; keys are ordered bytewise.
///
/// Any number of readers and writers may share one handle; commits are serialised by the engine, readers never wait
/// for a sync.
pub trait Storage: Send + Sync + 'static {
    /// Consistent reads of the last durable commit. Cheap. A held snapshot costs memory for what later commits
    /// overwrite or add, up to [`UNDO_BYTES_MAX`]; beyond that the oldest snapshots expire.
    ///
    /// # Errors
    /// Only if the engine cannot be read at all.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StorageError>;

    /// Applies `batch` atomically iff the value stored under [`HEAD_KEY`] equals `expected_head` (`None` = absent).
    /// Durable when it returns `Ok`.
    ///
    /// # Errors
    /// [`CommitError`]; every variant but `Unknown` means that nothing was written. After `Unknown` the caller ends
    /// the process: opening finds out what the disk holds.
    fn commit(&self, expected_head: Option<&[u8]>, batch: Batch) -> Result<(), CommitError>;

    /// The room left for more.
    ///
    /// # Errors
    /// [`StorageError::Io`] if the volume does not answer.
    fn space(&self) -> Result<Space, StorageError>;
}

/// Consistent reads of one moment of a table.
pub trait Snapshot: Send + Sync + 'static {
    /// The value under `key`, `None` if there is none. An empty value is a value.
    ///
    /// # Errors
    /// [`StorageError::SnapshotExpired`] if the snapshot was held too long; else the engine failed to read.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError>;

    /// The first `limit` pairs with `from <= key < to`, ascending. Empty if `from >= to` or `limit` is 0. A caller
    /// that wants more goes on from the last key with a zero byte appended.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError>;
}

/// Room on the volume below a table, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes this process may still write on the volume; `None` if the table lives in memory.
    pub available_bytes: Option<u64>,
    /// Commits are refused with [`CommitError::NoSpace`] once fewer bytes than this would be left.
    pub reserve_bytes: u64,
}

impl<S: Storage + ?Sized> Storage for Arc<S> {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StorageError> {
        (**self).snapshot()
    }

    fn commit(&self, expected_head: Option<&[u8]>, batch: Batch) -> Result<(), CommitError> {
        (**self).commit(expected_head, batch)
    }

    fn space(&self) -> Result<Space, StorageError> {
        (**self).space()
    }
}
