//! What falls due: the days in a window on which something ends, closes, opens, or has to be looked at.
//!
//! - Q1. Days are found in the terms and acts at hand, and each is told only if the standing agrees: what is
//!   suspended, ended or replaced by that day falls due no more.
//! - Q2. All of it holds if nothing more is registered. What leaves the standing open leaves this open too, and is
//!   named beside the lines.
//!
//! In scope: ends, offers that close, suspensions, renewal windows, the last day for notice, reviews of withheld
//! texts. Out of scope: canaries and evidence, which their own rules call late.

use std::collections::BTreeSet;
use std::fmt;

use crate::agreement::day::{days_later, period_earlier, period_later};
use crate::agreement::{EndCause, Force, KnownAt, On, Reason, Standing, World};
use crate::statement::Subject;
use crate::statement::body::{Body, LegalDate, Period, Terms};

/// Lines that follow from the dockets, and why there may be others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    /// What follows.
    pub lines: Vec<T>,
    /// What is not known, and could change it; `None` if nothing.
    pub doubt: Option<Reason>,
}

/// The days that are asked about, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first.
    pub from: LegalDate,
    /// The last.
    pub to: LegalDate,
}

impl Window {
    /// From a day to the day a period later.
    pub fn within(from: LegalDate, period: &Period) -> Self {
        Self { from, to: period_later(from, period) }
    }

    fn contains(&self, day: LegalDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DueKind {
    /// The first day in force.
    TakesForce,
    /// The first day on which it no longer holds.
    Ends,
    /// The last day on which an offer may be accepted.
    OfferCloses,
    /// The first day on which suspended clauses are in force again.
    SuspensionEnds,
    /// The first day on which it may be renewed.
    RenewalOpens,
    /// The last day on which it may be renewed.
    RenewalCloses,
    /// The last day on which notice still ends it before its term does.
    NoticeDeadline,
    /// The day on which the reason to withhold a text is looked at again.
    TextReview,
}

impl DueKind {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakesForce => "takes_force",
            Self::Ends => "ends",
            Self::OfferCloses => "offer_closes",
            Self::SuspensionEnds => "suspension_ends",
            Self::RenewalOpens => "renewal_opens",
            Self::RenewalCloses => "renewal_closes",
            Self::NoticeDeadline => "notice_deadline",
            Self::TextReview => "text_review",
        }
    }
}

impl fmt::Display for DueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A day on which something falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The legal day.
    pub day: LegalDate,
    /// What it is about.
    pub about: Subject,
    /// What falls due.
    pub kind: DueKind,
    /// The zone in which the day is counted.
    pub zone: String,
    /// In plain words.
    pub words: String,
}

impl World {
    /// What falls due about an agreement or an offer within a window, as known at a seal, by day. Any other subject
    /// has nothing of its own that falls due. The dockets of [`World::needs_of`] are at hand.
    pub fn due(&self, about: &Subject, window: Window, known_at: KnownAt) -> Told<Due> {
        let asked = Asked { world: self, about, window, known_at };
        let days = match about {
            Subject::Agreement { .. } => asked.of_agreement(),
            Subject::Offer { .. } => asked.of_offer(),
            _ => BTreeSet::new(),
        };
        let doubt = asked.doubt(window.from).or(asked.doubt(window.to));
        Told { lines: days.into_iter().collect(), doubt }
    }
}

struct Asked<'a> {
    world: &'a World,
    about: &'a Subject,
    window: Window,
    known_at: KnownAt,
}

