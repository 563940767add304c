//! `fsck` finds every single damage of a stored log and names it, and finds nothing in a whole one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use nospy::agreement::Rule;
use nospy::crypto::{Digest, KeyLine, NoteAlgorithm, SigningKey, hex, sha256};
use nospy::docket::{Touch, plan};
use nospy::evidence::Seal;
use nospy::log::{Batch as LogBatch, Guard, GuardedHead, Head, OpenError, PartialTiles, StoredLog};
use nospy::merkle::{DocketMap, chain_next, chain_start, leaf_hash};
use nospy::registry::{
    self, Fault, FaultFamily, FsckReport, GuardCheck, Opening, Options, Registry, SystemClock, fsck,
};
use nospy::statement::{Issuer, Statement};
use nospy::storage::{Batch, HEAD_KEY, MemoryStorage, SledOptions, SledStorage, Storage};
use program::{Bench, Served};
use serde_json::json;
use served::{ORIGIN, acceptance, enrolment, genesis, government, listing, log_key, offer, registrar, sign, vendor};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

const TEXT: &[u8] = b"The vendor does not spy.";
const LISTINGS: usize = 300;

fn key_line(key: &SigningKey) -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, key.public()).unwrap()
}

fn rows_of(storage: &dyn Storage) -> Rows {
    let snapshot = storage.snapshot().unwrap();
    let rows = snapshot.scan(b"", &[0xff; 600], usize::MAX).unwrap();
    rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

fn fill(storage: &dyn Storage, rows: &Rows) {
    let mut batch = Batch::new();
    rows.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
    storage.commit(None, batch).unwrap();
}

fn memory(rows: &Rows) -> MemoryStorage {
    let storage = MemoryStorage::new();
    fill(&storage, rows);
    storage
}

fn check(rows: &Rows) -> FsckReport {
    fsck(&memory(rows), &key_line(&log_key()), None, &mut |_, _| ()).unwrap()
}

fn faults(report: &FsckReport) -> BTreeSet<Fault> {
    report.findings.iter().map(|finding| finding.fault).collect()
}

/// Writes a log of several hundred statements in several batches through the registry itself.
async fn write_log(storage: Arc<dyn Storage>, guard: &Path) {
    let opening = Opening {
        storage,
        guard: guard.to_owned(),
        log_key: log_key(),
        origin: ORIGIN.parse().unwrap(),
        clock: Arc::new(SystemClock),
        on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
        options: Options::default(),
    };
    registry::create(&opening, &genesis()).unwrap();
    let registry = Registry::open(opening).unwrap();
    let offered = offer("terms-1", TEXT);
    let now = jiff::Timestamp::from_second(i64::try_from(served::now_s()).unwrap()).unwrap();
    let day = now.in_tz(served::ZONE).unwrap().date().to_string();
    for statement in [
        enrolment("acme", "vendor", "se", &vendor()),
        enrolment("de-bsi", "government", "de", &government()),
        offered.clone(),
        acceptance("terms-1", &offered, &day, &day),
    ] {
        registry.publish(statement.bytes()).await.unwrap();
    }
    registry.deposit_text(&sha256(&[TEXT]), TEXT).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..LISTINGS {
        let registry = registry.clone();
        waiting.spawn(async move { registry.publish(listing(&format!("p{number}x{}", number * 7)).bytes()).await });
    }
    while let Some(published) = waiting.join_next().await {
        published.unwrap().unwrap();
    }
    registry.shutdown().await;
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
}

/// The rows of a whole log, and what a guard of it remembers.
static WHOLE: LazyLock<(Rows, GuardedHead)> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let (storage, guard) = (Arc::new(MemoryStorage::new()), directory.path().join("guard"));
    run(write_log(Arc::clone(&storage) as Arc<dyn Storage>, &guard));
    let seen = *Guard::open(&guard, ORIGIN).unwrap().head();
    (rows_of(&*storage), seen)
});

fn entry_key(index: u64) -> Vec<u8> {
    [&b"e"[..], &index.to_be_bytes()].concat()
}

