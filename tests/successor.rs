//! The end of a log and the one that continues it, through the program: a close is the last statement, reads go on, and
//! two files show whether both logs name each other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod kit;
mod program;
mod sealed;

use std::time::Duration;

use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey};
use nospy::evidence::{Checkpoint, SignedCheckpoint};

use crate::kit::Kit;
use crate::program::{Bench, Ran, Served};

const OLD: &str = "demo.old.example/nospy";
const NEW: &str = "demo.new.example/nospy";
/// Long enough for a seal that is due every second.
const TWO_SEALS: Duration = Duration::from_millis(2_500);

/// A registry that seals every second and has to be closed in favour of [`NEW`], whose log key is made.
struct Scene {
    bench: Bench,
}

impl Scene {
    fn new() -> Self {
        let bench = Bench::new();
        let seconds = ["--seal-interval", "1"];
        bench
            .ok(&[&["init", "old", "--origin", OLD, "--title", "The old one", "--no-passphrase"], &seconds[..]]
                .concat());
        bench.key("next.pem");
        bench.key("acme.pem");
        let request = ["key", "request", "--origin", OLD, "--party", "acme", "--role", "vendor", "--country", "se"];
        let name = ["--name", "Party acme", "--key", "acme.pem", "-o", "acme.yaml"];
        bench.ok(&[&request[..], &name[..]].concat());
        bench.ok(&["sign", "acme.yaml", "--key", "old/registrar-1.key.pem", "--yes"]);
        let scene = Self { bench };
        scene.sign_offer("offer", "offer/acme/terms-1");
        scene
    }

    /// Signs an offer with a text.
    fn sign_offer(&self, name: &str, subject: &str) {
        let out = format!("{name}.yaml");
        let draft = ["draft", "offer.make", "--issuer", "acme", "--subject", subject, "--origin", OLD, "-o", &out];
        self.bench.ok(&draft);
        self.bench.write("terms.txt", "Neither party spies on the other.");
        let digest = self.bench.ok(&["text", "digest", "terms.txt", "--output", "json"]).json();
        let text = format!(
            "    texts:\n      - {{language: en, status: authentic, sha256: {}, size: {}, media_type: text/plain}}\n",
            digest["sha256"], digest["size"]
        );
        let draft = String::from_utf8(self.bench.read(&out)).unwrap();
        let optional = "    # Optional. The full texts";
        self.bench.write(&out, draft.replace(optional, &format!("{text}{optional}")));
        self.bench.write_out(&out);
        self.bench.ok(&["sign", &out, "--key", "acme.pem", "--yes"]);
    }

    /// Signs the close that names [`NEW`] and the key in `key`.
    fn sign_close(&self, key: &str) {
        let shown = self.bench.ok(&["key", "show", key, "--output", "json"]).json();
        let public = shown["public_key"].as_str().unwrap();
        self.bench
            .write("close.body", format!("origin: {NEW}\nlog_key: \"{public}\"\nreason: The operator changes.\n"));
        let draft =
            ["draft", "registry.close", "--from", "close.body", "--issuer", "registrar", "--subject", "registry"];
        self.bench.ok(&[&draft[..], &["--origin", OLD, "-o", "close.yaml"]].concat());
        self.bench.ok(&["sign", "close.yaml", "--key", "old/registrar-1.key.pem", "--yes"]);
    }

    fn online(&self, served: &Served, registry: &str, arguments: &[&str]) -> Ran {
        // Each remembers its own: several logs under one key are a fork to whoever sees two of them.
        let (policy, state) = (format!("{registry}/policy.txt"), format!("{registry}.state"));
        let server = [("NOSPY_SERVER", served.url.as_str()), ("NOSPY_POLICY", &policy), ("NOSPY_STATE", &state)];
        self.bench.run_with(&server, arguments)
    }

    fn publish(&self, served: &Served, name: &str) -> Ran {
        self.online(served, "old", &["publish", &format!("{name}.statement"), "--yes"])
    }

    fn size(&self, served: &Served) -> u64 {
        let checkpoint = self.online(served, "old", &["log", "checkpoint", "--output", "json"]).exits(0).json();
        checkpoint["size"].as_u64().unwrap()
    }

