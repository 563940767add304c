//! The rows of the dockets as they are stored, unchecked: for an auditor who trusts none of them.

use crate::docket::{KEY_PREFIX, LIST_PREFIX, Row, list_key, row_key};
use crate::merkle::{DocketValue, Hash};
use crate::storage::{Bytes, Snapshot, StorageError, rows_between};

/// Rows fetched at once.
const SCAN_ROWS: usize = 4096;

/// The rows under `k` and `l` of one snapshot.
#[derive(Clone, Copy)]
pub struct StoredDockets<'a>(&'a dyn Snapshot);

impl<'a> StoredDockets<'a> {
    /// Reads `snapshot`.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self(snapshot)
    }

    /// Every row under `k`, ascending.
    pub fn values(self) -> impl Iterator<Item = Result<(Bytes, Bytes), StorageError>> + 'a {
        rows_between(self.0, vec![KEY_PREFIX], vec![KEY_PREFIX + 1], SCAN_ROWS)
    }

    /// The row that the docket with `key` should have.
    pub fn value_row(key: &Hash, value: DocketValue, number: u64) -> (Vec<u8>, Vec<u8>) {
        (row_key(key), Row { value, number }.to_bytes())
    }

    /// Whether the list of docket `number` says `index` at `position`; `None` if it says nothing there.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn lists(self, number: u64, position: u64, index: u64) -> Result<Option<bool>, StorageError> {
        let row = self.0.get(&list_key(number, position))?;
        Ok(row.map(|value| *value == index.to_be_bytes()))
    }

    /// The docket number and the position of every row under `l`, ascending; `None` for a key that is neither.
    pub fn positions(self) -> impl Iterator<Item = Result<Option<(u64, u64)>, StorageError>> + 'a {
        let rows = rows_between(self.0, vec![LIST_PREFIX], vec![LIST_PREFIX + 1], SCAN_ROWS);
        rows.map(|row| row.map(|(key, _)| position_of(&key)))
    }
}

fn position_of(key: &[u8]) -> Option<(u64, u64)> {
    let (number, position) = key.get(1..)?.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), u64::from_be_bytes(position.try_into().ok()?)))
}
