//! Rule 11: what changes no force is bounded, per subject and issuer; what does always has room.

use std::collections::BTreeMap;

use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule};
use crate::statement::Party;

/// Most statements of one issuer on one agreement or offer that do not change force (rule 11).
pub const TALK_STATEMENTS_MAX: u64 = 1_024;
/// Most bytes of them (rule 11): 4 MiB.
pub const TALK_BYTES_MAX: u64 = 4 << 20;

/// Statements and bytes of kinds that do not change force, by issuer.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Talk(BTreeMap<Party, (u64, u64)>);

impl Talk {
    /// Counts a statement that does not change force.
    pub fn count(&mut self, act: &Act) {
        if let Some(issuer) = act.issuer() {
            let (statements, bytes) = self.0.entry(issuer.clone()).or_default();
            *statements += 1;
            *bytes += act.statement.bytes().len() as u64;
        }
    }

    /// Whether there is room for another one.
    pub fn check_room(&self, act: &Act) -> Result<(), Refusal> {
        let (statements, bytes) = act.issuer().and_then(|issuer| self.0.get(issuer)).copied().unwrap_or_default();
        let has_room = statements < TALK_STATEMENTS_MAX && bytes + act.statement.bytes().len() as u64 <= TALK_BYTES_MAX;
        demand(has_room, || {
            let message = format!("the issuer has {statements} statements of {bytes} bytes here that change no force");
            let accepted =
                format!("kinds that change force; of others {TALK_STATEMENTS_MAX} in {TALK_BYTES_MAX} bytes");
            Refusal::new(Rule::AgreementFull, message, accepted)
        })
    }
}
