//! The tender gate, asked by the program: a served registry whose clock the test sets, the label of fixture F5 in it, and
//! result files that verify again or do not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod served;

use std::sync::Arc;

use nospy::crypto::{SigningKey, hex};
use nospy::registry::{self, Clock as _, ManualClock, Opening, Options, Registry};
use nospy::server::{Limits, serve};
use nospy::statement::StatementId;
use nospy::storage::MemoryStorage;
use program::{Bench, Ran};
use serde_json::{Value as Json, json};
use served::{ORIGIN, enrolment_body, genesis_body, log_key, registrar, sign_at};
use tokio::runtime::Runtime;

const PURL: &str = "pkg:generic/nordhavn/homegate-os@5.2.1";
/// The firmware image of fixture F5.
const IMAGE: &str = "e17b8522a80f5430f5da91c40be4f72a45cc0fda77e19a4e6056b4db29d5d153";
const OTHER_IMAGE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// The instant at which the label of F5 has ended: the first of the day in Berlin.
const ENDED: &str = "2026-03-01T00:00:00+01:00";
const LAST_SECOND: &str = "2026-02-28T23:59:59+01:00";

/// A registry on days of the test's choice.
struct Desk {
    bench: Bench,
    runtime: Runtime,
    registry: Registry,
    clock: Arc<ManualClock>,
    url: String,
}

impl Desk {
    fn open(day: &str) -> Self {
        let bench = Bench::new();
        let clock = Arc::new(ManualClock::new(ms(day)));
        let opening = Opening {
            storage: Arc::new(MemoryStorage::new()),
            guard: bench.path("guard"),
            log_key: log_key(),
            origin: ORIGIN.parse().unwrap(),
            clock: Arc::clone(&clock) as _,
            on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
            options: Options::default(),
        };
        let genesis =
            sign_at(ms(day) / 1_000, &registrar(), "registrar", "registry", "registry.genesis", &genesis_body());
        let runtime = Runtime::new().unwrap();
        let (registry, url) = runtime.block_on(async {
            registry::create(&opening, &genesis).unwrap();
            let registry = Registry::open(opening).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(serve(registry.clone(), listener, Limits::default(), None, std::future::pending()));
            (registry, url)
        });
        bench.write("policy.txt", format!("log {}\nquorum none\n", registry.log_key()));
        Self { bench, runtime, registry, clock, url }
    }

    /// Publishes at an instant; returns the id.
    fn publish(&self, at: &str, key: &SigningKey, issuer: &str, subject: &str, kind: &str, body: &Json) -> StatementId {
        // A second for each statement, so that seals have times of their own.
        self.clock.set(ms(at).max(self.clock.now_ms() + 1_000));
        let statement = sign_at(self.clock.now_ms() / 1_000, key, issuer, subject, kind, body);
        self.runtime.block_on(self.registry.publish(statement.bytes())).unwrap();
        *statement.id()
    }

    fn enrol(&self, at: &str, party: &str, role: &str) {
        let body = enrolment_body(party, role, if role == "vendor" { "se" } else { &party[..2] }, &key_of(party));
        self.publish(at, &registrar(), "registrar", &format!("party/{party}"), "party.enrol", &body);
    }

    /// Something that has nothing to do with the tender, so that the log has a seal at that time.
    fn seal(&self, at: &str) {
        let party = format!("other-{}", self.clock.now_ms());
        let body = json!({ "names": [{ "name": party }], "role": "vendor", "country": "se" });
        self.publish(at, &registrar(), "registrar", &format!("party/{party}"), "party.list", &body);
    }

    fn offer(&self, at: &str, reference: &str, terms: &Json) -> StatementId {
        let body = json!({ "addressees": { "any": true }, "terms": terms });
        self.publish(at, &key_of("nordhavn"), "nordhavn", &format!("offer/nordhavn/{reference}"), "offer.make", &body)
    }

    fn accept(&self, at: &str, reference: &str, government: &str, offer: &StatementId, date: &str) {
        let body = json!({ "ref": hex(&offer.0), "date": date, "method": "decision", "effective": date });
        let subject = format!("agreement/nordhavn/{reference}/{government}");
        self.publish(at, &key_of(government), government, &subject, "agreement.accept", &body);
    }

