//! The embedded engine: sled 0.34, held to the promise of the room.
//!
//! What sled does by itself is not enough, or more than wanted. Each rule below answers one fact of its source:
//!
//! - `flush()` ends in `sync_file_range`, which flushes neither the drive's cache nor the file's size. So the adapter
//!   keeps its own handle on `DIR/db` and calls `sync_data` after every flush. An own handle also hears every write
//!   error once, even if sled's own thread was told first (and only logs it).
//! - `apply_batch` is crash-atomic within one tree. So there is one tree, and one batch a commit.
//! - A page above a quarter of a segment goes to a file of its own under `DIR/blobs`, which nobody syncs; and a leaf
//!   holds up to 17 values of any size, so with sled's segments of 512 KiB this happens from values of 8 KiB on. So
//!   segments are 8 MiB, and the bounds of the room keep every page below a quarter of that (asserted below).
//! - Overwritten pages are reclaimed only by the background thread. So it stays on, although commits do not need it.
//! - `open` and reads may panic on damaged bytes. So panics are caught and named.
//! - After a full disk every write fails until the process ends. So commits are refused while space is still left.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::storage::versioned::{Engine, Versioned};
use crate::storage::{
    Batch, Bytes, CommitError, KEY_BYTES_MAX, Snapshot, Space, Storage, StorageError, VALUE_BYTES_MAX,
};

/// Bytes of sled's page cache unless told otherwise: 64 MiB, as fast for appends as 1 GiB.
pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
/// Bytes to leave free on the volume unless told otherwise; a tenth of the volume if that is less. 256 MiB.
pub const SPACE_RESERVE_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of a segment, sled's unit of allocation and of one write at most. Fixed for the life of a directory.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// More values than a leaf can hold: it splits above 16, and takes in a neighbour of fewer than 4.
const LEAF_VALUES_MAX: usize = 24;
/// More children than an index page can hold: it splits above 256, and takes in a neighbour of fewer than 64.
const INDEX_CHILDREN_MAX: usize = 384;
/// sled's own bytes about an item of a page, and those of headers, rounded up.
const ITEM_OVERHEAD_BYTES: usize = 64;
const PAGE_BYTES_MAX: usize = SEGMENT_BYTES / 4 - 1024;
const _: () = assert!(LEAF_VALUES_MAX * (KEY_BYTES_MAX + VALUE_BYTES_MAX + ITEM_OVERHEAD_BYTES) < PAGE_BYTES_MAX);
const _: () = assert!(INDEX_CHILDREN_MAX * (KEY_BYTES_MAX + ITEM_OVERHEAD_BYTES) < PAGE_BYTES_MAX);

/// Every how many milliseconds sled's background thread flushes and reclaims overwritten pages.
const RECLAIM_EVERY_MS: u64 = 500;
/// A handle's background threads let go of the lock a moment after it is dropped, and a restarted process may meet
/// the last breath of the one before: 40 tries, 50 ms apart.
const LOCK_TRIES_MAX: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// How to open a table on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SledOptions {
    /// Bytes of sled's page cache.
    pub cache_bytes: u64,
    /// Bytes to leave free on the volume; `None` for the smaller of [`SPACE_RESERVE_BYTES`] and a tenth of it.
    pub reserve_bytes: Option<u64>,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: CACHE_BYTES_DEFAULT, reserve_bytes: None }
    }
}

/// A table in a directory of its own, open in one process at a time.
#[derive(Debug)]
pub struct SledStorage {
    versioned: Versioned<Tree>,
}

impl SledStorage {
    /// Opens the table in `directory`, creating both if they are missing.
    ///
    /// # Errors
    /// - [`StorageError::Locked`] if it is open elsewhere (after waiting two seconds),
    /// - [`StorageError::Corrupt`] if the engine cannot read what is there,
    /// - [`StorageError::Io`] and [`StorageError::Engine`] for the rest.
    pub fn open(directory: impl AsRef<Path>, options: SledOptions) -> Result<Self, StorageError> {
        let tree = Tree::open(directory.as_ref(), options)?;
        Ok(Self { versioned: Versioned::new(tree) })
    }
}

impl Storage for SledStorage {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StorageError> {
        self.versioned.snapshot()
    }

    fn commit(&self, expected_head: Option<&[u8]>, batch: Batch) -> Result<(), CommitError> {
        self.versioned.commit(expected_head, batch)
    }

    fn space(&self) -> Result<Space, StorageError> {
        self.versioned.space()
    }
}