    /// Publishes what a registry holds, closes it, and keeps `before.docket`, `earlier`, `old.docket` and `final`.
    fn close(&self) {
        let served = Served::start(&self.bench, "old");
        for name in ["acme", "offer"] {
            self.publish(&served, name).exits(0).says("Registered.");
        }
        self.online(&served, "old", &["docket", "registry", "-o", "before.docket"]).exits(0);
        self.online(&served, "old", &["log", "checkpoint", "-o", "earlier"]).exits(0);
        self.publish(&served, "close").exits(0).says("Registered.");
        self.online(&served, "old", &["docket", "registry", "-o", "old.docket"]).exits(0);
        self.online(&served, "old", &["log", "checkpoint", "-o", "final"]).exits(0);
        assert_eq!(served.stop(), 0);
    }

    /// Makes a registry [`NEW`] in `directory`, and fetches the file of its docket `registry` to `directory.docket`.
    fn succeed(&self, directory: &str, more: &[&str]) {
        let init = ["init", directory, "--origin", NEW, "--title", "The new one", "--no-passphrase"];
        self.bench.ok(&[&init[..], more].concat());
        let served = Served::start(&self.bench, directory);
        let out = format!("{directory}.docket");
        self.online(&served, directory, &["docket", "registry", "-o", &out]).exits(0);
        assert_eq!(served.stop(), 0);
    }

    fn seam(&self, old: &str, new: &str) -> Ran {
        let (new_file, new_policy) = (format!("{new}.docket"), format!("{new}/policy.txt"));
        let old = ["log", "seam", "--old", old, "--old-policy", "old/policy.txt"];
        self.bench.run(&[&old[..], &["--new", &new_file, "--new-policy", &new_policy]].concat())
    }
}

const PREDECESSOR: [&str; 6] =
    ["--log-key", "next.pem", "--predecessor", "final", "--predecessor-policy", "old/policy.txt"];

#[test]
fn after_a_close_nothing_enters_and_reads_go_on() {
    let scene = Scene::new();
    scene.sign_close("next.pem");
    let served = Served::start(&scene.bench, "old");
    for name in ["acme", "offer"] {
        scene.publish(&served, name).exits(0);
    }
    // While it is open, empty batches are sealed.
    let open = scene.size(&served);
    std::thread::sleep(TWO_SEALS);
    assert!(scene.size(&served) > open, "a heartbeat");
    assert!(!scene.online(&served, "old", &["log", "checkpoint"]).exits(0).stdout.contains("closed"));

    scene.publish(&served, "close").exits(0).says("Registered.");
    scene.sign_offer("late", "offer/acme/terms-2");
    let ended = scene.size(&served);
    scene.publish(&served, "late").exits(19).says("registry_closed").says(NEW);
    scene.online(&served, "old", &["publish", "late.statement", "--dry-run"]).exits(19).says("registry_closed");
    scene.online(&served, "old", &["text", "deposit", "terms.txt"]).exits(19).says("registry_closed").says(NEW);
    // What stands in it already is answered as before.
    scene.publish(&served, "offer").exits(0).says("registered before");
    std::thread::sleep(TWO_SEALS);
    assert_eq!(scene.size(&served), ended, "no seal follows");
    assert_eq!(served.stop(), 0);

    let served = Served::start(&scene.bench, "old");
    std::thread::sleep(TWO_SEALS);
    assert_eq!(scene.size(&served), ended, "nor after a restart");
    scene.publish(&served, "late").exits(19).says("registry_closed").says(NEW);
    let told = scene.online(&served, "old", &["log", "checkpoint", "--output", "json"]).exits(0).json();
    assert_eq!(told["closed"]["origin"], NEW);
    assert_eq!(told["closed"]["index"].as_u64().unwrap() + 2, ended, "its own seal, and nothing else");
    let key = scene.bench.ok(&["key", "show", "next.pem", "--log-name", NEW, "--output", "json"]).json();
    assert_eq!(told["closed"]["log_key"], key["log_verifier_key"]);
    scene.online(&served, "old", &["standing", "offer/acme/terms-1"]).exits(0).says("This log is closed").says(NEW);
    scene.online(&served, "old", &["docket", "offer/acme/terms-1", "-o", "offer.docket"]).exits(0);
    scene.online(&served, "old", &["log", "proof", "0"]).exits(0);
    assert_eq!(served.stop(), 0);

    // Too old is too old, and the reason is told beside it.
    let verify = ["verify", "offer.docket", "--policy", "old/policy.txt"];
    let stale = scene.bench.run(&[&verify[..], &["--max-age", "1s"]].concat()).exits(14);
    stale.says("✗ freshness").says("This log is closed").says(NEW);
    let json = scene.bench.run(&[&verify[..], &["--max-age", "1s", "--output", "json"]].concat()).exits(14).json();
    assert_eq!(json["closed"]["origin"], NEW);
    assert!(json["standing"].is_null(), "no answer rests on a stale file");
    scene.bench.run(&verify).exits(0).says("This log is closed");
    scene.bench.run(&["show", "offer.docket", "--policy", "old/policy.txt"]).exits(0).says("log closed").says(NEW);
    let fsck = ["log", "fsck", "--config", "old/nospy.toml", "--policy", "old/policy.txt"];
    scene.bench.run(&fsck).exits(0).says("everything follows from the entries");
}

