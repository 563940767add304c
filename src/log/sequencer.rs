//! The one loop that writes: take what waits, decide in order, plan, seal, commit, guard, sign, answer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::crypto::Note;
use crate::log::heads::Heads;
use crate::log::{
    Ahead, Application, Batch, Collected, Decision, Guard, GuardError, GuardedHead, Head, LogParts, LogReader,
    OpenError, PartialTiles, Placed, Planned, Published, SealInput, SubmitError, TileCache,
};
use crate::storage::{Batch as Rows, CommitError, HEAD_KEY, Storage};

/// Most rows of one batch before its seal: half of what storage takes, for the last entry may touch many dockets.
pub const BATCH_ROWS_MAX: usize = crate::storage::BATCH_KEYS_MAX / 2;
/// Most bytes of one batch: half of what storage takes.
pub const BATCH_BYTES_MAX: usize = crate::storage::BATCH_BYTES_MAX / 2;
/// How far seal times may run ahead of the clock when batches follow each other within a millisecond (I1).
const AHEAD_MAX_MS: u64 = 10;
/// How long a clock that stands before the last seal is waited for, before submissions are refused (I1).
const CLOCK_WAIT_MAX: Duration = Duration::from_secs(2);
/// How soon a heartbeat seal that could not be written is tried again.
const HEARTBEAT_RETRY: Duration = Duration::from_secs(10);
/// How often missing cosignatures are asked for. Who does not answer is asked less often by whoever collects.
const COSIGNATURES_INTERVAL: Duration = Duration::from_millis(500);

type Answer<A> = Result<Placed<<A as Application>::View>, SubmitError<<A as Application>::Refusal>>;
type Stored<A> = Result<(), SubmitError<<A as Application>::Refusal>>;

/// A word to the sequencer.
pub(in crate::log) enum Command<A: Application> {
    /// Something wants to enter.
    Submit(A::Submission, oneshot::Sender<Answer<A>>),
    /// Rows beside the entries, committed with the next batch.
    Store(Vec<(Vec<u8>, Vec<u8>)>, OwnedSemaphorePermit, oneshot::Sender<Stored<A>>),
    /// Answer everything, then end.
    Stop,
}

/// The owner of the newest state.
pub(in crate::log) struct Sequencer<A: Application> {
    parts: LogParts<A>,
    commands: Receiver<Command<A>>,
    waiting: VecDeque<Command<A>>,
    /// The newest committed head. Readers are behind it as long as its witnesses have not cosigned (I8).
    newest: Arc<Published<A::View>>,
    heads: Heads<A::View>,
    /// Who is answered when `newest` is published.
    unpublished: Vec<Pending<A>>,
    heartbeat_at: Instant,
    /// When cosignatures are asked for again.
    ask_again_at: Option<Instant>,
}

/// A submission that is answered when its batch is published.
struct Pending<A: Application> {
    index: u64,
    is_new: bool,
    reply: oneshot::Sender<Answer<A>>,
}

impl<A: Application> Pending<A> {
    fn answer(self, published: &Arc<Published<A::View>>) {
        let placed = Placed { index: self.index, is_new: self.is_new, published: Arc::clone(published) };
        // A caller that went away hears nothing; its statement stands all the same.
        let _ = self.reply.send(Ok(placed));
    }
}

/// Why the loop ends.
enum End {
    /// It was asked to.
    Asked,
    /// The state of the disk is unknown, or a rule of ours is broken (I4).
    Fatal(String),
}

/// What the loop does next.
enum Next {
    Batch,
    Heartbeat,
    /// Cosignatures of the newest head are missing.
    Cosignatures,
    Drain,
}

impl<A: Application> Sequencer<A> {
    pub(in crate::log) fn new(parts: LogParts<A>, commands: Receiver<Command<A>>, heads: Heads<A::View>) -> Self {
        let now = Instant::now();
        let heartbeat_at = now + parts.options.seal_interval;
        let newest = heads.published();
        let ask_again_at = parts.cosigners.as_ref().map(|_| now);
        let (waiting, unpublished) = (VecDeque::new(), Vec::new());
        Self { parts, commands, waiting, newest, heads, unpublished, heartbeat_at, ask_again_at }
    }

