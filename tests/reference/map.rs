//! The docket map of FORMATS §6 as it is written: all keys in, one hash out.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];
pub type Value = [u8; 40];

fn bit(key: &Hash, depth: usize) -> u8 {
    key[depth / 8] >> (7 - depth % 8) & 1
}

fn sha256(parts: &[&[u8]]) -> Hash {
    Sha256::digest(parts.concat()).into()
}

/// root(keys) below the prefix of `depth` bits that they share.
pub fn root(keys: &BTreeMap<Hash, Value>, depth: usize) -> Hash {
    match keys.len() {
        0 => [0; 32],
        1 => {
            let (key, value) = keys.iter().next().unwrap();
            sha256(&[&[0x12], key, value])
        }
        _ => sha256(&[&[0x13], &root(&half(keys, depth, 0), depth + 1), &root(&half(keys, depth, 1), depth + 1)]),
    }
}

fn half(keys: &BTreeMap<Hash, Value>, depth: usize, side: u8) -> BTreeMap<Hash, Value> {
    keys.iter().filter(|(key, _)| bit(key, depth) == side).map(|(key, value)| (*key, *value)).collect()
}

/// The siblings of the place of `key`, deepest first, and what is at the place.
pub fn proof(keys: &BTreeMap<Hash, Value>, key: &Hash) -> (Vec<Hash>, Option<(Hash, Value)>) {
    let mut siblings = vec![];
    let mut keys = keys.clone();
    let mut depth = 0;
    while keys.len() > 1 {
        siblings.insert(0, root(&half(&keys, depth, 1 - bit(key, depth)), depth + 1));
        keys = half(&keys, depth, bit(key, depth));
        depth += 1;
    }
    (siblings, keys.into_iter().next())
}
