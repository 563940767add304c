//! Evidence of forks, made from two histories of one key: what proves a fork, and everything near it that must not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod histories;
mod kit;

use histories::{History, consistency, flip_each_byte, log_key, policy};
use kit::key;
use nospy::crypto::{KeyLine, NoteAlgorithm};
use nospy::evidence::{
    EvidenceError, EvidenceFile, Fork, NotProved, Policy, Proved, SignedCheckpoint, SignedHead, Suspicion,
};

fn proved(fork: &Fork) -> Proved {
    let bytes = EvidenceFile::Fork(fork.clone()).to_bytes();
    let file = EvidenceFile::parse(&bytes).unwrap();
    assert_eq!(file.to_bytes(), bytes, "one spelling");
    file.check(&policy()).unwrap().unwrap()
}

#[test]
fn two_roots_of_one_size_prove_a_fork_from_checkpoints_and_from_receipts() {
    let (one, other) = (History::new(9, None), History::new(9, Some(4)));
    let heads = [one.head(7), one.receipt_head(7, 2), other.head(7), other.receipt_head(7, 6)];
    for a in 0..2 {
        for b in 2..4 {
            let fork = Fork::of_one_size(&log_key(), heads[a].clone(), heads[b].clone()).unwrap();
            let swapped = Fork::of_one_size(&log_key(), heads[b].clone(), heads[a].clone()).unwrap();
            assert_eq!(fork, swapped, "one file for one fork");
            let mut roots = [*heads[a].root(), *heads[b].root()];
            roots.sort_unstable();
            assert_eq!(proved(&fork), Proved::TwoRoots { size: 7, roots });
        }
    }
    // Before they part they are one history.
    assert_eq!(Fork::of_one_size(&log_key(), one.head(4), other.head(4)), None);
    assert_eq!(Fork::of_one_size(&log_key(), one.head(7), one.head(7)), None, "the same checkpoint twice");
    assert_eq!(Fork::of_one_size(&log_key(), one.head(7), other.head(8)), None, "two sizes are no proof");
}

#[test]
fn a_proof_from_another_root_proves_a_fork_of_every_two_sizes() {
    let (one, other) = (History::new(40, None), History::new(40, Some(2)));
    for earlier in 3..39 {
        for later in earlier + 1..40 {
            let path = consistency(&other.leaves[..later], earlier);
            let (old, new) = (one.head(earlier), other.head(later));
            let found = *other.head(earlier).root();
            let fork = Fork::of_prefix(&log_key(), old.clone(), new.clone(), found, path.clone()).unwrap();
            let size = earlier as u64;
            let expected = Proved::NotExtended { size, signed: *old.root(), found, later_size: later as u64 };
            assert_eq!(proved(&fork), expected);
            // What an honest proof of the other history shows is enough, but for a power of two.
            let shown = Fork::of_shown_path(&log_key(), new.clone(), old.clone(), &path);
            assert_eq!(shown, (!earlier.is_power_of_two()).then_some(fork), "{earlier} {later}");
            // An honest log cannot be framed by its own proofs.
            let own = consistency(&one.leaves[..later], earlier);
            assert_eq!(Fork::of_prefix(&log_key(), old.clone(), one.head(later), *old.root(), own.clone()), None);
            assert_eq!(Fork::of_prefix(&log_key(), old.clone(), one.head(later), found, own.clone()), None);
            assert_eq!(Fork::of_shown_path(&log_key(), old, one.head(later), &own), None);
        }
    }
}

