//! The page for programs: what verification found, and the terms as a tree beside what the page says of them in words.

use nospy::statement::body::{Clause, Field as _};
use serde_json::{Value as Json, json};

use crate::read::reading::Reading;
use crate::read::{clauses, disclosure, history, words};
use crate::{describe, plain, view};

/// The page as one JSON object.
pub fn to_json(reading: &Reading) -> Json {
    let verification = reading.verification.as_ref();
    let dockets =
        reading.dockets.iter().map(|(subject, count)| json!({ "subject": subject.to_string(), "entries": count }));
    let statements = reading
        .acts
        .iter()
        .map(|act| json!({ "index": act.index, "statement": describe::statement_json(&act.statement) }));
    json!({
        "type": "docket_file", "origin": reading.origin.as_str(), "demo": describe::is_demo(&reading.origin),
        "about": reading.about.to_string(), "checked": verification.is_some(),
        "verification": verification.map(|found| view::verification_json(found, None, view::exit_of(found.verdict()))),
        "dockets": dockets.collect::<Vec<_>>(),
        "terms": reading.terms.as_ref().map(|terms| plain::to_json(&terms.write())),
        "clauses": reading.terms.as_ref().map(|terms| {
            terms.clauses.iter().map(|clause| clause_json(reading, clause)).collect::<Vec<_>>()
        }),
        "not_said": reading.terms.as_ref().map(|terms| disclosure::unsaid(terms)),
        "history": history::to_json(reading, &history::ordered(reading, true)),
        "statements": statements.collect::<Vec<_>>(),
    })
}

fn clause_json(reading: &Reading, clause: &Clause) -> Json {
    let marks: Vec<&str> = clauses::marks(reading, &clause.id).into_iter().map(clauses::Mark::as_str).collect();
    json!({
        "id": clause.id.as_str(), "about": words::clause_type(clause.clause_type),
        "binding": words::binding(clause.obligor, clause.modality), "marks": marks,
    })
}
