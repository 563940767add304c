//! Deposited texts: content-addressed, only for digests that a logged statement names.
//!
//! | key | value |
//! |---|---|
//! | `w` ‖ digest | media type, as the first statement that names the digest says |
//! | `x` ‖ digest ‖ `u32(chunk)` | up to 60,000 bytes of the text |
//! | `y` ‖ digest | `u64(size)`: the text is complete |

use crate::agreement::Act;
use crate::crypto::{Digest, sha256};
use crate::log::SubmitError;
use crate::registry::{ReadError, Registry, State};
use crate::statement::body::{Body, Terms};
use crate::storage::{Snapshot, StorageError, rows_between};

/// Largest text, bytes.
pub const TEXT_BYTES_MAX: u64 = 16 << 20;
/// Bytes of one stored chunk.
const CHUNK_BYTES: usize = 60_000;
/// What a text may be (domain §4).
const MEDIA_TYPES: [&str; 5] = ["application/pdf", "text/plain", "text/html", "application/xml", "text/xml"];

/// A deposited text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    /// Its media type, as a statement says.
    pub media_type: String,
    /// Its bytes, whose SHA-256 was asked for.
    pub bytes: Vec<u8>,
}

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DepositError {
    /// Larger than the registry takes.
    #[error("a text is at most {max} bytes long, this one has {len}")]
    TooLarge {
        /// Length found, bytes.
        len: u64,
        /// Length allowed, bytes.
        max: u64,
    },
    /// The bytes do not have the digest.
    #[error("the text has the SHA-256 {found}, not the one it was sent for")]
    DigestMismatch {
        /// The digest of what came.
        found: Digest,
    },
    /// No statement names it.
    #[error("no logged statement names the text {0}: publish the offer or agreement first")]
    NotNamed(Digest),
    /// The content is not what the statement says it is.
    #[error("the content is not {media_type}, as the statement that names it says")]
    MediaType {
        /// What the statement says.
        media_type: String,
    },
    /// The registry does not write now.
    #[error("the registry does not take texts now: {0}")]
    Unavailable(String),
    /// The registry cannot read its own data.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl DepositError {
    /// The reason for machines.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "text_too_large",
            Self::DigestMismatch { .. } => "text_digest_mismatch",
            Self::NotNamed(_) => "text_not_named",
            Self::MediaType { .. } => "text_media_type",
            Self::Unavailable(_) => "read_only",
            Self::Read(error) => error.reason(),
        }
    }
}

impl Registry {
    /// Keeps a text. Sending it again changes nothing.
    ///
    /// # Errors
    /// [`DepositError`]; nothing was kept.
    pub async fn deposit_text(&self, digest: &Digest, bytes: &[u8]) -> Result<(), DepositError> {
        let State::Running(log) = &self.0.state else {
            return Err(DepositError::Unavailable("it serves reads only".into()));
        };
        let (len, max) = (bytes.len() as u64, self.0.text_bytes_max.min(TEXT_BYTES_MAX));
        if len > max {
            return Err(DepositError::TooLarge { len, max });
        }
        let found = sha256(&[bytes]);
        if found != *digest {
            return Err(DepositError::DigestMismatch { found });
        }
        let published = self.published();
        if published.view.is_closed {
            return Err(DepositError::Unavailable("the registrar closed this registry".into()));
        }
        let get = |key: Vec<u8>| published.reader.snapshot().get(&key).map_err(ReadError::from);
        if get(key(b'y', digest))?.is_some() {
            return Ok(());
        }
        let media_type = get(key(b'w', digest))?.ok_or(DepositError::NotNamed(*digest))?;
        let media_type = String::from_utf8_lossy(&media_type).into_owned();
        if !is_content_of(&media_type, bytes) {
            return Err(DepositError::MediaType { media_type });
        }
        drop(published);
        let mut rows: Vec<_> = bytes
            .chunks(CHUNK_BYTES)
            .zip(0u32..)
            .map(|(chunk, number)| (chunk_key(digest, number), chunk.to_vec()))
            .collect();
        rows.push((key(b'y', digest), len.to_be_bytes().to_vec()));
        log.store(rows).await.map_err(|error| {
            DepositError::Unavailable(match error {
                SubmitError::NoSpace => "its disk is nearly full".into(),
                SubmitError::Busy => "too much waits; send it again".into(),
                SubmitError::ClockBehind => "its clock stands before its last seal".into(),
                _ => "it is stopping".into(),
            })
        })
    }

