//! A log that keeps a statement from a docket, and the receipt that catches it: end to end from entries to the evidence.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod histories;
mod kit;
mod sealed;

use histories::{flip_each_byte, log_key, policy};
use kit::*;
use nospy::codec::Value;
use nospy::evidence::{
    DocketFile, EvidenceFile, Instead, Omission, Outcome, Promise, Proved, Question, Receipt, SignedCheckpoint, Trust,
    Word, check_file, verify,
};
use nospy::statement::{Statement, Subject};
use sealed::Log;

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";

/// An offer that DE accepted and endorsed, and the indexes of both; more is registered after it.
fn agreed() -> (Kit, Statement, Statement) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    kit.at("2026-01-10");
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.at("2026-01-11");
    // The same key again is against the rules, and changes nothing here: what it touches is a function of its bytes.
    let endorsement = kit.sign("de-bsi", DE, "endorse", vec![("ref", id(&accepted))]);
    let _ = kit.log_by_mistake(endorsement.clone());
    kit.at("2026-02-01");
    kit.ok("lab", "report/lab/press", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    let statement =
        |kit: &Kit, id| Statement::clone(&kit.log.iter().find(|act| *act.statement.id() == id).unwrap().statement);
    let accepted = statement(&kit, accepted);
    (kit, accepted, endorsement)
}

fn place(log: &Log, statement: &Statement) -> usize {
    log.entries.iter().position(|entry| entry.id() == statement.id()).unwrap()
}

fn promise(log: &Log, statement: &Statement, named: &[Statement]) -> Promise {
    let receipt = Receipt::parse(&log.receipt(place(log, statement))).unwrap();
    Promise { statement: statement.clone(), named: named.to_vec(), word: Word::Receipt(receipt) }
}

fn find(promise: &Promise, file: &[u8]) -> Option<Omission> {
    let checked = check_file(file, &Trust::of(policy()), None);
    assert!(checked.file.is_some(), "{:?}", checked.checks.failed());
    Omission::find(&log_key(), promise, checked.file.unwrap().file())
}

#[track_caller]
fn proved(omission: Omission) -> Proved {
    let bytes = EvidenceFile::Omission(Box::new(omission)).to_bytes();
    let file = EvidenceFile::parse(&bytes).unwrap();
    assert_eq!(file.to_bytes(), bytes, "one spelling");
    file.check(&policy()).unwrap().unwrap()
}

#[test]
fn an_honest_log_is_never_caught() {
    let (kit, accepted, endorsed) = agreed();
    let log = Log::of(&kit);
    for about in [DE, OFFER, "between/acme/de", "between/acme/de-bsi", "roll/acme", "roll/de", "participants/acme/r"] {
        assert_eq!(find(&promise(&log, &accepted, &[]), &log.file(about)), None, "{about}");
        let endorsed = promise(&log, &endorsed, std::slice::from_ref(&accepted));
        assert_eq!(find(&endorsed, &log.file(about)), None, "{about}");
    }
    // A file of a subject that it does not touch says nothing of it.
    assert_eq!(find(&promise(&log, &accepted, &[]), &log.file("parties")), None);
}

#[test]
fn a_hidden_statement_is_proved_left_out_of_every_docket_that_must_hold_it() {
    let (kit, accepted, endorsed) = agreed();
    let log = Log::hiding(&kit, |statement, _| statement == &accepted || statement == &endorsed);
    let file = log.file(DE);
    // The file verifies in every step and says that there is no agreement: only the receipt tells.
    let verification = verify(&file, &Trust::of(policy()), &Question { on: None, freshness: None, known_at: None });
    assert!(verification.checks.iter().all(|check| !matches!(check.outcome, Outcome::Failed(_))));
    for (statement, named) in [(&accepted, vec![]), (&endorsed, vec![accepted.clone()])] {
        for about in [DE, "between/acme/de", "roll/de", "participants/acme/r"] {
            let omission = find(&promise(&log, statement, &named), &log.file(about)).unwrap();
            let (index, seal) = (place(&log, statement) as u64, log.entries.len() as u64 - 1);
            let Proved::LeftOut { subject, id, index: found, seal: by, .. } = proved(omission) else { panic!() };
            assert_eq!((id, found, by), (statement.id().0, index, seal));
            assert!(promise(&log, statement, &named).touches().unwrap().contains(&subject));
        }
    }
    let of_agreement = proved(find(&promise(&log, &accepted, &[]), &file).unwrap());
    assert!(matches!(of_agreement, Proved::LeftOut { instead: Instead::NoDocket, .. }));
    let of_roll = proved(find(&promise(&log, &accepted, &[]), &log.file("roll/acme")).unwrap());
    assert!(matches!(of_roll, Proved::LeftOut { instead: Instead::Nothing, .. }));
    // Whoever does not show what an endorsement names proves nothing by it.
    assert_eq!(find(&promise(&log, &endorsed, &[]), &file), None);
    let superfluous = promise(&log, &accepted, std::slice::from_ref(&endorsed));
    assert_eq!(find(&superfluous, &file), None);
}

#[test]
fn a_checkpoint_with_a_path_is_a_promise_as_well() {
    let (kit, accepted, endorsed) = agreed();
    let log = Log::hiding(&kit, |statement, _| statement == &accepted || statement == &endorsed);
    let (index, file) = (place(&log, &accepted), log.file(DE));
    let checkpoint = SignedCheckpoint::parse(checkpoint_of(&file).as_bytes()).unwrap();
    let word = Word::Entry { checkpoint, index: index as u64, path: log.entry(index).path };
    let promise = Promise { statement: accepted.clone(), named: vec![], word };
    let omission = find(&promise, &file).unwrap();
    flip_each_byte(&EvidenceFile::Omission(Box::new(omission.clone())).to_bytes());
    assert!(matches!(proved(omission), Proved::LeftOut { index: found, .. } if found == index as u64));
}

