//! A witness for any number of logs (C2SP tlog-witness, FORMATS §7).
//!
//! - V1 *Kept before said.* A head is durable in the table, then in the guard, then its cosignature leaves. A witness that
//!   is killed in between has cosigned more than anybody saw, never less.
//! - V2 *One at a time.* Deciding and keeping happen under one lock, and a commit compares the state it started from: two
//!   requests cannot roll a log back.
//! - V3 *No way back.* The guard, a small file outside the table, remembers the newest state. A restored table that is older
//!   does not cosign; a guard is never made implicitly.
//! - V4 A failed or unknown durable write ends the process; the next start finds out what was kept.
//! - V5 What a stranger sends is bounded, and kept only where a log's own signature is on it: of each log the newest head, one line
//!   a key, and the first contradiction.
//!
//! The other side of the exchange is here as well: [`Couriers`] collect cosignatures for a log of ours.
//!
//! - V6 An *auditing* witness also cosigns nothing that was not derived again from the log's entries up to that head
//!   ([`Audits`]): its cosignature then says more, and under a key of its own.
//!
//! The decision itself is [`evidence::witness`](crate::evidence::witness); here are the state, the clock and the routes.
//!
//! Out of scope: who is a log of this witness (its operator says so), reading entries.

mod audited;
mod courier;
mod couriers;
mod keep;
mod roll;
mod routes;
mod state;

pub use audited::{Audited, Audits, NoAudits};
pub use couriers::{Couriers, CouriersError, WhenMissing};
pub use keep::{Keep, KeepError, create};
pub use roll::{KnownLog, Roll, RollError};
pub use routes::{Limits, routes};
pub use state::{Conflict, Cosigned, Kept, WitnessError, origin_hash};
