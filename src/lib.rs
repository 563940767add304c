//! nospy: the machine-verifiable registry of no-spy agreements.
//!
//! A vendor signs a commitment, a government accepts and publishes it, and anyone proves, offline, with one file
//! and without trusting the registry, that the agreement exists, is unchanged and how it stood on a given day, or
//! that there is none.
//!
//! The rooms below are listed from the ground up; each uses only rooms above it.
//!
//! | room | what it is for | may use |
//! |---|---|---|
//! | [`codec`] | deterministic CBOR: one writer, one strict reader | – |
//! | [`crypto`] | digests, Ed25519 keys and strict signatures, key ids, PKCS#8, signed notes | – |
//! | [`merkle`] | tree hashes, inclusion and consistency proofs, the docket map | – |
//! | [`statement`] | the signed envelope, kinds and bodies, names, what a statement touches | codec crypto |
//! | [`agreement`] | the rules: admit, fold, standing, legal time | crypto statement |
//! | [`evidence`] | what anyone checks offline: checkpoint, receipt, docket file, policy, `verify` | all core |
//! | `audit` | derives a log again from its entries alone | all core |
//! | `storage` | ordered byte tables: snapshot reads, one atomic durable commit | – |
//! | `log` | pool → batch → seal → commit → checkpoint; recovery; head guard | crypto evidence merkle storage |
//! | `docket` | keeps the docket map and lists in storage; proofs at a head | crypto merkle statement storage |
//! | `registry` | the application without a wire format; the only clock | everything above |
//! | `net` | one port for HTTP/1.1 and HTTP/2 with every limit; knows no service | – |
//! | `rpc` | gRPC: proto ↔ domain, limits, the verifying client | net registry, core |
//! | `web` | HTTP: the log as tiles, for tools that know nothing of us | net registry, core |
//! | `witness` | cosigns checkpoints of any log that is proved to extend what it saw | core, storage log registry net |
//! | `server` | every surface of a registry on one port | net rpc web registry |
//!
//! # Architecture invariants
//!
//! - **A1** The table above is the house: `tests/architecture.rs` walks `src/` and refuses other edges and circles.
//! - **A2** The core (everything that builds with `--no-default-features`) knows no clock, randomness, I/O or async.
//! - **A3** `storage` knows bytes, `log` knows entries, `merkle` knows neither.
//! - **A4** Nobody writes a standing; it is folded from the dockets.
//! - **A5** A value is decoded once, at the door, and has one spelling.
//! - **A6** Unknown has no conversion to `bool`.
//! - **A7** A client returns only what `evidence` constructed by checking.

pub mod agreement;
#[cfg(feature = "node")]
pub mod audit;
pub mod codec;
pub mod crypto;
#[cfg(feature = "node")]
pub mod docket;
pub mod evidence;
#[cfg(feature = "node")]
pub mod log;
pub mod merkle;
#[cfg(feature = "web")]
pub mod net;
#[cfg(feature = "node")]
pub mod registry;
#[cfg(feature = "rpc")]
pub mod rpc;
#[cfg(feature = "rpc")]
pub mod server;
pub mod statement;
#[cfg(feature = "node")]
pub mod storage;
#[cfg(feature = "web")]
pub mod web;
#[cfg(feature = "web")]
pub mod witness;