fn id_key(entry: &[u8]) -> Vec<u8> {
    [&b"i"[..], &leaf_hash(entry)[..16]].concat()
}

fn size_of(rows: &Rows) -> u64 {
    rows.keys().filter(|key| key[0] == b'e').count() as u64
}

/// An entry in the middle of the first tile that is no seal: a listing.
fn middle(rows: &Rows) -> u64 {
    (100..200u64).find(|index| !rows.contains_key(&[&b"s"[..], &index.to_be_bytes()].concat())).unwrap()
}

fn first(rows: &Rows, prefix: &[u8]) -> Vec<u8> {
    rows.keys().find(|key| key.starts_with(prefix)).unwrap().clone()
}

fn flip(rows: &mut Rows, key: &[u8], at: usize) {
    let value = rows.get_mut(key).unwrap();
    value[at] ^= 1;
}

#[test]
fn a_whole_log_is_clean_on_every_engine() {
    let (rows, seen) = &*WHOLE;
    let report = check(rows);
    assert_eq!(report.findings, []);
    assert_eq!(report.entries, size_of(rows));
    assert_eq!(report.root, Some(seen.root));
    assert!(report.seals >= 6 && report.entries > 256 && report.texts == 1, "{report:?}");
    assert_eq!(report.signatures, report.entries, "every entry is signed");
    assert_eq!(report.guard, GuardCheck::NotAsked);

    let directory = tempfile::tempdir().unwrap();
    let guard = directory.path().join("guard");
    let storage = Arc::new(SledStorage::open(directory.path().join("data"), SledOptions::default()).unwrap());
    run(write_log(Arc::clone(&storage) as Arc<dyn Storage>, &guard));
    let mut told = Vec::new();
    let report =
        fsck(&*storage, &key_line(&log_key()), Some(&guard), &mut |done, total| told.push((done, total))).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.guard, GuardCheck::Agrees { size: report.entries });
    assert_eq!(told.last(), Some(&(report.entries, report.entries)));
}

#[test]
fn an_empty_table_is_no_log() {
    let checked = fsck(&MemoryStorage::new(), &key_line(&log_key()), None, &mut |_, _| ());
    assert!(matches!(checked, Err(OpenError::Empty)));
}

/// Damages one row and expects exactly these faults, the first of them at `index`.
fn expect(name: &str, damage: impl Fn(&mut Rows), index: Option<u64>, expected: &[Fault]) {
    let mut rows = WHOLE.0.clone();
    damage(&mut rows);
    assert_ne!(rows, WHOLE.0, "{name}: nothing was damaged");
    let report = check(&rows);
    assert_eq!(faults(&report), expected.iter().copied().collect(), "{name}: {:#?}", report.findings);
    let about = report.findings.iter().find(|finding| finding.fault == expected[0]).unwrap();
    assert_eq!(about.index, index, "{name}: {about:?}");
}

