//! Keeps the docket map and the lists of dockets in storage; proofs at a head.
//!
//! For each statement the registry says which subjects it touches; this room turns that into rows of the same
//! commit and into the docket root that the batch's seal signs. It does not know what a statement means.
//!
//! # What is stored
//!
//! | key | value |
//! |---|---|
//! | `k` ‖ SHA-256(subject) | `u64(count) ‖ step ‖ u64(number)`, 48 bytes; overwritten at each touch |
//! | `l` ‖ `u64(number)` ‖ `u64(position)` | `u64(index)`; written once |
//!
//! Subjects are numbered as they appear, so that the lists grow at the right edge of the table instead of at
//! random places of it. The hashes of the map above the buckets are kept in memory and built again at open.
//!
//! - **D1** The rows of a batch and its docket root are planned against the state of one snapshot, and applied to
//!   the map only when the commit is durable.
//! - **D2** What is read is checked against the map: a value that is not the map's is an error, never an answer.

mod plan;
mod reader;
mod stored;

pub use plan::{DocketError, DocketPlan, Touch, plan};
pub use reader::{DocketProof, DocketReader, open_map};
pub use stored::StoredDockets;

use crate::merkle::{DOCKET_VALUE_LEN, DocketValue, Hash};

const KEY_PREFIX: u8 = b'k';
const LIST_PREFIX: u8 = b'l';

/// One row under `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    value: DocketValue,
    number: u64,
}

impl Row {
    fn to_bytes(self) -> Vec<u8> {
        [&self.value.to_bytes()[..], &self.number.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (value, number) = bytes.split_at_checked(DOCKET_VALUE_LEN)?;
        Some(Self { value: DocketValue::from_bytes(value).ok()?, number: u64::from_be_bytes(number.try_into().ok()?) })
    }
}

fn row_key(key: &Hash) -> Vec<u8> {
    [&[KEY_PREFIX][..], key].concat()
}

fn list_key(number: u64, position: u64) -> Vec<u8> {
    [&[LIST_PREFIX][..], &number.to_be_bytes(), &position.to_be_bytes()].concat()
}
