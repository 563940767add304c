//! Evidence, opinions, canaries, circumstances; the law an agreement rests on; the vendor's word on a filed paper; who
//! determines a breach.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use kit::*;
use nospy::agreement::{Assent, Assurance, Basis, Contention, EndCause, Flag, Force, Rule};
use nospy::codec::Value;
use nospy::statement::StatementId;

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";
const FR: &str = "agreement/acme/r/fr-anssi";
const FILED: &str = "agreement/acme/paper/de-bsi";

/// The usual terms with `over` in them.
fn terms_with(term_over: Fields<'static>, over: Fields<'static>) -> Value {
    let Value::Map(fields) = terms(term(with(usual_term(), term_over))) else { panic!("terms are a map") };
    let own = fields.into_iter().map(|(key, value)| match key {
        nospy::codec::Key::Text(name) => (&*name.leak(), value),
        nospy::codec::Key::Int(_) => panic!("terms have names"),
    });
    record(with(own.collect(), over))
}

fn agreed_on(terms: Value) -> (Kit, StatementId) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", with(offer(&[], vec![]), vec![("terms", terms)]));
    kit.at("2026-01-10");
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.ok("fr-anssi", FR, "agreement.accept", accept(&made, "2026-01-10"));
    (kit, act)
}

fn evidence(digest: u8, valid_until: &str) -> Fields<'static> {
    vec![("type", text("audit_report")), ("digest", Value::bytes([digest; 32])), ("valid_until", text(valid_until))]
}

fn canary(from: &str, until: &str, due: &str) -> Fields<'static> {
    vec![("from", text(from)), ("until", text(until)), ("due", text(due))]
}

#[test]
fn what_is_given_on_an_offer_counts_for_each_agreement() {
    let (mut kit, _) = agreed_on(terms_with(vec![], vec![]));
    assert_eq!(kit.expect(DE, "2026-01-10", Force::InForce).assurance, Assurance::None);
    kit.refused(Rule::WrongSigner, "de-bsi", OFFER, "evidence.add", evidence(1, "2026-06-30"));
    let first = kit.ok("acme", OFFER, "evidence.add", evidence(1, "2026-06-30"));
    kit.ok("lab", DE, "evidence.add", evidence(2, "2027-06-30"));
    kit.at("2026-08-01");
    assert_eq!(kit.standing(DE, "2026-02-01").assurance, Assurance::Current);
    assert_eq!(kit.standing(DE, "2026-02-01").assurances.len(), 2);
    assert_eq!(kit.standing(FR, "2026-06-30").assurance, Assurance::Current, "its last day");
    assert_eq!(kit.standing(FR, "2026-07-01").assurance, Assurance::EvidenceExpired);
    let newer = || with(evidence(3, "2027-01-01"), vec![("ref", id(&first))]);
    kit.refused(Rule::WrongSigner, "lab", OFFER, "evidence.supersede", newer());
    let second = kit.ok("acme", OFFER, "evidence.supersede", newer());
    kit.refused(Rule::RefNotCurrent, "acme", OFFER, "evidence.supersede", newer());
    kit.at("2026-08-02");
    assert_eq!(kit.standing(FR, "2026-08-02").assurance, Assurance::Current);
    kit.ok("acme", OFFER, "evidence.revoke", vec![("ref", id(&second)), ("reason", text("withdrawn"))]);
    kit.at("2026-08-03");
    assert_eq!(kit.standing(FR, "2026-08-03").assurance, Assurance::None);
    kit.refused(Rule::AgreementUnknown, "acme", "offer/acme/none", "evidence.add", evidence(1, "2026-06-30"));
    assert_eq!(kit.expect(FR, "2026-08-03", Force::InForce).contention, Contention::None);
}

