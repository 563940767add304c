//! `receipt.json`: the log's COSE receipts of its statements.

use nospy::codec::{Value, encode, encode_tagged};
use nospy::crypto::hex;

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, case, malleable};
use crate::vectors::json::{Json, map, text};
use crate::vectors::log::{Log, START_MS, STEP_MS, key, kid};
use crate::vectors::receipt_cbor::spellings;
use crate::vectors::tree;

/// The entry that the cases are about, of the whole log.
const ENTRY: usize = 6;

/// What a receipt is made of.
#[derive(Clone)]
pub(in crate::vectors) struct Parts {
    pub header: Vec<(i64, Value)>,
    pub claims: Vec<(i64, Value)>,
    pub proof: Vec<Value>,
    pub root: [u8; 32],
    pub signer: u8,
}

impl Parts {
    pub fn of(log: &Log, index: usize, size: usize) -> Self {
        let leaves = &log.leaves()[..size];
        let path = tree::path(leaves, index).into_iter().map(Value::bytes).collect();
        let time = log.sealed[size - 1].1 / 1_000;
        Self {
            header: vec![
                (1, Value::Int(-8)),
                (4, Value::bytes(kid(LOG.seed).0)),
                (16, Value::text("application/scitt-receipt+cose")),
                (395, Value::Int(1)),
            ],
            claims: vec![
                (1, Value::text(ORIGIN)),
                (2, Value::text(log.entries[index].subject().to_string())),
                (6, Value::uint(time)),
                (-70001, Value::uint(size as u64)),
                (-70002, Value::uint(index as u64)),
            ],
            proof: vec![Value::uint(size as u64), Value::uint(index as u64), Value::Array(path)],
            root: tree::root(leaves),
            signer: LOG.seed,
        }
    }

    fn header(mut self, label: i64, value: Value) -> Self {
        set(&mut self.header, label, value);
        self
    }

    fn claim(mut self, label: i64, value: Value) -> Self {
        set(&mut self.claims, label, value);
        self
    }

    fn proof(mut self, at: usize, value: Value) -> Self {
        self.proof[at] = value;
        self
    }

    fn path(&self) -> Vec<Value> {
        match &self.proof[2] {
            Value::Array(path) => path.clone(),
            _ => Vec::new(),
        }
    }

    fn with_path(self, change: impl FnOnce(&mut Vec<Value>)) -> Self {
        let mut path = self.path();
        change(&mut path);
        self.proof(2, Value::Array(path))
    }

    pub fn protected(&self) -> Vec<u8> {
        let mut header = self.header.clone();
        header.push((15, Value::labels(self.claims.clone())));
        encode(&Value::labels(header))
    }

    pub fn sign(&self) -> [u8; 64] {
        key(self.signer).sign(&encode(&Value::Array(vec![
            Value::text("Signature1"),
            Value::bytes(self.protected()),
            Value::bytes([]),
            Value::bytes(self.root),
        ])))
    }

    fn unprotected(&self) -> Value {
        let proof = Value::bytes(encode(&Value::Array(self.proof.clone())));
        Value::labels([(396, Value::labels([(-1, Value::Array(vec![proof]))]))])
    }

    fn members(&self) -> Vec<Value> {
        vec![Value::bytes(self.protected()), self.unprotected(), Value::Null, Value::bytes(self.sign())]
    }

    pub fn bytes(&self) -> Vec<u8> {
        encode_tagged(&Value::Array(self.members()))
    }

    /// Another member in the place of one.
    fn with(&self, at: usize, value: Value) -> Vec<u8> {
        let mut members = self.members();
        members[at] = value;
        encode_tagged(&Value::Array(members))
    }
}

/// Sets a field; `Null` takes it away.
fn set(fields: &mut Vec<(i64, Value)>, label: i64, value: Value) {
    fields.retain(|(own, _)| *own != label);
    if value != Value::Null {
        fields.push((label, value));
    }
}

