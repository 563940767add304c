//! Term arithmetic (rule 12): which instant is the last one in force. Ends with and without their day, days that begin
//! late, twice or not at all, leap days, ends of months, periods.
//!
//! Papers are filed long after their days, so that any day can be asked about; jiff counts the days a second time.

#![allow(clippy::unwrap_used)]

mod kit;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kit::{Kit, accept, change, filing, ms, offer, subject, text, with};
use nospy::agreement::{Force, On, Rule};
use nospy::codec::Value;
use proptest::prelude::*;

const PAPER: &str = "agreement/acme/paper/de-bsi";

/// A paper of these days, filed when all of them are past.
fn paper(zone: &str, effective: &str, ends: &str, inclusive: bool) -> Kit {
    let mut kit = Kit::new("2039-12-01");
    let term = vec![("zone", text(zone)), ("ends", text(ends)), ("ends_inclusive", Value::Bool(inclusive))];
    kit.ok("de-bsi", PAPER, "agreement.file", filing("1999-01-01", effective, term));
    kit.at("2039-12-02");
    kit
}

fn force_at(kit: &Kit, at_ms: u64) -> Force {
    kit.world.standing(&subject(PAPER), On::Instant(at_ms), kit.known_at()).force
}

/// The agreement is in force a millisecond before `end`, and expired at it.
#[track_caller]
fn expires_at(zone: &str, ends: &str, inclusive: bool, end: &str) {
    let kit = paper(zone, "2000-01-01", ends, inclusive);
    let end_ms = ms(end);
    let word = if inclusive { "inclusive" } else { "exclusive" };
    assert_eq!(force_at(&kit, end_ms - 1), Force::InForce, "{zone} {ends} {word}: before {end}");
    assert_eq!(force_at(&kit, end_ms), Force::Expired, "{zone} {ends} {word}: at {end}");
}

#[test]
fn f5_is_expired_at_exactly_its_end() {
    let kit = paper("Europe/Berlin", "2024-03-01", "2026-03-01", false);
    let end_ms = ms("2026-03-01T00:00:00+01:00");
    assert_eq!(force_at(&kit, end_ms - 1_000), Force::InForce);
    assert_eq!(force_at(&kit, end_ms), Force::Expired);
    // In other zones it is another day then, and the day of the terms decides.
    assert_eq!(force_at(&kit, ms("2026-03-01T00:00:00+14:00")), Force::InForce);
    assert_eq!(kit.standing(PAPER, "2026-02-28").force, Force::InForce);
    assert_eq!(kit.standing(PAPER, "2026-03-01").force, Force::Expired);
    let begins_ms = ms("2024-03-01T00:00:00+01:00");
    assert_eq!(force_at(&kit, begins_ms - 1), Force::NotYet);
    assert_eq!(force_at(&kit, begins_ms), Force::InForce);
}

#[test]
fn the_last_day_belongs_to_the_term_or_not() {
    expires_at("Europe/Berlin", "2026-03-01", false, "2026-03-01T00:00:00+01:00");
    expires_at("Europe/Berlin", "2026-02-28", true, "2026-03-01T00:00:00+01:00");
    expires_at("UTC", "2025-12-31", true, "2026-01-01T00:00:00Z");
    expires_at("Pacific/Kiritimati", "2026-01-01", false, "2025-12-31T10:00:00Z");
    expires_at("America/New_York", "2026-07-04", false, "2026-07-04T00:00:00-04:00");
}

#[test]
fn leap_days() {
    expires_at("Europe/Berlin", "2028-02-28", true, "2028-02-29T00:00:00+01:00");
    expires_at("Europe/Berlin", "2028-02-29", false, "2028-02-29T00:00:00+01:00");
    expires_at("Europe/Berlin", "2028-02-29", true, "2028-03-01T00:00:00+01:00");
    expires_at("Europe/Berlin", "2027-02-28", true, "2027-03-01T00:00:00+01:00");
}

