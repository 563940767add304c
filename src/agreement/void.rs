//! `void`: a statement does not count, from its voiding on or from the beginning. It is marked, and never deleted.
//!
//! - V1. A statement is voided by its issuer, an act of both by each of them, an offer also by the governments that it is
//!   made to: each of them takes its own acceptance with it, once the vendor has voided the offer too.
//! - V2. What is void is no longer a fact for the rules, but a void agreement or offer stays on its subject and is shown
//!   as void.
//! - V3. Rule 8: the vendor alone closes its offer, and touches no acceptance.
//! - V4. What has ended an agreement is not voided after that end: what has ended does not change, but it can be void as a
//!   whole.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::accord::{government_of, offer_subject, terminal};
use crate::agreement::history::{Before, Entry};
use crate::agreement::pending::Done;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::body::{Body, Role, Voiding};
use crate::statement::{Party, StatementId, Subject};

/// A statement that is void, by all that is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agreement) struct Voided {
    pub id: StatementId,
    /// The statements that made it up: one of each side.
    pub ids: Vec<StatementId>,
    /// The `void` that completed it, and its index.
    pub by: StatementId,
    pub index: u64,
    pub time_ms: u64,
    pub is_ab_initio: bool,
}

/// One `void`.
#[derive(Clone, Debug)]
struct One<'a> {
    issuer: &'a Party,
    done: &'a Done,
    body: &'a Voiding,
}

/// What is void in a docket.
pub(in crate::agreement) fn voided(world: &World, entries: &[Entry]) -> Vec<Voided> {
    let ones: Vec<One<'_>> = entries.iter().filter_map(Entry::done).filter_map(one).collect();
    if ones.is_empty() {
        return Vec::new();
    }
    let acts = entries.iter().filter_map(Entry::done).filter(|done| one(done).is_none());
    acts.filter_map(|done| voided_act(world, done, &ones)).collect()
}

/// V1: an act is void once each side that signed it, or its heir, says so.
fn voided_act(world: &World, done: &Done, ones: &[One<'_>]) -> Option<Voided> {
    let sides: BTreeSet<&Party> = done.signatures.iter().map(|signature| &signature.issuer).collect();
    let of_side = |side: &&Party| {
        let is_of = |one: &&One<'_>| {
            let is_named = done.ids.contains(&one.body.reference);
            is_named && (one.issuer == *side || *one.issuer == world.heir(side, one.done.act.index))
        };
        ones.iter().find(is_of)
    };
    let named: Vec<&One<'_>> = sides.iter().map(of_side).collect::<Option<_>>()?;
    let last = named.iter().max_by_key(|one| one.done.act.index)?;
    Some(Voided {
        id: done.act.id(),
        ids: done.ids.clone(),
        by: last.done.act.id(),
        index: last.done.act.index,
        time_ms: last.done.act.time_ms,
        is_ab_initio: named.iter().all(|one| one.body.ab_initio == Some(true)),
    })
}

impl World {
    /// What is void on a subject by all that is known up to index `known_at`: each statement, and the `void` that
    /// completed its voiding.
    pub fn voids(&self, subject: &Subject, known_at: u64) -> BTreeMap<StatementId, StatementId> {
        let Some(history) = self.history(subject) else { return BTreeMap::new() };
        let known = history.entries.partition_point(|entry| entry.act.index <= known_at);
        let voided = voided(self, &history.entries[..known]);
        voided.into_iter().flat_map(|one| one.ids.into_iter().map(move |id| (id, one.by))).collect()
    }

    /// The voiding of the offer that an agreement rests on, where it takes the agreement with it, as known before `index`.
    pub(in crate::agreement) fn void_with_offer(&self, agreement: &Subject, index: u64) -> Option<Voided> {
        let entries = &self.history(&offer_subject(agreement)?)?.entries;
        let known = entries.partition_point(|entry| entry.act.index < index);
        voided_for(self, &entries[..known], government_of(agreement)?)
    }
}