    /// Runs the program against the registry.
    fn run(&self, arguments: &[&str]) -> Ran {
        self.bench.run_with(&[("NOSPY_SERVER", &self.url), ("NOSPY_POLICY", "policy.txt")], arguments)
    }

    fn gate(&self, result: &str, vendor: &str, government: &str, closing: &str, more: &[&str]) -> Ran {
        let question = ["gate", "--vendor", vendor, "--government", government, "--closing", closing, "-o", result];
        self.run(&[&question, more].concat())
    }

    /// The gate for the firmware of F5 and de-bsi.
    fn f5(&self, result: &str, closing: &str, more: &[&str]) -> Ran {
        self.gate(result, "nordhavn", "de-bsi", closing, &[&["--product", PURL, "--product", IMAGE], more].concat())
    }

    /// Checks a result file without a registry.
    fn check(&self, result: &str) -> Ran {
        self.bench.run(&["gate", "--check", result, "--policy", "policy.txt"])
    }

    fn change(&self, result: &str, changed: &str, change: impl FnOnce(&mut Json)) {
        let mut json = serde_json::from_slice(&self.bench.read(result)).unwrap();
        change(&mut json);
        self.bench.write(changed, json.to_string());
    }
}

fn ms(instant: &str) -> u64 {
    instant.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap()
}

fn key_of(party: &str) -> SigningKey {
    SigningKey::from_seed(&nospy::crypto::sha256(&[party.as_bytes()]).0)
}

fn terms(scope: Option<Json>, ends: Option<&str>) -> Json {
    let mut terms = json!({
        "mode": "unilateral_filed", "title": "Label of a product",
        "clauses": [{ "id": "NB1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants" }],
        "disclosure": {
            "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
            "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
            "text_availability": "public",
        },
        "term": { "zone": "Europe/Berlin" },
    });
    if let Some(scope) = scope {
        terms["scope"] = scope;
    }
    if let Some(ends) = ends {
        terms["term"]["ends"] = json!(ends);
        terms["term"]["ends_inclusive"] = json!(false);
    }
    terms
}

/// The label of F5: released on 2024-03-01, no longer in force from 2026-03-01 in Berlin.
fn labelled() -> Desk {
    let desk = Desk::open("2024-03-01T07:00:00Z");
    desk.enrol("2024-03-01T07:30:00Z", "nordhavn", "vendor");
    for government in ["de-bsi", "fr-anssi", "nl-aivd"] {
        desk.enrol("2024-03-01T07:30:00Z", government, "government");
    }
    let scope = json!([{ "product": "HomeGate OS", "purl": PURL, "sha256": [IMAGE] }]);
    let offer = desk.offer("2024-03-01T08:00:00Z", "homegate", &terms(Some(scope), Some("2026-03-01")));
    desk.accept("2024-03-01T09:00:00Z", "homegate", "de-bsi", &offer, "2024-03-01");
    desk
}

#[test]
fn in_force_one_second_before_the_end_and_expired_at_it() {
    let desk = labelled();
    desk.seal("2026-03-02T08:00:00Z");
    desk.f5("before.json", LAST_SECOND, &[]).exits(0).says("Answer: yes (exit 0)").says("it lists this image");
    desk.f5("at.json", ENDED, &[]).exits(17).says("no (not_in_force)").says("Expired").says("its term ended");
    desk.f5("after.json", "2026-03-01T00:00:01+01:00", &[]).exits(17).says("Expired");
    // The same instant by the name of the zone, and by the country.
    desk.f5("local.json", "2026-02-28T23:59:59[Europe/Berlin]", &[]).exits(0);
    let product = ["--product", PURL, "--product", IMAGE];
    desk.gate("country.json", "nordhavn", "de", LAST_SECOND, &product).exits(0);
    desk.gate("country-after.json", "nordhavn", "de", ENDED, &product).exits(17);

    let json = desk.f5("json.json", LAST_SECOND, &["--output", "json"]).exits(0).json();
    assert_eq!((&json["answer"], &json["findings"][0]["reason"]), (&json!("yes"), &json!("covered")));
    assert_eq!(json["findings"][0]["scope"]["items"][0]["reason"], "digest_listed");
    // A result is never written over.
    desk.f5("json.json", LAST_SECOND, &[]).exits(2);
}

