//! `agreement.suspend`, `resume`, `notice`, `notice_revoke`, `terminate`: what one party does to the force of an
//! agreement; an end on the ground `mutual` is an act of both (`pending`).
//!
//! Each names the act it rests on, which must be the current one (rule 3); none reaches back behind its
//! registration, unless the whole agreement was registered late (rule 2); and none touches an agreement that has
//! ended on the day of its effect.

use std::collections::BTreeSet;

use crate::agreement::accord::{AgreementState, terminal};
use crate::agreement::amend::check_changeable;
use crate::agreement::day::period_later;
use crate::agreement::life::{Life, NoticeRecord, SuspensionRecord, TerminationRecord};
use crate::agreement::offer::ref_not_current;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, EndCause, Refusal, Rule, World};
use crate::statement::body::{
    ClauseId, Ground, LegalDate, Notice, NoticeRevocation, Resumption, Suspension, Termination,
};
use crate::statement::{StatementId, Subject};

impl AgreementState {
    pub fn apply_suspend(&mut self, act: &Act, body: &Suspension) {
        let (Some(issuer), Some(life)) = (act.issuer().cloned(), self.life_mut()) else { return };
        let clauses = match &body.clauses {
            Some(clauses) => clauses.iter().cloned().collect(),
            None => life.terms().clauses.iter().map(|clause| clause.id.clone()).collect(),
        };
        let (id, effective, until) = (act.id(), body.effective, body.until);
        life.suspensions.push(SuspensionRecord { id, issuer, effective, until, clauses, resumed: Vec::new() });
    }

    pub fn apply_resume(&mut self, act: &Act, body: &Resumption) {
        let Some(life) = self.life_mut() else { return };
        for suspension in life.suspensions.iter_mut().filter(|suspension| suspension.id == body.reference) {
            let back = match &body.clauses {
                Some(clauses) => clauses.iter().cloned().collect(),
                None => suspension.clauses.clone(),
            };
            suspension.resumed.push((act.id(), body.effective, back));
        }
    }

    pub fn apply_notice(&mut self, act: &Act, body: &Notice) {
        let (Some(issuer), Some(life)) = (act.issuer().cloned(), self.life_mut()) else { return };
        let (date, effective) = (body.date, body.effective);
        life.notices.push(NoticeRecord { id: act.id(), issuer, date, effective, revoked: None });
    }

    pub fn apply_notice_revoke(&mut self, act: &Act, body: &NoticeRevocation) {
        let Some(life) = self.life_mut() else { return };
        let named = life.notices.iter_mut().filter(|notice| notice.id == body.reference);
        named.for_each(|notice| notice.revoked = Some((act.id(), body.date)));
    }

    pub fn apply_terminate(&mut self, act: &Act, body: &Termination) {
        let Some(life) = self.life_mut() else { return };
        life.terminations.push(TerminationRecord { id: act.id(), date: body.date, effective: body.effective });
    }
}

pub(in crate::agreement) fn check_suspend(world: &World, act: &Act, body: &Suspension) -> Result<(), Refusal> {
    let life = check_life(world, act, body.effective)?;
    check_carrier(life, &body.reference)?;
    check_vendor_may_suspend(world, life, act)?;
    check_days(life, act, body.date, body.effective)?;
    check_clauses(life, body.clauses.as_deref())?;
    demand(body.until.is_none_or(|until| body.effective < until), || {
        out_of_order("until, the first day in force again, is not after effective", "a later day, or none")
    })
}

pub(in crate::agreement) fn check_resume(world: &World, act: &Act, body: &Resumption) -> Result<(), Refusal> {
    let life = check_life(world, act, body.effective)?;
    check_vendor_may_suspend(world, life, act)?;
    let suspension = life.suspensions.iter().find(|suspension| suspension.id == body.reference);
    let Some(suspension) = suspension.filter(|suspension| !suspension.is_over(body.effective)) else {
        let accepted = life.suspensions.iter().rev().find(|suspension| !suspension.is_over(body.effective));
        let accepted = accepted.map_or("no resume: nothing is suspended then".into(), |one| format!("ref {}", one.id));
        return Err(Refusal::new(Rule::RefNotCurrent, "ref does not name a suspension that still lasts", accepted));
    };
    demand(world.is_or_succeeds(act, &suspension.issuer), || {
        let message = "a suspension is ended by who suspended";
        Refusal::new(Rule::WrongSigner, message, format!("the signature of {}", suspension.issuer))
    })?;
    check_days(life, act, body.date, body.effective)?;
    demand(suspension.effective <= body.effective, || {
        out_of_order("it would resume before it is suspended", format!("effective {} or later", suspension.effective))
    })?;
    let named: BTreeSet<&ClauseId> = body.clauses.iter().flatten().collect();
    match named.into_iter().find(|clause| !suspension.clauses.contains(*clause)) {
        Some(clause) => Err(clause_unknown(clause, "that suspension does not name")),
        None => Ok(()),
    }
}

