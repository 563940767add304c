//! A copy of a log, served from its files (C2SP tlog-tiles), as whoever wrote them keeps them.
//!
//! A file is served only under the name of a tile, a bundle or the checkpoint, in its one spelling: nothing else of the
//! directory can be asked for.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use tower_http::cors::{Any, CorsLayer};

use crate::merkle::{Bundle, Tile};
use crate::web::answer::{ASK_AGAIN, BYTES, FOR_EVER, TEXT, busy, ok, plain_error};
use crate::web::room::Room;

/// Memory for the files that are being read or sent, in bytes; larger ones are not served. The largest bundle has 16 MiB.
const FILES_LEN_MAX: usize = 256 * 1024 * 1024;
/// Time that a call waits for its share of it.
const WAIT_MAX: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Copy {
    directory: Arc<Path>,
    room: Room,
}

/// The routes of the copy in `directory`; it may be written while it is served, if each file is replaced as a whole.
pub fn copy_routes(directory: PathBuf) -> Router {
    let readable = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]);
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*rest}", get(tile))
        .method_not_allowed_fallback(super::method_not_allowed)
        .fallback(not_there)
        .layer(readable)
        .with_state(Copy { directory: Arc::from(directory), room: Room::new(FILES_LEN_MAX, WAIT_MAX) })
}

async fn checkpoint(State(copy): State<Copy>) -> Response {
    read(&copy, "checkpoint", TEXT, ASK_AGAIN).await
}

async fn tile(State(copy): State<Copy>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Tile::parse(path).is_ok() || Bundle::parse(path).is_ok() {
        // The name has passed a grammar without dots but that of `.p`.
        true => read(&copy, path, BYTES, FOR_EVER).await,
        false => not_there().await,
    }
}

async fn not_there() -> Response {
    plain_error(StatusCode::NOT_FOUND, "the copy holds nothing under this name")
}

async fn read(copy: &Copy, name: &str, kind: &'static str, caching: &'static str) -> Response {
    match read_in_share(copy, copy.directory.join(name)).await {
        Ok(Some(body)) => ok(kind, caching, body),
        Ok(None) => busy("too many files are being sent"),
        // A full tile's directory of partials has the tile's own name behind it, and is none.
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory) =>
        {
            not_there().await
        }
        Err(error) => {
            tracing::error!(%error, "a file of the copy cannot be read");
            plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the copy cannot be read")
        }
    }
}

/// The file at `path` in its share of the memory; `None` if there is no room in time.
async fn read_in_share(copy: &Copy, path: PathBuf) -> io::Result<Option<Body>> {
    let (file, len) = blocking(move || {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok((file, len))
    })
    .await?;
    let len = usize::try_from(len).ok().filter(|len| *len <= FILES_LEN_MAX);
    let too_large = || io::Error::new(ErrorKind::FileTooLarge, "a file of the copy is larger than any tile");
    let len = len.ok_or_else(too_large)?;
    let Some(share) = copy.room.share(len).await else { return Ok(None) };
    let read = move || {
        let mut bytes = Vec::with_capacity(len);
        // A file that grows meanwhile is no tile.
        file.take(len as u64).read_to_end(&mut bytes)?;
        Ok(share.hold(bytes))
    };
    blocking(read).await.map(Some)
}

/// Beside the workers that serve everybody.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}
