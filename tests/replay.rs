//! Random histories, registered with some mistakes, tell one story however they are folded:
//! docket by docket, replayed in order, as known at any earlier seal, or without what breaks a rule.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use std::collections::{BTreeMap, BTreeSet};

use kit::*;
use nospy::agreement::{Act, Force, KnownAt, On, Reason, Standing, World};
use nospy::codec::Value;
use nospy::statement::Subject;

/// SplitMix64: small, seeded, the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const GOVERNMENTS: [&str; 3] = ["de-bsi", "fr-anssi", "gb-ncsc"];
/// Papers are filed on the last one: nobody offers there.
const REFERENCES: [&str; 3] = ["r", "s", "paper"];
const STEPS: usize = 120;
const SEEDS: u64 = 24;
const DAY_MS: u64 = 86_400_000;

fn day_text(ms: u64) -> String {
    let instant = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap();
    instant.to_string()[..10].to_owned()
}

/// One attempt, often sensible: a kind with its issuer, subject and body.
fn attempt(dice: &mut Dice, kit: &Kit) -> (String, String, &'static str, Fields<'static>) {
    let government = *dice.pick(&GOVERNMENTS);
    let reference = *dice.pick(&REFERENCES);
    let (offer_about, about) = (format!("offer/acme/{reference}"), format!("agreement/acme/{reference}/{government}"));
    // Mostly the newest act of the right kind on the right docket, sometimes any.
    let dockets = [subject(&about), subject(&offer_about)];
    let newest = |kinds: &[&str]| {
        let acts = kit.log.iter().rev().filter(|act| kinds.contains(&act.statement.kind().as_str()));
        let mut own = acts.filter(|act| dockets.contains(act.statement.subject()));
        own.next().map(Act::id)
    };
    let any = kit.log[dice.below(kit.log.len())].id();
    let is_apt = dice.chance(90);
    let reference = |kinds: &[&str]| newest(kinds).filter(|_| is_apt).unwrap_or(any);
    let carrier = || reference(&["agreement.accept", "agreement.file"]);
    let offset = *dice.pick(&[-40i64, -1, 0, 0, 0, 0, 0, 0, 1]);
    let now = kit.now_ms;
    let today = day_text(now.saturating_add_signed(offset * i64::try_from(DAY_MS).unwrap()));
    let later = day_text(now + DAY_MS * dice.next().rem_euclid(80));
    let vendor = if dice.chance(80) { "acme".to_owned() } else { format!("acme#{}", dice.below(3) + 2) };
    let either = if dice.chance(50) { vendor.clone() } else { government.to_owned() };
    let government = government.to_owned();
    let clauses = |dice: &mut Dice| match dice.chance(60) {
        true => vec![("clauses", texts(&[*dice.pick(&["NB4", "NB5", "NB12"])]))],
        false => vec![],
    };
    let step = || vec![("ref", id(&reference(&["finding.open"]))), ("date", text(&today)), ("summary", text("said"))];
    match dice.below(30) {
        0 | 1 => {
            let term = vec![("vendor_may_suspend", Value::Bool(dice.chance(50))), ("notice_period", text("P1M"))];
            if offer_about.ends_with("paper") {
                let body = filing(&today, &today, term);
                return (government, about, "agreement.file", body);
            }
            (vendor, offer_about, "offer.make", offer(&["de", "fr-anssi", "gb"][..dice.below(4)], term))
        }
        2 => (vendor, offer_about, "offer.withdraw", vec![("ref", id(&reference(&["offer.make"])))]),
        3..=5 => {
            let mut over = if dice.chance(50) { vec![("replaces", text(&about))] } else { vec![] };
            over.extend(dice.chance(50).then(|| ("effective", text(&later))));
            (government, about, "agreement.accept", with(accept(&reference(&["offer.make"]), &today), over))
        }
        6 => (
            government,
            about,
            "agreement.decline",
            vec![("ref", id(&reference(&["offer.make"]))), ("date", text(&today))],
        ),
        7 => {
            let term = vec![("notice_period", text("P1M"))];
            (government, about, "agreement.file", filing(&today, &today, term))
        }
        8 | 9 => {
            let body = with(change(&carrier(), &today), clauses(dice));
            (either, about, "agreement.suspend", with(body, vec![("effective", text(&later))]))
        }
        10 => {
            (either, about, "agreement.resume", with(change(&reference(&["agreement.suspend"]), &today), clauses(dice)))
        }
        11 => {
            let over = vec![("effective", text(&later)), ("measure", text("end")), ("reasons", text("cost"))];
            (either, about, "agreement.notice", with(change(&carrier(), &today), over))
        }
        12 => {
            let body = vec![("ref", id(&reference(&["agreement.notice"]))), ("date", text(&today))];
            (either, about, "agreement.notice_revoke", body)
        }
        13 => {
            let ground = *dice.pick(&["breach", "notice"]);
            let over = vec![("ground", text(ground)), ("reasons", text("found"))];
            (either, about, "agreement.terminate", with(change(&carrier(), &today), over))
        }
        14 => {
            let body = vec![("date", text(&today)), ("clauses", texts(&["NB5"])), ("summary", text("alleged"))];
            (if dice.chance(50) { "lab".into() } else { government }, about, "finding.open", body)
        }
        15 => match dice.chance(50) {
            true => (either, about, "finding.appeal", step()),
            false => (either, about, "finding.close", with(step(), vec![("outcome", text("resolved"))])),
        },
        16 => {
            let name = format!("acme#{}", dice.below(3) + 2);
            let body = match dice.chance(70) {
                true => {
                    let kinds = *dice.pick(&["*", "agreement.notice"]);
                    vec![("grant", Value::Array(vec![grant("acme", &name, authority(&[kinds], dice.chance(50)))]))]
                }
                false => {
                    let since = i64::try_from(now / 1000).unwrap() - 30 * 86_400;
                    let one = vec![
                        ("kid", Value::bytes(kid(&name).0)),
                        ("reason", text("compromised")),
                        ("compromised_since", Value::Int(since)),
                    ];
                    vec![("revoke", Value::Array(vec![record(one)]))]
                }
            };
            (vendor, "party/acme".into(), "party.keys", body)
        }
        17..=24 => further(dice, kit, &about, &offer_about, &today, &either),
        _ => {
            let about = format!("report/lab/n{}", kit.next);
            let government = government[..2].to_owned();
            ("lab".into(), about, "report.offer", report(&today, "acme", &[&government]))
        }
    }
}

