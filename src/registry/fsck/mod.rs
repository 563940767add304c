//! `fsck`: everything that a log claims, recomputed from its entries alone (I5 of the log).
//!
//! One pass over the entries in log order. Each entry: a statement, its id row, the chain beside it, the tiles that it
//! completes, its signature under the key that the log had granted, and the rules. Each seal: its form, its place
//! after the one before, its signature, the chain and the docket root that it signs, its row. Then what stands once:
//! the head record, the head guard, dockets, lists, texts, and rows that nothing asks for.
//!
//! - F1. What is compared is computed from entries. Stored rows are only looked at, and never go into a result; but
//!   where an entry cannot be read, the chain and the time of its seal are taken up again from what is stored, so
//!   that one fault is not told a thousand times.
//! - F2. A clean report means that every byte was looked at that the registry will ever read of this log.
//! - F3. Nothing is repaired or written.
//!
//! Memory: what the rules need, that is every statement with its dockets. Beyond that only pages and one batch.
//!
//! Out of scope: whether other checkpoints were signed (witnesses and mirrors know), and rules of admission that a
//! verifier does not repeat (formats §1).

mod audit;
mod dockets;
mod fault;
mod guard;
mod report;
mod rows;
mod signatures;
mod tree;

use std::path::Path;

use crate::crypto::KeyLine;
use crate::log::{Guard, GuardError, OpenError};
use crate::registry::fsck::audit::Audit;
use crate::registry::fsck::signatures::Signatures;
use crate::statement::Origin;
use crate::storage::Storage;

pub use fault::{Fault, FaultFamily};
pub use report::{FINDINGS_MAX, FINDINGS_OF_A_FAULT_MAX, FsckFinding, FsckReport, GuardCheck};

use report::Findings;

/// Audits the log of `log` in `storage`, and `guard`, whose lock is held only while it is read. `progress` hears the
/// number of entries done and of all. Signatures are verified on all cores.
///
/// # Errors
/// [`OpenError::Empty`] if there is no log, [`OpenError::Storage`] if the table cannot be read, [`OpenError::Mismatch`]
/// if the key's name is no origin. What is wrong with the log is in the report.
pub fn fsck(
    storage: &dyn Storage,
    log: &KeyLine,
    guard: Option<&Path>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<FsckReport, OpenError> {
    let origin: Origin =
        log.name().parse().map_err(|error| OpenError::Mismatch(format!("the name of the log key: {error}")))?;
    let guard = guard.map(|path| (path, read_guard(path, log.name())));
    let snapshot = storage.snapshot()?;
    std::thread::scope(|scope| {
        let mut audit = Audit::begin(&*snapshot, log, origin, guard, Signatures::start(scope))?;
        audit.entries(progress)?;
        Ok(audit.finish()?)
    })
}

fn read_guard(path: &Path, origin: &str) -> Result<crate::log::GuardedHead, GuardError> {
    Guard::open(path, origin).map(|guard| *guard.head())
}
