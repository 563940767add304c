//! The SCITT reference API (SCRAPI, DESIGN §7): register a statement and fetch receipts with nothing but HTTP and COSE.
//!
//! | request | answer |
//! |---|---|
//! | `GET /.well-known/scitt-keys` | the keys that sign receipts, a COSE key set |
//! | `GET /.well-known/scitt-keys/{kid}` | one of them, by its id (RFC 9679), 64 hex digits or base64url |
//! | `POST /entries` | registers a signed statement: 201, or 200 if it stood already, and its receipt |
//! | `GET /entries/{id}` | a receipt in the newest published tree |
//! | `GET /entries/{id}/statement` | the exact bytes of the statement |
//!
//! `{id}` is the statement's id, its leaf hash, 64 lowercase hex digits. Registration is synchronous: whoever is answered
//! has the receipt. Each 4xx and 5xx carries concise problem details (RFC 9290) that name the rule broken, as gRPC does.

mod entries;
mod keys;
mod problem;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::cors::{Any, CorsLayer};

use crate::net::RateLimit;
use crate::registry::Registry;
use crate::web::Limits;
use problem::Problem;

/// What the handlers share.
#[derive(Clone)]
pub(in crate::web::scrapi) struct Scrapi {
    pub registry: Registry,
    pub limits: Limits,
    pub rate: Arc<RateLimit>,
}

/// The resources of `registry`; `rate` is the one that bounds publishing on every surface.
pub(in crate::web) fn routes(registry: Registry, limits: &Limits, rate: Arc<RateLimit>) -> Router {
    let open = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers([CONTENT_TYPE])
        .expose_headers([LOCATION, RETRY_AFTER]);
    Router::new()
        .route("/.well-known/scitt-keys", get(keys::all))
        .route("/.well-known/scitt-keys/{kid}", get(keys::one))
        .route("/entries", post(entries::register))
        .route("/entries/{id}", get(entries::receipt))
        .route("/entries/{id}/statement", get(entries::statement))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(open)
        .with_state(Scrapi { registry, limits: limits.clone(), rate })
}

async fn method_not_allowed() -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "entries are posted, everything else is read")
        .into_answer()
}
