//! The logs that a witness knows, and whose keys it trusts for each.

use std::collections::BTreeMap;

use crate::crypto::{KeyLine, NoteAlgorithm};
use crate::witness::origin_hash;

/// Most logs of one witness.
const LOGS_MAX: usize = 10_000;
/// Longest origin and longest name of a key, in bytes.
const NAME_LEN_MAX: usize = 255;
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
    /// An origin or a key's name that no checkpoint can have.
    #[error("an origin, and the name of a key, is one line of 1 to {NAME_LEN_MAX} bytes")]
    Origin,
    /// More than is taken.
    #[error("a witness takes at most {LOGS_MAX} logs with at most {KEYS_MAX} keys each")]
    TooMany,
}

/// All logs of a witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    keys: BTreeMap<String, Vec<KeyLine>>,
    /// The origins by their hashes, as paths name them.
    origins: BTreeMap<String, String>,
}

impl Roll {
    /// The logs in a list; several keys of one origin are several entries.
    ///
    /// # Errors
    /// [`RollError`].
    pub fn new(logs: impl IntoIterator<Item = KnownLog>) -> Result<Self, RollError> {
        let mut roll = Self::default();
        let mut known = std::collections::BTreeSet::new();
        for KnownLog { origin, key } in logs {
            let is_line = |name: &str| !name.is_empty() && name.len() <= NAME_LEN_MAX && !name.contains('\n');
            if !is_line(&origin) || !is_line(key.name()) {
                return Err(RollError::Origin);
            }
            if key.algorithm() != NoteAlgorithm::Ed25519 {
                return Err(RollError::Algorithm { origin });
            }
            if !known.insert((origin.clone(), key.to_string())) {
                return Err(RollError::KeyTwice { origin });
            }
            roll.origins.insert(origin_hash(&origin), origin.clone());
            roll.keys.entry(origin).or_default().push(key);
        }
        match roll.keys.len() > LOGS_MAX || roll.keys.values().any(|keys| keys.len() > KEYS_MAX) {
            true => Err(RollError::TooMany),
            false => Ok(roll),
        }
    }

    /// The keys of a log; none if it is not known.
    pub fn keys(&self, origin: &str) -> &[KeyLine] {
        self.keys.get(origin).map_or(&[], Vec::as_slice)
    }

    /// The origin that a path names by its hash.
    pub fn origin_of(&self, hash: &str) -> Option<&str> {
        self.origins.get(hash).map(String::as_str)
    }

    /// The origins, sorted.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}
