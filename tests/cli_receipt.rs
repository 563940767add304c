//! `nospy receipt`, `nospy attach` and what `nospy verify` says of what they make.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod program;
mod served;

use nospy::crypto::hex;
use nospy::evidence::{TlogProof, attach_receipts};
use program::{Bench, Ran};
use serde_json::json;
use served::{Engine, Served, listing};

/// A witness that cosigns nothing here.
const WITNESS: &str = "witness w witness.example.org/w1+6d7ef907+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";

struct Scene {
    bench: Bench,
    served: Served,
}

impl Scene {
    async fn new() -> Self {
        let scene = Self { bench: Bench::new(), served: Served::start(Engine::Memory).await };
        for party in ["acme", "other"] {
            let statement = listing(party);
            scene.served.registry.publish(statement.bytes()).await.unwrap();
            scene.bench.write(&format!("{party}.statement"), statement.bytes());
        }
        scene.bench.write("policy.txt", format!("log {}\nquorum none\n", scene.served.log()));
        scene
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let url = format!("http://{}", self.served.address);
        let variables = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt")];
        tokio::task::block_in_place(|| self.bench.run_with(&variables, arguments))
    }

    /// Offline, in another directory's sense: no server is named.
    fn verify(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["verify"], arguments, &["--policy", "policy.txt"]].concat();
        tokio::task::block_in_place(|| self.bench.run(&arguments))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_fetched_attached_and_verified() {
    let scene = Scene::new().await;
    scene.run(&["receipt", "acme.statement"]).exits(0).says("acme.receipt");
    scene
        .verify(&["acme.receipt", "--statement", "acme.statement"])
        .exits(0)
        .says("the log that you trust holds exactly this");
    scene.verify(&["acme.receipt", "--statement", "other.statement"]).exits(11);
    scene.verify(&["acme.receipt"]).exits(2).says("--statement");
    // By id, under another name; nothing is overwritten.
    let id = listing_id(&scene, "other");
    scene.run(&["receipt", &id, "-o", "o.receipt"]).exits(0);
    scene.run(&["receipt", &id, "-o", "o.receipt"]).exits(2);
    scene.run(&["receipt", &"ab".repeat(32)]).exits(3);

    scene.run(&["attach", "acme.statement", "--receipt", "acme.receipt", "-o", "acme.transparent"]).exits(0);
    scene.verify(&["acme.transparent"]).exits(0).says("entry-inclusion");
    scene
        .run(&["attach", "acme.statement", "--receipt", "o.receipt", "-o", "wrong"])
        .exits(11)
        .says("for a statement on party/other");
    scene.run(&["attach", "acme.receipt", "--receipt", "acme.receipt", "-o", "wrong"]).exits(16);
    // Attached twice it is there once.
    scene.run(&["attach", "acme.transparent", "--receipt", "acme.receipt", "-o", "again"]).exits(0);
    assert_eq!(scene.bench.read("again"), scene.bench.read("acme.transparent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_another_statement_on_the_subject_is_not_attached() {
    let scene = Scene::new().await;
    scene.run(&["receipt", "acme.statement"]).exits(0);
    // The same party is listed in other words: same origin, same subject, another statement.
    let (registrar, listed) = (served::registrar(), listing("acme"));
    let body = json!({ "names": [{ "name": "Acme" }], "role": "vendor", "country": "se" });
    let again = served::sign(&registrar, "registrar", "party/acme", "party.list", &body);
    assert_eq!((again.origin(), again.subject()), (listed.origin(), listed.subject()));
    scene.bench.write("again.statement", again.bytes());
    let attach = |statement, receipt| ["attach", statement, "--receipt", receipt, "-o", "wrong"];
    scene
        .run(&attach("again.statement", "acme.receipt"))
        .exits(11)
        .says("acme.receipt is no receipt for this statement");
    // Nor kept where somebody has put it.
    let receipt = scene.bench.read("acme.receipt");
    scene.bench.write("crooked", attach_receipts(&again, &[&receipt]).unwrap());
    scene.run(&attach("crooked", "acme.receipt")).exits(11).says("receipt 1 in crooked");
    assert!(!scene.bench.path("wrong").exists());
    // Without a policy nothing can be said of a receipt.
    let attach = attach("acme.statement", "acme.receipt");
    tokio::task::block_in_place(|| scene.bench.run(&attach)).exits(2).says("no trust policy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_does_not_answer_for_witnesses() {
    let scene = Scene::new().await;
    scene.run(&["receipt", "acme.statement"]).exits(0);
    scene
        .run(&["attach", "acme.statement", "--receipt", "acme.receipt", "-o", "acme.transparent"])
        .exits(0)
        .says("verified");
    scene.bench.write("strict.txt", format!("log {}\n{WITNESS}\nquorum w\n", scene.served.log()));
    for what in [&["acme.receipt", "--statement", "acme.statement"][..], &["acme.transparent"]] {
        let arguments = [&["verify"], what, &["--policy", "strict.txt"]].concat();
        let ran = tokio::task::block_in_place(|| scene.bench.run(&arguments)).exits(18);
        ran.says("✓ entry-inclusion").says("– witness-quorum").says("--tlog-proof");
    }
}

fn listing_id(scene: &Scene, party: &str) -> String {
    let bytes = scene.bench.read(&format!("{party}.statement"));
    hex(&nospy::merkle::leaf_hash(&bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tlog_proof_is_exported_and_checked() {
    let scene = Scene::new().await;
    scene.run(&["receipt", "acme.statement", "--tlog-proof"]).exits(0);
    let proof = scene.bench.read("acme.tlog-proof");
    assert_eq!(TlogProof::parse(&proof).unwrap().to_string().into_bytes(), proof);
    scene.verify(&["acme.tlog-proof", "--statement", "acme.statement"]).exits(0).says("entry-inclusion");
    scene.verify(&["acme.tlog-proof", "--statement", "other.statement"]).exits(11);
    // A policy with a witness that has not cosigned.
    scene.bench.write("strict.txt", format!("log {}\n{WITNESS}\nquorum w\n", scene.served.log()));
    let strict = ["verify", "acme.tlog-proof", "--statement", "acme.statement", "--policy", "strict.txt"];
    tokio::task::block_in_place(|| scene.bench.run(&strict)).exits(13);
    let ran = scene.run(&["receipt", "other.statement", "--tlog-proof", "--policy", "strict.txt"]).exits(13);
    ran.says("Nothing was written");
    assert!(!scene.bench.path("other.tlog-proof").exists(), "what the policy does not accept is not left behind");
    let text = String::from_utf8(proof).unwrap();
    let root = text.split("\n\n").nth(1).unwrap().lines().nth(2).unwrap();
    for (name, changed, code) in [
        ("another index", text.replacen("index ", "index 1", 1), 11),
        ("an extra line", text.replacen("index ", "extra AAAA\nindex ", 1), 16),
        ("another version", text.replacen("@v1", "@v2", 1), 16),
        ("no checkpoint", text.split("\n\n").next().unwrap().to_owned() + "\n\n", 16),
        ("another root", text.replacen(root, &format!("{}=", "A".repeat(43)), 1), 10),
        ("another origin", text.replace(served::ORIGIN, "demo.other.example/nospy"), 11),
    ] {
        scene.bench.write("changed", changed);
        let ran = scene.verify(&["changed", "--statement", "acme.statement"]);
        assert_eq!(ran.code, code, "{name}: {}{}", ran.stdout, ran.stderr);
    }
}
