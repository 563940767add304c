//! Each rule a test, through the door: what is refused, by which rule, and what is accepted instead.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use kit::*;
use nospy::agreement::{
    Act, Contention, Flag, Force, IAT_AFTER_MAX, IAT_BEFORE_MAX, KnownAt, On, Reason, Rule, TALK_STATEMENTS_MAX, World,
};
use nospy::codec::Value;
use nospy::crypto::sha256;
use nospy::statement::StatementId;

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";
const FR: &str = "agreement/acme/r/fr-anssi";

/// An offer to all, accepted by DE on 2026-01-10.
fn agreed(term: Fields<'static>) -> (Kit, StatementId, StatementId) {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], term));
    kit.at("2026-01-10");
    let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.at("2026-02-01");
    (kit, made, act)
}

fn notice(act: &StatementId, date: &str, effective: &str) -> Fields<'static> {
    let over = vec![("effective", text(effective)), ("measure", text("notice")), ("reasons", text("cost"))];
    with(change(act, date), over)
}

fn terminate(act: &StatementId, date: &str, ground: &str) -> Fields<'static> {
    with(change(act, date), vec![("ground", text(ground)), ("reasons", text("found"))])
}

fn finding(date: &str) -> Fields<'static> {
    vec![("date", text(date)), ("clauses", texts(&["NB5"])), ("summary", text("an order was not contested"))]
}

#[test]
fn names_of_rules_are_distinct() {
    let names: std::collections::BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert_eq!(Rule::RefNotCurrent.as_str(), "ref_not_current");
    assert_eq!(Rule::RefNotCurrent.number(), Some(3));
}

#[test]
fn genesis_opens_the_log_once() {
    let mut kit = Kit::bare("2026-01-01");
    let wrong = with(genesis(), vec![("origin", text("other.example"))]);
    kit.refused(Rule::GenesisMisplaced, "registrar", "registry", "registry.genesis", wrong);
    kit.refused(Rule::SignerLacksAuthority, "registrar#3", "registry", "registry.genesis", genesis());
    let shared = with(genesis(), vec![("log_key", public("registrar"))]);
    kit.refused(Rule::GenesisMisplaced, "registrar", "registry", "registry.genesis", shared);
    kit.ok("registrar#2", "registry", "registry.genesis", genesis());
    kit.refused(Rule::GenesisMisplaced, "registrar", "registry", "registry.genesis", genesis());
}

#[test]
fn a_threshold_has_keys_to_reach_it() {
    let mut kit = Kit::default();
    let body = with(enrolment("tele", "vendor", "se"), vec![("threshold", Value::Int(2))]);
    kit.refused(Rule::ThresholdTooHigh, "registrar", "party/tele", "party.enrol", body);
    let body = vec![("threshold", Value::Int(2))];
    kit.refused(Rule::ThresholdTooHigh, "acme", "party/acme", "party.keys", body);
}

#[test]
fn unknown_kinds_are_refused_and_make_the_docket_indeterminate() {
    let (mut kit, _, _) = agreed(vec![]);
    kit.refused(Rule::UnknownKind, "de-bsi", DE, "agreement.join", vec![]);
    let statement = kit.sign("de-bsi", DE, "agreement.join", vec![]);
    assert_eq!(kit.log_by_mistake(statement).unwrap_err().rule, Rule::UnknownKind);
    let standing = kit.expect(DE, "2026-01-15", Force::Indeterminate(Reason::UnknownKind));
    assert_eq!(standing.otherwise.unwrap().force, Force::InForce);
    assert!(kit.world.inadmissible().is_empty(), "an unknown kind is not against the rules");
    let earlier = KnownAt { index: kit.next - 2, ..kit.known_at() };
    let on = On::Day("2026-01-15".parse().unwrap());
    assert_eq!(kit.world.standing(&subject(DE), on, earlier).force, Force::InForce);
}

#[test]
fn other_registries_seals_and_broken_signatures() {
    let mut kit = Kit::default();
    let other = World::whole("other.example".parse().unwrap());
    let act = kit.candidate(kit.sign("acme", OFFER, "offer.make", offer(&[], vec![])));
    assert_eq!(other.judge(&act).unwrap_err().rule, Rule::OtherOrigin);
    let mut bytes = act.statement.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let broken = nospy::statement::Statement::parse(&bytes).unwrap();
    assert_eq!(kit.submit(broken).unwrap_err().rule, Rule::SignatureInvalid);
    let body = vec![("title", text("no such field"))];
    let refusal = kit.refused(Rule::BodyMalformed, "acme", OFFER, "offer.make", body);
    assert!(refusal.message.contains("title"), "{refusal}");
}

