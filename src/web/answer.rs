//! Answers and their headers (W2).

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::registry::ReadError;

pub(in crate::web) const TEXT: &str = "text/plain; charset=utf-8";
pub(in crate::web) const BYTES: &str = "application/octet-stream";
/// For what never changes: a year, the longest that caches understand (RFC 9111 leaves it open; RFC 8246 `immutable`).
pub(in crate::web) const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For what changes with every batch: a cache may hold it, and asks before it hands it out.
pub(in crate::web) const ASK_AGAIN: &str = "no-cache";
const NEVER: &str = "no-store";

/// What was asked for.
pub(in crate::web) fn ok(kind: &'static str, caching: &'static str, body: impl Into<Body>) -> Response {
    answer(StatusCode::OK, kind, caching, body.into())
}

/// An error as a sentence, never cached.
pub fn plain_error(code: StatusCode, sentence: &str) -> Response {
    answer(code, TEXT, NEVER, Body::from(format!("{sentence}\n")))
}

/// Come back in a second.
pub(in crate::web) fn busy(sentence: &str) -> Response {
    let mut answer = plain_error(StatusCode::SERVICE_UNAVAILABLE, sentence);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// Why it cannot be read. What happened inside stays in the log line.
pub(in crate::web) fn read_error(error: &ReadError) -> Response {
    let code = match error {
        ReadError::NotFound { .. } | ReadError::OutOfRange { .. } => StatusCode::NOT_FOUND,
        ReadError::Removed(_) => StatusCode::GONE,
        ReadError::TooLarge { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ReadError::ReadOnly { .. } | ReadError::Unwitnessed => StatusCode::SERVICE_UNAVAILABLE,
        ReadError::Storage(_) | ReadError::Damaged(_) => {
            tracing::error!(%error, "a read failed");
            return plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the registry cannot read its own data");
        }
    };
    let mut answer = plain_error(code, &error.to_string());
    if code == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

fn answer(code: StatusCode, kind: &'static str, caching: &'static str, body: Body) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
