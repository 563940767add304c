//! The memory for answers that are being read or sent: whoever asks for much waits for a share.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// One permit, in bytes.
const PERMIT_LEN: usize = 1024;

/// A bounded amount of memory, in shares.
#[derive(Clone)]
pub(in crate::web) struct Room {
    shares: Arc<Semaphore>,
    wait_max: Duration,
}

/// A part of the room; it is given back when it is dropped.
pub(in crate::web) struct Share(OwnedSemaphorePermit);

impl Room {
    /// `len` bytes, of which a share is waited for no longer than `wait_max`.
    pub fn new(len: usize, wait_max: Duration) -> Self {
        let permits = len.div_ceil(PERMIT_LEN).min(Semaphore::MAX_PERMITS);
        Self { shares: Arc::new(Semaphore::new(permits)), wait_max }
    }

    /// A share of `len` bytes, if there is room in time.
    pub async fn share(&self, len: usize) -> Option<Share> {
        let shares = timeout(self.wait_max, self.shares.clone().acquire_many_owned(weight(len))).await;
        shares.ok()?.ok().map(Share)
    }
}

impl Share {
    /// A body of `bytes` that keeps what it needs of the share until it is sent, or given up.
    pub fn hold(mut self, bytes: Vec<u8>) -> Body {
        let spare = self.0.num_permits().saturating_sub(weight(bytes.len()) as usize);
        drop(self.0.split(spare));
        Body::from(Bytes::from_owner(Held { bytes, _share: self }))
    }
}

fn weight(len: usize) -> u32 {
    u32::try_from(len.div_ceil(PERMIT_LEN)).unwrap_or(u32::MAX)
}

struct Held {
    bytes: Vec<u8>,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
