//! A demonstration registry on a scripted clock, served on a port of its own: fixtures enter it as signed statements on
//! their days, and every answer is taken from docket files, once by the library and once by the program.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

// The demo's own reading of what the fixtures expect, and of their clause codes: one spelling, read in one place.
#[path = "../../src/bin/nospy/demo/clauses.rs"]
mod clauses;
#[path = "../../src/bin/nospy/demo/expect.rs"]
mod expect;

use std::sync::Arc;
use std::time::Duration;

use nospy::agreement::On;
use nospy::codec::{Key, Value};
use nospy::crypto::{KeyLine, SigningKey, hex, possession_message, sha256};
use nospy::evidence::{Policy, Question, Trust, Verification, verify};
use nospy::registry::{self, Opening, Options, Registry, ScriptedClock};
use nospy::rpc::{ClientError, Connection, ForgetfulCheckpoints, LogInfo, VerifyingClient};
use nospy::server::{Limits, serve};
use nospy::statement::{Draft, Issuer, LegalDate, Statement, StatementId, from_plain};
use nospy::storage::MemoryStorage;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use expect::Answer;

use crate::program::Bench;

pub const ORIGIN: &str = "demo.fixtures.example/log";
pub const FIXTURES: &str = include_str!("../fixtures/agreements.yaml");

/// How often the registry seals by itself.
const SEAL_INTERVAL: Duration = Duration::from_millis(30);
/// How long a seal is waited for at most.
const SEAL_WAIT_MAX: Duration = Duration::from_secs(60);

/// One case of the fixtures.
pub struct Case(Json);

/// A registry, and everybody's keys.
pub struct Stage {
    pub bench: Bench,
    runtime: Runtime,
    clock: Arc<ScriptedClock>,
    client: VerifyingClient<ForgetfulCheckpoints>,
    now_s: u64,
    trust: Trust,
    pub url: String,
    files: u32,
}

/// What the files of a subject say about a day or instant.
pub struct Told {
    pub answer: Answer,
    pub verification: Verification,
    /// The answer of the program, from the file that it fetched itself.
    pub program: Json,
}

impl Case {
    pub fn read(name: &str) -> Self {
        let cases: Json = serde_saphyr::from_str(FIXTURES).unwrap();
        Self(cases[name].clone())
    }

    /// A text, by its JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Json::as_str).unwrap_or_else(|| panic!("no text at {pointer}: {}", self.0))
    }

    /// The expected answer of a key.
    #[track_caller]
    pub fn expected(&self, key: &str) -> &str {
        self.0["expect"][key].as_str().unwrap_or_else(|| panic!("nothing is expected of {key}"))
    }

    /// Every day or instant that an answer is expected for.
    pub fn days(&self) -> Vec<&str> {
        let keys = self.0["expect"].as_object().unwrap().keys().map(String::as_str);
        keys.filter(|key| key.get(..10).is_some_and(|day| day.parse::<LegalDate>().is_ok())).collect()
    }

    /// The clauses: `NB4 prompt` is of the type NB4; one without a code is of another type.
    pub fn clauses(&self) -> Json {
        let lines = self.0["clauses"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        let clause = |(place, line): (usize, &str)| {
            let code = line.split(' ').next().unwrap();
            let known = clauses::type_of(code);
            let id = known.map_or_else(|| format!("other-{place}"), |_| code.to_owned());
            json!({ "id": id, "type": known.unwrap_or("other"), "obligor": "vendor", "modality": "undertakes", "text": line })
        };
        lines.enumerate().map(clause).collect()
    }
}

/// `base` with the fields of `over`.
pub fn with(base: Json, over: Json) -> Json {
    let (Json::Object(mut fields), Json::Object(over)) = (base, over) else { panic!("two maps") };
    fields.extend(over);
    Json::Object(fields)
}

/// Terms that disclose nothing.
pub fn terms(mode: &str, title: &str, clauses: Json, term: Json, more: Json) -> Json {
    let disclosure = json!({
        "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
        "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
        "text_availability": "not_stated",
    });
    let terms = json!({ "mode": mode, "title": title, "clauses": clauses, "disclosure": disclosure, "term": term });
    with(terms, more)
}

/// The authentic text in German: the bytes that a fixture quotes.
pub fn authentic(text: &str) -> Json {
    let bytes = text.as_bytes();
    json!([{ "language": "de", "status": "authentic", "sha256": sha256(&[bytes]).to_string(), "size": bytes.len(),
        "media_type": "text/plain" }])
}

/// `ref`, and the day as `date` and `effective`.
pub fn act(reference: &StatementId, day: &str) -> Json {
    json!({ "ref": hex(&reference.0), "date": day, "effective": day })
}

/// The key of a name.
pub fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(&sha256(&[b"fixture key", name.as_bytes()]).0)
}

