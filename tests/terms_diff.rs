//! Two versions of terms: what is said to have changed is compared with the trees themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bodies;

use std::collections::{BTreeMap, BTreeSet};

use nospy::codec::{Item, Key, Value, encode};
use nospy::statement::body::{Changed, Field as _, Terms, TermsChange, to_plain};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value as Json, json};

fn terms(json: &Json) -> Terms {
    let tree = bodies::value_of(&json!({ "addressees": { "any": true }, "terms": json }));
    let value = nospy::statement::body::from_plain(&"offer.make".parse().unwrap(), &tree).unwrap();
    let Value::Map(fields) = value else { panic!("a map") };
    let bytes = encode(&fields[&Key::Text("terms".to_owned())]);
    Terms::read(Item::read(&bytes).unwrap()).unwrap()
}

fn clause(id: &str, text: Option<&str>, deadline: Option<&str>, modality: &str) -> Json {
    let mut clause = json!({ "id": id, "type": "other", "obligor": "vendor", "modality": modality });
    for (name, value) in [("text", text), ("deadline", deadline)] {
        if let Some(value) = value {
            clause[name] = json!(value);
        }
    }
    clause
}

fn usual() -> Json {
    json!({
        "mode": "bilateral", "title": "Terms",
        "clauses": [clause("A", Some("one"), None, "undertakes"), clause("B", None, Some("P30D"), "warrants")],
        "texts": [{ "language": "de", "status": "authentic", "sha256": "01".repeat(32), "size": 5, "media_type": "text/plain" },
                  { "language": "de", "status": "translation", "sha256": "02".repeat(32), "size": 6, "media_type": "text/plain" }],
        "disclosure": { "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
            "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
            "text_availability": "not_stated" },
        "term": { "zone": "Europe/Stockholm", "effective": "2026-01-01" },
    })
}

fn paths(changes: &[TermsChange]) -> Vec<String> {
    changes.iter().map(|change| change.path.to_string()).collect()
}

#[test]
fn each_change_is_named_once_and_by_its_place() {
    let before = usual();
    let mut after = usual();
    after["clauses"] = json!([
        clause("C", None, None, "permits"),
        clause("B", None, Some("P60D"), "warrants"),
        clause("A", Some("two"), None, "undertakes"),
    ]);
    after["texts"][1]["size"] = json!(7);
    after["disclosure"]["binds_parent"] = json!("yes");
    after["term"]["ends"] = json!("2028-01-01");
    after["term"]["ends_inclusive"] = json!(true);
    after["basis"] = json!({ "law": "A law", "lapse": false });
    let changes = terms(&before).changes_to(&terms(&after));
    let expected = [
        "basis",
        "texts[de#2].size",
        "clauses[A].text",
        "clauses[B].deadline",
        "clauses[C]",
        "clauses",
        "disclosure.binds_parent",
        "term.ends",
        "term.ends_inclusive",
    ];
    assert_eq!(paths(&changes), expected);
    assert!(matches!(changes[5].what, Changed::Reordered));
    assert!(matches!(&changes[4].what, Changed::Added(Value::Map(_))));
    let back = terms(&after).changes_to(&terms(&before));
    assert!(matches!(&back.iter().find(|one| one.path.to_string() == "clauses[C]").unwrap().what, Changed::Removed(_)));
}

/// The leaves of a tree by their paths, members of named lists under their names: written without the code under test.
fn leaves(path: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Map(fields) => {
            for (key, value) in fields {
                let Key::Text(name) = key else { panic!("bodies have names") };
                leaves(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value, out);
            }
        }
        Value::Array(members) if ["clauses", "texts", "scope"].contains(&path) => {
            let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
            for member in members {
                let Value::Map(fields) = member else { panic!("a list of maps") };
                let name = ["id", "language", "product"].iter().find_map(|name| {
                    match fields.get(&Key::Text((*name).into())) {
                        Some(Value::Text(text)) => Some(text.as_str()),
                        _ => None,
                    }
                });
                let name = name.unwrap();
                let count = seen.entry(name).or_default();
                *count += 1;
                let nth = if *count == 1 { String::new() } else { format!("#{count}") };
                leaves(&format!("{path}[{name}{nth}]"), member, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), leaf.clone());
        }
    }
}