#[test]
fn another_firmware_is_not_in_scope_and_a_label_alone_does_not_tell() {
    let desk = labelled();
    desk.seal("2025-01-02T08:00:00Z");
    let gate =
        |result: &str, product: &[&str]| desk.gate(result, "nordhavn", "de-bsi", "2025-01-01T12:00:00Z", product);
    gate("other.json", &["--product", PURL, "--product", OTHER_IMAGE]).exits(17).says("no (not_in_scope)");
    gate("label.json", &["--product", PURL]).exits(18).says("cannot tell (scope_open)").says("beats a label");
    gate("version.json", &["--product", "HomeGate OS", "--version", "5.3"]).exits(17).says("outside of its versions");
    gate("none.json", &[]).exits(2).says("--product");
    gate("twice.json", &["--product", "a", "--product", "b"]).exits(2).says("twice");
}

#[test]
fn no_agreement_and_names_that_nobody_knows() {
    let desk = labelled();
    desk.seal("2025-01-02T08:00:00Z");
    let closing = "2025-01-01T12:00:00Z";
    let product = ["--product", IMAGE];
    let gate = |result: &str, vendor: &str, government: &str| desk.gate(result, vendor, government, closing, &product);
    gate("fr.json", "nordhavn", "fr-anssi").exits(17).says("no (no_agreement)");
    gate("jp.json", "nordhavn", "jp").exits(17).says("no (no_agreement)");
    gate("vendor.json", "nordhaven", "de-bsi").exits(18).says("cannot tell (unknown_name)").says("nordhaven");
    let late = ["--product", IMAGE, "--max-age", "365d"];
    desk.gate("late.json", "nordhaven", "de-bsi", "2025-02-01T00:00:00Z", &late).exits(18).says("unknown_name");
    desk.gate("late-fr.json", "nordhavn", "fr-anssi", "2025-02-01T00:00:00Z", &late).exits(17);
    gate("organ.json", "nordhavn", "de-bis").exits(18).says("de-bis");
    gate("bad.json", "not a name", "de-bsi").exits(2);
    // Each of these answers verifies again too.
    desk.check("fr.json").exits(17);
    desk.check("vendor.json").exits(18);
    // A file about something else answers nothing.
    desk.run(&["docket", "between/nordhavn/fr-anssi", "-o", "fr.docket"]).exits(17);
    desk.gate("wrong.json", "nordhavn", "de-bsi", closing, &["--product", IMAGE, "--file", "fr.docket"])
        .exits(18)
        .says("other_subject");
}

#[test]
fn a_file_that_ends_before_the_closing_time_is_stale() {
    let desk = labelled();
    desk.seal("2025-06-01T10:00:00Z");
    desk.f5("stale.json", "2025-06-01T10:30:00Z", &[])
        .exits(14)
        .says("cannot tell (stale)")
        .says("ends 1800 s before the closing time");
    desk.f5("short.json", "2025-06-01T10:30:00Z", &["--max-age", "29m"]).exits(14);
    desk.f5("accepted.json", "2025-06-01T10:30:00Z", &["--max-age", "30m"]).exits(0);
    desk.check("accepted.json").exits(0);
    desk.check("stale.json").exits(14);
    // Accepting an age makes no yes of an agreement that ends in between.
    desk.seal("2026-02-28T22:59:00Z");
    desk.f5("ends.json", ENDED, &["--max-age", "1h"]).exits(17).says("Expired");
}

