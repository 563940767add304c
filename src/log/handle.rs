//! The running log as everybody but its sequencer sees it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};

use crate::crypto::{KeyLine, Note, SigningKey};
use crate::evidence::Checkpoint;
use crate::log::heads::Heads;
use crate::log::sequencer::{Command, Sequencer};
use crate::log::{Application, Cosigners, Guard, Head, LogReader, Placed, Published, SubmitError, TileCache};
use crate::storage::Storage;

/// Most calls of [`Log::store`] that may wait (I7): their rows are many times larger than an entry.
pub const STORES_MAX: usize = 8;

/// Limits and pace.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Submissions that may wait; one more is refused as busy.
    pub pool_entries_max: usize,
    /// Most entries of one batch.
    pub batch_entries_max: usize,
    /// An empty batch is sealed after so long without a seal.
    pub seal_interval: Duration,
    /// Waits so long for more submissions before a batch; zero by default.
    pub batch_delay: Duration,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            pool_entries_max: 8_192,
            batch_entries_max: 1_024,
            seal_interval: Duration::from_secs(600),
            batch_delay: Duration::ZERO,
        }
    }
}

/// The log's name and key, and where its newest signature is kept.
#[derive(Clone)]
pub struct Signer {
    /// The checkpoint of the empty tree: names the log.
    pub empty: Checkpoint,
    /// The public key under that name.
    pub name: KeyLine,
    /// The private key.
    pub key: SigningKey,
    /// A copy of the newest checkpoint, so that a log that may not sign can still show what it signed. Losing it
    /// loses nothing else, so it is not synced.
    pub copy: Option<PathBuf>,
}

impl Signer {
    /// The checkpoint of `head`, signed. Only of a head that the guard remembers (I3).
    pub(crate) fn checkpoint(&self, head: &Head) -> Note {
        Checkpoint { size: head.size(), root: head.root(), ..self.empty.clone() }.sign(&self.name, &self.key)
    }

    pub(in crate::log) fn keep(&self, checkpoint: &Note) {
        let Some(path) = &self.copy else { return };
        let new = path.with_extension("new");
        let kept = std::fs::write(&new, checkpoint.to_string()).and_then(|()| std::fs::rename(&new, path));
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), %error, "the copy of the checkpoint was not written");
        }
    }
}

/// The kept copy of a signed checkpoint, if it is of exactly this head and under this key.
pub fn kept_checkpoint(path: &Path, name: &KeyLine, head: &Head) -> Option<Note> {
    let note = Note::parse(&std::fs::read(path).ok()?).ok()?;
    let checkpoint = Checkpoint::from_text(note.text()).ok()?;
    let is_of_head = checkpoint.size == head.size() && checkpoint.root == head.root();
    (is_of_head && note.is_signed_by(name) == Ok(true)).then_some(note)
}

/// What a log runs on.
pub struct LogParts<A: Application> {
    /// Decides what enters.
    pub application: A,
    /// Where it is kept.
    pub storage: Arc<dyn Storage>,
    /// Full tiles, shared with the readers.
    pub cache: Arc<TileCache>,
    /// The open head guard, which agrees with the head that the log starts from.
    pub guard: Guard,
    /// Name and key.
    pub signer: Signer,
    /// Unix milliseconds.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Called before the loop ends for good (I4); the program ends the process here.
    pub on_fatal: Arc<dyn Fn(&str) + Send + Sync>,
    /// Limits and pace.
    pub options: LogOptions,
    /// Who cosigns its checkpoints.
    pub cosigners: Option<Box<dyn Cosigners>>,
}

