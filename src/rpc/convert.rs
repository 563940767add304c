//! Proto ↔ domain: reads the fields of requests, writes answers. A field that does not parse is named.

use std::fmt::Display;
use std::str::FromStr;

use tonic::Status;

use crate::agreement::{AssuranceLine, Change, FindingLine, Force, LogEnd, On, PendingLine, Standing};
use crate::crypto::Digest;
use crate::registry::{AgreementRow, PageRequest, PartyRow, Published, SearchFamily, SearchPage, SearchPlace};
use crate::rpc::limits::{PAGE_ROWS, PAGE_ROWS_MAX};
use crate::rpc::proto;
use crate::rpc::status::invalid_field;
use crate::statement::Subject;

/// Longest field of text that is looked at, in bytes: any subject is shorter.
const TEXT_FIELD_LEN_MAX: usize = 512;

/// Reads a name.
pub(crate) fn name<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, Status> {
    if text.len() > TEXT_FIELD_LEN_MAX {
        return Err(invalid_field(field, "too long"));
    }
    text.parse().map_err(|error: T::Err| invalid_field(field, &error.to_string()))
}

/// Reads a name that may be absent: empty text.
pub(crate) fn optional_name<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() { Ok(None) } else { name(field, text).map(Some) }
}

/// Reads 32 bytes.
pub(crate) fn digest(field: &'static str, bytes: &[u8]) -> Result<Digest, Status> {
    bytes.try_into().map(Digest).map_err(|_| invalid_field(field, "is not 32 bytes long"))
}

/// Reads the moment of a question; `None` is now.
pub(crate) fn on(on: Option<proto::get_standing_request::On>) -> Result<Option<On>, Status> {
    use proto::get_standing_request::On as Asked;
    match on {
        None => Ok(None),
        Some(Asked::Day(day)) => Ok(Some(On::Day(name("day", &day)?))),
        Some(Asked::InstantMs(ms)) => Ok(Some(On::Instant(ms))),
    }
}

/// Reads which page is wanted.
pub(crate) fn page(page_size: u32, page_token: &str) -> Result<PageRequest, Status> {
    let after = match page_token {
        "" => None,
        // One spelling: what `next_page_token` writes.
        token => match token.parse::<u64>() {
            Ok(after) if after.to_string() == token => Some(after),
            _ => return Err(invalid_field("page_token", "is not one of this registry")),
        },
    };
    Ok(PageRequest { after, limit: page_rows(page_size) })
}

/// Reads how many rows are wanted.
pub(crate) fn page_rows(page_size: u32) -> usize {
    let rows = if page_size == 0 { PAGE_ROWS } else { page_size.min(PAGE_ROWS_MAX) };
    rows as usize
}

/// Reads what is searched for; `None` is everything.
pub(crate) fn search_family(kind: &str) -> Result<Option<SearchFamily>, Status> {
    let known = SearchFamily::ALL.into_iter().find(|family| family.as_str() == kind);
    match (kind, known) {
        ("", _) => Ok(None),
        (_, Some(family)) => Ok(Some(family)),
        _ => Err(invalid_field("kind", "is none of offers, agreements, parties, reports")),
    }
}

/// Reads where a search goes on: `<size>.<next>.<before>`, as [`search_page`] writes it; `None` is the beginning.
pub(crate) fn search_place(token: &str) -> Result<Option<SearchPlace>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let numbers: Option<Vec<u64>> = token.split('.').map(|number| number.parse().ok()).collect();
    let place = match numbers.as_deref() {
        Some([size, next, before]) => Some(SearchPlace { size: *size, next: *next, before: *before }),
        _ => None,
    };
    let place = place.filter(|place| search_token(place) == token && place.before <= place.next);
    place.map(Some).ok_or_else(|| invalid_field("page_token", "is not one of this registry"))
}

fn search_token(place: &SearchPlace) -> String {
    format!("{}.{}.{}", place.size, place.next, place.before)
}

/// Writes a page of a search.
pub(crate) fn search_page(page: SearchPage) -> proto::SearchResponse {
    let row = |row: crate::registry::SearchRow| proto::SearchRow {
        subject: row.subject.to_string(),
        index: row.index,
        time_ms: row.time_ms,
        kind: row.kind.to_string(),
        title: row.title,
    };
    proto::SearchResponse {
        count: page.count,
        scanned: page.scanned,
        size: page.size,
        next_page_token: page.next.as_ref().map(search_token).unwrap_or_default(),
        rows: page.rows.into_iter().map(row).collect(),
    }
}

/// Writes the place of a published statement.
pub(crate) fn published(published: Published) -> proto::PublishResponse {
    proto::PublishResponse {
        id: published.id.0.to_vec(),
        index: published.index,
        size: published.size,
        time_ms: published.time_ms,
        receipt: published.receipt,
        is_new: published.is_new,
    }
}

