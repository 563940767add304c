//! Verifications and standings as people and programs read them.

use std::fmt::Write as _;

use nospy::agreement::{Force, On, PendingLine, Standing};
use nospy::evidence::{AsKnownAt, Check, Outcome, Step, Verdict, Verification};
use nospy::statement::{Party, Subject, one_line};
use serde_json::{Value as Json, json};

use crate::asked::ScopeAnswer;
use crate::closed;
use crate::describe::{self, NOT_APPROVED};
use crate::exit::Exit;
use crate::moment;

/// One named check and what became of it.
pub struct CheckLine {
    /// Its name.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// What was found.
    pub detail: Option<String>,
}

impl CheckLine {
    /// A check that was run: `detail` if it holds, the reason if not.
    pub fn of(name: &'static str, result: Result<String, String>) -> Self {
        match result {
            Ok(detail) => Self { name, outcome: Outcome::Passed, detail: Some(detail) },
            Err(reason) => Self { name, outcome: Outcome::Failed(reason), detail: None },
        }
    }

    /// A check that was not asked for.
    pub fn skipped(name: &'static str, why: &'static str) -> Self {
        Self { name, outcome: Outcome::Skipped(why), detail: None }
    }
}

/// The checks, one a line. Only a check that was run and holds has a tick.
pub fn checks_text(checks: &[CheckLine]) -> String {
    checks.iter().fold(String::new(), |mut text, check| {
        let (mark, said) = match &check.outcome {
            Outcome::Passed => ('✓', check.detail.clone().unwrap_or_default()),
            Outcome::Failed(reason) => ('✗', format!("FAILED: {reason}")),
            Outcome::Skipped(why) => ('–', format!("skipped: {why}")),
            Outcome::NotRun => ('·', "not run: an earlier check failed".to_owned()),
        };
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", format!("{mark} {:<21} {said}", check.name).trim_end());
        text
    })
}

/// The checks for a program.
pub fn checks_json(checks: &[CheckLine]) -> Json {
    let one = |check: &CheckLine| {
        let (outcome, detail) = match &check.outcome {
            Outcome::Passed => ("passed", check.detail.clone()),
            Outcome::Failed(reason) => ("failed", Some(reason.clone())),
            Outcome::Skipped(why) => ("skipped", Some((*why).to_owned())),
            Outcome::NotRun => ("not_run", None),
        };
        json!({ "name": check.name, "outcome": outcome, "detail": detail })
    };
    checks.iter().map(one).collect()
}

/// The exit code of a verdict.
pub fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Holds => Exit::Ok,
        Verdict::No => Exit::AnswerNo,
        Verdict::Indeterminate => Exit::Indeterminate,
        Verdict::Malformed => Exit::Malformed,
        Verdict::BadSignature => Exit::BadSignature,
        Verdict::QuorumMissing => Exit::WitnessQuorum,
        Verdict::BadInclusion => Exit::BadInclusion,
        Verdict::Stale => Exit::Stale,
        Verdict::KeyWithoutAuthority => Exit::KeyAuthority,
        // A verdict that this table does not know is no yes.
        _ => Exit::Indeterminate,
    }
}

/// A verification of a docket file, for people; `texts` are the lines about texts at hand, empty if none was asked
/// about.
pub fn verification_text(verification: &Verification, scope: Option<&ScopeAnswer>, texts: &str, exit: Exit) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_verification(&mut text, verification, scope, texts, exit);
    text
}