#[test]
fn what_was_registered_after_the_closing_time_does_not_count() {
    let desk = labelled();
    let offer = desk.offer("2025-01-01T08:00:00Z", "everything", &terms(None, None));
    desk.accept("2025-03-01T08:00:00Z", "everything", "fr-anssi", &offer, "2025-01-10");
    let product = ["--product", "Anything"];
    let gate = |result: &str, more: &[&str]| {
        desk.gate(result, "nordhavn", "fr-anssi", "2025-02-01T12:00:00Z", &[&product, more].concat())
    };
    gate("then.json", &[]).exits(17).says("no (no_agreement)").says("as known at  2025-02-01T12:00:00Z");
    gate("latest.json", &["--known-at", "latest"]).exits(0).says("name no scope");
    gate("time.json", &["--known-at", "2025-03-01T08:00:05Z"]).exits(14).says("before the time that you ask for");
    gate("early.json", &["--known-at", "2024-01-01T00:00:00Z"]).exits(18).says("sealed nothing yet");
    // The batch of de-bsi's enrolment is not in a file about fr-anssi; that of its own is, and ends long before.
    gate("seal.json", &["--known-at", "5"]).exits(18).says("known_at_not_in_file");
    gate("enrolled.json", &["--known-at", "7"]).exits(14).says("before the closing time");
    // The last seal of the file, by its index.
    let json = gate("json.json", &["--known-at", "latest", "--output", "json"]).json();
    let last = json["verification"]["as_known_at"]["index"].as_u64().unwrap();
    gate("last.json", &["--known-at", &last.to_string()]).exits(0);
    for result in ["then.json", "latest.json", "early.json", "last.json"] {
        let expected = desk.bench.read(result);
        let expected: Json = serde_json::from_slice(&expected).unwrap();
        desk.check(result).exits(i32::try_from(expected["answer"]["exit"].as_i64().unwrap()).unwrap());
    }

    // The same for a standing, online and offline.
    let agreement = "agreement/nordhavn/everything/fr-anssi";
    let on = ["--on", "2025-02-01T12:00:00Z"];
    desk.run(&[&["standing", agreement], &on[..]].concat()).exits(0);
    desk.run(&[&["standing", agreement, "--known-at", "2025-02-01T12:00:00Z"], &on[..]].concat()).exits(17);
    desk.run(&["docket", agreement, "-o", "fr.docket"]).exits(0);
    let verify = |more: &[&str]| desk.run(&[&["verify", "fr.docket"], more].concat());
    verify(&["--known-at", "latest"]).exits(0);
    verify(&["--known-at", "2025-02-01T12:00:00Z"]).exits(17).says("the last seal before that in the file");
    verify(&["--known-at", "2030-01-01T00:00:00Z"]).exits(18).says("Not yet known");
    verify(&["--known-at", "2030-01-01T00:00:00Z", "--on", "2025-02-01"]).exits(18).says("Not yet known");
    verify(&["--known-at", "1"])
        .exits(17)
        .says("agreement.accept by fr-anssi")
        .says("registered later, does not count");
    verify(&["--known-at", "never"]).exits(2);
}

#[test]
fn a_result_verifies_again_and_a_changed_one_is_refused() {
    let desk = labelled();
    desk.seal("2026-03-02T08:00:00Z");
    desk.f5("yes.json", LAST_SECOND, &[]).exits(0);
    desk.f5("no.json", ENDED, &[]).exits(17);
    desk.check("yes.json").exits(0).says("follows again").says("Answer: yes");
    desk.check("no.json").exits(17).says("Answer: no");

    // The answer of one in the other.
    let yes: Json = serde_json::from_slice(&desk.bench.read("yes.json")).unwrap();
    desk.change("no.json", "answer.json", |json| json["answer"] = yes["answer"].clone());
    desk.check("answer.json").exits(16).says("the result says `yes` (exit 0: covered)").says("`no` (exit 17");
    // Each part of the question matters.
    desk.change("yes.json", "closing.json", |json| json["question"]["closing"] = json!(ENDED));
    desk.check("closing.json").exits(16);
    desk.change("yes.json", "product.json", |json| json["question"]["product"] = json!([OTHER_IMAGE]));
    desk.check("product.json").exits(16);
    desk.change("yes.json", "vendor.json", |json| json["question"]["vendor"] = json!("other"));
    desk.check("vendor.json").exits(16);
    desk.change("yes.json", "reason.json", |json| json["answer"]["findings"][0]["items"][0][1] = json!("label_fits"));
    desk.check("reason.json").exits(16);
    // The docket file: another digest, or a byte that is changed together with it.
    desk.change("yes.json", "digest.json", |json| json["docket"]["sha256"] = json!(OTHER_IMAGE));
    desk.check("digest.json").exits(16).says("SHA-256");
    desk.change("yes.json", "cut.json", |json| json["docket"]["base64"] = json!("AAAA"));
    desk.check("cut.json").exits(16);
    desk.change("yes.json", "byte.json", |json| {
        use base64ct::Encoding as _;
        let mut docket = base64ct::Base64::decode_vec(json["docket"]["base64"].as_str().unwrap()).unwrap();
        let last = docket.len() - 40;
        docket[last] ^= 1;
        json["docket"]["sha256"] = json!(nospy::crypto::sha256(&[&docket]).to_string());
        json["docket"]["base64"] = json!(base64ct::Base64::encode_string(&docket));
    });
    let code = desk.check("byte.json").code;
    assert!([10, 11, 16].contains(&code), "exit {code}");
    // Whom the checker trusts is not the result's to say.
    let key = desk.bench.key("stranger.pem");
    let stranger = nospy::crypto::KeyLine::new(ORIGIN, nospy::crypto::NoteAlgorithm::Ed25519, key).unwrap();
    desk.bench.run(&["gate", "--check", "yes.json", "--policy", &stranger.to_string()]).exits(10);
    desk.change("yes.json", "log.json", |json| json["trust"]["log"] = json!(stranger.to_string()));
    desk.check("log.json").exits(16).says("another log key");
    // Not a result at all.
    desk.change("yes.json", "more.json", |json| json["remark"] = json!("approved"));
    desk.check("more.json").exits(16);
    desk.bench.write("empty.json", "{}");
    desk.check("empty.json").exits(16);
}

