//! Which subjects a statement touches (formats §6): a function of its bytes, fixed for ever.
//!
//! `endorse` and `void` touch what the statement they name touches, so whoever calls this hands over that
//! statement's kind, subject and touches.

use std::collections::BTreeSet;

use crate::codec::Item;
use crate::crypto::Digest;
use crate::statement::{GovernmentOrCountry, Party, RollName, Statement, Subject};

/// Most governments that one statement names.
pub const GOVERNMENTS_MAX: u64 = 64;
/// Most subjects that one statement touches: an offer to [`GOVERNMENTS_MAX`] organs of as many countries.
pub const TOUCHES_MAX: usize = 2 + 4 * GOVERNMENTS_MAX as usize;

/// What a statement that names another one needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What the named statement is.
    pub role: NamedRole,
    /// Its claim 2.
    pub subject: Subject,
    /// What it touches.
    pub touches: BTreeSet<Subject>,
}

/// What matters of a statement's kind to those that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedRole {
    /// A seal: nothing may name it.
    Seal,
    /// An `endorse`: nothing may name it.
    Endorse,
    /// A `void`: only an `endorse` may name it.
    Void,
    /// Anything else.
    Act,
}

/// Why a statement cannot be placed in dockets; such a statement is not admitted, and a log that holds it is
/// refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TouchesError {
    /// `addressees` is not `{any: true}` or `{governments: […]}`.
    #[error("body.addressees: either {{any: true}} or {{governments: [1-64 ids, strictly ascending]}}")]
    Addressees,
    /// `vendor` of a report.
    #[error("body.vendor: a report names its vendor by a party id")]
    Vendor,
    /// `governments` of a report.
    #[error("body.governments: 1-64 government ids or country codes, strictly ascending")]
    Governments,
    /// `successor` of a succession.
    #[error("body.successor: the party id of the successor, not registrar")]
    Successor,
    /// `ref` is not 32 bytes.
    #[error("body.ref: the id of a statement, 32 bytes")]
    Ref,
    /// `ref` names no earlier entry.
    #[error("body.ref: names no earlier statement of this log")]
    RefUnknown,
    /// `ref` names a kind that cannot be endorsed or voided.
    #[error("body.ref: names a seal, an endorsement or (for void) a void")]
    RefKind,
    /// The statement's subject is not that of the statement it names.
    #[error("the subject (claim 2) must be that of the statement named by body.ref")]
    RefSubject,
}

impl Statement {
    /// What those that name this statement need to know of its kind.
    pub fn named_role(&self) -> NamedRole {
        match self.kind().as_str() {
            _ if self.is_seal() => NamedRole::Seal,
            "endorse" => NamedRole::Endorse,
            "void" => NamedRole::Void,
            _ => NamedRole::Act,
        }
    }

    /// The id of the statement that an `endorse` or `void` names; `None` for other kinds.
    ///
    /// # Errors
    /// [`TouchesError::Ref`].
    pub fn names(&self) -> Result<Option<Digest>, TouchesError> {
        match self.named_role() {
            NamedRole::Endorse | NamedRole::Void => {
                let reference = self.body().field("ref").and_then(|item| item.byte_array());
                reference.map(|id| Some(Digest(id))).ok_or(TouchesError::Ref)
            }
            _ => Ok(None),
        }
    }

    /// The subjects that this statement touches. `named` is asked at most once, for the statement that an
    /// `endorse` or `void` names, and answers only for lower indexes.
    ///
    /// # Errors
    /// The field of the body that does not have the shape of formats §6.
    pub fn touches(&self, named: impl FnOnce(&Digest) -> Option<Named>) -> Result<BTreeSet<Subject>, TouchesError> {
        if let Some(id) = self.names()? {
            return self.touches_as_named(named(&id).ok_or(TouchesError::RefUnknown)?);
        }
        let body = self.body();
        match (self.kind().as_str(), self.subject()) {
            _ if self.is_seal() => Ok(BTreeSet::new()),
            ("offer.make", Subject::Offer { vendor, .. }) => {
                let governments = read_addressees(body.field("addressees"))?;
                let mut touched = BTreeSet::from([self.subject().clone(), roll(vendor)]);
                for government in &governments {
                    touched.extend(roll_of_government(government));
                    touched.extend(between(vendor, government));
                }
                Ok(touched)
            }
            ("agreement.accept" | "agreement.file", Subject::Agreement { vendor, reference, government }) => {
                let participants = Subject::Participants { vendor: vendor.clone(), reference: reference.clone() };
                let government = &of_government(government);
                let mut touched = BTreeSet::from([self.subject().clone(), participants, roll(vendor)]);
                touched.extend(roll_of_government(government));
                touched.extend(between(vendor, government));
                Ok(touched)
            }
            ("agreement.decline", Subject::Agreement { vendor, government, .. }) => {
                let mut touched = BTreeSet::from([self.subject().clone()]);
                touched.extend(between(vendor, &of_government(government)));
                Ok(touched)
            }
            ("party.list" | "party.enrol" | "party.retire", _) => {
                Ok(BTreeSet::from([self.subject().clone(), Subject::Parties]))
            }
            ("party.succeed", _) => {
                let successor = self.successor().ok_or(TouchesError::Successor)?;
                Ok(BTreeSet::from([self.subject().clone(), Subject::Party(successor), Subject::Parties]))
            }
            (_, Subject::Report { .. }) if self.kind().family() == "report" => touches_of_report(self, &body),
            _ => Ok(BTreeSet::from([self.subject().clone()])),
        }
    }

