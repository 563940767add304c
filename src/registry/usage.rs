//! Where it is stored how much each party has registered, for its quota (rule 13).
//!
//! The row `q` ‖ party → `u64(statements)` ‖ `u64(bytes)` is written with each batch that holds a statement of that party.

use std::collections::BTreeMap;

use crate::agreement::Usage;
use crate::log::LogReader;
use crate::registry::ReadError;
use crate::statement::Party;

/// First byte of these rows.
pub(in crate::registry) const USAGE_PREFIX: u8 = b'q';

/// The key of a party's row.
pub(in crate::registry) fn usage_key(party: &Party) -> Vec<u8> {
    [&[USAGE_PREFIX][..], party.as_str().as_bytes()].concat()
}

/// The value of a party's row, 16 bytes.
pub(in crate::registry) fn usage_row(usage: Usage) -> Vec<u8> {
    [usage.statements.to_be_bytes(), usage.bytes.to_be_bytes()].concat()
}

fn from_row(bytes: &[u8]) -> Option<Usage> {
    let (statements, bytes) = bytes.split_at_checked(8)?;
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
    Some(Usage { statements: number(statements)?, bytes: number(bytes)? })
}

/// What this batch adds, over what is stored.
#[derive(Debug, Default)]
pub(in crate::registry) struct BatchUsage(BTreeMap<Party, Usage>);

impl BatchUsage {
    /// What a party has registered, this batch included.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of(&self, reader: &LogReader, party: &Party) -> Result<Usage, ReadError> {
        if let Some(usage) = self.0.get(party) {
            return Ok(*usage);
        }
        let damaged = || ReadError::Damaged(format!("the row of what {party} has registered"));
        match reader.snapshot().get(&usage_key(party))? {
            Some(bytes) => from_row(&bytes).ok_or_else(damaged),
            None => Ok(Usage::default()),
        }
    }

    /// Counts what enters.
    pub fn set(&mut self, party: &Party, usage: Usage) {
        self.0.insert(party.clone(), usage);
    }

    /// The rows of this batch.
    pub fn rows(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.0.iter().map(|(party, usage)| (usage_key(party), usage_row(*usage)))
    }

    /// Forgets the batch.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