#[test]
fn rule_01_keys_are_judged_by_index_and_periods_by_registration_time() {
    let mut kit = Kit::default();
    let from = i64::try_from(ms("2026-02-01T00:00:00Z") / 1000).unwrap();
    let limited =
        with(authority(&["offer.make"], false), vec![("from", Value::Int(from)), ("until", Value::Int(from + 86_400))]);
    let body = vec![("grant", Value::Array(vec![grant("acme", "acme#2", limited)]))];
    // Before its grant the key is nobody's, also for a statement that lands one index before.
    kit.refused(Rule::SignerLacksAuthority, "acme#2", OFFER, "offer.make", offer(&[], vec![]));
    kit.ok("acme", "party/acme", "party.keys", body);
    kit.refused(Rule::SignerLacksAuthority, "acme#2", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-02-02T00:00:00Z");
    kit.refused(Rule::SignerLacksAuthority, "acme#2", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-02-01T23:59:59Z");
    kit.ok("acme#2", OFFER, "offer.make", offer(&[], vec![]));
    let early = Act {
        index: 3,
        ..kit.candidate(kit.sign("lab", "report/lab/x", "report.act", report("2026-01-01", "acme", &[])))
    };
    assert_eq!(kit.world.judge(&early).unwrap_err().rule, Rule::SignerLacksAuthority, "the lab comes at a later index");
}

#[test]
fn rule_02_no_back_dating() {
    let (mut kit, _, act) = agreed(vec![]);
    kit.refused(Rule::BackDated, "de-bsi", DE, "agreement.suspend", change(&act, "2026-01-31"));
    let effective = with(change(&act, "2026-02-01"), vec![("effective", text("2026-01-31"))]);
    kit.refused(Rule::BackDated, "de-bsi", DE, "agreement.suspend", effective);
    kit.refused(Rule::BackDated, "de-bsi", DE, "agreement.terminate", terminate(&act, "2026-01-31", "breach"));
    let order = with(change(&act, "2026-02-03"), vec![("effective", text("2026-02-02"))]);
    kit.refused(Rule::DaysOutOfOrder, "de-bsi", DE, "agreement.suspend", order);
    let until = with(change(&act, "2026-02-01"), vec![("until", text("2026-02-01"))]);
    kit.refused(Rule::DaysOutOfOrder, "de-bsi", DE, "agreement.suspend", until);
    kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
}

#[test]
fn rule_02_a_late_registration_may_tell_its_past() {
    let mut kit = Kit::default();
    let paper = "agreement/acme/paper/de-bsi";
    kit.at("2026-06-01");
    let act = kit.ok("de-bsi", paper, "agreement.file", filing("2020-01-01", "2020-02-01", vec![]));
    kit.ok("de-bsi", paper, "agreement.suspend", with(change(&act, "2021-01-01"), vec![("until", text("2021-02-01"))]));
    // What was done after its registration is as for any other.
    kit.at("2026-07-01");
    kit.refused(Rule::BackDated, "de-bsi", paper, "agreement.suspend", change(&act, "2026-06-01"));
    let standing = kit.expect(paper, "2021-01-15", Force::Suspended);
    assert!(standing.flags.contains(&Flag::LateRegistration));
    // Registered within 30 days it is not late.
    let prompt = "agreement/acme/prompt/de-bsi";
    let act = kit.ok("de-bsi", prompt, "agreement.file", filing("2026-06-01", "2026-06-01", vec![]));
    assert!(!kit.standing(prompt, "2026-06-15").flags.contains(&Flag::LateRegistration));
    kit.refused(Rule::BackDated, "de-bsi", prompt, "agreement.suspend", change(&act, "2026-06-15"));
}

#[test]
fn rule_02_an_acceptance_is_effective_no_earlier_than_the_offer() {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-01-10");
    let early = with(accept(&made, "2026-01-10"), vec![("effective", text("2025-12-31"))]);
    kit.refused(Rule::EffectiveBeforeOffer, "de-bsi", DE, "agreement.accept", early);
    let dated = with(accept(&made, "2026-01-10"), vec![("date", text("2025-12-31"))]);
    kit.refused(Rule::EffectiveBeforeOffer, "de-bsi", DE, "agreement.accept", dated);
    let same = with(accept(&made, "2026-01-10"), vec![("effective", text("2026-01-01"))]);
    kit.ok("de-bsi", DE, "agreement.accept", same);
    // Unless the terms say so.
    let made = kit.ok("acme", "offer/acme/s", "offer.make", offer(&[], vec![("effective", text("2025-06-01"))]));
    let about = "agreement/acme/s/de-bsi";
    let early = with(accept(&made, "2026-01-10"), vec![("effective", text("2025-05-31"))]);
    kit.refused(Rule::EffectiveBeforeOffer, "de-bsi", about, "agreement.accept", early);
    let early = with(accept(&made, "2026-01-10"), vec![("effective", text("2025-06-01"))]);
    kit.ok("de-bsi", about, "agreement.accept", early);
    kit.expect(about, "2025-06-01", Force::InForce);
}

#[test]
fn rule_03_ref_must_be_current() {
    let (mut kit, made, act) = agreed(vec![]);
    for other in [made, sha256(&[b"nothing"])] {
        kit.refused(Rule::RefNotCurrent, "de-bsi", DE, "agreement.suspend", change(&other, "2026-02-01"));
        kit.refused(Rule::RefNotCurrent, "acme", DE, "agreement.notice", notice(&other, "2026-02-01", "2027-01-01"));
        let body = terminate(&other, "2026-02-01", "breach");
        kit.refused(Rule::RefNotCurrent, "de-bsi", DE, "agreement.terminate", body);
        let body = vec![("ref", id(&other)), ("date", text("2026-02-01"))];
        kit.refused(Rule::RefNotCurrent, "acme", DE, "agreement.notice_revoke", body);
    }
    kit.refused(Rule::RefNotCurrent, "acme", OFFER, "offer.withdraw", vec![("ref", id(&act))]);
    let suspension = kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.at("2026-02-02");
    kit.refused(Rule::RefNotCurrent, "de-bsi", DE, "agreement.resume", change(&act, "2026-02-02"));
    kit.ok("de-bsi", DE, "agreement.resume", change(&suspension, "2026-02-02"));
    // A suspension that is over is not current any more.
    kit.refused(Rule::RefNotCurrent, "de-bsi", DE, "agreement.resume", change(&suspension, "2026-02-02"));
    let until = with(change(&act, "2026-02-02"), vec![("until", text("2026-03-01"))]);
    let suspension = kit.ok("de-bsi", DE, "agreement.suspend", until);
    kit.at("2026-03-01");
    kit.refused(Rule::RefNotCurrent, "de-bsi", DE, "agreement.resume", change(&suspension, "2026-03-01"));
}

#[test]
fn rule_05_a_key_outside_its_authority_is_refused() {
    let mut kit = Kit::default();
    let grants = Value::Array(vec![grant("acme", "acme#2", authority(&["offer.withdraw"], false))]);
    kit.ok("acme", "party/acme", "party.keys", vec![("grant", grants)]);
    kit.refused(Rule::SignerLacksAuthority, "acme#2", OFFER, "offer.make", offer(&[], vec![]));
    let grants = || Value::Array(vec![grant("acme", "acme#3", authority(&["*"], false))]);
    kit.refused(Rule::SignerLacksAuthority, "acme#2", "party/acme", "party.keys", vec![("grant", grants())]);
    kit.ok("acme", "party/acme", "party.keys", vec![("grant", grants())]);
    // `*` is every kind, and no right over keys.
    let revoke = |name: &str| {
        let one = record(vec![("kid", Value::bytes(kid(name).0)), ("reason", text("retired"))]);
        vec![("revoke", Value::Array(vec![one]))]
    };
    kit.refused(Rule::SignerLacksAuthority, "acme#3", "party/acme", "party.keys", revoke("acme#2"));
    let made = kit.ok("acme#3", OFFER, "offer.make", offer(&[], vec![]));
    kit.ok("acme", "party/acme", "party.keys", revoke("acme#2"));
    kit.refused(Rule::KeyUnknown, "acme", "party/acme", "party.keys", revoke("acme#2"));
    kit.refused(Rule::SignerLacksAuthority, "acme#2", OFFER, "offer.withdraw", vec![("ref", id(&made))]);
    kit.refused(Rule::SignerLacksAuthority, "registrar#3", "party/x", "party.list", description("X", "vendor", "se"));
}

#[test]
fn rule_05_only_who_the_subject_names_signs() {
    let (mut kit, made, act) = agreed(vec![]);
    kit.refused(Rule::WrongSigner, "de-bsi", "offer/acme/s", "offer.make", offer(&[], vec![]));
    kit.refused(Rule::WrongSigner, "acme", FR, "agreement.accept", accept(&made, "2026-02-01"));
    kit.refused(Rule::WrongSigner, "de-bsi", FR, "agreement.accept", accept(&made, "2026-02-01"));
    kit.refused(Rule::WrongSigner, "fr-anssi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.refused(Rule::WrongSigner, "acme", DE, "finding.open", finding("2026-02-01"));
    kit.refused(Rule::WrongSigner, "fr-anssi", DE, "finding.open", finding("2026-02-01"));
    kit.refused(Rule::WrongSigner, "acme", "party/lab", "party.keys", vec![("threshold", Value::Int(1))]);
    kit.refused(Rule::WrongSigner, "acme", "party/x", "party.list", description("X", "vendor", "se"));
    kit.refused(Rule::WrongSigner, "lab", "report/registrar/x", "report.act", report("2026-01-01", "acme", &[]));
    kit.refused(Rule::WrongSigner, "acme", "report/acme/x", "report.act", report("2026-01-01", "acme", &[]));
    // A government's id does not make a vendor of it, nor the other way round.
    kit.refused(Rule::WrongSigner, "fr-anssi", "offer/fr-anssi/r", "offer.make", offer(&[], vec![]));
    kit.refused(Rule::SignerLacksAuthority, "nobody", "offer/nobody/r", "offer.make", offer(&[], vec![]));
}

#[test]
fn rule_05_a_compromise_flags_and_leaves_force() {
    let (mut kit, _, _) = agreed(vec![]);
    kit.at("2026-03-01");
    let compromised = |since: &str| {
        let since = i64::try_from(ms(since) / 1000).unwrap();
        let one = record(vec![
            ("kid", Value::bytes(kid("de-bsi").0)),
            ("reason", text("compromised")),
            ("compromised_since", Value::Int(since)),
        ]);
        vec![("revoke", Value::Array(vec![one]))]
    };
    let mut later = kit_with_same_log(&kit);
    kit.ok("de-bsi", "party/de-bsi", "party.keys", compromised("2026-01-05"));
    assert!(kit.expect(DE, "2026-02-01", Force::InForce).flags.contains(&Flag::Disputed));
    let before = KnownAt { index: kit.next - 2, ..kit.known_at() };
    let standing = kit.world.standing(&subject(DE), On::Day("2026-02-01".parse().unwrap()), before);
    assert!(!standing.flags.contains(&Flag::Disputed), "the revocation is not known yet");
    later.ok("de-bsi", "party/de-bsi", "party.keys", compromised("2026-01-20"));
    assert!(!later.expect(DE, "2026-02-01", Force::InForce).flags.contains(&Flag::Disputed));
}

fn kit_with_same_log(kit: &Kit) -> Kit {
    Kit { world: kit.world.clone(), log: kit.log.clone(), next: kit.next, now_ms: kit.now_ms, iat: None }
}

#[test]
fn rule_05_keys_are_granted_with_a_proof() {
    let mut kit = Kit::default();
    let stolen = Value::Array(vec![grant_for("acme", "acme#2", authority(&["*"], false), "lab")]);
    kit.refused(Rule::PossessionUnproven, "acme", "party/acme", "party.keys", vec![("grant", stolen)]);
    let keys = Value::Array(vec![grant_for("tele", "tele", authority(&["*"], true), "acme")]);
    let body = with(enrolment("tele", "vendor", "se"), vec![("keys", keys)]);
    kit.refused(Rule::PossessionUnproven, "registrar", "party/tele", "party.enrol", body);
}

#[test]
fn rule_06_nobody_else_changes_force() {
    let (mut kit, made, act) = agreed(vec![]);
    kit.refused(Rule::WrongSigner, "registrar", DE, "agreement.terminate", terminate(&act, "2026-02-01", "breach"));
    kit.refused(Rule::WrongSigner, "registrar", FR, "agreement.accept", accept(&made, "2026-02-01"));
    kit.refused(Rule::WrongSigner, "registrar", DE, "finding.open", finding("2026-02-01"));
    kit.refused(Rule::WrongSigner, "lab", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.ok("lab", DE, "finding.open", finding("2026-02-01"));
    kit.ok("registrar", "report/registrar/ban", "report.act", report("2026-02-01", "acme", &["de"]));
    let standing = kit.expect(DE, "2026-02-01", Force::InForce);
    assert_eq!(standing.contention, Contention::Alleged);
}

#[test]
fn rule_08_withdrawal_does_not_touch_acceptances() {
    let (mut kit, made, _) = agreed(vec![]);
    kit.ok("acme", OFFER, "offer.withdraw", vec![("ref", id(&made))]);
    kit.refused(Rule::OfferClosed, "acme", OFFER, "offer.withdraw", vec![("ref", id(&made))]);
    kit.refused(Rule::OfferClosed, "fr-anssi", FR, "agreement.accept", accept(&made, "2026-02-01"));
    let decline = vec![("ref", id(&made)), ("date", text("2026-02-01"))];
    kit.refused(Rule::OfferClosed, "fr-anssi", FR, "agreement.decline", decline);
    kit.at("2026-02-02");
    kit.expect(DE, "2026-02-02", Force::InForce);
    kit.expect(FR, "2026-02-02", Force::NoAgreement);
}

#[test]
fn rule_08_an_offer_is_open_to_the_end_of_its_last_day() {
    let mut kit = Kit::default();
    let body = with(offer(&[], vec![]), vec![("open_until", text("2026-01-20"))]);
    let made = kit.ok("acme", OFFER, "offer.make", body);
    kit.at("2026-01-20T22:59:59Z");
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-20"));
    kit.at("2026-01-20T23:00:00Z");
    kit.refused(Rule::OfferClosed, "fr-anssi", FR, "agreement.accept", accept(&made, "2026-01-21"));
    kit.at("2026-01-22");
    kit.expect(OFFER, "2026-01-20", Force::Offered);
    kit.expect(OFFER, "2026-01-21", Force::Expired);
    let over = with(offer(&[], vec![]), vec![("open_until", text("2026-01-21"))]);
    kit.refused(Rule::DaysOutOfOrder, "acme", "offer/acme/s", "offer.make", over);
}

#[test]
fn rule_09_only_the_exact_offer_is_accepted_by_whom_it_is_made_to() {
    let mut kit = Kit::default();
    kit.refused(Rule::OfferUnknown, "de-bsi", DE, "agreement.accept", accept(&sha256(&[b"x"]), "2026-01-01"));
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de", "fr-anssi"], vec![]));
    let other = kit.ok("acme", "offer/acme/s", "offer.make", offer(&[], vec![]));
    kit.refused(Rule::OtherText, "de-bsi", DE, "agreement.accept", accept(&other, "2026-01-01"));
    let gb = "agreement/acme/r/gb-ncsc";
    kit.refused(Rule::NotAddressed, "gb-ncsc", gb, "agreement.accept", accept(&made, "2026-01-01"));
    let decline = vec![("ref", id(&made)), ("date", text("2026-01-01"))];
    kit.refused(Rule::NotAddressed, "gb-ncsc", gb, "agreement.decline", decline);
    let reserving = |clause: &str| with(accept(&made, "2026-01-01"), vec![("reservations", texts(&[clause]))]);
    kit.refused(Rule::ReservationNotAllowed, "de-bsi", DE, "agreement.accept", reserving("NB5"));
    kit.refused(Rule::ClauseUnknown, "de-bsi", DE, "agreement.accept", reserving("NB99"));
    kit.ok("de-bsi", DE, "agreement.accept", reserving("NB12"));
    kit.ok("fr-anssi", FR, "agreement.accept", accept(&made, "2026-01-01"));
    kit.refused(Rule::OfferExists, "acme", OFFER, "offer.make", offer(&[], vec![]));
}

#[test]
fn rule_10_iat_lies_near_the_registration() {
    let mut kit = Kit::default();
    kit.at("2026-06-01");
    let now = kit.now_ms / 1000;
    for (iat, accepted) in [
        (now - IAT_BEFORE_MAX - 1, false),
        (now + IAT_AFTER_MAX + 1, false),
        (now - IAT_BEFORE_MAX, true),
        (now + IAT_AFTER_MAX, true),
    ] {
        kit.iat = Some(iat);
        let about = format!("offer/acme/at{iat}");
        let result = kit.try_push("acme", &about, "offer.make", offer(&[], vec![]));
        assert_eq!(result.as_ref().err().map(|refusal| refusal.rule), (!accepted).then_some(Rule::IatOutOfWindow));
    }
}

#[test]
fn rule_11_talk_is_bounded_and_acts_of_force_are_not() {
    let (mut kit, _, act) = agreed(vec![]);
    for n in 0..TALK_STATEMENTS_MAX {
        let body = with(finding("2026-02-01"), vec![("summary", text(&format!("finding {n}")))]);
        kit.ok("de-bsi", DE, "finding.open", body);
    }
    kit.refused(Rule::AgreementFull, "de-bsi", DE, "finding.open", finding("2026-02-01"));
    kit.ok("lab", DE, "finding.open", finding("2026-02-01"));
    kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
}

#[test]
fn rule_12_days_are_local_days() {
    let mut kit = Kit::default();
    let unknown = vec![("zone", text("Europe/Atlantis"))];
    kit.refused(Rule::ZoneUnknown, "acme", OFFER, "offer.make", offer(&[], unknown));
    // 2026-06-30T23:30Z is 1 July in Auckland and Berlin, and 30 June in New York.
    for (zone, day, accepted) in [
        ("Pacific/Auckland", "2026-06-30", false),
        ("Pacific/Auckland", "2026-07-01", true),
        ("Europe/Berlin", "2026-06-30", false),
        ("America/New_York", "2026-06-30", true),
    ] {
        let mut kit = Kit::default();
        let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![("zone", text(zone))]));
        let act = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-01"));
        kit.at("2026-06-30T23:30:00Z");
        let result = kit.try_push("de-bsi", DE, "agreement.suspend", change(&act, day));
        let refused = (!accepted).then_some(Rule::BackDated);
        assert_eq!(result.err().map(|refusal| refusal.rule), refused, "{zone} {day}");
        assert_eq!(kit.standing(DE, day).zone, zone);
        assert!(!kit.standing(DE, day).zone_table.is_empty());
    }
}

#[test]
fn rule_13_a_key_is_one_partys() {
    let mut kit = Kit::default();
    let keys = |name: &str| Value::Array(vec![grant("tele", name, authority(&["*"], true))]);
    for taken in ["acme", "registrar", "log"] {
        let body = with(enrolment("tele", "vendor", "se"), vec![("keys", keys(taken))]);
        kit.refused(Rule::KeyTaken, "registrar", "party/tele", "party.enrol", body);
    }
    kit.enrol("tele", "vendor", "se");
    let again = enrolment("tele", "vendor", "se");
    kit.refused(Rule::AlreadyEnrolled, "registrar", "party/tele", "party.enrol", again);
    let grants = Value::Array(vec![grant("tele", "acme", authority(&["*"], false))]);
    kit.refused(Rule::KeyTaken, "tele", "party/tele", "party.keys", vec![("grant", grants)]);
}

#[test]
fn rule_13_names_cannot_be_taken_for_one_another() {
    let mut kit = Kit::default();
    kit.ok("registrar", "party/nordhavn", "party.list", description("Nordhavn Radio AB", "vendor", "se"));
    // Cyrillic о and а, another case, another spacing, and the other party's id.
    for name in ["Nоrdhavn Rаdio AB", "NORDHAVN RADIO AB", "Nordhavn-Radio  AB", "Nordhavn", "ACME"] {
        let refusal = kit.refused(
            Rule::NameConfusable,
            "registrar",
            "party/n-radio",
            "party.list",
            description(name, "vendor", "dk"),
        );
        assert!(refusal.message.contains("nordhavn") || refusal.message.contains("acme"), "{refusal}");
    }
    kit.refused(Rule::NameConfusable, "registrar", "party/n0rdhavn", "party.list", description("Else", "vendor", "dk"));
    kit.ok("registrar", "party/nordhavn", "party.list", description("Nordhavn Radio A/S", "vendor", "dk"));
    kit.ok("registrar", "party/n-radio", "party.list", description("Sydhavn Radio AB", "vendor", "dk"));
}

#[test]
fn rule_13_texts_countries_identifiers_and_roles() {
    let mut kit = Kit::default();
    let mut refused = |rule, about: &str, body| {
        kit.refused(rule, "registrar", about, "party.list", body);
    };
    refused(Rule::TextNotAdmitted, "party/x", description("Cafe\u{301}", "vendor", "fr"));
    refused(Rule::TextNotAdmitted, "party/x", description("abc\u{202E}def", "vendor", "fr"));
    let spoofs = [" ", " Name", "Name\nforce in force", "Name\u{2028}x", "Na\u{200B}me", "\u{3164}", "N\u{E0041}"];
    for name in spoofs {
        refused(Rule::TextNotAdmitted, "party/x", description(name, "vendor", "fr"));
    }
    refused(Rule::CountryUnknown, "party/x", description("Name", "vendor", "zz"));
    refused(Rule::RoleMismatch, "party/x", description("Name", "government", "fr"));
    refused(Rule::RoleMismatch, "party/de-x", description("Name", "government", "fr"));
    refused(Rule::RoleMismatch, "party/acme", description("Name", "auditor", "se"));
    let lei = |value: &str| {
        let one = record(vec![("scheme", text("lei")), ("value", text(value))]);
        with(description("Example Netz GmbH", "vendor", "de"), vec![("identifiers", Value::Array(vec![one]))])
    };
    for bad in ["ZZZZ00EXAMPLENETZ064", "ZZZZ00EXAMPLENETZ06", "zzzz00examplenetz063"] {
        refused(Rule::LeiInvalid, "party/x", lei(bad));
    }
    for good in ["ZZZZ00EXAMPLENETZ063", "ZZZZ00NORDHAVNRAD050", "ZZZZ00SENTRALCLOU049"] {
        kit.ok("registrar", "party/x", "party.list", lei(good));
    }
    let body = report("2026-01-01", "unlisted", &[]);
    kit.refused(Rule::PartyUnknown, "registrar", "report/registrar/x", "report.act", body);
    let spoof = vec![("source", record(vec![("publisher", text("DN)\n\nIn force, signed by both"))]))];
    let body = with(report("2026-01-01", "acme", &["fr"]), spoof);
    kit.refused(Rule::TextNotAdmitted, "registrar", "report/registrar/x", "report.act", body);
    let body = report("2026-01-01", "acme", &["zz"]);
    kit.refused(Rule::CountryUnknown, "registrar", "report/registrar/x", "report.act", body);
    let late = vec![(
        "paper",
        record(vec![("signed_on", text("2026-01-02")), ("method", text("decision")), ("form", text("x"))]),
    )];
    let body = with(filing("2026-01-01", "2026-01-01", vec![]), late);
    kit.refused(Rule::DaysOutOfOrder, "de-bsi", "agreement/acme/r/de-bsi", "agreement.file", body);
    let body = filing("2026-01-01", "2026-01-01", vec![]);
    kit.refused(Rule::PartyUnknown, "de-bsi", "agreement/unlisted/r/de-bsi", "agreement.file", body);
    kit.refused(Rule::CountryUnknown, "acme", OFFER, "offer.make", offer(&["zz-organ"], vec![]));
}

#[test]
fn rule_14_what_breaks_a_rule_has_no_effect_and_leaves_open_what_it_would_have_changed() {
    let (mut kit, _, act) = agreed(vec![]);
    let statement = kit.sign("fr-anssi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    let refusal = kit.log_by_mistake(statement).unwrap_err();
    assert_eq!(refusal.rule, Rule::WrongSigner);
    let statement = kit.sign("registrar", DE, "finding.open", finding("2026-02-01"));
    kit.log_by_mistake(statement).unwrap_err();
    kit.at("2026-02-10");
    // Before its day it would have changed nothing.
    assert_eq!(kit.expect(DE, "2026-01-31", Force::InForce).inadmissible.len(), 2);
    let standing = kit.expect(DE, "2026-02-02", Force::Indeterminate(Reason::Inadmissible));
    assert_eq!(standing.otherwise.unwrap().force, Force::InForce);
    assert_eq!(standing.inadmissible[0].refusal, refusal);
    assert_eq!(kit.world.inadmissible().len(), 2);
    // The docket goes on.
    kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-10"));
}

#[test]
fn a_paper_is_filed_only_where_no_offer_stands() {
    let (mut kit, _, _) = agreed(vec![]);
    let body = || filing("2026-02-01", "2026-02-01", vec![]);
    kit.refused(Rule::OfferExists, "fr-anssi", FR, "agreement.file", body());
    let paper = "agreement/acme/paper/fr-anssi";
    let unknown = filing("2026-02-01", "2026-02-01", vec![("zone", text("Europe/Atlantis"))]);
    kit.refused(Rule::ZoneUnknown, "fr-anssi", paper, "agreement.file", unknown);
    kit.ok("fr-anssi", paper, "agreement.file", body());
    kit.refused(Rule::AgreementExists, "fr-anssi", paper, "agreement.file", body());
}

#[test]
fn one_agreement_lives_at_a_time_and_a_new_one_says_what_it_replaces() {
    let (mut kit, made, act) = agreed(vec![]);
    kit.refused(Rule::AgreementExists, "de-bsi", DE, "agreement.accept", accept(&made, "2026-02-01"));
    let decline = vec![("ref", id(&made)), ("date", text("2026-02-01"))];
    kit.refused(Rule::AgreementExists, "de-bsi", DE, "agreement.decline", decline);
    kit.ok("de-bsi", DE, "agreement.terminate", terminate(&act, "2026-02-01", "breach"));
    kit.at("2026-02-02");
    kit.refused(Rule::Terminal, "de-bsi", DE, "agreement.suspend", change(&act, "2026-02-02"));
    kit.refused(Rule::Terminal, "acme", DE, "agreement.notice", notice(&act, "2026-02-02", "2027-01-01"));
    kit.refused(Rule::Terminal, "de-bsi", DE, "agreement.terminate", terminate(&act, "2026-02-02", "breach"));
    kit.refused(Rule::Terminal, "de-bsi", DE, "agreement.accept", accept(&made, "2026-02-02"));
    let other = with(accept(&made, "2026-02-02"), vec![("replaces", text(FR))]);
    kit.refused(Rule::AgreementUnknown, "de-bsi", DE, "agreement.accept", other);
    // An allegation may still be made.
    kit.ok("lab", DE, "finding.open", finding("2026-02-02"));
    kit.ok("de-bsi", DE, "agreement.accept", with(accept(&made, "2026-02-02"), vec![("replaces", text(DE))]));
    kit.at("2026-02-03");
    kit.expect(DE, "2026-01-31", Force::InForce);
    kit.expect(DE, "2026-02-01", Force::Terminated);
    kit.expect(DE, "2026-02-02", Force::InForce);
}

#[test]
fn a_successor_agreed_upon_before_the_end_does_not_hide_what_is_in_force() {
    let (mut kit, made, act) = agreed(vec![]);
    kit.ok("acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-08-01"));
    kit.at("2026-03-01");
    let next = |effective: &str| {
        with(accept(&made, "2026-03-01"), vec![("replaces", text(DE)), ("effective", text(effective))])
    };
    kit.refused(Rule::AgreementExists, "de-bsi", DE, "agreement.accept", next("2026-07-31"));
    kit.ok("de-bsi", DE, "agreement.accept", next("2026-09-01"));
    kit.at("2026-10-01");
    for (day, force) in [
        ("2026-02-28", Force::InForce),
        ("2026-03-02", Force::InForce),
        ("2026-07-31", Force::InForce),
        ("2026-08-01", Force::NotYet),
        ("2026-09-01", Force::InForce),
    ] {
        kit.expect(DE, day, force);
    }
}

#[test]
fn a_refusal_by_a_government_is_not_final() {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-01-02");
    kit.ok("de-bsi", DE, "agreement.decline", vec![("ref", id(&made)), ("date", text("2026-01-02"))]);
    kit.at("2026-01-10");
    assert!(kit.expect(DE, "2026-01-03", Force::Offered).flags.contains(&Flag::Declined));
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    assert!(!kit.expect(DE, "2026-01-10", Force::InForce).flags.contains(&Flag::Declined));
}

#[test]
fn a_notice_runs_as_long_as_the_terms_want() {
    let (mut kit, _, act) = agreed(vec![]);
    kit.refused(Rule::NoticeTooShort, "acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-07-31"));
    let given = kit.ok("acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-08-01"));
    let revoke = || vec![("ref", id(&given)), ("date", text("2026-08-01"))];
    kit.refused(Rule::WrongSigner, "de-bsi", DE, "agreement.notice_revoke", revoke());
    kit.at("2026-08-01");
    kit.refused(Rule::Terminal, "acme", DE, "agreement.notice_revoke", revoke());
    kit.expect(DE, "2026-07-31", Force::InForce);
    kit.expect(DE, "2026-08-01", Force::Terminated);
    let (mut kit, _, act) = agreed(vec![("notice_period", Value::Null)]);
    kit.refused(Rule::NoticeTooShort, "acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2036-02-01"));
}

