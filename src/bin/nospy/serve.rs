//! `nospy serve`: run the registry until it is asked to stop; every admitted statement is answered first.

use std::future::Future;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use nospy::evidence::Policy;
use nospy::net::TlsIdentity;
use nospy::registry::{Clock, Mode, Registry};
use nospy::server::{Limits, serve};
use nospy::statement::Origin;
use nospy::witness::{Couriers, WhenMissing};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use crate::config::{self, Config, Witnesses};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{clock, closed, describe, files, keys, node};

/// Shortest and longest time that a checkpoint waits for its witnesses.
const TIMEOUT_MIN: Duration = Duration::from_millis(10);
const TIMEOUT_MAX: Duration = Duration::from_secs(4);

/// Run the registry that the configuration describes.
///
/// SIGTERM or SIGINT stops it: nobody new is accepted, every admitted statement is answered, then it ends. Log lines go
/// to stderr; NOSPY_LOG chooses them (such as nospy=debug).
#[derive(Args)]
pub struct ServeArgs {
    /// Address and port to listen on, instead of the configured ones; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", env = "NOSPY_LISTEN")]
    listen: Option<String>,
    /// Only for a demonstration, an origin under demo.: the file that sets the clock, such as 2026-01-10T10:00:00Z.
    ///
    /// The clock starts at the time in the file and runs on; a later time that is written into it sets it forward.
    #[arg(long, value_name = "FILE", env = "NOSPY_CLOCK")]
    clock: Option<PathBuf>,
    /// The certificate chain for TLS, PEM.
    #[arg(long, value_name = "FILE", env = "NOSPY_TLS_CERTIFICATE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key for TLS, PEM.
    #[arg(long, value_name = "FILE", env = "NOSPY_TLS_KEY", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// If the registry cannot be opened, or the port is taken.
pub fn run(args: &ServeArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let filter = EnvFilter::try_from_env("NOSPY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal).init();
    let (settings, origin) = node::settings(config)?;
    let tls = tls(args, config)?;
    let log_key = keys::read_private(&settings.log_key)?;
    let storage = node::storage(&settings.data)?;
    let listen = args.listen.clone().unwrap_or_else(|| settings.listen.clone());
    let clock = clock::of(args.clock.as_deref().or(settings.clock.as_deref()))?;
    let couriers = config.witnesses.as_ref().map(|witnesses| couriers(witnesses, &origin, &clock)).transpose()?;
    let opening = node::opening(storage, &settings.guard, log_key, origin, clock);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        // First the port: a registry that nobody could reach does not touch its log.
        let listener = TcpListener::bind(&listen)
            .await
            .map_err(|error| CliError::usage(format!("cannot listen on {listen}: {error}")))?;
        let address = listener.local_addr().map_err(|error| CliError::usage(format!("cannot listen: {error}")))?;
        let stopped = stop_signal()?;
        // Witnesses are asked while it opens: nothing waits for it yet.
        let opened = match couriers {
            None => Registry::open(opening),
            Some(couriers) => Registry::open_witnessed(opening, Box::new(couriers)),
        };
        let registry = opened.map_err(|error| node::cannot_open(&error))?;
        if let Mode::ReadOnly { reason } = registry.mode() {
            output.say(format!("READ ONLY: nothing is registered until this is settled. {reason}"));
        }
        match registry.is_witnessed() {
            Some(true) => output.say("The newest checkpoint is cosigned by a quorum of its witnesses."),
            Some(false) => output.say(
                "NOT WITNESSED: a quorum of the witnesses has not cosigned the newest checkpoint. They are asked again.",
            ),
            None => {}
        }
        if let Some(end) = registry.log_end() {
            output.say(format!("CLOSED: only reads are served. {}", closed::text(&end).trim_end()));
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        let text = format!(
            "{}{}serving {} on {scheme}://{address}\nlog key {}",
            describe::demo_mark(registry.origin()),
            if registry.is_clock_scripted() { describe::SCRIPTED } else { "" },
            registry.origin(),
            registry.log_key()
        );
        let json = json!({
            "origin": registry.origin().as_str(), "demo": registry.is_demo(), "url": format!("{scheme}://{address}"),
            "log_key": registry.log_key().to_string(), "signing": registry.mode() == Mode::Signing,
            "clock_scripted": registry.is_clock_scripted(), "witnessed": registry.is_witnessed(),
            "closed": registry.log_end().as_ref().map(closed::json),
        });
        output.data(&text, json)?;
        serve(registry, listener, Limits::default(), tls, stopped)
            .await
            .map_err(|error| CliError::new(Exit::Internal, with_causes(&error)))
    })?;
    output.say("Stopped; everything that was admitted has been answered.");
    Ok(Exit::Ok)
}

/// Who cosigns, as the configuration says.
fn couriers(witnesses: &Witnesses, origin: &Origin, clock: &Arc<dyn Clock>) -> Result<Couriers, CliError> {
    let policy = Policy::parse(&files::read(&witnesses.policy)?)
        .map_err(|error| CliError::usage(format!("{}: {error}", witnesses.policy.display())))?;
    if policy.log_of(origin).is_none() {
        return Err(CliError::usage(format!("{} has no log line for {origin}", witnesses.policy.display())));
    }
    let timeout = Duration::from_millis(witnesses.timeout_ms);
    if !(TIMEOUT_MIN..=TIMEOUT_MAX).contains(&timeout) {
        return Err(CliError::usage("configuration, timeout_ms: from 10 to 4000"));
    }
    let when_missing = match witnesses.when_missing {
        config::WhenMissing::Wait => WhenMissing::Wait,
        config::WhenMissing::Publish => WhenMissing::Publish,
    };
    Couriers::start(policy, timeout, when_missing, Arc::clone(clock))
        .map_err(|error| CliError::usage(format!("{}: {error}", witnesses.policy.display())))
}

/// Certificate and key, if TLS is asked for.
fn tls(args: &ServeArgs, config: &Config) -> Result<Option<TlsIdentity>, CliError> {
    let configured = config.serve.as_ref();
    let certificate = args.tls_certificate.as_ref().or(configured.and_then(|serve| serve.tls_certificate.as_ref()));
    let key = args.tls_key.as_ref().or(configured.and_then(|serve| serve.tls_key.as_ref()));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsIdentity {
            certificate_pem: files::read(certificate)?,
            key_pem: Zeroizing::new(files::read(key)?),
        })),
        (None, None) => Ok(None),
        _ => Err(CliError::usage("TLS needs both tls_certificate and tls_key")),
    }
}

/// Done at the first SIGTERM or SIGINT; the second one ends the process at once, and what was acknowledged is safe. The
/// handlers stand before the log is opened.
pub fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    let handler = |kind| signal(kind).map_err(|error| CliError::new(Exit::Internal, format!("no signals: {error}")));
    let (mut terminate, mut interrupt) = (handler(SignalKind::terminate())?, handler(SignalKind::interrupt())?);
    let mut next = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        next().await;
        tokio::spawn(async move {
            next().await;
            std::process::exit(i32::from(Exit::Internal.code()));
        });
    })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
