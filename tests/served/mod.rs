//! A registry of its own, served on a port of its own.

#![allow(dead_code)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nospy::codec::{Key, Value};
use nospy::crypto::{KeyLine, PublicKey, SigningKey, hex, possession_message};
use nospy::net::{TlsError, TlsIdentity};
use nospy::registry::{self, Opening, Options, Registry, SystemClock};
use nospy::rpc::{ClientError, Connection, ForgetfulCheckpoints, VerifyingClient};
use nospy::server::{Limits, serve};
use nospy::statement::{Draft, Issuer, KindName, Statement, body};
use nospy::storage::{MemoryStorage, SledOptions, SledStorage, Storage};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const ORIGIN: &str = "demo.registry.example/nospy";
/// Zone of every agreement here.
pub const ZONE: &str = "Europe/Berlin";

/// Which engine.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    Memory,
    Sled,
}

pub struct Served {
    pub registry: Registry,
    pub address: SocketAddr,
    pub directory: TempDir,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), TlsError>>,
}

pub fn log_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub fn registrar() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

pub fn vendor() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

pub fn government() -> SigningKey {
    SigningKey::from_seed(&[4; 32])
}

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_secs()
}

/// A statement signed now, its body from a plain tree.
pub fn sign(key: &SigningKey, issuer: &str, subject: &str, kind: &str, plain: &Json) -> Statement {
    sign_at(now_s(), key, issuer, subject, kind, plain)
}

/// As [`sign`], at a time in unix seconds.
pub fn sign_at(iat: u64, key: &SigningKey, issuer: &str, subject: &str, kind: &str, plain: &Json) -> Statement {
    let kind: KindName = kind.parse().expect("a kind");
    let body = body::from_plain(&kind, &value(plain)).expect("a body of this kind");
    sign_body_at(iat, key, issuer, subject, kind, body)
}

/// A statement signed now with any body.
pub fn sign_body(key: &SigningKey, issuer: &str, subject: &str, kind: KindName, body: Value) -> Statement {
    sign_body_at(now_s(), key, issuer, subject, kind, body)
}

fn sign_body_at(iat: u64, key: &SigningKey, issuer: &str, subject: &str, kind: KindName, body: Value) -> Statement {
    let draft = Draft {
        issuer: Issuer::Party(issuer.parse().expect("a party")),
        subject: subject.parse().expect("a subject"),
        origin: ORIGIN.parse().expect("an origin"),
        kind,
        iat,
        body,
    };
    draft.sign(key).expect("a statement")
}

fn value(plain: &Json) -> Value {
    match plain {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => Value::Int(number.as_i64().expect("an integer")),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(members) => Value::Array(members.iter().map(value).collect()),
        Json::Object(fields) => {
            Value::Map(fields.iter().map(|(name, field)| (Key::Text(name.clone()), value(field))).collect())
        }
    }
}

fn hex_key(key: &PublicKey) -> String {
    hex(key.as_bytes())
}

pub fn genesis() -> Statement {
    sign(&registrar(), "registrar", "registry", "registry.genesis", &genesis_body())
}

pub fn genesis_body() -> Json {
    json!({
        "title": "A registry under test", "origin": ORIGIN, "log_key": hex_key(&log_key().public()),
        "registrars": { "keys": [hex_key(&registrar().public())], "threshold": 1 },
        "rules": 1, "seal_interval": 600,
    })
}

/// Names a vendor without keys.
pub fn listing(party: &str) -> Statement {
    let body = json!({ "names": [{ "name": format!("Company {party}") }], "role": "vendor", "country": "se" });
    sign(&registrar(), "registrar", &format!("party/{party}"), "party.list", &body)
}

/// Enrols a party with one key that may sign everything.
pub fn enrolment(party: &str, role: &str, country: &str, key: &SigningKey) -> Statement {
    let body = enrolment_body(party, role, country, key);
    sign(&registrar(), "registrar", &format!("party/{party}"), "party.enrol", &body)
}

