//! `docket-file.json`: files over the honest log and over lying ones; each that is refused fails at one named step.

use nospy::codec::{Key, Value, encode};
use nospy::crypto::hex;
use nospy::merkle::{Hash, docket_key};

use crate::vectors::cast::{ORIGIN, case};
use crate::vectors::docket_lies::lies;
use crate::vectors::docket_steps::edits;
use crate::vectors::json::{Json, map, text};
use crate::vectors::log::{Log, START_MS, STEP_MS, map_of, subject};
use crate::vectors::tlog_proof::{cosigned, policy, text_of};
use crate::vectors::tree;

/// What a file about each subject holds, in its order, as formats §9 says; told here, not computed.
pub const CLOSURES: [&[&str]; 5] = [
    &["agreement/acme/no-spy/de-bsi", "offer/acme/no-spy", "registry", "party/acme", "party/de-bsi"],
    &["agreement/acme/no-spy/nl-aivd", "offer/acme/no-spy", "registry", "party/acme", "party/nl-aivd"],
    &["between/acme/de", "agreement/acme/no-spy/de-bsi", "offer/acme/no-spy", "registry", "party/acme", "party/de-bsi"],
    &["roll/acme", "registry", "party/acme"],
    &["registry"],
];

/// A case: name, failing step, reason, base, bytes.
pub struct Refused {
    pub name: String,
    pub step: &'static str,
    pub reason: String,
    pub base: &'static str,
    pub bytes: Vec<u8>,
}

/// A step into a value.
#[derive(Clone, Copy)]
pub enum P {
    F(&'static str),
    I(usize),
}

/// The part of a value at a place that is known to be there.
pub fn part<'v>(value: &'v mut Value, place: &[P]) -> &'v mut Value {
    place.iter().fold(value, |value, step| {
        match (value, step) {
            (Value::Map(fields), P::F(name)) => {
                fields.iter_mut().find(|(key, _)| *key == &Key::Text((*name).to_owned())).map(|(_, value)| value)
            }
            (Value::Array(members), P::I(at)) => members.get_mut(*at),
            _ => None,
        }
        .expect("a base case has this part")
    })
}

/// The members of a list at a place.
pub fn list<'v>(value: &'v mut Value, place: &[P]) -> &'v mut Vec<Value> {
    let members = match part(value, place) {
        Value::Array(members) => Some(members),
        _ => None,
    };
    members.expect("a base case has this list")
}

fn hashes(hashes: impl IntoIterator<Item = Hash>) -> Value {
    Value::Array(hashes.into_iter().map(Value::bytes).collect())
}

fn entry(log: &Log, index: usize) -> Value {
    Value::record([
        ("index", Value::uint(index as u64)),
        ("statement", Value::bytes(log.entries[index].bytes())),
        ("path", hashes(tree::path(&log.leaves(), index))),
    ])
}

/// One docket of a file.
pub fn docket(log: &Log, about: &str) -> Value {
    let own = subject(about);
    let indexes = log.dockets.get(&own).cloned().unwrap_or_default();
    let (_, proof) = map_of(&log.values(), Some(&docket_key(about)), 0);
    let is_list = about.starts_with("roll/");
    let entries = indexes.iter().map(|index| match is_list {
        false => entry(log, *index),
        true => Value::record([
            ("index", Value::uint(*index as u64)),
            ("time", Value::uint(log.sealed[*index].1)),
            ("id", Value::bytes(log.entries[*index].id().0)),
        ]),
    });
    let mut fields = vec![
        ("subject", Value::text(about)),
        ("siblings", hashes(proof.siblings.iter().copied())),
        ("entries", Value::Array(entries.collect())),
    ];
    if let (true, Some((key, value))) = (indexes.is_empty(), proof.other) {
        fields.push(("other", Value::Array(vec![Value::bytes(key), Value::bytes(value)])));
    }
    Value::record(fields)
}