/// Writes where the next page starts.
pub(crate) fn next_page_token(next: Option<u64>) -> String {
    next.map(|after| after.to_string()).unwrap_or_default()
}

/// Writes a row of parties.
pub(crate) fn party_row(row: PartyRow) -> proto::PartyRow {
    proto::PartyRow {
        party: row.party.to_string(),
        role: row.role.as_str().to_owned(),
        names: row.names,
        country: row.country,
        is_enrolled: row.is_enrolled,
        listed_index: row.listed_index,
    }
}

/// Writes a row of agreements.
pub(crate) fn agreement_row(row: &AgreementRow) -> proto::AgreementRow {
    proto::AgreementRow {
        subject: row.subject.to_string(),
        index: row.index,
        time_ms: row.time_ms,
        standing: Some(standing(&row.subject, &row.standing)),
    }
}

/// Writes a standing.
pub(crate) fn standing(subject: &Subject, standing: &Standing) -> proto::Standing {
    let text_of =
        |day: Option<_>| day.map(|day: crate::statement::body::LegalDate| day.to_string()).unwrap_or_default();
    let indeterminate_reason = match standing.force {
        Force::Indeterminate(reason) => reason.as_str().to_owned(),
        _ => String::new(),
    };
    proto::Standing {
        subject: subject.to_string(),
        force: standing.force.as_str().to_owned(),
        indeterminate_reason,
        assent: standing.assent.as_str().to_owned(),
        contention: standing.contention.as_str().to_owned(),
        integrity: standing.integrity.as_str().to_owned(),
        assurance: standing.assurance.as_str().to_owned(),
        basis: standing.basis.as_str().to_owned(),
        flags: standing.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
        sentence: standing.sentence(),
        zone: standing.zone.clone(),
        effective: text_of(standing.effective),
        ends: text_of(standing.ends.map(|ending| ending.day)),
        ends_cause: standing.ends.map(|ending| ending.cause.as_str().to_owned()).unwrap_or_default(),
        list: standing.list.iter().map(|(subject, member)| self::standing(subject, member)).collect(),
        reports: standing.reports.iter().map(|report| report.subject.to_string()).collect(),
        carrier: standing.carrier.map(|id| id.0.to_vec()).unwrap_or_default(),
        suspended: standing.suspended.iter().map(ToString::to_string).collect(),
        reservations: standing.reservations.iter().map(ToString::to_string).collect(),
        changes_on_day: standing.changes_on_day.iter().map(change).collect(),
        findings: standing.findings.iter().map(finding).collect(),
        assurances: standing.assurances.iter().map(assurance).collect(),
        pending: standing.pending.iter().map(pending).collect(),
    }
}

fn change(change: &Change) -> proto::StandingChange {
    proto::StandingChange { at_ms: change.at_ms, force: change.force.as_str().to_owned() }
}

fn finding(line: &FindingLine) -> proto::Finding {
    proto::Finding {
        id: line.id.0.to_vec(),
        index: line.index,
        opener: line.opener.to_string(),
        date: line.date.to_string(),
        clauses: line.clauses.iter().map(ToString::to_string).collect(),
        state: line.state.as_str().to_owned(),
        story: line.story.iter().map(|(day, told)| format!("{day}: {told}")).collect(),
    }
}

fn assurance(line: &AssuranceLine) -> proto::Assurance {
    proto::Assurance {
        id: line.id.0.to_vec(),
        index: line.index,
        kind: line.kind.clone(),
        issuer: line.issuer.to_string(),
        registered: line.registered.to_string(),
        valid_until: line.valid_until.map(|day| day.to_string()).unwrap_or_default(),
        told: line.told.clone(),
    }
}

fn pending(line: &PendingLine) -> proto::Pending {
    proto::Pending {
        id: line.id.0.to_vec(),
        index: line.index,
        kind: line.kind.clone(),
        issuer: line.issuer.to_string(),
        keys: line.keys.iter().map(|kid| kid.0.to_vec()).collect(),
        threshold: line.threshold,
        awaits: line.awaits.as_ref().map(ToString::to_string).unwrap_or_default(),
        until_ms: line.until_ms,
    }
}

/// Writes how a log ended.
pub(crate) fn log_end(end: &LogEnd) -> proto::LogEnd {
    proto::LogEnd {
        id: end.id.0.to_vec(),
        index: end.index,
        time_ms: end.time_ms,
        origin: end.origin.to_string(),
        log_key: end.log_name().to_string(),
        reason: end.reason.clone().unwrap_or_default(),
    }
}
