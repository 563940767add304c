//! The step `file-format`: everything about a docket file that needs neither a key nor a hash.
//!
//! The file is walked once. Paths and siblings stay where they are, in the file; a statement that stands in several
//! dockets is parsed once. What is allocated is bounded by the file's own length.

use std::collections::HashMap;
use std::sync::Arc;

use crate::codec::{CborError, Item, Kind};
use crate::crypto::Digest;
use crate::evidence::docket_file::{
    ClosureError, DOCKET_FILE_DOCKETS_MAX, DOCKET_FILE_ENTRIES_MAX, DOCKET_FILE_LEN_MAX, Docket, DocketFile, Entries,
    Entry, FileStatement, HashList, ListEntry, SealEntry, required_dockets,
};
use crate::evidence::{CHECKPOINT_SIZE_MIN, CheckpointError, Seal, SealError, SignedCheckpoint};
use crate::merkle::{DOCKET_VALUE_LEN, Hash, MAP_SIBLINGS_MAX, PATH_LEN_MAX};
use crate::statement::{NameError, Origin, Statement, StatementError, Subject};

/// Why bytes are not a docket file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFormatError {
    /// Longer than [`DOCKET_FILE_LEN_MAX`].
    #[error("a docket file is at most 64 MiB long, not {len} bytes")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
    },
    /// Not in the CBOR profile.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// A part does not have the shape that it should.
    #[error("{part} is not {shape}")]
    Shape {
        /// Which part, such as `dockets[2].entries[0]`.
        part: String,
        /// The shape it should have.
        shape: &'static str,
    },
    /// More than [`DOCKET_FILE_ENTRIES_MAX`] entries.
    #[error("a docket file has at most 65536 entries")]
    TooManyEntries,
    /// More than [`DOCKET_FILE_DOCKETS_MAX`] dockets.
    #[error("a docket file has at most 65536 dockets")]
    TooManyDockets,
    /// A name does not fit its grammar.
    #[error("{part}: {error}")]
    Name {
        /// Which part.
        part: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// The checkpoint has not the form of one.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A statement has not the form of one.
    #[error("{part}: {error}")]
    Statement {
        /// Which part.
        part: String,
        /// What is wrong with it.
        error: StatementError,
    },
    /// A member of `seals` is no seal.
    #[error("{part}: {error}")]
    Seal {
        /// Which part.
        part: String,
        /// What is wrong with it.
        error: SealError,
    },
    /// The checkpoint or a statement is of another registry than the file.
    #[error("{part} is of {found}, the file of {expected}")]
    OtherOrigin {
        /// Which part.
        part: String,
        /// The origin of the file.
        expected: Origin,
        /// The origin found.
        found: Origin,
    },
    /// Seals are not strictly ascending by index.
    #[error("the seals are not in ascending order, each once")]
    SealsUnsorted,
    /// The last seal is not the checkpoint's last entry.
    #[error("the last seal is entry {index}, the checkpoint has {size} entries")]
    LastSeal {
        /// Index of the last seal.
        index: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// Two dockets about one subject.
    #[error("the docket {0} stands there twice")]
    DocketTwice(Subject),
    /// Claims presence and absence at once.
    #[error("the docket {0} has entries and another leaf that shows that it has none")]
    OtherWithEntries(Subject),
    /// Shows absence by a docket map that holds nothing at all.
    #[error("the docket {0} is shown absent from an empty map, which no log of ours has")]
    EmptyMap(Subject),
    /// A docket that belongs to the file is not in it.
    #[error("the docket {0} belongs to this file and is missing")]
    DocketMissing(Subject),
    /// A docket does not stand where it should, or does not belong to the file.
    #[error("the docket {found} stands where {expected} belongs")]
    DocketOrder {
        /// The docket that belongs there; `nothing` at the end.
        expected: String,
        /// The docket that stands there.
        found: Subject,
    },
    /// The heirs go back too far.
    #[error("the parties follow more than 16 generations of predecessors")]
    TooManySuccessions,
}

// The fewest bytes that a member of each list takes, so that room is made at once and never more than the file's own
// length calls for, whatever its heads claim.
const SEAL_LEN_MIN: usize = 300;
const DOCKET_LEN_MIN: usize = 71;
const ENTRY_LEN_MIN: usize = 250;
const LIST_ENTRY_LEN_MIN: usize = 51;

const ENTRY: &str = "a map of index, path (≤ 63 hashes) and statement";

impl<'a> DocketFile<'a> {
    /// Reads a docket file: form, caps, names, order and closure of its dockets.
    ///
    /// # Errors
    /// The first rule of form that is broken.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FileFormatError> {
        if bytes.len() > DOCKET_FILE_LEN_MAX {
            return Err(FileFormatError::TooLong { len: bytes.len() });
        }
        let top = || shape("the file", "a map of v (1), about, origin, checkpoint, seals and dockets");
        let [version, about, origin, checkpoint, seals, dockets] =
            record(&Item::read(bytes)?, ["v", "about", "origin", "checkpoint", "seals", "dockets"]).ok_or_else(top)?;
        let (Some(1), Some(about), Some(origin), Some(checkpoint)) =
            (version.uint(), about.text(), origin.text(), checkpoint.text())
        else {
            return Err(top());
        };
        let name = |part: &str| {
            let part = part.to_owned();
            move |error| FileFormatError::Name { part, error }
        };
        let about: Subject = about.parse().map_err(name("about"))?;
        let origin: Origin = origin.parse().map_err(name("origin"))?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        check_origin("the checkpoint", &checkpoint.checkpoint().origin, &origin)?;
        let seals = read_seals(&seals, &origin, checkpoint.checkpoint().size)?;
        let mut reader = DocketReader { origin: &origin, statements: Vec::new(), by_index: HashMap::new(), entries: 0 };
        let dockets = reader.dockets(&dockets)?;
        let statements = reader.statements;
        let file = Self { about, origin, checkpoint, seals, dockets, statements };
        file.check_closure()?;
        Ok(file)
    }

    fn check_closure(&self) -> Result<(), FileFormatError> {
        let by_subject = self.sorted_by_subject();
        let find = |subject: &Subject| {
            let place = by_subject.binary_search_by(|place| self.dockets[*place as usize].subject.cmp(subject));
            place.ok().map(|place| &self.dockets[by_subject[place] as usize])
        };
        let subject_of = |place: u32| &self.dockets[place as usize].subject;
        if let Some(twice) = by_subject.windows(2).find(|pair| subject_of(pair[0]) == subject_of(pair[1])) {
            return Err(FileFormatError::DocketTwice(subject_of(twice[0]).clone()));
        }
        let required = required_dockets(&self.about, self.dockets.len(), |subject| {
            let docket = find(subject).ok_or_else(|| FileFormatError::DocketMissing(subject.clone()))?;
            Ok(match &docket.entries {
                Entries::Full(entries) => {
                    entries.iter().map(|entry| Arc::clone(&self.statements[entry.statement].statement)).collect()
                }
                Entries::List(_) => Vec::new(),
            })
        });
        let required = required.map_err(|error| match error {
            ClosureError::Lookup(error) => error,
            ClosureError::TooManySuccessions => FileFormatError::TooManySuccessions,
            ClosureError::TooManyDockets { .. } => shape("dockets", "all the dockets that belong to this file"),
        })?;
        if let Some(missing) = required.iter().find(|subject| find(subject).is_none()) {
            return Err(FileFormatError::DocketMissing(missing.clone()));
        }
        for (i, docket) in self.dockets.iter().enumerate() {
            if required.get(i) != Some(&docket.subject) {
                let expected = required.get(i).map_or_else(|| "nothing".to_owned(), Subject::to_string);
                return Err(FileFormatError::DocketOrder { expected, found: docket.subject.clone() });
            }
        }
        Ok(())
    }
}