#[test]
fn every_damaged_row_of_the_log_is_named() {
    let rows = &WHOLE.0;
    let (at, size) = (middle(rows), size_of(rows));
    let entry = rows[&entry_key(at)][32..].to_vec();
    let seal = rows.keys().filter(|key| key[0] == b's').nth(2).unwrap().clone();
    let seal_index = u64::from_be_bytes(seal[1..].try_into().unwrap());
    let seal_key = |index: u64| [&b"s"[..], &index.to_be_bytes()].concat();
    let tile = [&b"t\0"[..], &[0; 8]].concat();

    let altered = [
        Fault::StatementSignature,
        Fault::Chain,
        Fault::IdRow,
        Fault::ExtraRow,
        Fault::Tile,
        Fault::Head,
        Fault::SealDockets,
        Fault::DocketRow,
    ];
    // The last byte of an entry is one of its signature.
    expect("entry byte", |rows| flip(rows, &entry_key(at), 32 + entry.len() - 1), Some(at), &altered);
    expect("chain value", |rows| flip(rows, &entry_key(at), 7), Some(at), &[Fault::Chain]);
    expect("last chain value", |rows| flip(rows, &entry_key(size - 1), 7), Some(size - 1), &[Fault::Chain]);
    let beyond = |rows: &mut Rows| drop(rows.insert(entry_key(size), rows[&entry_key(at)].clone()));
    expect("entry beyond the head", beyond, Some(size), &[Fault::EntryBeyondHead]);

    let other_index = |rows: &mut Rows| drop(rows.insert(id_key(&entry), 3u64.to_be_bytes().to_vec()));
    expect("id row to another entry", other_index, Some(at), &[Fault::IdRow]);
    expect("id row without index", |rows| drop(rows.insert(id_key(&entry), vec![])), Some(at), &[Fault::IdRow]);
    expect("id row gone", |rows| drop(rows.remove(&id_key(&entry))), Some(at), &[Fault::IdRow]);
    let extra_id = |rows: &mut Rows| drop(rows.insert(id_key(b"no entry"), at.to_be_bytes().to_vec()));
    expect("id row too many", extra_id, None, &[Fault::ExtraRow]);

    expect("seal time", |rows| flip(rows, &seal, 7), Some(seal_index), &[Fault::SealRow]);
    expect("seal row gone", |rows| drop(rows.remove(&seal)), Some(seal_index), &[Fault::SealRow]);
    let noted = |rows: &mut Rows| drop(rows.insert(seal_key(at), rows[&seal].clone()));
    expect("seal row at a statement", noted, Some(at), &[Fault::ExtraRow]);
    let noted = |rows: &mut Rows| drop(rows.insert(seal_key(size + 5), rows[&seal].clone()));
    expect("seal row beyond the log", noted, Some(size + 5), &[Fault::ExtraRow]);

    expect("tile hash", |rows| flip(rows, &tile, 32 * 9 + 3), Some(9), &[Fault::Tile]);
    expect("tile cut", |rows| rows.get_mut(&tile).unwrap().truncate(32 * 200), Some(200), &[Fault::Tile]);
    expect("tile gone", |rows| drop(rows.remove(&tile)), Some(255), &[Fault::Tile]);
    let extra_tile = |rows: &mut Rows| drop(rows.insert([&b"t\x01"[..], &[0; 8]].concat(), rows[&tile].clone()));
    expect("tile beyond the tree", extra_tile, None, &[Fault::ExtraRow]);

    expect("head byte", |rows| flip(rows, HEAD_KEY, 40), None, &[Fault::Head]);
    expect("head gone", |rows| drop(rows.remove(HEAD_KEY)), None, &[Fault::Head]);
    let with_head = |rows: &mut Rows, change: &dyn Fn(&mut Head)| {
        let mut head = Head::from_bytes(&rows[HEAD_KEY]).unwrap();
        change(&mut head);
        rows.insert(HEAD_KEY.to_vec(), head.to_bytes());
    };
    expect("head dockets", |rows| with_head(rows, &|head| head.dockets[0] ^= 1), None, &[Fault::Head]);
    expect("head chain", |rows| with_head(rows, &|head| head.chain[0] ^= 1), None, &[Fault::Head]);
    let later = |head: &mut Head| head.seal.as_mut().unwrap().time_ms += 1;
    expect("head seal", |rows| with_head(rows, &later), None, &[Fault::Head]);
    expect("a stranger's row", |rows| drop(rows.insert(b"zz".to_vec(), vec![1])), None, &[Fault::ExtraRow]);
    expect("a row before all", |rows| drop(rows.insert(vec![], vec![1])), None, &[Fault::ExtraRow]);
    expect("a row beside the head", |rows| drop(rows.insert(b"head2".to_vec(), vec![])), None, &[Fault::ExtraRow]);
    expect("a short entry key", |rows| drop(rows.insert(b"e12".to_vec(), vec![])), None, &[Fault::ExtraRow]);
}

