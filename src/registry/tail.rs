//! Entries in a row, in runs that are bounded and each proved by itself, and the wait for more.

use std::sync::Arc;

use tokio::sync::watch;

use crate::evidence::witness::{Pass, PassError};
use crate::log;
use crate::merkle::Hash;
use crate::registry::desk::View;
use crate::registry::{ReadError, Registry, State};
use crate::statement::STATEMENT_LEN_MAX;

/// Most entries of a run.
pub const RUN_ENTRIES_MAX: u64 = 1_024;
/// Most bytes of the statements of a run.
pub const RUN_LEN_MAX: usize = 1024 * 1024;

/// Which heads of the log are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// Those that everybody reads.
    Published,
    /// Those that witnesses are asked to cosign: signed, and perhaps not yet published. For who audits for a witness.
    Offered,
}

/// Entries in a row, with the checkpoint that they are proved by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the first.
    pub start: u64,
    /// The exact bytes of the entries, at most [`RUN_ENTRIES_MAX`] and [`RUN_LEN_MAX`] bytes; none if there is no new one.
    pub statements: Vec<Vec<u8>>,
    /// Size of the newest checkpoint of those heads.
    pub size: u64,
    /// That checkpoint, a signed note; one that is only offered has no cosignatures.
    pub note: Vec<u8>,
    /// The proof that its tree begins with the tree that ends with the last entry of this run.
    pub path: Vec<Hash>,
}

impl Run {
    /// Size of the tree that ends with the last entry.
    pub fn end(&self) -> u64 {
        self.start + self.statements.len() as u64
    }
}

impl Registry {
    /// The next entries from `start`, those before `until` if one is named, at the newest of `heads`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] unless `start` ≤ `until` ≤ size; [`ReadError::ReadOnly`] without a signed checkpoint.
    pub fn run(&self, heads: Heads, start: u64, until: Option<u64>) -> Result<Run, ReadError> {
        let head = match (heads, &self.0.state) {
            (Heads::Offered, State::Running(log)) => Arc::clone(&log.offered().borrow()),
            _ => self.shown()?,
        };
        let (reader, size) = (&head.reader, head.reader.head().size());
        let until = until.unwrap_or(size);
        if start > until || until > size {
            let what = format!("entries {start} to {until} are not 0 ≤ start ≤ until");
            return Err(ReadError::OutOfRange { what, size });
        }
        let note = head.checkpoint.as_ref().ok_or_else(|| self.unsigned())?.to_string().into_bytes();
        let (mut statements, mut room) = (Vec::new(), RUN_LEN_MAX);
        for index in start..until.min(start.saturating_add(RUN_ENTRIES_MAX)) {
            // Before it is read: a run always has room for the first entry, and never for one that might not fit.
            if room < STATEMENT_LEN_MAX {
                break;
            }
            let missing = || ReadError::Damaged(format!("entry {index} is missing"));
            let bytes = reader.entry(index)?.ok_or_else(missing)?.bytes;
            room = room.saturating_sub(bytes.len());
            statements.push(bytes);
        }
        let end = start + statements.len() as u64;
        let path = if end == 0 { Vec::new() } else { reader.consistency(end, size)? };
        Ok(Run { start, statements, size, note, path })
    }

    /// Whether `pass` is of a witness of this log: nobody else follows [`Heads::Offered`] (I8).
    ///
    /// # Errors
    /// [`PassError`].
    pub fn check_pass(&self, pass: &Pass) -> Result<(), PassError> {
        pass.check(self.origin().as_str(), &self.0.witnesses, self.0.clock.now_ms() / 1_000)
    }

    /// A wait for new entries.
    pub fn growth(&self, heads: Heads) -> Growth {
        Growth(match (&self.0.state, heads) {
            (State::Running(log), Heads::Published) => Some(log.heads()),
            (State::Running(log), Heads::Offered) => Some(log.offered()),
            (State::ReadOnly { .. }, _) => None,
        })
    }
}

/// Waits for new entries.
pub struct Growth(Option<watch::Receiver<Arc<log::Published<View>>>>);

impl Growth {
    /// Waits until the newest head has more than `size` entries; `false` if that will not happen any more: the log
    /// has stopped, or it is read-only. May be dropped and called again.
    pub async fn beyond(&mut self, size: u64) -> bool {
        match &mut self.0 {
            Some(heads) => heads.wait_for(|head| head.reader.head().size() > size).await.is_ok(),
            None => false,
        }
    }
}
