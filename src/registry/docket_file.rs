//! Building docket files (formats §9) at the newest signed head.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crypto::Digest;
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

/// A statement's place in a docket.
struct Row {
    index: u64,
    seal_index: u64,
    time_ms: u64,
    id: Digest,
}

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
        let rows = self.rows(subject)?;
        rows.into_iter().map(|row| self.statement(row.index)).collect()
    }

    /// The whole docket of `subject`, summed up and compared with the map: a reader would find an altered row, but
    /// could not tell damage from deceit.
    fn rows(&self, subject: &Subject) -> Result<Vec<Row>, ReadError> {
        check_limit(self.dockets.count(subject)?)?;
        let indexes = self.dockets.indexes(subject, 0, usize::MAX)?;
        let rows: Vec<Row> = indexes.into_iter().map(|index| self.row(index)).collect::<Result<_, _>>()?;
        self.dockets.check(subject, rows.iter().map(|row| (row.index, row.time_ms, row.id)))?;
        Ok(rows)
    }

    fn row(&self, index: u64) -> Result<Row, ReadError> {
        let (seal_index, time_ms) = self.reader.covering_seal(index)?;
        Ok(Row { index, seal_index, time_ms, id: Digest(self.reader.node(NodeId::leaf(index))?) })
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
        let published = self.shown()?;
        let checkpoint = published.checkpoint.as_ref().ok_or_else(|| self.unsigned())?.to_string();
        let subjects = self.required_dockets(&published, about)?;
        let mut shelf = Shelf::new(&published);
        let (mut dockets, mut seals, mut total) = (Vec::new(), BTreeSet::new(), 0);
        for subject in subjects {
            let rows = shelf.rows(&subject)?;
            total += rows.len() as u64;
            check_limit(total)?;
            let proof = shelf.dockets.prove(&subject)?.proof;
            let entries = match subject.is_list() {
                true => {
                    let entry = |row: &Row| ListEntry::new(row.index, row.time_ms, row.id);
                    EntriesParts::List(rows.iter().map(entry).collect())
                }
                false => {
                    seals.extend(rows.iter().map(|row| row.seal_index));
                    EntriesParts::Full(rows.iter().map(|row| shelf.entry(row.index)).collect::<Result<_, _>>()?)
                }
            };
            dockets.push(DocketParts { subject, proof, entries });
        }
        let last = shelf.reader.head().seal.map(|seal| seal.index).unwrap_or_default();
        seals.insert(last);
        let seals = seals.into_iter().map(|index| shelf.entry(index)).collect::<Result<_, _>>()?;
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
