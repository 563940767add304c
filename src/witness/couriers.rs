//! The witnesses of a log, as the log collects their cosignatures (I3, I8 of the log).
//!
//! - K1 A checkpoint waits for its quorum, never for all, and never longer than the timeout.
//! - K2 Who failed is left alone for a while, longer each time: a dead witness costs its timeout once, not once a batch.
//! - K3 A line is kept only if it verifies under the key in the policy, for this very checkpoint.
//! - K4 What comes later is added to what is published.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::crypto::{KeyLine, NOTE_SIGNATURES_MAX, Note, NoteSignature};
use crate::evidence::Policy;
use crate::log::{Ahead, Collected, Cosigners, Late, LogReader};
use crate::registry::Clock;
use crate::witness::courier::{Courier, Outcome, Report};

/// What to do with a checkpoint that has no quorum in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenMissing {
    /// It is not published; its callers are told so.
    Wait,
    /// It is published without, and said to be.
    Publish,
}

/// Most witnesses of a log: one line of a note is the log's own.
const WITNESSES_MAX: usize = NOTE_SIGNATURES_MAX - 1;

/// Why a policy cannot be used to collect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CouriersError {
    /// A witness without a URL cannot be asked.
    #[error("the policy names no URL for the witness {name}: write `witness {name} <vkey> <url>`")]
    NoUrl {
        /// Its name in the policy.
        name: String,
    },
    /// A checkpoint has room for no more lines.
    #[error("a log has at most {WITNESSES_MAX} witnesses: a checkpoint holds no more lines")]
    TooMany,
    /// Not an address that can be asked.
    #[error("the URL of the witness {name} does not begin with http:// or https://")]
    Url {
        /// Its name in the policy.
        name: String,
    },
    /// No thread.
    #[error("no thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Collects from all witnesses of a policy.
pub struct Couriers {
    policy: Policy,
    couriers: Vec<Courier>,
    reports: Receiver<Report>,
    timeout: Duration,
    when_missing: WhenMissing,
    clock: Arc<dyn Clock>,
    /// What has been collected, and for which size.
    lines: (u64, Vec<NoteSignature>),
    /// A witness that has seen more than the log holds, until that is told.
    ahead: Option<Ahead>,
}

