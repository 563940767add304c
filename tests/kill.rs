//! A registry that is killed at any moment, for real: a process of its own, on disk, with eight publishers.
//!
//! What was acknowledged is there afterwards, at its index, in a tree that extends every checkpoint that was ever
//! seen, and the audit finds nothing. `NOSPY_ROUNDS` kills (8 if unset); `NOSPY_SEED` repeats the times of a run.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
mod served;
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use house::log_name;
use nospy::crypto::{Digest, hex, parse_hex, sha256};
use nospy::evidence::SignedCheckpoint;
use nospy::merkle::{Hash, check_consistency};
use nospy::registry::{Mode, Opening, Options, Registry, SystemClock, create, fsck};
use nospy::storage::{SledOptions, SledStorage, Storage};
use served::{ORIGIN, enrolment, genesis, listing, log_key, offer, vendor};

const CHILD: &str = "NOSPY_KILL_CHILD";
const PUBLISHERS: usize = 8;

fn opening(directory: &Path) -> Opening {
    Opening {
        storage: Arc::new(SledStorage::open(directory.join("data"), SledOptions::default()).unwrap()),
        guard: directory.join("guard"),
        log_key: log_key(),
        origin: ORIGIN.parse().unwrap(),
        clock: Arc::new(SystemClock),
        on_fatal: Arc::new(|reason| {
            eprintln!("the log ended: {reason}");
            std::process::abort();
        }),
        options: Options::default(),
    }
}

/// One line, written whole or cut by the kill.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Not a test of its own: what the killed process runs.
#[test]
fn the_killed_process() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let run = std::env::var("NOSPY_KILL_RUN").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let registry = Registry::open(opening(&PathBuf::from(directory))).unwrap();
    assert_eq!(registry.mode(), Mode::Signing);
    say("\nready");
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let (registry, runtime, run) = (registry.clone(), runtime.handle().clone(), run.clone());
            std::thread::spawn(move || publish(publisher, &run, &registry, &runtime))
        })
        .collect();
    publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
}

fn publish(publisher: usize, run: &str, registry: &Registry, runtime: &tokio::runtime::Handle) {
    for number in 0.. {
        let text = format!("text {number} of publisher {publisher} in run {run}").into_bytes();
        let offer = offer(&format!("r{run}-p{publisher}-n{number}"), &text);
        // Sometimes twice at once, as a client does that lost the answer.
        let sends = if number % 5 == 0 { 2 } else { 1 };
        for _ in 0..sends {
            let published = runtime.block_on(registry.publish(offer.bytes())).unwrap();
            let checkpoint = registry.checkpoint().unwrap().note().to_string();
            let (index, size) = (published.index, published.size);
            say(&format!("ack {} {index} {size} {}", published.id, hex(checkpoint.as_bytes())));
        }
        if number % 3 == 0 {
            runtime.block_on(registry.deposit_text(&sha256(&[&text]), &text)).unwrap();
            say(&format!("text {}", hex(&sha256(&[&text]).0)));
        }
    }
}

/// What the killed processes said before they died.
#[derive(Default)]
struct Heard {
    /// Index of each acknowledged statement.
    statements: BTreeMap<Digest, u64>,
    texts: Vec<Digest>,
    /// Roots by size.
    checkpoints: BTreeMap<u64, Hash>,
}

