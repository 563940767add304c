//! Random histories through a real registry: it lets in what the rules let in, and at every seal it answers what anyone
//! answers who replays its entries from the beginning.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;
mod random;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit::*;
use nospy::agreement::{Act, KnownAt, World};
use nospy::audit::Auditor;
use nospy::registry::{self, Clock, Opening, Options, PublishError, Registry};
use nospy::statement::Statement;
use nospy::storage::MemoryStorage;
use random::*;

/// Histories that are played; each publishes about a hundred statements, one a batch.
const PLAYED: u64 = 4;

/// Shows the time of the history, one millisecond later at every look: seals need times that increase.
struct Played(AtomicU64);

impl Clock for Played {
    fn now_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn is_scripted(&self) -> bool {
        true
    }
}

impl Played {
    fn reach(&self, time_ms: u64) {
        self.0.fetch_max(time_ms, Ordering::SeqCst);
    }
}

fn open(genesis: &Act, clock: &Arc<Played>, directory: &std::path::Path) -> Registry {
    let storage = Arc::new(MemoryStorage::new());
    let opening = || Opening {
        storage: storage.clone(),
        guard: directory.join("guard"),
        log_key: key("log"),
        origin: origin(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        on_fatal: Arc::new(|reason| panic!("the log ended: {reason}")),
        options: Options::default(),
    };
    registry::create(&opening(), &genesis.statement).unwrap();
    Registry::open(opening()).unwrap()
}

/// The log as a stranger reads it: every entry folded in order, and where each seal stands.
fn replayed(registry: &Registry) -> (World, Vec<KnownAt>) {
    let size = registry.checkpoint().unwrap().checkpoint().size;
    let (mut world, mut seals) = (World::whole(origin()), Vec::new());
    for index in 0..size {
        let row = registry.entry(index).unwrap();
        let statement = Statement::parse(&row.statement).unwrap();
        match statement.is_seal() {
            true => seals.push(KnownAt { index, time_ms: row.time_ms }),
            false => world.push(Act::met(index, row.time_ms, Arc::new(statement))).expect("what entered is admissible"),
        }
    }
    (world, seals)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_answers_at_every_seal_what_its_entries_tell() {
    let mut refused = 0;
    for seed in 0..PLAYED {
        let kit = history(seed);
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(Played(AtomicU64::new(kit.log[0].time_ms)));
        let registry = open(&kit.log[0], &clock, directory.path());
        let wrong: BTreeSet<u64> = kit.world.inadmissible().iter().map(|line| line.index).collect();
        for act in &kit.log[1..] {
            clock.reach(act.time_ms);
            match registry.publish(act.statement.bytes()).await {
                Ok(_) => assert!(!wrong.contains(&act.index), "seed {seed}: {act:?} breaks a rule and entered"),
                Err(PublishError::Refused(refusal)) if wrong.contains(&act.index) => {
                    assert!(!refusal.accepted.is_empty(), "seed {seed}: rule 15, {refusal}");
                    refused += 1;
                }
                // A body that cannot be read, or a kind that nobody knows, fails before the rules.
                Err(PublishError::Malformed { .. }) if wrong.contains(&act.index) => refused += 1,
                Err(error) => panic!("seed {seed}: {act:?} was admitted by the rules: {error}"),
            }
        }
        let (world, seals) = replayed(&registry);
        let days = days(&kit);
        for known_at in seals.iter().step_by(seals.len() / 6 + 1).chain(seals.last()) {
            for about in subjects(&kit) {
                for on in days.iter().step_by(5) {
                    let answer = registry.standing(&about, *on, Some(known_at.index)).unwrap();
                    assert_eq!(answer, world.standing(&about, *on, *known_at), "seed {seed}, {known_at:?}");
                }
            }
        }
        let mut auditor = Auditor::new(registry.log_key().clone()).unwrap();
        for index in 0..registry.checkpoint().unwrap().checkpoint().size {
            auditor.push(&registry.entry(index).unwrap().statement);
        }
        let findings: Vec<_> = auditor.report().1.first().cloned().collect();
        assert_eq!(findings, [], "seed {seed}: what its door let in, an audit lets pass");
        registry.shutdown().await;
    }
    assert!(refused > 0, "the histories hold mistakes");
}
