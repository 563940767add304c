//! The vectors of `docs/spec/vectors`: the program makes them again byte for byte, and every verifier of ours says of every
//! case what its author wrote beside it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod program;
mod spec;

use std::collections::{BTreeMap, BTreeSet};

use nospy::crypto::{KeyLine, Note};
use nospy::evidence::witness::{AddCheckpoint, KeptHead, Refusal, judge};
use nospy::evidence::{
    EvidenceFile, Freshness, Outcome, Policy, Receipt, SignedCheckpoint, Step, TlogProof, Trust, check_file,
};
use nospy::statement::Statement;
use program::Bench;
use serde_json::Value;
use spec::{Judged, bytes, cases, file, folder, hex, judge_all, text};

/// Most bytes of all files together: they are read by people and kept for ever.
const SET_LEN_MAX: u64 = 2 * 1024 * 1024;

#[test]
fn the_program_makes_the_committed_files() {
    let bench = Bench::new();
    bench.ok(&["vectors", "made"]);
    let names = |folder: &std::path::Path| -> BTreeSet<String> {
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names(&bench.path("made")), names(&folder()));
    let mut len = 0;
    for name in names(&folder()) {
        let committed = std::fs::read(folder().join(&name)).unwrap();
        assert!(bench.read(&format!("made/{name}")) == committed, "{name}: run `nospy vectors docs/spec/vectors`");
        assert!(committed.is_ascii() && committed.ends_with(b"}\n"), "{name}");
        len += committed.len() as u64;
    }
    assert!(len <= SET_LEN_MAX, "{len} bytes");
    // What is there is replaced, and the second run says the same.
    bench.write("made/vkey.json", "");
    bench.ok(&["vectors", "made"]);
    assert_eq!(bench.read("made/vkey.json"), std::fs::read(folder().join("vkey.json")).unwrap());
}

#[test]
fn every_file_is_mostly_negative_and_every_case_has_a_name_of_its_own() {
    for name in std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()) {
        let file = file(&name);
        for list in file.as_object().unwrap().iter().filter(|(_, list)| {
            list.as_array().is_some_and(|list| list.first().is_some_and(|case| case.get("expect").is_some()))
        }) {
            let rows = list.1.as_array().unwrap();
            let names: BTreeSet<&str> = rows.iter().map(|case| text(case, "name")).collect();
            assert_eq!(names.len(), rows.len(), "{name}: {}", list.0);
            let accepted = rows.iter().filter(|case| text(case, "expect") == "accept").count();
            assert!(
                list.0 != "cases" || accepted * 2 < rows.len(),
                "{name}: {accepted} of {} are accepted",
                rows.len()
            );
            for case in rows {
                assert!(["c2sp", "nospy"].contains(&text(case, "profile")), "{name}: {case}");
                assert!(!text(case, "reason").is_empty(), "{name}: {case}");
            }
        }
    }
}

#[test]
fn checkpoints() {
    let file = file("checkpoint.json");
    let key: KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    judge_all(&file, "cases", |case| {
        let signed = SignedCheckpoint::parse(&bytes(case)).map_err(|error| error.to_string())?;
        signed.check_log_signature(&key).map_err(|error| error.to_string())?;
        let checkpoint = signed.checkpoint();
        assert_eq!(checkpoint.size.to_string(), text(case, "size"));
        assert_eq!(checkpoint.root.to_vec(), hex(case, "root"));
        assert_eq!(checkpoint.origin.as_str(), text(&file, "origin"));
        assert_eq!(signed.note().to_string().into_bytes(), bytes(case), "one spelling");
        Ok(Judged::Accept)
    });
}

#[test]
fn cosignatures() {
    let file = file("cosignature.json");
    let log: KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    let witness: KeyLine = text(&file["keys"]["witness"], "vkey").parse().unwrap();
    judge_all(&file, "cases", |case| {
        let note = Note::parse(&bytes(case)).unwrap();
        assert_eq!(note.is_signed_by(&log), Ok(true), "as the file says of all");
        match note.cosigned_by(&witness).map_err(|error| error.to_string())? {
            None => Ok(Judged::Absent),
            Some(cosignature) => {
                assert_eq!(cosignature.time.to_string(), text(case, "time"));
                Ok(Judged::Accept)
            }
        }
    });
}

#[test]
fn keys() {
    let file = file("vkey.json");
    judge_all(&file, "cases", |case| {
        let key: KeyLine = text(case, "text").parse().map_err(|error| format!("{error:?}"))?;
        assert_eq!(key.to_string(), text(case, "text"));
        Ok(Judged::Accept)
    });
}

