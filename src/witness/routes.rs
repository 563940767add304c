//! The HTTP interface of a witness (C2SP tlog-witness).
//!
//! | request | answer |
//! |---|---|
//! | `POST <prefix>/add-checkpoint` | 200 cosignature lines; 400, 403, 404, 409 with a size, 422; 429 and 503 ask to come back |
//! | `GET <prefix>/<origin hash>/checkpoint` | the newest checkpoint that was cosigned |
//! | `GET <prefix>/<origin hash>/conflict` | a checkpoint that contradicts one that was cosigned, if one was sent |
//! | `GET <prefix>/<origin hash>/conflict/cosigned` | the one that it contradicts, as it was cosigned, or shown to an audit |
//! | `GET <prefix>/` | who this is and which logs it knows |
//!
//! `<origin hash>` is SHA-256 of the origin, 64 lowercase hex digits. `<prefix>` may be empty.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Extension, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{BoxError, Router};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::{sleep, timeout};

use crate::evidence::witness::{AddCheckpoint, REQUEST_LEN_MAX, Refusal, SIZE_MEDIA_TYPE, size_body};
use crate::net::{Peer, RateLimit};
use crate::witness::{Conflict, Keep, KeepError, WitnessError, origin_hash};

/// How often an audit is looked at that is waited for.
const AUDIT_LOOK_INTERVAL: Duration = Duration::from_millis(20);
const TEXT: &str = "text/plain; charset=utf-8";

/// What a stranger may ask of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests to cosign that one address may send at once, after a pause.
    pub burst: u32,
    /// Those of one address a second, lasting.
    pub per_second: u32,
    /// Time for the body of a request.
    pub body_time_max: Duration,
    /// Time that a request waits for an audit to come as far as its checkpoint.
    pub audit_time_max: Duration,
    /// Requests that wait so at once.
    pub held_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let (body_time_max, audit_time_max) = (Duration::from_secs(10), Duration::from_secs(1));
        Self { burst: 1_000, per_second: 200, body_time_max, audit_time_max, held_max: 64 }
    }
}

#[derive(Clone)]
struct Witness {
    keep: Arc<Keep>,
    rate: Arc<RateLimit>,
    /// Room for requests that wait for an audit.
    held: Arc<Semaphore>,
    limits: Limits,
}

impl Witness {
    /// How long the caller has to wait before its next request, if it asks too often.
    fn delay(&self, peer: Option<Extension<Peer>>) -> Option<Duration> {
        self.rate.take(peer?.0.network(), Instant::now()).err()
    }
}

/// The routes of a witness under `prefix`, which is empty or begins with `/` and does not end with one.
pub fn routes(keep: Arc<Keep>, prefix: &str, limits: &Limits) -> Router {
    let rate = Arc::new(RateLimit::new(limits.burst, limits.per_second));
    let held = Arc::new(Semaphore::new(limits.held_max));
    let witness = Witness { keep, rate, held, limits: limits.clone() };
    Router::new()
        .route(&format!("{prefix}/add-checkpoint"), post(add_checkpoint))
        .route(&format!("{prefix}/{{origin}}/checkpoint"), get(newest))
        .route(&format!("{prefix}/{{origin}}/conflict"), get(conflict))
        .route(&format!("{prefix}/{{origin}}/conflict/cosigned"), get(contradicted))
        .route(&format!("{prefix}/"), get(front))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown)
        .layer(DefaultBodyLimit::disable())
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Witness>, peer: Option<Extension<Peer>>, body: Body) -> Response {
    if let Some(delay) = witness.delay(peer) {
        return come_back(StatusCode::TOO_MANY_REQUESTS, "too many requests from this address", delay);
    }
    let body = match timeout(witness.limits.body_time_max, read(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(code)) => return text(code, &format!("a request is at most {REQUEST_LEN_MAX} bytes long")),
        Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
    };
    let request = match AddCheckpoint::parse(&body) {
        Ok(request) => request,
        Err(error) => return text(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match decide(&witness, Arc::new(request)).await {
        Ok(Ok(lines)) => answer(StatusCode::OK, TEXT, lines),
        Ok(Err(KeepError::Refused(refusal))) => refused(refusal),
        Ok(Err(KeepError::NotAudited { size })) => {
            let sentence = format!("this witness audits the log and has derived {size} entries so far");
            come_back(StatusCode::SERVICE_UNAVAILABLE, &sentence, Duration::from_secs(1))
        }
        Ok(Err(KeepError::Differs { why })) => {
            text(StatusCode::UNPROCESSABLE_ENTITY, &format!("this witness audits the log: {why}"))
        }
        Ok(Err(KeepError::ClockBehind)) => {
            come_back(StatusCode::SERVICE_UNAVAILABLE, "the clock of this witness is wrong", Duration::from_secs(60))
        }
        Ok(Err(KeepError::NoSpace)) => come_back(
            StatusCode::SERVICE_UNAVAILABLE,
            "the disk of this witness is nearly full",
            Duration::from_secs(300),
        ),
        Ok(Err(KeepError::Broken)) | Err(_) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, "this witness cannot keep its state")
        }
    }
}

