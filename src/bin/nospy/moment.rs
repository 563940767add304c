//! Times as people write and read them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Disambiguation;
use nospy::statement::IAT_MAX;

use crate::error::CliError;
use crate::exit::Exit;

/// The time of this machine, in unix seconds.
///
/// # Errors
/// If the clock stands before 1970.
pub fn now_seconds() -> Result<u64, CliError> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .map_err(|_| CliError::new(Exit::Internal, "this machine's clock stands before 1970"))
}

/// Reads unix seconds, or a time such as `2026-01-10T10:00:00Z`.
///
/// # Errors
/// [`Exit::Usage`].
pub fn parse_seconds(text: &str) -> Result<u64, CliError> {
    let seconds = text.parse().ok().or_else(|| text.parse::<Timestamp>().ok()?.as_second().try_into().ok());
    seconds.filter(|seconds| *seconds <= IAT_MAX).ok_or_else(|| {
        CliError::usage(format!("not a time: {text}"))
            .next_step("Write unix seconds, or a time with its zone such as 2026-01-10T10:00:00Z.")
    })
}

/// Reads an instant with its zone: `2026-03-01T12:00:00+01:00`, `2026-03-01T11:00:00Z`, or a local time with the zone by
/// name, `2026-03-01T12:00[Europe/Berlin]`; in unix milliseconds.
///
/// A local time that the clocks of its zone skip or show twice is refused: nobody may guess which one a deadline means.
///
/// # Errors
/// [`Exit::Usage`].
pub fn parse_instant_ms(text: &str) -> Result<u64, CliError> {
    static LOCAL: DateTimeParser = DateTimeParser::new().disambiguation(Disambiguation::Reject);
    let instant = match text.contains('[') {
        true => LOCAL.parse_zoned_datetime(text).map(|zoned| zoned.timestamp()),
        false => text.parse::<Timestamp>(),
    };
    let is_known = |ms: &u64| *ms / 1_000 <= IAT_MAX;
    let error = match instant.map(|instant| u64::try_from(instant.as_millisecond()).ok().filter(is_known)) {
        Ok(Some(ms)) => return Ok(ms),
        Ok(None) => "outside of 1970 to 9999".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(CliError::usage(format!("not an instant: {text}: {error}"))
        .next_step("Write a time with its zone, such as 2026-03-01T12:00:00+01:00 or 2026-03-01T12:00[Europe/Berlin]."))
}

/// `seconds` as a UTC time such as `2026-01-10T10:00:00Z`.
pub fn utc(seconds: u64) -> String {
    match i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(time) => time.to_string(),
        None => format!("{seconds} s"),
    }
}

/// Milliseconds as a UTC time.
pub fn utc_ms(millis: u64) -> String {
    match i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
        Some(time) => time.to_string(),
        None => format!("{millis} ms"),
    }
}

/// Reads a duration such as `90s`, `10m`, `24h`, `7d`, or seconds, into seconds.
///
/// # Errors
/// [`Exit::Usage`].
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("a duration is a number and s, m, h or d, such as 24h".to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| "a duration is a number and s, m, h or d, such as 24h".to_owned())?;
    count.checked_mul(factor).ok_or_else(|| "the duration is too long".to_owned())
}
