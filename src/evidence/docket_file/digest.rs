//! The step `docket-digest`: the dockets are those that the last seal commits to, and they agree with each other.
//!
//! A digest alone proves that a docket is complete *as the log keeps it*. A log that lies could keep a statement out
//! of one docket and show it in another. So the file is also held against the statements themselves: each stands in
//! every docket that its bytes say it touches, and in no other.

use std::collections::HashMap;

use crate::crypto::{Digest, KeyLine};
use crate::evidence::docket_file::seals::next_seal;
use crate::evidence::docket_file::{Docket, DocketFile, Entries, ListEntry};
use crate::merkle::{DOCKET_START, DocketValue, MapError, check_absence, check_presence, docket_key, docket_step};
use crate::statement::{GENESIS_KIND, Named, NamedRole, Statement, StatementId, Subject, TouchesError};

/// Why the dockets are not those of the log, or contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocketDigestError {
    /// Indexes do not strictly increase.
    #[error("{subject}: entry {index} does not come after the entry before it")]
    IndexOrder {
        /// The docket.
        subject: Subject,
        /// The index that does not increase.
        index: u64,
    },
    /// An entry that is not below the last seal.
    #[error("{subject}: entry {index} is not below the last seal")]
    AfterLastSeal {
        /// The docket.
        subject: Subject,
        /// The index.
        index: u64,
    },
    /// A time of a list that no seal can have given.
    #[error("{subject}: the time of entry {index} does not agree with the seals and the entries beside it")]
    ListTime {
        /// The docket.
        subject: Subject,
        /// The index.
        index: u64,
    },
    /// The proof does not lead from the entries to the docket root of the last seal.
    #[error("{subject}: this is not the docket that the last seal commits to: {error}")]
    Map {
        /// The docket.
        subject: Subject,
        /// What failed.
        error: Box<MapError>,
    },
    /// Two statements at one index.
    #[error("two statements claim to be entry {index}")]
    IndexTwice {
        /// The index.
        index: u64,
    },
    /// One statement at two indexes.
    #[error("the statement {id} claims to be two entries")]
    StatementTwice {
        /// The statement.
        id: StatementId,
    },
    /// A body whose touched subjects cannot be read.
    #[error("entry {index}: {error}")]
    Touches {
        /// The index.
        index: u64,
        /// What is wrong.
        error: TouchesError,
    },
    /// A statement in a docket that it does not touch.
    #[error("entry {index} stands in {subject}, which it does not touch")]
    NotTouched {
        /// The index.
        index: u64,
        /// The docket.
        subject: Subject,
    },
    /// A statement that the log hides from a docket that it touches.
    #[error("entry {index} touches {subject} and is hidden from it")]
    Hidden {
        /// The index.
        index: u64,
        /// The docket.
        subject: Subject,
    },
    /// The log does not begin with its genesis, or has a second one.
    #[error("the first entry of the log, and no other, is its genesis")]
    Genesis,
    /// The genesis is of another origin or log key than the pinned one.
    #[error("the genesis names another origin or log key than those you trust")]
    GenesisOfOtherLog,
}

/// Checks every docket against the last seal's root, then the dockets against the statements. `times_ms` is what
/// `seal-order` gave.
pub(in crate::evidence) fn check_dockets(
    file: &DocketFile<'_>,
    times_ms: &[u64],
    log: &KeyLine,
) -> Result<(), DocketDigestError> {
    for docket in &file.dockets {
        check_docket(file, docket, times_ms)?;
    }
    let places = Places::of(file)?;
    places.check_touches(file)?;
    check_genesis(file, log)
}

