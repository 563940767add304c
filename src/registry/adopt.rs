//! Adopting a guard: the operator's word that a database is the newest one, after its head guard was lost (I6).
//!
//! The word is a checkpoint: the newest one that any client, witness or mirror has seen. The database must extend it.
//! Nobody else can tell whether heads were signed after that checkpoint; a log that adopts too old a one forks.

use std::path::Path;
use std::sync::Arc;

use crate::crypto::KeyLine;
use crate::evidence::{CheckpointError, SignedCheckpoint};
use crate::log::{Guard, GuardError, GuardedHead, OpenError, ReadError, TileCache, read_head};
use crate::merkle::Hash;
use crate::registry::open::check_head;
use crate::statement::{Origin, StatementId};
use crate::storage::Storage;

/// Why a guard is not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// The database cannot be opened, or is another log's.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The checkpoint is not one that this log signed.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The database is older than the checkpoint.
    #[error(
        "the checkpoint has {checkpoint} entries, the database only {database}: it is an older copy. Restore the newer \
         one, or rebuild it from a mirror"
    )]
    Behind {
        /// Size of the checkpoint.
        checkpoint: u64,
        /// Size of the database.
        database: u64,
    },
    /// The database is of another history.
    #[error("the first {size} entries of the database are not those of the checkpoint: it is another history")]
    Fork {
        /// Size of the checkpoint.
        size: u64,
    },
    /// The guard: one is there already, or it cannot be written.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// The head that the new guard remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The id of the seal that ends it.
    pub seal: StatementId,
    /// Time of that seal, unix milliseconds.
    pub time_ms: u64,
}

/// Makes a new head guard at `guard` for the database in `storage`, which must extend `checkpoint` (≤ 65,536 bytes,
/// signed by the key `log`). The registry must not be running; an old guard was moved aside before.
///
/// # Errors
/// [`AdoptError`]; no guard was made.
pub fn adopt_guard(
    storage: &dyn Storage,
    guard: &Path,
    log: &KeyLine,
    checkpoint: &[u8],
) -> Result<Adopted, AdoptError> {
    let checkpoint = SignedCheckpoint::parse(checkpoint)?;
    checkpoint.check_log_signature(log)?;
    let seen = checkpoint.checkpoint();
    let origin: Origin = seen.origin.clone();
    let reader = read_head(storage, origin.as_str(), &Arc::new(TileCache::new(0)))?;
    check_head(&reader, &origin, log.key())?;
    let (size, root) = (reader.head().size(), reader.head().root());
    if seen.size > size {
        return Err(AdoptError::Behind { checkpoint: seen.size, database: size });
    }
    let read = |error: ReadError| AdoptError::Open(error.into());
    if reader.root_at(seen.size).map_err(read)? != seen.root {
        return Err(AdoptError::Fork { size: seen.size });
    }
    let missing = || OpenError::Damaged { what: "the head has no seal".into() };
    let seal = reader.head().seal.ok_or_else(missing)?;
    Guard::create(guard, origin.as_str(), GuardedHead { size, root, seal: seal.id })?;
    Ok(Adopted { size, root, seal: seal.id, time_ms: seal.time_ms })
}
