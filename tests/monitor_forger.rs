//! `nospy monitor` before a log that signs what no log may: honest about its tree, and about nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod forger;
mod histories;
mod kit;
mod liar;
mod program;
mod sealed;
mod served;

use forger::Forger;
use kit::{Kit, key, ms, record, text};
use nospy::codec::Value;
use nospy::crypto::Digest;
use nospy::evidence::Seal;
use nospy::merkle::leaf_hash;
use nospy::statement::{Statement, StatementId, Subject};
use program::{Bench, Ran};
use sealed::{Log, log_key};
use serde_json::Value as Json;

/// One look at `url`, in a directory that stays.
async fn monitor(bench: &Bench, url: &str, vkey: &str, arguments: &[&str]) -> (Ran, Vec<Json>) {
    let fixed = ["monitor", "--once", "--server", url, "--policy", vkey, "--max-age", "999999h"];
    let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
    command.args(fixed).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    let events = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (ran, events)
}

fn names(events: &[Json]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

fn seal(from: u64, prev: &StatementId, time_ms: u64) -> Statement {
    let draft = Seal::draft(&kit::origin(), from, Some(prev), time_ms, &[0; 32], &[0; 32]);
    draft.sign(&key("log")).unwrap()
}

/// A log whose last entry is a seal of 2026-01-10.
fn forger() -> (Forger, u64, StatementId) {
    let mut kit = Kit::default();
    kit.at("2026-01-10");
    kit.enrol("later", "vendor", "se");
    let log = Log::of(&kit);
    let entries: Vec<Vec<u8>> = log.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let (size, last) = (entries.len() as u64, *log.entries.last().unwrap().id());
    (Forger::new(log_key(), key("log"), entries), size, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_goes_back_in_time_is_a_fork_and_proved_by_itself() {
    let (forger, size, last) = forger();
    let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
    monitor(&bench, &url, &vkey, &[]).await.0.exits(14);
    forger.push(seal(size, &last, ms("2026-01-09")).bytes());
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(12);
    assert_eq!(names(&events), ["seal_backdated", "seal_invalid", "fork"], "{events:?}");
    let stranger = Bench::new();
    stranger.write("found", std::fs::read(bench.path(events[2]["evidence"].as_str().unwrap())).unwrap());
    stranger.run(&["verify", "found", "--policy", &vkey]).exits(12).says("not the later time");
    // It finds it again, and nothing else again.
    let (ran, again) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(12);
    assert_eq!(names(&again), ["fork"]);
    // Who looks once is told by the exit code, whoever takes the event.
    monitor(&bench, &url, &vkey, &["--on-event", "false"]).await.0.exits(12);
    assert!(again.iter().all(|event| events.iter().any(|known| known["id"] == event["id"])), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_statement_and_no_seal_is_told_and_the_log_is_followed_on() {
    let (forger, size, last) = forger();
    forger.push(b"no statement at all");
    // A seal of somebody else, and one that follows nothing.
    let draft = Seal::draft(&kit::origin(), size, Some(&last), ms("2026-01-11"), &[0; 32], &[0; 32]);
    let foreign = draft.sign(&key("stranger")).unwrap();
    forger.push(foreign.bytes());
    forger.push(seal(size + 2, &Digest([7; 32]), ms("2026-01-12")).bytes());
    let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(14);
    let told: Vec<_> = names(&events).into_iter().filter(|name| !name.starts_with("seal_gap")).collect();
    assert_eq!(told, ["registry_change", "entry_unreadable", "seal_invalid", "seal_invalid", "heartbeat_missing"]);
    assert!(monitor(&bench, &url, &vkey, &[]).await.1.is_empty(), "once");
    // A log that signs trees and no seals cannot hide in an unfinished batch.
    forger.push(b"more of the same");
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(16);
    assert_eq!((names(&events), &events[0]["state"]), (vec!["bad_answer"], &"begins".into()));
}

/// Goal: whoever names nonsense makes no monitor blind. Method: endorsements of what is not in the log, of what is no
/// statement, and of what comes later; behind them something that concerns the watch.
#[tokio::test(flavor = "multi_thread")]
async fn an_endorsement_of_nothing_is_told_and_the_log_is_followed_on() {
    let (forger, size, last) = forger();
    let kit = Kit::default();
    let endorse = |id: [u8; 32]| {
        kit.sign("registrar", "party/later", "endorse", vec![("ref", Value::bytes(id))]).bytes().to_vec()
    };
    let junk = b"no statement at all";
    let later = kit.sign("registrar", "party/later", "party.retire", vec![]).bytes().to_vec();
    for entry in [endorse([7; 32]), junk.to_vec(), endorse(leaf_hash(junk)), endorse(leaf_hash(&later)), later.clone()]
    {
        forger.push(&entry);
    }
    // Named by its place, and found there: no server is asked.
    forger.push(&endorse(leaf_hash(&later)));
    forger.push(seal(size, &last, ms("2026-01-11")).bytes());
    let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
    let (ran, events) = monitor(&bench, &url, &vkey, &["--party", "later"]).await;
    ran.exits(14);
    let told = names(&events).into_iter().filter(|name| !["registry_change", "seal_gap"].contains(name));
    let unreadable = "entry_unreadable";
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["key_change", unreadable, unreadable, unreadable, unreadable, "key_change", "statement", "heartbeat_missing"],
        "{events:?}"
    );
    assert!(monitor(&bench, &url, &vkey, &["--party", "later"]).await.1.is_empty(), "once");
}

/// Goal: a log that hides and signs well is caught by who derives it, once for each fault. Method: a statement that is left out
/// of a docket, before a monitor with and without an audit.
#[tokio::test(flavor = "multi_thread")]
async fn a_docket_that_hides_is_found_by_an_audit() {
    let mut kit = Kit::default();
    kit.at("2026-01-10");
    let hidden = kit.enrol("later", "vendor", "se");
    let hides = |statement: &Statement, about: &Subject| *statement.id() == hidden && about.to_string() == "parties";
    let log = Log::hiding(&kit, hides);
    let entries = log.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let forger = Forger::new(log_key(), key("log"), entries);
    let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(14);
    assert!(!names(&events).contains(&"audit_finding"));
    let (ran, events) = monitor(&bench, &url, &vkey, &["--audit"]).await;
    ran.exits(11);
    assert_eq!((names(&events), &events[0]["fault"]), (vec!["audit_finding"], &"seal_dockets".into()), "{events:?}");
    let (ran, events) = monitor(&bench, &url, &vkey, &["--audit"]).await;
    ran.exits(11);
    assert!(events.is_empty(), "once: {events:?}");
    // Another watch has its own memory, and the same fault the same id.
    let (_, other) = monitor(&bench, &url, &vkey, &["--audit", "--party", "later"]).await;
    assert!(names(&other).contains(&"audit_finding"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_log_owes_no_heartbeat() {
    let mut kit = Kit::default();
    kit.at("2026-01-10");
    let successor = record(vec![("origin", text("next.example")), ("log_key", Value::bytes([3; 32]))]);
    let close = kit.sign("registrar", "registry", "registry.close", vec![("successor", successor)]);
    // What it says does not matter here: the rules judge it elsewhere.
    let _ = kit.log_by_mistake(close);
    let entries = Log::of(&kit).entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let forger = Forger::new(log_key(), key("log"), entries);
    let (bench, url) = (Bench::new(), forger.serve().await);
    let (ran, events) = monitor(&bench, &url, &log_key().to_string(), &[]).await;
    ran.exits(0);
    assert_eq!(names(&events), ["registry_change", "log_closed", "seal_gap"], "{events:?}");
}

/// What a log does between two looks.
type Lie = (&'static str, fn(&mut Vec<Vec<u8>>));

/// Every one of them is a fork: the tree that was signed is gone.
const FORKS: [Lie; 7] = [
    ("one size, two roots", |entries| entries[3][200] ^= 1),
    ("the last entry of one size", |entries| *entries.last_mut().unwrap() = seal_bytes(3)),
    ("an entry changed, and grown", |entries| {
        entries[3][200] ^= 1;
        entries.push(seal_bytes(4));
    }),
    ("an entry dropped, and grown", |entries| {
        entries.remove(3);
        entries.extend([seal_bytes(5), seal_bytes(6), seal_bytes(7)]);
    }),
    ("an entry put in later", |entries| entries.insert(4, seal_bytes(8))),
    ("two entries swapped", |entries| entries.swap(2, 3)),
    ("another log altogether", |entries| {
        let size = entries.len();
        *entries = (0..=size).map(|i| seal_bytes(i as u64 + 9)).collect();
    }),
];

fn seal_bytes(from: u64) -> Vec<u8> {
    seal(from, &Digest([from as u8; 32]), ms("2026-03-01") + from).bytes().to_vec()
}

/// Goal: whatever a log does to a tree that it signed is proved to everybody, without any witness. Method: every lie at
/// trees of many sizes, powers of two among them.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_give_up_a_signed_tree_is_proved() {
    for later in 0..6 {
        let mut kit = Kit::default();
        kit.at("2026-01-10");
        for n in 0..later {
            kit.enrol(&format!("later-{n}"), "vendor", "se");
        }
        let entries: Vec<Vec<u8>> = Log::of(&kit).entries.iter().map(|entry| entry.bytes().to_vec()).collect();
        for (name, lie) in FORKS {
            let forger = Forger::new(log_key(), key("log"), entries.clone());
            let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
            monitor(&bench, &url, &vkey, &[]).await.0.exits(14);
            lie(&mut forger.entries.lock().unwrap());
            let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
            assert_eq!((ran.code, names(&events)), (12, vec!["fork"]), "{name} at {}: {}", entries.len(), ran.stderr);
            let stranger = Bench::new();
            stranger.write("found", std::fs::read(bench.path(events[0]["evidence"].as_str().unwrap())).unwrap());
            stranger.run(&["verify", "found", "--policy", &vkey]).exits(12).says("EQUIVOCATION PROVED");
        }
    }
}

/// What is no proof is not called one, and is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proof_is_told_as_what_it_is() {
    let (forger, ..) = forger();
    let (bench, url, vkey) = (Bench::new(), forger.serve().await, log_key().to_string());
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(14);
    assert_eq!(names(&events).last(), Some(&"heartbeat_missing"), "a stale head: {events:?}");
    // Another key under the same name.
    let swapped = Forger::new(log_key(), key("stranger"), forger.entries.lock().unwrap().clone());
    let (ran, events) = monitor(&bench, &swapped.serve().await, &vkey, &[]).await;
    ran.exits(10);
    assert_eq!(names(&events), ["bad_answer"]);
    // Rolled back.
    forger.entries.lock().unwrap().truncate(3);
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(14);
    assert_eq!(names(&events), ["rollback"]);
    // Both heads are kept, and prove nothing.
    bench.write("found", std::fs::read(bench.path(events[0]["evidence"].as_str().unwrap())).unwrap());
    bench.run(&["verify", "found", "--policy", &vkey]).exits(18);
    let directories = std::fs::read_dir(bench.path("state/nospy")).unwrap();
    let files = directories.flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
    let evidence: Vec<String> = files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("evidence"))
        .collect();
    assert!(evidence.len() == 1 && evidence[0].ends_with(".suspicion"), "{evidence:?}");
}

/// Goal: whoever spoils a proof on the way makes nobody guilty. Method: a liar before an honest registry.
#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_proof_is_told_and_is_no_fork() {
    let served = served::Served::start(served::Engine::Memory).await;
    let (bench, vkey) = (Bench::new(), served.log().to_string());
    let url = format!("http://{}", served.address);
    monitor(&bench, &url, &vkey, &[]).await.0.exits(0);
    served.client().await.publish(&served::listing("acme")).await.unwrap();
    let liar = liar::serve(url.clone(), liar::Lie::Consistency).await;
    let (ran, events) = monitor(&bench, &liar, &vkey, &[]).await;
    ran.exits(11);
    assert_eq!((names(&events), &events[0]["state"]), (vec!["not_extended"], &"begins".into()));
    let suspicion = std::fs::read(bench.path(events[0]["evidence"].as_str().unwrap())).unwrap();
    bench.write("found", suspicion);
    bench.run(&["verify", "found", "--policy", &vkey]).exits(18);
    // The log itself has the answer.
    let (ran, events) = monitor(&bench, &url, &vkey, &["--party", "acme"]).await;
    ran.exits(0);
    assert_eq!(names(&events).last(), Some(&"statement"), "{events:?}");
    let (ran, events) = monitor(&bench, &url, &vkey, &[]).await;
    ran.exits(0);
    assert_eq!((names(&events), &events[0]["state"]), (vec!["not_extended"], &"ends".into()));
    // An entry that is changed on its way is a bad answer, and nobody is told of it as if it were true.
    let liar = liar::serve(url.clone(), liar::Lie::Entry(2)).await;
    let (ran, events) = monitor(&bench, &liar, &vkey, &["--party", "acme", "--subject", "registry"]).await;
    ran.exits(11);
    assert_eq!((names(&events), &events[0]["state"]), (vec!["bad_answer"], &"begins".into()));
}
