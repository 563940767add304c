//! Acts that more than one key or party signs: thresholds, endorsements, acts of both; voids; heirs.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use kit::*;
use nospy::agreement::{EndCause, Flag, Force, PENDING_DAYS, Rule};
use nospy::codec::Value;
use nospy::statement::StatementId;

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";

/// A vendor with keys `acme`, `acme#2`, `acme#3` and a threshold of two.
fn of_two() -> Kit {
    let mut kit = Kit::default();
    let grants = ["acme#2", "acme#3"].map(|name| grant("acme", name, authority(&["*"], true)));
    let limited = grant("acme", "acme#4", authority(&["canary"], false));
    let grants = grants.into_iter().chain([limited]).collect();
    kit.ok("acme", "party/acme", "party.keys", vec![("grant", Value::Array(grants)), ("threshold", Value::Int(2))]);
    kit
}

fn of(id_: &StatementId) -> Fields<'static> {
    vec![("ref", id(id_))]
}

fn agreed(term: Fields<'static>) -> (Kit, StatementId, StatementId) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], term));
    kit.at("2026-01-10");
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.at("2026-02-01");
    (kit, made, act)
}

#[test]
fn an_act_waits_for_the_keys_of_its_party() {
    let mut kit = of_two();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-01-03");
    let standing = kit.expect(OFFER, "2026-01-03", Force::NoAgreement);
    assert!(standing.flags.contains(&Flag::Pending));
    assert_eq!((standing.pending[0].keys.len(), standing.pending[0].threshold), (1, 2));
    kit.refused(Rule::OfferUnknown, "de-bsi", DE, "agreement.accept", accept(&made, "2026-01-03"));
    // Not by the same key, another party, a key without the authority, or twice.
    kit.refused(Rule::EndorsedAlready, "acme", OFFER, "endorse", of(&made));
    kit.refused(Rule::WrongSigner, "de-bsi", OFFER, "endorse", of(&made));
    kit.refused(Rule::SignerLacksAuthority, "acme#4", OFFER, "endorse", of(&made));
    let by = kit.ok("acme#2", OFFER, "endorse", of(&made));
    kit.at("2026-01-04");
    let standing = kit.expect(OFFER, "2026-01-04", Force::Offered);
    assert!(!standing.flags.contains(&Flag::Pending));
    assert_ne!(by, made);
    kit.refused(Rule::EndorsedAlready, "acme#2", OFFER, "endorse", of(&made));
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-04"));
    kit.expect(DE, "2026-01-04", Force::InForce);
}

#[test]
fn the_completing_endorsement_is_the_act_and_judged_at_its_index() {
    let mut kit = of_two();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.ok("acme#2", OFFER, "endorse", of(&made));
    kit.at("2026-01-10");
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    let over = vec![("effective", text("2026-09-01")), ("measure", text("notice")), ("reasons", text("cost"))];
    let notice = kit.ok("acme", DE, "agreement.notice", with(change(&accepted, "2026-01-10"), over));
    kit.at("2026-01-12");
    assert!(!kit.expect(DE, "2026-01-12", Force::InForce).flags.contains(&Flag::Notice), "pending changes nothing");
    // Rule 2 at the index of the endorsement: by then the notice would be dated back.
    kit.refused(Rule::BackDated, "acme#2", DE, "endorse", of(&notice));
}

#[test]
fn what_waits_ends_after_ninety_days() {
    let mut kit = of_two();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.now_ms += PENDING_DAYS * 86_400_000 - 1;
    let standing = kit.standing(OFFER, "2026-03-31");
    assert!(standing.flags.contains(&Flag::Pending));
    kit.now_ms += 1;
    kit.refused(Rule::PendingOver, "acme#2", OFFER, "endorse", of(&made));
    kit.at("2026-04-03");
    assert!(!kit.standing(OFFER, "2026-04-03").flags.contains(&Flag::Pending));
}

#[test]
fn a_revoked_key_no_longer_stands_behind_what_waits() {
    let mut kit = of_two();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    let other = kit.ok("acme#2", "offer/acme/s", "offer.make", offer(&[], vec![]));
    let one = record(vec![("kid", Value::bytes(kid("acme").0)), ("reason", text("lost"))]);
    let change = kit.ok("acme#2", "party/acme", "party.keys", vec![("revoke", Value::Array(vec![one]))]);
    kit.ok("acme#3", "party/acme", "endorse", of(&change));
    kit.ok("acme#3", "offer/acme/s", "endorse", of(&other));
    kit.at("2026-01-02");
    kit.expect("offer/acme/s", "2026-01-02", Force::Offered);
    kit.refused(Rule::SignerLacksAuthority, "acme", "offer/acme/s", "endorse", of(&other));
    // What the ended key signed itself is never complete: N4 judges it where it would become the act.
    kit.ok("acme#2", OFFER, "endorse", of(&made));
    kit.refused(Rule::SignerLacksAuthority, "acme#3", OFFER, "endorse", of(&made));
}

