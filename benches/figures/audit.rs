//! S8: an audit of a log from its entries, all in memory. Ceiling: a strict check of each signature by all cores.

use std::time::Instant;

use nospy::audit::Auditor;

use crate::ground::{FILL_IN_FLIGHT, Ground, STATEMENT_LEN, reports};
use crate::machine::processor_seconds;
use crate::publish::strict_checks;
use crate::report::{Goal, Row, median, rate, time};
use crate::{ROUNDS, World};

struct Round {
    entries: f64,
    processor: f64,
    checks: f64,
    check_processor: f64,
}

/// Measures it over `entries` statements.
pub fn measure(world: &World, entries: usize) -> Vec<Row> {
    let ground = Ground::new(world);
    ground.fill(world, reports(world, 0, entries), FILL_IN_FLIGHT);
    let size = ground.size();
    let log: Vec<Vec<u8>> = (0..size).map(|index| ground.registry.entry(index).expect("an entry").statement).collect();
    let rounds: Vec<Round> = (0..ROUNDS)
        .map(|_| {
            let (checks, check_processor) = strict_checks(world);
            let (entries, processor) = audit(&ground, &log);
            Round { entries, processor, checks, check_processor }
        })
        .collect();
    let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    vec![
        Row::new(
            "S8",
            format!("audit of {size} entries, {STATEMENT_LEN} B"),
            middle(|round| round.entries / round.checks),
            Goal::AtLeast(0.5),
            rate(middle(|round| round.entries), "entries"),
            rate(middle(|round| round.checks), "strict checks"),
        ),
        Row::new(
            "S8",
            "their processor time",
            middle(|round| round.processor / round.check_processor),
            Goal::Told,
            format!("{} an entry", time(middle(|round| round.processor))),
            format!("{} a check", time(middle(|round| round.check_processor))),
        ),
    ]
}

/// Entries a second, and the processor time of one.
fn audit(ground: &Ground, log: &[Vec<u8>]) -> (f64, f64) {
    let (processor, started) = (processor_seconds(), Instant::now());
    let mut auditor = Auditor::new(ground.registry.log_key().clone()).expect("a log of ours");
    for entry in log {
        auditor.push(entry);
    }
    assert_eq!(auditor.report().1.count(), 0, "an honest log");
    let count = log.len() as f64;
    (count / started.elapsed().as_secs_f64(), (processor_seconds() - processor) / count)
}