#[test]
fn an_end_at_once_wants_a_ground_of_the_terms() {
    let (mut kit, _, act) = agreed(vec![]);
    let body = |ground| terminate(&act, "2026-02-01", ground);
    kit.refused(Rule::GroundNotAllowed, "de-bsi", DE, "agreement.terminate", body("notice"));
    kit.ok("acme", DE, "agreement.terminate", body("breach"));
    // Whatever the terms list, what cannot wait is ended for urgency.
    let (mut kit, _, act) = agreed(vec![]);
    kit.ok("de-bsi", DE, "agreement.terminate", terminate(&act, "2026-02-01", "urgency"));
    let (mut kit, _, act) = agreed(vec![("grounds", Value::Null)]);
    kit.refused(Rule::GroundNotAllowed, "de-bsi", DE, "agreement.terminate", terminate(&act, "2026-02-01", "breach"));
    kit.ok("de-bsi", DE, "agreement.terminate", terminate(&act, "2026-02-01", "urgency"));
    // After a notice has run out the end may be said in so many words.
    let (mut kit, _, act) = agreed(vec![]);
    kit.ok("acme", DE, "agreement.notice", notice(&act, "2026-02-01", "2026-08-01"));
    kit.at("2026-08-02");
    kit.ok("acme", DE, "agreement.terminate", terminate(&act, "2026-08-02", "notice"));
    let ends = kit.expect(DE, "2026-08-02", Force::Terminated).ends.unwrap();
    assert_eq!(ends.day.to_string(), "2026-08-01");
}

