//! Goal: `docs/spec/statements.cddl` and the reader accept the same bodies.
//!
//! Method: the CDDL validates what the code writes for an example of every kind; then each example is changed in
//! every place in every way of a short list, and both must come to the same verdict. What CDDL cannot say ("Also:"
//! in the file) is not among the changes, or is named below.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bodies;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cddl::validator::Validator;
use cddl::validator::cbor::CBORValidator;
use cddl::validator::cbor_value::decode_cbor;
use nospy::codec::{Key, Value, encode};
use nospy::crypto::SigningKey;
use nospy::statement::body::{Body, KINDS};
use nospy::statement::{Draft, Issuer, KindName};

const SPEC: &str = include_str!("../docs/spec/statements.cddl");

/// The specification with `root` as its first rule, which is the one that counts. The validator searches for a
/// `.regexp`, while RFC 8610 §3.8.3 matches the whole text; hence the anchors.
fn spec(root: &str) -> String {
    let mut text = format!("checked = {root}\n");
    for line in SPEC.lines() {
        match line.split_once(".regexp \"") {
            Some((head, tail)) => {
                let (pattern, tail) = tail.split_once('"').unwrap();
                text.push_str(&format!("{head}.regexp \"^(?:{pattern})$\"{tail}\n"));
            }
            None => text.extend([line, "\n"]),
        }
    }
    text
}

fn validate(spec: &cddl::ast::CDDL<'_>, bytes: &[u8]) -> Result<(), String> {
    let value = decode_cbor(bytes).unwrap();
    // cddl 0.10.7 panics where bytes stand in the place of a literal text; that is a refusal too.
    let verdict = catch_unwind(AssertUnwindSafe(|| CBORValidator::new(spec, value, None).validate()));
    match verdict {
        Ok(verdict) => verdict.map_err(|error| error.to_string()),
        Err(_) => Err("the validator panicked".into()),
    }
}

fn rule(kind: &KindName) -> String {
    kind.as_str().replace(['.', '_'], "-")
}

