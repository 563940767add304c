//! The signed envelope, kinds and their bodies, names, what a statement touches.
//!
//! A statement is one signed act of one party on one subject, in bytes that never change: the log entry, the leaf
//! and the thing a docket file carries are the same bytes. [`Statement::parse`] decides form only, so that a
//! verifier older than the log can still place a kind it does not know.

mod admission;
mod envelope;
mod name;
mod subject;
mod touches;

pub use admission::{TextError, check_texts};
pub use envelope::{
    Draft, GENESIS_KIND, IAT_MAX, Issuer, SEAL_KIND, STATEMENT_LEN_MAX, SUBMISSION_LEN_MAX, Statement, StatementError,
    StatementId, Unsigned,
};
pub use name::{
    GovernmentOrCountry, KIND_LEN_MAX, KindName, LABEL_LEN_MAX, NameError, ORIGIN_LEN_MAX, Origin, Party, Reference,
};
pub use subject::{RollName, Subject};
pub use touches::{GOVERNMENTS_MAX, Named, NamedRole, TOUCHES_MAX, TouchesError};
