//! The body of `basis.change`: what became of the law that an agreement rests on.

use crate::statement::StatementId;
use crate::statement::body::record::{choice, record};
use crate::statement::body::{By, LegalDate, Period, Source, Text};

choice! {
    /// What became of a law.
    pub enum BasisFate {
        /// It is no longer in force, and nothing stands in its place.
        Repealed = "repealed",
        /// Another one stands in its place.
        Replaced = "replaced",
    }
}

record! {
    /// `basis.change`: the law that an agreement rests on is repealed or replaced.
    pub struct BasisChange {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// What became of the law.
        required change: BasisFate,
        /// The first day on which the law is another.
        required effective: LegalDate,
        /// The law or standard that stands in its place.
        optional replaced_by: Text,
        /// How long after `effective` the agreement lapses, where its terms let it lapse; at once if left out.
        optional lapse_after: Period,
        /// Where it is published.
        optional source: Source,
        /// The authority that really acted.
        optional by: By,
    }
}
