//! The docket map: golden vectors, and the map in memory against the slow definition.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod reference;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use nospy::merkle::{
    BUCKET_KEYS_MAX, BucketReader, DOCKET_START, DocketMap, DocketValue, EMPTY_MAP_ROOT, Hash, MapError, MapProof,
    MapReadError, bucket_range, check_absence, check_presence, docket_key, docket_leaf, docket_step,
};
use proptest::prelude::*;
use serde_json::Value;

/// Storage of a test: keys and values in order; `reads` counts buckets, `keys_max` is the largest.
#[derive(Clone, Default)]
struct Table {
    values: BTreeMap<Hash, DocketValue>,
    reads: Cell<usize>,
    keys_max: Cell<usize>,
}

impl BucketReader for Table {
    type Error = &'static str;

    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, &'static str> {
        let (first, last) = bucket_range(prefix_bits, prefix);
        let items: Vec<_> = self.values.range(first..=last).map(|(key, value)| (*key, *value)).collect();
        self.reads.set(self.reads.get() + 1);
        self.keys_max.set(self.keys_max.get().max(items.len()));
        Ok(items)
    }
}

/// A reader that must not be needed.
struct Closed;

impl BucketReader for Closed {
    type Error = &'static str;

    fn bucket(&self, _: u8, _: u32) -> Result<Vec<(Hash, DocketValue)>, &'static str> {
        Err("closed")
    }
}

impl Table {
    fn slow(&self) -> BTreeMap<Hash, [u8; 40]> {
        self.values.iter().map(|(key, value)| (*key, value.to_bytes())).collect()
    }

    fn build(&self) -> DocketMap {
        DocketMap::build(self.values.iter().map(|(key, value)| Ok::<_, &str>((*key, *value)))).unwrap()
    }

    /// Updates map and table together, as the registry does.
    fn update(&mut self, map: &mut DocketMap, changes: BTreeMap<Hash, DocketValue>) {
        let before = map.root();
        let update = map.plan_update(self, &changes).unwrap();
        assert_eq!(map.root(), before, "planning changes nothing");
        self.values.extend(changes);
        let planned = update.root();
        map.apply(update);
        assert_eq!(map.root(), planned);
        assert_eq!(map.len(), self.values.len() as u64);
    }

    /// What the map says of a key is what the table says, with the proof of the definition.
    fn check(&self, map: &DocketMap, key: &Hash) -> Result<(), TestCaseError> {
        let (value, proof) = map.prove(self, key).unwrap();
        prop_assert_eq!(value.as_ref(), self.values.get(key));
        proof.check(key, value.as_ref(), &map.root()).unwrap();
        let (siblings, at) = reference::map::proof(&self.slow(), key);
        prop_assert_eq!(&proof.siblings, &siblings);
        prop_assert_eq!(proof.other, at.filter(|(at, _)| at != key));
        Ok(())
    }
}

fn golden() -> Option<Value> {
    let Some(folder) = std::env::var_os("NOSPY_VECTORS").map(PathBuf::from) else {
        eprintln!("skipped: NOSPY_VECTORS does not name the folder of the vectors");
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(folder.join("golden/docket-map.json")).unwrap()).unwrap())
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hash(text: &Value) -> Hash {
    hex(text).try_into().unwrap()
}

#[test]
fn golden_steps() {
    let Some(golden) = golden() else { return };
    let mut value = DocketValue { count: 0, step: DOCKET_START };
    for entry in golden["steps"]["entries"].as_array().unwrap() {
        let (index, time_ms) = (entry["index"].as_u64().unwrap(), entry["time"].as_u64().unwrap());
        value.step = docket_step(&value.step, index, time_ms, &hash(&entry["id"]));
        value.count += 1;
        assert_eq!(value.step, hash(&entry["step"]));
    }
    assert_eq!(value.to_bytes().to_vec(), hex(&golden["steps"]["value"]));
    assert_eq!(DocketValue::from_bytes(&value.to_bytes()), Ok(value));
}

