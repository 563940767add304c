//! The bodies of `agreement.*`.

use crate::crypto::Digest;
use crate::statement::body::record::{choice, record};
use crate::statement::body::{BodyError, By, ClauseId, Ground, LegalDate, Terms, Text};
use crate::statement::{StatementId, Subject};

choice! {
    /// The legal act by which a government accepts or signed.
    pub enum Method {
        /// A signed document.
        Signature = "signature",
        /// An administrative decision.
        Decision = "decision",
        /// A contract.
        Contract = "contract",
        /// A condition of a licence.
        LicenceCondition = "licence_condition",
        /// A filing with an authority.
        Filing = "filing",
    }
}

record! {
    /// `agreement.accept`: a government accepts an offer.
    pub struct Acceptance {
        /// The id of the exact `offer.make`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// By which legal act.
        required method: Method,
        /// The first day it is in force.
        required effective: LegalDate,
        /// The clauses that are not accepted, 1-64; only as the terms allow.
        optional reservations: Vec<ClauseId>,
        /// The subject of an ended agreement that this one replaces.
        optional replaces: Subject,
    }
}

record! {
    /// `agreement.decline`: a government declines an offer; it may accept later.
    pub struct Decline {
        /// The id of the `offer.make`.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// Why.
        optional reason: Text,
    }
}

record! {
    /// `agreement.file`: a government files an agreement that exists on paper only.
    pub struct Filing {
        /// The legal day of the filing here.
        required date: LegalDate,
        /// The terms of the paper; `term.effective` is required.
        required terms: Terms,
        /// The paper.
        required paper: Paper,
    }
    check Filing::check;
}

impl Filing {
    fn check(&self) -> Result<(), BodyError> {
        match self.terms.term.effective {
            Some(_) => Ok(()),
            None => {
                Err(BodyError::at("terms.term.effective", "missing: the day from which the filed paper is in force"))
            }
        }
    }
}

record! {
    /// A paper that is filed.
    pub struct Paper {
        /// The day it was signed.
        required signed_on: LegalDate,
        /// The day it was filed with the authority.
        optional filed_on: LegalDate,
        /// By which legal act it binds.
        required method: Method,
        /// What it is, such as a letter of assurances.
        required form: Text,
        /// The SHA-256 of a copy.
        optional digest: Digest,
    }
}

record! {
    /// `agreement.suspend`: all or some clauses are not in force for a while.
    pub struct Suspension {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// The first day of the suspension.
        required effective: LegalDate,
        /// Which clauses, 1-64; all if left out.
        optional clauses: Vec<ClauseId>,
        /// The first day it is in force again.
        optional until: LegalDate,
        /// Why.
        optional reasons: Text,
    }
}

record! {
    /// `agreement.resume`: ends a suspension.
    pub struct Resumption {
        /// The id of the suspension.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// The first day it is in force again.
        required effective: LegalDate,
        /// Which clauses, 1-64; all that are suspended if left out.
        optional clauses: Vec<ClauseId>,
    }
}

record! {
    /// `agreement.notice`: announces the end.
    pub struct Notice {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// What will be done.
        required measure: Text,
        /// Why.
        required reasons: Text,
        /// The first day it is no longer in force.
        required effective: LegalDate,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `agreement.notice_revoke`: takes a notice back before its effect.
    pub struct NoticeRevocation {
        /// The id of the notice.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// Why.
        optional reasons: Text,
    }
}

record! {
    /// `agreement.terminate`: ends the agreement.
    pub struct Termination {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// On which ground.
        required ground: Ground,
        /// Why.
        required reasons: Text,
        /// The first day it is no longer in force.
        required effective: LegalDate,
        /// The authority that really acted.
        optional by: By,
    }
}

record! {
    /// `agreement.confirm`: the vendor says that a filed paper is what it signed.
    pub struct Confirmation {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
    }
}

record! {
    /// `agreement.dispute`: the vendor says that a filed paper is not what it signed, or not in force.
    pub struct Dispute {
        /// The id of the act that carries the terms now.
        required reference as "ref": StatementId,
        /// The legal day of the act.
        required date: LegalDate,
        /// Why.
        required reasons: Text,
    }
}
