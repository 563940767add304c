//! Which versions an item of a scope covers: one grammar, in which every end says whether it belongs.
//!
//! The grammar stands in `docs/scope.md`. A text outside of it is no answer: whoever reads it tells that it cannot be
//! read. Versions are ordered only where both are numbers with dots; any other is compared by its spelling alone.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Most alternatives of one text.
pub const VERSION_ALTERNATIVES_MAX: usize = 16;
/// Most numbers of one version.
pub const VERSION_NUMBERS_MAX: usize = 8;
/// Longest version, in bytes.
pub const VERSION_LEN_MAX: usize = 128;

/// A set of versions with stated ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions(Vec<Alternative>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Alternative {
    /// `*`
    All,
    /// Exactly this one, as it is spelt.
    Exactly(Box<str>),
    /// Between two ends; a missing end is open for ever.
    Between(Option<End>, Option<End>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    version: Numbers,
    belongs: bool,
}

/// Why a text names no set of versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {problem}")]
pub struct VersionsError {
    part: String,
    problem: &'static str,
}

/// A version whose order is known: numbers with dots. Missing numbers at the end count as 0.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbers(Vec<u64>);

impl Numbers {
    fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u64>().ok() } else { None }
        };
        let mut numbers = text.split('.').take(VERSION_NUMBERS_MAX + 1).map(number).collect::<Option<Vec<_>>>()?;
        if numbers.len() > VERSION_NUMBERS_MAX {
            return None;
        }
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self(numbers))
    }

    fn order(&self, other: &Self) -> Ordering {
        // Without zeros at the end the shorter of two equal beginnings is the smaller one.
        self.0.cmp(&other.0)
    }
}

