//! A small registry: an offer, who accepted it, and what is absent. Every body holds under the rules, so that the files
//! over it can be verified to the end; a lie is told on purpose only, by whoever builds the log with one.

use std::collections::BTreeMap;
use std::sync::Arc;

use nospy::codec::Value;
use nospy::crypto::{Kid, SigningKey, possession_message};
use nospy::merkle::{
    DOCKET_START, DocketValue, Hash, MapProof, chain_next, chain_start, docket_key, docket_leaf, docket_node,
    docket_step,
};
use nospy::statement::{Draft, Issuer, Origin, Statement, StatementId, Subject};

use crate::vectors::cast::{LOG, ORIGIN};

/// Registration time of the first batch, unix milliseconds: 2026-01-01T10:00:00Z.
pub const START_MS: u64 = 1_767_261_600_000;
/// From batch to batch, in milliseconds.
pub const STEP_MS: u64 = 600_000;

/// What the log writes about a batch; a lie changes a field before it is signed.
#[derive(Clone, Debug)]
pub struct SealFields {
    pub from: u64,
    pub prev: Option<StatementId>,
    pub time_ms: u64,
    pub chain: Hash,
    pub dockets: Hash,
    pub iat: u64,
    /// The seed of the key that signs, and that of the key that is named.
    pub signer: u8,
    pub named: u8,
    /// A bit of the signature is wrong.
    pub is_broken: bool,
}

/// A log, all recomputed from its entries.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub entries: Vec<Arc<Statement>>,
    /// Of each entry the index of the seal that closes its batch, and its time.
    pub sealed: Vec<(usize, u64)>,
    pub dockets: BTreeMap<Subject, Vec<usize>>,
}

pub fn origin() -> Origin {
    ORIGIN.parse().expect("an origin")
}

pub fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

/// The key of a seed of 32 equal bytes.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub fn kid(seed: u8) -> Kid {
    key(seed).public().kid()
}

pub const REGISTRAR: u8 = 0x41;
pub const ACME: u8 = 0x51;
pub const DE_BSI: u8 = 0x52;
pub const FR_ANSSI: u8 = 0x53;

/// The honest batches: genesis; parties; an offer; an acceptance; another one.
pub fn batches() -> Vec<Vec<Statement>> {
    let genesis = statement("registrar", REGISTRAR, "registry", "registry.genesis", START_MS, genesis());
    let party = |name: &str, seed, role, country| {
        let about = format!("party/{name}");
        statement(
            "registrar",
            REGISTRAR,
            &about,
            "party.enrol",
            START_MS + STEP_MS,
            enrolment(name, seed, role, country),
        )
    };
    let parties = vec![
        party("acme", ACME, "vendor", "se"),
        party("de-bsi", DE_BSI, "government", "de"),
        party("fr-anssi", FR_ANSSI, "government", "fr"),
    ];
    let offer = statement("acme", ACME, "offer/acme/no-spy", "offer.make", START_MS + 2 * STEP_MS, offer());
    let accept = |government: &str, seed, ms| {
        let about = format!("agreement/acme/no-spy/{government}");
        statement(government, seed, &about, "agreement.accept", ms, accept(offer.id()))
    };
    let first = accept("de-bsi", DE_BSI, START_MS + 3 * STEP_MS);
    let second = accept("fr-anssi", FR_ANSSI, START_MS + 4 * STEP_MS);
    vec![vec![genesis], parties, vec![offer], vec![first], vec![second]]
}

pub fn statement(issuer: &str, seed: u8, about: &str, kind: &str, ms: u64, body: Value) -> Statement {
    draft(issuer, about, kind, ms, body).sign(&key(seed)).expect("a statement of good form")
}

pub fn draft(issuer: &str, about: &str, kind: &str, ms: u64, body: Value) -> Draft {
    Draft {
        issuer: Issuer::Party(issuer.parse().expect("a party")),
        subject: subject(about),
        origin: origin(),
        kind: kind.parse().expect("a kind"),
        iat: ms / 1_000,
        body,
    }
}

impl Log {
    /// The honest log.
    pub fn honest() -> Self {
        Self::of(&batches(), |_, _| ())
    }

    /// Seals the batches; `lie` sees the fields of every seal, by the number of the batch, before it is signed.
    pub fn of(batches: &[Vec<Statement>], lie: impl Fn(usize, &mut SealFields)) -> Self {
        let mut log = Self::default();
        let (mut prev, mut chain) = (None, chain_start(ORIGIN));
        for (number, batch) in batches.iter().enumerate() {
            let from = log.entries.len();
            let mut fields = SealFields {
                from: from as u64,
                prev,
                time_ms: START_MS + number as u64 * STEP_MS,
                chain,
                dockets: [0; 32],
                iat: 0,
                signer: LOG.seed,
                named: LOG.seed,
                is_broken: false,
            };
            fields.iat = fields.time_ms / 1_000;
            // The time of a batch is needed before its seal is made.
            lie(number, &mut fields);
            for statement in batch {
                for subject in statement.touches(|_| None).expect("no statement here names another") {
                    log.dockets.entry(subject).or_default().push(log.entries.len());
                }
                chain = chain_next(&chain, &statement.id().0);
                log.entries.push(Arc::new(statement.clone()));
                log.sealed.push((from + batch.len(), fields.time_ms));
            }
            fields.chain = chain;
            fields.dockets = map_of(&log.values(), None, 0).0;
            lie(number, &mut fields);
            let seal = seal(&fields);
            chain = chain_next(&chain, &seal.id().0);
            prev = Some(*seal.id());
            log.entries.push(Arc::new(seal));
            log.sealed.push((0, fields.time_ms));
        }
        log
    }

