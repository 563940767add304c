//! Tiles: the tree cut into files that never change (C2SP tlog-tiles, FORMATS §7).
//!
//! Tile (level, index) holds up to 256 hashes in a row: the nodes of tree level 8 · `level` from `index` · 256. A tile
//! of less than 256 hashes is partial: it stands at the right end of some tree and is superseded as the tree grows.
//! The seven levels of nodes between two levels of tiles are not stored; they are recomputed from the lower tile.
//! Bundles hold the entries themselves, cut the same way.
//!
//! This file knows coordinates, paths and the hashes inside one tile. Who keeps tiles, and where, is not its concern.

use std::fmt::Write as _;

use crate::merkle::hash::{Hash, node_hash};
use crate::merkle::node::NodeId;

/// The number of tree levels that a tile spans.
pub const TILE_HEIGHT: u8 = 8;

/// The number of hashes in a full tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// The highest level of tiles: 2^63 - 1 entries need the levels 0 … 7.
pub const TILE_LEVEL_MAX: u8 = 7;

/// The longest path of a tile or bundle, in bytes: `tile/entries/`, seven groups of three digits, `.p/255`.
pub const TILE_PATH_LEN_MAX: usize = 64;

/// Why a path names no tile, or bytes are no tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Not `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]` in the one spelling it has.
    #[error("not the path of a tile")]
    Path,
    /// A tile is 1 … 256 hashes of 32 bytes.
    #[error("a tile is 1 to 256 hashes of 32 bytes, not {length} bytes")]
    Length {
        /// The number of bytes that were given.
        length: usize,
    },
}

/// The coordinates of a tile of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level of tiles, 0 … [`TILE_LEVEL_MAX`].
    pub level: u8,
    /// Position among the tiles of this level, from the left.
    pub index: u64,
    /// Number of hashes, 1 … 256; less than 256 in a partial tile.
    pub width: u16,
}

impl Tile {
    /// The full tile that holds, or of which can be computed, the node `id`, and where: tree levels above the tile's
    /// hashes (0 … 7) and position in that level.
    pub fn of_node(id: NodeId) -> (Tile, TilePosition) {
        let height = id.level % TILE_HEIGHT;
        let per_tile = TILE_WIDTH >> height;
        let tile = Tile { level: id.level / TILE_HEIGHT, index: id.index / per_tile, width: TILE_WIDTH as u16 };
        (tile, TilePosition { height, offset: (id.index % per_tile) as u16 })
    }

    /// The same place as it is in a tree of `size` entries: full, partial, or `None` when the tree does not reach it.
    pub fn in_tree(self, size: u64) -> Option<Tile> {
        let width = width_at(self.level, self.index, size)?;
        Some(Tile { width, ..self })
    }

    /// The address of the hash at `offset` (0 … 255) of this tile.
    pub fn node(self, offset: u16) -> NodeId {
        NodeId { level: self.level * TILE_HEIGHT, index: self.index * TILE_WIDTH + u64::from(offset) }
    }

    /// Whether fewer than 256 hashes are in it.
    pub fn is_partial(self) -> bool {
        u64::from(self.width) < TILE_WIDTH
    }

    /// The path, `tile/<L>/<N>[.p/<W>]`.
    pub fn path(self) -> String {
        let mut path = format!("tile/{}/", self.level);
        write_index(&mut path, self.index, self.width);
        path
    }

    /// Reads a path in the one spelling that [`Tile::path`] gives.
    ///
    /// # Errors
    /// [`TileError::Path`] for anything else.
    pub fn parse(path: &str) -> Result<Tile, TileError> {
        if path.len() > TILE_PATH_LEN_MAX {
            return Err(TileError::Path);
        }
        let rest = path.strip_prefix("tile/").ok_or(TileError::Path)?;
        let (level, rest) = rest.split_once('/').ok_or(TileError::Path)?;
        let level = match level.as_bytes() {
            [digit @ b'0'..=b'7'] => digit - b'0',
            _ => return Err(TileError::Path),
        };
        let (index, width) = parse_index(rest)?;
        Ok(Tile { level, index, width })
    }
}

/// Where a node stands in its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePosition {
    /// Tree levels above the tile's own hashes, 0 … 7.
    pub height: u8,
    /// Position in this level, 0 … 255.
    pub offset: u16,
}

/// The coordinates of a bundle of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    /// Position among the bundles; the first entry is `index` · 256.
    pub index: u64,
    /// Number of entries, 1 … 256.
    pub width: u16,
}

impl Bundle {
    /// The bundle at `index` as it is in a tree of `size` entries; `None` when the tree does not reach it.
    pub fn in_tree(index: u64, size: u64) -> Option<Bundle> {
        Some(Bundle { index, width: width_at(0, index, size)? })
    }

    /// The path, `tile/entries/<N>[.p/<W>]`.
    pub fn path(self) -> String {
        let mut path = String::from("tile/entries/");
        write_index(&mut path, self.index, self.width);
        path
    }

    /// Reads a path in the one spelling that [`Bundle::path`] gives.
    ///
    /// # Errors
    /// [`TileError::Path`] for anything else.
    pub fn parse(path: &str) -> Result<Bundle, TileError> {
        if path.len() > TILE_PATH_LEN_MAX {
            return Err(TileError::Path);
        }
        let (index, width) = parse_index(path.strip_prefix("tile/entries/").ok_or(TileError::Path)?)?;
        Ok(Bundle { index, width })
    }
}

