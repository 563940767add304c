//! A registry that shows two histories (RELIABILITY S10): under every quorum no two of them are believed, and whoever holds
//! both has evidence that verifies.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod histories;
mod kit;

use std::sync::Arc;

use histories::{History, consistency, log_key, policy};
use kit::ORIGIN;
use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::evidence::witness::{AddCheckpoint, Refusal, read_cosignatures};
use nospy::evidence::{EvidenceFile, Fork, Policy, SignedCheckpoint, Suspicion};
use nospy::registry::ManualClock;
use nospy::storage::{MemoryStorage, Storage};
use nospy::witness::{self, Keep, KeepError, KnownLog, Roll};
use tempfile::TempDir;

/// What every witness has cosigned before anything goes wrong.
const HONEST: usize = 10;

struct Witness {
    keep: Keep,
    _directory: TempDir,
}

fn name_of(number: u8) -> (KeyLine, SigningKey) {
    let key = SigningKey::from_seed(&[200 + number; 32]);
    (KeyLine::new(&format!("witness.example/w{number}"), NoteAlgorithm::Cosignature, key.public()).unwrap(), key)
}

impl Witness {
    fn new(number: u8) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (storage, guard) = (Arc::new(MemoryStorage::new()) as Arc<dyn Storage>, directory.path().join("guard"));
        witness::create(&*storage, &guard, &name_of(number).0).unwrap();
        let roll = Roll::new([KnownLog { origin: ORIGIN.to_owned(), key: log_key() }]).unwrap();
        let clock = Arc::new(ManualClock::new(1_800_000_000_000));
        let on_fatal = Arc::new(|why: &str| panic!("{why}"));
        let keep = Keep::open(storage, &guard, name_of(number), roll, clock, on_fatal).unwrap();
        let witness = Self { keep, _directory: directory };
        witness.see(&History::new(HONEST, None), HONEST).unwrap();
        witness
    }

    /// Shows a checkpoint with the best proof that the log can make from where this witness stands.
    fn see(&self, history: &History, size: usize) -> Result<String, Refusal> {
        let old = self.keep.kept(ORIGIN).unwrap().map_or(0, |kept| usize::try_from(kept.size).unwrap());
        let proof = if old == 0 || old >= size { Vec::new() } else { consistency(&history.leaves[..size], old) };
        self.ask(history, old.min(size), &proof, size)
    }

    fn ask(&self, history: &History, old: usize, proof: &[[u8; 32]], size: usize) -> Result<String, Refusal> {
        let note = Note::parse(history.note(size).as_bytes()).unwrap();
        let request = AddCheckpoint::parse(&AddCheckpoint::body(old as u64, proof, &note)).unwrap();
        self.keep.add_checkpoint(&request).map_err(|error| match error {
            KeepError::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        })
    }
}

/// A quorum of `threshold` of `count` witnesses; 0 of 0 is none.
fn quorum(threshold: u8, count: u8) -> Policy {
    let mut text = format!("log {}\n", log_key());
    for number in 0..count {
        text.push_str(&format!("witness w{number} {}\n", name_of(number).0));
    }
    let names: String = (0..count).map(|number| format!(" w{number}")).collect();
    text.push_str(&match count {
        0 => "quorum none\n".to_owned(),
        _ => format!("group q {threshold}{names}\nquorum q\n"),
    });
    Policy::parse(text.as_bytes()).unwrap()
}

const QUORUMS: [(u8, u8); 4] = [(0, 0), (1, 1), (2, 3), (3, 5)];

/// The checkpoint with what these witnesses answered.
fn cosigned(history: &History, size: usize, lines: &[(u8, String)]) -> Note {
    let mut note = Note::parse(history.note(size).as_bytes()).unwrap();
    for (number, line) in lines {
        let (line, _) = read_cosignatures(&note, line.as_bytes(), &name_of(*number).0).unwrap();
        note.put_line(&line);
    }
    note
}

/// The evidence that two signed trees make, as a file, read again and checked by the log's key alone.
fn convicts(one: (&History, usize), other: (&History, usize)) -> bool {
    let ((earlier, m), (later, n)) = if one.1 <= other.1 { (one, other) } else { (other, one) };
    let path = if m == n { Vec::new() } else { consistency(&later.leaves[..n], m) };
    let Some(fork) = Fork::of_prefix(&log_key(), earlier.head(m), later.head(n), later.root(m), path) else {
        return false;
    };
    let file = EvidenceFile::Fork(fork).to_bytes();
    EvidenceFile::parse(&file).unwrap().check(&policy()).unwrap().is_some()
}