/// Whether a text is spelt as a version: 1-128 bytes of letters, digits and `. _ + ~ : -`.
pub fn is_version(text: &str) -> bool {
    (1..=VERSION_LEN_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+~:-".contains(&byte))
}

/// Whether two versions are the same one: spelt alike, or the same numbers. `None` where a spelling may hide that.
pub(in crate::agreement) fn is_same_version(one: &str, other: &str) -> Option<bool> {
    match (Numbers::parse(one), Numbers::parse(other)) {
        _ if one == other => Some(true),
        (Some(one), Some(other)) => Some(one == other),
        _ => None,
    }
}

impl Versions {
    /// Whether every version is in it.
    pub fn is_all(&self) -> bool {
        self.0.contains(&Alternative::All)
    }

    /// Whether a version is in it; `None` where the order of that version is not known.
    pub fn contains(&self, version: &str) -> Option<bool> {
        let answers: Vec<Option<bool>> = self.0.iter().map(|alternative| alternative.contains(version)).collect();
        match () {
            () if answers.contains(&Some(true)) => Some(true),
            () if answers.contains(&None) => None,
            () => Some(false),
        }
    }
}

impl Alternative {
    fn contains(&self, version: &str) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Exactly(one) => is_same_version(one, version),
            Self::Between(lower, upper) => {
                let version = Numbers::parse(version)?;
                let is_within = |end: &Option<End>, outside: Ordering| {
                    end.as_ref().is_none_or(|end| match version.order(&end.version) {
                        Ordering::Equal => end.belongs,
                        order => order != outside,
                    })
                };
                Some(is_within(lower, Ordering::Less) && is_within(upper, Ordering::Greater))
            }
        }
    }

    /// Refuses ends between which there is nothing: most likely they were mixed up.
    fn between(lower: Option<End>, upper: Option<End>, part: &str) -> Result<Self, VersionsError> {
        if let (Some(lower), Some(upper)) = (&lower, &upper) {
            let is_empty = match lower.version.order(&upper.version) {
                Ordering::Less => false,
                Ordering::Equal => !(lower.belongs && upper.belongs),
                Ordering::Greater => true,
            };
            if is_empty {
                return Err(refused(part, "holds no version at all"));
            }
        }
        Ok(Self::Between(lower, upper))
    }

    fn parse(part: &str) -> Result<Self, VersionsError> {
        match part.chars().next() {
            None => Err(refused(part, "is empty")),
            Some('*') if part == "*" => Ok(Self::All),
            Some('[' | '(') => Self::interval(part),
            Some('<' | '>' | '=') => Self::comparators(part),
            Some(_) if is_version(part) => Ok(Self::Exactly(part.into())),
            Some(_) => Err(refused(part, "is neither a version, nor comparators, nor an interval")),
        }
    }

    /// `[5.0,6.0)`: a square bracket takes the end in, a round one leaves it out, a missing end has a round one.
    fn interval(part: &str) -> Result<Self, VersionsError> {
        let wants = || refused(part, "is no interval such as [5.0,6.0) or [5.0,)");
        let takes_first = part.starts_with('[');
        let (inner, takes_last) = match (part.get(1..part.len() - 1), part.chars().last()) {
            (Some(inner), Some(']')) => (inner, true),
            (Some(inner), Some(')')) => (inner, false),
            _ => return Err(wants()),
        };
        let (first, last) = inner.split_once(',').ok_or_else(wants)?;
        let end = |text: &str, belongs: bool| match (text.trim(), belongs) {
            ("", false) => Ok(None),
            ("", true) => Err(wants()),
            (text, belongs) => Ok(Some(End { version: numbers(text, part)?, belongs })),
        };
        match (end(first, takes_first)?, end(last, takes_last)?) {
            (None, None) => Err(wants()),
            (lower, upper) => Self::between(lower, upper, part),
        }
    }

    /// `>=5.0,<6`: all of them hold; at most one for each end.
    fn comparators(part: &str) -> Result<Self, VersionsError> {
        if let Some(one) = part.strip_prefix('=').map(str::trim) {
            return match is_version(one) {
                true => Ok(Self::Exactly(one.into())),
                false => Err(refused(part, "is no version")),
            };
        }
        let (mut lower, mut upper) = (None, None);
        // The third comparator names an end twice, so the loop is short.
        for comparator in part.split(',').map(str::trim) {
            let rest = comparator.trim_start_matches(['<', '>', '=']);
            let (end, belongs) = match &comparator[..comparator.len() - rest.len()] {
                ">=" => (&mut lower, true),
                ">" => (&mut lower, false),
                "<=" => (&mut upper, true),
                "<" => (&mut upper, false),
                _ => return Err(refused(comparator, "does not begin with one of >= > <= <")),
            };
            if end.is_some() {
                return Err(refused(part, "names one end twice"));
            }
            *end = Some(End { version: numbers(rest.trim(), part)?, belongs });
        }
        Self::between(lower, upper, part)
    }
}

fn numbers(text: &str, part: &str) -> Result<Numbers, VersionsError> {
    Numbers::parse(text).ok_or_else(|| refused(part, "has an end that is not numbers with dots"))
}

fn refused(part: &str, problem: &'static str) -> VersionsError {
    VersionsError { part: part.to_owned(), problem }
}

impl FromStr for Versions {
    type Err = VersionsError;

    fn from_str(text: &str) -> Result<Self, VersionsError> {
        let parts: Vec<&str> = text.split('|').take(VERSION_ALTERNATIVES_MAX + 1).map(str::trim).collect();
        match parts.len() > VERSION_ALTERNATIVES_MAX {
            true => Err(refused(text, "has more than 16 alternatives")),
            false => parts.into_iter().map(Alternative::parse).collect::<Result<_, _>>().map(Self),
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, alternative) in self.0.iter().enumerate() {
            f.write_str(if i > 0 { " | " } else { "" })?;
            alternative.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = |end: &End| match end.version.0.as_slice() {
            [] => "0".to_owned(),
            numbers => numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."),
        };
        match self {
            Self::All => f.write_str("*"),
            Self::Exactly(one) => write!(f, "={one}"),
            Self::Between(lower, upper) => {
                let open = if lower.as_ref().is_some_and(|end| end.belongs) { '[' } else { '(' };
                let close = if upper.as_ref().is_some_and(|end| end.belongs) { ']' } else { ')' };
                let [lower, upper] = [lower, upper].map(|end| end.as_ref().map(numbers).unwrap_or_default());
                write!(f, "{open}{lower},{upper}{close}")
            }
        }
    }
}
