//! All services of a registry as routes.

use std::sync::Arc;

use axum::Router;
use tonic::service::Routes;

use crate::net::RateLimit;
use crate::registry::Registry;
use crate::rpc::directory_service::DirectoryService;
use crate::rpc::dockets_service::DocketsService;
use crate::rpc::guard::Guarded;
use crate::rpc::health::Health;
use crate::rpc::limits::{Limits, REQUEST_LEN_MAX};
use crate::rpc::log_service::LogService;
use crate::rpc::proto;
use crate::rpc::proto::directory_server::DirectoryServer;
use crate::rpc::proto::dockets_server::DocketsServer;
use crate::rpc::proto::log_server::LogServer;
use crate::rpc::proto::registry_server::RegistryServer;
use crate::rpc::registry_service::RegistryService;
use crate::rpc::service::Shared;

/// The gRPC surface of a registry.
pub struct Services {
    /// `nospy.v1`, health and reflection. What is none of these is answered as an unknown gRPC method.
    pub routes: Router,
    /// What the health service says.
    pub health: Health,
}

/// The services of `registry` within `limits`; `rate` bounds what one address publishes, whatever the surface.
///
/// # Panics
/// If the descriptors for reflection cannot be read: a fault of the build.
pub fn services(registry: Registry, limits: &Limits, rate: Arc<RateLimit>) -> Services {
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .expect("the descriptors are made by the build");
    let shared = Shared::new(registry.clone(), limits.clone(), rate);
    let registry_service = RegistryServer::new(RegistryService(shared.clone()));
    let log_service = LogServer::new(LogService(shared.clone()));
    let dockets_service = DocketsServer::new(DocketsService(shared.clone()));
    let directory_service = DirectoryServer::new(DirectoryService(shared));
    let routes = Routes::default()
        .add_service(Guarded::new(registry_service.max_decoding_message_size(REQUEST_LEN_MAX), limits))
        .add_service(Guarded::new(log_service.max_decoding_message_size(REQUEST_LEN_MAX), limits))
        .add_service(Guarded::new(dockets_service.max_decoding_message_size(REQUEST_LEN_MAX), limits))
        .add_service(Guarded::new(directory_service.max_decoding_message_size(REQUEST_LEN_MAX), limits))
        .add_service(Guarded::new(health.max_decoding_message_size(REQUEST_LEN_MAX), limits))
        .add_service(Guarded::new(reflection.max_decoding_message_size(REQUEST_LEN_MAX), limits));
    Services { routes: routes.prepare().into_axum_router(), health: Health::new(reporter, registry) }
}
