//! Bodies: what is written is read back, what is wrong is refused by its path, plain trees go both ways.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bodies;

use nospy::codec::{Item, Key, Value, encode};
use nospy::statement::KindName;
use nospy::statement::body::{
    Addressees, Body, BodyError, ClauseId, Country, FieldShape, KINDS, KindInfo, Language, LegalDate, Period, Presence,
    Shape, Text, Zone, for_each_field, from_plain, nearest, to_plain,
};
use proptest::prelude::*;

fn kind(name: &str) -> KindName {
    name.parse().unwrap()
}

/// The largest plain example of a kind.
fn large(name: &str) -> Value {
    bodies::examples().into_iter().find(|(kind, ..)| kind.as_str() == name).unwrap().2
}

/// `tree` with the value at `path` replaced, or removed.
fn edited(tree: &Value, path: &[&str], new: Option<Value>) -> Value {
    let Some((step, rest)) = path.split_first() else {
        return new.unwrap();
    };
    match tree {
        Value::Map(pairs) => {
            let key = Key::Text((*step).to_owned());
            let mut pairs = pairs.clone();
            match (rest.is_empty(), new) {
                (true, None) => drop(pairs.remove(&key)),
                (_, new) => {
                    let old = pairs.get(&key).cloned().unwrap_or(Value::Null);
                    pairs.insert(key, edited(&old, rest, new));
                }
            }
            Value::Map(pairs)
        }
        Value::Array(members) => {
            let mut members = members.clone();
            let index: usize = step.parse().unwrap();
            members[index] = edited(&members[index], rest, new);
            Value::Array(members)
        }
        _ => panic!("nothing at {step}"),
    }
}

fn refusal(name: &str, tree: &Value) -> String {
    from_plain(&kind(name), tree).unwrap_err().to_string()
}

#[test]
fn every_example_goes_both_ways() {
    for (kind, small, large) in bodies::examples() {
        for tree in [small, large] {
            assert_both_ways(&kind, &tree);
        }
    }
}

fn assert_both_ways(kind: &KindName, tree: &Value) {
    let value = from_plain(kind, tree).unwrap_or_else(|error| panic!("{kind}: {error}"));
    let bytes = encode(&value);
    let item = Item::read(&bytes).unwrap();
    let body = Body::read(kind, item).unwrap();
    assert_eq!(body.kind(), kind.as_str());
    assert_eq!(body.write(), value);
    assert_eq!(encode(&body.write()), bytes);
    assert_eq!(Body::read(kind, Item::read(&encode(&body.write())).unwrap()), Ok(body));
    assert_eq!(&to_plain(item), tree);
}

#[test]
fn the_largest_example_has_every_field() {
    for info in KINDS {
        assert_complete(info.name, info.fields, &large(info.name));
    }
}

fn assert_complete(path: &str, fields: &'static [FieldShape], tree: &Value) {
    let Value::Map(pairs) = tree else { panic!("{path} is no map") };
    for_each_field(fields, &mut |field| {
        let path = format!("{path}.{}", field.name);
        assert!(!field.doc.trim().is_empty() && field.doc.ends_with(['.', '`']), "{path}: {}", field.doc);
        match (&field.shape, pairs.get(&Key::Text(field.name.to_owned()))) {
            // Lists of texts and offers to some or all: no one member has every field.
            (_, None) => assert!(path.ends_with("addressees.any"), "{path} is missing in the example"),
            (Shape::Record(inner), Some(value)) if !path.ends_with(".by") => assert_complete(&path, inner, value),
            _ => {}
        }
    });
}

#[test]
fn kinds_are_known_by_one_name() {
    for info in KINDS {
        assert_eq!(KindInfo::find(info.name).map(|found| found.summary), Some(info.summary));
        let family = kind(info.name).family().to_owned();
        let is_free = !["registry", "party", "offer", "agreement", "report"].contains(&family.as_str());
        assert!(info.subject.starts_with(&family) || is_free, "{}", info.name);
    }
    assert!(KindInfo::find("agreement.acept").is_none());
    let names: Vec<&str> = KINDS.iter().map(|info| info.name).collect();
    assert_eq!(nearest("agreement.acept", &names), Some("agreement.accept"));
    let unknown = kind("agreement.teleport");
    assert_eq!(from_plain(&unknown, &large("offer.make")), Err(BodyError::UnknownKind(unknown)));
}