/// A grant of the key of `name` to a party, for these kinds.
pub fn grant(party: &str, name: &str, kinds: &[&str]) -> Json {
    let key = key(name);
    let proof = key.sign(&possession_message(ORIGIN, party, &key.public()));
    json!({ "key": hex(key.public().as_bytes()), "proof": hex(&proof), "authority": { "kinds": kinds, "keys": kinds == ["*"] } })
}

/// A party as the registrar describes it.
pub fn description(name: &str, role: &str, country: &str) -> Json {
    json!({ "names": [{ "name": name }], "role": role, "country": country })
}

fn instant_ms(text: &str) -> u64 {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T10:00:00Z") };
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap()
}

fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(members) => Value::Array(members.iter().map(plain).collect()),
        Json::Object(fields) => {
            Value::Map(fields.iter().map(|(name, value)| (Key::Text(name.clone()), plain(value))).collect())
        }
    }
}

/// Signs with the key of `signer`, which need not be the issuer's.
fn sign(signer: &str, issuer: &str, subject: &str, kind: &str, iat: u64, body: &Json) -> Statement {
    let kind = kind.parse().unwrap();
    let draft = Draft {
        issuer: Issuer::Party(issuer.parse().unwrap()),
        subject: subject.parse().unwrap(),
        origin: ORIGIN.parse().unwrap(),
        body: from_plain(&kind, &plain(body)).unwrap_or_else(|error| panic!("{kind}: {error}")),
        kind,
        iat,
    };
    draft.sign(&key(signer)).unwrap()
}

