//! The example of docs/spec/evidence.md is a file that the program accepts and that means what the page says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use nospy::crypto::{KeyLine, parse_hex};
use nospy::evidence::{EvidenceFile, Policy, Proved};

#[test]
fn the_example_proves_what_the_page_says() {
    let page = include_str!("../docs/spec/evidence.md");
    let hex = page.split("```hex\n").nth(1).unwrap().split("```").next().unwrap();
    let bytes = parse_hex(&hex.split_whitespace().collect::<String>()).unwrap();
    assert!(page.contains(&format!("{} bytes", bytes.len())));
    let log: KeyLine =
        page.split('`').find(|word| word.starts_with("example.org/log+8f13f9e4+")).unwrap().parse().unwrap();
    let file = EvidenceFile::parse(&bytes).unwrap();
    assert_eq!((file.to_bytes(), file.suffix()), (bytes, "fork"));
    let Proved::NotExtended { size, found, later_size, .. } = file.check(&Policy::of_log(log)).unwrap().unwrap() else {
        panic!()
    };
    assert_eq!((size, later_size), (2, 3));
    assert!(page.contains(&nospy::crypto::hex(&found)));
}
