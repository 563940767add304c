//! The read path of C2SP tlog-tiles: `/checkpoint`, `/tile/…`.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use tokio::time::timeout;

use crate::merkle::{Bundle, Tile};
use crate::registry::{BUNDLE_LEN_MAX, Registry};
use crate::web::Limits;
use crate::web::answer::{ASK_AGAIN, BYTES, FOR_EVER, TEXT, busy, ok, plain_error, read_error};
use crate::web::room::Room;

#[derive(Clone)]
struct Tiles {
    registry: Registry,
    limits: Limits,
    room: Room,
}

/// The read path of `registry`.
pub(in crate::web) fn routes(registry: Registry, limits: &Limits) -> Router {
    let room = Room::new(limits.bundles_len_max.max(BUNDLE_LEN_MAX), limits.call_time_max);
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
    let Some(share) = tiles.room.share(BUNDLE_LEN_MAX).await else {
        return busy("too many entry bundles are being sent");
    };
    let registry = tiles.registry.clone();
    match tokio::task::spawn_blocking(move || (registry.bundle(bundle), share)).await {
        Ok((Ok(bytes), share)) => ok(BYTES, FOR_EVER, share.hold(bytes)),
        Ok((Err(error), _)) => read_error(&error),
        Err(error) => {
            tracing::error!(%error, "reading a bundle failed");
            plain_error(StatusCode::INTERNAL_SERVER_ERROR, "the registry cannot read its own data")
        }
    }
}
