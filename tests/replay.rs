//! Random histories, registered with some mistakes, tell one story however they are folded:
//! docket by docket, replayed in order, as known at any earlier seal, or without what breaks a rule.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;
mod random;

use std::collections::{BTreeMap, BTreeSet};

use kit::*;
use nospy::agreement::{Force, KnownAt, Reason, Standing, World};
use nospy::statement::Subject;
use random::*;

/// Folds each docket alone, in load order.
fn loaded(kit: &Kit) -> World {
    let dockets = kit.dockets();
    let mut world = World::new(origin());
    let about: BTreeSet<Subject> = subjects(kit);
    // Lists first, so that they can say what they name.
    let lists = about.iter().filter(|subject| subject.is_derived());
    for list in lists {
        world.load(list.clone(), dockets.get(list).cloned().unwrap_or_default());
    }
    let mut needed: Vec<Subject> = about.iter().flat_map(|about| world.needs_of(about)).collect();
    for acts in dockets.values().flatten() {
        needed.extend(World::needs(&acts.statement));
    }
    // Each subject where it stands last among the needs of anything: sorted once by family.
    let rank = |subject: &Subject| match subject {
        Subject::Registry => 1,
        Subject::Party(_) => 2,
        Subject::Offer { .. } => 3,
        Subject::Agreement { .. } => 4,
        Subject::Report { .. } => 5,
        _ => 0,
    };
    needed.sort_by_key(|subject| (rank(subject), subject.clone()));
    needed.dedup();
    let acts_of = |subject: &Subject| dockets.get(subject).cloned().unwrap_or_default();
    world.load(Subject::Registry, acts_of(&Subject::Registry));
    // Parties that succeed one another rest on one another.
    let parties = needed.iter().filter(|subject| matches!(subject, Subject::Party(_)));
    world.load_together(parties.map(|subject| (subject.clone(), acts_of(subject))).collect());
    for subject in needed {
        if !world.contains(&subject) {
            world.load(subject.clone(), acts_of(&subject));
        }
    }
    world
}

#[test]
fn dockets_folded_alone_tell_what_the_whole_log_tells() {
    for seed in 0..SEEDS {
        let kit = history(seed);
        let (subjects, days) = (subjects(&kit), days(&kit));
        let expected = standings(&kit.world, &subjects, &days, kit.known_at());
        let world = loaded(&kit);
        assert_eq!(world.inadmissible(), kit.world.inadmissible(), "seed {seed}");
        assert_eq!(standings(&world, &subjects, &days, kit.known_at()), expected, "seed {seed}");
        let world = World::replay(origin(), &kit.dockets(), None);
        assert_eq!(world.inadmissible(), kit.world.inadmissible(), "seed {seed}");
        assert_eq!(standings(&world, &subjects, &days, kit.known_at()), expected, "seed {seed}");
    }
}

#[test]
fn as_known_at_is_the_world_that_was_known() {
    for seed in 0..SEEDS {
        let kit = history(seed);
        let (subjects, days) = (subjects(&kit), days(&kit));
        for part in 1..4 {
            let last = &kit.log[kit.log.len() * part / 4];
            let known_at = KnownAt { index: last.index, time_ms: last.time_ms };
            let then = World::replay(origin(), &kit.dockets(), Some(last.index));
            let now = standings(&kit.world, &subjects, &days, known_at);
            for (now, then) in now.iter().zip(standings(&then, &subjects, &days, known_at)) {
                assert_eq!(*now, then, "seed {seed}, index {}", last.index);
            }
        }
    }
}

/// Rule 14: the answer beside what is left open, without the lines of what has no effect.
fn without_mistakes(mut standing: Standing) -> Standing {
    if standing.force == Force::Indeterminate(Reason::Inadmissible) {
        return without_mistakes(*standing.otherwise.expect("an indeterminate standing has an answer beside it"));
    }
    standing.inadmissible.clear();
    standing.otherwise = standing.otherwise.map(|standing| Box::new(without_mistakes(*standing)));
    standing
}

#[test]
fn rule_14_what_breaks_a_rule_changes_no_answer() {
    let mut mistakes = 0;
    for seed in 0..SEEDS {
        let kit = history(seed);
        let wrong: BTreeSet<u64> = kit.world.inadmissible().iter().map(|line| line.index).collect();
        mistakes += wrong.len();
        let mut clean = World::whole(origin());
        for act in kit.log.iter().filter(|act| !wrong.contains(&act.index)) {
            assert_eq!(clean.push(act.clone()), Ok(()), "seed {seed}: {act:?}");
        }
        let mut subjects = subjects(&kit);
        // A list names the subjects of mistakes too; their standings are asked by themselves.
        subjects.retain(|subject| !subject.is_derived());
        let found = standings(&kit.world, &subjects, &days(&kit), kit.known_at());
        let clean = standings(&clean, &subjects, &days(&kit), kit.known_at());
        for (found, clean) in found.into_iter().map(without_mistakes).zip(clean) {
            assert_eq!(found, clean, "seed {seed}");
        }
    }
    assert!(mistakes > 20, "the histories hold mistakes: {mistakes}");
}

#[test]
fn histories_reach_every_force_and_flag() {
    let mut forces: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let kit = history(seed);
        for standing in standings(&kit.world, &subjects(&kit), &days(&kit), kit.known_at()) {
            *forces.entry(standing.force.as_str()).or_default() += 1;
            standing.flags.iter().for_each(|flag| *forces.entry(flag.as_str()).or_default() += 1);
            assert!(standing.sentence().ends_with('.'), "seed {seed}");
        }
    }
    for force in [
        "no_agreement",
        "offered",
        "not_yet",
        "in_force",
        "partly_suspended",
        "suspended",
        "terminated",
        "void",
        "pending",
        "disputed",
        "notice",
    ] {
        assert!(forces.contains_key(force), "{force} is never reached: {forces:?}");
    }
    assert!(forces.contains_key("withdrawn") && forces.contains_key("indeterminate"), "{forces:?}");
}
