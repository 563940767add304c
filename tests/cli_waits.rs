//! What `nospy publish` says of a statement that only waits, and of one of which it cannot know; the registrar's threshold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use crate::program::{Bench, Ran, Served};

const ORIGIN: &str = "demo.registry.example/nospy";

fn init(bench: &Bench, more: &[&str]) -> Ran {
    let init = ["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"];
    bench.run(&[&init[..], more].concat())
}

/// Signs the enrolment of a vendor with the first registrar key.
fn request(bench: &Bench, party: &str) {
    bench.key(&format!("{party}.pem"));
    let (key, name, out) = (format!("{party}.pem"), format!("Office of {party}"), format!("{party}.yaml"));
    let request = ["key", "request", "--origin", ORIGIN, "--party", party, "--role", "vendor", "--country", "se"];
    bench.ok(&[&request[..], &["--name", &name, "--key", &key, "-o", &out]].concat());
    bench.ok(&["sign", &out, "--key", "reg/registrar-1.key.pem", "--yes"]);
}

fn online(bench: &Bench, served: &Served, policy: &str, arguments: &[&str]) -> Ran {
    bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", policy)], arguments)
}

#[test]
fn an_act_of_the_registrar_waits_for_its_second_key() {
    let bench = Bench::new();
    init(&bench, &["--registrar-threshold", "3"]).exits(2).says("2 registrar keys");
    init(&bench, &["--registrar-threshold", "0"]).exits(2);
    let made = init(&bench, &["--registrar-threshold", "2"]).exits(0);
    made.says("threshold      2 of 2 keys").says("nospy draft endorse --ref");
    request(&bench, "nordhavn");
    let served = Served::start(&bench, "reg");
    let online = |arguments: &[&str]| online(&bench, &served, "reg/policy.txt", arguments);
    let waits = "Registered, and pending: 1 more of registrar's keys must endorse it, before ";
    online(&["publish", "nordhavn.statement", "--yes"]).exits(0).says(waits);
    let names = |ran: Ran| ran.exits(0).json()["parties"].as_array().unwrap().len();
    // Nobody is enrolled yet: an act of the party is refused.
    bench.ok(&[
        "draft",
        "party.rename",
        "--issuer",
        "nordhavn",
        "--subject",
        "party/nordhavn",
        "--origin",
        ORIGIN,
        "-o",
        "name.yaml",
    ]);
    bench.write_out("name.yaml");
    bench.ok(&["sign", "name.yaml", "--key", "nordhavn.pem", "--yes"]);
    online(&["publish", "name.statement", "--yes"]).exits(4).says("signer_lacks_authority");

    bench.ok(&["draft", "endorse", "--ref", "nordhavn.statement", "-o", "endorse.yaml"]);
    bench.ok(&["sign", "endorse.yaml", "--key", "reg/registrar-2.key.pem", "--yes"]);
    online(&["publish", "endorse.statement", "--yes"]).exits(0).says("which has every signature that it needs");
    assert_eq!(names(online(&["list", "parties", "--output", "json"])), 1);
    online(&["publish", "name.statement", "--yes"]).exits(0).says("Registered.");
    assert_eq!(served.stop(), 0);
    bench.ok(&["log", "fsck", "--config", "reg/nospy.toml", "--policy", "reg/policy.txt"]);
}

#[test]
fn one_key_is_enough_unless_the_genesis_says_otherwise_and_init_says_so() {
    let bench = Bench::new();
    init(&bench, &[]).exits(0).says("threshold      1 of 2 keys").says("One registrar key is enough");
}

#[test]
fn where_it_cannot_be_known_it_is_said() {
    let bench = Bench::new();
    init(&bench, &[]).exits(0);
    request(&bench, "nordhavn");
    bench.key("witness.pem");
    let key = bench.ok(&["key", "show", "witness.pem", "--witness-name", "w.example", "--output", "json"]).json();
    let policy = String::from_utf8(bench.read("reg/policy.txt")).unwrap();
    let witness = format!("witness w {}\nquorum w\n", key["witness_verifier_key"].as_str().unwrap());
    bench.write("strict.txt", policy.replace("quorum none\n", &witness));
    let served = Served::start(&bench, "reg");
    let ran = online(&bench, &served, "strict.txt", &["publish", "nordhavn.statement", "--yes"]).exits(0);
    ran.says("Registered. Whether it waits for more signatures is not known").says("witness-quorum");
    let again = ["publish", "nordhavn.statement", "--yes", "--output", "json"];
    assert_eq!(online(&bench, &served, "strict.txt", &again).exits(0).json()["waits"], "unknown");
    assert_eq!(online(&bench, &served, "reg/policy.txt", &again).exits(0).json()["waits"], "no");
}
