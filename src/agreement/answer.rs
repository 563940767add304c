//! The standing: derived, written by nobody (A4). A pure function of the dockets, a day, and a seal.
//!
//! - S1. "On" and "as known at" are two times. The day decides by effective dates; the seal decides which
//!   statements are known. What was registered later than the seal has no influence.
//! - S2. A day is answered by its first instant in the zone of the terms. A day that begins after the seal is not
//!   yet known.
//! - S3. Unknown stays unknown: a kind that this reader does not know, or an inadmissible statement that would have
//!   changed force, makes the answer indeterminate, and the answer without it stands beside.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agreement::accord::{AgreementState, offer_subject};
use crate::agreement::assurance::{Assurances, assurance_on};
use crate::agreement::day::{LegalZone, ZONE_TABLE, day_after};
use crate::agreement::doubt::{changes_force_by, doubt_of_entries, settle};
use crate::agreement::history::{Entry, State};
use crate::agreement::life::{Life, SignatureRecord};
use crate::agreement::offer::{Made, OfferState};
use crate::agreement::pending::{Book, Waiting};
use crate::agreement::{
    Assent, Assurance, Basis, Change, Contention, Flag, Force, Integrity, KnownAt, On, Reason, Standing, World,
};
use crate::statement::body::{Body, LegalDate, Terms, TextStatus};
use crate::statement::{Party, Subject};

