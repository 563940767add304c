//! `nospy witness serve --audit`: what does not follow from a registry's entries is not cosigned.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod forger;
mod histories;
mod kit;
mod other_log;
mod program;
mod reference;
mod sealed;
mod served;
mod wire;
mod witnessing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use forger::Forger;
use kit::{Kit, key};
use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::evidence::witness::{AddCheckpoint, read_cosignatures};
use nospy::evidence::{Checkpoint, Policy};
use nospy::merkle::{Edge, leaf_hash};
use nospy::registry::{Opening, PublishError, Registry, SystemClock};
use nospy::rpc::{ClientError, Connection, ForgetfulCheckpoints, NOT_A_WITNESS, VerifyingClient};
use nospy::server::{self, Limits};
use nospy::storage::{MemoryStorage, Storage};
use nospy::witness::{Couriers, WhenMissing};
use program::Bench;
use sealed::{Log, log_key, tree};
use served::{Engine, Served, listing};
use tempfile::TempDir;
use tokio::net::TcpListener;
use witnessing::Witness;

/// A witness that audits the log of `key` at `url`.
fn start(bench: &Bench, log: &KeyLine, url: &str) -> Witness {
    Witness::init(bench, &[], "");
    let mut config = String::from_utf8(bench.read("w/nospy.toml")).unwrap();
    config.push_str(&format!("[[witness.log]]\nvkey = \"{log}\"\nserver = \"{url}\"\n"));
    bench.write("w/nospy.toml", config);
    Witness::start_with(bench, &["--audit"])
}

