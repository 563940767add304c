//! Domain error → `google.rpc.Status`: the only file that chooses a code.
//!
//! Two audiences: the caller learns the rule and what would be accepted; what happened inside stays in the log line.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::agreement::Rule;
use crate::evidence::witness::PassError;
use crate::registry::{DepositError, Mode, PublishError, ReadError, Tombstone};
use crate::rpc::client_error::{ERROR_DOMAIN, NEXT_STEP, NOT_A_WITNESS, REMOVAL_REASON, REMOVED_MS};

/// When to come back after `no_space`: nothing but an operator helps.
const NO_SPACE_RETRY: Duration = Duration::from_secs(300);

/// When to come back for witnesses that have not cosigned.
const UNWITNESSED_RETRY: Duration = Duration::from_secs(2);

/// A status with its `ErrorInfo`, before the other details are added.
struct Answer {
    code: Code,
    message: String,
    details: ErrorDetails,
}

impl Answer {
    fn new(code: Code, reason: &str, message: impl Into<String>, next_step: &str) -> Self {
        let mut metadata = HashMap::new();
        if !next_step.is_empty() {
            metadata.insert(NEXT_STEP.to_owned(), next_step.to_owned());
        }
        let details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, metadata);
        Self { code, message: message.into(), details }
    }

    fn field(mut self, field: &str) -> Self {
        let description = self.message.clone();
        self.details.add_bad_request_violation(field, description);
        self
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.details.set_retry_info(Some(delay));
        self
    }

    fn build(self) -> Status {
        Status::with_error_details(self.code, self.message, self.details)
    }
}

/// A field of the request is not what its comment says.
pub(crate) fn invalid_field(field: &'static str, problem: &str) -> Status {
    Answer::new(
        Code::InvalidArgument,
        "invalid_argument",
        format!("{field}: {problem}"),
        "see the comment of the field in proto/nospy/v1",
    )
    .field(field)
    .build()
}

/// One address asks too often.
pub(crate) fn rate_limited(retry_after: Duration) -> Status {
    Answer::new(
        Code::ResourceExhausted,
        "rate_limited",
        "too many statements from this address",
        "send the same statement again after the delay",
    )
    .retry_after(retry_after)
    .build()
}

/// Heads that are only offered are for the log's own witnesses.
pub(crate) fn not_a_witness(error: PassError) -> Status {
    let next_step = "follow what is published; a witness: look at the log's policy, the key, and both clocks";
    Answer::new(Code::PermissionDenied, NOT_A_WITNESS, error.to_string(), next_step).build()
}

/// Too many streams of this kind at work.
pub(crate) fn busy(what: &str) -> Status {
    Answer::new(Code::ResourceExhausted, "busy", format!("too many {what} are at work"), "ask again after the delay")
        .retry_after(Duration::from_secs(1))
        .build()
}

/// The call, or the next chunk of it, took too long.
pub(crate) fn too_slow(what: &str) -> Status {
    Answer::new(
        Code::DeadlineExceeded,
        "too_slow",
        format!("{what} took too long"),
        "the same call may be sent again; publishing the same statement twice makes one entry",
    )
    .build()
}

/// The log takes no statements any more, so a stream that follows it has nothing to wait for.
pub(crate) fn log_stopped(mode: &Mode) -> Status {
    from_publish(&match mode {
        Mode::Signing => PublishError::ShuttingDown,
        Mode::ReadOnly { reason } => PublishError::ReadOnly { reason: reason.clone() },
    })
}

/// Trouble of our own. The cause goes to the log, not to the caller.
pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Status {
    tracing::error!(%cause, "a call failed inside the registry");
    Answer::new(Code::Internal, "internal", "the registry failed", "ask its operator").build()
}