fn check_docket(file: &DocketFile<'_>, docket: &Docket<'_>, times_ms: &[u64]) -> Result<(), DocketDigestError> {
    let subject = || docket.subject.clone();
    let mut value = DocketValue { count: 0, step: DOCKET_START };
    let mut last: Option<(u64, u64)> = None;
    let mut next = |index: u64, time_ms: u64, id: &Digest| {
        if last.is_some_and(|(before, _)| before >= index) {
            return Err(DocketDigestError::IndexOrder { subject: subject(), index });
        }
        if index >= file.last_seal().index {
            return Err(DocketDigestError::AfterLastSeal { subject: subject(), index });
        }
        if last.is_some_and(|(_, before_ms)| before_ms > time_ms) {
            return Err(DocketDigestError::ListTime { subject: subject(), index });
        }
        last = Some((index, time_ms));
        value.step = docket_step(&value.step, index, time_ms, &id.0);
        value.count += 1;
        Ok(())
    };
    match &docket.entries {
        Entries::Full(entries) => {
            for entry in entries {
                let stands = &file.statements[entry.statement];
                next(stands.index, times_ms[entry.statement], stands.statement.id())?;
            }
        }
        Entries::List(entries) => {
            for entry in entries {
                next(entry.index, entry.time_ms, &entry.id)?;
                if !is_time_possible(file, entry) {
                    return Err(DocketDigestError::ListTime { subject: subject(), index: entry.index });
                }
            }
        }
    }
    let (key, root) = (docket_key(&docket.subject.to_string()), &file.last_seal().dockets);
    let siblings: Vec<_> = docket.siblings.iter().collect();
    match docket.entries.is_empty() {
        true => check_absence(&key, docket.other, &siblings, root),
        false => check_presence(&key, &value, &siblings, root),
    }
    .map_err(|error| DocketDigestError::Map { subject: subject(), error: Box::new(error) })
}

/// Whether a listed time is that of the seal which closes the entry's batch, or, where that seal is not in the file,
/// lies between those of the seals around it.
fn is_time_possible(file: &DocketFile<'_>, entry: &ListEntry) -> bool {
    let place = next_seal(file, entry.index);
    let Some(after) = file.seals.get(place) else { return false };
    let before = place.checked_sub(1).map(|before| &file.seals[before].seal);
    match after.seal.from <= entry.index {
        true => entry.time_ms == after.seal.time_ms,
        false => entry.time_ms < after.seal.time_ms && before.is_none_or(|before| before.time_ms < entry.time_ms),
    }
}

/// What stands where: one statement for an index, one index for a statement, seals and lists included.
struct Places {
    by_id: HashMap<StatementId, Place>,
    /// (place in `statements`, place in `dockets`), sorted: where each statement of the file stands.
    stands: Vec<(u32, u32)>,
}

#[derive(Clone, Copy)]
struct Place {
    index: u64,
    /// Place in `statements`, if the file holds it.
    statement: Option<u32>,
}

impl Places {
    fn of(file: &DocketFile<'_>) -> Result<Self, DocketDigestError> {
        let mut by_index: HashMap<u64, StatementId> = HashMap::new();
        let mut by_id: HashMap<StatementId, Place> = HashMap::new();
        let mut place = |index: u64, id: &StatementId, statement: Option<u32>| {
            if *by_index.entry(index).or_insert(*id) != *id {
                return Err(DocketDigestError::IndexTwice { index });
            }
            match *by_id.entry(*id).or_insert(Place { index, statement }) {
                found if found.index == index => Ok(()),
                _ => Err(DocketDigestError::StatementTwice { id: *id }),
            }
        };
        for (i, entry) in file.statements.iter().enumerate() {
            place(entry.index, entry.statement.id(), Some(i as u32))?;
        }
        for entry in &file.seals {
            place(entry.seal.index, &entry.seal.id, None)?;
        }
        let mut stands = Vec::new();
        for (docket, i) in file.dockets.iter().zip(0u32..) {
            match &docket.entries {
                Entries::Full(entries) => stands.extend(entries.iter().map(|entry| (entry.statement as u32, i))),
                Entries::List(entries) => {
                    for entry in entries {
                        place(entry.index, &entry.id, None)?;
                    }
                }
            }
        }
        for (docket, i) in file.dockets.iter().zip(0u32..) {
            let Entries::List(entries) = &docket.entries else { continue };
            for entry in entries {
                let listed = by_id.get(&entry.id).and_then(|place| place.statement);
                stands.extend(listed.map(|statement| (statement, i)));
                // A seal touches nothing, so a list that holds one is a lie.
                if file.seals.binary_search_by_key(&entry.index, |seal| seal.seal.index).is_ok() {
                    let subject = docket.subject.clone();
                    return Err(DocketDigestError::NotTouched { index: entry.index, subject });
                }
            }
        }
        stands.sort_unstable();
        Ok(Self { by_id, stands })
    }