#[test]
fn a_registrar_of_two_keys_lists_with_both() {
    let mut kit = Kit::bare("2026-01-01");
    let registrars = record(vec![
        ("keys", Value::Array(vec![public("registrar"), public("registrar#2")])),
        ("threshold", Value::Int(2)),
    ]);
    kit.ok("registrar", "registry", "registry.genesis", with(genesis(), vec![("registrars", registrars)]));
    let listed = kit.ok("registrar", "party/acme", "party.enrol", enrolment("acme", "vendor", "se"));
    kit.refused(Rule::SignerLacksAuthority, "acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.ok("registrar#2", "party/acme", "endorse", of(&listed));
    kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    // A report shows in a list once it is complete.
    let reported = kit.ok("registrar", "report/registrar/a", "report.offer", report("2025-12-01", "acme", &["de"]));
    kit.at("2026-01-02");
    assert!(kit.standing("between/acme/de", "2026-01-02").reports.is_empty());
    kit.ok("registrar#2", "report/registrar/a", "endorse", of(&reported));
    kit.at("2026-01-03");
    assert_eq!(kit.standing("between/acme/de", "2026-01-03").reports.len(), 1);
    let standing = kit.standing("between/acme/de", "2026-01-03");
    assert!(standing.inadmissible.is_empty(), "{:?}", standing.inadmissible);
    kit.ok("registrar", "report/registrar/a", "void", with(of(&reported), vec![("reason", text("misread"))]));
    assert_eq!(kit.standing("between/acme/de", "2026-01-03").reports.len(), 1, "void, too, waits for both keys");
    let void = kit.log.last().unwrap().id();
    kit.ok("registrar#2", "report/registrar/a", "endorse", of(&void));
    kit.at("2026-01-04");
    assert!(kit.standing("between/acme/de", "2026-01-04").reports.is_empty());
}

#[test]
fn registrar_keys_and_threshold_change_by_policy() {
    let mut kit = Kit::default();
    let body = vec![("threshold", Value::Int(3))];
    kit.refused(Rule::ThresholdTooHigh, "registrar", "registry", "registry.policy", body);
    let body = vec![("grant", Value::Array(vec![public("registrar#3")])), ("threshold", Value::Int(2))];
    kit.ok("registrar", "registry", "registry.policy", body);
    kit.refused(
        Rule::KeyTaken,
        "registrar",
        "registry",
        "registry.policy",
        vec![("grant", Value::Array(vec![public("acme")]))],
    );
    let listing = kit.ok("registrar#3", "party/tele", "party.list", description("Tele AB", "vendor", "se"));
    kit.ok("registrar", "party/tele", "endorse", of(&listing));
    let out = kit.ok(
        "registrar",
        "registry",
        "registry.policy",
        vec![("revoke", Value::Array(vec![Value::bytes(kid("registrar#2").0)]))],
    );
    kit.ok("registrar#3", "registry", "endorse", of(&out));
    kit.refused(
        Rule::SignerLacksAuthority,
        "registrar#2",
        "party/x",
        "party.list",
        description("X AB", "vendor", "se"),
    );
    assert!(kit.world.inadmissible().is_empty());
}

#[test]
fn nothing_enters_after_a_close() {
    let mut kit = Kit::default();
    let close = |origin: &str, key: &str| vec![("origin", text(origin)), ("log_key", public(key))];
    kit.refused(Rule::GenesisMisplaced, "registrar", "registry", "registry.close", close(ORIGIN, "next"));
    kit.refused(Rule::GenesisMisplaced, "registrar", "registry", "registry.close", close("next.example", "log"));
    kit.ok("registrar", "registry", "registry.close", close("next.example", "next"));
    let refusal = kit.refused(Rule::RegistryClosed, "acme", OFFER, "offer.make", offer(&[], vec![]));
    assert!(refusal.accepted.contains("next.example"), "{refusal}");
    assert!(kit.world.is_closed());
}

#[test]
fn an_amendment_is_signed_by_both_with_the_same_body() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = amend(&act, "2026-02-01", vec![("notice_period", text("P1M"))]);
    let first = kit.ok("acme", DE, "agreement.amend", body.clone());
    kit.at("2026-02-02");
    let standing = kit.expect(DE, "2026-02-02", Force::InForce);
    assert_eq!(standing.carrier, Some(act));
    assert_eq!(standing.pending[0].awaits.as_ref().unwrap().as_str(), "de-bsi");
    // Another body is another act; the same party's newer one takes the place of the older.
    let other = amend(&act, "2026-02-01", vec![("notice_period", text("P2M"))]);
    kit.ok("acme", DE, "agreement.amend", other.clone());
    kit.ok("de-bsi", DE, "agreement.amend", body);
    assert_eq!(kit.standing(DE, "2026-02-02").carrier, Some(act), "withdrawn by the newer one");
    let second = kit.ok("de-bsi", DE, "agreement.amend", other);
    kit.at("2026-02-03");
    let standing = kit.expect(DE, "2026-02-03", Force::InForce);
    assert_eq!(standing.carrier, Some(second));
    assert!(standing.pending.is_empty(), "{:?}", standing.pending);
    assert_ne!(first, second);
    // The old text answers for the days before.
    assert_eq!(kit.expect(DE, "2026-01-31", Force::InForce).carrier, Some(act));
    kit.refused(Rule::RefNotCurrent, "acme", DE, "agreement.suspend", change(&act, "2026-02-03"));
    let body = amend(&second, "2026-02-03", vec![("zone", text("Europe/Paris"))]);
    kit.refused(Rule::ZoneChanged, "acme", DE, "agreement.amend", body);
}

