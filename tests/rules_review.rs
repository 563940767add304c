//! What an adversary tried: each test is a way to change, hide or block what the rules do not allow to.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;
mod sealed;

use std::time::{Duration, Instant};

use kit::*;
use nospy::agreement::{Act, EndCause, Force, On, Reason, Rule, World};
use nospy::codec::Value;
use nospy::evidence::{Policy, Question, Trust, verify};
use nospy::statement::StatementId;
use sealed::{Log, log_key};

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";

/// Offered on 2026-01-01, accepted on the same day; the clock is at 2026-02-01.
fn agreed(term: Fields<'static>) -> (Kit, StatementId, StatementId) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], term));
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-01"));
    kit.at("2026-02-01");
    (kit, made, act)
}

fn void(reference: &StatementId, ab_initio: bool) -> Fields<'static> {
    vec![("ref", id(reference)), ("reason", text("a mistake")), ("ab_initio", Value::Bool(ab_initio))]
}

fn mutual(act: &StatementId, date: &str) -> Fields<'static> {
    with(change(act, date), vec![("ground", text("mutual")), ("reasons", text("agreed"))])
}

fn notice(act: &StatementId, date: &str, effective: &str) -> Fields<'static> {
    let over = vec![("effective", text(effective)), ("measure", text("end")), ("reasons", text("cost"))];
    with(change(act, date), over)
}

fn succeed(successor: &str) -> Fields<'static> {
    vec![("successor", text(successor)), ("date", text("2026-02-01")), ("act", text("a law"))]
}

fn of(reference: &StatementId) -> Fields<'static> {
    vec![("ref", id(reference))]
}

#[test]
fn a_file_need_not_hold_whom_a_party_succeeded_on_the_registrars_word() {
    let (mut kit, _, _) = agreed(vec![]);
    kit.enrol("oldco", "vendor", "se");
    kit.ok("registrar", "party/oldco", "party.succeed", succeed("acme"));
    kit.ok("acme", "party/oldco", "party.succeed", succeed("acme"));
    let trust = Trust::of(Policy::of_log(log_key()));
    let verification = verify(&Log::of(&kit).file(DE), &trust, &Question::default());
    assert_eq!(verification.failed(), None);
    assert_eq!(verification.standing.unwrap().force, Force::InForce);
}

#[test]
fn what_is_asked_about_a_day_before_1970_is_answered_by_that_day() {
    let mut kit = Kit::default();
    kit.ok("de-bsi", "agreement/acme/old/de-bsi", "agreement.file", filing("1960-05-01", "1960-06-01", vec![]));
    kit.at("2026-01-02");
    kit.expect("agreement/acme/old/de-bsi", "1955-01-01", Force::NoAgreement);
    kit.expect("agreement/acme/old/de-bsi", "1960-05-20", Force::NotYet);
    kit.expect("agreement/acme/old/de-bsi", "1960-06-01", Force::InForce);
}

#[test]
fn only_the_vendor_takes_its_waiting_offer_away() {
    let mut kit = Kit::default();
    let second = grant("acme", "acme#2", authority(&["*"], true));
    let keys = vec![("grant", Value::Array(vec![second])), ("threshold", Value::Int(2))];
    kit.ok("acme", "party/acme", "party.keys", keys);
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    // A government may void an offer that it accepted; what waits is no offer yet.
    kit.refused(Rule::WrongSigner, "de-bsi", OFFER, "void", void(&made, true));
    kit.ok("acme#2", OFFER, "endorse", of(&made));
    kit.at("2026-01-02");
    kit.expect(OFFER, "2026-01-02", Force::Offered);
}

#[test]
fn rule_08_a_government_that_voided_an_offer_and_then_accepted_it_keeps_its_agreement() {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.refused(Rule::WrongSigner, "de-bsi", OFFER, "void", void(&made, true));
    // An offer's docket does not tell who accepted it, so a log that holds such a void breaks no rule that is replayed.
    kit.log_by_mistake(kit.sign("de-bsi", OFFER, "void", void(&made, true))).unwrap();
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-01"));
    kit.at("2026-02-01");
    kit.ok("acme", OFFER, "void", void(&made, true));
    kit.at("2026-02-02");
    kit.expect(DE, "2026-02-02", Force::InForce);
    let act = kit.log.iter().rev().find(|act| act.statement.kind().as_str() == "agreement.accept").unwrap().id();
    kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-02"));
}

