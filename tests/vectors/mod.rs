//! Finds the public vectors: the folder named by `NOSPY_VECTORS`.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;

/// The folder of the vectors, or `None` with a word on stderr: a skipped test never passes silently.
pub fn folder() -> Option<PathBuf> {
    match std::env::var_os("NOSPY_VECTORS") {
        Some(folder) => Some(folder.into()),
        None => {
            eprintln!("SKIPPED: set NOSPY_VECTORS to the folder of the public vectors to run this test");
            None
        }
    }
}

/// One golden file.
pub fn golden(name: &str) -> Option<Value> {
    let path = folder()?.join("golden").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("a vector file is JSON"))
}

/// The members of an array field.
pub fn cases<'a>(file: &'a Value, field: &str) -> &'a [Value] {
    file[field].as_array().unwrap_or_else(|| panic!("no array {field}"))
}

/// A text field.
pub fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("no text {field} in {case}"))
}

/// A field of hex, or the recipe `repeat` that stands for a long one.
pub fn bytes(case: &Value, field: &str) -> Vec<u8> {
    if let (true, Some(repeat)) = (case.get(field).is_none(), case.get("repeat")) {
        let times = repeat["times"].as_u64().and_then(|times| usize::try_from(times).ok()).expect("times");
        return bytes(repeat, "hex").repeat(times);
    }
    nospy::crypto::parse_hex(text(case, field)).unwrap_or_else(|| panic!("no hex {field}"))
}

/// Whether the case is to be accepted.
pub fn is_accept(case: &Value) -> bool {
    match text(case, "expect") {
        "accept" => true,
        "reject" => false,
        other => panic!("unknown expectation {other}"),
    }
}

/// A plain JSON value as CBOR; `{"hex": …}` is a byte string.
pub fn to_cbor(value: &Value) -> nospy::codec::Value {
    use nospy::codec::Value as Cbor;
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Number(number) => Cbor::Int(number.as_i64().expect("integers only")),
        Value::String(text) => Cbor::text(text.clone()),
        Value::Array(members) => Cbor::Array(members.iter().map(to_cbor).collect()),
        Value::Object(map) if map.len() == 1 && map.contains_key("hex") => Cbor::Bytes(bytes(value, "hex")),
        Value::Object(map) => Cbor::record(map.iter().map(|(key, value)| (key.as_str(), to_cbor(value)))),
    }
}
