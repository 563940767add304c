//! The step `statement-signature`: every statement is signed by the key that it names.
//!
//! The keys are those that the file itself enrols, read leniently by the bytes of `registry.*` and `party.*` bodies:
//! whether a key had the authority for what it signed is the step `key-authority`, with the rules. A key is parsed
//! only when a statement names it, for parsing costs as much as checking a signature.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::codec::{Item, Kind};
use crate::crypto::{KeyError, Kid, PublicKey};
use crate::evidence::docket_file::{DocketFile, FileStatement};
use crate::statement::GENESIS_KIND;

/// Why a statement of a file is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementSignatureError {
    /// No statement of the file enrols the key.
    #[error("entry {index} names the key {kid}, which nobody in this file enrols")]
    UnknownKey {
        /// Index of the statement.
        index: u64,
        /// The key id.
        kid: Kid,
    },
    /// The genesis is signed by a key that it does not name.
    #[error("the genesis is signed by a key that it does not name itself")]
    GenesisKey,
    /// The signature does not hold.
    #[error("entry {index}: {error}")]
    Signature {
        /// Index of the statement.
        index: u64,
        /// What failed.
        error: KeyError,
    },
}

/// Checks the signature of every statement of the file, each once.
pub(in crate::evidence) fn check_statement_signatures(file: &DocketFile<'_>) -> Result<(), StatementSignatureError> {
    let mut keys = Keys::of(file);
    for FileStatement { index, statement } in &file.statements {
        let (index, kid) = (*index, *statement.kid());
        if statement.kind().as_str() == GENESIS_KIND && !names_key(&statement.body(), &kid) {
            return Err(StatementSignatureError::GenesisKey);
        }
        let key = keys.get(&kid).ok_or(StatementSignatureError::UnknownKey { index, kid })?;
        key.and_then(|key| statement.check_signature_of_kid(&key))
            .map_err(|error| StatementSignatureError::Signature { index, error })?;
    }
    Ok(())
}

struct Keys<'f> {
    bytes: HashMap<Kid, &'f [u8; 32]>,
    parsed: HashMap<Kid, Result<PublicKey, KeyError>>,
}

impl<'f> Keys<'f> {
    fn of(file: &'f DocketFile<'_>) -> Self {
        let mut bytes = HashMap::new();
        for entry in &file.statements {
            if matches!(entry.statement.kind().family(), "registry" | "party") {
                for_each_key(&entry.statement.body(), |key| {
                    bytes.insert(Kid::of_bytes(key), key);
                });
            }
        }
        Self { bytes, parsed: HashMap::new() }
    }

    fn get(&mut self, kid: &Kid) -> Option<Result<PublicKey, KeyError>> {
        match self.parsed.entry(*kid) {
            Entry::Occupied(parsed) => Some(*parsed.get()),
            Entry::Vacant(slot) => {
                let bytes = self.bytes.get(kid)?;
                Some(*slot.insert(PublicKey::from_bytes(&bytes[..])))
            }
        }
    }
}

fn names_key(body: &Item<'_>, kid: &Kid) -> bool {
    let mut found = false;
    for_each_key(body, |key| found |= Kid::of_bytes(key) == *kid);
    found
}

/// Every key under `keys`, `grant` and `registrars.keys`: 32 bytes, or a map that holds them under `key`.
fn for_each_key<'b>(body: &Item<'b>, mut f: impl FnMut(&'b [u8; 32])) {
    let registrars = body.field("registrars").and_then(|registrars| registrars.field("keys"));
    for list in [body.field("keys"), body.field("grant"), registrars].into_iter().flatten() {
        for item in list.array().into_iter().flatten() {
            let key = if item.kind() == Kind::Map { item.field("key") } else { Some(item) };
            if let Some(Ok(key)) = key.and_then(|key| key.bytes()).map(<&[u8; 32]>::try_from) {
                f(key);
            }
        }
    }
}
