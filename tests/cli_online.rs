//! The program `nospy` against a registry that it serves itself: from `init` to a docket file that anybody verifies
//! without a network.
#![allow(clippy::unwrap_used)]

mod program;

use std::fs;
use std::path::Path;

use nospy::statement::Statement;
use nospy::storage::{Batch, HEAD_KEY, SledOptions, SledStorage, Storage as _};

use crate::program::{Bench, Ran, Served};

const ORIGIN: &str = "demo.registry.example/nospy";
const AGREEMENT: &str = "agreement/example-vendor/terms-1/gb-ncsc";

/// A new registry in `reg`, and the keys of a vendor and a government.
fn registry() -> Bench {
    let bench = Bench::new();
    bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
    bench.key("example-vendor.pem");
    bench.key("gb-ncsc.pem");
    bench
}

/// Runs an online verb against `served`.
fn online(bench: &Bench, served: &Served, arguments: &[&str]) -> Ran {
    bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", "reg/policy.txt")], arguments)
}

/// Signs a draft in `name.yaml` and publishes it.
fn publish(bench: &Bench, served: &Served, name: &str, key: &str) -> Ran {
    bench.ok(&["sign", &format!("{name}.yaml"), "--key", key, "--yes"]);
    online(bench, served, &["publish", &format!("{name}.statement"), "--yes"])
}

/// Enrols a party with its key, up to and with the publishing.
fn enrol(bench: &Bench, served: &Served, party: &str, role: &str) -> Ran {
    let (key, request) = (format!("{party}.pem"), format!("{party}.yaml"));
    let name = format!("Office of {party}");
    bench.ok(&[
        "key",
        "request",
        "--party",
        party,
        "--origin",
        ORIGIN,
        "--key",
        &key,
        "--name",
        &name,
        "--role",
        role,
        "--country",
        "gb",
        "-o",
        &request,
    ]);
    publish(bench, served, party, "reg/registrar-1.key.pem")
}

/// Offers, and gives the id of the offer.
fn offer(bench: &Bench, served: &Served) -> String {
    let subject = "offer/example-vendor/terms-1";
    bench.ok(&[
        "draft",
        "offer.make",
        "--issuer",
        "example-vendor",
        "--subject",
        subject,
        "--origin",
        ORIGIN,
        "-o",
        "offer.yaml",
    ]);
    let draft = String::from_utf8(bench.read("offer.yaml")).unwrap();
    bench.write("terms.txt", "No backdoors.\n");
    let digest = bench.ok(&["text", "digest", "terms.txt", "--output", "json"]).json();
    let text = format!(
        "    texts:\n      - {{language: en, status: authentic, sha256: {}, size: {}, media_type: text/plain}}\n",
        digest["sha256"], digest["size"]
    );
    bench.write(
        "offer.yaml",
        draft.replace("    # Optional. The full texts", &format!("{text}    # Optional. The full texts")),
    );
    bench.write_out("offer.yaml");
    publish(bench, served, "offer", "example-vendor.pem").exits(0).says("Registered.").says("DEMO");
    Statement::parse(&bench.read("offer.statement")).unwrap().id().to_string()
}

