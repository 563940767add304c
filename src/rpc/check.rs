//! The only file of the client that turns bytes into something verified.

use crate::crypto::{Digest, KeyLine, Note};
use crate::merkle::{self, Hash};
use crate::rpc::client_error::CheckError;
use crate::statement::Statement;

/// A checkpoint whose log signature holds and that extends every checkpoint this client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    note: Vec<u8>,
    size: u64,
    root: Hash,
}

impl VerifiedCheckpoint {
    /// The signed note, with the cosignatures as served: they are checked by a policy, not here.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub fn root(&self) -> &Hash {
        &self.root
    }
}

/// A receipt that holds for one statement under the log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    bytes: Vec<u8>,
    id: Digest,
    index: u64,
    size: u64,
    time_s: u64,
}

impl VerifiedReceipt {
    /// The receipt's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Id of the statement.
    pub fn id(&self) -> &Digest {
        &self.id
    }

    /// Index of the entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Size of the tree that the receipt is for.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Time of the seal that ends that tree, unix seconds; not before the registration time.
    pub fn time_s(&self) -> u64 {
        self.time_s
    }
}

/// A statement that is in the log at this index. Its signature is not checked: whose key counts is a question of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatement {
    pub(crate) statement: Statement,
    pub(crate) index: u64,
    pub(crate) checkpoint: VerifiedCheckpoint,
}

impl VerifiedStatement {
    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Index of the entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint that it was proved against.
    pub fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }
}

/// Checks form and log signature of a checkpoint.
pub(crate) fn checkpoint(note: &[u8], log: &KeyLine) -> Result<VerifiedCheckpoint, CheckError> {
    let _ = (Note::parse(note), log);
    Err(CheckError::Checkpoint("not checked".to_owned()))
}

/// Checks a receipt for a statement.
pub(crate) fn receipt(bytes: &[u8], statement: &Statement, log: &KeyLine) -> Result<VerifiedReceipt, CheckError> {
    let _ = (bytes, statement, log);
    Err(CheckError::Receipt("not checked".to_owned()))
}

/// Reads hashes of a proof: 32 bytes each, at most `max`.
pub(crate) fn path(hashes: &[Vec<u8>], max: usize) -> Result<Vec<Hash>, CheckError> {
    if hashes.len() > max {
        return Err(CheckError::Field { field: "path", problem: "has too many hashes" });
    }
    let to_hash = |hash: &Vec<u8>| Hash::try_from(hash.as_slice()).ok();
    hashes
        .iter()
        .map(to_hash)
        .collect::<Option<_>>()
        .ok_or(CheckError::Field { field: "path", problem: "holds a hash that is not 32 bytes long" })
}

/// Checks that a statement is the entry at `index` of the checkpoint's tree.
pub(crate) fn inclusion(
    statement: &Statement,
    index: u64,
    path: &[Hash],
    checkpoint: &VerifiedCheckpoint,
) -> Result<(), CheckError> {
    merkle::check_inclusion(&statement.id().0, index, checkpoint.size, path, &checkpoint.root)
        .map_err(|error| CheckError::Inclusion(error.to_string()))
}
