//! The logs that a witness knows, and whose keys it trusts for each.

use std::collections::BTreeMap;

use crate::crypto::{KeyLine, NoteAlgorithm};

/// Most logs of one witness.
const LOGS_MAX: usize = 10_000;
/// Most keys of one log.
const KEYS_MAX: usize = 8;

/// A log as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLog {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its key, note type 01; its name need not be the origin.
    pub key: KeyLine,
}

/// Why a list of logs cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollError {
    /// The key of a witness, not of a log.
    #[error("{origin}: the key is no log's: a log signs with note type 01")]
    Algorithm {
        /// The log.
        origin: String,
    },
    /// One key twice: a checkpoint of one log could be taken for another's.
    #[error("{origin}: its key is listed twice")]
    KeyTwice {
        /// The log that names it again.
        origin: String,
    },
    /// An origin that no checkpoint can have.
    #[error("an origin is one line of 1 to 255 bytes")]
    Origin,
    /// More than is taken.
    #[error("a witness takes at most {LOGS_MAX} logs with at most {KEYS_MAX} keys each")]
    TooMany,
}

/// All logs of a witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll(BTreeMap<String, Vec<KeyLine>>);

impl Roll {
    /// The logs in a list; several keys of one origin are several entries.
    ///
    /// # Errors
    /// [`RollError`].
    pub fn new(logs: impl IntoIterator<Item = KnownLog>) -> Result<Self, RollError> {
        let mut roll = Self::default();
        let mut known = std::collections::BTreeSet::new();
        for KnownLog { origin, key } in logs {
            if origin.is_empty() || origin.len() > 255 || origin.contains('\n') {
                return Err(RollError::Origin);
            }
            if key.algorithm() != NoteAlgorithm::Ed25519 {
                return Err(RollError::Algorithm { origin });
            }
            if !known.insert((origin.clone(), key.to_string())) {
                return Err(RollError::KeyTwice { origin });
            }
            roll.0.entry(origin).or_default().push(key);
        }
        match roll.0.len() > LOGS_MAX || roll.0.values().any(|keys| keys.len() > KEYS_MAX) {
            true => Err(RollError::TooMany),
            false => Ok(roll),
        }
    }

    /// The keys of a log; none if it is not known.
    pub fn keys(&self, origin: &str) -> &[KeyLine] {
        self.0.get(origin).map_or(&[], Vec::as_slice)
    }

    /// The origins, sorted.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
