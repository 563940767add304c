//! `nospy witness serve --audit`: logs that are derived again from their entries, as they grow.
//!
//! Each log has a thread that follows what the log offers to its witnesses, by the verified stream, and feeds an [`Auditor`]. It
//! begins with entry 0 at every start: what a witness says rests on nothing that was stored. What does not extend the entries
//! that were derived is not read: such a log is asked again and again, and never cosigned further.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nospy::audit::Auditor;
use nospy::crypto::{KeyLine, SigningKey};
use nospy::merkle::{Edge, Hash};
use nospy::rpc::{ClientError, Connection, ForgetfulCheckpoints, NOT_A_WITNESS, VerifiedRun, VerifyingClient};
use nospy::witness::{Audited, Audits};

use crate::config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

/// How long a registry that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// A log to be audited.
pub struct AuditedLog {
    origin: String,
    key: KeyLine,
    connection: Connection,
}

/// The logs of the configuration: all of them, for the cosignature of an auditing witness says one thing of every log.
///
/// # Errors
/// If one has no server or another origin than its key's name, is named twice, or a key or certificate cannot be used.
pub fn audited(settings: &config::Witness) -> Result<Vec<AuditedLog>, CliError> {
    let logs: Vec<AuditedLog> = settings.log.iter().map(of_config).collect::<Result<_, _>>()?;
    let origins: BTreeSet<&str> = logs.iter().map(|log| &*log.origin).collect();
    match () {
        () if logs.is_empty() => Err(CliError::usage("--audit: the configuration names no log")),
        () if origins.len() < logs.len() => {
            Err(CliError::usage("--audit: a log is named twice; a registry has one key"))
        }
        () => Ok(logs),
    }
}

fn of_config(log: &config::WitnessedLog) -> Result<AuditedLog, CliError> {
    let key: KeyLine =
        log.vkey.parse().map_err(|error| CliError::usage(format!("configuration, the key {}: {error}", log.vkey)))?;
    let url = log.server.clone().ok_or_else(|| {
        CliError::usage(format!("--audit: the configuration names no server for {}", key.name())).next_step(
            "Write server = \"https://…\" below the log's vkey, or give this log to a witness that does not audit.",
        )
    })?;
    if log.origin.as_ref().is_some_and(|origin| origin != key.name()) {
        let message =
            format!("--audit: the origin of {} is not the name of its key: it is no registry of nospy", log.vkey);
        return Err(CliError::usage(message));
    }
    let read = |path: &PathBuf| files::read(path);
    let ca_pem = log.ca.as_ref().map(read).transpose()?;
    Ok(AuditedLog { origin: key.name().to_owned(), key, connection: Connection { url, ca_pem } })
}

/// What has been derived of one log.
#[derive(Default)]
struct State {
    size: u64,
    /// The root at each seal.
    roots: BTreeMap<u64, Hash>,
    /// The newest checkpoint that the log has shown, with its size.
    shown: (u64, Vec<u8>),
    /// The first thing that does not follow: nothing behind it is cosigned.
    broken: Option<String>,
}

/// All audits of a witness.
pub struct Followers(BTreeMap<String, Arc<Mutex<State>>>);

impl Followers {
    /// Starts a thread for each log.
    ///
    /// # Errors
    /// If a thread cannot be started, or a log's name is no origin.
    pub fn start(logs: Vec<AuditedLog>, witness: &(KeyLine, SigningKey)) -> Result<Self, CliError> {
        let mut followers = BTreeMap::new();
        for log in logs {
            let auditor = Auditor::new(log.key.clone())
                .map_err(|error| CliError::usage(format!("{} is no registry of nospy: {error}", log.origin)))?;
            let state = Arc::new(Mutex::new(State::default()));
            followers.insert(log.origin.clone(), Arc::clone(&state));
            let witness = witness.clone();
            thread::Builder::new()
                .name(format!("audit {}", log.origin))
                .spawn(move || follow(&log, &witness, auditor, &state))
                .map_err(|error| CliError::new(Exit::Internal, format!("no thread: {error}")))?;
        }
        Ok(Self(followers))
    }
}

