//! `endorse`: another key of the same party stands behind a statement.
//!
//! - N1. An endorsement is of a statement that waits for keys, or of a complete one, which it affirms (rule 5).
//! - N2. The endorsing key is another live one of the same party, and might have signed the statement itself.
//! - N3. One endorsement for each key and statement.
//! - N4. The endorsement that completes a statement is the act: every rule but that on the signer's own time is judged
//!   once more at its index. If a rule is broken now, the endorsement is what is refused.

use crate::agreement::authority::check_key;
use crate::agreement::history::{Before, Entry};
use crate::agreement::life::SignatureRecord;
use crate::agreement::pending::{Outcome, Waiting};
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World, kinds};
use crate::statement::StatementId;
use crate::statement::body::{Body, Endorsement};

/// What an endorsement does where it stands.
pub(in crate::agreement) fn weigh(
    world: &World,
    act: &Act,
    body: &Endorsement,
    before: Before<'_>,
) -> Result<Outcome, Refusal> {
    let id = body.reference;
    if let Some(waiting) = before.book.find(&id) {
        return weigh_waiting(world, act, waiting, before);
    }
    let Some(named) = before.done(&id) else {
        let message = "ref names no statement on this subject that waits for keys or is complete";
        return Err(Refusal::new(Rule::RefNotCurrent, message, "the id of a statement of the same party"));
    };
    // Of an act of both, each side affirms its own statement.
    let own = before.own(&id).map_or(&named.act, |entry| &entry.act);
    check_other_key(world, act, own, &named.signatures)?;
    check_once(act, &id, before)?;
    Ok(Outcome::Affirms)
}

fn weigh_waiting(world: &World, act: &Act, waiting: &Waiting, before: Before<'_>) -> Result<Outcome, Refusal> {
    let named = &waiting.act;
    demand(waiting.is_open(act.time_ms), || {
        let message = "the statement waited for more than 90 days and is over";
        Refusal::new(Rule::PendingOver, message, "the statement signed and published again")
    })?;
    check_other_key(world, act, named, &waiting.signatures)?;
    check_once(act, &named.id(), before)?;
    let placed = Act { index: act.index, time_ms: act.time_ms, ..named.clone() };
    let signatures: Vec<SignatureRecord> = waiting.signatures.iter().cloned().chain(SignatureRecord::of(act)).collect();
    match world.complete(&placed, signatures, before.book)? {
        Outcome::Waits => Ok(Outcome::Seconds { id: named.id(), is_signed: false }),
        outcome => {
            // N4.
            if let Some(body) = placed.body.as_deref() {
                world.check_rules(&placed, body, before)?;
            }
            Ok(match outcome {
                Outcome::Signed => Outcome::Seconds { id: named.id(), is_signed: true },
                outcome => outcome,
            })
        }
    }
}

/// N2.
fn check_other_key(world: &World, act: &Act, named: &Act, signatures: &[SignatureRecord]) -> Result<(), Refusal> {
    let issuer = named.issuer();
    demand(issuer.is_some() && act.issuer() == issuer, || {
        let message = "a statement is endorsed by another key of the party that issued it";
        let accepted = issuer.map_or_else(String::new, |issuer| format!("the signature of another key of {issuer}"));
        Refusal::new(Rule::WrongSigner, message, accepted)
    })?;
    let kid = act.statement.kid();
    let has_signed = signatures.iter().any(|signature| signature.kid == *kid);
    demand(!has_signed && named.statement.kid() != kid, || {
        let message = format!("the key {kid} stands behind that statement already");
        Refusal::new(Rule::EndorsedAlready, message, "another key of the same party")
    })?;
    match (issuer, named.body.as_deref().and_then(kinds::signer)) {
        (Some(issuer), Some(signer)) => check_key(world, act, issuer, signer, named.statement.kind()),
        _ => {
            let message = "a genesis needs no endorsement: it is trusted because the log is pinned";
            Err(Refusal::new(Rule::RefNotCurrent, message, "another statement"))
        }
    }
}

/// N3.
fn check_once(act: &Act, id: &StatementId, before: Before<'_>) -> Result<(), Refusal> {
    let kid = act.statement.kid();
    let is_same = |entry: &Entry| {
        let is_endorse = matches!(entry.act.body.as_deref(), Some(Body::Endorse(_)));
        is_endorse && entry.names() == Some(*id) && entry.act.statement.kid() == kid && entry.refusal().is_none()
    };
    demand(!before.naming(id).any(is_same), || {
        let message = format!("the key {kid} endorsed that statement before");
        Refusal::new(Rule::EndorsedAlready, message, "another key of the same party")
    })
}