#[test]
fn rule_06_a_late_canary_is_told_and_ends_nothing() {
    let promise = record(vec![("every", text("P90D")), ("grace", text("P14D"))]);
    let (mut kit, _) = agreed_on(terms_with(vec![], vec![("canary", promise)]));
    kit.refused(Rule::WrongSigner, "lab", OFFER, "canary", canary("2026-01-10", "2026-03-31", "2026-06-30"));
    kit.at("2026-12-31");
    // 90 days from 10 January is 10 April; 14 days of grace end with 24 April.
    for (day, axis) in [
        ("2026-04-10", Assurance::Current),
        ("2026-04-11", Assurance::Overdue),
        ("2026-04-24", Assurance::Overdue),
        ("2026-04-25", Assurance::CanaryLate),
    ] {
        assert_eq!(kit.expect(DE, day, Force::InForce).assurance, axis, "{day}");
    }
    let (mut kit, _) =
        agreed_on(terms_with(vec![], vec![("canary", record(vec![("every", text("P90D")), ("grace", text("P14D"))]))]));
    kit.at("2026-04-01");
    // The vendor cannot promise itself more time than the terms give.
    kit.ok("acme", OFFER, "canary", canary("2026-01-10", "2026-04-01", "2030-01-01"));
    kit.at("2026-12-31");
    assert_eq!(kit.standing(FR, "2026-06-30").assurance, Assurance::Current);
    assert_eq!(kit.standing(FR, "2026-07-01").assurance, Assurance::Overdue);
    assert_eq!(kit.standing(FR, "2026-07-15").assurance, Assurance::CanaryLate);
}

#[test]
fn opinions_and_circumstances_are_told() {
    let (mut kit, _) = agreed_on(terms_with(vec![], vec![]));
    let opinion = || {
        vec![
            ("scale", text("limited")),
            ("opinion", text("qualified")),
            ("scope", text("build system")),
            ("report", Value::bytes([9; 32])),
        ]
    };
    kit.refused(Rule::WrongSigner, "acme", DE, "assurance.opinion", opinion());
    kit.refused(Rule::WrongSigner, "fr-anssi", DE, "assurance.opinion", opinion());
    kit.ok("lab", OFFER, "assurance.opinion", opinion());
    kit.ok("de-bsi", DE, "assurance.opinion", opinion());
    let body =
        || vec![("type", text("order_received")), ("date", text("2026-01-10")), ("summary", text("an order came"))];
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "notice.circumstance", body());
    kit.ok("acme", DE, "notice.circumstance", body());
    kit.at("2026-01-11");
    let told: Vec<String> = kit.standing(DE, "2026-01-11").assurances.iter().map(|line| line.kind.clone()).collect();
    assert_eq!(told, ["assurance.opinion", "assurance.opinion", "notice.circumstance"]);
}

