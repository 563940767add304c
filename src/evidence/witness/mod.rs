//! The exchange between a log and a witness (C2SP tlog-witness), as pure code: requests, the decision, answers.
//!
//! A witness keeps of each log the newest checkpoint that it cosigned, and cosigns another only if it is proved to extend
//! that one. It may be any log's: all that is asked of a log is an origin, an Ed25519 key, and the tree of RFC 6962.
//!
//! - X1 *Never two histories.* [`judge`] lets a checkpoint pass only if its tree is proved to extend the kept one, and never
//!   a smaller one. Whoever calls it keeps the new head, durably, before the cosignature leaves.
//! - X2 *The order of the checks is the specification's*, so that two witnesses give one answer: form, origin, signature,
//!   old size against the checkpoint, old size against what is kept, root or proof.
//! - X3 A line of a known key that does not verify is no signature, whatever other lines say; lines of unknown keys are passed over.
//! - X4 Extension lines are refused: monitors cannot audit them, and a cosignature would cover them.
//!
//! Where texts differ: another root at the kept size is answered 422, as a proof that cannot hold (formats §7, and what public
//! witnesses do). The text of tlog-witness says 409 there; a log does the same on either.
//!
//! Out of scope: who is asked and when (`registry`), what is kept where (`witness`), what time it is.

mod answer;
mod head;
mod pass;
mod request;
mod verdict;

pub use crate::evidence::witness::answer::{
    ANSWER_LEN_MAX, AnswerError, SIZE_MEDIA_TYPE, read_cosignatures, read_size, size_body,
};
pub use crate::evidence::witness::head::{HeadError, LogHead};
pub use crate::evidence::witness::pass::{PASS_AGE_MAX_S, Pass, PassError};
pub use crate::evidence::witness::request::{AddCheckpoint, REQUEST_LEN_MAX, RequestError};
pub use crate::evidence::witness::verdict::{KeptHead, Refusal, check_extends, check_request, judge};
