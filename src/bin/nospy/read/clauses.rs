//! The clauses, what they cover, and the texts in which they are written.

use nospy::agreement::Standing;
use nospy::statement::body::{Body, Clause, ClauseId, Terms, TextVersion};

use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, quoted};
use crate::read::words;

/// Hex digits of a digest that a person compares at a glance; all of them stand beside.
const DIGEST_SHORT: usize = 8;

/// What the day makes of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Not in force for a while.
    Suspended,
    /// Not accepted by the government.
    Reserved,
    /// The acceptance in the file leaves it out, and nothing was checked.
    SaidReserved,
}

impl Mark {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Suspended => "SUSPENDED on this day: it does not bind now",
            Self::Reserved => "RESERVED: the government did not accept this clause; it does not bind",
            Self::SaidReserved => "the acceptance in this file leaves this clause out (not checked)",
        }
    }

    /// For programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Reserved => "reserved",
            Self::SaidReserved => "reserved_unchecked",
        }
    }
}

/// The marks of a clause.
pub fn marks(reading: &Reading, id: &ClauseId) -> Vec<Mark> {
    let of = |standing: &Standing| {
        let suspended = standing.suspended.contains(id).then_some(Mark::Suspended);
        let reserved = standing.reservations.contains(id).then_some(Mark::Reserved);
        reserved.into_iter().chain(suspended).collect()
    };
    if reading.verification.is_some() {
        return reading.standing().map(of).unwrap_or_default();
    }
    let leaves_out = |body: &Body| match body {
        Body::Accept(body) => body.reservations.iter().flatten().any(|reserved| reserved == id),
        _ => false,
    };
    let is_reserved = reading.on(&reading.about).filter_map(|act| act.body.as_deref()).any(leaves_out);
    is_reserved.then_some(Mark::SaidReserved).into_iter().collect()
}

/// The section of the clauses.
pub fn write(sheet: &mut Sheet, reading: &Reading, terms: &Terms) {
    sheet.heading("The clauses");
    for clause in &terms.clauses {
        write_clause(sheet, clause, &marks(reading, &clause.id));
    }
}

fn write_clause(sheet: &mut Sheet, clause: &Clause, marks: &[Mark]) {
    sheet.point(&format!("Clause {}: {}", clause.id, words::clause_type(clause.clause_type)));
    for mark in marks {
        sheet.below(&format!("** {} **", mark.words()));
    }
    sheet.below(&format!("{}.", words::binding(clause.obligor, clause.modality)));
    match &clause.text {
        Some(text) => {
            sheet.below("It says:");
            sheet.quote(text.as_str());
        }
        None => sheet.below("Its words are not registered here: only what it is about."),
    }
    if let Some(deadline) = &clause.deadline {
        sheet.below(&format!("To be done within {}.", words::period(deadline)));
    }
    if let Some(exceptions) = &clause.exceptions {
        sheet.below("It does not cover:");
        sheet.quote(exceptions.as_str());
    }
}

/// The section of what it covers.
pub fn write_scope(sheet: &mut Sheet, terms: &Terms) {
    sheet.heading("What it covers");
    match &terms.scope {
        None => sheet.say("It names no product, so it is not limited to any."),
        Some(items) => {
            sheet.say("These products and no others. Where a digest is given, only an image with this digest is covered, whatever its label says.");
            for item in items {
                sheet.point(&quoted(item.product.as_str()));
                let labels = [("versions", &item.versions), ("CPE", &item.cpe), ("package URL", &item.purl)];
                for (label, text) in labels {
                    if let Some(text) = text {
                        sheet.below(&format!("{label}: {}", quoted(text.as_str())));
                    }
                }
                for digest in item.sha256.iter().flatten() {
                    sheet.below(&format!("image {}", digest_words(&digest.to_string())));
                }
                if let Some(digest) = &item.sbom {
                    sheet.below(&format!("bill of materials {}", digest_words(&digest.to_string())));
                }
            }
        }
    }
    if let Some(territory) = &terms.territory {
        sheet.item("where", &quoted(territory.as_str()));
    }
    if let Some(services) = &terms.services {
        sheet.item("services", &quoted(services.as_str()));
    }
}

/// The section of the texts.
pub fn write_texts(sheet: &mut Sheet, terms: &Terms) {
    let Some(texts) = &terms.texts else { return };
    sheet.heading("The full texts");
    sheet.say("This registry holds the fingerprint (SHA-256) of each text. Whoever has the text can compare it: sha256sum FILE.");
    for text in texts {
        write_text(sheet, text);
    }
}

fn write_text(sheet: &mut Sheet, text: &TextVersion) {
    let prevails = match text.prevails {
        Some(true) => "; where texts differ, this one prevails",
        Some(false) => "; where texts differ, another one prevails",
        None => "",
    };
    let language = words::language(text.language.as_str());
    sheet.point(&format!("{language}, {}{prevails}", words::text_status(text.status)));
    if let Some(digest) = &text.sha256 {
        sheet.below(&digest_words(&digest.to_string()));
    }
    if let Some(size) = text.size {
        let media = text.media_type.as_ref().map(|media| format!(", {}", quoted(media.as_str()))).unwrap_or_default();
        sheet.below(&format!("size {}{media}", words::bytes(size)));
    }
    match (&text.url, &text.withheld) {
        (Some(url), _) => sheet.below(&format!("where: {}", quoted(url.as_str()))),
        (None, None) => sheet.below("where it can be read is not stated; `nospy text fetch DIGEST` asks the registry"),
        (None, Some(_)) => {}
    }
    if let Some(withheld) = &text.withheld {
        sheet.below("This text is not public. It cannot be exchanged unseen: the registry holds a commitment to it.");
        sheet.below(&format!("why: {}", quoted(withheld.reason.as_str())));
        sheet.below(&format!("to be looked at again on {}", withheld.review));
        sheet.below(&format!("commitment {}", withheld.commitment));
    }
}

/// A digest: the beginning to compare at a glance, and all of it.
fn digest_words(digest: &str) -> String {
    format!("SHA-256 {}…, in full {digest}", digest.get(..DIGEST_SHORT).unwrap_or(digest))
}