    pub(in crate::log) fn run(mut self) {
        // A panic is a broken rule of ours: a log that goes on answering reads and never writes again helps nobody.
        let end = catch_unwind(AssertUnwindSafe(|| self.turn()));
        if let End::Fatal(reason) = end.unwrap_or_else(|_| End::Fatal("the sequencer panicked".into())) {
            tracing::error!(%reason, "the log stops");
            (self.parts.on_fatal)(&reason);
        }
    }

    fn turn(&mut self) -> End {
        loop {
            let outcome = match self.next() {
                Next::Batch => self.batch(false),
                Next::Heartbeat => self.batch(true),
                Next::Cosignatures => self.ask_again(),
                Next::Drain => self.drain(),
            };
            if let Err(end) = outcome.and_then(|()| self.ask_if_due()) {
                return end;
            }
        }
    }

    /// Waits for submissions, for the time of a heartbeat seal, or to ask for cosignatures again.
    fn next(&mut self) -> Next {
        let now = Instant::now();
        let patience = self.heartbeat_at.saturating_duration_since(now);
        if self.waiting.is_empty() {
            let until_asked = self.ask_again_at.map(|at| at.saturating_duration_since(now));
            match self.commands.recv_timeout(until_asked.map_or(patience, |until| until.min(patience))) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return Next::Drain,
                Ok(command) => self.waiting.push_back(command),
                Err(RecvTimeoutError::Timeout) if until_asked.is_some_and(|until| until < patience) => {
                    return Next::Cosignatures;
                }
                Err(RecvTimeoutError::Timeout) => return Next::Heartbeat,
            }
            if !self.parts.options.batch_delay.is_zero() {
                std::thread::sleep(self.parts.options.batch_delay);
            }
        }
        while self.waiting.len() < self.parts.options.batch_entries_max {
            match self.commands.try_recv() {
                Ok(Command::Stop) => return Next::Drain,
                Ok(command) => self.waiting.push_back(command),
                Err(_) => break,
            }
        }
        // A stream of refused submissions must not keep the heartbeat waiting.
        if patience.is_zero() { Next::Heartbeat } else { Next::Batch }
    }

    /// Commits what still waits, then ends.
    fn drain(&mut self) -> Result<(), End> {
        while let Ok(command) = self.commands.try_recv() {
            self.waiting.push_back(command);
        }
        while !self.waiting.is_empty() {
            self.batch(false)?;
        }
        debug_assert!(self.unpublished.is_empty(), "whoever is not answered by a head is told so at once");
        Err(End::Asked)
    }

    /// One batch. The order of effects is I3; the commit is the point of no return.
    fn batch(&mut self, is_heartbeat: bool) -> Result<(), End> {
        let before = Arc::clone(&self.newest);
        let Some(time_ms) = self.seal_time(before.reader.head()) else {
            self.put_off_heartbeat(is_heartbeat);
            self.refuse_waiting(|| SubmitError::ClockBehind);
            return Ok(());
        };
        let mut plan = Batch::begin(before.reader.head(), before.reader.partials());
        let (mut pending, mut stored) = (Vec::new(), Vec::new());
        for _ in 0..self.parts.options.batch_entries_max {
            if plan.rows() >= BATCH_ROWS_MAX || plan.bytes() >= BATCH_BYTES_MAX {
                break;
            }
            match self.waiting.pop_front() {
                Some(Command::Submit(submission, reply)) => {
                    pending.extend(self.place(&before.reader, &mut plan, time_ms, &submission, reply));
                }
                // They would be sealed, and the last seal of a closed log stays the last.
                Some(Command::Store(_, _, reply)) if self.parts.application.is_closed() => {
                    let _ = reply.send(Err(SubmitError::Closed));
                }
                Some(Command::Store(rows, _permit, reply)) => {
                    plan.add_rows(rows);
                    stored.push(reply);
                }
                Some(Command::Stop) => {}
                None => break,
            }
        }
        if plan.is_empty() && (!is_heartbeat || self.parts.application.is_closed()) {
            if is_heartbeat {
                self.heartbeat_at = Instant::now() + self.parts.options.seal_interval;
            }
            // Duplicates of what stands already need no new head.
            self.unpublished.extend(pending);
            self.answer_published();
            return if self.unpublished.is_empty() { Ok(()) } else { self.publish() };
        }
        let planned = self.seal(&before.reader, plan, time_ms)?;
        if !self.commit(before.reader.head(), &planned)? {
            self.parts.application.abandon();
            self.put_off_heartbeat(is_heartbeat);
            pending.into_iter().for_each(|one| drop(one.reply.send(Err(SubmitError::NoSpace))));
            stored.into_iter().for_each(|reply| drop(reply.send(Err(SubmitError::NoSpace))));
            return Ok(());
        }
        self.sign(before.reader.head(), planned)?;
        self.unpublished.extend(pending);
        self.publish()?;
        // Rows beside the entries are promised to be durable, not to be seen (I8).
        stored.into_iter().for_each(|reply| drop(reply.send(Ok(()))));
        Ok(())
    }

    /// Decides about one submission; a refusal is answered at once, the rest when the batch is published.
    fn place(
        &mut self,
        reader: &LogReader,
        plan: &mut Batch,
        time_ms: u64,
        submission: &A::Submission,
        reply: oneshot::Sender<Answer<A>>,
    ) -> Option<Pending<A>> {
        match self.parts.application.admit(reader, submission, plan.next_index(), time_ms) {
            Decision::Enter { entry, rows } => {
                let index = plan.push(&entry);
                plan.reserve_rows(rows);
                Some(Pending { index, is_new: true, reply })
            }
            Decision::Duplicate(index) => Some(Pending { index, is_new: false, reply }),
            Decision::Refuse(refusal) => {
                let _ = reply.send(Err(SubmitError::Refused(refusal)));
                None
            }
        }
    }

    fn seal(&mut self, reader: &LogReader, plan: Batch, time_ms: u64) -> Result<Planned, End> {
        seal(&mut self.parts.application, reader, plan, time_ms).map_err(End::Fatal)
    }

    /// Durable step 1 (I3). `false`: the disk is nearly full and nothing was written.
    fn commit(&self, before: &Head, planned: &Planned) -> Result<bool, End> {
        match self.parts.storage.commit(Some(&before.to_bytes()), rows_of(planned)) {
            Ok(()) => Ok(true),
            Err(CommitError::NoSpace { available_bytes, needed_bytes }) => {
                tracing::warn!(available_bytes, needed_bytes, "the disk is nearly full: submissions are refused");
                Ok(false)
            }
            // Another writer (I2), a batch beyond the bounds, or an unknown state (I4).
            Err(error) => Err(End::Fatal(error.to_string())),
        }
    }

    /// Durable step 2, then the signature (I3).
    fn sign(&mut self, before: &Head, planned: Planned) -> Result<(), End> {
        let expected = guarded(before).ok_or(End::Fatal("the head before a batch has no seal".into()))?;
        let next = guarded(&planned.head).ok_or(End::Fatal("a batch ended without a seal".into()))?;
        self.parts.guard.swap(&expected, next).map_err(|error| End::Fatal(error.to_string()))?;
        let checkpoint = Some(self.parts.signer.checkpoint(&planned.head));
        let snapshot = self.parts.storage.snapshot().map_err(|error| End::Fatal(error.to_string()))?;
        let reader = LogReader::new(snapshot, planned.head, planned.partials, Arc::clone(&self.parts.cache));
        let view = Arc::new(self.parts.application.committed(&reader));
        self.newest = Arc::new(Published { reader: Arc::new(reader), checkpoint, is_witnessed: None, view });
        self.heartbeat_at = Instant::now() + self.parts.options.seal_interval;
        Ok(())
    }

    /// Collects cosignatures of the newest head, then shows it to everybody and answers whom it holds (I3, I8).
    fn publish(&mut self) -> Result<(), End> {
        let head = self.newest.reader.head();
        let note = self.newest.checkpoint.clone().unwrap_or_else(|| self.parts.signer.checkpoint(head));
        let collected = match &mut self.parts.cosigners {
            None => {
                self.show(note, None);
                return Ok(());
            }
            Some(cosigners) => {
                self.heads.offer(&self.newest, &note);
                cosigners.collect(&self.newest.reader, note)
            }
        };
        self.ask_again_at = Some(Instant::now() + COSIGNATURES_INTERVAL);
        match collected {
            Collected::Publish { note, is_enough } => self.show(note, Some(is_enough)),
            Collected::Ahead(ahead) => return Err(rolled_back(&ahead, head.size())),
            Collected::Withheld => {
                tracing::warn!(size = head.size(), "a head waits for its witnesses and is not published");
                let unwitnessed = |one: Pending<A>| drop(one.reply.send(Err(SubmitError::Unwitnessed)));
                self.unpublished.drain(..).for_each(unwitnessed);
            }
        }
        Ok(())
    }

    /// The newest head for everybody.
    fn show(&mut self, note: Note, is_witnessed: Option<bool>) {
        if is_witnessed == Some(false) {
            tracing::warn!(size = self.newest.reader.head().size(), "a checkpoint is published without its witnesses");
        }
        self.parts.signer.keep(&note);
        let (reader, view) = (Arc::clone(&self.newest.reader), Arc::clone(&self.newest.view));
        self.newest = Arc::new(Published { reader, checkpoint: Some(note), is_witnessed, view });
        self.heads.publish(&self.newest);
        self.answer_published();
    }

    /// Answers those whose statement stands in what readers see.
    fn answer_published(&mut self) {
        let published = self.heads.published();
        let size = if published.checkpoint.is_some() { published.reader.head().size() } else { 0 };
        for one in std::mem::take(&mut self.unpublished) {
            match one.index < size {
                true => one.answer(&published),
                false => self.unpublished.push(one),
            }
        }
    }

    /// A stream of submissions that are refused must not keep the witnesses from being asked.
    fn ask_if_due(&mut self) -> Result<(), End> {
        match self.ask_again_at.is_some_and(|at| at <= Instant::now()) {
            true => self.ask_again(),
            false => Ok(()),
        }
    }

    /// Asks for what is missing: the quorum of a head that is not published, or further lines of one that is.
    fn ask_again(&mut self) -> Result<(), End> {
        let published = self.heads.published();
        let (Some(note), true) = (&published.checkpoint, Arc::ptr_eq(&published, &self.newest)) else {
            return self.publish();
        };
        let Some(cosigners) = &mut self.parts.cosigners else {
            self.ask_again_at = None;
            return Ok(());
        };
        let late = cosigners.late(&published.reader, note);
        self.ask_again_at = (!late.is_complete).then(|| Instant::now() + COSIGNATURES_INTERVAL);
        if let Some(ahead) = late.ahead {
            return Err(rolled_back(&ahead, published.reader.head().size()));
        }
        if let Some((note, is_enough)) = late.note {
            self.show(note, Some(is_enough));
        }
        Ok(())
    }

    /// A heartbeat that failed is due at once again: without a pause the loop would do nothing else.
    fn put_off_heartbeat(&mut self, is_heartbeat: bool) {
        if is_heartbeat {
            self.heartbeat_at = Instant::now() + HEARTBEAT_RETRY.min(self.parts.options.seal_interval);
        }
    }

    /// The time of the next seal, later than the last one's (I1); `None` if the clock stands too far behind it.
    fn seal_time(&self, head: &Head) -> Option<u64> {
        let last = head.seal.map_or(0, |seal| seal.time_ms);
        let started = Instant::now();
        loop {
            let now = (self.parts.clock)();
            if now > last {
                return Some(now);
            }
            if last - now < AHEAD_MAX_MS {
                return Some(last + 1);
            }
            if started.elapsed() > CLOCK_WAIT_MAX {
                tracing::error!(now, last, "the clock stands before the last seal: submissions are refused");
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn refuse_waiting(&mut self, error: impl Fn() -> SubmitError<A::Refusal>) {
        for command in self.waiting.drain(..) {
            match command {
                Command::Submit(_, reply) => drop(reply.send(Err(error()))),
                Command::Store(_, _, reply) => drop(reply.send(Err(error()))),
                Command::Stop => {}
            }
        }
    }
}

/// Makes a new log of one entry and its seal, registered at `time_ms`, in an empty table; then its guard. The
/// application has decided about the entry already.
///
/// # Errors
/// [`OpenError::NotEmpty`] if the table has a head; [`OpenError::Guard`] if there is a guard already; else what
/// could not be written.
pub fn create<A: Application>(
    application: &mut A,
    storage: &dyn Storage,
    guard: &Path,
    origin: &str,
    entry: &[u8],
    time_ms: u64,
) -> Result<(), OpenError> {
    let snapshot = storage.snapshot()?;
    if snapshot.get(HEAD_KEY)?.is_some() {
        return Err(OpenError::NotEmpty);
    }
    if guard.exists() {
        return Err(GuardError::Exists { path: guard.to_owned() }.into());
    }
    // Found out before the first commit: a log without its guard would be of no use.
    if !Guard::directory(guard).is_dir() {
        let error = std::io::Error::new(std::io::ErrorKind::NotFound, "its directory is not there");
        return Err(GuardError::Io { path: guard.to_owned(), error }.into());
    }
    let (head, partials) = (Head::empty(origin), PartialTiles::default());
    let reader = LogReader::new(snapshot, head, partials, Arc::new(TileCache::new(0)));
    let mut plan = Batch::begin(reader.head(), reader.partials());
    plan.push(entry);
    let planned = seal(application, &reader, plan, time_ms).map_err(OpenError::Commit)?;
    storage.commit(None, rows_of(&planned)).map_err(|error| OpenError::Commit(error.to_string()))?;
    let first = guarded(&planned.head).ok_or(OpenError::Commit("the first batch has no seal".into()))?;
    Guard::create(guard, origin, first)?;
    Ok(())
}

fn seal<A: Application>(
    application: &mut A,
    reader: &LogReader,
    mut plan: Batch,
    time_ms: u64,
) -> Result<Planned, String> {
    let input = SealInput {
        index: plan.next_index(),
        from: plan.from(),
        previous: reader.head().seal.map(|seal| seal.id),
        time_ms,
        chain: *plan.chain(),
    };
    let sealed = application.seal(reader, input)?;
    plan.add_rows(sealed.rows);
    Ok(plan.close(&sealed.entry, time_ms, sealed.dockets))
}

fn rows_of(planned: &Planned) -> Rows {
    let mut rows = Rows::new();
    planned.rows.iter().for_each(|(key, value)| rows.put(key.clone(), value.clone()));
    rows.put(HEAD_KEY, planned.head.to_bytes());
    rows
}

fn guarded(head: &Head) -> Option<GuardedHead> {
    Some(GuardedHead { size: head.size(), root: head.root(), seal: head.seal?.id })
}

/// I6: signing on would fork the log. The next start hears the same from the witness, and does not sign.
fn rolled_back(Ahead { witness, size }: &Ahead, held: u64) -> End {
    End::Fatal(format!(
        "the witness {witness} has cosigned {size} entries of this log, which holds {held}: database and guard were rolled back \
         together while it could not be asked"
    ))
}
