//! `nospy verify` and evidence against a log: from a receipt and a docket file to a file that stands alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod histories;
mod kit;
mod program;
mod sealed;

use std::fs;

use kit::*;
use nospy::evidence::{Checkpoint, EvidenceFile, SignedCheckpoint, Suspicion, TlogProof, attach_receipts};
use nospy::statement::{Statement, Subject};
use program::Bench;
use sealed::Log;

const DE: &str = "agreement/acme/r/de-bsi";

/// An accepted offer, and the acceptance.
fn agreed() -> (Kit, Statement) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", "offer/acme/r", "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    kit.at("2026-01-10");
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.at("2026-02-01");
    kit.ok("lab", "report/lab/press", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    let accepted = kit.log.iter().find(|act| act.id() == accepted).unwrap().statement.clone();
    (kit, Statement::clone(&accepted))
}

/// A bench with the docket files of `log`, and every form of the promise.
fn bench(log: &Log, accepted: &Statement) -> Bench {
    let bench = Bench::new();
    let index = log.entries.iter().position(|entry| entry.id() == accepted.id()).unwrap();
    let receipt = log.receipt(index);
    bench.write("de.docket", log.file(DE));
    bench.write("parties.docket", log.file("parties"));
    bench.write("accept.statement", accepted.bytes());
    bench.write("accept.receipt", &receipt);
    bench.write("accept.transparent", attach_receipts(accepted, &[&receipt]).unwrap());
    let mut edge = nospy::merkle::Edge::new();
    log.entries.iter().for_each(|entry| edge.push(entry.id().0));
    let checkpoint = Checkpoint { origin: origin(), size: edge.size(), root: edge.root() };
    let note = checkpoint.sign(&sealed::log_key(), &key("log")).to_string();
    let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    let proof = TlogProof { index: index as u64, path: log.entry(index).path, checkpoint };
    bench.write("accept.tlog-proof", proof.to_string());
    bench
}

fn vkey() -> String {
    sealed::log_key().to_string()
}

#[test]
fn a_hidden_acceptance_is_proved_by_its_receipt_and_the_evidence_stands_alone() {
    let (kit, accepted) = agreed();
    let log = Log::hiding(&kit, |statement, _| *statement == accepted);
    let bench = bench(&log, &accepted);
    let verify = |arguments: &[&str]| bench.run(&[&["verify", "--policy", &vkey()], arguments].concat());
    // The file by itself is a well-proved no.
    verify(&["de.docket"]).exits(17).says("✓ docket-digest");
    let ran = verify(&["de.docket", "--receipt", "accept.transparent"]).exits(12).says("OMISSION PROVED");
    assert!(ran.stdout.contains("✗ promise"), "{}", ran.stdout);
    let found: Vec<_> = fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let omission = found.iter().find(|path| path.extension().is_some_and(|suffix| suffix == "omission")).unwrap();

    let stranger = Bench::new();
    stranger.write("a.omission", fs::read(omission).unwrap());
    let check =
        |arguments: &[&str]| stranger.run(&[&["verify", "a.omission", "--policy", &vkey()], arguments].concat());
    check(&[]).exits(12).says("OMISSION PROVED").says("nothing about").says("✓ log-signatures");
    let json = check(&["--output", "json"]).json();
    assert_eq!((&json["proved"], &json["claim"]["claim"]), (&true.into(), &"left_out".into()));
    assert_eq!(json["claim"]["id"], accepted.id().to_string());

    // Every form of the promise gives the same claim, and the same one the same file.
    verify(&["de.docket", "--receipt", "accept.transparent"]).exits(12);
    verify(&["de.docket", "--receipt", "accept.receipt", "--statement", "accept.statement"]).exits(12);
    verify(&["de.docket", "--receipt", "accept.tlog-proof", "--statement", "accept.statement"]).exits(12);
    let of = |path: &std::path::PathBuf| path.extension().is_some_and(|suffix| suffix == "omission");
    let files = fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().path()).filter(of).count();
    assert_eq!(files, 2, "one by the receipt, one by the tlog-proof");
    // A file that fails a check keeps no promise.
    let mut broken = bench.read("de.docket");
    let at = broken.len() - 40;
    broken[at] ^= 1;
    bench.write("broken.docket", &broken);
    let ran = verify(&["broken.docket", "--receipt", "accept.transparent"]);
    assert!(![0, 12, 17].contains(&ran.code), "{}", ran.stdout);
    // A file that cannot tell does not say yes.
    verify(&["parties.docket", "--receipt", "accept.transparent"]).exits(18).says("– promise");
}