/// Each kind: what the log shows after the honest tree, and how a witness that saw the honest tree answers.
fn kinds() -> Vec<(&'static str, History, usize, u16)> {
    vec![
        ("dropped leaf", History::new(17, Some(5)), 17, 422),
        ("rewritten entry", History::new(HONEST, Some(3)), HONEST, 422),
        ("rewritten genesis", History::new(30, Some(0)), 30, 422),
        ("same size, two roots", History::new(HONEST, Some(9)), HONEST, 422),
        ("rollback", History::new(HONEST, None), 6, 409),
        ("rollback and another way", History::new(8, Some(4)), 8, 409),
        ("key swap", History::forged(17, 12), 17, 403),
    ]
}

#[test]
fn what_gives_up_the_tree_that_was_cosigned_finds_no_witness() {
    for (threshold, count) in QUORUMS {
        let witnesses: Vec<Witness> = (0..count).map(Witness::new).collect();
        let policy = quorum(threshold, count);
        for (kind, history, size, status) in kinds() {
            for witness in &witnesses {
                let refused = witness.see(&history, size).unwrap_err();
                assert!(
                    refused.status() == status || (status == 409 && refused.status() == 400),
                    "{kind}: {refused:?}"
                );
                // Whatever proof and old size it tries.
                for old in [0, HONEST] {
                    for path in [Vec::new(), vec![[7; 32]; 4]] {
                        assert!(witness.ask(&history, old.min(size), &path, size).is_err(), "{kind}");
                    }
                }
            }
            let note = Note::parse(history.note(size).as_bytes()).unwrap();
            assert_eq!(policy.evaluate(&note).unwrap().is_met, count == 0, "{kind} of {threshold}/{count}");
            let honest = History::new(HONEST, None);
            let is_trusted =
                SignedCheckpoint::parse(history.note(size).as_bytes()).unwrap().check_log_signature(&log_key()).is_ok();
            match kind {
                // Not the log's word at all.
                "key swap" => assert!(!is_trusted),
                // An older tree is no other history; that it is old is for freshness to say.
                "rollback" => assert!(is_trusted && !convicts((&honest, HONEST), (&history, size))),
                _ => assert!(is_trusted && convicts((&honest, HONEST), (&history, size)), "{kind}"),
            }
        }
        // Nothing of this moved the witnesses.
        for witness in &witnesses {
            assert!(witness.see(&History::new(20, None), 12).is_ok());
        }
    }
}

/// Goal: two branches that both extend the honest tree never both get a quorum of more than half, however the log shows them.
/// Method: every way to choose who sees which branch first, each then shown the other, and everything tried once more.
#[test]
fn two_branches_never_both_have_a_quorum() {
    for (threshold, count) in QUORUMS {
        let policy = quorum(threshold, count);
        for split in 0..1u32 << count {
            let branches = [(History::new(17, Some(12)), 17), (History::new(15, Some(11)), 15)];
            let mut lines = [Vec::new(), Vec::new()];
            for number in 0..count {
                let witness = Witness::new(number);
                let first = usize::from(split >> number & 1 == 1);
                for _ in 0..2 {
                    for branch in [first, 1 - first] {
                        let (history, size) = &branches[branch];
                        if let Ok(line) = witness.see(history, *size) {
                            lines[branch].push((number, line));
                        }
                    }
                }
            }
            let met = [0, 1].map(|branch| {
                let (history, size) = &branches[branch];
                policy.evaluate(&cosigned(history, *size, &lines[branch])).unwrap().is_met
            });
            let [(one, m), (other, n)] = &branches;
            match count {
                // Without witnesses both are believed, and only who compares sees it.
                0 => assert_eq!(met, [true, true]),
                _ => assert_ne!(met, [true, true], "{threshold}/{count}, split {split:b}"),
            }
            assert!(convicts((one, *m), (other, *n)), "who compares has evidence");
        }
    }
}

#[test]
fn an_honest_log_is_never_convicted_nor_held_up() {
    let history = History::new(40, None);
    for m in 2..39 {
        for n in [m, m + 1, 39] {
            assert!(!convicts((&history, m), (&history, n)), "{m} {n}");
        }
    }
    let witness = Witness::new(0);
    for size in [10, 11, 11, 16, 17, 39] {
        witness.see(&history, size).unwrap();
    }
    let suspicion = Suspicion::new(history.head(9), history.head(20)).unwrap();
    assert_eq!(EvidenceFile::Suspicion(suspicion).check(&policy()), Ok(None), "a question is no proof");
}