/// A statement was not published.
pub(crate) fn from_publish(error: &PublishError) -> Status {
    if let PublishError::Internal(cause) = error {
        return internal(cause);
    }
    let answer = Answer::new(code_of_publish(error), error.reason(), error.message(), &error.next_step());
    match error {
        PublishError::Malformed { .. } => answer.field("statement"),
        PublishError::Busy { retry_after_ms } => answer.retry_after(Duration::from_millis(*retry_after_ms)),
        PublishError::NoSpace => answer.retry_after(NO_SPACE_RETRY),
        PublishError::Unwitnessed => answer.retry_after(UNWITNESSED_RETRY),
        _ => answer,
    }
    .build()
}

fn code_of_publish(error: &PublishError) -> Code {
    match error {
        PublishError::Malformed { .. } => Code::InvalidArgument,
        PublishError::Refused(refusal) => code_of_rule(refusal.rule),
        PublishError::Busy { .. } | PublishError::NoSpace => Code::ResourceExhausted,
        PublishError::ReadOnly { .. }
        | PublishError::ClockBehind
        | PublishError::Unwitnessed
        | PublishError::ShuttingDown => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// Who may not do it at all is told so by the code; who did it at the wrong moment or in the wrong way may try again.
/// A signature that fails is a fault of the bytes, hence malformed input.
fn code_of_rule(rule: Rule) -> Code {
    match rule {
        Rule::SignerLacksAuthority | Rule::WrongSigner | Rule::PartyUnknown | Rule::SealSubmitted => {
            Code::PermissionDenied
        }
        Rule::BodyMalformed | Rule::SignatureInvalid | Rule::TextNotAdmitted => Code::InvalidArgument,
        Rule::QuotaExceeded => Code::ResourceExhausted,
        _ => Code::FailedPrecondition,
    }
}

/// A read has no answer.
pub(crate) fn from_read(error: &ReadError) -> Status {
    let code = match error {
        ReadError::NotFound { .. } => Code::NotFound,
        ReadError::Removed(tombstone) => return text_removed(Code::NotFound, tombstone, error.next_step()),
        ReadError::OutOfRange { .. } | ReadError::TooLarge { .. } => Code::OutOfRange,
        ReadError::ReadOnly { .. } | ReadError::Unwitnessed => Code::Unavailable,
        other => return internal(other),
    };
    Answer::new(code, error.reason(), error.to_string(), error.next_step()).build()
}

/// A text was not taken.
pub(crate) fn from_deposit(error: &DepositError) -> Status {
    let (code, next_step) = match error {
        DepositError::TooLarge { .. } => {
            (Code::InvalidArgument, "deposit a shorter text, or name where it can be read")
        }
        DepositError::DigestMismatch { .. } => (Code::InvalidArgument, "send exactly the bytes that were hashed"),
        DepositError::NotNamed(_) => (Code::FailedPrecondition, "publish the statement that names the text first"),
        DepositError::MediaType { .. } => (Code::InvalidArgument, "deposit the text that the statement describes"),
        DepositError::NotKept { .. } => (Code::InvalidArgument, "name in the terms where it can be read"),
        DepositError::Removed(tombstone) => {
            return text_removed(Code::FailedPrecondition, tombstone, "a text that was removed is not taken again");
        }
        DepositError::Closed(_) => {
            (Code::FailedPrecondition, "deposit it with the registry that continues this one, under a statement there")
        }
        DepositError::Unavailable(_) => (Code::Unavailable, "send it again later"),
        DepositError::Read(error) => return from_read(error),
    };
    Answer::new(code, error.reason(), error.to_string(), next_step).build()
}

/// A text was removed: the tombstone in words, and in the metadata for machines.
fn text_removed(code: Code, tombstone: &Tombstone, next_step: &str) -> Status {
    let metadata = HashMap::from([
        (NEXT_STEP.to_owned(), next_step.to_owned()),
        (REMOVED_MS.to_owned(), tombstone.removed_ms.to_string()),
        (REMOVAL_REASON.to_owned(), tombstone.reason.to_string()),
    ]);
    let details = ErrorDetails::with_error_info("text_removed", ERROR_DOMAIN, metadata);
    Answer { code, message: tombstone.to_string(), details }.build()
}
