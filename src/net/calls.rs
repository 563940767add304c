//! The calls of one connection: each knows its peer, and there are never more at work than the limit (N3, N4).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::net::Peer;

const GRPC: &str = "application/grpc";
/// RESOURCE_EXHAUSTED of gRPC.
const GRPC_RESOURCE_EXHAUSTED: &str = "8";

/// Hands the calls of one connection to the routes.
#[derive(Clone)]
pub(in crate::net) struct Calls {
    routes: Router,
    peer: Peer,
    room: Arc<Semaphore>,
}

impl Calls {
    /// At most `calls_max` at once.
    pub fn new(routes: Router, peer: Peer, calls_max: usize) -> Self {
        Self { routes, peer, room: Arc::new(Semaphore::new(calls_max)) }
    }
}

impl Service<Request<Incoming>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.peer.note_call();
        let is_grpc = is_grpc(&request);
        if is_grpc && request.version() < Version::HTTP_2 {
            let answer = refusal(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "gRPC needs HTTP/2\n");
            return Box::pin(std::future::ready(Ok(answer)));
        }
        let Ok(permit) = self.room.clone().try_acquire_owned() else {
            let answer = if is_grpc { shed_grpc() } else { shed_http() };
            return Box::pin(std::future::ready(Ok(answer)));
        };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer.clone());
        let answer = self.routes.clone().oneshot(request);
        let sending = self.peer.sending().clone();
        Box::pin(async move {
            let answer = answer.await;
            drop(permit);
            match is_grpc {
                true => answer,
                false => answer.map(|answer| answer.map(|body| sending.carry(body))),
            }
        })
    }
}

fn is_grpc<B>(request: &Request<B>) -> bool {
    let begins = |kind: &[u8]| kind.get(..GRPC.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(GRPC.as_bytes()));
    request.headers().get(CONTENT_TYPE).is_some_and(|value| begins(value.as_bytes()))
}

fn refusal(code: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn shed_http() -> Response<Body> {
    let mut answer = refusal(StatusCode::SERVICE_UNAVAILABLE, "too many calls at once on this connection\n");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// A status without messages: gRPC's "trailers only" answer.
fn shed_grpc() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert("grpc-status", HeaderValue::from_static(GRPC_RESOURCE_EXHAUSTED));
    headers.insert("grpc-message", HeaderValue::from_static("too many calls at once on this connection"));
    answer
}
