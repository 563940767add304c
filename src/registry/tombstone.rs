//! The removal of a text: its bytes go, and what stays says for ever that and why they went.
//!
//! Statements are never removed; a text is no statement, and a law or a court may want it gone. So that a removal cannot
//! pass for a text that was never there, it leaves a tombstone, which is served in place of the text.
//!
//! - R1. The bytes go and the tombstone comes in one durable commit.
//! - R2. A tombstone is never changed or taken away, and its text is not deposited again.
//! - R3. Only a text that a logged statement names can be removed; deposited or not.
//! - R4. The head is not moved: nothing in the log, its tree or its dockets changes.
//!
//! | key | value |
//! |---|---|
//! | `z` ‖ digest | SHA-256 of the key and what follows ‖ `u64(time, ms)` ‖ reason |
//!
//! The registry is stopped meanwhile: its sequencer is the only writer while it runs. What the engine's file still holds
//! of removed rows until the space is used again, and what backups hold, is the operator's to know (docs/operations.md).

use std::fmt;
use std::sync::Arc;

use crate::crypto::{Digest, sha256};
use crate::log::{OpenError, TileCache, read_head};
use crate::registry::ReadError;
use crate::registry::text::{chunk_keys, key};
use crate::statement::Origin;
use crate::statement::body::Text;
use crate::storage::{Batch, CommitError, HEAD_KEY, Snapshot, Storage, StorageError, rows_between};

/// First byte of the key of a tombstone.
const PREFIX: u8 = b'z';
/// Tombstones fetched at once.
const SCAN_ROWS: usize = 1024;

/// What is left of a text that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The SHA-256 of the text.
    pub digest: Digest,
    /// When it was removed, unix milliseconds.
    pub removed_ms: u64,
    /// Why, in the operator's words.
    pub reason: Text,
}

impl fmt::Display for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.removed_ms).ok();
        let time = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
        let time = time.map_or_else(|| format!("{} ms", self.removed_ms), |time| time.to_string());
        write!(f, "the text {} was removed from this registry at {time}: {}", self.digest, self.reason)
    }
}

/// A text that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedText {
    /// What stays.
    pub tombstone: Tombstone,
    /// Whether its bytes were here.
    pub was_deposited: bool,
}

/// Why a text is not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The database cannot be opened, or is another log's.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No statement names it (R3).
    #[error("no logged statement names the text {0}")]
    NotNamed(Digest),
    /// It was removed before (R2).
    #[error("{0}")]
    Removed(Tombstone),
    /// The table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table cannot be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Removes the text with this digest from the database of a stopped registry, and leaves a tombstone.
///
/// # Errors
/// [`RemoveError`]; nothing was changed, except where [`CommitError::is_fatal`] says that nobody knows.
pub fn remove_text(
    storage: &dyn Storage,
    origin: &Origin,
    digest: &Digest,
    reason: Text,
    now_ms: u64,
) -> Result<RemovedText, RemoveError> {
    let reader = read_head(storage, origin.as_str(), &Arc::new(TileCache::new(0)))?;
    let snapshot = reader.snapshot();
    let get = |key: &[u8]| snapshot.get(key).map_err(ReadError::from);
    if let Some(tombstone) = tombstone_of(snapshot, digest)? {
        return Err(RemoveError::Removed(tombstone));
    }
    get(&key(b'w', digest))?.ok_or(RemoveError::NotNamed(*digest))?;
    let head = get(HEAD_KEY)?.ok_or(OpenError::Empty)?;
    let size_key = key(b'y', digest);
    let was_deposited = get(&size_key)?.is_some();
    let tombstone = Tombstone { digest: *digest, removed_ms: now_ms, reason };

    let mut batch = Batch::new();
    for chunk in chunk_keys(snapshot, digest).map_err(ReadError::from)? {
        batch.remove(chunk);
    }
    batch.remove(size_key);
    let (tombstone_key, value) = tombstone.to_row();
    batch.put(tombstone_key, value);
    // R4: the same head again, so that the commit is refused if somebody else moved it.
    batch.put(HEAD_KEY, head.to_vec());
    storage.commit(Some(&head), batch)?;
    Ok(RemovedText { tombstone, was_deposited })
}

impl Tombstone {
    fn to_row(&self) -> (Vec<u8>, Vec<u8>) {
        let key = key(PREFIX, &self.digest);
        let content = [&self.removed_ms.to_be_bytes()[..], self.reason.as_str().as_bytes()].concat();
        let value = [&sha256(&[&key, &content]).0[..], &content].concat();
        (key, value)
    }

    /// `None` if the row is not what was written.
    fn from_row(key: &[u8], value: &[u8]) -> Option<Self> {
        let digest = Digest(key.strip_prefix(&[PREFIX])?.try_into().ok()?);
        let (checksum, content) = value.split_first_chunk::<32>()?;
        let (time, reason) = content.split_first_chunk::<8>()?;
        let reason = std::str::from_utf8(reason).ok()?.parse().ok()?;
        let is_whole = sha256(&[key, content]).0 == *checksum;
        is_whole.then_some(Self { digest, removed_ms: u64::from_be_bytes(*time), reason })
    }
}

/// The tombstone of a text, if it was removed.
///
/// # Errors
/// [`ReadError::Damaged`] if there is one that was altered.
pub(in crate::registry) fn tombstone_of(
    snapshot: &dyn Snapshot,
    digest: &Digest,
) -> Result<Option<Tombstone>, ReadError> {
    let key = key(PREFIX, digest);
    let Some(value) = snapshot.get(&key)? else { return Ok(None) };
    let damaged = || ReadError::Damaged(format!("the tombstone of the text {digest} was altered"));
    Tombstone::from_row(&key, &value).map(Some).ok_or_else(damaged)
}

/// Every tombstone: the digest as its key says, fewer bytes if the key is damaged, and whether it is what was written.
pub(in crate::registry) fn stored_tombstones(
    snapshot: &dyn Snapshot,
) -> impl Iterator<Item = Result<(Vec<u8>, bool), StorageError>> + '_ {
    rows_between(snapshot, vec![PREFIX], vec![PREFIX + 1], SCAN_ROWS).map(|row| {
        let (key, value) = row?;
        Ok((key.get(1..).unwrap_or_default().to_vec(), Tombstone::from_row(&key, &value).is_some()))
    })
}
