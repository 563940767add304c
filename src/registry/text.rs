//! Deposited texts: content-addressed, only for digests that a logged statement names.
//!
//! A text is what the terms of an offer, a filing, an amendment or a correction name under `texts`, and the copy of a
//! filed paper. Images, bills of materials and pieces of evidence are named by digests too, and are no texts: they are
//! not kept here.
//!
//! | key | value |
//! |---|---|
//! | `w` ‖ digest | media type, as the first statement that names the digest says; empty for the copy of a paper, of which none says it |
//! | `x` ‖ digest ‖ `u32(chunk)` | up to 60,000 bytes of the text |
//! | `y` ‖ digest | `u64(size)`: the text is complete |

use crate::agreement::{Act, Rule};
use crate::crypto::{Digest, sha256};
use crate::log::SubmitError;
use crate::registry::tombstone::tombstone_of;
use crate::registry::{MediaType, ReadError, Registry, State, Tombstone};
use crate::statement::Origin;
use crate::statement::body::{Body, Terms};
use crate::storage::{Bytes, Snapshot, StorageError, rows_between};

/// Largest text, bytes.
pub const TEXT_BYTES_MAX: u64 = 16 << 20;
/// Bytes of one stored chunk.
const CHUNK_BYTES: usize = 60_000;

/// A deposited text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    /// Its media type, as a statement says; of the copy of a paper, as its beginning tells.
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
    /// A kind of content that no registry keeps.
    #[error("the text is {media_type}: only PDF, plain text in UTF-8, HTML and XML are kept")]
    NotKept {
        /// What the statement says; `of no known type` for the copy of a paper.
        media_type: String,
    },
    /// It was removed, and does not come back.
    #[error("{0}")]
    Removed(Tombstone),
    /// The registrar closed the registry: a text would need a further seal.
    #[error("the registry is closed: it keeps no further text, and {0} continues it")]
    Closed(Origin),
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
            Self::MediaType { .. } | Self::NotKept { .. } => "text_media_type",
            Self::Removed(_) => "text_removed",
            Self::Closed(_) => Rule::RegistryClosed.as_str(),
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
        let published = self.shown()?;
        if let Some(end) = &published.view.end {
            return Err(DepositError::Closed(end.origin.clone()));
        }
        let get = |key: Vec<u8>| published.reader.snapshot().get(&key).map_err(ReadError::from);
        if let Some(tombstone) = tombstone_of(published.reader.snapshot(), digest)? {
            return Err(DepositError::Removed(tombstone));
        }
        if get(key(b'y', digest))?.is_some() {
            return Ok(());
        }
        let declared = get(key(b'w', digest))?.ok_or(DepositError::NotNamed(*digest))?;
        check_content(&declared, bytes)?;
        drop(published);
        let mut rows: Vec<_> = bytes
            .chunks(CHUNK_BYTES)
            .zip(0u32..)
            .map(|(chunk, number)| (chunk_key(digest, number), chunk.to_vec()))
            .collect();
        rows.push((key(b'y', digest), len.to_be_bytes().to_vec()));
        log.store(rows).await.map_err(|error| {
            let why = match (error, self.log_end()) {
                // The close was sealed while this text waited.
                (SubmitError::Closed, Some(end)) => return DepositError::Closed(end.origin),
                (SubmitError::NoSpace, _) => "its disk is nearly full",
                (SubmitError::Busy, _) => "too much waits; send it again",
                // Rows beside the entries are answered when they are durable.
                (SubmitError::Unwitnessed, _) => "its witnesses have not cosigned",
                (SubmitError::ClockBehind, _) => "its clock stands before its last seal",
                _ => "it is stopping",
            };
            DepositError::Unavailable(why.into())
        })
    }

    /// A deposited text, re-hashed.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] if nobody deposited it, [`ReadError::Removed`] if it was removed.
    pub fn text(&self, digest: &Digest) -> Result<StoredText, ReadError> {
        let published = self.shown()?;
        let snapshot = published.reader.snapshot();
        let not_found = || ReadError::NotFound { what: format!("the text {digest}") };
        if let Some(tombstone) = tombstone_of(snapshot, digest)? {
            return Err(ReadError::Removed(tombstone));
        }
        snapshot.get(&key(b'y', digest))?.ok_or_else(not_found)?;
        let declared = snapshot.get(&key(b'w', digest))?.ok_or_else(not_found)?;
        let bytes = stored_bytes(snapshot, digest)?;
        // The media type stands in no hash: what it may be is at least what a deposit was allowed to be.
        match check_content(&declared, &bytes) {
            Ok(media_type) if sha256(&[&bytes]) == *digest => Ok(StoredText { media_type, bytes }),
            _ => Err(ReadError::Damaged(format!("the stored text {digest} was altered"))),
        }
    }
}

