//! Errors as concise problem details (RFC 9290).

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::agreement::Rule;
use crate::codec::{Value, encode};
use crate::registry::{PublishError, ReadError};

const MEDIA_TYPE: &str = "application/concise-problem-details+cbor";
// RFC 9290 §2, table 1.
const TITLE: i64 = -1;
const DETAIL: i64 = -2;
const RESPONSE_CODE: i64 = -4;
/// When to come back for what only an operator helps.
const OPERATOR_DELAY: Duration = Duration::from_secs(300);
/// When to come back with what a quota refused: only a later policy of the registrar raises it.
const QUOTA_DELAY: Duration = Duration::from_secs(3_600);
const SOON: Duration = Duration::from_secs(2);

/// What went wrong, for machines and people.
pub(in crate::web::scrapi) struct Problem {
    code: StatusCode,
    /// The reason for machines, that of gRPC's `ErrorInfo`.
    title: String,
    /// What failed, and the next step.
    detail: String,
    retry_after: Option<Duration>,
}

impl Problem {
    pub fn new(code: StatusCode, title: &str, detail: &str) -> Self {
        Self { code, title: title.to_owned(), detail: detail.to_owned(), retry_after: None }
    }

    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Trouble of our own. The cause goes to the log, not to the caller.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a call failed inside the registry");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the registry failed; ask its operator")
    }

    pub fn of_publish(error: &PublishError) -> Self {
        let (code, delay) = match error {
            PublishError::Malformed { .. } => (StatusCode::BAD_REQUEST, None),
            PublishError::Refused(refusal) => {
                let code = code_of_rule(refusal.rule);
                (code, (code == StatusCode::TOO_MANY_REQUESTS).then_some(QUOTA_DELAY))
            }
            PublishError::Busy { retry_after_ms } => {
                (StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_millis(*retry_after_ms)))
            }
            PublishError::Unwitnessed | PublishError::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, Some(SOON)),
            PublishError::ReadOnly { .. } | PublishError::NoSpace | PublishError::ClockBehind => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(OPERATOR_DELAY))
            }
            PublishError::Internal(cause) => return Self::internal(cause),
        };
        let detail = format!("{}; {}", error.message(), error.next_step());
        Self { code, title: error.reason().to_owned(), detail, retry_after: delay }
    }

    pub fn of_read(error: &ReadError) -> Self {
        let code = match error {
            ReadError::NotFound { .. } | ReadError::OutOfRange { .. } => StatusCode::NOT_FOUND,
            ReadError::Removed(_) => StatusCode::GONE,
            ReadError::TooLarge { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ReadError::ReadOnly { .. } | ReadError::Unwitnessed => StatusCode::SERVICE_UNAVAILABLE,
            ReadError::Storage(_) | ReadError::Damaged(_) => return Self::internal(error),
        };
        let retry_after = (code == StatusCode::SERVICE_UNAVAILABLE).then_some(SOON);
        let detail = format!("{error}; {}", error.next_step());
        Self { code, title: error.reason().to_owned(), detail, retry_after }
    }

    /// The answer, never cached.
    pub fn into_answer(self) -> Response {
        let details = Value::labels([
            (TITLE, Value::text(self.title)),
            (DETAIL, Value::text(self.detail)),
            (RESPONSE_CODE, Value::uint(u64::from(self.code.as_u16()))),
        ]);
        let mut answer = Response::new(Body::from(encode(&details)));
        *answer.status_mut() = self.code;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(delay) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
        }
        answer
    }
}

/// Who may not do it at all, whose bytes are wrong, and who did it at the wrong moment or in the wrong way.
fn code_of_rule(rule: Rule) -> StatusCode {
    match rule {
        Rule::SignerLacksAuthority | Rule::WrongSigner | Rule::PartyUnknown | Rule::SealSubmitted => {
            StatusCode::FORBIDDEN
        }
        Rule::BodyMalformed | Rule::SignatureInvalid | Rule::TextNotAdmitted => StatusCode::BAD_REQUEST,
        Rule::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
