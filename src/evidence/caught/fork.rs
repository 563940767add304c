//! A fork: the log's signatures under two histories that cannot both be one log's.
//!
//! Two heads of different sizes contradict each other only if something shows it, and a consistency proof that fails shows
//! nothing (C1). What shows it is a proof that *holds*: from another root at the earlier size to the later signed root. The
//! later tree then has that other root there, for its hashes have no second preimage; and the log signed a different one.
//! Whoever holds the later tree can make this proof, and a log that serves it does so whenever it is asked for an honest
//! consistency proof. A receipt shows a fork without any proof between trees: two statements with paths to two signed heads,
//! both as entry `index`.

use crate::codec::{Item, Value};
use crate::crypto::KeyLine;
use crate::evidence::caught::SignedHead;
use crate::evidence::caught::file::{
    EvidenceError, NotProved, Proved, fields, hashes_value, members, path as read_path,
};
use crate::evidence::seal::Seal;
use crate::merkle::{Hash, ProofError, check_consistency, check_inclusion};
use crate::statement::{Origin, Statement};

/// Evidence of two histories. There are three forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// The tree of the later head has `root` at the size of the earlier.
    Prefix { heads: [SignedHead; 2], root: Hash, path: Vec<Hash> },
    /// Two statements are entry `index`, each in the tree of its head.
    Entries { heads: [SignedHead; 2], index: u64, entries: [(Hash, Vec<Hash>); 2] },
    /// Two seals that contradict each other by themselves.
    Seals { seals: Box<[Statement; 2]> },
}

impl Fork {
    /// Two heads of one size and two roots; `None` if they are anything else.
    pub fn of_one_size(log: &KeyLine, one: SignedHead, other: SignedHead) -> Option<Self> {
        let root = std::cmp::max(*one.root(), *other.root());
        Self::of_prefix(log, one, other, root, Vec::new())
    }

    /// Two heads, and what shows that the tree of the later has `root` at the size of the earlier: the consistency path
    /// (RFC 9162 §2.1.4.1) from there. `None` unless this proves a fork.
    pub fn of_prefix(log: &KeyLine, one: SignedHead, other: SignedHead, root: Hash, path: Vec<Hash>) -> Option<Self> {
        let heads = if rank(&one) <= rank(&other) { [one, other] } else { [other, one] };
        Self(Form::Prefix { heads, root, path }).if_proved(log)
    }

    /// Two heads, and the consistency path that was shown between them and does not lead from the root of the earlier.
    /// `None` where the path leads from nowhere to the later root, or where the sizes make the log leave out its first
    /// hash (the earlier is a power of two): then [`Fork::of_prefix`] needs the root from elsewhere.
    pub fn of_shown_path(log: &KeyLine, one: SignedHead, other: SignedHead, path: &[Hash]) -> Option<Self> {
        let (earlier, later) = if rank(&one) <= rank(&other) { (&one, &other) } else { (&other, &one) };
        let shown = check_consistency(earlier.size(), later.size(), earlier.root(), later.root(), path);
        match shown {
            Err(ProofError::EarlierRootMismatch { computed, .. }) => {
                Self::of_prefix(log, one, other, computed, path.to_vec())
            }
            _ => Self::of_one_size(log, one, other),
        }
    }

    /// Two statements, each with its path to a signed head, as one entry; `None` unless this proves a fork.
    pub fn of_entries(
        log: &KeyLine,
        index: u64,
        one: (SignedHead, Hash, Vec<Hash>),
        other: (SignedHead, Hash, Vec<Hash>),
    ) -> Option<Self> {
        let (first, second) = if one.1 <= other.1 { (one, other) } else { (other, one) };
        let (heads, entries) = ([first.0, second.0], [(first.1, first.2), (second.1, second.2)]);
        Self(Form::Entries { heads, index, entries }).if_proved(log)
    }

