//! The commit protocol and the snapshots, once for all engines that keep one value a key.
//!
//! Order of effects of a commit, under the commit lock:
//!
//! 1. compare the head, check the bounds and the space: until here nothing has happened;
//! 2. save what the batch will overwrite ([`Versions::save`]);
//! 3. the engine applies the batch and syncs; an error from here on means that the state is unknown;
//! 4. publish: new snapshots see the batch.
//!
//! Readers take the lock of [`Versions`] for a look-up only, never while the engine reads, writes or syncs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::storage::versions::Versions;
use crate::storage::{Batch, Bytes, CommitError, HEAD_KEY, Snapshot, Space, Storage, StorageError};

/// A table that keeps one value a key and may show a batch half applied while it applies it.
pub(super) trait Engine: Send + Sync + 'static {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError>;

    /// The first `limit` pairs in `[from, to)`, where `from < to`.
    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError>;

    /// Applies the batch, crash-atomically and durably when it returns. Called by one thread at a time.
    fn apply(&self, batch: Batch) -> Result<(), StorageError>;

    fn space(&self) -> Result<Space, StorageError>;
}

/// An engine with versions: a [`Storage`].
#[derive(Debug)]
pub(super) struct Versioned<E: Engine> {
    shared: Arc<Shared<E>>,
    /// Serialises commits. Holds the error after which nobody knows what the disk holds (S4).
    writer: Mutex<Option<StorageError>>,
}

#[derive(Debug)]
struct Shared<E> {
    engine: E,
    versions: RwLock<Versions>,
}

impl<E: Engine> Versioned<E> {
    pub(super) fn new(engine: E) -> Self {
        let shared = Arc::new(Shared { engine, versions: RwLock::default() });
        Self { shared, writer: Mutex::new(None) }
    }

    /// Everything before the point of no return: nothing is written if this refuses.
    fn check(&self, expected_head: Option<&[u8]>, batch: &Batch) -> Result<(), CommitError> {
        batch.check_bounds()?;
        // S2: compared under the commit lock, so nobody moves the head between here and the write.
        let found = self.shared.engine.get(HEAD_KEY).map_err(CommitError::Unknown)?;
        if found.as_deref() != expected_head {
            return Err(CommitError::HeadMoved { expected: expected_head.map(Into::into), found });
        }
        let space = self.shared.engine.space().map_err(CommitError::Unknown)?;
        let needed_bytes = space.reserve_bytes.saturating_add(batch.size_bytes() as u64);
        match space.available_bytes {
            Some(available_bytes) if available_bytes < needed_bytes => {
                Err(CommitError::NoSpace { available_bytes, needed_bytes })
            }
            _ => Ok(()),
        }
    }

    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        let engine = &self.shared.engine;
        let before = batch.writes().map(|(key, _)| Ok((key.into(), engine.get(key)?)));
        let before = before.collect::<Result<Vec<_>, StorageError>>()?;
        self.shared.write_versions().save(before);
        // The point of no return. If this fails, the saved values stay: readers go on seeing the last durable commit.
        engine.apply(batch)?;
        self.shared.write_versions().publish();
        Ok(())
    }
}

impl<E: Engine> Storage for Versioned<E> {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StorageError> {
        let version = self.shared.write_versions().pin();
        Ok(Arc::new(VersionedSnapshot { shared: Arc::clone(&self.shared), version }))
    }

    fn commit(&self, expected_head: Option<&[u8]>, batch: Batch) -> Result<(), CommitError> {
        let mut failed: MutexGuard<'_, _> = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*failed {
            return Err(CommitError::Unknown(error.clone()));
        }
        let result = match self.check(expected_head, &batch) {
            Ok(()) => self.write(batch).map_err(CommitError::Unknown),
            Err(refusal) => Err(refusal),
        };
        if let Err(CommitError::Unknown(error)) = &result {
            *failed = Some(error.clone());
        }
        result
    }

    fn space(&self) -> Result<Space, StorageError> {
        self.shared.engine.space()
    }
}

