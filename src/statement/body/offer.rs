//! `offer.make` and `offer.withdraw`.

use crate::codec::{Item, Value};
use crate::statement::body::record::record;
use crate::statement::body::{BodyError, Field, LegalDate, Shape, Terms, Text};
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

/// To whom an offer is made (formats §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressees {
    /// To every government: `{any: true}`.
    Any,
    /// To these governments or countries, 1-64, strictly ascending: `{governments: […]}`.
    Governments(Vec<GovernmentOrCountry>),
}

impl Addressees {
    /// Whether the government may accept: the offer is made to all, to it, or to its country.
    pub fn includes(&self, government: &Party) -> bool {
        let Self::Governments(named) = self else {
            return true;
        };
        let Ok(government) = GovernmentOrCountry::try_from(government) else {
            return false;
        };
        named.iter().any(|one| *one == government || *one == government.country())
    }
}

record! {
    /// The map that [`Addressees`] are written as: exactly one of its fields.
    pub struct AddresseesMap {
        /// `true`: to every government.
        optional any: bool,
        /// To these governments or countries, 1-64, strictly ascending.
        optional governments: Vec<GovernmentOrCountry>,
    }
}

impl Field for Addressees {
    const SHAPE: Shape = AddresseesMap::SHAPE;

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        match AddresseesMap::read(item)? {
            AddresseesMap { any: Some(true), governments: None } => Ok(Self::Any),
            AddresseesMap { any: None, governments: Some(governments) } => Ok(Self::Governments(governments)),
            AddresseesMap { any: Some(false), governments: None } => {
                Err(BodyError::at("any", "wants true; to offer to some, name them in governments"))
            }
            _ => Err(BodyError::here("wants exactly one of any and governments")),
        }
    }

    fn write(&self) -> Value {
        let map = match self {
            Self::Any => AddresseesMap { any: Some(true), governments: None },
            Self::Governments(governments) => AddresseesMap { any: None, governments: Some(governments.clone()) },
        };
        map.write()
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
