//! From the bytes of a docket file to the standing: small logs are built, sealed and proved in memory, and what a
//! stranger's `verify` says of them is compared with what the whole log knows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod kit;
mod sealed;

use kit::*;
use nospy::agreement::{Force, KnownAt, On, Reason, Rule};
use nospy::codec::{Key, Value};
use nospy::crypto::{KeyLine, NoteAlgorithm};
use nospy::evidence::{
    Freshness, KnownUpTo, Outcome, PartyTrust, Policy, Question, Step, Trust, Verdict, Verification, verify,
};
use sealed::{Log, log_key};

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";
const FR: &str = "agreement/acme/r/fr-anssi";

fn trust() -> Trust {
    Trust::of(Policy::of_log(log_key()))
}

fn on(day: &str) -> Question {
    Question { on: Some(On::Day(day.parse().expect("a day"))), freshness: None, known_at: None }
}

fn ask(kit: &Kit, about: &str, day: &str) -> Verification {
    verify(&Log::of(kit).file(about), &trust(), &on(day))
}

#[track_caller]
fn assert_outcomes(verification: &Verification, failed: Option<Step>) {
    for check in &verification.checks {
        let expected = match failed {
            Some(failed) if check.step == failed => matches!(check.outcome, Outcome::Failed(_)),
            Some(failed) if check.step > failed => check.outcome == Outcome::NotRun,
            _ if matches!(check.step, Step::WitnessQuorum | Step::Freshness) => {
                matches!(check.outcome, Outcome::Skipped(_))
            }
            _ => check.outcome == Outcome::Passed,
        };
        assert!(expected, "{check:?}");
    }
}