#[test]
fn every_damaged_row_of_the_dockets_and_texts_is_named() {
    let rows = &WHOLE.0;
    let (value, list) = (first(rows, b"k"), first(rows, b"l"));
    expect("docket count", |rows| flip(rows, &value, 7), None, &[Fault::DocketRow]);
    expect("docket step", |rows| flip(rows, &value, 20), None, &[Fault::DocketRow]);
    expect("docket number", |rows| flip(rows, &value, 47), None, &[Fault::DocketRow]);
    expect("docket cut", |rows| rows.get_mut(&value).unwrap().truncate(40), None, &[Fault::DocketRow]);
    expect("docket gone", |rows| drop(rows.remove(&value)), None, &[Fault::DocketRow]);
    let extra = |rows: &mut Rows| drop(rows.insert([&b"k"[..], &[7; 32]].concat(), rows[&value].clone()));
    expect("docket too many", extra, None, &[Fault::ExtraRow]);

    let index = Some(u64::from_be_bytes(rows[&list][..].try_into().unwrap()));
    expect("list row", |rows| flip(rows, &list, 7), index, &[Fault::DocketList]);
    expect("list row gone", |rows| drop(rows.remove(&list)), index, &[Fault::DocketList]);
    let extra = |rows: &mut Rows| {
        let key = [&b"l"[..], &0u64.to_be_bytes(), &9_999u64.to_be_bytes()].concat();
        rows.insert(key, vec![0; 8]);
    };
    expect("list too long", extra, None, &[Fault::ExtraRow]);
    let extra = |rows: &mut Rows| drop(rows.insert([&b"l"[..], &[1; 16]].concat(), vec![0; 8]));
    expect("list too many", extra, None, &[Fault::ExtraRow]);

    let agreement = first(rows, b"a");
    let index = Some(u64::from_be_bytes(agreement[1..].try_into().unwrap()));
    expect("agreement row", |rows| flip(rows, &agreement, 3), index, &[Fault::DerivedRow]);
    expect("agreement row gone", |rows| drop(rows.remove(&agreement)), index, &[Fault::DerivedRow]);
    let (kind, chunk, length) = (first(rows, b"w"), first(rows, b"x"), first(rows, b"y"));
    expect("media type", |rows| flip(rows, &kind, 3), None, &[Fault::DerivedRow]);
    expect("text byte", |rows| flip(rows, &chunk, 3), None, &[Fault::Text]);
    expect("text gone", |rows| drop(rows.remove(&chunk)), None, &[Fault::Text]);
    expect("text size", |rows| flip(rows, &length, 7), None, &[Fault::Text]);
    expect("text not complete", |rows| drop(rows.remove(&length)), None, &[Fault::ExtraRow]);
}

/// Replaces the entry at `at` by another statement that any verifier can read, with its tile and id row.
fn replace(rows: &mut Rows, at: u64) {
    let old = rows[&entry_key(at)].clone();
    let new = listing("somebody-else");
    rows.insert(entry_key(at), [&old[..32], new.bytes()].concat());
    rows.remove(&id_key(&old[32..]));
    rows.insert(id_key(new.bytes()), at.to_be_bytes().to_vec());
    let tile = rows.get_mut(&[&b"t\0"[..], &[0; 8]].concat()).unwrap();
    let position = usize::try_from(at).unwrap() * 32;
    tile[position..position + 32].copy_from_slice(&leaf_hash(new.bytes()));
}

#[test]
fn an_entry_replaced_with_its_tile_is_found_at_its_place() {
    let at = middle(&WHOLE.0);
    let mut rows = WHOLE.0.clone();
    replace(&mut rows, at);
    let report = check(&rows);
    let found = faults(&report);
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Chain && finding.index == Some(at)));
    assert!(found.contains(&Fault::Head) && found.contains(&Fault::SealDockets) && !found.contains(&Fault::Tile));

    // With every chain value made to fit, the next seal still signs the old one.
    let mut chain = chain_start(ORIGIN);
    for index in 0..size_of(&rows) {
        let record = rows.get_mut(&entry_key(index)).unwrap();
        chain = chain_next(&chain, &leaf_hash(&record[32..]));
        record[..32].copy_from_slice(&chain);
    }
    let found = faults(&check(&rows));
    assert!(found.contains(&Fault::SealChain) && !found.contains(&Fault::Chain), "{found:?}");
}

