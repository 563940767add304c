//! The kinds of several signatures, and what shows that an agreement is kept, as people use them: drafted, signed and
//! published with the program to a registry that it serves, and verified at the end without it.
//!
//! The vendor asks for two keys behind each of its statements.
#![allow(clippy::unwrap_used)]

mod program;

use nospy::statement::Statement;
use serde_json::Value as Json;

use crate::program::{Bench, Ran, Served};

const ORIGIN: &str = "demo.registry.example/nospy";
const OFFER: &str = "offer/nordhavn/radio-2026";
const AGREEMENT: &str = "agreement/nordhavn/radio-2026/de-bsi";

/// A registry that is served, with a vendor of two keys and a government of one.
struct House {
    bench: Bench,
    served: Served,
    today: String,
}

impl House {
    fn new() -> Self {
        let bench = Bench::new();
        bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
        for name in ["one.pem", "two.pem", "bsi.pem"] {
            bench.key(name);
        }
        let served = Served::start(&bench, "reg");
        let house = Self { bench, served, today: jiff::Timestamp::now().to_string()[..10].to_owned() };
        let vendor =
            ["--role", "vendor", "--country", "se", "--key", "one.pem", "--key", "two.pem", "--threshold", "2"];
        house.enrol("nordhavn", "Nordhavn Radio AB", &vendor);
        house.enrol("de-bsi", "An office of tests", &["--role", "government", "--country", "de", "--key", "bsi.pem"]);
        house
    }

    fn enrol(&self, party: &str, name: &str, more: &[&str]) {
        let out = format!("{party}.yaml");
        let request = ["key", "request", "--origin", ORIGIN, "--party", party, "--name", name, "-o", &out];
        self.bench.ok(&[&request[..], more].concat());
        self.publish(party, "reg/registrar-1.key.pem").exits(0);
    }

    fn online(&self, arguments: &[&str]) -> Ran {
        let variables = [("NOSPY_SERVER", self.served.url.as_str()), ("NOSPY_POLICY", "reg/policy.txt")];
        self.bench.run_with(&variables, arguments)
    }

    /// Signs `name.yaml` and publishes it.
    fn publish(&self, name: &str, key: &str) -> Ran {
        let (draft, statement) = (format!("{name}.yaml"), format!("{name}.statement"));
        self.bench.ok(&["sign", &draft, "--key", key, "--yes"]);
        self.online(&["publish", &statement, "--yes"])
    }

    /// Drafts `name.yaml` of a kind: a template that is filled in by `fill`, and dated today.
    fn draft(&self, name: &str, arguments: &[&str], fill: impl FnOnce(String) -> String) {
        let out = format!("{name}.yaml");
        self.bench.ok(&[&["draft"], arguments, &["--origin", ORIGIN, "-o", &out]].concat());
        self.bench.write_out(&out);
        let text = String::from_utf8(self.bench.read(&out)).unwrap();
        self.bench.write(&out, fill(text.replace("2026-01-01", &self.today)));
    }

    /// The vendor's second key stands behind `name.statement`.
    fn endorse(&self, name: &str) -> Ran {
        let (own, statement) = (format!("{name}.endorse"), format!("{name}.statement"));
        self.draft(&own, &["endorse", "--ref", &statement], |text| text);
        self.bench.ok(&["sign", &format!("{own}.yaml"), "--key", "two.pem", "--yes", "-o", &format!("{own}.signed")]);
        self.online(&["publish", &format!("{own}.signed"), "--yes"])
    }

    fn id(&self, name: &str) -> String {
        Statement::parse(&self.bench.read(&format!("{name}.statement"))).unwrap().id().to_string()
    }

    fn standing(&self, about: &str) -> Json {
        self.online(&["standing", about, "--output", "json"]).json()["standing"].clone()
    }

    /// Offers and accepts, both complete.
    fn agree(&self) {
        self.draft("offer", &["offer.make", "--subject", OFFER], |text| text);
        self.publish("offer", "one.pem").exits(0);
        self.endorse("offer").exits(0);
        self.draft("accept", &["agreement.accept", "--ref", "offer.statement", "--subject", AGREEMENT], |text| text);
        self.publish("accept", "bsi.pem").exits(0);
    }
}

#[test]
fn a_statement_of_two_keys_waits_for_the_second() {
    let house = House::new();
    house.draft("offer", &["offer.make", "--subject", OFFER], |text| text);
    let waits = "Registered, and pending: 1 more of nordhavn's keys must endorse it, before ";
    house.publish("offer", "one.pem").exits(0).says(waits).says("Until then it changes nothing");
    house.online(&["standing", OFFER]).exits(17);
    assert_eq!(house.standing(OFFER)["pending"].as_array().unwrap().len(), 1);
    // The same key is no other key.
    house.draft("again", &["endorse", "--ref", "offer.statement"], |text| text);
    house.publish("again", "one.pem").exits(19);
    let told = house.online(&["publish", "offer.statement", "--yes", "--output", "json"]).exits(0).json();
    assert_eq!((&told["waits"], &told["is_new"]), (&"yes".into(), &false.into()));
    assert_eq!((&told["pending"]["threshold"], &told["pending"]["id"]), (&2.into(), &house.id("offer").into()));
    house
        .endorse("offer")
        .exits(0)
        .says(&format!("It stands behind {}, which has every signature that it needs", house.id("offer")));
    let told = house.online(&["publish", "offer.statement", "--yes", "--output", "json"]).exits(0).json();
    assert_eq!((&told["waits"], &told["pending"]), (&"no".into(), &Json::Null));
    house.online(&["standing", OFFER]).exits(0);
    assert_eq!(house.standing(OFFER)["pending"].as_array().unwrap().len(), 0);
}