#[test]
fn golden_roots() {
    let Some(golden) = golden() else { return };
    let (mut map, mut table) = (DocketMap::new(), Table::default());
    let rows = golden["roots"]["rows"].as_array().unwrap();
    for row in rows {
        if row["size"] != 0 {
            let key = docket_key(row["subject"].as_str().unwrap());
            assert_eq!(key, hash(&row["key"]));
            let value = DocketValue::from_bytes(&hex(&row["value"])).unwrap();
            assert_eq!(docket_leaf(&key, &value), hash(&row["leaf"]));
            table.update(&mut map, BTreeMap::from([(key, value)]));
        }
        assert_eq!(map.len(), row["size"].as_u64().unwrap());
        assert_eq!(map.root(), hash(&row["root"]));
        assert_eq!(table.build().root(), map.root());
    }
    assert_eq!(rows.len(), 21);
}

#[test]
fn golden_proofs() {
    let Some(golden) = golden() else { return };
    let mut accepted = 0;
    let cases = golden["cases"].as_array().unwrap();
    for case in cases {
        let is_ok = check_case(case).is_some();
        assert_eq!(is_ok, case["expect"] == "accept", "{}", case["name"]);
        accepted += usize::from(is_ok);
    }
    assert!(accepted > 10 && accepted < cases.len());
}

/// `None` for a refusal, by the check or by a type that cannot hold the case.
fn check_case(case: &Value) -> Option<()> {
    let (key, root) = (hash(&case["key"]), hash(&case["root"]));
    let siblings: Option<Vec<Hash>> =
        case["siblings"].as_array().unwrap().iter().map(|sibling| hex(sibling).try_into().ok()).collect();
    let siblings = siblings?;
    if case["claim"] == "presence" {
        let value = DocketValue::from_bytes(&hex(&case["value"])).ok()?;
        check_presence(&key, &value, &siblings, &root).ok()
    } else if let Some(other) = case["other"].as_array() {
        let (other, value) = (hex(&other[0]).try_into().ok()?, hex(&other[1]).try_into().ok()?);
        check_absence(&key, Some((&other, &value)), &siblings, &root).ok()
    } else {
        check_absence(&key, None, &siblings, &root).ok()
    }
}

#[test]
fn refusals_have_names() {
    let value = DocketValue { count: 1, step: [7; 32] };
    let zero = DocketValue { count: 0, step: [7; 32] };
    let (key, root) = ([1; 32], docket_leaf(&[1; 32], &value));
    assert_eq!(check_presence(&key, &value, &[], &root), Ok(()));
    assert_eq!(check_presence(&key, &zero, &[], &root), Err(MapError::CountZero));
    assert_eq!(check_presence(&key, &value, &[[0; 32]; 257], &root), Err(MapError::TooManySiblings { found: 257 }));
    assert_eq!(check_absence(&key, Some((&key, &value.to_bytes())), &[], &root), Err(MapError::OtherIsKey));
    assert_eq!(check_absence(&[2; 32], Some((&key, &zero.to_bytes())), &[], &root), Err(MapError::CountZero));
    assert_eq!(check_absence(&[2; 32], Some((&key, &value.to_bytes())), &[], &root), Ok(()));
    assert_eq!(
        check_absence(&[2; 32], Some((&key, &value.to_bytes())), &[[0; 32]; 7], &root),
        Err(MapError::OtherElsewhere { shared: 6, depth: 7 })
    );
    assert_eq!(DocketValue::from_bytes(&[1; 39]), Err(MapError::ValueLength { length: 39 }));
}

#[test]
fn ranges_of_buckets() {
    assert_eq!(bucket_range(0, 0), ([0x00; 32], [0xff; 32]));
    let (first, last) = bucket_range(5, 0b10110);
    assert_eq!((first[0], first[1], last[0], last[1]), (0b1011_0000, 0, 0b1011_0111, 0xff));
    let (first, last) = bucket_range(32, u32::MAX);
    assert_eq!((first[..5].to_vec(), last), (vec![0xff, 0xff, 0xff, 0xff, 0], [0xff; 32]));
}

