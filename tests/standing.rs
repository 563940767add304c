//! The fixture's agreements, asked on their days, and the shape of answers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use kit::{Kit, accept, change, description, filing, id, offer, report, text, texts, with};
use nospy::agreement::{Assent, Contention, EndCause, Flag, Force, KnownAt, On, Reason};
use nospy::codec::Value;

const F4: &str = "agreement/china-telecom-americas/loa-2007/us-doj";

fn f1() -> Kit {
    let mut kit = Kit::new("2026-11-01");
    kit.ok("registrar", "party/huawei", "party.list", description("Huawei Technologies Co., Ltd.", "vendor", "cn"));
    let body = report("2019-05-14", "huawei", &["gb"]);
    kit.ok("registrar", "report/registrar/london-2019", "report.offer", body);
    let body =
        with(report("2020-09-01", "huawei", &["ca"]), vec![("draft", Value::Bool(true)), ("sent", Value::Bool(false))]);
    kit.ok("registrar", "report/registrar/ottawa-2020", "report.offer", body);
    kit
}

#[test]
fn f1_reports_are_no_agreement() {
    let kit = f1();
    let standing = kit.expect("between/huawei/gb", "2019-06-01", Force::NoAgreement);
    assert!(standing.flags.contains(&Flag::Reported));
    assert_eq!(standing.reports.len(), 1);
    assert!(standing.sentence().contains("an offer is reported"), "{}", standing.sentence());
    let standing = kit.expect("between/huawei/ca", "2020-10-01", Force::NoAgreement);
    assert!(standing.sentence().contains("a draft of an offer is reported"), "{}", standing.sentence());
    // Before the day of what is reported, and where nothing is reported, there is true absence.
    assert!(!kit.expect("between/huawei/gb", "2019-05-13", Force::NoAgreement).flags.contains(&Flag::Reported));
    assert!(!kit.expect("between/huawei/jp", "2019-06-01", Force::NoAgreement).flags.contains(&Flag::Reported));
}

fn f4() -> Kit {
    let mut kit = Kit::new("2026-11-20");
    let body = description("China Telecom (Americas) Corporation", "vendor", "us");
    kit.ok("registrar", "party/china-telecom-americas", "party.list", body);
    kit.enrol("us-doj", "government", "us");
    let zone = || vec![("zone", text("America/New_York"))];
    let letter = kit.ok("us-doj", F4, "agreement.file", filing("2007-08-09", "2007-08-15", zone()));
    let by = |name: &str| ("by", kit::record(vec![("name", text(name))]));
    let finding = kit.ok(
        "us-doj",
        F4,
        "finding.open",
        vec![
            ("date", text("2020-04-09")),
            ("clauses", texts(&["NB4"])),
            ("summary", text("records kept elsewhere than stated")),
            by("Department of Justice and others"),
        ],
    );
    kit.at("2026-11-21");
    kit.ok(
        "us-doj",
        F4,
        "agreement.notice",
        with(
            change(&letter, "2021-11-02"),
            vec![
                ("effective", text("2022-01-01")),
                ("measure", text("revocation of the authorisations")),
                ("reasons", text("FCC 21-114")),
                by("FCC"),
            ],
        ),
    );
    let step = |date: &str| vec![("ref", id(&finding)), ("date", text(date)), ("summary", text("21-1233"))];
    kit.ok("us-doj", F4, "finding.appeal", with(step("2021-11-15"), vec![by("China Telecom (Americas)")]));
    let close = with(step("2022-12-20"), vec![("outcome", text("upheld")), by("D.C. Circuit")]);
    kit.ok("us-doj", F4, "finding.close", close);
    kit.at("2026-11-23");
    kit
}

#[test]
fn f4_the_letter_on_every_day() {
    let kit = f4();
    let expected = [
        ("2005-01-01", Force::NoAgreement, Contention::None, false),
        ("2007-08-10", Force::NotYet, Contention::None, false),
        ("2010-01-01", Force::InForce, Contention::None, false),
        ("2020-05-01", Force::InForce, Contention::Alleged, false),
        ("2021-12-01", Force::InForce, Contention::Appealed, true),
        ("2022-02-01", Force::Terminated, Contention::Appealed, false),
        ("2023-01-01", Force::Terminated, Contention::Closed, false),
    ];
    for (day, force, contention, notice) in expected {
        let standing = kit.expect(F4, day, force);
        assert_eq!(standing.contention, contention, "{day}");
        assert_eq!(standing.flags.contains(&Flag::Notice), notice, "{day}");
        let is_there = force != Force::NoAgreement;
        assert_eq!(standing.flags.contains(&Flag::LateRegistration), is_there, "{day}");
        assert_eq!(standing.assent == Assent::GovernmentAttests, is_there, "{day}");
    }
    let ends = kit.standing(F4, "2022-02-01").ends.unwrap();
    assert_eq!((ends.day.to_string().as_str(), ends.cause), ("2022-01-01", EndCause::Notice));
}