/// The file.
pub fn file() -> Json {
    let log = Log::honest();
    let entries = Json::List(log.entries.iter().map(|entry| text(hex(entry.bytes()))).collect());
    let mut rows = Vec::new();
    let mut push = |name: &str, expect: &str, reason: &str, entry: usize, bytes: &[u8]| {
        let row = case(name, "nospy", expect, "receipt#verification", reason);
        rows.push(row.with("entry", Json::Number(entry as u64)).with("hex", text(hex(bytes))));
    };
    let whole = log.entries.len();
    for (index, size) in [(0, 2), (1, 2), (2, 6), (ENTRY, 8), (ENTRY, whole), (whole - 1, whole)] {
        let name = format!("entry-{index}-of-{size}");
        push(&name, "accept", "an honest receipt", index, &Parts::of(&log, index, size).bytes());
    }
    let alg = Parts::of(&log, ENTRY, whole).header(1, Value::Int(-19));
    push("alg-ed25519", "accept", "alg -19 (Ed25519) is taken too", ENTRY, &alg.bytes());
    for (name, reason, bytes) in claims(&log)
        .into_iter()
        .chain(proofs(&log))
        .chain(shapes(&log))
        .chain(spellings(&Parts::of(&log, ENTRY, whole)))
    {
        push(name, "refuse", reason, ENTRY, &bytes);
    }
    let own = Parts::of(&log, ENTRY, whole);
    push("for-another-entry", "refuse", "the receipt is of another statement", 8, &own.bytes());
    push(
        "for-another-of-the-subject",
        "refuse",
        "both are on `registry`: the path leads elsewhere",
        1,
        &Parts::of(&log, 0, whole).bytes(),
    );
    map([
        ("what", text("COSE receipts (RFC 9942, vds 1) of the entries of one log: docs/spec/receipt.md.")),
        (
            "note",
            text(
                "accept: `hex` proves that `keys.log` signed a tree in which `entries[entry]` is the entry `entry`. All cases \
                 but those whose reason says otherwise are signed by the log over the root of the honest tree.",
            ),
        ),
        ("origin", text(ORIGIN)),
        ("keys", map([("log", LOG.to_json()), ("other_log", OTHER_LOG.to_json()), ("stranger", STRANGER.to_json())])),
        ("entries", entries),
        ("cases", Json::List(rows)),
    ])
}

/// Name, reason, bytes.
pub(in crate::vectors) type Row = (&'static str, &'static str, Vec<u8>);

fn claims(log: &Log) -> Vec<Row> {
    let own = || Parts::of(log, ENTRY, log.entries.len());
    let time = (START_MS + 4 * STEP_MS) / 1_000;
    vec![
        ("origin-other", "another log's name, signed by this log", own().claim(1, Value::text(OTHER_LOG.name)).bytes()),
        ("origin-case", "an origin is in small letters", own().claim(1, Value::text("example.org/NOSPY#")).bytes()),
        ("origin-missing", "no claim 1", own().claim(1, Value::Null).bytes()),
        ("subject-other", "another subject than the statement's", own().claim(2, Value::text("registry")).bytes()),
        ("subject-malformed", "no subject", own().claim(2, Value::text("offer")).bytes()),
        ("subject-missing", "no claim 2", own().claim(2, Value::Null).bytes()),
        ("iat-missing", "no claim 6", own().claim(6, Value::Null).bytes()),
        ("iat-negative", "a negative time", own().claim(6, Value::Int(-1)).bytes()),
        ("iat-milliseconds", "a time beyond the year 9999", own().claim(6, Value::uint(time * 1_000)).bytes()),
        ("iat-text", "a time as text", own().claim(6, Value::text("2026-01-01")).bytes()),
        ("size-other", "size under the signature is not the proof's", own().claim(-70001, Value::Int(11)).bytes()),
        ("size-missing", "no size under the signature", own().claim(-70001, Value::Null).bytes()),
        ("index-other", "index under the signature is not the proof's", own().claim(-70002, Value::Int(5)).bytes()),
        ("index-missing", "no index under the signature", own().claim(-70002, Value::Null).bytes()),
        ("index-negative", "a negative index", own().claim(-70002, Value::Int(-6)).proof(1, Value::Int(-6)).bytes()),
        ("claim-more", "another claim", own().claim(3, Value::text(ORIGIN)).bytes()),
        ("alg-missing", "no algorithm", own().header(1, Value::Null).bytes()),
        ("alg-es256", "another algorithm", own().header(1, Value::Int(-7)).bytes()),
        ("alg-text", "the algorithm as text", own().header(1, Value::text("EdDSA")).bytes()),
        ("kid-missing", "no key id", own().header(4, Value::Null).bytes()),
        ("kid-short", "a key id of 31 bytes", own().header(4, Value::bytes([7; 31])).bytes()),
        ("kid-other", "the key id of another log", own().header(4, Value::bytes(kid(OTHER_LOG.seed).0)).bytes()),
        ("type-missing", "no type", own().header(16, Value::Null).bytes()),
        (
            "type-statement",
            "the type of a statement",
            own().header(16, Value::text("application/scitt-statement+cose")).bytes(),
        ),
        ("vds-missing", "no verifiable data structure", own().header(395, Value::Null).bytes()),
        ("vds-2", "another verifiable data structure", own().header(395, Value::Int(2)).bytes()),
        ("header-more", "another header", own().header(3, Value::text("text/plain")).bytes()),
    ]
}

