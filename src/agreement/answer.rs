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
use crate::agreement::day::{LegalZone, ZONE_TABLE, day_after};
use crate::agreement::life::Life;
use crate::agreement::offer::{Made, OfferState};
use crate::agreement::world::Entry;
use crate::agreement::{
    Assent, Assurance, Basis, Change, Contention, EndCause, Ending, Flag, Force, Integrity, KnownAt, On, Reason, Rule,
    Standing, World, kinds, report,
};
use crate::statement::body::{LegalDate, Terms};
use crate::statement::{Party, Subject};

impl World {
    /// How `about` stands on a day or at an instant, as known at a seal. The dockets of [`World::needs_of`] are at
    /// hand.
    pub fn standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        match about {
            Subject::Agreement { government, .. } => self.agreement_standing(about, government, on, known_at),
            Subject::Offer { .. } => self.offer_standing(about, on, known_at),
            Subject::Between { .. } => self.between_standing(about, on, known_at),
            _ => Standing { force: Force::NotApplicable, ..blank(about, on, known_at, &LegalZone::utc()) },
        }
    }

    /// The terms that [`World::standing`] speaks of: of an agreement those of the day, else those that are offered; of
    /// an offer its own. `None` where there are none on that day.
    pub fn terms(&self, about: &Subject, on: On, known_at: KnownAt) -> Option<Arc<Terms>> {
        let made_of = |offer: &Subject| self.offer(offer)?.made(known_at.index + 1).cloned();
        match about {
            Subject::Agreement { government, .. } => {
                let state = self.agreement_known(about, known_at);
                let made = offer_subject(about).and_then(|offer| made_of(&offer));
                let zone = state.life().map(|life| &life.zone).or(made.as_ref().map(|made| &made.zone));
                let (day, at_ms) = moment(on, &zone.cloned().unwrap_or_else(LegalZone::utc));
                let is_offered = |made: &Arc<Made>| made.time_ms <= at_ms && made.addressees.includes(government);
                let life = life_on(&state, day).map(|life| Arc::clone(&life.terms));
                life.or_else(|| made.filter(is_offered).map(|made| Arc::clone(&made.terms)))
            }
            Subject::Offer { .. } => made_of(about).map(|made| Arc::clone(&made.terms)),
            _ => None,
        }
    }

    fn agreement_standing(&self, about: &Subject, government: &Party, on: On, known_at: KnownAt) -> Standing {
        let state = self.agreement_known(about, known_at);
        let offer = offer_subject(about);
        let offer = offer.as_ref().and_then(|offer| Some((offer, self.offer(offer)?)));
        let made = offer.and_then(|(_, state)| state.made(known_at.index + 1));
        let zone = state.life().map(|life| &life.zone).or(made.map(|made| &made.zone));
        let zone = zone.cloned().unwrap_or_else(LegalZone::utc);
        let (day, at_ms) = moment(on, &zone);

        let open = |at_ms| offer.and_then(|(_, state)| state.open(known_at.index + 1, at_ms));
        let is_offered = |at_ms| open(at_ms).is_some_and(|made| made.addressees.includes(government));
        let force_at = |at_ms| match life_on(&state, zone.day_of(at_ms)) {
            Some(life) => life.force_on(zone.day_of(at_ms)),
            None if is_offered(at_ms) => Force::Offered,
            None => Force::NoAgreement,
        };
        let mut standing = Standing { force: force_at(at_ms), ..blank(about, on, known_at, &zone) };
        let steps = offer.map_or_else(Vec::new, |(_, state)| state.instants(known_at.index));
        standing.changes_on_day = changes(&zone, day, steps, force_at);
        tell_findings(&mut standing, &state, day);
        match life_on(&state, day) {
            Some(life) => self.tell_life(&mut standing, life, day),
            None => {
                tell_offered(&mut standing, &state, made.filter(|_| is_offered(at_ms)).map(|made| &*made.terms), day)
            }
        }
        let entries = self.entries_known(about, known_at);
        let mut doubt = doubt_of_entries(&mut standing, entries, |entry| changes_force_by(entry, day));
        if let (None, Some((offer, _))) = (life_on(&state, day), offer) {
            // Without an agreement the answer rests on the offer, and so do its doubts.
            doubt = doubt.or(self.offer_doubt(&mut standing, offer, at_ms, known_at));
        }
        settle(standing, doubt, at_ms)
    }

    fn offer_standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        let default = OfferState::default();
        let state = self.offer(about).unwrap_or(&default);
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
            self.tell_disputed(&mut standing, about_vendor(about), |party| {
                party.was_compromised(&made.kid, made.time_ms, known_at.index)
            });
        }
        let doubt = self.offer_doubt(&mut standing, about, at_ms, known_at);
        settle(standing, doubt, at_ms)
    }

    fn between_standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        let (day, at_ms) = moment(on, &LegalZone::utc());
        let mut standing = blank(about, on, known_at, &LegalZone::utc());
        let mut named = BTreeSet::new();
        let mut doubt = None;
        for entry in self.entries_known(about, known_at) {
            let subject = entry.act.statement.subject();
            match (subject, self.verdict_in_list(entry)) {
                (_, Some(refusal)) if refusal.rule == Rule::UnknownKind => doubt = Some(Reason::UnknownKind),
                (Subject::Report { .. }, None) => standing.reports.extend(report::line_on(&entry.act, day)),
                (Subject::Report { .. }, Some(_)) => standing.inadmissible.extend(self.inadmissible_in_list(entry)),
                _ => {
                    named.insert(subject.clone());
                }
            }
        }
        standing.list = named.into_iter().map(|one| (one.clone(), self.standing(&one, on, known_at))).collect();
        if !standing.list.is_empty() {
            standing.force = Force::Listed;
        }
        if !standing.reports.is_empty() {
            standing.flags.insert(Flag::Reported);
        }
        settle(standing, doubt, at_ms)
    }

    /// S1: the docket folded as far as the seal knew it.
    fn agreement_known(&self, about: &Subject, known_at: KnownAt) -> Cow<'_, AgreementState> {
        let entries = self.history(about).map_or(&[][..], |history| &history.entries);
        let is_all_known = entries.last().is_none_or(|entry| entry.act.index <= known_at.index);
        match self.agreement(about).filter(|_| is_all_known) {
            Some(state) => Cow::Borrowed(state),
            None => Cow::Owned(self.agreement_as_of(about, known_at.index)),
        }
    }

    fn entries_known(&self, about: &Subject, known_at: KnownAt) -> impl Iterator<Item = &Entry> {
        let entries = self.history(about).into_iter().flat_map(|history| &history.entries);
        entries.filter(move |entry| entry.act.index <= known_at.index)
    }

    fn tell_life(&self, standing: &mut Standing, life: &Life, day: LegalDate) {
        standing.assent = life.assent;
        standing.integrity = integrity_of(&life.terms);
        standing.carrier = Some(life.carrier);
        standing.effective = Some(life.effective);
        standing.ends = life.ending_seen_on(day);
        standing.reservations = life.reservations.clone();
        if matches!(standing.force, Force::PartlySuspended | Force::Suspended) {
            standing.suspended = life.suspended_on(day).into_iter().cloned().collect();
        }
        let flags = [(Flag::LateRegistration, life.is_told_late), (Flag::Notice, life.has_notice_on(day))];
        standing.flags.extend(flags.into_iter().filter_map(|(flag, holds)| holds.then_some(flag)));
        for signature in &life.signatures {
            let known_at = standing.known_at.index;
            self.tell_disputed(standing, Some(&signature.issuer), |party| {
                party.was_compromised(&signature.kid, signature.time_ms, known_at)
            });
        }
    }

    /// Rule 5: force stays, and the answer says that somebody else may have signed.
    fn tell_disputed(
        &self,
        standing: &mut Standing,
        issuer: Option<&Party>,
        was_compromised: impl Fn(&crate::agreement::party::PartyState) -> bool,
    ) {
        if issuer.and_then(|issuer| self.party(issuer)).is_some_and(was_compromised) {
            standing.flags.insert(Flag::Disputed);
        }
    }

    /// An offer changes at the instants of registration, so what is inadmissible counts from there.
    fn offer_doubt(&self, standing: &mut Standing, offer: &Subject, at_ms: u64, known_at: KnownAt) -> Option<Reason> {
        doubt_of_entries(standing, self.entries_known(offer, known_at), |entry| entry.act.time_ms <= at_ms)
    }
}

