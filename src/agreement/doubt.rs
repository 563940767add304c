//! What leaves an answer open: kinds that this reader does not know, statements against the rules that would have changed
//! force (rule 14), and days that have not come (S2, S3 of `answer`).

use crate::agreement::day::LegalZone;
use crate::agreement::history::{Entry, History};
use crate::agreement::kinds::force_from;
use crate::agreement::{Force, Reason, Standing};
use crate::statement::StatementId;
use crate::statement::body::{Body, LegalDate};

/// Whether an entry of a docket, had it been admissible, would have changed force on or before a day (rule 14).
pub(in crate::agreement) fn changes_force_by(
    docket: Option<&History>,
    entry: &Entry,
    day: LegalDate,
    zone: &LegalZone,
) -> bool {
    match entry.act.body.as_deref() {
        // A void may reach back to the beginning.
        Some(Body::Void(body)) => {
            let is_of_force = |named: &Entry| named.act.body.as_deref().is_none_or(|body| force_from(body).is_some());
            let reaches = body.ab_initio == Some(true) || zone.day_of(entry.act.time_ms) <= day;
            reaches && named(docket, &body.reference).is_none_or(is_of_force)
        }
        // What it would have completed counts from its own day on.
        Some(Body::Endorse(body)) => {
            let place = docket.and_then(|docket| docket.entries.get(docket.index.done(&body.reference)?));
            let was_complete = place.is_some_and(|done| done.act.index < entry.act.index);
            !was_complete && named(docket, &body.reference).is_none_or(|named| is_effective_by(named, day))
        }
        _ => is_effective_by(entry, day),
    }
}

fn named<'a>(docket: Option<&'a History>, id: &StatementId) -> Option<&'a Entry> {
    docket.and_then(|docket| docket.entries.get(docket.index.own(id)?))
}

fn is_effective_by(entry: &Entry, day: LegalDate) -> bool {
    match entry.act.body.as_deref() {
        // It counts from the beginning.
        Some(Body::Correct(_)) => true,
        // A void that waits may be of anything.
        Some(Body::Void(_)) => true,
        Some(body) => force_from(body).is_some_and(|from| from <= day),
        // A body that cannot be read has no day.
        None => entry.act.statement.kind().family() == "agreement",
    }
}

/// S3 and rule 14: lists what has no effect, and says whether that leaves the answer open.
pub(in crate::agreement) fn doubt_of_entries<'a>(
    standing: &mut Standing,
    entries: impl Iterator<Item = &'a Entry>,
    would_change: impl Fn(&Entry) -> bool,
) -> Option<Reason> {
    let mut doubt = None;
    for entry in entries.filter(|entry| entry.refusal().is_some()) {
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
pub(in crate::agreement) fn settle(standing: Standing, doubt: Option<Reason>, at_ms: u64) -> Standing {
    let is_known_yet = at_ms <= standing.known_at.time_ms;
    let standing = match doubt {
        Some(reason) => indeterminate(standing, reason),
        None => standing,
    };
    if is_known_yet { standing } else { indeterminate(standing, Reason::NotYetKnown) }
}

pub(in crate::agreement) fn indeterminate(standing: Standing, reason: Reason) -> Standing {
    Standing { force: Force::Indeterminate(reason), otherwise: Some(Box::new(standing.clone())), ..standing }
}
