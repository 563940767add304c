//! Checking proofs of the docket map. The verifier needs the key, the claim, the siblings and a root; no map.
//!
//! The siblings lead from the place of the key to the root; the bits of the key say on which side each one joins. For
//! *presence* the place holds the key's leaf. For *absence* it holds nothing (32 zero bytes), or the leaf of another
//! key that has this half of the map for itself: were our key in the map too, the two would have been parted there.

use crate::merkle::docket_map::hash::{
    DOCKET_VALUE_LEN, DocketValue, EMPTY_MAP_ROOT, MAP_SIBLINGS_MAX, bit, docket_leaf, docket_node, shared_bits,
};
use crate::merkle::hash::Hash;

/// Why a proof of the docket map is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// A key has 256 bits, so no place lies deeper.
    #[error("{found} siblings, more than 256")]
    TooManySiblings {
        /// The number of siblings in the proof.
        found: usize,
    },
    /// A value is 40 bytes.
    #[error("a docket value is 40 bytes, not {length}")]
    ValueLength {
        /// The number of bytes that were given.
        length: usize,
    },
    /// An empty docket is not in the map.
    #[error("a docket value with count 0")]
    CountZero,
    /// The leaf that should show absence is the key's own.
    #[error("absence is claimed by the key's own leaf")]
    OtherIsKey,
    /// The leaf that should show absence does not lie at the place of the key.
    #[error("the other leaf shares {shared} bits with the key, fewer than the {depth} of its place")]
    OtherElsewhere {
        /// The number of leading bits that both keys share.
        shared: usize,
        /// The depth of the place: the number of siblings.
        depth: usize,
    },
    /// The siblings lead to another root.
    #[error("the siblings lead to another docket root")]
    RootMismatch {
        /// The root that the verifier trusts.
        expected: Hash,
        /// The root that the siblings lead to.
        computed: Hash,
    },
}

/// A proof of what the map says of a key, presence or absence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapProof {
    /// The hashes beside the way from the key's place to the root, deepest first, ≤ 256.
    pub siblings: Vec<Hash>,
    /// In a proof of absence, the key and value whose leaf is at the key's place, if one is.
    pub other: Option<(Hash, [u8; DOCKET_VALUE_LEN])>,
}

impl MapProof {
    /// Checks that the map with this `root` has `value` for `key`, or with `None`, that it does not have the key.
    /// `other` plays no part in a proof of presence.
    ///
    /// # Errors
    /// As [`check_presence`] and [`check_absence`].
    pub fn check(&self, key: &Hash, value: Option<&DocketValue>, root: &Hash) -> Result<(), MapError> {
        match value {
            Some(value) => check_presence(key, value, &self.siblings, root),
            None => check_absence(key, self.other.as_ref().map(|(key, value)| (key, value)), &self.siblings, root),
        }
    }
}

/// Checks that the map with this `root` has `value` for `key`; siblings deepest first.
///
/// # Errors
/// [`MapError`], naming the first property that failed.
pub fn check_presence(key: &Hash, value: &DocketValue, siblings: &[Hash], root: &Hash) -> Result<(), MapError> {
    check_len(siblings)?;
    value.check_count()?;
    compare(root, climb(key, docket_leaf(key, value), siblings))
}

/// Checks that the map with this `root` does not have `key`: its place is empty (`other` is `None`), or the leaf of
/// another key and value is there. Siblings deepest first.
///
/// # Errors
/// [`MapError`], naming the first property that failed.
pub fn check_absence(
    key: &Hash,
    other: Option<(&Hash, &[u8; DOCKET_VALUE_LEN])>,
    siblings: &[Hash],
    root: &Hash,
) -> Result<(), MapError> {
    check_len(siblings)?;
    let start = match other {
        None => EMPTY_MAP_ROOT,
        Some((other, value)) => {
            if other == key {
                return Err(MapError::OtherIsKey);
            }
            let shared = shared_bits(key, other);
            if shared < siblings.len() {
                return Err(MapError::OtherElsewhere { shared, depth: siblings.len() });
            }
            docket_leaf(other, &DocketValue::from_bytes(value)?)
        }
    };
    compare(root, climb(key, start, siblings))
}

fn check_len(siblings: &[Hash]) -> Result<(), MapError> {
    if siblings.len() > MAP_SIBLINGS_MAX {
        return Err(MapError::TooManySiblings { found: siblings.len() });
    }
    Ok(())
}

fn climb(key: &Hash, start: Hash, siblings: &[Hash]) -> Hash {
    siblings.iter().zip((0..siblings.len()).rev()).fold(start, |hash, (sibling, depth)| {
        if bit(key, depth) { docket_node(sibling, &hash) } else { docket_node(&hash, sibling) }
    })
}

fn compare(expected: &Hash, computed: Hash) -> Result<(), MapError> {
    if computed != *expected {
        return Err(MapError::RootMismatch { expected: *expected, computed });
    }
    Ok(())
}
