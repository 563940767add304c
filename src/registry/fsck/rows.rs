//! Rows of an audit that are compared when every entry is known, and rows that nothing asks for.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::{Act, Usage};
use crate::crypto::hex;
use crate::log::StoredLog;
use crate::merkle::{TILE_HEIGHT, TILE_LEVEL_MAX, leaf_hash};
use crate::registry::directory::agreement_row;
use crate::registry::fsck::{Fault, Findings};
use crate::registry::text::{stored_texts, text_rows};
use crate::registry::tombstone::stored_tombstones;
use crate::registry::usage::{USAGE_PREFIX, usage_key, usage_row};
use crate::storage::{Bytes, HEAD_KEY, Snapshot, StorageError, rows_between};

/// Rows fetched at once.
const SCAN_ROWS: usize = 1024;
/// First bytes of the keys that a registry writes, beside `head`: agreements, entries, ids, docket values and lists, what
/// each party has registered, seals, tiles, media types, texts, their sizes, and tombstones.
const PREFIXES: &[u8] = b"aeiklqstwxyz";

/// How a stored row differs from what follows from the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry::fsck) enum Difference {
    Missing,
    Other,
    Extra,
}

/// Walks expected and stored rows, both ascending by key, and tells each difference with its key until `report` says
/// that it has enough.
///
/// # Errors
/// [`StorageError`].
pub(in crate::registry::fsck) fn compare(
    expected: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
    stored: impl Iterator<Item = Result<(Bytes, Bytes), StorageError>>,
    mut report: impl FnMut(Difference, &[u8]) -> bool,
) -> Result<(), StorageError> {
    let mut expected = expected.peekable();
    for row in stored {
        let (key, value) = row?;
        while let Some((missing, _)) = expected.next_if(|(wanted, _)| **wanted < *key) {
            if report(Difference::Missing, &missing) {
                return Ok(());
            }
        }
        let is_enough = match expected.next_if(|(wanted, _)| **wanted == *key) {
            Some((_, wanted)) if *wanted == *value => false,
            Some(_) => report(Difference::Other, &key),
            None => report(Difference::Extra, &key),
        };
        if is_enough {
            return Ok(());
        }
    }
    for (missing, _) in expected {
        if report(Difference::Missing, &missing) {
            break;
        }
    }
    Ok(())
}

/// The rows that the registry writes beside the log for some statements: the list of agreements, the media types of
/// texts.
#[derive(Default)]
pub(in crate::registry::fsck) struct DerivedRows {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What each party has registered, by the key of its row.
    usage: BTreeMap<Vec<u8>, Usage>,
    /// Those of which nobody can say whether they were written.
    uncertain: BTreeSet<Vec<u8>>,
}

impl DerivedRows {
    /// The rows of an act; of two with one key the first counts. An act that breaks a rule should not have been let in,
    /// and with which rows it was is not known.
    pub fn add(&mut self, act: &Act, is_admissible: bool) {
        if let Some(party) = Usage::counted(&act.statement) {
            let usage = self.usage.entry(usage_key(party)).or_default();
            *usage = usage.with(act.statement.bytes().len());
            if !is_admissible {
                self.uncertain.insert(usage_key(party));
            }
        }
        for (key, value) in agreement_row(act).into_iter().chain(text_rows(act)) {
            if !is_admissible && !self.rows.contains_key(&key) {
                self.uncertain.insert(key.clone());
            }
            self.rows.entry(key).or_insert(value);
        }
    }

    /// # Errors
    /// [`StorageError`].
    pub fn compare(&self, snapshot: &dyn Snapshot, findings: &mut Findings) -> Result<(), StorageError> {
        for prefix in [b'a', USAGE_PREFIX, b'w'] {
            let used = self.usage.iter().map(|(key, usage)| (key.clone(), usage_row(*usage)));
            let rows = self.rows.iter().map(|(key, value)| (key.clone(), value.clone()));
            let expected: BTreeMap<Vec<u8>, Vec<u8>> =
                rows.chain(used).filter(|(key, _)| key.first() == Some(&prefix)).collect();
            let expected = expected.into_iter();
            compare(expected, under(snapshot, prefix), |difference, key| {
                if difference != Difference::Extra && self.uncertain.contains(key) {
                    return false;
                }
                let index = key.get(1..).filter(|_| prefix == b'a').and_then(|key| key.try_into().ok());
                let what = match prefix {
                    b'a' => "a row of the list of agreements".to_owned(),
                    USAGE_PREFIX => {
                        let party = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
                        format!("the row of what {party} has registered")
                    }
                    _ => format!("the media type of the text {}", hex(key.get(1..).unwrap_or_default())),
                };
                let (fault, how) = match difference {
                    Difference::Missing => (Fault::DerivedRow, "is missing"),
                    Difference::Other => (Fault::DerivedRow, "is not that of the entries"),
                    Difference::Extra => (Fault::ExtraRow, "belongs to no entry"),
                };
                findings.add(fault, index.map(u64::from_be_bytes), format!("{what} {how}"));
                findings.is_full()
            })?;
        }
        Ok(())
    }
}

