//! Talking to a registry: one pinned log, a memory of what it showed before, and what its errors mean.

use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;
use nospy::crypto::KeyLine;
use nospy::evidence::{EvidenceFile, Fork, Policy, SignedHead};
use nospy::rpc::{
    CheckError, ClientError, Connection, ForgetfulCheckpoints, SeenCheckpoints as _, ServerRefusal, VerifiedCheckpoint,
    VerifyingClient,
};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::seen::{self, FileCheckpoints};
use crate::trust::{self, TrustArgs};
use crate::{caught, describe, files};

/// How often two histories are compared while the log grows.
const SAME_HISTORY_TRIES_MAX: usize = 8;

/// Which registry, and whom to trust.
#[derive(Args, Clone)]
pub struct OnlineArgs {
    /// Where the registry answers: http://host:port or https://host:port.
    #[arg(long, value_name = "URL", env = "NOSPY_SERVER")]
    server: Option<String>,
    /// The certificate authority of an https server, PEM.
    #[arg(long, value_name = "FILE", env = "NOSPY_CA")]
    ca: Option<PathBuf>,
    /// Where the last verified checkpoints are kept; $XDG_STATE_HOME/nospy if left out.
    #[arg(long, value_name = "DIR", env = "NOSPY_STATE")]
    state: Option<PathBuf>,
    /// Which log, if the policy names several.
    #[arg(long, value_name = "ORIGIN", env = "NOSPY_ORIGIN")]
    pub origin: Option<String>,
    #[command(flatten)]
    pub trust: TrustArgs,
}

impl OnlineArgs {
    /// The log that is meant.
    ///
    /// # Errors
    /// If the policy is missing, or does not say which one.
    pub fn log(&self, config: &Config) -> Result<KeyLine, CliError> {
        trust::the_log(&self.trust.policy(config)?, self.origin.as_deref().or(config.origin.as_deref()))
    }

    /// Where the caller wants checkpoints to be kept, if it says so.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// The same registry with a memory of its own.
    pub fn with_state(&self, directory: &Path) -> Self {
        Self { state: Some(directory.to_owned()), ..self.clone() }
    }
}

/// A connection to one log.
pub struct Online {
    runtime: tokio::runtime::Runtime,
    /// The client; its answers are verified.
    pub client: VerifyingClient<FileCheckpoints>,
    /// Whom the caller trusts.
    pub policy: Policy,
    /// The log.
    pub log: KeyLine,
    /// The newest checkpoint when the connection was made, proved to extend the last one seen.
    pub checkpoint: VerifiedCheckpoint,
    connection: Connection,
    state: PathBuf,
}

impl Online {
    /// Connects, fetches the newest checkpoint, and demands that it extends the last one seen here.
    ///
    /// # Errors
    /// [`Exit::Equivocation`] with the evidence in a file; [`Exit::Network`]; a policy or address that is missing.
    pub fn connect(args: &OnlineArgs, config: &Config, output: &Output) -> Result<Self, CliError> {
        let policy = args.trust.policy(config)?;
        let log = trust::the_log(&policy, args.origin.as_deref().or(config.origin.as_deref()))?;
        let connection = connection(args, config)?;
        let state = seen::directory(args.state.as_deref(), config)?;
        let seen = FileCheckpoints::open(&state, &log)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
        if log.name().starts_with("demo.") {
            output.say(describe::DEMO.trim_end());
        }
        let start = async {
            let mut client = VerifyingClient::connect(&connection, log.clone(), seen).await?;
            let checkpoint = client.checkpoint().await?;
            Ok((client, checkpoint))
        };
        let (client, checkpoint) = runtime.block_on(start).map_err(|error| explain(error, &log, &state))?;
        Ok(Self { runtime, client, policy, log, checkpoint, connection, state })
    }

    /// Asks the registry.
    ///
    /// # Errors
    /// What the answer lacks, or why there is none.
    pub fn ask<'a, T, F>(
        &'a mut self,
        question: impl FnOnce(&'a mut VerifyingClient<FileCheckpoints>) -> F,
    ) -> Result<T, CliError>
    where
        F: Future<Output = Result<T, ClientError>> + 'a,
        T: 'a,
    {
        let Self { runtime, client, log, state, .. } = self;
        runtime.block_on(question(client)).map_err(|error| explain(error, log, state))
    }
}

impl Online {
    /// Where evidence is kept.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Demands that the checkpoint `note`, which came inside another answer, and the newest one of this connection
    /// belong to one history: a log could show one tree here and hand out a file of another.
    ///
    /// # Errors
    /// [`Exit::Equivocation`] with the evidence in a file.
    pub fn demand_same_history(&mut self, note: &[u8]) -> Result<(), CliError> {
        for _ in 0..SAME_HISTORY_TRIES_MAX {
            // The other checkpoint is proved to lie below a newest one …
            let mut seen = ForgetfulCheckpoints::default();
            seen.store(&self.log, note).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
            let below =
                async { VerifyingClient::connect(&self.connection, self.log.clone(), seen).await?.checkpoint().await };
            let above = match self.runtime.block_on(below) {
                // Not signed by this log at all: the verification of the answer says so by name.
                Err(ClientError::Check(CheckError::StoredCheckpoint(_))) => return Ok(()),
                other => other.map_err(|error| explain(error, &self.log, &self.state))?,
            };
            // … which must be the newest one of this connection too. A batch in between makes them differ: again.
            let newest = self.ask(|client| client.checkpoint())?;
            if above.size() == newest.size() {
                return self.demand_same_root(&above, &newest);
            }
        }
        Err(CliError::new(Exit::Network, "the log grows faster than its history can be compared")
            .next_step("Try again."))
    }
}

