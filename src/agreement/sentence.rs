//! A standing as one plain sentence: force and assent together, both times always.

use crate::agreement::day::instant_text;
use crate::agreement::{Assent, Assurance, Basis, Contention, EndCause, Flag, Force, On, Reason, Standing};
use crate::statement::body::ClauseId;
use crate::statement::{Subject, one_line};

impl Standing {
    /// The standing in plain words, with both times.
    pub fn sentence(&self) -> String {
        let seal = format!("As known at seal {} of {}.", self.known_at.index, instant_text(self.known_at.time_ms));
        format!("{}. {seal}", self.claim())
    }

    /// The sentence without the seal.
    fn claim(&self) -> String {
        if let Force::Indeterminate(reason) = self.force {
            return self.doubt(reason);
        }
        let mut parts = vec![self.force_phrase()];
        parts.extend(self.reservations_phrase());
        parts.extend(self.ends_phrase());
        parts.extend(self.contention_phrase().map(str::to_owned));
        parts.extend(self.assurance_phrase().map(str::to_owned));
        parts.extend((self.basis == Basis::Repealed).then(|| "the law it rests on is repealed or replaced".to_owned()));
        let flags = [
            (Flag::LateRegistration, "registered late"),
            (Flag::Disputed, "disputed"),
            (Flag::Pending, "an act waits for more signatures"),
            (Flag::Declined, "declined by the government"),
            (Flag::SuccessionByRegistrar, "a party was succeeded on the registrar's word alone"),
        ];
        parts.extend(flags.iter().filter(|(flag, _)| self.flags.contains(flag)).map(|(_, text)| (*text).to_owned()));
        parts.extend(self.reports_phrase());
        if !self.inadmissible.is_empty() {
            parts.push(format!("{} statements against the rules have no effect", self.inadmissible.len()));
        }
        parts.join("; ")
    }

    fn doubt(&self, reason: Reason) -> String {
        let otherwise = self.otherwise.as_ref().map_or_else(String::new, |standing| standing.claim());
        let on = self.on_text();
        match reason {
            Reason::NotYetKnown => format!("Not yet known {on}; if nothing more is registered: {otherwise}"),
            Reason::UnknownKind => {
                format!(
                    "Indeterminate {on}: a statement of a kind that this program does not know; without it: {otherwise}"
                )
            }
            Reason::Inadmissible => {
                format!(
                    "Indeterminate {on}: a statement against the rules would have changed it; without it: {otherwise}"
                )
            }
            Reason::Stale => format!("Indeterminate {on}: the last seal is too old; as of that seal: {otherwise}"),
        }
    }

    fn force_phrase(&self) -> String {
        let (on, assent) = (self.on_text(), self.assent_phrase());
        let clauses = || list(&self.suspended);
        match self.force {
            Force::NotApplicable => format!("{} has no standing of its own", self.about),
            Force::Listed => self.list_phrase(),
            Force::NoAgreement => format!("No agreement registered here {on}"),
            // The docket of an offer does not hold what governments answer.
            Force::Offered if matches!(self.about, Subject::Offer { .. }) => {
                format!("Offered, and open to be accepted, {on}{assent}")
            }
            Force::Offered => format!("Offered, and not accepted, {on}{assent}"),
            Force::NotYet => format!("Agreed, and not yet in force, {on}{assent}{}", self.effective_phrase()),
            Force::InForce => format!("In force {on}{assent}"),
            Force::PartlySuspended => format!("In force {on} but for the suspended clauses {}{assent}", clauses()),
            Force::Suspended => format!("Suspended {on}{assent}"),
            Force::Terminated => format!("Terminated {on}{assent}"),
            Force::Expired => format!("Expired {on}{assent}"),
            Force::Withdrawn => format!("Withdrawn {on}{assent}"),
            Force::Void => format!("Void {on}"),
            Force::Indeterminate(_) => format!("Indeterminate {on}"),
        }
    }

    fn on_text(&self) -> String {
        match self.on {
            On::Day(day) => format!("on {day}"),
            On::Instant(at_ms) => format!("at {}", instant_text(at_ms)),
        }
    }

    fn assent_phrase(&self) -> &'static str {
        match self.assent {
            Assent::None => "",
            Assent::BothSigned => ", signed by both",
            Assent::GovernmentAttests => ", attested by the government alone",
            Assent::VendorOnly => ", signed by the vendor alone",
        }
    }

    fn effective_phrase(&self) -> String {
        self.effective.map_or_else(String::new, |day| format!(", effective {day}"))
    }

    fn reservations_phrase(&self) -> Option<String> {
        (!self.reservations.is_empty()).then(|| format!("without the clauses {}", list(&self.reservations)))
    }

    fn ends_phrase(&self) -> Option<String> {
        let ends = self.ends?;
        let is_over = matches!(self.force, Force::Terminated | Force::Expired | Force::Withdrawn);
        Some(match (ends.cause, is_over) {
            (EndCause::Notice, true) => format!("by notice, since {}", ends.day),
            (EndCause::Termination, true) => format!("by an act of a party, since {}", ends.day),
            (EndCause::Notice | EndCause::Termination, false) => format!("termination announced for {}", ends.day),
            (EndCause::Term, true) => format!("its term ended, since {}", ends.day),
            (EndCause::Term, false) => format!("its term ends, no longer in force from {}", ends.day),
            (EndCause::Basis, true) => format!("the law it rests on is gone, since {}", ends.day),
            (EndCause::Basis, false) => format!("it lapses with the law it rests on, on {}", ends.day),
            (EndCause::Void, _) => format!("declared void, from {} on", ends.day),
            (EndCause::OpenUntil, true) => format!("no longer to be accepted since {}", ends.day),
            (EndCause::OpenUntil, false) => format!("to be accepted before {}", ends.day),
            (EndCause::Withdrawal, _) => format!("taken back on {}", ends.day),
        })
    }

    fn contention_phrase(&self) -> Option<&'static str> {
        match self.contention {
            Contention::None => None,
            Contention::Alleged => Some("a breach is alleged"),
            Contention::Determined => Some("a breach is determined"),
            Contention::Appealed => Some("under appeal"),
            Contention::Closed => Some("an allegation is closed"),
        }
    }

    fn assurance_phrase(&self) -> Option<&'static str> {
        match self.assurance {
            Assurance::None | Assurance::Current => None,
            Assurance::Overdue => Some("a canary is due"),
            Assurance::CanaryLate => Some("a canary is late"),
            Assurance::EvidenceExpired => Some("evidence has expired"),
        }
    }

    fn reports_phrase(&self) -> Option<String> {
        let newest = self.reports.iter().max_by_key(|report| report.date)?;
        let offers = self.reports.iter().filter(|report| report.kind == "report.offer");
        let what = match offers.clone().count() {
            0 => "something is reported",
            _ if offers.clone().all(|report| report.draft == Some(true)) => "a draft of an offer is reported",
            _ => "an offer is reported",
        };
        let count = self.reports.len();
        Some(format!("{what} (reports: {count}, the newest about {}, {})", newest.date, one_line(&newest.publisher)))
    }

    fn list_phrase(&self) -> String {
        let lines: Vec<String> =
            self.list.iter().map(|(subject, standing)| format!("{subject}: {}", standing.claim())).collect();
        lines.join(". ")
    }
}

fn list(clauses: &[ClauseId]) -> String {
    let ids: Vec<&str> = clauses.iter().map(ClauseId::as_str).collect();
    ids.join(", ")
}
