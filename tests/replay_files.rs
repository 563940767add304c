//! Random histories, sealed and cut into docket files: a stranger with one file comes to the standing that the whole
//! log gives, on every day and as known at every seal of the file.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;
mod random;
mod sealed;

use std::sync::Arc;

use kit::*;
use nospy::agreement::{Act, KnownAt, World};
use nospy::evidence::{Outcome, Policy, Question, Step, Trust, verify_and_fold};
use random::*;
use sealed::{Log, log_key};

/// Everything that a log holds, folded as it came.
fn whole(log: &Log) -> World {
    let mut world = World::whole(origin());
    for (index, statement) in log.entries.iter().enumerate() {
        // Its refusal is kept in the history.
        let _ = world.push(Act::met(index as u64, log.sealed[index].1, Arc::clone(statement)));
    }
    world
}

#[test]
fn a_file_tells_what_the_whole_log_tells() {
    let trust = Trust::of(Policy::of_log(log_key()));
    let (mut files, mut broken) = (0, 0);
    for seed in 0..SEEDS {
        let kit = history(seed);
        let log = Log::of(&kit);
        let world = whole(&log);
        let wrong = world.inadmissible();
        let last = log.entries.len() as u64 - 1;
        let known_at = KnownAt { index: last, time_ms: log.sealed[log.sealed.len() - 1].1 };
        let days = days(&kit);
        for about in subjects(&kit) {
            let question = Question { on: Some(days[9]), ..Question::default() };
            let (verification, folded) = verify_and_fold(&log.file(&about.to_string()), &trust, &question);
            let context = format!("seed {seed}, {about}: {:?}", verification.failed());
            let found = verification.standing.as_ref().unwrap_or_else(|| panic!("{context}"));
            assert_eq!(*found, world.standing(&about, days[9], known_at), "{context}");
            for line in &verification.inadmissible {
                assert!(wrong.contains(line), "{context}: {line:?}");
            }
            let is_clean = verification.inadmissible.is_empty();
            let rules = &verification.checks.iter().find(|check| check.step == Step::Rules).unwrap().outcome;
            assert_eq!(*rules == Outcome::Passed, is_clean, "{context}");
            broken += usize::from(!is_clean);
            files += 1;

            let folded = folded.unwrap_or_else(|| panic!("{context}"));
            for part in [2, 3, 4] {
                let index = last * part / 4;
                let known_at = KnownAt { index, time_ms: log.sealed[usize::try_from(index).unwrap()].1 };
                for on in days.iter().step_by(3) {
                    let (found, expected) =
                        (folded.standing(&about, *on, known_at), world.standing(&about, *on, known_at));
                    assert_eq!(found, expected, "{context}, as known at {index}");
                }
            }
        }
    }
    assert!(files > 300 && broken > 40, "{files} files, {broken} with mistakes");
}
