//! The state of a witness and the only place where it changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::{KeyLine, SigningKey};
use crate::evidence::witness::{AddCheckpoint, KeptHead, LogHead, Refusal, check_extends, check_request};
use crate::log::Guard;
use crate::registry::Clock;
use crate::storage::{Batch, CommitError, HEAD_KEY, Storage};
use crate::witness::state::{Conflict, Cosigned, Kept, StateHead, WitnessError, cosigned};
use crate::witness::{Audited, Audits, NoAudits, Roll, origin_hash};

/// How far the clock may stand before the last cosignature of a log; its time is said again then.
const CLOCK_BACK_MAX_S: u64 = 60;

/// A witness.
pub struct Keep {
    name: KeyLine,
    key: SigningKey,
    roll: Roll,
    clock: Arc<dyn Clock>,
    storage: Arc<dyn Storage>,
    audits: Arc<dyn Audits>,
    on_fatal: Arc<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    head: StateHead,
    guard: Guard,
    is_over: bool,
}

/// Why a request was not answered with a cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepError {
    /// The witness refuses.
    Refused(Refusal),
    /// It audits the log, and has not come so far.
    NotAudited {
        /// How many entries it has derived.
        size: u64,
    },
    /// It audits the log, and something does not follow (V6).
    Differs {
        /// What, in a sentence.
        why: String,
    },
    /// Its clock stands before its last cosignature of this log. Its operator's fault.
    ClockBehind,
    /// Its disk is nearly full. Nothing was written.
    NoSpace,
    /// Its state cannot be read or written; it ends.
    Broken,
}

/// Makes the state of a new witness in an empty table, and its guard.
///
/// # Errors
/// [`WitnessError::Exists`], or what could not be written.
pub fn create(storage: &dyn Storage, guard: &Path, name: &KeyLine) -> Result<(), WitnessError> {
    if storage.snapshot()?.get(HEAD_KEY)?.is_some() {
        return Err(WitnessError::Exists);
    }
    let mut batch = Batch::new();
    batch.put(HEAD_KEY, StateHead::START.to_bytes());
    storage.commit(None, batch)?;
    Guard::create(guard, &name.to_string(), StateHead::START.guarded())?;
    Ok(())
}

impl Keep {
    /// Opens the state and compares the guard (V3).
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn open(
        storage: Arc<dyn Storage>,
        guard: &Path,
        (name, key): (KeyLine, SigningKey),
        roll: Roll,
        clock: Arc<dyn Clock>,
        on_fatal: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, WitnessError> {
        let head = storage.snapshot()?.get(HEAD_KEY)?.ok_or(WitnessError::Missing)?;
        let head = StateHead::read(&head)?;
        let path = PathBuf::from(guard);
        let mut guard = Guard::open(guard, &name.to_string())?;
        let remembered = *guard.head();
        // Killed between table and guard, the table is one change ahead, and that change was never said. Anything else is
        // another table's history.
        if !head.is_at_or_after(&remembered) {
            let (found, remembered) = (head.changes, remembered.size);
            return Err(WitnessError::OtherState { found, remembered, guard: path });
        }
        guard.swap(&remembered, head.guarded())?;
        let state = Mutex::new(State { head, guard, is_over: false });
        Ok(Self { name, key, roll, clock, storage, audits: Arc::new(NoAudits), on_fatal, state })
    }

    /// The same witness, which cosigns only what `audits` has derived (V6).
    pub fn auditing(self, audits: Arc<dyn Audits>) -> Self {
        Self { audits, ..self }
    }

    /// Name and public key of this witness.
    pub fn name(&self) -> &KeyLine {
        &self.name
    }

    /// The logs that it knows.
    pub fn roll(&self) -> &Roll {
        &self.roll
    }

    /// The newest checkpoint of `origin` that was cosigned, with the log's lines and this witness's.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn newest(&self, origin: &str) -> Result<Option<Cosigned>, WitnessError> {
        cosigned(&*self.storage.snapshot()?, origin)
    }

