//! From the entries of a log to events, batch by batch. Pure: it asks nobody, and its time is an argument.

use std::collections::BTreeSet;

use nospy::crypto::{KeyLine, hex};
use nospy::evidence::{CLOCK_SKEW_MS_MAX, EvidenceFile, Fork, Seal};
use nospy::merkle::{Edge, Hash, leaf_hash};
use nospy::statement::{Issuer, Named, Statement, StatementId, Subject};
use serde_json::{Value as Json, json};

use crate::describe;
use crate::monitor::event::Event;
use crate::monitor::names::Names;
use crate::monitor::watch::Watch;

/// Most events of one batch. A log of ours seals far earlier.
const BATCH_EVENTS_MAX: usize = 65_536;
/// Most bytes of their lines.
const BATCH_LEN_MAX: usize = 64 << 20;

/// What is known when a batch is read.
pub struct Follow<'a> {
    /// Who is watched.
    pub watch: &'a Watch,
    /// The log.
    pub log: &'a KeyLine,
    /// Now, unix milliseconds of this machine.
    pub now_ms: u64,
    /// When this machine last saw the log without what comes now.
    pub looked_ms: Option<u64>,
    /// The tree up to the entry that comes next.
    pub edge: Edge,
    /// The last seal that is the log's own, with its index.
    pub before: Option<(u64, Statement)>,
    /// How often the log promises to seal, in seconds.
    pub interval_s: Option<u64>,
    batch: Vec<Event>,
    batch_len: usize,
}

/// The end of a batch.
pub struct Sealed {
    /// What is to be reported of it, in order.
    pub events: Vec<Event>,
    /// Proof that the log signed what no log may: its seals contradict each other.
    pub fork: Option<EvidenceFile>,
    /// The last seal that is the log's own, with its index: this one, or one before it.
    pub last: Option<(u64, Statement)>,
    /// Index of the entry that ends the batch.
    pub index: u64,
    /// Whether the log ended in this batch.
    pub is_closed: bool,
}

impl<'a> Follow<'a> {
    /// Begins behind `edge`, which ends with the seal `before`.
    pub fn new(watch: &'a Watch, log: &'a KeyLine, now_ms: u64, edge: Edge, before: Option<(u64, Statement)>) -> Self {
        Self { watch, log, now_ms, looked_ms: None, edge, before, interval_s: None, batch: Vec::new(), batch_len: 0 }
    }

    /// Whether the batch holds more than a monitor keeps before its seal comes.
    pub fn is_too_much(&self) -> bool {
        self.batch.len() > BATCH_EVENTS_MAX || self.batch_len > BATCH_LEN_MAX
    }

    /// The statement that an entry names, which [`Follow::entry`] needs to know what it touches.
    pub fn needs(entry: &[u8]) -> Option<StatementId> {
        Statement::parse(entry).ok()?.names().ok().flatten()
    }

    /// Takes the next entry, with the statement that it names; gives the batch if it is a seal. What it touches is kept in
    /// `names`, for those that name it.
    pub fn entry(&mut self, bytes: &[u8], named: Option<Named>, names: &mut Names) -> Option<Sealed> {
        let index = self.edge.size();
        self.edge.push(leaf_hash(bytes));
        let statement = match Statement::parse(bytes) {
            Ok(statement) => statement,
            Err(error) => {
                let fields = json!({ "index": index, "reason": error.to_string() });
                self.push("entry_unreadable", index, &leaf_hash(bytes), fields);
                return None;
            }
        };
        if statement.is_seal() {
            return Some(self.seal(index, statement));
        }
        if index == 0 {
            self.interval_s = statement.body().field("seal_interval").and_then(|item| item.uint());
        }
        match statement.touches(|_| named) {
            Err(error) => {
                let fields = json!({ "index": index, "reason": error.to_string() });
                self.push("entry_unreadable", index, &leaf_hash(bytes), fields);
            }
            Ok(touches) => {
                self.statement(index, &statement, &touches);
                let named = Named { role: statement.named_role(), subject: statement.subject().clone(), touches };
                names.keep(*statement.id(), index, named);
            }
        }
        None
    }

    fn statement(&mut self, index: u64, statement: &Statement, touched: &BTreeSet<Subject>) {
        let reasons = self.watch.reasons(statement, touched);
        let name = match (statement.kind().as_str(), reasons.is_empty()) {
            // Nobody else can close it: a close that anybody else wrote must not switch the alarms off.
            ("registry.close", _) if is_of_registrar(statement) => "log_closed",
            // Who governs the registry concerns everybody who watches it.
            (kind, _) if kind.starts_with("registry.") => "registry_change",
            (_, true) => return,
            (_, false) => self.watch.event_of(statement),
        };
        let fields = json!({
            "index": index, "statement": statement.id().to_string(), "kind": statement.kind().as_str(),
            "subject": statement.subject().to_string(), "issuer": describe::issuer(statement),
            "key": statement.kid().to_string(), "signed": statement.iat(), "reasons": reasons,
            "touches": touched.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "names": statement.names().ok().flatten().map(|id| id.to_string()),
        });
        self.push(name, index, &statement.id().0, fields);
    }

