//! How much one party may register (rule 13), by the limits of the genesis or of a later policy.
//!
//! The registrar has no quota: without it nobody could be enrolled.

use crate::agreement::{Refusal, Rule};
use crate::statement::body::Limits;
use crate::statement::{Issuer, Party, Statement};

/// What a party has registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Statements.
    pub statements: u64,
    /// Their length in all, in bytes.
    pub bytes: u64,
}

impl Usage {
    /// With a further statement of `len` bytes.
    #[must_use]
    pub fn with(self, len: usize) -> Self {
        Self { statements: self.statements + 1, bytes: self.bytes + len as u64 }
    }

    /// Whose usage a statement adds to.
    pub fn counted(statement: &Statement) -> Option<&Party> {
        match statement.issuer() {
            Issuer::Party(party) if !party.is_registrar() => Some(party),
            _ => None,
        }
    }

    /// Whether `party` may have registered this much; what is not limited is not used up.
    ///
    /// # Errors
    /// [`Rule::QuotaExceeded`].
    pub fn check(self, party: &Party, limits: Option<&Limits>) -> Result<(), Refusal> {
        let Some(limits) = limits else { return Ok(()) };
        let over = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| limit < used);
        let what = match () {
            () if over(self.statements, limits.statements) => "statements",
            () if over(self.bytes, limits.bytes) => "bytes of statements",
            () => return Ok(()),
        };
        let message = format!("with this one {party} would have more {what} than one party may register here");
        let accepted = "nothing more of this party, until the registrar raises the limits by a registry.policy";
        Err(Refusal::new(Rule::QuotaExceeded, message, accepted))
    }
}
