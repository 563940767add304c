//! Journey J1: an agreement in two languages is published with its texts, its organ, its scope and its disclosure. The
//! government signs with two keys; somebody without a network finds the same ids, digests and standing.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, terms, texts};
use crate::program::Bench;

const OFFER: &str = "offer/nordhavn/core-2031";
const AGREEMENT: &str = "agreement/nordhavn/core-2031/de-bsi";
const GERMAN: &str = "Der Anbieter gewährleistet: keine Hintertüren.\n";
const ENGLISH: &str = "The vendor warrants: no backdoors.\n";

/// A text as terms name it: its digest and size as the program prints them.
fn version(bench: &Bench, file: &str, language: &str, status: &str) -> Json {
    let digest = bench.ok(&["text", "digest", file, "--output", "json"]).json();
    let mut version = json!({ "language": language, "status": status, "media_type": "text/plain" });
    version["sha256"] = digest["sha256"].clone();
    version["size"] = digest["size"].clone();
    version
}

/// The whole agreement: two texts, what it covers, what is disclosed, and until when.
fn agreement(days: &Days, vendor: &Office) -> Json {
    vendor.bench.write("vertrag.txt", GERMAN);
    vendor.bench.write("contract.txt", ENGLISH);
    let mut all = terms(days, "bilateral", "Kein Ausspähen / No spying");
    all["texts"] = json!([
        version(&vendor.bench, "vertrag.txt", "de", "authentic"),
        version(&vendor.bench, "contract.txt", "en", "translation"),
    ]);
    all["texts"][0]["prevails"] = json!(true);
    all["scope"] = json!([{ "product": "Core gateway", "purl": "pkg:generic/nordhavn/core-gw@9.1" }]);
    all["territory"] = json!("Germany");
    all["disclosure"]["governing_law"] = json!("Germany");
    all["disclosure"]["text_availability"] = json!("public");
    all["term"]["ends"] = json!(days.at(730));
    all["term"]["ends_inclusive"] = json!(true);
    json!({ "addressees": { "governments": ["de-bsi"] }, "terms": all })
}

/// A draft that leaves a disclosure out is refused where it is written, by a sentence that says what may be written.
fn leaves_out_the_parent(vendor: &Office, whole: &Json) {
    let mut body = whole.clone();
    body["terms"]["disclosure"].as_object_mut().unwrap().shift_remove("binds_parent");
    let file = vendor.drafts("offer.make", OFFER, &body);
    for verb in [&["sign", &file, "--key", vendor.key(1), "--yes"][..], &["draft", "offer.make", "--from", &file]] {
        let ran = vendor.bench.run(verb).exits(16).says("body.terms.disclosure.binds_parent").says("not_stated");
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    }
}

#[test]
fn an_agreement_in_two_languages_is_proved_where_there_is_no_network() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, government) = (Office::new("nordhavn", 1), Office::new("de-bsi", 2));
    registrar.enrols(&vendor, "Nordhavn Radio AB", "vendor", "se", 1);
    registrar.enrols(&government, "Bundesamt, Referat Beispiel", "government", "de", 2);

    let body = agreement(&days, &vendor);
    leaves_out_the_parent(&vendor, &body);
    let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
    for text in ["vertrag.txt", "contract.txt"] {
        registrar.online(&vendor.bench, &["text", "deposit", text]).exits(0);
    }

    // One key of two: it waits, and whoever asks sees for what.
    let accept = json!({ "ref": offer, "date": days.today(), "method": "signature", "effective": days.today() });
    let acceptance = government.begins(1, &registrar, "agreement.accept", AGREEMENT, &accept);
    let waiting = registrar.online(&registrar.desk, &["standing", AGREEMENT]).exits(17);
    let waiting = waiting.says("Offered, and not accepted").says("1 more of de-bsi's keys must endorse it");
    assert!(waiting.stdout.contains("an act waits for more signatures"), "{}", waiting.stdout);
    let endorse = json!({ "ref": acceptance });
    government.is_refused(&registrar, "endorsed_already", "endorse", AGREEMENT, &endorse).says("another key");
    let endorsement = government.acts_with(2, &registrar, "endorse", AGREEMENT, &endorse);

    let told = registrar.online(&registrar.desk, &["standing", AGREEMENT, "--output", "json"]).exits(0).json();
    registrar.online(&registrar.desk, &["docket", AGREEMENT, "-o", "agreement.docket", "--texts", "texts"]).exits(0);
    let texts_of = |file: &str, text: &str| {
        let digest = vendor.bench.ok(&["text", "digest", file, "--output", "json"]).json();
        let name = format!("texts/{}.txt", digest["sha256"].as_str().unwrap());
        assert_eq!(registrar.desk.read(&name), text.as_bytes());
    };
    texts_of("vertrag.txt", GERMAN);
    texts_of("contract.txt", ENGLISH);
    let (policy, file) = (registrar.policy(), registrar.desk.read("agreement.docket"));
    registrar.closes();

    // Another machine: the file, the policy, a paper copy typed again.
    let reader = Reader::new(&policy);
    reader.gets("agreement.docket", &file);
    reader.gets("paper.txt", GERMAN);
    reader.gets("english.txt", ENGLISH.replace("no", "some"));
    let answer = reader.asks(0, &["agreement.docket", "--text", "de=paper.txt"]);
    assert_eq!(answer["standing"]["force"], "in_force");
    assert_eq!(answer["standing"]["assent"], "both_signed");
    assert_eq!(answer["standing"]["integrity"], "unchanged");
    for same in ["sentence", "force", "assent", "carrier", "ends", "known_at", "flags"] {
        assert_eq!(answer["standing"][same], told["standing"][same], "{same}");
    }
    let ids: Vec<&str> =
        answer["history"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert!([&offer, &acceptance, &endorsement].iter().all(|id| ids.contains(&id.as_str())), "{ids:?}");
    assert!(texts(&answer["not_proven"]).iter().any(|line| line.contains("registrar")), "{}", answer["not_proven"]);
    reader.verifies(&["agreement.docket", "--text", "en=english.txt"]).exits(17).says("MISMATCH").says("In force");

    // What the statements say, in full, from the same file.
    let shown = reader.bench.run(&["show", "agreement.docket"]).exits(0);
    let shown = shown.says("Germany").says("Core gateway").says("Bundesamt, Referat Beispiel");
    assert!(shown.stdout.contains("not_stated") || shown.stdout.contains("not stated"), "{}", shown.stdout);

    // Any changed byte, and it is no longer proved.
    for at in [file.len() / 3, file.len() / 2, file.len() - 40] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        reader.gets("changed.docket", changed);
        let ran = reader.verifies(&["changed.docket"]);
        assert!((10..=16).contains(&ran.code), "byte {at}: {}\n{}", ran.code, ran.stdout);
    }
}

#[test]
fn one_registrar_of_two_enrols_nobody() {
    let registrar = Registrar::open_with(2);
    let vendor = Office::new("nordhavn", 1);
    registrar.enrols(&vendor, "Nordhavn Radio AB", "vendor", "se", 1);
    let listed = || {
        let parties = registrar.online(&registrar.desk, &["list", "parties", "--output", "json"]).exits(0).json();
        parties["parties"].as_array().unwrap().len()
    };
    let ask = || registrar.online(&registrar.desk, &["standing", "between/nordhavn/de"]);
    assert_eq!(listed(), 0);
    ask().exits(18).says("nordhavn").says("unknown to the registry");

    registrar.endorses("nordhavn.yaml");
    assert_eq!(listed(), 1);
    ask().exits(17).says("key as enrolled by the registrar");
}