#[test]
fn two_entries_at_one_index_prove_a_fork_without_any_proof_between_trees() {
    let (one, other) = (History::new(20, None), History::new(30, Some(5)));
    for (a, b) in [(7, 7), (7, 20), (19, 8)] {
        let (first, second) = (one.entry_of_receipt(a, 5), other.entry(b, 5));
        let ids = if first.1 < second.1 { [first.1, second.1] } else { [second.1, first.1] };
        let fork = Fork::of_entries(&log_key(), 5, second.clone(), first.clone()).unwrap();
        assert_eq!(proved(&fork), Proved::TwoEntries { index: 5, ids });
        assert_eq!(Fork::of_entries(&log_key(), 6, first, second), None, "not at another index");
    }
    // The same entry in two trees, and two entries at two indexes, are how every log grows.
    assert_eq!(Fork::of_entries(&log_key(), 3, one.entry(9, 3), other.entry(19, 3)), None);
    assert_eq!(Fork::of_entries(&log_key(), 3, one.entry(9, 3), one.entry(19, 4)), None);
}

#[test]
fn two_seals_prove_a_fork_if_no_log_holds_both() {
    let seal = |from, prev: Option<u8>, time_ms, docket| histories::seal(from, prev, time_ms, docket);
    let base = seal(5, Some(1), 10_000, 1);
    for other in [
        seal(5, Some(1), 10_000, 2),
        seal(5, Some(2), 11_000, 1),
        seal(7, Some(1), 11_000, 1),
        seal(7, Some(2), 10_000, 1),
        seal(7, Some(2), 9_999, 1),
        seal(3, Some(2), 10_001, 1),
        seal(0, None, 10_001, 1),
    ] {
        let fork = Fork::of_seals(&log_key(), base.clone(), other.clone()).unwrap();
        assert_eq!(Fork::of_seals(&log_key(), other, base.clone()).as_ref(), Some(&fork));
        assert!(matches!(proved(&fork), Proved::TwoSeals { .. }));
    }
    for honest in [seal(7, Some(2), 10_001, 2), seal(3, Some(2), 9_999, 1), seal(0, None, 1, 1), base.clone()] {
        assert_eq!(Fork::of_seals(&log_key(), base.clone(), honest), None);
    }
}

/// One file of each form.
fn forks() -> Vec<Fork> {
    let (one, other) = (History::new(40, None), History::new(40, Some(5)));
    let (key, path) = (log_key(), consistency(&other.leaves[..33], 11));
    let power = consistency(&other.leaves[..33], 16);
    vec![
        Fork::of_one_size(&key, one.head(7), other.head(7)).unwrap(),
        Fork::of_one_size(&key, one.receipt_head(7, 2), other.head(7)).unwrap(),
        Fork::of_prefix(&key, one.head(11), other.head(33), *other.head(11).root(), path).unwrap(),
        Fork::of_prefix(&key, one.head(16), other.receipt_head(33, 9), *other.head(16).root(), power).unwrap(),
        Fork::of_entries(&key, 5, one.entry_of_receipt(9, 5), other.entry(33, 5)).unwrap(),
        Fork::of_seals(&key, histories::seal(5, Some(1), 9, 1), histories::seal(5, Some(1), 9, 2)).unwrap(),
    ]
}

#[test]
fn a_file_with_one_byte_changed_proves_nothing() {
    for fork in forks() {
        let bytes = EvidenceFile::Fork(fork).to_bytes();
        flip_each_byte(&bytes);
        for len in 0..bytes.len() {
            assert!(EvidenceFile::parse(&bytes[..len]).is_err());
        }
        assert!(EvidenceFile::parse(&[&bytes[..], &[0]].concat()).is_err());
    }
}

#[test]
fn another_log_another_key_or_a_forged_signature_proves_nothing() {
    for fork in forks() {
        let file = EvidenceFile::Fork(fork);
        let stranger = KeyLine::new(kit::ORIGIN, NoteAlgorithm::Ed25519, key("stranger").public()).unwrap();
        assert!(matches!(file.check(&Policy::of_log(stranger)), Err(NotProved::Signature(_))));
        let elsewhere = KeyLine::new("elsewhere.example", NoteAlgorithm::Ed25519, key("log").public()).unwrap();
        assert!(matches!(file.check(&Policy::of_log(elsewhere)), Err(NotProved::LogNotTrusted(_))));
    }
    let (one, forged) = (History::new(9, None), History::forged(9, 4));
    assert_eq!(Fork::of_one_size(&log_key(), one.head(7), forged.unsigned_head(7)), None);
}

