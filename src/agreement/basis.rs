//! `basis.change`: the law that an agreement rests on is repealed or replaced.
//!
//! - B1. It is told by the government. Only where the terms say that the agreement lapses with its basis does it end, at
//!   once or after the period that is stated (rule 6: nothing else ends an agreement by itself).
//! - B2. New terms that are agreed upon before that day carry the agreement on.

use crate::agreement::accord::AgreementState;
use crate::agreement::change::{check_carrier, check_days, check_life};
use crate::agreement::day::period_later;
use crate::agreement::life::BasisRecord;
use crate::agreement::{Act, Refusal, World};
use crate::statement::body::{BasisChange, Terms};

impl AgreementState {
    pub fn apply_basis(&mut self, act: &Act, body: &BasisChange) {
        let Some(life) = self.life_mut() else { return };
        let lapses = is_lapsing(life.terms()).then(|| match &body.lapse_after {
            Some(period) => period_later(body.effective, period),
            None => body.effective,
        });
        life.basis_changes.push(BasisRecord {
            id: act.id(),
            index: act.index,
            date: body.date,
            effective: body.effective,
            lapses,
        });
    }
}

/// Whether the agreement lapses with its basis.
fn is_lapsing(terms: &Terms) -> bool {
    terms.basis.as_ref().is_some_and(|basis| basis.lapse)
}

pub(in crate::agreement) fn check_change(world: &World, act: &Act, body: &BasisChange) -> Result<(), Refusal> {
    let life = check_life(world, act, body.effective)?;
    check_carrier(life, &body.reference)?;
    // Rule 2 speaks of what changes force: without that a law may be told of later.
    if is_lapsing(life.terms()) { check_days(life, act, body.date, body.effective) } else { Ok(()) }
}
