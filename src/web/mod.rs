//! HTTP: what tools of the field read with nothing but GET, over HTTP/1.1 and HTTP/2.
//!
//! - W1 *Parameters stand in the path.* A query changes no answer, so that a cache that ignores it changes none either.
//! - W2 What never changes says so, for ever; a checkpoint is asked for anew each time; an error is never kept.
//! - W3 Everything is public: any page may read it (`Access-Control-Allow-Origin: *`).
//! - W4 A name has one spelling. What is spelled another way is not there.
//!
//! | path | what | source |
//! |---|---|---|
//! | `/checkpoint` | the newest published checkpoint, with its cosignatures | C2SP tlog-tiles, Checkpoints |
//! | `/tile/<L>/<N>[.p/<W>]` | hashes | C2SP tlog-tiles, Merkle Tree |
//! | `/tile/entries/<N>[.p/<W>]` | entries | C2SP tlog-tiles, Log entries |
//! | `/.well-known/scitt-keys`, `/entries` | keys, statements, receipts | SCRAPI, see `scrapi` |
//!
//! Out of scope: compression, pages for people.

mod answer;
mod copy;
mod limits;
mod room;
mod scrapi;
mod tiles;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use tower_http::cors::{Any, CorsLayer};

use crate::net::RateLimit;
use crate::registry::Registry;

pub use answer::plain_error;
pub use copy::copy_routes;
pub use limits::Limits;

/// The routes of a registry. They have no fallback: whoever puts them on a port decides what else there is.
/// `rate` is the one that bounds publishing on every surface.
pub fn routes(registry: Registry, limits: &Limits, rate: Arc<RateLimit>) -> Router {
    let readable = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]);
    let tiles = tiles::routes(registry.clone(), limits);
    let tiles = tiles.method_not_allowed_fallback(method_not_allowed).layer(readable);
    tiles.merge(scrapi::routes(registry, limits, rate))
}

async fn method_not_allowed() -> axum::response::Response {
    plain_error(StatusCode::METHOD_NOT_ALLOWED, "this is read with GET or HEAD")
}
