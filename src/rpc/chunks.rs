//! Long answers, cut into chunks, for readers who may be slow or gone.
//!
//! A task holds the bytes and hands over a chunk when the last one is taken. If the reader takes none in time, the bytes
//! are dropped and the stream ends with an error: the connection may live on, but it holds nothing of ours.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout_at};
use tokio_stream::Stream;
use tonic::Status;

use crate::rpc::limits::{CHUNK_LEN, Limits};
use crate::rpc::status;

/// The stream of a long answer.
pub(crate) struct Chunks<T> {
    receiver: mpsc::Receiver<T>,
    is_whole: Arc<AtomicBool>,
    is_over: bool,
}

impl<T: Send + 'static> Chunks<T> {
    /// Sends `bytes` in chunks; `message` makes one of the offset and the chunk. There is at least one message, so that
    /// its size arrives even when there are no bytes. The permit is given back when the bytes are.
    pub fn send(
        bytes: Vec<u8>,
        permit: OwnedSemaphorePermit,
        limits: &Limits,
        message: impl Fn(usize, &[u8]) -> T + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let is_whole = Arc::new(AtomicBool::new(false));
        let (chunk_time, stream_end) = (limits.chunk_time_max, Instant::now() + limits.stream_time_max);
        let done = is_whole.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let mut offset = 0;
            loop {
                let end = bytes.len().min(offset + CHUNK_LEN);
                let sent = sender.send(message(offset, &bytes[offset..end]));
                let deadline = stream_end.min(Instant::now() + chunk_time);
                // Too slow, or gone: either way nobody waits for the rest.
                if !matches!(timeout_at(deadline, sent).await, Ok(Ok(()))) {
                    return;
                }
                offset = end;
                if offset == bytes.len() {
                    done.store(true, Ordering::Release);
                    return;
                }
            }
        });
        Self { receiver, is_whole, is_over: false }
    }
}

impl<T> Stream for Chunks<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.receiver.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(message)));
        }
        // The sender is gone. A stream that was cut must not look whole.
        let is_cut = !self.is_whole.load(Ordering::Acquire) && !self.is_over;
        self.is_over = true;
        Poll::Ready(is_cut.then(|| Err(status::too_slow("reading the stream"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::Semaphore;
    use tokio_stream::StreamExt as _;
    use tonic::Code;

    async fn send(len: usize, limits: &Limits) -> (Arc<Semaphore>, Chunks<(usize, Vec<u8>)>) {
        let permits = Arc::new(Semaphore::new(1));
        let permit = permits.clone().acquire_owned().await.expect("never closed");
        let bytes: Vec<u8> = (0..len).map(|i| i.to_le_bytes()[0]).collect();
        let stream = Chunks::send(bytes, permit, limits, |offset, chunk| (offset, chunk.to_vec()));
        (permits, stream)
    }

    #[tokio::test]
    async fn chunks_rebuild_the_bytes() {
        for len in [0, 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN] {
            let (_permits, mut stream) = send(len, &Limits::default()).await;
            let (mut found, mut messages) = (Vec::new(), 0);
            while let Some(message) = stream.next().await {
                let (offset, chunk) = message.expect("the reader is quick");
                assert_eq!(offset, found.len());
                found.extend(chunk);
                messages += 1;
            }
            assert_eq!((found.len(), messages), (len, len.div_ceil(CHUNK_LEN).max(1)));
        }
    }

    #[tokio::test]
    async fn a_reader_that_stops_is_cut_and_told() {
        let limits = Limits { chunk_time_max: Duration::from_millis(20), ..Limits::default() };
        let (permits, mut stream) = send(5 * CHUNK_LEN, &limits).await;
        let _permit = permits.acquire().await.expect("given back when the reader was too slow");
        let mut last = None;
        while let Some(message) = stream.next().await {
            last = Some(message);
        }
        let status = last.expect("some message").expect_err("the end is an error");
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
}
