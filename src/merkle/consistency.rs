//! "The later tree begins with the entries of the earlier": needed nodes, making and checking, side by side.
//!
//! The path (RFC 9162 §2.1.4.1) names subtrees that both trees share and those that only the later one has. From the
//! shared ones alone the verifier rebuilds the earlier root, from all of them the later root. If both come out right,
//! nothing that the earlier tree held was changed, dropped or moved. When the earlier tree is one perfect subtree,
//! its root is known to the verifier and is left out of the path.

use crate::merkle::hash::{EMPTY_ROOT, Hash, PATH_LEN_MAX, TREE_SIZE_MAX, node_hash};
use crate::merkle::node::{NodeReader, PathNodes, split_point};
use crate::merkle::proof::{ProofError, ProveError};

/// The nodes that the consistency path between the trees of `size1` and `size2` entries is made from
/// (RFC 9162 §2.1.4.1). None when the sizes are equal.
///
/// # Errors
/// Unless `size1` ≤ `size2` ≤ 2^63 - 1, when only `size1` is 0, and when the path would exceed 63 hashes.
pub fn consistency_nodes(size1: u64, size2: u64) -> Result<PathNodes, ProofError> {
    consistency_len(size1, size2)?;
    let mut path = PathNodes::default();
    if size1 < size2 {
        push_subproof(&mut path, size1, 0, size2, true);
    }
    Ok(path)
}

/// SUBPROOF(m, D[start:end], b) of RFC 9162 §2.1.4.1, where `is_whole` is b: the range that is left starts at 0, so its
/// root is the earlier root, which the verifier has. Depth ≤ 63: each call halves the range.
fn push_subproof(path: &mut PathNodes, size1: u64, start: u64, end: u64, is_whole: bool) {
    debug_assert!(start < size1 && size1 <= end);
    if size1 == end {
        if !is_whole {
            path.push_range(start, end);
        }
        return;
    }
    let middle = start + split_point(end - start);
    if size1 <= middle {
        push_subproof(path, size1, start, middle, is_whole);
        path.push_range(middle, end);
    } else {
        push_subproof(path, size1, middle, end, false);
        path.push_range(start, middle);
    }
}

/// Makes the consistency path between the trees of `size1` and `size2` entries, ≤ 63 hashes; empty for equal sizes.
///
/// # Errors
/// [`ProveError::Proof`] as [`consistency_nodes`]; [`ProveError::Read`] when the reader fails.
pub fn prove_consistency<R: NodeReader>(reader: &R, size1: u64, size2: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    let path = consistency_nodes(size1, size2)?;
    Ok(path.fold(reader.nodes(path.nodes()).map_err(ProveError::Read)?))
}

/// Checks that the tree of `size2` entries with `root2` begins with the `size1` entries of the tree with `root1`
/// (RFC 9162 §2.1.4.2).
///
/// A proof from the empty tree to a larger one is refused, because every tree extends the empty one: who has seen
/// nothing yet has nothing to compare, and should say so rather than show a check mark.
///
/// # Errors
/// [`ProofError`], naming the first property that failed.
pub fn check_consistency(size1: u64, size2: u64, root1: &Hash, root2: &Hash, path: &[Hash]) -> Result<(), ProofError> {
    let expected = consistency_len(size1, size2)?;
    if path.len() != expected {
        return Err(ProofError::PathLength { expected, found: path.len() });
    }
    if size1 == size2 {
        if size1 == 0 && *root1 != EMPTY_ROOT {
            return Err(ProofError::EarlierRootMismatch { expected: *root1, computed: EMPTY_ROOT });
        }
        return compare_later(root2, *root1);
    }
    // We start at the largest perfect subtree that ends at the end of the earlier tree. When it is the whole earlier
    // tree, the verifier has its root; else it comes first in the path.
    let levels = size1.trailing_zeros();
    let (mut node, mut last) = ((size1 - 1) >> levels, (size2 - 1) >> levels);
    let (start, rest) = match path.split_first() {
        Some((first, rest)) if !size1.is_power_of_two() => (first, rest),
        _ => (root1, path),
    };
    let (mut earlier, mut later) = (*start, *start);
    for sibling in rest {
        if node & 1 == 1 || node == last {
            // A left sibling belongs to both trees.
            let levels = if node == last { node.trailing_zeros() } else { 0 };
            (node, last) = (node >> levels, last >> levels);
            earlier = node_hash(sibling, &earlier);
            later = node_hash(sibling, &later);
        } else {
            // What hangs on the right came later.
            later = node_hash(&later, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if earlier != *root1 {
        return Err(ProofError::EarlierRootMismatch { expected: *root1, computed: earlier });
    }
    compare_later(root2, later)
}

fn compare_later(expected: &Hash, computed: Hash) -> Result<(), ProofError> {
    if computed != *expected {
        return Err(ProofError::RootMismatch { expected: *expected, computed });
    }
    Ok(())
}

/// The number of hashes in the path between two sizes, ≤ 63, or why there is no path.
fn consistency_len(size1: u64, size2: u64) -> Result<usize, ProofError> {
    check_sizes(size1, size2)?;
    if size1 == size2 {
        return Ok(0);
    }
    // As for inclusion, but we start `skipped` levels above the last leaf of the earlier tree.
    let skipped = size1.trailing_zeros();
    let levels_inside = u64::BITS - ((size1 - 1) ^ (size2 - 1)).leading_zeros();
    let siblings = levels_inside - skipped + ((size1 - 1) >> levels_inside).count_ones();
    let expected = siblings as usize + usize::from(!size1.is_power_of_two());
    if expected > PATH_LEN_MAX { Err(ProofError::PathTooLong { expected }) } else { Ok(expected) }
}

fn check_sizes(size1: u64, size2: u64) -> Result<(), ProofError> {
    if size2 > TREE_SIZE_MAX {
        return Err(ProofError::SizeTooLarge { size: size2 });
    }
    if size1 > size2 {
        return Err(ProofError::SizesReversed { size1, size2 });
    }
    if size1 == 0 && size2 > 0 {
        return Err(ProofError::FromEmptyTree);
    }
    Ok(())
}
