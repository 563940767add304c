//! The vectors of `docs/spec/vectors`, as they are committed.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nospy::crypto::parse_hex;
use serde_json::Value;

/// What came of a case that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Accept,
    /// Nothing is wrong, and nothing is there.
    Absent,
    /// Refused, at another step than its author says.
    At(&'static str),
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/vectors")
}

pub fn file(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn cases<'a>(file: &'a Value, field: &str) -> &'a [Value] {
    file[field].as_array().unwrap_or_else(|| panic!("no list {field}"))
}

pub fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("no text {field} in {case}"))
}

pub fn hex(case: &Value, field: &str) -> Vec<u8> {
    parse_hex(text(case, field)).unwrap_or_else(|| panic!("{field} is not hex in {case}"))
}

/// The bytes of a case: `text`, `hex`, or `parts` that are repeated.
pub fn bytes(case: &Value) -> Vec<u8> {
    if let Some(text) = case.get("text") {
        return text.as_str().unwrap().as_bytes().to_vec();
    }
    match case.get("parts") {
        None => hex(case, "hex"),
        Some(parts) => {
            let part = |part: &Value| part[0].as_str().unwrap().repeat(part[1].as_u64().unwrap() as usize);
            parts.as_array().unwrap().iter().map(part).collect::<String>().into_bytes()
        }
    }
}

/// Judges every case of a list and names all that were judged otherwise than their author says.
pub fn judge_all(file: &Value, list: &str, mut judge: impl FnMut(&Value) -> Result<Judged, String>) {
    let mut wrong = Vec::new();
    for case in cases(file, list) {
        let found = judge(case);
        let as_expected = match text(case, "expect") {
            "accept" => found == Ok(Judged::Accept),
            "absent" => found == Ok(Judged::Absent),
            "refuse" => found.is_err(),
            other => panic!("unknown expectation {other}"),
        };
        if !as_expected {
            wrong.push(format!("{}: {} ({}), found {found:?}", text(case, "name"), case["expect"], case["reason"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases(file, list).len(), wrong.join("\n"));
}

/// The bytes of every case of a file, most of them edits of another.
pub fn edited(file: &Value) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::<String, Vec<u8>>::new();
    for case in cases(file, "cases") {
        let bytes = match case.get("base") {
            None => bytes(case),
            Some(base) => {
                cases(case, "edits").iter().rev().fold(files[base.as_str().unwrap()].clone(), |mut bytes, edit| {
                    let (at, removed) = (edit[0].as_u64().unwrap() as usize, edit[1].as_u64().unwrap() as usize);
                    bytes.splice(at..at + removed, parse_hex(edit[2].as_str().unwrap()).unwrap());
                    bytes
                })
            }
        };
        files.insert(text(case, "name").to_owned(), bytes);
    }
    files
}