impl Audits for Followers {
    fn look(&self, origin: &str, size: u64, root: &Hash) -> Audited {
        let Some(state) = self.0.get(origin) else { return Audited::NotAsked };
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match (&state.broken, state.roots.get(&size)) {
            (Some(why), _) => Audited::Differs { why: why.clone(), shown: None },
            (None, Some(derived)) if derived == root => Audited::Holds,
            (None, Some(_)) => {
                let shown = (state.shown.0 == size).then(|| state.shown.1.clone());
                Audited::Differs { why: format!("its first {size} entries make another tree"), shown }
            }
            (None, None) if size > state.size => Audited::NotYet { size: state.size },
            (None, None) => Audited::Differs { why: format!("no seal ends its first {size} entries"), shown: None },
        }
    }
}

/// Follows the log until something does not follow.
fn follow(log: &AuditedLog, witness: &(KeyLine, SigningKey), mut auditor: Auditor, state: &Mutex<State>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return tracing::error!("no runtime for an audit");
    };
    loop {
        // A fault of ours must not look like an audit that goes on.
        let once = || runtime.block_on(follow_once(log, witness, &mut auditor, state));
        let Ok(followed) = catch_unwind(AssertUnwindSafe(once)) else {
            let why = "the audit of this witness has failed";
            state.lock().unwrap_or_else(PoisonError::into_inner).broken = Some(why.to_owned());
            return;
        };
        match followed {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(origin = log.origin, %error, "an audited log does not go on");
                thread::sleep(PAUSE);
            }
        }
    }
}

/// As long as the connection holds; `Ok` when nothing further will be audited.
async fn follow_once(
    log: &AuditedLog,
    (name, key): &(KeyLine, SigningKey),
    auditor: &mut Auditor,
    state: &Mutex<State>,
) -> Result<(), ClientError> {
    let seen = ForgetfulCheckpoints::default();
    let mut client = VerifyingClient::connect(&log.connection, log.key.clone(), seen).await?;
    let edge: Edge = auditor.edge().clone();
    // What is offered, before it is published: a registry may wait for this very witness.
    let mut tail = client.tail_of_offered(edge.clone(), name.clone(), key.clone());
    let first = match client.next_run(&mut tail).await {
        // It does not ask for our cosignature: what it publishes is all there is.
        Err(ClientError::Refused(refusal)) if refusal.reason == NOT_A_WITNESS => {
            tracing::info!(origin = log.origin, reason = refusal.message, "what the log publishes is audited");
            tail = client.tail(edge, None);
            client.next_run(&mut tail).await?
        }
        first => first?,
    };
    let mut next = first;
    while let Some(run) = next {
        if !derive(log, auditor, state, &run) {
            return Ok(());
        }
        next = client.next_run(&mut tail).await?;
    }
    Ok(())
}

/// Takes a run; whether everything follows so far.
fn derive(log: &AuditedLog, auditor: &mut Auditor, state: &Mutex<State>, run: &VerifiedRun) -> bool {
    let sealed: Vec<_> = run.statements().iter().filter_map(|entry| auditor.push(entry)).collect();
    let (_, findings) = auditor.report();
    let first = findings.first().next();
    let broken =
        first.map(|finding| format!("{} at entry {}: {}", finding.fault.as_str(), finding.index, finding.message));
    if let Some(why) = &broken {
        tracing::error!(origin = log.origin, %why, "an audited log is broken");
    }
    let is_whole = broken.is_none();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.size = auditor.edge().size();
    state.shown = (run.checkpoint().size(), run.checkpoint().note().to_vec());
    state.roots.extend(sealed.iter().map(|sealed| (sealed.size, sealed.root)));
    state.broken = broken;
    is_whole
}
