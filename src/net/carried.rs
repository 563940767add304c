//! The body of an answer over HTTP, in pieces, and known to its connection until the last one is taken (G5).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

/// Most that waits in the transport for a peer that does not read, of each body. Each piece is a copy: what it came from is
/// given back when the body ends.
const PIECE_LEN: usize = 8 * 1024;

/// The bodies that one connection has begun to send, and since when.
#[derive(Clone, Debug, Default)]
pub(in crate::net) struct Sending(Arc<Mutex<Begun>>);

#[derive(Debug, Default)]
struct Begun {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

impl Sending {
    /// How long the oldest of them has been sent.
    pub fn age(&self) -> Option<Duration> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.since.first_key_value().map(|(_, since)| since.elapsed())
    }

    /// Begins one.
    pub fn carry(&self, body: Body) -> Body {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = begun.next;
        begun.next += 1;
        begun.since.insert(number, Instant::now());
        Body::new(Carried { sending: self.clone(), number, body, rest: Bytes::new() })
    }
}

struct Carried {
    sending: Sending,
    number: u64,
    body: Body,
    /// What is left of the frame that the body gave last.
    rest: Bytes,
}

impl Carried {
    fn piece(&mut self) -> Frame<Bytes> {
        let piece = self.rest.split_to(self.rest.len().min(PIECE_LEN));
        Frame::data(Bytes::copy_from_slice(&piece))
    }
}

impl HttpBody for Carried {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.piece())));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        match frame.into_data() {
            Ok(data) => {
                self.rest = data;
                Poll::Ready(Some(Ok(self.piece())))
            }
            Err(trailers) => Poll::Ready(Some(Ok(trailers))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        let mut begun = self.sending.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.since.remove(&self.number);
    }
}
