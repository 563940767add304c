//! Golden vectors of formats §9: docket files over an honest log and over lying ones, with mutations. Verification
//! stops before the domain rules: the bodies of these statements are plausible only.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "vectors/docket_files.rs"]
mod docket_files;
mod vectors;

use std::collections::HashSet;
use std::sync::Arc;

use docket_files::files;
use nospy::codec::{Item, Key, Value as Cbor, encode};
use nospy::crypto::{Digest, sha256};
use nospy::evidence::{
    DocketFile, DocketFileParts, DocketParts, Entries, EntriesParts, EntryParts, FileCheck, Freshness, Outcome, Policy,
    Step, Trust, check_file, required_dockets, write_docket_file,
};
use nospy::merkle::MapProof;
use nospy::statement::Subject;
use serde_json::Value;
use vectors::{cases, golden, is_accept, text};

fn trust(golden: &Value) -> Trust {
    Trust::of(Policy::parse(text(golden, "policy").as_bytes()).expect("a policy"))
}

/// The name of the step that failed, and why; `None` if the file is accepted.
fn failure<'c>(check: &'c FileCheck<'_>) -> Option<(&'static str, &'c str)> {
    let failed = check.checks.failed()?;
    match &failed.outcome {
        Outcome::Failed(why) => Some((failed.name(), why)),
        other => panic!("{other:?} is no failure"),
    }
}

fn assert_judged(name: &str, case: &Value, check: &FileCheck<'_>) -> Result<(), String> {
    match (is_accept(case), failure(check)) {
        (true, None) if check.file.is_some() => {}
        (false, Some((step, _))) if step == text(case, "failed") && check.file.is_none() => {}
        (_, found) => return Err(format!("{name}: expected {:?}, found {found:?}", case.get("failed"))),
    }
    // The first failure ends it: before it all is done, behind it nothing is run.
    let failed = check.checks.failed().map_or(Step::KeyAuthority, |failed| failed.step);
    for line in check.checks.all() {
        assert_eq!(
            line.step < failed,
            matches!(line.outcome, Outcome::Passed | Outcome::Skipped(_)),
            "{name}: {line:?}"
        );
        assert_eq!(line.step > failed, line.step != failed && line.outcome == Outcome::NotRun, "{name}: {line:?}");
    }
    Ok(())
}

#[test]
fn docket_files_are_judged_as_published() {
    let Some(golden) = golden("docket-file.json") else { return };
    let (trust, files) = (trust(&golden), files(&golden));
    assert_eq!(cases(&golden, "steps"), Step::ALL.map(|step| Value::from(step.name())));
    let mut wrong = Vec::new();
    for case in cases(&golden, "cases") {
        let name = text(case, "name");
        let check = check_file(&files[name], &trust, None);
        wrong.extend(assert_judged(name, case, &check).err());
        let Some(checked) = check.file else { continue };
        let file = checked.file();
        let subjects: Vec<Value> = file.dockets.iter().map(|docket| docket.subject.to_string().into()).collect();
        assert_eq!(subjects, cases(case, "dockets"), "{name}");
        let seals: Vec<Value> = file.seals.iter().map(|entry| entry.seal.index.into()).collect();
        assert_eq!(seals, cases(case, "seals"), "{name}");
        assert_eq!(file.about.to_string(), text(case, "about"), "{name}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn freshness_is_judged_as_published() {
    let Some(golden) = golden("docket-file.json") else { return };
    let (trust, files) = (trust(&golden), files(&golden));
    for case in cases(&golden, "freshness") {
        let (now, age) = (case["now"].as_u64(), case["max_age"].as_u64());
        let freshness = now.zip(age).map(|(now, max_age_s)| Freshness { now, max_age_s });
        let check = check_file(&files[text(case, "case")], &trust, freshness);
        let outcome = check.checks.outcome(Step::Freshness);
        let found = match outcome {
            Outcome::Passed => "accept",
            Outcome::Failed(_) => "reject",
            Outcome::Skipped(_) => "skipped",
            Outcome::NotRun => "not run",
        };
        assert_eq!(found, text(case, "expect"), "{}: {outcome:?}", text(case, "what"));
        assert_eq!(check.file.is_some(), found != "reject");
    }
}

#[test]
fn limits_are_judged_as_published() {
    let Some(golden) = golden("docket-file.json") else { return };
    let (trust, files) = (trust(&golden), files(&golden));
    for case in cases(&golden, "limits") {
        let count = case["entries"].as_i64().expect("a number of entries");
        let mut file = Item::read(&files[text(case, "case")]).expect("a golden file").to_value();
        *first_entries(&mut file) = (0..count)
            .map(|i| {
                Cbor::record([
                    ("index", Cbor::Int(i)),
                    ("time", Cbor::Int(1_760_000_000_000)),
                    ("id", Cbor::bytes([0; 32])),
                ])
            })
            .collect();
        let bytes = encode(&file);
        assert_eq!(Some(bytes.len() as u64), case["length"].as_u64());
        assert_eq!(sha256(&[&bytes]).to_string(), text(case, "sha256"));
        assert_judged(text(case, "what"), case, &check_file(&bytes, &trust, None)).expect("as published");
    }
}

/// The entries of the first docket of a file.
fn first_entries(file: &mut Cbor) -> &mut Vec<Cbor> {
    let Cbor::Array(dockets) = field(file, "dockets") else { panic!("dockets is no array") };
    let Cbor::Array(entries) = field(&mut dockets[0], "entries") else { panic!("entries is no array") };
    entries
}

fn field<'v>(value: &'v mut Cbor, name: &str) -> &'v mut Cbor {
    match value {
        Cbor::Map(map) => map.get_mut(&Key::Text(name.to_owned())).expect("a field"),
        other => panic!("{other:?} is no map"),
    }
}

