//! "Entry `index` is in the tree with this root": needed nodes, making and checking, side by side.
//!
//! Walking from the root to the leaf, every step leaves one half of the range aside. The roots of these halves, listed
//! from the leaf upwards, are the path (RFC 9162 §2.1.3.1). The verifier owns the leaf, knows from index and size on
//! which side each half hangs, and so climbs back to the root. Since index and size also fix how many halves there
//! are, a path of any other length is refused before anything is hashed.

use crate::merkle::hash::{Hash, TREE_SIZE_MAX, node_hash};
use crate::merkle::node::{NodeReader, PathNodes, split_point};
use crate::merkle::proof::{ProofError, ProveError};

/// The nodes that the inclusion path of entry `index` in the tree of `size` entries is made from (RFC 9162 §2.1.3.1).
///
/// # Errors
/// Unless `index` < `size` ≤ 2^63 - 1.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<PathNodes, ProofError> {
    check_position(index, size)?;
    let mut path = PathNodes::default();
    push_path(&mut path, index, 0, size);
    Ok(path)
}

/// PATH(m, D[start:end]) of RFC 9162 §2.1.3.1. Depth ≤ 63: each call halves the range.
fn push_path(path: &mut PathNodes, index: u64, start: u64, end: u64) {
    debug_assert!(start <= index && index < end);
    if end - start == 1 {
        return;
    }
    let middle = start + split_point(end - start);
    if index < middle {
        push_path(path, index, start, middle);
        path.push_range(middle, end);
    } else {
        push_path(path, index, middle, end);
        path.push_range(start, middle);
    }
}

/// Makes the inclusion path of entry `index` in the tree of `size` entries, leaf to root, ≤ 63 hashes.
///
/// # Errors
/// [`ProveError::Proof`] unless `index` < `size` ≤ 2^63 - 1; [`ProveError::Read`] when the reader fails.
pub fn prove_inclusion<R: NodeReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let path = inclusion_nodes(index, size)?;
    Ok(path.fold(reader.nodes(path.nodes()).map_err(ProveError::Read)?))
}

/// Checks that the leaf hash `leaf` is entry `index` of the tree of `size` entries with this `root`.
///
/// # Errors
/// [`ProofError`], naming the first property that failed.
pub fn check_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), ProofError> {
    let computed = root_from_inclusion(leaf, index, size, path)?;
    if computed != *root {
        return Err(ProofError::RootMismatch { expected: *root, computed });
    }
    Ok(())
}

/// The root that an inclusion path leads to (RFC 9162 §2.1.3.2), for who learns the root from elsewhere, as from the
/// signature of a receipt.
///
/// # Errors
/// When the position is impossible or the path has another length than it implies.
pub fn root_from_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Result<Hash, ProofError> {
    check_position(index, size)?;
    let expected = inclusion_len(index, size);
    if path.len() != expected {
        return Err(ProofError::PathLength { expected, found: path.len() });
    }
    // `node` and `last` are the positions, level by level, of our ancestor and of the last node of the level.
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if node == last {
            // Levels on which the last node has no sibling are passed over: it is moved up as it is.
            let levels = node.trailing_zeros();
            (node, last) = (node >> levels, last >> levels);
            hash = node_hash(sibling, &hash);
        } else if node & 1 == 1 {
            hash = node_hash(sibling, &hash);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    Ok(hash)
}

/// The number of hashes in the path of entry `index` of `size`. As long as our ancestor is not the last of its level,
/// each level gives one sibling; from there on, only the levels on which the last node is a right child.
fn inclusion_len(index: u64, size: u64) -> usize {
    let levels_inside = u64::BITS - (index ^ (size - 1)).leading_zeros();
    (levels_inside + (index >> levels_inside).count_ones()) as usize
}

fn check_position(index: u64, size: u64) -> Result<(), ProofError> {
    if size > TREE_SIZE_MAX {
        return Err(ProofError::SizeTooLarge { size });
    }
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    Ok(())
}