fn write_verification(
    text: &mut String,
    verification: &Verification,
    scope: Option<&ScopeAnswer>,
    texts: &str,
    exit: Exit,
) -> std::fmt::Result {
    if let Some(origin) = &verification.origin {
        text.push_str(describe::demo_mark(origin));
    }
    if let (Some(about), Some(origin)) = (&verification.about, &verification.origin) {
        writeln!(text, "{about}, in the registry {origin}\n")?;
    }
    text.push_str(&checks_text(&lines(verification)));
    if let Some(end) = &verification.closed {
        write!(text, "\n{}", closed::text(end))?;
    }
    if let Some(unknown) = &verification.unknown {
        writeln!(text, "\nThis cannot be known: `{unknown}` is nobody whom this registry knows. Is it spelt right?")?;
    } else if verification.standing.is_none() && verification.as_known_at.is_some() {
        let skipped = verification.checks.iter().find(|check| check.step == Step::Standing).and_then(Check::skipped);
        writeln!(text, "\nNo answer: {}.", skipped.unwrap_or("a check failed on which it would rest"))?;
    }
    if let Some(standing) = &verification.standing {
        writeln!(text, "\n{}", standing.sentence())?;
        writeln!(text, "  on           {}", on_text(standing.on, &standing.zone))?;
    }
    if let Some(known) = &verification.as_known_at {
        writeln!(text, "  as known at  {}; proved in a log of {} entries", known_text(known), known.size)?;
    }
    match &verification.standing {
        Some(standing) if standing.force != Force::NotApplicable => write_details(text, standing)?,
        _ => {}
    }
    text.push_str(texts);
    if let Some(scope) = scope {
        text.push_str(&scope.text());
    }
    if !verification.list.is_empty() {
        writeln!(text, "\nThe whole list (`nospy show ID` fetches one):")?;
        for (index, time_ms, id) in &verification.list {
            writeln!(text, "  {index:>6}  {}  {id}", moment::utc_ms(*time_ms))?;
        }
    }
    if !verification.history.is_empty() {
        writeln!(text, "\nThe statements in this file, by registration:")?;
        for line in &verification.history {
            let time = moment::utc_ms(line.time_ms);
            let name = verification.parties.iter().find(|party| party.party.as_str() == line.issuer);
            let name = name.and_then(|party| party.names.first());
            let name = name.map(|name| format!(" (\"{}\")", one_line(name))).unwrap_or_default();
            writeln!(text, "  {:>6}  {time}  {} by {}{name} on {}", line.index, line.kind, line.issuer, line.subject)?;
            if verification.as_known_at.is_some_and(|known| known.index < line.index) {
                writeln!(text, "          registered later, does not count here")?;
            }
            if !line.summary.is_empty() {
                writeln!(text, "          {}", one_line(&line.summary))?;
            }
            if let Some((index, reason)) = &line.void {
                writeln!(text, "          DECLARED VOID by entry {index}: {}", one_line(reason))?;
            }
        }
    }
    for line in &verification.inadmissible {
        writeln!(text, "  without effect: entry {} breaks a rule: {}", line.index, line.refusal)?;
    }
    if !verification.parties.is_empty() {
        writeln!(text, "\nThe parties:")?;
        for line in &verification.parties {
            // The name last and in quotes: whoever chose it must not be able to write the words beside it.
            let name = line.names.first().map_or("no name known".to_owned(), |name| format!("\"{}\"", one_line(name)));
            let heir = line.successor.as_ref().map(|heir| format!("; {heir} has taken its place"));
            let heir = heir.unwrap_or_default();
            writeln!(text, "  {}: {}{heir}; {name}", line.party, line.trust.sentence())?;
        }
    }
    writeln!(text, "\nProven: {}", proven(verification, exit))?;
    for sentence in &verification.not_proven {
        writeln!(text, "{sentence}")?;
    }
    writeln!(text, "{NOT_APPROVED}\n\nAnswer: {} (exit {})", exit.meaning(), exit.code())
}

/// The seal that counts, and the time up to which it does.
pub fn known_text(known: &AsKnownAt) -> String {
    let (seal, until) = (moment::utc_ms(known.time_ms), moment::utc_ms(known.until_ms));
    match known.until_ms == known.time_ms {
        true => format!("the seal at index {} of {seal}", known.index),
        false => format!("{until}: the last seal before that in the file is at index {} of {seal}", known.index),
    }
}

/// The steps of a verification as lines.
pub fn lines(verification: &Verification) -> Vec<CheckLine> {
    let line = |check: &nospy::evidence::Check| CheckLine {
        name: check.name(),
        outcome: check.outcome.clone(),
        detail: check.detail.clone(),
    };
    verification.checks.iter().map(line).collect()
}

/// What the checks that passed prove, in one sentence.
fn proven(verification: &Verification, exit: Exit) -> String {
    let failed = verification.checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_)));
    // Every check up to this one speaks of bytes and signatures, the later ones of age and rules.
    let is_whole = verification
        .checks
        .iter()
        .any(|check| check.step == Step::StatementSignature && check.outcome == Outcome::Passed);
    let (Some(about), Some(known), true) = (&verification.about, &verification.as_known_at, is_whole) else {
        return match failed {
            Some(check) => format!("nothing: {} failed.", check.name()),
            None => "nothing.".to_owned(),
        };
    };
    let base = match verification.about_entries {
        Some(0) => format!(
            "the log that you trust signed that it held nothing at all about {about} up to index {}",
            known.index
        ),
        _ => format!(
            "the log that you trust signed that this is everything it held about {about} up to index {}, unchanged and in this order",
            known.index
        ),
    };
    match failed {
        Some(check) => format!("{base}; not what follows from it, for {} failed.", check.name()),
        None if exit == Exit::Indeterminate => format!("{base}; what follows from it cannot be told."),
        None => format!("{base}; by the public rules the answer above follows from it."),
    }
}

