//! `nospy monitor`: follows a log, and reports what concerns somebody and what a log must not do.
//!
//! - M1. Entries are reported only after they were proved to be in a tree that the log signed and that extends every tree
//!   that this monitor has seen.
//! - M2. *At least once.* What is remembered is replaced in one step, and only after everything before it was taken by
//!   stdout and the command. A monitor that dies reports again, under the same ids.
//! - M3. *Nothing is lost silently.* A command that fails keeps the monitor where it is.
//! - M4. A log that was proved to have forked ends the monitor: nothing that it says afterwards means anything. What is not
//!   proof (silence, an older tree, a proof that fails) is reported, and the monitor goes on.

mod audit;
mod courier;
mod event;
mod follow;
mod names;
mod report;
mod state;
mod watch;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use nospy::audit::Auditor;
use nospy::crypto::sha256;
use nospy::evidence::Seal;
use nospy::rpc::{ClientError, EntryRef, Tail, VerifiedRun};
use nospy::statement::{Named, Party, Statement, StatementId, Subject};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::log::quorum;
use crate::monitor::courier::Courier;
use crate::monitor::follow::Follow;
use crate::monitor::names::Names;
use crate::monitor::state::State;
use crate::monitor::watch::Watch;
use crate::online::{Online, OnlineArgs};
use crate::output::{Format, Output};
use crate::{moment, seen};

/// An endorsement of a void of a statement: none names further.
const NAMED_DEPTH_MAX: usize = 2;
/// After so long a look must have brought an entry a second: who sends less keeps us from the end of the log.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the server may take for the next entries that it says it has.
const RUN_TIME_MAX: Duration = Duration::from_secs(60);

/// Follow a log, and report what concerns a party or subject and what a log must not do: one JSON line an event, each at
/// least once, with an id that stays the same.
///
/// A log that is proved to have forked ends it with exit code 12 and the evidence in a file. The events are listed in
/// docs/monitor.md.
#[derive(Args)]
pub struct MonitorArgs {
    /// A party: everything that touches, names or comes from it; may be given many times.
    #[arg(long, value_name = "PARTY")]
    party: Vec<Party>,
    /// A subject: everything in its docket; may be given many times.
    #[arg(long, value_name = "SUBJECT")]
    subject: Vec<Subject>,
    /// A shell command that is run for each event: the event on its stdin, its name in NOSPY_EVENT, its id in
    /// NOSPY_EVENT_ID. An event counts as reported only if the command ends with 0.
    #[arg(long, value_name = "CMD")]
    on_event: Option<String>,
    /// How long to wait between two looks, such as 60s or 10m.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = moment::parse_duration)]
    every: u64,
    /// Look once, and end.
    #[arg(long, conflicts_with = "every")]
    once: bool,
    /// At first begin at the end of the log, and not at its first entry.
    #[arg(long)]
    from_now: bool,
    /// Derive everything that the log signs from its entries, too, as `nospy audit` does; from entry 0 at every start.
    #[arg(long)]
    audit: bool,
    /// How old the newest seal may be.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = moment::parse_duration)]
    max_age: u64,
    #[command(flatten)]
    online: OnlineArgs,
}

/// One run.
struct Monitor<'a> {
    args: &'a MonitorArgs,
    config: &'a Config,
    output: &'a Output,
    online: OnlineArgs,
    directory: PathBuf,
    origin: String,
    watch: Watch,
    state: State,
    courier: Courier<'a>,
    /// What statements touch that others may name.
    names: Names,
    /// With `--audit`: what was derived since the start.
    auditor: Option<Auditor>,
    /// Whether the registry was reached once.
    has_connected: bool,
    /// Whether the command line, or what it names, cannot be used: waiting does not help.
    is_unusable: bool,
}

/// Runs the verb.
///
/// # Errors
/// What makes it impossible to begin; with --once, also an event that nobody took.
pub fn run(args: &MonitorArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let watch =
        Watch { parties: args.party.iter().cloned().collect(), subjects: args.subject.iter().cloned().collect() };
    let log = args.online.log(config)?;
    // A memory of its own: other verbs are not kept waiting, and another watch begins at its own beginning.
    let name = sha256(&[log.to_string().as_bytes(), b"\n", watch.line().as_bytes()]).to_string();
    let directory = seen::directory(args.online.state(), config)?.join(format!("monitor-{}", &name[..16]));
    std::fs::create_dir_all(&directory).map_err(|error| CliError::file("make", &directory, &error))?;
    let mut monitor = Monitor {
        args,
        config,
        output,
        online: args.online.with_state(&directory),
        state: State::open(&directory)?,
        directory,
        origin: log.name().to_owned(),
        watch,
        courier: Courier::new(args.on_event.as_deref(), output),
        names: Names::default(),
        auditor: args.audit.then(|| audit::auditor(&log)).transpose()?,
        has_connected: false,
        is_unusable: false,
    };
    loop {
        let looked = monitor.look();
        match (looked, args.once) {
            (Ok(Exit::Equivocation), _) => return Ok(Exit::Equivocation),
            (looked, true) => return looked,
            (Ok(_), false) => {}
            (Err(error), false) if monitor.is_unusable => return Err(error),
            // M3: it is where it was, and tries again.
            (Err(error), false) => output.error(&error),
        }
        thread::sleep(Duration::from_secs(args.every.max(1)));
    }
}

