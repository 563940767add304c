//! S2: durable publishes by unary calls, 64 in flight.
//!
//! Ceiling: each publish costs at least one empty call of the same sizes and one strict check of its signature, so
//! 1 / (1 / echoes a second + 1 / checks a second), both by all cores. Clients run on the same cores, in both.

use std::sync::Arc;
use std::time::Instant;

use nospy::rpc::proto::{PublishRequest, registry_client::RegistryClient};
use prost::Message as _;
use tonic::transport::Channel;

use crate::echo::{self, Sizes};
use crate::ground::{Ground, STATEMENT_LEN, registrar, reports};
use crate::load::{CONNECTIONS, IN_FLIGHT, Load, connect, drive};
use crate::machine::processor_seconds;
use crate::report::{Goal, Row, median, rate, time};
use crate::{ROUNDS, World};

/// Calls before anything is counted.
const WARM_UP: usize = 2_000;
/// Checks of a round, by each core.
const CHECKS: usize = 8_000;

/// One round.
struct Round {
    publishes: Load,
    echoes: Load,
    checks: f64,
    check_processor: f64,
    entries_a_batch: f64,
}

impl Round {
    fn ceiling(&self) -> f64 {
        1.0 / (1.0 / self.echoes.rate + 1.0 / self.checks)
    }
}

/// Measures it with `count` publishes a round.
pub fn measure(world: &World, count: usize) -> Vec<Row> {
    let mut ground = Ground::new(world);
    let (to_registry, to_echo) = world.runtime.block_on(async {
        let (registry, echo) = (ground.serve().await, echo::serve().await);
        (connect(&registry, CONNECTIONS).await, connect(&echo, CONNECTIONS).await)
    });
    let warm = reports(world, 0, WARM_UP);
    let sizes = world.runtime.block_on(sizes(&to_registry[0], &warm[0]));
    world.runtime.block_on(publish(&to_registry, warm));
    world.runtime.block_on(echoes(&to_echo, WARM_UP, sizes));
    let rounds: Vec<Round> = (0..ROUNDS)
        .map(|round| {
            let statements = reports(world, WARM_UP + round * count, count);
            let echoes = world.runtime.block_on(echoes(&to_echo, count, sizes));
            let (checks, check_processor) = strict_checks(world);
            let before = ground.size();
            let publishes = world.runtime.block_on(publish(&to_registry, statements));
            let seals = ground.size() - before - count as u64;
            Round { publishes, echoes, checks, check_processor, entries_a_batch: count as f64 / seals.max(1) as f64 }
        })
        .collect();
    rows(&rounds)
}

fn rows(rounds: &[Round]) -> Vec<Row> {
    let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    let ratio = median(rounds.iter().map(|round| round.publishes.rate / round.ceiling()));
    let publishes = format!(
        "{}, p50 {}, p99 {}, {:.0} a batch",
        rate(middle(|round| round.publishes.rate), "publishes"),
        time(middle(|round| round.publishes.quantile(0.5))),
        time(middle(|round| round.publishes.quantile(0.99))),
        middle(|round| round.entries_a_batch),
    );
    let ceiling = format!(
        "{} from {} and {}",
        rate(middle(Round::ceiling), "publishes"),
        rate(middle(|round| round.echoes.rate), "echoes"),
        rate(middle(|round| round.checks), "strict checks"),
    );
    let what = format!("durable unary publishes, {STATEMENT_LEN} B, {IN_FLIGHT} in flight");
    let least = |round: &Round| round.echoes.processor + round.check_processor;
    let processor = Row::new(
        "S2",
        "their processor time",
        median(rounds.iter().map(|round| round.publishes.processor / least(round))),
        Goal::Told,
        format!("{} a publish", time(median(rounds.iter().map(|round| round.publishes.processor)))),
        format!("{} an echo and a check", time(median(rounds.iter().map(least)))),
    );
    vec![Row::new("S2", what, ratio, Goal::AtLeast(0.6), publishes, ceiling), processor]
}

/// What a publish sends and gets.
async fn sizes(channel: &Channel, statement: &[u8]) -> Sizes {
    let request = PublishRequest { statement: statement.to_vec() };
    let request_len = request.encoded_len();
    let answer = RegistryClient::new(channel.clone()).publish(request).await.expect("published");
    Sizes { request: request_len, answer: answer.get_ref().encoded_len() }
}

async fn publish(channels: &[Channel], statements: Vec<Vec<u8>>) -> Load {
    let (count, statements, channels) = (statements.len(), Arc::new(statements), Arc::new(channels.to_vec()));
    drive(count, IN_FLIGHT, move |number, task| {
        let (channel, statements) = (channels[task % channels.len()].clone(), Arc::clone(&statements));
        async move {
            let request = PublishRequest { statement: statements[number].clone() };
            RegistryClient::new(channel).publish(request).await.expect("published");
        }
    })
    .await
}

/// Echoes of these sizes under the load of a figure.
pub async fn echoes(channels: &[Channel], count: usize, sizes: Sizes) -> Load {
    let channels = Arc::new(channels.to_vec());
    drive(count, IN_FLIGHT, move |_, task| echo::call(channels[task % channels.len()].clone(), sizes)).await
}

/// Strict checks a second of all cores, and the processor time of one.
pub fn strict_checks(world: &World) -> (f64, f64) {
    let (key, message) = (registrar(), [7; STATEMENT_LEN]);
    let (public, signature) = (key.public(), key.sign(&message));
    let (processor, started) = (processor_seconds(), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..world.cores {
            scope.spawn(|| (0..CHECKS).for_each(|_| public.verify(&message, &signature).expect("valid")));
        }
    });
    let count = (CHECKS * world.cores) as f64;
    (count / started.elapsed().as_secs_f64(), (processor_seconds() - processor) / count)
}