impl Asked<'_> {
    fn of_agreement(&self) -> BTreeSet<Due> {
        let mut found = BTreeSet::new();
        found.extend(self.takes_force());
        found.extend(self.ends());
        found.extend(self.suspensions());
        for terms in self.terms() {
            found.extend(self.of_terms(&terms));
        }
        found
    }

    fn of_offer(&self) -> BTreeSet<Due> {
        let mut found = BTreeSet::new();
        let standing = self.standing(self.window.to);
        let closes = standing.ends.filter(|ending| ending.cause == EndCause::OpenUntil).map(|ending| ending.day);
        let last = closes.and_then(day_before).filter(|day| self.standing(*day).force == Force::Offered);
        found.extend(last.and_then(|day| {
            self.line(day, DueKind::OfferCloses, "the last day on which the offer may be accepted".to_owned())
        }));
        for terms in self.terms() {
            found.extend(self.reviews(&terms, |day| self.standing(day).force == Force::Offered));
        }
        found
    }

    fn takes_force(&self) -> Option<Due> {
        let day = self.standing(self.window.to).effective?;
        let begins = day_before(day).is_none_or(|before| self.standing(before).force == Force::NotYet);
        let words = "the first day in force".to_owned();
        self.line(day, DueKind::TakesForce, words).filter(|_| begins && self.is_live(day))
    }

    /// An end counts if the agreement lives on the day before and no longer on that day. What is announced within the
    /// window shows on its last day.
    fn ends(&self) -> impl Iterator<Item = Due> {
        let endings = [self.window.from, self.window.to].map(|day| self.standing(day).ends);
        let happens = |day| !self.is_live(day) && day_before(day).is_some_and(|before| self.is_live(before));
        endings.into_iter().flatten().filter(move |ending| happens(ending.day)).filter_map(|ending| {
            let cause = match ending.cause {
                EndCause::Notice => "by notice",
                EndCause::Termination => "by an act of a party",
                EndCause::Basis => "it lapses with the law it rests on",
                EndCause::Void => "it is void from then on",
                _ => "its term ends",
            };
            self.line(ending.day, DueKind::Ends, format!("no longer in force from this day, {cause}"))
        })
    }

    /// A suspension ends on its `until` if clauses that are suspended on the day before are back on that day.
    fn suspensions(&self) -> impl Iterator<Item = Due> {
        let entries = self.world.history(self.about).map_or(&[][..], |history| &history.entries);
        let admitted =
            entries.iter().filter(|entry| entry.refusal().is_none() && entry.act.index <= self.known_at.index);
        let untils: BTreeSet<LegalDate> = admitted
            .filter_map(|entry| match entry.act.body.as_deref() {
                Some(Body::Suspend(body)) => body.until,
                _ => None,
            })
            .collect();
        untils.into_iter().filter_map(|day| {
            let (before, after) = (self.standing(day_before(day)?), self.standing(day));
            let mut back: Vec<&str> = before.suspended.iter().map(|clause| clause.as_str()).collect();
            back.retain(|clause| !after.suspended.iter().any(|still| still.as_str() == *clause));
            let words = format!("in force again: {}", back.join(", "));
            self.line(day, DueKind::SuspensionEnds, words).filter(|_| !back.is_empty() && self.is_live(day))
        })
    }

    /// What the terms say themselves, as far as they are the terms of that day.
    fn of_terms(&self, terms: &Terms) -> Vec<Due> {
        let holds = |day| self.is_live(day) && self.terms_on(day).is_some_and(|on_day| on_day == *terms);
        let mut found: Vec<Due> = self.reviews(terms, holds).collect();
        for end in self.ends_of_term() {
            let before_the_end = self.before_the_end(terms, end);
            // Another end that is announced, or a term that was moved, has taken the place of this one by that day.
            found.extend(
                before_the_end.into_iter().filter(|due| holds(due.day) && self.end_of_term(due.day) == Some(end)),
            );
        }
        found
    }

    /// The days that are counted back from the end of a term, its first day no longer in force.
    fn before_the_end(&self, terms: &Terms, end: LegalDate) -> Vec<Due> {
        let mut found = Vec::new();
        if let Some(window) = &terms.term.renewal {
            let words = |what: &str| format!("the {what} day on which it may be renewed; its term ends before {end}");
            let (opens, closes) = (period_earlier(end, &window.opens), period_earlier(end, &window.closes));
            found.extend(self.line(opens, DueKind::RenewalOpens, words("first")));
            found.extend(self.line(closes, DueKind::RenewalCloses, words("last")));
        }
        if let Some(period) = &terms.term.notice_period {
            // A notice has an effect if the agreement still lives on the day on which it runs out.
            let words = format!("the last day on which notice ({period}) ends it before its term does");
            let day = day_before(end).and_then(|last| last_notice(last, period));
            found.extend(day.and_then(|day| self.line(day, DueKind::NoticeDeadline, words)));
        }
        found
    }

    /// The end of the term as it is seen on a day, if that is what ends it.
    fn end_of_term(&self, day: LegalDate) -> Option<LegalDate> {
        self.standing(day).ends.filter(|ending| ending.cause == EndCause::Term).map(|ending| ending.day)
    }

    fn ends_of_term(&self) -> BTreeSet<LegalDate> {
        [self.window.from, self.window.to].into_iter().filter_map(|day| self.end_of_term(day)).collect()
    }

    fn reviews(&self, terms: &Terms, holds: impl Fn(LegalDate) -> bool) -> impl Iterator<Item = Due> {
        let withheld: BTreeSet<(LegalDate, String)> = terms
            .texts
            .iter()
            .flatten()
            .filter_map(|text| Some((text.withheld.as_ref()?.review, text.language.to_string())))
            .filter(|(day, _)| holds(*day))
            .collect();
        withheld.into_iter().filter_map(|(day, language)| {
            self.line(day, DueKind::TextReview, format!("why the text ({language}) is withheld is looked at again"))
        })
    }

    /// The terms at both ends of the window: an amendment may lie in between.
    fn terms(&self) -> Vec<Terms> {
        let mut terms: Vec<Terms> =
            [self.window.from, self.window.to].into_iter().filter_map(|day| self.terms_on(day)).collect();
        terms.dedup();
        terms
    }

    fn terms_on(&self, day: LegalDate) -> Option<Terms> {
        self.world.terms(self.about, On::Day(day), self.known_at).map(|terms| Terms::clone(&terms))
    }

    fn is_live(&self, day: LegalDate) -> bool {
        let force = self.standing(day).force;
        matches!(force, Force::NotYet | Force::InForce | Force::PartlySuspended | Force::Suspended)
    }

    /// The standing on a day if nothing more is registered (Q2).
    fn standing(&self, day: LegalDate) -> Standing {
        let mut standing = self.world.standing(self.about, On::Day(day), self.known_at);
        while let Some(otherwise) = standing.otherwise.take() {
            standing = *otherwise;
        }
        standing
    }

    /// Why the standing on a day is open, beyond that the day is yet to come.
    fn doubt(&self, day: LegalDate) -> Option<Reason> {
        let mut standing = self.world.standing(self.about, On::Day(day), self.known_at);
        loop {
            match (standing.force, standing.otherwise.take()) {
                (Force::Indeterminate(Reason::NotYetKnown), Some(otherwise)) => standing = *otherwise,
                (Force::Indeterminate(reason), _) => return Some(reason),
                _ => return None,
            }
        }
    }

    fn line(&self, day: LegalDate, kind: DueKind, words: String) -> Option<Due> {
        let zone = self.standing(day).zone;
        self.window.contains(day).then(|| Due { day, about: self.about.clone(), kind, zone, words })
    }
}