#[test]
fn missing_and_unreadable_entries_are_found_once() {
    let at = middle(&WHOLE.0);
    let mut rows = WHOLE.0.clone();
    rows.remove(&entry_key(at));
    rows.remove(&entry_key(at + 1));
    let report = check(&rows);
    let missing: Vec<_> = report.findings.iter().filter(|one| one.fault == Fault::EntryMissing).collect();
    assert!(matches!(missing[..], [one] if one.index == Some(at) && one.message.contains("2 entries")), "{missing:?}");
    assert!(report.root.is_none() && !report.is_cut_short);

    let mut rows = WHOLE.0.clone();
    let last = size_of(&rows) - 1;
    rows.remove(&entry_key(last));
    let found = faults(&check(&rows));
    assert!(found.contains(&Fault::EntryMissing) && found.contains(&Fault::Unsealed), "{found:?}");

    for record in [vec![], vec![0; 32], WHOLE.0[&entry_key(at)][..40].to_vec()] {
        let mut rows = WHOLE.0.clone();
        rows.insert(entry_key(at), record);
        let report = check(&rows);
        let is_it = |one: &&registry::FsckFinding| one.fault == Fault::EntryMalformed;
        let found: Vec<_> = report.findings.iter().filter(is_it).map(|one| one.index).collect();
        assert_eq!(found, [Some(at)], "{:#?}", report.findings);
        assert!(!report.is_cut_short, "one damage is not told a hundred times: {:#?}", report.findings);
    }

    // Also where the seal itself is what cannot be read.
    let seal = WHOLE.0.keys().filter(|key| key[0] == b's').nth(2).unwrap();
    let mut rows = WHOLE.0.clone();
    rows.insert([b"e", &seal[1..]].concat(), vec![1; 40]);
    let found = faults(&check(&rows));
    assert!(found.contains(&Fault::EntryMalformed) && !found.contains(&Fault::SealOrder), "{found:?}");
    assert!(!found.contains(&Fault::SealDockets) && !found.contains(&Fault::DocketRow), "{found:?}");
}

#[test]
fn swapped_entries_are_found() {
    let at = middle(&WHOLE.0);
    let mut rows = WHOLE.0.clone();
    let (one, other) = (rows[&entry_key(at)].clone(), rows[&entry_key(3)].clone());
    rows.insert(entry_key(at), other);
    rows.insert(entry_key(3), one);
    let report = check(&rows);
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Chain && finding.index == Some(3)));
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::IdRow && finding.index == Some(at)));
}

#[test]
fn a_ruined_log_ends_at_the_most_findings() {
    let mut rows = WHOLE.0.clone();
    rows.retain(|key, _| key[0] != b'i');
    let report = check(&rows);
    assert!(report.is_cut_short && report.findings.len() == registry::FINDINGS_OF_A_FAULT_MAX);
    assert_eq!(report.gravest(), Some(FaultFamily::Damage));
    rows.retain(|key, _| !b"lk".contains(&key[0]));
    (0..50u8).for_each(|number| drop(rows.insert(vec![b'z', number], vec![])));
    let report = check(&rows);
    assert!(report.is_cut_short && report.findings.len() == registry::FINDINGS_MAX);
}

#[test]
fn another_key_means_another_log() {
    let report = fsck(&memory(&WHOLE.0), &key_line(&registrar()), None, &mut |_, _| ()).unwrap();
    assert_eq!(faults(&report), BTreeSet::from([Fault::Genesis, Fault::SealSignature]));
    assert_eq!(report.gravest(), Some(FaultFamily::Signature));
}

