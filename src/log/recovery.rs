//! Opening a log (I5, I6): recompute what the head claims, then compare with the guard. What cannot be proved whole
//! is not signed.

use std::sync::Arc;

use crate::log::guard::{Guard, GuardError, GuardedHead};
use crate::log::reader::{LogReader, ReadError, TileCache};
use crate::log::row::{entry_key, tile_key};
use crate::log::{Head, PartialTiles};
use crate::merkle::{Edge, Hash, TILE_HEIGHT, TILE_WIDTH, TileNodes, TilePosition, chain_next, chain_start, leaf_hash};
use crate::storage::{HEAD_KEY, Snapshot, Storage, StorageError};

/// Why a log cannot be opened at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The table cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The head guard cannot be made.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// There is no log in this table.
    #[error("there is no log here: make one with `nospy init`")]
    Empty,
    /// There is a log where a new one was to be made.
    #[error("there is a log here already: a new registry needs an empty directory")]
    NotEmpty,
    /// What is stored is not what the head claims.
    #[error("the stored log is damaged: {what}; keep a copy of the directory, then restore it from a mirror")]
    Damaged {
        /// What differs.
        what: String,
    },
    /// The log belongs to another origin, key or rules version.
    #[error("{0}")]
    Mismatch(String),
    /// The clock is one that somebody sets, and the log is no demonstration.
    #[error("a scripted clock is for demonstrations only: the origin {origin} does not begin with `demo.`")]
    ScriptedClock {
        /// The name of the log.
        origin: String,
    },
    /// The first batch could not be committed.
    #[error("the first batch could not be committed: {0}")]
    Commit(String),
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Storage(error) => Self::Storage(error),
            other => Self::Damaged { what: other.to_string() },
        }
    }
}

/// Whether the log may sign new heads.
#[derive(Debug)]
pub enum Signing {
    /// The guard agrees: it may sign.
    Allowed(Guard),
    /// It may not; reads go on.
    ReadOnly {
        /// What was found and how to proceed, in sentences for the operator.
        reason: String,
    },
}

/// Reads the head of `storage` and recomputes its right edge (I5): the entries since the last full tile, the chain
/// over them, the tiles above, the edge. Costs at most 255 entries and 255 tiles a level.
///
/// # Errors
/// [`OpenError::Empty`], [`OpenError::Damaged`] naming the first difference.
pub fn read_head(storage: &dyn Storage, origin: &str, cache: &Arc<TileCache>) -> Result<LogReader, OpenError> {
    let snapshot = storage.snapshot()?;
    let record = snapshot.get(HEAD_KEY)?.ok_or(OpenError::Empty)?;
    let damaged = |what: &str| OpenError::Damaged { what: what.to_owned() };
    let head = Head::from_bytes(&record).ok_or(damaged("the head record"))?;
    let partials = rebuild_partials(&*snapshot, origin, &head)?;
    let edge = edge_of(&partials, head.size())?;
    if edge != head.edge {
        return Err(damaged("the right edge of the tree is not the one that the head claims"));
    }
    if snapshot.get(&entry_key(head.size()))?.is_some() {
        return Err(damaged("there are entries beyond the head"));
    }
    let seal = head.seal.ok_or(damaged("the head has no seal"))?;
    let reader = LogReader::new(snapshot, head, partials, Arc::clone(cache));
    let last = reader.entry(seal.index)?.ok_or(damaged("the last seal is missing"))?;
    if seal.index + 1 != reader.head().size() || leaf_hash(&last.bytes) != seal.id.0 {
        return Err(damaged("the last entry is not the seal that the head names"));
    }
    Ok(reader)
}

