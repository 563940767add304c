//! The questions that people ask, through the program against a registry that is served: what it answers is proved,
//! and a server that leaves something out is found out.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod liar;
mod program;
mod served;

use nospy::codec::{Item, Key, Value as Cbor, encode};
use nospy::crypto::{Digest, SigningKey, hex};
use nospy::statement::{Statement, StatementId};
use serde_json::{Value as Json, json};

use crate::liar::Lie;
use crate::program::{Bench, Ran};
use crate::served::{Engine, Served, enrolment, government, listing, sign, vendor};

/// The second government.
fn anssi() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

/// A day in the zone of the terms, so many days from today.
fn day(days: i32) -> String {
    let today = jiff::Timestamp::now().in_tz(served::ZONE).unwrap().date();
    today.checked_add(jiff::Span::new().days(days)).unwrap().to_string()
}

fn merge(mut into: Json, over: &Json) -> Json {
    if let (Some(into), Some(over)) = (into.as_object_mut(), over.as_object()) {
        into.extend(over.clone());
    }
    into
}

fn terms(term: &Json) -> Json {
    let undertakes =
        |id: &str, kind: &str| json!({ "id": id, "type": kind, "obligor": "vendor", "modality": "undertakes" });
    json!({
        "mode": "open_offer", "title": "No-spy agreement",
        "texts": [{ "language": "en", "status": "authentic", "withheld":
            { "commitment": "11".repeat(32), "reason": "security", "review": day(15) } }],
        "clauses": [undertakes("NB1", "no_backdoor"), undertakes("NB4", "report_new_duty")],
        "disclosure": {
            "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
            "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
            "text_availability": "not_stated",
        },
        "term": merge(json!({ "zone": served::ZONE }), term),
    })
}

/// A registry in which something was offered, accepted, declined, filed and reported.
struct Scene {
    bench: Bench,
    served: Served,
    url: String,
    log: String,
    /// The offer to everybody.
    open: StatementId,
}

impl Scene {
    async fn set() -> Self {
        let served = Served::start(Engine::Memory).await;
        let (url, log) = (served.connection().url, served.log().to_string());
        let mut scene = Self { bench: Bench::new(), served, url, log, open: Digest([0; 32]) };
        scene.publish(&enrolment("acme", "vendor", "se", &vendor())).await;
        scene.publish(&enrolment("de-bsi", "government", "de", &government())).await;
        scene.publish(&enrolment("fr-anssi", "government", "fr", &anssi())).await;
        scene.publish(&listing("nordhavn")).await;
        let term = json!({
            "ends": day(60), "ends_inclusive": true, "notice_period": "P20D",
            "renewal": { "opens": "P30D", "closes": "P10D" },
        });
        scene.open = scene.offer("open", &json!({ "any": true }), &term, None).await;
        let named = json!({ "governments": ["de", "fr-anssi"] });
        let narrow = scene.offer("narrow", &named, &json!({}), Some(day(20))).await;
        scene.accept("open", &scene.open.clone(), "de-bsi", &government()).await;
        scene.decline("narrow", &narrow, "fr-anssi", &anssi()).await;
        scene.file("paper", "de-bsi", &government()).await;
        scene
    }

    async fn publish(&self, statement: &Statement) -> u64 {
        let client = self.served.client().await;
        client.publish(statement).await.unwrap().receipt.proved().index
    }

    async fn offer(&self, reference: &str, to: &Json, term: &Json, until: Option<String>) -> StatementId {
        let mut body = json!({ "addressees": to, "terms": terms(term) });
        if let Some(until) = until {
            body["open_until"] = json!(until);
        }
        let offer = sign(&vendor(), "acme", &format!("offer/acme/{reference}"), "offer.make", &body);
        self.publish(&offer).await;
        *offer.id()
    }