    /// Each statement stands in every docket of the file that it touches, and in no other.
    fn check_touches(&self, file: &DocketFile<'_>) -> Result<(), DocketDigestError> {
        let dockets: HashMap<&Subject, u32> = file.dockets.iter().map(|docket| &docket.subject).zip(0u32..).collect();
        let mut touched = Vec::new();
        let mut stands = self.stands.iter().peekable();
        for (i, entry) in file.statements.iter().enumerate() {
            let index = entry.index;
            let subjects = entry
                .statement
                .touches(|id| self.named(file, id, index, entry.statement.named_role()))
                .map_err(|error| DocketDigestError::Touches { index, error })?;
            touched.clear();
            touched.extend(subjects.iter().filter_map(|subject| dockets.get(subject).copied()));
            touched.sort_unstable();
            let subject = |docket: u32| file.dockets[docket as usize].subject.clone();
            let mut expected = touched.iter().copied().peekable();
            while let Some((_, docket)) = stands.next_if(|(statement, _)| *statement == i as u32) {
                match expected.next_if(|expected| expected <= docket) {
                    Some(expected) if expected == *docket => {}
                    Some(hidden) => return Err(DocketDigestError::Hidden { index, subject: subject(hidden) }),
                    None => return Err(DocketDigestError::NotTouched { index, subject: subject(*docket) }),
                }
            }
            if let Some(hidden) = expected.next() {
                return Err(DocketDigestError::Hidden { index, subject: subject(hidden) });
            }
        }
        Ok(())
    }

    /// What a statement at `index` that names `id` needs to know about it: only a statement of the file with a lower
    /// index. An `endorse` may name a `void`, which names an act: no deeper, whatever the file says.
    fn named(&self, file: &DocketFile<'_>, id: &Digest, index: u64, namer: NamedRole) -> Option<Named> {
        let place = self.by_id.get(id).filter(|place| place.index < index)?;
        let statement: &Statement = &file.statements[place.statement? as usize].statement;
        let role = statement.named_role();
        let touches = match (namer, role) {
            (_, NamedRole::Act) => statement.touches(|_| None),
            (NamedRole::Endorse, NamedRole::Void) => statement.touches(|id| self.named(file, id, place.index, role)),
            _ => return Some(Named { role, subject: statement.subject().clone(), touches: Default::default() }),
        };
        Some(Named { role, subject: statement.subject().clone(), touches: touches.ok()? })
    }
}

fn check_genesis(file: &DocketFile<'_>, log: &KeyLine) -> Result<(), DocketDigestError> {
    let is_genesis = |statement: &Statement| statement.kind().as_str() == GENESIS_KIND;
    if file.statements.iter().any(|entry| is_genesis(&entry.statement) != (entry.index == 0)) {
        return Err(DocketDigestError::Genesis);
    }
    let registry = file.docket(&Subject::Registry).map(|docket| &docket.entries);
    let first = match registry {
        Some(Entries::Full(entries)) => entries.first().map(|entry| &file.statements[entry.statement]),
        _ => None,
    };
    let genesis = first.filter(|first| first.index == 0).ok_or(DocketDigestError::Genesis)?;
    let body = genesis.statement.body();
    let origin = body.field("origin").and_then(|item| item.text());
    let log_key = body.field("log_key").and_then(|item| item.bytes());
    match origin == Some(log.name()) && log_key == Some(&log.key().as_bytes()[..]) {
        true => Ok(()),
        false => Err(DocketDigestError::GenesisOfOtherLog),
    }
}
