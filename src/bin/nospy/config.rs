//! Configuration: flags, then `NOSPY_*` variables, then a TOML file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::CliError;
use crate::files;

/// What a configuration file may say. Relative paths are relative to the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The registry that drafts are meant for.
    pub origin: Option<String>,
    /// Where the registry answers, `https://host:port` or `http://host:port`.
    pub server: Option<String>,
    /// The certificate authority of an `https` server, PEM.
    pub ca: Option<PathBuf>,
    /// The trust policy (C2SP tlog-policy).
    pub policy: Option<PathBuf>,
    /// Where the last verified checkpoints are kept.
    pub state: Option<PathBuf>,
    /// The key that signs.
    pub key: Option<PathBuf>,
    /// What `nospy serve` needs.
    pub serve: Option<Serve>,
    /// Who cosigns the checkpoints of the registry that `nospy serve` runs.
    pub witnesses: Option<Witnesses>,
    /// What `nospy witness serve` needs.
    pub witness: Option<Witness>,
}

/// Who cosigns the checkpoints of a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnesses {
    /// A tlog-policy file: its witness lines carry the URLs, its quorum says how many are needed.
    pub policy: PathBuf,
    /// How long a checkpoint waits for its quorum, in milliseconds.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// What happens to a checkpoint without a quorum.
    pub when_missing: WhenMissing,
}

fn timeout_ms() -> u64 {
    2_000
}

/// What happens to a checkpoint without a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenMissing {
    /// It is not published until its witnesses have cosigned.
    Wait,
    /// It is published without, and said to be.
    Publish,
}

/// What `nospy witness serve` needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The name on its cosignatures.
    pub name: String,
    /// Address and port to listen on.
    pub listen: String,
    /// The path below which it answers; empty or `/NAME…`.
    #[serde(default)]
    pub prefix: String,
    /// The directory of its state.
    pub data: PathBuf,
    /// The guard of its state: a small file that must not be restored together with it.
    pub guard: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificate chain for TLS, PEM; without it the service speaks clear text.
    pub tls_certificate: Option<PathBuf>,
    /// The private key for TLS, PEM.
    pub tls_key: Option<PathBuf>,
    /// The logs that it knows.
    #[serde(default)]
    pub log: Vec<WitnessedLog>,
}

/// A log that a witness knows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessedLog {
    /// Its verifier key (C2SP vkey, type 01).
    pub vkey: String,
    /// The first line of its checkpoints, if it is not the name of the key.
    pub origin: Option<String>,
    /// Where it answers, if it is a registry of nospy that `--audit` derives again before anything is cosigned.
    pub server: Option<String>,
    /// The certificate authority of an `https` server, PEM.
    pub ca: Option<PathBuf>,
}

/// What `nospy serve` needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Address and port to listen on.
    pub listen: String,
    /// The database's directory.
    pub data: PathBuf,
    /// The head guard: a small file that must not be restored together with the database.
    pub guard: PathBuf,
    /// The log's private key.
    pub log_key: PathBuf,
    /// The file that sets the clock of a demonstration; without it the clock is this machine's.
    pub clock: Option<PathBuf>,
    /// The certificate chain for TLS, PEM; without it the service speaks clear text.
    pub tls_certificate: Option<PathBuf>,
    /// The private key for TLS, PEM.
    pub tls_key: Option<PathBuf>,
}

impl Config {
    /// Reads the file that the flag or `NOSPY_CONFIG` names; without one everything is unset.
    ///
    /// # Errors
    /// If the file cannot be read or holds something else.
    pub fn load(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = files::read_text(path)?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| CliError::usage(format!("configuration {}: {error}", path.display())))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let absolute = |path: &mut PathBuf| *path = base.join(&*path);
        [&mut config.ca, &mut config.policy, &mut config.state, &mut config.key]
            .into_iter()
            .flatten()
            .for_each(absolute);
        if let Some(serve) = &mut config.serve {
            [&mut serve.data, &mut serve.guard, &mut serve.log_key].into_iter().for_each(absolute);
            [&mut serve.clock, &mut serve.tls_certificate, &mut serve.tls_key].into_iter().flatten().for_each(absolute);
        }
        if let Some(witnesses) = &mut config.witnesses {
            absolute(&mut witnesses.policy);
        }
        if let Some(witness) = &mut config.witness {
            [&mut witness.data, &mut witness.guard, &mut witness.key].into_iter().for_each(absolute);
            [&mut witness.tls_certificate, &mut witness.tls_key].into_iter().flatten().for_each(absolute);
            witness.log.iter_mut().filter_map(|log| log.ca.as_mut()).for_each(absolute);
        }
        Ok(config)
    }
}