/// V1: the voiding of an offer by a government, which takes its acceptance with it.
fn voided_for(world: &World, entries: &[Entry], government: &Party) -> Option<Voided> {
    let ones: Vec<One<'_>> = entries.iter().filter_map(Entry::done).filter_map(one).collect();
    let is_offer = |done: &&Done| matches!(done.act.body.as_deref(), Some(Body::OfferMake(_)));
    let offer = voided_act(world, entries.iter().filter_map(Entry::done).find(is_offer)?, &ones)?;
    let is_own = |one: &&One<'_>| {
        let issuer = one.issuer;
        one.body.reference == offer.id
            && (issuer == government || *issuer == world.heir(government, one.done.act.index))
    };
    let own = ones.iter().find(is_own)?;
    let is_ab_initio = offer.is_ab_initio && own.body.ab_initio == Some(true);
    let (time_ms, index) = (offer.time_ms.max(own.done.act.time_ms), offer.index.max(own.done.act.index));
    Some(Voided { by: own.done.act.id(), index, time_ms, is_ab_initio, ..offer })
}

fn one(done: &Done) -> Option<One<'_>> {
    match done.act.body.as_deref() {
        Some(Body::Void(body)) => Some(One { issuer: done.act.issuer()?, done, body }),
        _ => None,
    }
}

pub(in crate::agreement) fn check(world: &World, act: &Act, body: &Voiding, before: Before<'_>) -> Result<(), Refusal> {
    let entry = before.entries.iter().find(|entry| entry.act.id() == body.reference && entry.refusal().is_none());
    let Some(named) = entry.map(|entry| &entry.act) else {
        return Err(not_current("ref names no admissible statement on this subject"));
    };
    demand(is_voidable(named), || {
        let message = format!("a {} cannot be voided", named.statement.kind());
        Refusal::new(Rule::NotVoidable, message, "party.keys, registry.policy, or a statement that says the contrary")
    })?;
    check_voider(world, act, named)?;
    let is_repeated = before
        .entries
        .iter()
        .filter_map(Entry::done)
        .filter_map(one)
        .any(|one| one.body.reference == body.reference && Some(one.issuer) == act.issuer());
    demand(!is_repeated, || not_current("the issuer has voided that statement before"))?;
    check_not_ended(world, act, named)
}

fn is_voidable(named: &Act) -> bool {
    !matches!(named.statement.kind().family(), "registry" | "party" | "endorse" | "void")
}

/// V1.
fn check_voider(world: &World, act: &Act, named: &Act) -> Result<(), Refusal> {
    let (issuer, own) = (act.issuer(), named.issuer());
    let is_issuer = own.is_some_and(|own| issuer == Some(own) || issuer == Some(&world.heir(own, act.index)));
    let is_addressed = match (named.body.as_deref(), issuer) {
        (Some(Body::OfferMake(offer)), Some(issuer)) => {
            let role = world.describe(issuer, act.index).map(|description| description.role);
            role == Some(Role::Government) && offer.addressees.includes(issuer)
        }
        _ => false,
    };
    demand(is_issuer || is_addressed, || {
        let accepted = own.map_or_else(String::new, |own| format!("the signature of {own}"));
        Refusal::new(Rule::WrongSigner, "a statement is voided by who issued it", accepted)
    })
}

/// V4.
fn check_not_ended(world: &World, act: &Act, named: &Act) -> Result<(), Refusal> {
    let is_end = matches!(named.body.as_deref(), Some(Body::Terminate(_) | Body::Notice(_) | Body::BasisChange(_)));
    let Subject::Agreement { .. } = act.statement.subject() else { return Ok(()) };
    let life = world.agreement(act.statement.subject()).and_then(|state| state.life());
    match life.filter(|life| is_end && life.has_ended_on(life.zone.day_of(act.time_ms))) {
        Some(life) => Err(terminal(life, "a void of the acceptance or filing itself")),
        None => Ok(()),
    }
}

fn not_current(message: &str) -> Refusal {
    Refusal::new(Rule::RefNotCurrent, message, "the id of a statement of the same subject that stands")
}
