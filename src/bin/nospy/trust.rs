//! Whom the caller trusts: the policy file, and party keys pinned on the command line.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use nospy::crypto::{Digest, KeyLine, Kid};
use nospy::evidence::{Policy, Trust};
use nospy::statement::{Origin, Party};

use crate::config::Config;
use crate::error::CliError;
use crate::files;

/// Whom to trust.
#[derive(Args, Clone)]
pub struct TrustArgs {
    /// The trust policy: a C2SP tlog-policy file (`nospy init` writes one), or the log's verifier key itself.
    #[arg(long, value_name = "FILE|VKEY", env = "NOSPY_POLICY")]
    policy: Option<String>,
    /// Trust only this key for a party, and not the registrar's word: PARTY=KID; may be given many times.
    #[arg(long = "party-key", value_name = "PARTY=KID")]
    party_keys: Vec<String>,
}

impl TrustArgs {
    /// The policy, from the flag, the environment or the configuration.
    ///
    /// # Errors
    /// If there is none, or the file is not one: trust is never guessed.
    pub fn policy(&self, config: &Config) -> Result<Policy, CliError> {
        policy_or_config(self.policy.as_deref(), config)
    }

    /// Whether the policy was named for this command, and not once for all commands in the environment.
    pub fn is_policy_flag(&self) -> bool {
        self.policy.is_some() && self.policy != std::env::var("NOSPY_POLICY").ok()
    }

    /// Whom the caller trusts; `None` if it named no policy anywhere.
    ///
    /// # Errors
    /// If what it named is not usable.
    pub fn given(&self, config: &Config) -> Result<Option<Trust>, CliError> {
        let is_given = self.policy.is_some() || config.policy.is_some();
        if !is_given && !self.party_keys.is_empty() {
            return Err(CliError::usage("--party-key without a policy: nothing would be checked")
                .next_step("Give --policy FILE as well."));
        }
        is_given.then(|| Ok(Trust { policy: self.policy(config)?, party_keys: self.party_keys()? })).transpose()
    }

    /// The party keys pinned by the caller.
    ///
    /// # Errors
    /// If one is not `PARTY=KID`.
    pub fn party_keys(&self) -> Result<BTreeMap<Party, Vec<Kid>>, CliError> {
        let mut pinned: BTreeMap<Party, Vec<Kid>> = BTreeMap::new();
        for text in &self.party_keys {
            let bad = || CliError::usage(format!("--party-key {text}: wants PARTY=KID, the key id in 64 hex digits"));
            let (party, kid) = text.split_once('=').ok_or_else(bad)?;
            let kid: Digest = kid.parse().map_err(|_| bad())?;
            pinned.entry(party.parse().map_err(|_| bad())?).or_default().push(Kid(kid.0));
        }
        Ok(pinned)
    }
}

/// The policy that was named, or that of the configuration.
///
/// # Errors
/// If there is none, or the file is not one: trust is never guessed.
pub fn policy_or_config(named: Option<&str>, config: &Config) -> Result<Policy, CliError> {
    match (named, &config.policy) {
        (Some(text), _) => policy_of(text),
        (None, Some(path)) => read_policy(path),
        (None, None) => Err(CliError::usage("no trust policy: whose signature should count is your decision")
            .next_step("Give --policy FILE (C2SP tlog-policy), with the log key from a source that you trust.")),
    }
}

/// A policy from the command line: a log's verifier key, or the name of a policy file.
///
/// # Errors
/// As [`read_policy`].
pub fn policy_of(text: &str) -> Result<Policy, CliError> {
    match text.parse::<KeyLine>() {
        Ok(key) => Ok(Policy::of_log(key)),
        Err(_) => read_policy(Path::new(text)),
    }
}

/// Reads a policy file.
///
/// # Errors
/// With the line that is wrong.
pub fn read_policy(path: &Path) -> Result<Policy, CliError> {
    Policy::parse(&files::read(path)?).map_err(|error| CliError::usage(format!("policy {}: {error}", path.display())))
}

/// The one log of a policy, or the one that `origin` names.
///
/// # Errors
/// If the policy does not say which log is meant.
pub fn the_log(policy: &Policy, origin: Option<&str>) -> Result<KeyLine, CliError> {
    let named = origin.and_then(|origin| origin.parse::<Origin>().ok());
    match (policy.logs(), named) {
        (_, Some(origin)) => policy
            .log_of(&origin)
            .cloned()
            .ok_or_else(|| CliError::usage(format!("your policy does not trust the log {origin}"))),
        ([log], None) => Ok(log.clone()),
        _ => Err(CliError::usage("your policy names several logs").next_step("Say which one with --origin.")),
    }
}
