//! The values that bodies are made of: texts, days, zones, periods, instants. One grammar each, parsed once.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::codec::{Item, Value};
use crate::statement::body::field::{check_unique, text_field, wants};
use crate::statement::body::{BodyError, Field, Form, LONG_LIST_MAX, Shape};
use crate::statement::{IAT_MAX, KindName};

/// Longest free text, in bytes.
pub const TEXT_LEN_MAX: usize = 1_024;
/// Longest clause id, in bytes.
pub const CLAUSE_ID_LEN_MAX: usize = 32;
/// Longest language tag, in bytes (RFC 5646 §4.4.1).
pub const LANGUAGE_LEN_MAX: usize = 35;
/// Longest name of a time zone, in bytes.
pub const ZONE_LEN_MAX: usize = 64;
/// Longest period, in years.
pub const PERIOD_YEARS_MAX: u32 = 100;

/// What a disclosure field says when the agreement does not.
pub const NOT_STATED: &str = "not_stated";

/// A text that is not the value it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct ScalarError(&'static str);

/// Defines a text with a grammar.
macro_rules! scalar_text {
    ($(#[$doc:meta])* $name:ident, $check:path, $wants:literal $(, { $($extra:item)* })?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ScalarError;

            fn from_str(text: &str) -> Result<Self, ScalarError> {
                if $check(text) { Ok(Self(text.into())) } else { Err(ScalarError($wants)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        text_field!($name, $wants $(, { $($extra)* })?);
    };
}

scalar_text!(
    /// Free text: 1-1,024 bytes, no control characters but line feed.
    Text,
    is_text,
    "a text of 1-1,024 bytes without control characters"
);
scalar_text!(
    /// The name of a time zone, such as `Europe/Berlin`, 1-64 bytes. That it is known is a rule of admission, since
    /// the table of zones has versions.
    Zone,
    is_zone,
    "an IANA time zone name such as Europe/Berlin or UTC"
);
scalar_text!(
    /// A language tag in the form of BCP 47 (RFC 5646 §2.1), such as `de-CH`, 2-35 bytes.
    Language,
    is_language,
    "a BCP 47 language tag such as de or en-GB"
);
scalar_text!(
    /// A country in the form of ISO 3166-1 alpha-2 in lower case, or `eu`.
    Country,
    is_country,
    "a country code of two lower-case letters such as gb"
);
scalar_text!(
    /// The id of a clause within its terms, 1-32 bytes of `A-Z a-z 0-9 . _ -`.
    ClauseId,
    is_clause_id,
    "a clause id of 1-32 letters, digits, dots, hyphens, underscores",
    {
        const LIST_MAX: usize = LONG_LIST_MAX;

        fn check_list(list: &[Self]) -> Result<(), &'static str> {
            check_unique(list, |id| id.clone()).map_err(|()| "names a clause twice")
        }
    }
);

impl Text {
    /// Whether this is `not_stated`.
    pub fn is_not_stated(&self) -> bool {
        &*self.0 == NOT_STATED
    }
}

fn is_text(text: &str) -> bool {
    (1..=TEXT_LEN_MAX).contains(&text.len()) && !text.chars().any(|c| c.is_control() && c != '\n')
}

fn is_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.len() <= ZONE_LEN_MAX && text.split('/').all(is_part)
}

fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let is_primary = |tag: &str| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= LANGUAGE_LEN_MAX && subtags.next().is_some_and(is_primary) && subtags.all(is_subtag)
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_clause_id(text: &str) -> bool {
    (1..=CLAUSE_ID_LEN_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A legal day, `YYYY-MM-DD`, 0001-01-01 to 9999-12-31; its zone stands elsewhere (`terms.term.zone`), or it is a
/// day of UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalDate(Date);

impl LegalDate {
    /// The day of the civil calendar.
    pub fn date(self) -> Date {
        self.0
    }
}

impl TryFrom<Date> for LegalDate {
    type Error = ScalarError;

    fn try_from(date: Date) -> Result<Self, ScalarError> {
        if date.year() >= 1 { Ok(Self(date)) } else { Err(ScalarError("a day of the years 1 to 9999")) }
    }
}

impl FromStr for LegalDate {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let bad = ScalarError("a day YYYY-MM-DD");
        let digits = |range: std::ops::Range<usize>| -> Option<i16> {
            let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            part.parse().ok()
        };
        if text.len() != 10 || text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
            return Err(bad);
        }
        let (Some(year), Some(month), Some(day)) = (digits(0..4), digits(5..7), digits(8..10)) else {
            return Err(bad);
        };
        // Two digits fit into i8.
        Date::new(year, month as i8, day as i8).map_err(|_| bad)?.try_into()
    }
}

impl fmt::Display for LegalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day()))
    }
}

