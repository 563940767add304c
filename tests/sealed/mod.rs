//! What a [`Kit`] has pushed, as a log with seals and proofs: docket files made in memory, straight from the formats.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use nospy::crypto::{KeyLine, NoteAlgorithm};
use nospy::evidence::{
    Checkpoint, DocketFileParts, DocketParts, EntriesParts, EntryParts, ListEntry, Receipt, ReceiptClaims, Seal,
    required_dockets, write_docket_file,
};
use nospy::merkle::{
    DOCKET_START, DocketValue, EMPTY_MAP_ROOT, Edge, Hash, MapProof, chain_next, chain_start, docket_key, docket_leaf,
    docket_node, docket_step, leaf_hash, node_hash,
};
use nospy::statement::{Statement, Subject};

use crate::kit::{Kit, ORIGIN, key, origin};

/// A log with proofs, all recomputed from its entries.
pub struct Log {
    pub entries: Vec<Arc<Statement>>,
    /// Of each entry the index of the seal that closes its batch, and its time.
    pub sealed: Vec<(usize, u64)>,
    pub dockets: BTreeMap<Subject, Vec<usize>>,
}

impl Log {
    /// Seals what a kit has pushed: what has one time is one batch.
    pub fn of(kit: &Kit) -> Self {
        Self::hiding(kit, |_, _| false)
    }

    /// As [`Log::of`], and a log that lies: it keeps from a docket what `hides` says, statement and subject.
    pub fn hiding(kit: &Kit, hides: impl Fn(&Statement, &Subject) -> bool) -> Self {
        Self::made(kit, hides, |_, _| {})
    }

    /// As [`Log::of`], and a log that loses: it changes its dockets before it seals the batch that begins at an index.
    pub fn losing(kit: &Kit, loses: impl Fn(usize, &mut BTreeMap<Subject, Vec<usize>>)) -> Self {
        Self::made(kit, |_, _| false, loses)
    }

    fn made(
        kit: &Kit,
        hides: impl Fn(&Statement, &Subject) -> bool,
        loses: impl Fn(usize, &mut BTreeMap<Subject, Vec<usize>>),
    ) -> Self {
        let mut log = Self { entries: Vec::new(), sealed: Vec::new(), dockets: BTreeMap::new() };
        let (mut prev, mut chain) = (None, chain_start(ORIGIN));
        // The genesis is a batch of its own, a moment before everything else.
        for batch in kit.log.chunk_by(|a, b| a.time_ms == b.time_ms && a.index > 0) {
            let (from, time_ms) = (log.entries.len(), batch[0].time_ms - u64::from(batch[0].index == 0));
            for act in batch {
                for subject in act.statement.touches(|id| kit.named(id)).expect("it can be placed") {
                    if hides(&act.statement, &subject) {
                        continue;
                    }
                    log.dockets.entry(subject).or_default().push(log.entries.len());
                }
                log.entries.push(Arc::clone(&act.statement));
                log.sealed.push((from + batch.len(), time_ms));
                chain = chain_next(&chain, &act.statement.id().0);
            }
            loses(from, &mut log.dockets);
            let (root, _) = map(&log.values(), None, 0);
            let seal = Seal::draft(&origin(), from as u64, prev.as_ref(), time_ms, &chain, &root);
            let seal = seal.sign(&key("log")).expect("a seal of ours parses");
            chain = chain_next(&chain, &seal.id().0);
            prev = Some(*seal.id());
            log.entries.push(Arc::new(seal));
            log.sealed.push((0, time_ms));
        }
        log
    }

    pub fn values(&self) -> Vec<(Hash, DocketValue)> {
        let value = |entries: &Vec<usize>| {
            let step = entries.iter().fold(DOCKET_START, |step, i| {
                docket_step(&step, *i as u64, self.sealed[*i].1, &self.entries[*i].id().0)
            });
            DocketValue { count: entries.len() as u64, step }
        };
        self.dockets.iter().map(|(subject, entries)| (docket_key(&subject.to_string()), value(entries))).collect()
    }

    pub fn entry(&self, index: usize) -> EntryParts {
        let leaves: Vec<Hash> = self.entries.iter().map(|entry| leaf_hash(entry.bytes())).collect();
        let statement = Arc::clone(&self.entries[index]);
        EntryParts { index: index as u64, statement, path: tree(&leaves, Some(index)).1 }
    }