fn write_details(text: &mut String, standing: &Standing) -> std::fmt::Result {
    if matches!(standing.about, Subject::Between { .. }) && standing.list.is_empty() {
        writeln!(text, "  note         an offer to everybody stands in no such docket: see roll/<vendor>")?;
    }
    let axes = [
        ("force", force_text(standing.force)),
        ("assent", standing.assent.as_str().to_owned()),
        ("contention", standing.contention.as_str().to_owned()),
        ("texts", standing.integrity.as_str().to_owned()),
        ("assurance", standing.assurance.as_str().to_owned()),
        ("basis", standing.basis.as_str().to_owned()),
        ("flags", standing.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>().join(", ")),
    ];
    // A list has no axes of its own: each line below has.
    let is_list = standing.force == Force::Listed;
    for (name, value) in axes.into_iter().filter(|(_, value)| !value.is_empty() && !is_list) {
        writeln!(text, "  {name:<11}  {}", value.replace('_', " "))?;
    }
    if let Some(day) = standing.effective {
        writeln!(text, "  effective    {day}")?;
    }
    if let Some(ending) = &standing.ends {
        writeln!(text, "  over from    {} ({})", ending.day, ending.cause.as_str().replace('_', " "))?;
    }
    for finding in &standing.findings {
        writeln!(text, "  finding      {} by {}: {}", finding.date, finding.opener, finding.state.as_str())?;
        for (day, story) in &finding.story {
            writeln!(text, "               {day}: {}", one_line(story))?;
        }
    }
    for line in &standing.assurances {
        let until = line.valid_until.map(|day| format!(", counts until {day}")).unwrap_or_default();
        let told = one_line(&line.told);
        writeln!(text, "  {:<11}  {} by {}: {told}{until}", short_kind(&line.kind), line.registered, line.issuer)?;
    }
    for line in &standing.pending {
        writeln!(text, "  waits        {} of {} (entry {}): {}", line.kind, line.issuer, line.index, wanted(line))?;
    }
    for change in &standing.changes_on_day {
        let force = force_text(change.force).replace('_', " ");
        writeln!(text, "  that day     {}: {force}", moment::utc_ms(change.at_ms))?;
    }
    for (subject, standing) in &standing.list {
        writeln!(text, "  {subject}: {}", standing.sentence())?;
    }
    if !standing.reports.is_empty() {
        writeln!(text, "\nReported by others, signed by none of those they name:")?;
    }
    for report in &standing.reports {
        let (publisher, summary) = (one_line(&report.publisher), one_line(&report.summary));
        writeln!(text, "  {}  {publisher} ({}): {summary}", report.date, report.kind)?;
    }
    Ok(())
}

/// The last word of a kind, or the first where the last says little.
fn short_kind(kind: &str) -> &str {
    match kind {
        "evidence.add" | "evidence.supersede" => "evidence",
        other => other.rsplit('.').next().unwrap_or(other),
    }
}

/// What a statement that waits is waiting for.
pub fn wanted(line: &PendingLine) -> String {
    let missing = line.threshold.saturating_sub(line.keys.len() as u64);
    let until = moment::utc_ms(line.until_ms);
    let keys = format!("{missing} more of {}'s keys must endorse it", line.issuer);
    match (&line.awaits, missing) {
        (Some(other), 0) => format!("{other} has to sign the same, before {until}"),
        (Some(other), _) => format!("{keys}, and then {other} has to sign the same, before {until}"),
        (None, _) => format!("{keys}, before {until}"),
    }
}

/// A statement that waits, for programs.
pub fn pending_json(line: &PendingLine) -> Json {
    json!({
        "id": line.id.to_string(), "index": line.index, "kind": line.kind, "issuer": line.issuer.as_str(),
        "keys": line.keys.iter().map(ToString::to_string).collect::<Vec<_>>(), "threshold": line.threshold,
        "awaits": line.awaits.as_ref().map(ToString::to_string), "until_ms": line.until_ms,
    })
}

fn on_text(on: On, zone: &str) -> String {
    match on {
        On::Day(day) => format!("{day}, at its first instant in {zone}"),
        On::Instant(millis) => moment::utc_ms(millis),
    }
}

fn force_text(force: Force) -> String {
    match force {
        Force::Indeterminate(reason) => format!("indeterminate ({})", reason.as_str()),
        other => other.as_str().to_owned(),
    }
}