#[test]
fn a_missing_field_is_named_by_its_path() {
    let terms = large("offer.make");
    for name in [
        "binds_parent",
        "binds_affiliates",
        "remedy_on_breach",
        "who_verifies",
        "home_state_signs",
        "governing_law",
        "text_availability",
    ] {
        let message = refusal("offer.make", &edited(&terms, &["terms", "disclosure", name], None));
        assert!(message.starts_with(&format!("terms.disclosure.{name}: missing: ")), "{message}");
        assert!(message.ends_with("`not_stated` is accepted."), "{message}");
    }
    let message = refusal("offer.make", &edited(&terms, &["terms", "clauses", "1", "id"], None));
    assert_eq!(message, "terms.clauses[1].id: missing: Its id within these terms, 1-32 of `A-Z a-z 0-9 . _ -`.");
}

#[test]
fn a_misspelt_or_unknown_field_is_named() {
    let offer = large("offer.make");
    let with = |path: &[&str]| refusal("offer.make", &edited(&offer, path, Some(Value::text("x"))));
    assert_eq!(with(&["terms", "titel"]), "terms.titel: unknown field; did you mean title?");
    assert_eq!(with(&["terms", "term", "end"]), "terms.term.end: unknown field; did you mean ends?");
    assert_eq!(with(&["colour"]), "colour: unknown field; allowed here: addressees, terms, open_until");
    let long = "x".repeat(10_000);
    assert!(with(&[&long]).len() < 200);
}

#[test]
fn a_wrong_value_is_told_what_is_wanted() {
    let accept = large("agreement.accept");
    let with = |field: &str, value: Value| refusal("agreement.accept", &edited(&accept, &[field], Some(value)));
    assert_eq!(with("ref", Value::text("abc")), "ref: wants a digest or id of 32 bytes (64 hex digits)");
    assert_eq!(with("ref", Value::text("AB".repeat(32))), "ref: wants a digest or id of 32 bytes (64 hex digits)");
    assert_eq!(with("date", Value::Int(2026)), "date: wants a day YYYY-MM-DD; put the value in quotes");
    assert_eq!(with("date", Value::text("2026-02-30")), "date: wants a day YYYY-MM-DD, found \"2026-02-30\"");
    assert_eq!(
        with("method", Value::text("handshake")),
        "method: wants one of signature, decision, contract, licence_condition, filing, found \"handshake\""
    );
    assert_eq!(with("reservations", Value::Array(Vec::new())), "reservations: wants 1-64 members, found 0");
    assert_eq!(
        with("replaces", Value::text("offer/huawei/x")),
        "replaces: wants agreement/<vendor>/<reference>/<government>, found \"offer/huawei/x\""
    );
    assert!(refusal("agreement.accept", &Value::Null).starts_with("body: wants a map of ref, date, method, effective"));
    let genesis = edited(&large("registry.genesis"), &["log_key"], Some(Value::text("00".repeat(32))));
    assert!(refusal("registry.genesis", &genesis).starts_with("log_key: "));
}

