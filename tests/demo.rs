//! `nospy demo`, run as people run it. Every file that it leaves behind is judged again here, by the library alone.
#![allow(clippy::unwrap_used)]

mod program;

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nospy::agreement::{Force, On};
use nospy::evidence::{DocketFile, Outcome, Policy, Question, Step, Trust, Verdict, verify};
use serde_json::Value as Json;

use crate::program::{Bench, Ran, Served};

const FIXTURES: &str = include_str!("fixtures/agreements.yaml");
const EXPECTED: &str = r#""2021-12-01": "IN_FORCE + notice, APPEALED""#;

/// Runs the demo in `demo` of the bench, and lets it end.
fn demo(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[&["demo", "--once", "--data", "demo"], more].concat())
}

/// A demo with fixtures that differ in one place.
fn demo_with(bench: &Bench, from: &str, to: &str) -> Ran {
    assert_eq!(FIXTURES.matches(from).count(), 1, "{from}");
    bench.write("changed.yaml", FIXTURES.replace(from, to));
    demo(bench, &["--fixtures", "changed.yaml"])
}

/// Runs a command as the demo prints it.
fn try_command(bench: &Bench, command: &str) -> Ran {
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "nospy");
    bench.run(&words[1..])
}

fn docket_files(bench: &Bench) -> Vec<PathBuf> {
    let entries = fs::read_dir(bench.path("demo")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "docket"));
    files.sort();
    files
}

fn trust(bench: &Bench) -> Trust {
    Trust::of(Policy::parse(&bench.read("demo/policy.txt")).unwrap())
}

fn array(value: &Json) -> &Vec<Json> {
    value.as_array().unwrap()
}

fn on(day: &str) -> Question {
    Question { on: Some(On::Day(day.parse().unwrap())), freshness: None, known_at: None }
}

#[test]
fn the_files_left_behind_prove_every_answer_again() {
    let bench = Bench::new();
    let told = demo(&bench, &["--output", "json"]).exits(0).json();
    assert_eq!(told["demo"], true);
    assert!(told["origin"].as_str().unwrap().starts_with("demo."));
    assert_eq!(told["differences"], 0);
    let trust = trust(&bench);

    // Each answer, from its file alone, without the program that gave it.
    let mut asked = 0;
    for question in array(&told["questions"]) {
        for answer in array(&question["answers"]) {
            let file = bench.read(answer["file"].as_str().unwrap());
            let verification = verify(&file, &trust, &on(question["on"].as_str().unwrap()));
            assert_eq!(verification.failed(), None, "{question}");
            let standing = verification.standing.unwrap();
            assert_eq!(answer["standing"]["sentence"], standing.sentence());
            assert_eq!(answer["matches"], true);
            asked += 1;
        }
    }
    assert_eq!(asked, 3 + 2 * 5, "F1's two days and the empty docket, F4's five days for two organs");
    assert_eq!(docket_files(&bench).len(), 5);
    for file in docket_files(&bench) {
        assert_eq!(verify(&fs::read(file).unwrap(), &trust, &Question::default()).failed(), None);
    }
}

#[test]
fn the_expected_answers_are_those_of_the_fixtures() {
    let bench = Bench::new();
    let told = demo(&bench, &["--output", "json"]).exits(0).json();
    let expected: Vec<&str> =
        array(&told["questions"]).iter().filter_map(|question| question["expected"].as_str()).collect();
    for answer in &expected {
        assert!(FIXTURES.contains(answer), "{answer}");
    }
    assert_eq!(expected.len(), 7);
    // What the fixture calls a model is called one.
    assert!(told["note"].as_str().unwrap().contains("MODEL"));
}

#[test]
fn there_are_two_kinds_of_no() {
    let bench = Bench::new();
    demo(&bench, &[]).exits(0);
    let trust = trust(&bench);
    let read = |name: &str| bench.read(&format!("demo/between-huawei-{name}.docket"));

    // Reports only: statements stand there, and nobody whom they name signed one.
    let reported = read("gb");
    let verification = verify(&reported, &trust, &on("2019-06-01"));
    assert_eq!(verification.verdict(), Verdict::No);
    assert_eq!(verification.standing.unwrap().force, Force::NoAgreement);
    let file = DocketFile::parse(&reported).unwrap();
    assert!(!file.dockets[0].entries.is_empty());

    // Nothing, proved: the docket is absent from the map that the log signed.
    let absent = read("jp");
    let file = DocketFile::parse(&absent).unwrap();
    assert_eq!(file.about.to_string(), "between/huawei/jp");
    assert_eq!((&file.dockets[0].subject, file.dockets[0].entries.len()), (&file.about, 0));
    let verification = verify(&absent, &trust, &on("2019-06-01"));
    let digest = verification.checks.iter().find(|check| check.step == Step::DocketDigest).unwrap();
    assert_eq!(digest.outcome, Outcome::Passed);
    let standing = verification.standing.as_ref().unwrap();
    assert_eq!((standing.force, standing.reports.len()), (Force::NoAgreement, 0));
    assert_eq!(verification.verdict(), Verdict::No);
}