#[test]
fn the_guard_is_compared_and_let_go() {
    let (rows, seen) = &*WHOLE;
    let directory = tempfile::tempdir().unwrap();
    let storage = memory(rows);
    let look = |path: &Path| fsck(&storage, &key_line(&log_key()), Some(path), &mut |_, _| ()).unwrap();
    let guarded = |name: &str, head: GuardedHead| {
        let path = directory.path().join(name);
        drop(Guard::create(&path, ORIGIN, head).unwrap());
        path
    };
    let own = guarded("own", *seen);
    assert_eq!(look(&own).guard, GuardCheck::Agrees { size: seen.size });
    let held = Guard::open(&own, ORIGIN).unwrap();
    let report = look(&own);
    assert!(report.is_clean() && matches!(report.guard, GuardCheck::NotChecked { .. }), "{report:?}");
    drop(held);

    let genesis_seal = &rows[&entry_key(1)][32..];
    let leaves = [leaf_hash(&rows[&entry_key(0)][32..]), leaf_hash(genesis_seal)];
    let root = nospy::merkle::node_hash(&leaves[0], &leaves[1]);
    let early = GuardedHead { size: 2, root, seal: Digest(leaves[1]) };
    assert_eq!(look(&guarded("behind", early)).guard, GuardCheck::Agrees { size: 2 });

    let wrong = [
        guarded("ahead", GuardedHead { size: seen.size + 1, ..*seen }),
        guarded("root", GuardedHead { root: [7; 32], ..*seen }),
        guarded("seal", GuardedHead { seal: Digest([7; 32]), ..*seen }),
        directory.path().join("missing"),
    ];
    for path in wrong {
        let report = look(&path);
        assert_eq!(faults(&report), BTreeSet::from([Fault::Guard]), "{}", path.display());
        assert_eq!(report.guard, GuardCheck::Differs { path });
    }
}

/// A log written without a desk: what it holds and seals is what it is told.
struct Forger {
    storage: MemoryStorage,
    head: Head,
    partials: PartialTiles,
    map: DocketMap,
    time_ms: u64,
}

impl Forger {
    fn new() -> Self {
        let mut forger = Self {
            storage: MemoryStorage::new(),
            head: Head::empty(ORIGIN),
            partials: PartialTiles::default(),
            map: DocketMap::new(),
            time_ms: served::now_s() * 1_000,
        };
        forger.batch(&[genesis()], |seal| seal, &log_key());
        forger
    }

    /// Seals a batch with a seal that `change` had its hands on.
    fn batch(&mut self, statements: &[Statement], change: impl Fn(Seal) -> Seal, key: &SigningKey) {
        self.time_ms += 10;
        let mut batch = LogBatch::begin(&self.head, &self.partials);
        let touches: Vec<Touch> = statements
            .iter()
            .map(|one| {
                let index = batch.push(one.bytes());
                Touch { index, id: *one.id(), subjects: one.touches(|_| None).unwrap() }
            })
            .collect();
        let snapshot = self.storage.snapshot().unwrap();
        let planned = plan(&self.map, &*snapshot, self.time_ms, &touches).unwrap();
        let honest = Seal {
            index: batch.next_index(),
            id: Digest([0; 32]),
            from: batch.from(),
            prev: self.head.seal.map(|seal| seal.id),
            time_ms: self.time_ms,
            chain: *batch.chain(),
            dockets: planned.root,
        };
        let seal = change(honest);
        let origin = ORIGIN.parse().unwrap();
        let draft = Seal::draft(&origin, seal.from, seal.prev.as_ref(), seal.time_ms, &seal.chain, &seal.dockets);
        batch.add_rows(planned.rows.clone());
        batch.add_rows(self.usage(statements));
        let root = planned.root;
        planned.apply(&mut self.map);
        let closed = batch.close(draft.sign(key).unwrap().bytes(), seal.time_ms, root);
        let mut rows = Batch::new();
        closed.rows.iter().for_each(|(key, value)| rows.put(key.clone(), value.clone()));
        rows.put(HEAD_KEY, closed.head.to_bytes());
        let expected = snapshot.get(HEAD_KEY).unwrap();
        self.storage.commit(expected.as_deref(), rows).unwrap();
        (self.head, self.partials) = (closed.head, closed.partials);
    }

