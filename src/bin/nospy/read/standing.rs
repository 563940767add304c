//! How it stands, on which day and as known when, what was checked; and, at the end, what is not proven.

use nospy::agreement::{Force, On, Standing};
use nospy::evidence::{Outcome, Verification};
use nospy::statement::{Subject, one_line};

use crate::moment;
use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, listed};

/// What is said where nothing was checked, before and after everything else.
pub const UNCHECKED: &str =
    "NOTHING HERE WAS CHECKED. Anybody can write such a file. This page says what the file says, not what is true.";

/// The section.
pub fn write(sheet: &mut Sheet, reading: &Reading) {
    let Some(verification) = &reading.verification else {
        sheet.heading("How it stands");
        sheet.say("Not told: without a check nobody can say how it stands.");
        write_contents(sheet, reading);
        return;
    };
    sheet.heading("How it stands");
    match &verification.standing {
        Some(standing) if standing.force == Force::Listed => write_list(sheet, standing),
        Some(standing) => sheet.say(&standing.sentence()),
        None => sheet.say(&no_standing(verification)),
    }
    if let Some(standing) = &verification.standing {
        sheet.item("on", &on_words(standing));
    }
    if let Some(known) = &verification.as_known_at {
        let time = moment::utc_ms(known.time_ms);
        sheet.item("as known at", &format!("{time}, the seal at index {} of the registry", known.index));
    }
    write_checks(sheet, verification);
    if let Some(end) = &verification.closed {
        let (time, next) = (moment::utc_ms(end.time_ms), &end.origin);
        sheet.item("log closed", &format!("{time}: nothing was registered since, and {next} continues it"));
    }
    if let Some(standing) = &verification.standing {
        for change in &standing.changes_on_day {
            let force = change.force.as_str().replace('_', " ");
            sheet.item("that day", &format!("{force} from {}", moment::utc_ms(change.at_ms)));
        }
    }
    if matches!(reading.about, Subject::Between { .. }) {
        sheet.say("An offer to every government stands in no such docket; the docket roll/<vendor> lists those.");
    }
    if !verification.list.is_empty() {
        sheet.say(&format!("The whole list, {} entries (`nospy show ID` fetches one):", verification.list.len()));
        for (index, time_ms, id) in &verification.list {
            sheet.row(&format!("{index:>6}  {}  {id}", moment::utc_ms(*time_ms)), 8);
        }
    }
}

/// The warning at the top.
pub fn write_unchecked(sheet: &mut Sheet) {
    sheet.line("");
    sheet.line(&format!("*** {UNCHECKED} ***"));
    sheet.line(
        "To check it, say whose signature counts: --policy FILE, with the log's key from a source that you trust.",
    );
}

fn no_standing(verification: &Verification) -> String {
    match &verification.unknown {
        Some(name) => {
            format!("This cannot be known: `{}` is nobody whom this registry knows. Is it spelt right?", one_line(name))
        }
        None => "No answer: a check failed on which it would rest.".to_owned(),
    }
}

fn write_list(sheet: &mut Sheet, standing: &Standing) {
    sheet.say("Each of these stands for itself; `nospy show SUBJECT` reads one in full.");
    for (subject, one) in &standing.list {
        sheet.point(&format!("{subject}: {}", one.sentence()));
    }
}

fn on_words(standing: &Standing) -> String {
    match standing.on {
        On::Day(day) => format!("{day}, at its first instant by the clock of {}", standing.zone),
        On::Instant(at_ms) => moment::utc_ms(at_ms),
    }
}

/// Which checks hold, which were not asked for, and which failed: never one line for all three.
fn write_checks(sheet: &mut Sheet, verification: &Verification) {
    let of = |wanted: fn(&Outcome) -> bool| -> Vec<String> {
        verification.checks.iter().filter(|check| wanted(&check.outcome)).map(|check| check.name().to_owned()).collect()
    };
    let passed = of(|outcome| *outcome == Outcome::Passed).len();
    sheet.item("checked", &format!("{passed} of {} checks hold", verification.checks.len()));
    let skipped = of(|outcome| matches!(outcome, Outcome::Skipped(_)));
    if !skipped.is_empty() {
        sheet.item("not asked", &listed(&skipped));
    }
    for check in &verification.checks {
        if let Outcome::Failed(reason) = &check.outcome {
            sheet.item("FAILED", &format!("{}: {}", check.name(), one_line(reason)));
        }
    }
    let not_run = of(|outcome| *outcome == Outcome::NotRun);
    if !not_run.is_empty() {
        sheet.item("not run", &listed(&not_run));
    }
    for line in &verification.inadmissible {
        let refusal = one_line(&line.refusal.to_string());
        sheet.item("without effect", &format!("entry {} breaks a rule: {refusal}", line.index));
    }
}

/// What the file holds, where that is all that can be said.
fn write_contents(sheet: &mut Sheet, reading: &Reading) {
    sheet.say("The file says that these are its dockets:");
    for (subject, count) in &reading.dockets {
        let said = if *count == 0 { "nothing".to_owned() } else { format!("{count} entries") };
        sheet.point(&format!("{subject}: {said}"));
    }
}

/// The last section.
pub fn write_not_proven(sheet: &mut Sheet, reading: &Reading) {
    sheet.heading("What is not proven");
    match &reading.verification {
        None => sheet.say(UNCHECKED),
        Some(verification) => {
            for sentence in &verification.not_proven {
                sheet.point(sentence.strip_prefix("Not proven: ").unwrap_or(sentence));
            }
        }
    }
    super::write_end(sheet);
}
