//! `registry.genesis`, `registry.seal`, `registry.policy` and `registry.close`.

use crate::crypto::{Digest, Kid, PublicKey};
use crate::statement::body::record::record;
use crate::statement::body::{BodyError, Text};
use crate::statement::{Origin, StatementId};

/// The rules version that this program knows.
pub const RULES_VERSION: u64 = 1;
/// Longest time between two seals that a registry may promise, in seconds.
pub const SEAL_INTERVAL_MAX: u64 = 86_400;

record! {
    /// `registry.genesis`: entry 0, what this registry is.
    pub struct Genesis {
        /// The name that people read.
        required title: Text,
        /// The name of the registry for ever.
        required origin: Origin,
        /// The key that signs seals and checkpoints; one for ever.
        required log_key: PublicKey,
        /// The keys of the registry's own authority.
        required registrars: Registrars,
        /// The version of the rules by which statements are judged: 1.
        required rules: u64,
        /// Longest time between two seals, in seconds, 1-86400.
        required seal_interval: u64,
        /// How much one party may register.
        optional limits: Limits,
        /// The log that this one continues.
        optional predecessor: Predecessor,
    }
    check Genesis::check;
}

impl Genesis {
    fn check(&self) -> Result<(), BodyError> {
        if self.rules != RULES_VERSION {
            return Err(BodyError::at("rules", format!("this program knows rules version {RULES_VERSION}")));
        }
        if !(1..=SEAL_INTERVAL_MAX).contains(&self.seal_interval) {
            return Err(BodyError::at("seal_interval", format!("wants 1-{SEAL_INTERVAL_MAX} seconds")));
        }
        Ok(())
    }
}

record! {
    /// The registrar's keys.
    pub struct Registrars {
        /// The keys, 1-16, none twice.
        required keys: Vec<PublicKey>,
        /// How many of them must sign an act, 1 to their number.
        required threshold: u64,
    }
    check Registrars::check;
}

impl Registrars {
    fn check(&self) -> Result<(), BodyError> {
        match (1..=self.keys.len() as u64).contains(&self.threshold) {
            true => Ok(()),
            false => Err(BodyError::at("threshold", "wants at least 1 and no more than there are keys")),
        }
    }
}

record! {
    /// Quotas of one party; what is left out is not limited.
    pub struct Limits {
        /// Most statements.
        optional statements: u64,
        /// Most bytes of statements.
        optional bytes: u64,
    }
}

record! {
    /// The end of the log that a new one continues.
    pub struct Predecessor {
        /// Its name.
        required origin: Origin,
        /// How many entries it had.
        required size: u64,
        /// Its root at that size.
        required root: Digest,
    }
}

record! {
    /// `registry.seal`: closes a batch.
    pub struct Seal {
        /// The index after the previous seal; 0 in the first one.
        required from: u64,
        /// The id of the previous seal; null in the first one.
        required prev: Option<StatementId>,
        /// When the batch was registered, in unix milliseconds; greater than the previous seal's.
        required time: u64,
        /// The hash chain over every entry before this one.
        required chain: Digest,
        /// The root of all dockets after every entry before this one.
        required dockets: Digest,
    }
}

record! {
    /// `registry.policy`: changes what the genesis left to be changed; at least one of its fields.
    pub struct RegistryPolicy {
        /// New registrar keys, 1-16, none twice.
        optional grant: Vec<PublicKey>,
        /// Key ids of registrar keys that end, 1-16, none twice.
        optional revoke: Vec<Kid>,
        /// How many registrar keys must sign an act from now on.
        optional threshold: u64,
        /// The version of the rules from now on: 1.
        optional rules: u64,
        /// How much one party may register from now on.
        optional limits: Limits,
    }
    check RegistryPolicy::check;
}

impl RegistryPolicy {
    fn check(&self) -> Result<(), BodyError> {
        let says = [
            self.grant.is_some(),
            self.revoke.is_some(),
            self.threshold.is_some(),
            self.rules.is_some(),
            self.limits.is_some(),
        ];
        if !says.contains(&true) {
            return Err(BodyError::here("wants at least one of grant, revoke, threshold, rules, limits"));
        }
        if self.threshold == Some(0) {
            return Err(BodyError::at("threshold", "wants at least 1"));
        }
        match self.rules {
            None | Some(RULES_VERSION) => Ok(()),
            Some(_) => Err(BodyError::at("rules", format!("this program knows rules version {RULES_VERSION}"))),
        }
    }
}

record! {
    /// `registry.close`: the last statement of a log.
    pub struct Closing {
        /// The name of the registry that continues this one.
        required origin: Origin,
        /// The key that signs its seals and checkpoints.
        required log_key: PublicKey,
        /// Why.
        optional reason: Text,
    }
}
