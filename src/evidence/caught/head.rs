//! A signed tree head: the log's signature under one size and one root, be it from a checkpoint or from a receipt.

use crate::codec::{Item, Value};
use crate::crypto::{KeyLine, SIGNATURE_LEN};
use crate::evidence::caught::file::{EvidenceError, NotProved, members};
use crate::evidence::receipt::{read_protected, to_be_signed};
use crate::evidence::{Receipt, ReceiptClaims, SignedCheckpoint, VerifiedReceipt};
use crate::merkle::Hash;
use crate::statement::Origin;

/// Longest note of a head, in bytes: three lines and one signature line.
const HEAD_NOTE_LEN_MAX: usize = 1_024;

/// A size and a root that a log signed together. Nothing is verified until [`SignedHead::check`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedHead {
    /// By a checkpoint with the log's signature line alone.
    Checkpoint(SignedCheckpoint),
    /// By the signed part of a receipt.
    Receipt {
        /// The protected header.
        protected: Vec<u8>,
        /// What it says.
        claims: ReceiptClaims,
        /// The signature over it and the root.
        signature: [u8; SIGNATURE_LEN],
        /// The root.
        root: Hash,
    },
}

impl SignedHead {
    /// The head of a checkpoint that the log of `key` signed; `None` if it did not.
    pub fn of_checkpoint(signed: &SignedCheckpoint, key: &KeyLine) -> Option<Self> {
        signed.with_line_of(key).map(Self::Checkpoint)
    }

    /// The head that a receipt signs, once [`Receipt::check`] has found its root.
    pub fn of_receipt(receipt: &Receipt, verified: &VerifiedReceipt) -> Self {
        let (protected, signature) = receipt.signed_part();
        let claims = receipt.claims().clone();
        Self::Receipt { protected: protected.to_vec(), claims, signature: *signature, root: verified.root }
    }

    /// The log that it names.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Checkpoint(signed) => &signed.checkpoint().origin,
            Self::Receipt { claims, .. } => &claims.origin,
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        match self {
            Self::Checkpoint(signed) => signed.checkpoint().size,
            Self::Receipt { claims, .. } => claims.size,
        }
    }

    /// Root of the tree of that size.
    pub fn root(&self) -> &Hash {
        match self {
            Self::Checkpoint(signed) => &signed.checkpoint().root,
            Self::Receipt { root, .. } => root,
        }
    }

    /// Checks that the log of `key` signed it.
    ///
    /// # Errors
    /// [`NotProved::Signature`].
    pub fn check(&self, key: &KeyLine) -> Result<(), NotProved> {
        let bad = |why: String| NotProved::Signature(why);
        match self {
            Self::Checkpoint(signed) => signed.check_log_signature(key).map_err(|error| bad(error.to_string())),
            Self::Receipt { claims, .. } if claims.origin.as_str() != key.name() => {
                Err(bad(format!("a receipt is of {}, the key is of {}", claims.origin, key.name())))
            }
            Self::Receipt { protected, signature, root, .. } => {
                let signed = key.key().verify(&to_be_signed(protected, root), signature);
                signed.map_err(|error| bad(format!("the log did not sign this root in a receipt: {error}")))
            }
        }
    }

    /// The head as it is written: the text of a note, or `[protected, signature, root]`.
    pub(in crate::evidence::caught) fn to_value(&self) -> Value {
        match self {
            Self::Checkpoint(signed) => Value::text(signed.note().to_string()),
            Self::Receipt { protected, signature, root, .. } => {
                Value::Array(vec![Value::bytes(protected.clone()), Value::bytes(*signature), Value::bytes(*root)])
            }
        }
    }

    pub(in crate::evidence::caught) fn read(item: &Item<'_>) -> Result<Self, EvidenceError> {
        if let Some(note) = item.text() {
            return read_checkpoint(note).map(Self::Checkpoint);
        }
        let shape = EvidenceError::Shape("a head is the text of a checkpoint, or [protected, signature, root]");
        let [protected, signature, root] = members(item).ok_or(shape.clone())?;
        let (Some(protected), Some(signature), Some(root)) =
            (protected.bytes(), signature.byte_array(), root.byte_array())
        else {
            return Err(shape);
        };
        let (claims, _) = read_protected(protected).map_err(|error| EvidenceError::Part(error.to_string()))?;
        Ok(Self::Receipt { protected: protected.to_vec(), claims, signature, root })
    }
}

/// A checkpoint with one signature line, in its one spelling (C2).
pub(in crate::evidence::caught) fn read_checkpoint(note: &str) -> Result<SignedCheckpoint, EvidenceError> {
    if note.len() > HEAD_NOTE_LEN_MAX {
        return Err(EvidenceError::Shape("a checkpoint with one signature line is at most 1024 bytes long"));
    }
    let signed = SignedCheckpoint::parse(note.as_bytes())
        .map_err(|error| EvidenceError::Part(format!("checkpoint: {error}")))?;
    match signed.note().signatures().len() == 1 && signed.note().to_string() == note {
        true => Ok(signed),
        false => Err(EvidenceError::Shape("a checkpoint in evidence has the log's signature line and no other")),
    }
}