    async fn accept(&self, reference: &str, offer: &StatementId, government: &str, key: &SigningKey) -> StatementId {
        let body = json!({ "ref": hex(&offer.0), "date": day(0), "method": "signature", "effective": day(0) });
        self.act(reference, government, government, key, "agreement.accept", &body).await
    }

    async fn decline(&self, reference: &str, offer: &StatementId, government: &str, key: &SigningKey) {
        let body = json!({ "ref": hex(&offer.0), "date": day(0) });
        self.act(reference, government, government, key, "agreement.decline", &body).await;
    }

    async fn file(&self, reference: &str, government: &str, key: &SigningKey) {
        let body = json!({
            "date": day(0), "terms": terms(&json!({ "effective": day(0) })),
            "paper": { "signed_on": day(-10), "method": "contract", "form": "a letter" },
        });
        self.act(reference, government, government, key, "agreement.file", &body).await;
    }

    async fn act(
        &self,
        reference: &str,
        government: &str,
        issuer: &str,
        key: &SigningKey,
        kind: &str,
        body: &Json,
    ) -> StatementId {
        let statement = sign(key, issuer, &format!("agreement/acme/{reference}/{government}"), kind, body);
        self.publish(&statement).await;
        *statement.id()
    }

    /// Runs the program against the server at `url`.
    async fn run_at(&self, url: &str, arguments: &[&str]) -> Ran {
        let with = [("NOSPY_SERVER", url), ("NOSPY_POLICY", self.log.as_str())];
        tokio::task::block_in_place(|| self.bench.run_with(&with, arguments))
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_at(&self.url, arguments).await
    }

    async fn json(&self, code: i32, arguments: &[&str]) -> Json {
        self.run(&[arguments, &["--output", "json"]].concat()).await.exits(code).json()
    }
}

