//! What an auditing witness asks before it cosigns: has somebody derived the log again up to this head?

use crate::merkle::Hash;

/// What is known of a head of an audited log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audited {
    /// The log is not audited: only its history counts.
    NotAsked,
    /// Everything that the log signed up to this head follows from its entries, and they make this tree.
    Holds,
    /// The audit has not come so far.
    NotYet {
        /// How many entries it has derived.
        size: u64,
    },
    /// Something does not follow, or the entries make another tree.
    Differs {
        /// What, in a sentence.
        why: String,
        /// Another checkpoint of this size that the log has signed, a note, if it showed one.
        shown: Option<Vec<u8>>,
    },
}

/// Says what an audit has found of a log. Called for each request, so it answers at once.
pub trait Audits: Send + Sync + 'static {
    /// What is known of the tree of `size` entries with `root` of the log `origin`.
    fn look(&self, origin: &str, size: u64, root: &Hash) -> Audited;
}

/// No log is audited.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAudits;

impl Audits for NoAudits {
    fn look(&self, _: &str, _: u64, _: &Hash) -> Audited {
        Audited::NotAsked
    }
}