#[test]
fn policies() {
    let file = file("policy.json");
    judge_all(&file, "cases", |case| {
        Policy::parse(&bytes(case)).map(|_| Judged::Accept).map_err(|error| error.to_string())
    });
    judge_all(&file, "quorums", |case| {
        let policy = Policy::parse(text(case, "policy").as_bytes()).unwrap();
        let lines = cases(case, "by").iter().map(|by| text(&file["lines"], by.as_str().unwrap()));
        let note = text(&file, "checkpoint").to_owned() + &lines.collect::<String>();
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        match signed.check_quorum(&policy).map_err(|error| error.to_string())?.is_met {
            true => Ok(Judged::Accept),
            false => Err("no quorum".to_owned()),
        }
    });
}

fn entries(file: &Value) -> Vec<Statement> {
    let entry = |entry: &Value| Statement::parse(&nospy::crypto::parse_hex(entry.as_str().unwrap()).unwrap()).unwrap();
    cases(file, "entries").iter().map(entry).collect()
}

#[test]
fn tlog_proofs() {
    let file = file("tlog-proof.json");
    let policy = Policy::parse(text(&file, "policy").as_bytes()).unwrap();
    let entries = entries(&file);
    judge_all(&file, "cases", |case: &Value| {
        let proof = TlogProof::parse(&bytes(case)).map_err(|error| error.to_string())?;
        let entry = usize::try_from(case["entry"].as_u64().unwrap()).unwrap();
        proof.check(&entries[entry], &policy).map_err(|error| error.to_string())?;
        assert_eq!(proof.index, entry as u64);
        assert_eq!(proof.to_string().into_bytes(), bytes(case), "one spelling");
        Ok(Judged::Accept)
    });
}

#[test]
fn receipts() {
    let file = file("receipt.json");
    let key: KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    let entries = entries(&file);
    judge_all(&file, "cases", |case| {
        let entry = usize::try_from(case["entry"].as_u64().unwrap()).unwrap();
        let receipt = Receipt::parse(&bytes(case)).map_err(|error| error.to_string())?;
        let found = receipt.check(&entries[entry], &key).map_err(|error| error.to_string())?;
        assert_eq!(found.index, entry as u64);
        assert_eq!(receipt.to_bytes(), bytes(case), "one spelling");
        Ok(Judged::Accept)
    });
}

