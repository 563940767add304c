//! The tree against the slow definition, for every small size, and every mutation of a proof refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod reference;

use std::cell::Cell;
use std::collections::BTreeMap;

use nospy::merkle::{
    Edge, EdgeError, Hash, NodeId, NodeReader, PATH_LEN_MAX, ProofError, ProveError, TREE_SIZE_MAX, Tile, TileNodes,
    check_consistency, check_inclusion, consistency_nodes, inclusion_nodes, leaf_hash, prove_consistency,
    prove_inclusion, read_root, root_from_inclusion, tiles, tiles_between, tree_nodes,
};
use proptest::prelude::*;

const SIZE: usize = 70;

/// The nodes that the edge showed while the tree grew; `reads` counts the requests.
#[derive(Default)]
struct Nodes {
    known: BTreeMap<NodeId, Hash>,
    reads: Cell<usize>,
}

impl NodeReader for Nodes {
    type Error = NodeId;

    fn node(&self, id: NodeId) -> Result<Hash, NodeId> {
        self.reads.set(self.reads.get() + 1);
        self.known.get(&id).copied().ok_or(id)
    }
}

fn grow(size: usize) -> (Vec<Hash>, Nodes, Edge) {
    let leaves: Vec<Hash> = (0..size as u64).map(|index| leaf_hash(&index.to_be_bytes())).collect();
    let mut nodes = Nodes::default();
    let mut edge = Edge::new();
    for leaf in &leaves {
        edge.push_visiting(*leaf, |id, hash| assert_eq!(nodes.known.insert(id, *hash), None, "{id:?} shown twice"));
    }
    (leaves, nodes, edge)
}

#[test]
fn edge_and_nodes_give_the_root_of_every_size() {
    let (leaves, nodes, whole) = grow(SIZE);
    let mut edge = Edge::new();
    for size in 0..=SIZE {
        let root = reference::tree::mth(&leaves[..size]);
        assert_eq!(edge.root(), root);
        assert_eq!(edge.size(), size as u64);
        assert_eq!(read_root(&nodes, size as u64), Ok(root));
        assert_eq!(Edge::from_parts(size as u64, edge.nodes().to_vec()).as_ref(), Ok(&edge));
        let read: Vec<Hash> = tree_nodes(size as u64).iter().map(|id| nodes.known[id]).collect();
        assert_eq!(read, edge.nodes());
        if let Some(leaf) = leaves.get(size) {
            edge.push(*leaf);
        }
    }
    assert_eq!(edge, whole);
}

#[test]
fn the_last_entry_and_its_path_are_the_edge() {
    let (leaves, nodes, _) = grow(SIZE);
    let mut edge = Edge::new();
    for (size, leaf) in (1..).zip(&leaves) {
        edge.push(*leaf);
        let path = prove_inclusion(&nodes, size - 1, size).unwrap();
        assert_eq!(Edge::of_last_entry(size, leaf, &path).as_ref(), Ok(&edge), "{size}");
        let longer = [path.as_slice(), &[[0; 32]]].concat();
        let refused = Edge::of_last_entry(size, leaf, &longer);
        assert!(matches!(refused, Err(ProofError::PathLength { .. })), "{size}: {refused:?}");
    }
    assert!(Edge::of_last_entry(0, &[0; 32], &[]).is_err());
    assert!(Edge::of_last_entry(TREE_SIZE_MAX + 1, &[0; 32], &[]).is_err());
}

#[test]
fn edge_refuses_parts_that_do_not_fit() {
    assert_eq!(Edge::from_parts(3, vec![[0; 32]]), Err(EdgeError::NodeCount { size: 3, expected: 2, found: 1 }));
    assert_eq!(Edge::from_parts(1 << 63, vec![[0; 32]]), Err(EdgeError::SizeTooLarge { size: 1 << 63 }));
    assert!(Edge::from_parts(TREE_SIZE_MAX, vec![[0; 32]; 63]).is_ok());
}

