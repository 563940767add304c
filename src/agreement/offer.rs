//! `offer.make` and `offer.withdraw`: what a vendor offers, to whom, until when.
//!
//! An offer is open from its registration to its withdrawal or to the end of `open_until`. Acceptances registered
//! while it was open stand, whatever happens to it later (rule 8). What of it is void is kept with the index of the voiding,
//! since agreements are judged by the offer as it stood before them.

use std::sync::Arc;

use crate::agreement::assurance::Assurances;
use crate::agreement::day::{LegalZone, day_after};
use crate::agreement::life::SignatureRecord;
use crate::agreement::pending::Done;
use crate::agreement::refusal::demand;
use crate::agreement::talk::Talk;
use crate::agreement::void::Voided;
use crate::agreement::{Act, EndCause, Ending, Force, Refusal, Rule, World};
use crate::statement::body::{Addressees, LegalDate, Offer, Terms, Withdrawal, Zone};
use crate::statement::{StatementId, Subject};

/// The docket `offer/<vendor>/<reference>`, folded. Everything in it can be asked as of an index.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct OfferState {
    made: Option<Arc<Made>>,
    withdrawn: Vec<Withdrawn>,
    /// What of these was declared void.
    pub voids: Vec<Voided>,
    pub assurances: Assurances,
    /// Endorsements of what was complete already (rule 5).
    pub affirmations: Vec<SignatureRecord>,
    /// What is said on the offer beside itself (rule 11).
    pub talk: Talk,
}

/// An offer that was made.
#[derive(Debug)]
pub(in crate::agreement) struct Made {
    pub index: u64,
    pub time_ms: u64,
    pub id: StatementId,
    /// The signatures under it.
    pub signatures: Vec<SignatureRecord>,
    pub addressees: Addressees,
    pub terms: Arc<Terms>,
    pub zone: LegalZone,
    pub open_until: Option<LegalDate>,
}

/// An offer that was taken back.
#[derive(Clone, Copy, Debug)]
pub(in crate::agreement) struct Withdrawn {
    pub index: u64,
    pub time_ms: u64,
    pub id: StatementId,
}

impl OfferState {
    /// The offer, if made before `index`.
    pub fn made(&self, index: u64) -> Option<&Arc<Made>> {
        self.made.as_ref().filter(|made| made.index < index)
    }

    /// The withdrawal, if registered before `index` and not void by then.
    pub fn withdrawn(&self, index: u64) -> Option<&Withdrawn> {
        let is_void = |id: &StatementId| self.voids.iter().any(|void| void.id == *id && void.index < index);
        self.withdrawn.iter().find(|withdrawn| withdrawn.index < index && !is_void(&withdrawn.id))
    }

    /// The withdrawal that counts at an instant, as far as is known before `index`: until it is void, or never.
    fn withdrawn_at(&self, index: u64, at_ms: u64) -> Option<&Withdrawn> {
        let is_void = |id: &StatementId| {
            let mut known = self.voids.iter().filter(|void| void.index < index);
            known.any(|void| void.id == *id && (void.is_ab_initio || void.time_ms <= at_ms))
        };
        let mut known = self.withdrawn.iter().filter(|withdrawn| withdrawn.index < index);
        known.find(|withdrawn| withdrawn.time_ms <= at_ms && !is_void(&withdrawn.id))
    }

    /// The voiding of the offer itself, if registered before `index`.
    pub fn void(&self, index: u64) -> Option<&Voided> {
        let made = self.made(index)?;
        self.voids.iter().find(|void| void.id == made.id && void.index < index)
    }

    /// The offer, if it is open at an instant as far as is known before `index`.
    pub fn open(&self, index: u64, at_ms: u64) -> Option<&Arc<Made>> {
        let withdrawn = self.withdrawn_at(index, at_ms).is_some()
            || self.void(index).is_some_and(|void| void.is_ab_initio || void.time_ms <= at_ms);
        self.made(index)
            .filter(|made| !withdrawn && made.time_ms <= at_ms && made.closes_ms().is_none_or(|end| at_ms < end))
    }

    /// Whether it was neither withdrawn nor voided before `index`.
    pub fn is_standing(&self, index: u64) -> bool {
        self.withdrawn(index).is_none() && self.void(index).is_none()
    }

    pub fn assurances(&self) -> &Assurances {
        &self.assurances
    }

    pub fn apply_make(&mut self, done: &Done, body: &Offer) {
        let act = &done.act;
        // A zone that is not known is refused by check_make, and what is refused is not applied.
        let zone = LegalZone::find(&body.terms.term.zone).unwrap_or_else(LegalZone::utc);
        self.made = Some(Arc::new(Made {
            index: act.index,
            time_ms: act.time_ms,
            id: act.id(),
            signatures: done.signatures.clone(),
            addressees: body.addressees.clone(),
            terms: Arc::new(body.terms.clone()),
            zone,
            open_until: body.open_until,
        }));
    }

