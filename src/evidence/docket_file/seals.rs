//! The step `seal-order`: which seal closes the batch of which entry.

use crate::evidence::docket_file::{DocketFile, SealEntry};
use crate::evidence::{FIRST_SEAL_INDEX, Seal};

/// Why the seals of a file do not fit each other or its entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealOrderError {
    /// `from` lies behind the seal, or in the batch of the seal before it.
    #[error("the batch of the seal at {index} begins at {from}, behind itself or in the batch before")]
    Overlap {
        /// Index of the seal.
        index: u64,
        /// Where its batch begins.
        from: u64,
    },
    /// The time is not later than that of the seal before it.
    #[error("the seal at {index} is not later than the seal before it")]
    Time {
        /// Index of the seal.
        index: u64,
    },
    /// `prev` is not the seal before it, although their batches meet.
    #[error("the seal at {index} does not name the seal before it")]
    Prev {
        /// Index of the seal.
        index: u64,
    },
    /// The first seal of the log is index 1, from 0, prev null, and no other seal has any of these.
    #[error("the seal at {index}: the first seal, and no other, has index 1, from 0 and prev null")]
    First {
        /// Index of the seal.
        index: u64,
    },
    /// No seal of the file closes the batch of an entry.
    #[error("no seal of the file closes the batch of entry {index}")]
    NotCovered {
        /// Index of the entry.
        index: u64,
    },
    /// A seal that is neither the last nor closes the batch of an entry.
    #[error("the seal at {index} closes no entry of the file")]
    Superfluous {
        /// Index of the seal.
        index: u64,
    },
}

/// Checks the order of the seals, and gives the registration time of each member of [`DocketFile::statements`], unix
/// milliseconds.
pub(in crate::evidence) fn check_seal_order(file: &DocketFile<'_>) -> Result<Vec<u64>, SealOrderError> {
    for (i, SealEntry { seal, .. }) in file.seals.iter().enumerate() {
        check_seal(seal, i.checked_sub(1).map(|before| &file.seals[before].seal))?;
    }
    let mut covers = vec![false; file.seals.len()];
    let mut times_ms = Vec::with_capacity(file.statements.len());
    for entry in &file.statements {
        let place = next_seal(file, entry.index);
        let closing = file.seals.get(place).filter(|closing| closing.seal.from <= entry.index);
        times_ms.push(closing.ok_or(SealOrderError::NotCovered { index: entry.index })?.seal.time_ms);
        covers[place] = true;
    }
    let all_but_last = file.seals.iter().zip(&covers).rev().skip(1);
    match all_but_last.rev().find(|(_, covers)| !**covers) {
        Some((superfluous, _)) => Err(SealOrderError::Superfluous { index: superfluous.seal.index }),
        None => Ok(times_ms),
    }
}

/// The registration time of the entry `index`, unix milliseconds, if a seal of the file closes its batch. Asks nothing of
/// the order of the seals.
pub(in crate::evidence) fn registration_time_ms(file: &DocketFile<'_>, index: u64) -> Option<u64> {
    let closing = file.seals.get(next_seal(file, index)).filter(|closing| closing.seal.from <= index);
    closing.map(|closing| closing.seal.time_ms)
}

/// The place of the first seal behind `index`.
pub(in crate::evidence) fn next_seal(file: &DocketFile<'_>, index: u64) -> usize {
    file.seals.partition_point(|entry| entry.seal.index <= index)
}

fn check_seal(seal: &Seal, before: Option<&Seal>) -> Result<(), SealOrderError> {
    let index = seal.index;
    if seal.from > index || before.is_some_and(|before| seal.from <= before.index) {
        return Err(SealOrderError::Overlap { index, from: seal.from });
    }
    if before.is_some_and(|before| seal.time_ms <= before.time_ms) {
        return Err(SealOrderError::Time { index });
    }
    let is_first = index == FIRST_SEAL_INDEX;
    if is_first != (seal.from == 0) || is_first != seal.prev.is_none() {
        return Err(SealOrderError::First { index });
    }
    // Where the file leaves no gap between two batches, the chain of seals has none either.
    match before {
        Some(before) if seal.from == before.index + 1 && seal.prev != Some(before.id) => {
            Err(SealOrderError::Prev { index })
        }
        _ => Ok(()),
    }
}