#[test]
fn an_honest_file_keeps_the_promise_and_what_is_no_promise_proves_nothing() {
    let (kit, accepted) = agreed();
    let bench = bench(&Log::of(&kit), &accepted);
    let verify = |arguments: &[&str]| bench.run(&[&["verify", "--policy", &vkey()], arguments].concat());
    let on = ["--on", "2026-01-20"];
    let with = |receipt: &[&str]| verify(&[&["de.docket"], &on[..], receipt].concat());
    with(&["--receipt", "accept.transparent"]).exits(0).says("✓ promise").says(DE);
    with(&["--receipt", "accept.receipt", "--statement", "accept.statement"]).exits(0);
    with(&["--receipt", "accept.receipt"]).exits(2).says("--statement");
    with(&["--receipt", "accept.statement"]).exits(16);
    let mut forged = bench.read("accept.transparent");
    let at = forged.len() - 100;
    forged[at] ^= 1;
    bench.write("forged", &forged);
    assert!(![0, 12].contains(&with(&["--receipt", "forged"]).code));
    verify(&["accept.receipt", "--receipt", "accept.transparent"]).exits(2).says("no docket file");
    assert!(
        fs::read_dir(bench.path("")).unwrap().all(|entry| !entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("omission"))
    );
}

#[test]
fn what_proves_nothing_never_ends_with_12() {
    let (one, other) = (histories::History::new(9, None), histories::History::new(9, Some(4)));
    let bench = Bench::new();
    let suspicion = EvidenceFile::Suspicion(Suspicion::new(one.head(6), other.head(8)).unwrap());
    bench.write("a.suspicion", suspicion.to_bytes());
    let verify = |file: &str| bench.run(&["verify", file, "--policy", &vkey()]);
    verify("a.suspicion").exits(18).says("NOTHING PROVED").says("consistency proof");
    bench.write("cut.fork", &suspicion.to_bytes()[..40]);
    verify("cut.fork").exits(16);
    bench.run(&["verify", "a.suspicion"]).exits(2).says("--policy");
}

/// Goal: two people who compare what they were shown. Method: checkpoints, docket files and receipts of two histories.
#[test]
fn two_things_of_one_log_are_held_against_each_other() {
    let (mut kit, accepted) = agreed();
    let (honest, lying) = (Log::of(&kit), Log::hiding(&kit, |statement, _| *statement == accepted));
    kit.at("2026-03-01");
    kit.enrol("later", "vendor", "se");
    let hides = |statement: &Statement, subject: &Subject| *statement == accepted && subject.to_string() != DE;
    let (longer, grown) = (Log::hiding(&kit, hides), Log::of(&kit));
    let ours = bench(&honest, &accepted);
    let theirs = bench(&lying, &accepted);
    ours.write("theirs.docket", theirs.read("de.docket"));
    ours.write("longer.docket", bench(&longer, &accepted).read("de.docket"));
    ours.write("grown.docket", bench(&grown, &accepted).read("de.docket"));
    ours.write("theirs.transparent", theirs.read("accept.transparent"));
    let (one, other) = (histories::History::new(9, None), histories::History::new(9, Some(4)));
    ours.write("one-7", one.note(7));
    ours.write("other-7", other.note(7));
    ours.write("other-8", other.note(8));
    ours.write("forged", histories::History::forged(9, 4).note(7));
    let against = |one: &str, other: &str| ours.run(&["verify", one, "--against", other, "--policy", &vkey()]);
    // The seals of the two logs differ, so their trees of one size do.
    against("de.docket", "theirs.docket").exits(12).says("EQUIVOCATION PROVED").says(".fork");
    // So do those within trees of two sizes, and nothing of one history does.
    against("de.docket", "longer.docket").exits(12).says(".fork");
    against("de.docket", "grown.docket").exits(18);
    against("accept.transparent", "theirs.docket").exits(12);
    against("one-7", "other-7").exits(12);
    against("one-7", "one-7").exits(0).says("one tree");
    against("de.docket", "accept.transparent").exits(0).says("one tree");
    against("one-7", "other-8").exits(18).says("log consistency");
    against("one-7", "forged").exits(10);
    against("one-7", "accept.statement").exits(16);
    let of = |path: &std::path::PathBuf| path.extension().is_some_and(|suffix| suffix == "fork");
    for path in fs::read_dir(ours.path("")).unwrap().map(|entry| entry.unwrap().path()).filter(of) {
        ours.run(&["verify", path.to_str().unwrap(), "--policy", &vkey()]).exits(12);
    }
}
