//! An agreement from its acceptance or filing to its end, and how it stood on any day in between.
//!
//! Everything here is a fold of admissible acts in index order, and every question is about a day in the zone of
//! the terms: effective time decides effect (rule 1).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agreement::day::LegalZone;
use crate::agreement::void::Voided;
use crate::agreement::{Act, Assent, Basis, EndCause, Ending, Force};
use crate::crypto::Kid;
use crate::statement::body::{Body, ClauseId, LegalDate, Terms};
use crate::statement::{Party, StatementId};

/// One agreement. A docket holds several only if an acceptance replaces one that has ended.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Life {
    /// The acts that carried the terms, in log order: acceptance or filing, then what amended or corrected them. Never
    /// empty.
    pub versions: Vec<Version>,
    /// When it was registered, unix milliseconds.
    pub time_ms: u64,
    pub assent: Assent,
    /// What the vendor said of a filed paper, by its dates.
    pub words: Vec<WordRecord>,
    /// The legal day of acceptance or filing.
    pub date: LegalDate,
    /// The first day in force.
    pub effective: LegalDate,
    pub zone: LegalZone,
    pub reservations: Vec<ClauseId>,
    /// Registered more than 30 days after its date (rule 2).
    pub is_late: bool,
    /// As `is_late`, or a paper in force more than 30 days before it was filed, whatever day the filing bears: so it is
    /// shown, while rule 2 goes by the date alone.
    pub is_told_late: bool,
    /// The end of the term as it was set, in log order.
    pub ends: Vec<EndRecord>,
    pub suspensions: Vec<SuspensionRecord>,
    pub notices: Vec<NoticeRecord>,
    pub terminations: Vec<TerminationRecord>,
    pub basis_changes: Vec<BasisRecord>,
    /// Declared void: from which day, by which act.
    pub void: Option<(LegalDate, StatementId)>,
    /// Who signed what changed its force, for the flag of rule 5.
    pub signatures: Vec<SignatureRecord>,
    /// Endorsements of what was complete already (rule 5).
    pub affirmations: Vec<SignatureRecord>,
}

/// Terms, and from which day they count.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Version {
    /// By which ids a later act may name what carries them.
    pub ids: Vec<StatementId>,
    /// The index at which they came to be.
    pub index: u64,
    pub from: LegalDate,
    pub terms: Arc<Terms>,
}

/// An end of the term as an act set it.
#[derive(Clone, Copy, Debug)]
pub(in crate::agreement) struct EndRecord {
    /// The act that set it.
    pub by: StatementId,
    /// The legal day of the act.
    pub date: LegalDate,
    /// `None`: without end.
    pub first_day_out: Option<LegalDate>,
}

/// The vendor's word on a filed paper.
#[derive(Clone, Copy, Debug)]
pub(in crate::agreement) struct WordRecord {
    pub id: StatementId,
    pub date: LegalDate,
    pub confirms: bool,
}

/// What became of the law that it rests on.
#[derive(Clone, Copy, Debug)]
pub(in crate::agreement) struct BasisRecord {
    pub id: StatementId,
    pub index: u64,
    pub date: LegalDate,
    pub effective: LegalDate,
    /// The first day on which the agreement has lapsed with it, unless it is carried on.
    pub lapses: Option<LegalDate>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct SuspensionRecord {
    pub id: StatementId,
    pub issuer: Party,
    pub effective: LegalDate,
    pub until: Option<LegalDate>,
    pub clauses: BTreeSet<ClauseId>,
    /// By which act and from when which clauses are back.
    pub resumed: Vec<(StatementId, LegalDate, BTreeSet<ClauseId>)>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct NoticeRecord {
    pub id: StatementId,
    pub issuer: Party,
    pub date: LegalDate,
    pub effective: LegalDate,
    /// By which act and on which day it was taken back.
    pub revoked: Option<(StatementId, LegalDate)>,
}

#[derive(Clone, Debug)]
pub(in crate::agreement) struct TerminationRecord {
    pub id: StatementId,
    pub date: LegalDate,
    pub effective: LegalDate,
}

/// A signature under an act.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct SignatureRecord {
    /// The statement that was signed, or endorsed.
    pub of: StatementId,
    pub issuer: Party,
    pub kid: Kid,
    pub time_ms: u64,
}

impl SignatureRecord {
    /// The signature under a statement; under an endorsement, that of what it endorses.
    pub fn of(act: &Act) -> Option<Self> {
        let of = match act.body.as_deref() {
            Some(Body::Endorse(body)) => body.reference,
            _ => act.id(),
        };
        Some(Self { of, issuer: act.issuer()?.clone(), kid: *act.statement.kid(), time_ms: act.time_ms })
    }
}

impl Life {
    /// An agreement that came about on `date`, with nothing that happened to it yet; in UTC and from that day on, until the
    /// caller says otherwise.
    pub fn begun(first: Version, date: LegalDate, time_ms: u64, assent: Assent) -> Self {
        let by = first.ids.first().copied().unwrap_or_default();
        let end = EndRecord { by, date, first_day_out: crate::agreement::amend::end_of(&first.terms) };
        Self {
            versions: vec![first],
            time_ms,
            assent,
            words: Vec::new(),
            date,
            effective: date,
            zone: LegalZone::utc(),
            reservations: Vec::new(),
            is_late: false,
            is_told_late: false,
            ends: vec![end],
            suspensions: Vec::new(),
            notices: Vec::new(),
            terminations: Vec::new(),
            basis_changes: Vec::new(),
            void: None,
            signatures: Vec::new(),
            affirmations: Vec::new(),
        }
    }

