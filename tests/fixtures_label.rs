//! F5: a label with an end, a renewal window, a standard that changes, and one firmware image. Date arithmetic.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;
mod stage;

use nospy::agreement::{Force, ProductQuery};
use nospy::evidence::{GateKnown, GateQuestion, gate};
use nospy::statement::StatementId;
use serde_json::{Value as Json, json};

use crate::stage::{Answer, Case, Stage, act, terms, with};

const VENDOR: &str = "nordhavn";
const ORGAN: &str = "de-bsi";
const ABOUT: &str = "agreement/nordhavn/homegate-label/de-bsi";

/// The label, released on its day. The vendor declares and the authority releases: filed by one side and accepted. The
/// rules of the label are its terms: the window of the renewal, that it lapses with its standard, and when it is revoked.
fn released(case: &Case) -> (Stage, StatementId) {
    let day = case.text("/head/released");
    let mut stage = Stage::open(day);
    stage.enrol_vendor(VENDOR, case, "se");
    stage.enrol(ORGAN, "Bundesamt für Sicherheit in der Informationstechnik", "government", "de");
    assert_eq!(case.text("/rules/0"), "renew 3 months to 6 weeks before end");
    assert_eq!(case.text("/rules/1"), "standard changed -> lapse after 6 weeks unless updated");
    assert_eq!(case.text("/rules/2"), "breach -> revoke, hearing unless urgent");
    let term = json!({
        "zone": case.text("/head/tz"), "ends": case.text("/head/ends"),
        "ends_inclusive": case.text("/head/end_is") == "inclusive",
        "renewal": { "opens": "P3M", "closes": "P6W" }, "grounds": ["breach", "urgency"],
    });
    let clauses = json!([
        { "id": "label", "type": "other", "obligor": "vendor", "modality": "warrants", "text": "as the standard asks" },
    ]);
    let more = json!({
        "basis": { "law": "the standard of the label", "lapse": true },
        "scope": [{ "product": "HomeGate OS", "purl": case.text("/scope/purl"), "sha256": [case.text("/scope/sha256")] }],
    });
    let terms = terms("unilateral_filed", "Label (invented)", clauses, term, more);
    stage.at(day);
    let offer = json!({ "addressees": { "governments": [ORGAN] }, "terms": terms });
    let offer = stage.ok(VENDOR, "offer/nordhavn/homegate-label", "offer.make", &offer);
    let accept = stage.ok(ORGAN, ABOUT, "agreement.accept", &with(act(&offer, day), json!({ "method": "decision" })));
    (stage, accept)
}

/// A renewal by two years, signed on a day.
fn renewal(reference: &StatementId, day: &str) -> Json {
    let Json::Object(mut body) = act(reference, day) else { unreachable!("an act is a map") };
    body.remove("effective");
    with(Json::Object(body), json!({ "ends": "2028-03-01", "ends_inclusive": false }))
}

#[test]
fn f5_is_renewed_within_its_window_only() {
    let case = Case::read("F5");
    for (day, is_taken) in [("2025-11-30", false), ("2025-12-01", true), ("2026-01-18", true), ("2026-01-19", false)] {
        // The head of the fixtures makes the boundary explicit: both ends belong to the window.
        match case.expected(&format!("renew@{day}")) {
            "refused" => assert!(!is_taken, "{day}"),
            "ok" | "boundary: rule must be explicit" => assert!(is_taken, "{day}"),
            other => panic!("{day}: {other}"),
        }
        let (mut stage, label) = released(&case);
        stage.at(day);
        match is_taken {
            false => {
                assert_eq!(stage.refused(VENDOR, ABOUT, "agreement.renew", &renewal(&label, day)), "not_in_window")
            }
            true => {
                stage.both([VENDOR, ORGAN], ABOUT, "agreement.renew", &renewal(&label, day));
            }
        }
        stage.sealed_at("2026-03-02");
        let force = stage.ask(ABOUT, "2026-03-01").verification.standing.unwrap().force;
        assert_eq!(force, if is_taken { Force::InForce } else { Force::Expired }, "renewed on {day}");
    }
}

#[test]
fn f5_half_of_a_renewal_renews_nothing() {
    let case = Case::read("F5");
    let (mut stage, label) = released(&case);
    stage.at("2026-01-18").ok(VENDOR, ABOUT, "agreement.renew", &renewal(&label, "2026-01-18"));
    // The authority's own one is dated a day later: that is outside the window.
    stage.at("2026-01-19");
    assert_eq!(stage.refused(ORGAN, ABOUT, "agreement.renew", &renewal(&label, "2026-01-19")), "not_in_window");
    stage.sealed_at("2026-03-02");
    assert_eq!(stage.ask(ABOUT, "2026-03-01").verification.standing.unwrap().force, Force::Expired);
}

#[test]
fn f5_expires_at_the_first_instant_of_its_last_day() {
    let case = Case::read("F5");
    let (mut stage, _) = released(&case);
    stage.sealed_at("2026-03-02");
    let [day] = &case.days()[..] else { panic!("one instant") };
    stage.expect(&case, day, ABOUT, day);
    let before = stage.ask(ABOUT, "2026-02-28T23:59:59+01:00").verification.standing.unwrap();
    assert_eq!(before.force, Force::InForce);
    // In another zone that second is still the last day of February: the zone of the terms decides.
    let abroad = stage.ask(ABOUT, "2026-02-28T23:00:00Z").verification.standing.unwrap();
    assert_eq!(abroad.force, Force::Expired);
}

