//! The body of `report.*`: what others say a vendor or government did. Never a signature of whom it names.

use crate::statement::body::record::{choice, record};
use crate::statement::body::{ClauseType, LegalDate, Source, Text};
use crate::statement::{GovernmentOrCountry, Party};

choice! {
    /// How sure the reporter is.
    pub enum Confidence {
        /// An original document or an identified speaker.
        High = "high",
        /// Several independent accounts.
        Medium = "medium",
        /// One account.
        Low = "low",
    }
}

record! {
    /// `report.offer`, `report.reply`, `report.act`: a published account.
    pub struct Report {
        /// The day (UTC) of what is reported.
        required date: LegalDate,
        /// The vendor it is about.
        required vendor: Party,
        /// The governments or countries it names, 1-64, strictly ascending.
        optional governments: Vec<GovernmentOrCountry>,
        /// Where it is published.
        required source: Source,
        /// What was published, such as a speech or a letter.
        required form: Text,
        /// How sure the reporter is.
        required confidence: Confidence,
        /// What is reported.
        required summary: Text,
        /// The words themselves.
        optional quote: Text,
        /// What the reported promise covers, 1-16 clause types.
        optional clauses: Vec<ClauseType>,
        /// Whether a draft text was shown.
        optional draft: bool,
        /// Whether it was formally sent.
        optional sent: bool,
    }
}
