//! How much each party has registered, for the quotas of the genesis and of later policies (rule 13).
//!
//! The row `q` ‖ party → `u64(statements)` ‖ `u64(bytes)` is written with each batch that holds a statement of that party.
//! The registrar has no quota: without it nobody could be enrolled.

use std::collections::BTreeMap;

use crate::agreement::{Refusal, Rule};
use crate::log::LogReader;
use crate::registry::ReadError;
use crate::statement::body::Limits;
use crate::statement::{Issuer, Party, Statement};

/// First byte of these rows.
pub(in crate::registry) const USAGE_PREFIX: u8 = b'q';

/// What a party has registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Usage {
    pub statements: u64,
    pub bytes: u64,
}

impl Usage {
    /// With a further statement of `len` bytes.
    pub fn with(self, len: usize) -> Self {
        Self { statements: self.statements + 1, bytes: self.bytes + len as u64 }
    }

    /// The value of its row, 16 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        [self.statements.to_be_bytes(), self.bytes.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (statements, bytes) = bytes.split_at_checked(8)?;
        let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
        Some(Self { statements: number(statements)?, bytes: number(bytes)? })
    }
}

/// The key of a party's row.
pub(in crate::registry) fn usage_key(party: &Party) -> Vec<u8> {
    [&[USAGE_PREFIX][..], party.as_str().as_bytes()].concat()
}

/// Whose quota a statement counts under.
pub(in crate::registry) fn counted(statement: &Statement) -> Option<&Party> {
    match statement.issuer() {
        Issuer::Party(party) if !party.is_registrar() => Some(party),
        _ => None,
    }
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
            Some(bytes) => Usage::from_bytes(&bytes).ok_or_else(damaged),
            None => Ok(Usage::default()),
        }
    }

    /// Counts what enters.
    pub fn set(&mut self, party: &Party, usage: Usage) {
        self.0.insert(party.clone(), usage);
    }

    /// The rows of this batch.
    pub fn rows(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.0.iter().map(|(party, usage)| (usage_key(party), usage.to_bytes()))
    }

    /// Forgets the batch.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Rule 13: a quota that is not limited is not used up.
pub(in crate::registry) fn check_quota(party: &Party, limits: Option<&Limits>, usage: Usage) -> Result<(), Refusal> {
    let Some(limits) = limits else { return Ok(()) };
    let over = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| limit < used);
    let what = match () {
        () if over(usage.statements, limits.statements) => "statements",
        () if over(usage.bytes, limits.bytes) => "bytes of statements",
        () => return Ok(()),
    };
    Err(Refusal {
        rule: Rule::QuotaExceeded,
        message: format!("with this one {party} would have more {what} than one party may register here"),
        accepted: "nothing more of this party, until the registrar raises the limits by a registry.policy".into(),
    })
}