#[test]
fn what_we_write_is_as_the_cddl_says() {
    for (kind, value) in bodies::exact_examples() {
        let text = spec(&rule(&kind));
        let spec = cddl::cddl_from_str(&text, true).unwrap();
        validate(&spec, &encode(&value)).unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
}

#[test]
fn both_refuse_the_same_changes() {
    let (mut count, mut differences) = (0, Vec::new());
    let mut refused = BTreeSet::new();
    // The smallest examples are worth the time where they hold what the largest cannot.
    let largest = bodies::exact_examples().into_iter().skip(1).step_by(2);
    let smallest = bodies::exact_examples().into_iter().step_by(2).filter(|(kind, _)| kind.as_str() == "offer.make");
    for (kind, value) in largest.chain(smallest) {
        let text = spec(&rule(&kind));
        let spec = cddl::cddl_from_str(&text, true).unwrap();
        // The terms of these are those of an offer.
        let with_terms = ["agreement.file", "agreement.amend", "agreement.correct"].contains(&kind.as_str());
        let twice = |change: &str| with_terms && change.starts_with("terms ");
        for (change, changed) in changes(&value).into_iter().filter(|(change, _)| !twice(change)) {
            let by_reader = bodies::read(&kind, &changed).map(|_| ()).map_err(|error| error.to_string());
            let by_cddl = validate(&spec, &encode(&changed));
            count += 1;
            if by_reader.is_err() {
                refused.insert(kind.clone());
            }
            if by_reader.is_ok() != by_cddl.is_ok() && !beyond_cddl(by_reader.as_ref().err()) {
                differences.push(format!("{kind}: {change}: reader {by_reader:?}, CDDL {by_cddl:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(refused.len(), KINDS.len());
    assert!(count > 5_000, "only {count} changes were tried");
}

/// Whether the reader refuses for a reason that the CDDL gives in a comment.
fn beyond_cddl(error: Option<&String>) -> bool {
    const ALSO: [&str; 8] = [
        "wants an origin such as",
        "wants at least one of grant, revoke, threshold",
        "terms.term.effective: missing",
        "no clause has the id",
        "twice",
        "same id",
        "no more than there are keys",
        "from, until and due follow one another",
    ];
    error.is_some_and(|error| ALSO.iter().any(|also| error.contains(also)))
}

/// Every change of `value` in one place, with its path.
fn changes(value: &Value) -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> =
        replacements(value).into_iter().map(|new| (format!("is now {}", brief(&new)), new)).collect();
    match value {
        Value::Map(pairs) => {
            for (key, member) in pairs {
                let Key::Text(name) = key else { panic!("bodies have text keys") };
                let mut without = pairs.clone();
                without.remove(key);
                all.push((format!("{name} left out"), Value::Map(without.clone())));
                without.insert(Key::Text(format!("{name}x")), member.clone());
                all.push((format!("{name} misspelt"), Value::Map(without)));
                for (change, new) in changes(member) {
                    let mut with = pairs.clone();
                    with.insert(key.clone(), new);
                    all.push((format!("{name} {change}"), Value::Map(with)));
                }
            }
            for key in [Key::Text("colour".into()), Key::Int(1)] {
                let mut with = pairs.clone();
                with.insert(key, Value::text("red"));
                all.push(("one field more".into(), Value::Map(with)));
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                for (change, new) in changes(member) {
                    let mut with = members.clone();
                    with[index] = new;
                    all.push((format!("[{index}] {change}"), Value::Array(with)));
                }
            }
            all.push(("65 members".into(), Value::Array(vec![members[0].clone(); 65])));
        }
        _ => {}
    }
    all
}

/// Other values for the place of `value`: of each other type, and at the edges of its own.
fn replacements(value: &Value) -> Vec<Value> {
    let mut all = vec![
        Value::Null,
        Value::Bool(false),
        Value::Int(7),
        Value::Int(-1),
        Value::text("A B"),
        Value::text(""),
        Value::text("gb"),
        Value::text("none"),
        Value::bytes([7; 31]),
        Value::bytes([7; 33]),
        Value::Array(Vec::new()),
        Value::Map(Default::default()),
    ];
    match value {
        Value::Text(text) => {
            all.extend([format!("{text}?"), text.to_uppercase(), "ä".repeat(512), "ä".repeat(513)].map(Value::Text));
            all.extend(["P0D", "P00D", "P1D1M", "P", "9999-99-99", "2026-1-1", "Europe/", "de-", "*"].map(Value::text));
        }
        Value::Bytes(bytes) => all.extend([bytes[1..].to_vec(), [&bytes[..], &[0]].concat()].map(Value::Bytes)),
        Value::Int(_) => all.extend([0, 1, 86_400, 86_401, 253_402_300_799, 253_402_300_800, i64::MAX].map(Value::Int)),
        Value::Bool(value) => all.push(Value::Bool(!value)),
        _ => {}
    }
    all
}

fn brief(value: &Value) -> String {
    format!("{value:?}").chars().take(60).collect()
}

#[test]
fn the_envelope_is_as_the_cddl_says() {
    let key = SigningKey::from_seed(&[1; 32]);
    let text = spec("statement");
    let spec = cddl::cddl_from_str(&text, true).unwrap();
    for (kind, value) in bodies::exact_examples() {
        let subject = match kind.family() {
            "registry" => "registry",
            "party" => "party/huawei",
            "offer" => "offer/huawei/no-spy-2019",
            "report" => "report/registrar/no-spy-2019",
            _ => "agreement/huawei/no-spy-2019/gb-ncsc",
        };
        let draft = Draft {
            issuer: match kind.as_str() {
                "registry.seal" => Issuer::Log,
                kind if kind.starts_with("registry.") => Issuer::Party("registrar".parse().unwrap()),
                _ => Issuer::Party("huawei".parse().unwrap()),
            },
            subject: subject.parse().unwrap(),
            origin: "registry.example/nospy".parse().unwrap(),
            kind: kind.clone(),
            iat: 1_760_000_000,
            body: value,
        };
        let statement = draft.sign(&key).unwrap();
        validate(&spec, statement.bytes()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(Body::read(&kind, statement.body()).unwrap().kind(), kind.as_str());
        // One byte of the signature less.
        let mut short = statement.bytes().to_vec();
        short.pop();
        let head = short.len() - 65;
        assert_eq!(short[head..head + 2], [0x58, 64]);
        short[head + 1] = 63;
        assert!(validate(&spec, &short).is_err(), "{kind}: a short signature");
    }
}
