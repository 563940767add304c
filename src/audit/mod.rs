//! Everything that a registry's log claims, derived again from its entries alone.
//!
//! An [`Auditor`] is fed one entry after the other, from entry 0, by whoever has them: a copy on disk, a verified stream, a
//! witness or a monitor that follows a log for years. It keeps what the rules need and asks nobody.
//!
//! - U1 *Entries only.* Nothing that somebody stored goes into a result: leaf, chain, tree, dockets and verdicts follow from
//!   the bytes that were pushed.
//! - U2 *Every commitment is compared*: each seal's place, time, signature, chain and docket root.
//! - U3 *Every statement is judged* by the public rules as they stood at its index, those of the registry's door included, and
//!   its signature verified under the key that the log had granted.
//! - U4 A finding names what is wrong, where, and in a sentence. What follows from a broken entry is not told a thousand times.
//! - U5 Whether the tree is the one that the log signed is for the caller to compare, at any [`Sealed`].
//!
//! Signatures are verified on all cores while one reads on. Out of scope: what a registry stores beside its entries (`registry`,
//! fsck), clocks, fetching anything.

mod auditor;
mod dockets;
mod finding;
mod signatures;

pub use auditor::{Auditor, Sealed};
pub use finding::{FINDINGS_MAX, Fault, Finding, Findings};