#[test]
fn an_honest_seam_holds() {
    let scene = Scene::new();
    scene.sign_close("next.pem");
    scene.close();
    scene.succeed("new", &PREDECESSOR);
    let seam = scene.seam("old.docket", "new").exits(0);
    seam.says("✓ the seam holds").says(OLD).says(NEW).says("DEMO");
    // Taken before the close, the old file does not show it.
    scene.seam("before.docket", "new").exits(17).says("not closed");
    // The two ends are not interchangeable.
    let swapped = ["log", "seam", "--old", "new.docket", "--old-policy", "new/policy.txt"];
    let ran = scene.bench.run(&[&swapped[..], &["--new", "old.docket", "--new-policy", "old/policy.txt"]].concat());
    ran.exits(17).says("not closed");
    // Nor does a file count under a key that is not its log's.
    let other = scene.bench.ok(&["key", "show", "acme.pem", "--log-name", NEW, "--output", "json"]).json();
    let pinned = ["log", "seam", "--old", "old.docket", "--old-policy", "old/policy.txt", "--new", "new.docket"];
    let key = other["log_verifier_key"].as_str().unwrap();
    scene.bench.run(&[&pinned[..], &["--new-policy", key]].concat()).exits(10).says("✗ checkpoint-signature");
    let mut flipped = scene.bench.read("old.docket");
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    scene.bench.write("flipped.docket", flipped);
    let ran = scene.seam("flipped.docket", "new");
    assert!((10..=16).contains(&ran.code), "{}", ran.stdout);
}

#[test]
fn a_seam_that_one_log_does_not_name_is_refused() {
    let scene = Scene::new();
    scene.sign_close("next.pem");
    scene.close();
    // Another key than the one that the close names.
    scene.succeed("impostor", &PREDECESSOR[2..]);
    scene.seam("old.docket", "impostor").exits(15).says("another log key");
    // A genesis that names nobody.
    scene.succeed("silent", &PREDECESSOR[..2]);
    scene.seam("old.docket", "silent").exits(17).says("no predecessor");
    // A genesis that names an earlier tree.
    let earlier = ["--log-key", "next.pem", "--predecessor", "earlier", "--predecessor-policy", "old/policy.txt"];
    scene.succeed("early", &earlier);
    scene.seam("old.docket", "early").exits(12).says("do not meet");
    // A genesis that names another tree of the same size, which the old log's key signed: a fork.
    let key = SigningKey::from_pem(std::str::from_utf8(&scene.bench.read("old/log.key.pem")).unwrap(), None).unwrap();
    let name = KeyLine::new(OLD, NoteAlgorithm::Ed25519, key.public()).unwrap();
    let ended = SignedCheckpoint::parse(&scene.bench.read("final")).unwrap();
    let fork = Checkpoint { root: [7; 32], ..ended.checkpoint().clone() }.sign(&name, &key);
    scene.bench.write("fork", fork.to_string());
    let forked = ["--log-key", "next.pem", "--predecessor", "fork", "--predecessor-policy", "old/policy.txt"];
    scene.succeed("forked", &forked);
    let ran = scene.seam("old.docket", "forked").exits(12).says("evidence");
    assert!(ran.stdout.contains(&"07".repeat(32)));
}