/// Posts until the audit has come as far as the checkpoint; the last status and body.
async fn settled(witness: &Witness, body: &[u8]) -> (u16, Vec<u8>) {
    let start = Instant::now();
    loop {
        let reply = witness.post(body).await;
        if reply.status != 503 {
            return (reply.status, reply.body);
        }
        assert!(reply.header("retry-after").is_some() && start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_registry_is_cosigned_as_far_as_it_was_derived() {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    let witness = start(&bench, &served.log(), &format!("http://{}", served.address));
    let mut old = 0;
    for round in 0..3 {
        for n in 0..10 {
            served.registry.publish(listing(&format!("p{round}x{n}")).bytes()).await.unwrap();
        }
        let signed = served.registry.checkpoint().unwrap();
        let size = signed.checkpoint().size;
        let proof = if old == 0 { Vec::new() } else { served.registry.consistency(old, Some(size)).unwrap() };
        let (status, body) = settled(&witness, &AddCheckpoint::body(old, &proof, signed.note())).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        read_cosignatures(signed.note(), &body, &witness.vkey).unwrap();
        old = size;
    }
}

fn note_of(entries: &[Vec<u8>]) -> Note {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let (size, root) = (entries.len() as u64, tree(&leaves, None).0);
    Checkpoint { origin: kit::origin(), size, root }.sign(&log_key(), &key("log"))
}

/// Goal: a registry that leaves a statement out of a docket is consistent, and an ordinary witness would cosign it; an auditing
/// one does not, from that seal on.
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_hides_is_not_cosigned() {
    let mut kit = Kit::default();
    kit.at("2026-01-10");
    kit.enrol("later", "vendor", "se");
    kit.at("2026-01-11");
    let hidden = kit.enrol("third", "vendor", "se");
    let log = Log::hiding(&kit, |statement, subject| *statement.id() == hidden && subject.to_string() == "parties");
    let entries: Vec<Vec<u8>> = log.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let forger = Forger::new(log_key(), key("log"), entries.clone());
    let bench = Bench::new();
    let witness = start(&bench, &log_key(), &forger.serve().await);
    let (status, body) = settled(&witness, &AddCheckpoint::body(0, &[], &note_of(&entries))).await;
    assert_eq!(status, 422, "{}", String::from_utf8_lossy(&body));
    assert!(String::from_utf8_lossy(&body).contains("seal_dockets"), "{}", String::from_utf8_lossy(&body));
    assert_eq!(witness.newest(kit::ORIGIN).await.status, 404, "nothing was cosigned");
    // The same checkpoint before a witness that does not audit.
    drop(witness);
    let ordinary = Witness::start(&bench);
    assert_eq!(settled(&ordinary, &AddCheckpoint::body(0, &[], &note_of(&entries))).await.0, 200);
}

/// Goal: an audit adds to what a witness asks, and takes nothing away. Method: what any witness refuses, before one that audits
/// and is far behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_any_witness_refuses_an_auditing_one_refuses_alike() {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    let witness = start(&bench, &served.log(), &format!("http://{}", served.address));
    served.registry.publish(listing("one").bytes()).await.unwrap();
    let signed = served.registry.checkpoint().unwrap();
    let size = signed.checkpoint().size;
    assert_eq!(settled(&witness, &AddCheckpoint::body(0, &[], signed.note())).await.0, 200);
    let text = |size: u64, root: char| format!("{}\n{size}\n{}=\n", served::ORIGIN, root.to_string().repeat(43));
    let stranger = Note::sign(&text(size + 5, 'A'), &served.log(), &served::vendor());
    assert_eq!(witness.post(&AddCheckpoint::body(size, &[], &stranger)).await.status, 403, "not a word of the audit");
    let far = Note::sign(&text(size + 5, 'A'), &served.log(), &served::log_key());
    assert_eq!(witness.post(&AddCheckpoint::body(0, &[], &far)).await.status, 409);
    assert_eq!(witness.post(&AddCheckpoint::body(size, &[], &far)).await.status, 422);
    let fork = Note::sign(&text(size, 'A'), &served.log(), &served::log_key());
    let hash = nospy::crypto::hex(&nospy::crypto::sha256(&[served::ORIGIN.as_bytes()]).0);
    let path = format!("/{hash}/conflict");
    let conflict = || wire::get(witness.address, &path);
    assert_eq!(conflict().await.status, 404);
    // Whatever old size it names, the contradiction is kept.
    assert_eq!(witness.post(&AddCheckpoint::body(0, &[], &fork)).await.status, 409);
    assert_eq!(conflict().await.body, fork.to_string().into_bytes());
    assert_eq!(witness.post(&AddCheckpoint::body(size, &[], &fork)).await.status, 422);
}

/// Goal: a log that shows its auditor one tree and asks for a cosignature of another has convicted itself, though nothing was
/// cosigned. Method: the second tree is the first that the witness is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn another_tree_than_was_shown_to_the_audit_is_kept() {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    served.registry.publish(listing("one").bytes()).await.unwrap();
    let witness = start(&bench, &served.log(), &format!("http://{}", served.address));
    let signed = served.registry.checkpoint().unwrap();
    let text = format!("{}\n{}\n{}=\n", served::ORIGIN, signed.checkpoint().size, "A".repeat(43));
    let fork = Note::sign(&text, &served.log(), &served::log_key());
    let (status, body) = settled(&witness, &AddCheckpoint::body(0, &[], &fork)).await;
    assert_eq!(status, 422, "{}", String::from_utf8_lossy(&body));
    let hash = nospy::crypto::hex(&nospy::crypto::sha256(&[served::ORIGIN.as_bytes()]).0);
    let get = |what: &str| wire::get(witness.address, &format!("/{hash}/conflict{what}").leak()[..]);
    assert_eq!(get("").await.body, fork.to_string().into_bytes());
    assert_eq!(get("/cosigned").await.body, signed.note().to_string().into_bytes());
    bench.write("one", signed.note().to_string());
    bench.write("other", fork.to_string());
    bench.run(&["verify", "one", "--against", "other", "--policy", &served.log().to_string()]).exits(12);
}

#[test]
fn an_audit_needs_a_server() {
    let bench = Bench::new();
    Witness::init(&bench, &[], "");
    let arguments = ["--config", "w/nospy.toml", "witness", "serve", "--listen", "127.0.0.1:0", "--audit"];
    bench.run(&arguments).exits(2).says("names no log");
    let config = String::from_utf8(bench.read("w/nospy.toml")).unwrap();
    let vkey = format!(
        "[[witness.log]]\nvkey = \"{}\"\n",
        KeyLine::new(served::ORIGIN, NoteAlgorithm::Ed25519, served::log_key().public()).unwrap()
    );
    let server = "server = \"http://127.0.0.1:1\"\n";
    // Under the key of an auditing witness nothing is cosigned that nobody audits.
    for (log, says) in [
        (vkey.clone(), "names no server"),
        (format!("{vkey}{server}{vkey}"), "listed twice"),
        (format!("{vkey}{server}origin = \"another.example/log\"\n"), "is not the name of its key"),
    ] {
        bench.write("w/nospy.toml", format!("{config}{log}"));
        bench.run(&arguments).exits(2).says(says);
    }
}

/// A registry that waits for the one witness of its policy, served on `listener`.
async fn waiting(listener: TcpListener, witness: &KeyLine, at: SocketAddr) -> (Registry, Policy, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let log = KeyLine::new(served::ORIGIN, NoteAlgorithm::Ed25519, served::log_key().public()).unwrap();
    let policy = format!("log {log}\nwitness w1 {witness} http://{at}/\nquorum w1\n");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let clock = Arc::new(SystemClock);
    let timeout = Duration::from_secs(2);
    let couriers = Couriers::start(policy.clone(), timeout, WhenMissing::Wait, clock.clone()).unwrap();
    let opening = Opening {
        storage: Arc::new(MemoryStorage::new()) as Arc<dyn Storage>,
        guard: directory.path().join("guard"),
        log_key: served::log_key(),
        origin: served::ORIGIN.parse().unwrap(),
        clock,
        on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
        options: served::options(),
    };
    nospy::registry::create(&opening, &served::genesis()).unwrap();
    let open = move || Registry::open_witnessed(opening, Box::new(couriers));
    let registry = tokio::task::spawn_blocking(open).await.unwrap().unwrap();
    tokio::spawn(server::serve(registry.clone(), listener, Limits::default(), None, std::future::pending()));
    (registry, policy, directory)
}

/// Waits until a checkpoint of so many entries is published.
async fn eventually(registry: &Registry, size: u64) {
    let start = Instant::now();
    while registry.checkpoint().map_or(0, |signed| signed.checkpoint().size) < size {
        assert!(start.elapsed() < Duration::from_secs(30), "{size} entries are cosigned");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Goal: a registry may need the very witness that derives it before it cosigns. Method: it waits for nobody else, and
/// everything is real.
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_waits_for_the_witness_that_audits_it() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let log = KeyLine::new(served::ORIGIN, NoteAlgorithm::Ed25519, served::log_key().public()).unwrap();
    let witness = start(&bench, &log, &format!("http://{}", listener.local_addr().unwrap()));
    let (registry, policy, _directory) = waiting(listener, &witness.vkey, witness.address).await;
    eventually(&registry, 1).await;
    for n in 0..20 {
        registry.publish(listing(&format!("p{n}")).bytes()).await.unwrap();
        let quorum = policy.evaluate(registry.checkpoint().unwrap().note()).unwrap();
        assert!(quorum.is_met && registry.is_witnessed() == Some(true));
    }
}

/// Goal: what is only offered is told to the log's witnesses and to nobody else, however many ask. Method: a registry whose
/// witness never cosigns, strangers on all the streams that they may have, and passes of others.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_is_told_to_witnesses_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = Connection { url: format!("http://{}", listener.local_addr().unwrap()), ca_pem: None };
    let keyed = |name: &str, seed: u8| {
        let key = SigningKey::from_seed(&[seed; 32]);
        (KeyLine::new(name, NoteAlgorithm::Cosignature, key.public()).unwrap(), key)
    };
    let (witness, key) = keyed("witness.example/w1", 71);
    let (registry, policy, _directory) = waiting(listener, &witness, "127.0.0.1:9".parse().unwrap()).await;
    let statement = listing("one");
    assert!(matches!(registry.publish(statement.bytes()).await, Err(PublishError::Unwitnessed)));
    let log = registry.log_key().clone();
    let client =
        || async { VerifyingClient::connect(&connection, log.clone(), ForgetfulCheckpoints::default()).await.unwrap() };
    let mut client_of_stranger = client().await;
    let refused =
        |error: &ClientError, reason: &str| matches!(error, ClientError::Refused(refusal) if refusal.reason == reason);
    assert!(refused(&client_of_stranger.checkpoint().await.unwrap_err(), "unwitnessed"));
    let mut published = client_of_stranger.tail(Edge::new(), None);
    assert!(refused(&client_of_stranger.next_run(&mut published).await.unwrap_err(), "unwitnessed"));
    for (name, key) in [keyed("witness.example/w2", 71), (witness.clone(), keyed("witness.example/w1", 72).1)] {
        let mut tail = client_of_stranger.tail_of_offered(Edge::new(), name, key);
        assert!(refused(&client_of_stranger.next_run(&mut tail).await.unwrap_err(), NOT_A_WITNESS));
    }
    let mut client = client().await;
    let mut tail = client.tail_of_offered(Edge::new(), witness, key);
    let mut entries = Vec::new();
    while entries.len() < 4 {
        let run = client.next_run(&mut tail).await.unwrap().unwrap();
        entries.extend(run.statements().to_vec());
        assert!(!policy.evaluate(&Note::parse(run.checkpoint().note()).unwrap()).unwrap().is_met);
    }
    assert_eq!(entries[2], statement.bytes());
    // It goes on as the log does.
    assert!(registry.publish(listing("two").bytes()).await.is_err());
    let run = client.next_run(&mut tail).await.unwrap().unwrap();
    assert_eq!((run.start(), run.statements()[0].as_slice()), (4, listing("two").bytes()));
}

/// Goal: strangers keep no witness from the log. Method: all the streams that they may have are taken.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_take_no_room_of_witnesses() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let log = KeyLine::new(served::ORIGIN, NoteAlgorithm::Ed25519, served::log_key().public()).unwrap();
    let witness = start(&bench, &log, &url);
    let (registry, _, _directory) = waiting(listener, &witness.vkey, witness.address).await;
    eventually(&registry, 1).await;
    let connection = Connection { url, ca_pem: None };
    let mut held = Vec::new();
    loop {
        let client = VerifyingClient::connect(&connection, log.clone(), ForgetfulCheckpoints::default());
        let mut client = client.await.unwrap();
        let mut tail = client.tail(Edge::new(), None);
        match client.next_run(&mut tail).await {
            Ok(_) => held.push((client, tail)),
            Err(ClientError::Refused(refusal)) => break assert_eq!(refusal.reason, "busy"),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(!held.is_empty());
    // Begun again, it needs another stream.
    let (before, address) = (registry.checkpoint().unwrap().checkpoint().size, witness.address.to_string());
    drop(witness);
    assert!(registry.publish(listing("while-it-was-away").bytes()).await.is_err());
    let witness = Witness::start_at(&bench, &address, &["--audit"]);
    eventually(&registry, before + 1).await;
    drop((held, witness));
}