    fn push(&mut self, name: &'static str, index: u64, id: &Hash, fields: Json) {
        // Two histories may hold two entries at one index.
        let event = Event::new(self.log.name(), name, &format!("{index} {}", hex(id)), fields);
        self.batch_len += event.line().len();
        self.batch.push(event);
    }

    /// Closes the batch: its events get their registration time, and the seal is held against the one before it.
    fn seal(&mut self, index: u64, statement: Statement) -> Sealed {
        let mut events: Vec<Event> = Vec::new();
        let read = Seal::read(index, &statement).map_err(|error| error.to_string());
        let read = read.and_then(|seal| {
            seal.check_signature(&statement, self.log).map(|()| seal).map_err(|error| error.to_string())
        });
        let is_closed = self.batch.iter().any(|event| event.name == "log_closed");
        let time_ms = read.as_ref().ok().map(|seal| seal.time_ms);
        let batch = std::mem::take(&mut self.batch);
        self.batch_len = 0;
        events.extend(batch.into_iter().map(|event| event.with("time_ms", json!(time_ms)).with("seal", index.into())));
        let (mut fork, mut last) = (None, self.before.clone());
        match &read {
            Err(reason) => {
                events.push(self.of_seal("seal_invalid", index, &statement.id().0, json!({ "reason": reason })))
            }
            Ok(seal) => {
                let before = self.before.as_ref().and_then(|(index, seal)| Seal::read(*index, seal).ok());
                events.extend(self.times(seal, before.as_ref()));
                if let Err(error) = seal.check_follows(before.as_ref()) {
                    events.push(self.of_seal(
                        "seal_invalid",
                        index,
                        &statement.id().0,
                        json!({ "reason": error.to_string() }),
                    ));
                    let one = self.before.as_ref().map(|(_, seal)| seal.clone());
                    // C1 of `evidence`: what does not follow is no proof by itself, and two seals may be.
                    fork = one.and_then(|one| Fork::of_seals(self.log, one, statement.clone())).map(EvidenceFile::Fork);
                }
                last = Some((index, statement));
            }
        }
        self.before.clone_from(&last);
        Sealed { events, fork, last, index, is_closed }
    }

    /// What is wrong with the time of a seal.
    fn times(&self, seal: &Seal, before: Option<&Seal>) -> Vec<Event> {
        let mut events = Vec::new();
        let time_ms = seal.time_ms;
        if time_ms > self.now_ms.saturating_add(CLOCK_SKEW_MS_MAX) {
            let fields = json!({ "time_ms": time_ms, "now_ms": self.now_ms, "ahead_ms": time_ms - self.now_ms });
            events.push(self.of_seal("seal_ahead", seal.index, &seal.id.0, fields));
        }
        // It was not there when the log was last looked at, and says that it was.
        if let Some(looked_ms) = self.looked_ms
            && time_ms.saturating_add(CLOCK_SKEW_MS_MAX) < looked_ms
        {
            let fields = json!({ "time_ms": time_ms, "looked_ms": looked_ms, "behind_ms": looked_ms - time_ms });
            events.push(self.of_seal("seal_backdated", seal.index, &seal.id.0, fields));
        }
        if let (Some(before), Some(interval_s)) = (before, self.interval_s) {
            let gap_ms = time_ms.saturating_sub(before.time_ms);
            if gap_ms > heartbeat_ms(interval_s) {
                let fields = json!({ "from_ms": before.time_ms, "to_ms": time_ms, "interval_s": interval_s });
                events.push(self.of_seal("seal_gap", seal.index, &seal.id.0, fields));
            }
        }
        events
    }

    fn of_seal(&self, name: &'static str, index: u64, id: &Hash, fields: Json) -> Event {
        Event::new(self.log.name(), name, &format!("{index} {}", hex(id)), fields).with("seal", index.into())
    }
}

/// After how long without a seal a heartbeat is missing, in milliseconds: two intervals, and what clocks may differ.
pub fn heartbeat_ms(interval_s: u64) -> u64 {
    interval_s.saturating_mul(2_000).saturating_add(CLOCK_SKEW_MS_MAX)
}

/// The tree that a monitor stands at, for its reports.
pub fn tree_json(edge: &Edge) -> Json {
    json!({ "size": edge.size(), "root": hex(&edge.root()) })
}

fn is_of_registrar(statement: &Statement) -> bool {
    matches!(statement.issuer(), Issuer::Party(party) if party.is_registrar())
}
