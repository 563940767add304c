//! The auditor: silent over an honest log, and each lie named at its entry.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod kit;
mod program;
mod sealed;

use kit::{Kit, key};
use nospy::agreement::Rule;
use nospy::audit::{Auditor, FINDINGS_MAX, Fault, Finding, Sealed};
use nospy::codec::Value;
use nospy::crypto::SigningKey;
use nospy::evidence::Seal;
use nospy::merkle::leaf_hash;
use nospy::statement::{Statement, Subject};
use program::{Bench, Served};
use sealed::{Log, log_key, tree};

/// Three batches after the genesis.
fn story() -> Kit {
    let mut kit = Kit::default();
    kit.at("2026-01-10");
    kit.enrol("later", "vendor", "se");
    kit.at("2026-01-11");
    kit.enrol("third", "vendor", "se");
    kit.enrol("fourth", "vendor", "se");
    kit.at("2026-01-12");
    kit.enrol("fifth", "vendor", "se");
    kit
}

fn bytes(log: &Log) -> Vec<Vec<u8>> {
    log.entries.iter().map(|entry| entry.bytes().to_vec()).collect()
}

/// What an auditor finds in these entries, and the last tree that a seal ended.
fn audit(entries: &[Vec<u8>]) -> (Vec<Finding>, Option<Sealed>) {
    let mut auditor = Auditor::new(log_key()).unwrap();
    let mut last = None;
    for entry in entries {
        last = auditor.push(entry).or(last);
    }
    let findings: Vec<_> = auditor.report().1.first().cloned().collect();
    assert_eq!(auditor.report().1.count(), findings.len() as u64);
    (findings, last)
}

fn faults(entries: &[Vec<u8>]) -> Vec<(Fault, u64)> {
    audit(entries).0.iter().map(|finding| (finding.fault, finding.index)).collect()
}

fn seal(index: u64, previous: &Seal, time_ms: u64, signer: &SigningKey) -> Vec<u8> {
    let draft = Seal::draft(&kit::origin(), index, Some(&previous.id), time_ms, &[0; 32], &[0; 32]);
    draft.sign(signer).unwrap().bytes().to_vec()
}

#[test]
fn an_honest_log_is_silent_and_its_tree_is_given() {
    let entries = bytes(&Log::of(&story()));
    let (findings, last) = audit(&entries);
    assert_eq!(findings, []);
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let last = last.unwrap();
    assert_eq!((last.size, last.root), (entries.len() as u64, tree(&leaves, None).0));
    // Told again and again, it goes on where it stands.
    let mut auditor = Auditor::new(log_key()).unwrap();
    for (n, entry) in entries.iter().enumerate() {
        auditor.push(entry);
        assert_eq!(auditor.report().1.count(), 0, "after {n}");
    }
    assert_eq!(auditor.unsealed(), 0);
}

#[test]
fn a_hidden_statement_shows_in_the_next_seal() {
    let hidden: Subject = "parties".parse().unwrap();
    let kit = story();
    for n in 1..kit.log.len() {
        let id = *kit.log[n].statement.id();
        let log = Log::hiding(&kit, |statement, subject| *statement.id() == id && *subject == hidden);
        let index = log.entries.iter().position(|entry| *entry.id() == id).unwrap();
        let expected = log.sealed[index].0 as u64;
        assert_eq!(faults(&bytes(&log)).first(), Some(&(Fault::SealDockets, expected)), "statement {n}");
    }
}

/// Goal: no entry can be altered, dropped, moved or put in without being named, there or at the seal that covers it.
#[test]
fn a_changed_log_is_named_where_it_was_changed() {
    let log = Log::of(&story());
    let honest = bytes(&log);
    for index in 0..honest.len() {
        let covering = if log.entries[index].is_seal() { index } else { log.sealed[index].0 } as u64;
        let mut signature = honest.clone();
        *signature[index].last_mut().unwrap() ^= 1;
        let found = faults(&signature);
        let by_signature = if log.entries[index].is_seal() { Fault::SealSignature } else { Fault::StatementSignature };
        assert!(found.contains(&(by_signature, index as u64)), "{index}: {found:?}");
        let mut cut = honest.clone();
        cut[index].pop();
        assert!(faults(&cut).contains(&(Fault::EntryMalformed, index as u64)), "{index}");
        let mut dropped = honest.clone();
        dropped.remove(index);
        if index + 1 < honest.len() {
            assert!(!faults(&dropped).is_empty(), "{index} dropped");
        }
        let mut twice = honest.clone();
        twice.insert(index + 1, honest[index].clone());
        assert!(faults(&twice).contains(&(Fault::Duplicate, index as u64 + 1)), "{index}: {:?}", faults(&twice));
        if index + 1 < honest.len() {
            let mut swapped = honest.clone();
            swapped.swap(index, index + 1);
            let first = faults(&swapped).first().map(|(_, at)| *at).unwrap();
            assert!(first <= covering + 1, "{index} swapped: {first}");
        }
    }
}

