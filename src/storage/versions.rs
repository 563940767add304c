//! Versions: how a snapshot stays what it was while later commits overwrite the table below it.
//!
//! The engines below keep one value a key. So each commit first saves, for every key it will touch, the value the
//! key had before (or that it had none), and only then touches the engine. A reader of version `v` looks at the
//! engine first and here second: the *oldest* value saved by a commit after `v` is what the key held at `v`; if
//! nothing was saved, no commit after `v` touched the key and the engine's value is right.
//!
//! The order makes it safe without holding a lock while the engine works. If the reader saw the engine before the
//! commit, it has the old value, which is also the saved one. If it saw the engine during or after the commit, the
//! value was saved earlier, so it finds it now: what a living snapshot needs is never dropped (except by the bound
//! below, which the snapshot then reports).
//!
//! A commit becomes a new version when it is *published*, after its sync. Until then new snapshots get the version
//! before it, and read it here.
//!
//! Memory: saved values are dropped as soon as no snapshot is older than the commit that saved them; without
//! readers that is at its publication. [`UNDO_BYTES_MAX`] bounds what slow readers can pin.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::storage::{Bytes, StorageError};

/// Most bytes of saved values and keys kept for old snapshots: 128 MiB. Beyond it the oldest snapshots expire.
/// The commit under way is not counted against anyone; it is bounded by `BATCH_BYTES_MAX` and `BATCH_KEYS_MAX`.
pub const UNDO_BYTES_MAX: usize = 128 * 1024 * 1024;

/// What one saved value costs beside its bytes: two map entries and two counted allocations, rounded up.
const SAVED_OVERHEAD_BYTES: usize = 160;

/// A key and the value it had before a commit, `None` if it was absent.
pub(super) type Saved = (Bytes, Option<Bytes>);

/// The published version, who still reads older ones, and the values those readers need.
#[derive(Debug, Default)]
pub(super) struct Versions {
    published: u64,
    /// Snapshots older than this have expired.
    floor: u64,
    /// Living snapshots per version.
    readers: BTreeMap<u64, usize>,
    /// For each key the values it had until a version, oldest first.
    saved: BTreeMap<Bytes, VecDeque<(u64, Option<Bytes>)>>,
    /// The keys saved by each commit, oldest first.
    commits: VecDeque<Commit>,
    saved_bytes: usize,
}

/// What one commit saved.
#[derive(Debug)]
struct Commit {
    version: u64,
    keys: Vec<Bytes>,
    bytes: usize,
}

impl Versions {
    /// Registers a reader of the published version and returns the version.
    pub(super) fn pin(&mut self) -> u64 {
        *self.readers.entry(self.published).or_default() += 1;
        self.published
    }

    /// Ends a reader of `version`.
    pub(super) fn unpin(&mut self, version: u64) {
        if let Some(count) = self.readers.get_mut(&version) {
            *count -= 1;
            if *count == 0 {
                self.readers.remove(&version);
                self.drop_unread();
            }
        }
    }

    /// Saves what a commit is about to overwrite. Must happen before the engine is touched.
    pub(super) fn save(&mut self, values: Vec<Saved>) {
        let version = self.published + 1;
        let mut commit = Commit { version, keys: Vec::with_capacity(values.len()), bytes: 0 };
        for (key, value) in values {
            commit.bytes += key.len() + value.as_ref().map_or(0, |value| value.len()) + SAVED_OVERHEAD_BYTES;
            commit.keys.push(Bytes::clone(&key));
            self.saved.entry(key).or_default().push_back((version, value));
        }
        self.saved_bytes += commit.bytes;
        self.commits.push_back(commit);
    }

    /// The saved commit is durable: from now on new snapshots see it.
    pub(super) fn publish(&mut self) {
        self.publish_within(UNDO_BYTES_MAX);
    }

    fn publish_within(&mut self, bytes_max: usize) {
        self.published += 1;
        self.drop_unread();
        while self.saved_bytes > bytes_max && !self.commits.is_empty() {
            self.drop_oldest();
        }
    }

