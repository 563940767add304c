//! An omission: the log promised that it holds a statement, and later committed to a docket that must hold it and does not.
//!
//! The receipt, or a checkpoint with a path, is the log's signature that the statement is entry `index`. Which dockets it stands in is a function of its
//! bytes (formats §6). A seal behind it commits to every docket; the rows of one lead to the seal's docket root by hashes
//! alone, so they are what the log committed to. If the row `(index, …, id)` is not among them, both cannot be honest.

use crate::codec::{Item, Value};
use crate::crypto::KeyLine;
use crate::evidence::caught::file::{
    EvidenceError, Instead, NotProved, Proved, fields, hashes, hashes_value, members, path as read_path,
};
use crate::evidence::caught::head::read_checkpoint;
use crate::evidence::docket_file::registration_time_ms;
use crate::evidence::seal::Seal;
use crate::evidence::{Checkpoint, DOCKET_FILE_ENTRIES_MAX, DocketFile, Entries, ListEntry, Receipt, SignedCheckpoint};
use crate::merkle::{
    DOCKET_START, DOCKET_VALUE_LEN, DocketValue, Hash, MAP_SIBLINGS_MAX, MapProof, check_inclusion, docket_key,
    docket_step,
};
use crate::statement::{Named, Origin, Statement, StatementId, Subject};

/// An endorsement of a void of a statement: no statement names further than over two others.
const NAMED_MAX: usize = 2;

/// What a log promised: a statement, what it names, and the log's word that it is in its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The statement.
    pub statement: Statement,
    /// For `endorse` and `void`: the statement it names, and the one that this one names.
    pub named: Vec<Statement>,
    /// What shows that the log holds it.
    pub word: Word,
}

/// A log's word that a statement is in its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A receipt.
    Receipt(Receipt),
    /// A checkpoint and a path to it, as docket files and tlog-proofs have them.
    Entry {
        /// The checkpoint, with the log's signature line alone.
        checkpoint: SignedCheckpoint,
        /// Index of the entry.
        index: u64,
        /// Inclusion path, leaf to root.
        path: Vec<Hash>,
    },
}

/// Evidence that a statement was left out of a docket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    promise: Promise,
    checkpoint: SignedCheckpoint,
    /// The last entry of the checkpoint's tree.
    seal: Statement,
    seal_path: Vec<Hash>,
    subject: Subject,
    proof: MapProof,
    rows: Vec<ListEntry>,
}

impl Promise {
    /// A promise with what its statement names, one by way of the other, each found by its id.
    ///
    /// # Errors
    /// The id of the statement that is not found.
    pub fn gather(
        statement: Statement,
        word: Word,
        mut find: impl FnMut(&StatementId) -> Option<Statement>,
    ) -> Result<Self, StatementId> {
        let mut named: Vec<Statement> = Vec::new();
        while named.len() < NAMED_MAX
            && let Some(id) = named.last().unwrap_or(&statement).names().ok().flatten()
        {
            named.push(find(&id).ok_or(id)?);
        }
        Ok(Self { statement, named, word })
    }

    /// The subjects whose dockets must hold the statement.
    ///
    /// # Errors
    /// [`NotProved::Proof`] if the statement names one that is not given, or its body has not the shape of formats §6.
    pub fn touches(&self) -> Result<Vec<Subject>, NotProved> {
        let touched = touches(&self.statement, &self.named);
        touched.map(|touched| touched.into_iter().collect()).map_err(|error| NotProved::Proof(error.to_string()))
    }

    /// Index of the entry that is promised.
    pub fn index(&self) -> u64 {
        match &self.word {
            Word::Receipt(receipt) => receipt.claims().index,
            Word::Entry { index, .. } => *index,
        }
    }