#[test]
fn f5_lapses_six_weeks_after_its_standard_changed() {
    let case = Case::read("F5");
    let (key, changed) = ("standard changed 2025-05-02, no update", "2025-05-02");
    let (mut stage, label) = released(&case);
    stage.at(changed);
    let change = json!({ "change": "replaced", "replaced_by": "a later standard", "lapse_after": "P6W" });
    stage.ok(ORGAN, ABOUT, "basis.change", &with(act(&label, changed), change));
    stage.sealed_at("2025-07-01");
    stage.expect(&case, key, ABOUT, "2025-06-13");
    assert_eq!(stage.ask(ABOUT, "2025-06-12").verification.standing.unwrap().force, Force::InForce);
    let later: Answer = case.expected(key).parse().unwrap();
    assert!(stage.ask(ABOUT, "2025-06-30").answer.is(&later), "it stays lapsed, from the same day on");
}

#[test]
fn f5_new_terms_before_that_day_carry_it_on() {
    let case = Case::read("F5");
    let (mut stage, label) = released(&case);
    stage.at("2025-05-02");
    let change = json!({ "change": "replaced", "replaced_by": "a later standard", "lapse_after": "P6W" });
    stage.ok(ORGAN, ABOUT, "basis.change", &with(act(&label, "2025-05-02"), change));
    stage.at("2025-06-01");
    let clause = json!([{ "id": "label", "type": "other", "obligor": "vendor", "modality": "warrants" }]);
    let term = json!({ "zone": case.text("/head/tz"), "ends": case.text("/head/ends"), "ends_inclusive": false });
    let basis = json!({ "basis": { "law": "a later standard", "lapse": true } });
    let updated = terms("unilateral_filed", "Label, updated (invented)", clause, term, basis);
    let amend = with(act(&label, "2025-06-01"), json!({ "terms": updated }));
    stage.both([VENDOR, ORGAN], ABOUT, "agreement.amend", &amend);
    stage.sealed_at("2025-07-01");
    assert_eq!(stage.ask(ABOUT, "2025-06-30").verification.standing.unwrap().force, Force::InForce);
}

#[test]
fn f5_is_revoked_for_a_breach_after_a_hearing_or_at_once_where_it_cannot_wait() {
    let case = Case::read("F5");
    let revoked = |label: &StatementId, day: &str, ground: &str| {
        with(act(label, day), json!({ "ground": ground, "reasons": "invented" }))
    };
    let (mut stage, label) = released(&case);
    stage.at("2025-03-03");
    assert_eq!(
        stage.refused(ORGAN, ABOUT, "agreement.terminate", &revoked(&label, "2025-03-03", "notice")),
        "ground_not_allowed"
    );
    let finding = json!({ "date": "2025-03-03", "clauses": ["label"], "summary": "invented" });
    let finding = stage.ok(ORGAN, ABOUT, "finding.open", &finding);
    stage.at("2025-03-20");
    let heard = json!({ "ref": nospy::crypto::hex(&finding.0), "date": "2025-03-20", "summary": "invented" });
    stage.ok(VENDOR, ABOUT, "finding.reply", &heard);
    stage.at("2025-04-01").ok(ORGAN, ABOUT, "agreement.terminate", &revoked(&label, "2025-04-01", "breach"));
    stage.sealed_at("2025-04-03");
    for (day, expected) in [("2025-03-31", "IN_FORCE, ALLEGED"), ("2025-04-02", "TERMINATED(2025-04-01), ALLEGED")] {
        let told = stage.ask(ABOUT, day);
        assert!(told.answer.is(&expected.parse::<Answer>().unwrap()), "{day}: {}", told.answer);
    }

    let (mut stage, label) = released(&case);
    stage.at("2025-04-01").ok(ORGAN, ABOUT, "agreement.terminate", &revoked(&label, "2025-04-01", "urgency"));
    stage.sealed_at("2025-04-03");
    let told = stage.ask(ABOUT, "2025-04-02");
    assert!(told.answer.is(&"TERMINATED(2025-04-01)".parse::<Answer>().unwrap()), "{}", told.answer);
}

#[test]
fn f5_covers_one_image() {
    let case = Case::read("F5");
    let (mut stage, _) = released(&case);
    stage.sealed_at("2025-01-01");
    let file = stage.docket("between/nordhavn/de-bsi");
    let ask = |digest: &str, closing: &str| {
        let product = ProductQuery::read([case.text("/scope/purl"), digest], None).unwrap();
        let closing: jiff::Timestamp = closing.parse().unwrap();
        let question = GateQuestion {
            vendor: VENDOR.parse().unwrap(),
            government: ORGAN.parse().unwrap(),
            product,
            closing_ms: closing.as_millisecond().try_into().unwrap(),
            known_at: GateKnown::AtClosing,
            max_age_s: 0,
        };
        gate(&file, stage.trust(), &question)
    };
    let answer = |digest: &str| ask(digest, "2024-12-31T12:00:00Z").findings[0].reason.as_str().to_uppercase();
    assert_eq!(answer(&"00".repeat(32)), case.expected("other digest"));
    assert_eq!(answer(case.text("/scope/sha256")), "COVERED");
    // After the last seal nobody knows, whatever the image.
    let later = ask(case.text("/scope/sha256"), "2025-06-01T00:00:00Z");
    assert_eq!((later.answer.as_str(), later.findings[0].reason.as_str()), ("cannot_tell", "stale"));
}
