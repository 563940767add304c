//! The expected answers as the fixtures spell them, and computed standings in the same spelling.
//!
//! ```text
//! NO_AGREEMENT(offer reported)
//! IN_FORCE + notice, APPEALED
//! IN_FORCE v2 + notice (ends 2027-04-01)
//! IN_FORCE v1, reservation NB12
//! IN_FORCE, basis REPEALED (no longer required)
//! EXPIRED(basis) from 2025-06-13
//! ```
//!
//! An axis that is not named is expected to be quiet: no notice, nothing reported, no contention. What may be left out
//! is what only adds to the answer: the day and the cause of an end, the version of the terms, reservations, the basis.

use std::fmt;
use std::str::FromStr;

use nospy::agreement::{Basis, Contention, Flag, Force, Standing};
use nospy::statement::{LegalDate, Terms};

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
    has_notice: bool,
    /// The name of the contention, in capitals; `NONE` without one.
    contention: String,
    more: More,
}

/// What an expected answer may leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct More {
    /// The first day on which it no longer holds, of what has ended or is to end by notice.
    ends: Option<LegalDate>,
    /// The name of the cause of that end.
    cause: Option<String>,
    /// Which of the fixture's terms count, such as `v1`.
    version: Option<String>,
    /// The ids of the clauses that the government did not accept, with blanks between.
    reservations: Option<String>,
    /// The name of the basis, in capitals; `note` for terms that name a law.
    basis: Option<String>,
    has_basis_note: Option<bool>,
}

/// Why an expected answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{0}` in the expected answer")]
pub struct Unreadable(String);

impl Answer {
    /// The standing in short.
    pub fn of(standing: &Standing) -> Self {
        let is_over = matches!(standing.force, Force::Terminated | Force::Expired);
        let has_notice = standing.flags.contains(&Flag::Notice);
        let ends = standing.ends.filter(|_| is_over || has_notice);
        let reservations: Vec<&str> = standing.reservations.iter().map(|clause| clause.as_str()).collect();
        let more = More {
            ends: ends.map(|end| end.day),
            cause: ends.filter(|_| is_over).map(|end| end.cause.as_str().to_owned()),
            version: None,
            reservations: (!reservations.is_empty()).then(|| reservations.join(" ")),
            basis: Some(standing.basis.as_str().to_uppercase()),
            has_basis_note: None,
        };
        Self {
            force: standing.force.as_str().to_uppercase(),
            reported: reported(standing),
            has_notice,
            contention: standing.contention.as_str().to_uppercase(),
            more,
        }
    }

    /// The same answer, told with the terms that count, and what the fixture calls them.
    pub fn with_terms(mut self, terms: Option<&Terms>, version: Option<&str>) -> Self {
        self.more.version = version.map(str::to_owned);
        self.more.has_basis_note = terms.map(|terms| terms.basis.is_some());
        self
    }

    /// Whether this computed answer is the expected one.
    pub fn is(&self, expected: &Self) -> bool {
        // What the expected answer leaves out is not compared.
        let (own, wanted) = (self.more.clone(), &expected.more);
        let more = More {
            ends: wanted.ends.and(own.ends),
            cause: wanted.cause.as_ref().and(own.cause),
            version: wanted.version.as_ref().and(own.version),
            reservations: wanted.reservations.as_ref().and(own.reservations),
            basis: wanted.basis.as_ref().and(own.basis),
            has_basis_note: wanted.has_basis_note.and(own.has_basis_note),
        };
        Self { more, ..self.clone() } == *expected
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
        let mut parts = text.split(',').map(str::trim);
        let mut answer = read_force(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| answer.read_axis(part))?;
        Ok(answer)
    }
}

/// The first part: `FORCE[(detail)][ vN][ from DAY][ + notice[ (ends DAY)]]`.
fn read_force(text: &str) -> Result<Answer, Unreadable> {
    let bad = |part: &str| Unreadable(part.to_owned());
    let day = |text: &str| text.parse::<LegalDate>().map_err(|_| bad(text));
    let mut more = More::default();
    let (state, notice) = text.split_once(" + ").map_or((text, None), |(state, notice)| (state, Some(notice)));
    match notice {
        None | Some("notice") => {}
        Some(other) => {
            let ends = other.strip_prefix("notice (ends ").and_then(|rest| rest.strip_suffix(')'));
            more.ends = Some(day(ends.ok_or_else(|| bad(other))?)?);
        }
    }
    let name_len = state.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(state.len());
    let (force, rest) = state.split_at(name_len);
    if force.is_empty() {
        return Err(bad(state));
    }
    let (detail, rest) = match rest.strip_prefix('(') {
        None => (None, rest),
        Some(rest) => rest.split_once(')').map(|(detail, rest)| (Some(detail), rest)).ok_or_else(|| bad(rest))?,
    };
    let mut reported = Reported::Nothing;
    match detail {
        None => {}
        Some("offer reported") => reported = Reported::Offer,
        Some("draft reported") => reported = Reported::Draft,
        Some("basis") => more.cause = Some("basis".to_owned()),
        Some(other) => more.ends = Some(day(other)?),
    }
    match (rest.strip_prefix(" from "), rest.strip_prefix(' ')) {
        (Some(from), _) => more.ends = Some(day(from)?),
        (None, Some(version)) if is_version(version) => more.version = Some(version.to_owned()),
        _ if rest.is_empty() => {}
        _ => return Err(bad(state)),
    }
    let contention = Contention::None.as_str().to_uppercase();
    Ok(Answer { force: force.to_owned(), reported, has_notice: notice.is_some(), contention, more })
}

