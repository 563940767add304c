//! A log of somebody else: any origin, any key, the tree of RFC 6962 by its slow definition.
#![allow(dead_code)]

use base64ct::{Base64, Encoding as _};
use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::evidence::witness::AddCheckpoint;
use nospy::merkle::{Hash, leaf_hash};

use crate::reference::tree::{mth, proof};

pub struct OtherLog {
    pub origin: String,
    pub key: SigningKey,
    pub name: KeyLine,
    pub leaves: Vec<Hash>,
}

impl OtherLog {
    pub fn new(origin: &str, name: &str, seed: u8) -> Self {
        let key = SigningKey::from_seed(&[seed; 32]);
        let name = KeyLine::new(name, NoteAlgorithm::Ed25519, key.public()).unwrap();
        Self { origin: origin.to_owned(), key, name, leaves: Vec::new() }
    }

    /// Appends entries until there are `size`, each named after `branch` and its index.
    pub fn grow(&mut self, branch: &str, size: usize) {
        for index in self.leaves.len()..size {
            self.leaves.push(leaf_hash(format!("{branch} {index}").as_bytes()));
        }
    }

    pub fn root(&self, size: usize) -> Hash {
        mth(&self.leaves[..size])
    }

    pub fn text(&self, size: usize) -> String {
        format!("{}\n{size}\n{}\n", self.origin, Base64::encode_string(&self.root(size)))
    }

    pub fn note(&self, size: usize) -> Note {
        Note::sign(&self.text(size), &self.name, &self.key)
    }

    pub fn proof(&self, old: usize, size: usize) -> Vec<Hash> {
        if old == 0 || old >= size { Vec::new() } else { proof(old, &self.leaves[..size]) }
    }

    /// An honest request.
    pub fn request(&self, old: usize, size: usize) -> Vec<u8> {
        AddCheckpoint::body(old as u64, &self.proof(old, size), &self.note(size))
    }
}
