//! The table of the rules: who may state which kind while an agreement is in which state. `rules_table.txt` beside this
//! file holds every cell; a cell that changes, or a kind or state that is missing, fails.

#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;

use std::fmt::Write as _;

use kit::*;
use nospy::agreement::{Flag, Force};
use nospy::codec::Value;
use nospy::statement::StatementId;
use nospy::statement::body::KINDS;

const SIGNERS: [(&str, &str); 6] = [
    ("vendor", "acme"),
    ("government", "de-bsi"),
    ("other_vendor", "zeta"),
    ("other_government", "fr-anssi"),
    ("auditor", "lab"),
    ("registrar", "registrar"),
];

const STATES: [&str; 12] = [
    "nothing",
    "offered",
    "not_yet",
    "in_force",
    "partly_suspended",
    "suspended",
    "notice",
    "terminated",
    "terminated_in_notice",
    "expired",
    "void",
    "filed",
];

/// An agreement in a state, the day of the question, and what a statement may name.
struct Scene {
    kit: Kit,
    today: &'static str,
    /// A day more than the period of notice later.
    later: &'static str,
    offer: StatementId,
    carrier: StatementId,
    suspension: StatementId,
    notice: StatementId,
    evidence: StatementId,
    finding: StatementId,
}

const ABOUT: &str = "agreement/acme/r/de-bsi";
const OFFER: &str = "offer/acme/r";

/// Terms with notice, an end on 2027-01-01 and a wide window of renewal; the auditor determines a breach.
fn own_term() -> Fields<'static> {
    vec![
        ("ends", text("2027-01-01")),
        ("ends_inclusive", Value::Bool(false)),
        ("renewal", record(vec![("opens", text("P18M")), ("closes", text("P1M"))])),
        ("breach_determined_by", text("lab")),
    ]
}

fn told(summary: &str, today: &str) -> Fields<'static> {
    vec![("date", text(today)), ("summary", text(summary))]
}

fn piece(digest: u8) -> Fields<'static> {
    vec![("type", text("sbom")), ("digest", Value::bytes([digest; 32]))]
}

fn scene(state: &str) -> Scene {
    let mut kit = Kit::default();
    kit.enrol("zeta", "vendor", "se");
    for party in ["acme", "de-bsi", "zeta", "fr-anssi", "lab"] {
        let second = grant(party, &format!("{party}#2"), authority(&["*"], false));
        let about = format!("party/{party}");
        kit.ok(party, &about, "party.keys", vec![("grant", Value::Array(vec![second]))]);
    }
    let none = kit.log[0].id();
    let (today, later) = if state == "expired" { ("2027-02-01", "2027-09-15") } else { ("2026-03-01", "2026-09-15") };
    let mut scene = Scene {
        kit,
        today,
        later,
        offer: none,
        carrier: none,
        suspension: none,
        notice: none,
        evidence: none,
        finding: none,
    };
    scene.begin(state);
    scene.kit.at("2026-02-01");
    scene.change(state);
    scene.kit.at(today);
    scene
}

impl Scene {
    fn begin(&mut self, state: &str) {
        let kit = &mut self.kit;
        if state == "filed" {
            let term = with(usual_term(), own_term());
            self.carrier = kit.ok("de-bsi", ABOUT, "agreement.file", filing("2026-01-01", "2026-01-01", term));
        } else if state != "nothing" {
            self.offer = kit.ok("acme", OFFER, "offer.make", offer(&[], own_term()));
        }
        if !["nothing", "offered", "filed"].contains(&state) {
            let effective = if state == "not_yet" { "2026-06-01" } else { "2026-01-01" };
            let body = with(accept(&self.offer, "2026-01-01"), vec![("effective", text(effective))]);
            self.carrier = kit.ok("de-bsi", ABOUT, "agreement.accept", body);
        }
        if !["nothing", "offered"].contains(&state) {
            self.evidence = kit.ok("acme", ABOUT, "evidence.add", piece(1));
            let body = with(told("alleged", "2026-01-01"), vec![("clauses", texts(&["NB5"]))]);
            self.finding = kit.ok("lab", ABOUT, "finding.open", body);
        }
    }