impl Heard {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let digest = |hex: &str| Digest(parse_hex(hex).unwrap().try_into().unwrap());
        match words[..] {
            ["ack", id, index, size, note] => {
                let (index, size): (u64, u64) = (index.parse().unwrap(), size.parse().unwrap());
                let signed = SignedCheckpoint::parse(&parse_hex(note).unwrap()).unwrap();
                signed.check_log_signature(&log_name()).unwrap();
                let checkpoint = signed.checkpoint();
                assert!(index < size && size <= checkpoint.size);
                let stood = self.checkpoints.insert(checkpoint.size, checkpoint.root);
                assert!(stood.is_none_or(|root| root == checkpoint.root), "two trees of {size} entries were signed");
                let stood = self.statements.insert(digest(id), index);
                assert!(stood.is_none_or(|stood| stood == index), "one statement, two indexes");
            }
            ["text", text] => self.texts.push(digest(text)),
            _ => {}
        }
    }

    /// Everything that was said holds in the reopened registry.
    fn check(&self, registry: &Registry) {
        let head = registry.checkpoint().unwrap();
        let (size, root) = (head.checkpoint().size, head.checkpoint().root);
        for (id, index) in &self.statements {
            assert_eq!(registry.index_of(id).ok(), Some(*index), "{id} was acknowledged");
            assert_eq!(registry.id_of(*index).unwrap(), *id);
        }
        for (old, old_root) in &self.checkpoints {
            assert!(*old <= size, "{old} entries were signed, {size} are left");
            let path = registry.consistency(*old, None).unwrap();
            check_consistency(*old, size, old_root, &root, &path).unwrap();
        }
        for text in &self.texts {
            assert!(registry.text(text).is_ok(), "the text {text} was taken");
        }
    }
}

/// xorshift64: the times of the kills.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Runs a process and kills it `after` its start, or after it was ready.
fn kill_one(directory: &Path, run: u64, is_ready_first: bool, after: Duration, heard: &mut Heard) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["the_killed_process", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, directory)
        .env("NOSPY_KILL_RUN", run.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let (mut lines, mut out) = (Vec::new(), BufReader::new(out));
        loop {
            let mut line = String::new();
            // A line without its end was cut by the kill: nobody was told.
            match out.read_line(&mut line) {
                Ok(_) if line.ends_with('\n') => {}
                _ => return lines,
            }
            if line.trim_end() == "ready" {
                let _ = ready.send(());
            }
            lines.push(line.trim_end().to_owned());
        }
    });
    if is_ready_first {
        is_ready.recv_timeout(Duration::from_secs(60)).expect("it opens");
    }
    std::thread::sleep(after);
    assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap().iter().for_each(|line| heard.line(line));
}

#[test]
fn nothing_acknowledged_is_lost_to_a_kill() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let rounds = from_env("NOSPY_ROUNDS").unwrap_or(8);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut seed = from_env("NOSPY_SEED").unwrap_or(u64::try_from(now % 1_000_000_007).unwrap()).max(1);
    eprintln!("NOSPY_SEED={seed} NOSPY_ROUNDS={rounds}");
    // Kept if it fails, for whoever wants to know why.
    let directory = tempfile::tempdir().unwrap().keep();
    eprintln!("data: {}", directory.display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    create(&opening(&directory), &genesis()).unwrap();
    let mut heard = Heard::default();
    let mut acknowledged = 0;
    for round in 0..=rounds {
        let random = next(&mut seed);
        // Every fourth kill may fall into opening, too.
        let (is_ready_first, most) = if round % 4 == 3 { (false, 400) } else { (true, 700) };
        if round > 0 {
            kill_one(&directory, round, is_ready_first, Duration::from_millis(random % most), &mut heard);
        }
        let opening = opening(&directory);
        let storage: Arc<dyn Storage> = Arc::clone(&opening.storage);
        let registry = Registry::open(opening).unwrap();
        assert_eq!(registry.mode(), Mode::Signing, "round {round}");
        heard.check(&registry);
        if round == 0 {
            let enrol = enrolment("acme", "vendor", "se", &vendor());
            runtime.block_on(registry.publish(enrol.bytes())).unwrap();
        }
        let more = runtime.block_on(registry.publish(listing(&format!("company-{round}")).bytes())).unwrap();
        assert!(more.is_new);
        let report = fsck(&*storage, &log_name(), None, &mut |_, _| {}).unwrap();
        assert!(report.is_clean(), "round {round}: {:#?}", report.findings);
        runtime.block_on(registry.shutdown());
        eprintln!("round {round}: {} acknowledged, {} entries", heard.statements.len() - acknowledged, report.entries);
        acknowledged = heard.statements.len();
    }
    assert!(rounds < 3 || acknowledged > 50, "only {acknowledged} statements were ever acknowledged");
    std::fs::remove_dir_all(directory).unwrap();
}
