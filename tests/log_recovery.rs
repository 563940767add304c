//! What a log does after a crash, on another's disk, on a full disk and with a wrong clock (I1 to I6 of the log).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use nospy::log::{Batch, Guard, GuardError, GuardedHead, Head, Log, PartialTiles, SubmitError, TileCache, read_head};
use nospy::merkle::{Edge, NodeId, NodeReader as _, check_inclusion, leaf_hash};
use nospy::storage::{Batch as Rows, Fault, FaultyStorage, HEAD_KEY, MemoryStorage, SledOptions, SledStorage, Storage};
use support::{Bench, Notes, ORIGIN, copy_of, digest, entry_key, flip, overwrite, rows, seal_time, tile_key};

/// Ends the log and waits for it, so that the guard is free.
fn stop(log: Log<Notes>) {
    tokio::task::block_in_place(|| log.stop());
}

/// A log with `entries` notes, stopped; the backup is of the state `behind` batches earlier.
async fn filled(entries: usize) -> Bench {
    let bench = Bench::new();
    let log = bench.open().unwrap();
    for number in 0..entries {
        bench.put(&log, &format!("note {number}")).await;
    }
    stop(log);
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_one_batch_behind_moves_on() {
    let bench = filled(3).await;
    let behind = std::fs::read(bench.guard()).unwrap();
    let log = bench.open().unwrap();
    bench.put(&log, "committed, then the power went").await;
    stop(log);
    std::fs::write(bench.guard(), behind).unwrap();
    let log = bench.open().unwrap();
    assert_eq!(log.published().reader.head().size(), 10);
    bench.put(&log, "and on").await;
    stop(log);
    let guarded = *Guard::open(&bench.guard(), ORIGIN).unwrap().head();
    assert_eq!(guarded.size, 12);
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_is_not_signed() {
    let mut bench = filled(3).await;
    let older = copy_of(&*bench.storage);
    let log = bench.open().unwrap();
    bench.put(&log, "one more").await;
    stop(log);
    let newer = std::mem::replace(&mut bench.storage, older);
    let before = std::fs::read(bench.guard()).unwrap();
    bench.refused("the head guard has seen 10 entries, the database holds 8");
    bench.refused("rebuild it from a mirror");
    // Refusing writes nothing, and the right database is welcome again.
    assert_eq!(std::fs::read(bench.guard()).unwrap(), before);
    bench.storage = newer;
    stop(bench.open().unwrap());
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_is_not_signed() {
    let mut bench = filled(3).await;
    let older = copy_of(&*bench.storage);
    let log = bench.open().unwrap();
    bench.put(&log, "as it was").await;
    stop(log);
    // The same length and longer, from the same beginning.
    let guard = std::fs::read(bench.guard()).unwrap();
    let fork = Bench { storage: older, ..Bench::new() };
    let reader = fork.read().unwrap();
    let head = reader.head();
    let guarded = GuardedHead { size: head.size(), root: head.root(), seal: head.seal.unwrap().id };
    std::fs::remove_file(fork.guard()).unwrap();
    drop(Guard::create(&fork.guard(), ORIGIN, guarded).unwrap());
    drop(reader);
    for note in ["as it was not", "and on", "and on and on"] {
        let log = fork.open().unwrap();
        fork.put(&log, note).await;
        stop(log);
        bench.storage = copy_of(&*fork.storage);
        std::fs::write(bench.guard(), &guard).unwrap();
        bench.refused("this is another history");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_is_never_made_again() {
    let bench = filled(1).await;
    let guard = std::fs::read(bench.guard()).unwrap();
    std::fs::remove_file(bench.guard()).unwrap();
    bench.refused("is missing although the log has 4 entries");
    bench.refused("nospy log guard adopt --checkpoint FILE");
    assert!(!bench.guard().exists());
    for damage in [vec![], vec![0; 1024], guard[..100].to_vec(), [&guard[..10], &[9; 502], &guard[512..522]].concat()] {
        std::fs::write(bench.guard(), &damage).unwrap();
        bench.refused("is damaged or belongs to another log");
        assert_eq!(std::fs::read(bench.guard()).unwrap(), damage);
    }
    // Another log's guard.
    std::fs::remove_file(bench.guard()).unwrap();
    let head = GuardedHead { size: 4, root: bench.read().unwrap().head().root(), seal: digest(&[0; 32]) };
    drop(Guard::create(&bench.guard(), "demo.other.example/log", head).unwrap());
    bench.refused("belongs to another log");
    std::fs::write(bench.guard(), guard).unwrap();
    stop(bench.open().unwrap());
}

#[test]
fn a_torn_slot_leaves_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("guard");
    let head = |size: u64| GuardedHead { size, root: [u8::try_from(size).unwrap(); 32], seal: digest(&[1; 32]) };
    let mut guard = Guard::create(&path, ORIGIN, head(2)).unwrap();
    assert!(matches!(Guard::create(&path, ORIGIN, head(2)), Err(GuardError::Exists { .. })));
    for size in 3..9 {
        assert!(matches!(Guard::open(&path, ORIGIN), Err(GuardError::Locked { .. })));
        guard.swap(&head(size - 1), head(size)).unwrap();
        assert!(matches!(guard.swap(&head(size - 1), head(size)), Err(GuardError::Moved { .. })));
        assert!(matches!(guard.swap(&head(size), head(size - 1)), Err(GuardError::Moved { .. })));
        drop(guard);
        // Torn at any byte that says something: the head before it stands.
        let whole = std::fs::read(&path).unwrap();
        let slot = usize::try_from((size - 2) % 2).unwrap() * 512;
        for at in [0, 7, 8, 40, 47, 48, 56, 88, 119, 120, 151] {
            let mut torn = whole.clone();
            torn[slot + at] ^= 0x80;
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(*Guard::open(&path, ORIGIN).unwrap().head(), head(size - 1), "byte {at}");
        }
        std::fs::write(&path, &whole).unwrap();
        guard = Guard::open(&path, ORIGIN).unwrap();
        assert_eq!(*guard.head(), head(size));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_log_on_the_same_guard_is_refused() {
    let mut bench = filled(1).await;
    let log = bench.open().unwrap();
    let original = Arc::clone(&bench.storage);
    bench.storage = copy_of(&*original);
    bench.refused("is in use by another process");
    bench.storage = original;
    bench.refused("is in use by another process");
    stop(log);
    stop(bench.open().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_of_one_table_end_the_second() {
    // Two guards on one table: an operator's mistake that the guard cannot see. The compared head does (I2).
    let bench = filled(1).await;
    let other = Bench { storage: Arc::clone(&bench.storage), ..Bench::new() };
    std::fs::copy(bench.guard(), other.guard()).unwrap();
    let (first, second) = (bench.open().unwrap(), other.open().unwrap());
    bench.put(&first, "mine").await;
    assert_eq!(second.submit(b"theirs".to_vec()).await.err(), Some(SubmitError::Stopped));
    stop(second);
    assert!(other.fatal.lock().unwrap()[0].contains("another writer"), "{:?}", other.fatal);
    bench.put(&first, "mine again").await;
    stop(first);
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_named_at_open() {
    let bench = filled(300).await;
    let size = bench.read().unwrap().head().size();
    assert_eq!(size, 602);
    let last = bench.read().unwrap().head().seal.unwrap().index;
    let whole = copy_of(&*bench.storage);
    let damaged = |damage: &dyn Fn(&dyn Storage), words: &str| {
        let bench = Bench { storage: copy_of(&*whole), ..Bench::new() };
        damage(&*bench.storage);
        match bench.read() {
            Ok(_) => panic!("opened; expected: {words}"),
            Err(error) => assert!(error.to_string().contains(words), "{error} lacks {words:?}"),
        }
    };
    for at in [0, 1, 9, 41, 80, 130, -1, -40] {
        damaged(&|storage| flip(storage, HEAD_KEY, at), "the head record");
    }
    damaged(&|storage| overwrite(storage, &entry_key(600), None), "entry 600 is missing");
    damaged(&|storage| flip(storage, &entry_key(599), -1), "the chain breaks at entry 599");
    damaged(&|storage| flip(storage, &entry_key(599), 0), "the chain breaks at entry 599");
    // The chain before the first entry of the tail is where the recomputing starts.
    damaged(&|storage| flip(storage, &entry_key(511), 0), "the chain breaks at entry 512");
    damaged(&|storage| flip(storage, &entry_key(last), -1), "the chain breaks at entry 601");
    damaged(&|storage| flip(storage, &tile_key(0, 1), 77), "the right edge of the tree");
    damaged(&|storage| overwrite(storage, &tile_key(0, 0), None), "tile 0 of level 0");
    damaged(&|storage| overwrite(storage, &tile_key(0, 0), Some(vec![0; 33])), "tile 0 of level 0");
    damaged(&|storage| overwrite(storage, &entry_key(602), Some(vec![0; 64])), "entries beyond the head");
    damaged(&|storage| overwrite(storage, HEAD_KEY, None), "there is no log here");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_far_from_the_edge_is_named_when_it_is_read() {
    let bench = filled(300).await;
    let size = bench.read().unwrap().head().size();
    let whole = copy_of(&*bench.storage);
    let damaged = |key: &[u8], at: isize| {
        let storage = copy_of(&*whole);
        flip(&*storage, key, at);
        read_head(&*storage, ORIGIN, &Arc::new(TileCache::new(0)))
    };
    let reader = damaged(&entry_key(5), -1).unwrap();
    assert!(reader.entry(5).unwrap_err().to_string().contains("entry 5 is damaged"));
    assert!(reader.entry(6).unwrap().is_some());
    let (key, value) = rows(&*whole, b'i').remove(3);
    let index = u64::from_be_bytes(value.try_into().unwrap());
    let id = leaf_hash(&bench.read().unwrap().entry(index).unwrap().unwrap().bytes);
    let reader = damaged(&key, -1).unwrap();
    assert!(reader.index_of(&id).unwrap_err().to_string().contains("id row"));

    // 65,536 and more: tiles that are not on the right edge.
    let storage = planned(66_000);
    flip(&storage, &tile_key(0, 7), 32 * 5);
    let reader = read_head(&storage, ORIGIN, &Arc::new(TileCache::new(0))).unwrap();
    let words = reader.inclusion(7 * 256 + 5, 66_000).unwrap_err().to_string();
    assert!(words.contains("tile 7 is damaged"), "{words}");
    assert!(reader.entry(7 * 256 + 5).is_err() && reader.consistency(7 * 256 + 6, 66_000).is_err());
    assert!(reader.root_at(7 * 256 + 6).is_err(), "no root is computed from an altered hash");
    assert!(reader.inclusion(8 * 256, 66_000).is_ok());
    assert!(size > 512);
}

/// A table with a log of `size` entries, the last one its seal, planned in one go.
fn planned(size: u64) -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut plan = Batch::begin(&Head::empty(ORIGIN), &PartialTiles::default());
    for index in 0..size - 1 {
        assert_eq!(plan.push(format!("entry {index}").as_bytes()), index);
    }
    let planned = plan.close(b"the seal", 1_000, [3; 32]);
    for part in planned.rows.chunks(100_000) {
        let mut rows = Rows::new();
        part.iter().for_each(|(key, value)| rows.put(key.clone(), value.clone()));
        storage.commit(None, rows).unwrap();
    }
    let mut rows = Rows::new();
    rows.put(HEAD_KEY, planned.head.to_bytes());
    storage.commit(None, rows).unwrap();
    storage
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_on_both_sides_of_a_full_tile() {
    for size in [2, 254, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537] {
        let bench = Bench { storage: Arc::new(planned(size)), ..Bench::new() };
        let reader = bench.read().unwrap();
        let mut edge = Edge::new();
        let leaf = |index| match index == size - 1 {
            true => leaf_hash(b"the seal"),
            false => leaf_hash(format!("entry {index}").as_bytes()),
        };
        (0..size).for_each(|index| edge.push(leaf(index)));
        assert_eq!((reader.head().size(), reader.head().root()), (size, edge.root()), "size {size}");
        let head = reader.head();
        let guarded = GuardedHead { size, root: head.root(), seal: head.seal.unwrap().id };
        std::fs::remove_file(bench.guard()).unwrap();
        drop(Guard::create(&bench.guard(), ORIGIN, guarded).unwrap());
        // On over the boundary, one batch after another, as if every one were the last before a crash.
        for step in 0..4 {
            let log = bench.open().unwrap();
            bench.put(&log, &format!("{size} and {step}")).await;
            stop(log);
        }
        bench.check_seen();
        let reader = bench.read().unwrap();
        let now = reader.head().size();
        assert_eq!(now, size + 8);
        for index in [0, 1, size / 2, size - 2, size - 1, size, now - 1] {
            let entry = reader.entry(index).unwrap().unwrap();
            let path = reader.inclusion(index, now).unwrap();
            check_inclusion(&leaf_hash(&entry.bytes), index, now, &path, &reader.head().root()).unwrap();
        }
        assert_eq!(reader.node(NodeId::leaf(0)), Ok(leaf(0)));
    }
}

async fn twenty_restarts(storage: impl Fn() -> Arc<dyn Storage>) {
    let mut bench = Bench::on(storage());
    let mut placed = BTreeMap::new();
    for restart in 0..20 {
        let log = bench.open().unwrap();
        for number in 0..13 {
            let note = format!("note {number} of run {restart}");
            placed.insert(bench.put(&log, &note).await, note);
        }
        stop(log);
        // Let go of the old handle before the table is opened again.
        bench.storage = Arc::new(MemoryStorage::new());
        bench.storage = storage();
        bench.check_seen();
    }
    let reader = bench.read().unwrap();
    let size = reader.head().size();
    assert_eq!(size, 2 + 20 * 13 * 2, "a note and a seal each");
    let mut last = 0;
    for index in 0..size {
        let entry = reader.entry(index).unwrap().unwrap().bytes;
        let path = reader.inclusion(index, size).unwrap();
        check_inclusion(&leaf_hash(&entry), index, size, &path, &reader.head().root()).unwrap();
        if let Some(time) = seal_time(&entry) {
            assert!(time > last, "seal times increase");
            assert_eq!(reader.seal_time(index), Ok(Some(time)));
            last = time;
        }
        assert_eq!(reader.index_of(&leaf_hash(&entry)), Ok(Some(index)));
    }
    for (index, note) in placed {
        assert_eq!(reader.entry(index).unwrap().unwrap().bytes, note.as_bytes());
    }
    assert!(bench.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_restarts_in_memory() {
    let storage = Arc::new(MemoryStorage::new());
    twenty_restarts(|| Arc::clone(&storage) as Arc<dyn Storage>).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_restarts_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    twenty_restarts(|| Arc::new(SledStorage::open(&path, SledOptions::default()).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_come_also_while_everything_is_refused() {
    let mut bench = Bench::new();
    bench.options.seal_interval = Duration::from_millis(20);
    let log = bench.open().unwrap();
    let until = Instant::now() + Duration::from_millis(400);
    while Instant::now() < until {
        assert_eq!(log.submit(b"refuse".to_vec()).await.err(), Some(SubmitError::Refused("asked for")));
        bench.see(&log);
    }
    let seals = log.published().reader.head().size() - 2;
    assert!((5..=25).contains(&seals), "{seals} heartbeats in 400 ms at 20 ms");
    stop(log);
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_cannot_be_written_is_put_off() {
    let faulty = Arc::new(FaultyStorage::new(MemoryStorage::new()));
    let mut bench = Bench::on(Arc::clone(&faulty) as Arc<dyn Storage>);
    (2..10_000).for_each(|commit| faulty.plan(commit, Fault::NoSpace));
    bench.options.seal_interval = Duration::from_millis(50);
    let log = bench.open().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!((2..=12).contains(&faulty.commits()), "{} tries in 500 ms", faulty.commits());
    assert_eq!(log.published().reader.head().size(), 2);
    stop(log);
    assert!(bench.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing() {
    let faulty = Arc::new(FaultyStorage::new(MemoryStorage::new()));
    let bench = Bench::on(Arc::clone(&faulty) as Arc<dyn Storage>);
    let log = bench.open().unwrap();
    let first = bench.put(&log, "first").await;
    for commit in 3..6 {
        faulty.plan(commit, Fault::NoSpace);
        assert_eq!(log.submit(b"later".to_vec()).await.err(), Some(SubmitError::NoSpace));
        assert_eq!(log.published().reader.head().size(), 4);
    }
    faulty.plan(6, Fault::NoSpace);
    assert_eq!(log.store(vec![(b"x".to_vec(), b"text".to_vec())]).await.err(), Some(SubmitError::NoSpace));
    let later = log.submit(b"later".to_vec()).await.unwrap();
    assert!(later.is_new);
    assert_eq!((first, later.index), (2, 4));
    log.store(vec![(b"x".to_vec(), b"text".to_vec())]).await.unwrap();
    assert!(log.published().reader.snapshot().get(b"x").unwrap().is_some());
    stop(log);
    bench.check_seen();
    assert!(bench.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_back_is_waited_for_then_refused() {
    let bench = filled(2).await;
    let log = bench.open().unwrap();
    let now = bench.clock.load(Ordering::SeqCst);
    // A step back that the wait outlasts.
    bench.clock.store(now - 5_000, Ordering::SeqCst);
    let clock = Arc::clone(&bench.clock);
    let repaired = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(400)).await;
        clock.store(now + 10, Ordering::SeqCst);
    });
    bench.put(&log, "late").await;
    repaired.await.unwrap();
    // One that stays.
    bench.clock.store(0, Ordering::SeqCst);
    let started = Instant::now();
    assert_eq!(log.submit(b"too late".to_vec()).await.err(), Some(SubmitError::ClockBehind));
    assert!(started.elapsed() > Duration::from_millis(1_500), "it waits first");
    bench.clock.store(now + 1_000, Ordering::SeqCst);
    bench.put(&log, "too late").await;
    stop(log);
    bench.check_seen();
    assert!(bench.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lying_disk_ends_the_log_and_recovery_finds_out() {
    for fault in [Fault::FailedNotWritten, Fault::FailedButWritten] {
        for commit in 1..=8 {
            let table = Arc::new(MemoryStorage::new());
            let mut bench = Bench::on(Arc::clone(&table) as Arc<dyn Storage>);
            bench.storage = Arc::new(FaultyStorage::new(Arc::clone(&table)).with_fault(commit, fault));
            let log = bench.open().unwrap();
            let (mut placed, mut number) = (BTreeMap::new(), 0);
            let lost = loop {
                let note = format!("note {number}");
                match log.submit(note.clone().into_bytes()).await {
                    Ok(one) => {
                        bench.see(&log);
                        placed.insert(one.index, note);
                    }
                    Err(error) => {
                        assert_eq!(error, SubmitError::Stopped);
                        break note;
                    }
                }
                number += 1;
            };
            assert_eq!(placed.len() as u64, commit - 1);
            assert_eq!(log.submit(b"afterwards".to_vec()).await.err(), Some(SubmitError::Stopped));
            // Reads go on at the last signed head until the process ends.
            assert_eq!(log.published().reader.head().size(), 2 * commit);
            stop(log);
            assert_eq!(bench.fatal.lock().unwrap().len(), 1, "{:?}", bench.fatal);
            assert!(bench.fatal.lock().unwrap()[0].contains("unknown whether the batch was stored"));
            bench.storage = table;
            let log = bench.open().unwrap();
            let again = log.submit(lost.into_bytes()).await.unwrap();
            assert_eq!(again.is_new, fault == Fault::FailedNotWritten, "{fault:?} at {commit}");
            assert_eq!(again.index, 2 * commit);
            bench.put(&log, "and on").await;
            for (index, note) in placed {
                let entry = log.published().reader.entry(index).unwrap().unwrap();
                assert_eq!(entry.bytes, note.as_bytes());
            }
            stop(log);
            bench.check_seen();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_the_log_aloud() {
    let bench = Bench::new();
    let log = bench.open().unwrap();
    bench.put(&log, "before").await;
    assert_eq!(log.submit(b"panic".to_vec()).await.err(), Some(SubmitError::Stopped));
    assert_eq!(log.submit(b"after".to_vec()).await.err(), Some(SubmitError::Stopped));
    stop(log);
    assert_eq!(*bench.fatal.lock().unwrap(), ["the sequencer panicked"]);
    let log = bench.open().unwrap();
    bench.put(&log, "again").await;
    stop(log);
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_what_was_admitted() {
    let mut bench = Bench::new();
    (bench.options.batch_entries_max, bench.options.batch_delay) = (7, Duration::from_millis(20));
    let log = bench.open().unwrap();
    let mut waiting: Vec<_> =
        (0..100).map(|number| Box::pin(log.submit(format!("note {number}").into_bytes()))).collect();
    for one in &mut waiting {
        assert!(pin!(one).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    tokio::task::block_in_place(|| log.stop());
    let mut indexes = BTreeSet::new();
    for one in waiting {
        indexes.insert(one.await.unwrap().index);
    }
    assert_eq!(indexes.len(), 100);
    let published = log.published();
    bench.see(&log);
    assert_eq!(published.reader.head().size(), 2 + 100 + 15, "batches of at most seven");
    assert_eq!(log.submit(b"too late".to_vec()).await.err(), Some(SubmitError::Stopped));
    drop(published);
    assert!(bench.fatal.lock().unwrap().is_empty());
    stop(bench.open().unwrap());
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_log_stops_it() {
    let bench = Bench::new();
    let log = bench.open().unwrap();
    bench.put(&log, "before").await;
    drop(log);
    let until = Instant::now() + Duration::from_secs(5);
    while bench.open().is_err() {
        assert!(Instant::now() < until, "the guard is let go");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_index_for_the_same_bytes() {
    let bench = Bench::new();
    let log = Arc::new(bench.open().unwrap());
    let tasks: Vec<_> = (0..64usize)
        .map(|task| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut placed = Vec::new();
                for step in 0..40 {
                    let note = format!("note {}", (task * 7 + step) % 40);
                    let one = log.submit(note.clone().into_bytes()).await.unwrap();
                    assert!(one.index < one.published.reader.head().size(), "the head holds it");
                    placed.push((note, one.index, one.is_new));
                }
                placed
            })
        })
        .collect();
    let (mut indexes, mut new) = (BTreeMap::new(), 0);
    for task in tasks {
        for (note, index, is_new) in task.await.unwrap() {
            assert_eq!(*indexes.entry(note).or_insert(index), index);
            new += usize::from(is_new);
        }
    }
    assert_eq!((indexes.len(), new), (40, 40));
    assert_eq!(indexes.values().collect::<BTreeSet<_>>().len(), 40);
    for (note, index) in indexes {
        assert_eq!(log.published().reader.entry(index).unwrap().unwrap().bytes, note.as_bytes());
    }
    bench.see(&log);
    tokio::task::block_in_place(|| log.stop());
    bench.check_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_answers_busy() {
    let mut bench = Bench::new();
    (bench.options.pool_entries_max, bench.options.batch_delay) = (3, Duration::from_millis(300));
    let log = bench.open().unwrap();
    let mut busy = 0;
    let mut admitted = Vec::new();
    for number in 0..20 {
        let mut one = Box::pin(log.submit(vec![number]));
        match one.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Pending => admitted.push(one),
            std::task::Poll::Ready(answer) => {
                assert_eq!(answer.err(), Some(SubmitError::Busy));
                busy += 1;
            }
        }
    }
    assert!((16..=17).contains(&busy), "three wait and one may be taken: {busy} busy");
    for one in admitted {
        assert!(one.await.is_ok());
    }
    bench.put(&log, "and on").await;
    stop(log);
}
