//! `party.list`, `party.enrol`, `party.keys`: who a party is, and which key may sign what, by index.
//!
//! - P1. A key is granted with a proof that the party holds it, to one party for ever.
//! - P2. Whether a key may sign is decided by the log's order: granted before, not revoked before. A clause `from`
//!   or `until` of its authority is a period, and is compared with the registration time.
//! - P3. A later revocation never undoes what was signed before; a `compromised_since` only flags (rule 5).

use crate::agreement::refusal::demand;
use crate::agreement::registrar::check_threshold;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::{Kid, PublicKey, possession_message};
use crate::statement::body::{
    Authority, Body, Description, Enrolment, KeyChange, KeyGrant, PartyName, RevocationReason, Role,
};
use crate::statement::{Party, Subject};

/// Most keys that one party is granted, ended ones included.
pub const KEYS_PER_PARTY_MAX: usize = 256;

/// The docket `party/<party>`, folded. Everything in it can be asked as of an index.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct PartyState {
    descriptions: Vec<(u64, Box<Description>)>,
    enrolled: Option<u64>,
    keys: Vec<KeyRecord>,
    /// From which index which threshold.
    thresholds: Vec<(u64, u64)>,
    succeeded: Option<Succeeded>,
    /// When it retired: the index.
    retired: Option<u64>,
}

/// Who took the place of a party.
#[derive(Clone, Debug)]
struct Succeeded {
    index: u64,
    successor: Party,
    by_registrar: bool,
}

/// A key of a party.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct KeyRecord {
    pub key: PublicKey,
    pub kid: Kid,
    pub authority: Authority,
    granted: u64,
    ended: Option<KeyEnd>,
}

#[derive(Clone, Copy, Debug)]
struct KeyEnd {
    index: u64,
    /// Unix milliseconds; of a compromise without a day, the beginning of time.
    compromised_since_ms: Option<u64>,
}

impl PartyState {
    /// Who the party is, as of `index`.
    pub fn description(&self, index: u64) -> Option<&Description> {
        self.descriptions.iter().rev().find(|(own, _)| *own < index).map(|(_, description)| &**description)
    }

    /// How many keys must stand behind a statement at `index`.
    pub fn threshold(&self, index: u64) -> u64 {
        self.thresholds.iter().rev().find(|(from, _)| *from < index).map_or(1, |(_, threshold)| *threshold)
    }

    /// Who took its place before `index`.
    pub fn successor(&self, index: u64) -> Option<&Party> {
        self.succeeded.as_ref().filter(|succeeded| succeeded.index < index).map(|succeeded| &succeeded.successor)
    }

    /// Whether that stands on the registrar's word.
    pub fn is_succeeded_by_registrar(&self, index: u64) -> bool {
        self.succeeded.as_ref().is_some_and(|succeeded| succeeded.index < index && succeeded.by_registrar)
    }

    /// Whether it retired before `index`.
    pub fn is_retired(&self, index: u64) -> bool {
        self.retired.is_some_and(|retired| retired < index)
    }

    /// Whether it was enrolled before `index`.
    pub fn is_enrolled(&self, index: u64) -> bool {
        self.enrolled.is_some_and(|enrolled| enrolled < index)
    }

    /// The key that was granted before `index`, ended or not.
    pub fn granted(&self, kid: &Kid, index: u64) -> Option<&KeyRecord> {
        self.keys.iter().find(|record| record.kid == *kid && record.granted < index)
    }

    /// Whether somebody else may have had the key at `time_ms`, by revocations up to `known_at` (P3).
    pub fn was_compromised(&self, kid: &Kid, time_ms: u64, known_at: u64) -> bool {
        let end = self.keys.iter().find(|record| record.kid == *kid).and_then(|record| record.ended);
        end.is_some_and(|end| {
            end.index <= known_at && end.compromised_since_ms.is_some_and(|since_ms| since_ms <= time_ms)
        })
    }

    pub fn apply_list(&mut self, index: u64, body: &Description) {
        self.descriptions.push((index, Box::new(body.clone())));
    }

    pub fn apply_enrol(&mut self, index: u64, body: &Enrolment) {
        self.apply_list(index, &body.description);
        self.enrolled = Some(index);
        self.grant(index, &body.keys);
        self.thresholds.push((index, body.threshold));
    }

    /// The description changes in one place; the rest of it stays.
    pub fn apply_change(&mut self, index: u64, change: impl FnOnce(&mut Description)) {
        if let Some((_, known)) = self.descriptions.last() {
            let mut description = known.clone();
            change(&mut description);
            self.descriptions.push((index, description));
        }
    }

    pub fn apply_succeed(&mut self, index: u64, successor: &Party, by_registrar: bool) {
        self.succeeded.get_or_insert(Succeeded { index, successor: successor.clone(), by_registrar });
    }

    pub fn apply_retire(&mut self, index: u64) {
        self.retired.get_or_insert(index);
    }

    pub fn apply_keys(&mut self, index: u64, body: &KeyChange) {
        for revocation in body.revoke.iter().flatten() {
            let compromised = revocation.reason == RevocationReason::Compromised;
            let since_ms = revocation.compromised_since.map_or(0, |since| since.0.saturating_mul(1_000));
            let end = KeyEnd { index, compromised_since_ms: compromised.then_some(since_ms) };
            self.keys
                .iter_mut()
                .filter(|record| record.kid == revocation.kid)
                .for_each(|record| record.ended = Some(end));
        }
        self.grant(index, body.grant.as_deref().unwrap_or_default());
        self.thresholds.extend(body.threshold.map(|threshold| (index, threshold)));
    }

    fn grant(&mut self, index: u64, grants: &[KeyGrant]) {
        self.keys.extend(grants.iter().map(|grant| KeyRecord {
            key: grant.key,
            kid: grant.key.kid(),
            authority: grant.authority.clone(),
            granted: index,
            ended: None,
        }));
    }
}

