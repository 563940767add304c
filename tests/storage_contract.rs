//! The contract of `storage`: one suite for every engine.
#![cfg(feature = "node")]
// Helpers outside `#[test]` functions stop the test the same way.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nospy::storage::{
    Batch, Bytes, CommitError, Fault, FaultyStorage, HEAD_KEY, KEY_BYTES_MAX, MemoryStorage, SledOptions, SledStorage,
    Snapshot, Storage, StorageError, VALUE_BYTES_MAX,
};
use proptest::prelude::*;
use tempfile::TempDir;

fn open_sled(directory: &Path) -> SledStorage {
    SledStorage::open(directory, SledOptions::default()).unwrap()
}

fn new_sled() -> (TempDir, SledStorage) {
    let directory = TempDir::new().unwrap();
    let storage = open_sled(directory.path());
    (directory, storage)
}

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
contract!(sled, new_sled());
contract!(sled_behind_the_fault_wrapper, {
    let (directory, storage) = new_sled();
    (directory, FaultyStorage::new(storage))
});

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

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(Vec<u8>, Option<Vec<u8>>)>),
    Take,
    Drop(usize),
    Look { from: Vec<u8>, to: Vec<u8>, limit: usize },
}

/// Few short keys, so that they collide.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0u8, 1, 0x7f, 0x80, 0xff]), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let write = (key(), prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..5)));
    prop_oneof![
        4 => prop::collection::vec(write, 0..8).prop_map(Step::Commit),
        2 => Just(Step::Take),
        1 => any::<usize>().prop_map(Step::Drop),
        4 => (key(), key(), 0..12usize).prop_map(|(from, to, limit)| Step::Look { from, to, limit }),
    ]
}

