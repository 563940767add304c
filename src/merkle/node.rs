//! Where a hash stands in the tree, and how a proof asks for it.

use std::ops::Range;

use crate::merkle::hash::{EMPTY_ROOT, Hash, TREE_SIZE_MAX, node_hash};

/// The address of a perfect subtree: the 2^`level` leaves from `index` · 2^`level`.
///
/// Only perfect subtrees have an address, because only their hash never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height above the leaves, 0 (a leaf) … 62.
    pub level: u8,
    /// Position among the nodes of this level, from the left.
    pub index: u64,
}

impl NodeId {
    /// The leaf of entry `index`.
    pub fn leaf(index: u64) -> NodeId {
        NodeId { level: 0, index }
    }

    /// The node that `self` and its sibling hang below.
    pub fn parent(self) -> NodeId {
        NodeId { level: self.level + 1, index: self.index >> 1 }
    }

    /// Whether a tree of `size` entries holds every leaf below this node.
    pub fn is_within(self, size: u64) -> bool {
        self.index < size.checked_shr(u32::from(self.level)).unwrap_or(0)
    }
}

/// Who knows the hashes of the tree: the log over its storage, or a test over a vector.
pub trait NodeReader {
    /// Why a hash could not be had.
    type Error;

    /// The hash of one perfect subtree.
    ///
    /// # Errors
    /// What the storage says, also when it has no such node.
    fn node(&self, id: NodeId) -> Result<Hash, Self::Error>;

    /// The hashes of several perfect subtrees, in the order asked for, at most 125. Override it to read in one go.
    ///
    /// # Errors
    /// As [`NodeReader::node`].
    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Self::Error> {
        ids.iter().map(|id| self.node(*id)).collect()
    }
}

/// The nodes that a path is made from.
///
/// Each hash of a path is the root of a range of leaves. All these ranges but one are perfect subtrees. The one that
/// may be ragged reaches to the right end of the tree; it has no address, so its perfect parts stand here in its
/// place, largest first, and are folded into one hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathNodes {
    nodes: Vec<NodeId>,
    folded: Option<Range<usize>>,
}

impl PathNodes {
    /// The perfect subtrees to read, in the order in which [`PathNodes::fold`] wants their hashes.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Makes the path, leaf to root, of the hashes of [`PathNodes::nodes`].
    pub fn fold(&self, mut hashes: Vec<Hash>) -> Vec<Hash> {
        if let Some(range) = self.folded.clone()
            && let Some(root) = fold_edge(hashes.get(range.clone()).unwrap_or_default())
        {
            hashes.splice(range, [root]);
        }
        hashes
    }

    /// Appends the root of the leaves `start..end`, where `start` is a multiple of a power of two ≥ `end - start`.
    pub(in crate::merkle) fn push_range(&mut self, start: u64, end: u64) {
        let parts = range_nodes(start, end);
        if parts.len() > 1 {
            debug_assert!(self.folded.is_none(), "a path crosses the right end of the tree at most once");
            self.folded = Some(self.nodes.len()..self.nodes.len() + parts.len());
        }
        self.nodes.extend(parts);
    }
}

/// The perfect subtrees that the tree of `size` entries is made of, largest first: one for each one bit of `size`.
/// Sizes above [`TREE_SIZE_MAX`] have none.
pub fn tree_nodes(size: u64) -> Vec<NodeId> {
    if size > TREE_SIZE_MAX { Vec::new() } else { range_nodes(0, size) }
}

/// The root of the tree of `size` entries, from the nodes that a reader keeps; `size` ≤ [`TREE_SIZE_MAX`].
///
/// # Errors
/// Those of the reader.
pub fn read_root<R: NodeReader>(reader: &R, size: u64) -> Result<Hash, R::Error> {
    let hashes = reader.nodes(&tree_nodes(size))?;
    Ok(fold_edge(&hashes).unwrap_or(EMPTY_ROOT))
}

fn range_nodes(start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::with_capacity((end - start).count_ones() as usize);
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2();
        nodes.push(NodeId { level: level as u8, index: at >> level });
        at += 1 << level;
    }
    nodes
}

/// The root over perfect subtrees, largest first: the smallest two are joined first (RFC 9162 §2.1.1, read from the
/// right end). `None` of nothing.
pub(in crate::merkle) fn fold_edge(nodes: &[Hash]) -> Option<Hash> {
    let (last, larger) = nodes.split_last()?;
    Some(larger.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The largest power of two below `count` (≥ 2): where RFC 9162 §2.1.1 splits a range of `count` leaves.
pub(in crate::merkle) fn split_point(count: u64) -> u64 {
    debug_assert!(count >= 2);
    1 << (count - 1).ilog2()
}