    /// Two seals; `None` unless they contradict each other.
    pub fn of_seals(log: &KeyLine, one: Statement, other: Statement) -> Option<Self> {
        let seals = if one.id() <= other.id() { [one, other] } else { [other, one] };
        Self(Form::Seals { seals: Box::new(seals) }).if_proved(log)
    }

    fn if_proved(self, log: &KeyLine) -> Option<Self> {
        let is_written_so =
            Self::read(&Item::read(&crate::codec::encode(&self.to_value())).ok()?).as_ref() == Ok(&self);
        (is_written_so && self.check(log).is_ok()).then_some(self)
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        match &self.0 {
            Form::Prefix { heads, .. } | Form::Entries { heads, .. } => heads[0].origin(),
            Form::Seals { seals } => seals[0].origin(),
        }
    }

    /// Checks that the log of `key` signed both sides, and that they contradict each other.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self, key: &KeyLine) -> Result<Proved, NotProved> {
        match &self.0 {
            Form::Prefix { heads, root, path } => {
                heads.iter().try_for_each(|head| head.check(key))?;
                check_prefix(heads, root, path)
            }
            Form::Entries { heads, index, entries } => {
                heads.iter().try_for_each(|head| head.check(key))?;
                check_entries(heads, *index, entries)
            }
            Form::Seals { seals } => check_seals(seals, key),
        }
    }

    pub(in crate::evidence::caught) fn to_value(&self) -> Value {
        let heads_value = |heads: &[SignedHead; 2]| Value::Array(heads.iter().map(SignedHead::to_value).collect());
        match &self.0 {
            Form::Prefix { heads, root, path } => Value::record([
                ("heads", heads_value(heads)),
                ("root", Value::bytes(*root)),
                ("path", hashes_value(path)),
            ]),
            Form::Entries { heads, index, entries } => {
                let entry = |(id, path): &(Hash, Vec<Hash>)| Value::Array(vec![Value::bytes(*id), hashes_value(path)]);
                Value::record([
                    ("heads", heads_value(heads)),
                    ("index", Value::uint(*index)),
                    ("entries", Value::Array(entries.iter().map(entry).collect())),
                ])
            }
            Form::Seals { seals } => {
                let seals = seals.iter().map(|seal| Value::bytes(seal.bytes())).collect();
                Value::record([("seals", Value::Array(seals))])
            }
        }
    }

    pub(in crate::evidence::caught) fn read(item: &Item<'_>) -> Result<Self, EvidenceError> {
        if let Some([heads, root, path]) = fields(item, ["heads", "root", "path"]) {
            let heads = read_heads(&heads)?;
            if rank(&heads[0]) > rank(&heads[1]) {
                return Err(EvidenceError::Shape("the smaller head comes first, of one size the smaller root"));
            }
            let root = root.byte_array().ok_or(EvidenceError::Shape("a root is 32 bytes"))?;
            return Ok(Self(Form::Prefix { heads, root, path: read_path(&path)? }));
        }
        if let Some([heads, index, entries]) = fields(item, ["heads", "index", "entries"]) {
            let heads = read_heads(&heads)?;
            let index = index.uint().ok_or(EvidenceError::Shape("an index is a number"))?;
            let [first, second] = members(&entries).ok_or(EvidenceError::Shape("there are two entries"))?;
            let entries = [read_entry(&first)?, read_entry(&second)?];
            if entries[0].0 >= entries[1].0 {
                return Err(EvidenceError::Shape("the two entries are of two statements, the smaller id first"));
            }
            return Ok(Self(Form::Entries { heads, index, entries }));
        }
        if let Some([seals]) = fields(item, ["seals"]) {
            return read_seals(&seals).map(|seals| Self(Form::Seals { seals: Box::new(seals) }));
        }
        Err(EvidenceError::Shape("a fork is heads, root and path; heads, index and entries; or two seals"))
    }
}

/// The order of two heads: by size, of one size by root.
fn rank(head: &SignedHead) -> (u64, &Hash) {
    (head.size(), head.root())
}

