//! Whether a witness may cosign (X1, X2).

use crate::crypto::{KeyLine, NoteAlgorithm};
use crate::evidence::witness::request::AddCheckpoint;
use crate::merkle::{Hash, check_consistency};

/// The newest head of a log that a witness cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not know the log.
    #[error("this witness does not know the log")]
    UnknownLog,
    /// No line of a key that it trusts for the log, or one that does not verify.
    #[error("no key that this witness trusts for the log signed the checkpoint")]
    NotSigned,
    /// The old size is larger than the checkpoint's.
    #[error("the old size is larger than the checkpoint's")]
    OldBeyondSize,
    /// The old size is not that of the newest head that was cosigned.
    #[error("the newest checkpoint that this witness cosigned has the size {size}")]
    OtherOld {
        /// That size; 0 if there is none.
        size: u64,
    },
    /// Another root at the size of the newest head that was cosigned: the log signed two histories.
    #[error("this witness cosigned another root at this size")]
    OtherRoot,
    /// The proof does not lead from the newest head to the checkpoint.
    #[error("the consistency proof does not verify")]
    Proof,
}

impl Refusal {
    /// The HTTP status (C2SP tlog-witness).
    pub fn status(self) -> u16 {
        match self {
            Self::UnknownLog => 404,
            Self::NotSigned => 403,
            Self::OldBeyondSize => 400,
            Self::OtherOld { .. } => 409,
            Self::OtherRoot | Self::Proof => 422,
        }
    }
}

/// Decides about a request for a log with these keys (empty: the log is not known), of which `kept` was cosigned last. On
/// success the witness keeps the request's head and then cosigns the text of its note.
///
/// # Errors
/// The first check of the specification that fails.
pub fn judge(keys: &[KeyLine], kept: Option<KeptHead>, request: &AddCheckpoint) -> Result<(), Refusal> {
    check_request(keys, request)?;
    check_extends(kept, request)
}

/// The checks that need nothing of what is kept, first in order (X2).
///
/// # Errors
/// [`Refusal::UnknownLog`], [`Refusal::NotSigned`], [`Refusal::OldBeyondSize`].
pub fn check_request(keys: &[KeyLine], request: &AddCheckpoint) -> Result<(), Refusal> {
    if keys.is_empty() {
        return Err(Refusal::UnknownLog);
    }
    let mut is_signed = false;
    for key in keys.iter().filter(|key| key.algorithm() == NoteAlgorithm::Ed25519) {
        // X3
        is_signed |= request.note.is_signed_by(key).map_err(|_| Refusal::NotSigned)?;
    }
    match () {
        () if !is_signed => Err(Refusal::NotSigned),
        () if request.old > request.head.size => Err(Refusal::OldBeyondSize),
        () => Ok(()),
    }
}

/// The checks against what was cosigned last (X1), for a request that [`check_request`] lets pass.
///
/// # Errors
/// [`Refusal::OtherOld`], [`Refusal::OtherRoot`], [`Refusal::Proof`].
pub fn check_extends(kept: Option<KeptHead>, request: &AddCheckpoint) -> Result<(), Refusal> {
    let (old, head) = (request.old, &request.head);
    let kept_size = kept.map_or(0, |kept| kept.size);
    if old != kept_size {
        return Err(Refusal::OtherOld { size: kept_size });
    }
    if !head.is_possible() {
        return Err(Refusal::Proof);
    }
    match kept {
        Some(kept) if old == head.size && kept.root != head.root => Err(Refusal::OtherRoot),
        // Every tree extends the empty one; nothing is left to prove.
        None if request.proof.is_empty() => Ok(()),
        Some(kept) if kept.size == 0 && request.proof.is_empty() => Ok(()),
        Some(kept) if kept.size > 0 => {
            check_consistency(old, head.size, &kept.root, &head.root, &request.proof).map_err(|_| Refusal::Proof)
        }
        _ => Err(Refusal::Proof),
    }
}