#[test]
fn what_it_says_to_try_works() {
    let bench = Bench::new();
    let told = demo(&bench, &["--output", "json"]).exits(0).json();
    let mut tried = 0;
    for next in array(&told["next"]) {
        let Some(code) = next["exit"].as_i64() else { continue };
        try_command(&bench, next["command"].as_str().unwrap()).exits(code.try_into().unwrap());
        tried += 1;
    }
    assert_eq!(tried, 5);
}

#[test]
fn the_forged_file_is_refused_by_name() {
    let bench = Bench::new();
    let told = demo(&bench, &["--output", "json"]).exits(0).json();
    let forgery = &told["forgery"];
    let read = |name: &str| bench.read(forgery[name].as_str().unwrap());
    let (original, forged) = (read("original"), read("file"));
    assert_eq!(original.len(), forged.len());
    assert_eq!(original.iter().zip(&forged).filter(|(one, other)| one != other).count(), 1, "one byte");
    assert_eq!((&forgery["before"], &forgery["after"]), (&Json::from("2022-01-01"), &Json::from("2032-01-01")));
    let verification = verify(&forged, &trust(&bench), &Question::default());
    assert_eq!(verification.failed().map(|check| check.name()), forgery["refused_by"].as_str());
    assert_eq!(verification.verdict(), Verdict::BadInclusion);
}

#[test]
fn people_are_told_in_sentences() {
    let bench = Bench::new();
    let told = demo(&bench, &[]).exits(0).stdout;
    for sentence in [
        "Nobody named here signed anything in this registry.",
        "Did Huawei Technologies Co., Ltd. have a no-spy agreement with GB on 2019-06-01?",
        "reports only: others say what happened",
        "nothing at all: the log proved that no statement about between/huawei/jp exists",
        "Was the letter of assurances of China Telecom (Americas) Corporation in force on 2021-12-01?",
        "In force on 2021-12-01, attested by the government alone; termination announced for 2022-01-01; under appeal",
        "Registered is not approved",
        "expected     TERMINATED(2022-01-01), APPEALED  ✓",
        "by the check docket-digest",
        "What to try next:",
    ] {
        assert!(told.contains(sentence), "{sentence}\nin\n{told}");
    }
    assert!(!told.contains('✗'));
    assert_eq!(told.matches("as known at  seal ").count(), 8 + 5);
    assert_eq!(told.matches("proof        demo/").count(), 8 + 5);
}