    /// The rows of what each party has registered, with these statements.
    fn usage(&self, statements: &[Statement]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Rows::new();
        for one in statements {
            let Issuer::Party(party) = one.issuer() else { continue };
            if party.is_registrar() {
                continue;
            }
            let key = [b"q", party.as_str().as_bytes()].concat();
            let before = || self.storage.snapshot().unwrap().get(&key).unwrap().map_or(vec![0; 16], |row| row.to_vec());
            let row = rows.remove(&key).unwrap_or_else(before);
            let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap());
            let (count, bytes) = (number(&row[..8]) + 1, number(&row[8..]) + one.bytes().len() as u64);
            rows.insert(key, [count.to_be_bytes(), bytes.to_be_bytes()].concat());
        }
        rows.into_iter().collect()
    }

    fn check(&self) -> FsckReport {
        fsck(&self.storage, &key_line(&log_key()), None, &mut |_, _| ()).unwrap()
    }
}

#[test]
fn what_a_log_signed_wrongly_is_found_although_every_row_fits() {
    let own = |seal: Seal| seal;
    let sealed = |change: fn(Seal) -> Seal, expected: Fault| {
        let mut forger = Forger::new();
        assert_eq!(forger.check().findings, [], "the forger can be honest");
        forger.batch(&[listing("acme")], change, &log_key());
        let report = forger.check();
        assert_eq!(faults(&report), BTreeSet::from([expected]), "{:#?}", report.findings);
        assert_eq!(report.findings[0].index, Some(3));
        forger.batch(&[listing("later")], own, &log_key());
        assert_eq!(forger.check().findings.len(), 1, "and later batches are not blamed");
    };
    sealed(|seal| Seal { dockets: [1; 32], ..seal }, Fault::SealDockets);
    sealed(|seal| Seal { chain: [1; 32], ..seal }, Fault::SealChain);
    sealed(|seal| Seal { from: 1, ..seal }, Fault::SealOrder);
    sealed(|seal| Seal { prev: Some(Digest([1; 32])), ..seal }, Fault::SealOrder);

    let mut forger = Forger::new();
    forger.batch(&[listing("acme")], own, &registrar());
    assert_eq!(faults(&forger.check()), BTreeSet::from([Fault::SealSignature]));

    let mut forger = Forger::new();
    let good = listing("acme");
    let mut bytes = good.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    forger.batch(&[Statement::parse(&bytes).unwrap()], own, &log_key());
    let report = forger.check();
    assert_eq!(faults(&report), BTreeSet::from([Fault::StatementSignature]));
    assert_eq!(report.findings[0].index, Some(2));

    let mut forger = Forger::new();
    forger.batch(&[listing("acme"), offer("terms-1", TEXT)], own, &log_key());
    let report = forger.check();
    let [finding] = &report.findings[..] else { panic!("{:#?}", report.findings) };
    assert_eq!((finding.fault, finding.index), (Fault::Inadmissible, Some(3)));
    assert_eq!(finding.rule, Some(Rule::SignerLacksAuthority));
    assert_eq!(report.gravest(), Some(FaultFamily::Inadmissible));
}

#[test]
fn a_seal_behind_the_end_of_the_log_is_found() {
    let next = SigningKey::from_seed(&[8; 32]);
    let body = json!({ "origin": "demo.next.example/nospy", "log_key": hex(next.public().as_bytes()) });
    let close = sign(&registrar(), "registrar", "registry", "registry.close", &body);
    let mut forger = Forger::new();
    forger.batch(&[listing("acme"), close], |seal| seal, &log_key());
    assert_eq!(forger.check().findings, [], "the seal of its own batch is the last");
    forger.batch(&[], |seal| seal, &log_key());
    let report = forger.check();
    assert_eq!(faults(&report), BTreeSet::from([Fault::SealAfterEnd]));
    assert_eq!((report.findings[0].index, report.gravest()), (Some(5), Some(FaultFamily::Damage)));
    // What enters behind it breaks a rule as well.
    forger.batch(&[listing("late")], |seal| seal, &log_key());
    assert_eq!(faults(&forger.check()), BTreeSet::from([Fault::SealAfterEnd, Fault::Inadmissible]));
}

