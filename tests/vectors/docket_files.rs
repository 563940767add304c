//! The docket files of `docket-file.json`: most are given as edits of an earlier one.

use std::collections::HashMap;

use serde_json::Value;

use crate::vectors::{bytes, cases, text};

/// The bytes of every case, by its name.
pub fn files(golden: &Value) -> HashMap<String, Vec<u8>> {
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    for case in cases(golden, "cases") {
        let file = match case.get("base") {
            None => bytes(case, "hex"),
            Some(base) => edited(&files[base.as_str().expect("a name")], cases(case, "edits")),
        };
        assert_eq!(nospy::crypto::sha256(&[&file]).to_string(), text(case, "sha256"), "{}", text(case, "name"));
        files.insert(text(case, "name").to_owned(), file);
    }
    files
}

/// Applies the edits [offset, bytes to remove there, hex to insert there], the last first.
fn edited(base: &[u8], edits: &[Value]) -> Vec<u8> {
    let mut file = base.to_vec();
    for edit in edits.iter().rev() {
        let at = edit[0].as_u64().expect("an offset") as usize;
        let removed = edit[1].as_u64().expect("a length") as usize;
        let inserted = nospy::crypto::parse_hex(edit[2].as_str().expect("hex")).expect("hex");
        file.splice(at..at + removed, inserted);
    }
    file
}
