//! `grpc.health.v1`: whether the server is up, and whether the registry signs.

use std::time::Duration;

use tokio::time::interval;
use tonic::server::NamedService as _;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::registry::{Mode, Registry};
use crate::rpc::directory_service::DirectoryService;
use crate::rpc::dockets_service::DocketsService;
use crate::rpc::log_service::LogService;
use crate::rpc::proto::directory_server::DirectoryServer;
use crate::rpc::proto::dockets_server::DocketsServer;
use crate::rpc::proto::log_server::LogServer;
use crate::rpc::proto::registry_server::RegistryServer;
use crate::rpc::registry_service::RegistryService;

/// How often health follows the mode of the registry.
const INTERVAL: Duration = Duration::from_secs(1);
/// The name under which health speaks of the server as a whole.
const WHOLE_SERVER: &str = "";

/// Tells the health service how it stands.
pub struct Health {
    reporter: HealthReporter,
    registry: Registry,
}

impl Health {
    pub(in crate::rpc) fn new(reporter: HealthReporter, registry: Registry) -> Self {
        Self { reporter, registry }
    }

    /// Reads are served as long as the server is up; `Registry` only while it signs.
    pub async fn report(&self, is_up: bool) {
        let of = |is_serving| if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in [
            WHOLE_SERVER,
            LogServer::<LogService>::NAME,
            DocketsServer::<DocketsService>::NAME,
            DirectoryServer::<DirectoryService>::NAME,
        ] {
            self.reporter.set_service_status(name, of(is_up)).await;
        }
        let is_signing = is_up && self.registry.mode() == Mode::Signing;
        self.reporter.set_service_status(RegistryServer::<RegistryService>::NAME, of(is_signing)).await;
    }

    /// Follows the mode of the registry; never done.
    pub async fn follow(&self) {
        let mut ticks = interval(INTERVAL);
        let mut told = None;
        loop {
            ticks.tick().await;
            let mode = self.registry.mode();
            if told.as_ref() != Some(&mode) {
                self.report(true).await;
                told = Some(mode);
            }
        }
    }
}