    /// Checks the log's word; gives the time of the seal under which it was given, unix seconds, if it names one.
    ///
    /// # Errors
    /// [`NotProved::Signature`] or [`NotProved::Proof`].
    pub fn check(&self, key: &KeyLine) -> Result<Option<u64>, NotProved> {
        match &self.word {
            Word::Receipt(receipt) => {
                let verified = receipt.check(&self.statement, key);
                verified.map(|verified| Some(verified.iat)).map_err(|error| NotProved::Signature(error.to_string()))
            }
            Word::Entry { checkpoint, index, path } => {
                checkpoint.check_log_signature(key).map_err(|error| NotProved::Signature(error.to_string()))?;
                let Checkpoint { size, root, .. } = checkpoint.checkpoint();
                check_inclusion(&self.statement.id().0, *index, *size, path, root)
                    .map_err(|error| NotProved::Proof(error.to_string()))?;
                Ok(None)
            }
        }
    }
}

impl Word {
    fn to_value(&self) -> Value {
        match self {
            Self::Receipt(receipt) => Value::bytes(receipt.to_bytes()),
            Self::Entry { checkpoint, index, path } => {
                let checkpoint = Value::text(checkpoint.note().to_string());
                Value::Array(vec![checkpoint, Value::uint(*index), hashes_value(path)])
            }
        }
    }

    fn read(item: &Item<'_>) -> Result<Self, EvidenceError> {
        let shape = EvidenceError::Shape("a promise is a receipt, or a checkpoint, an index and a path");
        if let Some(bytes) = item.bytes() {
            let receipt = Receipt::parse(bytes);
            return receipt.map(Self::Receipt).map_err(|error| EvidenceError::Part(format!("receipt: {error}")));
        }
        let [checkpoint, index, path] = members(item).ok_or(shape.clone())?;
        Ok(Self::Entry {
            checkpoint: read_checkpoint(checkpoint.text().ok_or(shape.clone())?)?,
            index: index.uint().ok_or(shape)?,
            path: read_path(&path)?,
        })
    }
}

/// What `statement` touches, where it names a statement then the first of `named`, and so on.
fn touches(
    statement: &Statement,
    named: &[Statement],
) -> Result<std::collections::BTreeSet<Subject>, crate::statement::TouchesError> {
    let named = match (statement.names()?, named.split_first()) {
        (Some(id), Some((first, rest))) if *first.id() == id => {
            Some(Named { role: first.named_role(), subject: first.subject().clone(), touches: touches(first, rest)? })
        }
        _ => None,
    };
    statement.touches(|_| named)
}

impl Omission {
    /// Finds a docket of `file` that must hold what is promised and does not; `None` if every one does, or none of the
    /// file's dockets should, or the file ends before the promise.
    ///
    /// The file need not pass its other checks: what the evidence rests on, the evidence proves, and a log must not get
    /// away with a file that is wrong in another place, too.
    pub fn find(log: &KeyLine, promise: &Promise, file: &DocketFile<'_>) -> Option<Self> {
        let touched = promise.touches().ok()?;
        let last = file.seals.last()?;
        file.dockets.iter().filter(|docket| touched.contains(&docket.subject)).find_map(|docket| {
            let rows = match &docket.entries {
                Entries::List(rows) => rows.clone(),
                Entries::Full(entries) => entries
                    .iter()
                    .map(|entry| &file.statements[entry.statement])
                    .map(|entry| {
                        let time_ms = registration_time_ms(file, entry.index)?;
                        Some(ListEntry::new(entry.index, time_ms, *entry.statement.id()))
                    })
                    .collect::<Option<_>>()?,
            };
            let other = docket.other.map(|(key, value)| (*key, *value));
            let omission = Self {
                promise: promise.clone(),
                checkpoint: file.checkpoint.with_line_of(log)?,
                seal: last.statement.clone(),
                seal_path: last.path.iter().collect(),
                subject: docket.subject.clone(),
                proof: MapProof { siblings: docket.siblings.iter().collect(), other },
                rows,
            };
            omission.check(log).is_ok().then_some(omission)
        })
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.checkpoint.checkpoint().origin
    }

    /// The statement that was left out.
    pub fn statement(&self) -> &Statement {
        &self.promise.statement
    }

