//! The expected answers as the fixtures spell them, and computed standings in the same spelling.
//!
//! ```text
//! NO_AGREEMENT(offer reported)
//! IN_FORCE + notice, APPEALED
//! TERMINATED(2022-01-01), APPEALED
//! ```
//!
//! An axis that is not named is expected to be quiet: no notice, nothing reported, no contention. Only the day of an
//! end may be left out.

use std::fmt;
use std::str::FromStr;

use nospy::agreement::{Contention, Flag, Force, Standing};
use nospy::statement::LegalDate;

/// What is reported where nothing is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reported {
    Nothing,
    Offer,
    Draft,
    /// Reports, none of them of an offer.
    Other,
}

/// An answer in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name of the force, in capitals.
    force: String,
    reported: Reported,
    /// The day of the end, of what has ended.
    ended: Option<LegalDate>,
    has_notice: bool,
    /// The name of the contention, in capitals; `NONE` without one.
    contention: String,
}

/// Why an expected answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{0}` in the expected answer")]
pub struct Unreadable(String);

impl Answer {
    /// The standing in short.
    pub fn of(standing: &Standing) -> Self {
        let is_over = matches!(standing.force, Force::Terminated | Force::Expired);
        Self {
            force: standing.force.as_str().to_uppercase(),
            reported: reported(standing),
            ended: standing.ends.filter(|_| is_over).map(|end| end.day),
            has_notice: standing.flags.contains(&Flag::Notice),
            contention: standing.contention.as_str().to_uppercase(),
        }
    }

    /// Whether this computed answer is the expected one.
    pub fn is(&self, expected: &Self) -> bool {
        let ended = expected.ended.and(self.ended);
        Self { ended, ..self.clone() } == *expected
    }
}

fn reported(standing: &Standing) -> Reported {
    let mut offers = standing.reports.iter().filter(|report| report.kind == "report.offer").peekable();
    match (standing.flags.contains(&Flag::Reported), offers.peek().is_some()) {
        (false, _) => Reported::Nothing,
        (true, false) => Reported::Other,
        (true, true) if offers.all(|report| report.draft == Some(true)) => Reported::Draft,
        (true, true) => Reported::Offer,
    }
}

impl FromStr for Answer {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let bad = |part: &str| Unreadable(part.to_owned());
        let mut parts = text.split(',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let (force, has_notice) = match first.split_once(" + ") {
            None => (first, false),
            Some((force, "notice")) => (force, true),
            Some((_, other)) => return Err(bad(other)),
        };
        let (force, detail) = match force.split_once('(') {
            None => (force, None),
            Some((force, rest)) => (force, Some(rest.strip_suffix(')').ok_or_else(|| bad(rest))?)),
        };
        if force.is_empty() || !force.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
            return Err(bad(force));
        }
        let mut answer = Self {
            force: force.to_owned(),
            reported: Reported::Nothing,
            ended: None,
            has_notice,
            contention: Contention::None.as_str().to_uppercase(),
        };
        match detail {
            None => {}
            Some("offer reported") => answer.reported = Reported::Offer,
            Some("draft reported") => answer.reported = Reported::Draft,
            Some(day) => answer.ended = Some(day.parse().map_err(|_| bad(day))?),
        }
        for part in parts {
            answer.contention = [Contention::Alleged, Contention::Determined, Contention::Appealed, Contention::Closed]
                .map(|contention| contention.as_str().to_uppercase())
                .into_iter()
                .find(|contention| contention == part)
                .ok_or_else(|| bad(part))?;
        }
        Ok(answer)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.force)?;
        match (self.reported, self.ended) {
            (Reported::Offer, _) => f.write_str("(offer reported)")?,
            (Reported::Draft, _) => f.write_str("(draft reported)")?,
            (Reported::Other, _) => f.write_str("(something reported)")?,
            (Reported::Nothing, Some(day)) => write!(f, "({day})")?,
            (Reported::Nothing, None) => {}
        }
        if self.has_notice {
            f.write_str(" + notice")?;
        }
        match self.contention.as_str() {
            "NONE" => Ok(()),
            contention => write!(f, ", {contention}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_as_it_is_read() {
        for text in [
            "IN_FORCE",
            "IN_FORCE, ALLEGED",
            "IN_FORCE + notice, APPEALED",
            "TERMINATED(2022-01-01), APPEALED",
            "NO_AGREEMENT(offer reported)",
            "NO_AGREEMENT(draft reported)",
        ] {
            assert_eq!(text.parse::<Answer>().map(|answer| answer.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, part) in [
            ("IN_FORCE, PERHAPS", "PERHAPS"),
            ("IN_FORCE + doubt", "doubt"),
            ("TERMINATED(soon)", "soon"),
            ("TERMINATED(2022-01-01", "2022-01-01"),
            ("in force", "in force"),
            ("", ""),
        ] {
            assert_eq!(text.parse::<Answer>(), Err(Unreadable(part.to_owned())));
        }
    }

    #[test]
    fn only_the_day_of_an_end_may_be_left_out() {
        let read = |text: &str| text.parse::<Answer>().expect("readable");
        assert!(read("TERMINATED(2022-01-01), CLOSED").is(&read("TERMINATED, CLOSED")));
        assert!(!read("TERMINATED(2022-01-01), CLOSED").is(&read("TERMINATED(2022-01-02), CLOSED")));
        assert!(!read("TERMINATED, CLOSED").is(&read("TERMINATED(2022-01-01), CLOSED")));
        assert!(!read("IN_FORCE + notice").is(&read("IN_FORCE")));
        assert!(!read("IN_FORCE, ALLEGED").is(&read("IN_FORCE")));
        assert!(!read("NO_AGREEMENT(offer reported)").is(&read("NO_AGREEMENT")));
    }
}
