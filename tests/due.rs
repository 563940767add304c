//! What falls due, by the rules alone: a registry in memory, a clock as a value.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod kit;

use kit::{Kit, accept, change, filing, id, offer, record, subject, text, texts, with};
use nospy::agreement::{DueKind, Reason, Told, WaitingKind, Window};
use nospy::codec::Value;

const AGREEMENT: &str = "agreement/acme/r1/de-bsi";
const OFFER: &str = "offer/acme/r1";

/// What falls due from the first day to the last one, as (day, what).
fn due(kit: &Kit, about: &str, from: &str, to: &str) -> Vec<(String, DueKind)> {
    let told = told(kit, about, from, to);
    assert_eq!(told.doubt, None);
    told.lines.iter().map(|line| (line.day.to_string(), line.kind)).collect()
}

fn told(kit: &Kit, about: &str, from: &str, to: &str) -> Told<nospy::agreement::Due> {
    let window = Window { from: from.parse().unwrap(), to: to.parse().unwrap() };
    kit.world.due(&subject(about), window, kit.known_at())
}

fn days(expected: &[(&str, DueKind)]) -> Vec<(String, DueKind)> {
    expected.iter().map(|(day, kind)| ((*day).to_owned(), *kind)).collect()
}

/// An offer with a term of its own, accepted on 2026-01-10.
fn agreed(term: Vec<(&str, Value)>) -> (Kit, nospy::statement::StatementId) {
    let mut kit = Kit::default();
    kit.at("2026-01-05");
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], term));
    kit.at("2026-01-10");
    let carrier = kit.ok("de-bsi", AGREEMENT, "agreement.accept", accept(&made, "2026-01-10"));
    (kit, carrier)
}

fn year(inclusive: bool) -> Vec<(&'static str, Value)> {
    let renewal = record(vec![("opens", text("P3M")), ("closes", text("P1M"))]);
    vec![("ends", text("2026-12-31")), ("ends_inclusive", Value::Bool(inclusive)), ("renewal", renewal)]
}

#[test]
fn a_term_its_window_and_its_last_notice() {
    use DueKind::{Ends, NoticeDeadline, RenewalCloses, RenewalOpens};
    let (kit, _) = agreed(year(true));
    let all = days(&[
        ("2026-06-30", NoticeDeadline),
        ("2026-10-01", RenewalOpens),
        ("2026-12-01", RenewalCloses),
        ("2027-01-01", Ends),
    ]);
    assert_eq!(due(&kit, AGREEMENT, "2026-01-11", "2027-12-31"), all);
    // Both ends of the window belong to it.
    assert_eq!(due(&kit, AGREEMENT, "2026-06-30", "2026-10-01"), all[..2]);
    assert_eq!(due(&kit, AGREEMENT, "2026-07-01", "2026-09-30"), []);
    assert_eq!(due(&kit, AGREEMENT, "2027-01-01", "2027-01-01"), all[3..]);
    assert_eq!(due(&kit, AGREEMENT, "2027-01-02", "2028-01-01"), []);

    let (kit, _) = agreed(year(false));
    let ends = due(&kit, AGREEMENT, "2026-06-01", "2027-12-31");
    assert_eq!(ends.first(), Some(&("2026-06-30".to_owned(), NoticeDeadline)), "notice runs out on the 30th");
    assert_eq!(ends.last(), Some(&("2026-12-31".to_owned(), Ends)), "the day `ends` does not belong to it");
}

#[test]
fn the_last_day_for_notice_is_the_last_that_the_rules_admit() {
    let (mut kit, carrier) = agreed(year(true));
    let notice = |day: &str, effective: &str| {
        let base = vec![("measure", text("to end it")), ("reasons", text("a change of mind"))];
        with(change(&carrier, day), with(base, vec![("effective", text(effective))]))
    };
    kit.at("2026-07-01");
    kit.try_push("de-bsi", AGREEMENT, "agreement.notice", notice("2026-07-01", "2026-12-31")).unwrap_err();
    kit.try_push("de-bsi", AGREEMENT, "agreement.notice", notice("2026-07-01", "2027-01-01")).unwrap_err();
    kit.at("2026-06-30");
    let given = kit.ok("de-bsi", AGREEMENT, "agreement.notice", notice("2026-06-30", "2026-12-31"));

    // An announced end takes the place of the term's, and what lies behind it falls due no more.
    let ends = days(&[("2026-12-31", DueKind::Ends)]);
    assert_eq!(due(&kit, AGREEMENT, "2026-12-02", "2027-12-31"), ends);
    kit.at("2026-07-05");
    kit.ok("de-bsi", AGREEMENT, "agreement.notice_revoke", vec![("ref", id(&given)), ("date", text("2026-07-05"))]);
    assert_eq!(due(&kit, AGREEMENT, "2026-12-02", "2027-12-31"), days(&[("2027-01-01", DueKind::Ends)]));
}

