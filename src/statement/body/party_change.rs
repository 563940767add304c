//! The bodies of `party.rename`, `succeed`, `control_change` and `retire`: what becomes of a party.

use crate::statement::Party;
use crate::statement::body::record::record;
use crate::statement::body::{Controller, LegalDate, PartyName, Source, Text};

record! {
    /// `party.rename`: a party bears another name; its id stays.
    pub struct Renaming {
        /// The new name, with the first day (UTC) it bears it.
        required name: PartyName,
        /// Where it is published.
        optional source: Source,
    }
}

record! {
    /// `party.succeed`: another party takes the place of this one.
    pub struct Succession {
        /// The party id of the successor.
        required successor: Party,
        /// The day (UTC) on which it takes the place.
        required date: LegalDate,
        /// The legal act, such as a law or a merger; required where the registrar signs for a party that is gone.
        optional act: Text,
        /// Where it is published.
        optional source: Source,
    }
}

record! {
    /// `party.control_change`: a party is controlled by somebody else.
    pub struct ControlChange {
        /// The day (UTC) of the change.
        required date: LegalDate,
        /// Who controls it from then on, 1-16.
        required controllers: Vec<Controller>,
        /// Where it is published.
        optional source: Source,
    }
}

record! {
    /// `party.retire`: a party registers nothing more; its agreements stand.
    pub struct Retirement {
        /// The day (UTC) from which it does not.
        required date: LegalDate,
        /// Why.
        optional reason: Text,
    }
}
