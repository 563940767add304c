//! What changed between two versions of terms, in words: by clause, text, product, or heading of the terms.

use nospy::codec::{Key, Value};
use nospy::crypto::hex;
use nospy::statement::body::{Changed, ClauseType, PathPart, Period, TermsChange, TermsPath};
use serde_json::{Value as Json, json};

use crate::plain;
use crate::read::sheet::{Sheet, listed, quoted};
use crate::read::words::{self, QUESTIONS};

/// What fields are called on a page. What is not here is called by its own name.
const LABELS: &[(&str, &str)] = &[
    ("mode", "how it comes about"),
    ("law", "the law it rests on"),
    ("lapse", "whether it lapses with that law"),
    ("status", "whether it binds"),
    ("prevails", "whether it prevails over the others"),
    ("sha256", "its fingerprint (SHA-256)"),
    ("sbom", "the fingerprint of its bill of materials"),
    ("url", "where it can be read"),
    ("type", "what it is about"),
    ("obligor", "whom it binds"),
    ("modality", "how it binds"),
    ("text", "its words"),
    ("deadline", "within which time"),
    ("exceptions", "what it does not cover"),
    ("territory", "where it holds"),
    ("zone", "the clock by which days are counted"),
    ("effective", "the first day in force"),
    ("ends", "the end"),
    ("ends_inclusive", "whether the day of the end still belongs to it"),
    ("renewal", "when it may be renewed"),
    ("opens", "how long before the end the window opens"),
    ("closes", "how long before the end the window closes"),
    ("notice_period", "how long before its effect an end is announced"),
    ("reservations", "which clauses an acceptance may leave out"),
    ("vendor_may_suspend", "whether the vendor may suspend"),
    ("breach_determined_by", "who decides that there was a breach"),
    ("grounds", "on which grounds it may be ended at once"),
    ("canary", "how often the vendor says that nothing is to be reported"),
    ("every", "how often"),
    ("grace", "after which delay it is late"),
];

/// What the parts of the terms are called.
const PLACES: &[(&str, &str)] = &[
    ("clauses", "Clause"),
    ("texts", "Full text"),
    ("scope", "Product"),
    ("disclosure", "What it says about itself"),
    ("term", "How long it holds"),
    ("canary", "Canary"),
    ("basis", "The law it rests on"),
];

/// Fields whose values are words of the specification or have a grammar, so that no quotation marks are needed.
const PLAIN: &[&str] = &[
    "mode",
    "status",
    "type",
    "obligor",
    "modality",
    "zone",
    "effective",
    "ends",
    "language",
    "reservations",
    "grounds",
    "review",
    "id",
];

/// The changes on a page; says so where there are none.
pub fn write(sheet: &mut Sheet, changes: &[TermsChange]) {
    sheet.heading("What changed");
    if changes.is_empty() {
        sheet.say("Nothing: both say the same in every field.");
        return;
    }
    for change in changes {
        write_change(sheet, change);
    }
}

fn write_change(sheet: &mut Sheet, change: &TermsChange) {
    let place = place_words(&change.path);
    match &change.what {
        Changed::Reordered => sheet.point(&format!("{place}: the same members stand in another order.")),
        Changed::Added(value) => {
            sheet.point(&format!("{place} is NEW. It says:"));
            write_value(sheet, last_field(&change.path), value);
        }
        Changed::Removed(value) => {
            sheet.point(&format!("{place} is GONE. It said:"));
            write_value(sheet, last_field(&change.path), value);
        }
        Changed::Replaced { before, after } => {
            sheet.point(&format!("{place} is CHANGED."));
            sheet.below("It said:");
            write_value(sheet, last_field(&change.path), before);
            sheet.below("It says now:");
            write_value(sheet, last_field(&change.path), after);
        }
    }
}