/// Compares the guard with the log (I6). A guard that is behind is moved forward only if the log extends it, which
/// happens after a crash between commit and guard.
pub fn check_guard(reader: &LogReader, guard: Result<Guard, GuardError>) -> Signing {
    let (size, root) = (reader.head().size(), reader.head().root());
    let refuse = |reason: String| Signing::ReadOnly { reason };
    let mut guard = match guard {
        Ok(guard) => guard,
        Err(GuardError::Missing { path }) => {
            return refuse(format!(
                "the head guard {} is missing although the log has {size} entries. Without it nobody can tell whether \
                 this database is the newest one. Put the guard back, or give the newest checkpoint that any client, \
                 witness or mirror has seen: `nospy log guard adopt --checkpoint FILE`",
                path.display()
            ));
        }
        Err(error @ GuardError::Damaged { .. }) => {
            return refuse(format!(
                "{error}. Put the right guard back; or move this one aside and give the newest checkpoint that any \
                 client, witness or mirror has seen: `nospy log guard adopt --checkpoint FILE`"
            ));
        }
        Err(error) => return refuse(error.to_string()),
    };
    let seen = *guard.head();
    if seen.size > size {
        return refuse(format!(
            "the head guard has seen {} entries, the database holds {size}: an older copy of the database was \
             restored. Signing now would fork the log. Restore the newer database, or rebuild it from a mirror",
            seen.size
        ));
    }
    match reader.root_at(seen.size) {
        Ok(root) if root == seen.root => {}
        Ok(_) => {
            return refuse(format!(
                "the first {} entries of the database are not those that the head guard has seen: this is another \
                 history. Restore the database that belongs to the guard, or rebuild it from a mirror",
                seen.size
            ));
        }
        Err(error) => return refuse(error.to_string()),
    }
    let Some(seal) = reader.head().seal else { return refuse("the head has no seal".into()) };
    let next = GuardedHead { size, root, seal: seal.id };
    match guard.swap(&seen, next) {
        Ok(()) => Signing::Allowed(guard),
        Err(error) => refuse(error.to_string()),
    }
}

fn rebuild_partials(snapshot: &dyn Snapshot, origin: &str, head: &Head) -> Result<PartialTiles, OpenError> {
    let mut partials = PartialTiles::default();
    let size = head.size();
    let start = size - size % TILE_WIDTH;
    let mut chain = match start.checked_sub(1) {
        Some(before) => read_entry(snapshot, before)?.0,
        None => chain_start(origin),
    };
    let mut leaves = Vec::new();
    for index in start..size {
        let (stored, entry) = read_entry(snapshot, index)?;
        let leaf = leaf_hash(&entry);
        if chain_next(&chain, &leaf) != stored {
            return Err(OpenError::Damaged { what: format!("the chain breaks at entry {index}") });
        }
        chain = stored;
        leaves.push(leaf);
    }
    if chain != head.chain {
        return Err(OpenError::Damaged { what: "the chain does not end as the head claims".into() });
    }
    partials.0.push(leaves);
    let mut below = size / TILE_WIDTH;
    let mut level = 0;
    while below > 0 {
        let first = below - below % TILE_WIDTH;
        let hashes = (first..below).map(|tile| tile_root(snapshot, level, tile)).collect::<Result<_, _>>()?;
        partials.0.push(hashes);
        below /= TILE_WIDTH;
        level += 1;
    }
    Ok(partials)
}

fn read_entry(snapshot: &dyn Snapshot, index: u64) -> Result<(Hash, Vec<u8>), OpenError> {
    let damaged = || OpenError::Damaged { what: format!("entry {index} is missing") };
    let record = snapshot.get(&entry_key(index))?.ok_or_else(damaged)?;
    let (chain, entry) = record.split_first_chunk::<32>().ok_or_else(damaged)?;
    Ok((*chain, entry.to_vec()))
}

fn tile_root(snapshot: &dyn Snapshot, level: u8, tile: u64) -> Result<Hash, OpenError> {
    let damaged = || OpenError::Damaged { what: format!("tile {tile} of level {level}") };
    let bytes = snapshot.get(&tile_key(level, tile))?.ok_or_else(damaged)?;
    let nodes = TileNodes::expand(&bytes).map_err(|_| damaged())?;
    nodes.node(TilePosition { height: TILE_HEIGHT, offset: 0 }).ok_or_else(damaged)
}

/// The right edge from the partial tiles: their nodes, largest subtree first.
fn edge_of(partials: &PartialTiles, size: u64) -> Result<Edge, OpenError> {
    let mut nodes = Vec::new();
    for hashes in partials.0.iter().rev() {
        let mut edge = Edge::new();
        hashes.iter().for_each(|hash| edge.push(*hash));
        nodes.extend_from_slice(edge.nodes());
    }
    Edge::from_parts(size, nodes).map_err(|error| OpenError::Damaged { what: error.to_string() })
}