fn read_heads(item: &Item<'_>) -> Result<[SignedHead; 2], EvidenceError> {
    let [one, other] = members(item).ok_or(EvidenceError::Shape("there are two heads"))?;
    let heads = [SignedHead::read(&one)?, SignedHead::read(&other)?];
    match heads[0].origin() == heads[1].origin() {
        true => Ok(heads),
        false => Err(EvidenceError::Shape("both heads are of one log")),
    }
}

fn read_entry(item: &Item<'_>) -> Result<(Hash, Vec<Hash>), EvidenceError> {
    let shape = EvidenceError::Shape("an entry is the id of a statement and its path");
    let [id, path] = members(item).ok_or(shape.clone())?;
    Ok((id.byte_array().ok_or(shape)?, read_path(&path)?))
}

fn read_seals(item: &Item<'_>) -> Result<[Statement; 2], EvidenceError> {
    let shape = EvidenceError::Shape("there are two seals of one log, the smaller id first");
    let [one, other] = members(item).ok_or(shape.clone())?;
    let read = |item: Item<'_>| {
        let bytes = item.bytes().ok_or(EvidenceError::Shape("a seal is a byte string"))?;
        Statement::parse(bytes).map_err(|error| EvidenceError::Part(format!("seal: {error}")))
    };
    let seals = [read(one)?, read(other)?];
    match seals[0].id() < seals[1].id() && seals[0].origin() == seals[1].origin() {
        true => Ok(seals),
        false => Err(shape),
    }
}

fn check_prefix(heads: &[SignedHead; 2], root: &Hash, path: &[Hash]) -> Result<Proved, NotProved> {
    let [earlier, later] = heads;
    check_consistency(earlier.size(), later.size(), root, later.root(), path)
        .map_err(|error| NotProved::Proof(error.to_string()))?;
    match (root == earlier.root(), earlier.size() == later.size()) {
        (true, _) => Err(NotProved::Honest("the later tree extends the earlier one")),
        (false, true) => Ok(Proved::TwoRoots { size: later.size(), roots: [*earlier.root(), *root] }),
        (false, false) => Ok(Proved::NotExtended {
            size: earlier.size(),
            signed: *earlier.root(),
            found: *root,
            later_size: later.size(),
        }),
    }
}

fn check_entries(heads: &[SignedHead; 2], index: u64, entries: &[(Hash, Vec<Hash>); 2]) -> Result<Proved, NotProved> {
    for (head, (id, path)) in heads.iter().zip(entries) {
        check_inclusion(id, index, head.size(), path, head.root())
            .map_err(|error| NotProved::Proof(error.to_string()))?;
    }
    // Two ids by form; under one root they would be a collision of SHA-256.
    Ok(Proved::TwoEntries { index, ids: [entries[0].0, entries[1].0] })
}

fn check_seals(seals: &[Statement; 2], key: &KeyLine) -> Result<Proved, NotProved> {
    // What a seal is about does not depend on its place, which is not in it.
    let read = |statement: &Statement| {
        let seal = Seal::read_body(0, statement).map_err(|error| NotProved::Signature(error.to_string()))?;
        seal.check_signature(statement, key).map_err(|error| NotProved::Signature(error.to_string()))?;
        Ok(seal)
    };
    let [one, other] = [read(&seals[0])?, read(&seals[1])?];
    let why = match () {
        // Of one log each seal has its own predecessor, its own beginning, and a time that grows with it (formats §5).
        () if one.from == other.from => "both close the batch that begins at one entry",
        () if one.prev == other.prev => "both follow the same seal",
        () if (one.from < other.from) != (one.time_ms < other.time_ms) || one.time_ms == other.time_ms => {
            "the later one has not the later time"
        }
        () => return Err(NotProved::Honest("the two seals follow each other")),
    };
    Ok(Proved::TwoSeals { ids: [seals[0].id().0, seals[1].id().0], why })
}
