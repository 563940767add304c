//! Choices, periods and languages in plain words: one phrase each, the same on every page.

use nospy::statement::body::{
    ClauseType, Confidence, ControllerKind, EvidenceType, Ground, IdentifierScheme, Method, Modality, Mode, Obligor,
    Outcome, Period, RevocationReason, Role, TextStatus,
};

/// What a clause is about.
pub fn clause_type(kind: ClauseType) -> &'static str {
    match kind {
        ClauseType::NoBackdoor => "no hidden function that takes data out, alters it or puts it in",
        ClauseType::NoDisclosure => "no disclosure of data to a third state",
        ClauseType::NoDutyToDisclose => "no law or order obliges to disclose data",
        ClauseType::ReportNewDuty => "a new duty to disclose data is reported",
        ClauseType::ContestOrders => "orders of authorities are contested",
        ClauseType::Inspection => "inspection and review of source code",
        ClauseType::VulnerabilityReport => "weaknesses in products are reported",
        ClauseType::ChangeNotice => "changes are announced",
        ClauseType::Records => "records are kept and can be reached",
        ClauseType::Contact => "a contact is named",
        ClauseType::FlowDown => "suppliers are bound in the same way",
        ClauseType::Remedy => "what follows a breach",
        ClauseType::TermAndExit => "how long it lasts and how it ends",
        ClauseType::Other => "something else, see its words",
    }
}

/// Whom a clause binds, and how.
pub fn binding(obligor: Obligor, modality: Modality) -> String {
    let who = match obligor {
        Obligor::Vendor => "The vendor",
        Obligor::Government => "The government",
        Obligor::Both => "Each of both",
    };
    let how = match modality {
        Modality::Represents => "represents it: states that it is so",
        Modality::Warrants => "warrants it: answers for it being so",
        Modality::Undertakes => "undertakes it: promises to do it",
        Modality::Permits => "permits it: allows it to be done",
    };
    format!("{who} {how}")
}

/// How an agreement comes about.
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::OpenOffer => "an offer made to many, to be accepted by each",
        Mode::Bilateral => "negotiated by two",
        Mode::Adhesion => "one side's standard text, to be taken as it is",
        Mode::UnilateralFiled => "signed by one side and filed with an authority",
        Mode::ProcurementDeclaration => "a declaration in a tender",
        Mode::LicenceCondition => "a condition of a licence",
        Mode::Pledge => "a public promise",
    }
}

/// By which legal act a government accepts or a paper binds.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Signature => "a signed document",
        Method::Decision => "an administrative decision",
        Method::Contract => "a contract",
        Method::LicenceCondition => "a condition of a licence",
        Method::Filing => "a filing with an authority",
    }
}

/// Why an agreement is ended.
pub fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Notice => "notice (for no other reason)",
        Ground::Breach => "breach (the other side broke it)",
        Ground::Urgency => "urgency (it cannot wait)",
        Ground::Mutual => "mutual wish (both want it)",
    }
}

/// What a text in one language is.
pub fn text_status(status: TextStatus) -> &'static str {
    match status {
        TextStatus::Authentic => "authentic: this text binds",
        TextStatus::Translation => "a translation: it helps to read and does not bind",
    }
}

/// What a party is.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Vendor => "vendor",
        Role::Government => "organ of a government",
        Role::Auditor => "auditor",
    }
}

/// What a controller is to the party.
pub fn controller(kind: ControllerKind) -> &'static str {
    match kind {
        ControllerKind::Parent => "its parent company",
        ControllerKind::State => "a state",
        ControllerKind::Other => "another controller",
    }
}

/// Which register a number is from.
pub fn scheme(scheme: IdentifierScheme) -> &'static str {
    match scheme {
        IdentifierScheme::Lei => "legal entity identifier",
        IdentifierScheme::Register => "register number",
        IdentifierScheme::Vat => "value-added tax number",
    }
}

/// How a finding ended.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Withdrawn => "withdrawn by whoever opened it",
        Outcome::Resolved => "settled by the parties",
        Outcome::Upheld => "upheld: the allegation stands",
        Outcome::Dismissed => "dismissed: the allegation does not stand",
    }
}

/// What a piece of evidence is.
pub fn evidence(kind: EvidenceType) -> &'static str {
    match kind {
        EvidenceType::Firmware => "a firmware or software image",
        EvidenceType::Sbom => "a bill of materials",
        EvidenceType::AuditReport => "a report of an audit",
        EvidenceType::Certificate => "a certificate",
        EvidenceType::SourceReview => "a review of source code",
    }
}

/// Why a key is revoked.
pub fn revocation(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Retired => "retired",
        RevocationReason::Lost => "lost",
        RevocationReason::Compromised => "compromised: somebody else may have it",
        RevocationReason::Other => "for another reason",
    }
}

/// How sure a reporter is.
pub fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high: an original document or an identified speaker",
        Confidence::Medium => "medium: several independent accounts",
        Confidence::Low => "low: one account",
    }
}

/// A period, such as `1 year and 6 months`.
pub fn period(period: &Period) -> String {
    let parts = [(period.years, "year"), (period.months, "month"), (period.weeks, "week"), (period.days, "day")];
    let named = parts.iter().filter(|(count, _)| *count > 0);
    let named: Vec<String> =
        named.map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    match named.is_empty() {
        true => "0 days".to_owned(),
        false => super::sheet::listed(&named),
    }
}

/// A language tag, with the name of the language where it is one of those in which agreements here are often written.
pub fn language(tag: &str) -> String {
    let name = match tag.split('-').next().unwrap_or_default() {
        "da" => "Danish",
        "de" => "German",
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "it" => "Italian",
        "nb" | "nn" | "no" => "Norwegian",
        "nl" => "Dutch",
        "pl" => "Polish",
        "sv" => "Swedish",
        "zh" => "Chinese",
        _ => return format!("language {tag}"),
    };
    format!("{name} ({tag})")
}

/// A count of bytes.
pub fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

/// What an agreement discloses, as a question; by the name of the field.
pub const QUESTIONS: [(&str, &str); 7] = [
    ("binds_parent", "Is the parent company bound?"),
    ("binds_affiliates", "Are affiliated companies bound?"),
    ("remedy_on_breach", "What follows a breach?"),
    ("who_verifies", "Who verifies that it is kept?"),
    ("home_state_signs", "Does the vendor's home state sign too?"),
    ("governing_law", "Under which law does it stand?"),
    ("text_availability", "Is its full text public?"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_say_them() {
        for (text, words) in
            [("P6M", "6 months"), ("P1Y6M", "1 year and 6 months"), ("P0D", "0 days"), ("P2W", "2 weeks")]
        {
            assert_eq!(period(&text.parse().unwrap()), words);
        }
    }

    #[test]
    fn every_clause_type_has_a_phrase_of_its_own() {
        let mut phrases: Vec<_> = ClauseType::ALL.iter().map(|kind| clause_type(*kind)).collect();
        phrases.sort_unstable();
        phrases.dedup();
        assert_eq!(phrases.len(), ClauseType::ALL.len());
    }
}