    /// Checks that the log of `key` promised the statement, and committed to a docket without it.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self, key: &KeyLine) -> Result<Proved, NotProved> {
        let proof = |error: String| NotProved::Proof(error);
        let Promise { statement, named, .. } = &self.promise;
        let given_s = self.promise.check(key)?;
        let index = self.promise.index();
        let is_one_log = named.iter().all(|one| one.origin() == statement.origin());
        if !is_one_log || named.len() != names_count(statement, named) {
            return Err(proof("a statement in it is named by none before it".to_owned()));
        }
        if !self.promise.touches()?.contains(&self.subject) {
            return Err(NotProved::Honest("the statement does not touch this subject"));
        }
        let seal = self.check_seal(key)?;
        if index >= seal.index {
            return Err(NotProved::Honest("the seal does not stand behind the statement"));
        }
        self.check_rows(&seal)?;
        let id = statement.id().0;
        let instead = self.instead(index, &id, given_s);
        let instead = instead.ok_or(NotProved::Honest("the docket holds the statement where it should"))?;
        Ok(Proved::LeftOut { subject: self.subject.clone(), id, index, seal: seal.index, instead })
    }

    /// The seal at the end of the checkpoint's tree, which the log signed and holds.
    fn check_seal(&self, key: &KeyLine) -> Result<Seal, NotProved> {
        let signature = |error: String| NotProved::Signature(error);
        self.checkpoint.check_log_signature(key).map_err(|error| signature(error.to_string()))?;
        let checkpoint = self.checkpoint.checkpoint();
        let index = checkpoint.size.checked_sub(1).ok_or(NotProved::Honest("the checkpoint is of an empty tree"))?;
        let seal = Seal::read(index, &self.seal).map_err(|error| signature(error.to_string()))?;
        seal.check_signature(&self.seal, key).map_err(|error| signature(error.to_string()))?;
        check_inclusion(&seal.id.0, index, checkpoint.size, &self.seal_path, &checkpoint.root)
            .map_err(|error| NotProved::Proof(error.to_string()))?;
        Ok(seal)
    }

    /// The rows are the whole docket that the seal commits to.
    fn check_rows(&self, seal: &Seal) -> Result<(), NotProved> {
        let start = DocketValue { count: 0, step: DOCKET_START };
        let value = self.rows.iter().fold(start, |value, row| DocketValue {
            count: value.count + 1,
            step: docket_step(&value.step, row.index, row.time_ms, &row.id.0),
        });
        let value = (!self.rows.is_empty()).then_some(&value);
        let key = docket_key(&self.subject.to_string());
        self.proof.check(&key, value, &seal.dockets).map_err(|error| NotProved::Proof(error.to_string()))
    }

    /// What stands where the row of the statement should; `None` if it stands there.
    fn instead(&self, index: u64, id: &Hash, given_s: Option<u64>) -> Option<Instead> {
        let named = self.rows.iter().find(|row| row.id.0 == *id);
        let placed = self.rows.iter().find(|row| row.index == index);
        match (named, placed) {
            _ if self.rows.is_empty() => Some(Instead::NoDocket),
            // The time of the batch is not later than that of the seal under which the receipt was given.
            (Some(row), _) if row.index == index => {
                given_s.is_some_and(|given_s| row.time_ms / 1_000 > given_s).then_some(Instead::Later(row.time_ms))
            }
            (Some(row), _) => Some(Instead::OtherIndex(row.index)),
            (None, Some(row)) => Some(Instead::OtherStatement(row.id.0)),
            (None, None) => Some(Instead::Nothing),
        }
    }

    pub(in crate::evidence::caught) fn to_value(&self) -> Value {
        let named = self.promise.named.iter().map(|statement| Value::bytes(statement.bytes())).collect();
        let row = |row: &ListEntry| {
            Value::Array(vec![Value::uint(row.index), Value::uint(row.time_ms), Value::bytes(row.id.0)])
        };
        let mut fields = vec![
            ("statement", Value::bytes(self.promise.statement.bytes())),
            ("named", Value::Array(named)),
            ("promise", self.promise.word.to_value()),
            ("checkpoint", Value::text(self.checkpoint.note().to_string())),
            ("seal", Value::Array(vec![Value::bytes(self.seal.bytes()), hashes_value(&self.seal_path)])),
            ("subject", Value::text(self.subject.to_string())),
            ("siblings", hashes_value(&self.proof.siblings)),
            ("rows", Value::Array(self.rows.iter().map(row).collect())),
        ];
        if let Some((key, value)) = &self.proof.other {
            fields.push(("other", Value::Array(vec![Value::bytes(*key), Value::bytes(*value)])));
        }
        Value::record(fields)
    }

    pub(in crate::evidence::caught) fn read(item: &Item<'_>) -> Result<Self, EvidenceError> {
        const FIELDS: [&str; 8] =
            ["statement", "named", "promise", "checkpoint", "seal", "subject", "siblings", "rows"];
        let shape = EvidenceError::Shape;
        let (parts, other) = match item.field("other") {
            None => (fields(item, FIELDS), None),
            Some(other) => (with_other(item, FIELDS), Some(read_other(&other)?)),
        };
        let [statement, named, promise, checkpoint, seal, subject, siblings, rows] =
            parts.ok_or(shape("an omission has exactly its eight fields, and `other` where it shows another leaf"))?;
        let statement = read_statement(&statement)?;
        let named = named.array().filter(|named| named.remaining() <= NAMED_MAX as u64);
        let named = named.ok_or(shape("at most two statements are named"))?;
        let named = named.map(|item| read_statement(&item)).collect::<Result<_, _>>()?;
        let [seal, seal_path] = members(&seal).ok_or(shape("the seal is its statement and its path"))?;
        let rows = read_rows(&rows).ok_or(shape("rows are at most 65536 times [index, time, id]"))?;
        if other.is_some() && !rows.is_empty() {
            return Err(shape("another leaf shows that there is no docket, and there are rows"));
        }
        let subject = subject.text().and_then(|subject| subject.parse().ok());
        let siblings = hashes(&siblings, MAP_SIBLINGS_MAX);
        Ok(Self {
            promise: Promise { statement, named, word: Word::read(&promise)? },
            checkpoint: read_checkpoint(checkpoint.text().ok_or(shape("the checkpoint is text"))?)?,
            seal: read_statement(&seal)?,
            seal_path: read_path(&seal_path)?,
            subject: subject.ok_or(shape("the subject is the text of one"))?,
            proof: MapProof { siblings: siblings.ok_or(shape("siblings are at most 256 hashes"))?, other },
            rows,
        })
    }
}