    pub fn apply_withdraw(&mut self, act: &Act) {
        self.withdrawn.push(Withdrawn { index: act.index, time_ms: act.time_ms, id: act.id() });
    }
}

impl OfferState {
    /// How the offer stands at an instant, as known at index `last`.
    pub fn force_at(&self, last: u64, at_ms: u64) -> Force {
        match self.made(last + 1) {
            Some(made) if made.time_ms <= at_ms => match self.ending(last, at_ms) {
                Some(Ending { cause: EndCause::Void, .. }) => Force::Void,
                Some(Ending { cause: EndCause::Withdrawal, .. }) => Force::Withdrawn,
                _ if made.closes_ms().is_some_and(|end| end <= at_ms) => Force::Expired,
                _ => Force::Offered,
            },
            _ => Force::NoAgreement,
        }
    }

    /// The end as seen at an instant: a withdrawal that was registered, or the last day to accept.
    pub fn ending(&self, last: u64, at_ms: u64) -> Option<Ending> {
        let made = self.made(last + 1)?;
        if let Some(void) = self.void(last + 1).filter(|void| void.is_ab_initio || void.time_ms <= at_ms) {
            let from_ms = if void.is_ab_initio { made.time_ms } else { void.time_ms };
            return Some(Ending { day: made.zone.day_of(from_ms), cause: EndCause::Void, act: Some(void.by) });
        }
        let closes_ms = made.closes_ms();
        let withdrawn =
            self.withdrawn_at(last + 1, at_ms).filter(|withdrawn| closes_ms.is_none_or(|end| withdrawn.time_ms < end));
        match withdrawn {
            Some(withdrawn) => Some(Ending {
                day: made.zone.day_of(withdrawn.time_ms),
                cause: EndCause::Withdrawal,
                act: Some(withdrawn.id),
            }),
            None => made.open_until.map(|last| Ending { day: day_after(last), cause: EndCause::OpenUntil, act: None }),
        }
    }

    /// The instants at which it changes within a day, as known at index `last`.
    pub fn instants(&self, last: u64) -> Vec<u64> {
        let made = self.made(last + 1).map(|made| made.time_ms);
        let withdrawn = self.withdrawn.iter().filter(|one| one.index <= last).map(|one| one.time_ms);
        let voids = self.voids.iter().filter(|void| void.index <= last).map(|void| void.time_ms);
        made.into_iter().chain(withdrawn).chain(voids).collect()
    }
}

impl Made {
    /// The first instant at which it can no longer be accepted for its own reasons.
    pub fn closes_ms(&self) -> Option<u64> {
        self.open_until.map(|day| self.zone.start_ms(day_after(day)))
    }
}

pub(in crate::agreement) fn check_make(world: &World, act: &Act, body: &Offer) -> Result<(), Refusal> {
    let made = world.offer(act.statement.subject()).is_some_and(|state| state.made(act.index).is_some());
    demand(!made, || {
        let message = "an offer stands on this subject, and it is made once";
        Refusal::new(Rule::OfferExists, message, "another reference")
    })?;
    check_zone(&body.terms.term.zone)
}

pub(in crate::agreement) fn check_withdraw(world: &World, act: &Act, body: &Withdrawal) -> Result<(), Refusal> {
    let state = world.offer(act.statement.subject());
    let Some(made) = state.and_then(|state| state.made(act.index)) else {
        return Err(offer_unknown(act.statement.subject()));
    };
    demand(made.id == body.reference, || ref_not_current("the offer", &made.id))?;
    demand(state.is_none_or(|state| state.is_standing(act.index)), || {
        Refusal::new(Rule::OfferClosed, "the offer is withdrawn or void already", "nothing more on this offer")
    })
}

/// Rule 12: a zone that the table does not know has no days.
pub(in crate::agreement) fn check_zone(zone: &Zone) -> Result<(), Refusal> {
    demand(LegalZone::find(zone).is_some(), || {
        let message = format!("terms.term.zone: the table of zones does not know {zone}");
        Refusal::new(Rule::ZoneUnknown, message, "an IANA zone name such as Europe/Berlin")
    })
}

/// Rule 3.
pub(in crate::agreement) fn ref_not_current(what: &str, current: &StatementId) -> Refusal {
    Refusal::new(Rule::RefNotCurrent, format!("ref does not name {what}"), format!("ref {current}"))
}

/// No offer on the subject of an offer, or beside that of an agreement.
pub(in crate::agreement) fn offer_unknown(subject: &Subject) -> Refusal {
    let message = format!("no offer is registered before this for {subject}");
    Refusal::new(Rule::OfferUnknown, message, "an offer.make by the vendor first, or agreement.file for a paper")
}
