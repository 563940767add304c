//! S3: inclusion proofs by unary calls from a log of N entries, 64 in flight. Ceiling: echoes of the same sizes.

use std::sync::Arc;

use nospy::rpc::proto::{GetInclusionProofRequest, log_client::LogClient};
use prost::Message as _;
use tonic::transport::Channel;

use crate::echo::{self, Sizes};
use crate::ground::{FILL_IN_FLIGHT, Ground, reports};
use crate::load::{CONNECTIONS, IN_FLIGHT, Load, connect, drive};
use crate::publish::echoes;
use crate::report::{Goal, Row, median, rate, time};
use crate::{ROUNDS, World};

/// Proofs of a round.
const PROOFS: usize = 60_000;
/// Statements that are signed before they are published, so that memory stays bounded.
const FILL_CHUNK: usize = 100_000;

/// Measures it over `entries` statements.
pub fn measure(world: &World, entries: usize) -> Vec<Row> {
    let mut ground = Ground::new(world);
    for from in (0..entries).step_by(FILL_CHUNK) {
        let count = FILL_CHUNK.min(entries - from);
        ground.fill(world, reports(world, from, count), FILL_IN_FLIGHT);
    }
    let size = ground.size();
    let (to_registry, to_echo) = world.runtime.block_on(async {
        let (registry, echo) = (ground.serve().await, echo::serve().await);
        (connect(&registry, CONNECTIONS).await, connect(&echo, CONNECTIONS).await)
    });
    let sizes = world.runtime.block_on(sizes(&to_registry[0], size / 2));
    world.runtime.block_on(proofs(&to_registry, PROOFS / 4, size, 0));
    world.runtime.block_on(echoes(&to_echo, PROOFS / 4, sizes));
    let rounds: Vec<(Load, Load)> = (1..=ROUNDS)
        .map(|round| {
            let echoes = world.runtime.block_on(echoes(&to_echo, PROOFS, sizes));
            (world.runtime.block_on(proofs(&to_registry, PROOFS, size, round as u64)), echoes)
        })
        .collect();
    rows(&rounds, size)
}

fn rows(rounds: &[(Load, Load)], size: u64) -> Vec<Row> {
    let middle = |value: &dyn Fn(&(Load, Load)) -> f64| median(rounds.iter().map(value));
    let rates = Row::new(
        "S3",
        format!("inclusion proofs of {size} entries, {IN_FLIGHT} in flight"),
        middle(&|(proofs, echoes)| proofs.rate / echoes.rate),
        Goal::AtLeast(0.85),
        rate(middle(&|(proofs, _)| proofs.rate), "proofs"),
        rate(middle(&|(_, echoes)| echoes.rate), "echoes"),
    );
    let slow = Row::new(
        "S3",
        "their p99",
        middle(&|(proofs, echoes)| proofs.quantile(0.99) / echoes.quantile(0.99)),
        Goal::AtMost(2.0),
        time(middle(&|(proofs, _)| proofs.quantile(0.99))),
        time(middle(&|(_, echoes)| echoes.quantile(0.99))),
    );
    let processor = Row::new(
        "S3",
        "their processor time",
        middle(&|(proofs, echoes)| proofs.processor / echoes.processor),
        Goal::Told,
        format!("{} a proof", time(middle(&|(proofs, _)| proofs.processor))),
        format!("{} an echo", time(middle(&|(_, echoes)| echoes.processor))),
    );
    vec![rates, slow, processor]
}

async fn sizes(channel: &Channel, index: u64) -> Sizes {
    let request = GetInclusionProofRequest { index, size: None };
    let answer = LogClient::new(channel.clone()).get_inclusion_proof(request).await.expect("a proof");
    Sizes { request: request.encoded_len(), answer: answer.get_ref().encoded_len() }
}

/// Proofs of entries from all over the log, in an order that no cache foresees.
async fn proofs(channels: &[Channel], count: usize, size: u64, round: u64) -> Load {
    let channels = Arc::new(channels.to_vec());
    drive(count, IN_FLIGHT, move |number, task| {
        let channel = channels[task % channels.len()].clone();
        async move {
            let index = scatter(round << 32 | number as u64) % size;
            let request = GetInclusionProofRequest { index, size: None };
            let answer = LogClient::new(channel).get_inclusion_proof(request).await.expect("a proof");
            assert_eq!(answer.get_ref().index, index);
        }
    })
    .await
}

/// A number that looks random: the finalizer of SplitMix64.
pub fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
