//! `PublishMany`: many statements over one stream, each answered, in order.
//!
//! Three tasks hand on to each other. The first reads what the peer sends, within its rate and the window, and has it
//! examined by all workers at once. The second lets it into the log in the order sent. The third answers in that order.
//! The window bounds what all three hold: a peer that sends faster than it is answered waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

use crate::net::Slot;
use crate::registry::{Examined, PublishError, Published, Registry};
use crate::rpc::chunks::{Chunks, Feeder};
use crate::rpc::client_error::NEXT_STEP;
use crate::rpc::convert;
use crate::rpc::proto::{self, publish_many_response::Outcome};
use crate::rpc::service::Shared;
use crate::rpc::status;

/// A statement on its way, with its place in the window.
struct Step<T> {
    number: u64,
    statement: Arc<[u8]>,
    work: JoinHandle<Result<T, PublishError>>,
    place: OwnedSemaphorePermit,
}

/// What a task hands to the next: a statement, or why there are no more.
type Handed<T> = Result<Step<T>, Status>;

/// Starts the three tasks; they end when the peer has sent all and has every answer, or is too slow or gone.
pub(crate) fn start(
    shared: &Shared,
    slot: Slot,
    requests: Streaming<proto::PublishManyRequest>,
) -> Chunks<proto::PublishManyResponse> {
    // The window bounds what is in these channels.
    let (to_enter, examined) = mpsc::channel(shared.limits.publish_window);
    let (to_answer, entered) = mpsc::channel(shared.limits.publish_window);
    let slot = Arc::new(slot);
    tokio::spawn(read(shared.clone(), Arc::clone(&slot), requests, to_enter));
    tokio::spawn(enter(shared.clone(), examined, to_answer));
    Chunks::feed(&shared.limits, move |feeder| async move {
        let _slot = slot;
        answer(feeder, entered).await
    })
}

async fn read(
    shared: Shared,
    slot: Arc<Slot>,
    mut requests: Streaming<proto::PublishManyRequest>,
    to_enter: mpsc::Sender<Handed<Examined>>,
) {
    let window = Arc::new(Semaphore::new(shared.limits.publish_window));
    loop {
        let Ok(place) = Arc::clone(&window).acquire_owned().await else { return };
        let handed = match timeout(shared.limits.chunk_time_max, requests.message()).await {
            Ok(Ok(Some(request))) => Ok(request),
            Ok(Ok(None)) => return,
            Ok(Err(status)) => Err(status),
            Err(_) => Err(status::too_slow("the next statement")),
        };
        let handed = match handed {
            Ok(proto::PublishManyRequest { number, statement }) => {
                shared.wait_for_rate(&slot).await;
                let (registry, statement): (_, Arc<[u8]>) = (shared.registry.clone(), statement.into());
                let bytes = Arc::clone(&statement);
                let work = tokio::spawn(async move { registry.examine(&bytes) });
                Ok(Step { number, statement, work, place })
            }
            Err(status) => Err(status),
        };
        let is_last = handed.is_err();
        // Who answers is gone: so is the peer.
        if to_enter.send(handed).await.is_err() || is_last {
            return;
        }
    }
}

async fn enter(
    shared: Shared,
    mut examined: mpsc::Receiver<Handed<Examined>>,
    to_answer: mpsc::Sender<Handed<Published>>,
) {
    while let Some(handed) = examined.recv().await {
        let handed = match handed {
            Ok(Step { number, statement, work, place }) => {
                let examined = work.await.unwrap_or_else(|error| Err(panicked(&error)));
                // It waits in line from here on, before the next one does.
                let waiting = examined.map(|examined| shared.registry.enter(examined));
                let (registry, patience, bytes) =
                    (shared.registry.clone(), shared.limits.call_time_max, Arc::clone(&statement));
                let work = tokio::spawn(async move {
                    let first = waiting?.await;
                    when_there_is_room(&registry, &bytes, patience, first).await
                });
                Ok(Step { number, statement, work, place })
            }
            Err(status) => Err(status),
        };
        if to_answer.send(handed).await.is_err() {
            return;
        }
    }
}

/// A log that is busy is asked again, for as long as a unary call may take: the stream waits instead of its caller.
async fn when_there_is_room(
    registry: &Registry,
    statement: &[u8],
    patience: Duration,
    first: Result<Published, PublishError>,
) -> Result<Published, PublishError> {
    let (mut answer, deadline) = (first, Instant::now() + patience);
    while let Err(PublishError::Busy { retry_after_ms }) = &answer {
        let pause = Duration::from_millis(*retry_after_ms);
        if Instant::now() + pause > deadline {
            break;
        }
        sleep(pause).await;
        answer = registry.publish(statement).await;
    }
    answer
}

async fn answer(
    feeder: Feeder<proto::PublishManyResponse>,
    mut entered: mpsc::Receiver<Handed<Published>>,
) -> Result<(), Status> {
    while let Some(handed) = entered.recv().await {
        let Step { number, work, place, .. } = handed?;
        let published = work.await.unwrap_or_else(|error| Err(panicked(&error)));
        let has_ended = matches!(published, Err(PublishError::ShuttingDown));
        let outcome = match published {
            Ok(published) => Outcome::Published(convert::published(published)),
            Err(error) => Outcome::Refused(refusal(&status::from_publish(&error))),
        };
        feeder.send(proto::PublishManyResponse { number, outcome: Some(outcome) }).await?;
        drop(place);
        // A server that closes does not wait for the rest of a stream.
        if has_ended {
            return Err(status::from_publish(&PublishError::ShuttingDown));
        }
    }
    Ok(())
}

/// The same words as the end of a unary call.
fn refusal(status: &Status) -> proto::PublishRefusal {
    let details = status.get_error_details();
    let info = details.error_info();
    let delay = details.retry_info().and_then(|retry| retry.retry_delay);
    proto::PublishRefusal {
        code: status.code().into(),
        reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
        message: status.message().to_owned(),
        next_step: info.and_then(|info| info.metadata.get(NEXT_STEP).cloned()).unwrap_or_default(),
        retry_after_ms: delay.map_or(0, |delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
    }
}

fn panicked(error: &tokio::task::JoinError) -> PublishError {
    PublishError::Internal(format!("a task that publishes ended: {error}"))
}
