//! YAML and JSON as people write them, to and from [`Value`].
//!
//! A plain tree holds what a body holds, with byte strings as lowercase hex. YAML is read with a budget, without
//! anchors, merge keys and duplicate keys; a scalar is what it looks like in YAML 1.2, so that `no` is a country
//! and not a boolean. Each value remembers its line, so that an error can point at it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use nospy::codec::{Key, Value};
use nospy::crypto::hex;
use nospy::statement::{FieldShape, Shape, for_each_field};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Spanned};

use crate::error::CliError;

/// Longest plain text, in bytes: four times the longest statement, for comments and indentation.
pub const PLAIN_LEN_MAX: usize = 256 * 1024;
/// Most nodes of a plain text.
const NODES_MAX: usize = 20_000;
/// Deepest nesting; what CBOR allows, and the header around it.
const DEPTH_MAX: usize = 20;

/// A parsed plain text.
#[derive(Debug)]
pub struct Plain {
    /// The tree.
    pub value: Value,
    lines: BTreeMap<String, u64>,
}

impl Plain {
    /// Parses one YAML (or JSON) document. `name` is how the text is called in errors.
    ///
    /// # Errors
    /// The parser's complaint with its line.
    pub fn parse(text: &str, name: &str) -> Result<Self, CliError> {
        if text.len() > PLAIN_LEN_MAX {
            return Err(CliError::malformed(format!("{name} is longer than {PLAIN_LEN_MAX} bytes")));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: NODES_MAX, max_events: 2 * NODES_MAX, max_depth: DEPTH_MAX, max_anchors: 0, max_aliases: 0,
                max_documents: 1,
            },
            duplicate_keys: DuplicateKeyPolicy::Error,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
            with_snippet: false,
        };
        let tree: Spanned<Tree> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let place = error.location().map(|at| format!("line {}: ", at.line())).unwrap_or_default();
            CliError::malformed(format!("{name}, {place}{}", error.without_snippet()))
        })?;
        let mut lines = BTreeMap::new();
        let value = settle(tree, String::new(), &mut lines);
        Ok(Self { value, lines })
    }

    /// The line of the value at `path` (`terms.clauses[0].id`), or of the nearest value around it.
    pub fn line_of(&self, path: &str) -> Option<u64> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// A tree whose members know their line.
enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(String, Spanned<Tree>)>),
}

fn settle(tree: Spanned<Tree>, path: String, lines: &mut BTreeMap<String, u64>) -> Value {
    let value = match tree.value {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(value),
        Tree::Int(value) => Value::Int(value),
        Tree::Text(text) => Value::Text(text),
        Tree::List(members) => Value::Array(
            members.into_iter().enumerate().map(|(i, member)| settle(member, format!("{path}[{i}]"), lines)).collect(),
        ),
        Tree::Map(pairs) => Value::Map(
            pairs
                .into_iter()
                .map(|(name, member)| {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    (Key::Text(name), settle(member, path, lines))
                })
                .collect(),
        ),
    };
    lines.insert(path, tree.referenced.line());
    value
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number, true, false, null, a list or a map")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        i64::try_from(value)
            .map(Tree::Int)
            .map_err(|_| E::custom("a whole number beyond 2^63-1: write a text in quotes"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Tree, E> {
        Err(E::custom("looks like a number with a fraction or exponent: write it in quotes"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(member) = members.next_element()? {
            list.push(member);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            map.push(pair);
        }
        Ok(Tree::Map(map))
    }
}

/// The JSON form of a value; byte strings as lowercase hex, integer keys as texts.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Bytes(bytes) => Json::String(hex(bytes)),
        Value::Text(text) => Json::String(text.clone()),
        Value::Array(members) => Json::Array(members.iter().map(to_json).collect()),
        Value::Map(pairs) => Json::Object(pairs.iter().map(|(key, value)| (key_text(key), to_json(value))).collect()),
    }
}

/// The YAML form of a value, ending with a line feed; byte strings as lowercase hex.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    write_yaml(&mut text, value, None, 0);
    text
}

/// As [`to_yaml`], with the fields of the record in the order of its definition.
pub fn body_to_yaml(value: &Value, fields: &'static [FieldShape]) -> String {
    let mut text = String::new();
    write_yaml(&mut text, value, Some(Shape::Record(fields)), 0);
    text
}

/// One scalar as YAML, in quotes where it could be read as something else.
pub fn yaml_scalar(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _./-".contains(c));
    let is_reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"]
        .contains(&text.to_ascii_lowercase().as_str());
    match is_word && !is_reserved {
        true => text.to_owned(),
        // A JSON string is a YAML double-quoted scalar.
        false => Json::String(text.to_owned()).to_string(),
    }
}

fn write_yaml(text: &mut String, value: &Value, shape: Option<Shape>, indent: usize) {
    // Writing to a String does not fail.
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            for (key, value, shape) in ordered(pairs, shape) {
                let _ = write!(text, "{:indent$}{}:", "", yaml_scalar(&key_text(key)));
                match is_branch(value) {
                    true => {
                        text.push('\n');
                        write_yaml(text, value, shape, indent + 2);
                    }
                    false => {
                        let _ = writeln!(text, " {}", scalar_text(value));
                    }
                }
            }
        }
        Value::Array(members) if !members.is_empty() => {
            let of = match shape {
                Some(Shape::WordOr(_, inner)) => Some(*inner),
                other => other,
            };
            let of = match of {
                Some(Shape::List { of, .. }) => Some(*of),
                _ => None,
            };
            for member in members {
                let mut inner = String::new();
                write_yaml(&mut inner, member, of, indent + 2);
                // The dash takes the place of the first two columns of the member.
                let _ = write!(text, "{:indent$}- {}", "", &inner[indent + 2..]);
            }
        }
        scalar => {
            let _ = writeln!(text, "{:indent$}{}", "", scalar_text(scalar));
        }
    }
}

