//! The server: every limit set by name, and an end in which every admitted statement is answered.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{interval, sleep};
use tonic::server::NamedService;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use zeroize::Zeroizing;

use crate::registry::{Mode, Registry};
use crate::rpc::directory_service::DirectoryService;
use crate::rpc::dockets_service::DocketsService;
use crate::rpc::gate::Incoming;
use crate::rpc::guard::Guarded;
use crate::rpc::limits::{Limits, REQUEST_LEN_MAX};
use crate::rpc::log_service::LogService;
use crate::rpc::proto;
use crate::rpc::proto::directory_server::DirectoryServer;
use crate::rpc::proto::dockets_server::DocketsServer;
use crate::rpc::proto::log_server::LogServer;
use crate::rpc::proto::registry_server::RegistryServer;
use crate::rpc::registry_service::RegistryService;
use crate::rpc::service::Shared;

/// How often health follows the mode of the registry.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// The name under which health speaks of the server as a whole.
const WHOLE_SERVER: &str = "";

/// Certificate and key of a TLS server, PEM.
#[derive(Clone)]
pub struct TlsIdentity {
    /// The certificate chain, the server's own first.
    pub certificate_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Zeroizing<Vec<u8>>,
}

/// Why a server ends other than by its shutdown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Certificate or key cannot be used.
    #[error("the TLS certificate or key cannot be used")]
    Tls(#[source] tonic::transport::Error),
    /// The transport gave up.
    #[error("the server stopped")]
    Transport(#[source] tonic::transport::Error),
    /// The descriptors for reflection cannot be read: a fault of the build.
    #[error("the descriptors of the service cannot be read")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// Serves a registry on `listener` until `shutdown` is done; without `tls` in clear text.
///
/// The end, in order: health says NOT_SERVING and nobody new is accepted; every statement that was admitted is answered;
/// the connections close; what is still open after [`Limits::connection_age_grace`] is cut.
///
/// # Errors
/// [`ServeError`] if the server cannot start or its transport fails. The registry is shut down then, too.
pub async fn serve(
    registry: Registry,
    listener: TcpListener,
    limits: Limits,
    tls: Option<TlsIdentity>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (cut, is_cut) = watch::channel(false);
    let (stop, stopped) = oneshot::channel::<()>();
    let (health, health_service) = tonic_health::server::health_reporter();
    report(&health, &registry, true).await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(ServeError::Reflection)?;

    let shared = Shared::new(registry.clone(), limits.clone());
    let registry_service = RegistryServer::new(RegistryService(shared.clone()));
    let log_service = LogServer::new(LogService(shared.clone()));
    let dockets_service = DocketsServer::new(DocketsService(shared.clone()));
    let directory_service = DirectoryServer::new(DirectoryService(shared));
    let router = builder(&limits, tls)?
        .add_service(Guarded::new(registry_service.max_decoding_message_size(REQUEST_LEN_MAX), &limits))
        .add_service(Guarded::new(log_service.max_decoding_message_size(REQUEST_LEN_MAX), &limits))
        .add_service(Guarded::new(dockets_service.max_decoding_message_size(REQUEST_LEN_MAX), &limits))
        .add_service(Guarded::new(directory_service.max_decoding_message_size(REQUEST_LEN_MAX), &limits))
        .add_service(Guarded::new(health_service.max_decoding_message_size(REQUEST_LEN_MAX), &limits))
        .add_service(Guarded::new(reflection.max_decoding_message_size(REQUEST_LEN_MAX), &limits));

    let incoming = Incoming::new(listener, limits.clone(), is_cut);
    let server = router.serve_with_incoming_shutdown(incoming, async {
        // A sender that is gone means the same.
        let _ = stopped.await;
    });
    let mut server = std::pin::pin!(server);

    let early = tokio::select! {
        ended = &mut server => Some(ended),
        () = shutdown => None,
        () = follow_mode(&health, &registry) => None,
    };
    report(&health, &registry, false).await;
    let _ = stop.send(());
    let (drained, is_drained) = oneshot::channel::<()>();
    let drain = async {
        registry.shutdown().await;
        let _ = drained.send(());
    };
    let close = async {
        if let Some(ended) = early {
            return ended;
        }
        let grace = async {
            let _ = is_drained.await;
            sleep(limits.connection_age_grace).await;
        };
        tokio::select! {
            ended = &mut server => ended,
            () = grace => {
                let _ = cut.send(true);
                (&mut server).await
            }
        }
    };
    let ((), ended) = tokio::join!(drain, close);
    ended.map_err(ServeError::Transport)
}

// DESIGN §8: what tonic leaves open.
fn builder(limits: &Limits, tls: Option<TlsIdentity>) -> Result<Server, ServeError> {
    // No `Server::timeout`: `Guarded` times each call by what it is. No grace: see `gate`, G3.
    let builder = Server::builder()
        .concurrency_limit_per_connection(limits.calls_per_connection_max)
        .load_shed(true)
        .max_concurrent_streams(limits.streams_per_connection_max)
        .initial_stream_window_size(limits.stream_window_len)
        .initial_connection_window_size(limits.connection_window_len)
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
        .http2_max_header_list_size(limits.header_list_len_max)
        .http2_max_pending_accept_reset_streams(Some(limits.pending_resets_max))
        .max_connection_age(limits.connection_age_max);
    match tls {
        None => Ok(builder),
        Some(tls) => {
            let identity = Identity::from_pem(&tls.certificate_pem, &*tls.key_pem);
            let config = ServerTlsConfig::new().identity(identity).timeout(limits.handshake_time_max);
            builder.tls_config(config).map_err(ServeError::Tls)
        }
    }
}

/// Reads are served as long as the server is up; `Registry` only while it signs.
async fn report(health: &HealthReporter, registry: &Registry, is_up: bool) {
    let of = |is_serving| if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    for name in [
        WHOLE_SERVER,
        LogServer::<LogService>::NAME,
        DocketsServer::<DocketsService>::NAME,
        DirectoryServer::<DirectoryService>::NAME,
    ] {
        health.set_service_status(name, of(is_up)).await;
    }
    let is_signing = is_up && registry.mode() == Mode::Signing;
    health.set_service_status(RegistryServer::<RegistryService>::NAME, of(is_signing)).await;
}

async fn follow_mode(health: &HealthReporter, registry: &Registry) {
    let mut ticks = interval(HEALTH_INTERVAL);
    let mut told = registry.mode();
    loop {
        ticks.tick().await;
        let mode = registry.mode();
        if mode != told {
            report(health, registry, true).await;
            told = mode;
        }
    }
}
