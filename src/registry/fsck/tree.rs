//! Chain and tree of an audit, recomputed leaf by leaf.

use crate::merkle::{Edge, Hash, TILE_HEIGHT, TILE_WIDTH, chain_next, chain_start};

/// The chain as the entries have it, beside the one that is stored.
pub(in crate::registry::fsck) struct Chain {
    /// chain(i) as it follows, and as it is stored beside the entry before; `None` behind a missing entry.
    values: Option<(Hash, Hash)>,
    before: Option<Hash>,
}

impl Chain {
    pub fn start(origin: &str) -> Self {
        let start = chain_start(origin);
        Self { values: Some((start, start)), before: None }
    }

    /// chain(i) over the entries so far.
    pub fn value(&self) -> Option<&Hash> {
        self.values.as_ref().map(|(computed, _)| computed)
    }

    /// chain(i - 1), where i entries are known: what a seal signs that was pushed last.
    pub fn before(&self) -> Option<&Hash> {
        self.before.as_ref()
    }

    /// An entry is missing: the chain is taken up again from what is stored behind it.
    pub fn lose(&mut self) {
        self.values = None;
    }

    /// Goes on with `leaf`, beside which `stored` stands; whether the chain holds here. One altered entry or value is
    /// found once: behind it the chain goes on from whichever of both it fits.
    pub fn push(&mut self, leaf: &Hash, stored: &Hash) -> bool {
        self.before = self.value().copied();
        let Some((computed, before)) = self.values.replace((*stored, *stored)) else { return true };
        let expected = chain_next(&computed, leaf);
        let holds = *stored == expected || *stored == chain_next(&before, leaf);
        if !holds {
            self.values = Some((expected, *stored));
        }
        holds
    }
}

/// The tree so far: its right edge, and the tiles that are not full yet.
#[derive(Default)]
pub(in crate::registry::fsck) struct Tree {
    edge: Edge,
    tiles: Vec<Vec<Hash>>,
}

impl Tree {
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Appends a leaf. Returns each tile that becomes full: level, position, 256 hashes.
    pub fn push(&mut self, leaf: Hash) -> Vec<(u8, u64, Vec<Hash>)> {
        let (tiles, mut full) = (&mut self.tiles, Vec::new());
        self.edge.push_visiting(leaf, |node, hash| {
            if node.level % TILE_HEIGHT != 0 {
                return;
            }
            let level = node.level / TILE_HEIGHT;
            let at = usize::from(level);
            tiles.resize(tiles.len().max(at + 1), Vec::new());
            tiles[at].push(*hash);
            if tiles[at].len() as u64 == TILE_WIDTH {
                full.push((level, node.index / TILE_WIDTH, std::mem::take(&mut tiles[at])));
            }
        });
        full
    }
}