/// The pairs of a map: those that its shape names in the order of the shape, then the others.
fn ordered(pairs: &BTreeMap<Key, Value>, shape: Option<Shape>) -> Vec<(&Key, &Value, Option<Shape>)> {
    let mut known = Vec::new();
    let shape = match shape {
        Some(Shape::Nullable(inner)) => Some(*inner),
        other => other,
    };
    if let Some(Shape::Record(fields)) = shape {
        for_each_field(fields, &mut |field| known.push((field.name, field.shape)));
    }
    let place = |key: &Key| known.iter().position(|(name, _)| matches!(key, Key::Text(text) if text == name));
    let mut pairs: Vec<_> = pairs.iter().map(|(key, value)| (place(key).unwrap_or(known.len()), key, value)).collect();
    pairs.sort_by_key(|(place, ..)| *place);
    pairs.into_iter().map(|(place, key, value)| (key, value, known.get(place).map(|(_, shape)| *shape))).collect()
}

fn is_branch(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => !pairs.is_empty(),
        Value::Array(members) => !members.is_empty(),
        _ => false,
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Bytes(bytes) => yaml_scalar(&hex(bytes)),
        Value::Text(text) => yaml_scalar(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Int(label) => label.to_string(),
        Key::Text(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Value {
        Plain::parse(text, "test").unwrap().value
    }

    #[test]
    fn country_no_stays_text_and_dates_stay_text() {
        let value = parse("country: no\nday: 2021-12-01\nzeros: 0012\nlast: null\n");
        let expected = Value::record([
            ("country", Value::text("no")),
            ("day", Value::text("2021-12-01")),
            ("zeros", Value::text("0012")),
            ("last", Value::Null),
        ]);
        assert_eq!(value, expected);
    }

    #[test]
    fn written_yaml_reads_back() {
        let value = Value::record([
            ("no", Value::text("no")),
            ("title", Value::text("a: b # c\n\"d\" \u{2014}")),
            ("digits", Value::text("0123e4")),
            ("list", Value::Array(vec![Value::record([("a", Value::Int(-1))]), Value::Array(vec![Value::Bool(true)])])),
            ("empty", Value::Array(vec![])),
        ]);
        assert_eq!(parse(&to_yaml(&value)), value);
    }

    #[test]
    fn errors_name_the_line() {
        for text in ["a: 1\nb: [1\n", "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: 1\nb: 1.5\n"] {
            let message = Plain::parse(text, "draft").unwrap_err().message().to_owned();
            assert!(message.contains("line "), "{message}");
        }
    }

    #[test]
    fn lines_of_values_are_known() {
        let plain = Plain::parse("a:\n  b:\n    - x: 1\n    - x: 2\n", "test").unwrap();
        assert_eq!(plain.line_of("a.b[1].x"), Some(4));
        assert_eq!(plain.line_of("a.b[1].missing"), Some(4));
    }
}