impl KeyRecord {
    /// Whether the key had ended before `index`.
    pub fn is_ended(&self, index: u64) -> bool {
        self.ended.is_some_and(|end| end.index < index)
    }

    /// Whether the registration time lies within the authority's period.
    pub fn is_within_period(&self, time_ms: u64) -> bool {
        let seconds = time_ms / 1_000;
        self.authority.from.is_none_or(|from| from.0 <= seconds)
            && self.authority.until.is_none_or(|until| seconds < until.0)
    }
}

/// A party may be listed again: the newest description counts. After its enrolment too.
pub(in crate::agreement) fn check_list(world: &World, act: &Act, body: &Description) -> Result<(), Refusal> {
    let known = subject_party(act).and_then(|party| world.party(party)?.description(act.index));
    demand(known.is_none_or(|known| known.role == body.role), || {
        let message = "a party keeps its role; this one is registered with another";
        Refusal::new(Rule::RoleMismatch, message, "the same role, or another party id")
    })
}

pub(in crate::agreement) fn check_enrol(world: &World, act: &Act, body: &Enrolment) -> Result<(), Refusal> {
    check_list(world, act, &body.description)?;
    let Some(party) = subject_party(act) else { return Ok(()) };
    let enrolled = world.party(party).is_some_and(|state| state.is_enrolled(act.index));
    demand(!enrolled, || {
        let message = format!("{party} is enrolled already");
        Refusal::new(Rule::AlreadyEnrolled, message, "party.keys by the party itself")
    })?;
    check_threshold(body.threshold, body.keys.len() as u64)?;
    check_grants(world, act, party, &body.keys)
}

pub(in crate::agreement) fn check_keys(world: &World, act: &Act, body: &KeyChange) -> Result<(), Refusal> {
    let Some(party) = subject_party(act) else { return Ok(()) };
    for revocation in body.revoke.iter().flatten() {
        let live = world.party(party).and_then(|state| state.granted(&revocation.kid, act.index));
        demand(live.is_some_and(|record| !record.is_ended(act.index)), || {
            let message = format!("{party} has no live key {}", revocation.kid);
            Refusal::new(Rule::KeyUnknown, message, "the id of a key that was granted and not yet revoked")
        })?;
    }
    let granted = body.grant.as_deref().unwrap_or_default();
    check_grants(world, act, party, granted)?;
    let Some(state) = world.party(party) else { return Ok(()) };
    let is_revoked = |kid: &Kid| body.revoke.iter().flatten().any(|revocation| revocation.kid == *kid);
    let live = state.keys.iter().filter(|record| !record.is_ended(act.index) && !is_revoked(&record.kid)).count();
    let threshold = body.threshold.unwrap_or(state.threshold(act.index));
    // A party may end all its keys; then it signs nothing more.
    match live + granted.len() {
        0 => Ok(()),
        live => check_threshold(threshold, live as u64),
    }
}

/// P1 within the party's own docket; that no other party has the key is looked up at admission.
fn check_grants(world: &World, act: &Act, party: &Party, grants: &[KeyGrant]) -> Result<(), Refusal> {
    let known = world.party(party).map_or(0, |state| state.keys.len());
    demand(known + grants.len() <= KEYS_PER_PARTY_MAX, || {
        let message = format!("a party is granted at most {KEYS_PER_PARTY_MAX} keys, {known} are");
        Refusal::new(Rule::QuotaExceeded, message, "fewer keys")
    })?;
    for grant in grants {
        let kid = grant.key.kid();
        let taken = world.party(party).is_some_and(|state| state.granted(&kid, act.index).is_some());
        demand(!taken && !world.registry_owns(&kid, act.index), || key_taken(&kid))?;
        let message = possession_message(world.origin().as_str(), party.as_str(), &grant.key);
        demand(grant.key.verify(&message, &grant.proof.0).is_ok(), || {
            let message = format!("the proof of possession of key {kid} is not a signature by it for {party} here");
            Refusal::new(Rule::PossessionUnproven, message, "a proof that the party makes with that key")
        })?;
    }
    Ok(())
}

/// The refusal of a key that belongs to somebody.
pub(in crate::agreement) fn key_taken(kid: &Kid) -> Refusal {
    let message = format!("the key {kid} was granted before, and a key belongs to one party, once and for ever");
    Refusal::new(Rule::KeyTaken, message, "a new key")
}

/// The party that a subject is about.
pub(in crate::agreement) fn subject_party(act: &Act) -> Option<&Party> {
    match act.statement.subject() {
        Subject::Party(party) => Some(party),
        _ => None,
    }
}

/// Whether a party of this role may bear this id: an organ's begins with its country.
pub(in crate::agreement) fn is_role_of_id(party: &Party, description: &Description) -> bool {
    let country = party.as_str().split('-').next();
    description.role != Role::Government || (party.is_government() && country == Some(description.country.as_str()))
}

impl World {
    /// Whether a party has keys, as of `index`.
    pub fn is_enrolled(&self, party: &Party, index: u64) -> bool {
        self.party(party).is_some_and(|state| state.is_enrolled(index))
    }
}

/// The names and keys that a statement about a party gives it.
pub(in crate::agreement) fn names_and_keys(body: &Body) -> (&[PartyName], &[KeyGrant]) {
    match body {
        Body::PartyList(body) => (&body.names, &[]),
        Body::PartyEnrol(body) => (&body.description.names, &body.keys),
        Body::PartyKeys(body) => (&[], body.grant.as_deref().unwrap_or_default()),
        Body::PartyRename(body) => (std::slice::from_ref(&body.name), &[]),
        _ => (&[], &[]),
    }
}
