//! The head record: what the log claims to be, in the one value that every commit compares and replaces.

use crate::crypto::{Digest, sha256};
use crate::merkle::{Edge, Hash, chain_start};

/// Where the newest seal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealPlace {
    /// Its index.
    pub index: u64,
    /// Its statement id.
    pub id: Digest,
    /// Its time, unix milliseconds.
    pub time_ms: u64,
}

/// The state after a batch. `Head::empty` is the state before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The right edge of the tree; its size is the number of entries.
    pub edge: Edge,
    /// chain(size).
    pub chain: Hash,
    /// The newest seal, the last entry; `None` before the first batch.
    pub seal: Option<SealPlace>,
    /// The docket root that the newest seal signs; zeros before the first batch.
    pub dockets: Hash,
}

const VERSION: u8 = 1;

impl Head {
    /// The log of `origin` before its first entry.
    pub fn empty(origin: &str) -> Self {
        Self { edge: Edge::new(), chain: chain_start(origin), seal: None, dockets: [0; 32] }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// The stored form, ≤ 2,200 bytes, ending with the SHA-256 of what stands before it.
    ///
    /// # Panics
    /// On a head without a seal: a commit always ends with one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let seal = self.seal.as_ref().expect("every commit ends with a seal");
        let mut bytes = vec![VERSION];
        bytes.extend(self.size().to_be_bytes());
        bytes.extend(self.chain);
        bytes.extend(seal.index.to_be_bytes());
        bytes.extend(seal.id.0);
        bytes.extend(seal.time_ms.to_be_bytes());
        bytes.extend(self.dockets);
        self.edge.nodes().iter().for_each(|node| bytes.extend(node));
        bytes.extend(sha256(&[&bytes]).0);
        bytes
    }

    /// Reads the stored form; `None` if it is damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk::<32>()?;
        if sha256(&[content]).0 != *checksum || content.first() != Some(&VERSION) {
            return None;
        }
        let mut rest = &content[1..];
        let size = take_u64(&mut rest)?;
        let chain = take::<32>(&mut rest)?;
        let seal = SealPlace {
            index: take_u64(&mut rest)?,
            id: Digest(take::<32>(&mut rest)?),
            time_ms: take_u64(&mut rest)?,
        };
        let dockets = take::<32>(&mut rest)?;
        let (nodes, []) = rest.as_chunks::<32>() else { return None };
        let edge = Edge::from_parts(size, nodes.to_vec()).ok()?;
        Some(Self { edge, chain, seal: Some(seal), dockets })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_be_bytes)
}
