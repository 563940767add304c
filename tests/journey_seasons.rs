//! Journeys J2 and J5 on days of their own: in a demonstration with a scripted clock three governments accept in different
//! months, one declines and changes its mind on the last evening, and a notice is taken back in time and given again.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, terms, texts};

const OFFER: &str = "offer/sentral/cloud-2027";
const ZONE: &str = "Europe/Vienna";

fn about(government: &str) -> String {
    format!("agreement/sentral/cloud-2027/{government}")
}

fn acceptance(offer: &str, date: &str, effective: &str) -> Json {
    json!({ "ref": offer, "date": date, "method": "decision", "effective": effective })
}

fn notice(reference: &str, date: &str, effective: &str) -> Json {
    json!({ "ref": reference, "date": date, "measure": "end", "reasons": "Another service", "effective": effective })
}

struct Story {
    registrar: Registrar,
    vendor: Office,
    offer: String,
}

impl Story {
    fn begin() -> Self {
        let registrar = Registrar::on_stage("2027-02-01T08:00:00Z");
        let vendor = registrar.office("sentral");
        registrar.enrols(&vendor, "Sentral Cloud ASA", "vendor", "no", 1);
        let mut all = terms(&Days::from(ZONE, "2027-02-01"), "adhesion", "Commitment to public administrations");
        all["term"]["notice_period"] = json!("P1M");
        let body = json!({ "addressees": { "any": true }, "terms": all, "open_until": "2027-06-30" });
        let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
        Self { registrar, vendor, offer }
    }

    fn government(&self, party: &str) -> Office {
        let office = self.registrar.office(party);
        self.registrar.enrols(&office, &format!("Organ of {party}, example"), "government", &party[..2], 1);
        office
    }

    fn accepts(&self, who: &Office, date: &str, effective: &str) -> String {
        let body = acceptance(&self.offer, date, effective);
        who.acts(&self.registrar, "agreement.accept", &about(&who.party), &body)
    }
}

#[test]
fn a_year_of_answers_is_told_day_by_day() {
    let mut story = Story::begin();
    let [austria, belgium, germany, france, netherlands] =
        ["at-bka", "be-ccb", "de-bsi", "fr-anssi", "nl-aivd"].map(|party| story.government(party));
    let it_is = |now: &str| story.registrar.it_is(now);

    it_is("2027-02-10T10:00:00Z");
    let early = acceptance(&story.offer, "2027-01-31", "2027-02-10");
    let subject = about("at-bka");
    austria.is_refused(&story.registrar, "effective_before_offer", "agreement.accept", &subject, &early);
    let accepted = story.accepts(&austria, "2027-02-10", "2027-02-10");
    it_is("2027-03-05T10:00:00Z");
    let declined = json!({ "ref": story.offer, "date": "2027-03-05", "reason": "Parliament has to be asked first" });
    netherlands.acts(&story.registrar, "agreement.decline", &about("nl-aivd"), &declined);
    it_is("2027-04-01T10:00:00Z");
    story.accepts(&germany, "2027-04-01", "2027-05-01");

    // Notice, taken back in time, and given again; the second time it is too late to take it back.
    let act = |kind: &str, body: &Json| story.vendor.acts(&story.registrar, kind, &subject, body);
    it_is("2027-04-12T10:00:00Z");
    let first = act("agreement.notice", &notice(&accepted, "2027-04-12", "2027-05-12"));
    it_is("2027-05-11T21:59:00Z");
    act("agreement.notice_revoke", &json!({ "ref": first, "date": "2027-05-11" }));
    it_is("2027-05-20T10:00:00Z");
    story.accepts(&france, "2027-05-20", "2027-05-20");
    let second = act("agreement.notice", &notice(&accepted, "2027-05-20", "2027-06-20"));
    it_is("2027-06-19T22:00:01Z");
    let late = json!({ "ref": second, "date": "2027-06-20" });
    story.vendor.is_refused(&story.registrar, "terminal", "agreement.notice_revoke", &subject, &late);

    // The last evening, half an hour before midnight in Vienna; and one second after it.
    it_is("2027-06-30T21:30:00Z");
    story.accepts(&netherlands, "2027-06-30", "2027-07-01");
    it_is("2027-06-30T22:00:01Z");
    let over = acceptance(&story.offer, "2027-07-01", "2027-07-01");
    belgium.is_refused(&story.registrar, "offer_closed", "agreement.accept", &about("be-ccb"), &over);
    it_is("2027-07-15T10:00:00Z");
    // Something is registered on that day, so that its seal knows of all days before.
    story.government("fi-nsa");

    let reader = Reader::new(&story.registrar.policy());
    for government in ["at-bka", "be-ccb", "de-bsi", "fr-anssi", "nl-aivd"] {
        reader.gets(&format!("{government}.docket"), story.registrar.docket(&about(government)));
    }
    story.registrar.closes();
    answers_by_day(&reader);
    what_was_known_in_spring(&reader);
}

