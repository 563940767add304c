//! Building docket files (formats §9) at the newest signed head.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::docket::DocketReader;
use crate::evidence::{
    ClosureError, DOCKET_FILE_ENTRIES_MAX, DocketFileParts, DocketParts, EntriesParts, EntryParts, ListEntry,
    required_dockets, write_docket_file,
};
use crate::log::{LogReader, Published};
use crate::merkle::{NodeId, NodeReader as _};
use crate::registry::desk::View;
use crate::registry::stored::statement_at;
use crate::registry::{ReadError, Registry};
use crate::statement::{Statement, Subject};

/// The statements of one file, each read once however many dockets it stands in.
struct Shelf<'a> {
    reader: &'a LogReader,
    dockets: DocketReader<'a>,
    statements: BTreeMap<u64, Arc<Statement>>,
}

impl<'a> Shelf<'a> {
    fn new(published: &'a Published<View>) -> Self {
        let dockets = DocketReader::new(published.reader.snapshot(), &published.view.map);
        Self { reader: &published.reader, dockets, statements: BTreeMap::new() }
    }

    fn statement(&mut self, index: u64) -> Result<Arc<Statement>, ReadError> {
        if let Some(statement) = self.statements.get(&index) {
            return Ok(Arc::clone(statement));
        }
        let statement = Arc::new(statement_at(self.reader, index)?);
        self.statements.insert(index, Arc::clone(&statement));
        Ok(statement)
    }

    fn docket(&mut self, subject: &Subject) -> Result<Vec<Arc<Statement>>, ReadError> {
        let indexes = self.indexes(subject)?;
        indexes.into_iter().map(|index| self.statement(index)).collect()
    }

    fn indexes(&self, subject: &Subject) -> Result<Vec<u64>, ReadError> {
        let count = self.dockets.count(subject)?;
        check_limit(count)?;
        Ok(self.dockets.indexes(subject, 0, usize::MAX)?)
    }

    fn entry(&mut self, index: u64) -> Result<EntryParts, ReadError> {
        let path = self.reader.inclusion(index, self.reader.head().size())?;
        Ok(EntryParts { index, statement: self.statement(index)?, path })
    }
}

fn check_limit(entries: u64) -> Result<(), ReadError> {
    match entries <= DOCKET_FILE_ENTRIES_MAX as u64 {
        true => Ok(()),
        false => Err(ReadError::TooLarge { limit: format!("{DOCKET_FILE_ENTRIES_MAX} entries") }),
    }
}

impl Registry {
    /// The docket file about `about` at the newest signed head: presence or absence, with everything a stranger
    /// needs to check it offline.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] beyond the limits of a file; [`ReadError::ReadOnly`] if there is no signed head.
    pub fn docket_file(&self, about: &Subject) -> Result<Vec<u8>, ReadError> {
        let published = self.published();
        let checkpoint = published.checkpoint.as_ref().ok_or_else(|| self.unsigned())?.to_string();
        let subjects = self.required_dockets(&published, about)?;
        let mut shelf = Shelf::new(&published);
        let (mut dockets, mut seals, mut total) = (Vec::new(), BTreeMap::new(), 0);
        for subject in subjects {
            let indexes = shelf.indexes(&subject)?;
            total += indexes.len() as u64;
            check_limit(total)?;
            let proof = shelf.dockets.prove(&subject)?.proof;
            let entries = match subject.is_list() {
                true => EntriesParts::List(list_entries(shelf.reader, &indexes)?),
                false => {
                    for index in &indexes {
                        let (seal, _) = shelf.reader.covering_seal(*index)?;
                        seals.insert(seal, ());
                    }
                    EntriesParts::Full(indexes.iter().map(|index| shelf.entry(*index)).collect::<Result<_, _>>()?)
                }
            };
            dockets.push(DocketParts { subject, proof, entries });
        }
        let last = shelf.reader.head().seal.map(|seal| seal.index).unwrap_or_default();
        seals.insert(last, ());
        let seals = seals.into_keys().map(|index| shelf.entry(index)).collect::<Result<_, _>>()?;
        let parts = DocketFileParts { about: about.clone(), origin: self.origin().clone(), checkpoint, seals, dockets };
        write_docket_file(&parts).map_err(|error| ReadError::TooLarge { limit: error.to_string() })
    }

    pub(in crate::registry) fn required_dockets(
        &self,
        published: &Published<View>,
        about: &Subject,
    ) -> Result<Vec<Subject>, ReadError> {
        let mut shelf = Shelf::new(published);
        required_dockets(about, DOCKET_FILE_ENTRIES_MAX, |subject| shelf.docket(subject)).map_err(|error| match error {
            ClosureError::Lookup(error) => error,
            other => ReadError::TooLarge { limit: other.to_string() },
        })
    }
}

fn list_entries(reader: &LogReader, indexes: &[u64]) -> Result<Vec<ListEntry>, ReadError> {
    let entry = |index: &u64| {
        let (_, time_ms) = reader.covering_seal(*index)?;
        let id = crate::crypto::Digest(reader.node(NodeId::leaf(*index))?);
        Ok(ListEntry::new(*index, time_ms, id))
    };
    indexes.iter().map(entry).collect()
}