/// A file with these dockets.
pub fn file_of(log: &Log, subjects: &[&str]) -> Value {
    let mut seals = vec![log.entries.len() - 1];
    for about in subjects.iter().filter(|about| !about.starts_with("roll/")) {
        seals.extend(log.dockets.get(&subject(about)).into_iter().flatten().map(|index| log.sealed[*index].0));
    }
    seals.sort_unstable();
    seals.dedup();
    Value::record([
        ("v", Value::Int(1)),
        ("about", Value::text(subjects[0])),
        ("origin", Value::text(ORIGIN)),
        ("checkpoint", Value::text(cosigned(&text_of(log, log.entries.len())))),
        ("seals", Value::Array(seals.into_iter().map(|index| entry(log, index)).collect())),
        ("dockets", Value::Array(subjects.iter().map(|about| docket(log, about)).collect())),
    ])
}

/// The splice [offset, bytes removed, hex put there] that makes `bytes` out of `base`.
fn splice(base: &[u8], bytes: &[u8]) -> Json {
    let before = base.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    let (base_rest, rest) = (&base[before..], &bytes[before..]);
    let behind = base_rest.iter().rev().zip(rest.iter().rev()).take_while(|(a, b)| a == b).count();
    Json::List(vec![
        Json::Number(before as u64),
        Json::Number((base_rest.len() - behind) as u64),
        text(hex(&rest[..rest.len() - behind])),
    ])
}

/// The file.
pub fn file() -> Json {
    let log = Log::honest();
    let mut rows = Vec::new();
    for closure in CLOSURES {
        let row = case(closure[0], "nospy", "accept", "docket-file#verification", "an honest file");
        rows.push(row.with("hex", text(hex(&encode(&file_of(&log, closure))))));
    }
    for refused in edits(&log).into_iter().chain(lies()) {
        let base = CLOSURES.iter().find(|closure| closure[0] == refused.base).map(|closure| file_of(&log, closure));
        let base = encode(&base.unwrap_or(Value::Null));
        let row = case(&refused.name, "nospy", "refuse", "docket-file#verification", &refused.reason);
        let row = row.with("step", text(refused.step)).with("base", text(refused.base));
        rows.push(row.with("edits", Json::List(vec![splice(&base, &refused.bytes)])));
    }
    map([
        ("what", text("Docket files about one small log under one policy: docs/spec/docket-file.md.")),
        (
            "note",
            text(
                "refuse: `step` is the first step that fails, and nothing behind it is run. `edits` of the case `base`: [offset, \
                 number of bytes to remove there, hex to put there]. Freshness is asked in `freshness` only. Bodies hold under \
                 the rules, so that the accepted files can be verified to the end.",
            ),
        ),
        ("policy", text(policy())),
        ("freshness", Json::List(freshness())),
        ("cases", Json::List(rows)),
    ])
}

/// What is said of the age of the first case, whose last seal is of `START_MS` + 4 `STEP_MS`.
fn freshness() -> Vec<Json> {
    let seal = (START_MS + 4 * STEP_MS) / 1_000;
    let rows = [
        ("same-second", "accept", seal, 0, "no age at all"),
        ("exact", "accept", seal + 600, 600, "the greatest age that is accepted"),
        ("second-more", "refuse", seal + 601, 600, "one second more"),
        ("day", "refuse", seal + 86_400, 600, "a day old"),
        ("ahead-60", "accept", seal - 60, 600, "60 s ahead of the clock"),
        ("ahead-61", "refuse", seal - 61, 600, "61 s ahead of the clock"),
        ("ahead-year", "refuse", seal - 31_536_000, 600, "a year ahead of the clock"),
    ];
    let row = |(name, expect, now, age, reason): (&str, &str, u64, u64, &str)| {
        let row = case(name, "nospy", expect, "docket-file#verification", reason);
        row.with("step", text("freshness")).with("now", Json::Number(now)).with("max_age", Json::Number(age))
    };
    rows.into_iter().map(row).collect()
}
