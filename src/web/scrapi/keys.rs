//! The keys that sign receipts. A log has one for ever.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::codec::{Value, encode};
use crate::registry::Registry;
use crate::web::answer::{ASK_AGAIN, ok};
use crate::web::scrapi::Scrapi;
use crate::web::scrapi::problem::Problem;

const CBOR: &str = "application/cbor";

/// The key as a COSE_Key (RFC 9053 §7.2): OKP, Ed25519, for EdDSA, named by its thumbprint (RFC 9679).
fn cose_key(registry: &Registry) -> Value {
    let key = registry.log_key().key();
    Value::labels([
        (1, Value::uint(1)),
        (2, Value::bytes(key.kid().0)),
        (3, Value::Int(-8)),
        (-1, Value::uint(6)),
        (-2, Value::bytes(*key.as_bytes())),
    ])
}

/// All of them, as a COSE_KeySet.
pub(in crate::web::scrapi) async fn all(State(scrapi): State<Scrapi>) -> Response {
    ok(CBOR, ASK_AGAIN, encode(&Value::Array(vec![cose_key(&scrapi.registry)])))
}

/// The one with this id: 64 hex digits, or 43 characters of base64url, as SCRAPI names keys whose ids are no text.
pub(in crate::web::scrapi) async fn one(State(scrapi): State<Scrapi>, uri: Uri) -> Response {
    let named = uri.path().rsplit('/').next().unwrap_or_default();
    let kid = scrapi.registry.log_key().key().kid();
    match named == kid.to_string() || named == Base64UrlUnpadded::encode_string(&kid.0) {
        true => ok(CBOR, ASK_AGAIN, encode(&cose_key(&scrapi.registry))),
        false => Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "no key of this log has this id, 64 lowercase hex digits or 43 characters of base64url; /.well-known/scitt-keys lists all",
        )
        .into_answer(),
    }
}
