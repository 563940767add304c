//! The docket map at N subjects, on the real table: memory, updates, proofs and opening. The ceilings are hashes that
//! cannot be avoided: two a subject to build, and one for each bit of depth to change or prove one.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Instant;

use nospy::crypto::sha256;
use nospy::docket::{DocketPlan, DocketReader, Touch, open_map, plan};
use nospy::merkle::{DocketMap, DocketValue, Hash, docket_key, docket_node};
use nospy::statement::Subject;
use nospy::storage::{Batch, SledOptions, SledStorage, Storage};

use crate::ground::{STATEMENT_LEN, data, home};
use crate::machine::resident_bytes;
use crate::proof::scatter;
use crate::report::{Goal, Row, median, size, time};
use crate::{ROUNDS, World};

/// Subjects of one batch while the map grows.
const FILL: usize = 50_000;
/// Subjects changed by the batch that is measured.
const CHANGED: usize = 1_000;
/// Proofs of a round.
const PROOFS: usize = 2_000;

/// A table of dockets with its map.
struct Dockets {
    storage: SledStorage,
    map: DocketMap,
    next_index: u64,
}

impl Dockets {
    /// Plans a batch in which each of these subjects is touched by a statement of its own.
    fn plan(&self, subjects: impl Iterator<Item = usize>) -> DocketPlan {
        let snapshot = self.storage.snapshot().expect("readable");
        let touches: Vec<Touch> = subjects
            .zip(self.next_index..)
            .map(|(number, index)| Touch {
                index,
                id: sha256(&[&index.to_be_bytes()]),
                subjects: BTreeSet::from([subject(number)]),
            })
            .collect();
        plan(&self.map, &*snapshot, 1, &touches).expect("the map is the table's")
    }

    fn commit(&mut self, planned: DocketPlan, count: usize) {
        let mut batch = Batch::new();
        planned.rows.iter().for_each(|(key, value)| batch.put(key.clone(), value.clone()));
        self.storage.commit(None, batch).expect("durable");
        planned.apply(&mut self.map);
        self.next_index += count as u64;
    }
}

/// Measures it at `count` subjects.
pub fn measure(world: &World, count: usize) -> Vec<Row> {
    let node = node_seconds();
    let in_memory = build(count, node);
    let home = home(world);
    let storage = SledStorage::open(data(&home), SledOptions::default()).expect("an empty table");
    let mut dockets = Dockets { storage, map: DocketMap::new(), next_index: 0 };
    for from in (0..count).step_by(FILL) {
        let some = FILL.min(count - from);
        let planned = dockets.plan(from..from + some);
        dockets.commit(planned, some);
    }
    let depth = (count as f64).log2();
    let mut rows = in_memory;
    rows.push(open(&dockets, count, node));
    rows.extend(update(&mut dockets, count, node * depth));
    rows.push(prove(&dockets, count, node * depth));
    rows
}

/// The map alone, of sorted keys in memory. Its memory is what the process grows by, so nothing may have been freed
/// before: this comes first.
fn build(count: usize, node: f64) -> Vec<Row> {
    let mut keys: Vec<Hash> = (0..count as u64).map(|number| docket_key(&number.to_string())).collect();
    keys.sort_unstable();
    let value = DocketValue { count: 1, step: [7; 32] };
    let (before, begun) = (resident_bytes(), Instant::now());
    let map = DocketMap::build(keys.iter().map(|key| Ok::<_, Infallible>((*key, value)))).expect("sorted");
    let seconds = begun.elapsed().as_secs_f64();
    let bytes = resident_bytes().saturating_sub(before) as f64;
    assert_eq!(map.len(), count as u64);
    let ceiling = 2.0 * count as f64 * node;
    vec![
        Row::new(
            "map",
            "memory of a subject",
            bytes / count as f64 / 64.0,
            Goal::AtMost(1.0),
            format!("{:.1} B, {} in all", bytes / count as f64, size(bytes)),
            "goal 64 B",
        ),
        Row::new(
            "map",
            format!("build of {count} subjects from memory"),
            seconds / ceiling,
            Goal::Told,
            time(seconds),
            format!("two hashes a subject: {}", time(ceiling)),
        ),
    ]
}

/// The map is built again from the table, as at every start.
fn open(dockets: &Dockets, count: usize, node: f64) -> Row {
    let snapshot = dockets.storage.snapshot().expect("readable");
    let times = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        let map = open_map(&*snapshot).expect("whole");
        assert_eq!(map.root(), dockets.map.root());
        begun.elapsed().as_secs_f64()
    });
    // DESIGN §6: 2 s at 10^7 subjects.
    let (seconds, goal) = (median(times), 2.0 * count as f64 / 1e7);
    let ceiling = format!("goal {}; two hashes a subject: {}", time(goal), time(2.0 * count as f64 * node));
    Row::new("map", "opening them from the table", seconds / goal, Goal::AtMost(1.0), time(seconds), ceiling)
}

/// A batch that changes subjects from all over the map.
fn update(dockets: &mut Dockets, count: usize, path: f64) -> Vec<Row> {
    let mut times = Vec::new();
    let mut written = 0;
    for round in 0..ROUNDS {
        let subjects: BTreeSet<usize> =
            (0..CHANGED).map(|number| scatter((round * CHANGED + number) as u64) as usize % count).collect();
        let changed = subjects.len();
        let begun = Instant::now();
        let planned = dockets.plan(subjects.into_iter());
        times.push(begun.elapsed().as_secs_f64());
        written = planned.rows.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() / changed;
        dockets.commit(planned, changed);
    }
    let (seconds, ceiling) = (median(times), path * CHANGED as f64);
    vec![
        Row::new(
            "map",
            format!("plan of {CHANGED} changed subjects"),
            seconds / ceiling,
            Goal::Told,
            format!("{}, {} a subject", time(seconds), time(seconds / CHANGED as f64)),
            format!("one hash a bit of depth: {}", time(ceiling)),
        ),
        Row::new(
            "map",
            "rows of a statement with one subject",
            written as f64 / STATEMENT_LEN as f64,
            Goal::AtMost(4.0),
            format!("{written} B"),
            format!("a statement of {STATEMENT_LEN} B"),
        ),
    ]
}

/// Proofs of presence, one bucket read each.
fn prove(dockets: &Dockets, count: usize, path: f64) -> Row {
    let snapshot = dockets.storage.snapshot().expect("readable");
    let reader = DocketReader::new(&*snapshot, &dockets.map);
    let times = (0..ROUNDS).map(|round| {
        let begun = Instant::now();
        for number in 0..PROOFS {
            let number = scatter((round * PROOFS + number) as u64) as usize % count;
            assert!(reader.prove(&subject(number)).expect("whole").value.is_some());
        }
        begun.elapsed().as_secs_f64() / PROOFS as f64
    });
    let seconds = median(times);
    let ceiling = format!("checking it: {}", time(path));
    Row::new("map", "proof of one subject", seconds / path, Goal::Told, time(seconds), ceiling)
}

fn subject(number: usize) -> Subject {
    format!("report/registrar/r{number:09}").parse().expect("a subject")
}

/// One node hash of the map.
fn node_seconds() -> f64 {
    const NODES: usize = 1_000_000;
    let times = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        let last = (0..NODES).fold([7; 32], |hash, _| docket_node(&hash, &[9; 32]));
        assert_ne!(last, [7; 32]);
        begun.elapsed().as_secs_f64() / NODES as f64
    });
    median(times)
}