impl DocketFile<'_> {
    /// Places in [`DocketFile::dockets`], by subject.
    fn sorted_by_subject(&self) -> Vec<u32> {
        let mut places: Vec<u32> = (0..self.dockets.len() as u32).collect();
        places.sort_unstable_by(|a, b| self.dockets[*a as usize].subject.cmp(&self.dockets[*b as usize].subject));
        places
    }
}

fn read_seals<'a>(item: &Item<'a>, origin: &Origin, size: u64) -> Result<Vec<SealEntry<'a>>, FileFormatError> {
    let items = item.array().filter(|items| items.remaining() > 0);
    let items = items.ok_or_else(|| shape("seals", "an array of at least one seal"))?;
    let mut seals: Vec<SealEntry<'a>> = room(item, SEAL_LEN_MIN);
    for (i, item) in items.enumerate() {
        let part = || format!("seals[{i}]");
        let (index, bytes, path) = read_entry(&item).ok_or_else(|| shape(part(), ENTRY))?;
        let statement = read_statement(bytes, origin, &part)?;
        let seal = Seal::read_body(index, &statement).map_err(|error| FileFormatError::Seal { part: part(), error })?;
        if seals.last().is_some_and(|previous| previous.seal.index >= index) {
            return Err(FileFormatError::SealsUnsorted);
        }
        seals.push(SealEntry { seal, statement, path });
    }
    match seals.last() {
        Some(last) if size >= CHECKPOINT_SIZE_MIN && last.seal.index == size - 1 => Ok(seals),
        last => Err(FileFormatError::LastSeal { index: last.map_or(0, |last| last.seal.index), size }),
    }
}

