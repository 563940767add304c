//! Deterministic CBOR (RFC 8949 §4.2.1, narrowed by `docs/formats.md` §1): one writer, one strict reader.
//!
//! There is exactly one spelling of a value. [`Item::read`] walks the bytes once, allocates nothing and refuses
//! every other spelling: long heads, indefinite lengths, unsorted or duplicate keys, tags, floats, `undefined`,
//! control characters, integers outside −2^63 … 2^63−1, nesting beyond [`DEPTH_MAX`], trailing bytes. What it
//! returns is a view of the same bytes, so whatever is hashed or signed is what arrived, never a re-encoding.
//!
//! [`Value`] is the other direction: a tree built by hand and written by `serde_cbor`, which is named in this
//! room only. That crate is unmaintained (RUSTSEC-2021-0127) and its *reader* accepts duplicate keys, long heads
//! and indefinite lengths; here it never sees a stranger's bytes. Tests hold the two to each other: what the
//! reader accepts, `serde_cbor` decodes and writes again to the same bytes.
//!
//! Out of scope: what a map means (the rooms above), Unicode normalisation (admission).

mod item;
mod loose;
mod value;

pub use item::{CborError, CborFault, Elements, Item, Kind, Pairs};
pub use loose::{LOOSE_ITEMS_MAX, Loose, LooseError, LooseKey};
pub use value::{Key, Value, encode, encode_tagged};

/// Deepest nesting of a value: a scalar has depth 0, a container 1 + its deepest member.
pub const DEPTH_MAX: usize = 16;