fn accept(bench: &Bench, served: &Served, offer: &str, name: &str, method: &str) -> Ran {
    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    let body = format!("ref: \"{offer}\"\ndate: {today}\nmethod: {method}\neffective: {today}\n");
    bench.write("body.yaml", body);
    let out = format!("{name}.yaml");
    bench.ok(&[
        "draft",
        "agreement.accept",
        "--from",
        "body.yaml",
        "--issuer",
        "gb-ncsc",
        "--subject",
        AGREEMENT,
        "--origin",
        ORIGIN,
        "-o",
        &out,
    ]);
    publish(bench, served, name, "gb-ncsc.pem")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn from_init_to_a_docket_file_that_stands_alone() {
    let bench = registry();
    let served = Served::start(&bench, "reg");
    let online = |arguments: &[&str]| online(&bench, &served, arguments);
    enrol(&bench, &served, "example-vendor", "vendor").exits(0);
    online(&["standing", AGREEMENT]).exits(18);
    enrol(&bench, &served, "gb-ncsc", "government").exits(0);
    online(&["standing", AGREEMENT]).exits(17).says("✓ standing");

    let offer = offer(&bench, &served);
    accept(&bench, &served, &offer, "accept", "signature").exits(0);
    assert!(bench.path("accept.receipt").exists());
    // The same bytes are one entry; another acceptance is refused by the rule's name.
    online(&["publish", "accept.statement", "--yes"]).exits(0).says("registered before");
    accept(&bench, &served, &offer, "again", "decision").exits(19).says("agreement_exists");
    online(&["publish", "again.statement", "--dry-run"]).exits(19).says("agreement_exists");
    online(&["publish", "accept.statement"]).exits(2).says("--yes");

    let list = online(&["list", "agreements", "--vendor", "example-vendor", "--output", "json"]).exits(0);
    assert!(list.stderr.contains("the server's word"));
    assert_eq!(list.json()["agreements"][0]["subject"], AGREEMENT);
    assert_eq!(online(&["list", "parties", "--output", "json"]).json()["parties"].as_array().unwrap().len(), 2);
    online(&["show", &offer]).exits(0).says("offer.make").says("✓ entry");
    online(&["show", &"0".repeat(64)]).exits(3);
    online(&["log", "proof", "0", "-o", "genesis", "--receipt", "genesis.receipt"]).exits(0);
    online(&["log", "proof", "99999"]).exits(3);
    online(&["log", "checkpoint", "-o", "checkpoint"]).exits(0);
    online(&["text", "fetch", &"0".repeat(64)]).exits(3);
    let text = bench.ok(&["text", "digest", "terms.txt", "--output", "json"]).json();
    let digest = text["sha256"].as_str().unwrap();
    online(&["text", "deposit", "terms.txt"]).exits(0).says(digest);
    online(&["text", "fetch", digest, "-o", "fetched.txt"]).exits(0);
    assert_eq!(bench.read("fetched.txt"), b"No backdoors.\n");
    bench.write("other.txt", "Nobody names this.");
    assert_ne!(online(&["text", "deposit", "other.txt"]).code, 0);
    online(&["standing", AGREEMENT, "--max-age", "1h"]).exits(0).says("In force").says("✓ freshness");
    online(&["docket", AGREEMENT, "-o", "agreement.docket"]).exits(0);
    online(&["docket", "roll/gb-ncsc", "-o", "roll.docket"]).exits(0);
    online(&["docket", "not a subject", "-o", "no.docket"]).exits(2);
    online(&["log", "consistency", "checkpoint"]).exits(0).says("✓");
    assert_eq!(served.stop(), 0);

    let fsck = |policy: &str| bench.run(&["log", "fsck", "--config", "reg/nospy.toml", "--policy", policy]);
    fsck("reg/policy.txt").exits(0).says("1 texts").says("everything follows from the entries");
    let stranger = bench.ok(&["key", "show", "gb-ncsc.pem", "--log-name", ORIGIN, "--output", "json"]).json();
    fsck(stranger["log_verifier_key"].as_str().unwrap()).exits(10).says("seal_signature at entry 1");
    bench.run(&["log", "fsck", "--data", "absent", "--policy", "reg/policy.txt"]).exits(3);

    // From here on there is no registry any more.
    let verify = |arguments: &[&str]| bench.run(&[&["verify"], arguments, &["--policy", "reg/policy.txt"]].concat());
    let ran = verify(&["agreement.docket"]).exits(0).says("In force").says("✓ rules").says("DEMO").says("Not proven");
    assert!(ran.stdout.contains("– freshness") && ran.stdout.contains("Registered is not approved"));
    assert!(ran.stdout.contains("Office of gb-ncsc"));
    verify(&["agreement.docket", "--on", "2020-01-01"]).exits(17);
    verify(&["agreement.docket", "--on", "2999-01-01"]).exits(18).says("Not yet known");
    verify(&["accept.receipt", "--statement", "accept.statement"]).exits(0);
    verify(&["accept.receipt", "--statement", "offer.statement"]).exits(11);
    verify(&["checkpoint"]).exits(0);
    let kid = bench.ok(&["key", "show", "gb-ncsc.pem", "--output", "json"]).json()["kid"].as_str().unwrap().to_owned();
    verify(&["agreement.docket", "--party-key", &format!("gb-ncsc={kid}")]).exits(0).says("key pinned by you");
    verify(&["agreement.docket", "--party-key", &format!("gb-ncsc={}", "0".repeat(64))])
        .exits(15)
        .says("✗ key-authority");
    bench
        .run(&["list", "parties", "--server", "https://127.0.0.1:1", "--policy", "reg/policy.txt"])
        .exits(2)
        .says("--ca");
    bench.run(&["list", "parties", "--server", "http://127.0.0.1:1", "--policy", "reg/policy.txt"]).exits(5);
}

/// Changes one byte of the database row that holds the entry with these bytes: at `offset` from where they begin.
fn damage(data: &Path, entry: &[u8], offset: isize) {
    let storage = SledStorage::open(data, SledOptions::default()).unwrap();
    let snapshot = storage.snapshot().unwrap();
    let rows = snapshot.scan(&[0], &[0xFF; 40], usize::MAX).unwrap();
    let (key, value) = rows.iter().find(|(_, value)| value.ends_with(entry)).unwrap();
    let mut value = value.to_vec();
    let at = value.len().checked_sub(entry.len()).and_then(|start| start.checked_add_signed(offset)).unwrap();
    value[at] ^= 1;
    let head = snapshot.get(HEAD_KEY).unwrap().unwrap();
    let mut batch = Batch::new();
    batch.put(key.to_vec(), value);
    batch.put(HEAD_KEY, head.to_vec());
    storage.commit(Some(&head), batch).unwrap();
}

#[test]
fn fsck_finds_a_changed_entry_and_a_changed_chain() {
    let bench = registry();
    let served = Served::start(&bench, "reg");
    enrol(&bench, &served, "example-vendor", "vendor").exits(0);
    assert_eq!(served.stop(), 0);
    copy(&bench.path("reg"), &bench.path("chain"));
    let entry = bench.read("example-vendor.statement");
    damage(&bench.path("reg/data"), &entry, 100);
    damage(&bench.path("chain/data"), &entry, -1);
    let fsck = |name: &str| {
        bench.run(&["log", "fsck", "--config", &format!("{name}/nospy.toml"), "--policy", "reg/policy.txt"])
    };
    fsck("reg").exits(11);
    fsck("chain").exits(11);
}

#[test]
fn a_log_that_forks_is_found_out_and_the_evidence_kept() {
    let bench = registry();
    copy(&bench.path("reg"), &bench.path("twin"));
    copy(&bench.path("reg"), &bench.path("behind"));
    let served = Served::start(&bench, "reg");
    enrol(&bench, &served, "example-vendor", "vendor").exits(0);
    assert_eq!(served.stop(), 0);

    // A copy of the registry on the same key, which has seen less: stale, but no proof of a fork.
    let behind = Served::start(&bench, "behind");
    online(&bench, &behind, &["log", "checkpoint"]).exits(14).says("2 entries");
    drop(behind);

    // A copy that went another way.
    let twin = Served::start(&bench, "twin");
    let elsewhere = [("NOSPY_SERVER", twin.url.as_str()), ("NOSPY_POLICY", "reg/policy.txt"), ("NOSPY_STATE", "other")];
    bench.key("other.pem");
    bench.ok(&[
        "key",
        "request",
        "--party",
        "other",
        "--origin",
        ORIGIN,
        "--key",
        "other.pem",
        "--name",
        "Other",
        "--role",
        "vendor",
        "--country",
        "gb",
        "-o",
        "other.yaml",
    ]);
    bench.ok(&["sign", "other.yaml", "--key", "reg/registrar-1.key.pem", "--yes"]);
    bench.run_with(&elsewhere, &["publish", "other.statement", "--yes"]).exits(0);
    online(&bench, &twin, &["list", "parties"]).exits(12).says("two histories").says(".fork");
    let evidence = fs::read_dir(bench.path("state/nospy")).unwrap().map(|entry| entry.unwrap().path());
    let evidence: Vec<_> = evidence.filter(|path| path.extension().is_some_and(|suffix| suffix == "fork")).collect();
    let [evidence] = evidence.as_slice() else { panic!("one file of evidence: {evidence:?}") };

    // It stands alone: in an empty folder, with the log's key and nothing else.
    let policy = String::from_utf8(bench.read("reg/policy.txt")).unwrap();
    let vkey = policy.lines().find_map(|line| line.strip_prefix("log ")).unwrap().split(' ').next().unwrap();
    let stranger = Bench::new();
    stranger.write("found.fork", fs::read(evidence).unwrap());
    let ran = stranger.run(&["verify", "found.fork", "--policy", vkey, "--output", "json"]).exits(12).json();
    assert_eq!((&ran["proved"], &ran["type"]), (&true.into(), &"fork".into()), "{ran}");
    stranger.run(&["verify", "found.fork", "--policy", vkey]).exits(12).says("EQUIVOCATION PROVED");
    let other = bench.ok(&["key", "show", "other.pem", "--log-name", ORIGIN, "--output", "json"]).json();
    let other = other["log_verifier_key"].as_str().unwrap().to_owned();
    stranger.run(&["verify", "found.fork", "--policy", &other]).exits(17).says("NOTHING PROVED");
    let mut changed = stranger.read("found.fork");
    *changed.last_mut().unwrap() ^= 1;
    stranger.write("changed.fork", &changed);
    let ran = stranger.run(&["verify", "changed.fork", "--policy", vkey]);
    assert!(matches!(ran.code, 16 | 17), "{}", ran.stdout);
    // The fork is not forgotten: the first history stays the one to compare with.
    online(&bench, &twin, &["log", "checkpoint"]).exits(12);
}

#[test]
fn a_lost_guard_stops_signing_until_it_is_adopted() {
    let bench = registry();
    let served = Served::start(&bench, "reg");
    online(&bench, &served, &["log", "checkpoint", "-o", "old"]).exits(0);
    bench.run(&["log", "guard", "show", "--config", "reg/nospy.toml"]).exits(2).says("Stop the registry first");
    enrol(&bench, &served, "example-vendor", "vendor").exits(0);
    online(&bench, &served, &["log", "checkpoint", "-o", "new"]).exits(0);
    assert_eq!(served.stop(), 0);
    let head = bench.ok(&["log", "guard", "show", "--config", "reg/nospy.toml", "--output", "json"]).json();
    assert_eq!(head["size"], 4);
    let adopt = |checkpoint: &str| {
        bench.run(&["log", "guard", "adopt", "--checkpoint", checkpoint, "--config", "reg/nospy.toml"])
    };
    adopt("new").exits(2).says("never replaced");

    fs::remove_file(bench.path("reg/head.guard")).unwrap();
    let served = Served::start(&bench, "reg");
    bench.key("late.pem");
    enrol(&bench, &served, "gb-ncsc", "government").exits(5);
    assert_eq!(served.stop(), 0);
    bench.run(&["log", "guard", "show", "--config", "reg/nospy.toml"]).exits(3);
    let changed = String::from_utf8(bench.read("new")).unwrap().replacen("\n4\n", "\n5\n", 1);
    bench.write("changed", changed);
    adopt("changed").exits(10);
    adopt("new").exits(0);
    let served = Served::start(&bench, "reg");
    enrol_again(&bench, &served);
    assert_eq!(served.stop(), 0);
}

fn enrol_again(bench: &Bench, served: &Served) {
    online(bench, served, &["publish", "gb-ncsc.statement", "--yes"]).exits(0).says("Registered.");
}