fn basis(reference: &StatementId, day: &str, over: Fields<'static>) -> Fields<'static> {
    with(change(reference, day), with(vec![("change", text("replaced"))], over))
}

#[test]
fn an_agreement_lapses_with_its_basis_where_its_terms_say_so() {
    let law = |lapse| record(vec![("law", text("BSI-ITSiKV")), ("lapse", Value::Bool(lapse))]);
    let (mut kit, act) = agreed_on(terms_with(vec![], vec![("basis", law(true))]));
    kit.at("2026-05-02");
    kit.refused(Rule::WrongSigner, "acme", DE, "basis.change", basis(&act, "2026-05-02", vec![]));
    kit.refused(Rule::BackDated, "de-bsi", DE, "basis.change", basis(&act, "2026-05-01", vec![]));
    kit.ok("de-bsi", DE, "basis.change", basis(&act, "2026-05-02", vec![("lapse_after", text("P6W"))]));
    kit.at("2026-07-01");
    let standing = kit.expect(DE, "2026-06-12", Force::InForce);
    assert_eq!((standing.basis, standing.ends.unwrap().cause), (Basis::Repealed, EndCause::Basis));
    assert_eq!(kit.expect(DE, "2026-06-13", Force::Expired).ends.unwrap().cause, EndCause::Basis);
    assert_eq!(kit.expect(FR, "2026-06-13", Force::InForce).basis, Basis::Live, "each agreement for itself");

    // New terms before that day carry it on.
    let (mut kit, act) = agreed_on(terms_with(vec![], vec![("basis", law(true))]));
    kit.at("2026-05-02");
    kit.ok("de-bsi", DE, "basis.change", basis(&act, "2026-05-02", vec![("lapse_after", text("P6W"))]));
    let body =
        || with(amend(&act, "2026-05-20", vec![]), vec![("terms", terms_with(vec![], vec![("basis", law(true))]))]);
    kit.at("2026-05-20");
    kit.ok("de-bsi", DE, "agreement.amend", body());
    kit.ok("acme", DE, "agreement.amend", body());
    kit.at("2026-07-01");
    assert_eq!(kit.expect(DE, "2026-06-13", Force::InForce).basis, Basis::Live);

    // Where they do not say so a law may be told of later, and ends nothing.
    let (mut kit, act) = agreed_on(terms_with(vec![], vec![("basis", law(false))]));
    kit.at("2026-05-02");
    kit.ok("de-bsi", DE, "basis.change", basis(&act, "2026-03-01", vec![("change", text("repealed"))]));
    kit.at("2026-07-01");
    assert_eq!(kit.expect(DE, "2026-02-28", Force::InForce).basis, Basis::Live);
    assert_eq!(kit.expect(DE, "2026-03-01", Force::InForce).basis, Basis::Repealed);
}

#[test]
fn rule_04_where_the_parties_contradict_each_other_both_are_shown() {
    let mut kit = Kit::default();
    let filed = kit.ok("de-bsi", FILED, "agreement.file", filing("2026-01-01", "2026-01-01", vec![]));
    let word = |date: &str| vec![("ref", id(&filed)), ("date", text(date))];
    kit.refused(Rule::WrongSigner, "de-bsi", FILED, "agreement.confirm", word("2026-01-01"));
    kit.at("2026-02-01");
    kit.refused(Rule::DaysOutOfOrder, "acme", FILED, "agreement.confirm", word("2026-03-01"));
    kit.ok("acme", FILED, "agreement.dispute", with(word("2026-02-01"), vec![("reasons", text("never signed"))]));
    kit.at("2026-03-01");
    kit.ok("acme", FILED, "agreement.confirm", word("2026-03-01"));
    kit.at("2026-04-01");
    let at = |day: &str| {
        let standing = kit.expect(FILED, day, Force::InForce);
        (standing.assent, standing.flags.contains(&Flag::Disputed))
    };
    assert_eq!(at("2026-01-15"), (Assent::GovernmentAttests, false));
    assert_eq!(at("2026-02-01"), (Assent::GovernmentAttests, true));
    assert_eq!(at("2026-03-01"), (Assent::BothSigned, false));
    let (mut kit, act) = agreed_on(terms_with(vec![], vec![]));
    let word = vec![("ref", id(&act)), ("date", text("2026-01-10"))];
    kit.refused(Rule::NotFiled, "acme", DE, "agreement.confirm", word);
}

#[test]
fn a_breach_is_determined_by_whom_the_terms_name() {
    let finding = || {
        vec![
            ("date", text("2026-01-10")),
            ("clauses", texts(&["NB5"])),
            ("summary", text("an order was not contested")),
        ]
    };
    let step = |finding: &StatementId| {
        vec![("ref", id(finding)), ("date", text("2026-01-10")), ("summary", text("there was a breach"))]
    };
    let (mut kit, _) = agreed_on(terms_with(vec![("breach_determined_by", text("lab"))], vec![]));
    let opened = kit.ok("de-bsi", DE, "finding.open", finding());
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "finding.determine", step(&opened));
    kit.ok("lab", DE, "finding.determine", step(&opened));
    kit.at("2026-01-11");
    assert_eq!(kit.expect(DE, "2026-01-11", Force::InForce).contention, Contention::Determined);
    kit.ok("lab", DE, "finding.close", with(step(&opened), vec![("outcome", text("upheld"))]));
    // A court is no party: the government tells what it decided, by its name.
    let (mut kit, _) = agreed_on(terms_with(vec![("breach_determined_by", text("Landgericht Bonn"))], vec![]));
    let opened = kit.ok("lab", DE, "finding.open", finding());
    let by = |name: &str| vec![("by", record(vec![("name", text(name))]))];
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "finding.determine", with(step(&opened), by("Amtsgericht Bonn")));
    kit.refused(Rule::WrongSigner, "acme", DE, "finding.determine", with(step(&opened), by("Landgericht Bonn")));
    kit.ok("de-bsi", DE, "finding.determine", with(step(&opened), by("Landgericht Bonn")));
    let (mut kit, _) = agreed_on(terms_with(vec![], vec![]));
    let opened = kit.ok("de-bsi", DE, "finding.open", finding());
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "finding.determine", step(&opened));
}
