//! `docs/rules.md` names every rule that can refuse, and only tests that exist.

#![allow(clippy::panic)]

use nospy::agreement::Rule;

fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_numbered_rule_stands_in_the_document() {
    let document = read("docs/rules.md");
    for rule in Rule::ALL.iter().filter(|rule| rule.number().is_some()) {
        assert!(document.contains(&format!("`{}`", rule.as_str())), "{} is missing", rule.as_str());
    }
}

#[test]
fn every_test_that_the_document_names_exists() {
    let document = read("docs/rules.md");
    let files = ["rules", "rules_signatures", "rules_assurance", "texts"];
    let tests: String = files.iter().map(|file| read(&format!("tests/{file}.rs"))).collect();
    let named: Vec<&str> = document.split('`').filter(|word| word.starts_with("rule_")).collect();
    assert!(named.len() > 15, "the document names {} tests", named.len());
    for name in named {
        assert!(tests.contains(&format!("fn {name}(")), "{name} is named and does not exist");
    }
}
