//! From when to when it holds, who may change that, and on which grounds.

use nospy::agreement::{EndCause, Standing};
use nospy::statement::body::{LegalDate, Period, Reservations, Term, Terms};

use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, listed, quoted};
use crate::read::{acts, words};

/// The section.
pub fn write(sheet: &mut Sheet, reading: &Reading, terms: &Terms) {
    sheet.heading("How long it holds");
    let term = &terms.term;
    sheet.item("from", &begins(reading.standing(), term));
    sheet.item("to", &ends(term));
    if let Some(told) = reading.standing().and_then(|standing| told_end(standing, term)) {
        sheet.item("", &told);
    }
    sheet.item("renewal", &renewal(term));
    sheet.item("notice", &notice(term.notice_period.as_ref()));
    sheet.item("suspension", &suspension(term));
    sheet.item("ended at once", &grounds(term));
    let judge = term.breach_determined_by.as_ref();
    sheet.item(
        "breach",
        &judge.map_or("who decides that there was one is not stated".to_owned(), |who| {
            format!("decided by {}", quoted(who.as_str()))
        }),
    );
    sheet.item("reservations", &reservations(term));
    if let Some(basis) = &terms.basis {
        let lapse = match basis.lapse {
            true => "the agreement lapses with it",
            false => "the agreement does not lapse with it",
        };
        sheet.item("rests on", &format!("{}; {lapse}", quoted(basis.law.as_str())));
    }
    if let Some(canary) = &terms.canary {
        let (every, grace) = (words::period(&canary.every), words::period(&canary.grace));
        let words = format!("every {every} the vendor says that nothing is to be reported; {grace} later it is late");
        sheet.item("canary", &words);
    }
    sheet.item("days", &format!("every day here begins and ends by the clock of {}", term.zone));
}

fn begins(standing: Option<&Standing>, term: &Term) -> String {
    match (standing.and_then(|standing| standing.effective), term.effective) {
        (Some(day), _) | (None, Some(day)) => format!("{day}, the first day in force"),
        (None, None) => "the terms name no first day: each acceptance does".to_owned(),
    }
}

fn ends(term: &Term) -> String {
    match (term.ends, term.ends_inclusive) {
        (Some(day), Some(is_inclusive)) => acts::last_day(day, is_inclusive),
        _ => "the terms name no last day".to_owned(),
    }
}

/// An end that an act or the law brings, not these terms.
fn told_end(standing: &Standing, term: &Term) -> Option<String> {
    let ends = standing.ends?;
    let day = ends.day;
    match ends.cause {
        // An end that these terms do not name comes from a renewal.
        EndCause::Term if !names_end(term, day) => Some(format!("as renewed it is no longer in force from {day} on")),
        EndCause::Basis => Some(format!("it lapses with the law that it rests on, on {day}")),
        EndCause::Void => Some(format!("it was declared void, from {day} on")),
        EndCause::Notice => Some(format!("by a notice it is no longer in force from {day} on")),
        EndCause::Termination => Some(format!("by an act of a party it is no longer in force from {day} on")),
        EndCause::OpenUntil => Some(format!("the offer cannot be accepted any more from {day} on")),
        EndCause::Withdrawal => Some(format!("the offer was taken back on {day}")),
        _ => None,
    }
}

/// Whether the terms themselves say that `day` is the first one on which it no longer holds.
fn names_end(term: &Term, day: LegalDate) -> bool {
    match (term.ends, term.ends_inclusive) {
        (Some(ends), Some(true)) => ends.date().tomorrow().is_ok_and(|next| next == day.date()),
        (Some(ends), _) => ends == day,
        (None, _) => false,
    }
}

fn renewal(term: &Term) -> String {
    match &term.renewal {
        None => "no window for a renewal is stated".to_owned(),
        Some(window) => {
            let (opens, closes) = (words::period(&window.opens), words::period(&window.closes));
            format!("from {opens} before the end to {closes} before it, both days included; both parties must sign")
        }
    }
}

fn notice(period: Option<&Period>) -> String {
    match period {
        Some(period) => format!("either party may end it with {} of notice", words::period(period)),
        None => "no period of notice is stated, so notice alone does not end it".to_owned(),
    }
}

fn suspension(term: &Term) -> String {
    match term.vendor_may_suspend {
        Some(true) => "the government may suspend clauses, and so may the vendor",
        _ => "the government may suspend clauses; the vendor may not",
    }
    .to_owned()
}

fn grounds(term: &Term) -> String {
    match &term.grounds {
        Some(grounds) => {
            let grounds: Vec<String> = grounds.iter().map(|ground| words::ground(*ground).to_owned()).collect();
            format!("on these grounds: {}; and for urgency, with reasons, whatever is listed", listed(&grounds))
        }
        None => "no grounds are listed; a party may end it for urgency, with its reasons".to_owned(),
    }
}

fn reservations(term: &Term) -> String {
    match &term.reservations {
        Some(Reservations::Any) => "a government may leave out any clause when it accepts".to_owned(),
        Some(Reservations::Clauses(ids)) => {
            format!("a government may leave out {} when it accepts", acts::clauses(ids))
        }
        Some(Reservations::None) | None => "a government accepts every clause or none".to_owned(),
    }
}