#[test]
fn an_heir_voids_the_offer_that_its_predecessor_accepted() {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de-bsi"], vec![]));
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-01"));
    kit.enrol("de-bmi", "government", "de");
    kit.refused(Rule::WrongSigner, "de-bmi", OFFER, "void", void(&made, false));
    kit.ok("registrar", "party/de-bsi", "party.succeed", succeed("de-bmi"));
    kit.ok("de-bmi", "party/de-bsi", "party.succeed", succeed("de-bmi"));
    kit.ok("de-bmi", OFFER, "void", void(&made, false));
    kit.ok("acme", OFFER, "void", void(&made, false));
    kit.at("2026-02-02");
    kit.expect(DE, "2026-02-02", Force::Void);
    let trust = Trust::of(Policy::of_log(log_key()));
    assert_eq!(verify(&Log::of(&kit).file(OFFER), &trust, &Question::default()).failed(), None);
}

#[test]
fn an_end_by_both_touches_nothing_that_has_ended() {
    let (mut kit, _, act) = agreed(vec![]);
    let breach = with(change(&act, "2026-02-01"), vec![("ground", text("breach")), ("reasons", text("found"))]);
    kit.ok("de-bsi", DE, "agreement.terminate", breach);
    kit.at("2026-03-01");
    kit.refused(Rule::Terminal, "acme", DE, "agreement.terminate", mutual(&act, "2026-01-15"));
}

#[test]
fn an_end_by_both_does_not_reach_behind_the_beginning() {
    let (mut kit, _, act) = agreed(vec![]);
    kit.refused(Rule::DaysOutOfOrder, "acme", DE, "agreement.terminate", mutual(&act, "2025-12-01"));
    kit.ok("acme", DE, "agreement.terminate", mutual(&act, "2026-01-01"));
}

#[test]
fn new_terms_do_not_begin_after_the_end() {
    let term = || vec![("ends", text("2026-06-30")), ("ends_inclusive", Value::Bool(true))];
    let (mut kit, _, act) = agreed(term());
    let late = with(amend(&act, "2026-02-01", vec![]), vec![("effective", text("2027-06-01"))]);
    kit.refused(Rule::Terminal, "acme", DE, "agreement.amend", late);
    let in_time = with(amend(&act, "2026-02-01", vec![]), vec![("effective", text("2026-06-30"))]);
    kit.ok("acme", DE, "agreement.amend", in_time.clone());
    kit.ok("de-bsi", DE, "agreement.amend", in_time);
    kit.at("2026-08-01");
    kit.expect(DE, "2026-07-01", Force::InForce);
}

#[test]
fn a_correction_keeps_the_end_that_a_renewal_moved() {
    let window = || record(vec![("opens", text("P3M")), ("closes", text("P1D"))]);
    let term = || vec![("ends", text("2026-03-01")), ("ends_inclusive", Value::Bool(false)), ("renewal", window())];
    let (mut kit, _, act) = agreed(term());
    let renewal = vec![
        ("ref", id(&act)),
        ("date", text("2026-02-01")),
        ("ends", text("2028-03-01")),
        ("ends_inclusive", Value::Bool(false)),
    ];
    kit.ok("acme", DE, "agreement.renew", renewal.clone());
    kit.ok("de-bsi", DE, "agreement.renew", renewal);
    kit.at("2026-05-01");
    let terms = with(usual_term(), with(term(), vec![("notice_period", text("P5M"))]));
    let body = with(amend(&act, "2026-05-01", terms), vec![("effective", Value::Null)]);
    kit.ok("acme", DE, "agreement.correct", body.clone());
    kit.ok("de-bsi", DE, "agreement.correct", body);
    kit.at("2026-05-02");
    let standing = kit.expect(DE, "2026-05-02", Force::InForce);
    assert_eq!(standing.ends.unwrap().day.to_string(), "2028-03-01");
    let gone = vec![("ends", text("2025-12-01")), ("ends_inclusive", Value::Bool(false))];
    let carrier = kit.log.last().unwrap().id();
    let body = with(amend(&carrier, "2026-05-02", gone), vec![("effective", Value::Null)]);
    kit.refused(Rule::DaysOutOfOrder, "acme", DE, "agreement.correct", body);
}

#[test]
fn a_void_brings_no_end_back_that_is_over() {
    let (mut kit, _, act) = agreed(vec![]);
    let first = kit.ok("acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-09-01"));
    kit.at("2026-03-01");
    let back = kit.ok("acme", DE, "agreement.notice_revoke", vec![("ref", id(&first)), ("date", text("2026-03-01"))]);
    kit.at("2026-10-01");
    kit.expect(DE, "2026-09-15", Force::InForce);
    kit.refused(Rule::BackDated, "acme", DE, "void", void(&back, true));
    kit.refused(Rule::BackDated, "acme", DE, "void", void(&back, false));
    // Before the day comes the notice runs again.
    let (mut kit, _, act) = agreed(vec![]);
    let first = kit.ok("acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-09-01"));
    kit.at("2026-03-01");
    let back = kit.ok("acme", DE, "agreement.notice_revoke", vec![("ref", id(&first)), ("date", text("2026-03-01"))]);
    kit.at("2026-04-01");
    kit.ok("acme", DE, "void", void(&back, false));
    kit.at("2026-10-01");
    assert_eq!(kit.expect(DE, "2026-09-01", Force::Terminated).ends.unwrap().cause, EndCause::Notice);
}

