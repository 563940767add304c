//! A batch: what one commit writes.

use std::collections::BTreeMap;

use crate::storage::CommitError;

/// Longest key in bytes. Keys are a prefix and a few numbers or one digest.
pub const KEY_BYTES_MAX: usize = 512;
/// Longest value in bytes. The longest statement is 61,440 bytes; the engine keeps values of this size out of the
/// separate files it uses for large pages (see `storage::sled`).
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Most keys in one batch.
pub const BATCH_KEYS_MAX: usize = 131_072;
/// Most bytes of keys and values in one batch: 64 MiB.
pub const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Puts and removes that are committed together. A later word about the same key wins.
///
/// Building never fails; the bounds are checked by the commit, which then answers [`CommitError::OutOfBounds`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores `value` (0 to [`VALUE_BYTES_MAX`] bytes) under `key` (0 to [`KEY_BYTES_MAX`] bytes).
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.insert(key.into(), Some(value.into()));
    }

    /// Removes `key`; nothing happens if it is absent.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.writes.insert(key.into(), None);
    }

    /// Number of keys written or removed.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether the batch says nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn size_bytes(&self) -> usize {
        self.writes.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
    }

    /// Each key in ascending order with its new value, `None` for a remove.
    pub fn writes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.writes.iter().map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    /// Refuses what no engine needs to take.
    ///
    /// # Errors
    /// [`CommitError::OutOfBounds`] naming the first bound that is broken.
    pub fn check_bounds(&self) -> Result<(), CommitError> {
        let longest_key = self.writes.keys().map(Vec::len).max().unwrap_or(0);
        let longest_value = self.writes.values().flatten().map(Vec::len).max().unwrap_or(0);
        let bounds = [
            ("key bytes", longest_key, KEY_BYTES_MAX),
            ("value bytes", longest_value, VALUE_BYTES_MAX),
            ("keys of a batch", self.len(), BATCH_KEYS_MAX),
            ("bytes of a batch", self.size_bytes(), BATCH_BYTES_MAX),
        ];
        match bounds.into_iter().find(|(_, found, max)| found > max) {
            Some((what, found, max)) => Err(CommitError::OutOfBounds { what, found, max }),
            None => Ok(()),
        }
    }
}
