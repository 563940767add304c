//! The docket file (formats §9): one file from which a stranger, offline, for ever, learns what was agreed.

mod check;
mod closure;
mod digest;
mod growth;
mod keys;
mod model;
mod reader;
mod seals;
mod writer;

pub use crate::evidence::docket_file::check::{CLOCK_SKEW_MS_MAX, CheckedFile, FileCheck, Freshness, check_file};
pub use crate::evidence::docket_file::closure::{ClosureError, HEIR_GENERATIONS_MAX, parties_of, required_dockets};
pub use crate::evidence::docket_file::digest::DocketDigestError;
pub use crate::evidence::docket_file::growth::{GrowthError, check_growth};
pub use crate::evidence::docket_file::keys::StatementSignatureError;
pub use crate::evidence::docket_file::model::{
    DOCKET_FILE_DOCKETS_MAX, DOCKET_FILE_ENTRIES_MAX, DOCKET_FILE_LEN_MAX, Docket, DocketFile, DocketFileParts,
    DocketParts, Entries, EntriesParts, Entry, EntryParts, FileStatement, HashList, ListEntry, SealEntry,
};
pub use crate::evidence::docket_file::reader::FileFormatError;
pub use crate::evidence::docket_file::seals::SealOrderError;
pub(in crate::evidence) use crate::evidence::docket_file::seals::registration_time_ms;
pub use crate::evidence::docket_file::writer::{FileLimitError, write_docket_file};
