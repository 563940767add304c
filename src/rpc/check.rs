//! The only file of the client that turns bytes into something verified.

use crate::crypto::KeyLine;
use crate::evidence::{self, Receipt, SignedCheckpoint};
use crate::merkle::{self, Edge, Hash, ProofError};
use crate::rpc::client_error::CheckError;
use crate::statement::{Statement, StatementId};

/// A checkpoint whose log signature holds and that extends every checkpoint this client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    note: Vec<u8>,
    signed: SignedCheckpoint,
}

impl VerifiedCheckpoint {
    /// The signed note, byte for byte as served.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// The checkpoint with the cosignatures as served. They are checked under a policy
    /// ([`SignedCheckpoint::check_quorum`]), not here.
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.signed.checkpoint().size
    }

    /// Root of the tree.
    pub fn root(&self) -> &Hash {
        &self.signed.checkpoint().root
    }
}

/// A receipt that holds for one statement under the log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    bytes: Vec<u8>,
    id: StatementId,
    proved: evidence::VerifiedReceipt,
}

impl VerifiedReceipt {
    /// The receipt's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Id of the statement.
    pub fn id(&self) -> &StatementId {
        &self.id
    }

    /// What it proves: index, size, root, and the time of the seal that ends the tree.
    pub fn proved(&self) -> &evidence::VerifiedReceipt {
        &self.proved
    }
}

/// A statement that is in the log at this index. Its signature is not checked: whose key counts is a question of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatement {
    statement: Statement,
    index: u64,
    path: Vec<Hash>,
    checkpoint: VerifiedCheckpoint,
}

impl VerifiedStatement {
    /// The inclusion path that proved it, leaf to root, ≤ 63 hashes.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

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
    let of = |error: evidence::CheckpointError| CheckError::Checkpoint(error.to_string());
    let signed = SignedCheckpoint::parse(note).map_err(of)?;
    signed.check_log_signature(log).map_err(of)?;
    Ok(VerifiedCheckpoint { note: note.to_vec(), signed })
}

/// Checks that `new`, of at least the size of `old`, extends it.
pub(crate) fn extension(old: &VerifiedCheckpoint, new: &VerifiedCheckpoint, path: &[Hash]) -> Result<(), ProofError> {
    merkle::check_consistency(old.size(), new.size(), old.root(), new.root(), path)
}

/// Checks a receipt for a statement.
pub(crate) fn receipt(bytes: &[u8], statement: &Statement, log: &KeyLine) -> Result<VerifiedReceipt, CheckError> {
    let of = |error: evidence::ReceiptError| CheckError::Receipt(error.to_string());
    let proved = Receipt::parse(bytes).map_err(of)?.check(statement, log).map_err(of)?;
    Ok(VerifiedReceipt { bytes: bytes.to_vec(), id: *statement.id(), proved })
}

/// Checks that a statement is the entry at `index` of the checkpoint's tree.
pub(crate) fn inclusion(
    statement: Statement,
    index: u64,
    path: &[Hash],
    checkpoint: VerifiedCheckpoint,
) -> Result<VerifiedStatement, CheckError> {
    merkle::check_inclusion(&statement.id().0, index, checkpoint.size(), path, checkpoint.root())
        .map_err(|error| CheckError::Inclusion(error.to_string()))?;
    Ok(VerifiedStatement { statement, index, path: path.to_vec(), checkpoint })
}

/// Checks that `statements` are the entries of the checkpoint's tree that follow those of `edge`, and gives the edge after
/// them; `path` proves that the checkpoint's tree begins with theirs.
pub(crate) fn run(
    mut edge: Edge,
    statements: &[Vec<u8>],
    checkpoint: &VerifiedCheckpoint,
    path: &[Hash],
) -> Result<Edge, CheckError> {
    let of = |error: ProofError| CheckError::Inclusion(error.to_string());
    let start = edge.size();
    let end = start.checked_add(statements.len() as u64).filter(|end| *end <= checkpoint.size());
    end.ok_or(CheckError::Field { field: "end", problem: "is beyond the checkpoint" })?;
    statements.iter().for_each(|statement| edge.push(merkle::leaf_hash(statement)));
    // The empty tree is the beginning of every other: nothing is shown, and nothing is claimed.
    if edge.size() > 0 {
        merkle::check_consistency(edge.size(), checkpoint.size(), &edge.root(), checkpoint.root(), path).map_err(of)?;
    }
    Ok(edge)
}

/// Checks that the entry before `size` and its inclusion path are the right edge of the first `size` entries of the
/// checkpoint's tree; `path` proves that this tree begins with theirs.
pub(crate) fn edge(
    size: u64,
    last: &Hash,
    inclusion: &[Hash],
    checkpoint: &VerifiedCheckpoint,
    path: &[Hash],
) -> Result<Edge, CheckError> {
    let of = |error: ProofError| CheckError::Inclusion(error.to_string());
    let edge = Edge::of_last_entry(size, last, inclusion).map_err(of)?;
    merkle::check_consistency(size, checkpoint.size(), &edge.root(), checkpoint.root(), path).map_err(of)?;
    Ok(edge)
}

/// Reads the statement that a list names by its id.
pub(crate) fn listed(bytes: &[u8], id: &StatementId) -> Result<Statement, CheckError> {
    let statement = Statement::parse(bytes).map_err(|error| CheckError::Statement(error.to_string()))?;
    match statement.id() == id {
        true => Ok(statement),
        false => Err(CheckError::Statement(format!("the list names {id}, {} came", statement.id()))),
    }
}

/// Reads the hashes of a proof: 32 bytes each, at most `max`.
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
