//! The same proof as a receipt, as text for tools that know no COSE (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 9
//! YvHxL5RU5fLTSzLxmlcxzjC/FeyLp75IOGAuxckr+3w=
//!
//! registry.example/nospy
//! 24
//! …
//! ```
//!
//! Unlike a receipt it carries the whole checkpoint, and so what witnesses say of it. An `extra` line is never written,
//! and refused.

use base64ct::{Base64, Encoding as _};

use crate::crypto::NOTE_LEN_MAX;
use crate::evidence::checkpoint::parse_decimal;
use crate::evidence::{CheckpointError, Policy, Quorum, SignedCheckpoint};
use crate::merkle::{Hash, PATH_LEN_MAX, ProofError, check_inclusion};
use crate::statement::Statement;

/// Longest proof, in bytes: a note, and 63 hashes before it.
pub const TLOG_PROOF_LEN_MAX: usize = NOTE_LEN_MAX + 4_096;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A parsed proof. Nothing is verified until [`TlogProof::check`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Place of the statement.
    pub index: u64,
    /// Inclusion path, leaf to root, ≤ 63 hashes.
    pub path: Vec<Hash>,
    /// The checkpoint of the tree.
    pub checkpoint: SignedCheckpoint,
}

/// Why a text is not a proof, or not one for this statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Not UTF-8, or longer than [`TLOG_PROOF_LEN_MAX`].
    #[error("a proof is UTF-8 text of at most {TLOG_PROOF_LEN_MAX} bytes")]
    Text,
    /// Another first line.
    #[error("the first line is `{HEADER}`")]
    Header,
    /// An `extra` line.
    #[error("a proof of ours has no `extra` line")]
    Extra,
    /// Not `index <decimal>`.
    #[error("the second line is `index` and a decimal number without leading zeros")]
    Index,
    /// Not at most 63 lines of 32 bytes in base64, then an empty line.
    #[error("at most 63 lines follow, each 32 bytes in canonical base64, and then an empty line")]
    Path,
    /// The checkpoint is not one, or not one that is trusted.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The policy does not name the log, or the statement is of another registry.
    #[error("the policy does not name the log, or the statement is of another registry")]
    OtherOrigin,
    /// Too few witnesses.
    #[error("the witnesses that cosigned are not the quorum that the policy asks for")]
    QuorumMissing,
    /// The path does not lead from the statement to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// Parses a proof; form only.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= TLOG_PROOF_LEN_MAX);
        let rest = text.ok_or(TlogProofError::Text)?;
        let (header, rest) = rest.split_once('\n').ok_or(TlogProofError::Header)?;
        if header != HEADER {
            return Err(TlogProofError::Header);
        }
        if rest.starts_with("extra ") {
            return Err(TlogProofError::Extra);
        }
        let (index, mut rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        let index = index.strip_prefix("index ").and_then(parse_decimal).ok_or(TlogProofError::Index)?;
        let mut path = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(TlogProofError::Path)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            let hash = Base64::decode_vec(line).ok().and_then(|hash| hash.try_into().ok());
            path.push(hash.filter(|_| path.len() < PATH_LEN_MAX).ok_or(TlogProofError::Path)?);
        }
        Ok(Self { index, path, checkpoint: SignedCheckpoint::parse(rest.as_bytes())? })
    }

    /// Checks that `statement` is in the tree of a checkpoint that `policy` trusts: the log's signature, the quorum,
    /// the path.
    ///
    /// # Errors
    /// [`TlogProofError`], naming what does not hold.
    pub fn check(&self, statement: &Statement, policy: &Policy) -> Result<Quorum, TlogProofError> {
        let checkpoint = self.checkpoint.checkpoint();
        let log = policy.log_of(&checkpoint.origin).filter(|_| checkpoint.origin == *statement.origin());
        self.checkpoint.check_log_signature(log.ok_or(TlogProofError::OtherOrigin)?)?;
        let quorum = self.checkpoint.check_quorum(policy)?;
        if !quorum.is_met {
            return Err(TlogProofError::QuorumMissing);
        }
        check_inclusion(&statement.id().0, self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        Ok(quorum)
    }
}

impl std::fmt::Display for TlogProof {
    /// The proof as it is published.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", Base64::encode_string(hash)))?;
        write!(f, "\n{}", self.checkpoint.note())
    }
}
