//! One smallest and one largest body of every kind, as plain trees, for several tests.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use nospy::codec::{Item, Key, Value, encode};
use nospy::crypto::SigningKey;
use nospy::statement::KindName;
use nospy::statement::body::{Body, BodyError, KINDS, from_plain};
use serde_json::{Value as Json, json};

/// `(kind, smallest, largest)` for every kind: the smallest holds what is required, the largest every field.
pub fn examples() -> Vec<(KindName, Value, Value)> {
    let example = |kind: &str| {
        let (small, large) = example(kind);
        (kind.parse().unwrap(), value_of(&small), value_of(&large))
    };
    KINDS.iter().map(|kind| example(kind.name)).collect()
}

/// The same as exact CBOR values.
pub fn exact_examples() -> Vec<(KindName, Value)> {
    let exact = |kind: &KindName, tree: &Value| {
        let value = from_plain(kind, tree).unwrap_or_else(|error| panic!("{kind}: {error}"));
        (kind.clone(), value)
    };
    examples().iter().flat_map(|(kind, small, large)| [exact(kind, small), exact(kind, large)]).collect()
}

/// Reads a value as the body of a statement of `kind`, through its bytes.
pub fn read(kind: &KindName, value: &Value) -> Result<Body, BodyError> {
    Body::read(kind, Item::read(&encode(value)).unwrap())
}

/// A plain tree out of JSON.
pub fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64().unwrap()),
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(members) => Value::Array(members.iter().map(value_of).collect()),
        Json::Object(fields) => {
            Value::Map(fields.iter().map(|(name, value)| (Key::Text(name.clone()), value_of(value))).collect())
        }
    }
}

fn id(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}

fn key(seed: u8) -> String {
    nospy::crypto::hex(SigningKey::from_seed(&[seed; 32]).public().as_bytes())
}

