//! The registry between its restarts: over full tiles, on a disk that lies at any commit, on a clock that goes back,
//! while it stops, and with many publishers at once. What was acknowledged stays, at its index.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
mod served;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use house::{House, TEXT};
use nospy::crypto::{SigningKey, hex, sha256};
use nospy::evidence::Seal;
use nospy::merkle::check_inclusion;
use nospy::registry::{AgreementFilter, ManualClock, Mode, PageRequest, PublishError, Registry};
use nospy::statement::{Party, Statement, StatementId};
use nospy::storage::{Fault, FaultyStorage, MemoryStorage, Storage};
use serde_json::json;
use served::{enrolment, government, listing, now_s, offer, sign};

fn numbered(number: usize) -> Statement {
    listing(&format!("company-{number}"))
}

/// Publishes all of them at once; index and whether it is new, in order.
async fn publish_together(
    registry: &Registry,
    statements: impl IntoIterator<Item = Statement>,
) -> Vec<Result<(u64, bool), PublishError>> {
    let publish = |statement: Statement| {
        let registry = registry.clone();
        tokio::spawn(async move {
            let published = registry.publish(statement.bytes()).await?;
            assert!(published.index < registry.checkpoint().unwrap().checkpoint().size, "the head holds it");
            Ok((published.index, published.is_new))
        })
    };
    let tasks: Vec<_> = statements.into_iter().map(publish).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Every one of `placed` stands at its index in the newest signed tree.
fn check_placed(registry: &Registry, placed: &BTreeMap<u64, StatementId>) {
    let signed = registry.checkpoint().unwrap();
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    for (&index, id) in placed {
        assert_eq!(registry.id_of(index), Ok(*id), "entry {index}");
        assert_eq!(registry.index_of(id), Ok(index));
        let proof = registry.inclusion(index, Some(size)).unwrap();
        check_inclusion(&id.0, index, size, &proof.path, &root).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_restarts_over_full_tiles() {
    let mut house = House::new();
    // Batches of a few, so that seals fall on both sides of a full tile.
    house.options.batch_entries_max = 5;
    let (mut placed, mut parties) = (BTreeMap::new(), Vec::new());
    for restart in 0..20 {
        let registry = house.open();
        assert_eq!(registry.mode(), Mode::Signing);
        house.see(&registry);
        if restart == 3 {
            house.furnish(&registry).await;
            parties.extend(["acme", "de-bsi"].map(str::to_owned));
        }
        let statements: Vec<_> = (0..24).map(|number| numbered(restart * 24 + number)).collect();
        let answers = publish_together(&registry, statements.clone()).await;
        for (statement, answer) in statements.iter().zip(answers) {
            let (index, is_new) = answer.unwrap();
            assert!(is_new);
            assert_eq!(placed.insert(index, *statement.id()), None, "one statement an index");
        }
        house.see(&registry);
        registry.shutdown().await;
        house.check_seen();
    }
    let registry = house.open();
    let size = registry.checkpoint().unwrap().checkpoint().size;
    assert!(size > 512, "{size}");
    check_placed(&registry, &placed);
    let mut last = 0;
    for index in 0..size {
        let entry = registry.entry(index).unwrap();
        if let Ok(seal) = Seal::read(index, &Statement::parse(&entry.statement).unwrap()) {
            assert!(seal.time_ms > last, "seal times increase");
            last = seal.time_ms;
        }
    }
    assert_eq!(registry.text(&sha256(&[TEXT])).unwrap().bytes, TEXT, "a deposit survives");
    // The dockets as well: every party is listed once.
    let mut page = PageRequest { after: None, limit: 37 };
    let mut listed = BTreeSet::new();
    loop {
        let found = registry.parties(page).unwrap();
        found.rows.iter().for_each(|row| assert!(listed.insert(row.party.clone()), "{} twice", row.party));
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 20 * 24 + 2);
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_the_log_grows() {
    let house = House::new();
    let registry = house.open();
    let offered = house.furnish(&registry).await;
    let day = jiff::Timestamp::now().in_tz(served::ZONE).unwrap().date().to_string();
    for number in 0..9 {
        house.publish(&registry, &numbered(number)).await;
    }
    // Two more governments, the second while the pages are turned.
    let accept = |party: &str, seed: u8| {
        let key = SigningKey::from_seed(&[seed; 32]);
        let body = json!({ "ref": hex(&offered.id().0), "date": day, "method": "signature", "effective": day });
        let about = format!("agreement/acme/open/{party}");
        [enrolment(party, "government", &party[..2], &key), sign(&key, party, &about, "agreement.accept", &body)]
    };
    for statement in accept("fr-anssi", 41) {
        house.publish(&registry, &statement).await;
    }
    let (mut parties, mut agreements) = (Vec::<Party>::new(), Vec::new());
    let (mut of_parties, mut of_agreements) = (Some(None), Some(None));
    for round in 0..60 {
        if let Some(after) = of_parties {
            let page = registry.parties(PageRequest { after, limit: 2 }).unwrap();
            assert!(page.rows.len() <= 2);
            parties.extend(page.rows.into_iter().map(|row| row.party));
            of_parties = page.next.map(Some);
        }
        if let Some(after) = of_agreements {
            let page = registry.agreements(&AgreementFilter::default(), PageRequest { after, limit: 1 }).unwrap();
            agreements.extend(page.rows.into_iter().map(|row| row.subject.to_string()));
            of_agreements = page.next.map(Some);
        }
        if of_parties.is_none() && of_agreements.is_none() {
            break;
        }
        if round < 4 {
            house.publish(&registry, &numbered(100 + round)).await;
        }
        if round == 0 {
            for statement in accept("nl-aivd", 42) {
                house.publish(&registry, &statement).await;
            }
        }
    }
    assert!(of_parties.is_none(), "the pages end");
    let all: Vec<Party> =
        registry.parties(PageRequest::default()).unwrap().rows.into_iter().map(|row| row.party).collect();
    assert_eq!(parties, all, "page by page while others were listed: each once, in order");
    let governments = ["de-bsi", "fr-anssi", "nl-aivd"];
    assert_eq!(agreements, governments.map(|government| format!("agreement/acme/open/{government}")));
    registry.shutdown().await;
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_lies_at_any_commit() {
    for fault in [Fault::FailedNotWritten, Fault::FailedButWritten] {
        for commit in 1..=7 {
            let told = format!("{fault:?} at {commit}");
            let table = Arc::new(MemoryStorage::new());
            let mut house = House::on(Arc::clone(&table) as Arc<dyn Storage>);
            house.storage = Arc::new(FaultyStorage::new(Arc::clone(&table)).with_fault(commit, fault));
            let registry = house.open();
            let script = [
                enrolment("acme", "vendor", "se", &served::vendor()),
                enrolment("de-bsi", "government", "de", &government()),
                offer("open", TEXT),
                numbered(1),
                offer("second", b"another text"),
                numbered(2),
                numbered(3),
            ];
            let mut placed = BTreeMap::new();
            let mut statements = script.iter();
            let lost = loop {
                let statement = statements.next().expect("the fault comes");
                match registry.publish(statement.bytes()).await {
                    Ok(published) => {
                        house.see(&registry);
                        placed.insert(published.index, *statement.id());
                    }
                    Err(error) => {
                        assert_eq!(error, PublishError::ShuttingDown, "{told}");
                        break statement;
                    }
                }
            };
            assert_eq!(placed.len() as u64, commit - 1, "{told}");
            let after = registry.publish(numbered(9).bytes()).await.unwrap_err();
            assert_eq!(after, PublishError::ShuttingDown, "{told}: it does not come back by itself");
            // Reads go on at the last signed head until the process ends.
            assert_eq!(registry.checkpoint().unwrap().checkpoint().size, 2 * commit, "{told}");
            registry.shutdown().await;
            assert_eq!(house.fatal.lock().unwrap().len(), 1, "{told}: on_fatal is called once");
            house.storage = table;
            let registry = house.open();
            assert_eq!(registry.mode(), Mode::Signing, "{told}");
            let again = house.publish(&registry, lost).await;
            assert_eq!(again.is_new, fault == Fault::FailedNotWritten, "{told}");
            assert_eq!(again.index, 2 * commit, "{told}");
            // The desk knows what entered, and nothing else: the rest of the script follows from it.
            for statement in statements {
                placed.insert(house.publish(&registry, statement).await.index, *statement.id());
            }
            registry.deposit_text(&sha256(&[TEXT]), TEXT).await.unwrap();
            check_placed(&registry, &placed);
            registry.shutdown().await;
            house.check_seen();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back() {
    let clock = Arc::new(ManualClock::new(now_s() * 1_000 + 60_000));
    let house = House { clock: Arc::clone(&clock) as _, ..House::new() };
    let registry = house.open();
    let first = house.publish(&registry, &numbered(1)).await;
    // Within what seals may run ahead: at once, and later than the last.
    let second = house.publish(&registry, &numbered(2)).await;
    assert!(second.time_ms > first.time_ms);
    // Soon right again: waited for.
    clock.set(first.time_ms - 1_000);
    let repair = tokio::spawn({
        let clock = Arc::clone(&clock);
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            clock.advance(2_000);
        }
    });
    let third = house.publish(&registry, &numbered(3)).await;
    repair.await.unwrap();
    assert!(third.time_ms > second.time_ms);
    // An hour back: refused after a wait, nothing is written; then it goes on.
    clock.set(first.time_ms - 3_600_000);
    let started = Instant::now();
    let refused = registry.publish(numbered(4).bytes()).await.unwrap_err();
    assert_eq!((refused.reason(), &refused), ("clock_behind", &PublishError::ClockBehind));
    assert!((1..10).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(registry.checkpoint().unwrap().checkpoint().size, third.size);
    assert!(registry.entry(third.index).is_ok() && registry.receipt(third.index, None).is_ok());
    clock.set(third.time_ms + 5);
    let fourth = house.publish(&registry, &numbered(4)).await;
    assert_eq!((fourth.is_new, fourth.index), (true, third.size));
    registry.shutdown().await;
    assert!(house.fatal.lock().unwrap().is_empty());
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_publishers_and_their_duplicates() {
    let house = House::new();
    let registry = house.open();
    // Each made once: made again in the next second it would be another statement.
    let distinct: Vec<_> = (0..20).map(numbered).collect();
    let statements: Vec<_> = (0..64).map(|number| distinct[number % 20].clone()).collect();
    let answers = publish_together(&registry, statements.clone()).await;
    let (mut indexes, mut new) = (BTreeMap::new(), 0);
    for (statement, answer) in statements.iter().zip(answers) {
        let (index, is_new) = answer.unwrap();
        assert_eq!(*indexes.entry(*statement.id()).or_insert(index), index, "one index each");
        new += usize::from(is_new);
    }
    assert_eq!((indexes.len(), new), (20, 20));
    check_placed(&registry, &indexes.iter().map(|(id, index)| (*index, *id)).collect());
    registry.shutdown().await;
    house.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_what_was_admitted() {
    let mut house = House::new();
    house.options.batch_delay = Duration::from_millis(100);
    let registry = house.open();
    let statements: Vec<_> = (0..50).map(numbered).collect();
    let publishing = tokio::spawn({
        let (registry, statements) = (registry.clone(), statements.clone());
        async move { publish_together(&registry, statements).await }
    });
    tokio::time::sleep(Duration::from_millis(40)).await;
    registry.shutdown().await;
    let answers = publishing.await.unwrap();
    assert_eq!(registry.publish(numbered(99).bytes()).await, Err(PublishError::ShuttingDown));
    let registry = house.open();
    let mut acknowledged = BTreeMap::new();
    for (statement, answer) in statements.iter().zip(answers) {
        match answer {
            Ok((index, _)) => assert_eq!(acknowledged.insert(index, *statement.id()), None),
            // It came after the last word was taken, so it is not there.
            Err(PublishError::ShuttingDown) => assert!(registry.index_of(statement.id()).is_err()),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(!acknowledged.is_empty(), "what waited is answered");
    check_placed(&registry, &acknowledged);
    registry.shutdown().await;
    assert!(house.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeat_seals_extend_the_log() {
    let mut house = House::new();
    house.options.seal_interval = Duration::from_millis(20);
    let registry = house.open();
    let until = Instant::now() + Duration::from_secs(10);
    while registry.checkpoint().unwrap().checkpoint().size < 8 {
        assert!(Instant::now() < until, "no heartbeat came");
        house.see(&registry);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    registry.shutdown().await;
    house.options.seal_interval = Duration::from_secs(600);
    let registry = house.open();
    for index in 1..8 {
        let statement = Statement::parse(&registry.entry(index).unwrap().statement).unwrap();
        let seal = Seal::read(index, &statement).unwrap();
        assert_eq!(seal.from, if index == 1 { 0 } else { index }, "a seal of nothing but itself");
    }
    house.publish(&registry, &numbered(1)).await;
    registry.shutdown().await;
    house.check_seen();
}