/// A verification of a docket file, for programs.
pub fn verification_json(verification: &Verification, scope: Option<&ScopeAnswer>, exit: Exit) -> Json {
    let history: Vec<Json> = verification
        .history
        .iter()
        .map(|line| {
            json!({ "index": line.index, "time_ms": line.time_ms, "kind": line.kind, "issuer": line.issuer,
                    "subject": line.subject.to_string(), "id": line.id.to_string(), "summary": line.summary,
                    "void": line.void.as_ref().map(|(index, reason)| json!({ "index": index, "reason": reason })) })
        })
        .collect();
    let parties: Vec<Json> = verification
        .parties
        .iter()
        .map(|line| {
            json!({ "party": line.party.as_str(), "names": line.names, "trust": line.trust.sentence(),
                    "successor": line.successor.as_ref().map(Party::as_str) })
        })
        .collect();
    let inadmissible: Vec<Json> = verification
        .inadmissible
        .iter()
        .map(|line| json!({ "index": line.index, "id": line.id.to_string(), "reason": line.refusal.to_string() }))
        .collect();
    json!({
        "type": "docket_file",
        "exit": exit.code(), "answer": exit.name(),
        "about": verification.about.as_ref().map(ToString::to_string),
        "origin": verification.origin.as_ref().map(ToString::to_string),
        "demo": verification.origin.as_ref().map(describe::is_demo),
        "checks": checks_json(&lines(verification)),
        "as_known_at": verification.as_known_at.as_ref().map(|known| json!({
            "index": known.index, "id": known.id.to_string(), "time_ms": known.time_ms,
            "until_ms": known.until_ms, "size": known.size,
            "root": nospy::crypto::hex(&known.root),
        })),
        "cosigners": verification.cosigners.iter().map(|one| json!({ "name": one.name, "key_name": one.key_name, "time": one.time })).collect::<Vec<_>>(),
        "standing": verification.standing.as_ref().map(standing_json), "scope": scope.map(ScopeAnswer::json),
        "parties": parties, "history": history, "inadmissible": inadmissible,
        "closed": verification.closed.as_ref().map(closed::json), "about_entries": verification.about_entries, "unknown": verification.unknown,
        "list": verification.list.iter().map(|(index, time_ms, id)| {
            json!({ "index": index, "time_ms": time_ms, "id": id.to_string() })
        }).collect::<Vec<_>>(),
        "proven": proven(verification, exit), "not_proven": verification.not_proven,
    })
}

/// A standing, for programs.
pub fn standing_json(standing: &Standing) -> Json {
    let on = match standing.on {
        On::Day(day) => json!({ "day": day.to_string() }),
        On::Instant(millis) => json!({ "instant_ms": millis }),
    };
    let reason = match standing.force {
        Force::Indeterminate(reason) => Some(reason.as_str()),
        _ => None,
    };
    let texts = |ids: &[nospy::statement::ClauseId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "about": standing.about.to_string(), "sentence": standing.sentence(), "on": on,
        "known_at": { "index": standing.known_at.index, "time_ms": standing.known_at.time_ms },
        "zone": standing.zone, "zone_table": standing.zone_table,
        "force": standing.force.as_str(), "reason": reason,
        "flags": standing.flags.iter().map(|flag| flag.as_str()).collect::<Vec<_>>(),
        "assent": standing.assent.as_str(), "contention": standing.contention.as_str(),
        "integrity": standing.integrity.as_str(), "assurance": standing.assurance.as_str(), "basis": standing.basis.as_str(),
        "carrier": standing.carrier.as_ref().map(ToString::to_string),
        "effective": standing.effective.map(|day| day.to_string()),
        "ends": standing.ends.map(|end| json!({ "day": end.day.to_string(), "cause": end.cause.as_str() })),
        "suspended": texts(&standing.suspended), "reservations": texts(&standing.reservations),
        "changes_on_day": standing.changes_on_day.iter().map(|change| json!({
            "at_ms": change.at_ms, "force": change.force.as_str() })).collect::<Vec<_>>(),
        "findings": standing.findings.iter().map(|finding| json!({
            "id": finding.id.to_string(), "opener": finding.opener.as_str(), "date": finding.date.to_string(),
            "clauses": texts(&finding.clauses), "state": finding.state.as_str(),
            "story": finding.story.iter().map(|(day, told)| json!({ "day": day.to_string(), "told": told })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "assurances": standing.assurances.iter().map(|line| json!({
            "id": line.id.to_string(), "index": line.index, "kind": line.kind, "issuer": line.issuer.as_str(),
            "registered": line.registered.to_string(), "valid_until": line.valid_until.map(|day| day.to_string()),
            "told": line.told })).collect::<Vec<_>>(),
        "pending": standing.pending.iter().map(pending_json).collect::<Vec<_>>(),
        "list": standing.list.iter().map(|(_, one)| standing_json(one)).collect::<Vec<_>>(),
        "reports": standing.reports.iter().map(|report| json!({
            "subject": report.subject.to_string(), "kind": report.kind, "date": report.date.to_string(),
            "publisher": report.publisher, "summary": report.summary, "draft": report.draft, "sent": report.sent })).collect::<Vec<_>>(),
        "otherwise": standing.otherwise.as_deref().map(standing_json),
    })
}
