//! Statements and dockets read back from a published head, each checked against what the head commits to.

use std::sync::Arc;

use crate::agreement::Act;
use crate::crypto::Digest;
use crate::docket::{DocketError, DocketReader};
use crate::evidence::Seal;
use crate::log::LogReader;
use crate::merkle::DocketMap;
use crate::registry::ReadError;
use crate::statement::{Named, Statement, Subject};

/// Longest chain of statements that name one another: an endorsement of a void of an act.
const NAMED_DEPTH_MAX: u8 = 3;

/// The acts of a docket in log order.
///
/// # Errors
/// [`ReadError`].
pub fn acts_of(reader: &LogReader, map: &DocketMap, subject: &Subject) -> Result<Vec<Act>, ReadError> {
    let dockets = DocketReader::new(reader.snapshot(), map);
    let indexes = dockets.indexes(subject, 0, usize::MAX)?;
    let acts: Vec<Act> = indexes.into_iter().map(|index| act_at(reader, index)).collect::<Result<_, _>>()?;
    dockets.check(subject, acts.iter().map(|act| (act.index, act.time_ms, act.id())))?;
    Ok(acts)
}

fn act_at(reader: &LogReader, index: u64) -> Result<Act, ReadError> {
    let statement = statement_at(reader, index)?;
    let (_, time_ms) = reader.covering_seal(index)?;
    Ok(Act::met(index, time_ms, Arc::new(statement)))
}

/// The statement at `index`, which the dockets or the log say is there.
///
/// # Errors
/// [`ReadError::Damaged`] if it is not.
pub fn statement_at(reader: &LogReader, index: u64) -> Result<Statement, ReadError> {
    let missing = || DocketError::Damaged(format!("entry {index} is missing"));
    let entry = reader.entry(index)?.ok_or_else(missing)?;
    Statement::parse(&entry.bytes).map_err(|error| ReadError::Damaged(format!("entry {index}: {error}")))
}

/// Where and when the entry at `index` was registered: index and time (unix ms) of the seal that closes its batch,
/// as the seal itself says.
///
/// # Errors
/// [`ReadError::Damaged`] if the row of the seal says something else.
pub fn registration_of(reader: &LogReader, index: u64) -> Result<(u64, u64), ReadError> {
    let (seal_index, time_ms) = reader.covering_seal(index)?;
    let seal = Seal::read(seal_index, &statement_at(reader, seal_index)?);
    match seal {
        Ok(seal) if seal.from <= index && seal.time_ms == time_ms => Ok((seal_index, time_ms)),
        _ => Err(ReadError::Damaged(format!("the row of the seal at index {seal_index} is not what the seal says"))),
    }
}

/// What a logged statement is to those that name it; `None` if it is not logged.
///
/// # Errors
/// [`ReadError`].
pub fn named_in(reader: &LogReader, id: &Digest) -> Result<Option<Named>, ReadError> {
    named_within(reader, id, NAMED_DEPTH_MAX)
}

/// As [`named_in`], following at most `depth` names.
fn named_within(reader: &LogReader, id: &Digest, depth: u8) -> Result<Option<Named>, ReadError> {
    let Some(index) = reader.index_of(&id.0)? else { return Ok(None) };
    let statement = statement_at(reader, index)?;
    let below = |id: &Digest| match depth.checked_sub(1) {
        Some(depth) => named_within(reader, id, depth).ok().flatten(),
        None => None,
    };
    let touches = statement.touches(below).map_err(|error| ReadError::Damaged(error.to_string()))?;
    Ok(Some(Named { role: statement.named_role(), subject: statement.subject().clone(), touches }))
}