pub(in crate::agreement) fn check_notice(world: &World, act: &Act, body: &Notice) -> Result<(), Refusal> {
    let life = check_life(world, act, body.effective)?;
    check_carrier(life, &body.reference)?;
    check_days(life, act, body.date, body.effective)?;
    let Some(period) = &life.terms().term.notice_period else {
        let message = "the terms state no period of notice, so notice does not end this agreement";
        return Err(Refusal::new(Rule::NoticeTooShort, message, "agreement.terminate on a ground of the terms"));
    };
    let earliest = period_later(body.date, period);
    demand(earliest <= body.effective, || {
        let message = format!("the notice of {} runs {period}, to {earliest} at the earliest", body.date);
        Refusal::new(Rule::NoticeTooShort, message, format!("effective {earliest} or later"))
    })
}

pub(in crate::agreement) fn check_notice_revoke(
    world: &World,
    act: &Act,
    body: &NoticeRevocation,
) -> Result<(), Refusal> {
    let life = newest_life(world, act)?;
    let Some(notice) = life.notices.iter().find(|notice| notice.id == body.reference && notice.revoked.is_none())
    else {
        let message = "ref does not name a notice that still runs";
        return Err(Refusal::new(Rule::RefNotCurrent, message, "the id of a notice that was not taken back"));
    };
    demand(world.is_or_succeeds(act, &notice.issuer), || {
        let message = "a notice is taken back by who gave it";
        Refusal::new(Rule::WrongSigner, message, format!("the signature of {}", notice.issuer))
    })?;
    // Revocable while registered before its effect; where the whole agreement was registered late, its date counts.
    let done = if is_excused(life, body.date) { body.date } else { life.zone.day_of(act.time_ms).max(body.date) };
    // Whatever ended it, and not only this notice.
    demand(notice.date <= body.date && done < notice.effective && !life.has_ended_on(done), || {
        terminal(life, "a revocation registered after the notice and before its effect")
    })?;
    check_not_back_dated(life, act, body.date, None)
}

pub(in crate::agreement) fn check_terminate(world: &World, act: &Act, body: &Termination) -> Result<(), Refusal> {
    let life = match body.ground {
        Ground::Notice => check_ended_by_notice_only(newest_life(world, act)?, body)?,
        Ground::Mutual => {
            check_life(world, act, body.effective)?;
            check_changeable(world, act, body.date)?
        }
        _ => check_life(world, act, body.effective)?,
    };
    check_carrier(life, &body.reference)?;
    check_ground(life, body)?;
    match body.ground {
        // Rule 2: both sign.
        Ground::Mutual => {
            let beginning = life.date.min(life.effective);
            demand(beginning <= body.effective, || {
                out_of_order("it would end before it was agreed upon", format!("effective {beginning} or later"))
            })?;
            check_order(body.date, body.effective)
        }
        _ => check_days(life, act, body.date, body.effective),
    }
}

/// An end on the ground of a notice says what its day brought about, and nothing of what another end did.
fn check_ended_by_notice_only<'a>(life: &'a Life, body: &Termination) -> Result<&'a Life, Refusal> {
    let other = life.ending().filter(|ending| ending.day <= body.effective && ending.cause != EndCause::Notice);
    demand(other.is_none() && !life.is_void_on(body.effective), || {
        terminal(life, "a new agreement, whose acceptance says what it replaces")
    })?;
    Ok(life)
}

/// Which grounds the terms allow. Whatever they list, what cannot wait may be ended for urgency, with reasons.
fn check_ground(life: &Life, body: &Termination) -> Result<(), Refusal> {
    let grounds = life.terms().term.grounds.as_deref();
    let refuse = |rule, message: &str, accepted: &str| Err(Refusal::new(rule, message, accepted));
    let has_run_out =
        |effective| move |notice: &NoticeRecord| notice.revoked.is_none() && notice.effective <= effective;
    match (body.ground, grounds) {
        // Both sign it, whatever the terms say (E2).
        (Ground::Mutual, _) => Ok(()),
        (Ground::Notice, _) if !life.notices.iter().any(has_run_out(body.effective)) => {
            refuse(Rule::GroundNotAllowed, "no notice has run out by then", "agreement.notice first")
        }
        (Ground::Notice | Ground::Urgency, _) => Ok(()),
        (ground, Some(grounds)) if grounds.contains(&ground) => Ok(()),
        (ground, _) => {
            let message = format!("the terms do not let it be ended on the ground {ground}");
            refuse(
                Rule::GroundNotAllowed,
                &message,
                "a ground of terms.term.grounds, urgency with reasons, or agreement.notice",
            )
        }
    }
}