/// Acts that need more than one signature or speak of another statement.
fn further(
    dice: &mut Dice,
    kit: &Kit,
    about: &str,
    offer_about: &str,
    today: &str,
    either: &str,
) -> (String, String, &'static str, Fields<'static>) {
    let on = |about: &str| {
        let about = subject(about);
        kit.log.iter().rev().filter(move |act| *act.statement.subject() == about)
    };
    let carriers = ["agreement.accept", "agreement.file", "agreement.amend", "agreement.correct"];
    let newest = on(about).find(|act| carriers.contains(&act.statement.kind().as_str()));
    let carrier = newest.unwrap_or(&kit.log[0]).id();
    let both = ["agreement.amend", "agreement.correct", "agreement.renew"];
    let (own, day) = (about.to_owned(), ("date", text(today)));
    let place = if dice.chance(50) { about } else { offer_about };
    match dice.below(12) {
        // The other side signs what waits, or the same side again.
        0..=2 => match on(about).find(|act| both.contains(&act.statement.kind().as_str())) {
            Some(act) => {
                let kind = both.into_iter().find(|kind| *kind == act.statement.kind().as_str()).unwrap();
                let body = act.statement.body().to_value();
                let nospy::codec::Value::Map(fields) = body else { panic!("a body is a map") };
                let fields = fields.into_iter().map(|(key, value)| match key {
                    nospy::codec::Key::Text(name) => (&*name.leak(), value),
                    nospy::codec::Key::Int(_) => panic!("a body has names"),
                });
                (either.to_owned(), own, kind, fields.collect())
            }
            None => (either.to_owned(), own, "agreement.amend", amend(&carrier, today, vec![])),
        },
        3 => {
            let term = vec![("ends", text("2027-01-01")), ("ends_inclusive", Value::Bool(dice.chance(50)))];
            (either.to_owned(), own, "agreement.amend", amend(&carrier, today, term))
        }
        4 => {
            let body = with(amend(&carrier, today, vec![]), vec![("effective", Value::Null)]);
            (either.to_owned(), own, "agreement.correct", body)
        }
        5 | 6 => {
            let place = [about, offer_about, "party/acme"][dice.below(3)];
            let named = on(place).nth(dice.below(3)).unwrap_or(&kit.log[0]).id();
            let endorser = format!("acme#{}", dice.below(3) + 2);
            (endorser, place.to_owned(), "endorse", vec![("ref", id(&named))])
        }
        7 => {
            let named = on(place).nth(dice.below(4)).unwrap_or(&kit.log[0]).id();
            let body =
                vec![("ref", id(&named)), ("reason", text("a mistake")), ("ab_initio", Value::Bool(dice.chance(50)))];
            (either.to_owned(), place.to_owned(), "void", body)
        }
        8 => {
            let body =
                vec![("type", text("sbom")), ("digest", Value::bytes([7; 32])), ("valid_until", text("2026-06-01"))];
            ("acme".to_owned(), place.to_owned(), "evidence.add", body)
        }
        9 => {
            let body = vec![("from", text(today)), ("until", text(today)), ("due", text("2026-09-01"))];
            ("acme".to_owned(), place.to_owned(), "canary", body)
        }
        10 => {
            let fate = vec![("change", text("repealed")), ("effective", text(today)), ("ref", id(&carrier)), day];
            let government = about.rsplit('/').next().unwrap();
            (government.to_owned(), own, "basis.change", fate)
        }
        _ => match dice.below(10) {
            0 => ("acme".to_owned(), "party/acme".to_owned(), "party.keys", vec![("threshold", Value::Int(2))]),
            1..=4 => ("acme".to_owned(), own, "agreement.confirm", vec![("ref", id(&carrier)), day]),
            _ => {
                let body = vec![("ref", id(&carrier)), day, ("reasons", text("not what was signed"))];
                ("acme".to_owned(), own, "agreement.dispute", body)
            }
        },
    }
}

