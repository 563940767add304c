//! F7, F9 and F10: who may sign, who may be named, and what becomes of a party. Everybody here is invented.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;
mod stage;

use nospy::agreement::{Assurance, Force};
use nospy::statement::StatementId;
use serde_json::json;

use crate::stage::{Answer, Case, Stage, act, description, grant, terms, with};

const VENDOR: &str = "nordhavn";
const ORGAN: &str = "de-organ";
const ABOUT: &str = "agreement/nordhavn/radio-2024/de-organ";

/// An agreement in force from 2024-02-01, with a notice period of six months.
fn agreed(case: &Case) -> (Stage, StatementId) {
    let mut stage = Stage::open("2024-02-01");
    stage.enrol_vendor(VENDOR, case, "se");
    stage.enrol(ORGAN, "Organ before the reform (invented)", "government", "de");
    let clauses = json!([{ "id": "NB1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants" }]);
    let term = json!({ "zone": "Europe/Berlin", "notice_period": "P6M" });
    let terms = terms("bilateral", "Radio terms (invented)", clauses, term, json!({}));
    stage.at("2024-02-01");
    let offer = json!({ "addressees": { "governments": [ORGAN] }, "terms": terms });
    let offer = stage.ok(VENDOR, "offer/nordhavn/radio-2024", "offer.make", &offer);
    let accept = with(act(&offer, "2024-02-01"), json!({ "method": "signature" }));
    let accept = stage.ok(ORGAN, ABOUT, "agreement.accept", &accept);
    (stage, accept)
}

#[test]
fn f7_an_attestation_of_a_designee_without_authority_is_refused() {
    let case = Case::read("F5");
    let (mut stage, _) = agreed(&case);
    // The vendor designates somebody, for canaries alone.
    stage.at("2024-03-01");
    let designated = json!({ "grant": [grant(VENDOR, "designee", &["canary"])] });
    stage.ok(VENDOR, "party/nordhavn", "party.keys", &designated);
    let attestation = json!({ "type": "audit_report", "digest": "ab".repeat(32), "summary": "Nothing was found" });
    stage.at("2024-03-02");
    let rule = stage.refused_of("designee", VENDOR, ABOUT, "evidence.add", &attestation);
    assert_eq!(rule, "signer_lacks_authority");
    let rule = stage.refused_of("stranger", VENDOR, ABOUT, "evidence.add", &attestation);
    assert_eq!(rule, "signer_lacks_authority", "a key that nobody designated has no authority either");

    // What was refused stands nowhere.
    stage.sealed_at("2024-04-01");
    let told = stage.ask(ABOUT, "2024-03-31").verification;
    assert_eq!(told.standing.unwrap().assurance, Assurance::None);
    assert!(told.history.iter().all(|line| line.kind != "evidence.add"), "{:?}", told.history);

    // The same words of a key that may say them are taken.
    stage.ok(VENDOR, ABOUT, "evidence.add", &attestation);
    stage.sealed_at("2024-04-03");
    assert_eq!(stage.ask(ABOUT, "2024-04-02").verification.standing.unwrap().assurance, Assurance::Current);
}

#[test]
fn f9_a_name_that_looks_like_another_partys_is_refused() {
    let (case, other) = (Case::read("F5"), Case::read("F6"));
    let mut stage = Stage::open("2024-02-01");
    stage.enrol_vendor(VENDOR, &case, "se");
    let lei = |value: &str| json!({ "identifiers": [{ "scheme": "lei", "value": value }] });
    let genuine = case.text("/head/vendor");
    let homoglyph = genuine.replacen('o', "\u{043E}", 1);
    assert_ne!(genuine, homoglyph);
    for name in [&homoglyph, &genuine.to_uppercase()] {
        // Its LEI is another one, and a valid one: the name alone is what deceives.
        let twin = with(description(name, "vendor", "se"), lei(other.text("/head/lei")));
        assert_eq!(stage.refused("registrar", "party/nordhavn-radio", "party.list", &twin), "name_confusable");
        let keys = json!({ "keys": [grant("nordhavn-radio", "twin", &["*"])], "threshold": 1 });
        let rule = stage.refused("registrar", "party/nordhavn-radio", "party.enrol", &with(twin, keys));
        assert_eq!(rule, "name_confusable");
    }
    // Nobody of that id is known: an answer about it is no proven no.
    stage.sealed_at("2024-02-03");
    let file = stage.fetch("between/nordhavn-radio/de");
    let asked = ["verify", &file, "--policy", "policy.txt", "--on", "2024-02-02"];
    stage.bench.run(&asked).exits(18).says("`nordhavn-radio` is nobody whom this registry knows");
}

