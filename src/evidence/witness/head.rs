//! What a checkpoint of any log says.

use base64ct::{Base64, Encoding as _};

use crate::evidence::checkpoint::parse_decimal;
use crate::merkle::{EMPTY_ROOT, Hash, TREE_SIZE_MAX};

/// Longest origin that is taken, in bytes.
const ORIGIN_LEN_MAX: usize = 255;

/// Origin, size and root of a checkpoint of any log (C2SP tlog-checkpoint); ours are [`Checkpoint`](crate::evidence::Checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The log, 1 to 255 bytes on one line. It need not look like one of ours.
    pub origin: String,
    /// The number of entries, 0 … 2^63−1.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
}

/// Why a text is not a checkpoint that a witness takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// Fewer than three lines.
    #[error("a checkpoint has three lines: origin, size, root")]
    Lines,
    /// More than three lines (X4).
    #[error("this witness cosigns no extension lines")]
    Extension,
    /// The first line is empty or too long.
    #[error("the origin is 1 to 255 bytes long")]
    Origin,
    /// The second line is not a size.
    #[error("the size is a decimal number without sign or leading zeros, at most 2^63-1")]
    Size,
    /// The third line is not a root.
    #[error("the root is 32 bytes in canonical base64")]
    Root,
}

impl LogHead {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn from_text(text: &str) -> Result<Self, HeadError> {
        let mut lines = text.strip_suffix('\n').ok_or(HeadError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(HeadError::Lines);
        };
        if lines.next().is_some() {
            return Err(HeadError::Extension);
        }
        if origin.is_empty() || origin.len() > ORIGIN_LEN_MAX {
            return Err(HeadError::Origin);
        }
        let size = parse_decimal(size).filter(|size| *size <= TREE_SIZE_MAX).ok_or(HeadError::Size)?;
        let root = read_hash(root).ok_or(HeadError::Root)?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Whether the root can be that of a tree of this size: there is one empty tree.
    pub(in crate::evidence::witness) fn is_possible(&self) -> bool {
        self.size > 0 || self.root == EMPTY_ROOT
    }
}

/// 32 bytes in canonical base64.
pub(in crate::evidence::witness) fn read_hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}
