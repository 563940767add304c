//! The rows of the log in the table of `storage`, beside `head`.
//!
//! | key | value |
//! |---|---|
//! | `e` ‖ `u64(index)` | `chain(index + 1)` ‖ entry |
//! | `i` ‖ first 16 bytes of the id | `u64(index)` |
//! | `s` ‖ `u64(index of a seal)` | `u64(time, ms)` |
//! | `t` ‖ level ‖ `u64(tile)` | 256 hashes of a full tile |
//!
//! All but `head` are written once and never again. Sixteen bytes of an id find an entry; whoever looks it up
//! compares the whole id with the entry.

use crate::merkle::Hash;

/// Largest value of a seal row's key range.
pub(in crate::log) const SEAL_PREFIX: u8 = b's';

pub(in crate::log) fn entry_key(index: u64) -> Vec<u8> {
    [&b"e"[..], &index.to_be_bytes()].concat()
}

pub(in crate::log) fn id_key(id: &Hash) -> Vec<u8> {
    [&b"i"[..], &id[..16]].concat()
}

pub(in crate::log) fn seal_key(index: u64) -> Vec<u8> {
    [&[SEAL_PREFIX][..], &index.to_be_bytes()].concat()
}

pub(in crate::log) fn tile_key(level: u8, index: u64) -> Vec<u8> {
    [&[b't', level][..], &index.to_be_bytes()].concat()
}

pub(in crate::log) fn u64_of(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}