#[test]
fn fields_that_belong_together() {
    let text = |text: &str| Some(Value::text(text));
    let digest = Some(Value::text("ab".repeat(32)));
    let offer = large("offer.make");
    let member = |path: &[&str]| {
        path.iter().fold(offer.clone(), |tree, step| match tree {
            Value::Map(pairs) => pairs[&Key::Text((*step).to_owned())].clone(),
            Value::Array(members) => members[step.parse::<usize>().unwrap()].clone(),
            _ => panic!(),
        })
    };
    let cases: &[(&str, &[&str], Option<Value>, &str)] = &[
        ("offer.make", &["terms", "term", "ends"], None, "terms.term.ends_inclusive: goes with ends only"),
        ("offer.make", &["terms", "term", "ends_inclusive"], None, "terms.term.ends_inclusive: missing"),
        ("offer.make", &["terms", "term", "reservations", "0"], text("NB_9"), "terms.term.reservations: no clause has"),
        ("offer.make", &["terms", "clauses", "1", "id"], text("NB-1.a"), "terms.clauses: two clauses have the same id"),
        ("offer.make", &["terms", "texts", "0", "size"], None, "terms.texts[0]: sha256 goes together with size"),
        ("offer.make", &["terms", "texts", "0", "sha256"], None, "terms.texts[0]: wants exactly one of sha256"),
        ("offer.make", &["terms", "texts", "1", "sha256"], digest.clone(), "terms.texts[1]: wants exactly one of"),
        ("offer.make", &["terms", "texts", "1", "size"], Some(Value::Int(1)), "terms.texts[1]: size and media_type go"),
        ("offer.make", &["addressees", "any"], Some(Value::Bool(true)), "addressees: wants exactly one of any and"),
        ("offer.make", &["addressees", "governments"], None, "addressees: wants exactly one of any and"),
        ("offer.make", &["addressees", "governments", "0"], text("de-bsi"), "addressees.governments: government ids"),
        ("offer.make", &["addressees", "governments", "0"], text("fr"), "addressees.governments: government ids stand"),
        ("agreement.file", &["terms", "term", "effective"], None, "terms.term.effective: missing"),
        ("finding.open", &["clauses", "1"], text("1"), "clauses: names a clause twice"),
        ("party.keys", &["threshold"], Some(Value::Int(0)), "threshold: wants at least 1"),
        ("party.keys", &["revoke", "0", "reason"], text("lost"), "revoke[0].compromised_since: goes with"),
        ("party.keys", &["revoke", "1", "kid"], Some(Value::text("01".repeat(32))), "revoke: names a key twice"),
        ("registry.genesis", &["rules"], Some(Value::Int(2)), "rules: this program knows rules version 1"),
        ("registry.genesis", &["seal_interval"], Some(Value::Int(0)), "seal_interval: wants 1-86400 seconds"),
        ("registry.policy", &["threshold"], Some(Value::Int(0)), "threshold: wants at least 1"),
        ("registry.policy", &["rules"], Some(Value::Int(2)), "rules: this program knows rules version 1"),
        ("registry.policy", &["revoke", "1"], Some(Value::text("01".repeat(32))), "revoke: names a key twice"),
        ("canary", &["from"], text("2026-04-11"), "body: from, until and due follow one another"),
        ("canary", &["due"], text("2026-04-09"), "body: from, until and due follow one another"),
        ("evidence.add", &["clauses", "1"], text("NB1"), "clauses: names a clause twice"),
        ("registry.genesis", &["registrars", "threshold"], Some(Value::Int(4)), "registrars.threshold: wants at least"),
    ];
    for (name, path, new, wanted) in cases {
        let message = refusal(name, &edited(&large(name), path, new.clone()));
        assert!(message.starts_with(wanted), "{name} {path:?}: {message}");
    }
    assert_eq!(refusal("party.keys", &Value::record([])), "body: wants at least one of grant, revoke, threshold");
    let policy = refusal("registry.policy", &Value::record([]));
    assert_eq!(policy, "body: wants at least one of grant, revoke, threshold, rules, limits");
    let many = Value::Array(vec![member(&["terms", "scope", "0"]); 65]);
    let message = refusal("offer.make", &edited(&offer, &["terms", "scope"], Some(many)));
    assert_eq!(message, "terms.scope: wants 1-64 members, found 65");
}

#[test]
fn an_offer_to_a_country_includes_its_organs() {
    let some = Addressees::Governments(vec!["ca".parse().unwrap(), "gb-ncsc".parse().unwrap()]);
    for (party, included) in [("ca-cse", true), ("gb-ncsc", true), ("gb-mod", false), ("fr-anssi", false)] {
        assert_eq!(some.includes(&party.parse().unwrap()), included, "{party}");
        assert!(Addressees::Any.includes(&party.parse().unwrap()));
    }
}

