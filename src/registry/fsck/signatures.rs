//! Signatures of an audit, verified on all cores while the audit goes on reading.

use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

use crate::crypto::PublicKey;
use crate::registry::fsck::{FINDINGS_MAX, Fault, FsckFinding};
use crate::statement::Statement;

/// Signatures handed over at once.
const CHUNK: usize = 256;
/// Chunks that may wait.
const WAITING_MAX: usize = 16;

/// One signature to verify.
struct Job {
    /// What it is if it does not verify.
    fault: Fault,
    index: u64,
    statement: Arc<Statement>,
    key: PublicKey,
}

/// What one worker found.
struct Outcome {
    verified: u64,
    findings: Vec<FsckFinding>,
}

/// Takes signatures and hands them to as many workers as there are cores.
pub(in crate::registry::fsck) struct Signatures<'scope> {
    chunk: Vec<Job>,
    sender: SyncSender<Vec<Job>>,
    workers: Vec<ScopedJoinHandle<'scope, Outcome>>,
}

impl<'scope> Signatures<'scope> {
    /// Starts the workers.
    pub fn start(scope: &'scope Scope<'scope, '_>) -> Self {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers = (0..cores).map(|_| {
            let receiver = Arc::clone(&receiver);
            scope.spawn(move || work(&receiver))
        });
        Self { chunk: Vec::with_capacity(CHUNK), sender, workers: workers.collect() }
    }

    /// Has the signature of the statement at `index` verified under `key`; it is a `fault` if it does not.
    pub fn add(&mut self, fault: Fault, index: u64, statement: Arc<Statement>, key: PublicKey) {
        self.chunk.push(Job { fault, index, statement, key });
        if self.chunk.len() == CHUNK {
            self.send();
        }
    }

    /// Waits for the last signature: how many verified, and those that did not.
    pub fn finish(mut self) -> (u64, Vec<FsckFinding>) {
        self.send();
        drop(self.sender);
        let (mut verified, mut findings) = (0, Vec::new());
        for worker in self.workers {
            let outcome = worker.join().expect("verifying a signature does not panic");
            verified += outcome.verified;
            findings.extend(outcome.findings);
        }
        findings.sort_by_key(|finding| finding.index);
        (verified, findings)
    }

    fn send(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // The workers hear until this side is dropped.
        let _ = self.sender.send(chunk);
    }
}

fn work(receiver: &Mutex<Receiver<Vec<Job>>>) -> Outcome {
    let mut outcome = Outcome { verified: 0, findings: Vec::new() };
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = next else { return outcome };
        for Job { fault, index, statement, key } in chunk {
            match statement.check_signature(&key) {
                Ok(()) => outcome.verified += 1,
                // Chunks come in order: the first ones of each worker are among them.
                Err(_) if outcome.findings.len() == FINDINGS_MAX => {}
                Err(_) => outcome.findings.push(FsckFinding {
                    fault,
                    index: Some(index),
                    rule: None,
                    message: format!(
                        "the signature of this {} does not verify under the key {}",
                        statement.kind(),
                        key.kid()
                    ),
                }),
            }
        }
    }
}
