//! The registry's server: every surface on one port, and an end in which every admitted statement is answered.

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::net::{self, RateLimit, TlsError, TlsIdentity};
use crate::registry::Registry;
use crate::rpc::{self, Limits};
use crate::web;

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
    let rate = Arc::new(RateLimit::new(limits.publish_burst, limits.publishes_per_second));
    let services = rpc::services(registry.clone(), &limits, rate);
    let routes = services.routes.merge(web::routes(registry.clone()));
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
