//! A copy of a log, served from its files (C2SP tlog-tiles), as whoever wrote them keeps them.
//!
//! A file is served only under the name of a tile, a bundle or the checkpoint, in its one spelling: nothing else of the
//! directory can be asked for.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use tower_http::cors::{Any, CorsLayer};

use crate::merkle::{Bundle, Tile};
use crate::web::answer::{ASK_AGAIN, BYTES, FOR_EVER, TEXT, ok, plain_error};

/// The routes of the copy in `directory`; it may be written while it is served, if each file is replaced as a whole.
pub fn copy_routes(directory: PathBuf) -> Router {
    let readable = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]);
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*rest}", get(tile))
        .method_not_allowed_fallback(super::method_not_allowed)
        .fallback(not_there)
        .layer(readable)
        .with_state(Arc::from(directory))
}

async fn checkpoint(State(directory): State<Arc<Path>>) -> Response {
    read(directory.join("checkpoint"), TEXT, ASK_AGAIN).await
}

async fn tile(State(directory): State<Arc<Path>>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Tile::parse(path).is_ok() || Bundle::parse(path).is_ok() {
        // The name has passed a grammar without dots but that of `.p`.
        true => read(directory.join(path), BYTES, FOR_EVER).await,
        false => not_there().await,
    }
}

async fn not_there() -> Response {
    plain_error(StatusCode::NOT_FOUND, "the copy holds nothing under this name")
}

async fn read(path: PathBuf, kind: &'static str, caching: &'static str) -> Response {
    match tokio::task::spawn_blocking(move || std::fs::read(path)).await {
        Ok(Ok(bytes)) => ok(kind, caching, bytes),
        // A full tile's directory of partials has the tile's own name behind it, and is none.
        Ok(Err(error))
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory) =>
        {
            not_there().await
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a file of the copy cannot be read");
            plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the copy cannot be read")
        }
        Err(error) => {
            tracing::error!(%error, "a read ended early");
            plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the copy cannot be read")
        }
    }
}
