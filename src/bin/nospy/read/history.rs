//! The timeline: legal day, day of registration, place in the log, who, and what in plain words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nospy::agreement::Act;
use nospy::statement::Subject;
use nospy::statement::body::LegalDate;
use serde_json::{Value as Json, json};

use crate::read::acts;
use crate::read::reading::Reading;
use crate::read::sheet::Sheet;

/// Where a row says who and what.
const WHAT_COLUMN: usize = 43;

/// The acts in the order of their legal days; what has none stands at its registration. `all` adds the registry's own
/// statements and those about parties.
pub fn ordered(reading: &Reading, all: bool) -> Vec<&Act> {
    let is_told = |act: &&Act| {
        let subject = act.statement.subject();
        all || *subject == reading.about || !matches!(subject, Subject::Registry | Subject::Party(_))
    };
    let mut acts: Vec<&Act> = reading.acts.iter().filter(is_told).collect();
    let zone = zone(reading);
    let day = |act: &Act| acts::day(act).map_or_else(|| registration_day(act, &zone), |day| day.to_string());
    acts.sort_by_key(|act| (day(act), act.index));
    acts
}

/// The section.
pub fn write(sheet: &mut Sheet, reading: &Reading, all: bool) {
    let acts = ordered(reading, all);
    sheet.heading("History");
    if acts.is_empty() {
        sheet.say("The file holds no statement about it.");
        return;
    }
    sheet.say("By legal day, the day on which it was done; \"-\" where an act has none. Registered is when the registry took it in.");
    write_rows(sheet, reading, &acts, reading.last_day());
    let left_out = reading.acts.len() - acts.len();
    if left_out > 0 {
        sheet.say(&format!("Not shown: {left_out} statements about the registry and its parties (--full shows them)."));
    }
}

/// The rows alone, with their heads. A line is drawn after the last day that the page speaks of.
pub fn write_rows(sheet: &mut Sheet, reading: &Reading, acts: &[&Act], last_day: Option<LegalDate>) {
    sheet.row(
        &format!("{:<11} {:<11} {:>6}  {:<9} who and what", "legal day", "registered", "entry", "id"),
        WHAT_COLUMN,
    );
    let is_later = |act: &&&Act| matches!((acts::day(act), last_day), (Some(day), Some(last)) if day > last);
    let first_later = acts.iter().find(is_later).map(|act| act.index);
    for act in acts {
        if let (Some(last), true) = (last_day, first_later == Some(act.index)) {
            sheet.row(&format!("---- later than {last}, the day that this page speaks of ----"), WHAT_COLUMN);
        }
        sheet.row(&line(reading, act), WHAT_COLUMN);
    }
}

fn line(reading: &Reading, act: &Act) -> String {
    let day = acts::day(act).map_or("-".to_owned(), |day| day.to_string());
    let (registered, id) = (registration_day(act, &zone(reading)), acts::short(&act.id()));
    let what = format!("{} {}{}", acts::issuer(act), acts::said(act), reading.remark(act));
    format!("{day:<11} {registered:<11} {:>6}  {id:<9} {what}", act.index)
}

/// The timeline for programs.
pub fn to_json(reading: &Reading, acts: &[&Act]) -> Json {
    let one = |act: &&Act| {
        json!({
            "legal_day": acts::day(act).map(|day| day.to_string()), "registered_ms": act.time_ms,
            "index": act.index, "id": act.id().to_string(), "kind": act.statement.kind().as_str(),
            "issuer": acts::issuer(act), "subject": act.statement.subject().to_string(), "what": acts::said(act),
            "has_effect": reading.verification.is_some().then(|| reading.remark(act).is_empty()),
        })
    };
    acts.iter().map(one).collect()
}

/// The zone in which the parties count their days: a legal day and the day of its registration are of one calendar.
fn zone(reading: &Reading) -> TimeZone {
    let named = reading.terms.as_ref().map(|terms| TimeZone::get(terms.term.zone.as_str()));
    named.and_then(Result::ok).unwrap_or(TimeZone::UTC)
}

fn registration_day(act: &Act, zone: &TimeZone) -> String {
    let at = i64::try_from(act.time_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "later".to_owned(), |at| zone.to_datetime(at).date().to_string())
}