/// `v1`
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok())
}

impl Answer {
    /// A later part: `APPEALED`, `contention NONE`, `basis LIVE`, `basis note`, `reservation NB12`. What stands in
    /// brackets after the name of a basis explains it.
    fn read_axis(&mut self, part: &str) -> Result<(), Unreadable> {
        let bad = || Unreadable(part.to_owned());
        match part.split_once(' ') {
            Some(("reservation", clause)) => self.more.reservations = Some(clause.to_owned()),
            Some(("basis", "note")) => self.more.has_basis_note = Some(true),
            Some(("basis", said)) => {
                let name = said.split(" (").next().unwrap_or_default();
                let known = [Basis::Live, Basis::Repealed].map(|basis| basis.as_str().to_uppercase());
                self.more.basis = Some(known.into_iter().find(|known| known == name).ok_or_else(bad)?);
            }
            Some(("contention", "NONE")) => {}
            Some(("contention", name)) => self.contention = contention(name).ok_or_else(bad)?,
            _ => self.contention = contention(part).ok_or_else(bad)?,
        }
        Ok(())
    }
}

fn contention(name: &str) -> Option<String> {
    [Contention::Alleged, Contention::Determined, Contention::Appealed, Contention::Closed]
        .map(|contention| contention.as_str().to_uppercase())
        .into_iter()
        .find(|known| known == name)
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let More { ends, cause, version, reservations, basis, has_basis_note } = &self.more;
        f.write_str(&self.force)?;
        let is_lapsed = cause.as_deref() == Some("basis");
        match (self.reported, ends.filter(|_| !self.has_notice)) {
            (Reported::Offer, _) => f.write_str("(offer reported)")?,
            (Reported::Draft, _) => f.write_str("(draft reported)")?,
            (Reported::Other, _) => f.write_str("(something reported)")?,
            (Reported::Nothing, Some(day)) if is_lapsed => write!(f, "(basis) from {day}")?,
            (Reported::Nothing, Some(day)) => write!(f, "({day})")?,
            (Reported::Nothing, None) => {}
        }
        if let Some(version) = version {
            write!(f, " {version}")?;
        }
        match (self.has_notice, ends) {
            (false, _) => {}
            (true, None) => f.write_str(" + notice")?,
            (true, Some(day)) => write!(f, " + notice (ends {day})")?,
        }
        if self.contention != "NONE" {
            write!(f, ", {}", self.contention)?;
        }
        if let Some(clauses) = reservations {
            write!(f, ", reservation {clauses}")?;
        }
        match basis.as_deref() {
            None | Some("LIVE") => {}
            Some(basis) => write!(f, ", basis {basis}")?,
        }
        if *has_basis_note == Some(true) { f.write_str(", basis note") } else { Ok(()) }
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
            "IN_FORCE v2 + notice (ends 2027-04-01)",
            "PARTLY_SUSPENDED v1",
            "IN_FORCE v1, reservation NB12",
            "EXPIRED(basis) from 2025-06-13",
            "IN_FORCE, basis REPEALED",
            "IN_FORCE, basis note",
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
            ("IN_FORCE vague", "IN_FORCE vague"),
            ("IN_FORCE + notice (ends soon)", "soon"),
            ("IN_FORCE, basis SHAKY", "basis SHAKY"),
            ("IN_FORCE, contention SOME", "contention SOME"),
            ("", ""),
        ] {
            assert_eq!(text.parse::<Answer>(), Err(Unreadable(part.to_owned())));
        }
    }

    #[test]
    fn only_what_adds_to_the_answer_may_be_left_out() {
        let read = |text: &str| text.parse::<Answer>().expect("readable");
        assert!(read("TERMINATED(2022-01-01), CLOSED").is(&read("TERMINATED, CLOSED")));
        assert!(!read("TERMINATED(2022-01-01), CLOSED").is(&read("TERMINATED(2022-01-02), CLOSED")));
        assert!(!read("TERMINATED, CLOSED").is(&read("TERMINATED(2022-01-01), CLOSED")));
        assert!(!read("IN_FORCE + notice").is(&read("IN_FORCE")));
        assert!(!read("IN_FORCE, ALLEGED").is(&read("IN_FORCE")));
        assert!(!read("NO_AGREEMENT(offer reported)").is(&read("NO_AGREEMENT")));
        assert!(read("IN_FORCE v1, reservation NB12").is(&read("IN_FORCE")));
        assert!(!read("IN_FORCE").is(&read("IN_FORCE v1, reservation NB12")));
        assert!(!read("IN_FORCE v2").is(&read("IN_FORCE v1")));
        assert!(!read("IN_FORCE + notice (ends 2027-04-01)").is(&read("IN_FORCE + notice (ends 2027-05-01)")));
        assert!(!read("IN_FORCE, basis REPEALED").is(&read("IN_FORCE, basis LIVE")));
        assert!(!read("EXPIRED(2025-06-13)").is(&read("EXPIRED(basis) from 2025-06-13")));
    }
}
