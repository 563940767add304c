//! `nospy publish` of several statements: each has its receipt or its refusal, whatever became of the others.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod program;

use std::fs;

use nospy::statement::Statement;

use crate::program::{Bench, Ran, Served};

const ORIGIN: &str = "demo.registry.example/nospy";
const REGISTRAR: &str = "reg/registrar-1.key.pem";

fn online(bench: &Bench, served: &Served, arguments: &[&str]) -> Ran {
    bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", "reg/policy.txt")], arguments)
}

/// Signs the enrolment of a vendor with a key of its own, as `<party>.statement`.
fn enrolment(bench: &Bench, party: &str) {
    let (key, draft, name) = (format!("{party}.pem"), format!("{party}.yaml"), format!("Works of {party}"));
    bench.key(&key);
    let request = ["key", "request", "--party", party, "--origin", ORIGIN, "--key", &key, "--name", &name];
    bench.ok(&[&request[..], &["--role", "vendor", "--country", "gb", "-o", &draft]].concat());
    bench.ok(&["sign", &draft, "--key", REGISTRAR, "--yes"]);
}

/// Signs an offer, as `<name>.statement`.
fn offer(bench: &Bench, party: &str, name: &str, key: &str) {
    let (subject, draft) = (format!("offer/{party}/{name}"), format!("{name}.yaml"));
    bench.ok(&["draft", "offer.make", "--issuer", party, "--subject", &subject, "--origin", ORIGIN, "-o", &draft]);
    bench.write_out(&draft);
    bench.ok(&["sign", &draft, "--key", key, "--yes"]);
}

#[test]
fn many_statements_have_each_their_answer() {
    let bench = Bench::new();
    bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
    let served = Served::start(&bench, "reg");
    enrolment(&bench, "nordhavn");
    enrolment(&bench, "sentral");
    offer(&bench, "nordhavn", "terms-1", "nordhavn.pem");
    offer(&bench, "nordhavn", "terms-2", "sentral.pem");

    // The first relies on a key that the second grants; the last is signed with somebody else's.
    let files = ["terms-1.statement", "nordhavn.statement", "sentral.statement", "terms-2.statement"];
    let publish = [&["publish", "--yes", "--output", "json"], &files[..]].concat();
    let ran = online(&bench, &served, &publish).exits(4).says("3 of 4 are registered");
    let json = ran.json();
    let told: Vec<_> = json["statements"].as_array().unwrap().iter().map(|one| one["registered"].as_bool()).collect();
    assert_eq!(told, [Some(true), Some(true), Some(true), Some(false)], "{json:#}");
    assert!(!json["statements"][3]["refused"]["reason"].as_str().unwrap().is_empty(), "{json:#}");
    assert!(!bench.path("terms-2.receipt").exists());
    for (place, file) in files.iter().enumerate().take(3) {
        let (index, receipt) =
            (json["statements"][place]["index"].to_string(), bench.path(file).with_extension("receipt"));
        let shown = online(&bench, &served, &["log", "proof", &index, "-o", "entry"]).exits(0);
        assert_eq!(bench.read("entry"), Statement::parse(&bench.read(file)).unwrap().bytes(), "{}", shown.stdout);
        assert!(fs::metadata(receipt).unwrap().len() > 0);
        fs::remove_file(bench.path("entry")).unwrap();
    }

    // Again: the same entries. As text, the refusal names its rule.
    let again = [&["publish", "--yes"], &files[..]].concat();
    let ran = online(&bench, &served, &again).exits(4).says("registered before").says("refused, ");
    assert!(!ran.stdout.contains("no answer"), "{}", ran.stdout);
    online(&bench, &served, &["publish", "--yes", files[0], files[1]]).exits(0).says("2 of 2");
    online(&bench, &served, &["publish", files[0], files[1]]).exits(2).says("--yes");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
    let served = Served::start(&bench, "reg");
    enrolment(&bench, "nordhavn");
    fs::copy(bench.path("nordhavn.statement"), bench.path("nordhavn.again")).unwrap();
    let two = ["publish", "nordhavn.statement", "nordhavn.again", "--yes"];
    online(&bench, &served, &two).exits(2).says("nordhavn.receipt");
    online(&bench, &served, &["publish", "nordhavn.statement", "reg/policy.txt", "--yes"]).exits(16).says("policy.txt");
    for option in [&["--dry-run"][..], &["--receipt", "r"]] {
        let arguments = [&["publish", "nordhavn.statement", "nordhavn.again", "--yes"], option].concat();
        online(&bench, &served, &arguments).exits(2).says("one statement");
    }
    let parties = online(&bench, &served, &["list", "parties", "--output", "json"]).exits(0).json();
    assert_eq!(parties["parties"].as_array().unwrap().len(), 0, "nothing was registered");
}