#[test]
fn a_seal_must_be_the_logs_own_and_follow() {
    let log = Log::of(&story());
    let honest = bytes(&log);
    let last = Seal::read(honest.len() as u64 - 1, log.entries.last().unwrap()).unwrap();
    let at = honest.len() as u64;
    for (what, entry, expected) in [
        ("another key", seal(at, &last, last.time_ms + 1, &key("thief")), Fault::SealSignature),
        ("time back", seal(at, &last, last.time_ms - 1, &key("log")), Fault::SealOrder),
        ("time stands", seal(at, &last, last.time_ms, &key("log")), Fault::SealOrder),
        ("a gap", seal(at - 1, &last, last.time_ms + 1, &key("log")), Fault::SealOrder),
        ("another chain", seal(at, &last, last.time_ms + 1, &key("log")), Fault::SealChain),
        ("another docket root", seal(at, &last, last.time_ms + 1, &key("log")), Fault::SealDockets),
    ] {
        let entries = [&honest[..], &[entry]].concat();
        assert!(faults(&entries).contains(&(expected, at)), "{what}: {:?}", faults(&entries));
    }
}

#[test]
fn the_genesis_is_entry_0_and_names_this_log() {
    let honest = bytes(&Log::of(&story()));
    assert!(faults(&honest[1..]).contains(&(Fault::Genesis, 0)));
    let again = [&honest[..], &honest[..1]].concat();
    assert!(faults(&again).contains(&(Fault::Genesis, honest.len() as u64)));
    let other = nospy::crypto::KeyLine::new(
        kit::ORIGIN,
        nospy::crypto::NoteAlgorithm::Ed25519,
        SigningKey::from_seed(&[99; 32]).public(),
    );
    let mut auditor = Auditor::new(other.unwrap()).unwrap();
    for entry in &honest {
        auditor.push(entry);
    }
    let found: Vec<_> = auditor.report().1.first().collect();
    assert_eq!((found[0].fault, found[0].index), (Fault::Genesis, 0));
    assert!(found.iter().any(|finding| finding.fault == Fault::SealSignature));
}

#[test]
fn what_should_not_have_been_admitted_is_named_with_its_rule() {
    let mut kit = story();
    let statement = kit.sign("later", "party/third", "party.list", kit::enrolment("third", "vendor", "se"));
    let refusal = kit.log_by_mistake(statement).unwrap_err();
    let log = Log::of(&kit);
    let (findings, _) = audit(&bytes(&log));
    let found = findings.iter().find(|finding| finding.fault == Fault::Inadmissible).unwrap();
    assert_eq!(found.rule, Some(refusal.rule));
    assert!(Statement::parse(&bytes(&log)[found.index as usize]).unwrap().kind().as_str() == "party.list");
}

/// Goal: what only the door asks, an audit asks again: nothing else would ever notice.
#[test]
fn what_the_door_should_have_refused_is_named_though_it_has_effect() {
    let mut kit = story();
    let mut fields = kit::enrolment("sixth", "vendor", "se");
    let keys = fields.iter_mut().find(|(name, _)| *name == "keys").unwrap();
    keys.1 = Value::Array(vec![kit::grant("sixth", "fifth", kit::authority(&["*"], true))]);
    let statement = kit.sign("registrar", "party/sixth", "party.enrol", fields);
    kit.log_by_mistake(statement).unwrap();
    let limits = vec![("limits", kit::record(vec![("statements", Value::Int(1))]))];
    kit.ok("registrar", "registry", "registry.policy", limits);
    kit.at("2026-01-14");
    for name in ["Quernstone AB", "Tollund AB"] {
        let renamed = kit::record(vec![("name", kit::text(name))]);
        let statement = kit.sign("later", "party/later", "party.rename", vec![("name", renamed)]);
        kit.log_by_mistake(statement).unwrap();
    }
    let (findings, _) = audit(&bytes(&Log::of(&kit)));
    let found: Vec<_> = findings.iter().map(|finding| (finding.fault, finding.rule)).collect();
    let expected = [Rule::KeyTaken, Rule::QuotaExceeded].map(|rule| (Fault::Admission, Some(rule)));
    assert_eq!(found, expected, "{findings:?}");
}

