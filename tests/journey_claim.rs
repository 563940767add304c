//! Journey J3: a member of parliament gets one file by mail and checks a claim about a day in the past. False, unknown
//! and malformed are told apart by exit code, and the answer says as of when it is known and what it does not prove.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::json;

use crate::journey::{Days, Office, Reader, Registrar, terms, texts};

const LETTER: &str = "agreement/example-netz/letter-2012/de-bsi";

/// A letter of 2012, on paper only, told years later: alleged broken in 2019, ended by notice in 2020, appealed.
fn told_late(registrar: &Registrar, days: &Days, government: &Office, vendor: &Office) {
    let mut all = terms(days, "licence_condition", "Letter of assurances");
    all["term"]["effective"] = json!("2012-07-01");
    all["term"]["notice_period"] = json!("P60D");
    let paper = json!({ "signed_on": "2012-06-11", "filed_on": "2012-06-20", "method": "licence_condition", "form": "letter, 4 pages" });
    let body = json!({ "date": "2012-06-20", "terms": all, "paper": paper });
    let filed = government.acts(registrar, "agreement.file", LETTER, &body);
    let by = json!({ "name": "Network agency, example", "docket": "BK-19/044" });
    let open = json!({ "date": "2019-04-09", "clauses": ["NB5"], "summary": "Records were kept elsewhere", "by": by });
    let finding = government.acts(registrar, "finding.open", LETTER, &open);
    let notice = |effective: &str| json!({ "ref": filed, "date": "2020-11-02", "measure": "withdraw the licence", "reasons": "finding upheld", "effective": effective });
    // The terms want sixty days.
    government
        .is_refused(registrar, "notice_too_short", "agreement.notice", LETTER, &notice("2020-12-31"))
        .says("2021-01-01");
    government.acts(registrar, "agreement.notice", LETTER, &notice("2021-01-01"));
    let appeal = json!({ "ref": finding, "date": "2020-11-15", "summary": "To the administrative court" });
    vendor.acts(registrar, "finding.appeal", LETTER, &appeal);
    let close = json!({ "ref": finding, "date": "2021-12-20", "outcome": "dismissed", "summary": "The court decided" });
    government.acts(registrar, "finding.close", LETTER, &close);
}

#[test]
fn one_file_by_mail_answers_for_a_day_in_the_past() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, government) = (Office::new("example-netz", 1), Office::new("de-bsi", 1));
    registrar.enrols(&vendor, "Example Netz GmbH", "vendor", "de", 1);
    registrar.enrols(&government, "Federal office, example organ", "government", "de", 1);
    told_late(&registrar, &days, &government, &vendor);
    let reader = Reader::new(&registrar.policy());
    reader.gets("letter.docket", registrar.docket(LETTER));
    reader.gets("france.docket", registrar.docket("between/example-netz/fr"));
    reader.gets("misspelt.docket", registrar.docket("between/exampel-netz/de"));
    reader.gets("checkpoint", {
        registrar.online(&registrar.desk, &["log", "checkpoint", "-o", "checkpoint"]).exits(0);
        registrar.desk.read("checkpoint")
    });
    registrar.closes();

    // True on that day, with everything that was in the air.
    let ran = reader.verifies(&["letter.docket", "--on", "2020-12-01"]).exits(0);
    let ran = ran.says("In force on 2020-12-01, attested by the government alone");
    let ran = ran.says("termination announced for 2021-01-01; under appeal").says("registered late");
    let ran = ran.says("As known at seal").says("as known at  the seal at index").says("Registered is not approved");
    assert!(ran.stdout.matches("Not proven: ").count() >= 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("Network agency, example"), "who really acted is shown: {}", ran.stdout);

    let answer = |exit: i32, day: &str| {
        let whole = reader.asks(exit, &["letter.docket", "--on", day]);
        assert!(whole["as_known_at"]["index"].is_u64() && whole["as_known_at"]["time_ms"].is_u64(), "{whole}");
        assert!(texts(&whole["not_proven"]).len() >= 3);
        assert_eq!(whole["exit"], exit);
        let standing = &whole["standing"];
        assert!(texts(&standing["flags"]).contains(&"late_registration") || standing["force"] == "no_agreement");
        let of = |axis: &str| standing[axis].as_str().unwrap().to_owned();
        (of("force"), of("contention"), texts(&standing["flags"]).contains(&"notice"))
    };
    let expected = |force: &str, contention: &str, notice: bool| (force.to_owned(), contention.to_owned(), notice);
    assert_eq!(answer(17, "2012-06-10"), expected("no_agreement", "none", false));
    assert_eq!(answer(17, "2012-06-30"), expected("not_yet", "none", false));
    assert_eq!(answer(0, "2012-07-01"), expected("in_force", "none", false));
    assert_eq!(answer(0, "2019-04-08"), expected("in_force", "none", false));
    assert_eq!(answer(0, "2019-04-09"), expected("in_force", "alleged", false));
    assert_eq!(answer(0, "2020-11-02"), expected("in_force", "alleged", true));
    assert_eq!(answer(0, "2020-12-31"), expected("in_force", "appealed", true));
    assert_eq!(answer(17, "2021-01-01"), expected("terminated", "appealed", false));
    assert_eq!(answer(17, "2021-12-20"), expected("terminated", "closed", false));

    // False, unknown and malformed are three things.
    reader.verifies(&["france.docket"]).exits(17).says("No agreement");
    reader.verifies(&["letter.docket", "--on", "2999-01-01"]).exits(18).says("Not yet known on 2999-01-01");
    reader.verifies(&["misspelt.docket"]).exits(18).says("exampel-netz").says("Is it spelt right?");
    let whole = reader.bench.read("letter.docket");
    reader.gets("torn.docket", &whole[..whole.len() - 1]);
    reader.verifies(&["torn.docket"]).exits(16);
    reader.gets("letter.pdf", b"%PDF-1.7\n\x00\x01 a scan of the letter");
    reader.verifies(&["letter.pdf"]).exits(16);
    reader.gets("empty.docket", b"");
    reader.verifies(&["empty.docket"]).exits(16);
    reader.verifies(&["letter.docket", "--on", "2020-13-01"]).exits(2).says("2020-13-01");
    reader.verifies(&["absent.docket"]).exits(3);
    reader.verifies(&["checkpoint"]).exits(0).says("nor what the log holds");

    // A file of another registry proves nothing under this policy.
    let stranger = Registrar::open();
    let reader = Reader::new(&stranger.policy());
    reader.gets("letter.docket", whole);
    let ran = reader.verifies(&["letter.docket", "--on", "2020-12-01"]).exits(10).says("Proven: nothing");
    assert!(!ran.stdout.contains("In force"), "{}", ran.stdout);
}