    /// The receipt of an entry in the tree of all entries.
    pub fn receipt(&self, index: usize) -> Vec<u8> {
        let leaves: Vec<Hash> = self.entries.iter().map(|entry| leaf_hash(entry.bytes())).collect();
        let (root, path) = tree(&leaves, Some(index));
        let (statement, last) = (&self.entries[index], self.entries.last().expect("a seal"));
        let claims = ReceiptClaims {
            origin: origin(),
            subject: statement.subject().clone(),
            iat: last.iat(),
            size: leaves.len() as u64,
            index: index as u64,
        };
        Receipt::build(&key("log"), &claims, &path, &root)
    }

    pub fn file(&self, about: &str) -> Vec<u8> {
        let about: Subject = about.parse().expect("a subject");
        let statements = |subject: &Subject| -> Vec<usize> { self.dockets.get(subject).cloned().unwrap_or_default() };
        let subjects = required_dockets(&about, 100, |subject| {
            Ok::<_, String>(statements(subject).into_iter().map(|i| Arc::clone(&self.entries[i])).collect())
        });
        let mut seals = vec![self.entries.len() - 1];
        let mut dockets = Vec::new();
        for subject in subjects.expect("a small log") {
            let indexes = statements(&subject);
            let (_, proof) = map(&self.values(), Some(&docket_key(&subject.to_string())), 0);
            let entries = if subject.is_list() {
                let entry = |i: &usize| ListEntry::new(*i as u64, self.sealed[*i].1, *self.entries[*i].id());
                EntriesParts::List(indexes.iter().map(entry).collect())
            } else {
                seals.extend(indexes.iter().map(|i| self.sealed[*i].0));
                EntriesParts::Full(indexes.iter().map(|i| self.entry(*i)).collect())
            };
            let other = proof.other.filter(|_| indexes.is_empty());
            dockets.push(DocketParts { subject, proof: MapProof { other, ..proof }, entries });
        }
        seals.sort_unstable();
        seals.dedup();
        let mut edge = Edge::new();
        self.entries.iter().for_each(|entry| edge.push(entry.id().0));
        let checkpoint = Checkpoint { origin: origin(), size: edge.size(), root: edge.root() };
        let parts = DocketFileParts {
            about,
            origin: origin(),
            checkpoint: checkpoint.sign(&log_key(), &key("log")).to_string(),
            seals: seals.into_iter().map(|i| self.entry(i)).collect(),
            dockets,
        };
        write_docket_file(&parts).expect("within limits")
    }
}

/// Root and inclusion path, straight from RFC 9162 §2.1.
pub fn tree(leaves: &[Hash], index: Option<usize>) -> (Hash, Vec<Hash>) {
    if let [leaf] = leaves {
        return (*leaf, Vec::new());
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (inside_left, inside_right) =
        (index.filter(|i| *i < left.len()), index.and_then(|i| i.checked_sub(left.len())));
    let (left, right) = (tree(left, inside_left), tree(right, inside_right));
    let path = match index {
        Some(_) if inside_left.is_some() => [left.1, vec![right.0]].concat(),
        Some(_) => [right.1, vec![left.0]].concat(),
        None => Vec::new(),
    };
    (node_hash(&left.0, &right.0), path)
}

/// Root of the docket map and the proof for a key, straight from formats §6.
pub fn map(values: &[(Hash, DocketValue)], key: Option<&Hash>, depth: usize) -> (Hash, MapProof) {
    match values {
        [] => (EMPTY_MAP_ROOT, MapProof::default()),
        [(own, value)] => {
            let other = key.filter(|key| *key != own).map(|_| (*own, value.to_bytes()));
            (docket_leaf(own, value), MapProof { siblings: Vec::new(), other })
        }
        _ => {
            let bit = |key: &Hash| key[depth / 8] & (0x80 >> (depth % 8)) != 0;
            let (ones, zeros): (Vec<_>, Vec<_>) = values.iter().copied().partition(|(key, _)| bit(key));
            let is_one = key.is_some_and(bit);
            let (zeros, ones) =
                (map(&zeros, key.filter(|_| !is_one), depth + 1), map(&ones, key.filter(|_| is_one), depth + 1));
            let ((_, mut proof), sibling) = if is_one { (ones.clone(), zeros.0) } else { (zeros.clone(), ones.0) };
            proof.siblings.push(sibling);
            (docket_node(&zeros.0, &ones.0), proof)
        }
    }
}

pub fn log_key() -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, key("log").public()).expect("an origin is a note name")
}