#[test]
fn a_file_that_is_wrong_in_another_place_too_convicts_all_the_same() {
    let (kit, accepted, _) = agreed();
    // What is hidden is named by what is shown, so the file contradicts itself.
    let log = Log::hiding(&kit, |statement, _| statement == &accepted);
    let bytes = log.file(DE);
    assert!(check_file(&bytes, &Trust::of(policy()), None).file.is_none());
    let file = DocketFile::parse(&bytes).unwrap();
    let omission = Omission::find(&log_key(), &promise(&log, &accepted, &[]), &file).unwrap();
    assert!(matches!(proved(omission), Proved::LeftOut { instead: Instead::Nothing, .. }));
}

#[test]
fn hidden_from_one_docket_alone_is_enough() {
    let (kit, accepted, _) = agreed();
    let hidden: Subject = "roll/de".parse().unwrap();
    let log = Log::hiding(&kit, |statement, subject| statement == &accepted && *subject == hidden);
    let omission = find(&promise(&log, &accepted, &[]), &log.file("roll/de")).unwrap();
    assert!(matches!(proved(omission), Proved::LeftOut { subject, .. } if subject == hidden));
    assert_eq!(find(&promise(&log, &accepted, &[]), &log.file("roll/de-bsi")), None);
}

#[test]
fn a_receipt_of_another_place_or_a_later_one_is_seen_by_the_row() {
    let (kit, accepted, _) = agreed();
    let log = Log::of(&kit);
    // The log promised another index than the one that its docket names.
    let mut moved = Log::of(&kit);
    let index = place(&moved, &accepted);
    moved.entries.swap(index, index - 2);
    let promise = promise(&moved, &accepted, &[]);
    let omission = find(&promise, &log.file("roll/de")).unwrap();
    let expected = Instead::OtherIndex(index as u64);
    assert!(matches!(proved(omission), Proved::LeftOut { instead, .. } if instead == expected));
    // The log promised the statement under a seal before the time that its docket names.
    let mut early = Receipt::parse(&log.receipt(index)).unwrap().claims().clone();
    early.iat = ms("2026-01-01") / 1_000;
    let leaves: Vec<_> = log.entries.iter().map(|entry| entry.id().0).collect();
    let (root, path) = sealed::tree(&leaves, Some(index));
    let receipt = Receipt::parse(&Receipt::build(&key("log"), &early, &path, &root)).unwrap();
    let promise = Promise { statement: accepted.clone(), named: vec![], word: Word::Receipt(receipt) };
    let omission = find(&promise, &log.file("roll/de")).unwrap();
    let later = Instead::Later(ms("2026-01-10"));
    assert!(matches!(proved(omission), Proved::LeftOut { instead, .. } if instead == later));
}

#[test]
fn a_file_that_ends_before_the_statement_proves_nothing() {
    let (kit, accepted, _) = agreed();
    let log = Log::of(&kit);
    let mut before = Kit::default();
    before.ok("acme", OFFER, "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    assert_eq!(find(&promise(&log, &accepted, &[]), &Log::of(&before).file("roll/de")), None);
}

#[test]
fn an_omission_with_one_byte_changed_or_a_part_of_another_proves_nothing() {
    let (kit, accepted, endorsed) = agreed();
    let log = Log::hiding(&kit, |statement, _| statement == &accepted || statement == &endorsed);
    let honest = Log::of(&kit);
    for (about, statement, named) in
        [(DE, &accepted, vec![]), ("roll/acme", &accepted, vec![]), (DE, &endorsed, vec![accepted.clone()])]
    {
        let promise = promise(&log, statement, &named);
        let bytes = EvidenceFile::Omission(Box::new(find(&promise, &log.file(about)).unwrap())).to_bytes();
        flip_each_byte(&bytes);
        let item = nospy::codec::Item::read(&bytes).unwrap().to_value();
        // One part of an honest log's evidence, or none that fits, beside all the others.
        for field in ["subject", "seal", "checkpoint", "siblings", "rows", "promise", "statement", "named"] {
            let mut changed = item.clone();
            let omission = field_of(&mut changed, "omission");
            let other = match field {
                "subject" => Value::text("roll/fr"),
                "checkpoint" => Value::text(checkpoint_of(&honest.file(about))),
                "promise" => Value::bytes(honest.receipt(place(&honest, statement))),
                "statement" => Value::bytes(honest.entries[2].bytes()),
                "seal" => {
                    let seal = honest.entry(honest.entries.len() - 1);
                    let path = seal.path.into_iter().map(Value::bytes).collect();
                    Value::Array(vec![Value::bytes(seal.statement.bytes()), Value::Array(path)])
                }
                _ => Value::Array(vec![Value::bytes([0; 32])]),
            };
            *field_of(omission, field) = other;
            let changed = nospy::codec::encode(&changed);
            let proved = EvidenceFile::parse(&changed).is_ok_and(|file| file.check(&policy()).is_ok());
            // The honest log gave the same receipt: it is the same promise, of another tree.
            assert_eq!(proved, field == "promise", "{field}");
        }
    }
    let stranger = Omission::find(
        &log_key(),
        &promise(&log, &accepted, &[]),
        &DocketFile::parse(&honest.file("roll/de")).unwrap(),
    );
    assert_eq!(stranger, None);
}

fn field_of<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    let Value::Map(fields) = value else { panic!() };
    fields.get_mut(&nospy::codec::Key::Text(name.to_owned())).unwrap()
}

fn checkpoint_of(file: &[u8]) -> String {
    let item = nospy::codec::Item::read(file).unwrap();
    item.field("checkpoint").unwrap().text().unwrap().to_owned()
}
