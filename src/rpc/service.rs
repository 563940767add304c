//! What all services share: the registry, the limits, and room for heavy work.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Status};

use crate::evidence::witness::Pass;
use crate::net::{Peer, RateLimit, Slot, Slots};
use crate::registry::{ReadError, Registry};
use crate::rpc::limits::Limits;
use crate::rpc::status;

/// The world of the services; cheap to clone.
#[derive(Clone)]
pub(crate) struct Shared {
    pub registry: Registry,
    pub limits: Arc<Limits>,
    rate: Arc<RateLimit>,
    dockets: Arc<Semaphore>,
    texts: Arc<Semaphore>,
    tails: Slots,
    offer_tails: Slots,
    publish_streams: Slots,
}

impl Shared {
    pub fn new(registry: Registry, limits: Limits, rate: Arc<RateLimit>) -> Self {
        Self {
            registry,
            rate,
            dockets: Arc::new(Semaphore::new(limits.dockets_at_work_max)),
            texts: Arc::new(Semaphore::new(limits.texts_at_work_max)),
            tails: Slots::new(limits.tails_at_work_max, limits.tails_per_address_max),
            offer_tails: Slots::new(limits.offer_tails_at_work_max, limits.offer_tails_per_address_max),
            publish_streams: Slots::new(limits.publish_streams_max, limits.publish_streams_per_address_max),
            limits: Arc::new(limits),
        }
    }

    /// Takes one statement off what the peer may send.
    pub fn check_rate<T>(&self, request: &Request<T>) -> Result<(), Status> {
        self.rate.take(network_of(request), Instant::now()).map_err(status::rate_limited)
    }

    /// Room for a stream that follows the log.
    pub fn tail_slot<T>(&self, request: &Request<T>) -> Result<Slot, Status> {
        self.tails.take(network_of(request)).ok_or_else(|| status::busy("streams of entries"))
    }

    /// Room for a witness that follows what is offered to it, once it has shown that it is one.
    pub fn offer_tail_slot<T>(&self, request: &Request<T>, pass: &Pass) -> Result<Slot, Status> {
        self.registry.check_pass(pass).map_err(status::not_a_witness)?;
        self.offer_tails.take(network_of(request)).ok_or_else(|| status::busy("streams of witnesses"))
    }

    /// Room for a stream that publishes.
    pub fn publish_slot<T>(&self, request: &Request<T>) -> Result<Slot, Status> {
        self.publish_streams.take(network_of(request)).ok_or_else(|| status::busy("streams of statements"))
    }

    /// Waits until the holder of a slot may send another statement.
    pub async fn wait_for_rate(&self, slot: &Slot) {
        while let Err(delay) = self.rate.take(slot.network(), Instant::now()) {
            tokio::time::sleep(delay).await;
        }
    }

    /// Room for a docket file or a standing; refused, not queued: a file in memory may have 64 MiB.
    pub fn docket_permit(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.dockets.clone().try_acquire_owned().map_err(|_| status::busy("docket files"))
    }

    /// Room for a text.
    pub fn text_permit(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.texts.clone().try_acquire_owned().map_err(|_| status::busy("texts"))
    }

    /// Runs a read that folds dockets, or takes long, beside the workers that serve everybody. The permit is given back
    /// when the work is done, even if nobody waits for it any more.
    pub async fn fold<T: Send + 'static, P: Send + 'static>(
        &self,
        permit: P,
        read: impl FnOnce(&Registry) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<(T, P), Status> {
        let registry = self.registry.clone();
        let work = tokio::task::spawn_blocking(move || (read(&registry), permit));
        let (answer, permit) = work.await.map_err(|error| status::internal(&error))?;
        Ok((answer.map_err(|error| status::from_read(&error))?, permit))
    }
}

/// Whoever comes without an address (never over TCP) is counted as one.
fn network_of<T>(request: &Request<T>) -> IpAddr {
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    request.extensions().get::<Peer>().map_or(unknown, Peer::network)
}