#[test]
fn f4_as_one_sentence() {
    let kit = f4();
    let sentence = kit.standing(F4, "2021-12-01").sentence();
    assert_eq!(
        sentence,
        format!(
            "In force on 2021-12-01, attested by the government alone; termination announced for 2022-01-01; under \
             appeal; registered late. As known at seal {} of 2026-11-23T10:00:00Z.",
            kit.next
        )
    );
}

#[test]
fn f4_is_listed_for_the_organ_and_for_its_country() {
    let kit = f4();
    for about in ["between/china-telecom-americas/us", "between/china-telecom-americas/us-doj"] {
        let standing = kit.expect(about, "2010-01-01", Force::Listed);
        let [(subject, standing)] = standing.list.as_slice() else { panic!("{about}: {}", standing.list.len()) };
        assert_eq!((subject.to_string().as_str(), standing.force), (F4, Force::InForce));
    }
}

#[test]
fn as_known_at_an_earlier_seal_the_later_is_not_known() {
    let kit = f4();
    let notice = kit.log.iter().find(|act| act.statement.kind().as_str() == "agreement.notice").unwrap();
    let earlier = KnownAt { index: notice.index - 1, time_ms: notice.time_ms - 1 };
    let on = On::Day("2022-02-01".parse().unwrap());
    let standing = kit.world.standing(&kit::subject(F4), on, earlier);
    assert_eq!((standing.force, standing.contention), (Force::InForce, Contention::Alleged));
    let before = KnownAt { index: 1, time_ms: earlier.time_ms };
    assert_eq!(kit.world.standing(&kit::subject(F4), on, before).force, Force::NoAgreement);
}

const FR: &str = "agreement/sentral/cloud-1/fr-anssi";
const DE: &str = "agreement/sentral/cloud-1/de-bsi";
const NL: &str = "agreement/sentral/cloud-1/nl-aivd";
const EU: &str = "agreement/sentral/cloud-1/eu-com";
const F6: &str = "offer/sentral/cloud-1";

fn f6() -> Kit {
    let mut kit = Kit::new("2026-01-02");
    kit.enrol("sentral", "vendor", "no");
    kit.enrol("eu-com", "government", "eu");
    let terms = vec![("vendor_may_suspend", Value::Bool(false))];
    let body = with(offer(&["de", "eu", "fr", "nl"], terms), vec![("open_until", text("2026-12-31"))]);
    kit.at("2026-01-05");
    let offer = kit.ok("sentral", F6, "offer.make", body);
    kit.at("2026-01-10");
    let fr = kit.ok("fr-anssi", FR, "agreement.accept", accept(&offer, "2026-01-10"));
    kit.at("2026-02-01");
    let reserving = with(accept(&offer, "2026-02-01"), vec![("reservations", texts(&["NB12"]))]);
    let de = kit.ok("de-bsi", DE, "agreement.accept", reserving);
    kit.at("2026-02-15");
    kit.ok("nl-aivd", NL, "agreement.decline", vec![("ref", id(&offer)), ("date", text("2026-02-15"))]);
    kit.at("2026-06-01");
    let named = |over| with(over, vec![("clauses", texts(&["NB5"]))]);
    let suspension = kit.ok("de-bsi", DE, "agreement.suspend", named(change(&de, "2026-06-01")));
    kit.at("2026-08-01");
    kit.ok("de-bsi", DE, "agreement.resume", named(change(&suspension, "2026-08-01")));
    kit.at("2026-09-01");
    kit.ok("sentral", F6, "offer.withdraw", vec![("ref", id(&offer))]);
    kit.at("2026-09-02");
    let late = accept(&offer, "2026-09-02");
    kit.refused(nospy::agreement::Rule::OfferClosed, "eu-com", EU, "agreement.accept", late);
    kit.at("2026-10-01");
    kit.ok(
        "fr-anssi",
        FR,
        "agreement.notice",
        with(
            change(&fr, "2026-10-01"),
            vec![("effective", text("2027-04-01")), ("measure", text("notice")), ("reasons", text("a new tender"))],
        ),
    );
    kit.at("2026-11-02");
    kit
}