    fn change(&mut self, state: &str) {
        let (kit, day) = (&mut self.kit, "2026-02-01");
        let change = change(&self.carrier, day);
        match state {
            "partly_suspended" | "suspended" => {
                let some = if state == "suspended" { vec![] } else { vec![("clauses", texts(&["NB5"]))] };
                self.suspension = kit.ok("de-bsi", ABOUT, "agreement.suspend", with(change, some));
            }
            "notice" | "terminated_in_notice" => {
                let over = vec![("effective", text("2026-08-15")), ("measure", text("end")), ("reasons", text("cost"))];
                self.notice = kit.ok("acme", ABOUT, "agreement.notice", with(change, over));
                if state == "terminated_in_notice" {
                    kit.at("2026-02-02");
                    let over = vec![("ground", text("breach")), ("reasons", text("found"))];
                    kit.ok(
                        "de-bsi",
                        ABOUT,
                        "agreement.terminate",
                        with(self::change(&self.carrier, "2026-02-02"), over),
                    );
                }
            }
            "terminated" => {
                let over = vec![("ground", text("breach")), ("reasons", text("found"))];
                kit.ok("de-bsi", ABOUT, "agreement.terminate", with(change, over));
            }
            "void" => drop(kit.ok("de-bsi", ABOUT, "void", named(&self.carrier))),
            _ => {}
        }
    }

    /// What stands in a row of the table: a kind, after `@` in a special case of it, with its subject and body.
    fn candidate(&self, row: &str) -> (&'static str, Fields<'static>) {
        let (today, own) = (self.today, |id: &StatementId| change(id, self.today));
        let dated = |id: &StatementId| with(own(id), vec![("effective", Value::Null)]);
        let step = |summary: &str| with(told(summary, today), vec![("ref", id(&self.finding))]);
        let end = |ground: &str| with(own(&self.carrier), vec![("ground", text(ground)), ("reasons", text("found"))]);
        let about = if row.ends_with("@offer") || row.starts_with("offer.") { OFFER } else { ABOUT };
        let body = match row {
            "offer.make" => offer(&[], own_term()),
            "offer.withdraw" => vec![("ref", id(&self.offer))],
            "agreement.accept" => accept(&self.offer, today),
            "agreement.accept@replaces" => with(accept(&self.offer, today), vec![("replaces", text(ABOUT))]),
            "agreement.decline" => dated(&self.offer),
            "agreement.file" => filing(today, today, with(usual_term(), own_term())),
            "agreement.confirm" => dated(&self.carrier),
            "agreement.dispute" => with(dated(&self.carrier), vec![("reasons", text("not what was signed"))]),
            "agreement.amend" => amend(&self.carrier, if today < "2026-06-01" { "2026-06-01" } else { today }, vec![]),
            "agreement.correct" => with(amend(&self.carrier, today, own_term()), vec![("effective", Value::Null)]),
            "agreement.renew" => {
                with(dated(&self.carrier), vec![("ends", text("2028-01-01")), ("ends_inclusive", Value::Bool(false))])
            }
            "agreement.suspend" => own(&self.carrier),
            "agreement.resume" => own(&self.suspension),
            "agreement.notice" => {
                let over = vec![("effective", text(self.later)), ("measure", text("end")), ("reasons", text("cost"))];
                with(own(&self.carrier), over)
            }
            "agreement.notice_revoke" => dated(&self.notice),
            "agreement.terminate" => end("breach"),
            "agreement.terminate@urgency" => end("urgency"),
            "agreement.terminate@notice" => with(end("notice"), vec![("effective", text(self.later))]),
            "agreement.terminate@mutual" => end("mutual"),
            "basis.change" => with(own(&self.carrier), vec![("change", text("repealed"))]),
            "evidence.add" | "evidence.add@offer" => piece(2),
            "evidence.supersede" | "evidence.supersede@offer" => with(piece(2), vec![("ref", id(&self.evidence))]),
            "evidence.revoke" | "evidence.revoke@offer" => {
                vec![("ref", id(&self.evidence)), ("reason", text("outdated"))]
            }
            "assurance.opinion" | "assurance.opinion@offer" => opinion(),
            "canary" | "canary@offer" => vec![("from", text(today)), ("until", text(today)), ("due", text(self.later))],
            "notice.circumstance" | "notice.circumstance@offer" => {
                with(told("a new law", today), vec![("type", text("new_legal_duty"))])
            }
            "finding.open" => with(told("alleged", today), vec![("clauses", texts(&["NB5"]))]),
            "finding.reply" => step("denied"),
            "finding.determine" => step("broken"),
            "finding.appeal" => step("appealed"),
            "finding.close" => with(step("closed"), vec![("outcome", text("resolved"))]),
            "void" => named(&self.carrier),
            "void@offer" => named(&self.offer),
            "endorse" => vec![("ref", id(&self.carrier))],
            "endorse@offer" => vec![("ref", id(&self.offer))],
            _ => panic!("{row} has no body"),
        };
        (about, body)
    }

