//! S1: durable publishes by stream, each receipt checked by the client.
//!
//! Ceiling: a strict check of each signature by all cores. The receipts, whose signatures are checked on the same cores, and
//! their making count against the registry.

use std::time::Instant;

use nospy::rpc::{Connection, ForgetfulCheckpoints, Limits, VerifyingClient};
use nospy::statement::Statement;

use crate::ground::{Ground, STATEMENT_LEN, reports};
use crate::machine::processor_seconds;
use crate::publish::strict_checks;
use crate::report::{Goal, Row, median, rate, time};
use crate::{ROUNDS, World};

/// Statements before anything is counted.
const WARM_UP: usize = 2_000;

type Client = VerifyingClient<ForgetfulCheckpoints>;

/// One round.
struct Round {
    publishes: f64,
    processor: f64,
    checks: f64,
    check_processor: f64,
    entries_a_batch: f64,
}

/// Measures it with `count` statements a round.
pub fn measure(world: &World, count: usize) -> Vec<Row> {
    let mut ground = Ground::new(world);
    let streams = world.cores.min(Limits::default().publish_streams_per_address_max);
    let clients = world.runtime.block_on(connect(&mut ground, streams));
    publish(world, &clients, &statements(world, 0, WARM_UP));
    let rounds: Vec<Round> = (0..ROUNDS)
        .map(|round| {
            let statements = statements(world, WARM_UP + round * count, count);
            let (checks, check_processor) = strict_checks(world);
            let before = ground.size();
            let (publishes, processor) = publish(world, &clients, &statements);
            let seals = ground.size() - before - count as u64;
            let entries_a_batch = count as f64 / seals.max(1) as f64;
            Round { publishes, processor, checks, check_processor, entries_a_batch }
        })
        .collect();
    rows(&rounds, streams)
}

fn rows(rounds: &[Round], streams: usize) -> Vec<Row> {
    let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    let publishes = format!(
        "{}, {:.0} a batch",
        rate(middle(|round| round.publishes), "publishes"),
        middle(|round| round.entries_a_batch)
    );
    let publishing = Row::new(
        "S1",
        format!("durable publishes, {STATEMENT_LEN} B, {streams} streams, receipts checked"),
        middle(|round| round.publishes / round.checks),
        Goal::AtLeast(0.5),
        publishes,
        rate(middle(|round| round.checks), "strict checks"),
    );
    let processor = Row::new(
        "S1",
        "their processor time",
        middle(|round| round.processor / round.check_processor),
        Goal::Told,
        format!("{} a publish", time(middle(|round| round.processor))),
        format!("{} a check", time(middle(|round| round.check_processor))),
    );
    vec![publishing, processor]
}

async fn connect(ground: &mut Ground, streams: usize) -> Vec<Client> {
    let connection = Connection { url: ground.serve().await, ca_pem: None };
    let mut clients = Vec::new();
    for _ in 0..streams {
        let log = ground.registry.log_key().clone();
        let client = Client::connect(&connection, log, ForgetfulCheckpoints::default()).await;
        clients.push(client.expect("a server of ours"));
    }
    clients
}

fn statements(world: &World, from: usize, count: usize) -> Vec<Statement> {
    let parse = |bytes: &Vec<u8>| Statement::parse(bytes).expect("a statement of ours");
    reports(world, from, count).iter().map(parse).collect()
}

/// Publishes all, a share by each client at once: statements a second, and the processor time of one.
fn publish(world: &World, clients: &[Client], statements: &[Statement]) -> (f64, f64) {
    let share = statements.len().div_ceil(clients.len());
    let (processor, started) = (processor_seconds(), Instant::now());
    std::thread::scope(|scope| {
        for (client, share) in clients.iter().zip(statements.chunks(share)) {
            let stream = client.publish_many(share, |_, outcome| drop(outcome.expect("a valid statement")));
            scope.spawn(|| world.runtime.block_on(stream).expect("a server of ours"));
        }
    });
    let count = statements.len() as f64;
    (count / started.elapsed().as_secs_f64(), (processor_seconds() - processor) / count)
}
