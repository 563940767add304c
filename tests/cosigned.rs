//! A registry whose checkpoints are cosigned: real witnesses on sockets, and ones that do everything wrong.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod served;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nospy::agreement::On;
use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::evidence::{Policy, Trust, check_file};
use nospy::merkle::{Bundle, Tile};
use nospy::net;
use nospy::registry::{Mode, Opening, PublishError, Registry, SystemClock};
use nospy::statement::Statement;
use nospy::storage::{MemoryStorage, Storage};
use nospy::witness::{self, Couriers, Keep, KnownLog, Limits, Roll, WhenMissing};
use served::{ORIGIN, listing, log_key};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const TIMEOUT: Duration = Duration::from_millis(400);

fn log() -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, log_key().public()).unwrap()
}

fn key_of(number: u8) -> (KeyLine, SigningKey) {
    let key = SigningKey::from_seed(&[100 + number; 32]);
    (KeyLine::new(&format!("witness.example/w{number}"), NoteAlgorithm::Cosignature, key.public()).unwrap(), key)
}

/// A real witness on a port of its own. Its state lives as long as this does, its service until it is stopped.
struct Witness {
    keep: Arc<Keep>,
    address: SocketAddr,
    service: JoinHandle<()>,
    _directory: TempDir,
}

impl Witness {
    async fn start(number: u8) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let (name, key) = key_of(number);
        let guard = directory.path().join("guard");
        witness::create(&*storage, &guard, &name).unwrap();
        let roll = Roll::new([KnownLog { origin: ORIGIN.to_owned(), key: log() }]).unwrap();
        let on_fatal = Arc::new(|why: &str| panic!("{why}"));
        let keep = Keep::open(storage, &guard, (name, key), roll, Arc::new(SystemClock), on_fatal).unwrap();
        let keep = Arc::new(keep);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = serve(Arc::clone(&keep), listener);
        Self { keep, address, service, _directory: directory }
    }

    async fn stop(&mut self) {
        self.service.abort();
        let _ = (&mut self.service).await;
    }

    async fn go_on(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.service = serve(Arc::clone(&self.keep), listener);
    }

    fn size(&self) -> u64 {
        self.keep.kept(ORIGIN).unwrap().map_or(0, |kept| kept.size)
    }
}

fn serve(keep: Arc<Keep>, listener: TcpListener) -> JoinHandle<()> {
    let limits = Limits { burst: 10_000, per_second: 10_000, ..Limits::default() };
    let routes = witness::routes(keep, "", &limits);
    tokio::spawn(async move {
        let never = std::future::pending();
        net::serve(listener, routes, &net::Limits::default(), None, never, async {}).await.unwrap();
    })
}

fn policy(witnesses: &[(u8, SocketAddr)], quorum: &str) -> String {
    let mut text = format!("log {}\n", log());
    for (number, address) in witnesses {
        text.push_str(&format!("witness w{number} {} http://{address}/\n", key_of(*number).0));
    }
    text + quorum
}

fn couriers(policy: &str, when_missing: WhenMissing) -> Box<Couriers> {
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    Box::new(Couriers::start(policy, TIMEOUT, when_missing, Arc::new(SystemClock)).unwrap())
}

/// The files of one registry, which may be opened again and again.
struct House {
    directory: TempDir,
    storage: Arc<dyn Storage>,
}

impl House {
    fn new() -> Self {
        let house = Self { directory: tempfile::tempdir().unwrap(), storage: Arc::new(MemoryStorage::new()) };
        nospy::registry::create(&house.opening(), &served::genesis()).unwrap();
        house
    }

    fn opening(&self) -> Opening {
        Opening {
            storage: Arc::clone(&self.storage),
            guard: self.directory.path().join("guard"),
            log_key: log_key(),
            origin: ORIGIN.parse().unwrap(),
            clock: Arc::new(SystemClock),
            on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
            options: served::options(),
        }
    }

