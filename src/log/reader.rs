//! Reading the log at one head: entries, tree nodes, proofs.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;

use crate::log::row::{SEAL_PREFIX, entry_key, id_key, seal_key, tile_key, u64_of};
use crate::log::{Head, PartialTiles};
use crate::merkle::{
    Hash, NodeId, NodeReader, ProofError, ProveError, TILE_HEIGHT, TILE_WIDTH, Tile, TileNodes, TilePosition,
    leaf_hash, prove_consistency, prove_inclusion,
};
use crate::storage::{Snapshot, StorageError};

/// Memory of one expanded tile, in bytes: 511 hashes.
const EXPANDED_TILE_BYTES: u64 = 511 * 32;

/// Why the log cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The table cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No proof exists for these positions.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A row is missing, or its content does not have the hash that the tree holds.
    #[error("{what} {index} is damaged; stop, keep a copy of the data and run `nospy log fsck`")]
    Damaged {
        /// What kind of row.
        what: &'static str,
        /// Which one.
        index: u64,
    },
}

/// Full tiles with their inner nodes, shared by all readers; bounded.
pub struct TileCache(Cache<(u8, u64), Arc<TileNodes>>);

impl TileCache {
    /// A cache of about `bytes` bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Cache::new(usize::try_from(bytes / EXPANDED_TILE_BYTES).unwrap_or(usize::MAX).max(64)))
    }
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its index.
    pub index: u64,
    /// Its bytes, whose leaf hash is the tree's.
    pub bytes: Vec<u8>,
    /// chain(index + 1).
    pub chain: Hash,
}

/// The log at one head. Cheap to share; holds a snapshot.
pub struct LogReader {
    snapshot: Arc<dyn Snapshot>,
    head: Head,
    partials: PartialTiles,
    expanded: Vec<OnceLock<Option<TileNodes>>>,
    cache: Arc<TileCache>,
}

impl LogReader {
    /// Reads `snapshot`, which is of `head`; `partials` are that head's unfinished tiles.
    pub fn new(snapshot: Arc<dyn Snapshot>, head: Head, partials: PartialTiles, cache: Arc<TileCache>) -> Self {
        let expanded = (0..8).map(|_| OnceLock::new()).collect();
        Self { snapshot, head, partials, expanded, cache }
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The table at this head.
    pub fn snapshot(&self) -> &dyn Snapshot {
        &*self.snapshot
    }

    pub(in crate::log) fn partials(&self) -> &PartialTiles {
        &self.partials
    }

    /// The entry at `index`, re-hashed; `None` at or beyond the size.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if its leaf hash is not the tree's.
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, ReadError> {
        if index >= self.head.size() {
            return Ok(None);
        }
        let damaged = ReadError::Damaged { what: "entry", index };
        let record = self.snapshot.get(&entry_key(index))?.ok_or(damaged.clone())?;
        let (chain, bytes) = record.split_first_chunk::<32>().ok_or(damaged.clone())?;
        if leaf_hash(bytes) != self.node(NodeId::leaf(index))? {
            return Err(damaged);
        }
        Ok(Some(Entry { index, bytes: bytes.to_vec(), chain: *chain }))
    }

    /// The index of the entry whose leaf hash is `id`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn index_of(&self, id: &Hash) -> Result<Option<u64>, ReadError> {
        let Some(row) = self.snapshot.get(&id_key(id))? else { return Ok(None) };
        let index = u64_of(&row).filter(|index| *index < self.head.size());
        let index = index.ok_or(ReadError::Damaged { what: "the id row that leads to entry", index: u64::MAX })?;
        // Two ids that share sixteen bytes are beyond chance. An answer "not there" would let the entry in again.
        match self.node(NodeId::leaf(index))? == *id {
            true => Ok(Some(index)),
            false => Err(ReadError::Damaged { what: "the id row that leads to entry", index }),
        }
    }

    /// The seal that closes the batch of entry `index`: its index and time (unix ms). A seal closes its own batch.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if there is none, also for an index at or beyond the size.
    pub fn covering_seal(&self, index: u64) -> Result<(u64, u64), ReadError> {
        let rows = self.snapshot.scan(&seal_key(index), &[SEAL_PREFIX + 1], 1)?;
        let (key, value) = rows.first().ok_or(ReadError::Damaged { what: "seal of entry", index })?;
        u64_of(&key[1..]).zip(u64_of(value)).ok_or(ReadError::Damaged { what: "seal of entry", index })
    }

