//! `agreement.accept`, `agreement.decline`, `agreement.file`: how an agreement comes about, and the folded docket
//! `agreement/<vendor>/<reference>/<government>`.
//!
//! - C1. An acceptance is of the exact offer that is logged, by a government to which it is made, while it is open.
//! - C2. A paper is filed only where no offer stands; then the government alone attests.
//! - C3. One agreement lives at a time. After its end an acceptance says what it replaces.

use std::sync::Arc;

use crate::agreement::assurance::Assurances;
use crate::agreement::change::{check_carrier, newest_life, out_of_order};
use crate::agreement::day::{LegalZone, days_later};
use crate::agreement::finding::FindingRecord;
use crate::agreement::life::{Life, Version, WordRecord};
use crate::agreement::offer::{Made, check_zone, offer_unknown};
use crate::agreement::refusal::demand;
use crate::agreement::talk::Talk;
use crate::agreement::{Act, Assent, Refusal, Rule, World};
use crate::statement::body::{Acceptance, Decline, Filing, LegalDate, Reservations};
use crate::statement::{Party, StatementId, Subject};

/// An acceptance or filing registered more days than this after its date is late (rule 2).
pub const LATE_AFTER_DAYS: i64 = 30;

/// The docket of an agreement, folded.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct AgreementState {
    pub lives: Vec<Life>,
    pub declines: Vec<(StatementId, LegalDate)>,
    pub findings: Vec<FindingRecord>,
    pub assurances: Assurances,
    /// What changes no force (rule 11).
    pub talk: Talk,
}

impl AgreementState {
    /// The newest agreement.
    pub fn life(&self) -> Option<&Life> {
        self.lives.last()
    }

    pub fn life_mut(&mut self) -> Option<&mut Life> {
        self.lives.last_mut()
    }

    pub fn assurances(&self) -> &Assurances {
        &self.assurances
    }

    pub fn apply_accept(&mut self, act: &Act, body: &Acceptance, made: &Made) {
        let first = Version { ids: vec![act.id()], index: act.index, from: body.effective, terms: made.terms.clone() };
        let is_late = is_late(&made.zone, body.date, act.time_ms);
        self.lives.push(Life {
            effective: body.effective,
            zone: made.zone.clone(),
            reservations: body.reservations.clone().unwrap_or_default(),
            is_late,
            is_told_late: is_late,
            signatures: made.signatures.clone(),
            ..Life::begun(first, body.date, act.time_ms, Assent::BothSigned)
        });
    }

    pub fn apply_file(&mut self, act: &Act, body: &Filing) {
        // check_file refuses an unknown zone and the reader of bodies a missing day; what is refused is not applied.
        let zone = LegalZone::find(&body.terms.term.zone).unwrap_or_else(LegalZone::utc);
        let effective = body.terms.term.effective.unwrap_or(body.date);
        let terms = Arc::new(body.terms.clone());
        let first = Version { ids: vec![act.id()], index: act.index, from: effective, terms };
        self.lives.push(Life {
            effective,
            is_late: is_late(&zone, body.date, act.time_ms),
            is_told_late: is_late(&zone, body.date.min(effective), act.time_ms),
            zone,
            ..Life::begun(first, body.date, act.time_ms, Assent::GovernmentAttests)
        });
    }

    pub fn apply_decline(&mut self, act: &Act, body: &Decline) {
        self.declines.push((act.id(), body.date));
    }

    /// Takes back what an act did that is void and no terms rest on.
    pub fn forget(&mut self, id: &StatementId) {
        self.declines.retain(|(decline, _)| decline != id);
        self.findings.retain(|finding| finding.id != *id);
        self.findings.iter_mut().for_each(|finding| finding.forget(id));
        self.assurances.forget(id);
        self.lives.iter_mut().for_each(|life| life.forget(id));
    }

    /// Rule 4: the vendor's word on a filed paper.
    pub fn apply_word(&mut self, act: &Act, date: LegalDate, confirms: bool) {
        if let Some(life) = self.life_mut() {
            life.words.push(WordRecord { id: act.id(), date, confirms });
        }
    }
}

