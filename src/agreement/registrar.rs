//! `registry.genesis`: what the registry is, and the keys of its own authority.

use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::{Kid, PublicKey};
use crate::statement::Subject;
use crate::statement::body::Genesis;

/// The docket `registry`, folded.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct RegistryState {
    genesis: Option<Box<Genesis>>,
    keys: Vec<(Kid, PublicKey)>,
}

impl RegistryState {
    /// What entry 0 says.
    pub fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_deref()
    }

    /// The registrar's key with this id.
    pub fn key(&self, kid: &Kid) -> Option<&PublicKey> {
        self.keys.iter().find(|(own, _)| own == kid).map(|(_, key)| key)
    }

    /// Whether a key is the log's or the registrar's, and can be no party's.
    pub fn owns(&self, kid: &Kid) -> bool {
        self.key(kid).is_some() || self.genesis().is_some_and(|genesis| genesis.log_key.kid() == *kid)
    }

    pub fn apply(&mut self, body: &Genesis) {
        self.keys = keys_of(body);
        self.genesis = Some(Box::new(body.clone()));
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
    demand(body.registrars.threshold == 1, || threshold_refusal("the genesis"))?;
    demand(keys.iter().any(|(kid, _)| kid == act.statement.kid()), || {
        let message = "the genesis is not signed by a registrar's key that it names";
        Refusal::new(Rule::SignerLacksAuthority, message, "the signature of one of registrars.keys")
    })
}

/// Thresholds above 1 wait for the kind `endorse`.
pub(in crate::agreement) fn threshold_refusal(who: &str) -> Refusal {
    let message = format!("{who} wants more than one signature for each act, which this registry does not know yet");
    Refusal::new(Rule::ThresholdNotSupported, message, "threshold 1")
}