#[test]
fn a_correction_counts_from_the_beginning() {
    let (mut kit, _, act) = agreed(vec![]);
    let term = vec![("ends", text("2026-06-01")), ("ends_inclusive", Value::Bool(false))];
    let body = with(amend(&act, "2026-02-01", term), vec![("effective", Value::Null)]);
    kit.ok("de-bsi", DE, "agreement.correct", body.clone());
    let second = kit.ok("acme", DE, "agreement.correct", body);
    kit.at("2026-07-01");
    assert_eq!(kit.expect(DE, "2026-01-10", Force::InForce).carrier, Some(second));
    kit.expect(DE, "2026-05-31", Force::InForce);
    assert_eq!(kit.expect(DE, "2026-06-01", Force::Expired).ends.unwrap().cause, EndCause::Term);
}

#[test]
fn a_renewal_is_dated_in_the_window_of_the_terms() {
    let window = || record(vec![("opens", text("P3M")), ("closes", text("P6W"))]);
    let term = || vec![("ends", text("2026-03-01")), ("ends_inclusive", Value::Bool(false)), ("renewal", window())];
    let mut kit = Kit::new("2025-11-01");
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], term()));
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2025-11-01"));
    let body = |date: &str| {
        vec![
            ("ref", id(&act)),
            ("date", text(date)),
            ("ends", text("2028-03-01")),
            ("ends_inclusive", Value::Bool(false)),
        ]
    };
    for (day, fits) in [("2025-11-30", false), ("2025-12-01", true), ("2026-01-18", true), ("2026-01-19", false)] {
        kit.at(day);
        match fits {
            true => drop(kit.try_push("acme", DE, "agreement.renew", body(day)).unwrap()),
            false => drop(kit.refused(Rule::NotInWindow, "acme", DE, "agreement.renew", body(day))),
        }
    }
    kit.at("2026-01-20");
    kit.ok("de-bsi", DE, "agreement.renew", body("2026-01-18"));
    kit.at("2026-04-01");
    kit.expect(DE, "2026-03-01", Force::InForce);
    assert_eq!(kit.standing(DE, "2026-03-02").ends.unwrap().day.to_string(), "2028-03-01");
    assert_eq!(kit.standing(DE, "2026-01-17").ends.unwrap().day.to_string(), "2026-03-01", "before it was renewed");
}

#[test]
fn an_end_by_both_needs_both() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = with(change(&act, "2026-02-01"), vec![("ground", text("mutual")), ("reasons", text("agreed"))]);
    kit.ok("acme", DE, "agreement.terminate", body.clone());
    kit.at("2026-02-05");
    assert!(kit.expect(DE, "2026-02-05", Force::InForce).flags.contains(&Flag::Pending));
    kit.ok("de-bsi", DE, "agreement.terminate", body);
    kit.expect(DE, "2026-01-31", Force::InForce);
    kit.expect(DE, "2026-02-01", Force::Terminated);
    let body = amend(&act, "2026-02-05", vec![]);
    kit.refused(Rule::Terminal, "acme", DE, "agreement.amend", body);
}