/// All tiles of the tree of `size` entries (≤ 2^63 - 1), level by level; at most the last of a level is partial.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    tiles_between(0, size)
}

/// The tiles that the tree of `size` entries has and that of `size_old` ≤ `size` had not: new ones, and those that
/// grew. A log that publishes these after each batch has published all.
pub fn tiles_between(size_old: u64, size: u64) -> impl Iterator<Item = Tile> {
    (0..=TILE_LEVEL_MAX).flat_map(move |level| {
        let shift = u32::from(level) * u32::from(TILE_HEIGHT);
        let (hashes_old, hashes) = (size_old >> shift, size >> shift);
        let first = hashes_old / TILE_WIDTH;
        let end = if hashes > hashes_old { hashes.div_ceil(TILE_WIDTH) } else { first };
        (first..end).filter_map(move |index| Tile { level, index, width: 0 }.in_tree(size))
    })
}

/// The bundles that the tree of `size` entries has and that of `size_old` ≤ `size` had not.
pub fn bundles_between(size_old: u64, size: u64) -> impl Iterator<Item = Bundle> {
    let first = size_old / TILE_WIDTH;
    let end = if size > size_old { size.div_ceil(TILE_WIDTH) } else { first };
    (first..end).filter_map(move |index| Bundle::in_tree(index, size))
}

/// All nodes of a tile: its own hashes and the perfect subtrees over them, up to the tile's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileNodes {
    /// Level after level, the tile's own hashes first; level h has `width` >> h nodes.
    hashes: Vec<Hash>,
    width: usize,
}

impl TileNodes {
    /// Computes all nodes over the bytes of a tile.
    ///
    /// # Errors
    /// [`TileError::Length`] unless it is 1 to 256 hashes.
    pub fn expand(bytes: &[u8]) -> Result<TileNodes, TileError> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(TileError::Length { length: bytes.len() });
        }
        TileNodes::expand_hashes(hashes)
    }

    /// Computes all nodes over the hashes of a tile.
    ///
    /// # Errors
    /// [`TileError::Length`] unless there are 1 to 256.
    pub fn expand_hashes(hashes: &[Hash]) -> Result<TileNodes, TileError> {
        let width = hashes.len();
        if width == 0 || width as u64 > TILE_WIDTH {
            return Err(TileError::Length { length: width * 32 });
        }
        let mut all = Vec::with_capacity(2 * width);
        all.extend_from_slice(hashes);
        let (mut start, mut count) = (0, width);
        while count > 1 {
            for pair in 0..count / 2 {
                let left = start + 2 * pair;
                all.push(node_hash(&all[left], &all[left + 1]));
            }
            start += count;
            count /= 2;
        }
        Ok(TileNodes { hashes: all, width })
    }

    /// The number of hashes of the tile itself, 1 … 256.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The node at a position; `None` when its leaves are not all in this tile. Height 8 of a full tile is its root.
    pub fn node(&self, position: TilePosition) -> Option<Hash> {
        let TilePosition { height, offset } = position;
        let count = self.width.checked_shr(u32::from(height))?;
        if usize::from(offset) >= count {
            return None;
        }
        let start: usize = (0..height).map(|level| self.width >> level).sum();
        self.hashes.get(start + usize::from(offset)).copied()
    }
}

/// How many hashes the tile at this place has in a tree of `size` entries.
fn width_at(level: u8, index: u64, size: u64) -> Option<u16> {
    let hashes = size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
    let before = index.checked_mul(TILE_WIDTH)?;
    let width = hashes.saturating_sub(before).min(TILE_WIDTH);
    (width > 0).then_some(width as u16)
}

/// `1234067` is written `x001/x234/067`, so that no directory grows beyond 1,000 names.
fn write_index(path: &mut String, index: u64, width: u16) {
    let mut divisor = 1;
    while index / divisor >= 1000 {
        divisor *= 1000;
    }
    while divisor > 1 {
        write!(path, "x{:03}/", index / divisor % 1000).expect("a String takes every write");
        divisor /= 1000;
    }
    write!(path, "{:03}", index % 1000).expect("a String takes every write");
    if u64::from(width) < TILE_WIDTH {
        write!(path, ".p/{width}").expect("a String takes every write");
    }
}

fn parse_index(text: &str) -> Result<(u64, u16), TileError> {
    let (digits, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH as u16),
        Some((digits, width)) => {
            let value = width.parse::<u8>().map_err(|_| TileError::Path)?;
            (digits, u16::from(value))
        }
    };
    let mut index = 0u64;
    for group in digits.split('/') {
        let group = group.strip_prefix('x').unwrap_or(group);
        let value = group.parse::<u64>().map_err(|_| TileError::Path)?;
        index = index.checked_mul(1000).and_then(|high| high.checked_add(value)).ok_or(TileError::Path)?;
    }
    // There is one spelling: what we would write ourselves.
    let mut spelled = String::with_capacity(text.len());
    write_index(&mut spelled, index, width);
    if width == 0 || spelled != text { Err(TileError::Path) } else { Ok((index, width)) }
}
