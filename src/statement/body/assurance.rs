//! The bodies of `assurance.opinion`, `canary` and `notice.circumstance`: how current the assurance is.

use crate::crypto::Digest;
use crate::statement::body::record::{choice, record};
use crate::statement::body::{BodyError, ClauseId, LegalDate, Source, Text};

choice! {
    /// How deep an opinion goes (ISAE 3000).
    pub enum Scale {
        /// Enough evidence to say that it is so.
        Reasonable = "reasonable",
        /// Nothing came up that says otherwise.
        Limited = "limited",
    }
}

choice! {
    /// What an opinion says.
    pub enum OpinionResult {
        /// The agreement is kept.
        Unqualified = "unqualified",
        /// It is kept but for what the opinion names.
        Qualified = "qualified",
        /// It is not kept.
        Adverse = "adverse",
        /// Nothing could be said.
        Disclaimed = "disclaimed",
    }
}

record! {
    /// `assurance.opinion`: an auditor or the government says how far the agreement is kept.
    pub struct Opinion {
        /// How deep it goes.
        required scale: Scale,
        /// What it says.
        required opinion: OpinionResult,
        /// What was looked at.
        required scope: Text,
        /// The SHA-256 of the report.
        required report: Digest,
        /// The last day on which it counts, in the zone of the terms; without end if left out.
        optional valid_until: LegalDate,
        /// Which clauses it is about, 1-64.
        optional clauses: Vec<ClauseId>,
    }
}

record! {
    /// `canary`: the vendor says that nothing happened that it would have to report.
    pub struct Canary {
        /// The first day it speaks of, in the zone of the terms.
        required from: LegalDate,
        /// The last day it speaks of.
        required until: LegalDate,
        /// The day on which the next one is due.
        required due: LegalDate,
        /// What it says.
        optional statement: Text,
    }
    check Canary::check;
}

impl Canary {
    fn check(&self) -> Result<(), BodyError> {
        match self.from <= self.until && self.until <= self.due {
            true => Ok(()),
            false => Err(BodyError::here("from, until and due follow one another")),
        }
    }
}

choice! {
    /// What has changed around an agreement.
    pub enum CircumstanceType {
        /// A law obliges the vendor to what it did not before.
        NewLegalDuty = "new_legal_duty",
        /// An authority ordered something.
        OrderReceived = "order_received",
        /// The vendor has another owner.
        OwnershipChange = "ownership_change",
    }
}

record! {
    /// `notice.circumstance`: the vendor tells what has changed around the agreement.
    pub struct Circumstance {
        /// What it is.
        required circumstance_type as "type": CircumstanceType,
        /// The legal day on which it happened.
        required date: LegalDate,
        /// What happened.
        required summary: Text,
        /// Which clauses it bears on, 1-64.
        optional clauses: Vec<ClauseId>,
        /// Where it is published.
        optional source: Source,
    }
}
