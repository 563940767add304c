//! The second registry of `nospy demo`: the invented case on a scripted clock, judged again from its files.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;

use nospy::agreement::{Force, On};
use nospy::evidence::{KnownUpTo, Policy, Question, Trust, verify};
use serde_json::Value as Json;

use crate::program::{Bench, Ran, Served};

const FIXTURES: &str = include_str!("fixtures/agreements.yaml");

fn demo(bench: &Bench, more: &[&str]) -> Ran {
    bench.run(&[&["demo", "--once", "--data", "demo"], more].concat())
}

/// A demo with fixtures that differ in one place.
fn demo_with(bench: &Bench, from: &str, to: &str) -> Ran {
    assert_eq!(FIXTURES.matches(from).count(), 1, "{from}");
    bench.write("changed.yaml", FIXTURES.replace(from, to));
    demo(bench, &["--fixtures", "changed.yaml"])
}

fn array(value: &Json) -> &Vec<Json> {
    value.as_array().unwrap()
}

#[test]
fn its_files_prove_every_answer_again() {
    let bench = Bench::new();
    let told = demo(&bench, &["--output", "json"]).exits(0).json();
    let invented = &told["invented"];
    assert_eq!((&invented["demo"], &invented["clock_scripted"]), (&Json::from(true), &Json::from(true)));
    assert_ne!(invented["origin"], told["origin"], "a registry of its own");
    let trust = Trust::of(Policy::parse(&bench.read(invented["policy"].as_str().unwrap())).unwrap());

    let mut expected = Vec::new();
    for question in array(&invented["questions"]) {
        let [answer] = &array(&question["answers"])[..] else { panic!("one docket for each question: {question}") };
        let on = Some(On::Day(question["on"].as_str().unwrap().parse().unwrap()));
        let file = bench.read(answer["file"].as_str().unwrap());
        let verification = verify(&file, &trust, &Question { on, ..Question::default() });
        assert_eq!(verification.failed(), None, "{question}");
        assert_eq!(answer["standing"]["sentence"], verification.standing.unwrap().sentence());
        assert_eq!(answer["matches"], true, "{question}");
        expected.push(question["expected"].as_str().unwrap());
    }
    assert_eq!(expected.len(), 5);
    assert!(expected.iter().all(|answer| FIXTURES.contains(answer)), "{expected:?}");

    let [refused] = &array(&invented["refused"])[..] else { panic!("one act is refused: {invented}") };
    assert_eq!(refused["rule"], "offer_closed");
    assert!(refused["act"].as_str().unwrap().starts_with("2026-09-02"), "{refused}");
}

/// What the scripted seals are for: each answer as it was known on its own day, before the later acts.
#[test]
fn its_seals_tell_what_was_known_when() {
    let bench = Bench::new();
    demo(&bench, &[]).exits(0);
    let trust = Trust::of(Policy::parse(&bench.read("demo/invented/policy.txt")).unwrap());
    let known = |organ: &str, instant: &str| {
        let file = bench.read(&format!("demo/invented/agreement-sentral-adhesion-2026-{organ}.docket"));
        let at: jiff::Timestamp = instant.parse().unwrap();
        let known_at = Some(KnownUpTo::Instant(at.as_millisecond().try_into().unwrap()));
        let verification = verify(&file, &trust, &Question { known_at, ..Question::default() });
        assert_eq!(verification.failed(), None, "{organ} at {instant}");
        let title = verification.terms.map(|terms| terms.title.to_string()).unwrap_or_default();
        (verification.standing.unwrap().force, title)
    };
    // The offer lay open to the one that came too late, until it was taken back.
    assert_eq!(known("eu-com", "2026-08-31T12:00:00Z").0, Force::Offered);
    assert_eq!(known("eu-com", "2026-09-01T12:00:00Z").0, Force::NoAgreement);
    assert_eq!(known("nl-organ", "2026-02-14T12:00:00Z").0, Force::Offered);
    assert_eq!(known("de-organ", "2026-05-31T12:00:00Z").0, Force::InForce);
    assert_eq!(known("de-organ", "2026-06-01T12:00:00Z").0, Force::PartlySuspended);
    // Of an act of both, nobody knew before it was signed.
    let [v1, v2] = ["v1", "v2"].map(|version| format!("Terms {version} of Sentral Cloud ASA (invented)"));
    assert_eq!(known("fr-organ", "2026-04-30T12:00:00Z"), (Force::InForce, v1));
    assert_eq!(known("fr-organ", "2026-05-01T12:00:00Z"), (Force::InForce, v2));
}

#[test]
fn nobody_takes_it_for_real() {
    let bench = Bench::new();
    let told = demo(&bench, &[]).exits(0).stdout;
    let (_, invented) = told.split_once("INVENTED, ON A SCRIPTED CLOCK.").expect("a heading that says so");
    assert_eq!(invented.matches("(invented)").count(), 5, "each question says so:\n{invented}");

    // So does whoever opens one of its files, without the demo.
    let file = "demo/invented/agreement-sentral-adhesion-2026-fr-organ.docket";
    let verify = bench.ok(&["verify", file, "--policy", "demo/invented/policy.txt", "--on", "2026-11-01"]);
    verify.says("DEMO: a demonstration registry.").says("its clock may be scripted: its times prove nothing");
    bench.ok(&["show", file]).says("Terms v2 of Sentral Cloud ASA (invented)").says("Sentral Cloud ASA (demo key)");

    // And whoever serves it again, on a clock that goes on after its last seal.
    let served = Served::start(&bench, "demo/invented");
    let config = "demo/invented/nospy.toml";
    let nl = ["standing", "agreement/sentral/adhesion-2026/nl-organ", "--config", config, "--server", &served.url];
    bench.run(&nl).exits(17).says("declined by the government");
    demo(&bench, &[]).exits(2).says("the registry of a previous demo is still running");
    assert_eq!(served.stop(), 0);
    demo(&bench, &[]).exits(0);
}

#[test]
fn another_fact_or_expectation_is_a_difference() {
    let bench = Bench::new();
    for (from, to, said) in [
        ("FR gives 6 months notice", "FR gives 7 months notice", "it is IN_FORCE v2 + notice (ends 2027-05-01)"),
        ("every_days: 90", "every_days: 290", "its assurance is overdue, not canary_late"),
        ("{2026-08-01: DE resumes NB5}, ", "", "it is PARTLY_SUSPENDED v1, reservation NB12"),
        ("{2026-09-01: vendor withdraws the open offer}, ", "", "it was to be refused"),
        (
            "\"IN_FORCE v1, reservation NB12\"",
            "\"IN_FORCE v2, reservation NB12\"",
            "it is IN_FORCE v1, reservation NB12",
        ),
    ] {
        demo_with(&bench, from, to).exits(1).says(said);
    }
}

#[test]
fn a_fixture_that_does_not_fit_is_refused_with_its_line() {
    let bench = Bench::new();
    for (from, to, said) in [
        ("NL declines", "NL hesitates", "is nothing that this demo knows to act"),
        ("2026-02-15: NL", "2026-01-15: NL", "wants events in the order of their days"),
        ("6e8963e4", "6e8963e5", "names a digest that is not the quoted text's"),
        ("DE suspends", "SE suspends", "refers to what has not happened"),
    ] {
        demo_with(&bench, from, to).exits(16).says(said);
    }
}
