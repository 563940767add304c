//! The registry's server: every surface on one port, and an end in which every admitted statement is answered.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Version};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;

use crate::net::{self, RateLimit, TlsError, TlsIdentity};
use crate::registry::Registry;
use crate::rpc;
use crate::web;

/// The limits of one server. `Limits::default()` is meant for the open internet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Those of every connection.
    pub net: net::Limits,
    /// Those of gRPC, and of publishing whatever the surface.
    pub rpc: rpc::Limits,
    /// Those of HTTP.
    pub web: web::Limits,
}

impl From<net::Limits> for Limits {
    fn from(net: net::Limits) -> Self {
        Self { net, ..Self::default() }
    }
}

impl From<rpc::Limits> for Limits {
    fn from(rpc: rpc::Limits) -> Self {
        Self { rpc, ..Self::default() }
    }
}

/// Serves a registry on `listener` until `shutdown` is done; without `tls` in clear text: gRPC over HTTP/2, and what
/// [`web`] answers over HTTP/1.1 and HTTP/2.
///
/// The end, in order: health says NOT_SERVING and nobody new is accepted; every statement that was admitted is answered;
/// the connections close; what is still open after [`net::Limits::connection_age_grace`] is cut.
///
/// # Errors
/// [`TlsError`] if certificate or key cannot be used. The registry is shut down then, too.
pub async fn serve(
    registry: Registry,
    listener: TcpListener,
    limits: Limits,
    tls: Option<TlsIdentity>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), TlsError> {
    let rate = Arc::new(RateLimit::new(limits.rpc.publish_burst, limits.rpc.publishes_per_second));
    let services = rpc::services(registry.clone(), &limits.rpc, Arc::clone(&rate));
    let routes = services
        .routes
        .route_layer(from_fn(over_http_2))
        .merge(web::routes(registry.clone(), &limits.web, rate))
        .fallback(unknown);
    let health = services.health;
    health.report(true).await;
    let shutdown = async {
        tokio::select! {
            () = shutdown => {}
            () = health.follow() => {}
        }
        health.report(false).await;
    };
    let served = net::serve(listener, routes, &limits.net, tls.as_ref(), shutdown, registry.shutdown()).await;
    if served.is_err() {
        registry.shutdown().await;
    }
    served
}

/// gRPC's methods, whatever the content type says: over HTTP/1.1 half of an answer would be lost, its trailers.
async fn over_http_2(request: Request, next: Next) -> Response {
    match request.version() < Version::HTTP_2 {
        true => web::plain_error(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "gRPC needs HTTP/2"),
        false => next.run(request).await,
    }
}

/// What has no route: to a gRPC client an unknown method, to everybody else a page that is not there.
async fn unknown(request: Request) -> Response {
    let is_grpc =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    match is_grpc {
        true => tonic::Status::unimplemented("there is no such method").into_http(),
        false => web::plain_error(StatusCode::NOT_FOUND, "there is nothing under this name"),
    }
}