/// sled's default tree and our own handle on its file.
#[derive(Debug)]
struct Tree {
    database: ::sled::Db,
    /// `DIR/db`, opened for reading only: it is there to be synced.
    file: File,
    directory: PathBuf,
    reserve_bytes: Option<u64>,
}

impl Tree {
    fn open(directory: &Path, options: SledOptions) -> Result<Self, StorageError> {
        let database = open_unlocked(directory, options)?;
        // A file that a power cut may unlink is not durable: sync the names once, the bytes at every commit.
        sync(directory)?;
        sync(&directory.join("conf"))?;
        if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync(parent)?;
        }
        let path = directory.join("db");
        let file = File::open(&path).map_err(|error| StorageError::io("open", &path, &error))?;
        Ok(Self { database, file, directory: directory.to_owned(), reserve_bytes: options.reserve_bytes })
    }

    /// Calls the engine, turning its errors and its panics into ours.
    fn ask<T>(&self, question: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StorageError> {
        ask(&self.directory, question)
    }
}

impl Engine for Tree {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        self.ask(|| self.database.get(key)).map(|value| value.map(|value| Bytes::from(&*value)))
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
        self.ask(|| {
            let range = self.database.range(from..to).take(limit);
            range.map(|pair| pair.map(|(key, value)| (Bytes::from(&*key), Bytes::from(&*value)))).collect()
        })
    }

    fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        let mut writes = ::sled::Batch::default();
        for (key, value) in batch.writes() {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.ask(|| self.database.apply_batch(writes))?;
        self.ask(|| self.database.flush())?;
        // The batch is durable when this returns, and nobody knows what is stored if it fails (I4: no retry).
        self.file.sync_data().map_err(|error| StorageError::io("sync", self.directory.join("db"), &error))
    }

    fn space(&self) -> Result<Space, StorageError> {
        let volume = rustix::fs::statvfs(&self.directory)
            .map_err(|error| StorageError::io("measure the volume of", &self.directory, &error.into()))?;
        let reserve_bytes = self.reserve_bytes.unwrap_or_else(|| {
            let tenth = volume.f_blocks.saturating_mul(volume.f_frsize) / 10;
            tenth.min(SPACE_RESERVE_BYTES)
        });
        // What the next segment may take is part of the reserve: sled allocates it whole.
        let reserve_bytes = reserve_bytes.saturating_add(2 * SEGMENT_BYTES as u64);
        Ok(Space { available_bytes: Some(volume.f_bavail.saturating_mul(volume.f_frsize)), reserve_bytes })
    }
}

/// Opens sled, waiting a moment for a lock that is about to be released.
fn open_unlocked(directory: &Path, options: SledOptions) -> Result<::sled::Db, StorageError> {
    let config = || {
        ::sled::Config::new()
            .path(directory)
            .cache_capacity(options.cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(Some(RECLAIM_EVERY_MS))
    };
    for _ in 1..LOCK_TRIES_MAX {
        match ask(directory, || config().open()) {
            Err(StorageError::Locked { .. }) => thread::sleep(LOCK_PAUSE),
            answer => return answer,
        }
    }
    ask(directory, || config().open())
}

fn ask<T>(directory: &Path, question: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StorageError> {
    let directory = || directory.to_owned();
    // Nothing of ours is left half-changed by a panic inside the engine: the question only reads what is ours.
    match catch_unwind(AssertUnwindSafe(question)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(::sled::Error::Io(error))) if is_lock_refusal(&error) => {
            Err(StorageError::Locked { directory: directory() })
        }
        Ok(Err(::sled::Error::Io(error))) => Err(StorageError::io("use the table in", directory(), &error)),
        Ok(Err(error @ ::sled::Error::Corruption { .. })) => {
            Err(StorageError::Corrupt { directory: directory(), cause: error.to_string() })
        }
        Ok(Err(error)) => Err(StorageError::Engine { directory: directory(), cause: error.to_string() }),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let cause = format!("the engine gave up: {}", words.unwrap_or("no reason given"));
            Err(StorageError::Corrupt { directory: directory(), cause })
        }
    }
}

/// sled reports a refused lock as an error of no particular kind; its words are all there is to tell it by. The
/// contract has a test that fails if they change.
fn is_lock_refusal(error: &io::Error) -> bool {
    error.to_string().starts_with("could not acquire lock")
}

fn sync(path: &Path) -> Result<(), StorageError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| StorageError::io("sync", path, &error))
}
