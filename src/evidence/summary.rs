//! One line that says what the body of a statement says, for lists of statements.
//!
//! It is short whatever stands in the body, and names every field that it has room for: of a known kind in the order of
//! its definition, of any other in that of its bytes. It helps to find a statement and is no reading of it: ids and
//! digests are cut to their first digits, and terms are told by their title.

use crate::codec::{Item, Kind};
use crate::crypto::hex;
use crate::statement::Statement;
use crate::statement::body::{KindInfo, for_each_field};

/// Longest summary, in characters.
const SUMMARY_CHARS_MAX: usize = 240;
/// Most members of a list that are told; of a longer one the number is told too.
const MEMBERS_MAX: usize = 4;
/// How many bytes of an id or digest are told.
const BYTES_MAX: usize = 6;
/// The fields by which a record is told, the first that it has.
const TELLING: [&str; 5] = ["title", "name", "law", "product", "publisher"];

/// What the body of a statement says, in a few words: at most [`SUMMARY_CHARS_MAX`] characters and a mark that more
/// was said.
pub(in crate::evidence) fn summary(statement: &Statement) -> String {
    let body = statement.body();
    let fields: Vec<(&str, Item<'_>)> = match KindInfo::find(statement.kind().as_str()) {
        Some(kind) => {
            let mut known = Vec::new();
            for_each_field(kind.fields, &mut |field| {
                known.extend(body.field(field.name).map(|item| (field.name, item)))
            });
            known
        }
        None => body.map().into_iter().flatten().filter_map(|(key, item)| Some((key.text()?, item))).collect(),
    };
    let told = fields.into_iter().filter_map(|(name, item)| Some(format!("{name}: {}", words(item)?)));
    let summary = told.collect::<Vec<_>>().join(", ");
    match summary.char_indices().nth(SUMMARY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &summary[..end]),
        None => summary,
    }
}

/// A value in a few words; `None` if it has none.
fn words(item: Item<'_>) -> Option<String> {
    match item.kind() {
        Kind::Text => item.text().map(|text| text.replace('\n', " ")),
        Kind::Int => item.int().map(|number| number.to_string()),
        Kind::Bool => item.boolean().map(|choice| choice.to_string()),
        Kind::Bytes => item.bytes().map(|bytes| match bytes.get(..BYTES_MAX) {
            Some(first) if bytes.len() > BYTES_MAX => format!("{}…", hex(first)),
            _ => hex(bytes),
        }),
        Kind::Array => list(item),
        Kind::Map => record(item),
        Kind::Null => None,
    }
}

fn list(item: Item<'_>) -> Option<String> {
    let count = item.array()?.remaining();
    let told: Option<Vec<String>> = item.array()?.take(MEMBERS_MAX).map(words).collect();
    Some(match told {
        Some(told) if count > MEMBERS_MAX as u64 => format!("{} … ({count})", told.join(" + ")),
        Some(told) => told.join(" + "),
        None => format!("({count})"),
    })
}

/// A record by its name, or by its only field.
fn record(item: Item<'_>) -> Option<String> {
    if let Some(telling) = TELLING.iter().find_map(|name| item.field(name)) {
        return words(telling);
    }
    let mut pairs = item.map()?;
    match (pairs.next(), pairs.next()) {
        (Some((key, value)), None) if value.boolean() == Some(true) => key.text().map(str::to_owned),
        (Some((_, value)), None) => words(value),
        _ => None,
    }
}
