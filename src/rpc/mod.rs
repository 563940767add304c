//! gRPC: proto ↔ domain, the limits a stranger meets, the verifying client.
//!
//! The manual of the wire is `proto/nospy/v1`; its comments are the documentation of [`proto`].
//!
//! - [`services`] are the routes of a [`Registry`](crate::registry::Registry), within [`Limits`]; `server` puts them on a
//!   port. A service decodes, delegates and encodes; one file chooses status codes (`status`).
//! - [`VerifyingClient`] asks a registry and returns only what `evidence` has checked (invariant A7). What carries no
//!   proof comes wrapped in [`Unverified`], so that nobody relies on it by accident.
//!
//! Out of scope: what a statement means (`agreement`), what a docket file proves (`evidence`), and where anything is
//! stored.

mod answer;
mod check;
mod chunks;
mod client;
mod client_error;
mod client_fork;
mod client_publish;
mod client_questions;
mod client_tail;
mod convert;
mod directory_service;
mod dockets_service;
mod guard;
mod health;
mod limits;
mod log_service;
mod publish_many;
mod registry_service;
mod routes;
mod seen;
mod service;
mod status;
mod tail;

#[allow(missing_docs, clippy::all, clippy::unwrap_used)]
pub mod proto {
    //! Messages, clients and servers of `nospy.v1`, generated from `proto/`.
    tonic::include_proto!("nospy.v1");
    /// The descriptors of `nospy.v1`, as reflection serves them.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/nospy.v1.bin"));
}

pub use answer::{
    AgreementsFilter, Connection, DryRun, EntryRef, LogInfo, Published, PublishedTold, Successor, Text, Unverified,
};
pub use check::{VerifiedCheckpoint, VerifiedReceipt, VerifiedStatement};
pub use client::VerifyingClient;
pub use client_error::{CheckError, ClientError, NOT_A_WITNESS, ServerRefusal};
pub use client_tail::{Tail, VerifiedRun};
pub use health::Health;
pub use limits::{CHUNK_LEN, Limits, MESSAGE_STATEMENTS_MAX, PAGE_ROWS, PAGE_ROWS_MAX, REQUEST_LEN_MAX};
pub use routes::{Services, services};
pub use seen::{ForgetfulCheckpoints, SeenCheckpoints};
