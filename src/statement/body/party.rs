//! `party.list`, `party.enrol`, `party.keys`: who a party is, and which keys speak for it.

use crate::codec::{Item, Value};
use crate::crypto::{Digest, Kid, PublicKey, SIGNATURE_LEN};
use crate::statement::body::field::{LIST_MAX, check_unique, wants};
use crate::statement::body::record::{choice, record};
use crate::statement::body::{BodyError, Country, Field, Form, Instant, KindPattern, LegalDate, Shape, Text};

choice! {
    /// What a party is.
    pub enum Role {
        /// A manufacturer, carrier or provider.
        Vendor = "vendor",
        /// One organ of one country.
        Government = "government",
        /// A laboratory, oversight body or accredited monitor.
        Auditor = "auditor",
    }
}

choice! {
    /// Which register an identifier is from.
    pub enum IdentifierScheme {
        /// Legal entity identifier (ISO 17442), 20 characters with check digits.
        Lei = "lei",
        /// A national register.
        Register = "register",
        /// A value-added tax number.
        Vat = "vat",
    }
}

choice! {
    /// How a party is controlled.
    pub enum ControllerKind {
        /// A parent company.
        Parent = "parent",
        /// A state.
        State = "state",
        /// Anyone else.
        Other = "other",
    }
}

choice! {
    /// Why a key is revoked.
    pub enum RevocationReason {
        /// Replaced or no longer needed.
        Retired = "retired",
        /// Nobody has it any more.
        Lost = "lost",
        /// Somebody else may have it.
        Compromised = "compromised",
        /// Anything else.
        Other = "other",
    }
}

record! {
    /// `party.list`: who a party is, by the registrar's word.
    pub struct Description {
        /// Its names, 1-16, each with the days on which it bore it.
        required names: Vec<PartyName>,
        /// What it is: vendor, government or auditor.
        required role: Role,
        /// Where it is seated: two lower-case letters, or eu.
        required country: Country,
        /// Its numbers in public registers, 1-16.
        optional identifiers: Vec<Identifier>,
        /// Who controls it, 1-16.
        optional controllers: Vec<Controller>,
        /// Where this description is from.
        optional source: Source,
    }
}

record! {
    /// A name of a party.
    pub struct PartyName {
        /// The name as its register writes it.
        required name: Text,
        /// The first day (UTC) it bore it.
        optional since: LegalDate,
        /// The last day (UTC) it bore it.
        optional until: LegalDate,
    }
}

record! {
    /// A party's number in a public register.
    pub struct Identifier {
        /// Which scheme.
        required scheme: IdentifierScheme,
        /// The number.
        required value: Text,
        /// Which register, where the scheme does not say.
        optional register: Text,
    }
}

record! {
    /// Who controls a party.
    pub struct Controller {
        /// Its name.
        required name: Text,
        /// What it is to the party.
        required kind: ControllerKind,
        /// Where it is seated.
        optional country: Country,
    }
}

record! {
    /// Where a piece of information is published.
    pub struct Source {
        /// Who published it.
        required publisher: Text,
        /// On which day (UTC).
        optional date: LegalDate,
        /// Where it can be read.
        optional url: Text,
        /// The SHA-256 of an archived copy.
        optional archive: Digest,
    }
}

record! {
    /// `party.enrol`: who a party is, and its first keys.
    pub struct Enrolment {
        /// The fields of `party.list`.
        spread description: Description,
        /// Its keys, 1-16.
        required keys: Vec<KeyGrant>,
        /// How many of its keys must sign an act, at least 1.
        required threshold: u64,
    }
    check Enrolment::check;
}

impl Enrolment {
    fn check(&self) -> Result<(), BodyError> {
        check_threshold(Some(self.threshold))
    }
}

record! {
    /// A key, and what it may do.
    pub struct KeyGrant {
        /// The public key.
        required key: PublicKey,
        /// The proof that the party holds it: a signature by it over the possession message (formats §0).
        required proof: PossessionProof,
        /// What it may sign, from when to when.
        required authority: Authority,
    }
    list LIST_MAX, KeyGrant::check_list;
}

impl KeyGrant {
    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |grant| *grant.key.as_bytes()).map_err(|()| "names a key twice")
    }
}

record! {
    /// What a key may do.
    pub struct Authority {
        /// The kinds it may sign, 1-64, or `*`.
        required kinds: Vec<KindPattern>,
        /// Whether it may grant and revoke keys.
        required keys: bool,
        /// From when, in unix seconds; from its grant if left out.
        optional from: Instant,
        /// Until when, in unix seconds, this second excluded; for ever if left out.
        optional until: Instant,
    }
}

/// A key's signature over its own possession message, 64 bytes; verified by the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossessionProof(pub [u8; SIGNATURE_LEN]);

impl Field for PossessionProof {
    const SHAPE: Shape =
        Shape::Scalar { form: Form::Bytes(SIGNATURE_LEN), wants: "a signature of 64 bytes (128 hex digits)" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.byte_array().map(Self).ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::bytes(self.0)
    }
}

record! {
    /// `party.keys`: grants and revokes keys; at least one of its fields.
    pub struct KeyChange {
        /// New keys, 1-16.
        optional grant: Vec<KeyGrant>,
        /// Keys that end, 1-16.
        optional revoke: Vec<Revocation>,
        /// The new threshold, at least 1.
        optional threshold: u64,
    }
    check KeyChange::check;
}

impl KeyChange {
    fn check(&self) -> Result<(), BodyError> {
        if self.grant.is_none() && self.revoke.is_none() && self.threshold.is_none() {
            return Err(BodyError::here("wants at least one of grant, revoke, threshold"));
        }
        check_threshold(self.threshold)
    }
}

record! {
    /// The end of a key.
    pub struct Revocation {
        /// Its key id.
        required kid: Kid,
        /// Why.
        required reason: RevocationReason,
        /// Since when somebody else may have had it, in unix seconds; only with the reason compromised.
        optional compromised_since: Instant,
    }
    check Revocation::check;
    list LIST_MAX, Revocation::check_list;
}

impl Revocation {
    fn check(&self) -> Result<(), BodyError> {
        match (self.reason, self.compromised_since) {
            (RevocationReason::Compromised, _) | (_, None) => Ok(()),
            (_, Some(_)) => Err(BodyError::at("compromised_since", "goes with the reason compromised only")),
        }
    }

    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |revocation| revocation.kid).map_err(|()| "names a key twice")
    }
}

fn check_threshold(threshold: Option<u64>) -> Result<(), BodyError> {
    match threshold {
        Some(0) => Err(BodyError::at("threshold", "wants at least 1")),
        _ => Ok(()),
    }
}