    pub fn leaves(&self) -> Vec<Hash> {
        self.entries.iter().map(|entry| entry.id().0).collect()
    }

    pub fn values(&self) -> Vec<(Hash, DocketValue)> {
        let value = |entries: &Vec<usize>| {
            let step = entries.iter().fold(DOCKET_START, |step, i| {
                docket_step(&step, *i as u64, self.sealed[*i].1, &self.entries[*i].id().0)
            });
            DocketValue { count: entries.len() as u64, step }
        };
        self.dockets.iter().map(|(subject, entries)| (docket_key(&subject.to_string()), value(entries))).collect()
    }
}

/// Root of a docket map and the proof for a key, straight from formats §6.
pub fn map_of(values: &[(Hash, DocketValue)], key: Option<&Hash>, depth: usize) -> (Hash, MapProof) {
    match values {
        [] => ([0; 32], MapProof::default()),
        [(own, value)] => {
            let other = key.filter(|key| *key != own).map(|_| (*own, value.to_bytes()));
            (docket_leaf(own, value), MapProof { siblings: Vec::new(), other })
        }
        _ => {
            let bit = |key: &Hash| key[depth / 8] & (0x80 >> (depth % 8)) != 0;
            let (ones, zeros): (Vec<_>, Vec<_>) = values.iter().copied().partition(|(key, _)| bit(key));
            let is_one = key.is_some_and(bit);
            let zeros = map_of(&zeros, key.filter(|_| !is_one), depth + 1);
            let ones = map_of(&ones, key.filter(|_| is_one), depth + 1);
            let (mut proof, sibling) = if is_one { (ones.1, zeros.0) } else { (zeros.1, ones.0) };
            proof.siblings.push(sibling);
            (docket_node(&zeros.0, &ones.0), proof)
        }
    }
}

fn seal(fields: &SealFields) -> Statement {
    let draft = Draft {
        issuer: Issuer::Log,
        subject: Subject::Registry,
        origin: origin(),
        kind: "registry.seal".parse().expect("a kind"),
        iat: fields.iat,
        body: Value::record([
            ("from", Value::uint(fields.from)),
            ("prev", fields.prev.map_or(Value::Null, |id| Value::bytes(id.0))),
            ("time", Value::uint(fields.time_ms)),
            ("chain", Value::bytes(fields.chain)),
            ("dockets", Value::bytes(fields.dockets)),
        ]),
    };
    let unsigned = draft.unsigned(&kid(fields.named));
    let mut signature = key(fields.signer).sign(&unsigned.to_be_signed());
    if fields.is_broken {
        signature[40] ^= 1;
    }
    unsigned.finish(&signature).expect("a seal")
}

fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| Value::text(*text)).collect())
}

fn public(seed: u8) -> Value {
    Value::bytes(*key(seed).public().as_bytes())
}

pub fn genesis() -> Value {
    genesis_of(LOG.seed)
}

/// A genesis that names the log key of this seed.
pub fn genesis_of(log: u8) -> Value {
    let registrars = Value::record([("keys", Value::Array(vec![public(REGISTRAR)])), ("threshold", Value::Int(1))]);
    Value::record([
        ("title", Value::text("Registry of the vectors")),
        ("origin", Value::text(ORIGIN)),
        ("log_key", public(log)),
        ("registrars", registrars),
        ("rules", Value::Int(1)),
        ("seal_interval", Value::Int(600)),
    ])
}

fn enrolment(name: &str, seed: u8, role: &str, country: &str) -> Value {
    let proof = key(seed).sign(&possession_message(ORIGIN, name, &key(seed).public()));
    let authority = Value::record([("kinds", texts(&["*"])), ("keys", Value::Bool(true))]);
    let grant = Value::record([("key", public(seed)), ("proof", Value::bytes(proof)), ("authority", authority)]);
    Value::record([
        ("names", Value::Array(vec![Value::record([("name", Value::text(format!("The {name} of the vectors")))])])),
        ("role", Value::text(role)),
        ("country", Value::text(country)),
        ("keys", Value::Array(vec![grant])),
        ("threshold", Value::Int(1)),
    ])
}

fn offer() -> Value {
    let clause = |id: &str, kind: &str| {
        Value::record([
            ("id", Value::text(id)),
            ("type", Value::text(kind)),
            ("obligor", Value::text("vendor")),
            ("modality", Value::text("undertakes")),
        ])
    };
    let open = [
        "binds_parent",
        "binds_affiliates",
        "remedy_on_breach",
        "who_verifies",
        "home_state_signs",
        "governing_law",
        "text_availability",
    ];
    let disclosure = Value::record(open.map(|name| (name, Value::text("not_stated"))));
    let term = Value::record([
        ("zone", Value::text("Europe/Berlin")),
        ("notice_period", Value::text("P6M")),
        ("grounds", texts(&["notice", "breach"])),
    ]);
    let terms = Value::record([
        ("mode", Value::text("open_offer")),
        ("title", Value::text("No spying")),
        ("clauses", Value::Array(vec![clause("NB4", "report_new_duty"), clause("NB5", "contest_orders")])),
        ("disclosure", disclosure),
        ("term", term),
    ]);
    let addressees = Value::record([("governments", texts(&["de", "fr", "gb", "nl"]))]);
    Value::record([("addressees", addressees), ("terms", terms)])
}

fn accept(offer: &StatementId) -> Value {
    Value::record([
        ("ref", Value::bytes(offer.0)),
        ("date", Value::text("2026-01-01")),
        ("method", Value::text("signature")),
        ("effective", Value::text("2026-01-01")),
    ])
}