struct DocketReader<'o> {
    origin: &'o Origin,
    statements: Vec<FileStatement>,
    /// The first statement at each index. Another one at the same index is kept too, for `docket-digest` to name.
    by_index: HashMap<u64, usize>,
    entries: usize,
}

impl DocketReader<'_> {
    fn dockets<'a>(&mut self, item: &Item<'a>) -> Result<Vec<Docket<'a>>, FileFormatError> {
        let items = item.array().filter(|items| items.remaining() > 0);
        let items = items.ok_or_else(|| shape("dockets", "an array of at least one docket"))?;
        if items.remaining() > DOCKET_FILE_DOCKETS_MAX as u64 {
            return Err(FileFormatError::TooManyDockets);
        }
        let mut dockets = room(item, DOCKET_LEN_MIN);
        for (i, item) in items.enumerate() {
            dockets.push(self.docket(i, &item)?);
        }
        Ok(dockets)
    }

    fn docket<'a>(&mut self, i: usize, item: &Item<'a>) -> Result<Docket<'a>, FileFormatError> {
        let part = || format!("dockets[{i}]");
        let error = || shape(part(), "a map of subject, siblings (≤ 256 hashes), entries and, for absence, other");
        let (subject, siblings, other, entries) = match item.map().map(|map| map.remaining()) {
            Some(3) => {
                let [subject, siblings, entries] =
                    record(item, ["subject", "siblings", "entries"]).ok_or_else(error)?;
                (subject, siblings, None, entries)
            }
            _ => {
                let [subject, siblings, entries, other] =
                    record(item, ["subject", "siblings", "entries", "other"]).ok_or_else(error)?;
                (subject, siblings, Some(other), entries)
            }
        };
        let subject: Subject = subject
            .text()
            .ok_or_else(error)?
            .parse()
            .map_err(|error| FileFormatError::Name { part: format!("{}.subject", part()), error })?;
        let siblings = hash_list(&siblings, MAP_SIBLINGS_MAX).ok_or_else(error)?;
        let other = other.map(|other| read_other(&other).ok_or_else(error)).transpose()?;
        let items = entries.array().ok_or_else(error)?;
        let count = usize::try_from(items.remaining()).unwrap_or(usize::MAX);
        self.entries = self.entries.saturating_add(count);
        if self.entries > DOCKET_FILE_ENTRIES_MAX {
            return Err(FileFormatError::TooManyEntries);
        }
        if other.is_some() && count > 0 {
            return Err(FileFormatError::OtherWithEntries(subject));
        }
        // An empty place at the root of the map: then there is no `registry` either. Without this, the smallest
        // dockets would take more memory than they have bytes.
        if count == 0 && other.is_none() && siblings.is_empty() {
            return Err(FileFormatError::EmptyMap(subject));
        }
        let part = |k: usize| format!("dockets[{i}].entries[{k}]");
        let entries = if subject.is_list() {
            let mut list = room(&entries, LIST_ENTRY_LEN_MIN);
            for (k, item) in items.enumerate() {
                let entry = read_list_entry(&item);
                list.push(entry.ok_or_else(|| shape(part(k), "a map of index, time and id, as in every list"))?);
            }
            Entries::List(list)
        } else {
            let mut full = room(&entries, ENTRY_LEN_MIN);
            for (k, item) in items.enumerate() {
                full.push(self.entry(&item, &|| part(k))?);
            }
            Entries::Full(full)
        };
        Ok(Docket { subject, siblings, other, entries })
    }

    fn entry<'a>(&mut self, item: &Item<'a>, part: &dyn Fn() -> String) -> Result<Entry<'a>, FileFormatError> {
        let (index, bytes, path) = read_entry(item).ok_or_else(|| shape(part(), ENTRY))?;
        if let Some(known) = self.by_index.get(&index).copied()
            && self.statements[known].statement.bytes() == bytes
        {
            return Ok(Entry { statement: known, path });
        }
        let statement = Arc::new(read_statement(bytes, self.origin, part)?);
        let place = self.statements.len();
        self.statements.push(FileStatement { index, statement });
        self.by_index.entry(index).or_insert(place);
        Ok(Entry { statement: place, path })
    }
}