/// How many statements `statement` names, one by way of the other.
fn names_count(statement: &Statement, named: &[Statement]) -> usize {
    let names = |statement: &Statement| statement.names().is_ok_and(|id| id.is_some());
    std::iter::once(statement).chain(named).take_while(|statement| names(statement)).count()
}

/// The eight fields of a map that has `other` besides.
fn with_other<'a, const N: usize>(item: &Item<'a>, names: [&str; N]) -> Option<[Item<'a>; N]> {
    if item.map()?.remaining() != N as u64 + 1 {
        return None;
    }
    let values: Option<Vec<Item<'a>>> = names.iter().map(|name| item.field(name)).collect();
    values?.try_into().ok()
}

fn read_other(item: &Item<'_>) -> Result<(Hash, [u8; DOCKET_VALUE_LEN]), EvidenceError> {
    let read = || {
        let [key, value] = members(item)?;
        Some((key.byte_array()?, value.byte_array()?))
    };
    read().ok_or(EvidenceError::Shape("another leaf is a key of 32 and a value of 40 bytes"))
}

fn read_statement(item: &Item<'_>) -> Result<Statement, EvidenceError> {
    let bytes = item.bytes().ok_or(EvidenceError::Shape("a statement is a byte string"))?;
    Statement::parse(bytes).map_err(|error| EvidenceError::Part(format!("statement: {error}")))
}

fn read_rows(item: &Item<'_>) -> Option<Vec<ListEntry>> {
    let rows = item.array().filter(|rows| rows.remaining() <= DOCKET_FILE_ENTRIES_MAX as u64)?;
    // The members were counted when the file was read: no head claims more than its bytes hold.
    let mut read = Vec::with_capacity(rows.remaining() as usize);
    for row in rows {
        let [index, time_ms, id] = members(&row)?;
        read.push(ListEntry::new(index.uint()?, time_ms.uint()?, crate::crypto::Digest(id.byte_array()?)));
    }
    Some(read)
}
