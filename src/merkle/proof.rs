//! What inclusion and consistency proofs have in common: how they fail.

use crate::merkle::hash::Hash;

/// Why a proof is refused, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The size is above 2^63 - 1.
    #[error("tree size {size} is above 2^63 - 1")]
    SizeTooLarge {
        /// The size that was claimed.
        size: u64,
    },
    /// The entry lies beyond the end of the tree.
    #[error("index {index} is not below tree size {size}")]
    IndexBeyondSize {
        /// The index that was claimed.
        index: u64,
        /// The size that was claimed.
        size: u64,
    },
    /// The later tree is smaller than the earlier one.
    #[error("size {size1} of the earlier tree is above size {size2} of the later")]
    SizesReversed {
        /// The size of the earlier tree.
        size1: u64,
        /// The size of the later tree.
        size2: u64,
    },
    /// Every tree extends the empty one, so such a proof would prove nothing.
    #[error("a consistency proof from the empty tree proves nothing")]
    FromEmptyTree,
    /// The position implies another number of hashes. Nothing was hashed.
    #[error("the position implies a path of {expected} hashes, not {found}")]
    PathLength {
        /// The number of hashes that the position implies, ≤ 63.
        expected: usize,
        /// The number of hashes in the proof.
        found: usize,
    },
    /// Between some sizes above 2^62 a consistency path would have 64 hashes; formats allow 63.
    #[error("the path between these sizes would have {expected} hashes, more than 63")]
    PathTooLong {
        /// The number of hashes that the sizes imply.
        expected: usize,
    },
    /// The path leads from the leaf to another root.
    #[error("the path leads to another root")]
    RootMismatch {
        /// The root that the verifier trusts.
        expected: Hash,
        /// The root that the path leads to.
        computed: Hash,
    },
    /// The consistency path does not rebuild the root of the earlier tree.
    #[error("the path does not lead to the root of the earlier tree")]
    EarlierRootMismatch {
        /// The earlier root that the verifier trusts.
        expected: Hash,
        /// The root that the path leads to.
        computed: Hash,
    },
}

/// Why the holder of a tree could not make a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The reader failed.
    #[error("a node of the tree could not be read")]
    Read(#[source] E),
}
