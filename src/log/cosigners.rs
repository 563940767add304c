//! What the log asks of those who cosign its checkpoints. Who they are, and how they are reached, is not known here.

use std::sync::Arc;

use crate::crypto::{KeyLine, Note};
use crate::log::LogReader;

/// What came of collecting cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// The checkpoint may be published, with these lines.
    Publish {
        /// The checkpoint with what was collected.
        note: Note,
        /// Whether the quorum is met. If not, it is published all the same because the operator chose so.
        is_enough: bool,
    },
    /// The quorum is missing, and the operator chose to wait for it.
    Withheld,
    /// A cosigner has cosigned more of this log than this log holds: it was rolled back.
    Ahead(Ahead),
}

/// Who has cosigned more than the log holds. Told of a cosigner that has not yet cosigned a head of this process: one that has
/// is only mistaken, for a log that runs knows what it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Who says so.
    pub witness: String,
    /// The size that was cosigned.
    pub size: u64,
}

/// Lines that came after a checkpoint was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The checkpoint with more lines, if there are more, and whether they meet the quorum.
    pub note: Option<(Note, bool)>,
    /// Whether nothing more is expected for this checkpoint.
    pub is_complete: bool,
    /// Who has seen more than the log holds, if that has come out now.
    pub ahead: Option<Ahead>,
}

/// Collects cosignatures of checkpoints.
pub trait Cosigners: Send + 'static {
    /// Their keys.
    fn keys(&self) -> Vec<KeyLine>;

    /// Asks for cosignatures of `note`, the checkpoint of `reader`'s head, and waits for the quorum no longer than its
    /// timeout. What one call began, a later one may find.
    fn collect(&mut self, reader: &Arc<LogReader>, note: Note) -> Collected;

    /// As [`Cosigners::collect`], at the start of a log: waits for an answer of each, within the timeout, since the question is
    /// who has seen more. Of `kept`, a copy of the checkpoint from before, the lines count that verify.
    fn begin(&mut self, reader: &Arc<LogReader>, note: Note, kept: Option<&Note>) -> Collected;

    /// What has come for `note`, which is published, since. Does not wait.
    fn late(&mut self, reader: &Arc<LogReader>, note: &Note) -> Late;
}
