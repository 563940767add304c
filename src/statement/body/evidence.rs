//! The bodies of `evidence.*`: what shows that an agreement is kept.

use crate::crypto::Digest;
use crate::statement::StatementId;
use crate::statement::body::record::{choice, record};
use crate::statement::body::{ClauseId, LegalDate, Text};

choice! {
    /// What a piece of evidence is.
    pub enum EvidenceType {
        /// A firmware or software image.
        Firmware = "firmware",
        /// A bill of materials.
        Sbom = "sbom",
        /// A report of an audit.
        AuditReport = "audit_report",
        /// A certificate.
        Certificate = "certificate",
        /// A review of source code.
        SourceReview = "source_review",
    }
}

record! {
    /// `evidence.add`: names a piece of evidence by its digest.
    pub struct Evidence {
        /// What it is.
        required evidence_type as "type": EvidenceType,
        /// The SHA-256 of its bytes.
        required digest: Digest,
        /// The last day on which it counts, in the zone of the terms; without end if left out.
        optional valid_until: LegalDate,
        /// Which product of the scope it is about, by its name there.
        optional scope: Text,
        /// Which clauses it is about, 1-64.
        optional clauses: Vec<ClauseId>,
        /// What it says, in a few words.
        optional summary: Text,
    }
}

record! {
    /// `evidence.supersede`: a newer piece of evidence stands in the place of an older one.
    pub struct EvidenceSupersession {
        /// The id of the `evidence.add` or `evidence.supersede` that it replaces.
        required reference as "ref": StatementId,
        /// The newer piece: the fields of `evidence.add`.
        spread evidence: Evidence,
    }
}

record! {
    /// `evidence.revoke`: a piece of evidence counts no more.
    pub struct EvidenceRevocation {
        /// The id of the `evidence.add` or `evidence.supersede`.
        required reference as "ref": StatementId,
        /// Why.
        required reason: Text,
    }
}