    /// The successor that a `party.succeed` names, read from its bytes; `None` for other kinds and bad shapes.
    pub fn successor(&self) -> Option<Party> {
        if self.kind().as_str() != "party.succeed" {
            return None;
        }
        let successor: Party = self.body().field("successor")?.text()?.parse().ok()?;
        (!successor.is_registrar()).then_some(successor)
    }

    fn touches_as_named(&self, named: Named) -> Result<BTreeSet<Subject>, TouchesError> {
        let allowed = match named.role {
            NamedRole::Seal | NamedRole::Endorse => false,
            NamedRole::Void => self.named_role() == NamedRole::Endorse,
            NamedRole::Act => true,
        };
        match (allowed, named.subject == *self.subject()) {
            (false, _) => Err(TouchesError::RefKind),
            (true, false) => Err(TouchesError::RefSubject),
            (true, true) => Ok(named.touches),
        }
    }
}

fn touches_of_report(report: &Statement, body: &Item<'_>) -> Result<BTreeSet<Subject>, TouchesError> {
    let vendor: Party = body
        .field("vendor")
        .and_then(|item| item.text())
        .and_then(|text| text.parse().ok())
        .ok_or(TouchesError::Vendor)?;
    let mut touched = BTreeSet::from([report.subject().clone(), roll(&vendor)]);
    if let Some(governments) = body.field("governments") {
        for government in &read_governments(governments).ok_or(TouchesError::Governments)? {
            touched.extend(between(&vendor, government));
        }
    }
    Ok(touched)
}

/// The governments that an offer names; empty for `{any: true}`.
fn read_addressees(item: Option<Item<'_>>) -> Result<Vec<GovernmentOrCountry>, TouchesError> {
    let (key, value) = item
        .and_then(|item| item.map())
        .filter(|pairs| pairs.remaining() == 1)
        .and_then(|mut pairs| pairs.next())
        .ok_or(TouchesError::Addressees)?;
    match key.text() {
        Some("any") if value.boolean() == Some(true) => Ok(Vec::new()),
        Some("governments") => read_governments(value).ok_or(TouchesError::Addressees),
        _ => Err(TouchesError::Addressees),
    }
}

/// 1 to [`GOVERNMENTS_MAX`] government ids or country codes, strictly ascending bytewise.
fn read_governments(item: Item<'_>) -> Option<Vec<GovernmentOrCountry>> {
    let members = item.array().filter(|members| (1..=GOVERNMENTS_MAX).contains(&members.remaining()))?;
    let governments: Vec<GovernmentOrCountry> =
        members.map(|member| member.text()?.parse().ok()).collect::<Option<_>>()?;
    governments.is_sorted_by(|a, b| a.as_str() < b.as_str()).then_some(governments)
}

fn of_government(government: &Party) -> GovernmentOrCountry {
    GovernmentOrCountry::try_from(government).expect("the government of an agreement has that form (Subject::from_str)")
}

fn roll(party: &Party) -> Subject {
    Subject::Roll(RollName::Party(party.clone()))
}

fn roll_of_government(government: &GovernmentOrCountry) -> [Subject; 2] {
    let own = match government.as_str().parse::<Party>() {
        Ok(party) => RollName::Party(party),
        Err(_) => RollName::Country(government.clone()),
    };
    [Subject::Roll(own), Subject::Roll(RollName::Country(government.country()))]
}

fn between(vendor: &Party, government: &GovernmentOrCountry) -> [Subject; 2] {
    [government.clone(), government.country()].map(|government| Subject::Between { vendor: vendor.clone(), government })
}
