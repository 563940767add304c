//! The application without a wire format: publish, look up, list, prove. The only room with a clock.
//!
//! A [`Registry`] is a handle that may be cloned and shared. Publishing goes through the door (form, texts,
//! signature: on the caller's thread) to the log, whose one sequencer asks the desk whether the statement may
//! enter, in order. Reading never waits for writing: every answer is taken from one published head.
//!
//! Nothing here writes a standing (A4): it is folded from the dockets whenever it is asked for.

mod adopt;
mod clock;
mod desk;
mod directory;
mod docket_file;
mod door;
mod error;
mod fsck;
mod keys;
mod media_type;
mod open;
mod read;
mod search;
mod stored;
mod tail;
mod text;
mod tile;
mod tombstone;
mod usage;

use std::sync::Arc;

pub use adopt::{AdoptError, Adopted, adopt_guard};
pub use clock::{Clock, ClockBackwards, ManualClock, Millis, ScriptedClock, SystemClock};
pub use directory::{AgreementFilter, AgreementRow, PAGE_ROWS_MAX, Page, PageRequest, PartyRow, SCAN_ROWS_MAX};
pub use door::{DryRun, Examined, Published};
pub use error::{PublishError, ReadError};
pub use fsck::{FINDINGS_MAX, FINDINGS_OF_A_FAULT_MAX, Fault, FaultFamily, FsckFinding, FsckReport, GuardCheck, fsck};
pub use media_type::MediaType;
pub use open::{CHECKPOINT_COPY, Opening, Options, create};
pub use read::{EntryRow, InclusionProof};
pub use search::{
    SEARCH_ENTRIES_MAX, SEARCH_LEN_MAX, SEARCH_WORDS_MAX, SearchBounds, SearchFamily, SearchPage, SearchPlace,
    SearchRow, SearchWords,
};
pub use tail::{Growth, Heads, RUN_ENTRIES_MAX, RUN_LEN_MAX, Run};
pub use text::{DepositError, StoredText, TEXT_BYTES_MAX};
pub use tile::BUNDLE_LEN_MAX;
pub use tombstone::{RemoveError, RemovedText, Tombstone, remove_text};

use crate::agreement::LogEnd;
use crate::crypto::KeyLine;
use crate::evidence::SignedCheckpoint;
use crate::log::{self, Log, Signer};
use crate::registry::desk::{Desk, View};
use crate::registry::keys::KeyIndex;
use crate::statement::Origin;

/// Whether the registry takes statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Signing,
    /// It serves reads only.
    ReadOnly {
        /// What was found at the start, and how to proceed.
        reason: String,
    },
}

/// A handle to one registry.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    signer: Signer,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyIndex>,
    text_bytes_max: u64,
    /// Whose cosignatures are collected.
    witnesses: Vec<KeyLine>,
    state: State,
}

enum State {
    Running(Log<Desk>),
    ReadOnly { published: Arc<log::Published<View>>, reason: String },
}

impl Registry {
    /// Whether it takes statements.
    pub fn mode(&self) -> Mode {
        match &self.0.state {
            State::Running(_) => Mode::Signing,
            State::ReadOnly { reason, .. } => Mode::ReadOnly { reason: reason.clone() },
        }
    }

    /// The name of this registry.
    pub fn origin(&self) -> &Origin {
        &self.0.signer.empty.origin
    }

    /// The public key that signs its checkpoints, under its name.
    pub fn log_key(&self) -> &KeyLine {
        &self.0.signer.name
    }

    /// Whether everything in it is for demonstration: its origin is under `demo.`.
    pub fn is_demo(&self) -> bool {
        is_demo(self.origin())
    }

    /// Whether somebody sets its clock, so that the times of its seals prove nothing. Only a demonstration's.
    pub fn is_clock_scripted(&self) -> bool {
        self.0.clock.is_scripted()
    }

    /// The end of its log and who continues it, if the registrar closed it. Reads go on; nothing enters or is sealed.
    pub fn log_end(&self) -> Option<LogEnd> {
        self.published().view.end.clone()
    }

    /// Whether a quorum of the registry's witnesses has cosigned the newest checkpoint; `None` if it has no witnesses.
    pub fn is_witnessed(&self) -> Option<bool> {
        self.published().is_witnessed
    }

    /// The newest signed checkpoint, with its cosignatures.
    ///
    /// # Errors
    /// [`ReadError::ReadOnly`] if the registry may not sign and holds no signature of its head.
    pub fn checkpoint(&self) -> Result<SignedCheckpoint, ReadError> {
        let published = self.published();
        let note = published.checkpoint.as_ref().ok_or_else(|| self.unsigned())?;
        SignedCheckpoint::parse(note.to_string().as_bytes()).map_err(|error| ReadError::Damaged(error.to_string()))
    }

    /// Stops taking statements, answers everything that was admitted, and closes the log.
    pub async fn shutdown(&self) {
        let inner = Arc::clone(&self.0);
        let stopped = tokio::task::spawn_blocking(move || match &inner.state {
            State::Running(log) => log.stop(),
            State::ReadOnly { .. } => {}
        });
        // The task only ends early if the runtime does, and then everything stops anyway.
        let _ = stopped.await;
    }

    fn published(&self) -> Arc<log::Published<View>> {
        match &self.0.state {
            State::Running(log) => log.published(),
            State::ReadOnly { published, .. } => Arc::clone(published),
        }
    }

    /// What readers may see: nothing while a log that was opened waits for its first quorum (I8). A log that may not sign shows
    /// what it holds.
    fn shown(&self) -> Result<Arc<log::Published<View>>, ReadError> {
        let published = self.published();
        match (&self.0.state, &published.checkpoint) {
            (State::Running(_), None) => Err(ReadError::Unwitnessed),
            _ => Ok(published),
        }
    }

    fn unsigned(&self) -> ReadError {
        match self.mode() {
            Mode::ReadOnly { reason } => ReadError::ReadOnly { reason },
            Mode::Signing => ReadError::Unwitnessed,
        }
    }
}

/// Whether an origin is for demonstration: only such a registry may run on a scripted clock, and every output says
/// so.
pub fn is_demo(origin: &Origin) -> bool {
    origin.as_str().starts_with("demo.")
}
