//! Buckets: the lower parts of the trie, which are not kept in memory but computed from their leaves when needed.

use crate::merkle::docket_map::hash::{DocketValue, EMPTY_MAP_ROOT, bit, docket_leaf, docket_node};
use crate::merkle::hash::Hash;

/// The most keys in a bucket. Fewer would cost more memory (one branch of 128 bytes for about 5 keys), more would cost
/// hashing: a change rehashes its whole bucket.
pub const BUCKET_KEYS_MAX: usize = 8;

/// The most bits of a bucket's prefix. Nobody reaches this depth by chance; who searches 2^32 subjects for one
/// collision gains a bucket that is one key too large.
pub const BUCKET_BITS_MAX: u8 = 32;

/// Who stores keys and values, in the state that the map is in.
pub trait BucketReader {
    /// Why a bucket could not be read.
    type Error;

    /// All keys whose first `prefix_bits` bits (0 … 32) are the number `prefix`, ascending, with their values: a scan
    /// over [`bucket_range`]. The map asks only for ranges of at most [`BUCKET_KEYS_MAX`] keys, unless that many
    /// share their first 32 bits.
    ///
    /// # Errors
    /// What the storage says.
    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, Self::Error>;
}

/// Why the map could not be built, changed or asked for a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapReadError<E> {
    /// The reader, or the source of the items, failed.
    #[error("a docket value could not be read")]
    Read(#[source] E),
    /// Keys are not strictly ascending.
    #[error("stored docket keys are not in order")]
    Unsorted,
    /// The leaves that were read are not those that the map was made of: storage is damaged, or in another state.
    #[error("the bucket {prefix:#x}/{prefix_bits} does not have the hash that the map holds")]
    BucketMismatch {
        /// Number of bits of the prefix.
        prefix_bits: u8,
        /// The prefix, as a number.
        prefix: u32,
    },
    /// A value with count 0 has no place in the map.
    #[error("a docket value with count 0")]
    CountZero,
}

/// The first and the last key (both included) of a bucket: `prefix_bits` (0 … 32) bits, then zeros or ones.
pub fn bucket_range(prefix_bits: u8, prefix: u32) -> (Hash, Hash) {
    let bits = u32::from(prefix_bits.min(BUCKET_BITS_MAX));
    let low = u64::from(prefix) << (32 - bits);
    let high = low | ((1u64 << (32 - bits)) - 1);
    let (mut first, mut last) = ([0x00; 32], [0xff; 32]);
    first[..4].copy_from_slice(&(low as u32).to_be_bytes());
    last[..4].copy_from_slice(&(high as u32).to_be_bytes());
    (first, last)
}

/// A key and the hash of its leaf.
#[derive(Clone, Copy)]
pub(in crate::merkle) struct Leaf {
    pub key: Hash,
    pub hash: Hash,
}

impl Leaf {
    pub fn new(key: &Hash, value: &DocketValue) -> Leaf {
        Leaf { key: *key, hash: docket_leaf(key, value) }
    }
}

/// The root over leaves (ascending, no key twice) that share their first `depth` bits. Depth ≤ 256.
pub(in crate::merkle) fn root(leaves: &[Leaf], depth: usize) -> Hash {
    match leaves {
        [] => EMPTY_MAP_ROOT,
        [leaf] => leaf.hash,
        _ => {
            let (left, right) = halves(leaves, depth);
            docket_node(&root(left, depth + 1), &root(right, depth + 1))
        }
    }
}

/// Walks from the root of a bucket at `depth` towards `key`, notes the sibling at each step (shallowest first), and
/// returns the position in `leaves` of the leaf at the place where the walk ends, if one is there. Depth ≤ 256.
pub(in crate::merkle) fn walk(leaves: &[Leaf], key: &Hash, depth: usize, siblings: &mut Vec<Hash>) -> Option<usize> {
    if leaves.len() <= 1 {
        return (!leaves.is_empty()).then_some(0);
    }
    let (left, right) = halves(leaves, depth);
    if bit(key, depth) {
        siblings.push(root(left, depth + 1));
        walk(right, key, depth + 1, siblings).map(|position| left.len() + position)
    } else {
        siblings.push(root(right, depth + 1));
        walk(left, key, depth + 1, siblings)
    }
}

/// The leaves whose bit at `depth` is 0, and those whose bit is 1.
pub(in crate::merkle) fn halves(leaves: &[Leaf], depth: usize) -> (&[Leaf], &[Leaf]) {
    leaves.split_at(leaves.partition_point(|leaf| !bit(&leaf.key, depth)))
}
