//! `offer.make` and `offer.withdraw`.

use crate::statement::body::record::record;
use crate::statement::body::{BodyError, LegalDate, Terms, Text};
use crate::statement::{GovernmentOrCountry, Party, StatementId};

record! {
    /// `offer.make`: a vendor offers terms.
    pub struct Offer {
        /// To whom.
        required addressees: Addressees,
        /// What.
        required terms: Terms,
        /// The last day on which it may be accepted, in the zone of the term; no such day if left out.
        optional open_until: LegalDate,
    }
}

record! {
    /// To whom an offer is made (formats §6): exactly one of its fields.
    pub struct Addressees {
        /// `true`: to every government.
        optional any: bool,
        /// To these governments or countries, 1-64, strictly ascending.
        optional governments: Vec<GovernmentOrCountry>,
    }
    check Addressees::check;
}

impl Addressees {
    /// Whether the government may accept: the offer is made to all, to it, or to its country.
    pub fn includes(&self, government: &Party) -> bool {
        let Some(named) = &self.governments else {
            return self.any == Some(true);
        };
        let Ok(government) = GovernmentOrCountry::try_from(government) else {
            return false;
        };
        named.iter().any(|one| *one == government || *one == government.country())
    }

    fn check(&self) -> Result<(), BodyError> {
        match (self.any, &self.governments) {
            (Some(true), None) | (None, Some(_)) => Ok(()),
            (Some(false), None) => Err(BodyError::at("any", "wants true; to offer to some, name them in governments")),
            _ => Err(BodyError::here("wants exactly one of any and governments")),
        }
    }
}

record! {
    /// `offer.withdraw`: a vendor takes an offer back.
    pub struct Withdrawal {
        /// The id of the `offer.make`.
        required reference as "ref": StatementId,
        /// Why.
        optional reason: Text,
    }
}
