//! What a registry does when its data is not what it left: it says so, serves what it can prove, and signs nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
mod served;
mod support;

use std::sync::Arc;

use house::{House, TEXT, log_name};
use nospy::agreement::On;
use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey, sha256};
use nospy::evidence::Checkpoint;
use nospy::log::OpenError;
use nospy::registry::{AdoptError, DepositError, Mode, PublishError, ReadError, Registry, adopt_guard, create};
use nospy::statement::{Statement, Subject};
use nospy::storage::{Fault, FaultyStorage, MemoryStorage, SledOptions, SledStorage, Storage, StorageError};
use served::{ORIGIN, genesis, listing, offer, vendor};
use support::{copy_of, entry_key, flip, overwrite, rows};

async fn furnished() -> (House, Statement) {
    let house = House::new();
    let registry = house.open();
    let offer = house.furnish(&registry).await;
    registry.shutdown().await;
    (house, offer)
}

fn agreement() -> Subject {
    "agreement/acme/open/de-bsi".parse().unwrap()
}

fn now() -> On {
    On::Instant(served::now_s() * 1_000)
}

fn reason(registry: &Registry) -> String {
    match registry.mode() {
        Mode::ReadOnly { reason } => reason,
        Mode::Signing => panic!("it signs"),
    }
}