    /// What `key` held at `version` if a later commit touched it; `None` if the engine's value stands.
    ///
    /// # Errors
    /// [`StorageError::SnapshotExpired`].
    pub(super) fn saved(&self, version: u64, key: &[u8]) -> Result<Option<&Option<Bytes>>, StorageError> {
        self.check_alive(version)?;
        Ok(self.saved.get(key).and_then(|values| oldest_after(values, version)))
    }

    /// As [`Versions::saved`] for every key in `[from, to)`, ascending.
    ///
    /// # Errors
    /// [`StorageError::SnapshotExpired`].
    pub(super) fn saved_range(
        &self,
        version: u64,
        from: &[u8],
        to: &[u8],
    ) -> Result<impl Iterator<Item = (&Bytes, &Option<Bytes>)>, StorageError> {
        self.check_alive(version)?;
        let range = self.saved.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        Ok(range.filter_map(move |(key, values)| Some((key, oldest_after(values, version)?))))
    }

    fn check_alive(&self, version: u64) -> Result<(), StorageError> {
        if version < self.floor { Err(StorageError::SnapshotExpired) } else { Ok(()) }
    }

    /// Drops what no living snapshot needs. A commit under way is kept: its version is not published.
    fn drop_unread(&mut self) {
        let oldest = self.readers.keys().next().copied().unwrap_or(self.published);
        while self.commits.front().is_some_and(|commit| commit.version <= oldest) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(commit) = self.commits.pop_front() else { return };
        self.floor = self.floor.max(commit.version);
        self.saved_bytes -= commit.bytes;
        for key in commit.keys {
            if let Some(values) = self.saved.get_mut(&key) {
                values.pop_front();
                if values.is_empty() {
                    self.saved.remove(&key);
                }
            }
        }
    }
}

/// Values are in the order of their commits, so the first one after `version` is the oldest.
fn oldest_after(values: &VecDeque<(u64, Option<Bytes>)>, version: u64) -> Option<&Option<Bytes>> {
    let first = values.partition_point(|(saved_at, _)| *saved_at <= version);
    values.get(first).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(versions: &mut Versions, key: &[u8], before: Option<&[u8]>, bytes_max: usize) {
        versions.save(vec![(key.into(), before.map(Into::into))]);
        versions.publish_within(bytes_max);
    }

    #[test]
    fn the_oldest_later_value_is_the_one_of_the_snapshot() {
        let mut versions = Versions::default();
        let absent = versions.pin();
        commit(&mut versions, b"k", None, UNDO_BYTES_MAX);
        let first = versions.pin();
        commit(&mut versions, b"k", Some(b"1"), UNDO_BYTES_MAX);
        assert_eq!(versions.saved(absent, b"k"), Ok(Some(&None)));
        assert_eq!(versions.saved(first, b"k"), Ok(Some(&Some(b"1".as_slice().into()))));
        let second = versions.pin();
        assert_eq!(versions.saved(second, b"k"), Ok(None));
    }

    #[test]
    fn nothing_is_kept_without_older_readers() {
        let mut versions = Versions::default();
        let reader = versions.pin();
        commit(&mut versions, b"k", None, UNDO_BYTES_MAX);
        assert!(versions.saved_bytes > 0);
        versions.unpin(reader);
        commit(&mut versions, b"k", Some(b"1"), UNDO_BYTES_MAX);
        assert_eq!((versions.saved_bytes, versions.saved.len(), versions.commits.len()), (0, 0, 0));
    }

    #[test]
    fn a_reader_held_beyond_the_bound_expires_and_says_so() {
        let mut versions = Versions::default();
        let slow = versions.pin();
        commit(&mut versions, b"a", None, 300);
        let quick = versions.pin();
        commit(&mut versions, b"b", None, 300);
        assert_eq!(versions.saved(slow, b"a"), Err(StorageError::SnapshotExpired));
        assert_eq!(versions.saved(slow, b"untouched"), Err(StorageError::SnapshotExpired));
        assert_eq!(versions.saved(quick, b"b"), Ok(Some(&None)));
    }
}
