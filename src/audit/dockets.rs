//! The docket map, recomputed batch by batch (formats §6).

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::merkle::{BucketReader, DOCKET_START, DocketMap, DocketValue, Hash, bucket_range, docket_key, docket_step};
use crate::statement::{StatementId, Subject};

/// Every docket's value so far.
#[derive(Default)]
pub(in crate::audit) struct Dockets {
    map: DocketMap,
    values: BTreeMap<Hash, DocketValue>,
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

    /// Adds a batch that was registered at `time_ms`.
    pub fn close(&mut self, time_ms: u64, batch: &[(u64, StatementId, BTreeSet<Subject>)]) {
        let mut changed: BTreeMap<Hash, DocketValue> = BTreeMap::new();
        for (index, id, subjects) in batch {
            for subject in subjects {
                let key = docket_key(&subject.to_string());
                let start = DocketValue { count: 0, step: DOCKET_START };
                let before = changed.get(&key).or_else(|| self.values.get(&key)).copied().unwrap_or(start);
                let step = docket_step(&before.step, *index, time_ms, &id.0);
                changed.insert(key, DocketValue { count: before.count + 1, step });
            }
        }
        let update = self.map.plan_update(&Values(&self.values), &changed);
        self.map.apply(update.expect("the map was made of these very values, and none counts 0"));
        self.values.extend(changed);
    }
}

/// The recomputed values as the docket map reads them.
struct Values<'a>(&'a BTreeMap<Hash, DocketValue>);

impl BucketReader for Values<'_> {
    type Error = Infallible;

    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, Infallible> {
        let (first, last) = bucket_range(prefix_bits, prefix);
        Ok(self.values(first, last))
    }
}

impl Values<'_> {
    fn values(&self, first: Hash, last: Hash) -> Vec<(Hash, DocketValue)> {
        self.0.range(first..=last).map(|(key, value)| (*key, *value)).collect()
    }
}
