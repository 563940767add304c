//! Entries, proofs and receipts at the newest published head.

use std::collections::BTreeMap;

use crate::agreement::{KnownAt, On, Standing, World};
use crate::crypto::Digest;
use crate::merkle::Hash;
use crate::registry::stored::{acts_of, registration_of};
use crate::registry::{ReadError, Registry};
use crate::statement::{StatementId, Subject};

/// A logged statement in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its index.
    pub index: u64,
    /// Registration time: that of the seal closing its batch, unix milliseconds.
    pub time_ms: u64,
    /// The index of that seal.
    pub seal_index: u64,
    /// The exact bytes of the statement.
    pub statement: Vec<u8>,
}

/// A proof that entry `index` stands in the tree of `size` entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry.
    pub index: u64,
    /// Size of the tree.
    pub size: u64,
    /// Leaf to root.
    pub path: Vec<Hash>,
    /// Root of the tree of that size.
    pub root: Hash,
}

impl Registry {
    /// The statement at `index`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] at or beyond the size.
    pub fn entry(&self, index: u64) -> Result<EntryRow, ReadError> {
        let published = self.shown()?;
        let size = published.reader.head().size();
        let beyond = || ReadError::OutOfRange { what: format!("there is no entry {index} yet"), size };
        let entry = published.reader.entry(index)?.ok_or_else(beyond)?;
        let (seal_index, time_ms) = registration_of(&published.reader, index)?;
        Ok(EntryRow { index, time_ms, seal_index, statement: entry.bytes })
    }

    /// Where the statement `id` stands.
    ///
    /// # Errors
    /// [`ReadError::NotFound`].
    pub fn index_of(&self, id: &StatementId) -> Result<u64, ReadError> {
        let found = self.shown()?.reader.index_of(&id.0)?;
        found.ok_or_else(|| ReadError::NotFound { what: format!("the statement {id}") })
    }

    /// The proof that entry `index` stands in the tree of `size` entries; of the newest checkpoint if `None`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`].
    pub fn inclusion(&self, index: u64, size: Option<u64>) -> Result<InclusionProof, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        let size = size.unwrap_or(reader.head().size());
        let path = reader.inclusion(index, size)?;
        Ok(InclusionProof { index, size, path, root: reader.root_at(size)? })
    }

    /// The proof that the tree of `new` entries (of the newest checkpoint if `None`) extends that of `old`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`].
    pub fn consistency(&self, old: u64, new: Option<u64>) -> Result<Vec<Hash>, ReadError> {
        let published = self.shown()?;
        let size = published.reader.head().size();
        let new = new.unwrap_or(size);
        if old == 0 || old > new || new > size {
            let what = format!("sizes {old} and {new} are not 1 ≤ old ≤ new");
            return Err(ReadError::OutOfRange { what, size });
        }
        Ok(published.reader.consistency(old, new)?)
    }

    /// The receipt of entry `index` in the tree of `size` entries, which a checkpoint must end; of the newest
    /// checkpoint if `None`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`], [`ReadError::NotFound`], [`ReadError::ReadOnly`].
    pub fn receipt(&self, index: u64, size: Option<u64>) -> Result<Vec<u8>, ReadError> {
        if let crate::registry::Mode::ReadOnly { reason } = self.mode() {
            return Err(ReadError::ReadOnly { reason });
        }
        let published = self.shown()?;
        published.checkpoint.as_ref().ok_or_else(|| self.unsigned())?;
        self.receipt_in(&published.reader, index, size.unwrap_or(published.reader.head().size()))
    }

    /// How `about` stands on a day, as known at the seal with index `known_at` (the newest if `None`). The
    /// registry's word: whoever needs proof asks for the docket file and folds it.
    ///
    /// # Errors
    /// [`ReadError`], also if `known_at` is no seal.
    pub fn standing(&self, about: &Subject, on: On, known_at: Option<u64>) -> Result<Standing, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        let size = reader.head().size();
        let index = known_at.or(reader.head().seal.map(|seal| seal.index)).unwrap_or_default();
        let not_a_seal = || ReadError::OutOfRange { what: format!("no seal stands at {index}"), size };
        let time_ms = reader.seal_time(index)?.ok_or_else(not_a_seal)?;
        let mut dockets = BTreeMap::new();
        for subject in self.required_dockets(&published, about)? {
            if !subject.is_list() {
                let acts = acts_of(reader, &published.view.map, &subject)?;
                dockets.insert(subject, acts);
            }
        }
        let world = World::replay(self.origin().clone(), &dockets, Some(index));
        Ok(world.standing(about, on, KnownAt { index, time_ms }))
    }

    /// The id of the entry at `index`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`].
    pub fn id_of(&self, index: u64) -> Result<Digest, ReadError> {
        let entry = self.entry(index)?;
        Ok(Digest(crate::merkle::leaf_hash(&entry.statement)))
    }
}