#[test]
fn the_reader_of_stored_rows_shows_what_is_there() {
    let storage = memory(&WHOLE.0);
    let snapshot = storage.snapshot().unwrap();
    let stored = StoredLog::new(&*snapshot);
    let entries = stored.entries().map(|row| row.unwrap().place.unwrap());
    assert!(entries.eq(0..size_of(&WHOLE.0)));
    assert_eq!(stored.head().unwrap().unwrap().unwrap().size(), size_of(&WHOLE.0));
}

/// Writes `rows` as the database `name` of a bench.
fn on_disk(bench: &Bench, name: &str, rows: &Rows) {
    fill(&SledStorage::open(bench.path(name), SledOptions::default()).unwrap(), rows);
}

#[test]
fn the_program_tells_what_it_found_by_its_exit_code() {
    let bench = Bench::new();
    bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
    let fsck = |more: &[&str]| bench.run(&[&["log", "fsck", "--config", "reg/nospy.toml"], more].concat());
    fsck(&[]).exits(0).says("✓ 2 entries (1 seals), 2 signatures").says("guard  ✓ has seen 2 entries").says("DEMO");
    let report = fsck(&["--output", "json"]).exits(0).json();
    assert_eq!((&report["clean"], &report["guard"]["state"]), (&true.into(), &"agrees".into()));

    let served = Served::start(&bench, "reg");
    fsck(&[]).exits(2).says("in use").says("Stop the registry");
    assert_eq!(served.stop(), 0);

    std::fs::rename(bench.path("reg/head.guard"), bench.path("reg/elsewhere")).unwrap();
    fsck(&[]).exits(11).says("✗ guard: there is no head guard");
    fsck(&["--data", "reg/data"]).exits(0).says("guard  – not looked at");
    fsck(&["--guard", "reg/elsewhere"]).exits(0).says("✓ has seen 2 entries");
    std::fs::rename(bench.path("reg/elsewhere"), bench.path("reg/head.guard")).unwrap();

    {
        let storage = SledStorage::open(bench.path("reg/data"), SledOptions::default()).unwrap();
        let mut rows = rows_of(&storage);
        let docket = first(&rows, b"k");
        flip(&mut rows, &docket, 30);
        let mut batch = Batch::new();
        batch.put(docket.clone(), rows[&docket].clone());
        storage.commit(Some(&rows[HEAD_KEY]), batch).unwrap();
    }
    fsck(&[]).exits(11).says("✗ docket_row: the value of registry").says("Nothing was changed");
    let report = fsck(&["--output", "json"]).exits(11).json();
    assert_eq!(report["findings"][0]["fault"], "docket_row");
    assert_eq!(report["findings"][0]["family"], "damage");

    let key = key_line(&log_key()).to_string();
    let of = |name: &str| bench.run(&["log", "fsck", "--data", name, "--policy", &key, "--output", "json"]);
    let mut forger = Forger::new();
    forger.batch(&[offer("terms-1", TEXT)], |seal| seal, &log_key());
    on_disk(&bench, "inadmissible", &rows_of(&forger.storage));
    let report = of("inadmissible").exits(18).json();
    assert_eq!(report["findings"][0]["rule"], "signer_lacks_authority");
    assert_eq!(report["findings"][0]["index"], 2);
    let mut forger = Forger::new();
    forger.batch(&[], |seal| seal, &registrar());
    on_disk(&bench, "signature", &rows_of(&forger.storage));
    assert_eq!(of("signature").exits(10).json()["findings"][0]["fault"], "seal_signature");

    std::fs::create_dir(bench.path("nothing")).unwrap();
    of("nothing").exits(3);
    of("absent").exits(3);
    bench.run(&["log", "fsck", "--data", "signature"]).exits(2).says("trust policy");
}
