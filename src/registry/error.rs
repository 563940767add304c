//! What callers are told: a reason for machines, a sentence for people, the next step.

use crate::agreement::Refusal;
use crate::docket::DocketError;
use crate::log;
use crate::merkle::ProofError;
use crate::registry::Tombstone;
use crate::storage::StorageError;

/// Why a statement was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The bytes are not a statement of this registry. The sender's fault.
    Malformed {
        /// The rule of form.
        rule: &'static str,
        /// What is wrong, and where.
        message: String,
    },
    /// A rule refuses it. The sender's fault.
    Refused(Refusal),
    /// Too much waits. Nobody's fault.
    Busy {
        /// When to try again, milliseconds.
        retry_after_ms: u64,
    },
    /// The registry serves reads only.
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The disk of the registry is nearly full. Nothing was written.
    NoSpace,
    /// The registry's clock stands before its last seal. Nothing was written.
    ClockBehind,
    /// It is kept, and not public until witnesses have cosigned a checkpoint that holds it. The same bytes sent again are
    /// answered with a receipt then.
    Unwitnessed,
    /// The registry is stopping; whether the statement entered is unknown.
    ShuttingDown,
    /// The registry cannot read its own data.
    Internal(String),
}

impl PublishError {
    /// The reason for machines.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { rule, .. } => rule,
            Self::Refused(refusal) => refusal.rule.as_str(),
            Self::Busy { .. } => "busy",
            Self::ReadOnly { .. } => "read_only",
            Self::NoSpace => "no_space",
            Self::ClockBehind => "clock_behind",
            Self::Unwitnessed => "unwitnessed",
            Self::ShuttingDown => "shutting_down",
            Self::Internal(_) => "internal",
        }
    }

    /// What failed.
    pub fn message(&self) -> String {
        match self {
            Self::Malformed { message, .. } => message.clone(),
            Self::Refused(refusal) => refusal.message.clone(),
            Self::Busy { .. } => "the registry has more waiting than it takes".into(),
            Self::ReadOnly { .. } => "the registry takes no statements now: it serves reads only".into(),
            Self::NoSpace => "the registry's disk is nearly full: nothing was written".into(),
            Self::ClockBehind => "the registry's clock stands before its last seal: nothing was written".into(),
            Self::Unwitnessed => {
                "the statement is kept, but the registry's witnesses have not cosigned a checkpoint that holds it: it is not \
                 public yet"
                    .into()
            }
            Self::ShuttingDown => "the registry is stopping: whether the statement entered is unknown".into(),
            Self::Internal(_) => "the registry cannot read its own data".into(),
        }
    }

    /// What to do now.
    pub fn next_step(&self) -> String {
        match self {
            Self::Malformed { .. } => "correct the statement, sign it again and send it".into(),
            Self::Refused(refusal) => refusal.accepted.clone(),
            Self::Busy { retry_after_ms } => format!("send it again in {retry_after_ms} ms or later"),
            Self::ReadOnly { .. } | Self::NoSpace | Self::ClockBehind | Self::Internal(_) => {
                "send it again later; the operator has to act".into()
            }
            Self::Unwitnessed => {
                "send the same bytes again a little later: the answer is its receipt once the witnesses have cosigned"
                    .into()
            }
            Self::ShuttingDown => "send the same bytes again: if they entered, the answer is the same index".into(),
        }
    }
}

impl From<ReadError> for PublishError {
    /// A read failed while publishing: our fault, and the operator's to look at.
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "a read failed while publishing");
        Self::Internal(error.to_string())
    }
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.reason(), self.message(), self.next_step())
    }
}

impl std::error::Error for PublishError {}

/// Why something cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not there.
    #[error("{what} is not in this registry")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// A text that was removed.
    #[error("{0}")]
    Removed(Tombstone),
    /// A position beyond the log, or a size at which no checkpoint ends.
    #[error("{what}; the newest checkpoint has size {size}")]
    OutOfRange {
        /// What was asked for.
        what: String,
        /// The newest size.
        size: u64,
    },
    /// More than a docket file may hold.
    #[error("the docket file would be beyond a limit: {limit}")]
    TooLarge {
        /// Which.
        limit: String,
    },
    /// The witnesses of the registry have not cosigned its newest head, and it waits for them.
    #[error("the registry's witnesses have not cosigned its newest head yet")]
    Unwitnessed,
    /// It needs a signature that this registry may not make now.
    #[error("the registry may not sign now: {reason}")]
    ReadOnly {
        /// Why.
        reason: String,
    },
    /// The table cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What is stored is not what the tree commits to.
    #[error("{0}")]
    Damaged(String),
}

impl ReadError {
    /// The reason for machines.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Removed(_) => "text_removed",
            Self::OutOfRange { .. } => "out_of_range",
            Self::TooLarge { .. } => "too_large",
            Self::Unwitnessed => "unwitnessed",
            Self::ReadOnly { .. } => "read_only",
            Self::Storage(_) | Self::Damaged(_) => "internal",
        }
    }

    /// What to do now.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "check the spelling; `nospy list` shows what there is",
            Self::Removed(_) => "ask whoever has a copy: its digest still proves it",
            Self::OutOfRange { .. } => "ask for a position below the size of the newest checkpoint",
            Self::TooLarge { .. } => "ask for a narrower subject, such as one agreement",
            Self::Unwitnessed => "ask again a little later",
            Self::ReadOnly { .. } => "ask again later; the operator has to act",
            Self::Storage(_) | Self::Damaged(_) => "ask another mirror; the operator has to act",
        }
    }
}

impl From<log::ReadError> for ReadError {
    fn from(error: log::ReadError) -> Self {
        match error {
            log::ReadError::Storage(error) => Self::Storage(error),
            log::ReadError::Proof(ProofError::IndexBeyondSize { index, size }) => {
                Self::OutOfRange { what: format!("there is nothing at {index}"), size }
            }
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<DocketError> for ReadError {
    fn from(error: DocketError) -> Self {
        match error {
            DocketError::Storage(error) => Self::Storage(error),
            other => Self::Damaged(other.to_string()),
        }
    }
}
