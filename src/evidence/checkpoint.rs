//! The log's signed word for its whole content (C2SP tlog-checkpoint): origin, size, root, and nothing else.
//!
//! ```text
//! registry.example/nospy
//! 17
//! SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=
//! ```

use base64ct::{Base64, Encoding as _};

use crate::crypto::{KeyLine, Note, NoteAlgorithm, NoteError, SigningKey};
use crate::evidence::{Policy, Quorum};
use crate::merkle::{Hash, TREE_SIZE_MAX};
use crate::statement::{NameError, Origin};

/// Smallest size of a checkpoint of ours: genesis and the first seal.
pub const CHECKPOINT_SIZE_MIN: u64 = 2;

/// What a checkpoint says: the tree of `size` entries of the log `origin` has this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// The number of entries, 0 … 2^63−1; a log of ours signs none below [`CHECKPOINT_SIZE_MIN`].
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
}

/// A checkpoint as it is published: well-formed, no signature verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

/// Why bytes are not a checkpoint, or not one that is trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a signed note, or a known signature line does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not exactly three lines: witnesses refuse extension lines, and so do we (formats §7).
    #[error("a checkpoint has exactly three lines: origin, size, root")]
    Lines,
    /// The first line is not an origin.
    #[error("the first line: {0}")]
    Origin(NameError),
    /// The second line is not a size.
    #[error("the size is a decimal number without sign or leading zeros, at most 2^63-1")]
    Size,
    /// The third line is not a root.
    #[error("the root is 32 bytes in canonical base64")]
    Root,
    /// The checkpoint is another log's.
    #[error("the checkpoint is of {found}, the key is of {expected}")]
    OtherOrigin {
        /// The name of the key.
        expected: String,
        /// The origin of the checkpoint.
        found: Origin,
    },
    /// No line of the log's key.
    #[error("the log {name} has not signed this checkpoint")]
    NotSigned {
        /// The name of the key.
        name: String,
    },
}

impl Checkpoint {
    /// The three lines that are signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, Base64::encode_string(&self.root))
    }

    /// Reads the three lines.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n').collect();
        let [origin, size, root] = lines.try_into().map_err(|_| CheckpointError::Lines)?;
        let origin = origin.parse().map_err(CheckpointError::Origin)?;
        let size = parse_decimal(size).filter(|size| *size <= TREE_SIZE_MAX).ok_or(CheckpointError::Size)?;
        let root = Base64::decode_vec(root).ok().and_then(|root| root.try_into().ok()).ok_or(CheckpointError::Root)?;
        Ok(Self { origin, size, root })
    }

    /// Signs as the log: note type 01 under the name = origin. `name` is the log's own key line.
    pub fn sign(&self, name: &KeyLine, key: &SigningKey) -> Note {
        debug_assert_eq!(name.name(), self.origin.as_str(), "the name of a log's key is its origin");
        Note::sign(&self.to_text(), name, key)
    }
}

impl SignedCheckpoint {
    /// Parses a published checkpoint, ≤ 65,536 bytes and ≤ 100 signature lines; form only.
    ///
    /// # Errors
    /// [`CheckpointError`], naming the line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::from_text(note.text())?;
        Ok(Self { note, checkpoint })
    }

    /// What it says. Not verified until [`SignedCheckpoint::check_log_signature`] says so.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with all its signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// This checkpoint with the log's own signature line and no other, or `None` if the log of `key` did not sign it.
    pub fn with_line_of(&self, key: &KeyLine) -> Option<Self> {
        let note = self.note.with_line_of(key)?;
        let alone = Self { note, checkpoint: self.checkpoint.clone() };
        alone.check_log_signature(key).is_ok().then_some(alone)
    }

    /// Checks that the log of `key` signed this, and that it is a checkpoint of that log: a key's name is its
    /// log's origin, so one log cannot sign for another.
    ///
    /// # Errors
    /// [`CheckpointError::OtherOrigin`], [`CheckpointError::NotSigned`], or [`CheckpointError::Note`] if a line of
    /// the key does not verify.
    pub fn check_log_signature(&self, key: &KeyLine) -> Result<(), CheckpointError> {
        if self.checkpoint.origin.as_str() != key.name() {
            let found = self.checkpoint.origin.clone();
            return Err(CheckpointError::OtherOrigin { expected: key.name().to_owned(), found });
        }
        match key.algorithm() == NoteAlgorithm::Ed25519 && self.note.is_signed_by(key)? {
            true => Ok(()),
            false => Err(CheckpointError::NotSigned { name: key.name().to_owned() }),
        }
    }

    /// Which witnesses of `policy` cosigned this, and whether they are enough for it.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] if a line of a known witness does not verify: then the whole note is refused.
    pub fn check_quorum(&self, policy: &Policy) -> Result<Quorum, CheckpointError> {
        Ok(policy.evaluate(&self.note)?)
    }
}

/// A decimal number in its one spelling.
pub(in crate::evidence) fn parse_decimal(text: &str) -> Option<u64> {
    let is_canonical = text == "0" || !text.starts_with('0');
    if !is_canonical || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