    /// The index at which it came about.
    pub fn begun_at(&self) -> u64 {
        self.versions[0].index
    }

    /// Takes back what an act did that is void and no terms rest on.
    pub fn forget(&mut self, id: &StatementId) {
        self.words.retain(|word| word.id != *id);
        self.suspensions.retain(|suspension| suspension.id != *id);
        self.suspensions.iter_mut().for_each(|suspension| suspension.resumed.retain(|(by, _, _)| by != id));
        self.notices.retain(|notice| notice.id != *id);
        let revoked = self.notices.iter_mut().filter(|notice| notice.revoked.is_some_and(|(by, _)| by == *id));
        revoked.for_each(|notice| notice.revoked = None);
        self.terminations.retain(|end| end.id != *id);
        self.basis_changes.retain(|change| change.id != *id);
        self.signatures.retain(|signature| signature.of != *id);
    }

    /// As [`Life::forget`] of an act known by these ids, with the terms or the end that it set.
    pub fn forget_with_terms(&mut self, ids: &[StatementId]) {
        ids.iter().for_each(|id| self.forget(id));
        let first = self.versions[0].ids.clone();
        self.versions.retain(|version| version.ids == first || !ids.iter().any(|id| version.ids.contains(id)));
        self.ends.retain(|end| !ids.contains(&end.by));
    }

    /// Whether it is known to the world on a day: agreed upon, or in force.
    pub fn exists_on(&self, day: LegalDate) -> bool {
        day >= self.date.min(self.effective)
    }

    /// The act that carries the terms now, by the newest that is registered.
    pub fn version(&self) -> &Version {
        self.versions.last().expect("a life begins with the terms that were accepted or filed")
    }

    /// The terms now, by the newest act that is registered.
    pub fn terms(&self) -> &Arc<Terms> {
        &self.version().terms
    }

    /// What carries the terms on a day: the newest act whose day has come.
    pub fn version_on(&self, day: LegalDate) -> &Version {
        self.versions.iter().rev().find(|version| version.from <= day).unwrap_or_else(|| &self.versions[0])
    }

    /// Its force on a day on which it exists.
    pub fn force_on(&self, day: LegalDate) -> Force {
        if self.is_void_on(day) {
            return Force::Void;
        }
        match self.ending() {
            Some(ending) if ending.day <= day => match ending.cause {
                EndCause::Term | EndCause::Basis => return Force::Expired,
                _ => return Force::Terminated,
            },
            _ if day < self.effective => return Force::NotYet,
            _ => {}
        }
        let suspended = self.suspended_on(day);
        match suspended.is_empty() {
            true => Force::InForce,
            false if self.accepted_clauses(day).all(|clause| suspended.contains(clause)) => Force::Suspended,
            false => Force::PartlySuspended,
        }
    }

    /// Whether it is declared void, as of a day.
    pub fn is_void_on(&self, day: LegalDate) -> bool {
        self.void.is_some_and(|(from, _)| from <= day)
    }

    /// Marks it as void, from the beginning or from the day of the voiding on; the earlier voiding stays.
    pub fn mark_void(&mut self, voided: &Voided) {
        let beginning = self.date.min(self.effective);
        let from = if voided.is_ab_initio { beginning } else { self.zone.day_of(voided.time_ms) };
        if self.void.is_none_or(|(known, _)| from < known) {
            self.void = Some((from, voided.by));
        }
    }

    /// Whether it has ended on a day, or is void.
    pub fn has_ended_on(&self, day: LegalDate) -> bool {
        self.is_void_on(day) || self.ending().is_some_and(|ending| ending.day <= day)
    }

