//! S4: how long a lone publish waits for its acknowledgement. Ceiling: one `fdatasync` of the same disk, here of 4 KiB
//! written over in a file that is as long already; beside it one that also makes the file longer.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Instant;

use nospy::rpc::proto::{PublishRequest, registry_client::RegistryClient};
use tonic::transport::Channel;

use crate::ground::{Ground, home, reports};
use crate::load::{connect, drive, quantile};
use crate::report::{Goal, Row, median, time};
use crate::{ROUNDS, World};

/// What is written before each sync, bytes.
const BLOCK: [u8; 4096] = [7; 4096];

/// The p50 of one round, seconds.
struct Round {
    publish: f64,
    sync: f64,
    growing_sync: f64,
}

/// Measures it with `count` publishes and as many syncs a round.
pub fn measure(world: &World, count: usize) -> Vec<Row> {
    let mut ground = Ground::new(world);
    let scratch = home(world);
    let channel = world.runtime.block_on(async { connect(&ground.serve().await, 1).await.remove(0) });
    world.runtime.block_on(publish(&channel, reports(world, 0, count)));
    let rounds: Vec<Round> = (1..=ROUNDS)
        .map(|round| {
            let file = File::create(scratch.path().join(format!("sync-{round}"))).expect("a file");
            let growing_sync = syncs(&file, count);
            let sync = syncs(&file, count);
            let statements = reports(world, round * count, count);
            Round { publish: world.runtime.block_on(publish(&channel, statements)), sync, growing_sync }
        })
        .collect();
    let middle = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    let ceiling = format!(
        "{} fdatasync p50 ({} if the file grows)",
        time(middle(|round| round.sync)),
        time(middle(|round| round.growing_sync)),
    );
    let measured = format!("{} p50", time(middle(|round| round.publish)));
    let ratio = middle(|round| round.publish / round.sync);
    vec![Row::new("S4", "acknowledgement of a lone publish", ratio, Goal::AtMost(4.0), measured, ceiling)]
}

/// Publishes one after another; the p50 of the acknowledgements.
async fn publish(channel: &Channel, statements: Vec<Vec<u8>>) -> f64 {
    let (count, statements, channel) = (statements.len(), std::sync::Arc::new(statements), channel.clone());
    let load = drive(count, 1, move |number, _| {
        let (mut client, statements) = (RegistryClient::new(channel.clone()), statements.clone());
        async move {
            let request = PublishRequest { statement: statements[number].clone() };
            client.publish(request).await.expect("published");
        }
    });
    load.await.quantile(0.5)
}

/// Writes blocks from the start of the file, each synced; the p50 of write and sync.
fn syncs(file: &File, count: usize) -> f64 {
    let mut times: Vec<f64> = (0..count as u64)
        .map(|block| {
            let begun = Instant::now();
            file.write_all_at(&BLOCK, block * BLOCK.len() as u64).expect("room");
            file.sync_data().expect("a disk");
            begun.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    quantile(&times, 0.5)
}
