//! Journey J6: an allegation and a reply, a determination, an appeal and a close. Force is what it was until a party ends
//! the agreement; every axis is told on its own; a mistake is marked and stays to be read.
#![allow(clippy::unwrap_used)]

mod journey;
mod program;

use serde_json::{Value as Json, json};

use crate::journey::{Days, Office, Reader, Registrar, terms, texts, unwrapped};
use crate::program::Bench;

const OFFER: &str = "offer/sentral/archive-3";
const AGREEMENT: &str = "agreement/sentral/archive-3/at-bka";
const BOARD: &str = "Arbitration board, example";

struct Case {
    days: Days,
    registrar: Registrar,
    vendor: Office,
    government: Office,
    auditor: Office,
    accepted: String,
}

impl Case {
    /// An agreement in force, with evidence and a canary.
    fn begun() -> Self {
        let (days, registrar) = (Days::new(), Registrar::open());
        let (vendor, government, auditor) =
            (Office::new("sentral", 1), Office::new("at-bka", 1), Office::new("lab-4", 1));
        registrar.enrols(&vendor, "Sentral Cloud ASA", "vendor", "no", 1);
        registrar.enrols(&government, "Chancellery, example organ", "government", "at", 1);
        registrar.enrols(&auditor, "Laboratory, example", "auditor", "ch", 1);
        let mut all = terms(&days, "bilateral", "Archive agreement");
        all["basis"] = json!({ "law": "Archives act, example", "lapse": false });
        all["term"]["breach_determined_by"] = json!(BOARD);
        all["term"]["grounds"] = json!(["breach"]);
        all["canary"] = json!({ "every": "P90D", "grace": "P14D" });
        let body = json!({ "addressees": { "governments": ["at-bka"] }, "terms": all });
        let offer = vendor.acts(&registrar, "offer.make", OFFER, &body);
        let accept = json!({ "ref": offer, "date": days.today(), "method": "signature", "effective": days.today() });
        let accepted = government.acts(&registrar, "agreement.accept", AGREEMENT, &accept);
        Self { days, registrar, vendor, government, auditor, accepted }
    }

    #[track_caller]
    fn acts(&self, who: &Office, kind: &str, body: &Json) -> String {
        who.acts(&self.registrar, kind, AGREEMENT, body)
    }

    /// Force, contention, assurance and basis, as the registry's file tells them now.
    #[track_caller]
    fn axes(&self) -> [String; 4] {
        let ran = self.registrar.online(&self.registrar.desk, &["standing", AGREEMENT, "--output", "json"]);
        let standing = &ran.json()["standing"];
        ["force", "contention", "assurance", "basis"].map(|axis| standing[axis].as_str().unwrap().to_owned())
    }
}