#[test]
fn f6_one_offer_and_four_answers() {
    let kit = f6();
    let fr = kit.expect(FR, "2026-11-01", Force::InForce);
    assert!(fr.flags.contains(&Flag::Notice));
    assert_eq!(fr.ends.unwrap().day.to_string(), "2027-04-01");
    assert_eq!(fr.assent, Assent::BothSigned);
    let de = kit.expect(DE, "2026-07-01", Force::PartlySuspended);
    assert_eq!(de.suspended.iter().map(|clause| clause.as_str()).collect::<Vec<_>>(), ["NB5"]);
    let de = kit.expect(DE, "2026-11-01", Force::InForce);
    assert_eq!(de.reservations.iter().map(|clause| clause.as_str()).collect::<Vec<_>>(), ["NB12"]);
    assert!(kit.expect(NL, "2026-11-01", Force::NoAgreement).flags.contains(&Flag::Declined));
    kit.expect(EU, "2026-11-01", Force::NoAgreement);
    kit.expect(EU, "2026-03-01", Force::Offered);
    kit.expect(NL, "2026-03-01", Force::Offered);
    kit.expect(F6, "2026-03-01", Force::Offered);
    kit.expect(F6, "2026-11-01", Force::Withdrawn);
    kit.expect(F6, "2026-01-01", Force::NoAgreement);
    kit.expect("agreement/sentral/cloud-1/gb-ncsc", "2026-03-01", Force::NoAgreement);
}

#[test]
fn a_day_after_the_last_seal_is_not_yet_known() {
    let kit = f6();
    let standing = kit.expect(FR, "2027-04-01", Force::Indeterminate(Reason::NotYetKnown));
    assert_eq!(standing.otherwise.as_ref().unwrap().force, Force::Terminated);
    let sentence = standing.sentence();
    assert!(
        sentence.starts_with("Not yet known on 2027-04-01; if nothing more is registered: Terminated"),
        "{sentence}"
    );
}

#[test]
fn changes_within_the_day_are_told() {
    let kit = f6();
    let day = kit.expect(F6, "2026-09-01", Force::Offered);
    let [change] = day.changes_on_day.as_slice() else { panic!("{:?}", day.changes_on_day) };
    assert_eq!((change.at_ms, change.force), (kit::ms("2026-09-01"), Force::Withdrawn));
    let day = kit.expect(DE, "2026-06-01", Force::PartlySuspended);
    assert_eq!(day.changes_on_day[0].at_ms, kit::ms("2026-05-31T22:00:00Z"), "the day begins at midnight in Berlin");
}

#[test]
fn a_country_lists_its_organs_and_a_list_alone_has_no_force() {
    let kit = f6();
    let standing = kit.expect("between/sentral/de", "2026-11-01", Force::Listed);
    let subjects: Vec<String> = standing.list.iter().map(|(subject, _)| subject.to_string()).collect();
    assert_eq!(subjects, [F6, DE]);
    for about in ["registry", "parties", "party/sentral", "roll/sentral", "participants/sentral/cloud-1"] {
        kit.expect(about, "2026-11-01", Force::NotApplicable);
    }
}

#[test]
fn terms_end_on_their_last_day_or_before_it() {
    for (inclusive, on_the_day) in [(true, Force::InForce), (false, Force::Expired)] {
        let mut kit = Kit::default();
        let term = vec![("ends", text("2026-03-01")), ("ends_inclusive", Value::Bool(inclusive))];
        let offer = kit.ok("acme", "offer/acme/r", "offer.make", offer(&[], term));
        let about = "agreement/acme/r/de-bsi";
        kit.ok("de-bsi", about, "agreement.accept", accept(&offer, "2026-01-01"));
        kit.at("2026-03-05");
        kit.expect(about, "2026-02-28", Force::InForce);
        kit.expect(about, "2026-03-01", on_the_day);
        let standing = kit.expect(about, "2026-03-02", Force::Expired);
        assert_eq!(standing.ends.unwrap().cause, EndCause::Term);
    }
}

