//! Cuts a log into its files (FORMATS §7): entries go in, finished tiles and bundles come out, and what is not full yet
//! can be had at any size.
//!
//! It holds what is not full: at most 255 hashes a level and one bundle. That is also all that it needs to go on where
//! another one stopped: the right edge of the tree lies in the partial tiles.

use crate::merkle::edge::Edge;
use crate::merkle::hash::{Hash, TREE_SIZE_MAX, leaf_hash};
use crate::merkle::tile::{Bundle, TILE_HEIGHT, TILE_LEVEL_MAX, TILE_WIDTH, Tile, TileError, TileNodes, TilePosition};

/// Longest entry that a bundle can hold, in bytes.
pub const BUNDLE_ENTRY_LEN_MAX: usize = u16::MAX as usize;

/// A file of an exported log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFile {
    /// Path below the root of the export, `tile/…`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a log cannot be cut further, or not be gone on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TilingError {
    /// An entry does not fit a bundle.
    #[error("an entry of {length} bytes does not fit a bundle")]
    EntryTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The tree is full.
    #[error("a tree holds at most 2^63 - 1 entries")]
    TreeFull,
    /// A file has another length than its path says, or the two files of the last entries differ.
    #[error("{path} is not what its name says")]
    Damaged {
        /// Its path.
        path: String,
    },
}

/// A log being cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiling {
    edge: Edge,
    /// The hashes of the tile that is not full yet, for each level of tiles, the lowest first.
    levels: Vec<Vec<Hash>>,
    /// The bundle that is not full yet.
    bundle: Vec<u8>,
}

impl Default for Tiling {
    fn default() -> Self {
        Self::new()
    }
}

impl Tiling {
    /// Before the first entry.
    pub fn new() -> Self {
        Self { edge: Edge::new(), levels: vec![Vec::new(); usize::from(TILE_LEVEL_MAX) + 1], bundle: Vec::new() }
    }

    /// The partial files of the tree of `size` entries, tiles first: what [`Tiling::resume`] reads and
    /// [`Tiling::partials`] gives.
    fn places(size: u64) -> (impl Iterator<Item = Tile>, Option<Bundle>) {
        let tiles = (0..=TILE_LEVEL_MAX).filter_map(move |level| {
            let hashes = size >> (u32::from(level) * u32::from(TILE_HEIGHT));
            Tile { level, index: hashes / TILE_WIDTH, width: 0 }.in_tree(size)
        });
        (tiles, Bundle::in_tree(size / TILE_WIDTH, size))
    }

    /// Goes on after `size` entries from the partial files of that tree, which `read` gives by path; a file longer than the
    /// second argument is not wanted. Whether they are the log's is shown by the root of [`Tiling::edge`].
    ///
    /// # Errors
    /// What `read` says; [`TilingError::Damaged`] if a file has another length, or bundle and tile of the last entries
    /// differ.
    pub fn resume<E: From<TilingError>>(
        size: u64,
        mut read: impl FnMut(&str, usize) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let mut tiling = Self::new();
        let (tiles, bundle) = Self::places(size);
        for tile in tiles {
            let (path, len) = (tile.path(), usize::from(tile.width) * size_of::<Hash>());
            let bytes = read(&path, len)?;
            match bytes.as_chunks::<32>() {
                (hashes, []) if bytes.len() == len => tiling.levels[usize::from(tile.level)] = hashes.to_vec(),
                _ => return Err(TilingError::Damaged { path }.into()),
            }
        }
        if let Some(bundle) = bundle {
            let (path, len_max) = (bundle.path(), usize::from(bundle.width) * (2 + BUNDLE_ENTRY_LEN_MAX));
            tiling.bundle = read(&path, len_max)?;
            let leaves: Option<Vec<Hash>> =
                bundle_entries(&tiling.bundle).map(|entries| entries.iter().map(|entry| leaf_hash(entry)).collect());
            if leaves.as_ref() != Some(&tiling.levels[0]) {
                return Err(TilingError::Damaged { path }.into());
            }
        }
        let damaged = |_| TilingError::Damaged { path: "tile".to_owned() };
        let nodes = edge_nodes(&tiling.levels).map_err(damaged)?;
        tiling.edge = Edge::from_parts(size, nodes).map_err(|_| TilingError::TreeFull)?;
        Ok(tiling)
    }

    /// The right edge of the tree over all entries so far.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Appends an entry; files that it fills are added to `full`.
    ///
    /// # Errors
    /// [`TilingError`]; nothing is appended then.
    pub fn push(&mut self, entry: &[u8], full: &mut Vec<TileFile>) -> Result<(), TilingError> {
        let len = u16::try_from(entry.len()).map_err(|_| TilingError::EntryTooLong { length: entry.len() })?;
        let index = self.edge.size();
        if index >= TREE_SIZE_MAX {
            return Err(TilingError::TreeFull);
        }
        self.bundle.extend(len.to_be_bytes());
        self.bundle.extend(entry);
        let levels = &mut self.levels;
        self.edge.push_visiting(leaf_hash(entry), |node, hash| {
            if node.level % TILE_HEIGHT != 0 {
                return;
            }
            let level = node.level / TILE_HEIGHT;
            let hashes = &mut levels[usize::from(level)];
            hashes.push(*hash);
            if hashes.len() as u64 == TILE_WIDTH {
                let tile = Tile { level, index: node.index / TILE_WIDTH, width: TILE_WIDTH as u16 };
                full.push(TileFile { path: tile.path(), bytes: std::mem::take(hashes).concat() });
            }
        });
        if (index + 1).is_multiple_of(TILE_WIDTH) {
            let bundle = Bundle { index: index / TILE_WIDTH, width: TILE_WIDTH as u16 };
            full.push(TileFile { path: bundle.path(), bytes: std::mem::take(&mut self.bundle) });
        }
        Ok(())
    }

    /// The files of what is not full yet, as the tree of this size has them.
    pub fn partials(&self) -> Vec<TileFile> {
        let (tiles, bundle) = Self::places(self.edge.size());
        let tiles =
            tiles.map(|tile| TileFile { path: tile.path(), bytes: self.levels[usize::from(tile.level)].concat() });
        tiles.chain(bundle.map(|bundle| TileFile { path: bundle.path(), bytes: self.bundle.clone() })).collect()
    }
}

/// The entries of a bundle, `u16 length ‖ entry` repeated; `None` if it ends within one.
pub fn bundle_entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((len, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

/// The roots of the perfect subtrees, largest first: in each level of tiles those of the hashes that fill no tile.
fn edge_nodes(levels: &[Vec<Hash>]) -> Result<Vec<Hash>, TileError> {
    let mut nodes = Vec::new();
    for hashes in levels.iter().rev().filter(|hashes| !hashes.is_empty()) {
        let tile = TileNodes::expand_hashes(hashes)?;
        let mut offset = 0;
        for height in (0..TILE_HEIGHT).rev() {
            if hashes.len() & (1 << height) != 0 {
                nodes.extend(tile.node(TilePosition { height, offset: offset >> height }));
                offset += 1 << height;
            }
        }
    }
    Ok(nodes)
}
