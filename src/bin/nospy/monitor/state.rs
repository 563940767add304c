//! Where a monitor stands: one file, replaced in one step after what it tells of was reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use nospy::crypto::{hex, parse_hex};
use nospy::merkle::{Edge, Hash};
use nospy::statement::Statement;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::CliError;
use crate::files;
use crate::monitor::event::Event;

/// What is remembered between two looks.
pub struct State {
    path: PathBuf,
    _lock: File,
    /// The tree of what was reported; it ends with a batch.
    pub edge: Edge,
    /// The last seal in it that is the log's own, with its index.
    pub seal: Option<(u64, Statement)>,
    stored: Stored,
}

/// The file.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Stored {
    v: u32,
    size: u64,
    nodes: Vec<String>,
    seal: Option<StoredSeal>,
    interval_s: Option<u64>,
    looked_ms: Option<u64>,
    /// The newest seal, by its index, and when this machine first saw it.
    newest: Option<(u64, u64)>,
    is_closed: bool,
    conditions: BTreeMap<String, Condition>,
    delivered: BTreeSet<String>,
    /// The ids of what an audit found and somebody took; an audit shows its first hundred.
    found: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSeal {
    index: u64,
    statement: String,
}

/// Something that lasts for a while, such as a server that is silent.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Condition {
    is_on: bool,
    /// Which episode: size and root of what was reported, and when it began. Kept before the first word is said about it.
    anchor: Option<String>,
}

impl State {
    /// Opens what is remembered in `directory`; nothing, at first.
    ///
    /// # Errors
    /// If another monitor is at work there, or the file is not one of ours.
    pub fn open(directory: &Path) -> Result<Self, CliError> {
        let path = directory.join("progress.json");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join("monitor.lock"));
        let lock = lock.map_err(|error| CliError::file("use the state directory", directory, &error))?;
        lock.try_lock().map_err(|_| {
            CliError::usage(format!("another monitor of the same watch is at work in {}", directory.display()))
        })?;
        let stored = match path.exists() {
            true => serde_json::from_slice(&files::read(&path)?).map_err(|error| damaged(&path, &error.to_string()))?,
            false => Stored { v: 1, ..Stored::default() },
        };
        let (edge, seal) = read(&stored).ok_or_else(|| damaged(&path, "a tree or seal in it is none"))?;
        Ok(Self { path, _lock: lock, edge, seal, stored })
    }

    /// Keeps everything, in one step.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&mut self) -> Result<(), CliError> {
        self.stored.size = self.edge.size();
        self.stored.nodes = self.edge.nodes().iter().map(|node| hex(node)).collect();
        self.stored.seal =
            self.seal.as_ref().map(|(index, seal)| StoredSeal { index: *index, statement: hex(seal.bytes()) });
        let bytes = serde_json::to_vec_pretty(&self.stored).expect("maps with text keys become JSON");
        files::replace(&self.path, &bytes)
    }

    /// Goes on behind a batch: all up to its end was reported.
    pub fn advance(&mut self, edge: Edge, seal: Option<(u64, Statement)>) {
        (self.edge, self.seal) = (edge, seal);
        self.stored.delivered.clear();
    }

    /// Whether an event behind the last seal was taken before, in a look that did not get through.
    pub fn was_delivered(&self, event: &Event) -> bool {
        self.stored.delivered.contains(&event.id)
    }

    /// Remembers that an event behind the last seal was taken.
    pub fn note_delivered(&mut self, event: &Event) {
        self.stored.delivered.insert(event.id.clone());
    }

    /// Whether a finding of an audit was taken before, by this run or an earlier one.
    pub fn was_found(&self, event: &Event) -> bool {
        self.stored.found.contains(&event.id)
    }

    /// Remembers that a finding was taken.
    pub fn note_found(&mut self, event: &Event) {
        self.stored.found.insert(event.id.clone());
    }

    /// When the log was last looked at, unix milliseconds of this machine.
    pub fn looked_ms(&self) -> Option<u64> {
        self.stored.looked_ms
    }

    /// Remembers when it was.
    pub fn set_looked(&mut self, ms: u64) {
        self.stored.looked_ms = Some(ms);
    }

    /// When this machine first saw the newest seal, unix milliseconds: now, if it is another one than before.
    pub fn first_seen_ms(&mut self, seal: u64, now_ms: u64) -> u64 {
        match self.stored.newest {
            Some((index, seen_ms)) if index == seal => seen_ms,
            _ => {
                self.stored.newest = Some((seal, now_ms));
                now_ms
            }
        }
    }

    /// How often the log promises to seal, in seconds, as its genesis says.
    pub fn interval_s(&self) -> Option<u64> {
        self.stored.interval_s
    }

    /// Remembers what the genesis says.
    pub fn set_interval(&mut self, seconds: Option<u64>) {
        self.stored.interval_s = seconds;
    }

    /// Whether the log was closed: then no heartbeat is due.
    pub fn is_closed(&self) -> bool {
        self.stored.is_closed
    }

    /// Remembers whether it was: what is sealed behind a close shows that it was none.
    pub fn set_closed(&mut self, is_closed: bool) {
        self.stored.is_closed = is_closed;
    }

    /// The event that a condition begins or ends, if it does.
    pub fn condition(
        &mut self,
        origin: &str,
        name: &'static str,
        is_on: bool,
        now_ms: u64,
        fields: Json,
    ) -> Option<Event> {
        let (size, root) = (self.edge.size(), hex(&self.edge.root()));
        let known = self.stored.conditions.entry(name.to_owned()).or_default();
        if known.is_on == is_on {
            // What was over before anybody took it is no part of the next episode.
            known.anchor = known.anchor.take().filter(|_| is_on);
            return None;
        }
        let turn = if is_on { "begins" } else { "ends" };
        let anchor = known.anchor.get_or_insert_with(|| format!("{size} {root} {now_ms}"));
        let event = Event::new(origin, name, &format!("{turn} {anchor}"), fields);
        Some(event.with("state", turn.into()))
    }

    /// Remembers how a condition stands, after it was reported.
    pub fn set_condition(&mut self, name: &'static str, is_on: bool) {
        let known = self.stored.conditions.entry(name.to_owned()).or_default();
        known.is_on = is_on;
        known.anchor = known.anchor.take().filter(|_| is_on);
    }
}

fn read(stored: &Stored) -> Option<(Edge, Option<(u64, Statement)>)> {
    let node = |node: &String| Hash::try_from(parse_hex(node)?).ok();
    let nodes = stored.nodes.iter().map(node).collect::<Option<_>>()?;
    let edge = Edge::from_parts(stored.size, nodes).ok().filter(|_| stored.v == 1)?;
    let seal = match &stored.seal {
        None => None,
        Some(seal) => Some((seal.index, Statement::parse(&parse_hex(&seal.statement)?).ok()?)),
    };
    Some((edge, seal))
}

fn damaged(path: &Path, why: &str) -> CliError {
    CliError::usage(format!("{} is not what a monitor keeps: {why}", path.display()))
        .next_step("Move it away: the monitor then begins again, and reports everything again under the same ids.")
}
