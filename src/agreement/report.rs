//! `report.*`: what others say. A report never looks like an act of those it names, and never changes force
//! (rule 6).

use crate::agreement::{Act, ReportLine};
use crate::statement::body::{Body, LegalDate, Report};

/// The line of a report that is about a day on or before `day` (UTC).
pub(in crate::agreement) fn line_on(act: &Act, day: LegalDate) -> Option<ReportLine> {
    let body = report_of(act.body.as_deref()?)?;
    (body.date <= day).then(|| ReportLine {
        subject: act.statement.subject().clone(),
        index: act.index,
        kind: act.statement.kind().to_string(),
        date: body.date,
        publisher: body.source.publisher.to_string(),
        summary: body.summary.to_string(),
        confidence: body.confidence,
        draft: body.draft,
        sent: body.sent,
    })
}

/// The body, if it is a report.
pub(in crate::agreement) fn report_of(body: &Body) -> Option<&Report> {
    match body {
        Body::ReportOffer(report) | Body::ReportReply(report) | Body::ReportAct(report) => Some(report),
        _ => None,
    }
}
