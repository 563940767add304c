//! Two histories under one key: trees over leaves that part at some entry, signed at every size.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use nospy::crypto::{Digest, KeyLine, NoteAlgorithm, SigningKey, sha256};
use nospy::evidence::{
    Checkpoint, EvidenceFile, Policy, Receipt, ReceiptClaims, Seal, SignedCheckpoint, SignedHead, VerifiedReceipt,
};
use nospy::merkle::{Hash, node_hash};
use nospy::statement::Statement;

use crate::kit::{ORIGIN, key, origin};

/// The leaves of one history, and who signs it.
pub struct History {
    pub leaves: Vec<Hash>,
    signer: SigningKey,
}

pub fn log_key() -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, key("log").public()).unwrap()
}

pub fn policy() -> Policy {
    Policy::of_log(log_key())
}

impl History {
    /// `size` entries, those from `parts_at` on other ones than those of the history that does not part.
    pub fn new(size: usize, parts_at: Option<usize>) -> Self {
        let leaf = |i: usize| sha256(&[&[u8::from(parts_at.is_some_and(|at| i >= at)) * 17, i as u8]]).0;
        // Two histories that part at two places differ from there on, and not before.
        let leaf = |i: usize| match parts_at.filter(|at| i >= *at) {
            Some(at) => sha256(&[&leaf(i), &[at as u8]]).0,
            None => leaf(i),
        };
        Self { leaves: (0..size).map(leaf).collect(), signer: key("log") }
    }

    /// One that somebody else signs.
    pub fn forged(size: usize, parts_at: usize) -> Self {
        Self { signer: key("stranger"), ..Self::new(size, Some(parts_at)) }
    }

    pub fn root(&self, size: usize) -> Hash {
        tree(&self.leaves[..size])
    }

    pub fn note(&self, size: usize) -> String {
        let checkpoint = Checkpoint { origin: origin(), size: size as u64, root: self.root(size) };
        checkpoint.sign(&log_key(), &self.signer).to_string()
    }

    pub fn unsigned_head(&self, size: usize) -> SignedHead {
        SignedHead::Checkpoint(SignedCheckpoint::parse(self.note(size).as_bytes()).unwrap())
    }

    pub fn head(&self, size: usize) -> SignedHead {
        let signed = SignedCheckpoint::parse(self.note(size).as_bytes()).unwrap();
        SignedHead::of_checkpoint(&signed, &log_key()).unwrap()
    }

    /// The same head by a receipt.
    pub fn receipt_head(&self, size: usize, index: usize) -> SignedHead {
        let claims = ReceiptClaims {
            origin: origin(),
            subject: "registry".parse().unwrap(),
            iat: 1,
            size: size as u64,
            index: index as u64,
        };
        let (root, path) = (self.root(size), inclusion(&self.leaves[..size], index));
        let receipt = Receipt::parse(&Receipt::build(&self.signer, &claims, &path, &root)).unwrap();
        let (size, index) = (claims.size, claims.index);
        SignedHead::of_receipt(&receipt, &VerifiedReceipt { size, index, iat: 1, root })
    }

    /// An entry with its head and path.
    pub fn entry(&self, size: usize, index: usize) -> (SignedHead, Hash, Vec<Hash>) {
        (self.head(size), self.leaves[index], inclusion(&self.leaves[..size], index))
    }

    pub fn entry_of_receipt(&self, size: usize, index: usize) -> (SignedHead, Hash, Vec<Hash>) {
        (self.receipt_head(size, index), self.leaves[index], inclusion(&self.leaves[..size], index))
    }
}

/// MTH of RFC 9162 §2.1.1, over leaf hashes.
pub fn tree(leaves: &[Hash]) -> Hash {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&tree(left), &tree(right))
        }
    }
}

/// PATH of RFC 9162 §2.1.3.1.
pub fn inclusion(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    match index.checked_sub(left.len()) {
        None => [inclusion(left, index), vec![tree(right)]].concat(),
        Some(index) => [inclusion(right, index), vec![tree(left)]].concat(),
    }
}

/// PROOF of RFC 9162 §2.1.4.1.
pub fn consistency(leaves: &[Hash], size: usize) -> Vec<Hash> {
    subproof(leaves, size, true)
}

fn subproof(leaves: &[Hash], size: usize, is_whole: bool) -> Vec<Hash> {
    if size == leaves.len() {
        return if is_whole { Vec::new() } else { vec![tree(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    match size <= left.len() {
        true => [subproof(left, size, is_whole), vec![tree(right)]].concat(),
        false => [subproof(right, size - left.len(), false), vec![tree(left)]].concat(),
    }
}

/// A seal of the log.
pub fn seal(from: u64, prev: Option<u8>, time_ms: u64, dockets: u8) -> Statement {
    let prev = prev.map(|prev| Digest([prev; 32]));
    let draft = Seal::draft(&origin(), from, prev.as_ref(), time_ms, &[0; 32], &[dockets; 32]);
    draft.sign(&key("log")).unwrap()
}

/// Every byte of evidence counts: with any one changed, nothing is proved (each byte once, by another bit each time).
pub fn flip_each_byte(bytes: &[u8]) {
    let mut changed = bytes.to_vec();
    for i in 0..bytes.len() {
        changed[i] ^= 1 << (i * 5 % 8);
        let proved = EvidenceFile::parse(&changed).is_ok_and(|file| file.check(&policy()).is_ok());
        assert!(!proved, "byte {i} of {} does not count", bytes.len());
        changed[i] = bytes[i];
    }
}
