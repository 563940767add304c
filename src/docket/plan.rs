//! What one batch changes in the dockets: pure planning over a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use crate::docket::{DocketReader, Row, list_key, row_key};
use crate::merkle::{DOCKET_START, DocketMap, DocketValue, Hash, MapReadError, MapUpdate, docket_key, docket_step};
use crate::statement::{StatementId, Subject};
use crate::storage::{Snapshot, StorageError};

/// A statement in its place and the subjects that it touches.
#[derive(Clone, Debug)]
pub struct Touch {
    /// Index in the log.
    pub index: u64,
    /// The statement's id.
    pub id: StatementId,
    /// What it touches; empty for a seal.
    pub subjects: BTreeSet<Subject>,
}

/// Why dockets cannot be read or planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocketError {
    /// The table cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Stored dockets are not those that the map commits to.
    #[error("the stored dockets are damaged: {0}; stop, keep a copy of the data and run `nospy log fsck`")]
    Damaged(String),
}

impl From<MapReadError<StorageError>> for DocketError {
    fn from(error: MapReadError<StorageError>) -> Self {
        match error {
            MapReadError::Read(error) => Self::Storage(error),
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// The rows and the new map of one batch.
pub struct DocketPlan {
    /// Keys and values to commit with the batch.
    pub rows: Vec<(Vec<u8>, Vec<u8>)>,
    /// The docket root after the batch.
    pub root: Hash,
    update: MapUpdate,
}

impl DocketPlan {
    /// Puts the planned map in force, once the commit is durable (D1).
    pub fn apply(self, map: &mut DocketMap) {
        map.apply(self.update);
    }
}

/// Plans the dockets after `touches`, all registered at `time_ms` (unix milliseconds), in log order. `map` and
/// `snapshot` are of the same head.
///
/// # Errors
/// [`DocketError`] if the snapshot cannot be read or is not the map's.
pub fn plan(
    map: &DocketMap,
    snapshot: &dyn Snapshot,
    time_ms: u64,
    touches: &[Touch],
) -> Result<DocketPlan, DocketError> {
    let reader = DocketReader::new(snapshot, map);
    let mut rows = Vec::new();
    let mut changed: BTreeMap<Hash, Row> = BTreeMap::new();
    let mut next_number = map.len();
    for touch in touches {
        for subject in &touch.subjects {
            let key = docket_key(&subject.to_string());
            let row = match changed.get(&key) {
                Some(row) => Some(*row),
                None => reader.row(&key)?,
            };
            let row = row.unwrap_or_else(|| {
                let number = next_number;
                next_number += 1;
                Row { value: DocketValue { count: 0, step: DOCKET_START }, number }
            });
            let (position, step) = (row.value.count, &row.value.step);
            let value = DocketValue { count: position + 1, step: docket_step(step, touch.index, time_ms, &touch.id.0) };
            rows.push((list_key(row.number, position), touch.index.to_be_bytes().to_vec()));
            changed.insert(key, Row { value, number: row.number });
        }
    }
    let values: BTreeMap<Hash, DocketValue> = changed.iter().map(|(key, row)| (*key, row.value)).collect();
    rows.extend(changed.iter().map(|(key, row)| (row_key(key), row.to_bytes())));
    let update = map.plan_update(&reader, &values)?;
    Ok(DocketPlan { rows, root: update.root(), update })
}
