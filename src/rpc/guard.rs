//! What holds for every call, whichever service it goes to: it has a time.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::NamedService;

use crate::rpc::limits::Limits;
use crate::rpc::status;

const DEPOSIT_TEXT: &str = "/nospy.v1.Registry/DepositText";

/// A service whose calls have a time.
///
/// The time runs from the headers of the call to those of its answer, so a request body that drips falls under it. tonic
/// has one time for all; a text needs longer to come in than a statement.
#[derive(Clone, Debug)]
pub(crate) struct Guarded<S> {
    inner: S,
    call_time_max: Duration,
    deposit_time_max: Duration,
}

impl<S> Guarded<S> {
    /// Guards a generated server.
    pub fn new(inner: S, limits: &Limits) -> Self {
        Self { inner, call_time_max: limits.call_time_max, deposit_time_max: limits.deposit_time_max }
    }
}

impl<S: NamedService> NamedService for Guarded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Guarded<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let is_deposit = request.uri().path() == DEPOSIT_TEXT;
        let time = if is_deposit { self.deposit_time_max } else { self.call_time_max };
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(time, answer).await {
                Ok(answer) => answer,
                Err(_) => Ok(status::too_slow("the call").into_http()),
            }
        })
    }
}
