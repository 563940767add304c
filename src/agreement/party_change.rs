//! `party.rename`, `party.succeed`, `party.control_change`, `party.retire`: what becomes of a party.
//!
//! - H1. A party keeps its id whatever its name is; its old names stay its own.
//! - H2. A party is succeeded once, by an enrolled party of the same role (and country, of a government) that is not
//!   itself succeeded. Then only the successor signs what the subjects of its predecessor ask.
//! - H3. Where the predecessor is gone, the registrar signs in its place and names the legal act; every answer that rests
//!   on it says so.
//! - H4. A new owner is told, and changes nothing else.

use crate::agreement::history::Before;
use crate::agreement::party::subject_party;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::Party;
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

/// H2 and H3. Who the successor is, is asked once the successor signs: a file that holds the word of the predecessor alone
/// need not hold the successor's docket (formats §9).
pub(in crate::agreement) fn check_succeed(
    world: &World,
    act: &Act,
    body: &Succession,
    before: Before<'_>,
) -> Result<(), Refusal> {
    let Some(party) = subject_party(act) else { return Ok(()) };
    let is_known = world.party(party).is_some_and(|state| state.description(act.index).is_some());
    demand(is_known, || {
        let message = format!("{party} is neither listed nor enrolled");
        Refusal::new(Rule::PartyUnknown, message, "party.list by the registrar first")
    })?;
    demand(body.successor != *party && world.heir(party, act.index) == *party, || {
        let message = format!("{party} is succeeded already, or would succeed itself");
        not_allowed(message, "a party that nobody succeeded")
    })?;
    demand(body.act.is_some() || act.issuer().is_none_or(|issuer| !issuer.is_registrar()), || {
        let message = "act: missing, where the registrar signs in the place of a party that is gone";
        not_allowed(message, "the legal act, the same in both statements")
    })?;
    let is_successor = |issuer: Option<&Party>| issuer == Some(&body.successor);
    let has_signed = before.book.waiting().iter().any(|waiting| is_successor(waiting.act.issuer()));
    match is_successor(act.issuer()) || has_signed {
        true => check_successor(world, act, party, body),
        false => Ok(()),
    }
}

/// H2: whether the successor may take the place.
pub(in crate::agreement) fn check_successor(
    world: &World,
    act: &Act,
    party: &Party,
    body: &Succession,
) -> Result<(), Refusal> {
    let successor = &body.successor;
    let after = world.party(successor).filter(|state| state.is_enrolled(act.index));
    let (Some(after), Some(before)) = (
        after.and_then(|state| state.description(act.index)),
        world.party(party).and_then(|state| state.description(act.index)),
    ) else {
        return Err(not_allowed(format!("{successor} is not enrolled"), "an enrolled successor"));
    };
    demand(world.heir(successor, act.index) == *successor, || {
        not_allowed(format!("{successor} is itself succeeded"), "a successor that nobody succeeded")
    })?;
    let is_same = before.role == after.role && (before.role != Role::Government || before.country == after.country);
    demand(is_same, || {
        let message = format!("{successor} is a {} of {}, {party} is not", after.role, after.country);
        not_allowed(message, "a successor of the same role, and of a government of the same country")
    })
}

fn not_allowed(message: impl Into<String>, accepted: &str) -> Refusal {
    Refusal::new(Rule::SuccessionNotAllowed, message, accepted)
}