/// The agreement that lives on the day of effect.
pub(in crate::agreement) fn check_life<'a>(
    world: &'a World,
    act: &Act,
    effective: LegalDate,
) -> Result<&'a Life, Refusal> {
    let life = newest_life(world, act)?;
    demand(!life.has_ended_on(effective), || {
        terminal(life, "a new agreement, whose acceptance says what it replaces")
    })?;
    Ok(life)
}

pub(in crate::agreement) fn newest_life<'a>(world: &'a World, act: &Act) -> Result<&'a Life, Refusal> {
    let subject = act.statement.subject();
    let life = world.agreement(subject).and_then(AgreementState::life).ok_or_else(|| {
        let message = format!("there is no agreement on {subject} before this");
        Refusal::new(Rule::AgreementUnknown, message, "agreement.accept or agreement.file first")
    })?;
    demand(world.void_with_offer(subject, life.begun_at(), act.index).is_none(), || {
        let message = "vendor and government declared the offer void that was accepted";
        Refusal::new(Rule::Terminal, message, "a new agreement, from another offer")
    })?;
    Ok(life)
}

/// Rule 3.
pub(in crate::agreement) fn check_carrier(life: &Life, reference: &StatementId) -> Result<(), Refusal> {
    let ids = &life.version().ids;
    demand(ids.contains(reference), || {
        let current = ids.last().unwrap_or(reference);
        ref_not_current("the act that carries the terms now", current)
    })
}

fn check_vendor_may_suspend(world: &World, life: &Life, act: &Act) -> Result<(), Refusal> {
    let is_vendor =
        matches!(act.statement.subject(), Subject::Agreement { vendor, .. } if world.is_or_succeeds(act, vendor));
    demand(!is_vendor || life.terms().term.vendor_may_suspend == Some(true), || {
        let message = "the terms do not let the vendor suspend";
        Refusal::new(Rule::WrongSigner, message, "a suspension by the government")
    })
}

pub(in crate::agreement) fn check_days(
    life: &Life,
    act: &Act,
    date: LegalDate,
    effective: LegalDate,
) -> Result<(), Refusal> {
    check_not_back_dated(life, act, date, Some(effective))?;
    check_order(date, effective)
}

fn check_order(date: LegalDate, effective: LegalDate) -> Result<(), Refusal> {
    demand(date <= effective, || out_of_order("it is effective before its date", format!("effective {date} or later")))
}

/// Rule 2.
fn check_not_back_dated(life: &Life, act: &Act, date: LegalDate, effective: Option<LegalDate>) -> Result<(), Refusal> {
    let today = life.zone.day_of(act.time_ms);
    let earliest = effective.map_or(date, |effective| date.min(effective));
    demand(today <= earliest || is_excused(life, date), || {
        let message = format!("it is dated or effective on {earliest}, and registered on {today}");
        Refusal::new(Rule::BackDated, message, format!("date and effective {today} or later ({})", life.zone.name()))
    })
}

/// The exception of rule 2: the agreement was registered late, and the act was done before that.
fn is_excused(life: &Life, date: LegalDate) -> bool {
    life.is_late && date < life.zone.day_of(life.time_ms)
}

fn check_clauses(life: &Life, clauses: Option<&[ClauseId]>) -> Result<(), Refusal> {
    match clauses.unwrap_or_default().iter().find(|clause| life.terms().clause(clause).is_none()) {
        Some(clause) => Err(clause_unknown(clause, "the terms do not have")),
        None => Ok(()),
    }
}

/// A clause that is not there.
pub(in crate::agreement) fn clause_unknown(clause: &ClauseId, who: &str) -> Refusal {
    Refusal::new(Rule::ClauseUnknown, format!("it names clause {clause}, which {who}"), "ids of clauses of the terms")
}

/// Days that do not follow one another.
pub(in crate::agreement) fn out_of_order(message: &str, accepted: impl Into<String>) -> Refusal {
    Refusal::new(Rule::DaysOutOfOrder, message, accepted)
}
