//! F2 and F3: declarations that one side signs and a German authority takes, each entered in the years of its own.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;
mod stage;

use nospy::agreement::{Assent, Basis, Contention, Force};
use serde_json::json;

use crate::stage::{Case, Stage, act, authentic, terms, with};

/// The bidder's declaration under the decree of 2014: it is offered to the office that it bids to, and accepted with the
/// contract. The decision of June 2014 was about the type of instrument and not about this bidder: there is nothing of it
/// to register here, and the agreement shows the law that it rests on.
#[test]
fn f2_a_declaration_in_a_tender_holds_to_the_end_of_its_contract() {
    let case = Case::read("F2");
    let (signed, end) = (case.text("/act/signed"), case.text("/act/contract_end"));
    let mut stage = Stage::open(signed);
    stage.enrol_vendor("example-netz", &case, "de");
    stage.enrol("de-bescha", "Beschaffungsamt", "government", "de");
    let term = json!({ "zone": case.text("/act/tz"), "ends": end, "ends_inclusive": true });
    let more = json!({
        "basis": { "law": case.text("/head/basis"), "lapse": false }, "texts": authentic("Declaration in ILL-2014-017\n"),
    });
    let terms = terms(case.text("/head/mode"), case.text("/act/tender"), case.clauses(), term, more);
    let about = "agreement/example-netz/ill-2014-017/de-bescha";

    stage.at(signed);
    let offer = json!({ "addressees": { "governments": ["de-bescha"] }, "terms": terms });
    let offer = stage.ok("example-netz", "offer/example-netz/ill-2014-017", "offer.make", &offer);
    stage.ok("de-bescha", about, "agreement.accept", &with(act(&offer, signed), json!({ "method": "contract" })));
    stage.sealed_at("2016-06-02");

    assert_eq!(case.days().len(), 3);
    for day in case.days() {
        let told = stage.expect(&case, day, about, day);
        assert_eq!(told.verification.standing.unwrap().contention, Contention::None, "{day}");
    }
    // To the end of its last day, and no instant longer.
    assert_eq!(stage.ask(about, end).verification.standing.unwrap().force, Force::InForce);
    let last = stage.ask(about, "2016-05-31T23:59:59+02:00").verification.standing.unwrap();
    assert_eq!(last.force, Force::InForce);
    let over = stage.ask(about, "2016-06-01T00:00:00+02:00").verification.standing.unwrap();
    assert_eq!(over.force, Force::Expired);
}

/// The manufacturer's guarantee under §9b BSIG: filed, then accepted because nobody objected. Its law is repealed, and
/// the declaration holds on, for its terms do not lapse with the law.
#[test]
fn f3_a_filed_guarantee_outlives_the_law_that_asked_for_it() {
    let case = Case::read("F3");
    let (filed, accepted) = ("2022-03-01", "2022-05-01");
    assert_eq!(
        (case.text("/events/0/2022-03-01"), case.text("/events/1/2022-05-01")),
        ("filed", "accept by non-objection (ILL)")
    );
    assert!(case.text("/events/2/2025-12").starts_with("basis.change REPEALED"));
    let mut stage = Stage::open(filed);
    stage.enrol_vendor("nordhavn", &case, "se");
    stage.enrol("de-bmi", "Bundesministerium des Innern", "government", "de");
    let texts = authentic("NSR-FIXTURE F3 guarantee declaration (de)\n");
    assert_eq!(texts[0]["sha256"], case.text("/text/sha256"), "the digest of the fixture is the quoted text's");
    let more = json!({
        "basis": { "law": case.text("/head/basis"), "lapse": false }, "texts": texts,
        "scope": [{ "product": "Core GW 900", "cpe": case.text("/scope/cpe") }],
    });
    let term = json!({ "zone": "Europe/Berlin" });
    let terms = terms(case.text("/head/mode"), "Guarantee declaration (invented)", case.clauses(), term, more);
    let about = "agreement/nordhavn/guarantee-2022/de-bmi";

    stage.at(filed);
    let offer = json!({ "addressees": { "governments": ["de-bmi"] }, "terms": terms });
    let offer = stage.ok("nordhavn", "offer/nordhavn/guarantee-2022", "offer.make", &offer);
    stage.at(accepted);
    let accept = with(act(&offer, accepted), json!({ "method": "filing" }));
    let accept = stage.ok("de-bmi", about, "agreement.accept", &accept);
    // Of a month alone: by its last day it had happened.
    stage.at("2025-12-31");
    let repealed = with(act(&accept, "2025-12-31"), json!({ "change": "repealed" }));
    stage.ok("de-bmi", about, "basis.change", &repealed);
    stage.sealed_at("2026-02-02");

    assert_eq!(case.days().len(), 2);
    for day in case.days() {
        let told = stage.expect(&case, day, about, day);
        assert_eq!(told.verification.standing.unwrap().assent, Assent::BothSigned);
    }
    let filed = stage.ask(about, "2022-04-01").verification.standing.unwrap();
    assert_eq!((filed.force, filed.assent), (Force::Offered, Assent::VendorOnly), "filed is not accepted");
    // The day before the repeal its law stood; nothing but the basis changed with it.
    let before = stage.ask(about, "2025-12-30").verification.standing.unwrap();
    let after = stage.ask(about, "2026-01-01").verification.standing.unwrap();
    assert_eq!((before.basis, after.basis), (Basis::Live, Basis::Repealed));
    assert_eq!((before.force, after.force), (Force::InForce, Force::InForce));
    assert_eq!(after.ends, None);
}