impl Couriers {
    /// Starts a thread for each witness of `policy`.
    ///
    /// # Errors
    /// [`CouriersError`].
    pub fn start(
        policy: Policy,
        timeout: Duration,
        when_missing: WhenMissing,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CouriersError> {
        if policy.witnesses().count() > WITNESSES_MAX {
            return Err(CouriersError::TooMany);
        }
        for (name, _) in policy.witnesses() {
            let url = policy.witness_urls().find(|(with_url, ..)| *with_url == name).map(|(.., url)| url);
            let url = url.ok_or_else(|| CouriersError::NoUrl { name: name.to_owned() })?;
            if !url.starts_with("http://") && !url.starts_with("https://") {
                return Err(CouriersError::Url { name: name.to_owned() });
            }
        }
        let (sender, reports) = channel();
        let witnesses = policy.witness_urls().enumerate();
        let couriers = witnesses
            .map(|(number, (name, key, url))| Courier::start((number, name, key, url), timeout, sender.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self { policy, couriers, reports, timeout, when_missing, clock, lines: (0, Vec::new()), ahead: None })
    }

    /// Asks everybody who can be asked, and takes what comes until the quorum holds or nothing more can come.
    fn gather(&mut self, reader: &Arc<LogReader>, note: &Note) -> (Note, bool) {
        self.begin_size(reader.head().size());
        let deadline = Instant::now() + self.timeout;
        loop {
            self.send_all(reader, note);
            let (gathered, is_enough) = self.with_lines(note);
            let now = Instant::now();
            let until = self.couriers.iter().filter_map(Courier::busy_until).filter(|until| *until > now).max();
            let Some(until) = until.filter(|_| !is_enough && now < deadline) else { return (gathered, is_enough) };
            match self.reports.recv_timeout(until.min(deadline) - now) {
                Ok(report) => self.take(report),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return self.with_lines(note),
            }
        }
    }

    /// Lines of a checkpoint that was overtaken are of no more use.
    fn begin_size(&mut self, size: u64) {
        if self.lines.0 != size {
            self.lines = (size, Vec::new());
        }
        while let Ok(report) = self.reports.try_recv() {
            self.take(report);
        }
    }

    fn send_all(&mut self, reader: &Arc<LogReader>, note: &Note) {
        let (gathered, _) = self.with_lines(note);
        let now = (Instant::now(), self.clock.now_ms() / 1_000);
        let has_cosigned: Vec<String> = self
            .policy
            .evaluate(&gathered)
            .map(|quorum| quorum.cosigners)
            .unwrap_or_default()
            .into_iter()
            .map(|one| one.name)
            .collect();
        // Whoever has not answered since the start is asked also where a line of before is at hand: it may have seen more.
        let is_settled = |courier: &Courier| courier.has_cosigned() && has_cosigned.contains(&courier.name);
        for courier in self.couriers.iter_mut().filter(|courier| !is_settled(courier)) {
            courier.send(reader, note, now, self.timeout);
        }
    }

    /// K3: the line has been verified by the courier; it counts for the size it was asked for.
    fn take(&mut self, Report { courier, size, outcome }: Report) {
        let courier = &mut self.couriers[courier];
        courier.came_back(&outcome, Instant::now());
        match outcome {
            Outcome::Cosigned(line) if size == self.lines.0 => self.lines.1.push(line),
            Outcome::Cosigned(_) => {}
            Outcome::Ahead(cosigned) => {
                tracing::error!(
                    witness = courier.name,
                    cosigned,
                    size,
                    "a witness says that it cosigned more than this log holds"
                );
                if !courier.has_cosigned() {
                    self.ahead = Some(Ahead { witness: courier.name.clone(), size: cosigned });
                }
            }
            Outcome::Later(reason) | Outcome::Failed(reason) => {
                tracing::warn!(witness = courier.name, size, %reason, "a witness did not cosign")
            }
        }
    }

    /// The checkpoint with the lines that it has and those that were collected, and whether they are enough.
    fn with_lines(&self, note: &Note) -> (Note, bool) {
        let mut note = note.clone();
        self.lines.1.iter().for_each(|line| note.put_line(line));
        let is_enough = self.policy.evaluate(&note).is_ok_and(|quorum| quorum.is_met);
        (note, is_enough)
    }

    /// K3: a copy on disk may have been changed.
    fn verified(&self, kept: &Note) -> Vec<NoteSignature> {
        let is_cosigned = |key: &KeyLine| matches!(kept.cosigned_by(key), Ok(Some(_)));
        let keys: Vec<KeyLine> =
            self.policy.witnesses().map(|(_, key)| key).filter(|key| is_cosigned(key)).cloned().collect();
        kept.with_lines_of(&keys).signatures().to_vec()
    }

    fn decide(&mut self, (note, is_enough): (Note, bool)) -> Collected {
        if let Some(ahead) = self.ahead.take() {
            return Collected::Ahead(ahead);
        }
        match is_enough || self.when_missing == WhenMissing::Publish {
            true => Collected::Publish { note, is_enough },
            false => Collected::Withheld,
        }
    }
}

impl Cosigners for Couriers {
    fn keys(&self) -> Vec<KeyLine> {
        self.policy.witnesses().map(|(_, key)| key.clone()).collect()
    }

    fn collect(&mut self, reader: &Arc<LogReader>, note: Note) -> Collected {
        let gathered = self.gather(reader, &note);
        self.decide(gathered)
    }

    fn begin(&mut self, reader: &Arc<LogReader>, note: Note, kept: Option<&Note>) -> Collected {
        // Everybody is asked, also where an old copy of the checkpoint has its quorum already: the question is who has seen
        // more.
        self.begin_size(reader.head().size());
        self.lines.1 = kept.map(|kept| self.verified(kept)).unwrap_or_default();
        let now = (Instant::now(), self.clock.now_ms() / 1_000);
        let timeout = self.timeout;
        for courier in &mut self.couriers {
            courier.send(reader, &note, now, timeout);
        }
        let deadline = now.0 + timeout;
        while self.couriers.iter().any(|courier| courier.busy_until().is_some()) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(report) = self.reports.recv_timeout(left) else { break };
            self.take(report);
        }
        let gathered = self.with_lines(&note);
        self.decide(gathered)
    }

    fn late(&mut self, reader: &Arc<LogReader>, note: &Note) -> Late {
        self.begin_size(reader.head().size());
        self.send_all(reader, note);
        let (gathered, is_enough) = self.with_lines(note);
        let count = self.policy.evaluate(&gathered).map_or(0, |quorum| quorum.cosigners.len());
        let is_new = gathered != *note;
        Late {
            note: is_new.then_some((gathered, is_enough)),
            is_complete: count == self.couriers.len() && self.couriers.iter().all(Courier::has_cosigned),
            ahead: self.ahead.take(),
        }
    }
}
