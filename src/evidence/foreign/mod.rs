//! SCITT messages that others made (RFC 9943, RFC 9942), read tolerantly and verified strictly.
//!
//! - Y1 *Tolerant in form, never in meaning.* Any order of headers, further headers, tagged or not; but a critical header that
//!   is not understood, an unknown algorithm or data structure is reported as such, and nothing is verified then.
//! - Y2 *Never ours.* Nothing here becomes a [`Statement`](crate::statement::Statement) or a
//!   [`Receipt`](crate::evidence::Receipt): whether a foreign message means anything to a registry is not asked.
//! - Y3 A signature covers the bytes as they were received.
//! - Y4 *Issuer and log are two roles.* Whoever verifies gives the keys of each; nothing here takes one for the other.
//! - Y5 *What it says is shown as its own words*, on one line and of a bounded length: see [`shown`].

mod key;
mod message;
mod receipt;
mod shown;

pub use crate::evidence::foreign::key::{ForeignKeyError, read_keys};
pub use crate::evidence::foreign::message::{
    FOREIGN_LEN_MAX, FOREIGN_RECEIPTS_MAX, ForeignError, ForeignMessage, Labels,
};
pub use crate::evidence::foreign::receipt::{ForeignInclusion, check_receipt};
pub use crate::evidence::foreign::shown::{SHOWN_LEN_MAX, shown};
