//! Allegations with their story, and what others report. Neither changes force, and a report is nobody's act.

use nospy::agreement::{Act, Contention};
use nospy::statement::StatementId;
use nospy::statement::body::{Body, Report};

use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, listed, quoted, sentence};
use crate::read::{acts, parties, story, words};

/// The section of the findings.
pub fn write_findings(sheet: &mut Sheet, reading: &Reading) {
    let last_day = reading.last_day();
    let is_known = |act: &&Act| last_day.is_none_or(|last| acts::day(act).is_none_or(|day| day <= last));
    let opened = reading.on(&reading.about).filter(|act| matches!(act.body.as_deref(), Some(Body::FindingOpen(_))));
    let opened: Vec<&Act> = opened.filter(is_known).collect();
    if opened.is_empty() {
        return;
    }
    sheet.heading("Allegations");
    sheet.say(
        "An allegation is what its author says. None of this changes by itself whether the agreement is in force.",
    );
    for act in opened {
        sheet.point(&step(reading, act));
        match reading.is_void(act) {
            Some(true) => sheet.below("It does not count: it is declared void."),
            _ => sheet.below(&state(reading, &act.id())),
        }
        sheet_by(sheet, act);
        for later in reading.on(&reading.about).filter(|later| finding_of(later) == Some(act.id())).filter(is_known) {
            sheet.below(&step(reading, later));
            sheet_by(sheet, later);
        }
    }
}

fn sheet_by(sheet: &mut Sheet, act: &Act) {
    if let Some(by) = story::really_acted(act) {
        sheet.below(&by);
    }
}

fn step(reading: &Reading, act: &Act) -> String {
    let day = acts::day(act).map(|day| format!("{day}: ")).unwrap_or_default();
    let who = match act.statement.issuer() {
        nospy::statement::Issuer::Party(party) => parties::named(reading, party),
        nospy::statement::Issuer::Log => "the registry".to_owned(),
    };
    format!("{day}{who} {} (entry {}){}", sentence(&acts::said(act)), act.index, reading.remark(act))
}

/// How a finding stands on the day.
fn state(reading: &Reading, id: &StatementId) -> String {
    let found = reading.standing().and_then(|standing| standing.findings.iter().find(|finding| finding.id == *id));
    let words = match found.map(|finding| finding.state) {
        Some(Contention::Alleged) => "alleged, and not decided",
        Some(Contention::Determined) => "decided that there was a breach, by whom the terms name",
        Some(Contention::Appealed) => "under appeal",
        Some(Contention::Closed) => "closed",
        Some(_) => "none",
        None => return "How it stands was not computed.".to_owned(),
    };
    format!("How it stands on this day: {words}.")
}

fn finding_of(act: &Act) -> Option<StatementId> {
    match act.body.as_deref()? {
        Body::FindingReply(body) => Some(body.reference),
        Body::FindingDetermine(body) => Some(body.reference),
        Body::FindingAppeal(body) => Some(body.reference),
        Body::FindingClose(body) => Some(body.reference),
        _ => None,
    }
}

/// The section of the reports.
pub fn write_reports(sheet: &mut Sheet, reading: &Reading) {
    let last_day = reading.last_day();
    let reports = reading.acts.iter().filter_map(|act| Some((act, report(act)?)));
    let known = reports.filter(|(_, report)| last_day.is_none_or(|last| report.date <= last));
    let known: Vec<(&Act, &Report)> = known.collect();
    if known.is_empty() {
        return;
    }
    sheet.heading("Reported by others");
    sheet.say(
        "These are reports. Nobody whom they name signed any of this here, and no report makes or ends an agreement.",
    );
    for (act, report) in known {
        let (who, said) = (acts::issuer(act), acts::said(act));
        sheet.point(&format!("{}: {who} {said}{}", report.date, reading.remark(act)));
        write_report(sheet, report);
    }
}

/// The report that a statement is.
pub fn report(act: &Act) -> Option<&Report> {
    match act.body.as_deref()? {
        Body::ReportOffer(report) | Body::ReportReply(report) | Body::ReportAct(report) => Some(report),
        _ => None,
    }
}

fn write_report(sheet: &mut Sheet, report: &Report) {
    let named: Vec<String> = report.governments.iter().flatten().map(ToString::to_string).collect();
    let named = if named.is_empty() { String::new() } else { format!("; it names {}", listed(&named)) };
    sheet.below(&format!("about the vendor {}{named}; form: {}", report.vendor, quoted(report.form.as_str())));
    sheet.below(&format!("how sure the reporter is: {}", words::confidence(report.confidence)));
    if let Some(quote) = &report.quote {
        sheet.below("the words as published:");
        sheet.quote(quote.as_str());
    }
    if let Some(kinds) = &report.clauses {
        let kinds: Vec<String> = kinds.iter().map(|kind| words::clause_type(*kind).to_owned()).collect();
        sheet.below(&format!("what is said to be promised: {}", listed(&kinds)));
    }
    let draft =
        report.draft.map(|is_draft| if is_draft { "a draft text was shown" } else { "no draft text was shown" });
    let sent = report.sent.map(|is_sent| if is_sent { "it was formally sent" } else { "it was not formally sent" });
    let both: Vec<&str> = draft.into_iter().chain(sent).collect();
    if !both.is_empty() {
        sheet.below(&both.join("; "));
    }
    if let Some(url) = &report.source.url {
        sheet.below(&format!("where: {}", quoted(url.as_str())));
    }
}
