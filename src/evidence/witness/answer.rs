//! What a witness answers, and how a log reads it.

use crate::crypto::{Cosignature, KeyLine, Note, NoteError, NoteSignature};
use crate::evidence::checkpoint::parse_decimal;
use crate::merkle::TREE_SIZE_MAX;

/// Media type of the body of a 409 that names the size of the newest head.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";
/// Longest answer that a log reads, in bytes: far more than the lines of one witness take.
pub const ANSWER_LEN_MAX: usize = 16 * 1024;

/// Why an answer of 200 is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Longer than [`ANSWER_LEN_MAX`], or other bytes than UTF-8.
    #[error("the answer is not a short text")]
    Text,
    /// Not signature lines, or a line of the witness does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// No line of the witness.
    #[error("the answer holds no cosignature of {name}")]
    NoCosignature {
        /// The name of the witness's key.
        name: String,
    },
}

/// Reads the lines that the witness of `key` answered for the checkpoint `note`: its newest cosignature, as a line to add.
///
/// # Errors
/// [`AnswerError`]. Lines of other keys are passed over.
pub fn read_cosignatures(
    note: &Note,
    lines: &[u8],
    key: &KeyLine,
) -> Result<(NoteSignature, Cosignature), AnswerError> {
    if lines.len() > ANSWER_LEN_MAX {
        return Err(AnswerError::Text);
    }
    let lines = std::str::from_utf8(lines).map_err(|_| AnswerError::Text)?;
    // As the specification says: the lines behind the text that they are said to sign.
    let answered = Note::parse(format!("{}\n{lines}", note.text()).as_bytes())?;
    let none = || AnswerError::NoCosignature { name: key.name().to_owned() };
    let cosignature = answered.cosigned_by(key)?.ok_or_else(none)?;
    let is_it = |line: &&NoteSignature| {
        line.name == key.name()
            && line.key_id == key.key_id()
            && line.signature.starts_with(&cosignature.time.to_be_bytes())
    };
    let line = answered.signatures().iter().find(is_it).ok_or_else(none)?;
    Ok((line.clone(), cosignature))
}

/// The body of a 409: a size and a line feed.
pub fn size_body(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of a 409; `None` if it is not a size of 0 … 2^63−1 in its one spelling.
pub fn read_size(body: &[u8]) -> Option<u64> {
    let size = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    parse_decimal(size).filter(|size| *size <= TREE_SIZE_MAX)
}