    async fn open(&self, policy: &str, when_missing: WhenMissing) -> Registry {
        let (opening, couriers) = (self.opening(), couriers(policy, when_missing));
        tokio::task::spawn_blocking(move || Registry::open_witnessed(opening, couriers)).await.unwrap().unwrap()
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

async fn publish(registry: &Registry, party: &str) -> Result<nospy::registry::Published, PublishError> {
    send(registry, &listing(party)).await
}

async fn send(registry: &Registry, statement: &Statement) -> Result<nospy::registry::Published, PublishError> {
    registry.publish(statement.bytes()).await
}

/// How many witnesses of the policy stand on the newest checkpoint, and whether they are enough.
fn quorum(registry: &Registry, policy: &str) -> (usize, bool) {
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let quorum = policy.evaluate(registry.checkpoint().unwrap().note()).unwrap();
    (quorum.cosigners.len(), quorum.is_met)
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(15), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_checkpoint_has_its_quorum() {
    for quorum_line in
        ["group q 2 w1 w2 w3\nquorum q\n", "group a any w1 w2\ngroup q all a w3\nquorum q\n", "quorum w2\n"]
    {
        let witnesses = [Witness::start(1).await, Witness::start(2).await, Witness::start(3).await];
        let listed: Vec<_> = (1u8..).zip(witnesses.iter().map(|witness| witness.address)).collect();
        let (house, policy) = (House::new(), policy(&listed, quorum_line));
        let registry = house.open(&policy, WhenMissing::Wait).await;
        for n in 0..5 {
            publish(&registry, &format!("party{n}")).await.unwrap();
            assert!(quorum(&registry, &policy).1, "{quorum_line}");
            assert_eq!(registry.is_witnessed(), Some(true));
        }
        // The others' lines are added to the same checkpoint.
        eventually("all cosign", || quorum(&registry, &policy).0 == 3).await;
        let file = registry.docket_file(&"party/party0".parse().unwrap()).unwrap();
        let check = check_file(&file, &Trust::of(Policy::parse(policy.as_bytes()).unwrap()), None);
        assert!(check.file.is_some(), "{:?}", check.checks);
        registry.shutdown().await;
        // A restart publishes what was collected, also when nobody can be asked any more.
        drop(witnesses);
        let again = house.open(&policy, WhenMissing::Wait).await;
        assert_eq!(quorum(&again, &policy), (3, true));
        again.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_witness_costs_its_timeout_once() {
    let (alive, mut dead) = (Witness::start(1).await, Witness::start(2).await);
    dead.stop().await;
    // Accepts and never answers: worse than a refused connection.
    let silent = misbehaving(|mut socket| async move {
        let mut bytes = [0; 1024];
        while socket.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let listed = [(1, alive.address), (2, dead.address), (3, silent)];
    let (house, policy) = (House::new(), policy(&listed, "group q 2 w1 w2 w3\nquorum q\n"));
    let registry = house.open(&policy, WhenMissing::Publish).await;
    assert_eq!(registry.is_witnessed(), Some(false));
    let mut slowest = Duration::ZERO;
    let start = Instant::now();
    for n in 0..20 {
        let one = Instant::now();
        publish(&registry, &format!("party{n}")).await.unwrap();
        slowest = slowest.max(one.elapsed());
    }
    assert!(slowest < TIMEOUT + Duration::from_millis(400), "{slowest:?}");
    assert!(start.elapsed() < TIMEOUT * 8, "twenty publishes do not wait twenty times: {:?}", start.elapsed());
    assert_eq!(quorum(&registry, &policy), (1, false), "the one that lives has cosigned, and it is not enough");
    dead.go_on().await;
    eventually("the witness that came back cosigns what is published", || quorum(&registry, &policy) == (2, true))
        .await;
    assert_eq!(registry.is_witnessed(), Some(true));
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_witnesses_publishes_nothing_without_them() {
    let mut witness = Witness::start(1).await;
    let (house, policy) = (House::new(), policy(&[(1, witness.address)], "quorum w1\n"));
    let registry = house.open(&policy, WhenMissing::Wait).await;
    let (before, during) = (listing("before"), [listing("during1"), listing("during2")]);
    let first = send(&registry, &before).await.unwrap();
    let (size, note) = (witness.size(), registry.checkpoint().unwrap().note().to_string());
    witness.stop().await;
    for statement in &during {
        let start = Instant::now();
        assert_eq!(send(&registry, statement).await, Err(PublishError::Unwitnessed));
        assert!(start.elapsed() < TIMEOUT + Duration::from_millis(400), "{:?}", start.elapsed());
    }
    // Readers stay where the witnesses stand, and what was there is answered as always.
    assert_eq!(registry.checkpoint().unwrap().note().to_string(), note);
    assert!(registry.entry(size).is_err(), "nothing beyond it is shown");
    assert_eq!(send(&registry, &before).await.unwrap().index, first.index);
    assert_eq!(send(&registry, &during[0]).await, Err(PublishError::Unwitnessed), "the same bytes again, too soon");
    witness.go_on().await;
    eventually("the head is published", || registry.checkpoint().unwrap().checkpoint().size > size).await;
    let found = send(&registry, &during[0]).await.unwrap();
    assert!(!found.is_new && found.index >= size, "it entered the first time");
    assert!(!send(&registry, &during[1]).await.unwrap().is_new);
    assert!(publish(&registry, "after").await.unwrap().is_new);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_publishes_nothing_without_witnesses_either() {
    let mut witness = Witness::start(1).await;
    let (house, policy) = (House::new(), policy(&[(1, witness.address)], "quorum w1\n"));
    let registry = house.open(&policy, WhenMissing::Wait).await;
    let (before, during) = (listing("before"), listing("during"));
    send(&registry, &before).await.unwrap();
    witness.stop().await;
    assert_eq!(send(&registry, &during).await, Err(PublishError::Unwitnessed));
    registry.shutdown().await;
    let again = house.open(&policy, WhenMissing::Wait).await;
    assert_eq!((again.mode(), again.is_witnessed()), (Mode::Signing, Some(false)));
    assert_eq!(again.checkpoint().unwrap_err().reason(), "unwitnessed");
    assert_eq!(again.receipt(0, None).unwrap_err().reason(), "unwitnessed");
    // Not a byte of what was withheld, nor of what was published: no signed head stands beside it.
    let tile = |width| Tile { level: 0, index: 0, width };
    let about = "parties".parse().unwrap();
    for (what, refused) in [
        ("an entry", again.entry(1).map(drop)),
        ("an index", again.index_of(before.id()).map(drop)),
        ("a proof", again.inclusion(0, Some(2)).map(drop)),
        ("an extension", again.consistency(1, Some(2)).map(drop)),
        ("a tile", again.tile(tile(2)).map(drop)),
        ("a bundle", again.bundle(Bundle { index: 0, width: 2 }).map(drop)),
        ("an answer", again.standing(&about, On::Instant(0), None).map(drop)),
        ("a file", again.docket_file(&about).map(drop)),
    ] {
        assert_eq!(refused.unwrap_err().reason(), "unwitnessed", "{what}");
    }
    assert_eq!(send(&again, &before).await, Err(PublishError::Unwitnessed));
    witness.go_on().await;
    eventually("the head is published", || again.checkpoint().is_ok()).await;
    assert!(!send(&again, &during).await.unwrap().is_new);
    assert!(quorum(&again, &policy).1);
    again.shutdown().await;
}

/// Goal: database and guard restored together from an old copy are noticed (RELIABILITY R8). Method: the witness remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_has_seen_more_forbids_signing() {
    let witness = Witness::start(1).await;
    let (house, policy) = (House::new(), policy(&[(1, witness.address)], "quorum none\n"));
    let registry = house.open(&policy, WhenMissing::Publish).await;
    publish(&registry, "one").await.unwrap();
    registry.shutdown().await;
    let old = copy_of(&house);
    let registry = house.open(&policy, WhenMissing::Publish).await;
    for n in 0..4 {
        publish(&registry, &format!("later{n}")).await.unwrap();
    }
    eventually("the witness has seen it all", || witness.size() == registry.checkpoint().unwrap().checkpoint().size)
        .await;
    registry.shutdown().await;
    let rolled_back = old.open(&policy, WhenMissing::Publish).await;
    let Mode::ReadOnly { reason } = rolled_back.mode() else { panic!("it signs") };
    assert!(reason.contains("w1") && reason.contains("rolled back together"), "{reason}");
    assert!(matches!(publish(&rolled_back, "fork").await, Err(PublishError::ReadOnly { .. })));
    // Without the witness nobody can know.
    let unnoticed = tokio::task::spawn_blocking(move || Registry::open(old.opening())).await.unwrap().unwrap();
    assert_eq!(unnoticed.mode(), Mode::Signing);
    unnoticed.shutdown().await;
}

/// A copy of a stopped registry, guard and all.
fn copy_of(house: &House) -> House {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let snapshot = house.storage.snapshot().unwrap();
    let mut batch = nospy::storage::Batch::new();
    for (key, value) in snapshot.scan(&[], &[0xff; 64], usize::MAX).unwrap() {
        batch.put(key.to_vec(), value.to_vec());
    }
    storage.commit(None, batch).unwrap();
    let copy = House { directory: tempfile::tempdir().unwrap(), storage };
    for name in ["guard", "checkpoint"] {
        std::fs::copy(house.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

/// Something that is no witness, on a port of its own.
async fn misbehaving<F, T>(talk: F) -> SocketAddr
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(talk(socket));
        }
    });
    address
}

/// Reads a request and answers with what `answer` makes of its body.
async fn answers(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static) -> SocketAddr {
    misbehaving(move |mut socket| {
        let answer = answer.clone();
        async move {
            let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
            while !bytes.ends_with(b"=\n") {
                match socket.read(&mut chunk).await {
                    Ok(read) if read > 0 => bytes.extend(&chunk[..read]),
                    _ => return,
                }
            }
            let text = String::from_utf8(bytes).unwrap();
            let (_, body) = text.split_once("\r\n\r\n").unwrap();
            let _ = socket.write_all(&answer(body)).await;
            let _ = socket.shutdown().await;
        }
    })
    .await
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// The lines of a cosignature of `text` at `time`, by the witness with this number.
fn lines(number: u8, text: &str, time: u64) -> String {
    let (name, key) = key_of(number);
    let mut note = Note::sign(text, &log(), &log_key());
    note.cosign(&name, &key, time);
    note.lines_text(&name)
}

/// The text of the checkpoint in a request.
fn text_of(body: &str) -> String {
    let note = body.split_once("\n\n").unwrap().1;
    format!("{}\n", note.split_once("\n\n").unwrap().0)
}

/// Goal: a witness that could not be asked at the start still ends a log that was rolled back, as soon as it answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_comes_later_ends_what_was_rolled_back() {
    let mut witness = Witness::start(1).await;
    let (house, policy) = (House::new(), policy(&[(1, witness.address)], "quorum none\n"));
    let registry = house.open(&policy, WhenMissing::Publish).await;
    let old = copy_of(&house);
    publish(&registry, "one").await.unwrap();
    eventually("the witness has seen it", || witness.size() == registry.checkpoint().unwrap().checkpoint().size).await;
    registry.shutdown().await;
    witness.stop().await;
    let ended = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&ended);
    let on_fatal = Arc::new(move |why: &str| told.store(why.contains("rolled back together"), Ordering::SeqCst));
    let (opening, couriers) = (Opening { on_fatal, ..old.opening() }, couriers(&policy, WhenMissing::Publish));
    let rolled_back = Registry::open_witnessed(opening, couriers).unwrap();
    assert_eq!(rolled_back.mode(), Mode::Signing, "nobody could be asked");
    witness.go_on().await;
    eventually("the witness is heard", || ended.load(Ordering::SeqCst)).await;
    assert!(matches!(publish(&rolled_back, "fork").await, Err(PublishError::ShuttingDown)));
    let again = old.open(&policy, WhenMissing::Publish).await;
    assert!(matches!(again.mode(), Mode::ReadOnly { .. }), "the next start finds out the same");
}

/// Goal: one wrong word of a witness that has cosigned is neither believed nor held against it.
#[tokio::test(flavor = "multi_thread")]
async fn one_size_beyond_the_log_is_forgotten() {
    let asked = Arc::new(AtomicUsize::new(0));
    let now = served::now_s();
    let address = answers(move |body| match asked.fetch_add(1, Ordering::SeqCst) {
        1 => http("409 Conflict", "content-type: text/x.tlog.size\r\n", "9223372036854775807\n"),
        _ => http("200 OK", "", &lines(2, &text_of(body), now)),
    })
    .await;
    let (house, policy) = (House::new(), policy(&[(2, address)], "quorum w2\n"));
    let registry = house.open(&policy, WhenMissing::Wait).await;
    let (first, one) = (registry.checkpoint().unwrap().checkpoint().size, listing("one"));
    assert_eq!(send(&registry, &one).await, Err(PublishError::Unwitnessed));
    eventually("it is asked again", || registry.checkpoint().unwrap().checkpoint().size > first).await;
    assert_eq!(quorum(&registry, &policy), (1, true));
    assert!(!send(&registry, &one).await.unwrap().is_new);
    registry.shutdown().await;
}

/// Goal: a copy of the checkpoint that somebody changed spoils nothing (K3).
#[tokio::test(flavor = "multi_thread")]
async fn of_a_kept_checkpoint_only_what_verifies_is_published() {
    let mut witness = Witness::start(1).await;
    let (house, policy) = (House::new(), policy(&[(1, witness.address)], "quorum w1\n"));
    let registry = house.open(&policy, WhenMissing::Wait).await;
    let honest = registry.checkpoint().unwrap().note().to_string();
    registry.shutdown().await;
    witness.stop().await;
    let path = house.path().join("checkpoint");
    let line = honest.lines().last().unwrap();
    let middle = line.len() - 20;
    let other = if line.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let changed = format!("{}{other}{}", &line[..middle], &line[middle + 1..]);
    let stranger = lines(9, &text_of(&format!("\n\n{honest}")), served::now_s());
    for (what, note, is_whole) in [
        ("as it was", honest.clone(), true),
        ("a changed line", honest.replace(line, &changed), false),
        ("a line of nobody", format!("{honest}{stranger}"), true),
    ] {
        std::fs::write(&path, note).unwrap();
        let registry = house.open(&policy, WhenMissing::Publish).await;
        let published = registry.checkpoint().unwrap().note().to_string();
        let expected = if is_whole { honest.clone() } else { honest.replace(&format!("{line}\n"), "") };
        assert_eq!(published, expected, "{what}");
        registry.shutdown().await;
    }
}

/// Goal: whatever a witness does, nothing wrong is published and nothing waits longer than the timeout. Method: one of each
/// kind beside an honest one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_bad_witness_says_is_not_taken() {
    let now = served::now_s();
    let bad: Vec<(&str, SocketAddr)> = vec![
        ("refuses", answers(|_| http("500 Broken", "", "")).await),
        ("says nothing", answers(|_| Vec::new()).await),
        ("speaks no HTTP", answers(|_| b"hello\n".to_vec()).await),
        ("an empty 200", answers(|_| http("200 OK", "", "")).await),
        ("garbage", answers(|_| http("200 OK", "", "no lines at all")).await),
        ("a line that is none", answers(|_| http("200 OK", "", "\u{2014} witness.example/w2 AAAA\n")).await),
        (
            "a key that is not its own",
            answers(|body| http("200 OK", "", &lines(9, &text_of(body), 1_700_000_000))).await,
        ),
        (
            "a cosignature of another text",
            answers(|_| http("200 OK", "", &lines(2, "other\n1\nAAAA\n", 1_700_000_000))).await,
        ),
        ("time zero", answers(|body| http("200 OK", "", &lines(2, &text_of(body), 0))).await),
        ("a time far ahead", answers(move |body| http("200 OK", "", &lines(2, &text_of(body), now + 86_400))).await),
        ("100 kB", answers(|_| http("200 OK", "", &"a".repeat(100_000))).await),
        (
            "endless headers",
            answers(|_| format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(20_000)).into_bytes()).await,
        ),
        ("a redirect", answers(|_| http("307 Elsewhere", "location: http://127.0.0.1:1/\r\n", "")).await),
        ("409 without a size", answers(|_| http("409 Conflict", "", "7\n")).await),
        ("409 with nonsense", answers(|_| http("409 Conflict", "content-type: text/x.tlog.size\r\n", "-1\n")).await),
        ("409 again and again", answers(|_| http("409 Conflict", "content-type: text/x.tlog.size\r\n", "1\n")).await),
        ("403", answers(|_| http("403 Forbidden", "", "I do not know you\u{1b}[31m\n")).await),
    ];
    for (what, address) in bad {
        let good = Witness::start(1).await;
        let listed = [(1, good.address), (2, address)];
        let (house, policy) = (House::new(), policy(&listed, "group q all w1 w2\nquorum q\n"));
        let registry = house.open(&policy, WhenMissing::Publish).await;
        let start = Instant::now();
        publish(&registry, "party").await.unwrap();
        assert!(start.elapsed() < TIMEOUT + Duration::from_millis(400), "{what}: {:?}", start.elapsed());
        let note = registry.checkpoint().unwrap().note().to_string();
        assert!(!note.contains("witness.example/w2") && !note.contains("witness.example/w9"), "{what}: {note}");
        eventually(what, || quorum(&registry, &policy) == (1, false)).await;
        registry.shutdown().await;
    }
}

#[test]
fn a_policy_that_cannot_be_asked_is_refused() {
    let start = |text: String| {
        Couriers::start(Policy::parse(text.as_bytes()).unwrap(), TIMEOUT, WhenMissing::Wait, Arc::new(SystemClock))
            .err()
    };
    let (key, _) = key_of(1);
    let without = start(format!("log {}\nwitness w1 {key}\nquorum w1\n", log())).unwrap();
    assert!(without.to_string().contains("names no URL for the witness w1"), "{without}");
    let other = start(format!("log {}\nwitness w1 {key} ftp://x/\nquorum w1\n", log())).unwrap();
    assert!(other.to_string().contains("http://"), "{other}");
}