fn void(reference: &StatementId, ab_initio: bool) -> Fields<'static> {
    vec![("ref", id(reference)), ("reason", text("a mistake")), ("ab_initio", Value::Bool(ab_initio))]
}

#[test]
fn rule_08_a_void_offer_touches_no_acceptance_until_the_government_voids_it_too() {
    let (mut kit, made, _) = agreed(vec![]);
    kit.refused(Rule::WrongSigner, "lab", OFFER, "void", void(&made, false));
    kit.ok("acme", OFFER, "void", void(&made, false));
    kit.at("2026-02-02");
    kit.expect(OFFER, "2026-02-02", Force::Void);
    kit.expect(OFFER, "2026-01-20", Force::Offered);
    kit.expect(DE, "2026-02-02", Force::InForce);
    kit.refused(
        Rule::OfferClosed,
        "fr-anssi",
        "agreement/acme/r/fr-anssi",
        "agreement.accept",
        accept(&made, "2026-02-02"),
    );
    kit.ok("de-bsi", OFFER, "void", void(&made, false));
    kit.at("2026-02-03");
    kit.expect(DE, "2026-01-20", Force::InForce);
    assert_eq!(kit.expect(DE, "2026-02-03", Force::Void).ends.unwrap().cause, EndCause::Void);
    kit.refused(Rule::Terminal, "acme", DE, "agreement.suspend", change(&made, "2026-02-03"));
}

#[test]
fn a_void_acceptance_is_shown_as_void_and_a_void_act_does_not_count() {
    let (mut kit, _, act) = agreed(vec![]);
    let over = vec![("effective", text("2026-09-01")), ("measure", text("notice")), ("reasons", text("cost"))];
    let notice = kit.ok("acme", DE, "agreement.notice", with(change(&act, "2026-02-01"), over));
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "void", void(&notice, false));
    kit.at("2026-02-10");
    kit.ok("acme", DE, "void", void(&notice, false));
    kit.refused(Rule::RefNotCurrent, "acme", DE, "void", void(&notice, false));
    kit.at("2026-02-11");
    assert!(kit.standing(DE, "2026-02-05").flags.contains(&Flag::Notice), "on the days before it was void");
    assert!(!kit.standing(DE, "2026-02-11").flags.contains(&Flag::Notice));
    kit.ok("de-bsi", DE, "void", void(&act, true));
    kit.at("2026-02-12");
    kit.expect(DE, "2026-01-10", Force::Void);
    let entry = kit.log[kit.log.len() - 1].id();
    kit.refused(Rule::NotVoidable, "de-bsi", DE, "void", void(&entry, false));
}

#[test]
fn an_act_of_both_is_voided_by_both() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = amend(&act, "2026-02-01", vec![]);
    kit.ok("acme", DE, "agreement.amend", body.clone());
    let second = kit.ok("de-bsi", DE, "agreement.amend", body);
    kit.ok("acme", DE, "void", void(&kit.log[kit.log.len() - 2].id(), false));
    kit.at("2026-02-02");
    assert_eq!(kit.standing(DE, "2026-02-02").carrier, Some(second));
    kit.ok("de-bsi", DE, "void", void(&second, false));
    kit.at("2026-02-03");
    assert_eq!(kit.standing(DE, "2026-02-03").carrier, Some(act));
    kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-03"));
}

#[test]
fn rule_05_a_compromised_signature_is_affirmed_by_another_key() {
    let mut kit = Kit::default();
    let second = grant("de-bsi", "de-bsi#2", authority(&["*"], true));
    kit.ok("de-bsi", "party/de-bsi", "party.keys", vec![("grant", Value::Array(vec![second]))]);
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-01"));
    kit.at("2026-02-01");
    let one = record(vec![
        ("kid", Value::bytes(kid("de-bsi").0)),
        ("reason", text("compromised")),
        ("compromised_since", Value::Int(i64::try_from(ms("2025-12-01") / 1000).unwrap())),
    ]);
    kit.ok("de-bsi#2", "party/de-bsi", "party.keys", vec![("revoke", Value::Array(vec![one]))]);
    kit.at("2026-02-02");
    assert!(kit.expect(DE, "2026-02-02", Force::InForce).flags.contains(&Flag::Disputed));
    kit.ok("de-bsi#2", DE, "endorse", of(&act));
    kit.at("2026-02-03");
    assert!(!kit.expect(DE, "2026-02-03", Force::InForce).flags.contains(&Flag::Disputed));
}

