//! Where a fact of the fixtures was published: the keys in brackets beside a line, and the list at the end.

use std::collections::BTreeMap;

use nospy::codec::Value;
use nospy::statement::LegalDate;

/// The line that opens the list of sources.
const LIST_HEADING: &str = "# Sources";

/// A published source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Its key in the fixtures.
    pub key: String,
    /// Who published it, as the list has it.
    pub publisher: String,
    /// When, if the list says so.
    pub date: Option<LegalDate>,
    /// Where, if the list gives more than the name of a site.
    pub url: Option<String>,
}

impl Citation {
    /// The `source` of a statement.
    pub fn to_value(&self) -> Value {
        let date = self.date.map(|date| ("date", Value::text(date.to_string())));
        let url = self.url.as_ref().map(|url| ("url", Value::text(url.clone())));
        Value::record([("publisher", Value::text(self.publisher.clone()))].into_iter().chain(date).chain(url))
    }

    /// The source for a reader.
    pub fn sentence(&self) -> String {
        let place = self.url.as_ref().map_or_else(String::new, |url| format!(" <{url}>"));
        match self.date.filter(|date| !self.publisher.contains(&date.to_string())) {
            Some(date) => format!("{}, {date}{place}", self.publisher),
            None => format!("{}{place}", self.publisher),
        }
    }
}

/// The keys in brackets in the comment of each line, by line from 1.
pub fn keys_by_line(text: &str) -> BTreeMap<u64, Vec<String>> {
    let facts = text.split(LIST_HEADING).next().unwrap_or_default();
    let keys_of = |line: &str| -> Vec<String> {
        let comment = line.rsplit_once('#').map_or("", |(_, comment)| comment);
        comment.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(key, _)| key.to_owned()).collect()
    };
    (1..).zip(facts.lines().map(keys_of)).filter(|(_, keys)| !keys.is_empty()).collect()
}

/// The list at the end: `key/key publisher …; key publisher …`.
pub fn list(text: &str) -> BTreeMap<String, Citation> {
    let list = text.split_once(LIST_HEADING).map_or("", |(_, list)| list);
    let entries = list.lines().flat_map(|line| line.trim_start_matches(['#', ' ']).split(';'));
    entries.flat_map(citations_of).map(|citation| (citation.key.clone(), citation)).collect()
}

/// The citations of one entry. Several keys share a publisher; where each has a date of its own, they stand in order.
fn citations_of(entry: &str) -> Vec<Citation> {
    let mut words = entry.split_whitespace();
    let mut keys: Vec<String> = Vec::new();
    for word in words.by_ref() {
        keys.extend(word.trim_end_matches([':', ',']).split('/').map(str::to_owned));
        if !word.ends_with(',') {
            break;
        }
    }
    let said: Vec<&str> = words.collect();
    let dates: Vec<LegalDate> = said.iter().filter_map(|word| word.parse().ok()).collect();
    let is_dated_each = keys.len() > 1 && dates.len() == keys.len();
    let publisher = match said.iter().position(|word| word.parse::<LegalDate>().is_ok()) {
        Some(first) if is_dated_each => said[..first].join(" "),
        _ => said.join(" "),
    };
    let is_place = |word: &&&str| word.contains('.') && word.contains('/') && !word.contains('…');
    let url = said.first().filter(is_place).map(|word| format!("https://{word}"));
    let date_of = |place: usize| if is_dated_each { dates.get(place) } else { dates.first() };
    let citation = |(place, key): (usize, String)| Citation {
        key,
        publisher: publisher.clone(),
        date: date_of(place).copied(),
        url: url.clone(),
    };
    if publisher.is_empty() { Vec::new() } else { keys.into_iter().enumerate().map(citation).collect() }
}