fn digest_of(bench: &Bench, words: &str) -> String {
    bench.write("piece.txt", words);
    bench.ok(&["text", "digest", "piece.txt", "--output", "json"]).json()["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn an_allegation_changes_no_force_and_nothing_is_removed() {
    let mut case = Case::begun();
    let today = case.days.today();
    // A canary is promised, and the first is not due yet.
    assert_eq!(case.axes(), ["in_force", "none", "current", "live"]);

    let sbom = digest_of(&case.vendor.bench, "a list of components");
    let given = json!({ "type": "sbom", "digest": sbom, "valid_until": case.days.at(200), "summary": "Components of release 3" });
    case.acts(&case.vendor, "evidence.add", &given);
    let canary =
        json!({ "from": case.days.at(-30), "until": today, "due": case.days.at(90), "statement": "No orders" });
    case.acts(&case.vendor, "canary", &canary);
    assert_eq!(case.axes(), ["in_force", "none", "current", "live"]);

    // The laboratory alleges, about the wrong clause; it takes that back and says what it means.
    let piece = digest_of(&case.auditor.bench, "a capture of traffic");
    let open = |clause: &str| json!({ "date": today, "clauses": [clause], "summary": "Traffic to an unnamed host", "evidence": [piece] });
    case.auditor.is_refused(&case.registrar, "clause_unknown", "finding.open", AGREEMENT, &open("NB9")).says("NB9");
    let mistaken = case.acts(&case.auditor, "finding.open", &open("NB5"));
    assert_eq!(case.axes(), ["in_force", "alleged", "current", "live"]);
    let void = json!({ "ref": mistaken, "reason": "The wrong clause", "ab_initio": true });
    case.vendor.is_refused(&case.registrar, "wrong_signer", "void", AGREEMENT, &void);
    case.acts(&case.auditor, "void", &void);
    assert_eq!(case.axes(), ["in_force", "none", "current", "live"]);
    let finding = case.acts(&case.auditor, "finding.open", &open("NB1"));

    let step = |summary: &str| json!({ "ref": finding, "date": today, "summary": summary });
    case.acts(&case.vendor, "finding.reply", &step("The host is our own time server"));
    assert_eq!(case.axes(), ["in_force", "alleged", "current", "live"]);
    // Only the board decides; the government tells what it decided, and says so.
    let mut decided = step("The host is not named in the terms");
    case.government.is_refused(&case.registrar, "wrong_signer", "finding.determine", AGREEMENT, &decided).says(BOARD);
    decided["by"] = json!({ "name": BOARD, "docket": "B 12" });
    case.acts(&case.government, "finding.determine", &decided);
    assert_eq!(case.axes(), ["in_force", "determined", "current", "live"]);
    case.acts(&case.vendor, "finding.appeal", &step("To the court"));
    assert_eq!(case.axes(), ["in_force", "appealed", "current", "live"]);
    let law = json!({ "ref": case.accepted, "date": today, "change": "repealed", "effective": today });
    case.acts(&case.government, "basis.change", &law);
    assert_eq!(case.axes(), ["in_force", "appealed", "current", "repealed"]);
    let mut close = step("Both agree that it was a mistake of the documentation");
    close["outcome"] = json!("resolved");
    case.acts(&case.auditor, "finding.close", &close);
    close["summary"] = json!("Closed a second time");
    case.auditor.is_refused(&case.registrar, "ref_not_current", "finding.close", AGREEMENT, &close);
    assert_eq!(case.axes(), ["in_force", "closed", "current", "repealed"]);
    let before = case.registrar.docket(AGREEMENT);

    // Only now somebody ends it, from tomorrow on.
    let end = |date: &str| json!({ "ref": case.accepted, "date": today, "ground": "breach", "reasons": "Trust is gone", "effective": date });
    case.auditor.is_refused(&case.registrar, "wrong_signer", "agreement.terminate", AGREEMENT, &end(&today));
    case.acts(&case.government, "agreement.terminate", &end(&case.days.at(1)));
    assert_eq!(case.axes(), ["in_force", "closed", "current", "repealed"]);

    let reader = Reader::new(&case.registrar.policy());
    reader.gets("before.docket", before);
    reader.gets("after.docket", case.registrar.docket(AGREEMENT));
    case.registrar.closes();
    let tomorrow = reader.standing(18, "after.docket", &case.days.at(1));
    assert_eq!(tomorrow["otherwise"]["force"], "terminated");
    assert_eq!(reader.standing(18, "before.docket", &case.days.at(1))["otherwise"]["force"], "in_force");
    nothing_is_removed(&reader, &mistaken, &finding);
}

/// What was voided, closed and ended is all there, in the answer for programs and in the pages for people.
fn nothing_is_removed(reader: &Reader, mistaken: &str, finding: &str) {
    let whole = reader.asks(0, &["after.docket"]);
    let history = whole["history"].as_array().unwrap();
    let kinds: Vec<&str> = history.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    for kind in [
        "evidence.add",
        "canary",
        "finding.open",
        "void",
        "finding.reply",
        "finding.determine",
        "finding.appeal",
        "basis.change",
        "finding.close",
        "agreement.terminate",
    ] {
        assert!(kinds.contains(&kind), "{kind} is missing: {kinds:?}");
    }
    assert!(history.iter().any(|line| line["id"] == mistaken));
    let findings = whole["standing"]["findings"].as_array().unwrap();
    let told = findings.iter().find(|one| one["id"] == finding).unwrap();
    assert_eq!(told["story"].as_array().unwrap().len(), 5, "{told}");
    assert!(told["story"].to_string().contains(BOARD), "who decided is told: {told}");
    let voided = history.iter().find(|line| line["id"] == mistaken).unwrap();
    assert_eq!(voided["void"]["reason"], "The wrong clause", "{voided}");

    let ran = reader.verifies(&["after.docket"]).exits(0);
    let ran =
        ran.says("termination announced").says("an allegation is closed").says("repealed").says("The wrong clause");
    for line in ["force        in force", "contention   closed", "assurance    current", "basis        repealed"] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
    let page = unwrapped(&reader.bench.ok(&["show", "after.docket", "--policy", "policy.txt"]).stdout);
    for words in
        ["The host is our own time server", "[DECLARED VOID] It does not count", BOARD, "void: \"The wrong clause\""]
    {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(texts(&whole["not_proven"]).len() >= 3);
}