#[test]
fn a_void_brings_nothing_back_to_life() {
    let (mut kit, _, act) = agreed(vec![]);
    let term = vec![("ends", text("2026-06-30")), ("ends_inclusive", Value::Bool(true))];
    let body = amend(&act, "2026-02-01", term);
    let first = kit.ok("acme", DE, "agreement.amend", body.clone());
    let second = kit.ok("de-bsi", DE, "agreement.amend", body);
    kit.at("2026-08-01");
    kit.expect(DE, "2026-07-01", Force::Expired);
    kit.refused(Rule::Terminal, "acme", DE, "void", void(&first, false));
    kit.refused(Rule::Terminal, "de-bsi", DE, "void", void(&second, true));
    // Declaring the whole agreement void is something else.
    kit.ok("de-bsi", DE, "void", void(&act, false));
}

#[test]
fn rule_02_a_void_of_one_party_changes_no_day_that_is_over() {
    let (mut kit, _, act) = agreed(vec![]);
    let suspension = kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.at("2026-03-01");
    let resumption = kit.ok("de-bsi", DE, "agreement.resume", change(&suspension, "2026-03-01"));
    kit.at("2026-04-01");
    kit.refused(Rule::BackDated, "de-bsi", DE, "void", void(&resumption, true));
    kit.refused(Rule::BackDated, "de-bsi", DE, "void", void(&suspension, true));
    kit.ok("de-bsi", DE, "void", void(&resumption, false));
    kit.at("2026-04-02");
    kit.expect(DE, "2026-03-15", Force::InForce);
    kit.expect(DE, "2026-04-02", Force::Suspended);
}

#[test]
fn rule_11_a_void_makes_no_room_for_more_talk() {
    let (mut kit, _, _) = agreed(vec![]);
    let body = |n: u64| {
        vec![("type", text("sbom")), ("digest", Value::bytes([7; 32])), ("summary", text(&format!("piece {n}")))]
    };
    for n in 0..1_024 {
        kit.ok("lab", DE, "evidence.add", body(n));
    }
    let newest = kit.log.last().unwrap().id();
    kit.ok("lab", DE, "void", void(&newest, true));
    kit.at("2026-02-02");
    kit.refused(Rule::AgreementFull, "lab", DE, "evidence.add", body(5_000));
}

#[test]
fn a_stranger_does_not_fill_the_docket_of_a_party() {
    let mut kit = Kit::default();
    kit.enrol("zeta", "vendor", "se");
    let body = |n: u64| with(succeed("zeta"), vec![("act", text(&format!("law {n}")))]);
    let tried: Vec<bool> =
        (0..40).map(|n| kit.try_push("zeta", "party/acme", "party.succeed", body(n)).is_ok()).collect();
    assert!(tried.iter().filter(|is_in| **is_in).count() <= 16, "{tried:?}");
    let body = |n: u64| with(succeed("acme"), vec![("act", text(&format!("law {n}")))]);
    let tried: Vec<bool> =
        (0..40).map(|n| kit.try_push("zeta", "party/zeta", "party.succeed", body(n)).is_ok()).collect();
    assert!(tried.iter().filter(|is_in| **is_in).count() <= 16, "{tried:?}");
}

#[test]
fn who_determines_is_found_in_the_file() {
    let (mut kit, _, _) = agreed(vec![("breach_determined_by", text("gb-court"))]);
    kit.enrol("gb-court", "government", "gb");
    kit.enrol("gb-bench", "government", "gb");
    kit.ok("registrar", "party/gb-court", "party.succeed", succeed("gb-bench"));
    kit.ok("gb-bench", "party/gb-court", "party.succeed", succeed("gb-bench"));
    let body = vec![("date", text("2026-02-01")), ("clauses", texts(&["NB5"])), ("summary", text("alleged"))];
    let finding = kit.ok("lab", DE, "finding.open", body);
    let body = vec![("ref", id(&finding)), ("date", text("2026-02-01")), ("summary", text("broken"))];
    // The file of an agreement does not hold the docket of a court that its terms name, so nobody is its heir there.
    let whole = kit.try_push("gb-bench", DE, "finding.determine", body).map_err(|refusal| refusal.rule);
    let trust = Trust::of(Policy::of_log(log_key()));
    let verification = verify(&Log::of(&kit).file(DE), &trust, &Question::default());
    assert_eq!(verification.failed(), None, "{whole:?}");
}