#[test]
fn f9_an_lei_with_wrong_check_digits_is_refused() {
    let case = Case::read("F6");
    let mut stage = Stage::open("2024-02-01");
    let lei = case.text("/head/lei");
    let (base, digits) = lei.split_at(18);
    let body = |value: String| {
        let identifiers = json!({ "identifiers": [{ "scheme": "lei", "value": value }] });
        with(description(case.text("/head/vendor"), "vendor", "no"), identifiers)
    };
    let right: u32 = digits.parse().unwrap();
    for wrong in [(right + 1) % 100, (right + 10) % 100, 0] {
        let rule = stage.refused("registrar", "party/sentral", "party.list", &body(format!("{base}{wrong:02}")));
        assert_eq!(rule, "lei_invalid", "{wrong}");
    }
    // Two letters that changed places.
    let swapped = lei.replacen("SE", "ES", 1);
    assert_eq!(stage.refused("registrar", "party/sentral", "party.list", &body(swapped)), "lei_invalid");
    stage.ok("registrar", "party/sentral", "party.list", &body(lei.to_owned()));
}

#[test]
fn f10_an_agreement_keeps_its_identity_when_its_organ_is_renamed_and_succeeded() {
    let case = Case::read("F5");
    let (mut stage, accept) = agreed(&case);
    let renamed = "Organ under another name (invented)";
    stage.at("2025-03-01");
    stage.ok(ORGAN, "party/de-organ", "party.rename", &json!({ "name": { "name": renamed, "since": "2025-03-01" } }));

    // The reform: another organ takes its place. Both say so, on the subject of the predecessor.
    stage.at("2025-06-01");
    let successor = "de-organ-new";
    stage.enrol(successor, "Organ after the reform (invented)", "government", "de");
    let succession = json!({ "successor": successor, "date": "2025-06-01" });
    stage.ok(ORGAN, "party/de-organ", "party.succeed", &succession);
    let notice = |date: &str| {
        json!({ "ref": nospy::crypto::hex(&accept.0), "date": date, "measure": "End (invented)", "reasons": "invented",
            "effective": "2026-01-15" })
    };
    // Half of a succession changes nobody's place.
    assert_eq!(stage.refused(successor, ABOUT, "agreement.notice", &notice("2025-06-01")), "wrong_signer");
    stage.ok(successor, "party/de-organ", "party.succeed", &succession);

    // From then on only the successor speaks for the agreement, whose subject stays what it was.
    stage.at("2025-07-01");
    assert_eq!(stage.refused(ORGAN, ABOUT, "agreement.notice", &notice("2025-07-01")), "wrong_signer");
    stage.ok(successor, ABOUT, "agreement.notice", &notice("2025-07-01"));
    stage.sealed_at("2026-02-02");

    for (day, expected) in [
        ("2024-02-01", "IN_FORCE"),
        ("2025-03-02", "IN_FORCE"),
        ("2025-06-02", "IN_FORCE"),
        ("2025-08-01", "IN_FORCE + notice (ends 2026-01-15)"),
        ("2026-01-15", "TERMINATED(2026-01-15)"),
    ] {
        let told = stage.ask(ABOUT, day);
        assert!(told.answer.is(&expected.parse::<Answer>().unwrap()), "{day}: {}", told.answer);
        let organ = told.verification.parties.iter().find(|line| line.party.as_str() == ORGAN).unwrap();
        assert_eq!(organ.names, [renamed, "Organ before the reform (invented)"], "the name of today comes first");
    }
    // Who asks about the successor finds what its predecessor agreed upon.
    let list = stage.ask(&format!("between/nordhavn/{successor}"), "2025-08-01").verification.standing.unwrap().list;
    let found = list.iter().find(|(about, _)| about.to_string() == ABOUT).map(|(_, standing)| standing.force);
    assert_eq!(found, Some(Force::InForce));
}

#[test]
fn f10_a_name_that_waits_for_a_signature_is_not_borne_yet() {
    let mut stage = Stage::open("2024-02-01");
    let (party, about) = ("de-council", "party/de-council");
    let (old, new) = ("Council of two keys (invented)", "Council under another name (invented)");
    let keys = json!({ "keys": [grant(party, "one", &["*"]), grant(party, "two", &["*"])], "threshold": 2 });
    stage.ok("registrar", about, "party.enrol", &with(description(old, "government", "de"), keys));
    stage.at("2024-03-01");
    let renaming = json!({ "name": { "name": new, "since": "2024-03-01" } });
    let renaming = stage.ok_of("one", party, about, "party.rename", &renaming);
    let names = |stage: &mut Stage| {
        let file = stage.fetch(about);
        let verified = ["verify", &file, "--policy", "policy.txt", "--output", "json"];
        let verified = stage.bench.run(&verified).json();
        let lines = verified["parties"].as_array().unwrap().clone();
        lines.into_iter().find(|line| line["party"] == party).unwrap()["names"].clone()
    };
    assert_eq!(names(&mut stage), json!([old]));
    stage.at("2024-03-02");
    let endorsement = json!({ "ref": nospy::crypto::hex(&renaming.0) });
    stage.ok_of("two", party, about, "endorse", &endorsement);
    assert_eq!(names(&mut stage), json!([new, old]));
}
