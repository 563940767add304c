//! The contract of `storage`: one suite for every engine.
#![cfg(feature = "node")]

use std::sync::Arc;

use nospy::storage::{
    Batch, Bytes, CommitError, Fault, FaultyStorage, HEAD_KEY, KEY_BYTES_MAX, MemoryStorage, Snapshot, Storage,
    StorageError, VALUE_BYTES_MAX,
};

/// A head and the pairs given, as one batch.
fn batch(head: &[u8], pairs: &[(&[u8], &[u8])]) -> Batch {
    let mut batch = Batch::new();
    batch.put(HEAD_KEY, head);
    for (key, value) in pairs {
        batch.put(*key, *value);
    }
    batch
}

fn get(snapshot: &Arc<dyn Snapshot>, key: &[u8]) -> Option<Vec<u8>> {
    snapshot.get(key).unwrap().map(|value| value.to_vec())
}

fn scan(snapshot: &Arc<dyn Snapshot>, from: &[u8], to: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs: Vec<(Bytes, Bytes)> = snapshot.scan(from, to, limit).unwrap();
    pairs.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

fn keys(pairs: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<Vec<u8>> {
    pairs.into_iter().map(|(key, _)| key).collect()
}

fn a_batch_is_applied_whole_and_only_on_its_head(storage: &dyn Storage) {
    storage.commit(None, batch(b"1", &[(b"a", b"x"), (b"b", b"")])).unwrap();
    let refused = storage.commit(None, batch(b"2", &[(b"a", b"lost"), (b"c", b"lost")]));
    let moved = CommitError::HeadMoved { expected: None, found: Some(b"1".as_slice().into()) };
    assert_eq!(refused, Err(moved));
    let snapshot = storage.snapshot().unwrap();
    assert_eq!(get(&snapshot, HEAD_KEY), Some(b"1".to_vec()));
    assert_eq!(get(&snapshot, b"a"), Some(b"x".to_vec()));
    assert_eq!(get(&snapshot, b"b"), Some(Vec::new()), "an empty value is a value");
    assert_eq!(get(&snapshot, b"c"), None);
    // A wrong head is refused whether it is shorter, longer or absent; the right one passes after a refusal.
    for wrong in [b"".as_slice(), b"0", b"11"] {
        let refused = storage.commit(Some(wrong), batch(b"2", &[]));
        assert!(matches!(refused, Err(CommitError::HeadMoved { .. })), "{wrong:?}: {refused:?}");
    }
    storage.commit(Some(b"1"), batch(b"2", &[])).unwrap();
}

fn later_words_of_a_batch_win_and_removes_remove(storage: &dyn Storage) {
    storage.commit(None, batch(b"1", &[(b"k", b"first"), (b"k", b"second"), (b"gone", b"x")])).unwrap();
    let mut removal = batch(b"2", &[(b"back", b"1")]);
    removal.remove(b"gone".as_slice());
    removal.remove(b"never was".as_slice());
    removal.remove(b"back".as_slice());
    removal.put(b"back".as_slice(), b"2".as_slice());
    storage.commit(Some(b"1"), removal).unwrap();
    let snapshot = storage.snapshot().unwrap();
    assert_eq!(get(&snapshot, b"k"), Some(b"second".to_vec()));
    assert_eq!(get(&snapshot, b"gone"), None);
    assert_eq!(get(&snapshot, b"back"), Some(b"2".to_vec()));
}

fn scans_are_bytewise_half_open_and_limited(storage: &dyn Storage) {
    let numbers = [0u64, 1, 255, 256, 65_535, 65_536, u64::MAX];
    let mut first = batch(b"1", &[(b"e", b"prefix"), (b"f", b"beyond"), (b"", b"empty key")]);
    for number in numbers.iter().rev() {
        first.put([b"e".as_slice(), &number.to_be_bytes()].concat(), number.to_string());
    }
    storage.commit(None, first).unwrap();
    let snapshot = storage.snapshot().unwrap();
    let found = scan(&snapshot, b"e", b"f", 100);
    let mut expected = vec![(b"e".to_vec(), b"prefix".to_vec())];
    expected.extend(numbers.map(|n| ([b"e".as_slice(), &n.to_be_bytes()].concat(), n.to_string().into_bytes())));
    assert_eq!(found, expected);
    for limit in 0..expected.len() + 2 {
        assert_eq!(scan(&snapshot, b"e", b"f", limit), expected[..limit.min(expected.len())]);
    }
    assert_eq!(keys(scan(&snapshot, b"", b"\xff", 1)), [b"".to_vec()]);
    assert_eq!(scan(&snapshot, b"e", b"e", 9), []);
    assert_eq!(scan(&snapshot, b"f", b"e", 9), []);
    assert_eq!(keys(scan(&snapshot, b"e\0", b"g", 1)), [[b"e".as_slice(), &[0; 8]].concat()]);
    assert_eq!(keys(scan(&snapshot, b"f", b"\xff", 9)), [b"f".to_vec(), HEAD_KEY.to_vec()]);
}

fn a_snapshot_never_changes(storage: &dyn Storage) {
    let empty = storage.snapshot().unwrap();
    storage.commit(None, batch(b"1", &[(b"a", b"1"), (b"c", b"1"), (b"d", b"1")])).unwrap();
    let first = storage.snapshot().unwrap();
    let mut second = batch(b"2", &[(b"a", b"2"), (b"b", b"2"), (b"e", b"2")]);
    second.remove(b"c".as_slice());
    storage.commit(Some(b"1"), second).unwrap();
    let middle = storage.snapshot().unwrap();
    storage.commit(Some(b"2"), batch(b"3", &[(b"a", b"3"), (b"b", b"3"), (b"c", b"3")])).unwrap();
    drop(storage.snapshot().unwrap());

    assert_eq!(scan(&empty, b"", b"\xff", 9), []);
    assert_eq!(get(&empty, HEAD_KEY), None);
    let one = |key: &[u8]| (key.to_vec(), b"1".to_vec());
    assert_eq!(scan(&first, b"a", b"f", 9), [one(b"a"), one(b"c"), one(b"d")]);
    assert_eq!(scan(&first, b"a", b"f", 2), [one(b"a"), one(b"c")]);
    assert_eq!(scan(&first, b"b", b"f", 1), [one(b"c")], "a limit counts what the snapshot shows");
    assert_eq!((get(&first, b"a"), get(&first, b"b")), (Some(b"1".to_vec()), None));
    assert_eq!(get(&first, HEAD_KEY), Some(b"1".to_vec()));
    drop(first);
    assert_eq!(keys(scan(&middle, b"a", b"f", 9)), [b"a", b"b", b"d", b"e"].map(|key| key.to_vec()));
    assert_eq!((get(&middle, b"a"), get(&middle, b"c")), (Some(b"2".to_vec()), None));
    assert_eq!(get(&storage.snapshot().unwrap(), b"c"), Some(b"3".to_vec()));
}

fn what_exceeds_a_bound_is_refused_and_not_written(storage: &dyn Storage) {
    let longest_key = vec![7; KEY_BYTES_MAX];
    let largest = vec![9; VALUE_BYTES_MAX];
    storage.commit(None, batch(b"1", &[(&longest_key, &largest)])).unwrap();
    let too_long = batch(b"2", &[(&[longest_key.clone(), vec![0]].concat(), b"")]);
    let too_large = batch(b"2", &[(b"k", &[largest.clone(), vec![0]].concat())]);
    for refused in [too_long, too_large] {
        let answer = storage.commit(Some(b"1"), refused);
        assert!(matches!(answer, Err(CommitError::OutOfBounds { .. })), "{answer:?}");
    }
    let snapshot = storage.snapshot().unwrap();
    assert_eq!(get(&snapshot, HEAD_KEY), Some(b"1".to_vec()));
    assert_eq!(get(&snapshot, &longest_key), Some(largest));
}

/// Every batch writes its number under all keys, so any reader that sees two numbers saw half a batch.
fn readers_see_whole_batches_while_a_writer_works(storage: &dyn Storage) {
    let commits = 60u32;
    std::thread::scope(|scope| {
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for _ in 0..2 {
            let done = Arc::clone(&done);
            scope.spawn(move || {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let snapshot = storage.snapshot().unwrap();
                    let head = get(&snapshot, HEAD_KEY);
                    let number = head.clone().unwrap_or_default();
                    let pairs = scan(&snapshot, b"k", b"l", 1000);
                    assert_eq!(pairs.len(), if head.is_some() { 50 } else { 0 });
                    assert!(pairs.iter().all(|(_, value)| *value == number), "head {number:?} with {pairs:?}");
                    assert_eq!(get(&snapshot, b"k07"), head);
                }
            });
        }
        let mut head: Option<Vec<u8>> = None;
        for number in 0..commits {
            let value = number.to_be_bytes();
            let mut next = batch(&value, &[]);
            for key in 0..50 {
                next.put(format!("k{key:02}"), value);
            }
            storage.commit(head.as_deref(), next).unwrap();
            head = Some(value.to_vec());
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Runs the suite: each check gets an empty table.
macro_rules! contract {
    ($engine:ident, $open:expr) => {
        mod $engine {
            use super::*;
            contract!(@check $open, a_batch_is_applied_whole_and_only_on_its_head);
            contract!(@check $open, later_words_of_a_batch_win_and_removes_remove);
            contract!(@check $open, scans_are_bytewise_half_open_and_limited);
            contract!(@check $open, a_snapshot_never_changes);
            contract!(@check $open, what_exceeds_a_bound_is_refused_and_not_written);
            contract!(@check $open, readers_see_whole_batches_while_a_writer_works);
        }
    };
    (@check $open:expr, $check:ident) => {
        #[test]
        fn $check() {
            // Whatever must outlive the table (a directory) is kept until the end of the check.
            let (_keep, storage) = $open;
            super::$check(&storage);
        }
    };
}

contract!(memory, ((), MemoryStorage::new()));
contract!(memory_behind_the_fault_wrapper, ((), FaultyStorage::new(MemoryStorage::new())));

#[test]
fn a_failed_commit_stops_the_table_until_a_restart() {
    for (fault, head_after) in [(Fault::FailedNotWritten, b"1"), (Fault::FailedButWritten, b"2")] {
        let inner = Arc::new(MemoryStorage::new());
        let faulty = FaultyStorage::new(Arc::clone(&inner)).with_fault(2, fault);
        faulty.commit(None, batch(b"1", &[])).unwrap();
        let unknown = Err(CommitError::Unknown(StorageError::Injected { commit: 2 }));
        assert_eq!(faulty.commit(Some(b"1"), batch(b"2", &[(b"k", b"v")])), unknown);
        assert_eq!(faulty.commit(Some(b"1"), batch(b"3", &[])), unknown);
        assert_eq!(faulty.commit(Some(b"2"), batch(b"3", &[])), unknown);
        let restarted = FaultyStorage::new(inner);
        assert_eq!(get(&restarted.snapshot().unwrap(), HEAD_KEY), Some(head_after.to_vec()), "{fault:?}");
        restarted.commit(Some(head_after), batch(b"3", &[])).unwrap();
    }
}

#[test]
fn a_refusal_for_space_writes_nothing_and_passes() {
    let faulty = FaultyStorage::new(MemoryStorage::new()).with_fault(1, Fault::NoSpace);
    let refused = faulty.commit(None, batch(b"1", &[]));
    assert!(matches!(refused, Err(CommitError::NoSpace { .. })), "{refused:?}");
    faulty.commit(None, batch(b"1", &[])).unwrap();
    assert_eq!(faulty.commits(), 2);
}
