//! What anyone checks offline: checkpoint, receipt, docket file, trust policy, and `verify`.

mod checkpoint;
mod docket_file;
mod policy;
mod receipt;
mod seal;
mod step;
mod transparent;
mod verify;

pub use crate::evidence::checkpoint::{CHECKPOINT_SIZE_MIN, Checkpoint, CheckpointError, SignedCheckpoint};
pub use crate::evidence::docket_file::*;
pub use crate::evidence::policy::{Cosigner, Policy, PolicyError, PolicyFault, Quorum};
pub use crate::evidence::receipt::{
    RECEIPT_LEN_MAX, Receipt, ReceiptClaims, ReceiptError, VerifiedReceipt, receipt_tbs,
};
pub use crate::evidence::seal::{FIRST_SEAL_INDEX, SEAL_TIME_MS_MAX, Seal, SealError};
pub use crate::evidence::step::{Check, Checks, Outcome, Step};
pub use crate::evidence::transparent::{
    TRANSPARENT_LEN_MAX, TRANSPARENT_RECEIPTS_MAX, TransparentError, attach_receipts, detach_receipts,
};
pub use crate::evidence::verify::{
    AsKnownAt, HistoryLine, PartyLine, PartyTrust, Question, Trust, Verdict, Verification, verify,
};
