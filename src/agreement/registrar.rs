//! `registry.genesis`, `registry.policy`, `registry.close`: what the registry is, the keys of its own authority, and its
//! end.
//!
//! - G1. The genesis names the first keys and their threshold; a policy changes both, judged by the keys before it.
//! - G2. A registrar's key is nobody else's, and is granted once.
//! - G3. After a close nothing enters. The close names who continues; nobody else does.

use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::{KeyLine, Kid, NoteAlgorithm, PublicKey};
use crate::statement::body::{Closing, Genesis, Limits, RegistryPolicy};
use crate::statement::{Origin, StatementId, Subject};

/// Most registrar keys that are granted, ended ones included.
pub const REGISTRAR_KEYS_MAX: usize = 256;

/// The end of a log: the statement that closed it, and who continues it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// The `registry.close`.
    pub id: StatementId,
    /// Where it took effect: its own index, or that of the endorsement that completed it. Nothing but the seal of its
    /// batch stands behind.
    pub index: u64,
    /// When that was registered, unix milliseconds.
    pub time_ms: u64,
    /// The registry that continues this one.
    pub origin: Origin,
    /// The key of that one's log.
    pub log_key: PublicKey,
    /// Why.
    pub reason: Option<String>,
}

impl LogEnd {
    /// The key of the log that continues this one, under that one's name: what a policy pins.
    pub fn log_name(&self) -> KeyLine {
        let name = KeyLine::new(self.origin.as_str(), NoteAlgorithm::Ed25519, self.log_key);
        name.expect("an origin holds no space and no plus sign")
    }
}

/// The docket `registry`, folded. Everything in it can be asked as of an index.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct RegistryState {
    genesis: Option<Box<Genesis>>,
    keys: Vec<RegistrarKey>,
    /// From which index which threshold.
    thresholds: Vec<(u64, u64)>,
    limits: Vec<(u64, Limits)>,
    end: Option<Box<LogEnd>>,
}

#[derive(Clone, Debug)]
struct RegistrarKey {
    kid: Kid,
    key: PublicKey,
    granted: u64,
    ended: Option<u64>,
}

impl RegistryState {
    /// What entry 0 says.
    pub fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_deref()
    }

    /// The registrar's key with this id, if it is live for a statement at `index`.
    pub fn key(&self, kid: &Kid, index: u64) -> Option<&PublicKey> {
        let is_live = |own: &&RegistrarKey| own.granted < index && own.ended.is_none_or(|ended| index <= ended);
        self.keys.iter().filter(is_live).find(|own| own.kid == *kid).map(|own| &own.key)
    }

    /// The key with this id that a registrar ever had before `index`, ended or not.
    pub fn any_key(&self, kid: &Kid, index: u64) -> Option<&PublicKey> {
        self.keys.iter().find(|own| own.kid == *kid && own.granted < index).map(|own| &own.key)
    }

    /// How many keys must stand behind a statement at `index`.
    pub fn threshold(&self, index: u64) -> u64 {
        self.thresholds.iter().rev().find(|(from, _)| *from < index).map_or(1, |(_, threshold)| *threshold)
    }

    /// How much one party may register, for a statement at `index`.
    pub fn limits(&self, index: u64) -> Option<&Limits> {
        self.limits.iter().rev().find(|(from, _)| *from < index).map(|(_, limits)| limits)
    }

    /// The end of the log, if it took effect before `index`.
    pub fn end(&self, index: u64) -> Option<&LogEnd> {
        self.end.as_deref().filter(|end| end.index < index)
    }

    /// Whether a key is the log's or the registrar's, and can be no party's.
    pub fn owns(&self, kid: &Kid, index: u64) -> bool {
        let is_log_key = self.genesis().is_some_and(|genesis| genesis.log_key.kid() == *kid);
        is_log_key || self.keys.iter().any(|own| own.kid == *kid && own.granted < index)
    }

    pub fn apply(&mut self, act: &Act, body: &Genesis) {
        self.grant(act.index, &body.registrars.keys);
        self.thresholds.push((act.index, body.registrars.threshold));
        self.limits.extend(body.limits.clone().map(|limits| (act.index, limits)));
        self.genesis = Some(Box::new(body.clone()));
    }

    pub fn apply_policy(&mut self, act: &Act, body: &RegistryPolicy) {
        let revoked = body.revoke.as_deref().unwrap_or_default();
        for key in self.keys.iter_mut().filter(|key| revoked.contains(&key.kid)) {
            key.ended.get_or_insert(act.index);
        }
        self.grant(act.index, body.grant.as_deref().unwrap_or_default());
        self.thresholds.extend(body.threshold.map(|threshold| (act.index, threshold)));
        self.limits.extend(body.limits.clone().map(|limits| (act.index, limits)));
    }

    pub fn apply_close(&mut self, act: &Act, body: &Closing) {
        self.end = Some(Box::new(LogEnd {
            id: act.id(),
            index: act.index,
            time_ms: act.time_ms,
            origin: body.origin.clone(),
            log_key: body.log_key,
            reason: body.reason.as_ref().map(ToString::to_string),
        }));
    }

    fn grant(&mut self, index: u64, keys: &[PublicKey]) {
        let granted = keys.iter().map(|key| RegistrarKey { kid: key.kid(), key: *key, granted: index, ended: None });
        self.keys.extend(granted);
    }

    /// G3.
    pub fn check_open(&self, act: &Act) -> Result<(), Refusal> {
        match self.end(act.index) {
            None => Ok(()),
            Some(end) => {
                let message = "the registry is closed: its log takes nothing more";
                let accepted = format!("a statement for the registry that continues it, {}", end.origin);
                Err(Refusal::new(Rule::RegistryClosed, message, accepted))
            }
        }
    }
}