#[test]
fn the_predecessor_of_a_genesis_is_checked_before_it_stands_for_ever() {
    let bench = Bench::new();
    bench.ok(&["init", "old", "--origin", OLD, "--title", "t", "--no-passphrase"]);
    let served = Served::start(&bench, "old");
    let variables = [("NOSPY_SERVER", served.url.as_str()), ("NOSPY_POLICY", "old/policy.txt")];
    bench.run_with(&variables, &["log", "checkpoint", "-o", "final"]).exits(0);
    let init = ["init", "new", "--origin", NEW, "--title", "t", "--no-passphrase", "--predecessor", "final"];
    bench.run(&init).exits(2).says("--predecessor-policy");
    bench.key("other.pem");
    let other = bench.ok(&["key", "show", "other.pem", "--log-name", OLD, "--output", "json"]).json();
    let key = other["log_verifier_key"].as_str().unwrap();
    bench.run(&[&init[..], &["--predecessor-policy", key]].concat()).exits(10);
    let itself = ["init", "new", "--origin", OLD, "--title", "t", "--no-passphrase", "--predecessor", "final"];
    bench.run(&[&itself[..], &["--predecessor-policy", "old/policy.txt"]].concat()).exits(2).says("continue itself");
    assert!(!bench.path("new").exists(), "nothing was made");
    let made =
        bench.run(&[&init[..], &["--predecessor-policy", "old/policy.txt", "--output", "json"]].concat()).exits(0);
    assert_eq!(made.json()["predecessor"]["origin"], OLD);
}

/// Goal: a log that takes a statement after its own end is caught. No honest registry does, so the log is made in memory.
#[test]
fn a_log_that_goes_on_behind_its_end_is_caught() {
    let bench = Bench::new();
    bench.write("next.pem", kit::key("next").to_pem(None).unwrap().as_bytes());
    let policy = sealed::log_key().to_string();
    for (name, is_same_batch, exit) in [("honest", None, 17), ("later", Some(false), 12), ("same", Some(true), 12)] {
        let mut kit = Kit::default();
        kit.at("2026-02-01");
        let body = vec![("origin", kit::text(NEW)), ("log_key", kit::public("next"))];
        kit.ok("registrar", "registry", "registry.close", body);
        if let Some(is_same_batch) = is_same_batch {
            kit.at(if is_same_batch { "2026-02-01" } else { "2026-02-02" });
            let late = kit.sign("acme", "offer/acme/late", "offer.make", kit::offer(&["de-bsi"], vec![]));
            kit.log_by_mistake(late).unwrap_err();
        }
        bench.write(&format!("{name}.docket"), sealed::Log::of(&kit).file("registry"));
        if name == "honest" {
            // The new log names no predecessor: that is the next question, and not this one.
            let init = ["init", "new", "--origin", NEW, "--title", "t", "--no-passphrase", "--log-key", "next.pem"];
            bench.ok(&init);
            let served = Served::start(&bench, "new");
            let variables = [("NOSPY_SERVER", served.url.as_str()), ("NOSPY_POLICY", "new/policy.txt")];
            bench.run_with(&variables, &["docket", "registry", "-o", "new.docket"]).exits(0);
        }
        let old = format!("{name}.docket");
        let seam = ["log", "seam", "--old", &old, "--old-policy", &policy, "--new", "new.docket"];
        let ran = bench.run(&[&seam[..], &["--new-policy", "new/policy.txt"]].concat()).exits(exit);
        assert_eq!(ran.stdout.contains("goes on behind its end"), exit == 12, "{}", ran.stdout);
    }
}
