//! The read path of C2SP tlog-tiles: `/checkpoint`, `/tile/…`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::merkle::{Bundle, Tile};
use crate::registry::{BUNDLE_LEN_MAX, Registry};
use crate::web::Limits;
use crate::web::answer::{ASK_AGAIN, BYTES, FOR_EVER, TEXT, busy, ok, plain_error, read_error};

/// One permit of the memory for bundles, in bytes.
const PERMIT_LEN: usize = 1024;

#[derive(Clone)]
struct Tiles {
    registry: Registry,
    limits: Limits,
    room: Arc<Semaphore>,
}

/// The read path of `registry`.
pub(in crate::web) fn routes(registry: Registry, limits: &Limits) -> Router {
    let room = Arc::new(Semaphore::new(limits.bundles_len_max.max(BUNDLE_LEN_MAX).div_ceil(PERMIT_LEN)));
    let tiles = Tiles { registry, limits: limits.clone(), room };
    Router::new().route("/checkpoint", get(checkpoint)).route("/tile/{*rest}", get(tile)).with_state(tiles)
}

async fn checkpoint(State(tiles): State<Tiles>) -> Response {
    match tiles.registry.checkpoint() {
        Ok(signed) => ok(TEXT, ASK_AGAIN, signed.note().to_string()),
        Err(error) => read_error(&error),
    }
}

async fn tile(State(tiles): State<Tiles>, uri: Uri) -> Response {
    // The path as it was sent: decoded, one tile would have many names (W4).
    let path = uri.path().trim_start_matches('/');
    match (Tile::parse(path), Bundle::parse(path)) {
        (Ok(tile), _) => match tiles.registry.tile(tile) {
            Ok(bytes) => ok(BYTES, FOR_EVER, bytes),
            Err(error) => read_error(&error),
        },
        (_, Ok(bundle)) => {
            let sent = timeout(tiles.limits.call_time_max, send_bundle(&tiles, bundle)).await;
            sent.unwrap_or_else(|_| busy("too many entry bundles are being sent"))
        }
        _ => {
            plain_error(StatusCode::NOT_FOUND, "no tile has this name: tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]")
        }
    }
}

/// Reads a bundle beside the workers that serve everybody, in its share of the memory, which it keeps until it is sent.
async fn send_bundle(tiles: &Tiles, bundle: Bundle) -> Response {
    let weight = |len: usize| len.div_ceil(PERMIT_LEN) as u32;
    let Ok(permit) = tiles.room.clone().acquire_many_owned(weight(BUNDLE_LEN_MAX)).await else {
        return busy("the registry is stopping");
    };
    let registry = tiles.registry.clone();
    let read = tokio::task::spawn_blocking(move || (registry.bundle(bundle), permit)).await;
    match read {
        Ok((Ok(bytes), mut permit)) => {
            let spare = permit.num_permits().saturating_sub(weight(bytes.len()) as usize);
            drop(permit.split(spare));
            ok(BYTES, FOR_EVER, held(bytes, permit))
        }
        Ok((Err(error), ..)) => read_error(&error),
        Err(error) => {
            tracing::error!(%error, "reading a bundle failed");
            plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the registry cannot read its own data")
        }
    }
}

/// A body that gives its share back when it is sent, or given up.
fn held(bytes: Vec<u8>, permit: OwnedSemaphorePermit) -> Body {
    let bytes = Bytes::from_owner(Held { bytes, _permit: permit });
    Body::from(bytes)
}

struct Held {
    bytes: Vec<u8>,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