    /// The time of the seal at `index`, unix ms; `None` if no seal stands there.
    ///
    /// # Errors
    /// [`ReadError::Storage`].
    pub fn seal_time(&self, index: u64) -> Result<Option<u64>, ReadError> {
        Ok(self.snapshot.get(&seal_key(index))?.and_then(|value| u64_of(&value)))
    }

    /// The proof that entry `index` stands in the tree of `size` entries.
    ///
    /// # Errors
    /// [`ReadError::Proof`] if the positions are not `index < size ≤` this head's size.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.check_size(size)?;
        prove_inclusion(self, index, size).map_err(flatten)
    }

    /// The proof that the tree of `new` entries extends that of `old`.
    ///
    /// # Errors
    /// [`ReadError::Proof`] if the sizes are not `1 ≤ old ≤ new ≤ size`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        self.check_size(new)?;
        prove_consistency(self, old, new).map_err(flatten)
    }

    /// The root of the tree of the first `size` entries.
    ///
    /// # Errors
    /// [`ReadError::Proof`] if `size` is beyond this head.
    pub fn root_at(&self, size: u64) -> Result<Hash, ReadError> {
        self.check_size(size)?;
        match size == self.head.size() {
            true => Ok(self.head.root()),
            false => crate::merkle::read_root(self, size),
        }
    }

    /// The node `id`, checked up to the right edge.
    ///
    /// # Errors
    /// [`ReadError::Damaged`], also for a node that this head's tree has not.
    pub fn node_at(&self, id: NodeId) -> Result<Hash, ReadError> {
        self.node(id)
    }

    fn check_size(&self, size: u64) -> Result<(), ReadError> {
        match size <= self.head.size() {
            true => Ok(()),
            false => Err(ReadError::Proof(ProofError::IndexBeyondSize { index: size, size: self.head.size() })),
        }
    }

    fn full_tile(&self, level: u8, index: u64) -> Result<Arc<TileNodes>, ReadError> {
        self.cache.0.get_or_insert_with(&(level, index), || {
            let damaged = ReadError::Damaged { what: "tile", index };
            let bytes = self.snapshot.get(&tile_key(level, index))?.ok_or(damaged.clone())?;
            let nodes = TileNodes::expand(&bytes).map_err(|_| damaged.clone())?;
            // The tile's root stands in the tile above it, and so on up to the right edge, which opening recomputed:
            // no altered hash gets into a proof.
            let root = nodes.node(TilePosition { height: TILE_HEIGHT, offset: 0 });
            let above = NodeId { level: (level + 1) * TILE_HEIGHT, index };
            if nodes.width() as u64 != TILE_WIDTH || root != Some(self.node(above)?) {
                return Err(damaged);
            }
            Ok(Arc::new(nodes))
        })
    }
}

impl NodeReader for LogReader {
    type Error = ReadError;

    fn node(&self, id: NodeId) -> Result<Hash, ReadError> {
        let (tile, position) = Tile::of_node(id);
        let damaged = ReadError::Damaged { what: "tree node at", index: id.index };
        let last = tile.index.checked_add(1).and_then(|n| n.checked_shl(u32::from(TILE_HEIGHT)));
        let full =
            last.is_some_and(|last| last <= self.head.size() >> (u32::from(tile.level) * u32::from(TILE_HEIGHT)));
        let hash = match full {
            true => self.full_tile(tile.level, tile.index)?.node(position),
            false => self
                .expanded
                .get(usize::from(tile.level))
                .and_then(|slot| {
                    slot.get_or_init(|| TileNodes::expand_hashes(self.partials.level(tile.level)).ok()).as_ref()
                })
                .and_then(|nodes| nodes.node(position)),
        };
        hash.ok_or(damaged)
    }
}

fn flatten(error: ProveError<ReadError>) -> ReadError {
    match error {
        ProveError::Proof(error) => ReadError::Proof(error),
        ProveError::Read(error) => error,
    }
}
