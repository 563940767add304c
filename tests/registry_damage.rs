//! One altered or lost row at a time, whichever it is: the registry then says so, at open or when the row is read, or
//! answers as before. It never answers something else (R6 at the height of rows).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
mod served;
mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use house::{House, TEXT};
use nospy::agreement::On;
use nospy::crypto::sha256;
use nospy::registry::{AgreementFilter, PageRequest, PublishError, ReadError, Registry};
use nospy::statement::Subject;
use nospy::storage::{HEAD_KEY, MemoryStorage, Storage};
use served::listing;
use support::{copy_of, overwrite};

type Answer = Result<String, ReadError>;

/// A registry with a bit of everything, stopped.
async fn furnished() -> House {
    let house = House::new();
    let registry = house.open();
    house.publish(&registry, &listing("one")).await;
    house.furnish(&registry).await;
    registry.shutdown().await;
    house
}

fn rows(storage: &dyn Storage) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = storage.snapshot().unwrap().scan(&[], &[0xff; 64], usize::MAX).unwrap();
    rows.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// Everything that the registry says.
fn portrait(registry: &Registry) -> BTreeMap<String, Answer> {
    let mut portrait = BTreeMap::new();
    let mut say = |what: String, answer: Answer| assert!(portrait.insert(what, answer).is_none());
    fn told<T: Debug>(answer: Result<T, ReadError>) -> Answer {
        answer.map(|answer| format!("{answer:?}"))
    }
    let size = registry.checkpoint().unwrap().checkpoint().size;
    for index in 0..size {
        let entry = registry.entry(index);
        say(format!("entry {index}"), told(entry.clone()));
        say(format!("inclusion {index}"), told(registry.inclusion(index, None)));
        say(format!("receipt {index}"), told(registry.receipt(index, None)));
        if let Ok(entry) = entry {
            let id = nospy::crypto::Digest(nospy::merkle::leaf_hash(&entry.statement));
            say(format!("index of {index}"), told(registry.index_of(&id)));
            say(format!("old receipt {index}"), told(registry.receipt(index, Some(entry.seal_index + 1))));
        }
        if index > 0 {
            say(format!("consistency {index}"), told(registry.consistency(index, None)));
        }
    }
    let subjects =
        ["registry", "parties", "party/acme", "party/de-bsi", "party/one", "offer/acme/open", "party/nobody"];
    for about in [&subjects[..], &["agreement/acme/open/de-bsi", "participants/acme/open", "roll/acme"]].concat() {
        let subject: Subject = about.parse().unwrap();
        say(format!("docket file of {about}"), told(registry.docket_file(&subject)));
        let on = On::Instant(registry.entry(size - 1).map_or(0, |seal| seal.time_ms));
        say(format!("standing of {about}"), told(registry.standing(&subject, on, None)));
    }
    say("parties".into(), told(registry.parties(PageRequest::default())));
    say("agreements".into(), told(registry.agreements(&AgreementFilter::default(), PageRequest::default())));
    say("text".into(), told(registry.text(&sha256(&[TEXT]))));
    portrait
}

fn is_damage(error: &ReadError) -> bool {
    matches!(error, ReadError::Damaged(_) | ReadError::Storage(_))
}

/// Opens a copy of `whole` with the row `key` altered to `value`, looks at everything, publishes and looks again.
/// Returns what is wrong.
async fn try_damage(
    house: &House,
    whole: &dyn Storage,
    expected: &BTreeMap<String, Answer>,
    key: &[u8],
    value: Option<&[u8]>,
) -> Vec<String> {
    let copy = House { storage: copy_of(whole), ..House::unmade(Arc::new(MemoryStorage::new())) };
    std::fs::copy(house.guard(), copy.guard()).unwrap();
    overwrite(&*copy.storage, key, value.map(<[u8]>::to_vec));
    let before = std::fs::read(copy.guard()).unwrap();
    let registry = match copy.try_open() {
        Ok(registry) => registry,
        Err(error) => {
            assert_eq!(before, std::fs::read(copy.guard()).unwrap(), "{error}: a refusal moves no guard");
            return Vec::new();
        }
    };
    let mut wrong = Vec::new();
    let found = portrait(&registry);
    for (what, answer) in expected {
        match found.get(what) {
            Some(Err(error)) if is_damage(error) => {}
            Some(found) if found == answer => {}
            // What only follows from an entry that could not be read.
            None if what.contains("index of") || what.contains("old receipt") => {}
            found => wrong.push(format!("{what}: {found:?}")),
        }
    }
    // Life goes on, or is refused; what was written once stays as it is.
    let written = rows(&*copy.storage);
    match registry.publish(listing("two").bytes()).await {
        Ok(_) | Err(PublishError::Internal(_) | PublishError::ShuttingDown) => {}
        Err(error) => wrong.push(format!("a good statement is refused: {error}")),
    }
    for (key, value) in written {
        let may_change = key[0] == b'k' || key == HEAD_KEY;
        let now = copy.storage.snapshot().unwrap().get(&key).unwrap();
        if !may_change && now.as_deref() != Some(&value[..]) {
            wrong.push(format!("the row {key:?} was overwritten"));
        }
    }
    registry.shutdown().await;
    wrong
}

fn places(length: usize) -> Vec<usize> {
    let step = length.div_ceil(6).max(1);
    (0..length).step_by(step).chain(length.checked_sub(1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_row_is_named_or_harmless() {
    let house = furnished().await;
    let whole = copy_of(&*house.storage);
    let registry = house.open();
    let expected = portrait(&registry);
    assert!(expected.iter().filter(|(_, answer)| answer.is_ok()).count() > 60, "{expected:#?}");
    registry.shutdown().await;
    let (mut wrong, mut trials) = (Vec::new(), 0);
    for (key, value) in rows(&*whole) {
        for at in places(value.len()) {
            for bit in [0x01, 0x80] {
                let mut altered = value.clone();
                altered[at] ^= bit;
                trials += 1;
                for words in try_damage(&house, &*whole, &expected, &key, Some(&altered)).await {
                    wrong.push(format!(
                        "row {:?} {key:?}, byte {at} of {}, {words:.200}",
                        char::from(key[0]),
                        value.len()
                    ));
                }
            }
        }
    }
    eprintln!("{trials} rows altered");
    assert!(wrong.is_empty(), "{} wrong answers: {:#?}", wrong.len(), &wrong[..wrong.len().min(30)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_row_is_named_or_harmless() {
    let house = furnished().await;
    let whole = copy_of(&*house.storage);
    let registry = house.open();
    let expected = portrait(&registry);
    registry.shutdown().await;
    let mut wrong = Vec::new();
    // Nothing else says that these rows were there; the audit of the whole log finds them missing.
    let is_found_by_audit = |key: &[u8]| matches!(key[0], b'i' | b'a' | b'w' | b'y');
    for (key, _) in rows(&*whole).into_iter().filter(|(key, _)| !is_found_by_audit(key)) {
        for words in try_damage(&house, &*whole, &expected, &key, None).await {
            wrong.push(format!("row {:?} {key:?}, {words:.200}", char::from(key[0])));
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers: {:#?}", wrong.len(), &wrong[..wrong.len().min(30)]);
}