/// Rule 4: a paper that the government alone filed is confirmed or disputed by the vendor; nobody picks.
pub(in crate::agreement) fn check_word(
    world: &World,
    act: &Act,
    reference: &StatementId,
    date: LegalDate,
) -> Result<(), Refusal> {
    let life = newest_life(world, act)?;
    check_carrier(life, reference)?;
    demand(life.assent == Assent::GovernmentAttests, || {
        let message = "both parties signed this agreement here";
        Refusal::new(Rule::NotFiled, message, "a statement that changes the agreement, or finding.open")
    })?;
    let today = life.zone.day_of(act.time_ms);
    demand(date <= today, || {
        out_of_order("the vendor speaks of a day that has not come", format!("date {today} or earlier"))
    })
}

pub(in crate::agreement) fn check_accept(world: &World, act: &Act, body: &Acceptance) -> Result<(), Refusal> {
    let made = check_offer(world, act, &body.reference)?;
    check_replaces(world, act, body)?;
    for clause in body.reservations.iter().flatten() {
        check_reservation(made, clause)?;
    }
    let offered = made.zone.day_of(made.time_ms);
    let from = made.terms.term.effective.unwrap_or(offered);
    demand(from <= body.effective, || {
        let message = format!("the acceptance is effective on {}, before the offer could be", body.effective);
        Refusal::new(Rule::EffectiveBeforeOffer, message, format!("effective {from} or later"))
    })?;
    // Else an acceptance dated far back would count as late, and let the acts after it be dated back too.
    let first = offered.min(from);
    demand(first <= body.date, || {
        let message = format!("the acceptance is dated {}, before the offer", body.date);
        Refusal::new(Rule::EffectiveBeforeOffer, message, format!("date {first} or later"))
    })
}

pub(in crate::agreement) fn check_decline(world: &World, act: &Act, body: &Decline) -> Result<(), Refusal> {
    let made = check_offer(world, act, &body.reference)?;
    let today = made.zone.day_of(act.time_ms);
    let life = world.agreement(act.statement.subject()).and_then(AgreementState::life);
    match life.filter(|life| !life.has_ended_on(today)) {
        Some(_) => Err(agreement_exists("agreement.notice or agreement.terminate")),
        None => Ok(()),
    }
}

pub(in crate::agreement) fn check_file(world: &World, act: &Act, body: &Filing) -> Result<(), Refusal> {
    let subject = act.statement.subject();
    let offer = offer_subject(subject).and_then(|offer| world.offer(&offer));
    demand(offer.is_none_or(|state| state.made(act.index).is_none()), || {
        let message = "the vendor's offer stands on this subject, so it is accepted, not filed (C2)";
        Refusal::new(Rule::OfferExists, message, "agreement.accept, or another reference for the paper")
    })?;
    check_zone(&body.terms.term.zone)?;
    demand(body.paper.signed_on <= body.date, || {
        let message = format!("the paper is signed on {}, after the {} of its filing", body.paper.signed_on, body.date);
        Refusal::new(Rule::DaysOutOfOrder, message, "a filing dated when the paper was signed, or later")
    })?;
    let effective = body.terms.term.effective.unwrap_or(body.date);
    match world.agreement(subject).and_then(AgreementState::life) {
        None => Ok(()),
        Some(life) if life.has_ended_on(effective) => Err(terminal(life, "another reference for the new paper")),
        Some(_) => Err(agreement_exists("another reference for the new paper")),
    }
}

