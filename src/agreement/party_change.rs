//! `party.rename`, `party.succeed`, `party.control_change`, `party.retire`: what becomes of a party.
//!
//! - H1. A party keeps its id whatever its name is; its old names stay its own.
//! - H2. A party is succeeded once, by an enrolled party of the same role (and country, of a government) that is not
//!   itself succeeded. Then only the successor signs what the subjects of its predecessor ask.
//! - H3. Where the predecessor is gone, the registrar signs in its place and names the legal act; every answer that rests
//!   on it says so.
//! - H4. A new owner is told, and changes nothing else.

use crate::agreement::party::subject_party;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::body::{Role, Succession};

/// Rename, change of control, retirement: of a party that is known and has not retired.
pub(in crate::agreement) fn check_known(world: &World, act: &Act) -> Result<(), Refusal> {
    let Some(party) = subject_party(act) else { return Ok(()) };
    let state = world.party(party).filter(|state| state.description(act.index).is_some());
    let Some(state) = state else {
        let message = format!("{party} is neither listed nor enrolled");
        return Err(Refusal::new(Rule::PartyUnknown, message, "party.list by the registrar first"));
    };
    demand(!state.is_retired(act.index), || {
        let message = format!("{party} has retired, and nothing more becomes of it");
        Refusal::new(Rule::Terminal, message, "nothing more on this party but a succession")
    })
}

/// H2 and H3.
pub(in crate::agreement) fn check_succeed(world: &World, act: &Act, body: &Succession) -> Result<(), Refusal> {
    let Some(party) = subject_party(act) else { return Ok(()) };
    let refuse = |message: String, accepted: &str| Err(Refusal::new(Rule::SuccessionNotAllowed, message, accepted));
    let Some(before) = world.describe(party, act.index) else {
        let message = format!("{party} is neither listed nor enrolled");
        return Err(Refusal::new(Rule::PartyUnknown, message, "party.list by the registrar first"));
    };
    let successor = &body.successor;
    let after = world.party(successor).filter(|state| state.is_enrolled(act.index));
    let Some(after) = after.and_then(|state| state.description(act.index)) else {
        return refuse(format!("{successor} is not enrolled"), "an enrolled successor");
    };
    if successor == party || world.heir(party, act.index) != *party {
        return refuse(
            format!("{party} is succeeded already, or would succeed itself"),
            "a party that nobody succeeded",
        );
    }
    if world.heir(successor, act.index) != *successor {
        return refuse(format!("{successor} is itself succeeded"), "a successor that nobody succeeded");
    }
    if before.role != after.role || (before.role == Role::Government && before.country != after.country) {
        let message = format!("{successor} is a {} of {}, {party} is not", after.role, after.country);
        return refuse(message, "a successor of the same role, and of a government of the same country");
    }
    demand(body.act.is_some() || act.issuer().is_none_or(|issuer| !issuer.is_registrar()), || {
        let message = "act: missing, where the registrar signs in the place of a party that is gone";
        Refusal::new(Rule::SuccessionNotAllowed, message, "the legal act, the same in both statements")
    })
}
