//! Receipts of other logs (RFC 9942) over the tree of RFC 9162.

use crate::codec::Loose;
use crate::crypto::{ForeignKey, Kid};
use crate::evidence::foreign::shown::shown_item;
use crate::evidence::foreign::{ForeignError, ForeignMessage};
use crate::merkle::{Hash, PATH_LEN_MAX, root_from_inclusion};

const HEADER_VDS: i64 = 395;
const HEADER_VDP: i64 = 396;
const VDS_RFC9162_SHA256: i64 = 1;
const VDP_INCLUSION: i64 = -1;
/// Most inclusion proofs of one receipt; each costs signature checks.
const PROOFS_MAX: usize = 16;

/// A place that a receipt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignInclusion {
    /// Size of the tree. Only what the proof says: RFC 9942 does not sign it.
    pub size: u64,
    /// Place of the statement. Only what the proof says.
    pub index: u64,
    /// Root of the tree, which is signed.
    pub root: Hash,
    /// The key of the log that signed it.
    pub key: Kid,
}

/// Checks that a log of one of `logs` signed a tree that holds `statement`. Whoever signed the statement can sign a tree as
/// well, so these are the keys of logs and of nobody else (Y4).
///
/// # Errors
/// [`ForeignError`], naming what is not understood or does not hold.
pub fn check_receipt(
    receipt: &[u8],
    statement: &ForeignMessage<'_>,
    logs: &[ForeignKey],
) -> Result<ForeignInclusion, ForeignError> {
    let receipt = ForeignMessage::parse(receipt)?;
    match receipt.headers.label(HEADER_VDS) {
        Some(Loose::Int(VDS_RFC9162_SHA256)) => {}
        other => return Err(ForeignError::DataStructure(shown_item(other))),
    }
    let shape = ForeignError::Shape("inclusion proofs are {396: {-1: [bstr, …]}}, 1 to 16");
    let proofs = receipt.unprotected.label(HEADER_VDP).and_then(|proofs| proofs.label(VDP_INCLUSION));
    let proofs =
        proofs.and_then(Loose::array).filter(|proofs| (1..=PROOFS_MAX).contains(&proofs.len())).ok_or(shape.clone())?;
    let leaves = statement.leaves();
    let mut last = ForeignError::Signature;
    for proof in proofs {
        let (size, index, path) = read_proof(proof.bytes().ok_or(shape.clone())?)?;
        for leaf in &leaves {
            match check_place(&receipt, leaf, (size, index, &path), logs) {
                Ok((root, key)) => return Ok(ForeignInclusion { size, index, root, key }),
                Err(error) => last = error,
            }
        }
    }
    Err(last)
}

fn check_place(
    receipt: &ForeignMessage<'_>,
    leaf: &Hash,
    (size, index, path): (u64, u64, &[Hash]),
    logs: &[ForeignKey],
) -> Result<(Hash, Kid), ForeignError> {
    let root = root_from_inclusion(leaf, index, size, path);
    let root = root.map_err(|error| ForeignError::Proof(error.to_string()))?;
    if receipt.payload().is_some_and(|payload| payload != root) {
        return Err(ForeignError::Signature);
    }
    receipt.check(Some(&root), logs).map(|key| (root, key))
}

/// `[size, index, [path…]]`
fn read_proof(bytes: &[u8]) -> Result<(u64, u64, Vec<Hash>), ForeignError> {
    let shape = ForeignError::Shape("an inclusion proof is [size, index, [32 bytes, …]]");
    let proof = Loose::read(bytes)?;
    let Some([size, index, path]) = proof.array() else { return Err(shape) };
    let (size, index) = size.uint().zip(index.uint()).ok_or(shape.clone())?;
    let path = path.array().filter(|path| path.len() <= PATH_LEN_MAX).ok_or(shape.clone())?;
    let hash = |item: &Loose<'_>| item.bytes().and_then(|bytes| Hash::try_from(bytes).ok());
    Ok((size, index, path.iter().map(hash).collect::<Option<_>>().ok_or(shape)?))
}
