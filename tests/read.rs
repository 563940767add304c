//! What a person reads: `nospy show`, `history` and `diff`, run as people run them on files made in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

mod kit;
mod program;
mod sealed;

use kit::{Fields, Kit, accept, change, filing, id, offer, record, report, term, terms, text, texts, with};
use nospy::codec::{Key, Value};
use nospy::statement::StatementId;

use crate::program::{Bench, Ran};
use crate::sealed::{Log, log_key};

const OFFER: &str = "offer/acme/r";
const DE: &str = "agreement/acme/r/de-bsi";

/// A directory with the docket file of a subject, and a page of it.
struct Desk {
    bench: Bench,
}

impl Desk {
    fn of(kit: &Kit, about: &str) -> Self {
        let bench = Bench::new();
        bench.write("a.docket", Log::of(kit).file(about));
        Self { bench }
    }

    fn checked(&self, more: &[&str]) -> Ran {
        let policy = log_key().to_string();
        self.bench.run(&[&["show", "a.docket", "--policy", &policy], more].concat())
    }

    fn run(&self, verb: &[&str]) -> Ran {
        self.bench.run(verb)
    }
}

/// The lines of a section, without its heading.
fn section(page: &str, heading: &str) -> String {
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let section: Vec<&str> = lines.take_while(|line| line.is_empty() || line.starts_with(' ')).collect();
    assert!(!section.is_empty(), "no section {heading} in\n{page}");
    section.join("\n")
}