#[test]
fn damaged_storage_is_noticed() {
    let mut table = Table::default();
    let mut map = DocketMap::new();
    assert_eq!(map.prove(&Closed, &[1; 32]), Ok((None, MapProof::default())));
    for n in 0..100u32 {
        let value = DocketValue { count: 1, step: [7; 32] };
        table.update(&mut map, BTreeMap::from([(docket_key(&n.to_string()), value)]));
    }
    let key = docket_key("42");
    let change = BTreeMap::from([(key, DocketValue { count: 2, step: [8; 32] })]);
    assert_eq!(map.prove(&Closed, &key), Err(MapReadError::Read("closed")));
    assert_eq!(map.plan_update(&Closed, &change).err(), Some(MapReadError::Read("closed")));

    let mut changed = table.clone();
    changed.values.get_mut(&key).unwrap().step[31] ^= 1;
    let mut dropped = table.clone();
    dropped.values.remove(&key);
    for damaged in [changed, dropped] {
        assert!(matches!(map.prove(&damaged, &key), Err(MapReadError::BucketMismatch { .. })));
        assert!(matches!(map.plan_update(&damaged, &change).err(), Some(MapReadError::BucketMismatch { .. })));
    }
    let zero = BTreeMap::from([(key, DocketValue { count: 0, step: [8; 32] })]);
    assert_eq!(map.plan_update(&table, &zero).err(), Some(MapReadError::CountZero));
    let twice = [Ok::<_, &str>((key, table.values[&key])); 2];
    assert_eq!(DocketMap::build(twice).err(), Some(MapReadError::Unsorted));
    assert_eq!(DocketMap::build([Ok((key, table.values[&key])), Err("lost")]).err(), Some(MapReadError::Read("lost")));
}

#[test]
fn reading_stays_small_in_a_large_map() {
    let mut table = Table::default();
    for n in 0..20_000u32 {
        table.values.insert(docket_key(&n.to_string()), DocketValue { count: 1, step: [7; 32] });
    }
    let mut map = table.build();
    let changes = (0..100).map(|n| (docket_key(&n.to_string()), DocketValue { count: 2, step: [8; 32] })).collect();
    table.update(&mut map, changes);
    map.prove(&table, &docket_key("absent")).unwrap();
    assert!(table.reads.get() <= 101, "{} buckets read", table.reads.get());
    assert!(table.keys_max.get() <= BUCKET_KEYS_MAX, "a bucket of {}", table.keys_max.get());
    assert_eq!(map.root(), table.build().root());
}

/// Keys that often share many bits: a few leading bytes, and a few bits at the far end, past the depth of buckets.
fn keys() -> impl Strategy<Value = Hash> {
    (prop::collection::vec(0u8..4, 6), 0u8..4, prop::bool::weighted(0.3)).prop_map(|(start, end, is_spread)| {
        let mut key = if is_spread { docket_key(&format!("{start:?}{end}")) } else { [0; 32] };
        if !is_spread {
            // Half of the keys differ only beyond bit 32.
            if start[0] % 2 == 0 {
                key[0] = start[1] << 6 | start[2];
                key[2] = start[3] << 4;
            }
            key[10] = start[4] << 3;
            key[20] = start[5];
            key[31] = end;
        }
        key
    })
}