impl OfferState {
    /// How the offer stands at an instant, as known at index `last`.
    fn force_at(&self, last: u64, at_ms: u64) -> Force {
        match self.made(last + 1) {
            Some(made) if made.time_ms <= at_ms => match self.ending(last, at_ms) {
                Some(Ending { cause: EndCause::Withdrawal, .. }) => Force::Withdrawn,
                _ if made.closes_ms().is_some_and(|end| end <= at_ms) => Force::Expired,
                _ => Force::Offered,
            },
            _ => Force::NoAgreement,
        }
    }

    /// The end as seen at an instant: a withdrawal that was registered, or the last day to accept.
    fn ending(&self, last: u64, at_ms: u64) -> Option<Ending> {
        let made = self.made(last + 1)?;
        let closes_ms = made.closes_ms();
        let withdrawn = self
            .withdrawn(last + 1)
            .filter(|withdrawn| withdrawn.time_ms <= at_ms && closes_ms.is_none_or(|end| withdrawn.time_ms < end));
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
    fn instants(&self, last: u64) -> Vec<u64> {
        let made = self.made(last + 1).map(|made| made.time_ms);
        made.into_iter().chain(self.withdrawn(last + 1).map(|withdrawn| withdrawn.time_ms)).collect()
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
    if state.declines.iter().any(|date| *date <= day) {
        standing.flags.insert(Flag::Declined);
    }
}

/// Whether an entry, had it been admissible, would have changed force on or before a day (rule 14).
fn changes_force_by(entry: &Entry, day: LegalDate) -> bool {
    match entry.act.body.as_deref() {
        Some(body) => kinds::force_from(body).is_some_and(|from| from <= day),
        // A body that cannot be read has no day.
        None => entry.act.statement.kind().family() == "agreement",
    }
}

/// S3 and rule 14: lists what has no effect, and says whether that leaves the answer open.
fn doubt_of_entries<'a>(
    standing: &mut Standing,
    entries: impl Iterator<Item = &'a Entry>,
    would_change: impl Fn(&Entry) -> bool,
) -> Option<Reason> {
    let mut doubt = None;
    for entry in entries.filter(|entry| entry.refusal.is_some()) {
        standing.inadmissible.extend(entry.inadmissible());
        if entry.is_unknown() {
            doubt = Some(Reason::UnknownKind);
        } else if doubt.is_none() && would_change(entry) {
            doubt = Some(Reason::Inadmissible);
        }
    }
    doubt
}

/// S2 and S3: the answer, or what is unknown with the answer that stands beside.
fn settle(standing: Standing, doubt: Option<Reason>, at_ms: u64) -> Standing {
    let is_known_yet = at_ms <= standing.known_at.time_ms;
    let standing = match doubt {
        Some(reason) => indeterminate(standing, reason),
        None => standing,
    };
    if is_known_yet { standing } else { indeterminate(standing, Reason::NotYetKnown) }
}

fn indeterminate(standing: Standing, reason: Reason) -> Standing {
    Standing { force: Force::Indeterminate(reason), otherwise: Some(Box::new(standing.clone())), ..standing }
}

/// The day and the instant that are asked about.
fn moment(on: On, zone: &LegalZone) -> (LegalDate, u64) {
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

/// Digests alone say nothing of texts that are not at hand.
fn integrity_of(terms: &Terms) -> Integrity {
    match terms.texts.as_deref() {
        Some(texts) if texts.iter().all(|text| text.withheld.is_some()) => Integrity::Withheld,
        _ => Integrity::Unavailable,
    }
}

fn about_vendor(about: &Subject) -> Option<&Party> {
    match about {
        Subject::Offer { vendor, .. } => Some(vendor),
        _ => None,
    }
}

fn blank(about: &Subject, on: On, known_at: KnownAt, zone: &LegalZone) -> Standing {
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
        list: Vec::new(),
        reports: Vec::new(),
        inadmissible: Vec::new(),
        otherwise: None,
    }
}