#[test]
fn a_key_is_judged_by_what_the_registrar_had_before() {
    let mut kit = Kit::default();
    let fields = vec![("grant", Value::Array(vec![grant("acme", "acme#2", authority(&["*"], true))]))];
    kit.ok("acme", "party/acme", "party.keys", fields);
    let policy =
        kit.sign("registrar", "registry", "registry.policy", vec![("grant", Value::Array(vec![public("acme#2")]))]);
    kit.log_by_mistake(policy).unwrap();
    // A registry folds the whole docket `registry` before that of a party.
    let dockets = kit.dockets();
    let mut world = World::new(origin());
    for about in ["registry", "party/acme"] {
        world.load(subject(about), dockets[&subject(about)].clone());
    }
    assert_eq!(world.inadmissible(), kit.world.inadmissible());
}

#[test]
fn an_inadmissible_correction_leaves_every_day_open() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = with(amend(&act, "2026-01-20", vec![]), vec![("effective", Value::Null)]);
    let statement = kit.sign("lab", DE, "agreement.correct", body);
    assert!(kit.log_by_mistake(statement).is_err());
    kit.at("2026-02-02");
    kit.expect(DE, "2026-01-10", Force::Indeterminate(Reason::Inadmissible));
}

#[test]
fn what_an_inadmissible_statement_names_says_what_it_would_have_changed() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = vec![("type", text("sbom")), ("digest", Value::bytes([7; 32]))];
    let evidence = kit.ok("lab", DE, "evidence.add", body);
    // Nobody's force hangs on a piece of evidence.
    let statement = kit.sign("acme", DE, "void", void(&evidence, true));
    assert!(kit.log_by_mistake(statement).is_err());
    let statement = kit.sign("de-bsi", DE, "endorse", of(&evidence));
    assert!(kit.log_by_mistake(statement).is_err());
    kit.at("2026-02-02");
    assert_eq!(kit.expect(DE, "2026-02-02", Force::InForce).inadmissible.len(), 2);
    // An act of both may reach back, and so does what would have completed it.
    kit.ok("acme", DE, "agreement.terminate", mutual(&act, "2026-01-20"));
    let waits = kit.log.last().unwrap().id();
    let statement = kit.sign("de-bsi", DE, "endorse", of(&waits));
    assert!(kit.log_by_mistake(statement).is_err());
    kit.at("2026-02-03");
    kit.expect(DE, "2026-01-19", Force::InForce);
    kit.expect(DE, "2026-01-25", Force::Indeterminate(Reason::Inadmissible));
}

#[test]
fn a_withdrawal_counts_until_the_day_on_which_it_is_void() {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-01-10");
    let back = kit.ok("acme", OFFER, "offer.withdraw", of(&made));
    kit.at("2026-01-20");
    kit.ok("acme", OFFER, "void", void(&back, false));
    kit.at("2026-02-01");
    kit.expect(OFFER, "2026-01-15", Force::Withdrawn);
    kit.expect(OFFER, "2026-01-25", Force::Offered);
    kit.expect(DE, "2026-01-15", Force::NoAgreement);
    kit.expect(DE, "2026-01-25", Force::Offered);
}

/// So many suspensions, then the void of each, as a docket that was folded by nobody yet.
fn suspended_and_voided(pairs: u64) -> (Kit, Vec<Act>) {
    let (mut kit, _, act) = agreed(vec![]);
    let mut acts = kit.dockets().remove(&subject(DE)).unwrap();
    let mut add = |kit: &mut Kit, kind: &str, body: Fields<'_>| {
        acts.push(kit.candidate(kit.sign("de-bsi", DE, kind, body)));
        kit.next += 1;
        acts.last().unwrap().id()
    };
    let until = |n: u64| vec![("until", text(&format!("{}-01-01", 2100 + n)))];
    let mut suspend = |n| add(&mut kit, "agreement.suspend", with(change(&act, "2026-02-01"), until(n)));
    let suspensions: Vec<StatementId> = (0..pairs).map(&mut suspend).collect();
    for named in &suspensions {
        add(&mut kit, "void", void(named, false));
    }
    (kit, acts)
}

#[test]
fn a_docket_of_voids_is_folded_in_time() {
    // Folding it again for every void, and reading all of it for every fold, took minutes.
    let (kit, acts) = suspended_and_voided(2_000);
    let mut world = kit.world.clone();
    let begun = Instant::now();
    world.load(subject(DE), acts);
    let standing = world.standing(&subject(DE), On::Day("2026-02-02".parse().unwrap()), kit.known_at());
    assert_eq!(standing.otherwise.unwrap().force, Force::InForce);
    assert_eq!(standing.inadmissible, vec![]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
