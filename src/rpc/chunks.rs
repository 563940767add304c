//! Long answers, message by message, for readers who may be slow or gone.
//!
//! A task holds the bytes and hands over a message when the last one is taken. If the reader takes none in time, the bytes
//! are dropped and the stream ends with an error: the connection may live on, but it holds nothing of ours.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_stream::Stream;
use tonic::Status;

use crate::rpc::limits::{CHUNK_LEN, Limits};
use crate::rpc::status;

/// The stream of a long answer.
pub(crate) struct Chunks<T> {
    receiver: mpsc::Receiver<T>,
    /// How the task ended; `None` once it was told.
    end: Option<oneshot::Receiver<Result<(), Status>>>,
}

/// What the task hands its messages to.
pub(crate) struct Feeder<T> {
    sender: mpsc::Sender<T>,
    chunk_time_max: Duration,
}

impl<T> Feeder<T> {
    /// Hands over a message, when the reader has taken the one before.
    ///
    /// # Errors
    /// The reader is too slow, or gone: either way nobody waits for the rest.
    pub async fn send(&self, message: T) -> Result<(), Status> {
        let sent = timeout_at(Instant::now() + self.chunk_time_max, self.sender.send(message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(status::too_slow("reading the stream")) }
    }

    /// Waits until the reader is gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

impl<T: Send + 'static> Chunks<T> {
    /// Sends what `task` hands over; a task that fails ends the stream with its error.
    pub fn feed<F>(limits: &Limits, task: impl FnOnce(Feeder<T>) -> F) -> Self
    where
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(1);
        let (ending, end) = oneshot::channel();
        let work = task(Feeder { sender, chunk_time_max: limits.chunk_time_max });
        tokio::spawn(async move {
            // A reader who is gone needs no word.
            let _ = ending.send(work.await);
        });
        Self { receiver, end: Some(end) }
    }

    /// Sends `bytes` in chunks; `message` makes one of the offset and the chunk. There is at least one message, so that
    /// its size arrives even when there are no bytes. The permit is given back when the bytes are.
    pub fn send(
        bytes: Vec<u8>,
        permit: OwnedSemaphorePermit,
        limits: &Limits,
        message: impl Fn(usize, &[u8]) -> T + Send + 'static,
    ) -> Self {
        let stream_end = Instant::now() + limits.stream_time_max;
        Self::feed(limits, move |feeder| async move {
            let _permit = permit;
            let mut offset = 0;
            loop {
                let end = bytes.len().min(offset + CHUNK_LEN);
                let sent = timeout_at(stream_end, feeder.send(message(offset, &bytes[offset..end]))).await;
                sent.unwrap_or_else(|_| Err(status::too_slow("reading the stream")))?;
                offset = end;
                if offset == bytes.len() {
                    return Ok(());
                }
            }
        })
    }
}

impl<T> Stream for Chunks<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.receiver.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(message)));
        }
        // No message comes any more. A stream that was cut must not look whole.
        let Some(end) = self.end.as_mut() else { return Poll::Ready(None) };
        let end = ready!(Pin::new(end).poll(cx));
        self.end = None;
        let end = end.unwrap_or_else(|_| Err(status::internal(&"the task of a stream ended without a word")));
        Poll::Ready(end.err().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
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
