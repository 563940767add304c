//! Keys of foreign messages: SPKI PEM, a COSE_Key, or a COSE_KeySet.

use crate::codec::Loose;
use crate::crypto::{ForeignKey, PublicKey};

// RFC 9053 §7: key type, curve, coordinates.
const KTY: i64 = 1;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const OKP: i64 = 1;
const EC2: i64 = 2;
const CRV_P256: i64 = 1;
const CRV_ED25519: i64 = 6;

/// Why a file holds no key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no Ed25519 or P-256 key: neither SPKI PEM nor a COSE key or key set")]
pub struct ForeignKeyError;

/// Reads all keys of a file that can be used here; keys of other kinds are passed over.
///
/// # Errors
/// [`ForeignKeyError`] if there is none.
pub fn read_keys(bytes: &[u8]) -> Result<Vec<ForeignKey>, ForeignKeyError> {
    if let Some(key) = std::str::from_utf8(bytes).ok().and_then(ForeignKey::from_pem) {
        return Ok(vec![key]);
    }
    let item = Loose::read(bytes).map_err(|_| ForeignKeyError)?;
    let keys: Vec<ForeignKey> = match item.array() {
        Some(keys) => keys.iter().filter_map(cose_key).collect(),
        None => cose_key(&item).into_iter().collect(),
    };
    if keys.is_empty() { Err(ForeignKeyError) } else { Ok(keys) }
}

fn cose_key(item: &Loose<'_>) -> Option<ForeignKey> {
    let bytes = |label| item.label(label).and_then(Loose::bytes);
    match (item.label(KTY)?.int()?, item.label(CRV)?.int()?) {
        (OKP, CRV_ED25519) => PublicKey::from_bytes(bytes(X)?).ok().map(ForeignKey::Ed25519),
        (EC2, CRV_P256) => ForeignKey::from_p256(bytes(X)?, bytes(Y)?),
        _ => None,
    }
}