/// `base` with the fields of `more`.
fn with(base: &Json, more: Json) -> Json {
    let mut all = base.clone();
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn source() -> Json {
    json!({"publisher": "Example Gazette", "date": "2019-05-14", "url": "https://gazette.example/1", "archive": id(9)})
}

fn by() -> Json {
    json!({"name": "Federal Commission", "docket": "20-109", "source": source()})
}

fn description() -> (Json, Json) {
    let small = json!({"names": [{"name": "Example Netz GmbH"}], "role": "vendor", "country": "de"});
    let large = json!({
        "names": [
            {"name": "Example Netz GmbH", "since": "2014-09-17"},
            {"name": "Beispiel Netz GmbH", "since": "2001-01-01", "until": "2014-09-16"},
        ],
        "role": "government",
        "country": "eu",
        "identifiers": [
            {"scheme": "lei", "value": "ZZZZ00EXAMPLENETZ063"},
            {"scheme": "register", "value": "HRB 1", "register": "Amtsgericht Bonn"},
        ],
        "controllers": [{"name": "Example Holding SE", "kind": "parent", "country": "de"}, {"name": "X", "kind": "state"}],
        "source": source(),
    });
    (small, large)
}

fn grant(seed: u8) -> Json {
    json!({"key": key(seed), "proof": "ab".repeat(64), "authority": {"kinds": ["*"], "keys": true}})
}

fn large_grant(seed: u8) -> Json {
    let authority =
        json!({"kinds": ["agreement.accept", "endorse"], "keys": false, "from": 0, "until": 253_402_300_799_u64});
    json!({"key": key(seed), "proof": "cd".repeat(64), "authority": authority})
}

fn terms() -> (Json, Json) {
    let disclosure = json!({
        "binds_parent": "not_stated",
        "binds_affiliates": "not_stated",
        "remedy_on_breach": "Contract penalty",
        "who_verifies": "not_stated",
        "home_state_signs": "no",
        "governing_law": "Germany",
        "text_availability": "public",
    });
    let small = json!({
        "mode": "open_offer",
        "title": "No-spy commitment",
        "clauses": [{"id": "1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants"}],
        "disclosure": disclosure,
        "term": {"zone": "Europe/Berlin"},
    });
    let large = json!({
        "mode": "procurement_declaration",
        "title": "Eigenerklärung\nzur No-Spy-Klausel",
        "basis": {"law": "BMI decree 2014-04-30", "lapse": true},
        "texts": [
            {"language": "de", "status": "authentic", "prevails": true, "sha256": id(1), "size": 4711,
             "media_type": "application/pdf", "url": "https://texts.example/1"},
            {"language": "en-GB", "status": "translation", "prevails": false, "url": "https://texts.example/2",
             "withheld": {"commitment": id(2), "reason": "Operational details", "review": "2030-01-01"}},
        ],
        "clauses": [
            {"id": "NB-1.a", "type": "no_disclosure", "obligor": "both", "modality": "undertakes", "text": "…",
             "deadline": "P30D", "exceptions": "Tax law"},
            {"id": "NB_2", "type": "other", "obligor": "government", "modality": "permits", "deadline": "P1Y6M"},
        ],
        "scope": [{"product": "Gateway 900", "cpe": "cpe:2.3:h:x:gw:-:*:*:*:*:*:*:*", "purl": "pkg:generic/x@1",
                   "versions": "from 5.2.1", "sha256": [id(3), id(4)], "sbom": id(5)}],
        "territory": "Germany",
        "services": "Backbone",
        "disclosure": disclosure,
        "term": {"zone": "America/Argentina/Buenos_Aires", "effective": "2026-01-01", "ends": "2028-02-29",
                 "ends_inclusive": true, "renewal": {"opens": "P3M", "closes": "P6W"}, "notice_period": "P6M",
                 "reservations": ["NB_2"], "vendor_may_suspend": true, "breach_determined_by": "The court in Bonn",
                 "grounds": ["notice", "breach", "urgency", "mutual"]},
        "canary": {"every": "P90D", "grace": "P14D"},
    });
    (small, large)
}

fn example(kind: &str) -> (Json, Json) {
    match kind.split('.').next() {
        Some("registry") => registry(kind),
        Some("party") => party(kind),
        Some("offer") => offer(kind),
        Some("agreement") => agreement(kind),
        Some("finding") => finding(kind),
        Some("report") => report(),
        _ => other(kind),
    }
}

fn missing(kind: &str) -> ! {
    panic!("an example for {kind} is missing here")
}

fn registry(kind: &str) -> (Json, Json) {
    match kind {
        "registry.genesis" => {
            let small = json!({
                "title": "Example registry", "origin": "registry.example/nospy", "log_key": key(1),
                "registrars": {"keys": [key(2)], "threshold": 1}, "rules": 1, "seal_interval": 600,
            });
            let large = with(
                &small,
                json!({
                    "registrars": {"keys": [key(2), key(3), key(4)], "threshold": 2},
                    "limits": {"statements": 1024, "bytes": 4_194_304},
                    "predecessor": {"origin": "old.example:8443/log", "size": 12, "root": id(1)},
                }),
            );
            (small, large)
        }
        "registry.seal" => {
            let small = json!({"from": 0, "prev": null, "time": 0, "chain": id(1), "dockets": id(2)});
            (small.clone(), with(&small, json!({"from": i64::MAX, "prev": id(3), "time": 1_760_000_000_123_u64})))
        }
        "registry.policy" => (
            json!({"threshold": 1}),
            json!({
                "grant": [key(5), key(6)], "revoke": [id(1), id(2)], "threshold": 2, "rules": 1,
                "limits": {"statements": 4096, "bytes": 1_048_576},
            }),
        ),
        "registry.close" => {
            let small = json!({"origin": "next.example/nospy", "log_key": key(8)});
            (small.clone(), with(&small, json!({"reason": "A new log key"})))
        }
        _ => missing(kind),
    }
}

fn party(kind: &str) -> (Json, Json) {
    match kind {
        "party.list" => description(),
        "party.enrol" => {
            let (small, large) = description();
            (
                with(&small, json!({"keys": [grant(1)], "threshold": 1})),
                with(&large, json!({"keys": [grant(1), large_grant(2)], "threshold": 2})),
            )
        }
        "party.keys" => (
            json!({"threshold": 1}),
            json!({
                "grant": [large_grant(5)],
                "revoke": [{"kid": id(1), "reason": "compromised", "compromised_since": 1_760_000_000}, {"kid": id(2), "reason": "lost"}],
                "threshold": 2,
            }),
        ),
        "party.rename" => (
            json!({"name": {"name": "Nordhavn Radio AB"}}),
            json!({
                "name": {"name": "Nordhavn Networks AB", "since": "2027-01-01", "until": "2030-12-31"},
                "source": source(),
            }),
        ),
        "party.succeed" => {
            let small = json!({"successor": "nordhavn-networks", "date": "2027-01-01"});
            (small.clone(), with(&small, json!({"act": "Merger of 2026-12-31", "source": source()})))
        }
        "party.control_change" => (
            json!({"date": "2027-01-01", "controllers": [{"name": "Example Holding SE", "kind": "parent"}]}),
            json!({
                "date": "2027-01-01",
                "controllers": [{"name": "Sweden", "kind": "state", "country": "se"}, {"name": "X", "kind": "other"}],
                "source": source(),
            }),
        ),
        "party.retire" => {
            let small = json!({"date": "2027-01-01"});
            (small.clone(), with(&small, json!({"reason": "Dissolved"})))
        }
        _ => missing(kind),
    }
}

fn offer(kind: &str) -> (Json, Json) {
    match kind {
        "offer.make" => {
            let (small, large) = terms();
            (
                json!({"addressees": {"any": true}, "terms": small}),
                json!({
                    "addressees": {"governments": ["ca", "de-bsi", "gb-ncsc"]}, "terms": large, "open_until": "2026-12-31",
                }),
            )
        }
        "offer.withdraw" => (json!({"ref": id(7)}), json!({"ref": id(7), "reason": "Superseded"})),
        _ => missing(kind),
    }
}

/// The fields that most acts share.
fn act() -> Json {
    json!({"ref": id(7), "date": "2026-01-31"})
}

fn agreement(kind: &str) -> (Json, Json) {
    let act = act();
    match kind {
        "agreement.accept" => {
            let small = with(&act, json!({"method": "signature", "effective": "2026-02-01"}));
            let large =
                with(&small, json!({"reservations": ["NB_2"], "replaces": "agreement/huawei/no-spy-2019/gb-ncsc"}));
            (small, large)
        }
        "agreement.decline" => (act.clone(), with(&act, json!({"reason": "Sceptical"}))),
        "agreement.file" => {
            let (mut small, large) = terms();
            small["term"]["effective"] = json!("2007-08-15");
            let paper =
                json!({"signed_on": "2007-07-17", "method": "licence_condition", "form": "Letter of assurances"});
            let large_paper = with(&paper, json!({"filed_on": "2007-08-09", "digest": id(8)}));
            (
                json!({"date": "2026-01-01", "terms": small, "paper": paper}),
                json!({"date": "2026-01-01", "terms": large, "paper": large_paper}),
            )
        }
        "agreement.confirm" => (act.clone(), act),
        "agreement.dispute" => {
            let small = with(&act, json!({"reasons": "Another text was signed"}));
            (small.clone(), small)
        }
        "agreement.amend" => {
            let (small, large) = terms();
            (
                with(&act, json!({"effective": "2026-05-01", "terms": small})),
                with(&act, json!({"effective": "2026-05-01", "terms": large, "reasons": "Second version"})),
            )
        }
        "agreement.correct" => {
            let (small, large) = terms();
            (with(&act, json!({"terms": small})), with(&act, json!({"terms": large, "reasons": "A slip of the pen"})))
        }
        "agreement.renew" => {
            let small = with(&act, json!({"ends": "2028-03-01", "ends_inclusive": false}));
            (small.clone(), small)
        }
        "agreement.suspend" => {
            let small = with(&act, json!({"effective": "2026-06-01"}));
            (small.clone(), with(&small, json!({"clauses": ["1", "2"], "until": "2026-08-01", "reasons": "Order"})))
        }
        "agreement.resume" => {
            let small = with(&act, json!({"effective": "2026-08-01"}));
            (small.clone(), with(&small, json!({"clauses": ["1"]})))
        }
        "agreement.notice" => {
            let small = with(&act, json!({"measure": "End", "reasons": "Policy", "effective": "2027-04-01"}));
            (small.clone(), with(&small, json!({"by": by()})))
        }
        "agreement.notice_revoke" => (act.clone(), with(&act, json!({"reasons": "Settled"}))),
        "agreement.terminate" => {
            let small = with(&act, json!({"ground": "breach", "reasons": "Finding", "effective": "2022-01-01"}));
            (small.clone(), with(&small, json!({"by": {"name": "FCC"}})))
        }
        _ => missing(kind),
    }
}

fn finding(kind: &str) -> (Json, Json) {
    let act = act();
    match kind {
        "finding.open" => {
            let small = json!({"date": "2020-04-09", "clauses": ["1"], "summary": "Records location"});
            (small.clone(), with(&small, json!({"clauses": ["1", "2.b"], "evidence": [id(1), id(2)], "by": by()})))
        }
        "finding.reply" => {
            let small = with(&act, json!({"summary": "Denied"}));
            (small.clone(), with(&small, json!({"evidence": [id(1)], "by": by()})))
        }
        "finding.determine" => {
            let small = with(&act, json!({"summary": "Clause 1 was broken"}));
            (small.clone(), with(&small, json!({"by": by()})))
        }
        "finding.appeal" => {
            let small = with(&act, json!({"summary": "No. 21-1233"}));
            (small.clone(), with(&small, json!({"by": by()})))
        }
        "finding.close" => {
            let small = with(&act, json!({"outcome": "upheld", "summary": "Petition denied"}));
            (small.clone(), with(&small, json!({"by": by()})))
        }
        _ => missing(kind),
    }
}

fn report() -> (Json, Json) {
    let small = json!({
        "date": "2019-05-14", "vendor": "huawei", "source": {"publisher": "Example Gazette"},
        "form": "oral, interpreted", "confidence": "high", "summary": "Offers to sign with any government",
    });
    let large = with(
        &small,
        json!({
            "governments": ["de", "gb"], "source": source(), "quote": "We are willing", "draft": true,
            "clauses": ["no_backdoor", "contest_orders"], "sent": false,
        }),
    );
    (small, large)
}

/// The kinds whose name is not that of a family of subjects.
fn other(kind: &str) -> (Json, Json) {
    let small_evidence = json!({"type": "firmware", "digest": id(1)});
    let large_evidence = json!({
        "type": "audit_report", "digest": id(1), "valid_until": "2027-12-31", "scope": "Gateway 900",
        "clauses": ["NB1", "NB6"], "summary": "Nothing was found",
    });
    let reference = json!({"ref": id(7)});
    match kind {
        "basis.change" => {
            let small = with(&act(), json!({"change": "repealed", "effective": "2025-12-01"}));
            let more = json!({
                "change": "replaced", "replaced_by": "A later standard", "lapse_after": "P6W", "source": source(),
                "by": by(),
            });
            (small.clone(), with(&small, more))
        }
        "evidence.add" => (small_evidence, large_evidence),
        "evidence.supersede" => (with(&small_evidence, reference.clone()), with(&large_evidence, reference)),
        "evidence.revoke" => {
            let small = with(&reference, json!({"reason": "The image was built again"}));
            (small.clone(), small)
        }
        "assurance.opinion" => {
            let small = json!({"scale": "limited", "opinion": "qualified", "scope": "Gateway 900", "report": id(1)});
            (small.clone(), with(&small, json!({"valid_until": "2027-12-31", "clauses": ["NB1"]})))
        }
        "canary" => {
            let small = json!({"from": "2026-01-10", "until": "2026-04-10", "due": "2026-07-09"});
            (small.clone(), with(&small, json!({"statement": "No order was received"})))
        }
        "notice.circumstance" => {
            let small = json!({"type": "order_received", "date": "2026-03-01", "summary": "A production order"});
            (small.clone(), with(&small, json!({"clauses": ["NB4", "NB5"], "source": source()})))
        }
        "void" => {
            let small = with(&reference, json!({"reason": "Signed by a key that was stolen"}));
            (small.clone(), with(&small, json!({"ab_initio": true})))
        }
        "endorse" => (reference.clone(), reference),
        _ => missing(kind),
    }
}