impl Online {
    fn demand_same_root(&self, one: &VerifiedCheckpoint, other: &VerifiedCheckpoint) -> Result<(), CliError> {
        if one.root() == other.root() {
            return Ok(());
        }
        let head = |checkpoint: &VerifiedCheckpoint| SignedHead::of_checkpoint(checkpoint.signed(), &self.log);
        let fork = head(one).zip(head(other)).and_then(|(one, other)| Fork::of_one_size(&self.log, one, other));
        let words = format!("the log {} signed two histories of one size", self.log.name());
        Err(match fork {
            Some(fork) => caught::accuse(&self.state, &EvidenceFile::Fork(fork), words),
            None => CliError::new(Exit::Internal, "two verified checkpoints of one size are no evidence"),
        })
    }
}

fn connection(args: &OnlineArgs, config: &Config) -> Result<Connection, CliError> {
    let url = args.server.clone().or_else(|| config.server.clone()).ok_or_else(|| {
        CliError::usage("no registry named").next_step("Give --server URL, or `server` in the configuration.")
    })?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        let next = "Give --server with http:// or https:// before the address.";
        return Err(CliError::usage(format!("{url} is not the URL of a registry")).next_step(next));
    }
    let ca_pem = args.ca.as_deref().or(config.ca.as_deref()).map(files::read).transpose()?;
    if url.starts_with("https:") && ca_pem.is_none() {
        return Err(CliError::usage(format!("no certificate authority to check {url} by")).next_step(
            "Give --ca FILE (PEM). What the registry says is proved by its log key; TLS keeps it private.",
        ));
    }
    Ok(Connection { url, ca_pem })
}

/// The newest head that a registry shows, on its signature alone.
pub struct Shown {
    /// The log.
    pub log: KeyLine,
    /// The head; that it is of one history with anything is not proved.
    pub checkpoint: VerifiedCheckpoint,
    /// Where evidence is kept.
    pub state: PathBuf,
}

/// Asks for the newest head without regard to what was seen before.
///
/// # Errors
/// As [`Online::connect`], but for what a memory would show.
pub fn shown(args: &OnlineArgs, config: &Config) -> Result<Shown, CliError> {
    let (log, connection) = (args.log(config)?, connection(args, config)?);
    let state = seen::directory(args.state.as_deref(), config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
    let seen = ForgetfulCheckpoints::default();
    let asked = async { VerifyingClient::connect(&connection, log.clone(), seen).await?.checkpoint().await };
    let checkpoint = runtime.block_on(asked).map_err(|error| explain(error, &log, &state))?;
    Ok(Shown { log, checkpoint, state })
}

/// What a client's error means for the caller. Evidence of a fork is written before anything else is said.
pub fn explain(error: ClientError, log: &KeyLine, state: &Path) -> CliError {
    let message = error.to_string();
    match error {
        ClientError::Address { .. } => CliError::usage(message),
        ClientError::Network { .. } => CliError::new(Exit::Network, message)
            .next_step("Check the address and try again. A statement may be published again: it is registered once."),
        ClientError::Refused(refusal) => refused(refusal),
        ClientError::Check(check) => failed_check(&check),
        ClientError::Equivocation { fork, .. } => {
            let words = format!("the log {} signed two histories that do not extend each other", log.name());
            caught::accuse(state, &EvidenceFile::Fork(*fork), words)
        }
        ClientError::NotExtended { suspicion, .. } => {
            caught::suspect(state, &EvidenceFile::Suspicion(*suspicion), message)
        }
        ClientError::Older { suspicion, .. } => {
            let error = CliError::new(Exit::Stale, message).next_step(
                "This may be a stale copy, or a log that was rolled back. Try again later; if it stays so, tell the \
                 registry and its witnesses.",
            );
            match suspicion {
                Some(suspicion) => caught::with_file(error, state, &EvidenceFile::Suspicion(*suspicion)),
                None => error,
            }
        }
        ClientError::Unanswered { cause, suspicion } => {
            caught::with_file(explain(*cause, log, state), state, &EvidenceFile::Suspicion(*suspicion))
        }
        ClientError::Seen(_) => CliError::usage(message).next_step("Check the directory of --state."),
        _ => CliError::new(Exit::Internal, message),
    }
}

/// What a registry's refusal means for the caller.
pub fn refused(refusal: ServerRefusal) -> CliError {
    use tonic::Code;
    let exit = match (refusal.code, refusal.reason.as_str()) {
        (Code::NotFound | Code::OutOfRange, _) => Exit::NotFound,
        (Code::PermissionDenied | Code::Unauthenticated, _) => Exit::NotAuthorised,
        (Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded, _) => Exit::Network,
        (Code::Internal | Code::DataLoss | Code::Unimplemented, _) => Exit::Network,
        (_, "malformed") => Exit::Malformed,
        _ => Exit::Refused,
    };
    let mut error = CliError::new(exit, format!("the registry refuses: {}", refusal.message));
    if !refusal.reason.is_empty() {
        error = error.detail(format!("rule: {}", refusal.reason));
    }
    if let Some(wait) = refusal.retry_after {
        error = error.detail(format!("it asks to wait {} ms before the next try", wait.as_millis()));
    }
    match refusal.next_step.is_empty() {
        true => error,
        false => error.next_step(refusal.next_step),
    }
}

fn failed_check(check: &CheckError) -> CliError {
    let exit = match check {
        CheckError::Checkpoint(_) => Exit::BadSignature,
        CheckError::Receipt(_) | CheckError::Inclusion(_) => Exit::BadInclusion,
        CheckError::StoredCheckpoint(_) => Exit::Usage,
        _ => Exit::Malformed,
    };
    CliError::new(exit, format!("the registry's answer fails a check: {check}"))
        .next_step("Do not rely on this answer. Ask again, and by another way; keep what you were shown.")
}