#[test]
fn an_instant_is_answered_to_the_second() {
    let mut kit = Kit::default();
    let term = vec![("ends", text("2026-03-01")), ("ends_inclusive", Value::Bool(false))];
    let offer = kit.ok("acme", "offer/acme/r", "offer.make", offer(&[], term));
    kit.ok("de-bsi", "agreement/acme/r/de-bsi", "agreement.accept", accept(&offer, "2026-01-01"));
    kit.at("2026-03-05");
    let at = |instant: &str| {
        let on = On::Instant(kit::ms(instant));
        kit.world.standing(&kit::subject("agreement/acme/r/de-bsi"), on, kit.known_at()).force
    };
    assert_eq!(at("2026-02-28T22:59:59Z"), Force::InForce);
    assert_eq!(at("2026-02-28T23:00:00Z"), Force::Expired, "midnight in Berlin");
}

#[test]
fn a_change_of_mind_answers_every_day_in_between() {
    let mut kit = Kit::default();
    let offer = kit.ok("acme", "offer/acme/r", "offer.make", offer(&[], vec![]));
    let about = "agreement/acme/r/de-bsi";
    let act = kit.ok("de-bsi", about, "agreement.accept", accept(&offer, "2026-01-01"));
    kit.at("2026-02-01");
    let notice = with(
        change(&act, "2026-02-01"),
        vec![("effective", text("2026-08-01")), ("measure", text("notice")), ("reasons", text("cost"))],
    );
    let notice = kit.ok("acme", about, "agreement.notice", notice);
    kit.at("2026-03-01");
    kit.ok("acme", about, "agreement.notice_revoke", vec![("ref", id(&notice)), ("date", text("2026-03-01"))]);
    kit.at("2026-09-01");
    assert!(!kit.expect(about, "2026-01-31", Force::InForce).flags.contains(&Flag::Notice));
    let pending = kit.expect(about, "2026-02-15", Force::InForce);
    assert!(pending.flags.contains(&Flag::Notice));
    assert_eq!(pending.ends.unwrap().day.to_string(), "2026-08-01");
    assert_eq!(kit.expect(about, "2026-03-01", Force::InForce).ends, None);
    kit.expect(about, "2026-08-02", Force::InForce);
}

#[test]
fn a_suspension_of_all_ends_by_itself() {
    let mut kit = Kit::default();
    let offer = kit.ok("acme", "offer/acme/r", "offer.make", offer(&[], vec![]));
    let about = "agreement/acme/r/de-bsi";
    let act = kit.ok("de-bsi", about, "agreement.accept", accept(&offer, "2026-01-01"));
    kit.at("2026-02-01");
    let body = with(change(&act, "2026-02-01"), vec![("until", text("2026-04-01"))]);
    let suspension = kit.ok("de-bsi", about, "agreement.suspend", body);
    kit.at("2026-03-01");
    let body = with(change(&suspension, "2026-03-01"), vec![("clauses", texts(&["NB5"]))]);
    kit.ok("de-bsi", about, "agreement.resume", body);
    kit.at("2026-05-01");
    kit.expect(about, "2026-02-01", Force::Suspended);
    kit.expect(about, "2026-03-01", Force::PartlySuspended);
    kit.expect(about, "2026-04-01", Force::InForce);
}

#[test]
fn days_without_midnight_and_days_that_never_were() {
    // (zone, last day, excluded or included, last instant in force, first instant after it)
    let cases = [
        ("America/Sao_Paulo", "2018-11-04", false, "2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z"),
        ("Pacific/Apia", "2011-12-30", false, "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30", true, "2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"),
        ("Europe/Berlin", "2026-10-25", true, "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
    ];
    for (zone, ends, inclusive, before, after) in cases {
        let mut kit = Kit::new("2026-11-01");
        let about = "agreement/acme/paper/de-bsi";
        let term = vec![("zone", text(zone)), ("ends", text(ends)), ("ends_inclusive", Value::Bool(inclusive))];
        kit.ok("de-bsi", about, "agreement.file", filing("2010-01-01", "2010-01-01", term));
        let at =
            |instant| kit.world.standing(&kit::subject(about), On::Instant(kit::ms(instant)), kit.known_at()).force;
        assert_eq!((at(before), at(after)), (Force::InForce, Force::Expired), "{zone} {ends}");
    }
}
