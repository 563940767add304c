//! The hash chain over every entry (FORMATS §5).
//!
//! Beside entry `i` the log keeps `chain(i+1)`. A changed, dropped or reordered record then shows at once and locally,
//! with no proof at hand. No proof relies on the chain alone: an auditor recomputes chain and tree and compares.

use sha2::{Digest, Sha256};

use crate::merkle::hash::{Hash, pair_hash};

const CHAIN: u8 = 0x10;
const CHAIN_PREFIX: &[u8] = b"nospy chain v1\n";

/// `chain(0)`, which binds the chain to its registry: SHA-256("nospy chain v1\n" ‖ origin).
pub fn chain_start(origin: &str) -> Hash {
    Sha256::new().chain_update(CHAIN_PREFIX).chain_update(origin).finalize().into()
}

/// `chain(i+1)` from `chain(i)` and the leaf hash of entry `i`: SHA-256(10 ‖ chain ‖ leaf).
pub fn chain_next(chain: &Hash, leaf: &Hash) -> Hash {
    pair_hash(CHAIN, chain, leaf)
}