/// The owned parts of a parsed file.
fn parts(file: &DocketFile<'_>, bytes: &[u8]) -> DocketFileParts {
    let entry = |entry: &nospy::evidence::Entry<'_>| EntryParts {
        index: file.statements[entry.statement].index,
        statement: Arc::clone(&file.statements[entry.statement].statement),
        path: entry.path.iter().collect(),
    };
    DocketFileParts {
        about: file.about.clone(),
        origin: file.origin.clone(),
        checkpoint: Item::read(bytes)
            .expect("CBOR")
            .field("checkpoint")
            .and_then(|c| c.text())
            .expect("text")
            .to_owned(),
        seals: file
            .seals
            .iter()
            .map(|seal| EntryParts {
                index: seal.seal.index,
                statement: Arc::new(seal.statement.clone()),
                path: seal.path.iter().collect(),
            })
            .collect(),
        dockets: file
            .dockets
            .iter()
            .map(|docket| DocketParts {
                subject: docket.subject.clone(),
                proof: MapProof {
                    siblings: docket.siblings.iter().collect(),
                    other: docket.other.map(|(key, value)| (*key, *value)),
                },
                entries: match &docket.entries {
                    Entries::Full(entries) => EntriesParts::Full(entries.iter().map(entry).collect()),
                    Entries::List(entries) => EntriesParts::List(entries.clone()),
                },
            })
            .collect(),
    }
}

#[test]
fn a_file_is_written_again_to_the_same_bytes() {
    let Some(golden) = golden("docket-file.json") else { return };
    let mut written = 0;
    for (name, bytes) in files(&golden) {
        let Ok(file) = DocketFile::parse(&bytes) else { continue };
        assert_eq!(write_docket_file(&parts(&file, &bytes)).expect("within limits"), bytes, "{name}");
        written += 1;
    }
    assert!(written > 50, "only {written} files are of good form");
}

#[test]
fn the_dockets_of_a_file_are_those_that_a_builder_would_put_in() {
    let Some(golden) = golden("docket-file.json") else { return };
    for (name, bytes) in files(&golden) {
        let Ok(file) = DocketFile::parse(&bytes) else { continue };
        let mut asked = HashSet::new();
        let required = required_dockets(&file.about, usize::MAX, |subject: &Subject| {
            assert!(asked.insert(subject.clone()), "{name}: {subject} is looked up twice");
            match file.docket(subject).map(|docket| &docket.entries) {
                Some(Entries::Full(entries)) => {
                    Ok(entries.iter().map(|entry| Arc::clone(&file.statements[entry.statement].statement)).collect())
                }
                other => Err(format!("{name}: {subject} is looked up and is {other:?}")),
            }
        });
        let subjects: Vec<Subject> = file.dockets.iter().map(|docket| docket.subject.clone()).collect();
        assert_eq!(required.expect("every docket is at hand"), subjects, "{name}");
    }
}

#[test]
fn a_log_that_the_policy_does_not_name_is_not_trusted() {
    let Some(golden) = golden("docket-file.json") else { return };
    let files = files(&golden);
    let other = nospy::crypto::SigningKey::from_seed(&[8; 32]).public();
    for name in ["registry.example/nospy", "registry.example"] {
        let log = nospy::crypto::KeyLine::new(name, nospy::crypto::NoteAlgorithm::Ed25519, other).expect("a name");
        let check = check_file(&files["agreement"], &Trust::of(Policy::of_log(log)), None);
        assert_eq!(failure(&check).map(|(step, _)| step), Some("checkpoint-signature"));
    }
}

#[test]
fn without_witnesses_the_quorum_is_skipped_and_never_passed() {
    let Some(golden) = golden("docket-file.json") else { return };
    let files = files(&golden);
    let log = text(&golden["keys"]["log"], "vkey").parse().expect("vkey");
    let check = check_file(&files["no-cosignatures"], &Trust::of(Policy::of_log(log)), None);
    assert!(matches!(check.checks.outcome(Step::WitnessQuorum), Outcome::Skipped(_)));
    assert!(check.file.is_some());
    assert_ne!(check.file.map(|file| file.last_seal_id()), Some(Digest::default()));
}
