//! An agreement from its acceptance or filing to its end, and how it stood on any day in between.
//!
//! Everything here is a fold of admissible acts in index order, and every question is about a day in the zone of
//! the terms: effective time decides effect (rule 1).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agreement::day::{LegalZone, day_after};
use crate::agreement::{Assent, EndCause, Ending, Force};
use crate::crypto::Kid;
use crate::statement::body::{ClauseId, LegalDate, Terms};
use crate::statement::{Party, StatementId};

/// One agreement. A docket holds several only if an acceptance replaces one that has ended.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Life {
    /// The act that carries the terms now.
    pub carrier: StatementId,
    /// When it was registered, unix milliseconds.
    pub time_ms: u64,
    pub assent: Assent,
    /// The legal day of acceptance or filing.
    pub date: LegalDate,
    /// The first day in force.
    pub effective: LegalDate,
    pub terms: Arc<Terms>,
    pub zone: LegalZone,
    pub reservations: Vec<ClauseId>,
    /// Registered more than 30 days after its date (rule 2).
    pub is_late: bool,
    /// As `is_late`, or a paper in force more than 30 days before it was filed, whatever day the filing bears: so it is
    /// shown, while rule 2 goes by the date alone.
    pub is_told_late: bool,
    pub suspensions: Vec<SuspensionRecord>,
    pub notices: Vec<NoticeRecord>,
    pub terminations: Vec<TerminationRecord>,
    /// Who signed what changed its force, for the flag of rule 5.
    pub signatures: Vec<SignatureRecord>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct SuspensionRecord {
    pub id: StatementId,
    pub issuer: Party,
    pub effective: LegalDate,
    pub until: Option<LegalDate>,
    pub clauses: BTreeSet<ClauseId>,
    /// From when which clauses are back.
    pub resumed: Vec<(LegalDate, BTreeSet<ClauseId>)>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct NoticeRecord {
    pub id: StatementId,
    pub issuer: Party,
    pub date: LegalDate,
    pub effective: LegalDate,
    /// The day on which it was taken back.
    pub revoked: Option<LegalDate>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct TerminationRecord {
    pub id: StatementId,
    pub date: LegalDate,
    pub effective: LegalDate,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct SignatureRecord {
    pub issuer: Party,
    pub kid: Kid,
    pub time_ms: u64,
}

impl Life {
    /// Whether it is known to the world on a day: agreed upon, or in force.
    pub fn exists_on(&self, day: LegalDate) -> bool {
        day >= self.date.min(self.effective)
    }

    /// Its force on a day on which it exists.
    pub fn force_on(&self, day: LegalDate) -> Force {
        match self.ending() {
            Some(ending) if ending.day <= day && ending.cause == EndCause::Term => return Force::Expired,
            Some(ending) if ending.day <= day => return Force::Terminated,
            _ if day < self.effective => return Force::NotYet,
            _ => {}
        }
        let suspended = self.suspended_on(day);
        match suspended.is_empty() {
            true => Force::InForce,
            false if self.accepted_clauses().all(|clause| suspended.contains(clause)) => Force::Suspended,
            false => Force::PartlySuspended,
        }
    }

    /// Whether it has ended on a day.
    pub fn has_ended_on(&self, day: LegalDate) -> bool {
        self.ending().is_some_and(|ending| ending.day <= day)
    }

    /// The end, by all that is registered: the earliest of what the parties did and of its term.
    pub fn ending(&self) -> Option<Ending> {
        let acts = self.terminations.iter().map(|end| Ending {
            day: end.effective,
            cause: EndCause::Termination,
            act: Some(end.id),
        });
        let notices = self.notices.iter().filter(|notice| notice.revoked.is_none()).map(NoticeRecord::ending);
        acts.chain(notices).chain(self.end_of_term()).min_by_key(|ending| ending.day)
    }

    /// The end as it was announced on a day: an act counts from its date, a notice until it is taken back.
    pub fn ending_seen_on(&self, day: LegalDate) -> Option<Ending> {
        match self.ending() {
            Some(ending) if ending.day <= day => return Some(ending),
            _ => {}
        }
        let acts = self.terminations.iter().filter(|end| end.date <= day).map(|end| Ending {
            day: end.effective,
            cause: EndCause::Termination,
            act: Some(end.id),
        });
        let notices = self.notices.iter().filter(|notice| notice.is_pending_on(day)).map(NoticeRecord::ending);
        acts.chain(notices).chain(self.end_of_term()).min_by_key(|ending| ending.day)
    }

    fn end_of_term(&self) -> Option<Ending> {
        let term = &self.terms.term;
        let ends = term.ends?;
        let day = if term.ends_inclusive == Some(true) { day_after(ends) } else { ends };
        Some(Ending { day, cause: EndCause::Term, act: None })
    }

    /// Whether an end by an act is announced on a day, and has not come.
    pub fn has_notice_on(&self, day: LegalDate) -> bool {
        let ended = self.has_ended_on(day);
        let announced = self.ending_seen_on(day).is_some_and(|ending| ending.cause != EndCause::Term);
        let pending = self.notices.iter().any(|notice| notice.is_pending_on(day) && day < notice.effective);
        !ended && (announced || pending)
    }

    /// The clauses that are suspended on a day.
    pub fn suspended_on(&self, day: LegalDate) -> BTreeSet<&ClauseId> {
        self.suspensions.iter().flat_map(|suspension| suspension.clauses_on(day)).collect()
    }

    /// The clauses that the government accepted.
    pub fn accepted_clauses(&self) -> impl Iterator<Item = &ClauseId> {
        self.terms.clauses.iter().map(|clause| &clause.id).filter(|id| !self.reservations.contains(id))
    }
}

impl SuspensionRecord {
    /// Which clauses it suspends on a day.
    pub fn clauses_on(&self, day: LegalDate) -> BTreeSet<&ClauseId> {
        if day < self.effective || self.until.is_some_and(|until| until <= day) {
            return BTreeSet::new();
        }
        let is_back = |clause: &ClauseId| self.resumed.iter().any(|(from, back)| *from <= day && back.contains(clause));
        self.clauses.iter().filter(|clause| !is_back(clause)).collect()
    }

    /// Whether no clause is left to resume on a day or later.
    pub fn is_over(&self, day: LegalDate) -> bool {
        let is_back = |clause: &ClauseId| self.resumed.iter().any(|(_, back)| back.contains(clause));
        self.until.is_some_and(|until| until <= day) || self.clauses.iter().all(is_back)
    }
}

impl NoticeRecord {
    fn ending(&self) -> Ending {
        Ending { day: self.effective, cause: EndCause::Notice, act: Some(self.id) }
    }

    fn is_pending_on(&self, day: LegalDate) -> bool {
        self.date <= day && self.revoked.is_none_or(|revoked| day < revoked)
    }
}
