//! Why a client returns nothing: the network, the registry's refusal, or a proof that does not hold.

use std::time::Duration;

use tonic_types::StatusExt as _;

use crate::evidence::{Fork, Suspicion};

/// Name of this service in an `ErrorInfo`.
pub const ERROR_DOMAIN: &str = "nospy.v1";
/// Reason of an `ErrorInfo`: who follows what a log only offers is none of its witnesses.
pub const NOT_A_WITNESS: &str = "not_a_witness";
/// Key of the `ErrorInfo` metadata that says what would be accepted.
pub const NEXT_STEP: &str = "next_step";
/// Key of the `ErrorInfo` metadata of `text_removed`: when the text was removed, unix milliseconds.
pub const REMOVED_MS: &str = "removed_ms";
/// Key of the `ErrorInfo` metadata of `text_removed`: why, in the operator's words.
pub const REMOVAL_REASON: &str = "removal_reason";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is not a URL that gRPC can use, or its certificate authority cannot be read.
    #[error("cannot use {url}: {reason}")]
    Address {
        /// The address as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection, or it broke. Whether a statement was logged is then unknown; publish the same bytes again.
    #[error("no answer from {url}: {reason}")]
    Network {
        /// The address.
        url: String,
        /// What the transport said.
        reason: String,
    },
    /// The registry answered, and its answer is no.
    #[error("{0}")]
    Refused(ServerRefusal),
    /// The answer does not prove what it claims.
    #[error("the registry's answer fails a check: {0}")]
    Check(#[from] CheckError),
    /// The log has signed two trees that do not extend each other, and [`Fork`] proves it to everybody.
    #[error("the log {origin} has signed two trees that do not extend each other")]
    Equivocation {
        /// Name of the log.
        origin: String,
        /// The checkpoint verified before, a signed note with its cosignatures.
        old_note: Vec<u8>,
        /// The checkpoint shown now, a signed note with its cosignatures.
        new_note: Vec<u8>,
        /// The evidence.
        fork: Box<Fork>,
    },
    /// The log has signed two trees and does not show that the later extends the earlier. Nothing is proved: whoever stands
    /// in between may have spoilt the answer.
    #[error("the log {origin} signed two trees, and it was not shown that the later extends the earlier: {reason}")]
    NotExtended {
        /// Name of the log.
        origin: String,
        /// Why not.
        reason: String,
        /// The server's own words, if it refused.
        refusal: Option<Box<ServerRefusal>>,
        /// Both heads, for whoever asks the log again.
        suspicion: Box<Suspicion>,
    },
    /// The server shows a tree smaller than the one seen before. No fork is proved: it may be a stale copy.
    #[error("the registry shows {new_size} entries, {old_size} were seen before")]
    Older {
        /// Size seen before.
        old_size: u64,
        /// Size shown now.
        new_size: u64,
        /// Both heads, for whoever asks the log to show that the one seen extends the one shown.
        suspicion: Option<Box<Suspicion>>,
    },
    /// The log has signed two trees, and whether the later extends the earlier was not answered. Nothing is proved.
    #[error("{cause}")]
    Unanswered {
        /// Why there is no answer.
        cause: Box<ClientError>,
        /// Both heads, for whoever asks the log again.
        suspicion: Box<Suspicion>,
    },
    /// The store of seen checkpoints failed.
    #[error("the last checkpoint seen cannot be read or kept: {0}")]
    Seen(#[from] std::io::Error),
}

/// The property that an answer lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The note is not a checkpoint of this log, or its signature fails.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The stored note of this log is not a checkpoint of it: the store was changed by somebody else.
    #[error("the stored checkpoint: {0}")]
    StoredCheckpoint(String),
    /// The receipt does not hold for this statement.
    #[error("receipt: {0}")]
    Receipt(String),
    /// The bytes are not a statement, or not the one asked for.
    #[error("statement: {0}")]
    Statement(String),
    /// The entry is not where the registry says.
    #[error("inclusion: {0}")]
    Inclusion(String),
    /// The proof that the log only grew has another form than the two sizes imply. Nothing is shown either way.
    #[error("consistency: {0}")]
    Consistency(String),
    /// A field of the answer lies outside its range, or differs from the proof beside it.
    #[error("the field {field} of the answer {problem}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The bytes have another digest than the one asked for.
    #[error("the text has digest {computed}, not {expected}")]
    Digest {
        /// The digest asked for.
        expected: crate::crypto::Digest,
        /// The digest of what came.
        computed: crate::crypto::Digest,
    },
    /// More bytes than the format allows.
    #[error("the {what} is longer than {max} bytes")]
    TooLong {
        /// What was fetched.
        what: &'static str,
        /// Length allowed.
        max: usize,
    },
}

/// A refusal as the registry words it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", if next_step.is_empty() { String::new() } else { format!(" ({next_step})") })]
pub struct ServerRefusal {
    /// gRPC status code.
    pub code: tonic::Code,
    /// Machine name of the rule broken; empty if the server names none.
    pub reason: String,
    /// A sentence for a person.
    pub message: String,
    /// What would be accepted; empty if the server does not say.
    pub next_step: String,
    /// When a later try may succeed.
    pub retry_after: Option<Duration>,
}

/// Whether the connection ended under a call, so that the call may never have been seen.
pub(crate) fn is_broken_connection(status: &tonic::Status) -> bool {
    // A request that waits for its turn on a connection that closes is cancelled by the transport, and was never sent.
    let is_code = matches!(
        status.code(),
        tonic::Code::Unavailable | tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::Cancelled
    );
    is_code && status.get_details_error_info().is_none()
}

impl ClientError {
    /// Whether another stream may go on where this one ended: the connection broke, or the server lost patience with a caller
    /// who had other things to do.
    pub(crate) fn is_cut(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Refused(refusal) => refusal.code == tonic::Code::DeadlineExceeded,
            _ => false,
        }
    }

    /// Reads a status: a refusal of the service, or trouble of the connection.
    pub(crate) fn from_status(url: &str, status: tonic::Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN);
        // The service writes an ErrorInfo with each of these codes; without one the transport made them.
        let is_transport = matches!(
            status.code(),
            tonic::Code::Unavailable
                | tonic::Code::Cancelled
                | tonic::Code::Unknown
                | tonic::Code::DeadlineExceeded
                | tonic::Code::Internal
        );
        if info.is_none() && is_transport {
            let mut reason = status.message().to_owned();
            let mut source = std::error::Error::source(&status);
            while let Some(cause) = source {
                reason.push_str(": ");
                reason.push_str(&cause.to_string());
                source = cause.source();
            }
            return Self::Network { url: url.to_owned(), reason };
        }
        Self::Refused(ServerRefusal {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            next_step: info.and_then(|info| info.metadata.get(NEXT_STEP).cloned()).unwrap_or_default(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        })
    }
}
