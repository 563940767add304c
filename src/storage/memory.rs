//! The engine in memory: for tests and for tools that need no disk. Durable for as long as it lives.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::storage::versioned::{Engine, Versioned};
use crate::storage::{Batch, Bytes, CommitError, Snapshot, Space, Storage, StorageError};

/// A table in memory. Gone when dropped; share it in an `Arc` to play a restart.
#[derive(Debug)]
pub struct MemoryStorage {
    versioned: Versioned<Table>,
}

impl MemoryStorage {
    /// An empty table.
    pub fn new() -> Self {
        Self { versioned: Versioned::new(Table::default()) }
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl Storage for MemoryStorage {
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

#[derive(Debug, Default)]
struct Table(RwLock<BTreeMap<Bytes, Bytes>>);

impl Engine for Table {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let range = table.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
        Ok(range.take(limit).map(|(key, value)| (Bytes::clone(key), Bytes::clone(value))).collect())
    }

    fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch.writes() {
            match value {
                Some(value) => table.insert(key.into(), value.into()),
                None => table.remove(key),
            };
        }
        Ok(())
    }

    fn space(&self) -> Result<Space, StorageError> {
        Ok(Space { available_bytes: None, reserve_bytes: 0 })
    }
}
