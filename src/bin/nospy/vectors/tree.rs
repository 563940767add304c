//! Trees, straight from RFC 9162 §2.1: small, slow, and apart from the code that they test.

use nospy::merkle::{EMPTY_ROOT, Hash, node_hash};

fn split(len: usize) -> usize {
    len.next_power_of_two() / 2
}

/// The root (§2.1.1).
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The inclusion path, leaf to root (§2.1.3.1).
pub fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut inside, beside) = match index.checked_sub(left.len()) {
        None => (path(left, index), root(right)),
        Some(index) => (path(right, index), root(left)),
    };
    inside.push(beside);
    inside
}

/// The consistency proof from the tree of the first `old` leaves (§2.1.4.1); empty for 0 and for all.
pub fn consistency(leaves: &[Hash], old: usize) -> Vec<Hash> {
    match old == 0 || old == leaves.len() {
        true => Vec::new(),
        false => subproof(old, leaves, true),
    }
}

fn subproof(old: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut inside, beside) = match old <= left.len() {
        true => (subproof(old, left, is_whole), root(right)),
        false => (subproof(old - left.len(), right, false), root(left)),
    };
    inside.push(beside);
    inside
}