fn read_statement(bytes: &[u8], origin: &Origin, part: &dyn Fn() -> String) -> Result<Statement, FileFormatError> {
    let statement = Statement::parse(bytes).map_err(|error| FileFormatError::Statement { part: part(), error })?;
    check_origin_of(part, statement.origin(), origin)?;
    Ok(statement)
}

fn check_origin(part: &str, found: &Origin, expected: &Origin) -> Result<(), FileFormatError> {
    check_origin_of(&|| part.to_owned(), found, expected)
}

fn check_origin_of(part: &dyn Fn() -> String, found: &Origin, expected: &Origin) -> Result<(), FileFormatError> {
    match found == expected {
        true => Ok(()),
        false => Err(FileFormatError::OtherOrigin { part: part(), expected: expected.clone(), found: found.clone() }),
    }
}

fn read_entry<'a>(item: &Item<'a>) -> Option<(u64, &'a [u8], HashList<'a>)> {
    let [index, statement, path] = record(item, ["index", "statement", "path"])?;
    Some((index.uint()?, statement.bytes()?, hash_list(&path, PATH_LEN_MAX)?))
}

fn read_list_entry(item: &Item<'_>) -> Option<ListEntry> {
    let [index, time, id] = record(item, ["index", "time", "id"])?;
    Some(ListEntry { index: index.uint()?, time_ms: time.uint()?, id: Digest(id.byte_array()?) })
}

fn read_other<'a>(item: &Item<'a>) -> Option<(&'a Hash, &'a [u8; DOCKET_VALUE_LEN])> {
    let mut members = item.array().filter(|members| members.remaining() == 2)?;
    Some((members.next()?.bytes()?.try_into().ok()?, members.next()?.bytes()?.try_into().ok()?))
}

fn hash_list<'a>(item: &Item<'a>, max: usize) -> Option<HashList<'a>> {
    let members = item.array().filter(|members| members.remaining() <= max as u64)?;
    let mut content: &'a [u8] = &[];
    let whole = item.encoded();
    for (i, member) in members.enumerate() {
        if member.kind() != Kind::Bytes || member.bytes()?.len() != 32 {
            return None;
        }
        if i == 0 {
            let start = member.encoded().as_ptr().addr() - whole.as_ptr().addr();
            content = &whole[start..];
        }
    }
    Some(HashList::new(content))
}

/// An empty list with room for the members of `item`, each of at least `len_min` bytes.
fn room<T>(item: &Item<'_>, len_min: usize) -> Vec<T> {
    let count = item.array().map_or(0, |members| usize::try_from(members.remaining()).unwrap_or(usize::MAX));
    Vec::with_capacity(count.min(item.encoded().len() / len_min))
}

/// The values of a map that has exactly these text keys, in one walk.
fn record<'a, const N: usize>(item: &Item<'a>, names: [&str; N]) -> Option<[Item<'a>; N]> {
    let pairs = item.map().filter(|pairs| pairs.remaining() == N as u64)?;
    let mut values = [None; N];
    for (key, value) in pairs {
        let place = names.iter().position(|name| key.text() == Some(name))?;
        values[place] = Some(value);
    }
    let mut found = [*item; N];
    for (slot, value) in found.iter_mut().zip(values) {
        *slot = value?;
    }
    Some(found)
}

fn shape(part: impl Into<String>, shape: &'static str) -> FileFormatError {
    FileFormatError::Shape { part: part.into(), shape }
}