#[test]
fn suspensions_name_clauses_and_the_vendor_suspends_only_if_the_terms_say_so() {
    let (mut kit, _, act) = agreed(vec![]);
    let named = |clause: &str| with(change(&act, "2026-02-01"), vec![("clauses", texts(&[clause]))]);
    kit.refused(Rule::ClauseUnknown, "de-bsi", DE, "agreement.suspend", named("NB99"));
    kit.refused(Rule::WrongSigner, "acme", DE, "agreement.suspend", named("NB5"));
    let (mut kit, _, act) = agreed(vec![("vendor_may_suspend", Value::Bool(true))]);
    let given = kit.ok("de-bsi", DE, "agreement.suspend", change(&act, "2026-02-01"));
    kit.refused(Rule::WrongSigner, "acme", DE, "agreement.resume", change(&given, "2026-02-01"));
    let body = with(change(&given, "2026-02-01"), vec![("clauses", texts(&["NB99"]))]);
    kit.refused(Rule::ClauseUnknown, "de-bsi", DE, "agreement.resume", body);
    kit.ok("acme", DE, "agreement.suspend", change(&act, "2026-02-01"));
}

#[test]
fn a_finding_is_closed_by_who_opened_or_appealed_it() {
    let (mut kit, _, _) = agreed(vec![]);
    let body = with(finding("2026-02-01"), vec![("clauses", texts(&["NB99"]))]);
    kit.refused(Rule::ClauseUnknown, "lab", DE, "finding.open", body);
    kit.refused(Rule::AgreementUnknown, "lab", FR, "finding.open", finding("2026-02-01"));
    let opened = kit.ok("lab", DE, "finding.open", finding("2026-02-01"));
    let step = |date: &str| vec![("ref", id(&opened)), ("date", text(date)), ("summary", text("so it is"))];
    let close = |date: &str| with(step(date), vec![("outcome", text("resolved"))]);
    kit.refused(Rule::WrongSigner, "acme", DE, "finding.close", close("2026-02-02"));
    kit.refused(Rule::WrongSigner, "lab", DE, "finding.reply", step("2026-02-02"));
    kit.refused(Rule::DaysOutOfOrder, "acme", DE, "finding.reply", step("2026-01-31"));
    kit.ok("acme", DE, "finding.reply", step("2026-02-02"));
    kit.ok("acme", DE, "finding.appeal", step("2026-02-03"));
    kit.ok("acme", DE, "finding.close", close("2026-02-04"));
    kit.refused(Rule::RefNotCurrent, "acme", DE, "finding.reply", step("2026-02-05"));
    kit.at("2026-02-05");
    let standing = kit.expect(DE, "2026-02-05", Force::InForce);
    assert_eq!(standing.findings[0].story.len(), 4);
    assert_eq!(standing.contention, Contention::Closed);
}

