//! Lists for people who look around: parties and agreements, in log order, page by page. The registry's word; who
//! needs proof asks for the docket file of a list (`parties`, `roll/…`).
//!
//! An agreement is found by the row `a` ‖ `u64(index)` → subject, written with its first acceptance or filing.

use std::collections::BTreeMap;

use crate::agreement::{Act, On, Standing, World};
use crate::docket::DocketReader;
use crate::log::LogReader;
use crate::merkle::DocketMap;
use crate::registry::stored::{acts_of, named_in, statement_at};
use crate::registry::{ReadError, Registry};
use crate::statement::body::{Body, Role};
use crate::statement::{GovernmentOrCountry, Party, Subject};

/// Most rows of one page.
pub const PAGE_ROWS_MAX: usize = 500;
/// Most stored rows looked at for one page; a narrow filter then goes on with the next page.
pub const SCAN_ROWS_MAX: usize = 10_000;

/// Which page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the previous page ended: its `next`. `None` for the first.
    pub after: Option<u64>,
    /// Rows wanted, 1 to [`PAGE_ROWS_MAX`]; 0 means [`PAGE_ROWS_MAX`].
    pub limit: usize,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in log order.
    pub rows: Vec<T>,
    /// Where the next page starts; `None` if this was the last.
    pub next: Option<u64>,
}

/// A party as it is known now: what waits for keys of the registrar does not count yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRow {
    /// Its id.
    pub party: Party,
    /// Its role.
    pub role: Role,
    /// Its names, the one that it bears now first.
    pub names: Vec<String>,
    /// Its country, two letters.
    pub country: String,
    /// Whether it has keys.
    pub is_enrolled: bool,
    /// Index of the statement that listed or enrolled it first.
    pub listed_index: u64,
}

/// An agreement and how it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRow {
    /// `agreement/<vendor>/<reference>/<government>`
    pub subject: Subject,
    /// Index of the statement that made it.
    pub index: u64,
    /// When that was registered, unix milliseconds.
    pub time_ms: u64,
    /// How it stands at the newest seal.
    pub standing: Standing,
}

/// Which agreements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementFilter {
    /// Only this vendor's.
    pub vendor: Option<Party>,
    /// Only this government's, or those of any organ of this country.
    pub government: Option<GovernmentOrCountry>,
}

impl AgreementFilter {
    fn matches(&self, subject: &Subject) -> bool {
        let Subject::Agreement { vendor, government, .. } = subject else { return false };
        let is_government = |wanted: &GovernmentOrCountry| {
            GovernmentOrCountry::try_from(government).is_ok_and(|own| own == *wanted || own.country() == *wanted)
        };
        self.vendor.as_ref().is_none_or(|wanted| wanted == vendor) && self.government.as_ref().is_none_or(is_government)
    }
}

/// The row by which an agreement is found, written with each acceptance or filing.
pub(in crate::registry) fn agreement_row(act: &Act) -> Option<(Vec<u8>, Vec<u8>)> {
    let makes = matches!(act.body.as_deref(), Some(Body::Accept(_) | Body::File(_)));
    makes.then(|| (agreement_key(act.index), act.statement.subject().to_string().into_bytes()))
}

fn agreement_key(index: u64) -> Vec<u8> {
    [&b"a"[..], &index.to_be_bytes()].concat()
}

fn limit_of(request: PageRequest) -> usize {
    match request.limit {
        0 => PAGE_ROWS_MAX,
        limit => limit.min(PAGE_ROWS_MAX),
    }
}

impl Registry {
    /// The parties, in the order in which they were listed.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn parties(&self, request: PageRequest) -> Result<Page<PartyRow>, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        let dockets = DocketReader::new(reader.snapshot(), &published.view.map);
        let (mut rows, mut at) = (Vec::new(), request.after.unwrap_or(0));
        let count = dockets.count(&Subject::Parties)?;
        let mut last = match at.checked_sub(1) {
            Some(before) => dockets.indexes(&Subject::Parties, before, 1)?.pop(),
            None => None,
        };
        while rows.len() < limit_of(request) && at < count {
            for index in dockets.indexes(&Subject::Parties, at, limit_of(request) - rows.len())? {
                // A page cannot be summed up. But a list that ascends, of statements that belong on it, as many as
                // the map says, is the list.
                if last.is_some_and(|last| index <= last) {
                    return Err(ReadError::Damaged(format!("the list of parties does not ascend at entry {index}")));
                }
                (at, last) = (at + 1, Some(index));
                rows.extend(party_row(reader, &published.view.map, &dockets, index)?);
            }
        }
        Ok(Page { rows, next: (at < count).then_some(at) })
    }

    /// The agreements, in the order in which they were made, each with its standing at the newest seal.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn agreements(&self, filter: &AgreementFilter, request: PageRequest) -> Result<Page<AgreementRow>, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        let start = request.after.map_or(0, |after| after.saturating_add(1));
        let found = reader.snapshot().scan(&agreement_key(start), b"b", SCAN_ROWS_MAX)?;
        let is_last_scan = found.len() < SCAN_ROWS_MAX;
        let (mut rows, mut last) = (Vec::new(), None);
        for (key, value) in &found {
            if rows.len() == limit_of(request) {
                return Ok(Page { rows, next: last });
            }
            let damaged = || ReadError::Damaged("a row of the list of agreements".into());
            let index = key[1..].try_into().map(u64::from_be_bytes).map_err(|_| damaged())?;
            let subject: Subject =
                std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or_else(damaged)?;
            last = Some(index);
            if filter.matches(&subject) {
                if *statement_at(reader, index)?.subject() != subject {
                    return Err(damaged());
                }
                let (_, time_ms) = reader.covering_seal(index)?;
                let now_ms = reader.head().seal.map_or(0, |seal| seal.time_ms);
                let standing = self.standing(&subject, On::Instant(now_ms), None)?;
                rows.push(AgreementRow { subject, index, time_ms, standing });
            }
        }
        Ok(Page { rows, next: if is_last_scan { None } else { last } })
    }
}

/// The row of the party that the statement at `index` lists, if it is the first about it.
fn party_row(
    reader: &LogReader,
    map: &DocketMap,
    dockets: &DocketReader<'_>,
    index: u64,
) -> Result<Option<PartyRow>, ReadError> {
    let statement = statement_at(reader, index)?;
    // An endorsement of an enrolment stands on the list as well.
    let touches = statement.touches(|id| named_in(reader, id).ok().flatten());
    let is_listed = touches.is_ok_and(|touches| touches.contains(&Subject::Parties));
    let (Subject::Party(party), true) = (statement.subject().clone(), is_listed) else {
        return Err(ReadError::Damaged(format!("the list of parties leads to entry {index}, which lists none")));
    };
    if dockets.indexes(statement.subject(), 0, 1)? != [index] {
        return Ok(None);
    }
    // What waits for keys of the registrar lists nobody yet; a rename counts.
    let dockets = [Subject::Registry, statement.subject().clone()]
        .into_iter()
        .map(|subject| Ok((subject.clone(), acts_of(reader, map, &subject)?)))
        .collect::<Result<BTreeMap<_, _>, ReadError>>()?;
    let world = World::replay(statement.origin().clone(), &dockets, None);
    let now = reader.head().size();
    let is_enrolled = world.is_enrolled(&party, now);
    Ok(world.describe(&party, now).map(|description| PartyRow {
        party: party.clone(),
        role: description.role,
        names: description.names.iter().map(|name| name.name.to_string()).collect(),
        country: description.country.to_string(),
        is_enrolled,
        listed_index: index,
    }))
}
