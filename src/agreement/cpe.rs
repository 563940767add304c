//! CPE 2.3 names and how one matches another: formatted strings of NISTIR 7695, name matching of NISTIR 7696.
//!
//! The name of the terms is the source, the name asked about the target. Where the target is wider than the source,
//! or has wildcards of its own, 7696 gives no yes and no no, and neither does this.

use std::str::FromStr;

/// Longest name, in bytes.
pub const CPE_LEN_MAX: usize = 1_024;
/// The attributes: part, vendor, product, version, update, edition, language and four more.
const ATTRIBUTES: usize = 11;
/// The place of the version among them.
const VERSION: usize = 3;

/// A CPE 2.3 name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpe([Attribute; ATTRIBUTES]);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Attribute {
    /// `*`
    Any,
    /// `-`
    NotApplicable,
    Value(Value),
}

/// Lower-case text without escapes, and how many further characters may stand on each side; `None` for any number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    before: Option<usize>,
    text: String,
    after: Option<usize>,
}

/// Not a CPE 2.3 formatted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a CPE 2.3 name such as cpe:2.3:h:nordhavn:core_gw_900:-:*:*:*:*:*:*:*")]
pub struct CpeError;

/// How a source stands to a target (NISTIR 7696 §6.1), as far as an answer needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agreement) enum CpeRelation {
    /// Superset or equal: whatever the target names, the source names too.
    Covers,
    /// Disjoint: they have nothing in common.
    Disjoint,
    /// The target is wider than the source, or has wildcards.
    Unclear,
}

impl Cpe {
    /// The version, if it is one value without wildcards.
    pub(in crate::agreement) fn version(&self) -> Option<&str> {
        match &self.0[VERSION] {
            Attribute::Value(value) if value.is_exact() => Some(&value.text),
            _ => None,
        }
    }

    /// The name with this version where it left the version open.
    pub(in crate::agreement) fn with_version(mut self, version: &str) -> Self {
        if self.0[VERSION] == Attribute::Any && version.is_ascii() {
            let text = version.to_ascii_lowercase();
            self.0[VERSION] = Attribute::Value(Value { before: Some(0), text, after: Some(0) });
        }
        self
    }

    /// How this name of the terms stands to the name that is asked about.
    pub(in crate::agreement) fn relation_to(&self, target: &Self) -> CpeRelation {
        let relations: Vec<CpeRelation> =
            self.0.iter().zip(&target.0).map(|(source, target)| source.relation_to(target)).collect();
        let worst = [CpeRelation::Disjoint, CpeRelation::Unclear];
        worst.into_iter().find(|relation| relations.contains(relation)).unwrap_or(CpeRelation::Covers)
    }
}

impl Attribute {
    /// The table of NISTIR 7696 §6.1.
    fn relation_to(&self, target: &Self) -> CpeRelation {
        match (self, target) {
            (source, target) if source == target => CpeRelation::Covers,
            (Self::Value(_) | Self::NotApplicable, Self::Any) => CpeRelation::Unclear,
            (_, Self::Value(target)) if !target.is_exact() => match self {
                Self::Any => CpeRelation::Covers,
                _ => CpeRelation::Unclear,
            },
            (Self::Any, _) => CpeRelation::Covers,
            (Self::Value(source), Self::Value(target)) if source.matches(&target.text) => CpeRelation::Covers,
            _ => CpeRelation::Disjoint,
        }
    }

    fn parse(text: &str) -> Result<Self, CpeError> {
        match text {
            "*" => Ok(Self::Any),
            "-" => Ok(Self::NotApplicable),
            _ => Value::parse(text).map(Self::Value),
        }
    }
}

impl Value {
    fn is_exact(&self) -> bool {
        self.before == Some(0) && self.after == Some(0)
    }

    fn matches(&self, target: &str) -> bool {
        let fits = |slack: Option<usize>, len: usize| slack.is_none_or(|most| len <= most);
        // Both are ASCII, so every place is the beginning of a character.
        (0..=target.len())
            .filter(|at| target[*at..].starts_with(&self.text))
            .any(|at| fits(self.before, at) && fits(self.after, target.len() - at - self.text.len()))
    }

    /// Wildcards stand at the ends alone: one `*`, or some `?`, each for at most one character.
    fn parse(text: &str) -> Result<Self, CpeError> {
        let (before, rest) = match text.strip_prefix('*') {
            Some(rest) => (None, rest),
            None => {
                let rest = text.trim_start_matches('?');
                (Some(text.len() - rest.len()), rest)
            }
        };
        let mut value = Self { before, text: String::with_capacity(rest.len()), after: Some(0) };
        let mut chars = rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.text.push(chars.next().filter(char::is_ascii_graphic).ok_or(CpeError)?),
                '*' if chars.as_str().is_empty() => value.after = None,
                '?' if chars.as_str().chars().all(|c| c == '?') => {
                    value.after = Some(1 + chars.as_str().len());
                    break;
                }
                c if c.is_ascii_alphanumeric() || "._-".contains(c) => value.text.push(c.to_ascii_lowercase()),
                _ => return Err(CpeError),
            }
        }
        // Wildcards alone say nothing that `*` does not say better.
        value.text.make_ascii_lowercase();
        if value.text.is_empty() { Err(CpeError) } else { Ok(value) }
    }
}

impl FromStr for Cpe {
    type Err = CpeError;

    fn from_str(text: &str) -> Result<Self, CpeError> {
        let rest = text.get(..8).filter(|head| head.eq_ignore_ascii_case("cpe:2.3:")).and_then(|_| text.get(8..));
        let rest = rest.filter(|_| text.len() <= CPE_LEN_MAX && text.is_ascii()).ok_or(CpeError)?;
        let attributes = fields(rest).into_iter().map(Attribute::parse).collect::<Result<Vec<_>, _>>()?;
        let attributes: [Attribute; ATTRIBUTES] = attributes.try_into().map_err(|_| CpeError)?;
        let is_part = |value: &Value| value.is_exact() && ["a", "o", "h"].contains(&value.text.as_str());
        match &attributes[0] {
            Attribute::Value(value) if !is_part(value) => Err(CpeError),
            _ => Ok(Self(attributes)),
        }
    }
}

/// Splits at every colon that is not escaped.
fn fields(text: &str) -> Vec<&str> {
    let (mut fields, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b':' if !is_escaped => {
                fields.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    fields.push(&text[start..]);
    fields
}
