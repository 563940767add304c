//! `agreement.amend`, `correct`, `renew`: what both parties change together.
//!
//! - M1. New terms count from their day; the old ones stay and answer for the days before.
//! - M2. A correction stands in the place of the terms that it corrects, from their first day on.
//! - M3. A renewal is dated in the window of the terms, both ends inclusive, and moves the end later.
//! - M4. Both sign, so they may reach back; never behind the first day of the agreement, and never past its end.

use std::sync::Arc;

use crate::agreement::accord::AgreementState;
use crate::agreement::change::{check_carrier, check_life, out_of_order};
use crate::agreement::day::{day_after, period_earlier};
use crate::agreement::life::{EndRecord, Life, Version};
use crate::agreement::offer::check_zone;
use crate::agreement::pending::Done;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::body::{Amendment, Correction, LegalDate, Renewed, Terms};

impl AgreementState {
    pub fn apply_amend(&mut self, done: &Done, body: &Amendment) {
        let Some(life) = self.life_mut() else { return };
        let terms = Arc::new(body.terms.clone());
        life.ends.push(EndRecord { by: done.act.id(), date: body.date, first_day_out: end_of(&terms) });
        life.versions.push(Version { ids: done.ids.clone(), index: done.act.index, from: body.effective, terms });
    }

    pub fn apply_correct(&mut self, done: &Done, body: &Correction) {
        let Some(life) = self.life_mut() else { return };
        let terms = Arc::new(body.terms.clone());
        let (from, from_end) = match life.versions.last() {
            Some(version) => (version.from, version.from.min(life.date)),
            None => (life.effective, life.date),
        };
        // Terms that state the end of those they correct move no end: a renewal may have moved it since.
        if end_of(&terms) != end_of(life.terms()) {
            life.ends.push(EndRecord { by: done.act.id(), date: from_end, first_day_out: end_of(&terms) });
        }
        life.versions.push(Version { ids: done.ids.clone(), index: done.act.index, from, terms });
    }

    pub fn apply_renew(&mut self, act: &Act, body: &Renewed) {
        let Some(life) = self.life_mut() else { return };
        let first_day_out = Some(first_day_out(body.ends, body.ends_inclusive));
        life.ends.push(EndRecord { by: act.id(), date: body.date, first_day_out });
    }
}

/// The first day on which terms no longer hold by themselves.
pub(in crate::agreement) fn end_of(terms: &Terms) -> Option<LegalDate> {
    terms.term.ends.map(|ends| first_day_out(ends, terms.term.ends_inclusive == Some(true)))
}

fn first_day_out(ends: LegalDate, is_inclusive: bool) -> LegalDate {
    if is_inclusive { day_after(ends) } else { ends }
}

pub(in crate::agreement) fn check_amend(world: &World, act: &Act, body: &Amendment) -> Result<(), Refusal> {
    let life = check_changeable(world, act, body.date)?;
    check_carrier(life, &body.reference)?;
    check_same_zone(life, &body.terms)?;
    check_life(world, act, body.effective)?;
    demand(life.effective <= body.effective, || {
        out_of_order("the new terms begin before the agreement", format!("effective {} or later", life.effective))
    })?;
    demand(end_of(&body.terms).is_none_or(|end| body.effective < end), || {
        out_of_order("the new terms end before they begin", "a later end")
    })
}

pub(in crate::agreement) fn check_correct(world: &World, act: &Act, body: &Correction) -> Result<(), Refusal> {
    let life = check_changeable(world, act, body.date)?;
    check_carrier(life, &body.reference)?;
    check_same_zone(life, &body.terms)?;
    demand(end_of(&body.terms).is_none_or(|end| life.version().from < end), || {
        out_of_order("the corrected terms end before they begin", "a later end")
    })
}

/// M3.
pub(in crate::agreement) fn check_renew(world: &World, act: &Act, body: &Renewed) -> Result<(), Refusal> {
    let life = check_changeable(world, act, body.date)?;
    check_carrier(life, &body.reference)?;
    let refuse = |message: String, accepted: String| Err(Refusal::new(Rule::NotInWindow, message, accepted));
    let (Some(window), Some(end)) = (&life.terms().term.renewal, life.end_of_term()) else {
        let message = "the terms state no end, or no window in which it can be moved".to_owned();
        return refuse(message, "agreement.amend, with new terms".to_owned());
    };
    let (opens, closes) = (period_earlier(end.day, &window.opens), period_earlier(end.day, &window.closes));
    if !(opens..=closes).contains(&body.date) {
        let message = format!("it is dated {}, and may be renewed from {opens} to {closes}, both included", body.date);
        return refuse(message, format!("a renewal dated {opens} to {closes}"));
    }
    let new_end = first_day_out(body.ends, body.ends_inclusive);
    demand(end.day < new_end, || {
        out_of_order("the new end is not after the old one", format!("an end after {}", end.day))
    })
}

/// M4: it lives on the day of the act and on that of its registration.
pub(in crate::agreement) fn check_changeable<'a>(
    world: &'a World,
    act: &Act,
    date: LegalDate,
) -> Result<&'a Life, Refusal> {
    let life = check_life(world, act, date)?;
    let today = life.zone.day_of(act.time_ms);
    let is_past_told = life.is_late && date < life.zone.day_of(life.time_ms);
    if is_past_told { Ok(life) } else { check_life(world, act, today.max(date)) }
}

fn check_same_zone(life: &Life, terms: &Terms) -> Result<(), Refusal> {
    check_zone(&terms.term.zone)?;
    demand(terms.term.zone.as_str() == life.zone.name(), || {
        let message = format!("the days of this agreement are counted in {}", life.zone.name());
        Refusal::new(Rule::ZoneChanged, message, "the same zone, or a new agreement")
    })
}
