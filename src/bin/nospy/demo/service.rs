//! The registry of a demo: a real log in sled, a real gRPC service on a real port, and the client that verifies.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nospy::crypto::KeyLine;
use nospy::net::TlsError;
use nospy::registry::{self, Clock, Registry};
use nospy::rpc::{ClientError, Connection, ServerRefusal, VerifyingClient};
use nospy::server::{Limits, serve};
use nospy::statement::{Statement, Subject};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::demo::ask::{self, Question};
use crate::demo::cast::Cast;
use crate::demo::directory::Directory;
use crate::error::CliError;
use crate::exit::Exit;
use crate::seen::FileCheckpoints;
use crate::{files, node, online};

/// Where a demo listens that goes on serving.
pub const LISTEN: &str = "127.0.0.1:4250";
/// Any free port of this machine.
const LISTEN_ANYWHERE: &str = "127.0.0.1:0";

/// A running registry.
pub struct Service {
    /// Where it answers.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), TlsError>>,
}

/// A client of the demo's log.
pub struct Client {
    client: VerifyingClient<FileCheckpoints>,
    log: KeyLine,
    state: PathBuf,
}

/// Opens the port: the given one, else the usual one, else any that is free. A demo that ends at once takes any.
///
/// # Errors
/// If the given one cannot be had.
pub async fn listen(given: Option<&str>, is_once: bool) -> Result<TcpListener, CliError> {
    let cannot = |address: &str, error: std::io::Error| {
        CliError::usage(format!("cannot listen on {address}: {error}")).next_step("Choose another --listen ADDRESS.")
    };
    match given {
        Some(address) => TcpListener::bind(address).await.map_err(|error| cannot(address, error)),
        None => {
            let usual = if is_once { LISTEN_ANYWHERE } else { LISTEN };
            match TcpListener::bind(usual).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind(LISTEN_ANYWHERE).await.map_err(|error| cannot(LISTEN_ANYWHERE, error)),
            }
        }
    }
}

/// Writes whom to trust, and a configuration that finds the registry at an address; `clock` is the file that sets its
/// clock. Gives the path of the policy.
///
/// # Errors
/// If a file cannot be written.
pub fn write_policy(
    directory: &Directory,
    cast: &Cast,
    address: &str,
    clock: Option<&str>,
) -> Result<PathBuf, CliError> {
    let policy = directory.file("policy.txt");
    files::write_new(&policy, format!("log {}\nquorum none\n", cast.log_name).as_bytes())?;
    let clock = clock.map_or_else(String::new, |clock| format!("clock = \"{clock}\"\n"));
    let config = format!(
        "# A demonstration registry: its keys are worth nothing. Paths are relative to this file.\n\
         origin = \"{}\"\nserver = \"http://{address}\"\npolicy = \"policy.txt\"\nstate = \"state\"\n\n\
         [serve]\nlisten = \"{address}\"\ndata = \"data\"\nguard = \"head.guard\"\nlog_key = \"demo-log.key.pem\"\n{clock}",
        cast.origin
    );
    files::write_new(&directory.file("nospy.toml"), config.as_bytes())?;
    Ok(policy)
}

impl Service {
    /// Makes the registry in the directory and serves it. It seals after `seal_interval` though nothing is published.
    ///
    /// # Errors
    /// If it cannot be made or opened.
    pub fn start(
        directory: &Directory,
        cast: &Cast,
        genesis: &Statement,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        seal_interval: Option<Duration>,
    ) -> Result<Self, CliError> {
        let storage = node::storage(&directory.file("data"))?;
        let mut opening =
            node::opening(storage, &directory.file("head.guard"), cast.log.clone(), cast.origin.clone(), clock);
        opening.options.seal_interval = seal_interval.unwrap_or(opening.options.seal_interval);
        registry::create(&opening, genesis).map_err(|error| node::cannot_open(&error))?;
        let registry = Registry::open(opening).map_err(|error| node::cannot_open(&error))?;
        let address = listener
            .local_addr()
            .map_err(|error| CliError::new(Exit::Internal, format!("a port without an address: {error}")))?;
        let (stop, stopped) = oneshot::channel();
        let server = serve(registry, listener, Limits::default(), None, async {
            // A sender that is gone means the same.
            let _ = stopped.await;
        });
        Ok(Self { address, stop, server: tokio::spawn(server) })
    }

