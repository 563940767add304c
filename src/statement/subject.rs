//! What a docket is about.

use std::fmt;
use std::str::FromStr;

use crate::statement::{GovernmentOrCountry, KindName, NameError, Party, Reference};

/// The subject of a docket: named by statements (claim 2) or derived from them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// `registry`
    Registry,
    /// `party/<party>`; never `registrar`.
    Party(Party),
    /// `offer/<vendor>/<reference>`
    Offer {
        /// Who offers.
        vendor: Party,
        /// The vendor's own name for it.
        reference: Reference,
    },
    /// `agreement/<vendor>/<reference>/<government>`
    Agreement {
        /// Who commits itself.
        vendor: Party,
        /// The vendor's own name for it.
        reference: Reference,
        /// The organ that accepts; a [`Party`] of government form.
        government: Party,
    },
    /// `report/<reporter>/<reference>`
    Report {
        /// Who reports.
        reporter: Party,
        /// The reporter's own name for it.
        reference: Reference,
    },
    /// `parties`: every listing, enrolment, succession and retirement. Derived.
    Parties,
    /// `roll/<party or country>`: offers and acceptances that name it. Derived.
    Roll(RollName),
    /// `between/<vendor>/<government or country>`. Derived.
    Between {
        /// The vendor.
        vendor: Party,
        /// The government's organ or the country.
        government: GovernmentOrCountry,
    },
    /// `participants/<vendor>/<reference>`: who accepted. Derived.
    Participants {
        /// Who offers.
        vendor: Party,
        /// The vendor's own name for it.
        reference: Reference,
    },
}

/// Whose roll: a party's or a country's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RollName {
    /// A party's.
    Party(Party),
    /// A country's, two letters.
    Country(GovernmentOrCountry),
}

impl Subject {
    /// Whether no statement may name it in claim 2.
    pub fn is_derived(&self) -> bool {
        matches!(self, Self::Parties | Self::Roll(_) | Self::Between { .. } | Self::Participants { .. })
    }

    /// Whether its docket is thin in a docket file: indexes, times and ids only (formats §9).
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Parties | Self::Roll(_) | Self::Participants { .. })
    }

    /// Whether a statement of `kind` may name this subject (formats §3): derived subjects are never named, and a
    /// kind whose prefix is one of the five families has a subject of that family.
    pub fn admits_kind(&self, kind: &KindName) -> bool {
        let family = match self {
            Self::Registry => "registry",
            Self::Party(_) => "party",
            Self::Offer { .. } => "offer",
            Self::Agreement { .. } => "agreement",
            Self::Report { .. } => "report",
            _ => return false,
        };
        match kind.family() {
            prefix @ ("registry" | "party" | "offer" | "agreement" | "report") => prefix == family,
            _ => true,
        }
    }
}

impl FromStr for Subject {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |_| NameError::Subject;
        let party = |text: &str| text.parse::<Party>().map_err(bad);
        let reference = |text: &str| text.parse::<Reference>().map_err(bad);
        let mut parts = text.split('/');
        let mut part = || parts.next();
        let head = (part(), part(), part(), part(), part());
        match head {
            (Some("registry"), None, ..) => Ok(Self::Registry),
            (Some("parties"), None, ..) => Ok(Self::Parties),
            (Some("party"), Some(p), None, ..) => match party(p)? {
                p if p.is_registrar() => Err(NameError::Subject),
                p => Ok(Self::Party(p)),
            },
            (Some("roll"), Some(p), None, ..) => match party(p) {
                Ok(p) => Ok(Self::Roll(RollName::Party(p))),
                Err(_) => Ok(Self::Roll(RollName::Country(p.parse().map_err(bad)?))),
            },
            (Some("offer"), Some(v), Some(r), None, _) => {
                Ok(Self::Offer { vendor: party(v)?, reference: reference(r)? })
            }
            (Some("report"), Some(p), Some(r), None, _) => {
                Ok(Self::Report { reporter: party(p)?, reference: reference(r)? })
            }
            (Some("participants"), Some(v), Some(r), None, _) => {
                Ok(Self::Participants { vendor: party(v)?, reference: reference(r)? })
            }
            (Some("between"), Some(v), Some(g), None, _) => {
                Ok(Self::Between { vendor: party(v)?, government: g.parse().map_err(bad)? })
            }
            (Some("agreement"), Some(v), Some(r), Some(g), None) => match party(g)? {
                government if government.is_government() => {
                    Ok(Self::Agreement { vendor: party(v)?, reference: reference(r)?, government })
                }
                _ => Err(NameError::Subject),
            },
            _ => Err(NameError::Subject),
        }
    }
}

impl fmt::Display for RollName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(party) => party.fmt(f),
            Self::Country(country) => country.fmt(f),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry => f.write_str("registry"),
            Self::Parties => f.write_str("parties"),
            Self::Party(party) => write!(f, "party/{party}"),
            Self::Roll(name) => write!(f, "roll/{name}"),
            Self::Offer { vendor, reference } => write!(f, "offer/{vendor}/{reference}"),
            Self::Report { reporter, reference } => write!(f, "report/{reporter}/{reference}"),
            Self::Participants { vendor, reference } => write!(f, "participants/{vendor}/{reference}"),
            Self::Between { vendor, government } => write!(f, "between/{vendor}/{government}"),
            Self::Agreement { vendor, reference, government } => {
                write!(f, "agreement/{vendor}/{reference}/{government}")
            }
        }
    }
}
