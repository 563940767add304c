//! `nospy witness serve` by its door: bytes over a socket, its state on a real disk, the program killed.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod other_log;
mod program;
mod reference;
mod wire;
mod witnessing;

use std::net::SocketAddr;

use nospy::crypto::hex;
use nospy::crypto::{KeyLine, Note, sha256};
use nospy::evidence::witness::{AddCheckpoint, SIZE_MEDIA_TYPE};
use other_log::OtherLog;
use program::Bench;
use wire::{Reply, get, send};
use witnessing::Witness;

const ORIGIN: &str = "example.com/behind the sofa";

fn log_of(size: usize) -> OtherLog {
    let mut log = OtherLog::new(ORIGIN, "sofa-key", 9);
    log.grow("a", size);
    log
}

async fn status_of(witness: &Witness, body: &[u8]) -> (u16, String) {
    let reply = witness.post(body).await;
    (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
}

#[tokio::test]
async fn each_status_of_the_specification() {
    let (bench, log) = (Bench::new(), log_of(40));
    Witness::init(&bench, &[&log], "/w");
    let witness = Witness::start(&bench);
    assert_eq!(witness.prefix, "/w");
    // Nothing is cosigned yet: any other old size than 0 is told so.
    let reply = witness.post(&log.request(3, 7)).await;
    assert_eq!((reply.status, reply.header("content-type"), &*reply.body), (409, Some(SIZE_MEDIA_TYPE), &b"0\n"[..]));
    assert_eq!(witness.newest(ORIGIN).await.status, 404);
    witness.cosigns(&log, 0, 7).await;
    // The same again, and a refresh of the same head.
    let reply = witness.post(&log.request(0, 7)).await;
    assert_eq!((reply.status, reply.header("content-type"), &*reply.body), (409, Some(SIZE_MEDIA_TYPE), &b"7\n"[..]));
    witness.cosigns(&log, 7, 7).await;
    witness.cosigns(&log, 7, 40).await;
    assert_eq!(status_of(&witness, &log.request(7, 33)).await, (409, "40\n".to_owned()));

    let unknown = {
        let mut log = OtherLog::new("example.com/other", "x", 8);
        log.grow("a", 5);
        log
    };
    assert_eq!(status_of(&witness, &unknown.request(0, 5)).await.0, 404);
    let stranger = {
        let mut log = OtherLog::new(ORIGIN, "sofa-key", 7);
        log.grow("a", 50);
        log
    };
    assert_eq!(status_of(&witness, &stranger.request(40, 50)).await.0, 403, "another key of the same name");
    let mut grown = log_of(50);
    assert_eq!(status_of(&witness, &AddCheckpoint::body(51, &[], &grown.note(50))).await.0, 400, "old beyond the size");
    assert_eq!(status_of(&witness, &AddCheckpoint::body(40, &[], &grown.note(50))).await.0, 422, "no proof");
    let mut path = grown.proof(40, 50);
    path[0][0] ^= 1;
    assert_eq!(status_of(&witness, &AddCheckpoint::body(40, &path, &grown.note(50))).await.0, 422, "a wrong proof");
    let mut fork = OtherLog::new(ORIGIN, "sofa-key", 9);
    fork.grow("b", 50);
    assert_eq!(status_of(&witness, &fork.request(40, 50)).await.0, 422, "another history");
    let hash = hex(&sha256(&[ORIGIN.as_bytes()]).0);
    let conflict_path = &*format!("/w/{hash}/conflict");
    let contradicted_path = &*format!("{conflict_path}/cosigned");
    assert_eq!(get(witness.address, conflict_path).await.status, 404);
    assert_eq!(get(witness.address, contradicted_path).await.status, 404);
    assert_eq!(
        status_of(&witness, &AddCheckpoint::body(40, &[], &fork.note(40))).await.0,
        422,
        "another root of this size"
    );
    let conflict = || get(witness.address, conflict_path);
    assert_eq!(conflict().await.body, fork.note(40).to_string().into_bytes(), "what contradicts is shown to everybody");

    // What monitors read: the log's own line and the witness's, nothing else of what was sent.
    let mut with_more = log.note(40);
    with_more.cosign(
        &KeyLine::new("z", nospy::crypto::NoteAlgorithm::Cosignature, stranger.key.public()).unwrap(),
        &stranger.key,
        5,
    );
    assert_eq!(witness.post(&AddCheckpoint::body(40, &[], &with_more)).await.status, 200);
    let newest = witness.newest(ORIGIN).await;
    let note = Note::parse(&newest.body).unwrap();
    assert_eq!((note.text(), note.signatures().len()), (&*log.text(40), 2));
    assert!(note.is_signed_by(&log.name).unwrap() && note.cosigned_by(&witness.vkey).unwrap().is_some());
    grown.grow("a", 60);
    witness.cosigns(&grown, 40, 60).await;
    // The pair outlives the head that was contradicted.
    let cosigned = Note::parse(&get(witness.address, contradicted_path).await.body).unwrap();
    assert_eq!(cosigned.text(), &*log.text(40));
    assert!(cosigned.is_signed_by(&log.name).unwrap() && cosigned.cosigned_by(&witness.vkey).unwrap().is_some());
    assert_eq!(conflict().await.body, fork.note(40).to_string().into_bytes());
    let front = get(witness.address, "/w/").await;
    assert!(String::from_utf8_lossy(&front.body).contains(&witness.vkey.to_string()));
    for (method, path, status) in [
        ("GET", "/w/add-checkpoint", 405),
        ("POST", "/w/", 405),
        ("POST", "/add-checkpoint", 404),
        ("GET", "/w/none", 404),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(send(witness.address, request).await.status, status, "{method} {path}");
    }
}

/// Goal: nobody can spoil a witness's state with what a log signed. Method: the log's own line again and again, up to what a
/// note may hold.
#[tokio::test]
async fn a_line_that_is_repeated_is_kept_once() {
    let (bench, mut log) = (Bench::new(), log_of(9));
    Witness::init(&bench, &[&log], "");
    let mut witness = Witness::start(&bench);
    let mut old = 0;
    for (size, lines) in [(3, 100), (5, 99), (9, 2), (9, 100)] {
        let note = log.note(size).to_string();
        let line = note.lines().last().unwrap();
        let repeated = Note::parse(format!("{note}{}", format!("{line}\n").repeat(lines - 1)).as_bytes()).unwrap();
        let proof = if old == 0 || old == size { Vec::new() } else { log.proof(old, size) };
        let reply = witness.post(&AddCheckpoint::body(old as u64, &proof, &repeated)).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(String::from_utf8_lossy(&reply.body).lines().count(), 1);
        let kept = Note::parse(&witness.newest(ORIGIN).await.body).unwrap();
        assert_eq!(kept.signatures().len(), 2, "one of the log, one of the witness");
        witness.kill();
        witness = Witness::start(&bench);
        old = size;
    }
    log.grow("a", 12);
    witness.cosigns(&log, 9, 12).await;
}

/// Every way to be malformed that we know; the last column is what makes it so.
fn malformed(log: &OtherLog) -> Vec<(Vec<u8>, &'static str)> {
    let good = String::from_utf8(log.request(3, 10)).unwrap();
    let (head, note) = good.split_once("\n\n").unwrap();
    let (old, proof) = head.split_once('\n').unwrap();
    let note_with = |from: &str, to: &str| note.replacen(from, to, 1);
    let hash = proof.lines().next().unwrap();
    let root = note.lines().nth(2).unwrap();
    let with = |old: &str, proof: &str, note: &str| format!("{old}\n{proof}\n\n{note}").into_bytes();
    let many = vec![hash; 64].join("\n");
    let mut cases: Vec<(Vec<u8>, &'static str)> = vec![
        (Vec::new(), "nothing"),
        (b"\n".to_vec(), "a line feed"),
        (b"\n\n".to_vec(), "no old line"),
        (old.as_bytes().to_vec(), "an old line alone"),
        (format!("{old}\n{proof}\n{note}").into_bytes(), "no empty line"),
        (format!("{old}\n{proof}\n\n\n{note}").into_bytes(), "an empty origin"),
        (with(old, proof, note.trim_end()), "no last line feed"),
        (with(old, proof, &note.replace('\n', "\r\n")), "CRLF"),
        (with(&format!("{old}\r"), proof, note), "CR behind old"),
        (with(old, &many, note), "64 hashes"),
        (with(old, &format!("{proof}\n{}", &hash[..43]), note), "a short hash"),
        (with(old, &format!("{hash}="), note), "a long hash"),
        (with(old, &format!(" {hash}"), note), "a space before a hash"),
        (with(old, &format!("{hash} "), note), "a space behind a hash"),
        (with(old, &hash.replace('=', ""), note), "no padding"),
        (with(old, &hash.replace('+', "-").replace('/', "_").replacen(&hash[..1], "_", 1), note), "URL alphabet"),
        (with(old, &format!("{}B=", &hash[..42]), note), "bits behind the end"),
        (with(old, &[&hash[..10], "\u{e9}", &hash[12..]].concat(), note), "not ASCII"),
        (with(old, proof, &note_with("\n10\n", "\n010\n")), "a size with a zero before"),
        (with(old, proof, &note_with("\n10\n", "\n+10\n")), "a size with a sign"),
        (with(old, proof, &note_with("\n10\n", "\n-10\n")), "a negative size"),
        (with(old, proof, &note_with("\n10\n", "\n10 \n")), "a size with a space"),
        (with(old, proof, &note_with("\n10\n", "\nA\n")), "a size in letters"),
        (with(old, proof, &note_with("\n10\n", "\n9223372036854775808\n")), "a size of 2^63"),
        (with(old, proof, &note_with("\n10\n", "\n99999999999999999999999\n")), "a size beyond 64 bits"),
        (with(old, proof, &note_with("\n10\n", "\n\n")), "no size"),
        (with(old, proof, &note_with(root, &root[..43])), "a short root"),
        (with(old, proof, &note_with(root, &format!("{root}\nextension"))), "an extension line"),
        (with(old, proof, &note_with(root, "")), "no root"),
        (with(old, proof, &note_with(&format!("{root}\n"), "")), "two lines"),
        (with(old, proof, &note_with("— ", "- ")), "a hyphen for the dash"),
        (with(old, proof, &note_with("— ", "—")), "no space behind the dash"),
        (with(old, proof, &note_with("— sofa-key ", "— sofa key ")), "a name with a space"),
        (with(old, proof, &note_with("— sofa-key ", "— sofa+key ")), "a name with a plus sign"),
        (with(old, proof, &note_with("— sofa-key ", "— ")), "no name"),
        (with(old, proof, &note.split("\n\n").next().map(|text| format!("{text}\n\n")).unwrap()), "no signature"),
        (with(old, proof, &note.split("\n\n").next().map(|text| format!("{text}\n")).unwrap()), "no signature part"),
        (with(old, proof, &format!("{note}\n")), "an empty line at the end"),
        (with(old, proof, &format!("{note}tail")), "bytes behind the end"),
        (with(old, proof, &note.replace(ORIGIN, "example\u{7}")), "a control character"),
        (with(old, proof, &note.replace(ORIGIN, &"o".repeat(256))), "an origin of 256 bytes"),
        ([&with(old, proof, note)[..], &[0xff]].concat(), "not UTF-8"),
        ([&b"\xff"[..], &with(old, proof, note)].concat(), "not UTF-8 at the start"),
        (with(old, proof, &format!("{note}{}", "— x AAAAAAA=\n".repeat(100))), "101 signature lines"),
        (vec![b'a'; 200_000], "200 kB"),
    ];
    for (line, why) in [
        ("old 03", "a zero before"),
        ("old +3", "a sign"),
        ("old -3", "negative"),
        ("old  3", "two spaces"),
        ("old 3 ", "a space behind"),
        ("old\t3", "a tab"),
        ("Old 3", "upper case"),
        ("old", "no number"),
        ("old ", "an empty number"),
        ("3", "no word"),
        ("old 3.0", "a point"),
        ("old 0x3", "hex"),
        ("old 9223372036854775808", "2^63"),
        ("old ٣", "other digits"),
        (" old 3", "a space before"),
        ("old 18446744073709551616", "2^64"),
        ("size 3", "another word"),
        ("old 3\nold 3", "twice"),
    ] {
        cases.push((with(line, proof, note), why));
    }
    cases
}

#[tokio::test]
async fn what_is_malformed_is_refused_and_changes_nothing() {
    let (bench, log) = (Bench::new(), log_of(40));
    Witness::init(&bench, &[&log], "");
    let witness = Witness::start(&bench);
    witness.cosigns(&log, 0, 3).await;
    let before = witness.newest(ORIGIN).await.body;
    let cases = malformed(&log);
    assert!(cases.len() >= 60, "{}", cases.len());
    for (body, why) in cases {
        let reply = witness.post(&body).await;
        assert!(matches!(reply.status, 400 | 413), "{why}: {}", reply.status);
        assert!(!reply.body.is_empty(), "{why}: says nothing");
    }
    assert_eq!(witness.newest(ORIGIN).await.body, before);
    witness.cosigns(&log, 3, 10).await;
}

/// Goal: requests at once never roll a log back, and each cosigned head extends the one before. Method: many honest requests
/// from one size at once; exactly one is granted.
#[tokio::test(flavor = "multi_thread")]
async fn a_race_has_one_winner() {
    let (bench, log) = (Bench::new(), log_of(200));
    Witness::init(&bench, &[&log], "");
    let witness = Witness::start(&bench);
    let mut kept = 0;
    for round in 0..10 {
        let replies = (1..=12).map(|step| {
            let (body, size) = (log.request(kept, kept + step), kept + step);
            let witness = &witness;
            async move { (size, witness.post(&body).await) }
        });
        let mut granted = Vec::new();
        for (size, reply) in futures_all(replies).await {
            match reply.status {
                200 => granted.push(size),
                409 => {}
                other => panic!("round {round}: {other}"),
            }
        }
        assert_eq!(granted.len(), 1, "round {round}");
        kept = granted[0];
        let newest = witness.newest(ORIGIN).await;
        assert!(String::from_utf8_lossy(&newest.body).contains(&format!("\n{kept}\n")));
    }
}

async fn futures_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in all.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Goal: what was cosigned survives SIGKILL at any moment, and a fork finds no way in. Method: kill while requests run, start
/// again, and compare with every cosignature that was received.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_never_goes_back() {
    let (bench, log) = (Bench::new(), log_of(400));
    let mut fork = OtherLog::new(ORIGIN, "sofa-key", 9);
    fork.grow("fork", 400);
    Witness::init(&bench, &[&log], "");
    let (mut acknowledged, mut kept) = (0, 0);
    for round in 0..12u64 {
        let witness = Witness::start(&bench);
        let newest = witness.newest(ORIGIN).await;
        if newest.status == 200 {
            let note = Note::parse(&newest.body).unwrap();
            kept = note.text().lines().nth(1).unwrap().parse().unwrap();
            assert_eq!(note.text(), log.text(kept), "round {round}");
        }
        assert!(kept >= acknowledged, "round {round}: {kept} is kept, {acknowledged} was acknowledged");
        if kept > 0 {
            assert_eq!(status_of(&witness, &AddCheckpoint::body(kept as u64, &[], &fork.note(kept))).await.0, 422);
            assert_eq!(status_of(&witness, &fork.request(kept, kept + 1)).await.0, 422);
            assert_eq!(status_of(&witness, &fork.request(0, kept + 1)).await.0, 409);
        }
        // Killed from another thread while this one goes on asking.
        let pid = witness.child.id().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(5 + round * 7));
            std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        let mut old = kept;
        while old < 399 {
            let asked = tokio::net::TcpStream::connect(witness.address).await;
            if asked.is_err() {
                break;
            }
            let body = log.request(old, old + 1);
            let head = format!(
                "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let Some(reply) = try_send(witness.address, &[head.as_bytes(), &body].concat()).await else { break };
            assert_eq!(reply.status, 200);
            old += 1;
            acknowledged = old;
        }
        killer.join().unwrap();
        witness.kill_quietly();
    }
    assert!(acknowledged > 0, "something was cosigned in between");
}

