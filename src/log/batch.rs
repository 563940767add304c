//! Planning one batch: pure. Entries come in, rows and the next head come out; nothing is written here.

use crate::crypto::Digest;
use crate::log::row::{entry_key, id_key, seal_key, tile_key};
use crate::log::{Head, SealPlace};
use crate::merkle::{Hash, NodeId, TILE_HEIGHT, TILE_WIDTH, chain_next, leaf_hash};

/// The hashes of the tiles that are not full yet, one list for each level, each shorter than 256.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialTiles(pub(in crate::log) Vec<Vec<Hash>>);

impl PartialTiles {
    /// The hashes of the partial tile at `level`, 0 to 255 of them.
    pub fn level(&self, level: u8) -> &[Hash] {
        self.0.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// Adds a completed node; a tile that becomes full leaves as a row.
    fn push(&mut self, node: NodeId, hash: &Hash, rows: &mut Vec<(Vec<u8>, Vec<u8>)>) {
        if u32::from(node.level) % u32::from(TILE_HEIGHT) != 0 {
            return;
        }
        let level = node.level / TILE_HEIGHT;
        let at = usize::from(level);
        if self.0.len() <= at {
            self.0.resize(at + 1, Vec::new());
        }
        self.0[at].push(*hash);
        if self.0[at].len() as u64 == TILE_WIDTH {
            rows.push((tile_key(level, node.index / TILE_WIDTH), self.0[at].concat()));
            self.0[at].clear();
        }
    }
}

/// A batch under construction.
#[derive(Clone, Debug)]
pub struct Batch {
    head: Head,
    partials: PartialTiles,
    from: u64,
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    rows_reserved: usize,
    bytes: usize,
}

/// A batch ready to commit.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Keys and values, without the head record.
    pub rows: Vec<(Vec<u8>, Vec<u8>)>,
    /// The head after the batch.
    pub head: Head,
    /// The partial tiles after the batch.
    pub partials: PartialTiles,
}

impl Batch {
    /// Starts after `head`.
    pub fn begin(head: &Head, partials: &PartialTiles) -> Self {
        Self {
            head: head.clone(),
            partials: partials.clone(),
            from: head.size(),
            rows: Vec::new(),
            rows_reserved: 0,
            bytes: 0,
        }
    }

    /// The index that the next entry gets.
    pub fn next_index(&self) -> u64 {
        self.head.size()
    }

    /// The index of the batch's first entry, the seal's `from`.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// chain(next index): what a seal that stands next signs.
    pub fn chain(&self) -> &Hash {
        &self.head.chain
    }

    /// Bytes of rows so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of rows so far, with those announced.
    pub fn rows(&self) -> usize {
        self.rows.len() + self.rows_reserved
    }

    /// Whether nothing would be written but a seal.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Announces rows that will be added before the batch is closed.
    pub fn reserve_rows(&mut self, rows: usize) {
        self.rows_reserved += rows;
    }

    /// Adds rows that the log does not look into.
    pub fn add_rows(&mut self, rows: Vec<(Vec<u8>, Vec<u8>)>) {
        self.bytes += rows.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        self.rows.extend(rows);
    }

    /// Places an entry and returns its index.
    pub fn push(&mut self, entry: &[u8]) -> u64 {
        let index = self.next_index();
        let leaf = leaf_hash(entry);
        self.head.chain = chain_next(&self.head.chain, &leaf);
        let (partials, rows) = (&mut self.partials, &mut self.rows);
        self.head.edge.push_visiting(leaf, |node, hash| partials.push(node, hash, rows));
        let record = [&self.head.chain[..], entry].concat();
        self.bytes += record.len();
        self.rows.push((entry_key(index), record));
        self.rows.push((id_key(&leaf), index.to_be_bytes().to_vec()));
        index
    }

    /// Closes the batch with its seal, which signs `dockets` at `time_ms`.
    pub fn close(mut self, seal: &[u8], time_ms: u64, dockets: Hash) -> Planned {
        let index = self.push(seal);
        self.rows.push((seal_key(index), time_ms.to_be_bytes().to_vec()));
        self.head.seal = Some(SealPlace { index, id: Digest(leaf_hash(seal)), time_ms });
        self.head.dockets = dockets;
        Planned { rows: self.rows, head: self.head, partials: self.partials }
    }
}