/// An offer to DE and FR, accepted by DE on 2026-01-10.
fn agreed() -> Kit {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    kit.at("2026-01-10");
    kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    kit.at("2026-02-01");
    kit.ok("lab", "report/lab/press", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    kit
}

#[test]
fn a_file_answers_as_the_whole_log_does() {
    let kit = agreed();
    for about in [DE, FR, OFFER, "between/acme/de-bsi", "between/acme/fr", "between/acme/gb-ncsc"] {
        for day in ["2025-12-31", "2026-01-05", "2026-01-11", "2026-01-31", "2027-01-01"] {
            let verification = ask(&kit, about, day);
            assert_outcomes(&verification, None);
            let found = verification.standing.expect("every step passed");
            let mut known = kit.standing(about, day);
            known.known_at = found.known_at;
            known.list.iter_mut().for_each(|(_, standing)| standing.known_at = found.known_at);
            assert_eq!(found.force, known.force, "{about} on {day}");
            assert_eq!((found.assent, found.flags), (known.assent, known.flags), "{about} on {day}");
            assert_eq!(found.list.len(), known.list.len(), "{about} on {day}");
        }
    }
}

/// Whoever asks a later file what was known then learns what the file of that time said, whether a seal closed just then or
/// not.
#[test]
fn as_known_then_a_later_file_answers_as_the_file_of_that_time() {
    let kit = agreed();
    for about in [DE, FR, OFFER, "between/acme/de-bsi", "between/acme/fr"] {
        let file = Log::of(&kit).file(about);
        for until in ["2026-01-01T10:00:00Z", "2026-01-09T23:00:00Z", "2026-01-10T10:00:00Z", "2026-01-20T00:00:00Z"] {
            let mut then = agreed();
            then.log.retain(|act| act.time_ms <= ms(until));
            let before = verify(&Log::of(&then).file(about), &trust(), &Question::default());
            let on = before.as_known_at.expect("the seals hold").time_ms;
            let on_seal = KnownAt { index: 0, time_ms: on };
            let question = Question {
                on: Some(On::Instant(on)),
                known_at: Some(KnownUpTo::Instant(ms(until))),
                ..Question::default()
            };
            let after = verify(&file, &trust(), &question);
            assert_outcomes(&after, None);
            let (known, old) = (after.as_known_at.unwrap(), before.as_known_at.unwrap());
            let (mut found, mut expected) = (after.standing.unwrap(), before.standing.unwrap());
            assert_eq!((known.index, known.time_ms), (found.known_at.index, found.known_at.time_ms));
            // The file names the last seal that it holds; the log may have sealed since, and nothing of these dockets.
            assert!(known.index <= old.index && known.until_ms == ms(until), "{about} as known at {until}: {known:?}");
            for standing in [&mut found, &mut expected] {
                standing.known_at = on_seal;
                standing.list.iter_mut().for_each(|(_, member)| member.known_at = on_seal);
            }
            assert_eq!(found, expected, "{about} as known at {until}");
            assert_eq!((after.terms, after.list_terms), (before.terms, before.list_terms));
        }
    }
}

#[test]
fn what_was_known_is_told_only_as_far_as_the_file_goes() {
    let file = Log::of(&agreed()).file(DE);
    let ask = |known_at| verify(&file, &trust(), &Question { known_at: Some(known_at), ..Question::default() });
    let last = verify(&file, &trust(), &Question::default()).as_known_at.unwrap();
    assert_eq!(ask(KnownUpTo::Seal(last.index)).standing.unwrap().force, Force::InForce);
    assert_eq!(ask(KnownUpTo::Instant(last.time_ms)).verdict(), Verdict::Holds);
    // A later time than the last seal is not known, whatever day is asked about.
    let beyond = KnownUpTo::Instant(last.time_ms + 1);
    assert_eq!(ask(beyond).standing.unwrap().force, Force::Indeterminate(Reason::NotYetKnown));
    let question = Question { known_at: Some(beyond), ..on("2026-01-15") };
    let standing = verify(&file, &trust(), &question).standing.unwrap();
    assert_eq!(standing.force, Force::Indeterminate(Reason::NotYetKnown));
    assert_eq!(standing.otherwise.unwrap().force, Force::InForce);
    // An index that is no seal of the file, and a time before the log: no answer, and no no.
    for known_at in [KnownUpTo::Seal(0), KnownUpTo::Seal(last.index + 1), KnownUpTo::Instant(ms("2020-01-01"))] {
        let verification = ask(known_at);
        assert_eq!((verification.standing.as_ref(), verification.verdict()), (None, Verdict::Indeterminate));
        assert!(verification.failed().is_none());
    }
    // A key that the verifier pinned is asked for up to then only.
    let mut pinned = trust();
    pinned.party_keys.insert("de-bsi".parse().unwrap(), vec![kid("somebody")]);
    let question = Question { known_at: Some(KnownUpTo::Instant(ms("2026-01-05"))), ..Question::default() };
    assert_eq!(verify(&file, &pinned, &question).verdict(), Verdict::No, "the acceptance is not known yet");
}

#[test]
fn each_answer_has_its_verdict() {
    let kit = agreed();
    let verdict = |about: &str, day: &str| ask(&kit, about, day).verdict();
    assert_eq!(verdict(DE, "2026-01-11"), Verdict::Holds);
    assert_eq!(verdict(DE, "2026-01-05"), Verdict::No, "offered is not in force");
    assert_eq!(verdict(FR, "2026-01-11"), Verdict::No);
    assert_eq!(verdict(OFFER, "2026-01-11"), Verdict::Holds);
    assert_eq!(verdict("between/acme/de-bsi", "2026-01-11"), Verdict::Holds);
    assert_eq!(verdict("between/acme/gb-ncsc", "2026-01-11"), Verdict::No, "absent, and both are known");
    assert_eq!(verdict("between/acme/jp", "2026-01-11"), Verdict::No, "a country needs no listing");
    assert_eq!(verdict("agreement/acme/r/de-bis", "2026-01-11"), Verdict::Indeterminate, "nobody knows de-bis");
    assert_eq!(verdict("between/acne/de-bsi", "2026-01-11"), Verdict::Indeterminate, "nobody knows acne");
    assert_eq!(verdict("between/acme/zz", "2026-01-11"), Verdict::Indeterminate, "zz is no country");
    let unknown = ask(&kit, "between/acne/de-bsi", "2026-01-11");
    assert_eq!((unknown.unknown.as_deref(), unknown.standing), (Some("acne"), None), "unknown is no no");
    let roll = ask(&kit, "roll/acme", "2026-01-11");
    assert_eq!(Some(roll.list.len()), roll.about_entries, "the list is shown");
    assert!(roll.list.len() >= 2);
    assert_eq!(verdict(DE, "2027-01-01"), Verdict::Indeterminate, "not yet known");
    for about in ["party/acme", "registry", "roll/acme", "parties", "participants/acme/r"] {
        let verification = ask(&kit, about, "2026-01-11");
        assert_eq!(verification.verdict(), Verdict::Holds, "{about}");
        assert!(verification.failed().is_none());
    }
}

#[test]
fn the_answer_says_whose_word_it_is() {
    let kit = agreed();
    let file = Log::of(&kit).file(DE);
    let mut trust = trust();
    let verification = verify(&file, &trust, &Question::default());
    let words = |verification: &Verification| -> Vec<(String, PartyTrust)> {
        verification.parties.iter().map(|line| (line.party.to_string(), line.trust)).collect()
    };
    let expected = [("acme", PartyTrust::Enrolled), ("de-bsi", PartyTrust::Enrolled)];
    assert_eq!(words(&verification), expected.map(|(party, word)| (party.to_owned(), word)));
    assert_eq!(verification.parties[0].names, ["The acme of tests"]);
    assert_eq!(verification.not_proven.len(), 3);
    let kinds: Vec<&str> = verification.history.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["registry.genesis", "party.enrol", "party.enrol", "offer.make", "agreement.accept"]);
    let known = verification.as_known_at.expect("the seals hold");
    assert_eq!((known.time_ms, known.size), (kit.now_ms, known.index + 1));

    trust.party_keys.insert("de-bsi".parse().expect("a party"), vec![kid("de-bsi")]);
    let pinned = verify(&file, &trust, &Question::default());
    assert_outcomes(&pinned, None);
    assert_eq!(pinned.parties[1].trust, PartyTrust::Pinned);

    trust.party_keys.insert("de-bsi".parse().expect("a party"), vec![kid("somebody")]);
    let other = verify(&file, &trust, &Question::default());
    assert_outcomes(&other, Some(Step::KeyAuthority));
    assert_eq!(other.verdict(), Verdict::KeyWithoutAuthority);
    assert!(other.standing.is_none(), "no answer under a key that the verifier does not know");
}