/// Re-hashes every deposited text and every tombstone; returns how many texts there are.
///
/// # Errors
/// [`StorageError`].
pub(in crate::registry::fsck) fn texts(snapshot: &dyn Snapshot, findings: &mut Findings) -> Result<u64, StorageError> {
    let mut known = BTreeSet::new();
    for text in stored_texts(snapshot) {
        let text = text?;
        if !text.is_whole {
            findings.add(Fault::Text, None, format!("the deposited text {} was altered", hex(&text.digest)));
        }
        known.insert(text.digest);
        if findings.is_full() {
            return Ok(known.len() as u64);
        }
    }
    let mut last = Vec::new();
    for row in under(snapshot, b'x') {
        let (key, _) = row?;
        let digest = key.get(1..33).unwrap_or_default();
        if digest != last && !known.contains(digest) && !findings.is_full() {
            findings.add(Fault::ExtraRow, None, format!("parts of the text {}, which nobody deposited", hex(digest)));
        }
        last = digest.to_vec();
    }
    tombstones(snapshot, &known, findings)?;
    Ok(known.len() as u64)
}

/// A tombstone is what was written, of a text that a statement names and whose bytes are gone.
fn tombstones(
    snapshot: &dyn Snapshot,
    deposited: &BTreeSet<Vec<u8>>,
    findings: &mut Findings,
) -> Result<(), StorageError> {
    for row in stored_tombstones(snapshot) {
        let (digest, is_whole) = row?;
        let name = hex(&digest);
        if digest.len() != 32 {
            findings.add(Fault::ExtraRow, None, format!("a row under the key 7a{name}, which no registry writes"));
            continue;
        }
        if !is_whole {
            findings.add(Fault::Text, None, format!("the tombstone of the text {name} was altered"));
        }
        if deposited.contains(&digest) {
            findings.add(Fault::Text, None, format!("the text {name} is there, and a tombstone says that it is not"));
        }
        if snapshot.get(&[&b"w"[..], &digest].concat())?.is_none() {
            findings.add(Fault::ExtraRow, None, format!("a tombstone of the text {name}, which no statement names"));
        }
        if findings.is_full() {
            break;
        }
    }
    Ok(())
}

/// Tiles that the tree of `size` entries does not have.
///
/// # Errors
/// [`StorageError`].
pub(in crate::registry::fsck) fn tiles(
    stored: StoredLog<'_>,
    size: u64,
    findings: &mut Findings,
) -> Result<(), StorageError> {
    for row in stored.tiles() {
        let place = row?.place;
        let is_of_tree = place.is_some_and(|(level, tile)| {
            level <= TILE_LEVEL_MAX
                && tile < size.checked_shr(u32::from(TILE_HEIGHT) * (u32::from(level) + 1)).unwrap_or(0)
        });
        if !is_of_tree {
            let message = match place {
                Some((level, tile)) => format!("there is a tile {tile} of level {level}, beyond the tree"),
                None => "a row of the tiles has no such key".to_owned(),
            };
            findings.add(Fault::ExtraRow, None, message);
        }
        if findings.is_full() {
            break;
        }
    }
    Ok(())
}

/// Id rows that lead to no entry with that id. `found` rows were met from the entries, `wrong` are reported already.
///
/// # Errors
/// [`StorageError`].
pub(in crate::registry::fsck) fn ids(
    stored: StoredLog<'_>,
    found: u64,
    wrong: &BTreeSet<[u8; 16]>,
    findings: &mut Findings,
) -> Result<(), StorageError> {
    let mut count = 0;
    for row in stored.ids() {
        row?;
        count += 1;
    }
    if count == found {
        return Ok(());
    }
    for row in stored.ids() {
        let row = row?;
        let index = (*row.value).try_into().map(u64::from_be_bytes).ok();
        let entry = index.map(|index| stored.entry(index)).transpose()?.flatten();
        let leaf = entry.as_deref().and_then(|record| record.get(32..)).map(leaf_hash);
        let leads = row.place.is_some_and(|id| wrong.contains(&id) || leaf.is_some_and(|leaf| leaf[..16] == id));
        if !leads {
            let id = row.place.map(|id| hex(&id)).unwrap_or_default();
            findings.add(Fault::ExtraRow, None, format!("the id row {id}… leads to no entry with that id"));
        }
        if findings.is_full() {
            break;
        }
    }
    Ok(())
}

/// Rows under keys that a registry never writes.
///
/// # Errors
/// [`StorageError`].
pub(in crate::registry::fsck) fn strangers(
    snapshot: &dyn Snapshot,
    findings: &mut Findings,
) -> Result<(), StorageError> {
    let head = HEAD_KEY.to_vec();
    // The gaps between what is known: prefixes one after the other, `head` among them.
    let mut known: Vec<(Vec<u8>, Vec<u8>)> = PREFIXES.iter().map(|prefix| (vec![*prefix], vec![prefix + 1])).collect();
    known.push((head.clone(), [&head[..], &[0]].concat()));
    known.sort();
    let mut from = Vec::new();
    let end = vec![0xff; crate::storage::KEY_BYTES_MAX + 1];
    for (first, after) in known.into_iter().chain([(end.clone(), end)]) {
        for row in rows_between(snapshot, from, first, SCAN_ROWS) {
            let (key, _) = row?;
            findings.add(Fault::ExtraRow, None, format!("a row under the key {}, which no registry writes", hex(&key)));
            if findings.is_full() {
                return Ok(());
            }
        }
        from = after;
    }
    Ok(())
}

fn under(snapshot: &dyn Snapshot, prefix: u8) -> impl Iterator<Item = Result<(Bytes, Bytes), StorageError>> + '_ {
    rows_between(snapshot, vec![prefix], vec![prefix + 1], SCAN_ROWS)
}
