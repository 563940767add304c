//! Whether a scope covers a product: the cases of `docs/scope.md`, the fixtures, and what holds for any input.

#![allow(clippy::unwrap_used)]

use nospy::agreement::{Cpe, ProductError, ProductQuery, ScopeMatch, ScopeReason, Versions};
use nospy::crypto::sha256;
use nospy::statement::body::ScopeItem;
use proptest::prelude::*;

/// The firmware image of fixture F5.
const IMAGE: &str = "e17b8522a80f5430f5da91c40be4f72a45cc0fda77e19a4e6056b4db29d5d153";
const OTHER_IMAGE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const HOMEGATE: &str = "pkg:generic/nordhavn/homegate-os@5.2.1";
const CORE_GW: &str = "cpe:2.3:h:nordhavn:core_gw_900:-:*:*:*:*:*:*:*";

fn item(product: &str) -> ScopeItem {
    ScopeItem { product: product.parse().unwrap(), cpe: None, purl: None, versions: None, sha256: None, sbom: None }
}

fn with_purl(purl: &str) -> ScopeItem {
    ScopeItem { purl: Some(purl.parse().unwrap()), ..item("HomeGate OS") }
}

fn with_cpe(cpe: &str) -> ScopeItem {
    ScopeItem { cpe: Some(cpe.parse().unwrap()), ..item("Core GW 900") }
}

fn with_versions(versions: &str) -> ScopeItem {
    ScopeItem { versions: Some(versions.parse().unwrap()), ..item("HomeGate OS") }
}

/// Fixture F5.
fn f5() -> ScopeItem {
    ScopeItem { sha256: Some(vec![IMAGE.parse().unwrap()]), ..with_purl(HOMEGATE) }
}

fn asked(texts: &[&str], version: Option<&str>) -> ProductQuery {
    ProductQuery::read(texts.iter().copied(), version).unwrap()
}

#[track_caller]
fn expect(items: &[ScopeItem], texts: &[&str], version: Option<&str>, answer: &str, reason: ScopeReason) {
    let found = ScopeMatch::of(Some(items), &asked(texts, version));
    assert_eq!((found.as_str(), found.lines()[0].reason), (answer, reason), "{texts:?} {version:?}: {found:?}");
}

#[test]
fn the_image_of_the_fixture_is_the_one_of_its_text() {
    assert_eq!(sha256(&[b"NSR-FIXTURE F5 firmware image 5.2.1\n"]).to_string(), IMAGE);
}

#[test]
fn a_digest_beats_a_label() {
    let (yes, no, open) = ("in_scope", "not_in_scope", "cannot_tell");
    let cases: &[(&[&str], &str, ScopeReason)] = &[
        (&[HOMEGATE, IMAGE], yes, ScopeReason::DigestListed),
        (&[IMAGE], yes, ScopeReason::DigestListed),
        // The label fits, and the firmware is another one.
        (&[HOMEGATE, OTHER_IMAGE], no, ScopeReason::DigestNotListed),
        // Another label on the listed image is still that image.
        (&["pkg:generic/other/thing@1", IMAGE], yes, ScopeReason::DigestListed),
        // The label alone does not say which image it is.
        (&[HOMEGATE], open, ScopeReason::DigestNotAsked),
        (&["pkg:generic/nordhavn/homegate-os@5.3.0"], no, ScopeReason::VersionOutside),
        (&["pkg:generic/nordhavn/homegate-os"], open, ScopeReason::VersionNotAsked),
        (&["pkg:generic/nordhavn/other@5.2.1"], no, ScopeReason::LabelDiffers),
    ];
    for (texts, answer, reason) in cases {
        expect(&[f5()], texts, None, answer, *reason);
    }
    let upper = IMAGE.to_uppercase();
    expect(&[f5()], &[&format!("SHA256:{upper}")], None, yes, ScopeReason::DigestListed);
    // Where the item lists no image, an image says nothing, and the labels do.
    expect(&[with_purl(HOMEGATE)], &[HOMEGATE, OTHER_IMAGE], None, yes, ScopeReason::LabelFits);
    expect(&[with_purl(HOMEGATE)], &[OTHER_IMAGE], None, open, ScopeReason::NoCommonLabel);
}

