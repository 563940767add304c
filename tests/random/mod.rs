//! Random histories of a small registry, registered with some mistakes: the same for a seed everywhere.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use nospy::agreement::{Act, KnownAt, On, Standing, World};
use nospy::codec::Value;
use nospy::statement::{Issuer, Subject};

use crate::kit::*;

/// SplitMix64: small, seeded, the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

pub const GOVERNMENTS: [&str; 3] = ["de-bsi", "fr-anssi", "gb-ncsc"];
/// Papers are filed on the last one: nobody offers there.
pub const REFERENCES: [&str; 3] = ["r", "s", "paper"];
pub const STEPS: usize = 120;
pub const SEEDS: u64 = 24;
pub const DAY_MS: u64 = 86_400_000;

pub fn day_text(ms: u64) -> String {
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
    let vendor = if dice.chance(80) { speaker(kit, "acme") } else { format!("acme#{}", dice.below(3) + 2) };
    let either = if dice.chance(50) { vendor.clone() } else { speaker(kit, government) };
    let government = if dice.chance(95) { speaker(kit, government) } else { government.to_owned() };
    let clauses = |dice: &mut Dice| match dice.chance(60) {
        true => vec![("clauses", texts(&[*dice.pick(&["NB4", "NB5", "NB12"])]))],
        false => vec![],
    };
    let step = || vec![("ref", id(&reference(&["finding.open"]))), ("date", text(&today)), ("summary", text("said"))];
    match dice.below(31) {
        30 if dice.chance(70) => of_parties(dice, kit),
        0 | 1 => {
            let renewal = record(vec![("opens", text("P11M")), ("closes", text("P1D"))]);
            let end = vec![("ends", text("2026-12-31")), ("ends_inclusive", Value::Bool(true)), ("renewal", renewal)];
            let term = vec![("vendor_may_suspend", Value::Bool(dice.chance(50))), ("notice_period", text("P1M"))];
            let term = if dice.chance(60) { with(term, end) } else { term };
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
            let named = if dice.chance(50) { government } else { "de-bmi".to_owned() };
            ("lab".into(), about, "report.offer", report(&today, "acme", &[&named]))
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
    let both = ["agreement.amend", "agreement.correct", "agreement.renew", "agreement.terminate"];
    let (own, day) = (about.to_owned(), ("date", text(today)));
    let place = if dice.chance(50) { about } else { offer_about };
    match dice.below(17) {
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
        7 | 14 | 15 => {
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
        11 => {
            let ends = *dice.pick(&["2027-06-30", "2028-01-01"]);
            let body = vec![("ref", id(&carrier)), day, ("ends", text(ends)), ("ends_inclusive", Value::Bool(true))];
            (either.to_owned(), own, "agreement.renew", body)
        }
        12 if dice.chance(40) => {
            let over = vec![("ground", text("mutual")), ("reasons", text("agreed"))];
            (either.to_owned(), own, "agreement.terminate", with(change(&carrier, today), over))
        }
        // A key of the vendor stands behind the newest of what waits.
        13 => {
            let place = [about, offer_about, "party/acme"][dice.below(3)];
            let own = |act: &&Act| act.statement.kind().family() != "endorse";
            let named = on(place).find(own).unwrap_or(&kit.log[0]).id();
            (format!("acme#{}", dice.below(3) + 2), place.to_owned(), "endorse", vec![("ref", id(&named))])
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

/// Who speaks for a party, by the successions that both signed; not always who may.
fn speaker(kit: &Kit, party: &str) -> String {
    let about = subject(&format!("party/{party}"));
    let successions = kit
        .log
        .iter()
        .filter(|act| act.statement.kind().as_str() == "party.succeed" && *act.statement.subject() == about);
    let by = |act: &Act| match act.statement.issuer() {
        Issuer::Party(party) => party.to_string(),
        Issuer::Log => panic!("a seal succeeds nobody"),
    };
    let successors = successions.filter(|act| act.statement.successor().is_some_and(|heir| heir.as_str() == by(act)));
    successors.last().map_or_else(|| party.to_owned(), by)
}

/// What becomes of parties.
fn of_parties(dice: &mut Dice, kit: &Kit) -> (String, String, &'static str, Fields<'static>) {
    let heirs = [("acme", "zeta"), ("de-bsi", "de-bmi"), ("lab", "lab-two"), ("de-bmi", "de-bka"), ("zeta", "acme")];
    let (before, after) = *dice.pick(&heirs);
    let about = format!("party/{before}");
    if dice.chance(25) {
        let name = format!("Name {} of {before}", kit.next);
        let body = vec![("name", record(vec![("name", text(&name))]))];
        return (if dice.chance(50) { before.to_owned() } else { "registrar".to_owned() }, about, "party.rename", body);
    }
    let body = vec![("successor", text(after)), ("date", text("2026-03-01")), ("act", text("a law"))];
    let issuer = *dice.pick(&[before, after, after, "registrar"]);
    (issuer.to_owned(), about, "party.succeed", body)
}

/// A history: what was admitted, and now and then what should not have been.
pub fn history(seed: u64) -> Kit {
    let mut dice = Dice(seed);
    let mut kit = Kit::default();
    for (party, role) in
        [("zeta", "vendor"), ("de-bmi", "government"), ("de-bka", "government"), ("lab-two", "auditor")]
    {
        kit.enrol(party, role, if role == "government" { "de" } else { "se" });
    }
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

pub fn subjects(kit: &Kit) -> BTreeSet<Subject> {
    let has_standing = |subject: &Subject| {
        matches!(subject, Subject::Offer { .. } | Subject::Agreement { .. } | Subject::Between { .. })
    };
    kit.dockets()
        .into_keys()
        .filter(has_standing)
        .chain(
            ["agreement/acme/r/nl-aivd", "between/acme/nl", "between/acme/de-bmi", "between/zeta/de-bka"].map(subject),
        )
        .collect()
}

/// Days from before the first entry to after the last seal.
pub fn days(kit: &Kit) -> Vec<On> {
    let (first, last) = (kit.log[0].time_ms, kit.now_ms);
    let step = (last - first) / 12;
    (0..16).map(|n| On::Day(day_text(first - DAY_MS + n * step).parse().unwrap())).collect()
}

pub fn standings(world: &World, subjects: &BTreeSet<Subject>, days: &[On], known_at: KnownAt) -> Vec<Standing> {
    subjects.iter().flat_map(|about| days.iter().map(|on| world.standing(about, *on, known_at))).collect()
}