#[test]
fn the_window_is_the_one_that_the_rules_admit_and_moves_with_the_term() {
    let (mut kit, carrier) = agreed(year(true));
    let renewal = |day: &str| {
        let ends = vec![("ends", text("2027-12-31")), ("ends_inclusive", Value::Bool(true))];
        with(vec![("ref", id(&carrier)), ("date", text(day))], ends)
    };
    for (day, is_in) in [("2026-09-30", false), ("2026-10-01", true), ("2026-12-01", true), ("2026-12-02", false)] {
        kit.at(day);
        let renewal = kit.candidate(kit.sign("acme", AGREEMENT, "agreement.renew", renewal(day)));
        assert_eq!(kit.world.admit(&renewal).is_ok(), is_in, "{day}");
    }
    kit.at("2026-10-01");
    kit.ok("acme", AGREEMENT, "agreement.renew", renewal("2026-10-01"));
    let waiting = |kit: &Kit, party: &str| {
        kit.world.waiting_for(&party.parse().unwrap(), &subject(AGREEMENT), kit.known_at()).lines
    };
    assert_eq!(waiting(&kit, "de-bsi").iter().map(|line| line.kind).collect::<Vec<_>>(), [WaitingKind::ActToSign]);
    assert_eq!(waiting(&kit, "acme"), [], "who signed waits for nobody's own signature");
    let ends = |kit: &Kit| due(kit, AGREEMENT, "2026-12-31", "2028-12-31");
    assert_eq!(ends(&kit), days(&[("2027-01-01", DueKind::Ends)]), "what one side signed moves nothing");
    kit.ok("de-bsi", AGREEMENT, "agreement.renew", renewal("2026-10-01"));
    assert_eq!(waiting(&kit, "de-bsi"), []);
    assert_eq!(
        ends(&kit),
        days(&[
            ("2027-06-30", DueKind::NoticeDeadline),
            ("2027-10-01", DueKind::RenewalOpens),
            ("2027-12-01", DueKind::RenewalCloses),
            ("2028-01-01", DueKind::Ends),
        ])
    );
    assert_eq!(due(&kit, AGREEMENT, "2026-10-03", "2027-01-31"), [], "the old end is gone");
}

#[test]
fn what_has_ended_has_nothing_due() {
    let (mut kit, carrier) = agreed(year(true));
    kit.at("2026-02-01");
    let body = with(change(&carrier, "2026-02-01"), vec![("ground", text("breach")), ("reasons", text("broken"))]);
    kit.ok("de-bsi", AGREEMENT, "agreement.terminate", body);
    assert_eq!(due(&kit, AGREEMENT, "2026-01-15", "2027-12-31"), days(&[("2026-02-01", DueKind::Ends)]));
    assert_eq!(due(&kit, AGREEMENT, "2026-02-02", "2027-12-31"), []);
}

#[test]
fn suspensions_end_unless_they_were_ended() {
    let (mut kit, carrier) = agreed(vec![]);
    kit.at("2026-02-01");
    let until = |clauses: &[&str], day: &str| {
        with(change(&carrier, "2026-02-01"), vec![("clauses", texts(clauses)), ("until", text(day))])
    };
    kit.ok("de-bsi", AGREEMENT, "agreement.suspend", until(&["NB4"], "2026-03-01"));
    let second = kit.ok("de-bsi", AGREEMENT, "agreement.suspend", until(&["NB5"], "2026-04-01"));
    let lines = told(&kit, AGREEMENT, "2026-02-01", "2026-12-31").lines;
    let words: Vec<&str> = lines.iter().map(|line| line.words.as_str()).collect();
    assert_eq!(words, ["in force again: NB4", "in force again: NB5"]);
    kit.ok("de-bsi", AGREEMENT, "agreement.resume", change(&second, "2026-02-01"));
    assert_eq!(
        due(&kit, AGREEMENT, "2026-02-01", "2026-12-31"),
        days(&[("2026-03-01", DueKind::SuspensionEnds)]),
        "what was resumed ends no more"
    );
}