fn changes() -> impl Strategy<Value = BTreeMap<Hash, DocketValue>> {
    let values = (1u64..5, any::<u8>()).prop_map(|(count, step)| DocketValue { count, step: [step; 32] });
    prop::collection::btree_map(keys(), values, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of updates, root and proofs are those of the definition, also at an earlier state.
    #[test]
    fn map_is_the_defined_one(batches in prop::collection::vec(changes(), 1..6), asked in prop::collection::vec(keys(), 8)) {
        let (mut map, mut table) = (DocketMap::new(), Table::default());
        let mut earlier = vec![];
        for changes in batches {
            earlier.push((map.clone(), table.clone(), map.root()));
            table.update(&mut map, changes);
            prop_assert_eq!(map.root(), reference::map::root(&table.slow(), 0));
            let built = table.build();
            prop_assert_eq!((built.root(), built.len()), (map.root(), map.len()));
            // A built map has the same buckets as a grown one, so each can take the other's place.
            let probe = BTreeMap::from([(asked[0], DocketValue { count: 9, step: [9; 32] })]);
            prop_assert_eq!(
                built.plan_update(&table, &probe).unwrap().root(),
                map.plan_update(&table, &probe).unwrap().root()
            );
        }
        let present: Vec<Hash> = table.values.keys().step_by(7).copied().collect();
        for key in asked.iter().chain(&present) {
            table.check(&map, key)?;
        }
        for (map, table, root) in &earlier {
            prop_assert_eq!(map.root(), *root);
            table.check(map, &asked[0])?;
        }
    }

    /// A proof holds for its key, its claim, its siblings and its root, and for nothing else.
    #[test]
    fn mutated_proofs_are_refused(values in changes(), asked in keys(), at in any::<prop::sample::Index>(), bit in 0usize..256) {
        let table = Table { values, ..Table::default() };
        let map = table.build();
        let root = map.root();
        for key in table.values.keys().step_by(5).chain([&asked]) {
            let (value, proof) = map.prove(&table, key).unwrap();
            prop_assert!(proof.check(key, value.as_ref(), &root).is_ok());
            let refused = |proof: &MapProof, value: Option<&DocketValue>| proof.check(key, value, &root).is_err();

            prop_assert!(proof.check(key, value.as_ref(), &flip(root, bit)).is_err());
            let other_value = DocketValue { count: 77, step: [1; 32] };
            prop_assert!(refused(&proof, Some(&other_value)));
            if value.is_some() {
                prop_assert!(refused(&proof, None), "absence of a present key");
            }
            if let Some((other, other_bytes)) = proof.other {
                prop_assert!(refused(&MapProof { other: None, ..proof.clone() }, None), "the other leaf");
                let mut bytes = other_bytes;
                bytes[bit % 40] ^= 1;
                prop_assert!(refused(&MapProof { other: Some((other, bytes)), ..proof.clone() }, None), "the other leaf");
                prop_assert!(refused(&MapProof { other: Some((flip(other, bit), other_bytes)), ..proof.clone() }, None), "the other leaf");
                prop_assert!(refused(&MapProof { other: Some((*key, other_bytes)), ..proof.clone() }, None), "the other leaf");
            }
            let siblings = &proof.siblings;
            let with = |siblings: Vec<Hash>| MapProof { siblings, ..proof.clone() };
            prop_assert!(refused(&with([&[[0; 32]], &siblings[..]].concat()), value.as_ref()));
            prop_assert!(refused(&with([&siblings[..], &[[0; 32]]].concat()), value.as_ref()));
            if !siblings.is_empty() {
                let at = at.index(siblings.len());
                let mut changed = siblings.clone();
                changed[at] = flip(changed[at], bit);
                prop_assert!(refused(&with(changed), value.as_ref()));
                let mut dropped = siblings.clone();
                dropped.remove(at);
                prop_assert!(refused(&with(dropped), value.as_ref()));
            }
        }
    }
}

#[test]
fn empty_map() {
    let map = DocketMap::new();
    assert_eq!((map.root(), map.len(), map.is_empty()), (EMPTY_MAP_ROOT, 0, true));
    assert_eq!(Table::default().build().root(), EMPTY_MAP_ROOT);
    let update = map.plan_update(&Closed, &BTreeMap::new()).unwrap();
    assert_eq!((update.root(), update.len(), update.is_empty()), (EMPTY_MAP_ROOT, 0, true));
}

#[test]
#[should_panic(expected = "the map that it was planned on")]
fn an_update_of_another_state_is_not_applied() {
    let mut table = Table::default();
    let mut map = DocketMap::new();
    let change = BTreeMap::from([([1; 32], DocketValue { count: 1, step: [7; 32] })]);
    let update = map.plan_update(&table, &change).unwrap();
    table.update(&mut map, BTreeMap::from([([2; 32], DocketValue { count: 1, step: [7; 32] })]));
    map.apply(update);
}

fn flip(mut hash: Hash, bit: usize) -> Hash {
    hash[bit / 8] ^= 1 << (bit % 8);
    hash
}
