//! `evidence.*`, `assurance.opinion`, `canary`, `notice.circumstance`: how current the assurance of an agreement is.
//!
//! - A1. What is given on an offer is signed once and counts for every agreement that was accepted from it.
//! - A2. Each counts from its registration; a piece of evidence until its last day, its revocation or what supersedes it.
//! - A3. Where the terms promise canaries, one is due each period from the first day in force; the vendor may name an
//!   earlier day for the next, not a later one. Rule 6: a late canary ends nothing.
//! - A4. The worst is shown: a late canary, expired evidence, a due canary, then what is current.

use crate::agreement::accord::AgreementState;
use crate::agreement::day::{LegalZone, period_later};
use crate::agreement::life::Life;
use crate::agreement::offer::{OfferState, ref_not_current};
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Assurance, AssuranceLine, Refusal, Rule, World};
use crate::statement::body::{Body, CanaryPromise, Evidence, LegalDate};
use crate::statement::{Party, StatementId, Subject};

/// What was given on one subject, in log order.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Assurances {
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
struct Record {
    id: StatementId,
    index: u64,
    time_ms: u64,
    issuer: Party,
    kind: String,
    valid_until: Option<LegalDate>,
    /// Of a canary: the last day it speaks of, and the day on which the next one is due.
    canary: Option<(LegalDate, LegalDate)>,
    is_evidence: bool,
    told: String,
    /// When and by which act it was superseded or revoked: index and unix milliseconds.
    ended: Option<(u64, u64, StatementId)>,
}

impl Assurances {
    pub fn apply(&mut self, act: &Act, body: &Body) {
        match body {
            Body::EvidenceSupersede(body) => self.end(act, &body.reference),
            Body::EvidenceRevoke(body) => return self.end(act, &body.reference),
            _ => {}
        }
        self.records.extend(Record::of(act, body));
    }

    /// Takes back what an act did that is void.
    pub fn forget(&mut self, id: &StatementId) {
        self.records.retain(|record| record.id != *id);
        let ended = self.records.iter_mut().filter(|record| record.ended.is_some_and(|(_, _, by)| by == *id));
        ended.for_each(|record| record.ended = None);
    }

    fn end(&mut self, act: &Act, id: &StatementId) {
        for record in self.records.iter_mut().filter(|record| record.id == *id) {
            record.ended.get_or_insert((act.index, act.time_ms, act.id()));
        }
    }

    fn evidence(&self, id: &StatementId) -> Option<&Record> {
        self.records.iter().find(|record| record.is_evidence && record.ended.is_none() && record.id == *id)
    }

    /// A2: what counts on a day, by what is known up to an index.
    fn on<'a>(&'a self, day: LegalDate, zone: &'a LegalZone, last: u64) -> impl Iterator<Item = &'a Record> {
        let has_begun = move |record: &&Record| record.index <= last && zone.day_of(record.time_ms) <= day;
        let has_ended = move |record: &&Record| {
            record.ended.is_some_and(|(index, time_ms, _)| index <= last && zone.day_of(time_ms) <= day)
        };
        self.records.iter().filter(move |record| has_begun(record) && !has_ended(record))
    }
}

impl Record {
    fn of(act: &Act, body: &Body) -> Option<Self> {
        let (valid_until, canary, told) = match body {
            Body::EvidenceAdd(body) => (body.valid_until, None, told_of(body)),
            Body::EvidenceSupersede(body) => (body.evidence.valid_until, None, told_of(&body.evidence)),
            Body::Opinion(body) => {
                let told = format!("{} opinion, {} assurance: {}", body.opinion, body.scale, body.scope);
                (body.valid_until, None, told)
            }
            Body::Canary(body) => {
                let told =
                    format!("nothing to report from {} to {}, the next is due {}", body.from, body.until, body.due);
                (None, Some((body.until, body.due)), told)
            }
            Body::Circumstance(body) => {
                (None, None, format!("{} on {}: {}", body.circumstance_type, body.date, body.summary))
            }
            _ => return None,
        };
        Some(Self {
            id: act.id(),
            index: act.index,
            time_ms: act.time_ms,
            issuer: act.issuer()?.clone(),
            kind: act.statement.kind().to_string(),
            valid_until,
            canary,
            is_evidence: matches!(body, Body::EvidenceAdd(_) | Body::EvidenceSupersede(_)),
            told,
            ended: None,
        })
    }

