//! Keys, values and hashes of the docket map (FORMATS §6).

use sha2::{Digest, Sha256};

use crate::merkle::docket_map::check::MapError;
use crate::merkle::hash::{Hash, pair_hash};

/// The root of the map without keys, and the hash of an empty half: 32 zero bytes.
pub const EMPTY_MAP_ROOT: Hash = [0; 32];

/// The digest over a docket without statements, step(0): 32 zero bytes.
pub const DOCKET_START: Hash = [0; 32];

/// The length of a value in bytes: a count and a digest.
pub const DOCKET_VALUE_LEN: usize = 40;

/// The most siblings that a proof can have: one for each bit of the key.
pub const MAP_SIBLINGS_MAX: usize = 256;

const STEP: u8 = 0x11;
const LEAF: u8 = 0x12;
const NODE: u8 = 0x13;

/// What the map says of one subject: how many statements its docket holds, and the digest over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocketValue {
    /// The number of statements, ≥ 1: an empty docket is not in the map.
    pub count: u64,
    /// The digest after the last of them, made by [`docket_step`].
    pub step: Hash,
}

impl DocketValue {
    /// u64(count) ‖ step.
    pub fn to_bytes(&self) -> [u8; DOCKET_VALUE_LEN] {
        let mut bytes = [0; DOCKET_VALUE_LEN];
        bytes[..8].copy_from_slice(&self.count.to_be_bytes());
        bytes[8..].copy_from_slice(&self.step);
        bytes
    }

    /// Reads 40 bytes, count ≥ 1.
    ///
    /// # Errors
    /// [`MapError::ValueLength`] or [`MapError::CountZero`].
    pub fn from_bytes(bytes: &[u8]) -> Result<DocketValue, MapError> {
        let length = || MapError::ValueLength { length: bytes.len() };
        let bytes: &[u8; DOCKET_VALUE_LEN] = bytes.try_into().map_err(|_| length())?;
        let (count, step) = bytes.split_first_chunk::<8>().ok_or_else(length)?;
        let value = DocketValue { count: u64::from_be_bytes(*count), step: step.try_into().map_err(|_| length())? };
        value.check_count()?;
        Ok(value)
    }

    pub(in crate::merkle) fn check_count(&self) -> Result<(), MapError> {
        if self.count == 0 { Err(MapError::CountZero) } else { Ok(()) }
    }
}

/// The digest of a docket after one more statement: SHA-256(11 ‖ step ‖ u64(index) ‖ u64(time) ‖ id), where `index` is
/// the statement's place in the log, `time_ms` its registration time in unix milliseconds and `id` its leaf hash.
pub fn docket_step(step: &Hash, index: u64, time_ms: u64, id: &Hash) -> Hash {
    Sha256::new()
        .chain_update([STEP])
        .chain_update(step)
        .chain_update(index.to_be_bytes())
        .chain_update(time_ms.to_be_bytes())
        .chain_update(id)
        .finalize()
        .into()
}

/// The key of a subject: SHA-256 of its text.
pub fn docket_key(subject: &str) -> Hash {
    Sha256::digest(subject).into()
}

/// The hash of a key with its value: SHA-256(12 ‖ key ‖ value).
pub fn docket_leaf(key: &Hash, value: &DocketValue) -> Hash {
    let mut bytes = [0; 73];
    bytes[0] = LEAF;
    bytes[1..33].copy_from_slice(key);
    bytes[33..].copy_from_slice(&value.to_bytes());
    Sha256::digest(bytes).into()
}

/// The hash over two halves of the map: SHA-256(13 ‖ left ‖ right).
pub fn docket_node(left: &Hash, right: &Hash) -> Hash {
    pair_hash(NODE, left, right)
}

/// Bit `depth` (0 … 255) of a key, from the most significant.
pub(in crate::merkle) fn bit(key: &Hash, depth: usize) -> bool {
    key[depth / 8] & (0x80 >> (depth % 8)) != 0
}

/// The number of leading bits that two keys share, 0 … 256.
pub(in crate::merkle) fn shared_bits(one: &Hash, other: &Hash) -> usize {
    match one.iter().zip(other).position(|(one, other)| one != other) {
        None => 256,
        Some(byte) => byte * 8 + (one[byte] ^ other[byte]).leading_zeros() as usize,
    }
}