fn proofs(log: &Log) -> Vec<Row> {
    let whole = log.entries.len();
    let own = || Parts::of(log, ENTRY, whole);
    let zero = || Value::bytes([0; 32]);
    let other = Parts::of(log, 5, whole);
    let older = Parts::of(log, ENTRY, 8);
    let (size, index) = (|size: i64| Value::Int(size), |index: i64| Value::Int(index));
    vec![
        ("proof-size", "the proof's size is not the claim's", own().proof(0, size(11)).bytes()),
        ("proof-index", "the proof's index is not the claim's", own().proof(1, index(5)).bytes()),
        (
            "both-sizes",
            "a size in both places to which the path is too short",
            own().claim(-70001, size(20)).proof(0, size(20)).bytes(),
        ),
        ("both-indexes", "another index in both places", own().claim(-70002, index(5)).proof(1, index(5)).bytes()),
        (
            "index-is-size",
            "the index is the size",
            own().claim(-70002, index(whole as i64)).proof(1, index(whole as i64)).bytes(),
        ),
        ("index-beyond", "the index is beyond the size", own().claim(-70002, index(99)).proof(1, index(99)).bytes()),
        ("size-1", "a size that no checkpoint has", own().claim(-70001, size(1)).proof(0, size(1)).bytes()),
        ("size-0", "an empty tree", own().claim(-70001, size(0)).proof(0, size(0)).bytes()),
        ("path-short", "a hash is missing at the end", own().with_path(|path| drop(path.pop())).bytes()),
        ("path-late", "a hash is missing at the start", own().with_path(|path| drop(path.remove(0))).bytes()),
        ("path-long", "a hash too many", own().with_path(|path| path.push(zero())).bytes()),
        ("path-reversed", "root to leaf", own().with_path(|path| path.reverse()).bytes()),
        ("path-first-zero", "zeros in the place of the first hash", own().with_path(|path| path[0] = zero()).bytes()),
        ("path-31-bytes", "a hash of 31 bytes", own().with_path(|path| path[0] = Value::bytes([0; 31])).bytes()),
        ("path-text", "a hash as text", own().with_path(|path| path[0] = Value::text(hex(&[0; 32]))).bytes()),
        ("path-64", "64 hashes", own().with_path(|path| path.resize(64, zero())).bytes()),
        ("path-null", "no path", own().proof(2, Value::Null).bytes()),
        ("path-of-other", "the path of another entry", own().proof(2, other.proof[2].clone()).bytes()),
        ("root-older", "the root of an older tree is signed", Parts { root: older.root, ..own() }.bytes()),
        ("root-zero", "the log signed zeros", Parts { root: [0; 32], ..own() }.bytes()),
        ("root-leaf", "the log signed the entry's own hash", Parts { root: log.leaves()[ENTRY], ..own() }.bytes()),
        (
            "signer-stranger",
            "a stranger signed under the log's key id",
            Parts { signer: STRANGER.seed, ..own() }.bytes(),
        ),
        ("signer-other-log", "another log signed and names its own key", {
            let parts = Parts { signer: OTHER_LOG.seed, ..own() };
            parts.header(4, Value::bytes(kid(OTHER_LOG.seed).0)).bytes()
        }),
    ]
}