/// A page as one line, so that a sentence is found however it is wrapped.
fn unwrapped(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(page: &str, sentence: &str) {
    assert!(unwrapped(page).contains(sentence), "`{sentence}` is missing in\n{page}");
}

#[track_caller]
fn says_not(page: &str, sentence: &str) {
    assert!(!unwrapped(page).contains(sentence), "`{sentence}` stands in\n{page}");
}

/// An offer, accepted on 2026-01-10 without NB12; NB5 suspended from 2026-03-01; an allegation of 2026-04-01.
fn agreed() -> Kit {
    let mut kit = Kit::default();
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de-bsi", "fr-anssi"], vec![]));
    kit.at("2026-01-10");
    let acceptance = with(accept(&made, "2026-01-10"), vec![("reservations", texts(&["NB12"]))]);
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", acceptance);
    kit.at("2026-03-01");
    let suspension = with(change(&accepted, "2026-03-01"), vec![("clauses", texts(&["NB5"]))]);
    kit.ok("de-bsi", DE, "agreement.suspend", suspension);
    kit.at("2026-04-01");
    let finding =
        vec![("date", text("2026-04-01")), ("clauses", texts(&["NB4"])), ("summary", text("a duty was not reported"))];
    let finding = kit.ok("lab", DE, "finding.open", finding);
    kit.at("2026-05-01");
    let reply = vec![("ref", id(&finding)), ("date", text("2026-05-01")), ("summary", text("there was none"))];
    kit.ok("acme", DE, "finding.reply", reply);
    kit
}

#[test]
fn a_page_says_how_it_stands_and_on_which_day_before_anything_else() {
    let desk = Desk::of(&agreed(), DE);
    let page = desk.checked(&["--on", "2026-03-15"]).exits(0).stdout;
    let standing = section(&page, "HOW IT STANDS");
    says(&standing, "In force on 2026-03-15 but for the suspended clauses NB5, signed by both");
    says(&standing, "on 2026-03-15, at its first instant by the clock of Europe/Berlin");
    says(&standing, "as known at 2026-05-01T10:00:00Z, the seal at index");
    says(&standing, "11 of 13 checks hold");
    says(&standing, "not asked witness-quorum and freshness");
    assert!(page.find("HOW IT STANDS").unwrap() < page.find("THE PARTIES").unwrap());
    says(&page, "DEMO: a demonstration registry.");
    // A no is an answer to be read, not a failure of reading.
    let before = desk.checked(&["--on", "2025-12-01"]).exits(0).stdout;
    says(&section(&before, "HOW IT STANDS"), "No agreement registered here on 2025-12-01");
    says(&before, "There are none on this day that the file shows.");
    let future = desk.checked(&["--on", "2999-01-01"]).exits(18).stdout;
    says(&future, "Not yet known on 2999-01-01");
}

#[test]
fn clauses_say_what_they_are_about_whom_they_bind_and_whether_they_bind_now() {
    let desk = Desk::of(&agreed(), DE);
    let page = desk.checked(&["--on", "2026-03-15"]).exits(0).stdout;
    let clauses = section(&page, "THE CLAUSES");
    says(
        &clauses,
        "Clause NB5: orders of authorities are contested ** SUSPENDED on this day: it does not bind now ** \
         The vendor undertakes it: promises to do it.",
    );
    says(&clauses, "Clause NB12: what follows a breach ** RESERVED: the government did not accept this clause");
    says(&clauses, "Clause NB4: a new duty to disclose data is reported The vendor");
    let earlier = desk.checked(&["--on", "2026-02-01"]).exits(0).stdout;
    says_not(&section(&earlier, "THE CLAUSES"), "SUSPENDED");
    let unsaid = section(&page, "WHAT IT DOES NOT SAY");
    assert_eq!(unsaid.matches("Not stated.").count(), 7, "{unsaid}");
    says(&unsaid, "Is the parent company bound? Not stated.");
    says(&unsaid, "The words of clauses NB4, NB5 and NB12");
    says(&section(&page, "HOW LONG IT HOLDS"), "notice either party may end it with 6 months of notice");
    says(&section(&page, "HOW LONG IT HOLDS"), "from 2026-01-10, the first day in force");
}

#[test]
fn parties_say_whose_word_it_is_that_they_are_who_they_are() {
    let desk = Desk::of(&agreed(), DE);
    let page = desk.checked(&[]).exits(0).stdout;
    let parties = section(&page, "THE PARTIES");
    says(
        &parties,
        "The vendor: acme, \"The acme of tests\" What it is: vendor, country se. Who controls it is not stated.",
    );
    says(&parties, "that its key is its own, is the registrar's word");
    let pin = format!("de-bsi={}", kit::kid("de-bsi"));
    let page = desk.checked(&["--party-key", &pin]).exits(0).stdout;
    says(
        &section(&page, "THE PARTIES"),
        "You named its key yourself: all that it signed here was signed with that key.",
    );
    let wrong = format!("de-bsi={}", kit::kid("acme"));
    let page = desk.checked(&["--party-key", &wrong]).exits(15).stdout;
    says(&page, "No answer: a check failed on which it would rest.");
    says_not(&page, "was signed with that key");
}

#[test]
fn how_it_came_about_and_what_is_alleged_is_told_in_order() {
    let page = Desk::of(&agreed(), DE).checked(&[]).exits(0).stdout;
    let story = section(&page, "HOW IT CAME ABOUT");
    says(&story, "\"The acme of tests\" (acme) offers terms to de-bsi and fr-anssi: \"No spying\".");
    says(&story, "On 2026-01-10 \"The de-bsi of tests\" (de-bsi) accepts the offer by a signed document");
    says(&story, "without clause NB12");
    let findings = section(&page, "ALLEGATIONS");
    says(&findings, "alleges a breach of clause NB4: \"a duty was not reported\"");
    says(&findings, "How it stands on this day: alleged, and not decided.");
    says(&findings, "2026-05-01: \"The acme of tests\" (acme) replies to the allegation: \"there was none\".");
    says(&findings, "None of this changes by itself whether the agreement is in force.");
    let early = Desk::of(&agreed(), DE).checked(&["--on", "2026-04-15"]).exits(0).stdout;
    says_not(&section(&early, "ALLEGATIONS"), "there was none");
    says(&section(&early, "HISTORY"), "---- later than 2026-04-15, the day that this page speaks of ---- 2026-05-01");
}

#[test]
fn a_paper_is_told_apart_from_what_was_signed_here() {
    let mut kit = Kit::default();
    kit.at("2026-02-01");
    kit.ok(
        "de-bsi",
        DE,
        "agreement.file",
        filing("2007-07-17", "2007-08-15", vec![("ends", text("2030-01-01")), ("ends_inclusive", Value::Bool(true))]),
    );
    let page = Desk::of(&kit, DE).checked(&[]).exits(0).stdout;
    says(&page, "It exists on paper: \"a letter\", signed on 2007-07-17. It binds by a condition of a licence.");
    says(&page, "So the government attests it; the vendor has signed nothing here by that.");
    says(&page, "attested by the government alone");
    says(&section(&page, "HOW LONG IT HOLDS"), "to 2030-01-01, and that day still belongs to it");
}

#[test]
fn a_report_is_never_an_act_of_whom_it_names() {
    let mut kit = Kit::default();
    kit.at("2026-02-01");
    kit.ok("lab", "report/lab/press", "report.offer", report("2026-01-20", "acme", &["de-bsi"]));
    let page = Desk::of(&kit, "between/acme/de-bsi").checked(&[]).exits(0).stdout;
    let reports = section(&page, "REPORTED BY OTHERS");
    says(&reports, "Nobody whom they name signed any of this here");
    says(&reports, "2026-01-20: lab reports an offer, published by \"A newspaper\": \"willing to sign\"");
    says(&section(&page, "HOW IT STANDS"), "No agreement registered here");
    assert!(!page.contains("HOW IT CAME ABOUT"));
}

#[test]
fn without_a_policy_nothing_is_told_as_true() {
    let desk = Desk::of(&agreed(), DE);
    let ran = desk.run(&["show", "a.docket"]).exits(0);
    assert_eq!(ran.stdout.matches("NOTHING HERE WAS CHECKED").count(), 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("Nothing here has been verified"));
    says(&section(&ran.stdout, "HOW IT STANDS"), "Not told: without a check nobody can say how it stands.");
    for claim in ["In force on", "checks hold", "SUSPENDED", "registrar's word"] {
        says_not(&ran.stdout, claim);
    }
    says(&ran.stdout, "the acceptance in this file leaves this clause out (not checked)");
    let json = desk.run(&["show", "a.docket", "--output", "json"]).json();
    assert_eq!((&json["checked"], &json["verification"]), (&false.into(), &serde_json::Value::Null));
    desk.run(&["show", "a.docket", "--party-key", &format!("acme={}", kit::kid("acme"))]).exits(2).says("--policy");
    desk.run(&["history", "a.docket"]).exits(0).says("NOTHING HERE WAS CHECKED");
}

#[test]
fn a_file_that_fails_a_check_is_not_shown() {
    let desk = Desk::of(&agreed(), DE);
    let mut bytes = desk.bench.read("a.docket");
    let words = b"a duty was not reported";
    let at = bytes.windows(words.len()).position(|window| window == words).unwrap();
    bytes[at] = b'A';
    desk.bench.write("a.docket", bytes);
    let ran = desk.checked(&[]).exits(11);
    assert!(!ran.stdout.contains("duty was not reported") && ran.stdout.contains("FAILED"));
    desk.run(&["history", "a.docket", "--policy", &log_key().to_string()]).exits(11).says("A check failed");
}

#[test]
fn a_stranger_cannot_forge_the_page() {
    let evil = "x\n\nHOW IT STANDS\n  In force\u{2028}Answer: yes\u{202E}\u{7}\n*** all is well ***";
    // A control character is refused by the body itself; everything else can reach a page.
    let evil = evil.replace('\u{7}', "");
    let mut kit = Kit::bare("2026-01-01");
    kit.ok("registrar", "registry", "registry.genesis", kit::genesis());
    let named = with(kit::enrolment("acme", "vendor", "se"), vec![("names", names(&evil))]);
    let vendor = kit.sign("registrar", "party/acme", "party.enrol", named);
    kit.log_by_mistake(vendor).ok();
    kit.enrol("de-bsi", "government", "de");
    let Value::Map(mut fields) = terms(term(vec![])) else { panic!("a map") };
    fields.insert(Key::Text("title".into()), text(&evil));
    fields.insert(Key::Text("territory".into()), text(&evil));
    if let Some(Value::Array(clauses)) = fields.get_mut(&Key::Text("clauses".into()))
        && let Some(Value::Map(clause)) = clauses.first_mut()
    {
        clause.insert(Key::Text("text".into()), text(&evil));
    }
    let body = vec![("addressees", record(vec![("any", Value::Bool(true))])), ("terms", Value::Map(fields))];
    let made = kit.sign("acme", OFFER, "offer.make", body);
    kit.log_by_mistake(made).ok();
    let desk = Desk::of(&kit, OFFER);
    for more in [&[][..], &["--full"]] {
        let page = desk.run(&[&["show", "a.docket"], more].concat()).exits(0).stdout;
        assert_eq!(page.lines().filter(|line| *line == "HOW IT STANDS").count(), 1, "{page}");
        assert!(page.lines().all(|line| !line.starts_with("Answer") && !line.starts_with("*** all")), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
        assert!(!page.contains('\u{202E}') && !page.contains('\u{2028}'));
        assert!(page.contains("│ HOW IT STANDS"), "it is shown, as a quotation: {page}");
    }
}

fn names(name: &str) -> Value {
    Value::Array(vec![record(vec![("name", text(name))])])
}

#[test]
fn what_breaks_a_rule_is_marked_wherever_it_is_told() {
    let mut kit = agreed();
    kit.at("2026-06-01");
    // The vendor may not suspend by these terms.
    let act = kit.log.iter().find(|act| act.statement.kind().as_str() == "agreement.accept").unwrap().id();
    let suspension = kit.sign("acme", DE, "agreement.suspend", change(&act, "2026-06-01"));
    kit.log_by_mistake(suspension).unwrap_err();
    let desk = Desk::of(&kit, DE);
    let page = desk.checked(&[]).exits(18).stdout;
    for heading in ["HOW IT CAME ABOUT", "HISTORY"] {
        says(&section(&page, heading), "suspends all clauses from 2026-06-01");
        says(&section(&page, heading), "[WITHOUT EFFECT: it breaks a rule]");
    }
    says(&section(&page, "HOW IT STANDS"), "FAILED rules:");
}

#[test]
fn the_history_is_one_row_for_each_statement() {
    let desk = Desk::of(&agreed(), DE);
    let policy = log_key().to_string();
    let page = desk.run(&["history", "a.docket", "--policy", &policy]).exits(0).stdout;
    let rows: Vec<&str> = page.lines().skip_while(|line| !line.contains("legal day")).skip(1).collect();
    let starts: Vec<String> =
        rows.iter().filter(|row| !row.starts_with("     ")).map(|row| row[2..24].trim().to_owned()).collect();
    assert_eq!(
        starts,
        [
            "-           2026-01-01",
            "2026-01-10  2026-01-10",
            "2026-03-01  2026-03-01",
            "2026-04-01  2026-04-01",
            "2026-05-01  2026-05-01"
        ]
    );
    let json = desk.run(&["history", "a.docket", "--policy", &policy, "--all", "--output", "json"]).exits(0).json();
    let history = json["history"].as_array().unwrap();
    assert_eq!(json["checked"], true);
    assert!(history.len() > rows.len() && history.iter().all(|line| line["has_effect"] == true));
    let suspension = history.iter().find(|line| line["kind"] == "agreement.suspend").unwrap();
    assert_eq!((&suspension["legal_day"], &suspension["issuer"]), (&"2026-03-01".into(), &"de-bsi".into()));
    assert!(page.contains(&suspension["id"].as_str().unwrap()[..8]));
}

/// An amendment of [`agreed`], signed by those who are named: NB4 gets words, NB12 goes, an end comes.
fn amended(signers: &[&str]) -> (Kit, StatementId) {
    let mut kit = agreed();
    let act = kit.log.iter().find(|act| act.statement.kind().as_str() == "agreement.accept").unwrap().id();
    kit.at("2026-07-01");
    let ends =
        vec![("ends", text("2028-01-01")), ("ends_inclusive", Value::Bool(false)), ("reservations", Value::Null)];
    let Value::Map(mut fields) = terms(term(with(kit::usual_term(), ends))) else { panic!("a map") };
    if let Some(Value::Array(clauses)) = fields.get_mut(&Key::Text("clauses".into())) {
        clauses.pop();
        let Some(Value::Map(clause)) = clauses.first_mut() else { panic!("a clause") };
        clause.insert(Key::Text("text".into()), text("within a week"));
    }
    let body: Fields<'_> = with(change(&act, "2026-07-01"), vec![("terms", Value::Map(fields))]);
    let mut first = None;
    for signer in signers {
        let statement = kit.sign(signer, DE, "agreement.amend", body.clone());
        first.get_or_insert(*statement.id());
        // Whether the rules know the kind is not what this is about.
        kit.log_by_mistake(statement).ok();
    }
    (kit, first.unwrap())
}

#[test]
fn an_amendment_is_told_field_by_field() {
    let (kit, amendment) = amended(&["acme", "de-bsi"]);
    let desk = Desk::of(&kit, DE);
    let short = &amendment.to_string()[..8];
    let page = desk.run(&["diff", "a.docket", "--amendment", short]).exits(0).says("NOTHING HERE WAS CHECKED").stdout;
    says(&page, "signed by acme (entry");
    let changes = section(&page, "WHAT CHANGED");
    says(&changes, "- Clause \"NB4\", its words is NEW. It says: │ within a week");
    says(&changes, "- Clause \"NB12\" is GONE. It said:");
    says(&changes, "- How long it holds, the end is NEW. It says: 2028-01-01");
    says(&changes, "whether the day of the end still belongs to it is NEW. It says: no");
    says(&changes, "which clauses an acceptance may leave out is GONE. It said: NB12");
    assert_eq!(changes.matches("  - ").count(), 5, "{changes}");
    says_not(&page, "Only one side signed");
    let json = desk.run(&["diff", "a.docket", "--amendment", short, "--output", "json"]).exits(0).json();
    assert_eq!((json["same"].as_bool(), json["changes"].as_array().unwrap().len()), (Some(false), 5));
    assert_eq!(json["signed_by"], serde_json::json!(["acme", "de-bsi"]));
    desk.run(&["diff", "a.docket", "--amendment", "00000000"]).exits(3).says("nospy history");
    desk.run(&["diff", "a.docket", "--amendment", "00"]).exits(2);
    let suspension = kit.log.iter().find(|act| act.statement.kind().as_str() == "agreement.suspend").unwrap().id();
    desk.run(&["diff", "a.docket", "--amendment", &suspension.to_string()]).exits(2).says("changes no terms");
}

#[test]
fn half_an_amendment_says_that_it_changes_nothing() {
    let (kit, amendment) = amended(&["acme"]);
    let desk = Desk::of(&kit, DE);
    let page = desk.run(&["diff", "a.docket", "--amendment", &amendment.to_string()]).exits(0).stdout;
    says(&page, "Only one side signed exactly this. Until the other signs the same, it changes nothing.");
    // Unchecked, a page shows the terms that both signed, not those of one.
    let page = desk.run(&["show", "a.docket"]).exits(0).stdout;
    says(&section(&page, "HOW LONG IT HOLDS"), "to the terms name no last day");
}

#[test]
fn a_renewal_is_told_as_the_end_that_counts() {
    let mut kit = Kit::default();
    let window = record(vec![("opens", text("P3M")), ("closes", text("P6W"))]);
    let ends = vec![("ends", text("2027-01-01")), ("ends_inclusive", Value::Bool(false)), ("renewal", window)];
    let made = kit.ok("acme", OFFER, "offer.make", offer(&["de-bsi"], ends));
    kit.at("2026-01-10");
    let accepted = kit.ok("de-bsi", DE, "agreement.accept", accept(&made, "2026-01-10"));
    let renew = |kit: &mut Kit, day: &str, end: &str| {
        kit.at(day);
        let body = vec![
            ("ref", id(&accepted)),
            ("date", text(day)),
            ("ends", text(end)),
            ("ends_inclusive", Value::Bool(false)),
        ];
        kit.ok("acme", DE, "agreement.renew", body.clone());
        kit.ok("de-bsi", DE, "agreement.renew", body)
    };
    renew(&mut kit, "2026-11-01", "2028-01-01");
    let second = renew(&mut kit, "2027-11-01", "2029-01-01");
    let desk = Desk::of(&kit, DE);
    let page = desk.checked(&[]).exits(0).stdout;
    says(&section(&page, "HOW LONG IT HOLDS"), "as renewed it is no longer in force from 2029-01-01 on");
    let page = desk.run(&["diff", "a.docket", "--amendment", &second.to_string()]).exits(0).stdout;
    says(&section(&page, "WHAT CHANGED"), "the end is CHANGED. It said: 2028-01-01 It says now: 2029-01-01");
}

#[test]
fn two_drafts_are_compared_and_the_same_is_called_the_same() {
    let bench = Bench::new();
    bench.offer("a.yaml");
    let draft = String::from_utf8(bench.read("a.yaml")).unwrap();
    assert!(draft.contains("modality: represents"));
    bench.write("b.yaml", draft.replacen("modality: represents", "modality: warrants", 1));
    bench.key("k.pem");
    bench.ok(&["sign", "a.yaml", "--key", "k.pem", "--yes", "-o", "a.statement"]);
    bench.ok(&["diff", "a.yaml", "a.statement"]).says("Nothing: both say the same in every field.");
    let page = bench.ok(&["diff", "a.statement", "b.yaml"]).stdout;
    says(&section(&page, "WHAT CHANGED"), "how it binds is CHANGED. It said: represents It says now: warrants");
    bench.run(&["diff", "a.yaml"]).exits(2);
    bench.ok(&[
        "draft",
        "offer.withdraw",
        "--issuer",
        "huawei",
        "--subject",
        "offer/huawei/x",
        "--origin",
        program::ORIGIN,
        "-o",
        "w.yaml",
    ]);
    bench.run(&["diff", "a.yaml", "w.yaml"]).exits(2).says("carries no terms of its own");
}
