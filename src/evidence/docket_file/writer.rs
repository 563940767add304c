//! Writing a docket file.
//!
//! The bytes are written by hand, head by head: a file is up to 64 MiB of statements and hashes that are in memory
//! already, and nobody signs or hashes a docket file. Keys stand in the order of RFC 8949 §4.2.1, so that the strict
//! reader takes it; [`write_docket_file`] is held to the reader by the golden files.

use crate::evidence::docket_file::{
    DOCKET_FILE_DOCKETS_MAX, DOCKET_FILE_ENTRIES_MAX, DOCKET_FILE_LEN_MAX, DocketFileParts, DocketParts, EntriesParts,
    EntryParts, ListEntry,
};
use crate::merkle::Hash;

/// Why a docket file is not written: it is never cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileLimitError {
    /// More than [`DOCKET_FILE_ENTRIES_MAX`] entries.
    #[error("the file would have {count} entries, the limit is 65536")]
    TooManyEntries {
        /// How many there are.
        count: usize,
    },
    /// More than [`DOCKET_FILE_DOCKETS_MAX`] dockets.
    #[error("the file would have {count} dockets, the limit is 65536")]
    TooManyDockets {
        /// How many there are.
        count: usize,
    },
    /// Longer than [`DOCKET_FILE_LEN_MAX`].
    #[error("the file would be {len} bytes long, the limit is 64 MiB")]
    TooLong {
        /// How long it would be, in bytes.
        len: usize,
    },
}

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// The bytes of a docket file. Its content is written as given: who builds a file verifies it before it is handed out.
///
/// # Errors
/// [`FileLimitError`], naming the limit.
pub fn write_docket_file(parts: &DocketFileParts) -> Result<Vec<u8>, FileLimitError> {
    let count = parts.dockets.iter().map(|docket| docket.entries.len()).sum();
    if count > DOCKET_FILE_ENTRIES_MAX {
        return Err(FileLimitError::TooManyEntries { count });
    }
    if parts.dockets.len() > DOCKET_FILE_DOCKETS_MAX {
        return Err(FileLimitError::TooManyDockets { count: parts.dockets.len() });
    }
    let mut out = Writer(Vec::new());
    out.head(MAP, 6);
    out.text("v");
    out.head(UNSIGNED, 1);
    out.text("about");
    out.text(&parts.about.to_string());
    out.text("seals");
    out.entries(&parts.seals);
    out.text("origin");
    out.text(parts.origin.as_str());
    out.text("dockets");
    out.head(ARRAY, parts.dockets.len() as u64);
    parts.dockets.iter().for_each(|docket| out.docket(docket));
    out.text("checkpoint");
    out.text(&parts.checkpoint);
    match out.0.len() {
        len if len > DOCKET_FILE_LEN_MAX => Err(FileLimitError::TooLong { len }),
        _ => Ok(out.0),
    }
}

impl EntriesParts {
    fn len(&self) -> usize {
        match self {
            Self::Full(entries) => entries.len(),
            Self::List(entries) => entries.len(),
        }
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn docket(&mut self, docket: &DocketParts) {
        self.head(MAP, if docket.proof.other.is_some() { 4 } else { 3 });
        if let Some((key, value)) = &docket.proof.other {
            self.text("other");
            self.head(ARRAY, 2);
            self.bytes(key);
            self.bytes(value);
        }
        self.text("entries");
        match &docket.entries {
            EntriesParts::Full(entries) => self.entries(entries),
            EntriesParts::List(entries) => {
                self.head(ARRAY, entries.len() as u64);
                entries.iter().for_each(|entry| self.list_entry(entry));
            }
        }
        self.text("subject");
        self.text(&docket.subject.to_string());
        self.text("siblings");
        self.hashes(&docket.proof.siblings);
    }

    fn entries(&mut self, entries: &[EntryParts]) {
        self.head(ARRAY, entries.len() as u64);
        for entry in entries {
            self.head(MAP, 3);
            self.text("path");
            self.hashes(&entry.path);
            self.text("index");
            self.head(UNSIGNED, entry.index);
            self.text("statement");
            self.bytes(entry.statement.bytes());
        }
    }

    fn list_entry(&mut self, entry: &ListEntry) {
        self.head(MAP, 3);
        self.text("id");
        self.bytes(&entry.id.0);
        self.text("time");
        self.head(UNSIGNED, entry.time_ms);
        self.text("index");
        self.head(UNSIGNED, entry.index);
    }

    fn hashes(&mut self, hashes: &[Hash]) {
        self.head(ARRAY, hashes.len() as u64);
        hashes.iter().for_each(|hash| self.bytes(hash));
    }

    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend(bytes);
    }

    /// A head in its shortest form (RFC 8949 §4.2.1).
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(major | bytes[7]),
            24..=0xFF => self.0.extend([major | 24, bytes[7]]),
            0x100..=0xFFFF => {
                self.0.push(major | 25);
                self.0.extend(&bytes[6..]);
            }
            0x1_0000..=0xFFFF_FFFF => {
                self.0.push(major | 26);
                self.0.extend(&bytes[4..]);
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend(bytes);
            }
        }
    }
}
