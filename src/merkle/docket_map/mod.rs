//! The docket map: a binary trie over the keys of subjects that commits to every docket (FORMATS §6).
//!
//! The verifier's half is [`check_presence`] and [`check_absence`]. The registry's half is [`DocketMap`], which holds
//! only the upper part of the trie in memory and reads the few leaves of a bucket from whoever stores them.

mod bucket;
mod check;
mod hash;
mod map;

pub use crate::merkle::docket_map::bucket::{
    BUCKET_BITS_MAX, BUCKET_KEYS_MAX, BucketReader, MapReadError, bucket_range,
};
pub use crate::merkle::docket_map::check::{MapError, MapProof, check_absence, check_presence};
pub use crate::merkle::docket_map::hash::{
    DOCKET_START, DOCKET_VALUE_LEN, DocketValue, EMPTY_MAP_ROOT, MAP_SIBLINGS_MAX, docket_key, docket_leaf,
    docket_node, docket_step,
};
pub use crate::merkle::docket_map::map::{DocketMap, MapUpdate};