/// A history: what was admitted, and now and then what should not have been.
fn history(seed: u64) -> Kit {
    let mut dice = Dice(seed);
    let mut kit = Kit::default();
    for _ in 0..STEPS {
        kit.now_ms += DAY_MS * dice.next().rem_euclid(6);
        let (issuer, about, kind, body) = attempt(&mut dice, &kit);
        let statement = kit.sign(&issuer, &about, kind, body);
        let is_new = kit.log.iter().all(|act| act.id() != *statement.id());
        // What cannot be placed in a docket is in no log (formats §6).
        let is_placed = statement.touches(|id| kit.named(id)).is_ok();
        if is_new && is_placed && kit.submit(statement.clone()).is_err() && dice.chance(4) {
            // Verdict and refusal are kept in the history.
            let _ = kit.log_by_mistake(statement);
        }
    }
    kit.now_ms += DAY_MS;
    kit
}

fn subjects(kit: &Kit) -> BTreeSet<Subject> {
    let has_standing = |subject: &Subject| {
        matches!(subject, Subject::Offer { .. } | Subject::Agreement { .. } | Subject::Between { .. })
    };
    kit.dockets()
        .into_keys()
        .filter(has_standing)
        .chain([subject("agreement/acme/r/nl-aivd"), subject("between/acme/nl")])
        .collect()
}

/// Days from before the first entry to after the last seal.
fn days(kit: &Kit) -> Vec<On> {
    let (first, last) = (kit.log[0].time_ms, kit.now_ms);
    let step = (last - first) / 12;
    (0..16).map(|n| On::Day(day_text(first - DAY_MS + n * step).parse().unwrap())).collect()
}

fn standings(world: &World, subjects: &BTreeSet<Subject>, days: &[On], known_at: KnownAt) -> Vec<Standing> {
    subjects.iter().flat_map(|about| days.iter().map(|on| world.standing(about, *on, known_at))).collect()
}

/// Folds each docket alone, in load order.
fn loaded(kit: &Kit) -> World {
    let dockets = kit.dockets();
    let mut world = World::new(origin());
    let about: BTreeSet<Subject> = subjects(kit);
    // Lists first, so that they can say what they name.
    let lists = about.iter().filter(|subject| subject.is_derived());
    for list in lists {
        world.load(list.clone(), dockets.get(list).cloned().unwrap_or_default());
    }
    let mut needed: Vec<Subject> = about.iter().flat_map(|about| world.needs_of(about)).collect();
    for acts in dockets.values().flatten() {
        needed.extend(World::needs(&acts.statement));
    }
    // Each subject where it stands last among the needs of anything: sorted once by family.
    let rank = |subject: &Subject| match subject {
        Subject::Registry => 1,
        Subject::Party(_) => 2,
        Subject::Offer { .. } => 3,
        Subject::Agreement { .. } => 4,
        Subject::Report { .. } => 5,
        _ => 0,
    };
    needed.sort_by_key(|subject| (rank(subject), subject.clone()));
    needed.dedup();
    for subject in needed {
        if !world.contains(&subject) {
            world.load(subject.clone(), dockets.get(&subject).cloned().unwrap_or_default());
        }
    }
    world
}

