//! The docket file (formats §9): one file from which a stranger, offline, for ever, learns what was agreed.

mod closure;
mod model;
mod reader;
mod writer;

pub use crate::evidence::docket_file::closure::{ClosureError, HEIR_GENERATIONS_MAX, required_dockets};
pub use crate::evidence::docket_file::model::{
    DOCKET_FILE_ENTRIES_MAX, DOCKET_FILE_LEN_MAX, Docket, DocketFile, DocketFileParts, DocketParts, Entries,
    EntriesParts, Entry, EntryParts, FileStatement, HashList, ListEntry, SealEntry,
};
pub use crate::evidence::docket_file::reader::FileFormatError;
pub use crate::evidence::docket_file::writer::{FileLimitError, write_docket_file};