async fn try_send(address: SocketAddr, request: &[u8]) -> Option<Reply> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(address).await.ok()?;
    socket.write_all(request).await.ok()?;
    let mut bytes = Vec::new();
    let _ = socket.read_to_end(&mut bytes).await;
    wire::parse(&bytes)
}

#[tokio::test]
async fn an_old_state_does_not_cosign() {
    let (bench, log) = (Bench::new(), log_of(30));
    Witness::init(&bench, &[&log], "");
    let witness = Witness::start(&bench);
    witness.cosigns(&log, 0, 5).await;
    witness.kill();
    let copy = |from: &str, to: &str| {
        assert!(bench.command("cp").args(["-a", from, to]).status().unwrap().success());
    };
    copy("w/data", "old-data");
    let witness = Witness::start(&bench);
    witness.cosigns(&log, 5, 20).await;
    witness.kill();
    std::fs::remove_dir_all(bench.path("w/data")).unwrap();
    copy("old-data", "w/data");
    bench
        .run(&["--config", "w/nospy.toml", "witness", "serve", "--listen", "127.0.0.1:0"])
        .exits(2)
        .says("rolled back or exchanged")
        .says("must never cosign again");
    std::fs::remove_file(bench.path("w/state.guard")).unwrap();
    bench
        .run(&["--config", "w/nospy.toml", "witness", "serve", "--listen", "127.0.0.1:0"])
        .exits(2)
        .says("never made silently");
}