#[test]
fn bills_of_materials_decide_where_images_do_not() {
    let sbom = format!("sbom:{IMAGE}");
    let item = ScopeItem { sbom: Some(IMAGE.parse().unwrap()), ..item("HomeGate OS") };
    let items = [item.clone()];
    expect(&items, &[&sbom], None, "in_scope", ScopeReason::DigestListed);
    expect(&items, &["HomeGate OS"], None, "cannot_tell", ScopeReason::DigestNotAsked);
    let other = format!("sbom:{OTHER_IMAGE}");
    expect(&items, &[&other, "HomeGate OS"], None, "not_in_scope", ScopeReason::DigestNotListed);
    // The image is the thing itself: it decides before its bill of materials.
    let both = ScopeItem { sha256: Some(vec![IMAGE.parse().unwrap()]), ..item };
    expect(&[both], &[&other, IMAGE], None, "in_scope", ScopeReason::DigestListed);
}

#[test]
fn package_urls() {
    let (yes, no, open) = ("in_scope", "not_in_scope", "cannot_tell");
    let cases = [
        ("pkg:generic/nordhavn/homegate-os", HOMEGATE, None, yes, ScopeReason::LabelFits),
        ("pkg:generic/nordhavn/homegate-os", "pkg:generic/nordhavn/homegate-os", None, yes, ScopeReason::LabelFits),
        (HOMEGATE, "pkg:generic/nordhavn/homegate-os", Some("5.2.1"), yes, ScopeReason::LabelFits),
        (HOMEGATE, "pkg:generic/nordhavn/homegate-os", Some("5.2"), no, ScopeReason::VersionOutside),
        (HOMEGATE, "pkg:generic/nordhavn/homegate-os@5.2.1-rc1", None, open, ScopeReason::VersionNotComparable),
        (HOMEGATE, "pkg:generic/homegate-os@5.2.1", None, no, ScopeReason::LabelDiffers),
        (HOMEGATE, "pkg:npm/nordhavn/homegate-os@5.2.1", None, no, ScopeReason::LabelDiffers),
        ("pkg:npm/%40a/b", "pkg:NPM/@a/b", None, yes, ScopeReason::LabelFits),
        (
            "pkg:deb/debian/curl?arch=arm64",
            "pkg:deb/debian/curl@8?arch=arm64&distro=x",
            None,
            yes,
            ScopeReason::LabelFits,
        ),
        ("pkg:deb/debian/curl?arch=arm64", "pkg:deb/debian/curl@8?arch=i386", None, no, ScopeReason::LabelDiffers),
        ("pkg:deb/debian/curl?arch=arm64", "pkg:deb/debian/curl@8", None, open, ScopeReason::LabelTooWide),
        ("pkg:generic/a#boot", "pkg:generic/a#boot/loader", None, yes, ScopeReason::LabelFits),
        ("pkg:generic/a#boot", "pkg:generic/a#bootstrap", None, no, ScopeReason::LabelDiffers),
        ("pkg:generic/a#boot", "pkg:generic/a", None, open, ScopeReason::LabelTooWide),
        ("pkg:generic/a", "pkg:generic/a#boot", None, yes, ScopeReason::LabelFits),
        ("no package url", "pkg:generic/a", None, open, ScopeReason::LabelUnreadable),
    ];
    for (of_item, text, version, answer, reason) in cases {
        expect(&[with_purl(of_item)], &[text], version, answer, reason);
    }
}