#[test]
fn keys_that_were_pinned_stay_pinned() {
    let desk = labelled();
    desk.seal("2026-03-02T08:00:00Z");
    let kid = key_of("de-bsi").public().kid().to_string();
    desk.f5("pinned.json", LAST_SECOND, &["--party-key", &format!("de-bsi={kid}")]).exits(0);
    desk.check("pinned.json").exits(0);
    let other = format!("de-bsi={OTHER_IMAGE}");
    desk.f5("other.json", LAST_SECOND, &["--party-key", &other]).exits(15).says("check_failed");
    desk.check("other.json").exits(15);
    desk.bench.run(&["gate", "--check", "pinned.json", "--policy", "policy.txt", "--party-key", &other]).exits(15);
}

#[test]
fn verify_says_whether_a_product_is_in_scope() {
    let desk = labelled();
    desk.run(&["docket", "agreement/nordhavn/homegate/de-bsi", "-o", "homegate.docket"]).exits(0);
    desk.run(&["docket", "between/nordhavn/de", "-o", "between.docket"]).exits(0);
    desk.run(&["docket", "party/nordhavn", "-o", "party.docket"]).exits(0);
    for file in ["homegate.docket", "between.docket"] {
        let verify = |more: &[&str]| desk.run(&[&["verify", file], more].concat());
        verify(&["--product", PURL, "--product", IMAGE]).exits(0).says("scope        in scope: item 1: it lists this");
        verify(&["--product", PURL, "--product", OTHER_IMAGE]).exits(17).says("not in scope");
        verify(&["--product", PURL]).exits(18).says("cannot tell");
        verify(&["--product", "Another OS", "--version", "1"]).exits(17);
        verify(&["--version", "1"]).exits(2);
        verify(&["--product", PURL, "--version", "6"]).exits(2).says("both");
        // Where the standing does not hold, the scope changes nothing.
        verify(&["--product", IMAGE, "--on", "2020-01-01"]).exits(17);
        let json = verify(&["--product", OTHER_IMAGE, "--output", "json"]).exits(17).json();
        assert_eq!(json["scope"]["answers"][0]["answer"], "not_in_scope");
    }
    desk.run(&["verify", "party.docket", "--product", PURL]).exits(18);
    desk.run(&["standing", "between/nordhavn/de", "--product", OTHER_IMAGE]).exits(17).says("not in scope");
}

#[test]
fn a_closing_time_needs_its_zone() {
    let desk = labelled();
    // Without a zone; a local time that does not exist; one that comes twice; an offset that is not the zone's.
    let bad = [
        "2026-03-01T12:00:00",
        "2026-03-29T02:30:00[Europe/Berlin]",
        "2026-10-25T02:30:00[Europe/Berlin]",
        "2026-03-01T12:00:00+02:00[Europe/Berlin]",
        "2026-03-01",
        "1772319600",
    ];
    for closing in bad {
        desk.f5("none.json", closing, &[]).exits(2).says("not an instant");
    }
}