/// The registrar's keys that a genesis names.
pub(in crate::agreement) fn keys_of(body: &Genesis) -> Vec<(Kid, PublicKey)> {
    body.registrars.keys.iter().map(|key| (key.kid(), *key)).collect()
}

/// A genesis is judged from its own body: it is trusted because the log is pinned.
pub(in crate::agreement) fn check(world: &World, act: &Act, body: &Genesis) -> Result<(), Refusal> {
    let misplaced = |message: &str| Refusal::new(Rule::GenesisMisplaced, message, "one genesis, at index 0");
    demand(act.index == 0 && world.genesis().is_none(), || misplaced("a genesis opens a log and stands nowhere else"))?;
    demand(*act.statement.subject() == Subject::Registry, || misplaced("the subject of a genesis is `registry`"))?;
    demand(body.origin == *world.origin(), || misplaced("the genesis names another origin than the log's"))?;
    let keys = keys_of(body);
    demand(!keys.iter().any(|(kid, _)| *kid == body.log_key.kid()), || {
        misplaced("the log key is also a registrar's key: each key has one role")
    })?;
    demand(keys.iter().any(|(kid, _)| kid == act.statement.kid()), || {
        let message = "the genesis is not signed by a registrar's key that it names";
        Refusal::new(Rule::SignerLacksAuthority, message, "the signature of one of registrars.keys")
    })
}

/// G1 and G2.
pub(in crate::agreement) fn check_policy(world: &World, act: &Act, body: &RegistryPolicy) -> Result<(), Refusal> {
    check_subject(act)?;
    let Some(state) = world.registry() else { return Err(misplaced()) };
    let revoked = body.revoke.as_deref().unwrap_or_default();
    if let Some(kid) = revoked.iter().find(|kid| state.key(kid, act.index).is_none()) {
        let message = format!("the registrar has no live key {kid}");
        return Err(Refusal::new(Rule::KeyUnknown, message, "the id of a registrar's key that was not yet revoked"));
    }
    let granted = body.grant.as_deref().unwrap_or_default();
    if let Some(key) = granted.iter().find(|key| state.owns(&key.kid(), act.index)) {
        return Err(crate::agreement::party::key_taken(&key.kid()));
    }
    demand(state.keys.len() + granted.len() <= REGISTRAR_KEYS_MAX, || {
        let message = format!("a registrar is granted at most {REGISTRAR_KEYS_MAX} keys, {} are", state.keys.len());
        Refusal::new(Rule::QuotaExceeded, message, "fewer keys")
    })?;
    let live = state.keys.iter().filter(|key| key.ended.is_none() && !revoked.contains(&key.kid)).count();
    let (live, threshold) = ((live + granted.len()) as u64, body.threshold.unwrap_or(state.threshold(act.index)));
    check_threshold(threshold, live)
}

/// G3.
pub(in crate::agreement) fn check_close(world: &World, act: &Act, body: &Closing) -> Result<(), Refusal> {
    check_subject(act)?;
    let is_other = body.origin != *world.origin() && !world.registry_owns(&body.log_key.kid(), act.index);
    demand(is_other, || {
        let message = "the registry that continues this one has the same origin, or a key of this one";
        Refusal::new(Rule::GenesisMisplaced, message, "another origin with a log key of its own")
    })
}

/// As many keys as must sign are there.
pub(in crate::agreement) fn check_threshold(threshold: u64, live: u64) -> Result<(), Refusal> {
    demand(threshold <= live, || {
        let message = format!("{threshold} keys would have to sign, and {live} are live");
        Refusal::new(Rule::ThresholdTooHigh, message, format!("a threshold of at most {live}, or more keys"))
    })
}

fn check_subject(act: &Act) -> Result<(), Refusal> {
    demand(*act.statement.subject() == Subject::Registry, misplaced)
}

fn misplaced() -> Refusal {
    Refusal::new(Rule::GenesisMisplaced, "it stands on the subject `registry` of a log with a genesis", "that subject")
}