    fn line(&self, zone: &LegalZone) -> AssuranceLine {
        AssuranceLine {
            id: self.id,
            index: self.index,
            kind: self.kind.clone(),
            issuer: self.issuer.clone(),
            registered: zone.day_of(self.time_ms),
            valid_until: self.valid_until,
            told: self.told.clone(),
        }
    }
}

fn told_of(body: &Evidence) -> String {
    let summary = body.summary.as_ref().map_or_else(String::new, |summary| format!(": {summary}"));
    format!("{} {}{summary}", body.evidence_type, body.digest)
}

/// A4: the axis on a day, with what it rests on. `life` is the agreement that lives then.
pub(in crate::agreement) fn assurance_on(
    given: &[&Assurances],
    life: Option<&Life>,
    zone: &LegalZone,
    day: LegalDate,
    last: u64,
) -> (Assurance, Vec<AssuranceLine>) {
    let mut records: Vec<&Record> = given.iter().flat_map(|one| one.on(day, zone, last)).collect();
    records.sort_by_key(|record| record.index);
    let lines = records.iter().map(|record| record.line(zone)).collect();
    let canary = life.and_then(|life| canary_on(&records, life, day));
    let has_expired = records.iter().any(|record| record.valid_until.is_some_and(|last_day| last_day < day));
    let counts = records
        .iter()
        .any(|record| record.canary.is_some() || record.is_evidence || record.kind == "assurance.opinion");
    let axis = match canary {
        Some(Assurance::CanaryLate) => Assurance::CanaryLate,
        _ if has_expired => Assurance::EvidenceExpired,
        Some(state) => state,
        None if counts => Assurance::Current,
        None => Assurance::None,
    };
    (axis, lines)
}

/// A3; `None` where no canary is promised or given, or the agreement does not live.
fn canary_on(records: &[&Record], life: &Life, day: LegalDate) -> Option<Assurance> {
    if day < life.effective || life.has_ended_on(day) {
        return None;
    }
    let promise = life.version_on(day).terms.canary.as_ref();
    let newest = records.iter().filter_map(|record| record.canary).max_by_key(|(until, _)| *until);
    let due = match (promise, newest) {
        (None, None) => return None,
        (Some(promise), None) => period_later(life.effective, &promise.every),
        (Some(promise), Some((until, due))) => due.min(period_later(until, &promise.every)),
        (None, Some((_, due))) => due,
    };
    let late_after = promise.map_or(due, |CanaryPromise { grace, .. }| period_later(due, grace));
    Some(match () {
        () if late_after < day => Assurance::CanaryLate,
        () if due < day => Assurance::Overdue,
        () => Assurance::Current,
    })
}

/// What may be said of an agreement or an offer that is there.
pub(in crate::agreement) fn check_given(world: &World, act: &Act, body: &Body) -> Result<(), Refusal> {
    let subject = act.statement.subject();
    let given = match subject {
        Subject::Offer { .. } => {
            world.offer(subject).filter(|state| state.made(act.index).is_some()).map(OfferState::assurances)
        }
        _ => world.agreement(subject).filter(|state| state.life().is_some()).map(AgreementState::assurances),
    };
    let Some(given) = given else {
        let message = format!("there is neither an agreement nor an offer on {subject} before this");
        return Err(Refusal::new(Rule::AgreementUnknown, message, "the agreement or the offer first"));
    };
    match body {
        Body::EvidenceSupersede(body) => check_own_evidence(world, given, act, &body.reference),
        Body::EvidenceRevoke(body) => check_own_evidence(world, given, act, &body.reference),
        _ => Ok(()),
    }
}

fn check_own_evidence(world: &World, given: &Assurances, act: &Act, id: &StatementId) -> Result<(), Refusal> {
    let Some(record) = given.evidence(id) else {
        let current = given.records.iter().rev().find(|record| record.is_evidence && record.ended.is_none());
        return Err(match current {
            Some(current) => ref_not_current("a piece of evidence that counts", &current.id),
            None => Refusal::new(Rule::RefNotCurrent, "ref names no evidence that counts", "evidence.add"),
        });
    };
    demand(world.is_or_succeeds(act, &record.issuer), || {
        let message = "evidence is superseded or revoked by who gave it";
        Refusal::new(Rule::WrongSigner, message, format!("the signature of {}", record.issuer))
    })
}
