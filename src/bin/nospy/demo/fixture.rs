//! The fixtures, read with their sources. Every fact and every expected answer of the demo comes from here.

use std::collections::BTreeMap;
use std::path::Path;

use nospy::codec::{Key, Value};
use nospy::statement::LegalDate;

use crate::demo::sources::{self, Citation};
use crate::error::CliError;
use crate::files;
use crate::plain::Plain;

/// The fixtures that the program was built with.
const BUILT_IN: &str = include_str!("../../../../tests/fixtures/agreements.yaml");

/// The fixture file.
pub struct Fixture {
    plain: Plain,
    name: String,
    keys_by_line: BTreeMap<u64, Vec<String>>,
    citations: BTreeMap<String, Citation>,
}

/// A value of the fixtures, and where it stands.
#[derive(Clone)]
pub struct Node<'a> {
    fixture: &'a Fixture,
    path: String,
    value: &'a Value,
}

impl Fixture {
    /// Reads the fixtures that the program was built with, or those of a file.
    ///
    /// # Errors
    /// If the file cannot be read or is not YAML.
    pub fn read(path: Option<&Path>) -> Result<Self, CliError> {
        let (text, name) = match path {
            Some(path) => (files::read_text(path)?, path.display().to_string()),
            None => (BUILT_IN.to_owned(), "the fixtures".to_owned()),
        };
        let plain = Plain::parse(&text, &name)?;
        Ok(Self { plain, name, keys_by_line: sources::keys_by_line(&text), citations: sources::list(&text) })
    }

    /// One case, such as `F4`.
    ///
    /// # Errors
    /// If there is none.
    pub fn case(&self, name: &str) -> Result<Node<'_>, CliError> {
        Node { fixture: self, path: String::new(), value: &self.plain.value }.field(name)
    }
}

impl<'a> Node<'a> {
    /// A field that may be missing.
    pub fn find(&self, name: &str) -> Option<Node<'a>> {
        let Value::Map(pairs) = self.value else { return None };
        let value = pairs.get(&Key::Text(name.to_owned()))?;
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Some(Node { fixture: self.fixture, path, value })
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// If it is missing.
    pub fn field(&self, name: &str) -> Result<Node<'a>, CliError> {
        self.find(name).ok_or_else(|| self.wrong(&format!("has no `{name}`")))
    }

    /// The members of a list.
    ///
    /// # Errors
    /// If it is none.
    pub fn items(&self) -> Result<Vec<Node<'a>>, CliError> {
        let Value::Array(members) = self.value else { return Err(self.wrong("wants a list")) };
        let item = |(place, value)| Node { fixture: self.fixture, path: format!("{}[{place}]", self.path), value };
        Ok(members.iter().enumerate().map(item).collect())
    }

    /// The fields of a map, each with its name.
    ///
    /// # Errors
    /// If it is none.
    pub fn fields(&self) -> Result<Vec<(&'a str, Node<'a>)>, CliError> {
        let Value::Map(pairs) = self.value else { return Err(self.wrong("wants a map")) };
        let field = |key: &'a Key| match key {
            Key::Text(name) => Some((name.as_str(), self.find(name)?)),
            Key::Int(_) => None,
        };
        Ok(pairs.keys().filter_map(field).collect())
    }

    /// The text.
    ///
    /// # Errors
    /// If it is none.
    pub fn text(&self) -> Result<&'a str, CliError> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong("wants a text")),
        }
    }

    /// The text, or the texts of a list.
    ///
    /// # Errors
    /// If it is neither.
    pub fn texts(&self) -> Result<Vec<&'a str>, CliError> {
        match self.value {
            Value::Text(text) => Ok(vec![text]),
            _ => self.items()?.iter().map(Node::text).collect(),
        }
    }

    /// The number, from 0 on.
    ///
    /// # Errors
    /// If it is none.
    pub fn number(&self) -> Result<u64, CliError> {
        match self.value {
            Value::Int(value) => u64::try_from(*value).map_err(|_| self.wrong("wants a number from 0 on")),
            _ => Err(self.wrong("wants a number")),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// If it is neither.
    pub fn is_true(&self) -> Result<bool, CliError> {
        match self.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(self.wrong("wants true or false")),
        }
    }

    /// The day. Of a month alone it is the last day: by then it had happened.
    ///
    /// # Errors
    /// If it is neither.
    pub fn day(&self) -> Result<LegalDate, CliError> {
        day_of(self.text()?).ok_or_else(|| self.wrong("wants a day or a month"))
    }

    /// The sources beside the lines of this value.
    ///
    /// # Errors
    /// If the list at the end does not have one of them.
    pub fn sources(&self) -> Result<Vec<Citation>, CliError> {
        let lines = match self.value {
            Value::Array(_) => self.items()?.iter().filter_map(Node::line).collect(),
            _ => Vec::from_iter(self.line()),
        };
        let (Some(first), Some(last)) = (lines.iter().min(), lines.iter().max()) else { return Ok(Vec::new()) };
        let keys = self.fixture.keys_by_line.range(*first..=*last).flat_map(|(_, keys)| keys);
        keys.map(|key| self.fixture.citations.get(key).cloned().ok_or_else(|| self.unlisted(key))).collect()
    }

    /// The members of a list, each with its own sources. Members on one line share its sources in order; the first
    /// takes what is left over.
    ///
    /// # Errors
    /// As [`Node::items`] and [`Node::sources`].
    pub fn items_with_sources(&self) -> Result<Vec<(Node<'a>, Vec<Citation>)>, CliError> {
        let items = self.items()?;
        let mut cited = Vec::with_capacity(items.len());
        for line in items.chunk_by(|one, next| one.line() == next.line()) {
            let all = line[0].sources()?;
            let surplus = all.len().saturating_sub(line.len());
            for (place, item) in line.iter().enumerate() {
                let own = match (all.len(), place) {
                    (0, _) => &[][..],
                    // Fewer sources than members: each rests on all of them.
                    (count, _) if count < line.len() => &all[..],
                    (_, 0) => &all[..=surplus],
                    _ => &all[place + surplus..=place + surplus],
                };
                cited.push((item.clone(), own.to_vec()));
            }
        }
        Ok(cited)
    }

    /// That this value is not what the demo knows to tell.
    pub fn wrong(&self, what: &str) -> CliError {
        let line = self.line().map(|line| format!(", line {line}")).unwrap_or_default();
        CliError::malformed(format!("{}{line}: {} {what}", self.fixture.name, self.path))
    }

    fn unlisted(&self, key: &str) -> CliError {
        self.wrong(&format!("has the source [{key}], which the list of sources lacks"))
    }

    fn line(&self) -> Option<u64> {
        self.fixture.plain.line_of(&self.path)
    }
}

fn day_of(text: &str) -> Option<LegalDate> {
    let last_of_month = || (28..=31).rev().find_map(|day| format!("{text}-{day}").parse().ok());
    text.parse().ok().or_else(last_of_month)
}