    /// `ok`, or the rule that refuses.
    fn cell(&self, row: &str, party: &str) -> &'static str {
        let kind = row.split('@').next().unwrap();
        let signer = if kind == "endorse" { format!("{party}#2") } else { party.to_owned() };
        let (about, body) = self.candidate(row);
        let act = self.kit.candidate(self.kit.sign(&signer, about, kind, body));
        self.kit.world.admit(&act).map_or_else(|refusal| refusal.rule.as_str(), |()| "ok")
    }
}

fn named(reference: &StatementId) -> Fields<'static> {
    vec![("ref", id(reference)), ("reason", text("a mistake"))]
}

fn opinion() -> Fields<'static> {
    vec![
        ("scale", text("limited")),
        ("opinion", text("unqualified")),
        ("scope", text("the sources")),
        ("report", Value::bytes([3; 32])),
    ]
}

/// Every kind that stands on an agreement or an offer, as rows: special cases of some, and each subject that it may have.
fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    for kind in KINDS {
        let (on_agreement, on_offer) = (kind.subject.contains("agreement/"), kind.subject.contains("offer/"));
        let is_of_any = ["void", "endorse"].contains(&kind.name);
        if !on_agreement && !on_offer && !is_of_any {
            continue;
        }
        rows.push(kind.name.to_owned());
        let cases: &[&str] = match kind.name {
            "agreement.accept" => &["replaces"],
            "agreement.terminate" => &["urgency", "notice", "mutual"],
            _ if (on_agreement && on_offer) || is_of_any => &["offer"],
            _ => &[],
        };
        rows.extend(cases.iter().map(|case| format!("{}@{case}", kind.name)));
    }
    rows
}

/// The table: of each row one line for the states with the same cells, which stand in the order of the signers.
fn table() -> String {
    let scenes: Vec<(&str, Scene)> = STATES.iter().map(|state| (*state, scene(state))).collect();
    let mut table = format!("# {}\n", SIGNERS.map(|(name, _)| name).join(" "));
    for row in rows() {
        let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
        for (state, scene) in &scenes {
            let cells = SIGNERS.map(|(_, party)| scene.cell(&row, party)).join(" ");
            match lines.iter_mut().find(|(_, known)| *known == cells) {
                Some((states, _)) => states.push(state),
                None => lines.push((vec![state], cells)),
            }
        }
        writeln!(table, "\n{row}").unwrap();
        lines.iter().for_each(|(states, cells)| writeln!(table, "  {}: {cells}", states.join(" ")).unwrap());
    }
    table
}

#[test]
fn every_cell_of_the_table_is_as_it_was_read() {
    let found = table();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules_table.txt");
    std::fs::write(&path, &found).unwrap();
    let expected = include_str!("rules_table.txt");
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "line {} of tests/rules_table.txt; the table as found: {}",
            line + 1,
            path.display()
        );
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{}", path.display());
}

#[test]
fn every_scene_is_in_its_state() {
    for state in STATES {
        let scene = scene(state);
        let standing = scene.kit.standing(ABOUT, scene.today);
        let expected = match state {
            "nothing" => Force::NoAgreement,
            "offered" => Force::Offered,
            "not_yet" => Force::NotYet,
            "partly_suspended" => Force::PartlySuspended,
            "suspended" => Force::Suspended,
            "terminated" | "terminated_in_notice" => Force::Terminated,
            "expired" => Force::Expired,
            "void" => Force::Void,
            _ => Force::InForce,
        };
        assert_eq!(standing.force, expected, "{state}: {}", standing.sentence());
        assert_eq!(standing.flags.contains(&Flag::Notice), state == "notice", "{state}");
    }
}

#[test]
fn no_body_of_the_table_is_malformed() {
    for line in include_str!("rules_table.txt").lines() {
        assert!(!line.contains("body_malformed") && !line.contains("zone_"), "{line}");
    }
}