impl<E> Shared<E> {
    // `Versions` is left whole by every method that can panic (none does on outside bytes), so a poisoned lock is
    // still readable.
    fn read_versions(&self) -> RwLockReadGuard<'_, Versions> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_versions(&self) -> RwLockWriteGuard<'_, Versions> {
        self.versions.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads of one version; the version is kept until this is dropped.
struct VersionedSnapshot<E: Engine> {
    shared: Arc<Shared<E>>,
    version: u64,
}

impl<E: Engine> Snapshot for VersionedSnapshot<E> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        // Engine first, versions second: see `versions` for why this order is right.
        let current = self.shared.engine.get(key);
        match self.shared.read_versions().saved(self.version, key)? {
            Some(saved) => Ok(saved.clone()),
            None => current,
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
        let mut pairs = Vec::new();
        let mut from = from.to_vec();
        // Pairs of later commits are dropped from what the engine shows, so several rounds may be needed.
        while from.as_slice() < to && pairs.len() < limit {
            let wanted = limit - pairs.len();
            let current = self.shared.engine.scan(&from, to, wanted)?;
            let next = match current.last() {
                Some((last, _)) if current.len() == wanted => successor(last),
                _ => to.to_vec(),
            };
            pairs.extend(self.at_version(&from, &next, current)?.into_iter().take(wanted));
            from = next;
        }
        Ok(pairs)
    }
}

impl<E: Engine> VersionedSnapshot<E> {
    /// What `[from, to)` held at this version, given what the engine shows there now.
    fn at_version(
        &self,
        from: &[u8],
        to: &[u8],
        current: Vec<(Bytes, Bytes)>,
    ) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
        let versions = self.shared.read_versions();
        let mut saved = versions.saved_range(self.version, from, to)?.peekable();
        if saved.peek().is_none() {
            return Ok(current);
        }
        let mut pairs = Vec::with_capacity(current.len());
        for (key, value) in current {
            let mut is_newer = false;
            while let Some((saved_key, saved_value)) = saved.next_if(|(saved_key, _)| **saved_key <= key) {
                is_newer |= *saved_key == key;
                pairs.extend(saved_value.clone().map(|value| (Bytes::clone(saved_key), value)));
            }
            if !is_newer {
                pairs.push((key, value));
            }
        }
        for (key, value) in saved {
            pairs.extend(value.clone().map(|value| (Bytes::clone(key), value)));
        }
        Ok(pairs)
    }
}

impl<E: Engine> Drop for VersionedSnapshot<E> {
    fn drop(&mut self) {
        self.shared.write_versions().unpin(self.version);
    }
}

/// The smallest key after `key`.
fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;

    /// Writes half of each batch, then fails to sync.
    #[derive(Default)]
    struct HalfWritten(Mutex<BTreeMap<Bytes, Bytes>>);

    impl Engine for HalfWritten {
        fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
            Ok(self.0.lock().unwrap().get(key).cloned())
        }

        fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
            let table = self.0.lock().unwrap();
            let in_range = table.iter().filter(|(key, _)| ***key >= *from && ***key < *to).take(limit);
            Ok(in_range.map(|(key, value)| (key.clone(), value.clone())).collect())
        }

        fn apply(&self, batch: Batch) -> Result<(), StorageError> {
            let half = batch.len() / 2;
            let puts = batch.writes().take(half).filter_map(|(key, value)| Some((key.into(), value?.into())));
            self.0.lock().unwrap().extend(puts);
            Err(StorageError::Engine { directory: PathBuf::from("here"), cause: "no sync".into() })
        }

        fn space(&self) -> Result<Space, StorageError> {
            Ok(Space { available_bytes: None, reserve_bytes: 0 })
        }
    }

    #[test]
    fn nobody_sees_what_is_not_known_to_be_durable_and_no_commit_follows() {
        let storage = Versioned::new(HalfWritten::default());
        let before = storage.snapshot().unwrap();
        let mut batch = Batch::new();
        for key in [b"a", b"b", b"y", b"z"] {
            batch.put(key.as_slice(), b"v".as_slice());
        }
        let failed = storage.commit(None, batch);
        assert!(matches!(failed, Err(CommitError::Unknown(_))), "{failed:?}");
        assert_eq!(storage.commit(None, Batch::new()), failed);
        for snapshot in [before, storage.snapshot().unwrap()] {
            assert_eq!(snapshot.scan(b"", b"zz", 9), Ok(vec![]));
            assert_eq!(snapshot.get(b"a"), Ok(None));
        }
        assert!(storage.shared.engine.get(b"a").unwrap().is_some(), "the engine did write");
    }
}