impl Stage {
    /// Opens a registry on a day, at 08:00 UTC. Acts are at 10:00 UTC.
    pub fn open(day: &str) -> Self {
        let bench = Bench::new();
        let start_ms = instant_ms(&format!("{day}T08:00:00Z"));
        let clock = Arc::new(ScriptedClock::new(start_ms));
        let genesis = json!({
            "title": "Fixtures on a scripted clock", "origin": ORIGIN, "log_key": hex(key("log").public().as_bytes()),
            "registrars": { "keys": [hex(key("registrar").public().as_bytes())], "threshold": 1 },
            "rules": 1, "seal_interval": 600,
        });
        let genesis = sign("registrar", "registrar", "registry", "registry.genesis", start_ms / 1_000, &genesis);
        let opening = Opening {
            storage: Arc::new(MemoryStorage::new()),
            guard: bench.path("guard"),
            log_key: key("log"),
            origin: ORIGIN.parse().unwrap(),
            clock: Arc::clone(&clock) as _,
            on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
            options: Options { seal_interval: SEAL_INTERVAL, ..Options::default() },
        };
        registry::create(&opening, &genesis).unwrap();
        let registry = Registry::open(opening).unwrap();
        let log = registry.log_key().clone();
        bench.write("policy.txt", format!("log {log}\nquorum none\n"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (url, client) = runtime.block_on(Self::serve(registry, log));
        let trust = Trust::of(Policy::parse(&bench.read("policy.txt")).unwrap());
        Self { bench, runtime, clock, client, now_s: start_ms / 1_000, trust, url, files: 0 }
    }

    async fn serve(registry: Registry, log: KeyLine) -> (String, VerifyingClient<ForgetfulCheckpoints>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(registry, listener, Limits::default(), None, std::future::pending()));
        let connection = Connection { url: url.clone(), ca_pem: None };
        let client = VerifyingClient::connect(&connection, log, ForgetfulCheckpoints::default()).await.unwrap();
        (url, client)
    }

    /// Sets the clock: a day (10:00 UTC), or an instant.
    pub fn at(&mut self, when: &str) -> &mut Self {
        let to_ms = instant_ms(when);
        self.clock.advance_to(to_ms).unwrap();
        self.now_s = to_ms / 1_000;
        self
    }

    /// Sets the clock, and waits for a seal after that: from then on everything up to it is known.
    pub fn sealed_at(&mut self, when: &str) {
        self.at(when);
        let started = std::time::Instant::now();
        let before = self.runtime.block_on(self.client.checkpoint()).unwrap().size();
        while self.runtime.block_on(self.client.checkpoint()).unwrap().size() == before {
            assert!(started.elapsed() < SEAL_WAIT_MAX, "the registry does not seal");
            std::thread::sleep(SEAL_INTERVAL);
        }
    }

    /// Publishes what the issuer signs, over gRPC; the receipt is verified.
    #[track_caller]
    pub fn ok(&mut self, issuer: &str, subject: &str, kind: &str, body: &Json) -> StatementId {
        self.ok_of(issuer, issuer, subject, kind, body)
    }

    /// The same, signed with another key of the issuer.
    #[track_caller]
    pub fn ok_of(&mut self, signer: &str, issuer: &str, subject: &str, kind: &str, body: &Json) -> StatementId {
        match self.publish(signer, issuer, subject, kind, body) {
            Ok(id) => id,
            Err(error) => panic!("{kind} by {signer} of {issuer} about {subject}: {error:?}"),
        }
    }

    /// Publishes the same of both sides; the second signature is the act.
    #[track_caller]
    pub fn both(&mut self, issuers: [&str; 2], subject: &str, kind: &str, body: &Json) -> StatementId {
        let [first, second] = issuers;
        self.ok(first, subject, kind, body);
        self.ok(second, subject, kind, body)
    }

    /// Publishes what is to be refused. Gives the rule.
    #[track_caller]
    pub fn refused(&mut self, issuer: &str, subject: &str, kind: &str, body: &Json) -> String {
        self.refused_of(issuer, issuer, subject, kind, body)
    }

    /// The same, signed with the key of somebody else.
    #[track_caller]
    pub fn refused_of(&mut self, signer: &str, issuer: &str, subject: &str, kind: &str, body: &Json) -> String {
        match self.publish(signer, issuer, subject, kind, body) {
            Err(ClientError::Refused(refusal)) => {
                assert!(!refusal.next_step.is_empty(), "rule 15: {refusal:?}");
                refusal.reason
            }
            other => panic!("{kind} by {issuer} about {subject} is to be refused: {other:?}"),
        }
    }

    fn publish(
        &self,
        signer: &str,
        issuer: &str,
        subject: &str,
        kind: &str,
        body: &Json,
    ) -> Result<StatementId, ClientError> {
        let statement = sign(signer, issuer, subject, kind, self.now_s, body);
        self.runtime.block_on(self.client.publish(&statement)).map(|_| *statement.id())
    }

    /// Enrols a party with one key that may sign everything.
    pub fn enrol(&mut self, party: &str, name: &str, role: &str, country: &str) -> StatementId {
        let body =
            with(description(name, role, country), json!({ "keys": [grant(party, party, &["*"])], "threshold": 1 }));
        self.ok("registrar", &format!("party/{party}"), "party.enrol", &body)
    }

    /// Enrols the vendor of a case under its LEI.
    pub fn enrol_vendor(&mut self, party: &str, case: &Case, country: &str) -> StatementId {
        let identifiers = json!([{ "scheme": "lei", "value": case.text("/head/lei") }]);
        let keys = json!({ "keys": [grant(party, party, &["*"])], "threshold": 1, "identifiers": identifiers });
        let body = with(description(case.text("/head/vendor"), "vendor", country), keys);
        self.ok("registrar", &format!("party/{party}"), "party.enrol", &body)
    }

    /// What the log says about itself.
    pub fn info(&self) -> LogInfo {
        self.runtime.block_on(self.client.log_info()).unwrap().into_the_servers_word()
    }

    /// The docket file of a subject, over gRPC.
    pub fn docket(&self, about: &str) -> Vec<u8> {
        let about = about.parse().unwrap();
        self.runtime.block_on(self.client.docket_file(&about)).unwrap().into_the_servers_word()
    }

    /// Fetches with the program. Gives the name of the file.
    pub fn fetch(&mut self, about: &str) -> String {
        self.files += 1;
        let file = format!("{}.docket", self.files);
        let ran = self.bench.run(&["docket", about, "-o", &file, "--server", &self.url, "--policy", "policy.txt"]);
        assert!(self.bench.path(&file).is_file(), "{}", ran.stderr);
        file
    }

    /// Asks two files of the subject about a day or instant: one fetched and verified by the library, one by the
    /// program. Both must give the same answer.
    #[track_caller]
    pub fn ask(&mut self, about: &str, on: &str) -> Told {
        let asked = match on.parse::<LegalDate>() {
            Ok(day) => On::Day(day),
            Err(_) => On::Instant(instant_ms(on)),
        };
        let question = Question { on: Some(asked), ..Question::default() };
        let verification = verify(&self.docket(about), &self.trust, &question);
        assert_eq!(verification.failed(), None);
        let standing = verification.standing.as_ref().unwrap();

        let file = self.fetch(about);
        let program =
            self.bench.run(&["verify", &file, "--policy", "policy.txt", "--on", on, "--output", "json"]).json();
        assert_eq!(program["demo"], true);
        // The seals between the two files differ, and nothing else.
        let claim = |sentence: &str| sentence.split(" As known at").next().unwrap().to_owned();
        assert_eq!(claim(program["standing"]["sentence"].as_str().unwrap()), claim(&standing.sentence()));

        let answer = Answer::of(standing).with_terms(verification.terms.as_deref(), None);
        Told { answer, verification, program }
    }

    /// Asks about a day or instant and demands the answer that the fixture expects.
    #[track_caller]
    pub fn expect(&mut self, case: &Case, key: &str, about: &str, on: &str) -> Told {
        let told = self.ask(about, on);
        let expected: Answer = case.expected(key).parse().unwrap();
        assert!(told.answer.is(&expected), "{key}: it is {}, not {expected}", told.answer);
        told
    }

    /// Whom the files are checked against.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }
}