impl World {
    /// How `about` stands on a day or at an instant, as known at a seal. The dockets of [`World::needs_of`] are at
    /// hand.
    pub fn standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        match about {
            Subject::Agreement { government, .. } => self.agreement_standing(about, government, on, known_at),
            Subject::Offer { .. } => self.offer_standing(about, on, known_at),
            Subject::Between { .. } => self.between_standing(about, on, known_at),
            _ => self.no_standing(about, on, known_at),
        }
    }

    /// Parties, lists, single reports and the registry have no standing; something may wait for signatures there all the
    /// same.
    fn no_standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        let zone = LegalZone::utc();
        let mut standing = Standing { force: Force::NotApplicable, ..blank(about, on, known_at, &zone) };
        self.tell_pending(&mut standing, about, &zone, moment(on, &zone).0, known_at);
        standing
    }

    /// The terms that [`World::standing`] speaks of: of an agreement those of the day, else those that are offered; of
    /// an offer its own. `None` where there are none on that day.
    pub fn terms(&self, about: &Subject, on: On, known_at: KnownAt) -> Option<Arc<Terms>> {
        let made_of = |offer: &Subject| self.offer(offer)?.made(known_at.index + 1).cloned();
        match about {
            Subject::Agreement { government, .. } => {
                let made = offer_subject(about).and_then(|offer| made_of(&offer));
                let (zone, state) = self.agreement_on(about, on, known_at, made.as_ref().map(|made| &made.zone));
                let (day, at_ms) = moment(on, &zone);
                let is_offered = |made: &Arc<Made>| made.time_ms <= at_ms && made.addressees.includes(government);
                let life = life_on(&state, day).map(|life| Arc::clone(&life.version_on(day).terms));
                life.or_else(|| made.filter(is_offered).map(|made| Arc::clone(&made.terms)))
            }
            Subject::Offer { .. } => made_of(about).map(|made| Arc::clone(&made.terms)),
            _ => None,
        }
    }

    fn agreement_standing(&self, about: &Subject, government: &Party, on: On, known_at: KnownAt) -> Standing {
        let offer = offer_subject(about);
        let offer_state = offer.as_ref().and_then(|offer| self.offer_known(offer, known_at));
        let made = offer_state.as_deref().and_then(|state| state.made(known_at.index + 1));
        let (zone, state) = self.agreement_on(about, on, known_at, made.map(|made| &made.zone));
        let (day, at_ms) = moment(on, &zone);

        let open = |at_ms| offer_state.as_deref().and_then(|state| state.open(known_at.index + 1, at_ms));
        let is_offered = |at_ms| open(at_ms).is_some_and(|made| made.addressees.includes(government));
        let force_of = |day, at_ms| match life_on(&state, day) {
            Some(life) => life.force_on(day),
            None if is_offered(at_ms) => Force::Offered,
            None => Force::NoAgreement,
        };
        let force_at = |at_ms| force_of(zone.day_of(at_ms), at_ms);
        // By the day itself: one before 1970 has no instant of its own.
        let mut standing = Standing { force: force_of(day, at_ms), ..blank(about, on, known_at, &zone) };
        let steps = offer_state.as_deref().map_or_else(Vec::new, |state| state.instants(known_at.index));
        standing.changes_on_day = changes(&zone, day, steps, force_at);
        tell_findings(&mut standing, &state, day);
        let life = life_on(&state, day);
        match life {
            Some(life) => self.tell_life(&mut standing, life, day),
            None => {
                tell_offered(&mut standing, &state, made.filter(|_| is_offered(at_ms)).map(|made| &*made.terms), day)
            }
        }
        let given: Vec<&Assurances> =
            offer_state.as_deref().map(|state| &state.assurances).into_iter().chain([&state.assurances]).collect();
        (standing.assurance, standing.assurances) = assurance_on(&given, life, &zone, day, known_at.index);
        self.tell_pending(&mut standing, about, &zone, day, known_at);
        let entries = self.entries_known(about, known_at);
        let history = self.history(about);
        let mut doubt = doubt_of_entries(&mut standing, entries, |entry| changes_force_by(history, entry, day, &zone));
        if let (None, Some(offer)) = (life, offer.filter(|_| offer_state.is_some())) {
            // Without an agreement the answer rests on the offer, and so do its doubts.
            doubt = doubt.or(self.offer_doubt(&mut standing, &offer, at_ms, known_at));
        }
        settle(standing, doubt, at_ms)
    }

    fn offer_standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        let state = self.offer_known(about, known_at).unwrap_or_default();
        let made = state.made(known_at.index + 1);
        let zone = made.map_or_else(LegalZone::utc, |made| made.zone.clone());
        let (day, at_ms) = moment(on, &zone);
        let force_at = |at_ms| state.force_at(known_at.index, at_ms);
        let mut standing = Standing { force: force_at(at_ms), ..blank(about, on, known_at, &zone) };
        standing.changes_on_day = changes(&zone, day, state.instants(known_at.index), force_at);
        if let Some(made) = made.filter(|made| made.time_ms <= at_ms) {
            standing.assent = Assent::VendorOnly;
            standing.integrity = integrity_of(&made.terms);
            standing.carrier = Some(made.id);
            standing.effective = made.terms.term.effective;
            standing.ends = state.ending(known_at.index, at_ms);
            self.tell_disputed(&mut standing, &made.signatures, &state.affirmations);
            self.tell_succession(&mut standing, about_vendor(about));
        }
        let given = [&state.assurances];
        (standing.assurance, standing.assurances) = assurance_on(&given, None, &zone, day, known_at.index);
        self.tell_pending(&mut standing, about, &zone, day, known_at);
        let doubt = self.offer_doubt(&mut standing, about, at_ms, known_at);
        settle(standing, doubt, at_ms)
    }

    /// The zone of an agreement's days, that of its terms, else of what is offered; and the docket as it was on the day
    /// that is asked about.
    fn agreement_on(
        &self,
        about: &Subject,
        on: On,
        known_at: KnownAt,
        offered: Option<&LegalZone>,
    ) -> (LegalZone, Cow<'_, AgreementState>) {
        let newest = self.agreement_known(about, known_at, u64::MAX);
        let own = newest.life().map(|life| &life.zone);
        let zone = own.or(offered).cloned().unwrap_or_else(LegalZone::utc);
        match self.is_plain(about, known_at) {
            true => (zone, newest),
            false => {
                let (day, _) = moment(on, &zone);
                let by_ms = zone.start_ms(day_after(day));
                (zone, self.agreement_known(about, known_at, by_ms))
            }
        }
    }

    /// S1: the docket folded as far as the seal knew it, without what was void before `by_ms`.
    fn agreement_known(&self, about: &Subject, known_at: KnownAt, by_ms: u64) -> Cow<'_, AgreementState> {
        let mut state = match self.agreement(about).filter(|_| self.is_plain(about, known_at)) {
            Some(state) => Cow::Borrowed(state),
            None => match self.state_as_of(about, known_at.index, by_ms) {
                State::Agreement(state) => Cow::Owned(state),
                _ => Cow::Owned(AgreementState::default()),
            },
        };
        for place in 0..state.lives.len() {
            let accepted = Some(&state.lives[place]).filter(|life| life.assent == Assent::BothSigned);
            let voided = accepted.and_then(|life| self.void_with_offer(about, life.begun_at(), known_at.index + 1));
            if let Some(voided) = voided {
                state.to_mut().lives[place].mark_void(&voided);
            }
        }
        state
    }

    fn offer_known(&self, about: &Subject, known_at: KnownAt) -> Option<Cow<'_, OfferState>> {
        match self.offer(about)? {
            state if self.is_plain(about, known_at) => Some(Cow::Borrowed(state)),
            _ => match self.state_as_of(about, known_at.index, u64::MAX) {
                State::Offer(state) => Some(Cow::Owned(state)),
                _ => None,
            },
        }
    }

    /// Whether the docket as it is kept answers: everything in it is known, and nothing is void.
    fn is_plain(&self, about: &Subject, known_at: KnownAt) -> bool {
        let entries = self.history(about).map_or(&[][..], |history| &history.entries);
        let is_void = |entry: &Entry| matches!(entry.act.body.as_deref(), Some(Body::Void(_)));
        entries.last().is_none_or(|entry| entry.act.index <= known_at.index) && !entries.iter().any(is_void)
    }

    pub(in crate::agreement) fn entries_known(
        &self,
        about: &Subject,
        known_at: KnownAt,
    ) -> impl Iterator<Item = &Entry> {
        let entries = self.history(about).into_iter().flat_map(|history| &history.entries);
        entries.filter(move |entry| entry.act.index <= known_at.index)
    }

    fn tell_life(&self, standing: &mut Standing, life: &Life, day: LegalDate) {
        let version = life.version_on(day);
        let (assent, is_disputed) = life.assent_on(day);
        standing.assent = assent;
        standing.integrity = integrity_of(&version.terms);
        standing.carrier = version.ids.last().copied();
        standing.effective = Some(life.effective);
        standing.ends = life.ending_shown_on(day);
        standing.basis = life.basis_on(day);
        standing.reservations = life.reservations.clone();
        if matches!(standing.force, Force::PartlySuspended | Force::Suspended) {
            standing.suspended = life.suspended_on(day).into_iter().cloned().collect();
        }
        let flags = [
            (Flag::LateRegistration, life.is_told_late),
            (Flag::Notice, life.has_notice_on(day)),
            (Flag::Disputed, is_disputed),
        ];
        standing.flags.extend(flags.into_iter().filter_map(|(flag, holds)| holds.then_some(flag)));
        self.tell_disputed(standing, &life.signatures, &life.affirmations);
        if let Subject::Agreement { vendor, government, .. } = &standing.about.clone() {
            [vendor, government].into_iter().for_each(|party| self.tell_succession(standing, Some(party)));
        }
    }

    /// Rule 5: force stays, and the answer says that somebody else may have signed, until an uncompromised key of the
    /// same party stands behind the same statement.
    fn tell_disputed(&self, standing: &mut Standing, signatures: &[SignatureRecord], affirmed: &[SignatureRecord]) {
        let last = standing.known_at.index;
        let is_compromised = |one: &SignatureRecord| {
            self.party(&one.issuer).is_some_and(|party| party.was_compromised(&one.kid, one.time_ms, last))
        };
        let is_affirmed = |one: &SignatureRecord| {
            let mut behind = signatures.iter().chain(affirmed).filter(|other| other.of == one.of);
            behind.any(|other| other.issuer == one.issuer && !is_compromised(other))
        };
        if signatures.iter().any(|one| is_compromised(one) && !is_affirmed(one)) {
            standing.flags.insert(Flag::Disputed);
        }
    }

    fn tell_succession(&self, standing: &mut Standing, party: Option<&Party>) {
        if party.is_some_and(|party| self.is_succeeded_by_registrar(party, standing.known_at.index)) {
            standing.flags.insert(Flag::SuccessionByRegistrar);
        }
    }

    /// What waits for signatures on a day, as known at the seal.
    fn tell_pending(
        &self,
        standing: &mut Standing,
        about: &Subject,
        zone: &LegalZone,
        day: LegalDate,
        known_at: KnownAt,
    ) {
        let mut book = Book::default();
        for entry in self.entries_known(about, known_at) {
            if let Some(Ok(outcome)) = &entry.verdict {
                book.apply(&entry.act, outcome);
            }
        }
        let start_ms = zone.start_ms(day);
        let waits = |waiting: &&Waiting| zone.day_of(waiting.act.time_ms) <= day && waiting.is_open(start_ms);
        let open: Vec<&Waiting> = book.waiting().iter().filter(waits).collect();
        let lines = open.iter().filter_map(|waiting| self.pending_line(waiting, &open, known_at.index));
        standing.pending = lines.collect();
        if !standing.pending.is_empty() {
            standing.flags.insert(Flag::Pending);
        }
    }

    /// An offer changes at the instants of registration, so what is inadmissible counts from there.
    fn offer_doubt(&self, standing: &mut Standing, offer: &Subject, at_ms: u64, known_at: KnownAt) -> Option<Reason> {
        doubt_of_entries(standing, self.entries_known(offer, known_at), |entry| entry.act.time_ms <= at_ms)
    }
}