fn succeed(successor: &str, over: Fields<'static>) -> Fields<'static> {
    with(vec![("successor", text(successor)), ("date", text("2026-02-01"))], over)
}

#[test]
fn agreements_follow_the_party_that_succeeds() {
    let (mut kit, made, act) = agreed(vec![]);
    kit.enrol("de-bmi", "government", "de");
    kit.enrol("at-bka", "government", "at");
    kit.refused(Rule::SuccessionNotAllowed, "de-bsi", "party/de-bsi", "party.succeed", succeed("at-bka", vec![]));
    kit.refused(Rule::SuccessionNotAllowed, "de-bsi", "party/de-bsi", "party.succeed", succeed("acme", vec![]));
    kit.refused(Rule::WrongSigner, "at-bka", "party/de-bsi", "party.succeed", succeed("de-bmi", vec![]));
    kit.ok("de-bsi", "party/de-bsi", "party.succeed", succeed("de-bmi", vec![]));
    kit.refused(Rule::WrongSigner, "de-bmi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.ok("de-bmi", "party/de-bsi", "party.succeed", succeed("de-bmi", vec![]));
    let refusal = kit.refused(Rule::WrongSigner, "de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    assert!(refusal.message.contains("de-bmi"), "{refusal}");
    kit.ok("de-bmi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.at("2026-02-02");
    let standing = kit.expect(DE, "2026-02-02", Force::Suspended);
    assert!(!standing.flags.contains(&Flag::SuccessionByRegistrar));
    // The list of the successor names what its predecessor agreed upon.
    let list = kit.expect("between/acme/de-bmi", "2026-02-02", Force::Listed).list;
    assert!(list.iter().any(|(about, _)| about.to_string() == DE));
    kit.refused(Rule::SuccessionNotAllowed, "de-bsi", "party/de-bsi", "party.succeed", succeed("de-bmi", vec![]));
    assert!(made != act && kit.world.inadmissible().is_empty());
}

#[test]
fn the_registrar_signs_for_a_party_that_is_gone_and_every_answer_says_so() {
    let (mut kit, _, act) = agreed(vec![]);
    kit.enrol("de-bmi", "government", "de");
    kit.refused(Rule::SuccessionNotAllowed, "registrar", "party/de-bsi", "party.succeed", succeed("de-bmi", vec![]));
    let body = || succeed("de-bmi", vec![("act", text("Organisationserlass"))]);
    kit.ok("registrar", "party/de-bsi", "party.succeed", body());
    kit.ok("de-bmi", "party/de-bsi", "party.succeed", body());
    kit.at("2026-02-02");
    assert!(kit.expect(DE, "2026-02-02", Force::InForce).flags.contains(&Flag::SuccessionByRegistrar));
    kit.ok("de-bmi", DE, "agreement.suspend", change(&act, "2026-02-02"));
}

#[test]
fn a_party_bears_another_name_another_owner_and_retires() {
    let (mut kit, _, _) = agreed(vec![]);
    let name = |name: &str| vec![("name", record(vec![("name", text(name)), ("since", text("2026-02-01"))]))];
    kit.refused(Rule::NameConfusable, "acme", "party/acme", "party.rename", name("The de-bsi of tests"));
    kit.ok("acme", "party/acme", "party.rename", name("Acme Networks AB"));
    kit.refused(
        Rule::NameConfusable,
        "registrar",
        "party/acne",
        "party.list",
        description("ACME Networks AB", "vendor", "se"),
    );
    let controllers = Value::Array(vec![record(vec![("name", text("Holding AB")), ("kind", text("parent"))])]);
    let body = vec![("date", text("2026-02-01")), ("controllers", controllers)];
    kit.ok("registrar", "party/acme", "party.control_change", body);
    let described = kit.world.describe(&"acme".parse().unwrap(), kit.next).unwrap();
    assert_eq!(described.names[0].name.as_str(), "Acme Networks AB");
    assert_eq!(described.names.len(), 2, "the old name stays its own");
    assert_eq!(described.controllers.as_ref().unwrap()[0].name.as_str(), "Holding AB");
    kit.ok("acme", "party/acme", "party.retire", vec![("date", text("2026-02-01"))]);
    kit.refused(Rule::SignerLacksAuthority, "acme", "offer/acme/s", "offer.make", offer(&[], vec![]));
    kit.expect(DE, "2026-02-01", Force::InForce);
}
