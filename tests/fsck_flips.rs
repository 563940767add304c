//! A bit of any stored value is flipped: the audit finds it, wherever it is, and whatever still opens answers what the
//! whole log answers, or says that it is damaged. No wrong proof, no wrong standing, no signature over what is wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
mod served;
mod support;

use std::sync::Arc;

use house::{House, TEXT, log_name};
use nospy::agreement::On;
use nospy::crypto::sha256;
use nospy::registry::{ReadError, Registry, fsck};
use nospy::statement::Subject;
use nospy::storage::{MemoryStorage, Storage};
use support::{copy_of, flip};

async fn furnished() -> House {
    let house = House::new();
    let registry = house.open();
    house.furnish(&registry).await;
    registry.shutdown().await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_is_found() {
    let house = furnished().await;
    let whole = copy_of(&*house.storage);
    let is_clean = |storage: &dyn Storage| fsck(storage, &log_name(), None, &mut |_, _| ()).unwrap().is_clean();
    assert!(is_clean(&*whole));
    let mut flips = 0;
    for (key, value) in whole.snapshot().unwrap().scan(&[], &[0xff; 64], usize::MAX).unwrap() {
        let step = if value.len() > 200 { 13 } else { 1 };
        for at in (0..value.len()).step_by(step) {
            let storage = copy_of(&*whole);
            flip(&*storage, &key, isize::try_from(at).unwrap());
            assert!(!is_clean(&*storage), "byte {at} of {key:?}");
            flips += 1;
        }
    }
    assert!(flips > 1_000, "{flips}");
}

/// Everything that is answered about one registry, each answer or its error.
fn answers(registry: &Registry, size: u64, on: On) -> Vec<Result<String, ReadError>> {
    let mut answers = Vec::new();
    for index in 0..size {
        answers.push(registry.entry(index).map(|entry| format!("{entry:?}")));
        answers.push(registry.inclusion(index, None).map(|proof| format!("{proof:?}")));
        for size in index + 1..=size {
            answers.push(registry.consistency(index.max(1), Some(size)).map(|path| format!("{path:?}")));
        }
    }
    let subjects = ["agreement/acme/open/de-bsi", "offer/acme/open", "agreement/acme/other/de-bsi", "party/acme"];
    for subject in subjects {
        let subject: Subject = subject.parse().unwrap();
        answers.push(registry.standing(&subject, on, None).map(|standing| format!("{standing:?}")));
    }
    answers.push(registry.text(&sha256(&[TEXT])).map(|text| format!("{text:?}")));
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_wrong_after_a_flip() {
    let house = furnished().await;
    let whole = copy_of(&*house.storage);
    let size = house.newest().checkpoint().size;
    let on = On::Instant(served::now_s() * 1_000);
    // Without a guard: reading needs none, and nothing is written.
    let copy = |storage| House { storage, ..House::unmade(Arc::new(MemoryStorage::new())) };
    let right = answers(&copy(copy_of(&*whole)).open(), size, on);
    assert!(right.iter().all(Result::is_ok), "{right:#?}");
    let (mut refused, mut wrong) = (0, 0);
    for (key, value) in whole.snapshot().unwrap().scan(&[], &[0xff; 64], usize::MAX).unwrap() {
        let step = if value.len() > 64 { 41 } else { 3 };
        for at in (0..value.len()).step_by(step) {
            let damaged = copy(copy_of(&*whole));
            flip(&*damaged.storage, &key, isize::try_from(at).unwrap());
            let Ok(registry) = damaged.try_open() else {
                refused += 1;
                continue;
            };
            for (answer, right) in answers(&registry, size, on).iter().zip(&right) {
                match answer {
                    Ok(_) => assert_eq!(answer, right, "byte {at} of {key:?}"),
                    Err(error) => {
                        assert_eq!(error.reason(), "internal", "byte {at} of {key:?}: {error}");
                        wrong += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 100 && wrong > 10, "{refused} refused to open, {wrong} answers refused");
}