/// The slow definition: a snapshot is a copy of the map.
fn behaves_like_a_map(storage: &dyn Storage, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut held = vec![(storage.snapshot().unwrap(), model.clone())];
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Commit(writes) => {
                let head = model.get(HEAD_KEY).cloned();
                let mut next = Batch::new();
                next.put(HEAD_KEY, number.to_be_bytes());
                model.insert(HEAD_KEY.to_vec(), number.to_be_bytes().to_vec());
                for (key, value) in writes {
                    match value {
                        Some(value) => {
                            next.put(key.clone(), value.clone());
                            model.insert(key, value);
                        }
                        None => {
                            next.remove(key.clone());
                            model.remove(&key);
                        }
                    }
                }
                prop_assert_eq!(storage.commit(head.as_deref(), next), Ok(()));
            }
            Step::Take => held.push((storage.snapshot().unwrap(), model.clone())),
            Step::Drop(index) if held.len() > 1 => drop(held.remove(index % held.len())),
            Step::Drop(_) => {}
            Step::Look { from, to, limit } => {
                for (snapshot, map) in &held {
                    let in_range = |(key, _): &(&Vec<u8>, &Vec<u8>)| **key >= from && **key < to;
                    let expected: Vec<_> = map.iter().filter(in_range).take(limit).collect();
                    let found = scan(snapshot, &from, &to, limit);
                    prop_assert_eq!(found.iter().map(|(key, value)| (key, value)).collect::<Vec<_>>(), expected);
                    prop_assert_eq!(get(snapshot, &from), map.get(&from).cloned());
                }
            }
        }
    }
    for (snapshot, map) in &held {
        prop_assert_eq!(
            scan(snapshot, b"", &[0xff; 4], usize::MAX).into_iter().collect::<BTreeMap<_, _>>(),
            map.clone()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn memory_behaves_like_a_map_with_copies(steps in prop::collection::vec(step(), 1..40)) {
        behaves_like_a_map(&MemoryStorage::new(), steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sled_behaves_like_a_map_with_copies(steps in prop::collection::vec(step(), 1..40)) {
        let (_directory, storage) = new_sled();
        behaves_like_a_map(&storage, steps)?;
    }
}

#[test]
fn sled_keeps_everything_over_a_reopening() {
    let (directory, storage) = new_sled();
    storage.commit(None, batch(b"1", &[(b"a", b"1"), (b"b", b""), (b"c", b"1")])).unwrap();
    let mut second = batch(b"2", &[(b"a", b"2")]);
    second.remove(b"c".as_slice());
    storage.commit(Some(b"1"), second).unwrap();
    let before = scan(&storage.snapshot().unwrap(), b"", b"\xff", 9);
    assert_eq!(before.len(), 3);
    drop(storage);
    let reopened = open_sled(directory.path());
    assert_eq!(scan(&reopened.snapshot().unwrap(), b"", b"\xff", 9), before);
    let refused = reopened.commit(Some(b"1"), batch(b"3", &[]));
    assert!(matches!(refused, Err(CommitError::HeadMoved { .. })), "{refused:?}");
    reopened.commit(Some(b"2"), batch(b"3", &[])).unwrap();
}

#[test]
fn sled_refuses_a_second_opening_and_names_the_directory() {
    let (directory, first) = new_sled();
    let refused = SledStorage::open(directory.path(), SledOptions::default()).unwrap_err();
    assert_eq!(refused, StorageError::Locked { directory: directory.path().to_owned() });
    assert!(refused.to_string().contains(&directory.path().display().to_string()));
    first.commit(None, batch(b"1", &[])).unwrap();
}

#[test]
fn sled_stops_admitting_before_the_volume_is_full() {
    let directory = TempDir::new().unwrap();
    let options = SledOptions { reserve_bytes: Some(u64::MAX / 2), ..SledOptions::default() };
    let storage = SledStorage::open(directory.path(), options).unwrap();
    let refused = storage.commit(None, batch(b"1", &[(b"k", b"v")]));
    assert!(matches!(refused, Err(CommitError::NoSpace { .. })), "{refused:?}");
    assert_eq!(get(&storage.snapshot().unwrap(), HEAD_KEY), None);
    let space = storage.space().unwrap();
    assert!(space.available_bytes.unwrap() > 0 && space.available_bytes.unwrap() < space.reserve_bytes);
    drop(storage);
    open_sled(directory.path()).commit(None, batch(b"1", &[(b"k", b"v")])).unwrap();
}

/// Goal: no page ever lands in a file that nobody syncs. Method: the largest values the room takes, in an order and
/// with overwrites that split, fill and rewrite leaves.
#[test]
fn sled_writes_no_files_beside_the_one_we_sync() {
    let (directory, storage) = new_sled();
    let mut head: Option<Vec<u8>> = None;
    for round in 0..12u8 {
        let mut next = batch(&[round], &[]);
        for number in 0..40u8 {
            let key = [vec![number.wrapping_mul(37) % 40], vec![0; KEY_BYTES_MAX - 1]].concat();
            if (number + round) % 5 == 4 { next.remove(key) } else { next.put(key, vec![round; VALUE_BYTES_MAX]) }
        }
        storage.commit(head.as_deref(), next).unwrap();
        head = Some(vec![round]);
    }
    drop(storage);
    let blobs = directory.path().join("blobs");
    assert!(blobs.is_dir(), "the engine's layout has changed: look again where it keeps large pages");
    assert_eq!(std::fs::read_dir(blobs).unwrap().count(), 0);
}

/// Goal: damage is an error with a next step, never a panic. Method: one flipped bit at a time, spread over three
/// segments. In the last segment the engine takes damage for the torn end of its log and drops what follows: that is
/// for the rooms above to notice, by the head. In the older ones it must be named.
#[test]
fn sled_names_damage_instead_of_panicking() {
    let (directory, storage) = new_sled();
    let mut head: Option<Vec<u8>> = None;
    for number in 0..20u8 {
        let mut next = batch(&[number], &[]);
        for value in 0..18u8 {
            next.put([b'k', number, value], vec![number ^ value | 1; VALUE_BYTES_MAX]);
        }
        storage.commit(head.as_deref(), next).unwrap();
        head = Some(vec![number]);
    }
    drop(storage);
    let bytes = std::fs::read(directory.path().join("db")).unwrap();
    let named = (0..6).map(|number| {
        let copy = TempDir::new().unwrap();
        let mut damaged = bytes.clone();
        damaged[100_000 + number * (bytes.len() / 6)] ^= 0x10;
        std::fs::create_dir(copy.path().join("blobs")).unwrap();
        std::fs::write(copy.path().join("db"), &damaged).unwrap();
        std::fs::copy(directory.path().join("conf"), copy.path().join("conf")).unwrap();
        let opened = SledStorage::open(copy.path(), SledOptions::default());
        match opened.and_then(|storage| storage.snapshot()?.scan(b"", b"\xff", 1000)) {
            Ok(_) => false,
            Err(StorageError::Corrupt { directory, .. }) => directory == copy.path(),
            Err(other) => panic!("flip {number}: {other:?}"),
        }
    });
    assert!(named.filter(|named| *named).count() > 0, "no flip was named");
}

const KILL_DIRECTORY: &str = "NOSPY_STORAGE_KILL_DIRECTORY";

/// The value batch `number` writes under its own key: 0 to 8,191 bytes that depend on the number.
fn entry(number: u64) -> Vec<u8> {
    vec![number as u8; (number.wrapping_mul(2_654_435_761) % 8192) as usize]
}

fn entry_key(number: u64) -> Vec<u8> {
    [b"e".as_slice(), &number.to_be_bytes()].concat()
}

fn stored_head(storage: &dyn Storage) -> Option<u64> {
    let head = get(&storage.snapshot().unwrap(), HEAD_KEY)?;
    Some(u64::from_be_bytes(head.try_into().unwrap()))
}

/// The child: commits batch after batch from the stored head on, and prints each number once it is acknowledged.
fn commit_until_killed(directory: &Path) -> ! {
    let storage = open_sled(directory);
    let mut head = stored_head(&storage);
    let mut stdout = std::io::stdout();
    writeln!(stdout).unwrap();
    loop {
        let number = head.map_or(0, |head| head + 1);
        let mut next = batch(&number.to_be_bytes(), &[(b"overwritten", &number.to_be_bytes())]);
        next.put(entry_key(number), entry(number));
        storage.commit(head.map(u64::to_be_bytes).as_ref().map(|head| head.as_slice()), next).unwrap();
        writeln!(stdout, "acknowledged {number}").unwrap();
        stdout.flush().unwrap();
        head = Some(number);
    }
}

/// Goal: what was acknowledged survives a kill -9, and a batch is in or out, never half. Method: a child process
/// commits and prints, the parent kills it at a random time and looks. NOSPY_ROUNDS sets the number of rounds.
#[test]
fn sled_loses_nothing_acknowledged_to_a_kill() {
    if let Some(directory) = std::env::var_os(KILL_DIRECTORY) {
        commit_until_killed(Path::new(&directory));
    }
    let rounds = std::env::var("NOSPY_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut random = seed;
    let directory = TempDir::new().unwrap();
    let mut acknowledged: Option<u64> = None;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sled_loses_nothing_acknowledged_to_a_kill", "--nocapture", "--test-threads=1"])
            .env(KILL_DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
        let first = numbers.next().unwrap_or_else(|| panic!("seed {seed}, round {round}: the child committed nothing"));
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(random % 200_000));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(acknowledged.is_none_or(|before| first > before), "seed {seed}, round {round}: a number came twice");
        acknowledged = numbers.last().or(Some(first));

        let storage = open_sled(directory.path());
        let head = stored_head(&storage);
        assert!(
            head >= acknowledged && head <= acknowledged.map(|number| number + 1),
            "seed {seed}, round {round}: acknowledged {acknowledged:?}, stored {head:?}"
        );
        let expected: Vec<_> = (0..=head.unwrap()).map(|number| (entry_key(number), entry(number))).collect();
        let snapshot = storage.snapshot().unwrap();
        assert!(scan(&snapshot, b"e", b"f", usize::MAX) == expected, "seed {seed}, round {round}: entries differ");
        assert_eq!(get(&snapshot, b"overwritten"), get(&snapshot, HEAD_KEY), "seed {seed}, round {round}");
    }
    println!("{rounds} kills, {acknowledged:?} acknowledged last");
}
