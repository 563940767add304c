//! What a page is written from: the statements of a docket file in their places, and what verification found in them.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nospy::agreement::{Act, On, Standing};
use nospy::evidence::{DocketFile, Verification};
use nospy::statement::body::{Body, Ground, LegalDate, Terms};
use nospy::statement::{Origin, Party, StatementId, Subject};

/// A docket file that is read, checked or not.
pub struct Reading {
    /// What it is about.
    pub about: Subject,
    /// The registry.
    pub origin: Origin,
    /// What its dockets hold: subject and number of entries.
    pub dockets: Vec<(Subject, usize)>,
    /// Every statement with its registration time, by index.
    pub acts: Vec<Act>,
    /// What was checked; `None` if nothing was.
    pub verification: Option<Verification>,
    /// The terms that the page is about, where there are any.
    pub terms: Option<Arc<Terms>>,
}

impl Reading {
    /// Reads a file of good form. With a verification the terms are those of the day asked about; without one those that
    /// the newest act in the file carries, whether it counts or not.
    pub fn of(file: &DocketFile<'_>, verification: Option<Verification>) -> Self {
        let time_of = |index| {
            let seal = file.seals.iter().map(|entry| &entry.seal).find(|seal| index < seal.index);
            seal.map_or(0, |seal| seal.time_ms)
        };
        let entries = file.statements.iter();
        let mut acts: Vec<Act> =
            entries.map(|entry| Act::met(entry.index, time_of(entry.index), Arc::clone(&entry.statement))).collect();
        acts.sort_by_key(|act| act.index);
        let dockets = file.dockets.iter().map(|docket| (docket.subject.clone(), docket.entries.len())).collect();
        let mut reading =
            Self { about: file.about.clone(), origin: file.origin.clone(), dockets, acts, verification, terms: None };
        reading.terms = match &reading.verification {
            Some(verification) => verification.terms.clone(),
            None => reading.newest_terms(),
        };
        reading
    }

    /// How it stands, where that could be told.
    pub fn standing(&self) -> Option<&Standing> {
        self.verification.as_ref()?.standing.as_ref()
    }

    /// The statements on a subject, by index.
    pub fn on<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Act> {
        self.acts.iter().filter(move |act| act.statement.subject() == subject)
    }

    /// The statement with this id.
    pub fn act(&self, id: &StatementId) -> Option<&Act> {
        self.acts.iter().find(|act| act.id() == *id)
    }