#[test]
fn another_expectation_is_a_difference() {
    let bench = Bench::new();
    demo_with(&bench, EXPECTED, r#""2021-12-01": "IN_FORCE, APPEALED""#)
        .exits(1)
        .says("it is IN_FORCE + notice (ends 2022-01-01), APPEALED");

    // One that cannot be read is none that holds.
    demo_with(&bench, EXPECTED, r#""2021-12-01": "IN_FORCE, SOMEHOW""#).exits(1).says("cannot read `SOMEHOW`");
}

#[test]
fn another_fact_makes_another_demo() {
    let bench = Bench::new();
    // The order gives 95 days: the letter lives on in February, and the answers say so.
    demo_with(&bench, "stop within 60 days", "stop within 95 days")
        .exits(1)
        .says("it is IN_FORCE + notice (ends 2022-02-05), APPEALED");

    // The draft of Canada was no draft.
    demo_with(&bench, "draft: true, ", "").exits(1);
    // Somebody reports of Japan: the silence is gone.
    demo_with(&bench, "addressees: [DE]", "addressees: [DE, JP]")
        .exits(1)
        .says("✗ between/huawei/jp: there is something");
}

#[test]
fn fixtures_that_do_not_fit_are_refused_with_their_line() {
    let bench = Bench::new();
    for (from, to, said) in [
        ("# [wiwo]", "# [nowhere]", "the source [nowhere]"),
        ("on: \"2019-04\"", "on: spring", "line 10: F1.reports[1].on wants a day or a month"),
        ("NB10 contact in the US", "contact in the US", "F4.clauses wants clauses that begin with their type"),
    ] {
        let ran = demo_with(&bench, from, to).exits(16);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn a_second_run_replaces_the_first_and_nothing_else() {
    let bench = Bench::new();
    let first = demo(&bench, &["--output", "json"]).exits(0).json();
    bench.write("demo/notes.txt", "mine");
    let second = demo(&bench, &["--output", "json"]).exits(0).json();
    assert_ne!(first["origin"], second["origin"], "an origin has one log key for ever");
    assert_eq!(bench.read("demo/notes.txt"), b"mine");
    assert_eq!(docket_files(&bench).len(), 5);
    for file in docket_files(&bench) {
        assert_eq!(verify(&fs::read(file).unwrap(), &trust(&bench), &Question::default()).failed(), None);
    }
}

#[test]
fn a_directory_that_is_not_a_demos_is_left_alone() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("demo/data")).unwrap();
    bench.write("demo/data/thesis.txt", "years of work");
    demo(&bench, &[]).exits(2).says("holds something that is not a previous demo's");

    // A marker that says something else is none.
    bench.write("demo/nospy-demo.marker", "not this");
    demo(&bench, &[]).exits(2);
    assert_eq!(bench.read("demo/data/thesis.txt"), b"years of work");
    assert_eq!(fs::read_dir(bench.path("demo")).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn its_keys_are_readable_by_their_owner_alone_and_named_as_what_they_are() {
    let bench = Bench::new();
    demo(&bench, &[]).exits(0);
    let mut keys: Vec<PathBuf> = fs::read_dir(bench.path("demo")).unwrap().map(|entry| entry.unwrap().path()).collect();
    keys.retain(|path| path.extension().is_some_and(|extension| extension == "pem"));
    assert_eq!(keys.len(), 4, "log, registrar, two organs");
    for key in keys {
        assert!(key.file_name().unwrap().to_string_lossy().starts_with("demo-"));
        assert_eq!(program::mode(&key), 0o600);
    }
}

/// A demo that goes on serving, stopped when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    fn start(bench: &Bench) -> (Self, Json) {
        let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
        command.args(["demo", "--data", "demo", "--listen", "127.0.0.1:0", "--output", "json", "--quiet"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut text = Vec::new();
        let mut byte = [0];
        // The document ends with the first brace at the start of a line.
        while !text.ends_with(b"\n}\n") {
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&text));
            text.push(byte[0]);
        }
        (Self(child), serde_json::from_slice(&text).unwrap())
    }
}

#[cfg(unix)]
#[test]
fn it_ends_by_serving() {
    let bench = Bench::new();
    let (mut serving, told) = Serving::start(&bench);
    assert!(told["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let standing = array(&told["next"])
        .iter()
        .find(|next| next["command"].as_str().unwrap().starts_with("nospy standing"))
        .expect("a running registry can be asked");
    let ran = try_command(&bench, standing["command"].as_str().unwrap());
    let ran = ran.exits(standing["exit"].as_i64().unwrap().try_into().unwrap());
    assert!(ran.stdout.contains("an offer is reported"), "{}", ran.stdout);
    // Nobody takes its directory away.
    demo(&bench, &[]).exits(2).says("a demo is running in demo");

    // It stops when it is asked to.
    let asked = Command::new("kill").args(["-TERM", &serving.0.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert_eq!(serving.0.wait().unwrap().code(), Some(0));
    assert!(bench.path("demo/policy.txt").is_file());
}

#[cfg(unix)]
#[test]
fn what_it_leaves_behind_can_be_served_again() {
    let bench = Bench::new();
    demo(&bench, &["--listen", "127.0.0.1:0"]).exits(0);
    let served = Served::start(&bench, "demo");
    let standing = ["standing", "between/huawei/jp", "--config", "demo/nospy.toml", "--server", &served.url];
    bench.run(&standing).exits(17).says("No agreement");
    demo(&bench, &[]).exits(2).says("the registry of a previous demo is still running");
    assert_eq!(served.stop(), 0);
    demo(&bench, &[]).exits(0);
}