/// The rows by which an admitted statement allows its texts to be deposited.
pub(in crate::registry) fn text_rows(act: &Act) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Some(body) = act.body.as_deref() else { return Vec::new() };
    let terms: Option<&Terms> = match body {
        Body::OfferMake(offer) => Some(&offer.terms),
        Body::File(filing) => Some(&filing.terms),
        Body::Amend(amendment) => Some(&amendment.terms),
        Body::Correct(correction) => Some(&correction.terms),
        _ => None,
    };
    let paper = match body {
        Body::File(filing) => filing.paper.digest,
        _ => None,
    };
    let texts = terms.and_then(|terms| terms.texts.as_ref()).into_iter().flatten();
    let texts = texts.filter_map(|text| {
        let media_type = text.media_type.as_ref()?.to_string();
        Some((key(b'w', &text.sha256?), media_type.into_bytes()))
    });
    // The terms come first: of a paper that is one of their texts they say the media type.
    texts.chain(paper.map(|digest| (key(b'w', &digest), Vec::new()))).collect()
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
    Ok(chunks(snapshot, digest)?.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect())
}

fn chunks(snapshot: &dyn Snapshot, digest: &Digest) -> Result<Vec<(Bytes, Bytes)>, StorageError> {
    let chunks_max = usize::try_from(TEXT_BYTES_MAX).unwrap_or(usize::MAX) / CHUNK_BYTES + 1;
    snapshot.scan(&chunk_key(digest, 0), &chunk_key(digest, u32::MAX), chunks_max)
}

/// The media type of a text that may be kept: as a statement declares it, and as its beginning tells where none does.
///
/// # Errors
/// [`DepositError::MediaType`], [`DepositError::NotKept`].
fn check_content(declared: &[u8], bytes: &[u8]) -> Result<String, DepositError> {
    if declared.is_empty() {
        let found = MediaType::of(bytes).map(|found| found.as_str().to_owned());
        return found.ok_or_else(|| DepositError::NotKept { media_type: "of no known type".into() });
    }
    let media_type = String::from_utf8_lossy(declared).into_owned();
    match MediaType::named(&media_type) {
        Some(kind) if kind.fits(bytes) => Ok(media_type),
        Some(_) => Err(DepositError::MediaType { media_type }),
        None => Err(DepositError::NotKept { media_type }),
    }
}

/// The keys of the stored parts of a text.
pub(in crate::registry) fn chunk_keys(snapshot: &dyn Snapshot, digest: &Digest) -> Result<Vec<Vec<u8>>, StorageError> {
    Ok(chunks(snapshot, digest)?.into_iter().map(|(key, _)| key.to_vec()).collect())
}

/// The key of a row about a text.
pub(in crate::registry) fn key(prefix: u8, digest: &Digest) -> Vec<u8> {
    [&[prefix][..], &digest.0].concat()
}

fn chunk_key(digest: &Digest, number: u32) -> Vec<u8> {
    [&b"x"[..], &digest.0, &number.to_be_bytes()].concat()
}