/// The agreement that a day is about: the one that has begun and not ended, else the newest that had come about.
fn life_on(state: &AgreementState, day: LegalDate) -> Option<&Life> {
    let known = || state.lives.iter().rev().filter(|life| life.exists_on(day));
    known().find(|life| life.effective <= day && !life.has_ended_on(day)).or_else(|| known().next())
}

fn tell_findings(standing: &mut Standing, state: &AgreementState, day: LegalDate) {
    standing.findings = state.findings.iter().filter_map(|finding| finding.line_on(day)).collect();
    let worst = standing.findings.iter().map(|line| line.state).max();
    standing.contention = worst.unwrap_or(Contention::None);
}

fn tell_offered(standing: &mut Standing, state: &AgreementState, offered: Option<&Terms>, day: LegalDate) {
    if let Some(terms) = offered {
        standing.assent = Assent::VendorOnly;
        standing.integrity = integrity_of(terms);
    }
    if state.declines.iter().any(|(_, date)| *date <= day) {
        standing.flags.insert(Flag::Declined);
    }
}

/// The day and the instant that are asked about.
pub(in crate::agreement) fn moment(on: On, zone: &LegalZone) -> (LegalDate, u64) {
    match on {
        On::Day(day) => (day, zone.start_ms(day)),
        On::Instant(at_ms) => (zone.day_of(at_ms), at_ms),
    }
}