    /// The first contradiction of `origin` that was seen, if there is one.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn conflict(&self, origin: &str) -> Result<Option<Conflict>, WitnessError> {
        let Some(row) = self.storage.snapshot()?.get(&Kept::Conflict.key(origin))? else { return Ok(None) };
        let damaged = || WitnessError::Damaged { what: format!("the conflict of {origin}") };
        Conflict::read(&row).map(Some).ok_or_else(damaged)
    }

    /// Decides about a request; the line of the cosignature if it is granted, which is kept by then (V1).
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<String, KeepError> {
        let (head, keys) = (&request.head, self.roll.keys(&request.head.origin));
        // Signatures are verified before the lock: what a stranger makes up keeps no log waiting.
        check_request(keys, request).map_err(KeepError::Refused)?;
        // V2: one lock for all logs. A cosignature costs two syncs, and a witness has time.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return Err(KeepError::Broken);
        }
        let newest = match self.newest(&head.origin) {
            Ok(newest) => newest,
            Err(error) => return Err(self.end(&mut state, &error.to_string())),
        };
        if let Err(refusal) = check_extends(newest.as_ref().map(Cosigned::kept), request) {
            self.remember(&mut state, keys, request, newest.as_ref())?;
            return Err(KeepError::Refused(refusal));
        }
        match self.audit(head) {
            Err((refused, Some(shown))) => {
                self.keep_conflict(&mut state, keys, request, shown)?;
                return Err(refused);
            }
            Err((refused, None)) => return Err(refused),
            Ok(()) => {}
        }
        let time = self.time_after(newest.as_ref().map_or(0, |newest| newest.time))?;
        // The same head in the same second has the same cosignature: no stranger makes the disk work by asking again.
        if let Some(newest) = newest.filter(|newest| newest.time == time && newest.head == *head) {
            return Ok(newest.note.lines_text(&self.name));
        }
        let mut note = request.note.with_lines_of(keys);
        note.cosign(&self.name, &self.key, time);
        let line = note.lines_text(&self.name);
        let value = [&time.to_be_bytes()[..], note.to_string().as_bytes()].concat();
        self.write(&mut state, Kept::Cosigned.key(&head.origin), value)?;
        Ok(line)
    }

    /// V6: asked last, so that nobody but the log itself hears how far the audit is.
    fn audit(&self, head: &LogHead) -> Result<(), (KeepError, Option<Vec<u8>>)> {
        match self.audits.look(&head.origin, head.size, &head.root) {
            Audited::NotAsked | Audited::Holds => Ok(()),
            Audited::NotYet { size } => Err((KeepError::NotAudited { size }, None)),
            Audited::Differs { why, shown } => {
                tracing::error!(origin = %head.origin, size = head.size, %why, "an audited log is not cosigned");
                Err((KeepError::Differs { why }, shown))
            }
        }
    }

    /// Whether the audit of the log has not come as far as `head`. Costs nothing, and takes no lock of this state.
    pub fn is_awaited(&self, head: &LogHead) -> bool {
        matches!(self.audits.look(&head.origin, head.size, &head.root), Audited::NotYet { .. })
    }

    /// The head that is kept of a log.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn kept(&self, origin: &str) -> Result<Option<KeptHead>, WitnessError> {
        Ok(self.newest(origin)?.as_ref().map(Cosigned::kept))
    }

    /// A time of now that is not before the last one, unix seconds, > 0.
    fn time_after(&self, last: u64) -> Result<u64, KeepError> {
        let now = self.clock.now_ms() / 1_000;
        match now.max(last).max(1) {
            time if time - now.min(time) <= CLOCK_BACK_MAX_S => Ok(time),
            _ => {
                tracing::error!(now, last, "the clock stands before the last cosignature");
                Err(KeepError::ClockBehind)
            }
        }
    }

    /// Keeps the first contradiction of a log (V5). Whatever old size was named: two signed roots of one size contradict each
    /// other. A proof that does not hold proves nothing, for anybody can send one with a log's own checkpoint.
    fn remember(
        &self,
        state: &mut State,
        keys: &[KeyLine],
        request: &AddCheckpoint,
        newest: Option<&Cosigned>,
    ) -> Result<(), KeepError> {
        let head = &request.head;
        let Some(newest) = newest.filter(|newest| newest.head.size == head.size && newest.head.root != head.root)
        else {
            return Ok(());
        };
        self.keep_conflict(state, keys, request, newest.note.to_string().into_bytes())
    }

    /// Keeps a checkpoint that was cosigned, or shown to an audit, and the one that contradicts it, unless two are kept already.
    fn keep_conflict(
        &self,
        state: &mut State,
        keys: &[KeyLine],
        request: &AddCheckpoint,
        first: Vec<u8>,
    ) -> Result<(), KeepError> {
        let (origin, size) = (&request.head.origin, request.head.size);
        tracing::error!(%origin, size, at = %origin_hash(origin), "the log signed two histories");
        match self.conflict(origin) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) => return Err(self.end(state, &error.to_string())),
        }
        let refused = request.note.with_lines_of(keys).to_string().into_bytes();
        match self.write(state, Kept::Conflict.key(origin), Conflict { cosigned: first, refused }.to_bytes()) {
            // What could not be kept for want of space is refused all the same.
            Err(KeepError::NoSpace) => Ok(()),
            written => written,
        }
    }

    /// Writes one row: the table, then the guard (V1, V3).
    fn write(&self, state: &mut State, key: Vec<u8>, value: Vec<u8>) -> Result<(), KeepError> {
        let next = state.head.after(&key, &value);
        let mut batch = Batch::new();
        batch.put(key, value);
        batch.put(HEAD_KEY, next.to_bytes());
        match self.storage.commit(Some(&state.head.to_bytes()), batch) {
            Ok(()) => {}
            Err(CommitError::NoSpace { .. }) => {
                tracing::warn!("the disk is nearly full: nothing is cosigned");
                return Err(KeepError::NoSpace);
            }
            Err(error) => return Err(self.end(state, &error.to_string())),
        }
        let before = state.head.guarded();
        if let Err(error) = state.guard.swap(&before, next.guarded()) {
            return Err(self.end(state, &error.to_string()));
        }
        state.head = next;
        Ok(())
    }

    /// V4
    fn end(&self, state: &mut State, reason: &str) -> KeepError {
        state.is_over = true;
        tracing::error!(%reason, "the witness stops");
        (self.on_fatal)(reason);
        KeepError::Broken
    }
}
