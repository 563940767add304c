//! Journey J5: notice, a change of mind, notice again, and a shorter period agreed upon by both in between. The history
//! answers every day from the signature to the end, and no day of the future is told as if it were known.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, terms, texts, unwrapped};

const PAPER: &str = "agreement/nordhavn/depot-7/nl-aivd";
const OFFER: &str = "offer/nordhavn/depot-8";
const LIVE: &str = "agreement/nordhavn/depot-8/nl-aivd";

fn notice(reference: &str, date: &str, effective: &str) -> Json {
    json!({ "ref": reference, "date": date, "measure": "terminate", "reasons": "A new supplier", "effective": effective })
}

/// Days of a story that was over before it was registered: days before today.
struct Story {
    signed: String,
    first_notice: String,
    first_end: String,
    revoked: String,
    amended: String,
    second_notice: String,
    end: String,
}

impl Story {
    fn of(days: &Days) -> Self {
        let first_notice = days.at(-700);
        let second_notice = days.at(-300);
        Self {
            signed: days.at(-900),
            first_end: Days::later(&first_notice, 6),
            first_notice,
            revoked: days.at(-610),
            amended: days.at(-450),
            end: Days::later(&second_notice, 1),
            second_notice,
        }
    }
}

/// Registers the story; gives the ids of the filing and of the amended terms.
fn tell(registrar: &Registrar, days: &Days, government: &Office, vendor: &Office, story: &Story) -> (String, String) {
    let mut old = terms(days, "bilateral", "Depot agreement");
    old["term"]["effective"] = json!(story.signed);
    old["term"]["notice_period"] = json!("P6M");
    let paper = json!({ "signed_on": story.signed, "method": "contract", "form": "paper, 2 pages" });
    let body = json!({ "date": story.signed, "terms": old, "paper": paper });
    let filed = government.acts(registrar, "agreement.file", PAPER, &body);

    let one_day_short = notice(&filed, &story.first_notice, &Days::before(&story.first_end));
    vendor.is_refused(registrar, "notice_too_short", "agreement.notice", PAPER, &one_day_short).says(&story.first_end);
    let given =
        vendor.acts(registrar, "agreement.notice", PAPER, &notice(&filed, &story.first_notice, &story.first_end));
    let back = json!({ "ref": given, "date": story.revoked, "reasons": "We found a way" });
    government.is_refused(registrar, "wrong_signer", "agreement.notice_revoke", PAPER, &back).says("nordhavn");
    vendor.acts(registrar, "agreement.notice_revoke", PAPER, &back);
    let twice = json!({ "ref": given, "date": story.revoked, "reasons": "Once more" });
    vendor.is_refused(registrar, "ref_not_current", "agreement.notice_revoke", PAPER, &twice);

    // Both sign the same words, or nothing is changed.
    let mut new = old.clone();
    new["term"]["notice_period"] = json!("P1M");
    let amended = json!({ "ref": filed, "date": story.amended, "effective": story.amended, "terms": new, "reasons": "Six months were too long" });
    let mut others = amended.clone();
    others["reasons"] = json!("Six months were long");
    vendor.begins(1, registrar, "agreement.amend", PAPER, &others);
    government.begins(1, registrar, "agreement.amend", PAPER, &amended);
    let waiting = registrar.online(&registrar.desk, &["standing", PAPER, "--output", "json"]).json();
    assert_eq!(waiting["standing"]["pending"].as_array().unwrap().len(), 2, "two different bodies wait for each other");
    let inbox = registrar.online(&vendor.bench, &["inbox", "nordhavn"]).exits(0);
    assert!(inbox.stdout.contains("answer with agreement.amend, the same body word for word, on"), "{}", inbox.stdout);
    let short = notice(&filed, &story.second_notice, &story.end);
    vendor.is_refused(registrar, "notice_too_short", "agreement.notice", PAPER, &short);
    let both = vendor.acts(registrar, "agreement.amend", PAPER, &amended);

    // The old terms carry nothing any more.
    vendor.is_refused(registrar, "ref_not_current", "agreement.notice", PAPER, &short).says(&both);
    vendor.acts(registrar, "agreement.notice", PAPER, &notice(&both, &story.second_notice, &story.end));
    (filed, both)
}