/// What changes within a half-open local day, its first instant included.
fn changes(zone: &LegalZone, day: LegalDate, instants: Vec<u64>, force_at: impl Fn(u64) -> Force) -> Vec<Change> {
    let (start_ms, end_ms) = (zone.start_ms(day), zone.start_ms(day_after(day)));
    let within = instants.into_iter().filter(|at_ms| (start_ms..end_ms).contains(at_ms));
    let steps: BTreeSet<u64> = within.chain([start_ms]).collect();
    let mut before = start_ms.checked_sub(1).map(&force_at);
    let mut found = Vec::new();
    for at_ms in steps {
        let force = force_at(at_ms);
        if before.is_some_and(|before| before != force) {
            found.push(Change { at_ms, force });
        }
        before = Some(force);
    }
    found
}

/// Digests alone say nothing of texts that are not at hand. The authentic texts decide.
fn integrity_of(terms: &Terms) -> Integrity {
    let mut authentic = terms.texts.iter().flatten().filter(|text| text.status == TextStatus::Authentic).peekable();
    match authentic.peek().is_some() && authentic.all(|text| text.withheld.is_some()) {
        true => Integrity::Withheld,
        false => Integrity::Unavailable,
    }
}

fn about_vendor(about: &Subject) -> Option<&Party> {
    match about {
        Subject::Offer { vendor, .. } => Some(vendor),
        _ => None,
    }
}

/// A standing that says nothing yet.
pub(in crate::agreement) fn blank(about: &Subject, on: On, known_at: KnownAt, zone: &LegalZone) -> Standing {
    Standing {
        about: about.clone(),
        on,
        known_at,
        zone: zone.name().to_owned(),
        zone_table: ZONE_TABLE,
        force: Force::NoAgreement,
        flags: BTreeSet::new(),
        assent: Assent::None,
        contention: Contention::None,
        integrity: Integrity::Unavailable,
        assurance: Assurance::None,
        basis: Basis::Live,
        carrier: None,
        effective: None,
        ends: None,
        suspended: Vec::new(),
        reservations: Vec::new(),
        changes_on_day: Vec::new(),
        findings: Vec::new(),
        assurances: Vec::new(),
        pending: Vec::new(),
        list: Vec::new(),
        reports: Vec::new(),
        inadmissible: Vec::new(),
        otherwise: None,
    }
}
