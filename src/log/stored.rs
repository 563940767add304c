//! The rows of the log as they are stored, unchecked: for an auditor who trusts none of them.

use crate::log::Head;
use crate::log::row::{SEAL_PREFIX, id_key, tile_key, u64_of};
use crate::merkle::Hash;
use crate::storage::{Bytes, HEAD_KEY, Snapshot, StorageError, rows_between};

const ENTRY_PREFIX: u8 = b'e';
const ID_PREFIX: u8 = b'i';
const TILE_PREFIX: u8 = b't';

/// Entries fetched at once: at most 16 MiB.
const ENTRY_ROWS: usize = 256;
/// Tiles fetched at once: at most 1 MiB.
const TILE_ROWS: usize = 128;
/// Short rows fetched at once.
const SHORT_ROWS: usize = 4096;

/// A row with what its key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow<K> {
    /// What the key says; `None` if it is no key of this kind.
    pub place: Option<K>,
    /// Its value.
    pub value: Bytes,
}

/// The rows of the log in one snapshot.
#[derive(Clone, Copy)]
pub struct StoredLog<'a>(&'a dyn Snapshot);

impl<'a> StoredLog<'a> {
    /// Reads `snapshot`.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self(snapshot)
    }

    /// The head record: `None` if there is none, `Some(None)` if it does not hold its own checksum.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn head(self) -> Result<Option<Option<Head>>, StorageError> {
        Ok(self.0.get(HEAD_KEY)?.map(|record| Head::from_bytes(&record)))
    }

    /// The entry rows by index, each `chain(index + 1)` ‖ entry.
    pub fn entries(self) -> impl Iterator<Item = Result<StoredRow<u64>, StorageError>> + 'a {
        self.rows(ENTRY_PREFIX, ENTRY_ROWS, u64_of)
    }

    /// The entry row at `index`: `chain(index + 1)` ‖ entry.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn entry(self, index: u64) -> Result<Option<Bytes>, StorageError> {
        self.0.get(&crate::log::row::entry_key(index))
    }

    /// The seal rows by the seal's index, each its time.
    pub fn seals(self) -> impl Iterator<Item = Result<StoredRow<u64>, StorageError>> + 'a {
        self.rows(SEAL_PREFIX, SHORT_ROWS, u64_of)
    }

    /// The id rows by the first 16 bytes of an id, each an index.
    pub fn ids(self) -> impl Iterator<Item = Result<StoredRow<[u8; 16]>, StorageError>> + 'a {
        self.rows(ID_PREFIX, SHORT_ROWS, |key| key.try_into().ok())
    }

    /// The full tiles by level and position.
    pub fn tiles(self) -> impl Iterator<Item = Result<StoredRow<(u8, u64)>, StorageError>> + 'a {
        self.rows(TILE_PREFIX, TILE_ROWS, |key| {
            let (level, tile) = key.split_first()?;
            Some((*level, u64_of(tile)?))
        })
    }

    /// The index that the row of `id` says: `None` without a row, `Some(None)` if it is no index.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn index_of(self, id: &Hash) -> Result<Option<Option<u64>>, StorageError> {
        Ok(self.0.get(&id_key(id))?.map(|value| u64_of(&value)))
    }

    /// The hashes of the full tile at `level` and `tile`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn tile(self, level: u8, tile: u64) -> Result<Option<Bytes>, StorageError> {
        self.0.get(&tile_key(level, tile))
    }

    fn rows<K: 'a>(
        self,
        prefix: u8,
        page_rows: usize,
        read: impl Fn(&[u8]) -> Option<K> + 'a,
    ) -> impl Iterator<Item = Result<StoredRow<K>, StorageError>> + 'a {
        let rows = rows_between(self.0, vec![prefix], vec![prefix + 1], page_rows);
        rows.map(move |row| row.map(|(key, value)| StoredRow { place: read(&key[1..]), value }))
    }
}