#[test]
fn the_history_answers_every_day_in_between() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, government) = (Office::new("nordhavn", 1), Office::new("nl-aivd", 1));
    registrar.enrols(&vendor, "Nordhavn Radio AB", "vendor", "se", 1);
    registrar.enrols(&government, "Service, example organ", "government", "nl", 1);
    let story = Story::of(&days);
    let (filed, amended) = tell(&registrar, &days, &government, &vendor, &story);
    let reader = Reader::new(&registrar.policy());
    reader.gets("depot.docket", registrar.docket(PAPER));
    registrar.closes();

    // On each day: the exit code, force, whether an end is announced and for when, and which terms carry it.
    let on = |day: &str| {
        let whole = reader.asks_any(&["depot.docket", "--on", day]);
        let standing = &whole["standing"];
        let announced = texts(&standing["flags"]).contains(&"notice");
        let end = standing["ends"]["day"].as_str().map(str::to_owned);
        let carrier = standing["carrier"].as_str().unwrap_or_default().to_owned();
        (whole["exit"].as_i64().unwrap(), standing["force"].as_str().unwrap().to_owned(), announced, end, carrier)
    };
    let in_force = |end: Option<&String>, carrier: &str| {
        (0, "in_force".to_owned(), end.is_some(), end.cloned(), carrier.to_owned())
    };
    let before = on(&Days::before(&story.signed));
    assert_eq!((before.0, before.1.as_str()), (17, "no_agreement"));
    let spans = [
        (&story.signed, &story.first_notice, in_force(None, &filed)),
        (&story.first_notice, &story.revoked, in_force(Some(&story.first_end), &filed)),
        (&story.revoked, &story.amended, in_force(None, &filed)),
        (&story.amended, &story.second_notice, in_force(None, &amended)),
        (&story.second_notice, &story.end, in_force(Some(&story.end), &amended)),
    ];
    for (first, next, expected) in spans {
        assert_eq!(on(first), expected, "on its first day, {first}");
        assert_eq!(on(&Days::before(next)), expected, "on its last day, the one before {next}");
    }
    for day in [&story.end, &days.at(-1)] {
        let (exit, force, announced, end, _) = on(day);
        assert_eq!(
            (exit, force.as_str(), announced, end.as_ref()),
            (17, "terminated", false, Some(&story.end)),
            "{day}"
        );
    }
    // The end that was announced first and taken back ends nothing.
    assert_eq!(on(&story.first_end), in_force(None, &filed));

    // The timeline keeps what was taken back.
    let history = reader.bench.run(&["history", "depot.docket", "--policy", "policy.txt"]).exits(0);
    let page = unwrapped(&history.stdout);
    assert!(page.contains("We found a way"), "{page}");
    assert!(page.contains("Six months were long\" [WITHOUT EFFECT: one side alone signed it]"), "{page}");
    assert_eq!(page.matches("signs new terms").count(), 3, "{page}");
    let day =
        |day: &str| history.stdout.find(&format!("\n  {day}")).unwrap_or_else(|| panic!("{day}\n{}", history.stdout));
    let told =
        [&story.signed, &story.first_notice, &story.revoked, &story.amended, &story.second_notice].map(|one| day(one));
    assert!(told.is_sorted(), "by legal day: {}", history.stdout);
    let changed =
        reader.bench.run(&["diff", "depot.docket", "--amendment", &amended, "--policy", "policy.txt"]).exits(0);
    assert!(changed.stdout.contains("6 months") && changed.stdout.contains("1 month"), "{}", changed.stdout);
}

#[test]
fn what_runs_today_is_a_promise_and_no_history() {
    let days = Days::new();
    let mut registrar = Registrar::open();
    let (vendor, government) = (Office::new("nordhavn", 1), Office::new("nl-aivd", 1));
    registrar.enrols(&vendor, "Nordhavn Radio AB", "vendor", "se", 1);
    registrar.enrols(&government, "Service, example organ", "government", "nl", 1);
    let mut offered = terms(&days, "bilateral", "Depot agreement, the second");
    offered["term"]["notice_period"] = json!("P90D");
    let body = json!({ "addressees": { "governments": ["nl-aivd"] }, "terms": offered });
    let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
    let accept = json!({ "ref": offer, "date": days.today(), "method": "contract", "effective": days.today() });
    let accepted = government.acts(&registrar, "agreement.accept", LIVE, &accept);

    // Nobody reaches back behind today in an agreement that was not registered late.
    let back = notice(&accepted, &days.at(-100), &days.at(30));
    government.is_refused(&registrar, "back_dated", "agreement.notice", LIVE, &back).says(&days.today());
    let given = notice(&accepted, &days.today(), &days.at(90));
    let given = government.acts(&registrar, "agreement.notice", LIVE, &given);
    let first = registrar.docket(LIVE);
    let revoke = json!({ "ref": given, "date": days.today() });
    government.acts(&registrar, "agreement.notice_revoke", LIVE, &revoke);
    let second = registrar.docket(LIVE);
    let again = notice(&accepted, &days.at(1), &days.at(91));
    government.acts(&registrar, "agreement.notice", LIVE, &again);
    let reader = Reader::new(&registrar.policy());
    reader.gets("1.docket", first);
    reader.gets("2.docket", second);
    reader.gets("3.docket", registrar.docket(LIVE));
    registrar.closes();

    // Three files of one day: each is true as of its own seal, and says which that is.
    let now = |file: &str| reader.asks(0, &[file]);
    let (one, two, three) = (now("1.docket"), now("2.docket"), now("3.docket"));
    assert_eq!(one["standing"]["ends"]["day"], days.at(90));
    assert!(two["standing"]["ends"].is_null(), "{two}");
    assert!(one["as_known_at"]["index"].as_u64() < three["as_known_at"]["index"].as_u64());
    // A notice counts from its date: tomorrow. Until then the file tells it for later days only, and as not yet known.
    assert!(!texts(&three["standing"]["flags"]).contains(&"notice"), "{three}");
    let later = |day: i32| {
        let standing = reader.standing(18, "3.docket", &days.at(day));
        (standing["reason"].clone(), standing["otherwise"]["force"].clone())
    };
    assert_eq!(later(90), (json!("not_yet_known"), json!("in_force")));
    assert_eq!(later(91), (json!("not_yet_known"), json!("terminated")));
}
