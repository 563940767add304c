//! The bodies of `finding.*`.

use crate::crypto::Digest;
use crate::statement::StatementId;
use crate::statement::body::record::{choice, record};
use crate::statement::body::{ClauseId, LegalDate, Source, Text};

choice! {
    /// How a finding ended.
    pub enum Outcome {
        /// Whoever opened it takes it back.
        Withdrawn = "withdrawn",
        /// The parties settled it.
        Resolved = "resolved",
        /// It stands.
        Upheld = "upheld",
        /// It does not stand.
        Dismissed = "dismissed",
    }
}

record! {
    /// The authority that really acted, where it is not the one that signs.
    pub struct By {
        /// Its name.
        required name: Text,
        /// Its file number.
        optional docket: Text,
        /// Where its act is published.
        optional source: Source,
    }
}

record! {
    /// `finding.open`: alleges a breach.
    pub struct Finding {
        /// The legal day of the act.
        required date: LegalDate,
        /// Which clauses, 1-64.
        required clauses: Vec<ClauseId>,
        /// What is alleged.
        required summary: Text,
        /// The SHA-256 of pieces of evidence, 1-64.
        optional evidence: Vec<Digest>,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `finding.reply`: answers a finding.
    pub struct FindingReply {
        /// The id of the `finding.open`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// What is answered.
        required summary: Text,
        /// The SHA-256 of pieces of evidence, 1-64.
        optional evidence: Vec<Digest>,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `finding.determine`: who is named in the terms decides that there was a breach.
    pub struct FindingDetermination {
        /// The id of the `finding.open`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// What was determined.
        required summary: Text,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `finding.appeal`: takes a finding further.
    pub struct FindingAppeal {
        /// The id of the `finding.open`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// What is appealed, and where.
        required summary: Text,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `finding.close`: ends a finding.
    pub struct FindingClose {
        /// The id of the `finding.open`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// How it ended.
        required outcome: Outcome,
        /// What was found.
        required summary: Text,
        /// The authority that really acted.
        optional by: By,
    }
}