/// Decides; what an audit has not derived yet is waited for a little, and decided once more. A log asks for its cosignature in
/// the moment in which it offers the entries.
async fn decide(witness: &Witness, request: Arc<AddCheckpoint>) -> Result<Result<String, KeepError>, JoinError> {
    let ask = || {
        // Two syncs: beside the workers that serve everybody.
        let (keep, asked) = (Arc::clone(&witness.keep), Arc::clone(&request));
        tokio::task::spawn_blocking(move || keep.add_checkpoint(&asked))
    };
    let decided = ask().await;
    if !matches!(decided, Ok(Err(KeepError::NotAudited { .. }))) {
        return decided;
    }
    // Whoever has no room to wait is told at once to come back.
    let Ok(_room) = witness.held.try_acquire() else { return decided };
    let until = Instant::now() + witness.limits.audit_time_max;
    while witness.keep.is_awaited(&request.head) {
        if Instant::now() >= until {
            return decided;
        }
        sleep(AUDIT_LOOK_INTERVAL).await;
    }
    ask().await
}

/// The whole body, bounded.
async fn read(body: Body) -> Result<Bytes, StatusCode> {
    let read = Limited::new(body, REQUEST_LEN_MAX).collect().await;
    read.map(http_body_util::Collected::to_bytes).map_err(|error: BoxError| {
        match error.is::<http_body_util::LengthLimitError>() {
            true => StatusCode::PAYLOAD_TOO_LARGE,
            false => StatusCode::BAD_REQUEST,
        }
    })
}

fn refused(refusal: Refusal) -> Response {
    let code = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal {
        Refusal::OtherOld { size } => answer(code, SIZE_MEDIA_TYPE, size_body(size)),
        _ => text(code, &refusal.to_string()),
    }
}

async fn newest(State(witness): State<Witness>, Path(hash): Path<String>) -> Response {
    let Some(origin) = witness.keep.roll().origin_of(&hash) else { return not_there() };
    match witness.keep.newest(origin) {
        Ok(Some(cosigned)) => answer(StatusCode::OK, TEXT, cosigned.note.to_string()),
        Ok(None) => not_there(),
        Err(error) => broken(&error),
    }
}

async fn conflict(State(witness): State<Witness>, Path(hash): Path<String>) -> Response {
    one_of(&witness, &hash, |conflict| conflict.refused)
}

async fn contradicted(State(witness): State<Witness>, Path(hash): Path<String>) -> Response {
    one_of(&witness, &hash, |conflict| conflict.cosigned)
}

fn one_of(witness: &Witness, hash: &str, note: fn(Conflict) -> Vec<u8>) -> Response {
    let Some(origin) = witness.keep.roll().origin_of(hash) else { return not_there() };
    match witness.keep.conflict(origin) {
        Ok(Some(conflict)) => answer(StatusCode::OK, TEXT, note(conflict)),
        Ok(None) => not_there(),
        Err(error) => broken(&error),
    }
}

async fn front(State(witness): State<Witness>, peer: Option<Extension<Peer>>) -> Response {
    if let Some(delay) = witness.delay(peer) {
        return come_back(StatusCode::TOO_MANY_REQUESTS, "too many requests from this address", delay);
    }
    // It reads a row of each log.
    let page = tokio::task::spawn_blocking(move || page(&witness.keep)).await;
    match page {
        Ok(Ok(page)) => answer(StatusCode::OK, TEXT, page),
        Ok(Err(error)) => broken(&error),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "this witness cannot read its state"),
    }
}

/// Who this is, and which logs it knows.
fn page(keep: &Keep) -> Result<String, WitnessError> {
    let mut page = format!(
        "A witness of transparency logs (C2SP tlog-witness).\n\nname {}\nvkey {}\n",
        keep.name().name(),
        keep.name()
    );
    for origin in keep.roll().origins() {
        let size = keep.kept(origin)?.map_or(0, |kept| kept.size);
        // Writing to a String does not fail.
        let _ = write!(page, "\nlog {origin}\n  cosigned size {size}\n  {}/checkpoint\n", origin_hash(origin));
    }
    Ok(page)
}

async fn method_not_allowed() -> Response {
    text(StatusCode::METHOD_NOT_ALLOWED, "a checkpoint is added with POST, everything else is read with GET")
}

async fn unknown() -> Response {
    not_there()
}

fn not_there() -> Response {
    text(StatusCode::NOT_FOUND, "there is nothing under this name")
}

fn broken(error: &WitnessError) -> Response {
    tracing::error!(%error, "the state of the witness cannot be read");
    text(StatusCode::INTERNAL_SERVER_ERROR, "this witness cannot read its state")
}

fn come_back(code: StatusCode, sentence: &str, delay: Duration) -> Response {
    let mut answer = text(code, sentence);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
    answer
}

fn text(code: StatusCode, sentence: &str) -> Response {
    answer(code, TEXT, format!("{sentence}\n"))
}

fn answer(code: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // What a witness says is of this moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