impl Monitor<'_> {
    /// One look at the log.
    fn look(&mut self) -> Result<Exit, CliError> {
        let now_ms = now_ms()?;
        match self.follow(now_ms) {
            Ok(Followed::Whole { is_short, audited }) => {
                for name in ["server_silent", "rollback", "not_extended", "bad_answer"] {
                    self.condition(name, false, json!({}))?;
                }
                self.state.set_looked(now_ms);
                let aged = self.ages()?;
                self.state.save()?;
                let short = is_short.then_some(Exit::WitnessQuorum);
                Ok(audited.or(aged).or(short).unwrap_or(Exit::Ok))
            }
            Ok(Followed::Forked) => {
                // What was told beside the fork is not told again; a full disk does not change the answer.
                if let Err(error) = self.state.save() {
                    self.output.error(&error);
                }
                Ok(Exit::Equivocation)
            }
            // What goes wrong here is not the log's doing.
            Err(Trouble::Here(error)) => {
                if let Err(another) = self.state.save() {
                    self.output.error(&another);
                }
                // An event that nobody takes must not hide that the log stands still.
                if let Err(another) = self.ages() {
                    self.output.error(&another);
                }
                Err(error)
            }
            Err(Trouble::There(error)) => {
                let exit = self.trouble(error);
                // A server that keeps us from the end of the log keeps no alarm from us.
                if matches!(exit, Ok(Exit::Equivocation)) {
                    return exit;
                }
                match (exit, self.ages()) {
                    (Err(error), Err(another)) => {
                        self.output.error(&another);
                        Err(error)
                    }
                    (exit, aged) => aged.and(exit),
                }
            }
        }
    }

    /// Follows the log to its newest checkpoint, reporting batch by batch.
    fn follow(&mut self, now_ms: u64) -> Result<Followed, Trouble> {
        let quiet = Output::new(Format::Json, true);
        let mut online = Online::connect(&self.online, self.config, &quiet).map_err(Trouble::There)?;
        self.has_connected = true;
        let size = online.checkpoint.size();
        self.check_memory(&online).map_err(Trouble::There)?;
        let is_met = quorum(&online).map_err(Trouble::There)?.is_met;
        let is_short = online.policy.asks_for_witnesses() && !is_met;
        self.condition("quorum_missing", is_short, json!({ "size": size })).map_err(Trouble::Here)?;
        if self.state.edge.size() == 0 && size > 0 && self.args.from_now {
            self.begin_at(size, &mut online)?;
        }
        let log = online.log.clone();
        let watch = self.watch.clone();
        let mut follow = Follow::new(&watch, &log, now_ms, self.state.edge.clone(), self.state.seal.clone());
        (follow.looked_ms, follow.interval_s) = (self.state.looked_ms(), self.state.interval_s());
        let mut tail = online.client.tail(self.state.edge.clone(), Some(size));
        let (started, begun) = (Instant::now(), follow.edge.size());
        while self.state.edge.size() < size {
            let Some(run) = next_run(&mut online, &mut tail).map_err(Trouble::There)? else { break };
            for entry in run.statements() {
                let named = match Follow::needs(entry) {
                    Some(id) => self.named(&id, follow.edge.size(), 1, &mut online)?,
                    None => None,
                };
                let sealed = follow.entry(entry, named, &mut self.names);
                if follow.is_too_much() {
                    return Err(unsealed("a batch holds more than a monitor keeps before its seal comes"));
                }
                let Some(sealed) = sealed else { continue };
                self.state.set_interval(follow.interval_s);
                if self.report(sealed, &follow.edge).map_err(Trouble::Here)? {
                    return Ok(Followed::Forked);
                }
            }
            self.state.save().map_err(Trouble::Here)?;
            let (elapsed, count) = (started.elapsed(), follow.edge.size() - begun);
            if elapsed > PATIENCE && count < elapsed.as_secs() {
                let words = format!("only {count} entries came in {} s", elapsed.as_secs());
                return Err(Trouble::There(CliError::new(Exit::Network, words)));
            }
        }
        if self.state.edge.size() < size {
            return Err(unsealed("the checkpoint does not end with a seal"));
        }
        let audited = self.audit(&mut online, size)?;
        Ok(Followed::Whole { is_short, audited })
    }

    /// Holds what was reported against the checkpoint. Where there is something to read behind it, its run proves it.
    fn check_memory(&self, online: &Online) -> Result<(), CliError> {
        let (edge, checkpoint) = (&self.state.edge, &online.checkpoint);
        if edge.size() > checkpoint.size() {
            let (shown, reported) = (checkpoint.size(), edge.size());
            let words = format!("the registry shows {shown} entries, {reported} were reported before");
            return Err(CliError::new(Exit::Stale, words));
        }
        if edge.size() == checkpoint.size() && edge.size() > 0 && edge.root() != *checkpoint.root() {
            let words = format!("the registry shows another tree of {} entries than was reported", edge.size());
            return Err(CliError::new(Exit::BadInclusion, words));
        }
        Ok(())
    }

    /// Begins behind the last seal, without what came before.
    fn begin_at(&mut self, size: u64, online: &mut Online) -> Result<(), Trouble> {
        let edge = online.ask(|client| client.edge_at(size)).map_err(Trouble::There)?;
        let entry = |online: &mut Online, index| {
            online.ask(|client| client.statement(EntryRef::Index(index))).map_err(Trouble::There)
        };
        let genesis = entry(online, 0)?;
        let seal = entry(online, size - 1)?.statement().clone();
        let read = Seal::read(size - 1, &seal).map_err(|error| error.to_string());
        read.and_then(|read| read.check_signature(&seal, &online.log).map_err(|error| error.to_string()))
            .map_err(|error| unsealed(&format!("its last entry is no seal: {error}")))?;
        self.state.set_interval(genesis.statement().body().field("seal_interval").and_then(|item| item.uint()));
        self.state.advance(edge, Some((size - 1, seal)));
        self.state.save().map_err(Trouble::Here)
    }

    /// What a statement touches that entry `before` names; proved to be in the log below it. `None` if that cannot be told:
    /// the entry then is one that cannot be read, and the log is followed on.
    fn named(
        &mut self,
        id: &StatementId,
        before: u64,
        depth: usize,
        online: &mut Online,
    ) -> Result<Option<Named>, Trouble> {
        if let Some(named) = self.names.get(id, before) {
            return Ok(Some(named.clone()));
        }
        let found = match online.ask(|client| client.named(id)).map_err(Trouble::There)? {
            Some(found) if found.index() < before => found,
            _ => return Ok(None),
        };
        let (statement, index): (&Statement, u64) = (found.statement(), found.index());
        let inner = match statement.names().ok().flatten() {
            Some(inner) if depth < NAMED_DEPTH_MAX => self.named(&inner, index, depth + 1, online)?,
            _ => None,
        };
        let Ok(touches) = statement.touches(|_| inner) else { return Ok(None) };
        let named = Named { role: statement.named_role(), subject: statement.subject().clone(), touches };
        self.names.keep(*id, index, named.clone());
        Ok(Some(named))
    }
}

