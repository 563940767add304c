//! The log as the files of C2SP tlog-tiles: what the published trees imply, and nothing else.
//!
//! A full file belongs to every tree that reaches it. A partial one belongs to the trees that end in it, and is served only
//! if one of them was published: a checkpoint ends behind a seal, so the seals say which sizes there were.

use crate::log::LogReader;
use crate::merkle::{BUNDLE_ENTRY_LEN_MAX, Bundle, TILE_HEIGHT, TILE_WIDTH, Tile};
use crate::registry::{ReadError, Registry};

/// Longest bundle, in bytes.
pub const BUNDLE_LEN_MAX: usize = TILE_WIDTH as usize * (2 + BUNDLE_ENTRY_LEN_MAX);

impl Registry {
    /// The hashes of `tile`, 32 bytes each.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] unless a published tree has this tile, just so wide.
    pub fn tile(&self, tile: Tile) -> Result<Vec<u8>, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        check_published(reader, tile)?;
        let mut bytes = Vec::with_capacity(usize::from(tile.width) * 32);
        for offset in 0..tile.width {
            bytes.extend(reader.node_at(tile.node(offset))?);
        }
        Ok(bytes)
    }

    /// The entries of `bundle`, each behind its length (big-endian, 2 bytes); at most [`BUNDLE_LEN_MAX`] bytes.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] unless a published tree has this bundle, just so wide.
    pub fn bundle(&self, bundle: Bundle) -> Result<Vec<u8>, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        check_published(reader, Tile { level: 0, index: bundle.index, width: bundle.width })?;
        let first = bundle.index * TILE_WIDTH;
        let mut bytes = Vec::new();
        for index in first..first + u64::from(bundle.width) {
            let missing = || ReadError::Damaged(format!("entry {index} is missing"));
            let entry = reader.entry(index)?.ok_or_else(missing)?.bytes;
            let len = u16::try_from(entry.len())
                .map_err(|_| ReadError::Damaged(format!("entry {index} does not fit a bundle")))?;
            bytes.extend(len.to_be_bytes());
            bytes.extend(entry);
        }
        Ok(bytes)
    }
}

/// Whether a published tree has this tile, just so wide.
fn check_published(reader: &LogReader, tile: Tile) -> Result<(), ReadError> {
    let not_there = || ReadError::NotFound { what: format!("{}, in a tree that was published,", tile.path()) };
    let size = reader.head().size();
    let whole = tile.in_tree(size).filter(|whole| whole.width >= tile.width).ok_or_else(not_there)?;
    if whole.width == tile.width {
        return Ok(());
    }
    if !tile.is_partial() {
        return Err(not_there());
    }
    // The sizes at which this tile has this width: from `first`, one step of its level long. It lies below `size`.
    let shift = u32::from(tile.level) * u32::from(TILE_HEIGHT);
    let first = (tile.index * TILE_WIDTH + u64::from(tile.width)) << shift;
    let (seal, _) = reader.covering_seal(first - 1)?;
    match (seal + 1 - first) >> shift {
        0 => Ok(()),
        _ => Err(not_there()),
    }
}