/// Goal: a longer history of another table is no way around the guard. Method: two witnesses of one key, their states exchanged.
#[tokio::test]
async fn another_state_does_not_cosign_however_long_it_is() {
    let (bench, log) = (Bench::new(), log_of(30));
    Witness::init(&bench, &[&log], "");
    let copy = |from: &str, to: &str| {
        assert!(bench.command("cp").args(["-a", from, to]).status().unwrap().success());
    };
    copy("w", "fresh");
    let witness = Witness::start(&bench);
    witness.cosigns(&log, 0, 5).await;
    witness.kill();
    // The other one sees more changes of another history.
    std::fs::rename(bench.path("w"), bench.path("first")).unwrap();
    copy("fresh", "w");
    let other = Witness::start(&bench);
    for (old, size) in [(0, 3), (3, 4), (4, 9), (9, 12)] {
        other.cosigns(&log, old, size).await;
    }
    other.kill();
    std::fs::remove_dir_all(bench.path("first/data")).unwrap();
    copy("w/data", "first/data");
    bench
        .run(&["--config", "first/nospy.toml", "witness", "serve", "--listen", "127.0.0.1:0"])
        .exits(2)
        .says("rolled back or exchanged");
}

#[tokio::test]
async fn two_processes_cannot_be_one_witness() {
    let (bench, log) = (Bench::new(), log_of(3));
    Witness::init(&bench, &[&log], "");
    let witness = Witness::start(&bench);
    let second = bench.run(&["--config", "w/nospy.toml", "witness", "serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 2, "{}", second.stderr);
    witness.cosigns(&log, 0, 3).await;
}
