//! Signatures, verified on all cores while the auditor reads on.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::audit::{Fault, Finding, Findings};
use crate::crypto::PublicKey;
use crate::statement::Statement;

/// Signatures handed over at once.
const CHUNK: usize = 128;
/// Chunks that may wait for each worker.
const WAITING_MAX: usize = 8;

/// A signature to verify.
pub(in crate::audit) struct Job {
    /// What it is if it does not verify.
    pub fault: Fault,
    /// The entry.
    pub index: u64,
    /// The statement.
    pub statement: Arc<Statement>,
    /// The key that it should verify under.
    pub key: PublicKey,
}

/// What became of a chunk.
struct Outcome {
    verified: u64,
    findings: Vec<Finding>,
}

/// Workers that live as long as the auditor.
pub(in crate::audit) struct Signatures {
    chunk: Vec<Job>,
    jobs: SyncSender<Vec<Job>>,
    outcomes: Receiver<Outcome>,
    /// Chunks that have not come back.
    running: usize,
    verified: u64,
}

impl Signatures {
    /// Starts as many workers as there are cores.
    pub fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (jobs, waiting) = sync_channel(WAITING_MAX * cores);
        let (sender, outcomes) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..cores {
            let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
            // It ends when the auditor is dropped, and holds nothing that outlives it.
            std::thread::spawn(move || work(&waiting, &sender));
        }
        Self { chunk: Vec::with_capacity(CHUNK), jobs, outcomes, running: 0, verified: 0 }
    }

    /// Has a signature verified, and adds what has come back since to `findings`.
    pub fn add(&mut self, job: Job, findings: &mut Findings) {
        self.chunk.push(job);
        if self.chunk.len() == CHUNK {
            self.send();
            while let Ok(outcome) = self.outcomes.try_recv() {
                self.take(outcome, findings);
            }
        }
    }

    /// Waits for all, and gives how many have verified since the start.
    pub fn settle(&mut self, findings: &mut Findings) -> u64 {
        self.send();
        while self.running > 0 {
            let Ok(outcome) = self.outcomes.recv() else { break };
            self.take(outcome, findings);
        }
        self.verified
    }

    fn send(&mut self) {
        if self.chunk.is_empty() {
            return;
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // The workers hear until this side is dropped.
        self.running += usize::from(self.jobs.send(chunk).is_ok());
    }

    fn take(&mut self, outcome: Outcome, findings: &mut Findings) {
        self.running -= 1;
        self.verified += outcome.verified;
        outcome.findings.into_iter().for_each(|finding| findings.add(finding));
    }
}

fn work(waiting: &Mutex<Receiver<Vec<Job>>>, sender: &Sender<Outcome>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = next else { return };
        let mut outcome = Outcome { verified: 0, findings: Vec::new() };
        for Job { fault, index, statement, key } in chunk {
            match statement.check_signature(&key) {
                Ok(()) => outcome.verified += 1,
                Err(_) => {
                    let kind = statement.kind();
                    let message = format!("the signature of this {kind} does not verify under the key {}", key.kid());
                    outcome.findings.push(Finding { fault, index, rule: None, message });
                }
            }
        }
        if sender.send(outcome).is_err() {
            return;
        }
    }
}