#[test]
fn new_terms_wait_for_both_and_a_file_tells_all_of_it() {
    let house = House::new();
    house.agree();
    let amend = ["agreement.amend", "--ref", "accept.statement", "--issuer", "de-bsi"];
    house.draft("amend", &amend, |text| text.replace("title: as a test says", "title: The second version"));
    house.publish("amend", "bsi.pem").exits(0).says("and pending: nordhavn has to sign the same, before ");
    assert_eq!(house.standing(AGREEMENT)["carrier"], house.id("accept"), "one side changes nothing");
    house.draft("theirs", &["agreement.amend", "--from", "amend.yaml", "--issuer", "nordhavn"], |text| text);
    let theirs = house.publish("theirs", "one.pem").exits(0).says("1 more of nordhavn's keys must endorse it, before ");
    assert!(!theirs.stdout.contains("de-bsi has to sign"), "it has signed the same already");
    assert_eq!(house.standing(AGREEMENT)["carrier"], house.id("accept"), "nor does half of the other");
    house.endorse("theirs").exits(0);
    let carrier = house.standing(AGREEMENT)["carrier"].as_str().unwrap().to_owned();
    assert!([house.id("amend"), house.id("theirs")].contains(&carrier), "{carrier}");

    house.online(&["docket", AGREEMENT, "-o", "a.docket"]).exits(0);
    assert_eq!(house.served.stop(), 0);
    let ran = house.bench.run(&["verify", "a.docket", "--policy", "reg/policy.txt"]).exits(0).says("In force");
    ran.says("terms: The second version").says("endorse by nordhavn");
}

#[test]
fn what_shows_that_an_agreement_is_kept_is_given_and_taken_back() {
    let house = House::new();
    house.agree();
    let about = ["--subject", AGREEMENT];
    let evidence = [&["evidence.add"], &about[..]].concat();
    house.draft("evidence", &evidence, |text| text);
    house.publish("evidence", "one.pem").exits(0);
    house.endorse("evidence").exits(0);
    house.draft("not-theirs", &[&evidence[..], &["--issuer", "de-bsi"]].concat(), |text| text);
    house.publish("not-theirs", "bsi.pem").exits(4).says("wrong_signer");
    house.draft("opinion", &[&["assurance.opinion"], &about[..]].concat(), |text| text);
    house.publish("opinion", "bsi.pem").exits(0);
    // On the offer it counts for every agreement that was accepted from it.
    let days = |text: String| text.replace("2026-03-31", &house.today).replace("2026-06-30", "2999-01-01");
    house.draft("canary", &["canary", "--subject", OFFER], days);
    house.publish("canary", "one.pem").exits(0);
    house.endorse("canary").exits(0);
    assert_eq!(house.standing(AGREEMENT)["assurance"], "current");
    let count = || house.standing(AGREEMENT)["assurances"].as_array().unwrap().len();
    assert_eq!(count(), 3);

    house.draft("void", &["void", "--ref", "evidence.statement"], |text| text);
    house.publish("void", "one.pem").exits(0);
    assert_eq!(count(), 3, "a void waits for its second key too");
    house.endorse("void").exits(0);
    assert_eq!(count(), 2);
    house.online(&["standing", AGREEMENT]).exits(0).says("In force");
}

#[test]
fn the_law_and_a_breach_are_told_by_who_may() {
    let house = House::new();
    house.agree();
    let carrier = ["--ref", "accept.statement"];
    house.draft("basis", &[&["basis.change"], &carrier[..]].concat(), |text| text);
    house.publish("basis", "bsi.pem").exits(0);
    assert_eq!(house.standing(AGREEMENT)["basis"], "repealed");
    assert_eq!(house.standing(AGREEMENT)["force"], "in_force", "these terms do not lapse with their law");

    house.draft("finding", &["finding.open", "--subject", AGREEMENT], |text| text);
    house.publish("finding", "bsi.pem").exits(0);
    // The terms of the template name nobody who determines a breach.
    house.draft("determined", &["finding.determine", "--ref", "finding.statement"], |text| text);
    house.publish("determined", "bsi.pem").exits(4).says("wrong_signer");
    house.draft("dispute", &[&["agreement.dispute"], &carrier[..]].concat(), |text| text);
    house.publish("dispute", "one.pem").exits(19).says("not_filed");

    house.draft("rename", &["party.rename", "--subject", "party/de-bsi"], |text| text);
    house.publish("rename", "bsi.pem").exits(0);
    house.online(&["standing", AGREEMENT]).exits(0).says("In force");
}