/// The day before; `None` on the first day of the calendar.
fn day_before(day: LegalDate) -> Option<LegalDate> {
    day.date().yesterday().ok()?.try_into().ok()
}

/// The last day whose notice runs out on `last` or before. Counting back is not the inverse of counting on, since
/// months differ, so the days around are tried: a month's end moves by at most three days.
fn last_notice(last: LegalDate, period: &Period) -> Option<LegalDate> {
    const DAYS_AROUND: i64 = 4;
    let near = period_earlier(last, period);
    let candidates = (-DAYS_AROUND..=DAYS_AROUND).map(|days| days_later(near, days));
    candidates.filter(|day| period_later(*day, period) <= last && *day <= last).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::day::day_after;

    fn day(text: &str) -> LegalDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_notice_runs_out_in_time_and_the_next_one_does_not() {
        for last in ["2026-02-28", "2028-02-29", "2026-03-31", "2026-12-31", "2026-03-30", "2026-05-01"] {
            for period in ["P0D", "P1D", "P1M", "P3M", "P6M", "P1Y", "P2W", "P1Y6M", "P1M15D"] {
                let (last, period) = (day(last), period.parse().unwrap());
                let found = last_notice(last, &period).unwrap();
                assert!(period_later(found, &period) <= last, "{found} + {period} is behind {last}");
                assert!(period_later(day_after(found), &period) > last, "{found} + {period} is not the last to {last}");
            }
        }
    }
}
