//! A log that signs a wrong docket root, served over a socket: what its own clients keep is what convicts it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod forger;
mod histories;
mod kit;
mod program;
mod sealed;

use std::path::PathBuf;

use forger::Forger;
use kit::*;
use nospy::evidence::attach_receipts;
use program::{Bench, Ran};
use sealed::{Log, log_key};

const DE: &str = "agreement/acme/r/de-bsi";
const ROLL: &str = "roll/de";

/// An accepted offer, and the place of the acceptance.
fn agreed() -> (Kit, usize) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", "offer/acme/r", "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    kit.at("2026-01-10");
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    let log = Log::of(&kit);
    let place = log.entries.iter().position(|entry| *entry.id() == accepted).unwrap();
    (kit, place)
}

/// The log of `kit`, served with its own files.
fn forger(log: &Log) -> Forger {
    let entries = log.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
    let forger = Forger::new(log_key(), key("log"), entries);
    for about in [DE, ROLL, "registry"] {
        forger.files.lock().unwrap().insert(about.to_owned(), log.file(about));
    }
    forger
}

async fn run(bench: &Bench, url: &str, arguments: &[&str]) -> Ran {
    let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
    command.args(arguments).args(["--server", url, "--policy", &log_key().to_string()]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The one omission below a folder.
fn omission(bench: &Bench, folder: &str) -> Vec<u8> {
    let paths = std::fs::read_dir(bench.path(folder)).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|one| one == "omission")).collect();
    let [path] = found.as_slice() else { panic!("{found:?}") };
    std::fs::read(path).unwrap()
}

fn stands_alone(evidence: &[u8]) {
    let stranger = Bench::new();
    stranger.write("found", evidence);
    let ran = stranger.run(&["verify", "found", "--policy", &log_key().to_string()]);
    ran.exits(12).says("OMISSION PROVED").says("✓ log-signatures");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_convicts_a_log_whose_docket_root_lies() {
    let (kit, place) = agreed();
    let log = Log::hiding(&kit, |statement, _| statement.kind().as_str() == "agreement.accept");
    let (bench, url) = (Bench::new(), forger(&log).serve().await);
    bench.write("accept", attach_receipts(&log.entries[place], &[&log.receipt(place)]).unwrap());
    // Everything verifies, and the answer is a no.
    run(&bench, &url, &["docket", DE, "-o", "de.docket"]).await.exits(17).says("✓ docket-digest");
    let policy = log_key().to_string();
    bench.run(&["verify", "de.docket", "--receipt", "accept", "--policy", &policy]).exits(12);
    stands_alone(&omission(&bench, ""));
}

/// Goal: who publishes is told at once. Method: the log gives a receipt and hands out a docket without the statement.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_publishes_sees_that_a_receipt_is_not_kept() {
    let (kit, place) = agreed();
    for (lies, code) in [(false, 0), (true, 12)] {
        let log = Log::hiding(&kit, |statement, _| lies && statement.kind().as_str() == "agreement.accept");
        let (bench, url) = (Bench::new(), forger(&log).serve().await);
        bench.write("accept.statement", log.entries[place].bytes());
        let ran = run(&bench, &url, &["publish", "accept.statement", "--yes"]).await.exits(code);
        assert!(bench.path("accept.receipt").exists(), "the receipt is kept whatever follows");
        if lies {
            ran.says("lacks the statement").says(".omission");
            stands_alone(&omission(&bench, "state/nospy"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_kept_convicts_a_log_that_loses() {
    let (mut kit, place) = agreed();
    let honest = Log::of(&kit);
    let (bench, url) = (Bench::new(), forger(&honest).serve().await);
    run(&bench, &url, &["docket", DE, "-o", "kept.docket"]).await;
    run(&bench, &url, &["docket", ROLL, "-o", "kept-roll.docket"]).await;

    kit.at("2026-02-01");
    kit.enrol("later", "vendor", "se");
    let end = honest.entries.len();
    let loses = |from: usize, dockets: &mut std::collections::BTreeMap<_, Vec<usize>>| {
        if from >= end {
            dockets.values_mut().for_each(|docket| docket.retain(|index| *index != place));
            dockets.retain(|_, docket| !docket.is_empty());
        }
    };
    let later = Log::losing(&kit, loses);
    let url = forger(&later).serve().await;
    // The trees extend each other: only the dockets tell.
    run(&bench, &url, &["log", "checkpoint"]).await.exits(0);
    run(&bench, &url, &["changes", "--since-file", "kept.docket"]).await.exits(12).says(".omission");
    stands_alone(&omission(&bench, "state/nospy"));
    // Of a list the statement itself is in neither file: the log is asked for it and its receipt, and convicts itself.
    let ran = run(&bench, &url, &["changes", "--since-file", "kept-roll.docket", "--state", "another"]).await;
    ran.exits(12).says(".omission");
    stands_alone(&omission(&bench, "another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_log_of_the_same_kind_is_not_accused() {
    let (mut kit, place) = agreed();
    let honest = Log::of(&kit);
    let (bench, url) = (Bench::new(), forger(&honest).serve().await);
    run(&bench, &url, &["docket", DE, "-o", "kept.docket"]).await;
    bench.write("accept", attach_receipts(&honest.entries[place], &[&honest.receipt(place)]).unwrap());
    kit.at("2026-02-01");
    kit.enrol("later", "vendor", "se");
    let url = forger(&Log::of(&kit)).serve().await;
    let ran = run(&bench, &url, &["changes", "--since-file", "kept.docket"]).await;
    assert_ne!(ran.code, 12, "{}", ran.stderr);
    run(&bench, &url, &["docket", DE, "-o", "new.docket"]).await;
    let policy = log_key().to_string();
    let ran = bench.run(&["verify", "new.docket", "--receipt", "accept", "--on", "2026-01-20", "--policy", &policy]);
    ran.exits(0).says("✓ promise");
}
