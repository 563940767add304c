//! `void`: a statement does not count, from its voiding on or from the beginning. It is marked, and never deleted.
//!
//! - V1. A statement is voided by its issuer, an act of both by each of them, an offer also by the governments that it is
//!   made to: each of them takes its own acceptance with it, once the vendor has voided the offer too.
//! - V2. What is void is no longer a fact for the rules, but a void agreement or offer stays on its subject and is shown
//!   as void.
//! - V3. Rule 8: the vendor alone closes its offer, and touches no acceptance.
//! - V4. What has ended does not change: then no act of force is void any more, but the agreement as a whole may be.
//! - V5. Rule 2: nobody dates an end back by voiding what kept it off, and what one party alone suspended or resumed stays
//!   so on the days that are over.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::accord::{AgreementState, government_of, offer_subject, terminal};
use crate::agreement::history::{Before, Entry, Index};
use crate::agreement::kinds::{force_from, is_kept_when_void};
use crate::agreement::life::Life;
use crate::agreement::pending::Done;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::body::{Body, LegalDate, Role, Voiding};
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
pub(in crate::agreement) fn voided(world: &World, entries: &[Entry], index: &Index) -> BTreeMap<StatementId, Voided> {
    let places: BTreeSet<usize> = index.named().filter_map(|id| index.done(id)).collect();
    let acts = places.into_iter().filter_map(|place| entries.get(place)?.done()).filter(|done| one(done).is_none());
    acts.filter_map(|done| Some((done.act.id(), voided_act(world, done, entries, index)?))).collect()
}

/// V1: an act is void once each side that signed it, or its heir, says so.
pub(in crate::agreement) fn voided_act(world: &World, done: &Done, entries: &[Entry], index: &Index) -> Option<Voided> {
    let ones = ones_naming(&done.ids, entries, index);
    let sides: BTreeSet<&Party> = done.signatures.iter().map(|signature| &signature.issuer).collect();
    let of_side = |side: &&Party| {
        let is_of = |one: &&One<'_>| one.issuer == *side || *one.issuer == world.heir(side, one.done.act.index);
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
        let voided = voided(self, &history.entries[..known], &history.index);
        voided.into_values().flat_map(|one| one.ids.into_iter().map(move |id| (id, one.by))).collect()
    }

    /// The voiding of the offer that an agreement rests on, where it takes the agreement with it, as known before `index`.
    /// The government says so after it accepted, at `accepted`: what it said before, its acceptance took back.
    pub(in crate::agreement) fn void_with_offer(
        &self,
        agreement: &Subject,
        accepted: u64,
        index: u64,
    ) -> Option<Voided> {
        let history = self.history(&offer_subject(agreement)?)?;
        let known = history.entries.partition_point(|entry| entry.act.index < index);
        voided_for(self, &history.entries[..known], &history.index, government_of(agreement)?, accepted)
    }
}

/// V1: the voiding of an offer by a government, which takes its acceptance with it.
fn voided_for(world: &World, entries: &[Entry], index: &Index, government: &Party, accepted: u64) -> Option<Voided> {
    let is_offer = |done: &&Done| matches!(done.act.body.as_deref(), Some(Body::OfferMake(_)));
    let offer = voided_act(world, entries.iter().filter_map(Entry::done).find(is_offer)?, entries, index)?;
    let is_own = |one: &One<'_>| {
        let (issuer, at) = (one.issuer, one.done.act.index);
        accepted < at && (issuer == government || *issuer == world.heir(government, at))
    };
    let own = ones_naming(&[offer.id], entries, index).into_iter().find(is_own)?;
    let is_ab_initio = offer.is_ab_initio && own.body.ab_initio == Some(true);
    let (time_ms, index) = (offer.time_ms.max(own.done.act.time_ms), offer.index.max(own.done.act.index));
    Some(Voided { by: own.done.act.id(), index, time_ms, is_ab_initio, ..offer })
}

/// The complete voids of the first entries of a docket that name one of `ids`, in log order.
fn ones_naming<'a>(ids: &[StatementId], entries: &'a [Entry], index: &Index) -> Vec<One<'a>> {
    let places: BTreeSet<usize> = ids.iter().flat_map(|id| index.naming(id)).copied().collect();
    places.into_iter().filter_map(|place| one(entries.get(place)?.done()?)).collect()
}

fn one(done: &Done) -> Option<One<'_>> {
    match done.act.body.as_deref() {
        Some(Body::Void(body)) => Some(One { issuer: done.act.issuer()?, done, body }),
        _ => None,
    }
}

