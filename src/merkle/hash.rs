//! The two hashes of the tree. Their first byte keeps leaves and nodes apart, so that no node passes for an entry.

use sha2::{Digest, Sha256};

/// A SHA-256 digest: 32 bytes.
pub type Hash = [u8; 32];

/// The largest number of entries that a tree may have: 2^63 - 1 (FORMATS §4).
pub const TREE_SIZE_MAX: u64 = (1 << 63) - 1;

/// The longest path of a proof, in hashes. A tree of [`TREE_SIZE_MAX`] entries is 63 levels high.
pub const PATH_LEN_MAX: usize = 63;

/// The root of the tree without entries: SHA-256 of nothing (RFC 9162 §2.1.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

const LEAF: u8 = 0x00;
const NODE: u8 = 0x01;

/// The leaf hash of an entry: SHA-256(00 ‖ entry) (RFC 9162 §2.1.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([LEAF]).chain_update(entry).finalize().into()
}

/// The hash of an inner node: SHA-256(01 ‖ left ‖ right) (RFC 9162 §2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    pair_hash(NODE, left, right)
}

/// SHA-256(domain ‖ left ‖ right), the shape that all our nodes share.
pub(in crate::merkle) fn pair_hash(domain: u8, left: &Hash, right: &Hash) -> Hash {
    // One buffer and one call: this is the innermost loop of every proof and every batch.
    let mut bytes = [0; 65];
    bytes[0] = domain;
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}