fn tree(terms: &Terms) -> BTreeMap<String, Value> {
    let bytes = encode(&terms.write());
    let mut out = BTreeMap::new();
    leaves("", &to_plain(Item::read(&bytes).unwrap()), &mut out);
    out
}

/// The leaves that a change says something about.
fn covers(change: &TermsChange, leaf: &str) -> bool {
    let path = change.path.to_string();
    let rest = leaf.strip_prefix(&path);
    !matches!(change.what, Changed::Reordered)
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn some_terms() -> impl Strategy<Value = Terms> {
    let words = prop_oneof![Just(None), Just(Some("one")), Just(Some("two\nlines"))];
    let period = prop_oneof![Just(None), Just(Some("P30D")), Just(Some("P6M"))];
    let modality = prop_oneof![Just("undertakes"), Just("warrants")];
    let clauses = proptest::collection::vec((words, period.clone(), modality), 4);
    let order = subsequence(vec![0_usize, 1, 2, 3], 1..=4).prop_shuffle();
    let languages = subsequence(vec!["de", "de", "en", "sv"], 0..=4).prop_shuffle();
    let scope = subsequence(vec!["Gateway", "Phone"], 0..=2).prop_shuffle();
    let answer = prop_oneof![Just("not_stated"), Just("yes"), Just("no")];
    let ends = prop_oneof![Just(None), Just(Some(("2028-01-01", true))), Just(Some(("2028-01-01", false)))];
    let reserve = prop_oneof![Just(json!(null)), Just(json!("any")), Just(json!("none"))];
    (clauses, order, languages, scope, answer, ends, period, reserve).prop_map(
        |(clauses, order, languages, scope, answer, ends, notice, reserve)| {
            let mut json = usual();
            json["clauses"] = order
                .iter()
                .map(|i| clause(["A", "B", "C", "D"][*i], clauses[*i].0, clauses[*i].1, clauses[*i].2))
                .collect();
            json["texts"] = languages
                .iter()
                .enumerate()
                .map(|(i, language)| {
                    json!({ "language": language, "status": "authentic", "sha256": format!("{i:02}").repeat(32),
                            "size": i, "media_type": "text/plain" })
                })
                .collect();
            json["scope"] = scope.iter().map(|product| json!({ "product": product, "versions": answer })).collect();
            for list in ["texts", "scope"] {
                if json[list].as_array().unwrap().is_empty() {
                    json.as_object_mut().unwrap().remove(list);
                }
            }
            json["disclosure"]["governing_law"] = json!(answer);
            if let Some((day, is_inclusive)) = ends {
                json["term"]["ends"] = json!(day);
                json["term"]["ends_inclusive"] = json!(is_inclusive);
            }
            if let Some(period) = notice {
                json["term"]["notice_period"] = json!(period);
            }
            if !reserve.is_null() {
                json["term"]["reservations"] = reserve;
            }
            terms(&json)
        },
    )
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(terms in some_terms()) {
        prop_assert!(terms.changes_to(&terms).is_empty());
    }

    /// Every leaf that differs lies under a change, every change has one, and no leaf lies under two.
    #[test]
    fn the_changes_are_exactly_what_the_trees_differ_in(before in some_terms(), after in some_terms()) {
        let (old, new) = (tree(&before), tree(&after));
        let changes = before.changes_to(&after);
        let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for leaf in &all {
            let named = changes.iter().filter(|change| covers(change, leaf)).count();
            prop_assert_eq!(named, usize::from(old.get(*leaf) != new.get(*leaf)), "{}", leaf);
        }
        for change in changes.iter().filter(|change| change.what != Changed::Reordered) {
            prop_assert!(all.iter().any(|leaf| covers(change, leaf)), "{}", change.path);
        }
    }

    /// What is new one way is gone the other way.
    #[test]
    fn both_directions_name_the_same_places(before in some_terms(), after in some_terms()) {
        let there: BTreeSet<String> = paths(&before.changes_to(&after)).into_iter().collect();
        let back: BTreeSet<String> = paths(&after.changes_to(&before)).into_iter().collect();
        prop_assert_eq!(there, back);
    }
}
