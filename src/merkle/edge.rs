//! The right edge of a tree: all that appending needs to know of what came before.
//!
//! A tree of `n` entries is a row of perfect subtrees, one for each one bit of `n`, the largest first. Their roots,
//! at most 63 hashes, suffice to append and to compute the root of the tree.

use crate::merkle::hash::{EMPTY_ROOT, Hash, TREE_SIZE_MAX, node_hash};
use crate::merkle::inclusion::root_from_inclusion;
use crate::merkle::node::{NodeId, fold_edge};
use crate::merkle::proof::ProofError;

/// Why a right edge is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// The size is above [`TREE_SIZE_MAX`].
    #[error("tree size {size} is above 2^63 - 1")]
    SizeTooLarge {
        /// The size that was given.
        size: u64,
    },
    /// A size implies how many perfect subtrees there are.
    #[error("a tree of size {size} has {expected} perfect subtrees, not {found}")]
    NodeCount {
        /// The size that was given.
        size: u64,
        /// The number of one bits of the size.
        expected: usize,
        /// The number of nodes that were given.
        found: usize,
    },
}

/// The right edge of a tree (a compact range from 0).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The roots of the perfect subtrees, largest first; as many as `size` has one bits.
    nodes: Vec<Hash>,
}

impl Edge {
    /// The edge of the tree without entries.
    pub fn new() -> Edge {
        Edge::default()
    }

    /// The edge of a tree of `size` entries, from the roots of its perfect subtrees, largest first.
    ///
    /// # Errors
    /// [`EdgeError`] when the size is too large or the number of nodes does not fit it.
    pub fn from_parts(size: u64, nodes: Vec<Hash>) -> Result<Edge, EdgeError> {
        if size > TREE_SIZE_MAX {
            return Err(EdgeError::SizeTooLarge { size });
        }
        let expected = size.count_ones() as usize;
        if nodes.len() != expected {
            return Err(EdgeError::NodeCount { size, expected, found: nodes.len() });
        }
        Ok(Edge { size, nodes })
    }

    /// The edge of the tree of `size` entries, from the leaf hash of its last entry and the inclusion path of that entry
    /// in that tree: every sibling of the last entry hangs on the left, and together they are the edge. Whether it is the
    /// edge of a tree that somebody signed is shown by its [`Edge::root`].
    ///
    /// # Errors
    /// When the size is 0 or too large, or the path has another length than it implies.
    pub fn of_last_entry(size: u64, leaf: &Hash, path: &[Hash]) -> Result<Edge, ProofError> {
        let last = size.checked_sub(1).ok_or(ProofError::IndexBeyondSize { index: 0, size })?;
        // Refuses impossible sizes, and any other number of siblings.
        root_from_inclusion(leaf, last, size, path)?;
        let (inside, outside) = path.split_at(size.trailing_zeros() as usize);
        let subtree = inside.iter().fold(*leaf, |hash, sibling| node_hash(sibling, &hash));
        let nodes = outside.iter().rev().copied().chain([subtree]).collect();
        Ok(Edge { size, nodes })
    }

    /// Appends one leaf.
    ///
    /// # Panics
    /// When the tree holds [`TREE_SIZE_MAX`] entries already.
    pub fn push(&mut self, leaf: Hash) {
        self.push_visiting(leaf, |_, _| ());
    }

    /// Appends one leaf and shows every perfect subtree that it completes, the leaf itself first, to `visit`: these
    /// are the nodes that a log stores.
    ///
    /// # Panics
    /// When the tree holds [`TREE_SIZE_MAX`] entries already.
    pub fn push_visiting(&mut self, leaf: Hash, mut visit: impl FnMut(NodeId, &Hash)) {
        assert!(self.size < TREE_SIZE_MAX, "a tree holds at most 2^63 - 1 entries");
        let mut id = NodeId::leaf(self.size);
        let mut hash = leaf;
        visit(id, &hash);
        // Like a carry in binary: each one bit at the low end of the size is a left sibling that waits for us.
        for _ in 0..self.size.trailing_ones() {
            let left = self.nodes.pop().expect("as many nodes as the size has one bits");
            hash = node_hash(&left, &hash);
            id = id.parent();
            visit(id, &hash);
        }
        self.nodes.push(hash);
        self.size += 1;
    }

    /// The number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first; their addresses are [`crate::merkle::tree_nodes`] of the size.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold_edge(&self.nodes).unwrap_or(EMPTY_ROOT)
    }
}
