//! `add-checkpoint`: the body of a request.
//!
//! ```text
//! old 20852014
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//! jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
//!
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS8npV…
//! ```

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};

use crate::crypto::{NOTE_LEN_MAX, Note, NoteError};
use crate::evidence::checkpoint::parse_decimal;
use crate::evidence::witness::head::{HeadError, LogHead, read_hash};
use crate::merkle::{Hash, PATH_LEN_MAX, TREE_SIZE_MAX};

/// Longest `old` line with its line feed, in bytes.
const OLD_LEN_MAX: usize = "old ".len() + 19 + 1;
/// A hash in base64 with its line feed, in bytes.
const HASH_LINE_LEN: usize = 44 + 1;
/// Longest request, in bytes: a size, 63 hashes, an empty line, a note.
pub const REQUEST_LEN_MAX: usize = OLD_LEN_MAX + PATH_LEN_MAX * HASH_LINE_LEN + 1 + NOTE_LEN_MAX;

/// A request to cosign a checkpoint; well-formed, nothing verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes was cosigned last, 0 … 2^63−1; 0 if none.
    pub old: u64,
    /// The consistency proof from there (RFC 6962 §2.1.2), at most 63 hashes.
    pub proof: Vec<Hash>,
    /// The checkpoint with its signature lines.
    pub note: Note,
    /// What it says.
    pub head: LogHead,
}

/// Why a body is not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Longer than [`REQUEST_LEN_MAX`].
    #[error("a request is at most {REQUEST_LEN_MAX} bytes long")]
    TooLong,
    /// No empty line, or other bytes than UTF-8 before it.
    #[error("a request is an old size, a proof, an empty line and a checkpoint")]
    Parts,
    /// The first line.
    #[error("the first line is `old` and a decimal number without leading zeros, at most 2^63-1")]
    Old,
    /// A line of the proof.
    #[error("line {line} is not a hash in base64")]
    Hash {
        /// 1 is the first line of the proof.
        line: usize,
    },
    /// More than 63 hashes.
    #[error("a proof has at most 63 hashes")]
    ProofLen,
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text.
    #[error(transparent)]
    Head(#[from] HeadError),
}

impl AddCheckpoint {
    /// Reads a body.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.len() > REQUEST_LEN_MAX {
            return Err(RequestError::TooLong);
        }
        let split = body.windows(2).position(|pair| pair == b"\n\n").ok_or(RequestError::Parts)?;
        let (before, note) = (&body[..split], &body[split + 2..]);
        let mut lines = std::str::from_utf8(before).map_err(|_| RequestError::Parts)?.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(parse_decimal);
        let old = old.filter(|old| *old <= TREE_SIZE_MAX).ok_or(RequestError::Old)?;
        let lines: Vec<&str> = lines.collect();
        if lines.len() > PATH_LEN_MAX {
            return Err(RequestError::ProofLen);
        }
        let hash = |(n, line): (usize, &&str)| read_hash(line).ok_or(RequestError::Hash { line: n + 1 });
        let proof = lines.iter().enumerate().map(hash).collect::<Result<_, _>>()?;
        let note = Note::parse(note)?;
        let head = LogHead::from_text(note.text())?;
        Ok(Self { old, proof, note, head })
    }

    /// The body for a checkpoint that a log signed; `proof` leads from the tree of `old` entries to it, empty if `old` is 0
    /// or its size.
    pub fn body(old: u64, proof: &[Hash], note: &Note) -> Vec<u8> {
        let mut text = format!("old {old}\n");
        for hash in proof {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{}", Base64::encode_string(hash));
        }
        text.push('\n');
        text.push_str(&note.to_string());
        text.into_bytes()
    }
}
