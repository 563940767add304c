//! What a docket file holds, as views of its bytes; and the owned parts that one is written from.

use std::sync::Arc;

use crate::crypto::Digest;
use crate::evidence::{Seal, SignedCheckpoint};
use crate::merkle::{DOCKET_VALUE_LEN, Hash, MapProof, PATH_LEN_MAX};
use crate::statement::{Origin, Statement, StatementId, Subject};

/// Longest docket file, in bytes: 64 MiB.
pub const DOCKET_FILE_LEN_MAX: usize = 64 << 20;
/// Most entries of a docket file; one that stands in two dockets counts twice, seals do not count.
pub const DOCKET_FILE_ENTRIES_MAX: usize = 65_536;
/// Most dockets of a docket file, present or absent.
pub const DOCKET_FILE_DOCKETS_MAX: usize = 65_536;

/// A well-formed docket file: its form, names, order and closure hold; no signature and no hash is checked yet.
///
/// Paths and siblings are views of the file's bytes; each distinct statement is parsed, and so hashed, once.
#[derive(Clone, Debug)]
pub struct DocketFile<'a> {
    /// What was asked for: the subject of the first docket.
    pub about: Subject,
    /// The registry: that of the checkpoint and of every statement.
    pub origin: Origin,
    /// The signed checkpoint that everything is proved against.
    pub checkpoint: SignedCheckpoint,
    /// By index, ≥ 1; the last is the checkpoint's last entry.
    pub seals: Vec<SealEntry<'a>>,
    /// In the order of [`crate::evidence::required_dockets`].
    pub dockets: Vec<Docket<'a>>,
    /// Each distinct (index, statement) of the entries.
    pub statements: Vec<FileStatement>,
}

/// A seal with its proof.
#[derive(Clone, Debug)]
pub struct SealEntry<'a> {
    /// What the statement says.
    pub seal: Seal,
    /// The statement.
    pub statement: Statement,
    /// Inclusion path, leaf to root.
    pub path: HashList<'a>,
}

/// A statement of the file and its place in the log.
#[derive(Clone, Debug)]
pub struct FileStatement {
    /// Its place, as the file says.
    pub index: u64,
    /// The statement.
    pub statement: Arc<Statement>,
}

/// A docket with its proof.
#[derive(Clone, Debug)]
pub struct Docket<'a> {
    /// What it is about.
    pub subject: Subject,
    /// Proof in the docket map, deepest first, ≤ 256.
    pub siblings: HashList<'a>,
    /// In a proof of absence, the other leaf at its place.
    pub other: Option<(&'a Hash, &'a [u8; DOCKET_VALUE_LEN])>,
    /// Its entries; none is a claim of absence.
    pub entries: Entries<'a>,
}

/// The entries of a docket.
#[derive(Clone, Debug)]
pub enum Entries<'a> {
    /// Statements with their proofs.
    Full(Vec<Entry<'a>>),
    /// A thin list: `roll/…`, `participants/…`, `parties`.
    List(Vec<ListEntry>),
}

/// An entry with its statement.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Place in [`DocketFile::statements`].
    pub statement: usize,
    /// Inclusion path, leaf to root.
    pub path: HashList<'a>,
}

/// An entry of a thin list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Its place in the log.
    pub index: u64,
    /// Its registration time, unix milliseconds.
    pub time_ms: u64,
    /// The statement's id.
    pub id: StatementId,
}

impl Entries<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Full(entries) => entries.len(),
            Self::List(entries) => entries.len(),
        }
    }

    /// Whether the file claims that there is no such docket.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> DocketFile<'a> {
    /// The docket of `subject`, if the file holds it.
    pub fn docket(&self, subject: &Subject) -> Option<&Docket<'a>> {
        self.dockets.iter().find(|docket| docket.subject == *subject)
    }

    /// The last seal: the one that everything is proved against.
    pub fn last_seal(&self) -> &Seal {
        &self.seals.last().expect("the reader refuses a file without seals").seal
    }
}

/// A checked array of 32-byte strings, as a view of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashList<'a> {
    /// `58 20 <32 bytes>`, again and again: the only spelling of such an array's content.
    content: &'a [u8],
}

/// Bytes of one member of a [`HashList`]: a head of two and the hash.
const HASH_ITEM_LEN: usize = 34;

impl<'a> HashList<'a> {
    /// The content of an array whose members were all found to be 32-byte strings.
    pub(in crate::evidence::docket_file) fn new(content: &'a [u8]) -> Self {
        debug_assert!(content.len().is_multiple_of(HASH_ITEM_LEN));
        Self { content }
    }

    /// How many hashes there are.
    pub fn len(&self) -> usize {
        self.content.len() / HASH_ITEM_LEN
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The hashes in order.
    pub fn iter(&self) -> impl Iterator<Item = Hash> + 'a {
        self.content.chunks_exact(HASH_ITEM_LEN).map(|item| {
            let mut hash = [0; 32];
            hash.copy_from_slice(&item[HASH_ITEM_LEN - 32..]);
            hash
        })
    }

    /// The hashes of an inclusion path, without allocating; `f` sees at most 63.
    pub(in crate::evidence) fn with_path<T>(&self, f: impl FnOnce(&[Hash]) -> T) -> T {
        let mut path = [[0; 32]; PATH_LEN_MAX];
        let len = self.len().min(PATH_LEN_MAX);
        path.iter_mut().zip(self.iter()).for_each(|(slot, hash)| *slot = hash);
        f(&path[..len])
    }
}

/// What a docket file is written from.
#[derive(Clone, Debug)]
pub struct DocketFileParts {
    /// What was asked for.
    pub about: Subject,
    /// The registry.
    pub origin: Origin,
    /// The signed checkpoint with its cosignatures.
    pub checkpoint: String,
    /// The last seal of the checkpoint, and for every full entry the one that closes its batch; by index, each once.
    pub seals: Vec<EntryParts>,
    /// In the order of [`crate::evidence::required_dockets`].
    pub dockets: Vec<DocketParts>,
}

/// A statement with its place and proof.
#[derive(Clone, Debug)]
pub struct EntryParts {
    /// Its place in the log.
    pub index: u64,
    /// The bytes of the log entry.
    pub statement: Arc<Statement>,
    /// Inclusion path in the tree of the checkpoint, leaf to root.
    pub path: Vec<Hash>,
}

/// A docket with its proof.
#[derive(Clone, Debug)]
pub struct DocketParts {
    /// What it is about.
    pub subject: Subject,
    /// Proof in the docket map of the last seal.
    pub proof: MapProof,
    /// Its entries, in order; empty for a docket that does not exist.
    pub entries: EntriesParts,
}

/// The entries of a docket to be written.
#[derive(Clone, Debug)]
pub enum EntriesParts {
    /// For subjects that statements name, and `between/…`.
    Full(Vec<EntryParts>),
    /// For list dockets ([`Subject::is_list`]).
    List(Vec<ListEntry>),
}

impl ListEntry {
    /// An entry of a thin list.
    pub fn new(index: u64, time_ms: u64, id: Digest) -> Self {
        Self { index, time_ms, id }
    }
}
