//! Dockets of an audit, recomputed batch by batch.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::crypto::hex;
use crate::docket::StoredDockets;
use crate::merkle::{BucketReader, DOCKET_START, DocketMap, DocketValue, Hash, bucket_range, docket_key, docket_step};
use crate::registry::fsck::rows::{Difference, compare};
use crate::registry::fsck::{Fault, Findings};
use crate::statement::{StatementId, Subject};
use crate::storage::StorageError;

/// An entry and what it touches.
pub(in crate::registry::fsck) type Touched = (u64, StatementId, BTreeSet<Subject>);

/// Every docket so far.
#[derive(Default)]
pub(in crate::registry::fsck) struct Dockets {
    map: DocketMap,
    dockets: BTreeMap<Hash, Docket>,
    /// How many entries the list of each docket has, by its number.
    counts: Vec<u64>,
}

#[derive(Clone)]
struct Docket {
    subject: Box<str>,
    value: DocketValue,
    number: u64,
}

impl Dockets {
    /// The docket root.
    pub fn root(&self) -> Hash {
        self.map.root()
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.map.len()
    }

    /// Adds a batch that was registered at `time_ms`, and compares the rows of its lists.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn close(
        &mut self,
        time_ms: u64,
        batch: &[Touched],
        stored: StoredDockets<'_>,
        findings: &mut Findings,
    ) -> Result<(), StorageError> {
        let mut changed: BTreeMap<Hash, Docket> = BTreeMap::new();
        for (index, id, subjects) in batch {
            for subject in subjects {
                let subject = subject.to_string();
                let key = docket_key(&subject);
                let docket = changed.entry(key).or_insert_with(|| match self.dockets.get(&key) {
                    Some(docket) => docket.clone(),
                    None => {
                        // Dockets are numbered as they appear.
                        let number = self.counts.len() as u64;
                        self.counts.push(0);
                        let value = DocketValue { count: 0, step: DOCKET_START };
                        Docket { subject: subject.clone().into_boxed_str(), value, number }
                    }
                });
                let position = docket.value.count;
                match stored.lists(docket.number, position, *index)? {
                    Some(true) => {}
                    found => {
                        let what = if found.is_none() { "is missing" } else { "names another entry" };
                        let message = format!("row {position} of the list of {subject} {what}");
                        findings.add(Fault::DocketList, *index, message);
                    }
                }
                let step = docket_step(&docket.value.step, *index, time_ms, &id.0);
                docket.value = DocketValue { count: position + 1, step };
                if let Some(count) = self.counts.get_mut(usize::try_from(docket.number).unwrap_or(usize::MAX)) {
                    *count = docket.value.count;
                }
            }
        }
        let values = changed.iter().map(|(key, docket)| (*key, docket.value)).collect();
        let update = self.map.plan_update(&Values(&self.dockets), &values);
        self.map.apply(update.expect("the map was made of these very values, and none counts 0"));
        self.dockets.extend(changed);
        Ok(())
    }

    /// Compares the stored values with the recomputed ones, and looks for rows that are too many.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn compare(&self, stored: StoredDockets<'_>, findings: &mut Findings) -> Result<(), StorageError> {
        let rows = self.dockets.iter().map(|(key, docket)| StoredDockets::value_row(key, docket.value, docket.number));
        compare(rows, stored.values(), |difference, row| {
            let key: Option<Hash> = row.get(1..).and_then(|key| key.try_into().ok());
            let docket = key.and_then(|key| self.dockets.get(&key)).map(|docket| &docket.subject);
            let name = docket.map_or_else(|| hex(row), ToString::to_string);
            match difference {
                Difference::Missing => findings.add(Fault::DocketRow, None, format!("the value of {name} is missing")),
                Difference::Other => {
                    findings.add(Fault::DocketRow, None, format!("the value of {name} is not that of its entries"));
                }
                Difference::Extra => findings.add(Fault::ExtraRow, None, format!("no entry touches the docket {name}")),
            }
            findings.is_full()
        })?;
        for position in stored.positions() {
            let position = position?;
            let is_asked_for = position.is_some_and(|(number, position)| {
                let count = usize::try_from(number).ok().and_then(|number| self.counts.get(number));
                count.is_some_and(|count| position < *count)
            });
            if !is_asked_for {
                let message = match position {
                    Some((number, position)) => format!("row {position} of docket list {number} is too many"),
                    None => "a row of the docket lists has no such key".to_owned(),
                };
                findings.add(Fault::ExtraRow, None, message);
            }
            if findings.is_full() {
                break;
            }
        }
        Ok(())
    }
}

/// The recomputed values as the docket map reads them.
struct Values<'a>(&'a BTreeMap<Hash, Docket>);

impl BucketReader for Values<'_> {
    type Error = Infallible;

    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, Infallible> {
        let (first, last) = bucket_range(prefix_bits, prefix);
        Ok(self.0.range(first..=last).map(|(key, docket)| (*key, docket.value)).collect())
    }
}
