//! Pool → batch → seal → commit → guard → checkpoint; recovery; the head guard.
//!
//! The log orders opaque entries. What an entry means, whether it may enter, and what a seal says are decided by an
//! [`Application`], which `registry` implements. One thread, the *sequencer*, owns the newest state; readers share
//! an immutable [`Published`] of the last head whose checkpoint was signed.
//!
//! # Invariants
//!
//! - **I1** Sizes only grow; each checkpoint extends the last; seal times strictly increase. If the clock goes
//!   back, the sequencer waits, then refuses.
//! - **I2** One writer; a commit compares the head it started from and fails otherwise.
//! - **I3** Entries, chain, tree, dockets and head become durable in one atomic commit; then the guard is moved to
//!   the size and root about to be signed; then the checkpoint is signed; then, where witnesses are configured, it is
//!   cosigned or their time is up; then anyone is answered. Two syncs a batch, no more.
//! - **I4** A failed or unknown durable write ends the process; opening finds out what the disk holds.
//! - **I5** Opening recomputes what the head claims and refuses on any difference, naming it.
//! - **I6** The head guard is compared and swapped. Database ahead of guard: allowed only if it extends it. Guard
//!   ahead, guard missing with a log there: no signing, reads go on, and the reason says how to proceed. A guard is
//!   never made implicitly.
//! - **I7** Pool, batch and entry sizes are bounded.
//!
//! - **I8** With witnesses that are waited for, a head without a quorum is committed and not published: readers stay at the
//!   last cosigned head, callers are told that their statement is kept and not yet public, and batches go on from the
//!   committed head. Every later head holds it. Only its witnesses may follow the heads that are *offered*, or no auditing
//!   one could belong to the quorum.
//!
//! A batch is whatever waits when the last commit ends: no delay is added unless configured.

mod application;
mod batch;
mod cosigners;
mod guard;
mod handle;
mod head;
mod heads;
mod reader;
mod recovery;
mod row;
mod sequencer;
mod stored;

pub use application::{Application, Decision, Placed, Published, SealInput, Sealed, SubmitError};
pub use batch::{Batch, PartialTiles, Planned};
pub use cosigners::{Ahead, Collected, Cosigners, Late};
pub use guard::{Guard, GuardError, GuardedHead};
pub use handle::{Log, LogOptions, LogParts, STORES_MAX, Signer, kept_checkpoint};
pub use head::{Head, SealPlace};
pub use reader::{Entry, LogReader, ReadError, TileCache};
pub use recovery::{OpenError, Signing, check_guard, read_head};
pub use sequencer::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, create};
pub use stored::{StoredLog, StoredRow};