#[test]
fn freshness_is_asked_with_a_clock() {
    let file = Log::of(&agreed()).file(DE);
    let question = |now: u64| Question { on: None, freshness: Some(Freshness { now, max_age_s: 600 }), known_at: None };
    let sealed_s = ms("2026-02-01") / 1_000;
    assert_eq!(verify(&file, &trust(), &question(sealed_s + 600)).verdict(), Verdict::Holds);
    assert_eq!(verify(&file, &trust(), &question(sealed_s + 601)).verdict(), Verdict::Stale);
    assert_eq!(verify(&file, &trust(), &question(sealed_s - 61)).verdict(), Verdict::Stale);
}

#[test]
fn what_a_registry_let_in_by_mistake_fails_rules_and_changes_nothing() {
    let mut kit = agreed();
    // A second offer on the same subject, and an acceptance dated before the offer was made.
    let again = kit.sign("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.log_by_mistake(again).expect_err("once per subject");
    let verification = ask(&kit, DE, "2026-01-11");
    assert_outcomes(&verification, Some(Step::Rules));
    assert_eq!(verification.inadmissible.len(), 1);
    assert_eq!(verification.inadmissible[0].refusal.rule, Rule::OfferExists);
    assert_eq!(verification.standing.as_ref().expect("rule 14").force, Force::InForce);
    assert_eq!(verification.verdict(), Verdict::Indeterminate);
}

#[test]
fn a_key_without_authority_fails_by_its_name() {
    let mut kit = Kit::default();
    let over = vec![("keys", Value::Array(vec![grant("se-x", "se-x", authority(&["agreement.decline"], false))]))];
    let enrolment = with(enrolment("se-x", "government", "se"), over);
    kit.ok("registrar", "party/se-x", "party.enrol", enrolment);
    let made = kit.ok("acme", OFFER, "offer.make", offer(&[], vec![]));
    kit.at("2026-01-10");
    let accepted = kit.sign("se-x", "agreement/acme/r/se-x", "agreement.accept", accept(&made, "2026-01-10"));
    kit.log_by_mistake(accepted).expect_err("its key may only decline");
    let verification = ask(&kit, "agreement/acme/r/se-x", "2026-01-11");
    assert_outcomes(&verification, Some(Step::KeyAuthority));
    assert_eq!(verification.verdict(), Verdict::KeyWithoutAuthority);
    assert!(verification.standing.is_some(), "rule 14");
}

#[test]
fn an_unknown_kind_is_shown_and_makes_the_answer_unknown() {
    let mut kit = agreed();
    let strange = kit.sign("de-bsi", DE, "agreement.teleport", vec![("to", text("mars"))]);
    let _ = kit.log_by_mistake(strange);
    kit.at("2026-03-01");
    kit.ok("lab", "report/lab/later", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    let verification = ask(&kit, DE, "2026-02-15");
    assert_outcomes(&verification, None);
    let force = verification.standing.as_ref().expect("every step passed").force;
    assert_eq!(force, Force::Indeterminate(Reason::UnknownKind));
    assert_eq!(verification.verdict(), Verdict::Indeterminate);
    assert!(verification.history.iter().any(|line| line.kind == "agreement.teleport" && line.summary == "to: mars"));
}

/// Whether the rules take them or not, a reader sees what they say.
#[test]
fn every_statement_about_an_agreement_is_told_in_a_few_words() {
    let mut kit = agreed();
    let about_agreements = |kind: &str| {
        let family = kind.split('.').next().unwrap_or_default();
        let free = !["registry", "party", "offer", "report", "void", "endorse"].contains(&family);
        free && !["agreement.accept", "agreement.file"].contains(&kind)
    };
    let examples: Vec<_> =
        bodies::examples().into_iter().filter(|(kind, ..)| about_agreements(kind.as_str())).collect();
    for (kind, ..) in &examples {
        let (_, body) = bodies::exact_examples().into_iter().rfind(|(name, _)| name == kind).expect("the largest");
        let Value::Map(pairs) = &body else { panic!("a body is a map") };
        let name = |key: &Key| match key {
            Key::Text(name) => name.clone(),
            Key::Int(label) => label.to_string(),
        };
        let pairs: Vec<(String, Value)> = pairs.iter().map(|(key, value)| (name(key), value.clone())).collect();
        let fields = pairs.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let statement = kit.sign("de-bsi", DE, kind.as_str(), fields);
        let _ = kit.log_by_mistake(statement);
    }
    kit.at("2026-02-02");
    kit.ok("lab", "report/lab/later", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    let history = ask(&kit, DE, "2026-01-11").history;
    let told = |kind: &str| {
        let line = history.iter().rfind(|line| line.kind == kind).unwrap_or_else(|| panic!("{kind} is not shown"));
        assert!((1..=241).contains(&line.summary.chars().count()), "{kind}: {}", line.summary);
        line.summary.clone()
    };
    examples.iter().for_each(|(kind, ..)| drop(told(kind.as_str())));
    let expected = [
        (
            "agreement.amend",
            "ref: 070707070707…, date: 2026-01-31, effective: 2026-05-01, terms: Eigenerklärung zur No-Spy-Klausel, reasons: Second version",
        ),
        ("agreement.renew", "ref: 070707070707…, date: 2026-01-31, ends: 2028-03-01, ends_inclusive: false"),
        (
            "evidence.add",
            "type: audit_report, digest: 010101010101…, valid_until: 2027-12-31, scope: Gateway 900, clauses: NB1 + NB6, summary: Nothing was found",
        ),
        ("canary", "from: 2026-01-10, until: 2026-04-10, due: 2026-07-09, statement: No order was received"),
        (
            "notice.circumstance",
            "type: order_received, date: 2026-03-01, summary: A production order, clauses: NB4 + NB5, source: Example Gazette",
        ),
        ("offer.make", "addressees: de-bsi + fr-anssi, terms: No spying"),
    ];
    for (kind, summary) in expected {
        assert_eq!(told(kind), summary);
    }
    let enrolled = told("party.enrol");
    assert!(enrolled.contains("names: The de-bsi of tests") && enrolled.contains("keys: (1)"), "{enrolled}");
}

#[test]
fn a_file_of_another_log_or_with_a_changed_byte_ends_at_its_step() {
    let file = Log::of(&agreed()).file(DE);
    let other = KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, key("other log").public()).expect("a name");
    let verification = verify(&file, &Trust::of(Policy::of_log(other)), &Question::default());
    assert_outcomes(&verification, Some(Step::CheckpointSignature));
    assert_eq!(verification.verdict(), Verdict::BadSignature);
    assert!(verification.standing.is_none() && verification.history.is_empty());
    let cut = verify(&file[..file.len() - 1], &trust(), &Question::default());
    assert_outcomes(&cut, Some(Step::FileFormat));
    assert_eq!(cut.verdict(), Verdict::Malformed);
}

/// Nobody cosigned this file, so it has no byte that may change without a step failing before any rule is asked.
#[test]
fn no_changed_byte_reaches_the_rules() {
    let file = Log::of(&agreed()).file(DE);
    let mut changed = file.clone();
    for at in 0..file.len() {
        changed[at] ^= 1;
        let verification = verify(&changed, &trust(), &Question::default());
        let failed = verification.failed().unwrap_or_else(|| panic!("byte {at} does not matter"));
        assert!(failed.step < Step::Freshness, "byte {at}: {failed:?}");
        assert!(verification.standing.is_none() && verification.history.is_empty(), "byte {at}");
        changed[at] ^= 1;
    }
    assert_eq!(verify(&changed, &trust(), &Question::default()).verdict(), Verdict::Holds);
}