fn shapes(log: &Log) -> Vec<Row> {
    let own = Parts::of(log, ENTRY, log.entries.len());
    let good = own.bytes();
    let proof = Value::bytes(encode(&Value::Array(own.proof.clone())));
    let proofs = |proofs: Vec<Value>| Value::labels([(396, Value::labels([(-1, Value::Array(proofs))]))]);
    let mut flipped = own.sign();
    flipped[0] ^= 1;
    let four = |members: Vec<Value>| encode_tagged(&Value::Array(members));
    let mut five = own.members();
    five.push(Value::Null);
    let mut padded = good.clone();
    padded.push(0);
    let more_proof = [own.proof.clone(), vec![Value::Null]].concat();
    let both = Value::labels([-1, -2].map(|kind| (kind, Value::Array(vec![proof.clone()]))));
    vec![
        ("empty", "no bytes", Vec::new()),
        ("byte-behind", "a byte behind the end", padded),
        ("byte-less", "the last byte is missing", good[..good.len() - 1].to_vec()),
        ("no-tag", "no tag 18", good[1..].to_vec()),
        ("tag-98", "the tag of COSE_Sign", [&[0xD8, 0x62], &good[1..]].concat()),
        ("array-of-3", "no signature", four(own.members()[..3].to_vec())),
        ("array-of-5", "a fifth member", four(five)),
        ("payload-attached", "the root stands in the receipt", own.with(2, Value::bytes(own.root))),
        ("payload-empty", "an empty payload in the place of null", own.with(2, Value::bytes([]))),
        ("signature-bit", "one bit of the signature", own.with(3, Value::bytes(flipped))),
        ("signature-63", "63 bytes of signature", own.with(3, Value::bytes(&own.sign()[..63]))),
        ("signature-zero", "64 zero bytes", own.with(3, Value::bytes([0; 64]))),
        (
            "signature-s-plus-l",
            "S is not below the order of the group",
            own.with(3, Value::bytes(malleable(&own.sign()))),
        ),
        ("unprotected-empty", "no proof", own.with(1, Value::labels([]))),
        ("proofs-none", "an empty list of proofs", own.with(1, proofs(Vec::new()))),
        ("proofs-two", "two proofs", own.with(1, proofs(vec![proof.clone(), proof.clone()]))),
        (
            "proofs-not-wrapped",
            "the proof is no byte string",
            own.with(1, proofs(vec![Value::Array(own.proof.clone())])),
        ),
        (
            "proof-of-4",
            "a fourth member in the proof",
            own.with(1, proofs(vec![Value::bytes(encode(&Value::Array(more_proof)))])),
        ),
        (
            "proof-of-2",
            "no path in the proof",
            own.with(1, proofs(vec![Value::bytes(encode(&Value::Array(own.proof[..2].to_vec())))])),
        ),
        ("proof-consistency-too", "a consistency proof beside it", own.with(1, Value::labels([(396, both)]))),
        (
            "proof-consistency-only",
            "a consistency proof only",
            own.with(1, Value::labels([(396, Value::labels([(-2, Value::Array(vec![proof]))]))])),
        ),
        ("protected-empty", "an empty protected header", own.with(0, Value::bytes([]))),
        ("protected-map", "the protected header is no byte string", own.with(0, Value::labels(own.header.clone()))),
    ]
}
