//! The bodies of `agreement.amend`, `correct` and `renew`: what both parties change together.

use crate::statement::StatementId;
use crate::statement::body::record::record;
use crate::statement::body::{LegalDate, Terms, Text};

record! {
    /// `agreement.amend`: new terms from a day on; signed by both with the same body.
    pub struct Amendment {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// The first day of the new terms.
        required effective: LegalDate,
        /// The new terms, whole.
        required terms: Terms,
        /// Why.
        optional reasons: Text,
    }
}

record! {
    /// `agreement.correct`: what the terms were meant to be from the beginning; signed by both with the same body.
    pub struct Correction {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// The corrected terms, whole.
        required terms: Terms,
        /// Why.
        optional reasons: Text,
    }
}

record! {
    /// `agreement.renew`: a new end; signed by both with the same body.
    pub struct Renewed {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act; it lies in the window of the terms.
        required date: LegalDate,
        /// The new last day, or the new first day it is no longer in force: `ends_inclusive` says which.
        required ends: LegalDate,
        /// Whether the day `ends` still belongs to it.
        required ends_inclusive: bool,
    }
}