/// A running log.
pub struct Log<A: Application> {
    commands: SyncSender<Command<A>>,
    stores: Arc<Semaphore>,
    published: watch::Receiver<Arc<Published<A::View>>>,
    offered: Option<watch::Receiver<Arc<Published<A::View>>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl<A: Application> Log<A> {
    /// Signs the head that `reader` is at and starts the sequencer.
    pub fn start(parts: LogParts<A>, reader: LogReader) -> Self {
        let checkpoint = parts.signer.checkpoint(reader.head());
        Self::start_from(parts, Arc::new(reader), Some(checkpoint), None)
    }

    /// Starts the sequencer at `reader`'s head, which is published with `checkpoint`; without one its witnesses have not
    /// cosigned and are waited for (I8).
    pub fn start_from(
        mut parts: LogParts<A>,
        reader: Arc<LogReader>,
        checkpoint: Option<Note>,
        is_witnessed: Option<bool>,
    ) -> Self {
        checkpoint.iter().for_each(|checkpoint| parts.signer.keep(checkpoint));
        let view = Arc::new(parts.application.committed(&reader));
        let first = Arc::new(Published { reader, checkpoint, is_witnessed, view });
        let (heads, published, offered) = Heads::new(first);
        // Without witnesses nothing is offered: what is signed is published.
        let offered = parts.cosigners.as_ref().map(|_| offered);
        let (sender, commands) = sync_channel(parts.options.pool_entries_max);
        let sequencer = Sequencer::new(parts, commands, heads);
        let thread = std::thread::Builder::new().name("sequencer".into()).spawn(move || sequencer.run());
        let thread = thread.expect("a thread can be started while the service starts");
        let stores = Arc::new(Semaphore::new(STORES_MAX));
        Self { commands: sender, stores, published, offered, thread: Mutex::new(Some(thread)) }
    }

    /// The newest signed head.
    pub fn published(&self) -> Arc<Published<A::View>> {
        Arc::clone(&self.published.borrow())
    }

    /// Tells of each new signed head, for who waits for it. It is closed when the log has stopped.
    pub fn heads(&self) -> watch::Receiver<Arc<Published<A::View>>> {
        self.published.clone()
    }

    /// Tells of each new head that is offered to witnesses (I8), signed and perhaps not yet published. Those of
    /// [`Log::heads`] if the log has no witnesses.
    pub fn offered(&self) -> watch::Receiver<Arc<Published<A::View>>> {
        self.offered.as_ref().unwrap_or(&self.published).clone()
    }

    /// Submits; the answer comes when the submission is durable and its checkpoint signed, or refused. It waits in line as
    /// soon as this is called: submissions of one caller are decided in the order of its calls.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub fn submit(
        &self,
        submission: A::Submission,
    ) -> impl Future<Output = Result<Placed<A::View>, SubmitError<A::Refusal>>> + use<A> {
        self.ask(|reply| Command::Submit(submission, reply))
    }

    /// Stores rows beside the entries; answers when they are durable. They go with the next batch, which is sealed
    /// also if nothing else waits.
    ///
    /// # Errors
    /// [`SubmitError`]; [`SubmitError::Busy`] also if [`STORES_MAX`] wait already.
    pub async fn store(&self, rows: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), SubmitError<A::Refusal>> {
        // The permit waits with the rows: a caller that goes away leaves both behind.
        let permit = Arc::clone(&self.stores).try_acquire_owned().map_err(|_| SubmitError::Busy)?;
        self.ask(|reply| Command::Store(rows, permit, reply)).await
    }

    fn ask<T, F>(&self, command: F) -> impl Future<Output = Result<T, SubmitError<A::Refusal>>> + use<A, T, F>
    where
        F: FnOnce(oneshot::Sender<Result<T, SubmitError<A::Refusal>>>) -> Command<A>,
    {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.try_send(command(reply)).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Busy,
            TrySendError::Disconnected(_) => SubmitError::Stopped,
        });
        async move {
            sent?;
            answer.await.unwrap_or(Err(SubmitError::Stopped))
        }
    }

    /// Answers everything that was submitted before, then stops. Blocks until then.
    pub fn stop(&self) {
        // A full pool takes the word as soon as there is room; a loop that ended needs no word.
        let _ = self.commands.send(Command::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}