impl fmt::Debug for LegalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_field!(LegalDate, "a day YYYY-MM-DD");

/// An instant in unix seconds, 0 to 253402300799 (the last second of the year 9999).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Field for Instant {
    const SHAPE: Shape = Shape::Scalar { form: Form::Uint, wants: "an instant in unix seconds, 0-253402300799" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.uint().filter(|seconds| *seconds <= IAT_MAX).map(Self).ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::uint(self.0)
    }
}

/// A calendar period in the form of ISO 8601: `P1Y6M`, `P30D`, `P2W`; at most 100 years.
///
/// One period has one spelling, though `P12M` and `P1Y` are different texts of the same length: components in the
/// order years, months, days, or weeks alone; no leading zeros; no zero component but in `P0D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Period {
    /// Years, 0-100.
    pub years: u32,
    /// Months, 0-1200.
    pub months: u32,
    /// Weeks, 0-5217; if any, all others are 0.
    pub weeks: u32,
    /// Days, 0-36525.
    pub days: u32,
}

impl Period {
    /// Whether it is at most [`PERIOD_YEARS_MAX`], a month counted as a twelfth of a year and a year as 365.25 days.
    fn is_bounded(&self) -> bool {
        let months = u64::from(self.years) * 12 + u64::from(self.months);
        let days = u64::from(self.weeks) * 7 + u64::from(self.days);
        let (months_max, days_max) = (u64::from(PERIOD_YEARS_MAX) * 12, u64::from(PERIOD_YEARS_MAX) * 1461 / 4);
        months * days_max + days * months_max <= months_max * days_max
    }
}

impl FromStr for Period {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let bad = ScalarError("a period such as P6M, P30D, P2W or P1Y6M, at most 100 years");
        if text == "P0D" {
            return Ok(Self::default());
        }
        let mut rest = text.strip_prefix('P').filter(|rest| !rest.is_empty()).ok_or(bad)?;
        let mut period = Self::default();
        let mut units = "YMWD".chars();
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=5).contains(&digits) || rest.starts_with('0') {
                return Err(bad);
            }
            let count: u32 = rest[..digits].parse().map_err(|_| bad)?;
            let unit = rest[digits..].chars().next().ok_or(bad)?;
            // Consuming the units up to this one refuses those that come late or twice.
            if !units.any(|known| known == unit) {
                return Err(bad);
            }
            match unit {
                'Y' => period.years = count,
                'M' => period.months = count,
                'W' => period.weeks = count,
                _ => period.days = count,
            }
            rest = &rest[digits + 1..];
        }
        let weeks_alone = period.weeks == 0 || (period.years, period.months, period.days) == (0, 0, 0);
        if weeks_alone && period.is_bounded() { Ok(period) } else { Err(bad) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("P0D");
        }
        f.write_str("P")?;
        for (count, unit) in [(self.years, 'Y'), (self.months, 'M'), (self.weeks, 'W'), (self.days, 'D')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

text_field!(Period, "a period such as P6M, P30D, P2W or P1Y6M, at most 100 years");

/// Which kinds a key may sign: one, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindPattern {
    /// `*`: every kind.
    Any,
    /// One kind, known or not.
    Kind(KindName),
}

impl KindPattern {
    /// Whether a key with this authority may sign `kind`.
    pub fn allows(&self, kind: &KindName) -> bool {
        match self {
            Self::Any => true,
            Self::Kind(allowed) => allowed == kind,
        }
    }
}

impl FromStr for KindPattern {
    type Err = crate::statement::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" { Ok(Self::Any) } else { text.parse().map(Self::Kind) }
    }
}

impl fmt::Display for KindPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}

text_field!(KindPattern, "a statement kind such as agreement.accept, or * for all", {
    const LIST_MAX: usize = LONG_LIST_MAX;

    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |pattern| pattern.clone()).map_err(|()| "names a kind twice")
    }
});