#[test]
fn dockets_folded_alone_tell_what_the_whole_log_tells() {
    for seed in 0..SEEDS {
        let kit = history(seed);
        let (subjects, days) = (subjects(&kit), days(&kit));
        let expected = standings(&kit.world, &subjects, &days, kit.known_at());
        let world = loaded(&kit);
        assert_eq!(world.inadmissible(), kit.world.inadmissible(), "seed {seed}");
        assert_eq!(standings(&world, &subjects, &days, kit.known_at()), expected, "seed {seed}");
        let world = World::replay(origin(), &kit.dockets(), None);
        assert_eq!(world.inadmissible(), kit.world.inadmissible(), "seed {seed}");
        assert_eq!(standings(&world, &subjects, &days, kit.known_at()), expected, "seed {seed}");
    }
}

#[test]
fn as_known_at_is_the_world_that_was_known() {
    for seed in 0..SEEDS {
        let kit = history(seed);
        let (subjects, days) = (subjects(&kit), days(&kit));
        for part in 1..4 {
            let last = &kit.log[kit.log.len() * part / 4];
            let known_at = KnownAt { index: last.index, time_ms: last.time_ms };
            let then = World::replay(origin(), &kit.dockets(), Some(last.index));
            let now = standings(&kit.world, &subjects, &days, known_at);
            for (now, then) in now.iter().zip(standings(&then, &subjects, &days, known_at)) {
                assert_eq!(*now, then, "seed {seed}, index {}", last.index);
            }
        }
    }
}

/// Rule 14: the answer beside what is left open, without the lines of what has no effect.
fn without_mistakes(mut standing: Standing) -> Standing {
    if standing.force == Force::Indeterminate(Reason::Inadmissible) {
        return without_mistakes(*standing.otherwise.expect("an indeterminate standing has an answer beside it"));
    }
    standing.inadmissible.clear();
    standing.otherwise = standing.otherwise.map(|standing| Box::new(without_mistakes(*standing)));
    standing
}

#[test]
fn rule_14_what_breaks_a_rule_changes_no_answer() {
    let mut mistakes = 0;
    for seed in 0..SEEDS {
        let kit = history(seed);
        let wrong: BTreeSet<u64> = kit.world.inadmissible().iter().map(|line| line.index).collect();
        mistakes += wrong.len();
        let mut clean = World::whole(origin());
        for act in kit.log.iter().filter(|act| !wrong.contains(&act.index)) {
            assert_eq!(clean.push(act.clone()), Ok(()), "seed {seed}: {act:?}");
        }
        let mut subjects = subjects(&kit);
        // A list names the subjects of mistakes too; their standings are asked by themselves.
        subjects.retain(|subject| !subject.is_derived());
        let found = standings(&kit.world, &subjects, &days(&kit), kit.known_at());
        let clean = standings(&clean, &subjects, &days(&kit), kit.known_at());
        for (found, clean) in found.into_iter().map(without_mistakes).zip(clean) {
            assert_eq!(found, clean, "seed {seed}");
        }
    }
    assert!(mistakes > 20, "the histories hold mistakes: {mistakes}");
}

#[test]
fn histories_reach_every_force_and_flag() {
    let mut forces: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let kit = history(seed);
        for standing in standings(&kit.world, &subjects(&kit), &days(&kit), kit.known_at()) {
            *forces.entry(standing.force.as_str()).or_default() += 1;
            standing.flags.iter().for_each(|flag| *forces.entry(flag.as_str()).or_default() += 1);
            assert!(standing.sentence().ends_with('.'), "seed {seed}");
        }
    }
    for force in [
        "no_agreement",
        "offered",
        "not_yet",
        "in_force",
        "partly_suspended",
        "suspended",
        "terminated",
        "void",
        "pending",
        "disputed",
        "notice",
    ] {
        assert!(forces.contains_key(force), "{force} is never reached: {forces:?}");
    }
    assert!(forces.contains_key("withdrawn") && forces.contains_key("indeterminate"), "{forces:?}");
}
