//! What anyone checks offline: checkpoint, receipt, docket file, trust policy, and [`verify`].
//!
//! One file, one policy, no network: [`verify`] answers whether an agreement exists, that nothing about it is changed
//! or left out, and how it stood on a day; or that there is none. This page tells why each step is there.
//!
//! # What commits to what
//!
//! ```text
//!   statement bytes ──leaf──▶ tree root ──▶ checkpoint ──signed──▶ log key        (you pin it)
//!        ▲                       ▲               └──────cosigned──▶ witnesses     (you choose them)
//!        │                       │ leaf
//!        │ id               last seal ── time, chain, docket root
//!        │                                            ▲
//!   docket: (index, time, id) … ──steps──▶ digest ──leaf of the docket map
//! ```
//!
//! A **leaf** is the hash of a statement's exact bytes, which is also its id. The **tree** over all leaves has one root,
//! and the **checkpoint** is the log's signature under that root and the number of entries. The log cannot sign for two
//! trees without leaving two signatures that contradict each other, and witnesses cosign only what extends what they
//! have seen. So a leaf with a path to the root is an entry, at that place, for everybody.
//!
//! A **seal** is an entry that the log itself writes to close each batch. It carries the registration time of the batch
//! and the root of the **docket map**: for each subject the number of statements that touch it and a digest over all of
//! them in order. Inclusion proves that something *is* there; only the docket map proves that this *is all*, or that
//! there is nothing.
//!
//! # The steps, and why each is where it is
//!
//! Each step uses only what the steps before it have proved; the first that fails ends it, and what comes after is
//! reported as not run, never as passed. [`Step`] is the one table of their names.
//!
//! 1. `file-format`. Everything that needs neither key nor hash, so that a malformed file costs the least. Which dockets
//!    belong to the file is decided here ([`required_dockets`]): without the offer behind an acceptance, the docket of a
//!    predecessor, or the keys of somebody who signed, the answer would rest on something that nobody showed.
//! 2. `checkpoint-signature`. From here on one root is fixed. Whose key it is comes from the policy, not from the file.
//! 3. `witness-quorum`. Enough witnesses that you chose have seen the same root. A line of a known witness that does not
//!    verify refuses the file even where the quorum holds without it: somebody put it there.
//! 4. `seal-inclusion`, 5. `seal-signature`. The seals are entries of this tree and the log's own. Only now their times
//!    and docket roots mean anything.
//! 6. `seal-order`. Every entry has exactly one seal that closes its batch, so that it has exactly one registration time.
//!    An entry carries no time of its own that could differ.
//! 7. `docket-digest`. Each docket leads to the docket root of the *last* seal: complete, in order, or absent. A log that
//!    lies could still keep a statement out of one docket and show it in another; therefore every statement must stand
//!    in each docket of the file that its bytes say it touches, and in no other. Entry 0 must be the genesis that names
//!    this origin and this log key.
//! 8. `entry-inclusion`. The digest proves that the log *says* these are entries; the path proves it against the tree that
//!    witnesses saw and auditors recompute.
//! 9. `statement-signature`. Each by the key that it names, strictly, one by one. A bad byte or signature anywhere
//!    refuses the whole file: there is no partial answer. The keys are those that the file enrols.
//! 10. `freshness`, if asked. The newest seal is the log's own proof of how late it was.
//! 11. `key-authority`, 12. `rules`, 13. `standing`. The public rules (`agreement`) over the complete dockets, the same for
//!     everyone. A statement that should not have been admitted has no effect and is listed; the step fails, and the
//!     standing is computed all the same, for the reader must see both (rule 14).
//!
//! # What is not proven
//!
//! [`Verification::not_proven`] is printed with every answer. That a party is who the registrar says it is: pin its keys
//! ([`Trust::party_keys`]) to take that on yourself. That the log computed its docket root honestly: whoever recomputes
//! the log sees it, and a [`Receipt`] for a statement that a later file should hold but lacks is portable proof of fraud
//! ([`Omission`]). What convicts a log is a file of its own ([`EvidenceFile`], docs/spec/evidence.md).
//! That a seal's time is true beyond what the clocks of witnesses and monitors saw.
//!
//! # The types
//!
//! [`SignedCheckpoint`] and [`Policy`] are whom to trust; [`Seal`] and [`Receipt`] ([`TlogProof`] as text) are made by the
//! log and checked by everyone; [`DocketFile`] is a file of good form, [`CheckedFile`] one that passed every step that needs no domain
//! rule, and there is no other way to make one; [`Verification`] is the answer, [`GateReport`] that of a tender's question,
//! [`SeamReport`] that of whoever follows a log that ended to the one that continues it.
//!
//! Nothing here knows a clock, a network or a file system: whom to trust, what is asked and what time it is are
//! arguments. No reader panics on outside bytes or holds more than twice its input.
//!
//! Out of scope: consistency of two checkpoints (`merkle`), what follows from a docket (`agreement`), fetching anything.

mod caught;
mod checkpoint;
mod docket_file;
pub mod foreign;
mod gate;
mod line;
mod policy;
mod question;
mod receipt;
mod seal;
mod seam;
mod step;
mod summary;
mod text;
mod tlog_proof;
mod transparent;
mod verify;
pub mod witness;

pub use crate::evidence::caught::{
    EVIDENCE_LEN_MAX, EvidenceError, EvidenceFile, FORK_LEN_MAX, Fork, Instead, NotProved, OMISSION_LEN_MAX, Omission,
    Promise, Proved, SignedHead, Suspicion, Word,
};
pub use crate::evidence::checkpoint::{CHECKPOINT_SIZE_MIN, Checkpoint, CheckpointError, SignedCheckpoint};
pub use crate::evidence::docket_file::*;
pub use crate::evidence::gate::{GateAnswer, GateFinding, GateKnown, GateQuestion, GateReason, GateReport, gate};
pub use crate::evidence::line::{HistoryLine, PartyLine, PartyTrust};
pub use crate::evidence::policy::{
    Cosigner, POLICY_LEN_MAX, POLICY_LINES_MAX, POLICY_NAME_LEN_MAX, Policy, PolicyError, PolicyFault, Quorum,
};
pub use crate::evidence::question::{KnownUpTo, Question};
pub use crate::evidence::receipt::{
    RECEIPT_LEN_MAX, Receipt, ReceiptClaims, ReceiptError, VerifiedReceipt, receipt_tbs,
};
pub use crate::evidence::seal::{FIRST_SEAL_INDEX, SEAL_TIME_MS_MAX, Seal, SealError};
pub use crate::evidence::seam::{Seam, SeamAnswer, SeamReport, check_seam};
pub use crate::evidence::step::{Check, Checks, Outcome, Step};
pub use crate::evidence::text::{
    GivenIs, GivenText, SALT_LEN, TextClaim, TextLine, TextsAnswer, TextsReport, compare_texts, fingerprint,
};
pub use crate::evidence::tlog_proof::{TLOG_PROOF_LEN_MAX, TlogProof, TlogProofError};
pub use crate::evidence::transparent::{
    TRANSPARENT_LEN_MAX, TRANSPARENT_RECEIPTS_MAX, TransparentError, attach_receipts, detach_receipts,
};
pub use crate::evidence::verify::{AsKnownAt, Trust, Verdict, Verification, verify, verify_and_fold};