#[test]
fn cpe_names() {
    let (yes, no, open) = ("in_scope", "not_in_scope", "cannot_tell");
    let name = |version: &str| format!("cpe:2.3:h:nordhavn:core_gw_900:{version}:*:*:*:*:*:*:*");
    // Fixture F3.
    expect(&[with_cpe(CORE_GW)], &[CORE_GW], None, yes, ScopeReason::LabelFits);
    let cases = [
        // The item's version, the asked one, the version beside it.
        ("-", "*", None, open, ScopeReason::LabelTooWide),
        ("-", "5.2.1", None, no, ScopeReason::LabelDiffers),
        ("*", "*", None, yes, ScopeReason::LabelFits),
        ("*", "5.2.1", None, yes, ScopeReason::LabelFits),
        ("*", "-", None, yes, ScopeReason::LabelFits),
        ("5.2.1", "5.2.1", None, yes, ScopeReason::LabelFits),
        ("5.2.1", "5.2.2", None, no, ScopeReason::LabelDiffers),
        ("5.2.1", "-", None, no, ScopeReason::LabelDiffers),
        ("5.2.1", "*", None, open, ScopeReason::LabelTooWide),
        ("5.2.1", "*", Some("5.2.1"), yes, ScopeReason::LabelFits),
        ("5.2.1", "*", Some("5.2.2"), no, ScopeReason::LabelDiffers),
        ("5.*", "5.2.1", None, yes, ScopeReason::LabelFits),
        ("5.*", "6.2.1", None, no, ScopeReason::LabelDiffers),
        ("5.?", "5.2", None, yes, ScopeReason::LabelFits),
        ("5.?", "5.", None, yes, ScopeReason::LabelFits),
        ("5.?", "5.22", None, no, ScopeReason::LabelDiffers),
        ("?a.1", "aa.1", None, yes, ScopeReason::LabelFits),
        ("*a.1", "aaa.1", None, yes, ScopeReason::LabelFits),
        ("5.*", "5.2*", None, open, ScopeReason::LabelTooWide),
        ("r\\:5", "R\\:5", None, yes, ScopeReason::LabelFits),
    ];
    for (of_item, text, version, answer, reason) in cases {
        expect(&[with_cpe(&name(of_item))], &[&name(text)], version, answer, reason);
    }
    for bad in
        ["cpe:2.3:h:a:b", "cpe:/h:a:b", "cpe:2.3:x:a:b:-:*:*:*:*:*:*:*", "cpe:2.3:h:a:b:1*2:*:*:*:*:*:*:*", "cpe:2.3:"]
    {
        assert!(bad.parse::<Cpe>().is_err(), "{bad}");
    }
    expect(&[with_cpe("cpe:/h:a:b")], &[CORE_GW], None, open, ScopeReason::LabelUnreadable);
}

#[test]
fn names_and_labels_that_have_nothing_in_common() {
    let (yes, no, open) = ("in_scope", "not_in_scope", "cannot_tell");
    expect(&[item("HomeGate OS")], &["homegate-os"], None, yes, ScopeReason::LabelFits);
    expect(&[item("HomeGate OS")], &["homegateos"], None, no, ScopeReason::LabelDiffers);
    expect(&[item("HomeGate OS")], &[HOMEGATE], None, open, ScopeReason::NoCommonLabel);
    expect(&[with_purl(HOMEGATE)], &[CORE_GW], None, open, ScopeReason::NoCommonLabel);
    // The name fits, and the package URL is about one version.
    expect(&[with_purl(HOMEGATE)], &["HomeGate OS"], None, open, ScopeReason::VersionNotAsked);
    expect(&[with_purl(HOMEGATE)], &["HomeGate OS"], Some("5.2.1"), yes, ScopeReason::LabelFits);
    expect(&[with_purl(HOMEGATE)], &["HomeGate OS"], Some("5.3"), no, ScopeReason::VersionOutside);
    // One label fits, the other does not.
    let both = ScopeItem { cpe: Some(CORE_GW.parse().unwrap()), ..with_purl("pkg:generic/nordhavn/homegate-os") };
    expect(&[both], &[CORE_GW, "pkg:generic/x"], None, open, ScopeReason::LabelsContradict);
}