#[test]
fn an_agreement_takes_force_and_an_offer_closes() {
    let mut kit = Kit::default();
    kit.at("2026-01-05");
    let body = with(offer(&["de", "fr-anssi"], vec![]), vec![("open_until", text("2026-02-28"))]);
    let made = kit.ok("acme", OFFER, "offer.make", body);
    assert_eq!(due(&kit, OFFER, "2026-01-05", "2026-12-31"), days(&[("2026-02-28", DueKind::OfferCloses)]));
    assert_eq!(due(&kit, AGREEMENT, "2026-01-05", "2026-12-31"), [], "an offer is no agreement");
    kit.at("2026-01-10");
    let body = with(accept(&made, "2026-01-10"), vec![("effective", text("2026-03-01"))]);
    kit.ok("de-bsi", AGREEMENT, "agreement.accept", body);
    assert_eq!(due(&kit, AGREEMENT, "2026-01-10", "2026-12-31"), days(&[("2026-03-01", DueKind::TakesForce)]));
    assert_eq!(due(&kit, AGREEMENT, "2026-03-02", "2026-12-31"), []);
    kit.at("2026-01-20");
    kit.ok("acme", OFFER, "offer.withdraw", vec![("ref", id(&made))]);
    assert_eq!(due(&kit, OFFER, "2026-01-21", "2026-12-31"), [], "what was taken back closes no more");
    assert_eq!(due(&kit, "between/acme/de-bsi", "2026-01-01", "2026-12-31"), []);
}

#[test]
fn what_leaves_the_standing_open_is_named() {
    let (mut kit, _) = agreed(year(true));
    let unknown = kit.sign("de-bsi", AGREEMENT, "agreement.dream", vec![("date", text("2026-01-10"))]);
    kit.log_by_mistake(unknown).unwrap_err();
    let told = told(&kit, AGREEMENT, "2026-12-02", "2027-12-31");
    assert_eq!(told.doubt, Some(Reason::UnknownKind));
    assert_eq!(told.lines.len(), 1, "the lines stand beside, as far as they are known");
}

#[test]
fn what_waits_is_what_is_open_and_not_answered() {
    let mut kit = Kit::default();
    let waits = |kit: &Kit, party: &str, about: &str| {
        let told = kit.world.waiting_for(&party.parse().unwrap(), &subject(about), kit.known_at());
        told.lines.iter().map(|line| line.kind).collect::<Vec<_>>()
    };
    kit.at("2026-01-05");
    let body = with(offer(&["de"], vec![]), vec![("open_until", text("2026-01-31"))]);
    let made = kit.ok("acme", OFFER, "offer.make", body);
    assert_eq!(waits(&kit, "de-bsi", AGREEMENT), [WaitingKind::OfferToAnswer]);
    assert_eq!(waits(&kit, "acme", AGREEMENT), [], "nothing waits for whom it is from");
    assert_eq!(waits(&kit, "fr-anssi", "agreement/acme/r1/fr-anssi"), [], "it is not made to it");
    kit.at("2026-01-10");
    kit.ok("de-bsi", AGREEMENT, "agreement.decline", vec![("ref", id(&made)), ("date", text("2026-01-10"))]);
    assert_eq!(waits(&kit, "de-bsi", AGREEMENT), [], "declined is answered");
    kit.at("2026-01-12");
    let late = kit.ok(
        "acme",
        "offer/acme/r2",
        "offer.make",
        with(offer(&["de"], vec![]), vec![("open_until", text("2026-01-31"))]),
    );
    let second = "agreement/acme/r2/de-bsi";
    assert_eq!(waits(&kit, "de-bsi", second), [WaitingKind::OfferToAnswer]);
    kit.at("2026-02-01");
    assert_eq!(waits(&kit, "de-bsi", second), [], "{late} is closed");

    let paper = "agreement/acme/letter/de-bsi";
    kit.ok("de-bsi", paper, "agreement.file", filing("2026-02-01", "2026-02-01", vec![]));
    assert_eq!(waits(&kit, "acme", paper), [WaitingKind::FilingToConfirm]);
    assert_eq!(waits(&kit, "de-bsi", paper), []);
}
