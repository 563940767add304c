//! S6: what a statement of 1 KiB costs on the disk, with batches as 64 publishes in flight make them. The ceiling is
//! the statements' own bytes. One run: a second would measure another directory of the same make.

use crate::World;
use crate::ground::{Ground, STATEMENT_LEN, data, reports};
use crate::load::IN_FLIGHT;
use crate::machine::{disk_bytes, written_bytes};
use crate::report::{Goal, Row, size};

/// Measures it over `count` statements.
pub fn measure(world: &World, count: usize) -> Vec<Row> {
    let statements = reports(world, 0, count);
    let ground = Ground::new(world);
    let written = written_bytes();
    ground.fill(world, statements, IN_FLIGHT);
    let written = written_bytes() - written;
    let seals = ground.size() - count as u64;
    let after_run = disk_bytes(&ground.data());
    // Closing flushes, and gives the background thread its last chance to reclaim.
    let home = ground.close(world);
    let after_flush = disk_bytes(&data(&home));
    let own = (count * STATEMENT_LEN) as f64;
    let row = |what: &str, bytes: u64, goal| {
        Row::new("S6", what, bytes as f64 / own, goal, size(bytes as f64), format!("{} of statements", size(own)))
    };
    vec![
        row(&format!("bytes on disk, {count} statements in {seals} batches"), after_run, Goal::AtMost(2.5)),
        row("the same, closed and flushed", after_flush, Goal::AtMost(2.5)),
        row("bytes written meanwhile", written, Goal::Told),
    ]
}