fn texts<'a>(rows: &'a Json, field: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_are_complete_and_each_is_proved() {
    let scene = Scene::set().await;
    let of_vendor = scene.json(0, &["agreements", "--vendor", "acme", "-o", "kept"]).await;
    assert_eq!(
        texts(&of_vendor["agreements"], "subject"),
        ["agreement/acme/open/de-bsi", "agreement/acme/paper/de-bsi"],
        "in the order of the log; a refusal makes no agreement"
    );
    let standing = &of_vendor["agreements"][0]["standing"];
    assert_eq!((&standing["force"], &standing["assent"]), (&json!("in_force"), &json!("both_signed")));
    assert_eq!(of_vendor["agreements"][1]["standing"]["assent"], "government_attests");
    assert_eq!(of_vendor["lists"], json!(["roll/acme"]));

    // Every file that it rests on verifies alone.
    for file in ["roll-acme.docket", "agreement-acme-open-de-bsi.docket", "agreement-acme-paper-de-bsi.docket"] {
        scene.bench.run(&["verify", &format!("kept/{file}"), "--policy", &scene.log]).exits(0);
    }
    scene.run(&["agreements", "--vendor", "acme", "-o", "kept"]).await.exits(2).says("Nothing is overwritten");

    let same = |asked: Json| assert_eq!(asked["agreements"][0]["subject"], "agreement/acme/open/de-bsi");
    same(scene.json(0, &["agreements", "--government", "de-bsi"]).await);
    same(scene.json(0, &["agreements", "--country", "de"]).await);
    same(scene.json(0, &["agreements", "--between", "acme", "de"]).await);
    let between = scene.json(0, &["agreements", "--between", "acme", "de-bsi", "-o", "pair"]).await;
    assert_eq!(between["count"], 2);
    assert_eq!(between["agreements"][1]["proof"], "between-acme-de-bsi.docket");
    let text = scene.run(&["agreements", "--country", "de"]).await.exits(0);
    text.says("Complete as of the seal at index").says("DEMO").says("roll/de").says("--vendor").says("2 agreements");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_a_seal_and_nobody() {
    let scene = Scene::set().await;
    let before = scene.json(0, &["agreements", "--vendor", "acme"]).await["complete_as_of"]["index"].clone();
    let notice = json!({
        "ref": hex(&scene.json(0, &["standing", "agreement/acme/paper/de-bsi"]).await["standing"]["carrier"]
            .as_str().map(|id| nospy::crypto::parse_hex(id).unwrap()).unwrap()),
        "date": day(0), "ground": "urgency", "reasons": "it cannot wait", "effective": day(0),
    });
    scene.act("paper", "de-bsi", "de-bsi", &government(), "agreement.terminate", &notice).await;
    scene.accept("open", &scene.open, "fr-anssi", &anssi()).await;

    let now = scene.json(0, &["agreements", "--vendor", "acme"]).await;
    assert_eq!(now["count"], 3);
    assert_eq!(now["agreements"][1]["standing"]["force"], "terminated");
    let seal = before.to_string();
    let then = scene.json(0, &["agreements", "--vendor", "acme", "--known-at", &seal]).await;
    assert_eq!((&then["count"], &then["complete_as_of"]["index"]), (&json!(2), &before));
    assert_eq!(then["agreements"][1]["standing"]["force"], "in_force", "as it was known at that seal");
    scene.run(&["agreements", "--vendor", "acme", "--known-at", "0"]).await.exits(3).says("no seal");
    scene.run(&["agreements", "--vendor", "acme", "--known-at", "9999"]).await.exits(3);

    let past = scene.json(0, &["agreements", "--vendor", "acme", "--on", "2020-01-01"]).await;
    assert_eq!(past["agreements"][0]["standing"]["force"], "no_agreement");
    let later = scene.json(18, &["agreements", "--vendor", "acme", "--on", "2999-01-01"]).await;
    assert_eq!(later["agreements"][0]["standing"]["reason"], "not_yet_known");

    // Nothing is a proved no; a name that nobody bears is not.
    scene.run(&["agreements", "--vendor", "nordhavn"]).await.exits(17).says("0 agreements");
    scene.run(&["agreements", "--country", "jp"]).await.exits(17);
    scene.run(&["agreements", "--between", "nordhavn", "de"]).await.exits(17);
    scene.run(&["agreements", "--vendor", "acne"]).await.exits(18).says("acne");
    scene.run(&["agreements", "--government", "de-bsl"]).await.exits(18);
    scene.run(&["agreements", "--country", "zz"]).await.exits(18);
    scene.run(&["agreements", "--between", "acme", "zz"]).await.exits(18);
    scene.run(&["agreements", "--between", "acne", "de"]).await.exits(18);
    scene.run(&["agreements", "--government", "acme"]).await.exits(2).says("gb-ncsc");
    scene.run(&["agreements", "--vendor", "acme", "--country", "de"]).await.exits(2);
    scene.run(&["agreements"]).await.exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_where_they_are_while_the_log_grows() {
    let scene = Scene::set().await;
    let page = |token: Option<String>| {
        let scene = &scene;
        async move {
            let mut arguments = vec!["agreements", "--vendor", "acme", "--page-size", "1"];
            if let Some(token) = &token {
                arguments.extend(["--page-token", token]);
            }
            scene.json(0, &arguments).await
        }
    };
    let first = page(None).await;
    assert_eq!(texts(&first["agreements"], "subject"), ["agreement/acme/open/de-bsi"]);
    scene.accept("open", &scene.open, "fr-anssi", &anssi()).await;
    let second = page(first["next_page_token"].as_str().map(str::to_owned)).await;
    assert_eq!(texts(&second["agreements"], "subject"), ["agreement/acme/paper/de-bsi"]);
    assert_eq!((&second["count"], &second["next_page_token"]), (&json!(2), &Json::Null), "as of the first page's seal");
    assert_eq!(second["complete_as_of"], first["complete_as_of"]);
    assert_eq!(page(None).await["count"], 3);
    for token in ["", "1", "1.", "01.0", "x.y"] {
        scene.run(&["agreements", "--vendor", "acme", "--page-token", token]).await.exits(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due() {
    let scene = Scene::set().await;
    let due = scene.json(0, &["due", "--vendor", "acme", "--within", "P61D", "--from", &day(0)]).await;
    let lines: Vec<(String, String, String)> = due["due"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| ["day", "what", "subject"].map(|field| line[field].as_str().unwrap().to_owned()).into())
        .collect();
    let agreement = "agreement/acme/open/de-bsi";
    for (days, what, subject) in [
        (15, "text_review", agreement),
        (15, "text_review", "offer/acme/narrow"),
        (20, "offer_closes", "offer/acme/narrow"),
        (31, "renewal_opens", agreement),
        (40, "notice_deadline", agreement),
        (51, "renewal_closes", agreement),
        (61, "ends", agreement),
    ] {
        let line = (day(days), what.to_owned(), subject.to_owned());
        assert!(lines.contains(&line), "{line:?} is missing in {lines:#?}");
    }
    assert!(lines.is_sorted_by_key(|(day, ..)| day.clone()));
    assert_eq!(due["due"][0]["zone"], served::ZONE);
    let near = scene.json(0, &["due", "--between", "acme", "de", "--within", "P10D", "--from", &day(1)]).await;
    assert_eq!(near["due"], json!([]));
    scene.run(&["due", "--country", "fr", "--within", "P30D"]).await.exits(0).says("offer closes").says(&day(20));
    scene.run(&["due", "--vendor", "acne", "--within", "P30D"]).await.exits(18);
    scene.run(&["due", "--vendor", "acme", "--within", "30"]).await.exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits() {
    let scene = Scene::set().await;
    let offers = scene.json(0, &["inbox", "de-bsi"]).await;
    assert_eq!(texts(&offers["waiting"], "subject"), ["agreement/acme/narrow/de-bsi"], "made to its country");
    assert_eq!((&offers["waiting"][0]["until"], &offers["waiting"][0]["from"]), (&json!(day(20)), &json!("acme")));
    assert_eq!(offers["lists"], json!(["roll/de-bsi", "roll/de"]));

    // A refusal answers; an offer to everybody is seen where its vendor is named.
    let other = scene.json(0, &["inbox", "fr-anssi"]).await;
    assert_eq!(other["waiting"], json!([]));
    scene.run(&["inbox", "fr-anssi"]).await.exits(0).says("--vendor");
    let other = scene.json(0, &["inbox", "fr-anssi", "--vendor", "acme", "-o", "kept"]).await;
    assert_eq!(texts(&other["waiting"], "subject"), ["agreement/acme/open/fr-anssi"]);
    scene.accept("open", &scene.open, "fr-anssi", &anssi()).await;
    let other = scene.json(0, &["inbox", "fr-anssi", "--vendor", "acme"]).await;
    assert_eq!(other["waiting"], json!([]), "accepted");

    let filed = scene.json(0, &["inbox", "acme"]).await;
    assert_eq!(texts(&filed["waiting"], "what"), ["filing_to_confirm"]);
    assert_eq!(texts(&filed["waiting"], "subject"), ["agreement/acme/paper/de-bsi"]);
    scene.run(&["inbox", "nordhavn"]).await.exits(0).says("0 things wait");
    scene.run(&["inbox", "de-bsl"]).await.exits(18).says("de-bsl");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed() {
    const PAPER: &str = "agreement/acme/paper/de-bsi";
    let scene = Scene::set().await;
    scene.run(&["docket", PAPER, "-o", "old.docket"]).await.exits(0);
    scene.run(&["docket", "roll/acme", "-o", "roll.docket"]).await.exits(0);
    let standing = scene.json(0, &["standing", PAPER]).await;
    let seal = standing["as_known_at"]["index"].to_string();
    let quiet = scene.json(0, &["changes", PAPER, "--since", &seal]).await;
    assert_eq!((&quiet["changed"], &quiet["new"]), (&json!(false), &json!([])));

    let carrier = standing["standing"]["carrier"].as_str().unwrap();
    let body = json!({ "ref": carrier, "date": day(0), "ground": "urgency", "reasons": "new", "effective": day(0) });
    scene.act("paper", "de-bsi", "de-bsi", &government(), "agreement.terminate", &body).await;
    scene.accept("open", &scene.open, "fr-anssi", &anssi()).await;
    for since in [["--since", seal.as_str()], ["--since-file", "old.docket"]] {
        let changes = scene.json(0, &[&["changes", PAPER][..], &since].concat()).await;
        assert_eq!(texts(&changes["new"], "kind"), ["agreement.terminate"]);
        assert_eq!(changes["before"]["force"], "in_force");
        assert_eq!(changes["after"]["force"], "terminated");
        assert_eq!(changes["changed"], true);
    }
    let text = scene.run(&["changes", "--since-file", "old.docket", "-o", "new.docket"]).await.exits(0);
    text.says("agreement.terminate by de-bsi").says("nothing of that file is lost");
    let list = scene.json(0, &["changes", "--since-file", "roll.docket"]).await;
    assert_eq!(texts(&list["new"], "kind"), ["agreement.accept"]);

    scene.run(&["changes", PAPER, "--since", "0"]).await.exits(3);
    scene.run(&["changes", PAPER]).await.exits(2);
    scene.run(&["changes", "--since", &seal]).await.exits(2);
    scene.run(&["changes", "roll/acme", "--since-file", "old.docket"]).await.exits(2).says("is about");
    scene.run(&["changes", "--since-file", "absent.docket"]).await.exits(3);
    scene.bench.write("broken.docket", &scene.bench.read("old.docket")[1..]);
    scene.run(&["changes", "--since-file", "broken.docket"]).await.exits(16);

    // A server that hands out the file of before.
    let told = scene.bench.read("old.docket");
    let liar = liar::serve(scene.url.clone(), Lie::File { asked: PAPER, told }).await;
    scene.run_at(&liar, &["changes", PAPER, "--since-file", "new.docket"]).await.exits(14);
}

/// A docket file whose list lacks its last entry.
fn without_the_last(file: &[u8]) -> Vec<u8> {
    let Cbor::Map(mut fields) = Item::read(file).unwrap().to_value() else { unreachable!("a docket file is a map") };
    let Some(Cbor::Array(dockets)) = fields.get_mut(&Key::Text("dockets".into())) else { unreachable!("dockets") };
    let Some(Cbor::Map(docket)) = dockets.first_mut() else { unreachable!("the docket asked for") };
    let Some(Cbor::Array(entries)) = docket.get_mut(&Key::Text("entries".into())) else { unreachable!("entries") };
    entries.pop().unwrap();
    encode(&Cbor::Map(fields))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_something_out_is_refused() {
    let scene = Scene::set().await;
    let question = ["agreements", "--vendor", "acme"];
    let lists = scene.json(0, &["agreements", "--vendor", "acme", "-o", "kept"]).await;
    let accepted = lists["agreements"][0]["index"].as_u64().unwrap();
    let roll = scene.bench.read("kept/roll-acme.docket");
    scene.publish(&listing("later")).await;
    for (lie, code, words) in [
        (Lie::File { asked: "roll/acme", told: without_the_last(&roll) }, 11, "docket-digest failed"),
        (Lie::File { asked: "roll/acme", told: roll.clone() }, 14, "entries"),
        (Lie::File { asked: "roll/acme", told: b"nothing".to_vec() }, 16, "file-format failed"),
        (Lie::Docket { asked: "roll/acme", told: "roll/nordhavn" }, 11, "it is about roll/nordhavn"),
        (Lie::Docket { asked: "agreement/acme/open/de-bsi", told: "agreement/acme/paper/de-bsi" }, 11, "it is about"),
        (Lie::Statement { asked: accepted, told: accepted - 2 }, 16, "the list names"),
    ] {
        let liar = liar::serve(scene.url.clone(), lie).await;
        let ran = scene.run_at(&liar, &question).await.exits(code).says(words);
        assert!(ran.stdout.is_empty(), "no answer rests on a part:\n{}", ran.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_file_that_lost_something_is_evidence() {
    use nospy::evidence::{GrowthError, Policy, Trust, check_file, check_growth};
    use nospy::statement::Subject;

    // Two registries on one key: what a log that forgets could sign.
    let (one, other) = (Scene::set().await, Scene::set().await);
    let trust = Trust::of(Policy::of_log(one.served.log()));
    let subject: Subject = "agreement/acme/open/fr-anssi".parse().unwrap();
    let file = |scene: &Scene| scene.served.registry.docket_file(&subject).unwrap();
    let growth = |old: &[u8], new: &[u8]| {
        let (old, new) = (check_file(old, &trust, None), check_file(new, &trust, None));
        check_growth(old.file.as_ref().unwrap(), new.file.as_ref().unwrap())
    };
    let before = file(&one);
    one.accept("open", &one.open, "fr-anssi", &anssi()).await;
    let after = file(&one);
    assert_eq!(growth(&before, &before), Ok(()));
    assert_eq!(growth(&before, &after), Ok(()));
    assert!(matches!(growth(&after, &before), Err(GrowthError::Older { .. })));
    let elsewhere = one.served.registry.docket_file(&"parties".parse().unwrap()).unwrap();
    assert!(matches!(growth(&before, &elsewhere), Err(GrowthError::OtherSubject { .. })));
    for _ in 0..2 {
        other
            .publish(&listing(&format!("more-{}", other.served.registry.checkpoint().unwrap().checkpoint().size)))
            .await;
    }
    let Err(GrowthError::Lost { subject: lost, .. }) = growth(&after, &file(&other)) else {
        unreachable!("the other registry never held that acceptance")
    };
    assert_eq!(lost, subject);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_wherever_they_stand() {
    let scene = Scene::set().await;
    let term = json!({});
    let mut body = json!({ "addressees": { "any": true }, "terms": terms(&term) });
    body["terms"]["title"] = json!("Funkgeräte der Hauptstraße");
    body["terms"]["scope"] =
        json!([{ "product": "Radio 5", "purl": "pkg:generic/radio@5", "sha256": ["ab".repeat(32)] }]);
    let radio = sign(&vendor(), "acme", "offer/acme/radio", "offer.make", &body);
    scene.publish(&radio).await;
    scene.accept("radio", radio.id(), "fr-anssi", &anssi()).await;

    let found = scene.json(0, &["search", "HAUPTSTRASSE", "funkger"]).await;
    assert_eq!(texts(&found["rows"], "subject"), ["offer/acme/radio", "agreement/acme/radio/fr-anssi"]);
    assert_eq!(texts(&found["rows"], "title"), ["Funkgeräte der Hauptstraße"; 2], "an acceptance by its offer");
    assert_eq!((&found["count"], &found["is_exact"], &found["verified"]), (&json!(2), &json!(true), &json!(false)));
    for words in ["pkg:generic/radio", "abababab", "RADIO", "radio hauptstraße nb4 report_new_duty"] {
        let found = scene.json(0, &["search", words, "--kind", "offers"]).await;
        assert_eq!(texts(&found["rows"], "subject"), ["offer/acme/radio"], "{words}");
    }
    let party = scene.json(0, &["search", "company", "NORDHAVN", "--kind", "parties"]).await;
    assert_eq!(texts(&party["rows"], "subject"), ["party/nordhavn"]);
    let none = scene.json(0, &["search", "radio", "unheard"]).await;
    assert_eq!((&none["count"], &none["rows"]), (&json!(0), &json!([])), "all words");
    let said = scene.run(&["search", "radio"]).await.exits(0);
    said.says("2 statements match").says("the server's word").says("nospy docket SUBJECT");
    scene.run(&["search"]).await.exits(2);
    scene.run(&["search", " "]).await.exits(2).says("no word");
    scene.run(&["search", "x", "--kind", "canaries"]).await.exits(2);
    for token in ["1", "1.2", "5.3.4", "5.6.0", "01.0.0", "9999.0.0"] {
        let code = scene.run(&["search", "x", "--page-token", token]).await.code;
        assert!(code == 3 || code == 19, "{token}: {code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_counts_what_it_read_and_keeps_its_pages() {
    use nospy::registry::{SearchBounds, SearchWords};

    let scene = Scene::set().await;
    let all = scene.json(0, &["search", "no-spy", "agreement"]).await;
    let subjects =
        ["offer/acme/open", "offer/acme/narrow", "agreement/acme/open/de-bsi", "agreement/acme/paper/de-bsi"];
    assert_eq!(texts(&all["rows"], "subject"), subjects);

    let first = scene.json(0, &["search", "no-spy", "agreement", "--page-size", "3"]).await;
    assert_eq!((&first["count"], &first["is_exact"]), (&json!(4), &json!(true)), "it counts on behind the page");
    scene.offer("later", &json!({ "any": true }), &json!({}), None).await;
    let token = first["next_page_token"].as_str().unwrap();
    let second = scene.json(0, &["search", "no-spy", "agreement", "--page-size", "3", "--page-token", token]).await;
    assert_eq!(texts(&second["rows"], "subject"), subjects[3..]);
    assert_eq!((&second["count"], &second["next_page_token"]), (&json!(4), &Json::Null), "of the first page's log");

    // A call that reads less than the log says so, and the next one goes on.
    let words = SearchWords::read("no-spy agreement").unwrap();
    let bounds = SearchBounds { rows: 10, entries: 4 };
    let (mut place, mut found, mut scanned) = (None, Vec::new(), 0);
    loop {
        let page = scene.served.registry.search(&words, None, place, bounds).unwrap();
        assert_eq!(page.scanned, page.size.min(scanned + 4));
        assert_eq!(page.is_exact(), page.next.is_none());
        scanned = page.scanned;
        found.extend(page.rows.into_iter().map(|row| row.subject.to_string()));
        assert_eq!(page.count, found.len() as u64);
        match page.next {
            Some(next) => place = Some(next),
            None => break,
        }
    }
    assert_eq!(found.len(), 5);
    assert_eq!(found[..4], subjects);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_heir_took_over_is_in_its_answers() {
    let scene = Scene::set().await;
    let heir = SigningKey::from_seed(&[6; 32]);
    scene.publish(&enrolment("sentral", "vendor", "no", &heir)).await;
    scene.run(&["agreements", "--vendor", "sentral"]).await.exits(17);
    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    let body = json!({ "successor": "sentral", "date": today });
    scene.publish(&sign(&vendor(), "acme", "party/acme", "party.succeed", &body)).await;
    scene.publish(&sign(&heir, "sentral", "party/acme", "party.succeed", &body)).await;

    let answer = scene.json(0, &["agreements", "--vendor", "sentral"]).await;
    assert_eq!(answer["lists"], json!(["roll/sentral", "roll/acme"]));
    assert_eq!(texts(&answer["agreements"], "subject"), ["agreement/acme/open/de-bsi", "agreement/acme/paper/de-bsi"]);
    let between = scene.json(0, &["agreements", "--between", "sentral", "de"]).await;
    assert_eq!(between["count"], 2);
    let asked = scene.json(0, &["inbox", "sentral"]).await;
    assert_eq!(texts(&asked["waiting"], "what"), ["filing_to_confirm"]);
    assert_eq!(scene.json(0, &["inbox", "acme"]).await["waiting"], json!([]), "the heir speaks for it now");
}