/// C1: the open offer that an acceptance or a refusal answers (rules 8 and 9).
fn check_offer<'a>(world: &'a World, act: &Act, reference: &StatementId) -> Result<&'a Made, Refusal> {
    let subject = act.statement.subject();
    let (Some(offer), Some(government)) = (offer_subject(subject), government_of(subject)) else {
        return Err(offer_unknown(subject));
    };
    let state = world.offer(&offer).ok_or_else(|| offer_unknown(&offer))?;
    let made = state.made(act.index).ok_or_else(|| offer_unknown(&offer))?;
    demand(made.id == *reference, || {
        let message = "ref names another text than the offer that is logged";
        Refusal::new(Rule::OtherText, message, format!("ref {}", made.id))
    })?;
    demand(made.addressees.includes(government), || {
        let message = format!("the offer is not made to {government}");
        Refusal::new(Rule::NotAddressed, message, "an answer by a government that the offer names")
    })?;
    demand(state.is_standing(act.index) && made.closes_ms().is_none_or(|end| act.time_ms < end), || {
        let message = "the offer was withdrawn or voided, or its last day is over, before this was registered";
        Refusal::new(Rule::OfferClosed, message, "a new offer by the vendor")
    })?;
    Ok(made)
}

/// C3.
fn check_replaces(world: &World, act: &Act, body: &Acceptance) -> Result<(), Refusal> {
    let own = act.statement.subject();
    if let Some(replaced) = &body.replaces {
        demand(parties_of(replaced).is_some_and(|parties| Some(parties) == parties_of(own)), || {
            let message = format!("replaces names {replaced}, which is no agreement of these two parties");
            Refusal::new(Rule::AgreementUnknown, message, "an agreement of the same vendor and government")
        })?;
    }
    match world.agreement(own).and_then(AgreementState::life) {
        None => Ok(()),
        Some(life) if !life.has_ended_on(body.effective) => Err(agreement_exists("the end of that agreement first")),
        Some(_) if body.replaces.as_ref() == Some(own) => Ok(()),
        Some(life) => Err(terminal(life, &format!("an acceptance that says replaces: {own}"))),
    }
}

fn check_reservation(made: &Made, clause: &crate::statement::body::ClauseId) -> Result<(), Refusal> {
    demand(made.terms.clause(clause).is_some(), || {
        let message = format!("reservations: the offer has no clause {clause}");
        Refusal::new(Rule::ClauseUnknown, message, "ids of clauses of the offer")
    })?;
    let allowed = made.terms.term.reservations.as_ref().unwrap_or(&Reservations::None).allows(clause);
    demand(allowed, || {
        let message = format!("reservations: the offer does not let clause {clause} be reserved");
        Refusal::new(Rule::ReservationNotAllowed, message, "an acceptance without it, or another offer")
    })
}

/// The agreement has ended.
pub(in crate::agreement) fn terminal(life: &Life, accepted: &str) -> Refusal {
    let what = match (&life.void, life.ending()) {
        (Some((day, _)), _) => format!("is void from {day} on"),
        (None, Some(ending)) => format!("has ended on {}", ending.day),
        (None, None) => "has ended".to_owned(),
    };
    Refusal::new(Rule::Terminal, format!("the agreement {what}, and what has ended does not change"), accepted)
}

fn agreement_exists(accepted: &str) -> Refusal {
    Refusal::new(Rule::AgreementExists, "an agreement lives on this subject", accepted)
}

fn is_late(zone: &LegalZone, date: LegalDate, time_ms: u64) -> bool {
    zone.day_of(time_ms) > days_later(date, LATE_AFTER_DAYS)
}

/// The offer beside an agreement.
pub(in crate::agreement) fn offer_subject(subject: &Subject) -> Option<Subject> {
    match subject {
        Subject::Agreement { vendor, reference, .. } => {
            Some(Subject::Offer { vendor: vendor.clone(), reference: reference.clone() })
        }
        _ => None,
    }
}

/// The government that an agreement's subject names.
pub(in crate::agreement) fn government_of(subject: &Subject) -> Option<&Party> {
    parties_of(subject).map(|(_, government)| government)
}

fn parties_of(subject: &Subject) -> Option<(&Party, &Party)> {
    match subject {
        Subject::Agreement { vendor, government, .. } => Some((vendor, government)),
        _ => None,
    }
}