    /// The end, by all that is registered: the earliest of what the parties did, of its term and of its basis.
    pub fn ending(&self) -> Option<Ending> {
        let acts = self.terminations.iter().map(|end| Ending {
            day: end.effective,
            cause: EndCause::Termination,
            act: Some(end.id),
        });
        let notices = self.notices.iter().filter(|notice| notice.revoked.is_none()).map(NoticeRecord::ending);
        let bases = self.basis_changes.iter().filter_map(|change| self.lapse(change));
        acts.chain(notices).chain(self.end_of_term()).chain(bases).min_by_key(|ending| ending.day)
    }

    /// The end as it is shown on a day.
    pub fn ending_shown_on(&self, day: LegalDate) -> Option<Ending> {
        match self.void {
            Some((from, by)) if from <= day => Some(Ending { day: from, cause: EndCause::Void, act: Some(by) }),
            _ => self.ending_seen_on(day),
        }
    }

    /// The lapse with its basis, unless new terms carried it on before.
    fn lapse(&self, change: &BasisRecord) -> Option<Ending> {
        let day = change.lapses?;
        let is_carried_on = self.versions.iter().any(|version| version.index > change.index && version.from <= day);
        (!is_carried_on).then_some(Ending { day, cause: EndCause::Basis, act: Some(change.id) })
    }

    /// The law that it rests on, as of a day.
    pub fn basis_on(&self, day: LegalDate) -> Basis {
        let version = self.version_on(day);
        let is_gone = |change: &BasisRecord| change.effective <= day && version.index < change.index;
        if self.basis_changes.iter().any(is_gone) { Basis::Repealed } else { Basis::Live }
    }

    /// Who says so on a day, and whether the vendor disputes it.
    pub fn assent_on(&self, day: LegalDate) -> (Assent, bool) {
        let word = self.words.iter().filter(|word| word.date <= day).max_by_key(|word| word.date);
        match (self.assent, word) {
            (Assent::GovernmentAttests, Some(word)) if word.confirms => (Assent::BothSigned, false),
            (assent, Some(_)) => (assent, true),
            (assent, None) => (assent, false),
        }
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
        let told = self.basis_changes.iter().filter(|change| change.date <= day);
        let bases = told.filter_map(|change| self.lapse(change));
        acts.chain(notices).chain(self.end_of_term_on(day)).chain(bases).min_by_key(|ending| ending.day)
    }

    /// The end of the term by all that is registered.
    pub fn end_of_term(&self) -> Option<Ending> {
        self.ends.last().and_then(EndRecord::ending)
    }

    /// The end of the term as it was set on a day.
    fn end_of_term_on(&self, day: LegalDate) -> Option<Ending> {
        let set = self.ends.iter().rev().find(|end| end.date <= day).or(self.ends.first());
        set.and_then(EndRecord::ending)
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

    /// The clauses that the government accepted, of the terms of a day.
    pub fn accepted_clauses(&self, day: LegalDate) -> impl Iterator<Item = &ClauseId> {
        self.version_on(day).terms.clauses.iter().map(|clause| &clause.id).filter(|id| !self.reservations.contains(id))
    }
}

impl SuspensionRecord {
    /// Which clauses it suspends on a day.
    pub fn clauses_on(&self, day: LegalDate) -> BTreeSet<&ClauseId> {
        if day < self.effective || self.until.is_some_and(|until| until <= day) {
            return BTreeSet::new();
        }
        let is_back =
            |clause: &ClauseId| self.resumed.iter().any(|(_, from, back)| *from <= day && back.contains(clause));
        self.clauses.iter().filter(|clause| !is_back(clause)).collect()
    }

    /// Whether no clause is left to resume on a day or later.
    pub fn is_over(&self, day: LegalDate) -> bool {
        let is_back = |clause: &ClauseId| self.resumed.iter().any(|(_, _, back)| back.contains(clause));
        self.until.is_some_and(|until| until <= day) || self.clauses.iter().all(is_back)
    }
}

impl EndRecord {
    fn ending(&self) -> Option<Ending> {
        self.first_day_out.map(|day| Ending { day, cause: EndCause::Term, act: None })
    }
}

impl NoticeRecord {
    fn ending(&self) -> Ending {
        Ending { day: self.effective, cause: EndCause::Notice, act: Some(self.id) }
    }

    fn is_pending_on(&self, day: LegalDate) -> bool {
        self.date <= day && self.revoked.is_none_or(|(_, revoked)| day < revoked)
    }
}