#[test]
fn rule_13_a_party_has_a_bounded_number_of_keys() {
    let mut kit = Kit::default();
    let grants = |from: usize, count: usize| {
        let names: Vec<String> = (from..from + count).map(|n| format!("acme#many{n}")).collect();
        let grants = names.iter().map(|name| grant("acme", name, authority(&["*"], false))).collect();
        vec![("grant", Value::Array(grants))]
    };
    // One key stands in the enrolment.
    let full = nospy::agreement::KEYS_PER_PARTY_MAX - 1;
    for from in (0..full).step_by(15) {
        kit.ok("acme", "party/acme", "party.keys", grants(from, 15));
    }
    assert_eq!(full % 15, 0);
    kit.refused(Rule::QuotaExceeded, "acme", "party/acme", "party.keys", grants(full, 1));
}

#[test]
fn rule_05_a_role_is_as_registered_not_as_the_subject_puts_it() {
    let mut kit = Kit::default();
    let about = "agreement/fr-anssi/r/de-bsi";
    let act = kit.ok("de-bsi", about, "agreement.file", filing("2026-01-01", "2026-01-01", vec![]));
    kit.refused(Rule::WrongSigner, "fr-anssi", about, "agreement.notice", notice(&act, "2026-01-01", "2026-06-01"));
}

