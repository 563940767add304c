//! What the log asks of whoever gives its entries a meaning, and what it answers.

use std::sync::Arc;

use crate::crypto::{Digest, Note};
use crate::log::LogReader;
use crate::merkle::Hash;

/// What was decided about one submission.
pub enum Decision<R> {
    /// It enters.
    Enter {
        /// The entry, whose bytes are never looked into here.
        entry: Vec<u8>,
        /// Rows that [`Application::seal`] will add for it, about: they count against the bounds of a batch.
        rows: usize,
    },
    /// It stands in the log already, at this index (possibly in this very batch).
    Duplicate(u64),
    /// It may not enter.
    Refuse(R),
}

/// What a seal must say.
#[derive(Clone, Copy, Debug)]
pub struct SealInput {
    /// The seal's own index.
    pub index: u64,
    /// The first index after the previous seal.
    pub from: u64,
    /// The id of the previous seal.
    pub previous: Option<Digest>,
    /// Its time, unix milliseconds.
    pub time_ms: u64,
    /// chain(index).
    pub chain: Hash,
}

/// A sealed batch.
pub struct Sealed {
    /// The entry of the seal.
    pub entry: Vec<u8>,
    /// The docket root it signs.
    pub dockets: Hash,
    /// Rows to commit with the batch.
    pub rows: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Who decides what enters. All calls come from the sequencer, in log order.
pub trait Application: Send + 'static {
    /// Something that wants to enter.
    type Submission: Send + 'static;
    /// Why it may not.
    type Refusal: Send + 'static;
    /// What readers see of the application at a head.
    type View: Send + Sync + 'static;

    /// Decides about `submission` at `index`, registered at `time_ms`. What is let in counts for the next ones.
    /// `reader` is the newest published head.
    fn admit(
        &mut self,
        reader: &LogReader,
        submission: &Self::Submission,
        index: u64,
        time_ms: u64,
    ) -> Decision<Self::Refusal>;

    /// Writes the seal of the batch and plans the rows that belong to it, against `reader`, the head before it.
    ///
    /// # Errors
    /// A sentence for the operator; nothing was written and the process ends.
    fn seal(&mut self, reader: &LogReader, input: SealInput) -> Result<Sealed, String>;

    /// The batch is durable: its view.
    fn committed(&mut self, reader: &LogReader) -> Self::View;

    /// Whether nothing enters any more: then no empty batch is sealed either, and the last seal stays the last.
    fn is_closed(&self) -> bool {
        false
    }

    /// The batch was not written, and nothing of it is: forget what was let in since the last commit.
    fn abandon(&mut self);
}

/// The log at a head: what everybody reads.
pub struct Published<V> {
    /// Entries, tree, table.
    pub reader: Arc<LogReader>,
    /// The signed checkpoint of this head, with the cosignatures that were collected; `None` when no signature of this head is
    /// at hand (read-only mode), or its witnesses have not cosigned and are waited for (I8).
    pub checkpoint: Option<Note>,
    /// Whether a quorum of the log's witnesses has cosigned; `None` without witnesses.
    pub is_witnessed: Option<bool>,
    /// The application's view.
    pub view: Arc<V>,
}

/// Where a submission stands, with a head that holds it.
pub struct Placed<V> {
    /// Its index.
    pub index: u64,
    /// Whether this call entered it; `false` for a duplicate.
    pub is_new: bool,
    /// A published head that holds it.
    pub published: Arc<Published<V>>,
}

/// Why a submission was not placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitError<R> {
    /// The application refused it.
    Refused(R),
    /// The pool is full.
    Busy,
    /// The disk is nearly full; nothing was written.
    NoSpace,
    /// The clock stands before the last seal.
    ClockBehind,
    /// It is durable, and not public until witnesses have cosigned a head that holds it (I8).
    Unwitnessed,
    /// The log has come to its end: rows beside the entries would need a further seal.
    Closed,
    /// The log is stopping or has stopped; whether the submission entered is unknown.
    Stopped,
}
