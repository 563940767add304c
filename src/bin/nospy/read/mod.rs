//! An agreement as a lawyer or a journalist reads it: parties, clauses, texts, history, standing, and what is not said.
//!
//! [`page`] turns a [`Reading`] into text and asks nobody: no clock, no file, no network. It promises to show everything
//! that the statements say about the agreement, to say of each thing whose word it is, and never to show unknown as yes
//! or no: where nothing was checked, the page says so before and after everything else, and tells no standing.

pub mod acts;
mod assurance;
pub mod changes;
mod clauses;
mod disclosure;
mod disputes;
pub mod history;
mod json;
mod open;
mod parties;
mod reading;
pub mod sheet;
mod standing;
mod story;
mod term;
mod words;

use nospy::statement::{Party, Subject};

pub use json::to_json;
pub use open::{Opened, open, open_bytes};
pub use reading::Reading;

use crate::describe::{self, NOT_APPROVED};
use crate::read::sheet::{Sheet, quoted};

/// The page. `full` adds the registry's own statements, and every statement word for word.
pub fn page(reading: &Reading, width: usize, full: bool) -> String {
    let mut sheet = Sheet::new(width);
    write_head(&mut sheet, reading);
    standing::write(&mut sheet, reading);
    parties::write(&mut sheet, reading);
    match &reading.terms {
        Some(terms) => {
            story::write(&mut sheet, reading, terms);
            clauses::write(&mut sheet, reading, terms);
            clauses::write_scope(&mut sheet, terms);
            clauses::write_texts(&mut sheet, terms);
            term::write(&mut sheet, reading, terms);
            disclosure::write(&mut sheet, terms);
        }
        None if matches!(reading.about, Subject::Agreement { .. } | Subject::Offer { .. }) => {
            sheet.heading("The terms");
            sheet.say("There are none on this day that the file shows.");
        }
        None => {}
    }
    assurance::write(&mut sheet, reading);
    disputes::write_findings(&mut sheet, reading);
    disputes::write_reports(&mut sheet, reading);
    history::write(&mut sheet, reading, full);
    if full {
        write_statements(&mut sheet, reading);
    }
    standing::write_not_proven(&mut sheet, reading);
    sheet.into_text()
}

/// What a page is about, and whether anything in it was checked.
pub fn write_head(sheet: &mut Sheet, reading: &Reading) {
    write_title(sheet, reading);
    if reading.verification.is_none() {
        standing::write_unchecked(sheet);
    }
}

fn write_title(sheet: &mut Sheet, reading: &Reading) {
    if describe::is_demo(&reading.origin) {
        sheet.line(describe::DEMO.trim_end());
    }
    let named = |party: &Party| parties::named(reading, party);
    let title = reading.terms.as_ref().map(|terms| format!(" {}", quoted(terms.title.as_str()))).unwrap_or_default();
    match &reading.about {
        Subject::Agreement { vendor, government, .. } => {
            sheet.line(&format!("Agreement{title}"));
            sheet.line(&format!("between {} and {}", named(vendor), named(government)));
        }
        Subject::Offer { vendor, .. } => {
            sheet.line(&format!("Offer{title}"));
            sheet.line(&format!("by {}", named(vendor)));
        }
        Subject::Between { vendor, government } => {
            sheet.line(&format!("Everything between {} and {government}", named(vendor)));
        }
        Subject::Party(party) => sheet.line(&format!("The party {}", named(party))),
        Subject::Report { .. } => sheet.line("A report"),
        _ => sheet.line("A docket"),
    }
    sheet.line(&format!("{}, in the registry {}", reading.about, reading.origin));
}

/// Every statement word for word, as it was signed.
fn write_statements(sheet: &mut Sheet, reading: &Reading) {
    sheet.heading("Every statement, word for word");
    for act in &reading.acts {
        sheet.point(&format!("entry {}", act.index));
        sheet.quote(describe::statement(&act.statement).trim_start_matches(describe::DEMO).trim_end());
    }
}

/// What stands under every page.
fn write_end(sheet: &mut Sheet) {
    sheet.line("");
    sheet.line(NOT_APPROVED);
}
