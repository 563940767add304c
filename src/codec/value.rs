//! A CBOR value built by hand, and the one writer.

use std::collections::BTreeMap;

use serde_cbor::Value as Cbor;

/// The tree of a value that we write. Maps cannot hold a key twice, whatever the caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `false` or `true`.
    Bool(bool),
    /// −2^63 … 2^63−1.
    Int(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// A map; its order in memory is not the order in bytes.
    Map(BTreeMap<Key, Value>),
}

/// A map key: integer or text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An integer label.
    Int(i64),
    /// A text name.
    Text(String),
}

impl Value {
    /// A map with text keys.
    pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::Map(fields.into_iter().map(|(name, value)| (Key::Text(name.to_owned()), value)).collect())
    }

    /// A map with integer keys.
    pub fn labels(fields: impl IntoIterator<Item = (i64, Value)>) -> Self {
        Self::Map(fields.into_iter().map(|(label, value)| (Key::Int(label), value)).collect())
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A byte string.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// An unsigned integer.
    ///
    /// # Panics
    /// Beyond 2^63−1, which no size, index or time of this project reaches.
    pub fn uint(value: u64) -> Self {
        Self::Int(i64::try_from(value).expect("sizes, indexes and times are below 2^63"))
    }
}

/// The one encoding of `value`: shortest heads, definite lengths, keys sorted bytewise on their encoding.
///
/// Signed and hashed bytes are built here and nowhere else; `serde_cbor` sorts the keys of its `Value::Map`
/// right for integer and text keys, while derived structs and `BTreeMap<String, _>` would not come out sorted.
pub fn encode(value: &Value) -> Vec<u8> {
    serde_cbor::to_vec(&to_cbor(value)).expect("writing to memory does not fail and these types all encode")
}

/// The encoding of `value` under tag 18 (COSE_Sign1, RFC 9052 §4.2).
pub fn encode_tagged(value: &Value) -> Vec<u8> {
    let mut bytes = vec![0xD2];
    bytes.extend(encode(value));
    bytes
}

fn to_cbor(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Int(value) => Cbor::Integer(i128::from(*value)),
        Value::Bytes(bytes) => Cbor::Bytes(bytes.clone()),
        Value::Text(text) => Cbor::Text(text.clone()),
        Value::Array(members) => Cbor::Array(members.iter().map(to_cbor).collect()),
        Value::Map(pairs) => Cbor::Map(
            pairs
                .iter()
                .map(|(key, value)| {
                    let key = match key {
                        Key::Int(label) => Cbor::Integer(i128::from(*label)),
                        Key::Text(name) => Cbor::Text(name.clone()),
                    };
                    (key, to_cbor(value))
                })
                .collect(),
        ),
    }
}