pub(in crate::agreement) fn check(world: &World, act: &Act, body: &Voiding, before: Before<'_>) -> Result<(), Refusal> {
    let entry = before.own(&body.reference).filter(|entry| entry.refusal().is_none());
    let Some(named) = entry.map(|entry| &entry.act) else {
        return Err(not_current("ref names no admissible statement on this subject"));
    };
    demand(is_voidable(named), || {
        let message = format!("a {} cannot be voided", named.statement.kind());
        Refusal::new(Rule::NotVoidable, message, "party.keys, registry.policy, or a statement that says the contrary")
    })?;
    check_voider(world, act, named, before.done(&body.reference).is_some())?;
    let mut ones = before.naming(&body.reference).filter_map(Entry::done).filter_map(one);
    let is_repeated = ones.any(|one| Some(one.issuer) == act.issuer());
    demand(!is_repeated, || not_current("the issuer has voided that statement before"))?;
    match before.done(&body.reference) {
        Some(done) if !is_kept_when_void(done) => check_what_is_over(world, act, done, body),
        _ => Ok(()),
    }
}

fn is_voidable(named: &Act) -> bool {
    !matches!(named.statement.kind().family(), "registry" | "party" | "endorse" | "void")
}

/// V1.
fn check_voider(world: &World, act: &Act, named: &Act, is_complete: bool) -> Result<(), Refusal> {
    let (issuer, own) = (act.issuer(), named.issuer());
    let is_issuer = own.is_some_and(|own| issuer == Some(own) || issuer == Some(&world.heir(own, act.index)));
    let is_addressed = match (named.body.as_deref(), issuer) {
        (Some(Body::OfferMake(offer)), Some(issuer)) => {
            let role = world.describe(issuer, act.index).map(|description| description.role);
            let mut accepting = world.named_as_heir(issuer, act.index).chain([issuer]);
            let is_addressed = accepting.any(|government| offer.addressees.includes(government));
            // What waits is the vendor's alone: nobody else takes it away.
            is_complete && role == Some(Role::Government) && is_addressed
        }
        _ => false,
    };
    demand(is_issuer || is_addressed, || {
        let accepted = own.map_or_else(String::new, |own| format!("the signature of {own}"));
        Refusal::new(Rule::WrongSigner, "a statement is voided by who issued it", accepted)
    })
}

/// V4 and V5, of an act on an agreement that is dropped when it is void.
fn check_what_is_over(world: &World, act: &Act, named: &Done, body: &Voiding) -> Result<(), Refusal> {
    let Some(life) = world.agreement(act.statement.subject()).and_then(AgreementState::life) else { return Ok(()) };
    let Some(from) = named.act.body.as_deref().and_then(force_from) else { return Ok(()) };
    let today = life.zone.day_of(act.time_ms);
    demand(!life.has_ended_on(today), || terminal(life, "a void of the acceptance or filing itself"))?;
    demand(!would_have_ended(life, named, today), || {
        let message = "without that act the agreement would have ended before";
        Refusal::new(Rule::BackDated, message, "agreement.terminate, or agreement.notice, from now on")
    })?;
    let is_of_one = named.ids.len() == 1;
    let changes_past = body.ab_initio == Some(true)
        && is_of_one
        && matches!(named.act.body.as_deref(), Some(Body::Suspend(_) | Body::Resume(_)))
        && from < today;
    demand(!changes_past, || {
        let message = format!("it would change force from {from} on, and is registered on {today}");
        Refusal::new(Rule::BackDated, message, "a void without ab_initio, which counts from today on")
    })
}

/// Whether an agreement that lives would have ended by a day without an act: one that kept a notice off, or moved an end.
fn would_have_ended(life: &Life, named: &Done, today: LegalDate) -> bool {
    match named.act.body.as_deref() {
        Some(Body::NoticeRevoke(_)) => life.notices.iter().any(|notice| {
            let is_revoked = notice.revoked.is_some_and(|(by, _)| named.ids.contains(&by));
            is_revoked && notice.effective <= today
        }),
        // Both sign these, so there are few.
        Some(Body::Amend(_) | Body::Correct(_) | Body::Renew(_)) => {
            let mut left = life.clone();
            left.forget_with_terms(&named.ids);
            left.has_ended_on(today)
        }
        _ => false,
    }
}

fn not_current(message: &str) -> Refusal {
    Refusal::new(Rule::RefNotCurrent, message, "the id of a statement of the same subject that stands")
}
