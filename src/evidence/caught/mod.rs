//! Evidence against a log: small files that anyone checks offline with the log's key alone (docs/spec/evidence.md).
//!
//! A log that lies leaves signatures that contradict each other. An [`EvidenceFile`] holds just those, and what shows that
//! they cannot both be an honest log's: a [`Fork`] (two histories) or an [`Omission`] (a statement that the log promised and
//! then left out). A [`Suspicion`] holds two checkpoints of which the log would not show that one extends the other: it proves
//! nothing, and asks for an answer.
//!
//! - C1. *An honest log cannot be framed.* Whatever a stranger puts beside the log's signatures is bound to them by a hash:
//!   other bytes lead to other roots. A proof that *fails* is never evidence, for anybody can make one.
//! - C2. *Every byte counts.* There is one spelling, no part that is not checked, and no signature but the log's: a file in
//!   which one byte is changed proves nothing.
//! - C3. *Nothing more than is needed.* Cosignatures and all else that the claim does not rest on are left out.
//! - C4. Whose key the log's is comes from the caller, never from the file.
//!
//! Out of scope: a wrong docket root or chain that shows only to who recomputes the log from its entries (an auditor).

mod file;
mod fork;
mod head;
mod omission;
mod suspicion;

pub use crate::evidence::caught::file::{
    EVIDENCE_LEN_MAX, EvidenceError, EvidenceFile, FORK_LEN_MAX, Instead, NotProved, OMISSION_LEN_MAX, Proved,
};
pub use crate::evidence::caught::fork::Fork;
pub use crate::evidence::caught::head::SignedHead;
pub use crate::evidence::caught::omission::{Omission, Promise, Word};
pub use crate::evidence::caught::suspicion::Suspicion;