fn unsealed(what: &str) -> Trouble {
    Trouble::There(CliError::malformed(format!("the log is not sealed as it must be: {what}")))
}

/// The next entries. A server that leaves us waiting is silent.
fn next_run(online: &mut Online, tail: &mut Tail) -> Result<Option<VerifiedRun>, CliError> {
    online.ask(|client| async move {
        let run = tokio::time::timeout(RUN_TIME_MAX, client.next_run(tail)).await;
        run.unwrap_or_else(|_| {
            let reason = format!("the next entries do not come within {} s", RUN_TIME_MAX.as_secs());
            Err(ClientError::Network { url: "the registry".to_owned(), reason })
        })
    })
}

/// How far a look came.
enum Followed {
    /// To the newest checkpoint.
    Whole {
        /// Whether witnesses are missing on it.
        is_short: bool,
        /// The exit code of what an audit found, if one was asked for and found anything.
        audited: Option<Exit>,
    },
    /// To proof against the log.
    Forked,
}

/// Whose fault it is that a look did not get through.
enum Trouble {
    /// This machine's: an event that nobody takes, a disk.
    Here(CliError),
    /// The log's, its server's, or that of what lies in between.
    There(CliError),
}

fn now_ms() -> Result<u64, CliError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.ok().and_then(|since| u64::try_from(since.as_millis()).ok());
    now.ok_or_else(|| CliError::new(Exit::Internal, "this machine's clock stands before 1970"))
}
