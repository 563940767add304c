//! Reads dockets at one head.

use crate::docket::{DocketError, KEY_PREFIX, LIST_PREFIX, Row, list_key, row_key};
use crate::merkle::{
    BucketReader, DOCKET_START, DocketMap, DocketValue, Hash, MapProof, bucket_range, docket_key, docket_step,
};
use crate::statement::{StatementId, Subject};
use crate::storage::{Snapshot, StorageError, rows_between};

/// Rows fetched at once while scanning.
const SCAN_ROWS: usize = 4096;

/// A docket's value with the proof of its presence, or of its absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocketProof {
    /// Count and digest; `None` if nothing ever touched the subject.
    pub value: Option<DocketValue>,
    /// The proof against the docket root of the head.
    pub proof: MapProof,
}

/// Dockets as one snapshot has them; `map` is of the same head.
#[derive(Clone, Copy)]
pub struct DocketReader<'a> {
    snapshot: &'a dyn Snapshot,
    map: &'a DocketMap,
}

impl<'a> DocketReader<'a> {
    /// Reads `snapshot`, checked against `map`.
    pub fn new(snapshot: &'a dyn Snapshot, map: &'a DocketMap) -> Self {
        Self { snapshot, map }
    }

    /// How many statements touch `subject`.
    ///
    /// # Errors
    /// [`DocketError`].
    pub fn count(&self, subject: &Subject) -> Result<u64, DocketError> {
        Ok(self.row(&docket_key(&subject.to_string()))?.map_or(0, |row| row.value.count))
    }

    /// The indexes of the statements that touch `subject`, ascending, from the `from`-th (0-based), at most
    /// `limit`.
    ///
    /// # Errors
    /// [`DocketError`], also if a list is shorter than its count.
    pub fn indexes(&self, subject: &Subject, from: u64, limit: usize) -> Result<Vec<u64>, DocketError> {
        let Some(row) = self.row(&docket_key(&subject.to_string()))? else { return Ok(Vec::new()) };
        let end = row.value.count.min(from.saturating_add(limit as u64));
        let mut indexes = Vec::new();
        let mut at = from;
        while at < end {
            let want = usize::try_from(end - at).unwrap_or(usize::MAX).min(SCAN_ROWS);
            let rows = self.snapshot.scan(&list_key(row.number, at), &list_key(row.number, end), want)?;
            if rows.len() != want {
                return Err(DocketError::Damaged(format!("the list of {subject} lacks entries")));
            }
            for (_, value) in &rows {
                let index = value.as_ref().try_into().map(u64::from_be_bytes);
                indexes.push(index.map_err(|_| DocketError::Damaged(format!("the list of {subject}")))?);
            }
            at += rows.len() as u64;
        }
        Ok(indexes)
    }

    /// Checks that `statements`, each with index, registration time (unix ms) and id, are the whole docket of
    /// `subject` in order (D2): their digest is the one that the map holds.
    ///
    /// # Errors
    /// [`DocketError::Damaged`] if they are not.
    pub fn check(
        &self,
        subject: &Subject,
        statements: impl Iterator<Item = (u64, u64, StatementId)>,
    ) -> Result<(), DocketError> {
        let start = DocketValue { count: 0, step: DOCKET_START };
        let found = statements.fold(start, |value, (index, time_ms, id)| DocketValue {
            count: value.count + 1,
            step: docket_step(&value.step, index, time_ms, &id.0),
        });
        let stored = self.row(&docket_key(&subject.to_string()))?.map_or(start, |row| row.value);
        match found == stored {
            true => Ok(()),
            false => Err(DocketError::Damaged(format!("the list of {subject} is not the one that its digest sums up"))),
        }
    }

    /// The value of `subject` with its proof.
    ///
    /// # Errors
    /// [`DocketError`], also if what is stored is not what the map commits to (D2).
    pub fn prove(&self, subject: &Subject) -> Result<DocketProof, DocketError> {
        let (value, proof) = self.map.prove(self, &docket_key(&subject.to_string()))?;
        Ok(DocketProof { value, proof })
    }

    pub(in crate::docket) fn row(&self, key: &Hash) -> Result<Option<Row>, DocketError> {
        let Some(bytes) = self.snapshot.get(&row_key(key))? else { return Ok(None) };
        Row::from_bytes(&bytes).map(Some).ok_or_else(|| DocketError::Damaged("a docket row".into()))
    }
}

impl BucketReader for DocketReader<'_> {
    type Error = StorageError;

    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, StorageError> {
        let (first, last) = bucket_range(prefix_bits, prefix);
        let mut end = row_key(&last);
        end.push(0);
        let rows = rows_between(self.snapshot, row_key(&first), end, SCAN_ROWS);
        // A row that does not decode is left out: the map then finds that the bucket is not the one it was made of.
        let rows = rows.filter_map(|row| row.map(|(key, value)| decode(&key, &value)).transpose());
        rows.map(|row| row.map(|(key, row)| (key, row.value))).collect()
    }
}

/// Builds the map from what `snapshot` holds: one pass over all subjects. The map does not cover the numbers of the
/// lists, so they are compared here: n subjects have the numbers 0 to n − 1. A row with another's number would lead to
/// another's list, and the next batch would write into it.
///
/// # Errors
/// [`DocketError`].
pub fn open_map(snapshot: &dyn Snapshot) -> Result<DocketMap, DocketError> {
    let rows = rows_between(snapshot, vec![KEY_PREFIX], vec![LIST_PREFIX], SCAN_ROWS);
    let mut numbers = Numbers::default();
    let values = rows.map(|row| {
        let (key, value) = row?;
        let (key, row) = decode(&key, &value).ok_or_else(|| DocketError::Damaged("a docket row".into()))?;
        numbers.add(row.number);
        Ok((key, row.value))
    });
    let map = DocketMap::build(values).map_err(|error| match error {
        crate::merkle::MapReadError::Read(error) => error,
        other => DocketError::Damaged(other.to_string()),
    })?;
    match numbers.are_first(map.len()) {
        true => Ok(map),
        false => Err(DocketError::Damaged("the numbers of the docket lists".into())),
    }
}

/// Sums over the numbers of the lists: any one altered number shows, without memory for each of them.
#[derive(Default)]
struct Numbers {
    sum: u128,
    max: u64,
}

impl Numbers {
    fn add(&mut self, number: u64) {
        self.sum += u128::from(number);
        self.max = self.max.max(number);
    }

    /// Whether the numbers can be 0 to `count` − 1.
    fn are_first(&self, count: u64) -> bool {
        let last = count.saturating_sub(1);
        self.max == last && self.sum == u128::from(count) * u128::from(last) / 2
    }
}

fn decode(key: &[u8], value: &[u8]) -> Option<(Hash, Row)> {
    Some((key.get(1..)?.try_into().ok()?, Row::from_bytes(value)?))
}