#[test]
fn versions_say_whether_their_ends_belong() {
    let (yes, no, open) = (Some(true), Some(false), None);
    let cases = [
        (">=5.0,<6", "5.0", yes),
        (">=5.0,<6", "4.9.9", no),
        (">=5.0,<6", "5.99", yes),
        (">=5.0,<6", "6", no),
        (">=5.0,<6", "6.0.0", no),
        ("> 5.0 , <= 6", "5", no),
        ("> 5.0 , <= 6", "6.0", yes),
        ("[5.0,6.0)", "5.0.0", yes),
        ("[5.0,6.0)", "6.0", no),
        ("(5.0,6.0]", "5.0", no),
        ("(5.0,6.0]", "6", yes),
        ("[5.0,)", "77", yes),
        ("(,5.0)", "5.0", no),
        ("(,5.0)", "0", yes),
        ("5.2.1", "5.2.1", yes),
        ("=5.2.1", "5.2.1.0", yes),
        ("5.2.1", "5.2.2", no),
        ("5.2.1", "5.2.1-rc1", open),
        ("R5-x", "R5-x", yes),
        ("R5-x", "5", open),
        (">=5", "5.2.1-rc1", open),
        ("5.x", "5.2.1", open),
        ("4.9.7 | >=5.1", "4.9.7", yes),
        ("4.9.7 | >=5.1", "5.0", no),
        ("R5|>=5.1", "5.2", yes),
        ("*", "anything", yes),
        (">=5.9", "5.10", yes),
        (">=2024.01.15", "2024.1.15", yes),
    ];
    for (versions, version, answer) in cases {
        assert_eq!(versions.parse::<Versions>().unwrap().contains(version), answer, "{versions} {version}");
    }
    let bad = [
        "",
        " ",
        "5.0 - 6.0",
        "5.2.1,5.2.2",
        "all since 5",
        "[5.0,6.0",
        "[5.0)",
        "[,6.0)",
        "(5,6",
        "(,)",
        "[6,5]",
        "(5,5]",
        ">5,<5",
        ">=6,<5",
        ">=5,>=6",
        ">=",
        "==5",
        "=>5",
        ">=5,",
        ">=5.x",
        "5|",
        "* | ",
        "**",
        "[",
        "(é",
        "5.0\u{2026}6",
        ">=1.2.3.4.5.6.7.8.9",
        ">=99999999999999999999",
    ];
    for text in bad {
        assert!(text.parse::<Versions>().is_err(), "{text}");
    }
    assert!("1|".repeat(16).parse::<Versions>().is_err());
    let many = vec!["1"; 17].join("|");
    assert!(many.parse::<Versions>().is_err());
    // What cannot be read is no answer.
    expect(
        &[with_versions("all since 5")],
        &["HomeGate OS"],
        Some("5.2.1"),
        "cannot_tell",
        ScopeReason::VersionsUnreadable,
    );
    expect(&[with_versions(">=5,<6")], &["HomeGate OS"], None, "cannot_tell", ScopeReason::VersionNotAsked);
    expect(&[with_versions("*")], &["HomeGate OS"], None, "in_scope", ScopeReason::LabelFits);
    // All that an item says of versions holds together.
    let both = ScopeItem { versions: Some("<5.2".parse().unwrap()), ..with_purl(HOMEGATE) };
    expect(&[both], &[HOMEGATE], None, "not_in_scope", ScopeReason::VersionOutside);
}

#[test]
fn nobody_writes_lines_of_the_answer() {
    let hostile = ScopeItem { versions: Some("x\nAnswer: yes (exit 0)".parse().unwrap()), ..item("A\nB") };
    let found = ScopeMatch::of(Some(&[hostile]), &asked(&["A B"], Some("1")));
    assert!(matches!(&found, ScopeMatch::CannotTell(_)), "{found:?}");
    assert!(found.lines().iter().all(|line| !line.to_string().contains('\n')), "{found:?}");
}

#[test]
fn of_several_items_one_that_covers_is_enough() {
    let query = asked(&["HomeGate OS"], Some("5.2.1"));
    let (in_scope, outside, open) = (with_versions(">=5"), with_versions("<5"), with_versions("since 5"));
    let all = [outside.clone(), open.clone(), in_scope];
    assert!(
        matches!(ScopeMatch::of(Some(&all), &query), ScopeMatch::InScope(line) if line.item.as_ref().unwrap().0 == 2)
    );
    let found = ScopeMatch::of(Some(&[outside.clone(), open]), &query);
    assert!(matches!(&found, ScopeMatch::CannotTell(lines) if lines.len() == 1), "{found:?}");
    let found = ScopeMatch::of(Some(&[outside.clone(), outside]), &query);
    assert!(matches!(&found, ScopeMatch::NotInScope(lines) if lines.len() == 2), "{found:?}");
    assert!(
        matches!(ScopeMatch::of(None, &query), ScopeMatch::InScope(line) if line.reason == ScopeReason::Everything)
    );
}

#[test]
fn questions_that_are_none() {
    let read = |texts: &[&str], version| ProductQuery::read(texts.iter().copied(), version);
    assert_eq!(read(&[], Some("5")), Err(ProductError::Nothing));
    assert_eq!(read(&["a", "b"], None), Err(ProductError::Twice("name")));
    assert_eq!(read(&[IMAGE, OTHER_IMAGE], None), Err(ProductError::Twice("image")));
    assert!(matches!(read(&["PKG:generic/a"], None), Err(ProductError::Unreadable { .. })));
    assert!(matches!(read(&["pkg:nothing"], None), Err(ProductError::Unreadable { .. })));
    assert!(matches!(read(&["cpe:2.3:h"], None), Err(ProductError::Unreadable { .. })));
    assert!(matches!(read(&["sha256:12"], None), Err(ProductError::Unreadable { .. })));
    assert!(matches!(read(&["a"], Some("5 or 6")), Err(ProductError::Version(_))));
    assert!(matches!(read(&[HOMEGATE], Some("5.2.2")), Err(ProductError::VersionsDiffer(..))));
    assert!(matches!(read(&[&"a".repeat(1_025)], None), Err(ProductError::Unreadable { .. })));
    assert_eq!(asked(&[HOMEGATE, IMAGE], Some("5.2.1")).version(), Some("5.2.1"));
}