/// Where, in words: `Clause "NB1", its words`.
pub fn place_words(path: &TermsPath) -> String {
    let mut words = Vec::new();
    let parts = path.parts();
    for (depth, part) in parts.iter().enumerate() {
        match part {
            PathPart::Field(name) if depth == 0 && parts.len() > 1 => words.push(find(PLACES, name).to_owned()),
            PathPart::Field(name) if depth == 0 => words.push(match find(PLACES, name) {
                place if place == *name => format!("{}, in the terms", label(name)),
                place => format!("{place} (`{name}`)"),
            }),
            PathPart::Field(name) => words.push(format!(", {}", label(name))),
            PathPart::Member { name, nth } => {
                let nth = if *nth == 0 { String::new() } else { format!(" (number {} of this name)", nth + 1) };
                words.push(format!(" {}{nth}", quoted(name)));
            }
        }
    }
    words.concat()
}

fn last_field(path: &TermsPath) -> &'static str {
    match path.parts().last() {
        Some(PathPart::Field(name)) => name,
        _ => "",
    }
}

fn find<'a>(table: &[(&'static str, &'static str)], name: &'a str) -> &'a str {
    table.iter().find(|(known, _)| *known == name).map_or(name, |(_, words)| words)
}

fn label(name: &str) -> String {
    match QUESTIONS.iter().find(|(field, _)| *field == name) {
        Some((_, question)) => format!("the question \"{question}\""),
        None => find(LABELS, name).replace('_', " "),
    }
}

/// A value: free text behind a bar, everything else in one line; of a record each field.
fn write_value(sheet: &mut Sheet, field: &str, value: &Value) {
    match value {
        Value::Map(fields) => {
            for (key, value) in fields {
                let Key::Text(name) = key else { continue };
                match value {
                    Value::Map(_) => {
                        sheet.below(&format!("{}:", label(name)));
                        write_value(sheet, name, value);
                    }
                    _ => sheet.below(&format!("{}: {}", label(name), value_words(name, value))),
                }
            }
        }
        Value::Text(text) if !PLAIN.contains(&field) && text.parse::<Period>().is_err() => sheet.quote(text),
        value => sheet.below(&value_words(field, value)),
    }
}

fn value_words(field: &str, value: &Value) -> String {
    match value {
        Value::Text(text) => text_words(field, text),
        Value::Bytes(bytes) => hex(bytes),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Null => "nothing".to_owned(),
        Value::Array(members) => listed(&members.iter().map(|member| value_words(field, member)).collect::<Vec<_>>()),
        Value::Map(fields) => {
            let named = fields.iter().filter_map(|(key, value)| match key {
                Key::Text(name) => Some(format!("{}: {}", label(name), value_words(name, value))),
                Key::Int(_) => None,
            });
            named.collect::<Vec<_>>().join("; ")
        }
    }
}

fn text_words(field: &str, text: &str) -> String {
    if field == "type"
        && let Some(kind) = ClauseType::ALL.iter().find(|kind| kind.as_str() == text)
    {
        return words::clause_type(*kind).to_owned();
    }
    match (PLAIN.contains(&field), text.parse::<Period>()) {
        (true, _) => text.replace('_', " "),
        (false, Ok(period)) => words::period(&period),
        (false, Err(_)) => quoted(text),
    }
}

/// The changes for programs.
pub fn to_json(changes: &[TermsChange]) -> Json {
    let one = |change: &TermsChange| {
        let (what, before, after) = match &change.what {
            Changed::Added(after) => ("added", None, Some(after)),
            Changed::Removed(before) => ("removed", Some(before), None),
            Changed::Replaced { before, after } => ("replaced", Some(before), Some(after)),
            Changed::Reordered => ("reordered", None, None),
        };
        json!({
            "path": change.path.to_string(), "place": place_words(&change.path), "what": what,
            "before": before.map(plain::to_json), "after": after.map(plain::to_json),
        })
    };
    changes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nospy::statement::body::{Field as _, Record as _, Shape, Terms};

    /// Every field that can change is called by a word that a reader knows, not by its name in the bytes.
    #[test]
    fn every_field_with_an_underscore_has_a_label() {
        fn walk(shape: &Shape) {
            let fields = match shape {
                Shape::Record(fields) => fields,
                Shape::List { of, .. } => return walk(of),
                _ => return,
            };
            for field in *fields {
                assert!(!field.name.contains('_') || label(field.name) != field.name, "{}", field.name);
                walk(&field.shape);
            }
        }
        walk(&Terms::SHAPE);
        assert!(Terms::FIELDS.iter().any(|field| field.name == PLACES[0].0));
    }
}