/// Every day from the offer to the last seal, at each of its boundaries.
fn answers_by_day(reader: &Reader) {
    let on = |government: &str, day: &str| {
        let whole = reader.asks_any(&[&format!("{government}.docket"), "--on", day]);
        let flags = texts(&whole["standing"]["flags"]).join(",");
        (whole["exit"].as_i64().unwrap(), whole["standing"]["force"].as_str().unwrap().to_owned(), flags)
    };
    let expect = |government: &str, days: &[&str], exit: i64, force: &str, flags: &str| {
        for day in days {
            assert_eq!(on(government, day), (exit, force.to_owned(), flags.to_owned()), "{government} on {day}");
        }
    };
    expect("at-bka", &["2027-02-02", "2027-02-09"], 17, "offered", "");
    expect("at-bka", &["2027-02-10", "2027-04-11", "2027-05-11", "2027-05-19"], 0, "in_force", "");
    expect("at-bka", &["2027-04-12", "2027-05-10", "2027-05-20", "2027-06-19"], 0, "in_force", "notice");
    expect("at-bka", &["2027-06-20", "2027-07-14"], 17, "terminated", "");
    expect("de-bsi", &["2027-02-02", "2027-03-31"], 17, "offered", "");
    expect("de-bsi", &["2027-04-01", "2027-04-30"], 17, "not_yet", "");
    expect("de-bsi", &["2027-05-01", "2027-07-15"], 0, "in_force", "");
    expect("fr-anssi", &["2027-05-19"], 17, "offered", "");
    expect("fr-anssi", &["2027-05-20", "2027-07-15"], 0, "in_force", "");
    expect("nl-aivd", &["2027-03-04"], 17, "offered", "");
    expect("nl-aivd", &["2027-07-01", "2027-07-15"], 0, "in_force", "");
    expect("be-ccb", &["2027-06-30"], 17, "offered", "");
    expect("be-ccb", &["2027-07-01"], 17, "no_agreement", "");
    assert_eq!(on("de-bsi", "2027-07-16").0, 18);
    assert!(on("nl-aivd", "2027-06-29").2.contains("declined"));
    reader.verifies(&["at-bka.docket"]).exits(17).says("DEMO").says("its clock may be scripted");
}

/// The same files answer as of an earlier time: nothing that came later counts.
fn what_was_known_in_spring(reader: &Reader) {
    let then = |government: &str, on: &str| {
        let asked = [&format!("{government}.docket"), "--known-at", "2027-04-20T00:00:00Z", "--on", on];
        reader.asks_any(&asked)["standing"].clone()
    };
    let austria = then("at-bka", "2027-04-15");
    assert_eq!((&austria["force"], &austria["ends"]["day"]), (&json!("in_force"), &json!("2027-05-12")));
    assert_eq!(then("at-bka", "2027-05-15")["otherwise"]["force"], "terminated");
    assert_eq!(then("fr-anssi", "2027-04-15")["force"], "offered");
    let declined = then("nl-aivd", "2027-04-15");
    assert!(texts(&declined["flags"]).contains(&"declined"), "{declined}");
}