    /// The address as a client names it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it: every statement that was admitted has been answered.
    ///
    /// # Errors
    /// If it ended otherwise.
    pub async fn stop(self) -> Result<(), CliError> {
        let _ = self.stop.send(());
        ended(self.server.await)
    }

    /// Serves until `stopped`.
    ///
    /// # Errors
    /// If it ends otherwise.
    pub async fn serve_until(mut self, stopped: impl Future<Output = ()>) -> Result<(), CliError> {
        tokio::select! {
            end = &mut self.server => ended(end),
            () = stopped => self.stop().await,
        }
    }
}

fn ended(end: Result<Result<(), TlsError>, tokio::task::JoinError>) -> Result<(), CliError> {
    let failed = |why: String| CliError::new(Exit::Internal, format!("the demo's service failed: {why}"));
    end.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
}

impl Client {
    /// Connects as anybody would, with the log's key pinned.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn connect(url: String, directory: &Directory, cast: &Cast) -> Result<Self, CliError> {
        let state = directory.file("state");
        let log = cast.log_name.clone();
        let seen = FileCheckpoints::open(&state, &log)?;
        let connection = Connection { url, ca_pem: None };
        let client = VerifyingClient::connect(&connection, log.clone(), seen)
            .await
            .map_err(|error| online::explain(error, &log, &state))?;
        Ok(Self { client, log, state })
    }

    /// Publishes a statement and verifies its receipt. Gives the index of its entry.
    ///
    /// # Errors
    /// If the registry refuses it, or the receipt does not hold.
    pub async fn publish(&self, statement: &Statement) -> Result<u64, CliError> {
        let published = self.client.publish(statement).await;
        let published = published.map_err(|error| {
            online::explain(error, &self.log, &self.state).detail(format!(
                "it was to register {} about {}",
                statement.kind().as_str(),
                statement.subject()
            ))
        })?;
        Ok(published.receipt.proved().index)
    }

    /// Publishes a statement that is to be refused. Gives the refusal; `None` if the registry took it.
    ///
    /// # Errors
    /// If the registry did neither.
    pub async fn publish_refused(&self, statement: &Statement) -> Result<Option<ServerRefusal>, CliError> {
        match self.client.publish(statement).await {
            Ok(_) => Ok(None),
            Err(ClientError::Refused(refusal)) => Ok(Some(refusal)),
            Err(error) => Err(online::explain(error, &self.log, &self.state)),
        }
    }

    /// Demands that the log extends what it showed before. Gives its size.
    ///
    /// # Errors
    /// If it does not.
    pub async fn check_log(&mut self) -> Result<u64, CliError> {
        let checkpoint = self.client.checkpoint().await;
        checkpoint.map(|one| one.size()).map_err(|error| online::explain(error, &self.log, &self.state))
    }

    /// Fetches a docket file for each subject that is asked about, each into a new file, unverified.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_all(&self, questions: &[Question], directory: &Directory) -> Result<(), CliError> {
        let about: BTreeSet<&Subject> = questions.iter().flat_map(|question| &question.about).collect();
        for subject in about {
            self.fetch(subject, &directory.file(&ask::file_name(subject))).await?;
        }
        Ok(())
    }

    /// Fetches the docket file of a subject into a new file, unverified.
    ///
    /// # Errors
    /// If there is none, or it cannot be written.
    async fn fetch(&self, subject: &Subject, file: &std::path::Path) -> Result<(), CliError> {
        let bytes = self.client.docket_file(subject).await;
        let bytes = bytes.map_err(|error| online::explain(error, &self.log, &self.state))?;
        files::write_new(file, &bytes.into_the_servers_word())
    }
}