#[test]
fn every_inclusion_proof_is_the_defined_one() {
    let (leaves, nodes, _) = grow(SIZE);
    for size in 1..=SIZE {
        let root = reference::tree::mth(&leaves[..size]);
        for index in 0..size {
            let path = prove_inclusion(&nodes, index as u64, size as u64).unwrap();
            assert_eq!(path, reference::tree::path(index, &leaves[..size]), "{index} of {size}");
            check_inclusion(&leaves[index], index as u64, size as u64, &path, &root).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_is_the_defined_one() {
    let (leaves, nodes, _) = grow(SIZE);
    for size2 in 1..=SIZE {
        let root2 = reference::tree::mth(&leaves[..size2]);
        for size1 in 1..=size2 {
            let root1 = reference::tree::mth(&leaves[..size1]);
            let path = prove_consistency(&nodes, size1 as u64, size2 as u64).unwrap();
            assert_eq!(path, reference::tree::proof(size1, &leaves[..size2]), "{size1} to {size2}");
            check_consistency(size1 as u64, size2 as u64, &root1, &root2, &path).unwrap();
        }
    }
}

#[test]
fn impossible_positions_have_names() {
    let (_, nodes, _) = grow(3);
    assert_eq!(inclusion_nodes(3, 3), Err(ProofError::IndexBeyondSize { index: 3, size: 3 }));
    assert_eq!(inclusion_nodes(0, 0), Err(ProofError::IndexBeyondSize { index: 0, size: 0 }));
    assert_eq!(inclusion_nodes(0, 1 << 63), Err(ProofError::SizeTooLarge { size: 1 << 63 }));
    assert_eq!(consistency_nodes(1, u64::MAX), Err(ProofError::SizeTooLarge { size: u64::MAX }));
    assert_eq!(consistency_nodes(0, 3), Err(ProofError::FromEmptyTree));
    assert_eq!(consistency_nodes(3, 2), Err(ProofError::SizesReversed { size1: 3, size2: 2 }));
    assert_eq!(consistency_nodes(0, 0), Ok(Default::default()));
    assert_eq!(
        check_inclusion(&[0; 32], 1, 3, &[[0; 32]], &[0; 32]),
        Err(ProofError::PathLength { expected: 2, found: 1 })
    );
    // A reader that lacks a node is asked for, and its error handed on.
    assert_eq!(prove_inclusion(&nodes, 0, 4), Err(ProveError::Read(NodeId { level: 1, index: 1 })));
}

#[test]
fn the_largest_trees_do_not_overflow() {
    for index in [0, 1, (1 << 62) - 2, (1 << 62) - 1, 1 << 62, TREE_SIZE_MAX - 2, TREE_SIZE_MAX - 1] {
        for size in [index + 1, TREE_SIZE_MAX] {
            // The lengths that needed nodes and check imply are the same.
            let needed = inclusion_nodes(index, size).unwrap();
            let path = needed.fold(vec![[7; 32]; needed.nodes().len()]);
            assert!(path.len() <= PATH_LEN_MAX);
            root_from_inclusion(&[1; 32], index, size, &path).unwrap();
            let needed = match consistency_nodes(index + 1, size) {
                Err(refused) => {
                    // An odd size: a hash on each of 63 levels, and the one to start from.
                    assert_eq!((refused, index % 2), (ProofError::PathTooLong { expected: 64 }, 0));
                    continue;
                }
                Ok(needed) => needed,
            };
            let path = needed.fold(vec![[7; 32]; needed.nodes().len()]);
            assert!(path.len() <= PATH_LEN_MAX);
            let refused = check_consistency(index + 1, size, &[1; 32], &[2; 32], &path).unwrap_err();
            assert!(!matches!(refused, ProofError::PathLength { .. }), "{index} {size} {refused}");
        }
    }
}

#[test]
fn a_proof_reads_only_what_it_needs() {
    let (_, nodes, _) = grow(SIZE);
    nodes.reads.set(0);
    prove_inclusion(&nodes, 0, 64).unwrap();
    assert_eq!(nodes.reads.get(), 6);
}

#[test]
fn tiles_hold_every_node() {
    let (_, nodes, _) = grow(600);
    for (id, hash) in &nodes.known {
        let (full, position) = Tile::of_node(*id);
        let tile = full.in_tree(600).unwrap();
        let hashes: Vec<Hash> = (0..tile.width).map(|offset| nodes.known[&tile.node(offset)]).collect();
        let expanded = TileNodes::expand(&hashes.concat()).unwrap();
        assert_eq!(expanded.node(position), Some(*hash), "{id:?}");
        assert!(id.is_within(600));
    }
    let node = NodeId { level: 3, index: 75 };
    assert!(!node.is_within(600) && NodeId { level: 3, index: 74 }.is_within(600));
    assert!(TileNodes::expand(&[0; 33]).is_err() && TileNodes::expand(&[]).is_err());
    assert!(TileNodes::expand(&[0; 257 * 32]).is_err());
}

#[test]
fn published_tiles_add_up_to_all_tiles() {
    for size_old in [0, 1, 255, 256, 257, 511, 512, 65535, 65536] {
        for size in [size_old, size_old + 1, 600, 65536, 70000] {
            if size < size_old {
                continue;
            }
            let had: Vec<Tile> = tiles(size_old).collect();
            let expected: Vec<Tile> = tiles(size).filter(|tile| !had.contains(tile)).collect();
            assert_eq!(tiles_between(size_old, size).collect::<Vec<_>>(), expected, "{size_old} to {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any change of a valid proof, its position or its root is refused.
    #[test]
    fn mutated_proofs_are_refused(
        size in 2usize..200, index in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0usize..256,
    ) {
        let (leaves, nodes, edge) = grow(size);
        let index = index.index(size);
        let path = prove_inclusion(&nodes, index as u64, size as u64).unwrap();
        let root = edge.root();
        let check = |index: usize, path: &[Hash], root: &Hash| {
            check_inclusion(&leaves[index.min(size - 1)], index as u64, size as u64, path, root).is_ok()
        };
        prop_assert!(check(index, &path, &root));
        prop_assert!(!check((index + 1) % size, &path, &root));
        for changed in mutations(&path, at.index(path.len()), bit) {
            prop_assert!(!check(index, &changed, &root));
        }
        prop_assert!(!check(index, &path, &flip(root, bit)));

        let size1 = index + 1;
        let root1 = reference::tree::mth(&leaves[..size1]);
        let path = prove_consistency(&nodes, size1 as u64, size as u64).unwrap();
        let check = |root1: &Hash, path: &[Hash], root2: &Hash| {
            check_consistency(size1 as u64, size as u64, root1, root2, path).is_ok()
        };
        prop_assert!(check(&root1, &path, &root));
        prop_assert!(!check(&flip(root1, bit), &path, &root));
        prop_assert!(!check(&root1, &path, &flip(root, bit)));
        if size1 < size {
            for changed in mutations(&path, at.index(path.len()), bit) {
                prop_assert!(!check(&root1, &changed, &root));
            }
        }
    }
}

fn flip(mut hash: Hash, bit: usize) -> Hash {
    hash[bit / 8] ^= 1 << (bit % 8);
    hash
}

/// One bit flipped, one hash dropped, one added in front and at the end.
fn mutations(path: &[Hash], at: usize, bit: usize) -> Vec<Vec<Hash>> {
    let mut flipped = path.to_vec();
    flipped[at] = flip(flipped[at], bit);
    let mut dropped = path.to_vec();
    dropped.remove(at);
    vec![flipped, dropped, [path, &[[0; 32]]].concat(), [&[[0; 32]], path].concat()]
}