    /// A deposited text, re-hashed.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] if nobody deposited it.
    pub fn text(&self, digest: &Digest) -> Result<StoredText, ReadError> {
        let published = self.published();
        let snapshot = published.reader.snapshot();
        let not_found = || ReadError::NotFound { what: format!("the text {digest}") };
        snapshot.get(&key(b'y', digest))?.ok_or_else(not_found)?;
        let media_type = snapshot.get(&key(b'w', digest))?.ok_or_else(not_found)?;
        let bytes = stored_bytes(snapshot, digest)?;
        let media_type = String::from_utf8_lossy(&media_type).into_owned();
        // The media type stands in no hash: what it may be is at least what a deposit was allowed to be.
        match sha256(&[&bytes]) == *digest && is_content_of(&media_type, &bytes) {
            true => Ok(StoredText { media_type, bytes }),
            false => Err(ReadError::Damaged(format!("the stored text {digest} was altered"))),
        }
    }
}

/// The rows by which an admitted statement allows its texts to be deposited.
pub(in crate::registry) fn text_rows(act: &Act) -> Vec<(Vec<u8>, Vec<u8>)> {
    let terms: Option<&Terms> = match act.body.as_deref() {
        Some(Body::OfferMake(offer)) => Some(&offer.terms),
        Some(Body::File(filing)) => Some(&filing.terms),
        _ => None,
    };
    let texts = terms.and_then(|terms| terms.texts.as_ref()).into_iter().flatten();
    texts
        .filter_map(|text| {
            let media_type = text.media_type.as_ref()?.to_string();
            Some((key(b'w', &text.sha256?), media_type.into_bytes()))
        })
        .collect()
}

/// A deposited text as it is stored.
pub(in crate::registry) struct TextCheck {
    /// Its digest as the key says; fewer bytes if the key is damaged.
    pub digest: Vec<u8>,
    /// Whether its bytes have the digest and the size that are stored, and its media type is there.
    pub is_whole: bool,
}

/// Every deposited text, re-hashed.
pub(in crate::registry) fn stored_texts(
    snapshot: &dyn Snapshot,
) -> impl Iterator<Item = Result<TextCheck, StorageError>> + '_ {
    let sizes = rows_between(snapshot, b"y".to_vec(), b"z".to_vec(), 1024);
    sizes.map(move |row| {
        let (key, size) = row?;
        let digest = key.get(1..).unwrap_or_default().to_vec();
        let is_whole = match <[u8; 32]>::try_from(digest.as_slice()) {
            Ok(digest) => is_text_whole(snapshot, &Digest(digest), &size)?,
            Err(_) => false,
        };
        Ok(TextCheck { digest, is_whole })
    })
}

fn is_text_whole(snapshot: &dyn Snapshot, digest: &Digest, size: &[u8]) -> Result<bool, StorageError> {
    if snapshot.get(&key(b'w', digest))?.is_none() {
        return Ok(false);
    }
    let bytes = stored_bytes(snapshot, digest)?;
    Ok((bytes.len() as u64).to_be_bytes() == *size && sha256(&[&bytes]) == *digest)
}

fn stored_bytes(snapshot: &dyn Snapshot, digest: &Digest) -> Result<Vec<u8>, StorageError> {
    let chunks = usize::try_from(TEXT_BYTES_MAX).unwrap_or(usize::MAX) / CHUNK_BYTES + 1;
    let rows = snapshot.scan(&chunk_key(digest, 0), &chunk_key(digest, u32::MAX), chunks)?;
    Ok(rows.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect())
}

/// Whether the content looks like what it is said to be. HTML and XML are shown as text and never run, so UTF-8 is
/// all that is asked of them.
fn is_content_of(media_type: &str, bytes: &[u8]) -> bool {
    match media_type {
        "application/pdf" => bytes.starts_with(b"%PDF-"),
        media_type if MEDIA_TYPES.contains(&media_type) => std::str::from_utf8(bytes).is_ok(),
        _ => false,
    }
}

fn key(prefix: u8, digest: &Digest) -> Vec<u8> {
    [&[prefix][..], &digest.0].concat()
}

fn chunk_key(digest: &Digest, number: u32) -> Vec<u8> {
    [&b"x"[..], &digest.0, &number.to_be_bytes()].concat()
}