#[test]
fn rule_06_a_findings_dates_decide_not_the_order_of_registration() {
    let (mut kit, _, _) = agreed(vec![]);
    let opened = kit.ok("lab", DE, "finding.open", finding("2026-02-01"));
    let step = |date: &str| vec![("ref", id(&opened)), ("date", text(date)), ("summary", text("so it is"))];
    kit.at("2026-03-01");
    kit.ok("acme", DE, "finding.appeal", step("2026-02-20"));
    kit.ok("lab", DE, "finding.close", with(step("2026-02-10"), vec![("outcome", text("upheld"))]));
    for (day, contention) in [
        ("2026-01-31", Contention::None),
        ("2026-02-01", Contention::Alleged),
        ("2026-02-10", Contention::Closed),
        ("2026-02-20", Contention::Appealed),
    ] {
        assert_eq!(kit.standing(DE, day).contention, contention, "{day}");
    }
}

#[test]
fn rule_14_a_report_by_who_may_not_report_is_not_told() {
    let mut kit = Kit::default();
    let statement = kit.sign("acme", "report/acme/own", "report.offer", report("2026-01-01", "acme", &["de"]));
    kit.log_by_mistake(statement).unwrap_err();
    kit.ok("lab", "report/lab/one", "report.reply", report("2026-01-01", "acme", &["de"]));
    let standing = kit.expect("between/acme/de", "2026-01-01", Force::NoAgreement);
    let told: Vec<String> = standing.reports.iter().map(|report| report.subject.to_string()).collect();
    assert_eq!(told, ["report/lab/one"]);
    assert_eq!(standing.inadmissible.len(), 1);
    assert_eq!(kit.world.inadmissible(), standing.inadmissible);
}