/// It answers no publisher, and every reader.
async fn serves_reads_only(registry: &Registry) {
    let refused = registry.publish(listing("newcomer").bytes()).await.unwrap_err();
    assert_eq!(refused.reason(), "read_only");
    assert!(matches!(&refused, PublishError::ReadOnly { reason: why } if *why == reason(registry)));
    let refused = registry.deposit_text(&sha256(&[TEXT]), TEXT).await.unwrap_err();
    assert!(matches!(refused, DepositError::Unavailable(_)), "{refused}");
    assert!(matches!(registry.receipt(2, None), Err(ReadError::ReadOnly { .. })), "a receipt is a signature");
    assert!(registry.entry(0).unwrap().statement.len() > 100);
    registry.standing(&agreement(), now(), None).unwrap();
    registry.inclusion(1, None).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_guard_it_serves_reads_and_the_last_checkpoint() {
    let (house, _) = furnished().await;
    let guard = std::fs::read(house.guard()).unwrap();
    std::fs::remove_file(house.guard()).unwrap();
    let registry = house.open();
    assert!(reason(&registry).contains("is missing"), "{}", reason(&registry));
    serves_reads_only(&registry).await;
    // Nothing was signed since: the kept signature is of this head, and files can be made.
    assert_eq!(registry.checkpoint().unwrap(), house.newest());
    assert!(!registry.docket_file(&agreement()).unwrap().is_empty());
    registry.shutdown().await;
    assert!(!house.guard().exists(), "a guard is never made again");
    std::fs::write(house.guard(), guard).unwrap();
    let registry = house.open();
    assert_eq!(registry.mode(), Mode::Signing);
    house.publish(&registry, &listing("newcomer")).await;
    registry.shutdown().await;
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_not_signed() {
    let (mut house, _) = furnished().await;
    let backup = copy_of(&*house.storage);
    let registry = house.open();
    house.publish(&registry, &listing("newcomer")).await;
    registry.shutdown().await;
    let newest = std::mem::replace(&mut house.storage, backup);
    let registry = house.open();
    assert!(reason(&registry).contains("an older copy of the database was restored"));
    serves_reads_only(&registry).await;
    // The kept signature is of a newer head, and none is made for this one.
    assert!(matches!(registry.checkpoint(), Err(ReadError::ReadOnly { .. })));
    assert!(matches!(registry.docket_file(&agreement()), Err(ReadError::ReadOnly { .. })));
    registry.shutdown().await;
    house.storage = newest;
    let registry = house.open();
    house.publish(&registry, &listing("another")).await;
    registry.shutdown().await;
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_registry_on_one_key_is_refused() {
    let house = House::new();
    let registry = house.open();
    house.furnish(&registry).await;
    let second = House { storage: copy_of(&*house.storage), ..House::unmade(Arc::new(MemoryStorage::new())) };
    let opening = nospy::registry::Opening { guard: house.guard(), ..second.opening() };
    let second = Registry::open(opening).unwrap();
    assert!(reason(&second).contains("is in use by another process"));
    serves_reads_only(&second).await;
    house.publish(&registry, &listing("newcomer")).await;
    registry.shutdown().await;

    let directory = tempfile::tempdir().unwrap();
    let table = SledStorage::open(directory.path(), SledOptions::default()).unwrap();
    let again = SledStorage::open(directory.path(), SledOptions::default());
    assert!(matches!(again, Err(StorageError::Locked { .. })), "{again:?}");
    drop(table);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_named_at_open() {
    let (house, _) = furnished().await;
    let whole = copy_of(&*house.storage);
    let last = house.newest().checkpoint().size - 1;
    let damaged = |damage: &dyn Fn(&dyn Storage), words: &str| {
        let house = House { storage: copy_of(&*whole), ..House::unmade(Arc::new(MemoryStorage::new())) };
        damage(&*house.storage);
        match house.try_open() {
            Ok(_) => panic!("opened; expected: {words}"),
            Err(error) => assert!(error.to_string().contains(words), "{error} lacks {words:?}"),
        }
    };
    let docket = rows(&*whole, b'k').remove(2).0;
    damaged(&|storage| flip(storage, &docket, 20), "the docket root");
    damaged(&|storage| flip(storage, &docket, 6), "the docket root");
    damaged(&|storage| overwrite(storage, &docket, None), "the numbers of the docket lists");
    damaged(&|storage| overwrite(storage, &docket, Some(vec![1; 9])), "a docket row");
    damaged(&|storage| flip(storage, &entry_key(last), -1), &format!("the chain breaks at entry {last}"));
    let seal = rows(&*whole, b's').pop().unwrap().0;
    damaged(&|storage| flip(storage, &seal, -1), "the time of the head");
    damaged(&|storage| flip(storage, b"head", -1), "the head record");
    damaged(&|storage| flip(storage, &entry_key(0), -1), "the chain breaks at entry 0");

    let other_key = nospy::registry::Opening { log_key: SigningKey::from_seed(&[99; 32]), ..house.opening() };
    assert!(Registry::open(other_key).err().unwrap().to_string().contains("another log key"));
    let other_origin = nospy::registry::Opening { origin: "demo.other.example".parse().unwrap(), ..house.opening() };
    assert!(Registry::open(other_origin).err().unwrap().to_string().contains("damaged"), "the chain starts elsewhere");
    // All of it was looked at through copies: the original opens.
    assert_eq!(house.open().mode(), Mode::Signing);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_open_does_not_look_at_are_named_when_they_are_read() {
    let (house, _) = furnished().await;
    let whole = copy_of(&*house.storage);
    // The seal of the offer's batch, and a row of each list.
    let seal = rows(&*whole, b's').remove(3).0;
    let lists = rows(&*whole, b'l');
    let mut answers = Vec::new();
    for (key, at) in std::iter::once((seal, -1)).chain(lists.into_iter().map(|(key, _)| (key, -1))) {
        // Without a guard: reading needs none.
        let house = House { storage: copy_of(&*whole), ..House::unmade(Arc::new(MemoryStorage::new())) };
        flip(&*house.storage, &key, at);
        match house.try_open() {
            // A list of keys is read at open.
            Err(error) => answers.push(error.to_string()),
            Ok(registry) => {
                let error = registry.standing(&agreement(), now(), None).err().map(|error| error.to_string());
                answers.extend(error);
            }
        }
    }
    // Lists that no standing rests on (rolls, participants, between) are not read here.
    assert!(answers.len() >= 6, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer.contains("damaged") || answer.contains("docket")), "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_time_gets_into_no_receipt_and_no_verdict() {
    let (house, offered) = furnished().await;
    let registry = house.open();
    let index = registry.index_of(offered.id()).unwrap();
    let size = registry.entry(index).unwrap().seal_index + 1;
    registry.receipt(index, Some(size)).unwrap();
    let seal = [&b"s"[..], &(size - 1).to_be_bytes()].concat();
    registry.shutdown().await;
    flip(&*house.storage, &seal, -2);
    let registry = house.open();
    assert!(matches!(registry.receipt(index, Some(size)), Err(ReadError::Damaged(_))));
    assert!(matches!(registry.entry(index), Err(ReadError::Damaged(_))));
    assert!(matches!(registry.standing(&agreement(), now(), None), Err(ReadError::Damaged(_))));
    let size = registry.checkpoint().unwrap().checkpoint().size;
    let refused = registry.publish(offered.bytes()).await.unwrap_err();
    assert_eq!(refused.reason(), "internal");
    assert_eq!(registry.checkpoint().unwrap().checkpoint().size, size);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_is_adopted_with_a_checkpoint_that_the_database_extends() {
    let (mut house, _) = furnished().await;
    let older = copy_of(&*house.storage);
    let old_checkpoint = house.newest().note().to_string();
    let registry = house.open();
    house.publish(&registry, &listing("newcomer")).await;
    registry.shutdown().await;
    let checkpoint = house.newest().note().to_string();
    let adopt = |house: &House, checkpoint: &str| {
        adopt_guard(&*house.storage, &house.guard(), &log_name(), checkpoint.as_bytes())
    };
    let exists = adopt(&house, &checkpoint);
    assert!(matches!(exists, Err(AdoptError::Guard(_))), "{exists:?}");
    std::fs::rename(house.guard(), house.directory.path().join("aside")).unwrap();

    // Not the log's word.
    let stranger = SigningKey::from_seed(&[9; 32]);
    let seen = house.newest().checkpoint().clone();
    let forged = seen.sign(&log_name(), &stranger).to_string();
    let other = Checkpoint { root: [1; 32], ..seen.clone() };
    let fork = other.sign(&log_name(), &served::log_key()).to_string();
    let ahead = Checkpoint { size: seen.size + 5, ..seen.clone() }.sign(&log_name(), &served::log_key()).to_string();
    assert!(matches!(adopt(&house, "no checkpoint"), Err(AdoptError::Checkpoint(_))));
    assert!(matches!(adopt(&house, &forged), Err(AdoptError::Checkpoint(_))));
    let other_key = KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, stranger.public()).unwrap();
    let theirs = seen.sign(&other_key, &stranger).to_string();
    let as_other = adopt_guard(&*house.storage, &house.guard(), &other_key, theirs.as_bytes());
    assert!(matches!(as_other, Err(AdoptError::Open(OpenError::Mismatch(_)))), "{as_other:?}");
    assert!(matches!(adopt(&house, &fork), Err(AdoptError::Fork { .. })));
    let behind = adopt(&house, &ahead);
    assert!(matches!(&behind, Err(AdoptError::Behind { checkpoint, database })
        if *checkpoint == seen.size + 5 && *database == seen.size));
    let newest = std::mem::replace(&mut house.storage, older);
    assert!(matches!(adopt(&house, &checkpoint), Err(AdoptError::Behind { .. })));
    house.storage = newest;
    let damaged = House { storage: copy_of(&*house.storage), ..House::unmade(Arc::new(MemoryStorage::new())) };
    let docket = rows(&*damaged.storage, b'k').remove(0).0;
    flip(&*damaged.storage, &docket, 20);
    assert!(matches!(adopt(&damaged, &checkpoint), Err(AdoptError::Open(_))));
    assert!(!house.guard().exists() && !damaged.guard().exists(), "a refusal makes no guard");
    assert!(matches!(house.open().mode(), Mode::ReadOnly { .. }));

    // An older word of the log is enough, if the database extends it: it is the operator's to find the newest.
    let adopted = adopt(&house, &old_checkpoint).unwrap();
    assert_eq!((adopted.size, adopted.root), (seen.size, seen.root));
    let registry = house.open();
    assert_eq!(registry.mode(), Mode::Signing);
    house.publish(&registry, &listing("another")).await;
    registry.shutdown().await;
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_statement_says_what_a_text_is() {
    let (house, _) = furnished().await;
    let registry = house.open();
    let first = registry.text(&sha256(&[TEXT])).unwrap();
    assert_eq!((first.media_type.as_str(), &first.bytes[..]), ("text/plain", TEXT));
    // Another offer names the same bytes as HTML.
    let second = served::offer_as("other", TEXT, "text/html");
    house.publish(&registry, &second).await;
    assert_eq!(registry.text(&sha256(&[TEXT])).unwrap(), first);
    registry.shutdown().await;
    let registry = house.open();
    assert_eq!(registry.text(&sha256(&[TEXT])).unwrap(), first);
    registry.shutdown().await;
    let chunk = rows(&*house.storage, b'x').remove(0).0;
    flip(&*house.storage, &chunk, 0);
    let registry = house.open();
    assert!(matches!(registry.text(&sha256(&[TEXT])), Err(ReadError::Damaged(_))));
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_texts_and_full_disks() {
    let faulty = Arc::new(FaultyStorage::new(MemoryStorage::new()));
    let house = House::on(Arc::clone(&faulty) as Arc<dyn Storage>);
    let registry = house.open();
    house.furnish(&registry).await;
    for len in [0, 59_999, 60_000, 60_001, 3_000_000] {
        let text = vec![b'a'; len];
        let digest = sha256(&[&text]);
        let refused = registry.deposit_text(&digest, &text).await;
        assert!(matches!(refused, Err(DepositError::NotNamed(_))), "{refused:?}");
        house.publish(&registry, &offer(&format!("long-{len}"), &text)).await;
        let size = registry.checkpoint().unwrap().checkpoint().size;
        faulty.plan(faulty.commits() + 1, Fault::NoSpace);
        let refused = registry.deposit_text(&digest, &text).await;
        assert!(matches!(refused, Err(DepositError::Unavailable(_))), "{refused:?}");
        assert!(registry.text(&digest).is_err());
        assert_eq!(registry.checkpoint().unwrap().checkpoint().size, size);
        registry.deposit_text(&digest, &text).await.unwrap();
        registry.deposit_text(&digest, &text).await.unwrap();
        assert_eq!(registry.text(&digest).unwrap().bytes, text);
        faulty.plan(faulty.commits() + 1, Fault::NoSpace);
        let next = listing(&format!("company-{len}"));
        assert!(matches!(registry.publish(next.bytes()).await, Err(PublishError::NoSpace)));
        assert!(house.publish(&registry, &next).await.is_new);
    }
    registry.shutdown().await;
    assert!(house.fatal.lock().unwrap().is_empty());
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_not_written_leaves_no_trace_at_the_desk() {
    let faulty = Arc::new(FaultyStorage::new(MemoryStorage::new()));
    let house = House::on(Arc::clone(&faulty) as Arc<dyn Storage>);
    let registry = house.open();
    faulty.plan(2, Fault::NoSpace);
    let enrol = served::enrolment("acme", "vendor", "se", &vendor());
    assert!(matches!(registry.publish(enrol.bytes()).await, Err(PublishError::NoSpace)));
    // Its key is nobody's, its name is free.
    let early = registry.publish(offer("open", TEXT).bytes()).await.unwrap_err();
    assert_eq!(early.reason(), "signer_lacks_authority");
    let other = served::enrolment("acne", "vendor", "se", &vendor());
    house.publish(&registry, &other).await;
    let taken = registry.publish(enrol.bytes()).await.unwrap_err();
    assert_eq!(taken.reason(), "key_taken");
    assert_eq!(registry.dry_run(enrol.bytes()).unwrap_err(), taken);
    registry.shutdown().await;
    let registry = house.open();
    assert_eq!(registry.publish(enrol.bytes()).await.unwrap_err().reason(), "key_taken");
    registry.shutdown().await;
}

#[test]
fn a_registry_is_made_once_and_with_its_guard() {
    let house = House::new();
    let again = create(&house.opening(), &genesis());
    assert!(matches!(again, Err(OpenError::NotEmpty)), "{again:?}");
    let elsewhere = House::unmade(Arc::new(MemoryStorage::new()));
    let opening = nospy::registry::Opening { guard: house.guard(), ..elsewhere.opening() };
    assert!(matches!(create(&opening, &genesis()), Err(OpenError::Guard(_))));
    let opening =
        nospy::registry::Opening { guard: elsewhere.directory.path().join("no/guard"), ..elsewhere.opening() };
    assert!(matches!(create(&opening, &genesis()), Err(OpenError::Guard(_))));
    // Nothing was written by the refusals.
    assert!(rows(&*elsewhere.storage, b'e').is_empty());
    create(&elsewhere.opening(), &genesis()).unwrap();
    assert_eq!(elsewhere.open().checkpoint().unwrap().checkpoint().size, 2);
}
