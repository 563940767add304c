//! Journey J2: a vendor offers to many and signs offline; three governments accept, each from another day on, and one
//! declines. Four separate answers; another text than the offered one is accepted by nobody.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, Signed, terms};

const OFFER: &str = "offer/sentral/cloud-2031";

fn about(government: &str) -> String {
    format!("agreement/sentral/cloud-2031/{government}")
}

fn offer(days: &Days) -> Json {
    let mut all = terms(days, "adhesion", "Commitment to public administrations");
    all["term"]["notice_period"] = json!("P6M");
    all["term"]["reservations"] = json!(["NB5"]);
    json!({ "addressees": { "governments": ["at", "be-ccb", "de", "fr-anssi", "nl-aivd"] }, "terms": all, "open_until": days.at(60) })
}

/// Signs with a key that the program never sees; with the program's own if no other signer is installed.
fn signed_outside(vendor: &Office, body: &Json) -> Signed {
    let draft = vendor.drafts("offer.make", OFFER, body);
    let public = format!("{}.pub", vendor.key(1));
    vendor.bench.ok(&["sign", &draft, "--public-key", &public, "--tbs-out", "offer.tbs"]);
    let by_openssl = ["pkeyutl", "-sign", "-rawin", "-inkey", vendor.key(1), "-in", "offer.tbs", "-out", "offer.sig"];
    if vendor.bench.tool("openssl", &by_openssl).is_none_or(|ran| ran.code != 0) {
        return vendor.signs(1, "offer.make", OFFER, body);
    }
    let finish = |signature: &str| {
        vendor.bench.run(&[
            "sign",
            "offer.tbs",
            "--signature",
            signature,
            "--public-key",
            &public,
            "-o",
            "offer.statement",
            "--output",
            "json",
        ])
    };
    let mut wrong = vendor.bench.read("offer.sig");
    wrong[5] ^= 1;
    vendor.bench.write("wrong.sig", wrong);
    finish("wrong.sig").exits(10);
    let id = finish("offer.sig").exits(0).json()["id"].as_str().unwrap().to_owned();
    Signed { file: "offer.statement".to_owned(), id }
}

fn acceptance(offer: &str, days: &Days, from: i32) -> Json {
    json!({ "ref": offer, "date": days.today(), "method": "decision", "effective": days.at(from) })
}

#[test]
fn one_offer_and_a_separate_answer_of_each_government() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let vendor = Office::new("sentral", 1);
    registrar.enrols(&vendor, "Sentral Cloud ASA", "vendor", "no", 1);
    let govern = |party: &str, name: &str| {
        let office = Office::new(party, 1);
        registrar.enrols(&office, name, "government", &party[..2], 1);
        office
    };
    let austria = govern("at-bka", "Chancellery, example organ");
    let belgium = govern("be-ccb", "Centre, example organ");
    let germany = govern("de-bsi", "Federal office, example organ");
    let france = govern("fr-anssi", "Agency, example organ");
    let netherlands = govern("nl-aivd", "Service, example organ");
    let spain = govern("es-ccn", "Centre of another country");

    let body = offer(&days);
    let made = signed_outside(&vendor, &body);
    vendor.publishes(&registrar, &made).exits(0).says("Registered.");

    // A text that the vendor signed and did not register is accepted by nobody, whatever its id.
    let mut altered = body.clone();
    altered["terms"]["clauses"][0]["modality"] = json!("represents");
    let altered = vendor.signs(1, "offer.make", OFFER, &altered);
    let other = acceptance(&altered.id, &days, 0);
    germany.is_refused(&registrar, "other_text", "agreement.accept", &about("de-bsi"), &other).says(&made.id);
    vendor.publishes(&registrar, &altered).exits(19).says("offer_exists");

    // Each from another day on, in an order of its own; Germany without a clause that may be reserved.
    let mut reserved = acceptance(&made.id, &days, 40);
    reserved["reservations"] = json!(["NB1"]);
    germany.is_refused(&registrar, "reservation_not_allowed", "agreement.accept", &about("de-bsi"), &reserved);
    reserved["reservations"] = json!(["NB5"]);
    germany.acts(&registrar, "agreement.accept", &about("de-bsi"), &reserved);
    france.acts(&registrar, "agreement.accept", &about("fr-anssi"), &acceptance(&made.id, &days, 0));
    let declined = json!({ "ref": made.id, "date": days.today(), "reason": "Parliament has to be asked first" });
    netherlands.acts(&registrar, "agreement.decline", &about("nl-aivd"), &declined);
    austria.acts(&registrar, "agreement.accept", &about("at-bka"), &acceptance(&made.id, &days, 10));
    let uninvited = acceptance(&made.id, &days, 0);
    spain.is_refused(&registrar, "not_addressed", "agreement.accept", &about("es-ccn"), &uninvited);

    // Then the vendor takes its offer back: what was accepted stands, and it is too late for Belgium.
    vendor.acts(&registrar, "offer.withdraw", OFFER, &json!({ "ref": made.id, "reason": "A new one follows" }));
    let late = acceptance(&made.id, &days, 0);
    belgium.is_refused(&registrar, "offer_closed", "agreement.accept", &about("be-ccb"), &late);

    let reader = Reader::new(&registrar.policy());
    for government in ["at-bka", "be-ccb", "de-bsi", "fr-anssi", "nl-aivd"] {
        reader.gets(&format!("{government}.docket"), registrar.docket(&about(government)));
    }
    reader.gets("offer.docket", registrar.docket(OFFER));
    reader.gets("fr.docket", registrar.docket("between/sentral/fr"));
    registrar.closes();

    let now = |exit, file: &str| reader.asks(exit, &[file])["standing"].clone();
    let france = now(0, "fr-anssi.docket");
    assert_eq!((&france["force"], &france["assent"]), (&json!("in_force"), &json!("both_signed")));
    let germany = now(17, "de-bsi.docket");
    assert_eq!((&germany["force"], &germany["effective"]), (&json!("not_yet"), &json!(days.at(40))));
    assert_eq!(germany["reservations"], json!(["NB5"]));
    let austria = now(17, "at-bka.docket");
    assert_eq!((&austria["force"], &austria["effective"]), (&json!("not_yet"), &json!(days.at(10))));
    let netherlands = now(17, "nl-aivd.docket");
    assert!(["no_agreement", "withdrawn"].contains(&netherlands["force"].as_str().unwrap()), "{netherlands}");
    assert!(netherlands["sentence"].as_str().unwrap().contains("declined by the government"));
    let belgium = now(17, "be-ccb.docket");
    assert!(!belgium["sentence"].as_str().unwrap().contains("declined"), "{belgium}");
    assert_eq!(now(17, "offer.docket")["force"], "withdrawn");

    // Later days are not known yet; the file says what holds if nothing more is registered.
    let promised = |file: &str, day: i32| reader.standing(18, file, &days.at(day))["otherwise"]["force"].clone();
    assert_eq!([promised("at-bka.docket", 9), promised("at-bka.docket", 10)], ["not_yet", "in_force"]);
    assert_eq!([promised("de-bsi.docket", 39), promised("de-bsi.docket", 40)], ["not_yet", "in_force"]);

    // What stands between the vendor and a country is the offer and that country's own answer, and not the others'.
    let listed = reader.asks(0, &["fr.docket"])["standing"]["list"].clone();
    let subjects: Vec<&Json> = listed.as_array().unwrap().iter().map(|one| &one["about"]).collect();
    assert_eq!(subjects, [&json!(OFFER), &json!(about("fr-anssi"))]);
}