/// Texts near the grammars, and others.
fn any_text() -> impl Strategy<Value = String> {
    let near = "[a-z0-9:./@?#%*&=\\\\,|<>()\\[\\] -]{0,40}";
    prop_oneof![
        near.prop_map(String::from),
        near.prop_map(|rest| format!("pkg:{rest}")),
        near.prop_map(|rest| format!("cpe:2.3:{rest}")),
        "(?s).{0,60}"
    ]
}

fn any_item() -> impl Strategy<Value = ScopeItem> {
    let some = || proptest::option::of(any_text());
    (some(), some(), some(), proptest::option::of(Just(IMAGE)), any_text()).prop_map(
        |(purl, cpe, versions, image, product)| ScopeItem {
            product: product.parse().unwrap_or_else(|_| "HomeGate OS".parse().unwrap()),
            purl: purl.and_then(|text| text.parse().ok()),
            cpe: cpe.and_then(|text| text.parse().ok()),
            versions: versions.and_then(|text| text.parse().ok()),
            sha256: image.map(|image| vec![image.parse().unwrap()]),
            sbom: None,
        },
    )
}

proptest! {
    #[test]
    fn no_text_panics_and_an_image_always_decides(items in proptest::collection::vec(any_item(), 1..4), text in any_text()) {
        if let Ok(query) = ProductQuery::read([text.as_str()], None) {
            let found = ScopeMatch::of(Some(&items), &query);
            prop_assert!(!found.lines().is_empty());
        }
        let listed = asked(&[IMAGE], None);
        let other = asked(&[OTHER_IMAGE], None);
        if items.iter().any(|item| item.sha256.is_some()) {
            prop_assert_eq!(ScopeMatch::of(Some(&items), &listed).as_str(), "in_scope");
        }
        if items.iter().all(|item| item.sha256.is_some()) {
            prop_assert_eq!(ScopeMatch::of(Some(&items), &other).as_str(), "not_in_scope");
        }
    }

    #[test]
    fn another_item_never_takes_a_product_out(items in proptest::collection::vec(any_item(), 1..4), more in any_item()) {
        let query = asked(&["HomeGate OS"], Some("5.2.1"));
        let before = ScopeMatch::of(Some(&items), &query);
        let rank = |found: &ScopeMatch| ["not_in_scope", "cannot_tell", "in_scope"].iter().position(|name| *name == found.as_str());
        let after = ScopeMatch::of(Some(&[items, vec![more]].concat()), &query);
        prop_assert!(rank(&before) <= rank(&after));
    }

    #[test]
    fn versions_read_back_and_agree_with_the_order(a in 0u64..30, b in 0u64..30, c in 0u64..30, low in any::<bool>(), high in any::<bool>()) {
        let (first, last) = (a.min(b), a.max(b));
        let text = format!("{}5.{first},5.{last}{}", if low { '[' } else { '(' }, if high { ']' } else { ')' });
        let is_empty = first == last && !(low && high);
        let Ok(versions) = text.parse::<Versions>() else {
            prop_assert!(is_empty, "{}", text);
            return Ok(());
        };
        prop_assert!(!is_empty);
        let is_in = (first < c || low && first == c) && (c < last || high && c == last);
        prop_assert_eq!(versions.contains(&format!("5.{c}")), Some(is_in));
        prop_assert_eq!(versions.to_string().parse::<Versions>().unwrap(), versions);
    }

    #[test]
    fn a_cpe_name_covers_itself(fields in proptest::collection::vec("[a-z0-9._]{1,6}|-|\\*", 10)) {
        let name = format!("cpe:2.3:h:{}", fields.join(":"));
        prop_assume!(name.parse::<Cpe>().is_ok());
        let item = with_cpe(&name);
        let found = ScopeMatch::of(Some(std::slice::from_ref(&item)), &asked(&[&name], None));
        prop_assert_eq!(found.as_str(), "in_scope");
    }
}
