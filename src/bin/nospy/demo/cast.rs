//! Who signs in a demo: keys made a moment ago, under an origin that says so.

use nospy::codec::Value;
use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey, hex, possession_message};
use nospy::statement::{Origin, RULES_VERSION};

use crate::demo::directory::Directory;
use crate::error::CliError;
use crate::exit::Exit;
use crate::keys::{self, Protection};

/// What stands behind the name of everybody who signs in a demo.
pub const DEMO_KEY: &str = "(demo key)";
/// The registry of the real cases.
pub const REAL: &str = "Demonstration: real cases, invented keys; nobody named here signed anything";
/// The registry of the invented case.
pub const INVENTED: &str = "Demonstration: invented parties and acts on the days of a script; the clock is scripted";
/// Longest time between two seals, in seconds.
const SEAL_INTERVAL: i64 = 600;

/// A registry's name and the keys that act in it.
pub struct Cast {
    /// The registry.
    pub origin: Origin,
    /// The log's own key.
    pub log: SigningKey,
    /// Its public side, under the name of the registry.
    pub log_name: KeyLine,
    /// What people read as its name.
    title: &'static str,
    registrar: SigningKey,
    organs: Vec<(String, SigningKey)>,
}

impl Cast {
    /// Makes fresh keys for the log, the registrar and the organs, and writes them into the directory unencrypted:
    /// they are worth nothing. An origin has one log key for ever, so each demo is a registry of its own.
    ///
    /// # Errors
    /// If there is no randomness, or a file cannot be written.
    pub fn make(directory: &Directory, title: &'static str, organs: &[String]) -> Result<Self, CliError> {
        let name = hex(&keys::random()?[..4]);
        let origin: Origin = format!("demo.nospy.example/{name}").parse().expect("the grammar of origins allows this");
        let new = |role: &str| {
            let key = keys::generate()?;
            Protection::choose(true)?.write(&directory.file(&format!("demo-{role}.key.pem")), &key)?;
            Ok::<_, CliError>(key)
        };
        let log = new("log")?;
        let log_name = KeyLine::new(origin.as_str(), NoteAlgorithm::Ed25519, log.public())
            .map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
        let registrar = new("registrar")?;
        let organs = organs.iter().map(|organ| Ok((organ.clone(), new(organ)?))).collect::<Result<_, CliError>>()?;
        Ok(Self { origin, log, log_name, title, registrar, organs })
    }

    /// The key that signs for an issuer.
    pub fn key(&self, issuer: &str) -> Option<&SigningKey> {
        match issuer {
            "registrar" => Some(&self.registrar),
            _ => self.organs.iter().find(|(organ, _)| organ == issuer).map(|(_, key)| key),
        }
    }

    /// The body of the genesis.
    pub fn genesis(&self) -> Value {
        let key = |key: &SigningKey| Value::text(hex(key.public().as_bytes()));
        let registrars =
            Value::record([("keys", Value::Array(vec![key(&self.registrar)])), ("threshold", Value::Int(1))]);
        Value::record([
            ("title", Value::text(self.title)),
            ("origin", Value::text(self.origin.as_str())),
            ("log_key", key(&self.log)),
            ("registrars", registrars),
            ("rules", Value::uint(RULES_VERSION)),
            ("seal_interval", Value::Int(SEAL_INTERVAL)),
        ])
    }

    /// The grant of an organ's key in its enrolment, with the proof that the organ holds it.
    ///
    /// # Errors
    /// If the organ is not of this cast.
    pub fn grant(&self, organ: &str) -> Result<Value, CliError> {
        let key = self.key(organ).ok_or_else(|| CliError::new(Exit::Internal, format!("{organ} has no demo key")))?;
        let proof = key.sign(&possession_message(self.origin.as_str(), organ, &key.public()));
        let authority = Value::record([("kinds", Value::Array(vec![Value::text("*")])), ("keys", Value::Bool(true))]);
        Ok(Value::record([
            ("key", Value::text(hex(key.public().as_bytes()))),
            ("proof", Value::text(hex(&proof))),
            ("authority", authority),
        ]))
    }
}