#[test]
fn days_that_begin_late_twice_or_not_at_all() {
    // The clocks go forward at midnight: the day begins at one o'clock.
    expires_at("Africa/Cairo", "2024-04-26", false, "2024-04-26T01:00:00+03:00");
    // They go back from one o'clock to midnight: the day begins with the first midnight.
    expires_at("America/Havana", "2024-11-03", false, "2024-11-03T00:00:00-04:00");
    // A day in which they change at another hour is 23 or 25 hours long.
    expires_at("Europe/Berlin", "2025-03-30", true, "2025-03-31T00:00:00+02:00");
    expires_at("Europe/Berlin", "2025-10-26", true, "2025-10-27T00:00:00+01:00");
    // Samoa left out 2011-12-30: what ends with it ends as the next day begins, and so does what ends before it.
    expires_at("Pacific/Apia", "2011-12-30", false, "2011-12-31T00:00:00+14:00");
    expires_at("Pacific/Apia", "2011-12-29", true, "2011-12-31T00:00:00+14:00");
}

#[test]
fn periods_keep_the_ends_of_months() {
    // The day of a notice, its period, and the first day on which it may take effect.
    let cases = [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2026-02-28", "P1M", "2026-03-28"),
        ("2026-03-31", "P1M", "2026-04-30"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2028-02-29", "P4Y", "2032-02-29"),
        // Months first, then days.
        ("2026-01-30", "P1M1D", "2026-03-01"),
        ("2027-12-31", "P1Y2M", "2029-02-28"),
        ("2026-12-20", "P2W", "2027-01-03"),
        ("2028-02-01", "P30D", "2028-03-02"),
        ("2026-10-20", "P0D", "2026-10-20"),
    ];
    for (date, period, earliest) in cases {
        let mut kit = Kit::new("2025-12-01");
        let made =
            kit.ok("acme", "offer/acme/r", "offer.make", offer(&["de-bsi"], vec![("notice_period", text(period))]));
        kit.at("2025-12-02");
        let about = "agreement/acme/r/de-bsi";
        let accepted = kit.ok("de-bsi", about, "agreement.accept", accept(&made, "2025-12-02"));
        kit.at(date);
        let notice = |effective: &str| {
            let more = vec![("effective", text(effective)), ("measure", text("end")), ("reasons", text("none needed"))];
            with(change(&accepted, date), more)
        };
        let day: Date = earliest.parse().unwrap();
        let before = day.yesterday().unwrap().to_string();
        if before.as_str() >= date {
            let refusal = kit.refused(Rule::NoticeTooShort, "de-bsi", about, "agreement.notice", notice(&before));
            assert!(refusal.accepted.contains(earliest), "{date} {period}: {refusal}");
        }
        kit.ok("de-bsi", about, "agreement.notice", notice(earliest));
        kit.at("2039-01-01");
        assert_eq!(
            kit.standing(about, &before).force,
            if before.as_str() < "2025-12-02" { Force::NotYet } else { Force::InForce }
        );
        assert_eq!(kit.standing(about, earliest).force, Force::Terminated, "{date} {period}");
    }
}

/// Zones with gaps and folds at midnight, half hours, the date line, and none of these.
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Beirut",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_term_ends_as_its_day_begins(zone in 0..ZONES.len(), days in 0i64..13_000, inclusive in any::<bool>()) {
        let (zone, ends) = (ZONES[zone], "2001-01-01".parse::<Date>().unwrap() + jiff::Span::new().days(days));
        let kit = paper(zone, "2000-01-01", &ends.to_string(), inclusive);
        let first = if inclusive { ends.tomorrow().unwrap() } else { ends };
        let zoned = TimeZone::get(zone).unwrap().to_zoned_datetime(first.at(12, 0, 0, 0)).unwrap();
        let start_ms = u64::try_from(zoned.start_of_day().unwrap().timestamp().as_millisecond()).unwrap();
        prop_assert_eq!(force_at(&kit, start_ms - 1), Force::InForce, "{} {}", zone, ends);
        prop_assert_eq!(force_at(&kit, start_ms), Force::Expired, "{} {}", zone, ends);
        prop_assert_eq!(kit.standing(PAPER, &first.to_string()).force, Force::Expired);
    }
}