#[test]
fn a_statement_under_a_key_that_was_never_granted_is_no_signature() {
    let mut kit = story();
    let statement = kit.sign("later#9", "party/later", "party.retire", vec![]);
    kit.log_by_mistake(statement).unwrap_err();
    let faults: Vec<_> = audit(&bytes(&Log::of(&kit))).0.iter().map(|finding| finding.fault).collect();
    assert_eq!(faults, [Fault::SigningKey, Fault::Inadmissible]);
}

/// Goal: a log cannot bury a lie under small faults: all kinds are known, whatever number is kept.
#[test]
fn nothing_hides_behind_a_hundred_findings() {
    let mut kit = story();
    for n in 0..FINDINGS_MAX + 20 {
        let subject = format!("party/a{n}");
        let statement = kit.sign("later", &subject, "party.list", kit::enrolment(&format!("a{n}"), "vendor", "se"));
        kit.log_by_mistake(statement).unwrap_err();
    }
    kit.at("2026-01-13");
    kit.enrol("sixth", "vendor", "se");
    let last: Subject = "party/sixth".parse().unwrap();
    let log = Log::hiding(&kit, |_, subject| *subject == last);
    let mut entries = bytes(&log);
    let forged = log.entries.iter().position(|entry| *entry.subject() == last).unwrap();
    *entries[forged].last_mut().unwrap() ^= 1;
    let mut auditor = Auditor::new(log_key()).unwrap();
    for entry in &entries {
        auditor.push(entry);
    }
    let findings = auditor.report().1;
    assert_eq!(findings.first().len(), FINDINGS_MAX);
    assert!(findings.count() > (FINDINGS_MAX + 20) as u64);
    assert!(findings.first().map(|finding| finding.index).is_sorted());
    let faults: Vec<_> = findings.faults().collect();
    for fault in [Fault::Inadmissible, Fault::SealDockets, Fault::StatementSignature] {
        assert!(faults.contains(&fault), "{fault:?} of {faults:?}");
    }
    assert!(findings.first().all(|finding| finding.fault == Fault::Inadmissible), "all kept are older");
}

/// Through the program: a real registry over the network, and its copy on disk; then a copy in which a byte was changed.
#[test]
fn the_program_audits_a_registry_and_a_copy() {
    let bench = Bench::new();
    bench.ok(&["demo", "--once", "--quiet"]);
    let served = Served::start(&bench, "nospy-demo");
    let online = ["--server", &served.url, "--policy", "nospy-demo/policy.txt"];
    let asked = bench.ok(&[&["audit"], &online[..]].concat()).says("everything that the log signed follows");
    bench.ok(&[&["log", "export", "copy"], &online[..]].concat());
    let copied = bench.ok(&["audit", "copy", "--policy", "nospy-demo/policy.txt"]);
    let first =
        |text: &str| text.lines().take_while(|line| !line.contains("a second")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(first(&asked.stdout), first(&copied.stdout));
    let json = bench.ok(&["--output", "json", "audit", "copy", "--policy", "nospy-demo/policy.txt"]).json();
    assert_eq!((json["findings"].as_array().unwrap().len(), &json["tree_is_signed"]), (0, &true.into()));

    let entries = bench.path("copy/tile/entries/000.p");
    let bundle = std::fs::read_dir(&entries).unwrap().next().unwrap().unwrap().path();
    let honest = std::fs::read(&bundle).unwrap();
    for at in [200, honest.len() / 2, honest.len() - 1] {
        let mut changed = honest.clone();
        changed[at] ^= 1;
        std::fs::write(&bundle, changed).unwrap();
        bench.run(&["audit", "copy", "--policy", "nospy-demo/policy.txt"]).exits(11).says("do not make the tree");
    }
    std::fs::write(&bundle, &honest[..honest.len() - 1]).unwrap();
    bench.run(&["audit", "copy", "--policy", "nospy-demo/policy.txt"]).exits(16);
    std::fs::write(&bundle, &honest).unwrap();
    let other = bench.path("copy/checkpoint");
    let note = std::fs::read_to_string(&other).unwrap();
    std::fs::write(&other, note.replacen('\n', "x\n", 1)).unwrap();
    bench.run(&["audit", "copy", "--policy", "nospy-demo/policy.txt"]).exits(10);
    bench.run(&["audit", "nowhere", "--policy", "nospy-demo/policy.txt"]).exits(3);
}
