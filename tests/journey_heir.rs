//! Journey J7: a ministry's key is stolen, and later the ministry itself is renamed and merged. What was signed stands,
//! what the stolen key signed late is flagged until another key stands behind it, and the agreement keeps its name.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::json;

use crate::journey::{Days, Office, Reader, Registrar, terms, texts};

const OFFER: &str = "offer/example-netz/backbone-2";
const AGREEMENT: &str = "agreement/example-netz/backbone-2/fr-min";

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[test]
fn a_stolen_key_flags_and_a_successor_takes_over() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, ministry, agency) =
        (Office::new("example-netz", 1), Office::new("fr-min", 2), Office::new("fr-anssi", 1));
    registrar.enrols(&vendor, "Example Netz GmbH", "vendor", "de", 1);
    registrar.enrols(&ministry, "Ministry of wires, example", "government", "fr", 1);
    registrar.enrols(&agency, "Agency, example organ", "government", "fr", 1);
    let mut all = terms(&days, "bilateral", "Backbone agreement");
    all["term"]["notice_period"] = json!("P30D");
    let body = json!({ "addressees": { "governments": ["fr"] }, "terms": all });
    let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
    let stolen_since = now() - 60;
    let accept = json!({ "ref": offer, "date": days.today(), "method": "decision", "effective": days.today() });
    let accepted = ministry.acts(&registrar, "agreement.accept", AGREEMENT, &accept);
    let reader = Reader::new(&registrar.policy());
    reader.gets("before.docket", registrar.docket(AGREEMENT));

    // The theft is told with the other key. What the stolen key signed since then stands, and is flagged.
    let revoke =
        json!({ "revoke": [{ "kid": ministry.kid(1), "reason": "compromised", "compromised_since": stolen_since }] });
    ministry.acts_with(2, &registrar, "party.keys", "party/fr-min", &revoke);
    reader.gets("flagged.docket", registrar.docket(AGREEMENT));
    let notice = |effective: &str| json!({ "ref": accepted, "date": days.today(), "measure": "end", "reasons": "Another network", "effective": effective });
    // The thief tries, and is refused by name.
    let refused =
        ministry.is_refused(&registrar, "signer_lacks_authority", "agreement.notice", AGREEMENT, &notice(&days.at(30)));
    refused.says("fr-min");
    let affirm = json!({ "ref": accepted });
    ministry.acts_with(2, &registrar, "endorse", AGREEMENT, &affirm);
    reader.gets("affirmed.docket", registrar.docket(AGREEMENT));

    // A new name; then the agency takes the ministry's place: both sign the same.
    let name = json!({ "name": { "name": "Ministry of networks, example", "since": days.at(-2) } });
    ministry.acts_with(2, &registrar, "party.rename", "party/fr-min", &name);
    let succeed = json!({ "successor": "fr-anssi", "date": days.today(), "act": "Decree 12, example" });
    ministry.begins(2, &registrar, "party.succeed", "party/fr-min", &succeed);
    agency.is_refused(&registrar, "wrong_signer", "agreement.notice", AGREEMENT, &notice(&days.at(30))).says("fr-min");
    agency.acts(&registrar, "party.succeed", "party/fr-min", &succeed);
    let late = ministry.signs(2, "agreement.notice", AGREEMENT, &notice(&days.at(30)));
    ministry.publishes(&registrar, &late).exits(4).says("wrong_signer").says("fr-anssi");
    agency.acts(&registrar, "agreement.notice", AGREEMENT, &notice(&days.at(30)));
    reader.gets("after.docket", registrar.docket(AGREEMENT));
    reader.gets("country.docket", registrar.docket("between/example-netz/fr"));
    reader.gets("heir.docket", registrar.docket("between/example-netz/fr-anssi"));
    registrar.closes();

    let standing = |file: &str| reader.asks(0, &[file])["standing"].clone();
    let flags = |file: &str| texts(&standing(file)["flags"]).contains(&"disputed");
    assert_eq!(["before.docket", "flagged.docket", "affirmed.docket"].map(flags), [false, true, false]);
    assert_eq!(standing("flagged.docket")["force"], "in_force");
    reader.verifies(&["flagged.docket"]).exits(0).says("disputed");

    // One identity: the subject and what carries it are the same, and the heir's notice counts.
    let after = reader.asks(0, &["after.docket"]);
    assert_eq!(after["about"], AGREEMENT);
    assert_eq!(after["standing"]["carrier"], accepted.as_str());
    assert_eq!(after["standing"]["ends"]["day"], days.at(30));
    let named = after["parties"].to_string();
    assert!(named.contains("Ministry of networks, example") && named.contains("Agency, example organ"), "{named}");
    reader.verifies(&["after.docket"]).exits(0).says("Ministry of networks, example").says("termination announced");
    for file in ["country.docket", "heir.docket"] {
        let listed = reader.asks(0, &[file])["standing"]["list"].to_string();
        assert!(listed.contains(AGREEMENT), "{file}: {listed}");
    }

    pins(&reader, &ministry, &agency);
}

