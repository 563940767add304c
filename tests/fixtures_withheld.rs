//! F8: a text that is withheld behind a salted commitment, and opened later. Whoever holds the file from before can check
//! that what is shown now is what was agreed upon then.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;
mod stage;

use nospy::agreement::Integrity;
use serde_json::json;

use crate::stage::{Case, Stage, act, terms, with};

const ABOUT: &str = "agreement/nordhavn/annex-2024/de-bsi";
const TEXT: &str = "NSR-FIXTURE F8 withheld annex (de)\n";

#[test]
fn f8_a_withheld_text_opens_the_commitment_of_its_agreement() {
    let case = Case::read("F5");
    let mut stage = Stage::open("2024-02-01");
    stage.enrol_vendor("nordhavn", &case, "se");
    stage.enrol("de-bsi", "Organ that withholds (invented)", "government", "de");
    stage.bench.write("annex.txt", TEXT);
    let made = stage.bench.ok(&["text", "commit", "annex.txt", "--output", "json"]).json();
    let withheld = json!({ "commitment": made["commitment"], "reason": "operational details", "review": "2025-02-01" });
    let clauses = json!([{ "id": "NB6", "type": "inspection", "obligor": "vendor", "modality": "undertakes" }]);
    let texts = json!({ "texts": [{ "language": "de", "status": "authentic", "withheld": withheld }] });
    let term = json!({ "zone": "Europe/Berlin" });
    let terms = terms("bilateral", "Terms with a withheld annex (invented)", clauses, term, texts);
    stage.at("2024-02-01");
    let offer = json!({ "addressees": { "governments": ["de-bsi"] }, "terms": terms });
    let offer = stage.ok("nordhavn", "offer/nordhavn/annex-2024", "offer.make", &offer);
    let accept = with(act(&offer, "2024-02-01"), json!({ "method": "signature" }));
    stage.ok("de-bsi", ABOUT, "agreement.accept", &accept);

    // As long as it is withheld, the registry says so, and says nothing of what it holds.
    stage.sealed_at("2024-03-02");
    let told = stage.ask(ABOUT, "2024-03-01");
    assert_eq!(told.verification.standing.unwrap().integrity, Integrity::Withheld);
    let file = stage.fetch(ABOUT);
    let bytes = stage.bench.read(&file);
    assert!(!bytes.windows(TEXT.len()).any(|window| window == TEXT.as_bytes()));

    // Opened: the file from before, the text and the salt are enough. Nothing in the log changes.
    let verify = |more: &[&str]| {
        let question = ["verify", &file, "--policy", "policy.txt", "--on", "2024-03-01"];
        stage.bench.run(&[&question, more].concat())
    };
    verify(&["--opening", "annex.txt.opening"]).exits(0).says("annex.txt opens the commitment");
    stage.bench.ok(&["text", "open", "annex.txt.opening"]).says(made["commitment"].as_str().unwrap());

    // Another text is another text, whoever shows it and by whatever opening.
    let opening = String::from_utf8(stage.bench.read("annex.txt.opening")).unwrap();
    stage.bench.write("other.txt", TEXT.replace("annex", "Annex"));
    stage.bench.write("other.txt.opening", opening.replace("annex.txt", "other.txt"));
    let other = verify(&["--opening", "other.txt.opening", "--output", "json"]).exits(17).json();
    assert_eq!(other["standing"]["integrity"], "mismatch");
    assert_eq!(other["standing"]["force"], "in_force", "rule 7: force is still computed");
    stage.bench.run(&["text", "open", "other.txt.opening"]).exits(17).says("does not open the commitment");
    // Without the salt nobody can tell.
    verify(&["--text", "de=annex.txt"]).exits(18);
}
