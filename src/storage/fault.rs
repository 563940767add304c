//! Test support: a table whose disk lies at chosen commits.
//!
//! Public because the tests of every room that writes use it. It plays the adapter's own rule S4: after the first
//! fault that leaves the state unknown, every later commit answers the same, until a test plays a restart by
//! wrapping the inner table anew (`Arc<MemoryStorage>` survives its wrapper).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::storage::{Batch, CommitError, Snapshot, Space, Storage, StorageError};

/// What happens at a chosen commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers [`CommitError::Unknown`]; nothing was written.
    FailedNotWritten,
    /// Answers [`CommitError::Unknown`], yet the batch is stored.
    FailedButWritten,
    /// Answers [`CommitError::NoSpace`]; nothing was written and later commits may succeed.
    NoSpace,
}

/// A table that fails as told. Reads pass through.
#[derive(Debug)]
pub struct FaultyStorage<S: Storage> {
    inner: S,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    commits: u64,
    faults: BTreeMap<u64, Fault>,
    failed: Option<StorageError>,
}

impl<S: Storage> FaultyStorage<S> {
    /// Passes everything through to `inner` until told otherwise.
    pub fn new(inner: S) -> Self {
        let state = State { commits: 0, faults: BTreeMap::new(), failed: None };
        Self { inner, state: Mutex::new(state) }
    }

    /// Plays `fault` at the `commit`-th call of `commit`, counted from 1 since this wrapper was made.
    #[must_use]
    pub fn with_fault(self, commit: u64, fault: Fault) -> Self {
        self.plan(commit, fault);
        self
    }

    /// As [`FaultyStorage::with_fault`] on a table already in use.
    pub fn plan(&self, commit: u64, fault: Fault) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).faults.insert(commit, fault);
    }

    /// How often `commit` was called, with any outcome.
    pub fn commits(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).commits
    }
}

impl<S: Storage> Storage for FaultyStorage<S> {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StorageError> {
        self.inner.snapshot()
    }

    fn commit(&self, expected_head: Option<&[u8]>, batch: Batch) -> Result<(), CommitError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.commits += 1;
        if let Some(error) = &state.failed {
            return Err(CommitError::Unknown(error.clone()));
        }
        let commit = state.commits;
        let Some(fault) = state.faults.get(&commit).copied() else {
            return self.inner.commit(expected_head, batch);
        };
        let needed_bytes = batch.size_bytes() as u64;
        match fault {
            Fault::NoSpace => return Err(CommitError::NoSpace { available_bytes: 0, needed_bytes }),
            Fault::FailedNotWritten => {}
            // A refusal by the inner table is no lie: nothing was written, and the caller hears why.
            Fault::FailedButWritten => self.inner.commit(expected_head, batch)?,
        }
        let error = StorageError::Injected { commit };
        state.failed = Some(error.clone());
        Err(CommitError::Unknown(error))
    }

    fn space(&self) -> Result<Space, StorageError> {
        self.inner.space()
    }
}
