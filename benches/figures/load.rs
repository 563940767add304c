//! Many calls in flight, each timed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};

use crate::machine::processor_seconds;

/// Calls in flight, over all connections.
pub const IN_FLIGHT: usize = 64;
/// Connections: with [`IN_FLIGHT`] calls each has 16, half of what a server lets one connection have at work.
pub const CONNECTIONS: usize = 4;

/// What came of a load.
pub struct Load {
    /// Calls a second.
    pub rate: f64,
    /// Processor time of a call, its client's included, seconds.
    pub processor: f64,
    /// The time of each call, ascending, seconds.
    times: Vec<f64>,
}

impl Load {
    /// The time that this part (0 to 1) of the calls did not exceed, seconds.
    pub fn quantile(&self, part: f64) -> f64 {
        quantile(&self.times, part)
    }
}

/// The value that this part (0 to 1) of the values, which are ascending, does not exceed.
pub fn quantile(ascending: &[f64], part: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Makes `calls` calls, numbered from 0, of which `in_flight` wait at a time. A call is told its number and the number
/// of the task that makes it.
pub async fn drive<F, C>(calls: usize, in_flight: usize, call: F) -> Load
where
    F: Fn(usize, usize) -> C + Clone + Send + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let processor = processor_seconds();
    let started = Instant::now();
    let tasks: Vec<_> = (0..in_flight)
        .map(|task| {
            let (next, call) = (Arc::clone(&next), call.clone());
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(calls / in_flight * 2);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= calls {
                        return times;
                    }
                    let begun = Instant::now();
                    call(number, task).await;
                    times.push(begun.elapsed().as_secs_f64());
                }
            })
        })
        .collect();
    let mut times = Vec::with_capacity(calls);
    for task in tasks {
        times.extend(task.await.expect("a call that fails is reported by its panic"));
    }
    let rate = calls as f64 / started.elapsed().as_secs_f64();
    let processor = (processor_seconds() - processor) / calls as f64;
    times.sort_by(f64::total_cmp);
    Load { rate, processor, times }
}

/// Connections to a server, with the settings of `nospy::rpc::VerifyingClient`.
pub async fn connect(url: &str, connections: usize) -> Vec<Channel> {
    let mut channels = Vec::new();
    for _ in 0..connections {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL of ours");
        let endpoint = endpoint.connect_timeout(Duration::from_secs(10));
        channels.push(endpoint.connect().await.expect("a server of ours"));
    }
    channels
}