#[test]
fn witness_scripts() {
    let file = file("witness.json");
    let log: KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    let (mut steps, mut wrong) = (0, Vec::new());
    for script in cases(&file, "scripts") {
        let kept = &script["kept"];
        let mut kept = (!kept.is_null())
            .then(|| KeptHead { size: kept["size"].as_u64().unwrap(), root: hex(kept, "root").try_into().unwrap() });
        for step in cases(script, "steps") {
            steps += 1;
            let (status, size) = match AddCheckpoint::parse(&bytes(step)) {
                Err(_) => (400, None),
                Ok(request) => {
                    let keys = if request.head.origin == log.name() { std::slice::from_ref(&log) } else { &[] };
                    match judge(keys, kept, &request) {
                        Ok(()) => {
                            assert_eq!(request.note.text(), text(step, "cosigned"));
                            kept = Some(KeptHead { size: request.head.size, root: request.head.root });
                            (200, None)
                        }
                        Err(Refusal::OtherOld { size }) => (409, Some(size)),
                        Err(refusal) => (u64::from(refusal.status()), None),
                    }
                }
            };
            let expected_size = step.get("body").map(|body| body.as_str().unwrap().trim_end().parse().unwrap());
            if status != step["status"].as_u64().unwrap() || size != expected_size {
                wrong.push(format!("{}: {} is answered {status} {size:?}", text(script, "name"), text(step, "name")));
            }
            assert_eq!(kept.map_or(0, |kept| kept.size), step["after"].as_u64().unwrap(), "{}", text(step, "name"));
        }
    }
    assert!(steps >= 60, "{steps} steps");
    assert!(wrong.is_empty(), "{} of {steps} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn evidence() {
    let file = file("evidence.json");
    let log: KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    let mut wrong = Vec::new();
    judge_all(&file, "cases", |case| {
        let parsed = EvidenceFile::parse(&bytes(case)).map_err(|error| (16, error.to_string()));
        let checked = parsed.and_then(|evidence| {
            assert_eq!(evidence.to_bytes(), bytes(case), "one spelling");
            evidence.check_by(&log).map_err(|error| (17, error.to_string()))
        });
        let (exit, judged) = match checked {
            Ok(Some(_)) => (12, Ok(Judged::Accept)),
            Ok(None) => (18, Ok(Judged::Absent)),
            Err((exit, why)) => (exit, Err(why)),
        };
        if case["exit"] != exit {
            wrong.push(format!("{}: {exit}, {judged:?}", text(case, "name")));
        }
        judged
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn docket_files() {
    let file = file("docket-file.json");
    let trust = Trust::of(Policy::parse(text(&file, "policy").as_bytes()).unwrap());
    let files = spec::edited(&file);
    let mut failing = BTreeMap::<String, usize>::new();
    judge_all(&file, "cases", |case| {
        let check = check_file(&files[text(case, "name")], &trust, None);
        let Some(failed) = check.checks.failed() else { return Ok(Judged::Accept) };
        let Outcome::Failed(why) = &failed.outcome else { panic!("{failed:?}") };
        *failing.entry(text(case, "step").to_owned()).or_default() += 1;
        match failed.name() == text(case, "step") {
            true => Err(why.clone()),
            // Refused, but not where its author says: that is as wrong as accepted.
            false => Ok(Judged::At(failed.name())),
        }
    });
    let steps = &Step::ALL[..Step::ALL.iter().position(|step| *step == Step::Freshness).unwrap()];
    for step in steps {
        assert!(failing.get(step.name()).is_some_and(|cases| *cases >= 3), "{step}: {failing:?}");
    }
    let first = &files[text(&cases(&file, "cases")[0], "name")];
    judge_all(&file, "freshness", |case| {
        let freshness = Freshness { now: case["now"].as_u64().unwrap(), max_age_s: case["max_age"].as_u64().unwrap() };
        match check_file(first, &trust, Some(freshness)).checks.outcome(Step::Freshness) {
            Outcome::Passed => Ok(Judged::Accept),
            other => Err(format!("{other:?}")),
        }
    });
}

#[test]
fn the_program_judges_docket_files_alike() {
    let file = file("docket-file.json");
    let files = spec::edited(&file);
    let bench = Bench::new();
    bench.write("policy", text(&file, "policy"));
    // Every fifth, and all that are accepted: each is a run of the program.
    for (number, case) in cases(&file, "cases").iter().enumerate() {
        let is_accept = text(case, "expect") == "accept";
        if !is_accept && number % 5 > 0 {
            continue;
        }
        bench.write("file.docket", &files[text(case, "name")]);
        let ran = bench.run(&["verify", "file.docket", "--policy", "policy"]);
        let cross = case.get("step").map(|step| format!("✗ {}", step.as_str().unwrap()));
        assert_eq!(ran.stdout.contains('✗'), !is_accept, "{}: {}{}", text(case, "name"), ran.stdout, ran.stderr);
        if let Some(cross) = cross {
            assert!(ran.stdout.contains(&cross) && ran.code != 0, "{}: {}", text(case, "name"), ran.stdout);
        }
    }
}

#[test]
fn the_examples_of_the_pages_are_true() {
    let mut examples = 0;
    for page in ["checkpoint.md", "cosignature.md", "witness.md", "tlog-proof.md"] {
        let page = std::fs::read_to_string(folder().parent().unwrap().join(page)).unwrap();
        for part in page.split("<!-- ").skip(1) {
            let (mark, rest) = part.split_once(" -->\n```\n").unwrap();
            let (shown, _) = rest.split_once("```").unwrap();
            let named = |list: &Value, name: &str| {
                list.as_array().unwrap().iter().find(|case| text(case, "name") == name).unwrap().clone()
            };
            let expected = match mark.split(' ').collect::<Vec<_>>()[..] {
                ["vector:", name, case] => {
                    let case = named(&file(name)["cases"], case);
                    assert_eq!(text(&case, "expect"), "accept");
                    text(&case, "text").to_owned()
                }
                ["policy:", name] => text(&file(name), "policy").to_owned(),
                ["witness:", script, step] => {
                    let step = named(&named(&file("witness.json")["scripts"], script)["steps"], step);
                    assert_eq!(step["status"], 200);
                    text(&step, "text").to_owned()
                }
                _ => panic!("{mark}"),
            };
            assert_eq!(shown, expected, "{mark}");
            examples += 1;
        }
    }
    assert_eq!(examples, 5);
}
