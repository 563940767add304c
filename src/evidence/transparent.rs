//! Transparent statements (RFC 9943): a statement that carries its receipts in its unprotected map, under 394.
//!
//! The log entry is the statement *without* them. Attaching and detaching are the only two places where the
//! unprotected map is not empty.

use std::ops::Range;

use crate::codec::{CborError, Item};
use crate::evidence::RECEIPT_LEN_MAX;
use crate::statement::{STATEMENT_LEN_MAX, Statement, StatementError};

/// Most receipts that one statement carries.
pub const TRANSPARENT_RECEIPTS_MAX: usize = 16;
/// Longest transparent statement, in bytes: the statement, its receipts and their heads.
pub const TRANSPARENT_LEN_MAX: usize = STATEMENT_LEN_MAX + TRANSPARENT_RECEIPTS_MAX * (RECEIPT_LEN_MAX + 3) + 16;

/// The unprotected map `{394: […]}` up to the head of its array.
const MAP_AND_LABEL: [u8; 4] = [0xA1, 0x19, 0x01, 0x8A];
const LABEL_RECEIPTS: i64 = 394;

/// Why bytes are not a transparent statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransparentError {
    /// Longer than [`TRANSPARENT_LEN_MAX`].
    #[error("a transparent statement is at most {TRANSPARENT_LEN_MAX} bytes long, not {len}")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
    },
    /// Not in the CBOR profile.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// The unprotected map is not `{394: [receipt, …]}`.
    #[error("the unprotected map is exactly {{394: [1-16 receipts as byte strings of at most 4096 bytes]}}")]
    Receipts,
    /// Without its receipts it is no statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// The transparent statement of `statement` and 1 to [`TRANSPARENT_RECEIPTS_MAX`] receipts.
///
/// # Errors
/// [`TransparentError::Receipts`] if there are none, too many, or one is too long.
pub fn attach_receipts(statement: &Statement, receipts: &[&[u8]]) -> Result<Vec<u8>, TransparentError> {
    if !(1..=TRANSPARENT_RECEIPTS_MAX).contains(&receipts.len())
        || receipts.iter().any(|receipt| receipt.len() > RECEIPT_LEN_MAX)
    {
        return Err(TransparentError::Receipts);
    }
    let array = crate::codec::Value::Array(receipts.iter().map(|bytes| crate::codec::Value::bytes(*bytes)).collect());
    let map = [&MAP_AND_LABEL[..], &crate::codec::encode(&array)].concat();
    let mut bytes = statement.bytes().to_vec();
    bytes.splice(unprotected(&bytes)?, map);
    Ok(bytes)
}

/// The statement and the receipts that it carries, ≥ 1, each ≤ 4,096 bytes and not looked into.
///
/// # Errors
/// [`TransparentError`], naming the first rule that is broken.
pub fn detach_receipts(bytes: &[u8]) -> Result<(Statement, Vec<&[u8]>), TransparentError> {
    if bytes.len() > TRANSPARENT_LEN_MAX {
        return Err(TransparentError::TooLong { len: bytes.len() });
    }
    let range = unprotected(bytes)?;
    let map = Item::read(&bytes[range.clone()])?;
    let receipts = map
        .label(LABEL_RECEIPTS)
        .filter(|_| map.map().is_some_and(|map| map.remaining() == 1))
        .and_then(|item| item.array())
        .filter(|array| (1..=TRANSPARENT_RECEIPTS_MAX as u64).contains(&array.remaining()))
        .and_then(|array| array.map(|item| item.bytes().filter(|bytes| bytes.len() <= RECEIPT_LEN_MAX)).collect())
        .ok_or(TransparentError::Receipts)?;
    let statement = [&bytes[..range.start], &[0xA0], &bytes[range.end..]].concat();
    Ok((Statement::parse(&statement)?, receipts))
}

/// Where the unprotected map stands.
fn unprotected(bytes: &[u8]) -> Result<Range<usize>, TransparentError> {
    let map = Item::read_sign1(bytes)?
        .array()
        .filter(|members| members.remaining() == 4)
        .and_then(|mut members| members.nth(1))
        .ok_or(StatementError::Shape("a COSE_Sign1 is an array of four"))?
        .encoded();
    let start = map.as_ptr().addr() - bytes.as_ptr().addr();
    Ok(start..start + map.len())
}
