//! The house (A1, A2): walks `src/` and refuses any `crate::room` edge that the table does not allow, circles,
//! escapes by `super::`, rooms missing from the table, and clocks, randomness or I/O in the core.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room with the rooms it may use. The order is the order in `lib.rs`, from the ground up.
const HOUSE: &[(&str, &[&str])] = &[
    ("codec", &[]),
    ("crypto", &[]),
    ("merkle", &[]),
    ("statement", &["codec", "crypto"]),
    ("agreement", &["crypto", "statement"]),
    ("evidence", &["codec", "crypto", "merkle", "statement", "agreement"]),
    ("audit", &["codec", "crypto", "merkle", "statement", "agreement", "evidence"]),
    ("storage", &[]),
    ("log", &["crypto", "evidence", "merkle", "storage"]),
    ("docket", &["crypto", "merkle", "statement", "storage"]),
    ("registry", &["codec", "crypto", "merkle", "statement", "agreement", "evidence", "storage", "log", "docket"]),
    ("net", &[]),
    ("rpc", &["codec", "crypto", "merkle", "statement", "agreement", "evidence", "registry", "net"]),
    ("web", &["codec", "crypto", "merkle", "statement", "agreement", "evidence", "registry", "net"]),
    ("witness", &["crypto", "merkle", "evidence", "storage", "log", "registry", "net"]),
    ("server", &["registry", "net", "rpc", "web"]),
];

/// Rooms that build with `--no-default-features`.
const CORE: [&str; 6] = ["codec", "crypto", "merkle", "statement", "agreement", "evidence"];

/// What the core never names (A2).
const CORE_FORBIDDEN: [&str; 11] = [
    "std::time::",
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::env",
    "getrandom",
    "tokio",
    "async fn",
];

/// The most lines of a file without a reason in its first line.
const FILE_LINES_MAX: usize = 500;
/// The most lines of the median file.
const FILE_LINES_MEDIAN_MAX: usize = 200;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code of a file, without comments and string literals' say: line comments are dropped.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("source is UTF-8");
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The names that follow `prefix` in `code`; of `prefix{a::b, c}` each of them.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let ident = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => drop(names.insert(ident(rest))),
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            start = false;
                            names.insert(ident(&group[i..]));
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names.remove("");
    names
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, &[&str]> = HOUSE.iter().copied().collect();
    let mut broken = Vec::new();
    for (room, may_use) in HOUSE {
        for file in rust_files(&source().join(room)) {
            let code = code(&file);
            for used in names_after(&code, "crate::") {
                if used != *room && allowed.contains_key(used.as_str()) && !may_use.contains(&used.as_str()) {
                    broken.push(format!("{}: {room} may not use {used}", file.display()));
                }
                if !allowed.contains_key(used.as_str()) {
                    broken.push(format!("{}: crate::{used} is not a room of the table", file.display()));
                }
            }
            if code.contains("super::super") {
                broken.push(format!("{}: super::super leaves the room unseen", file.display()));
            }
            if file.parent() == Some(&source().join(room))
                && file.file_name().is_some_and(|name| name == "mod.rs")
                && names_after(&code, "super::").iter().any(|name| allowed.contains_key(name.as_str()))
            {
                broken.push(format!("{}: super:: from the front door leaves the room", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "forbidden edges:\n{}", broken.join("\n"));
}

#[test]
fn the_table_has_no_circle_and_follows_the_order_of_lib() {
    let lib = code(&source().join("lib.rs"));
    let declared = names_after(&lib, "pub mod ");
    let rooms: BTreeSet<String> = HOUSE.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(declared, rooms, "lib.rs and the table name the same rooms");
    for (position, (room, may_use)) in HOUSE.iter().enumerate() {
        for used in *may_use {
            let below = HOUSE[..position].iter().any(|(name, _)| name == used);
            assert!(below, "{room} uses {used}, which does not stand below it: a circle could form");
        }
    }
    for entry in std::fs::read_dir(source()).expect("src is readable") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let known = rooms.contains(&name) || ["lib.rs", "bin"].contains(&name.as_str());
        assert!(known, "src/{name} is neither a room of the table nor the program");
    }
}

#[test]
fn the_core_knows_no_clock_randomness_or_input() {
    let mut broken = Vec::new();
    for room in CORE {
        for file in rust_files(&source().join(room)) {
            let code = code(&file);
            for word in CORE_FORBIDDEN.iter().filter(|word| code.contains(**word)) {
                broken.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "the core reaches out (A2):\n{}", broken.join("\n"));
}

#[test]
fn only_codec_names_serde_cbor() {
    for file in rust_files(&source()) {
        let inside = file.starts_with(source().join("codec"));
        assert!(inside || !code(&file).contains("serde_cbor"), "{} names serde_cbor", file.display());
    }
}

#[test]
fn only_storage_names_sled() {
    for file in rust_files(&source()) {
        let inside = file.starts_with(source().join("storage"));
        assert!(inside || !code(&file).contains("sled::Db"), "{} names sled", file.display());
    }
}

#[test]
fn files_stay_small() {
    let mut lengths = Vec::new();
    for file in rust_files(&source()) {
        let text = std::fs::read_to_string(&file).expect("source is UTF-8");
        let lines = text.lines().count();
        let has_reason = text.lines().next().is_some_and(|line| line.contains("long because"));
        assert!(lines <= FILE_LINES_MAX || has_reason, "{} has {lines} lines", file.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= FILE_LINES_MEDIAN_MAX, "the median file has {median} lines");
}
