//! JSON in one spelling: ASCII, keys in the order given, one member of an outer list on each line.

use std::fmt::Write as _;

/// A JSON value that keeps the order of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// A map of fields in this order.
pub fn map<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A text.
pub fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

/// A list of texts.
pub fn texts<T: AsRef<str>>(members: impl IntoIterator<Item = T>) -> Json {
    Json::List(members.into_iter().map(|member| text(member.as_ref())).collect())
}

impl Json {
    /// Adds a field to a map; nothing happens to other values.
    pub fn with(mut self, name: &str, value: Json) -> Self {
        if let Self::Map(fields) = &mut self {
            fields.push((name.to_owned(), value));
        }
        self
    }

    /// The bytes of a file: a map whose lists and maps stand one member on a line, so that a changed case is a changed line.
    pub fn to_file(&self) -> String {
        let Self::Map(fields) = self else { return self.line() + "\n" };
        let mut file = String::from("{\n");
        for (i, (name, value)) in fields.iter().enumerate() {
            let comma = if i + 1 < fields.len() { "," } else { "" };
            // Writing to a String does not fail.
            let _ = writeln!(file, "  {}: {}{comma}", quoted(name), value.block());
        }
        file + "}\n"
    }

    fn block(&self) -> String {
        let (open, close, lines): (_, _, Vec<String>) = match self {
            Self::List(members) if !members.is_empty() => ("[", "]", members.iter().map(Self::line).collect()),
            Self::Map(fields) if !fields.is_empty() => {
                ("{", "}", fields.iter().map(|(name, value)| format!("{}: {}", quoted(name), value.line())).collect())
            }
            other => return other.line(),
        };
        format!("{open}\n    {}\n  {close}", lines.join(",\n    "))
    }

    fn line(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(members) => format!("[{}]", members.iter().map(Self::line).collect::<Vec<_>>().join(", ")),
            Self::Map(fields) => {
                let field = |(name, value): &(String, Self)| format!("{}: {}", quoted(name), value.line());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A JSON string of ASCII characters.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted + "\""
}
