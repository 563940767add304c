//! Registering statements, and what stands about them.

use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::crypto::{Digest, parse_hex};
use crate::net::Peer;
use crate::registry::Published;
use crate::statement::SUBMISSION_LEN_MAX;
use crate::web::answer::{ASK_AGAIN, FOR_EVER, ok};
use crate::web::scrapi::Scrapi;
use crate::web::scrapi::problem::Problem;

/// The media type of every COSE message here (RFC 9052 §11.3).
const COSE: &str = "application/cose";
/// What a statement may be posted as.
const STATEMENT_TYPES: [&str; 2] = [COSE, "application/scitt-statement+cose"];

/// `POST /entries`
pub(in crate::web::scrapi) async fn register(
    State(scrapi): State<Scrapi>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match try_register(&scrapi, peer.as_deref(), &headers, body).await {
        Ok(published) => registered(published),
        Err(problem) => problem.into_answer(),
    }
}

async fn try_register(
    scrapi: &Scrapi,
    peer: Option<&Peer>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Published, Problem> {
    if !is_cose(headers) {
        let detail = "a signed statement is posted as application/cose";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", detail));
    }
    if let Some(peer) = peer {
        scrapi.rate.take(peer.network(), Instant::now()).map_err(|delay| {
            let detail = "too many statements from this address; send the same statement again after the delay";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(delay)
        })?;
    }
    let body = timeout(scrapi.limits.call_time_max, read(body)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the statement took too long to come in; send it again")
    })??;
    scrapi.registry.publish(&body).await.map_err(|error| Problem::of_publish(&error))
}

fn is_cose(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    STATEMENT_TYPES.iter().any(|accepted| essence.eq_ignore_ascii_case(accepted))
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = Limited::new(body, SUBMISSION_LEN_MAX).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error| match error.is::<LengthLimitError>() {
        true => {
            let detail = format!("a submission is at most {SUBMISSION_LEN_MAX} bytes long");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", &detail)
        }
        false => Problem::new(StatusCode::BAD_REQUEST, "broken_body", "the body did not come whole; send it again"),
    })
}

fn registered(published: Published) -> Response {
    let mut answer = ok(COSE, "no-store", published.receipt);
    *answer.status_mut() = if published.is_new { StatusCode::CREATED } else { StatusCode::OK };
    // Hex digits are a header's.
    if let Ok(location) = HeaderValue::from_str(&format!("/entries/{}", published.id)) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

/// `GET /entries/{id}`
pub(in crate::web::scrapi) async fn receipt(State(scrapi): State<Scrapi>, uri: Uri) -> Response {
    let found = index_of(&scrapi, id_of(&uri))
        .and_then(|index| scrapi.registry.receipt(index, None).map_err(|error| Problem::of_read(&error)));
    match found {
        Ok(receipt) => ok(COSE, ASK_AGAIN, receipt),
        Err(problem) => problem.into_answer(),
    }
}

/// `GET /entries/{id}/statement`
pub(in crate::web::scrapi) async fn statement(State(scrapi): State<Scrapi>, uri: Uri) -> Response {
    let found = index_of(&scrapi, id_of(&uri))
        .and_then(|index| scrapi.registry.entry(index).map_err(|error| Problem::of_read(&error)));
    match found {
        Ok(entry) => ok(COSE, FOR_EVER, entry.statement),
        Err(problem) => problem.into_answer(),
    }
}

/// The second segment of the path as it was sent: decoded, one entry would have many names.
fn id_of(uri: &Uri) -> &str {
    uri.path().split('/').nth(2).unwrap_or_default()
}

fn index_of(scrapi: &Scrapi, id: &str) -> Result<u64, Problem> {
    let digest = parse_hex(id).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Digest);
    // One spelling: what we would write ourselves.
    let digest = digest.filter(|digest| digest.to_string() == id).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "an entry is named by its statement's id, 64 lowercase hex digits",
        )
    })?;
    scrapi.registry.index_of(&digest).map_err(|error| Problem::of_read(&error))
}