#[test]
fn values_have_one_spelling() {
    fn check<T: std::str::FromStr + ToString>(good: &[&str], bad: &[&str]) {
        for text in good {
            let value = text.parse::<T>().ok().unwrap_or_else(|| panic!("{text} is refused"));
            assert_eq!(value.to_string(), *text);
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text} is accepted");
        }
    }
    check::<LegalDate>(
        &["2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31"],
        &["2026-1-31", "2023-02-29", "0000-01-01", "-026-01-01", "+026-01-01", "2026-01-31 ", "20260131", "２026-01-3"],
    );
    check::<Period>(
        &["P6M", "P30D", "P2W", "P1Y", "P1Y6M", "P1Y2M3D", "P0D", "P100Y", "P1200M", "P36525D", "P5217W", "P99Y12M"],
        &[
            "P", "6M", "P6", "P06M", "P0M", "P1M1Y", "P1Y1Y", "P1Y1W", "P1W1D", "PT1H", "P1.5Y", "p6m", "P-1D",
            "P101Y", "P1201M", "P36526D", "P5218W", "P99Y13M", "P100Y1D", "P999999D", "P1Dé", "P1é",
        ],
    );
    check::<Zone>(
        &["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
        &["", "/", "Europe/", "Europe//Berlin", "../etc/passwd", "Europe/Berlin ", "+01:00"],
    );
    check::<Language>(&["de", "en-GB", "zh-Hant-TW", "de-CH-1996"], &["", "d", "de-", "de_DE", "toolonglang", "1e"]);
    check::<Country>(&["gb", "eu"], &["GB", "g", "gbr", "g1"]);
    check::<ClauseId>(&["1", "NB-1.a", "a_b"], &["", "a b", "a/b", &"x".repeat(33)]);
    check::<Text>(&["x", "a\nb", &"ä".repeat(512)], &["", "a\tb", "a\rb", "\u{85}", &"ä".repeat(513)]);
}

/// Leaves out optional fields, at every depth, as `coin` says, and writes `word` wherever any text may stand.
fn thinned(fields: &'static [FieldShape], tree: &Value, coin: &mut dyn FnMut() -> bool, word: &str) -> Value {
    let Value::Map(pairs) = tree else { return tree.clone() };
    let mut kept = pairs.clone();
    for_each_field(fields, &mut |field| {
        let key = Key::Text(field.name.to_owned());
        if field.presence == Presence::Optional && coin() {
            kept.remove(&key);
        } else if let Some(value) = kept.get_mut(&key) {
            *value = thinned_value(&field.shape, value, coin, word);
        }
    });
    Value::Map(kept)
}

fn thinned_value(shape: &'static Shape, tree: &Value, coin: &mut dyn FnMut() -> bool, word: &str) -> Value {
    match (shape, tree) {
        (Shape::Record(fields), _) => thinned(fields, tree, coin, word),
        (Shape::List { of, .. }, Value::Array(members)) => {
            Value::Array(members.iter().map(|member| thinned_value(of, member, coin, word)).collect())
        }
        (Shape::Scalar { wants, .. }, Value::Text(_)) if wants.starts_with("a text of") && coin() => Value::text(word),
        _ => tree.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    /// Any choice of optional fields goes both ways, or breaks a rule about fields that belong together.
    #[test]
    fn any_choice_of_fields_goes_both_ways(
        index in 0..KINDS.len(),
        coins in proptest::collection::vec(proptest::bool::weighted(0.3), 256),
        word in "[ -~\\n¡-ɏ一-龥]{1,300}",
    ) {
        let info = &KINDS[index];
        let mut coins = coins.into_iter().cycle();
        let tree = thinned(info.fields, &large(info.name), &mut || coins.next().unwrap(), &word);
        match from_plain(&kind(info.name), &tree) {
            Ok(_) => assert_both_ways(&kind(info.name), &tree),
            Err(error) => {
                let error = error.to_string();
                let together = ["ends", "exactly one of", "goes together", "go with", "at least one of", "effective: missing"];
                prop_assert!(together.iter().any(|rule| error.contains(rule)), "{}: {error}", info.name);
            }
        }
    }

    /// What the reader accepts it writes again to the same bytes, whatever a stranger changed in them.
    #[test]
    fn accepted_bytes_have_one_spelling(
        index in 0..KINDS.len(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..3),
    ) {
        let kind = kind(KINDS[index].name);
        let mut bytes = encode(&from_plain(&kind, &large(KINDS[index].name)).unwrap());
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(body) = Item::read(&bytes).map_err(drop).and_then(|item| Body::read(&kind, item).map_err(drop)) {
            prop_assert_eq!(encode(&body.write()), bytes);
        }
    }

    #[test]
    fn periods_go_both_ways(years in 0u32..=200, months in 0u32..=1300, days in 0u32..=40_000) {
        let period = Period { years, months, weeks: 0, days };
        let length = f64::from(years * 12 + months) / 1200.0 + f64::from(days) / 36_525.0;
        match period.to_string().parse::<Period>() {
            Ok(read) => prop_assert!(read == period && length <= 1.000_001),
            Err(_) => prop_assert!(length > 0.999_999),
        }
    }
}