#[test]
fn a_ministry_that_is_gone_is_succeeded_on_the_registrars_word() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, gone, heir) = (Office::new("example-netz", 1), Office::new("fr-old", 1), Office::new("fr-new", 1));
    registrar.enrols(&vendor, "Example Netz GmbH", "vendor", "de", 1);
    registrar.enrols(&gone, "Office of yesterday, example", "government", "fr", 1);
    registrar.enrols(&heir, "Office of today, example", "government", "fr", 1);
    let body =
        json!({ "addressees": { "governments": ["fr"] }, "terms": terms(&days, "bilateral", "Backbone agreement") });
    let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
    let accept = json!({ "ref": offer, "date": days.today(), "method": "decision", "effective": days.today() });
    let old = "agreement/example-netz/backbone-2/fr-old";
    gone.acts(&registrar, "agreement.accept", old, &accept);

    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    let silent = json!({ "successor": "fr-new", "date": today });
    registrar.acts("party.succeed", "party/fr-old", &silent).exits(19).says("succession_not_allowed").says("legal act");
    let succeed = json!({ "successor": "fr-new", "date": today, "act": "Decree 13, example" });
    registrar.acts("party.succeed", "party/fr-old", &succeed).exits(0).says("pending: fr-new has to sign the same");
    let half = registrar.docket("party/fr-new");
    heir.acts(&registrar, "party.succeed", "party/fr-old", &succeed);
    // The heir goes on in its own name as well.
    let own = "agreement/example-netz/backbone-2/fr-new";
    heir.acts(&registrar, "agreement.accept", own, &accept);

    let reader = Reader::new(&registrar.policy());
    reader.gets("half.docket", half);
    for (file, subject) in
        [("old", old), ("own", own), ("heir", "party/fr-new"), ("gone", "party/fr-old"), ("roll", "roll/fr-new")]
    {
        reader.gets(&format!("{file}.docket"), registrar.docket(subject));
    }
    registrar.online(&registrar.desk, &["inbox", "fr-new"]).exits(0).says("0 things wait");
    let listed = registrar.online(&registrar.desk, &["agreements", "--government", "fr-new"]).exits(0);
    assert!(listed.stdout.contains(old) && listed.stdout.contains(own), "{}", listed.stdout);
    registrar.closes();

    // Everything that the heir is named in holds, also where its predecessor's docket is not in the file.
    for file in ["half.docket", "heir.docket", "gone.docket", "roll.docket", "own.docket"] {
        reader.verifies(&[file]).exits(0).says("✓ rules");
    }
    let flags = |file: &str| reader.asks(0, &[file])["standing"]["flags"].clone();
    assert!(texts(&flags("old.docket")).contains(&"succession_by_registrar"));
    assert!(!texts(&flags("own.docket")).contains(&"succession_by_registrar"));
    reader.verifies(&["old.docket"]).exits(0).says("fr-new has taken its place").says("on the registrar's word alone");
}

/// Whoever knows a party's key from elsewhere need not take the registrar's word.
fn pins(reader: &Reader, ministry: &Office, agency: &Office) {
    let pin = |file: &str, party: &str, kid: &str| reader.verifies(&[file, "--party-key", &format!("{party}={kid}")]);
    let (stolen, other) = (ministry.kid(1), ministry.kid(2));
    pin("before.docket", "fr-min", &stolen).exits(0).says("key pinned by you");
    pin("before.docket", "fr-min", &other).exits(15).says("key-authority");
    pin("after.docket", "fr-anssi", &agency.kid(1)).exits(0).says("key pinned by you");
    pin("after.docket", "fr-anssi", &stolen).exits(15);
    pin("after.docket", "fr-ansi", &stolen).exits(2).says("spelt");
}
