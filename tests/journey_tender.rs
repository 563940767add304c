//! Journey J4: a tender gate in a script. Another firmware is not in scope; one second after the end is expired; what is
//! too old or not known yet is no yes; and the result file verifies again at award, on another machine.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, terms};
use crate::program::Ran;

const AGREEMENT: &str = "agreement/nordhavn/gateway-5/de-bsi";
const PURL: &str = "pkg:generic/nordhavn/gateway-os@5.2.1";

/// An image: its digest as the program prints it.
fn image(office: &Office, bytes: &str) -> String {
    office.bench.write("image.bin", bytes);
    let digest = office.bench.ok(&["text", "digest", "image.bin", "--output", "json"]).json();
    digest["sha256"].as_str().unwrap().to_owned()
}

/// A paper of two years ago, filed now, over at the end of a day of last month; gives what it covers.
fn filed(registrar: &Registrar, days: &Days, government: &Office, vendor: &Office) -> (String, String) {
    let (covered, other) = (image(vendor, "firmware 5.2.1"), image(vendor, "firmware 5.2.1 with a patch"));
    let mut all = terms(days, "unilateral_filed", "Gateway declaration");
    all["scope"] =
        json!([{ "product": "Gateway OS", "purl": PURL, "versions": "from 5.2 before 5.3", "sha256": [covered] }]);
    all["territory"] = json!("Germany");
    all["term"]["effective"] = json!(days.at(-700));
    all["term"]["ends"] = json!(days.at(-30));
    all["term"]["ends_inclusive"] = json!(true);
    let paper = json!({ "signed_on": days.at(-710), "method": "filing", "form": "declaration, signed" });
    government.acts(
        registrar,
        "agreement.file",
        AGREEMENT,
        &json!({ "date": days.at(-705), "terms": all, "paper": paper }),
    );
    (covered, other)
}

/// A government's buyer: the gate as a script calls it, with the file that it was handed.
fn gate(buyer: &Reader, days: &Days, result: &str, closing: &str, more: &[&str]) -> Ran {
    let closing = format!("{closing}[{}]", days.zone);
    let asked =
        ["gate", "--vendor", "nordhavn", "--government", "de-bsi", "--closing", &closing, "--file", "nordhavn.docket"];
    buyer.bench.run(&[&asked[..], more, &["--policy", "policy.txt", "-o", result]].concat())
}

#[test]
fn a_gate_tells_scope_end_and_age_apart_and_its_result_stands_again() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, government) = (Office::new("nordhavn", 1), Office::new("de-bsi", 1));
    registrar.enrols(&vendor, "Nordhavn Radio AB", "vendor", "se", 1);
    registrar.enrols(&government, "Federal office, example organ", "government", "de", 1);
    let (covered, other) = filed(&registrar, &days, &government, &vendor);
    let (buyer, award) = (Reader::new(&registrar.policy()), Reader::new(&registrar.policy()));
    buyer.gets("nordhavn.docket", registrar.docket("between/nordhavn/de-bsi"));
    buyer.gets("agreement.docket", registrar.docket(AGREEMENT));
    registrar.closes();

    // What was registered after the closing time counts for none, unless one asks for what is known by now.
    let last = format!("{}T23:59:59", days.at(-30));
    let known_now = ["--product", &covered, "--known-at", "latest"];
    gate(&buyer, &days, "then.json", &last, &["--product", &covered]).exits(18).says("sealed nothing yet");
    gate(&buyer, &days, "yes.json", &last, &known_now).exits(0).says("Answer: yes (exit 0)").says("Germany");
    let second_later = format!("{}T00:00:00", days.at(-29));
    gate(&buyer, &days, "expired.json", &second_later, &known_now).exits(17).says("no (not_in_force)").says("Expired");
    let firmware = ["--product", PURL, "--product", &other, "--known-at", "latest"];
    gate(&buyer, &days, "other.json", &last, &firmware).exits(17).says("no (not_in_scope)");
    let label = ["--product", PURL, "--known-at", "latest"];
    gate(&buyer, &days, "label.json", &last, &label).exits(18).says("cannot tell (scope_open)");
    // A file of today says nothing of what is registered until next month.
    let next_month = format!("{}T12:00:00", days.at(30));
    gate(&buyer, &days, "stale.json", &next_month, &["--product", &covered]).exits(14).says("stale");
    let accepted = ["--product", &covered, "--max-age", "40d"];
    gate(&buyer, &days, "old.json", &next_month, &accepted).exits(17).says("Expired");

    // The same by verify, for people.
    let verify = |more: &[&str]| buyer.verifies(&[&["agreement.docket", "--on"], more].concat());
    let on = days.at(-30);
    verify(&[&on, "--product", &covered]).exits(0).says("Gateway OS");
    verify(&[&on, "--product", &other]).exits(17).says("In force");
    verify(&[&on, "--product", "Gateway OS", "--version", "5.4"]).exits(17);
    verify(&[&days.at(-29), "--product", &covered]).exits(17).says("Expired");
    verify(&[&days.at(30), "--product", &covered]).exits(18).says("Not yet known");
    verify(&[&on, "--version", "5.2"]).exits(2).says("--product");

    // At award, elsewhere: the result alone, which carries its file.
    award.gets("yes.json", buyer.bench.read("yes.json"));
    award.gets("expired.json", buyer.bench.read("expired.json"));
    let check = |file: &str| award.bench.run(&["gate", "--check", file, "--policy", "policy.txt"]);
    check("yes.json").exits(0).says("Answer: yes");
    check("expired.json").exits(17).says("Answer: no");
    let mut bent: Json = serde_json::from_slice(&buyer.bench.read("expired.json")).unwrap();
    bent["answer"]["answer"] = json!("yes");
    bent["answer"]["exit"] = json!(0);
    award.gets("bent.json", bent.to_string());
    check("bent.json").exits(16);
}