#[test]
fn parts_of_two_files_put_together_prove_nothing() {
    let (one, other, third) = (History::new(40, None), History::new(40, Some(5)), History::new(40, Some(6)));
    let key = log_key();
    let path = |history: &History, earlier: usize, later: usize| consistency(&history.leaves[..later], earlier);
    let root = |history: &History, size: usize| *history.head(size).root();
    // A proof of another tree, of other sizes, cut, or lengthened.
    let cases = [
        (11, 33, root(&other, 11), path(&third, 11, 33)),
        (11, 33, root(&third, 11), path(&other, 11, 33)),
        (11, 33, root(&other, 11), path(&other, 12, 33)),
        (11, 33, root(&other, 11), path(&other, 11, 34)),
        (11, 33, root(&other, 11), path(&other, 11, 33)[1..].to_vec()),
        (11, 33, root(&other, 11), [path(&other, 11, 33), vec![[0; 32]]].concat()),
        (11, 33, root(&one, 11), path(&other, 11, 33)),
        (11, 33, [7; 32], path(&other, 11, 33)),
    ];
    for (earlier, later, root, path) in cases {
        assert_eq!(Fork::of_prefix(&key, one.head(earlier), other.head(later), root, path), None);
    }
    // The later head is the one that is extended: nothing follows the other way round.
    assert_eq!(Fork::of_prefix(&key, other.head(11), other.head(33), root(&other, 11), path(&other, 11, 33)), None);
    // A path to another tree's head.
    let (mut entry, of_third) = (other.entry(33, 5), third.entry(33, 5));
    entry.2 = of_third.2;
    assert_eq!(Fork::of_entries(&key, 5, one.entry(9, 5), entry), None);
}

#[test]
fn a_suspicion_proves_nothing_and_names_what_to_ask_for() {
    let (one, other) = (History::new(9, None), History::new(9, Some(4)));
    let file = EvidenceFile::Suspicion(Suspicion::new(other.head(8), one.head(6)).unwrap());
    let read = EvidenceFile::parse(&file.to_bytes()).unwrap();
    assert_eq!((&read, read.suffix(), read.check(&policy())), (&file, "suspicion", Ok(None)));
    assert_eq!(Suspicion::new(one.head(7), other.head(7)), None, "of one size it is a proof or nothing");
    let forged = EvidenceFile::Suspicion(Suspicion::new(one.head(6), History::forged(9, 4).unsigned_head(8)).unwrap());
    assert!(matches!(forged.check(&policy()), Err(NotProved::Signature(_))));
}

#[test]
fn a_checkpoint_in_evidence_has_one_line_and_one_spelling() {
    let (one, other) = (History::new(9, None), History::new(9, Some(4)));
    let mut note = nospy::crypto::Note::parse(one.note(7).as_bytes()).unwrap();
    let witness = KeyLine::new("witness.example", NoteAlgorithm::Cosignature, key("witness").public()).unwrap();
    note.cosign(&witness, &key("witness"), 1);
    let signed = SignedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
    let head = SignedHead::of_checkpoint(&signed, &log_key()).unwrap();
    // C3: what the witness said is left out.
    assert_eq!(head, one.head(7));
    assert_eq!(SignedHead::of_checkpoint(&signed, &witness), None);
    let fork = Fork::of_one_size(&log_key(), SignedHead::Checkpoint(signed), other.head(7));
    assert_eq!(fork, None, "a head with two lines is not written");
    let unknown = [0xA2, 0x61, 0x76, 0x01, 0x61, 0x78, 0x00];
    assert_eq!(EvidenceFile::parse(&unknown), Err(EvidenceError::Kind));
}