    /// What is said beside a statement that breaks a rule, that another one declares void, or that is not complete; empty
    /// for others.
    pub fn remark(&self, act: &Act) -> &'static str {
        let broken = self.verification.as_ref().map_or(&[][..], |found| &found.inadmissible);
        match broken.iter().any(|line| line.index == act.index) {
            true => " [WITHOUT EFFECT: it breaks a rule]",
            false if self.is_void(act) == Some(true) => " [DECLARED VOID]",
            false if self.is_void(act).is_none() => " [a statement says that this one does not count]",
            false if self.waits(act) => " [WAITS for more signatures]",
            false if is_of_both(act) && !self.is_by_both(act) => " [WITHOUT EFFECT: one side alone signed it]",
            false => "",
        }
    }

    /// Whether it is declared void by whoever may; `None` where a statement says so and nothing was checked.
    pub fn is_void(&self, act: &Act) -> Option<bool> {
        let names = |other: &Act| matches!(other.body.as_deref(), Some(Body::Void(body)) if body.reference == act.id());
        match &self.verification {
            Some(found) => Some(found.history.iter().any(|line| line.index == act.index && line.void.is_some())),
            None => (!self.acts.iter().any(names)).then_some(false),
        }
    }

    /// The vendor and the government that the subject names.
    pub fn sides(&self) -> (Option<&Party>, Option<&Party>) {
        match &self.about {
            Subject::Agreement { vendor, government, .. } => (Some(vendor), Some(government)),
            Subject::Offer { vendor, .. } | Subject::Between { vendor, .. } => (Some(vendor), None),
            _ => (None, None),
        }
    }

    /// The last legal day that the page speaks of: what is dated later is left out. `None` where nothing was asked.
    pub fn last_day(&self) -> Option<LegalDate> {
        let standing = self.standing()?;
        match standing.on {
            On::Day(day) => Some(day),
            On::Instant(at_ms) => {
                let zone = TimeZone::get(&standing.zone).unwrap_or(TimeZone::UTC);
                let at = Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()?;
                zone.to_datetime(at).date().try_into().ok()
            }
        }
    }

    /// The terms that an act carries: its own, or those of the act that it refers to.
    pub fn carried_by(&self, act: &Act) -> Option<Terms> {
        let mut ends = None;
        let mut act = act;
        loop {
            let (reference, terms) = match act.body.as_deref()? {
                Body::OfferMake(offer) => (None, Some(&offer.terms)),
                Body::File(filing) => (None, Some(&filing.terms)),
                Body::Amend(body) => (None, Some(&body.terms)),
                Body::Correct(body) => (None, Some(&body.terms)),
                Body::Accept(body) => (Some(&body.reference), None),
                Body::Renew(body) => {
                    ends = ends.or(Some((body.ends, body.ends_inclusive)));
                    (Some(&body.reference), None)
                }
                _ => return None,
            };
            if let Some(terms) = terms {
                let mut terms = terms.clone();
                if let Some((day, is_inclusive)) = ends {
                    (terms.term.ends, terms.term.ends_inclusive) = (Some(day), Some(is_inclusive));
                }
                return Some(terms);
            }
            // Whoever refers comes later in the log, so that this ends.
            act = self.act(reference?).filter(|earlier| earlier.index < act.index)?;
        }
    }

    /// The terms that a statement refers to as they stood before it: with the newest end that both sides had signed.
    pub fn terms_before(&self, act: &Act, reference: &StatementId) -> Option<Terms> {
        let mut terms = self.carried_by(self.act(reference).filter(|earlier| earlier.index < act.index)?)?;
        let first = self.halves(act).map(|half| half.index).min()?;
        let renewals = self.on(act.statement.subject()).filter_map(|earlier| match earlier.body.as_deref() {
            Some(Body::Renew(body)) if body.reference == *reference && earlier.index < first => Some((earlier, body)),
            _ => None,
        });
        for (_, renewal) in renewals.filter(|(earlier, _)| self.is_by_both(earlier)) {
            (terms.term.ends, terms.term.ends_inclusive) = (Some(renewal.ends), Some(renewal.ends_inclusive));
        }
        Some(terms)
    }

    /// Whether it waits for signatures; known only where it was checked.
    fn waits(&self, act: &Act) -> bool {
        let pending = self.standing().map_or(&[][..], |standing| &standing.pending);
        pending.iter().any(|line| line.id == act.id())
    }

    /// Whether both sides signed what only two signatures together do.
    pub fn is_by_both(&self, act: &Act) -> bool {
        self.halves(act).any(|other| other.statement.issuer() != act.statement.issuer())
    }

    /// Both halves of what only two signatures together do: the statements with this kind, subject and body.
    pub fn halves<'a>(&'a self, act: &'a Act) -> impl Iterator<Item = &'a Act> {
        let is_half = move |other: &&Act| {
            other.statement.kind() == act.statement.kind() && other.body.is_some() && other.body == act.body
        };
        self.on(act.statement.subject()).filter(is_half)
    }

    fn newest_terms(&self) -> Option<Arc<Terms>> {
        let counts = |act: &&Act| match act.body.as_deref() {
            Some(Body::Amend(_) | Body::Correct(_) | Body::Renew(_)) => self.is_by_both(act),
            Some(_) => true,
            None => false,
        };
        let own: Vec<&Act> = self.on(&self.about).filter(counts).collect();
        let carried = own.into_iter().rev().find_map(|act| self.carried_by(act));
        carried.or_else(|| self.offer().and_then(|act| self.carried_by(act))).map(Arc::new)
    }

    /// The offer that the agreement rests on, or that the file is about.
    pub fn offer(&self) -> Option<&Act> {
        let subject = match &self.about {
            Subject::Agreement { vendor, reference, .. } => {
                &Subject::Offer { vendor: vendor.clone(), reference: reference.clone() }
            }
            other => other,
        };
        let is_offer =
            |act: &&Act| act.statement.subject() == subject && matches!(act.body.as_deref(), Some(Body::OfferMake(_)));
        self.acts.iter().find(is_offer)
    }
}

/// Whether only two signatures together do what the statement says.
fn is_of_both(act: &Act) -> bool {
    match act.body.as_deref() {
        Some(Body::Amend(_) | Body::Correct(_) | Body::Renew(_) | Body::PartySucceed(_)) => true,
        Some(Body::Terminate(body)) => body.ground == Ground::Mutual,
        _ => false,
    }
}
