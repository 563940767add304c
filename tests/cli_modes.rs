//! `nospy template MODE`, as a person uses it: print, fill in what is blank, sign. No network.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;

use std::collections::BTreeMap;

use nospy::statement::Statement;
use nospy::statement::body::{Body, ClauseType, Mode, Terms};

use crate::program::{Bench, ORIGIN};

const OFFER: &str = "offer/nordhavn/radio-2026";
const AGREEMENT: &str = "agreement/nordhavn/radio-2026/de-bsi";

/// Fills in each blank as a person does, by the name of its field.
fn filled(template: &str) -> String {
    let known = BTreeMap::from([
        ("zone", "Europe/Berlin"),
        ("language", "en"),
        ("size", "4711"),
        ("date", "2026-01-10"),
        ("effective", "2026-02-01"),
        ("ends", "2028-01-31"),
        ("open_until", "2026-12-31"),
        ("signed_on", "2026-01-08"),
        ("filed_on", "2026-01-09"),
        ("governments", "de-bsi"),
    ]);
    let line = |line: &str| {
        let name = line.trim_start().trim_start_matches("- ").split(':').next().unwrap_or_default();
        let words = known.get(name).copied().unwrap_or("as this test says");
        line.replace("to be written", words).replace(&"00".repeat(32), &"ab".repeat(32)) + "\n"
    };
    template.lines().map(line).collect()
}

fn terms(bench: &Bench, name: &str) -> (String, Terms) {
    let statement = Statement::parse(&bench.read(name)).unwrap();
    let terms = match Body::read(statement.kind(), statement.body()).unwrap() {
        Body::OfferMake(body) => body.terms,
        Body::File(body) => body.terms,
        other => panic!("{} has no terms", other.kind()),
    };
    (statement.kind().to_string(), terms)
}

#[test]
fn the_template_of_every_mode_is_filled_in_and_signed() {
    let bench = Bench::new();
    bench.key("k.pem");
    let mut types: Vec<ClauseType> = Vec::new();
    for mode in Mode::ALL {
        let is_paper = [Mode::UnilateralFiled, Mode::LicenceCondition].contains(mode);
        let (subject, issuer) = if is_paper { (AGREEMENT, "de-bsi") } else { (OFFER, "nordhavn") };
        let (draft, out) = (format!("{mode}.yaml"), format!("{mode}.statement"));
        let sign = ["sign", &draft, "--key", "k.pem", "--yes"];
        bench.ok(&["template", mode.as_str(), "--origin", ORIGIN, "--subject", subject, "-o", &draft]);
        bench.run(&sign).exits(16).says("to be written");
        let template = String::from_utf8(bench.read(&draft)).unwrap();
        assert!(template.contains(&format!("\nissuer: {issuer}\n")), "{template}");
        bench.write(&draft, filled(&template));
        bench.ok(&sign);

        let (kind, terms) = terms(&bench, &out);
        assert_eq!(kind, if is_paper { "agreement.file" } else { "offer.make" });
        assert_eq!(terms.mode, *mode);
        let said = &terms.disclosure;
        let disclosed = [
            &said.binds_parent,
            &said.binds_affiliates,
            &said.remedy_on_breach,
            &said.who_verifies,
            &said.home_state_signs,
            &said.governing_law,
            &said.text_availability,
        ];
        assert!(disclosed.iter().all(|text| text.is_not_stated()), "{mode}: a template states nothing");
        for clause in &terms.clauses {
            let number = ClauseType::ALL.iter().position(|known| *known == clause.clause_type).unwrap() + 1;
            assert_eq!(clause.id.as_str(), format!("NB{number}"), "{mode}");
            types.push(clause.clause_type);
        }
    }
    types.sort_unstable();
    types.dedup();
    assert_eq!(types, ClauseType::ALL[..13], "every type but `other` is proposed somewhere");
}

#[test]
fn each_blank_keeps_a_template_from_being_signed() {
    let bench = Bench::new();
    bench.key("k.pem");
    let template = bench.ok(&["template", "bilateral", "--origin", ORIGIN]).stdout;
    let whole = filled(&template);
    let is_blank = |line: &&str| !line.trim().starts_with('#') && line.contains("to be written");
    let blanks: Vec<&str> = template.lines().filter(is_blank).collect();
    assert!(blanks.len() > 10, "{blanks:?}");
    for (number, (left, line)) in template.lines().zip(whole.lines()).enumerate() {
        if left == line || left.trim().starts_with('#') {
            continue;
        }
        let lines = whole.lines().enumerate().map(|(at, line)| if at == number { left } else { line });
        bench.write("left.yaml", lines.map(|line| format!("{line}\n")).collect::<String>());
        let blank = if left.contains("to be written") { "to be written" } else { "000000" };
        bench.run(&["sign", "left.yaml", "--key", "k.pem", "--yes"]).exits(16).says(blank);
    }
}

#[test]
fn modes_are_listed_and_known_by_name() {
    let bench = Bench::new();
    let list = bench.ok(&["template", "--output", "json"]).json();
    let listed: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["mode"].as_str().unwrap()).collect();
    assert_eq!(listed, Mode::ALL.iter().map(|mode| mode.as_str()).collect::<Vec<_>>());
    assert!(list.as_array().unwrap().iter().all(|one| one["used"].is_string() && one["next"].is_string()));
    bench.run(&["template", "open_ofer"]).exits(2).says("Did you mean open_offer?");
    bench.run(&["template", "offer.make"]).exits(2).says("`nospy draft KIND` is for single kinds");
}