pub fn enrolment_body(party: &str, role: &str, country: &str, key: &SigningKey) -> Json {
    let proof = key.sign(&possession_message(ORIGIN, party, &key.public()));
    json!({
        "names": [{ "name": format!("Party {party}") }], "role": role, "country": country, "threshold": 1,
        "keys": [{ "key": hex_key(&key.public()), "proof": hex(&proof), "authority": { "kinds": ["*"], "keys": true } }],
    })
}

fn terms(text: &[u8], media_type: &str) -> Json {
    json!({
        "mode": "open_offer", "title": "No-spy agreement",
        "texts": [{
            "language": "en", "status": "authentic", "sha256": hex(&nospy::crypto::sha256(&[text]).0),
            "size": text.len(), "media_type": media_type,
        }],
        "clauses": [{ "id": "NB1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants" }],
        "disclosure": {
            "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
            "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
            "text_availability": "public",
        },
        "term": { "zone": ZONE },
    })
}

/// The vendor `acme` offers to every government.
pub fn offer(reference: &str, text: &[u8]) -> Statement {
    offer_as(reference, text, "text/plain")
}

/// As [`offer`], of another media type.
pub fn offer_as(reference: &str, text: &[u8], media_type: &str) -> Statement {
    let body = json!({ "addressees": { "any": true }, "terms": terms(text, media_type) });
    sign(&vendor(), "acme", &format!("offer/acme/{reference}"), "offer.make", &body)
}

/// The government `de-bsi` accepts, in force from the day `effective`.
pub fn acceptance(reference: &str, offer: &Statement, date: &str, effective: &str) -> Statement {
    let body = json!({ "ref": hex(&offer.id().0), "date": date, "method": "signature", "effective": effective });
    sign(&government(), "de-bsi", &format!("agreement/acme/{reference}/de-bsi"), "agreement.accept", &body)
}

/// A certificate for `localhost` that is its own authority, valid from 2020 to 2120, and its key. For tests only.
pub fn tls() -> TlsIdentity {
    TlsIdentity {
        certificate_pem: include_bytes!("localhost.crt").to_vec(),
        key_pem: include_bytes!("localhost.key").to_vec().into(),
    }
}

pub fn options() -> Options {
    Options::default()
}

impl Served {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Limits::default(), options(), None).await
    }

    pub async fn start_with(
        engine: Engine,
        limits: impl Into<Limits>,
        options: Options,
        tls: Option<TlsIdentity>,
    ) -> Self {
        let limits = limits.into();
        let directory = tempfile::tempdir().expect("a directory");
        let registry = open(engine, directory.path(), options);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let server = tokio::spawn(serve(registry.clone(), listener, limits, tls, shutdown));
        Self { registry, address, directory, stop: Some(stop), server }
    }

    pub fn connection(&self) -> Connection {
        Connection { url: format!("http://{}", self.address), ca_pem: None }
    }

    pub fn log(&self) -> KeyLine {
        self.registry.log_key().clone()
    }

    pub async fn client(&self) -> VerifyingClient<ForgetfulCheckpoints> {
        self.try_client().await.expect("the server is up")
    }

    pub async fn try_client(&self) -> Result<VerifyingClient<ForgetfulCheckpoints>, ClientError> {
        VerifyingClient::connect(&self.connection(), self.log(), ForgetfulCheckpoints::default()).await
    }

    /// Asks the server to end.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits for the end.
    pub async fn ended(self) {
        let ended = tokio::time::timeout(Duration::from_secs(60), self.server).await;
        ended.expect("the server ends in time").expect("no panic").expect("a peaceful end");
    }
}

fn open(engine: Engine, directory: &Path, options: Options) -> Registry {
    let storage: Arc<dyn Storage> = match engine {
        Engine::Memory => Arc::new(MemoryStorage::new()),
        Engine::Sled => {
            Arc::new(SledStorage::open(directory.join("data"), SledOptions::default()).expect("an empty database"))
        }
    };
    let opening = Opening {
        storage,
        guard: directory.join("guard"),
        log_key: log_key(),
        origin: ORIGIN.parse().expect("an origin"),
        clock: Arc::new(SystemClock),
        on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
        options,
    };
    registry::create(&opening, &genesis()).expect("a new registry");
    Registry::open(opening).expect("an open registry")
}
