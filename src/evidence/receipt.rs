//! Receipts (RFC 9942, verifiable data structure 1): the log's signature that one statement is in its tree.
//!
//! ```text
//! 18([ << { 1: -8, 4: log kid, 15: { 1: origin, 2: subject, 6: iat, -70001: size, -70002: index },
//!           16: "application/scitt-receipt+cose", 395: 1 } >>,
//!      { 396: { -1: [ << [size, index, [path…]] >> ] } }, nil, signature over the root ])
//! ```
//!
//! The root itself is not in a receipt: the verifier computes it from the statement and the path, and the signature
//! holds for that root or not at all. RFC 9942 leaves size and index outside the signature, so they stand under it
//! once more and must be equal; a receipt is then a function of (size, index), with one value.

use crate::codec::{CborError, Item, Value, encode, encode_tagged};
use crate::crypto::{KeyError, KeyLine, Kid, SIGNATURE_LEN, SigningKey};
use crate::evidence::CHECKPOINT_SIZE_MIN;
use crate::merkle::{Hash, PATH_LEN_MAX, ProofError, TREE_SIZE_MAX, root_from_inclusion};
use crate::statement::{IAT_MAX, NameError, Origin, Statement, Subject};

/// Longest receipt, in bytes.
pub const RECEIPT_LEN_MAX: usize = 4_096;

const TYP: &str = "application/scitt-receipt+cose";
const ALG_EDDSA: i64 = -8;
const ALG_ED25519: i64 = -19;
const HEADER_VDS: i64 = 395;
const HEADER_VDP: i64 = 396;
const VDS_RFC9162_SHA256: i64 = 1;
const VDP_INCLUSION: i64 = -1;
const CLAIM_SIZE: i64 = -70001;
const CLAIM_INDEX: i64 = -70002;

/// What a receipt says, and what the log signs beside the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptClaims {
    /// The log.
    pub origin: Origin,
    /// Claim 2 of the statement.
    pub subject: Subject,
    /// Time of the seal that ends the tree, unix seconds.
    pub iat: u64,
    /// Size of the tree, that of a checkpoint, ≥ 2.
    pub size: u64,
    /// Place of the statement, < `size`.
    pub index: u64,
}

/// A parsed receipt. Nothing is verified until [`Receipt::check`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    claims: ReceiptClaims,
    kid: Kid,
    path: Vec<Hash>,
    protected: Vec<u8>,
    signature: [u8; SIGNATURE_LEN],
}

/// What a checked receipt proves: the log signed that the statement is entry `index` of the tree with `root`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// Size of the tree.
    pub size: u64,
    /// Place of the statement.
    pub index: u64,
    /// Time of the seal that ends the tree, unix seconds: no later than then the statement was registered.
    pub iat: u64,
    /// Root of the tree.
    pub root: Hash,
}

/// Why bytes are not a receipt, or not one for this statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Longer than [`RECEIPT_LEN_MAX`].
    #[error("a receipt is at most 4096 bytes long, not {len}")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
    },
    /// Not in the CBOR profile.
    #[error("{part}: {error}")]
    Cbor {
        /// Which CBOR item.
        part: &'static str,
        /// What is wrong with it.
        error: CborError,
    },
    /// Not the shape of a receipt of ours.
    #[error("not as docs/formats.md §8 wants it: {0}")]
    Shape(&'static str),
    /// A name does not fit its grammar.
    #[error("{part}: {error}")]
    Name {
        /// Which claim.
        part: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// Size or index differ between the proof and the claims.
    #[error("size and index under the signature differ from those of the proof")]
    Position,
    /// Index, size and path do not belong together.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The receipt is another log's.
    #[error("the receipt is of {found}, the key is of {expected}")]
    OtherOrigin {
        /// The name of the key.
        expected: String,
        /// The origin of the receipt.
        found: Origin,
    },
    /// The receipt is for a statement on another subject or of another registry.
    #[error("the receipt is for a statement on {receipt}, this one is on {statement}")]
    OtherStatement {
        /// Subject of the receipt.
        receipt: Subject,
        /// Subject of the statement.
        statement: Subject,
    },
    /// The key id is not that of the log.
    #[error("the receipt names the key {found}, not the log's")]
    OtherKey {
        /// The key id of the receipt.
        found: Kid,
    },
    /// The signature does not hold for the root that the path leads to: another statement, another path, or a
    /// forgery.
    #[error("the log did not sign the tree to which this path leads from this statement: {0}")]
    Signature(KeyError),
}

impl Receipt {
    /// Signs that the statement on `claims.subject` is entry `claims.index` of the tree with `root`.
    ///
    /// # Panics
    /// If the claims are impossible (size below 2, index beyond it, path over 63 hashes): a bug of the log.
    pub fn build(key: &SigningKey, claims: &ReceiptClaims, path: &[Hash], root: &Hash) -> Vec<u8> {
        assert!(
            (CHECKPOINT_SIZE_MIN..=TREE_SIZE_MAX).contains(&claims.size)
                && claims.index < claims.size
                && claims.iat <= IAT_MAX
                && path.len() <= PATH_LEN_MAX,
            "a receipt is made from a proof of our own tree"
        );
        let protected = protected(claims, &key.public().kid());
        let signature = key.sign(&to_be_signed(&protected, root));
        write(&protected, claims, path, &signature)
    }

    /// The receipt's bytes: there is one spelling.
    pub fn to_bytes(&self) -> Vec<u8> {
        write(&self.protected, &self.claims, &self.path, &self.signature)
    }

    /// Parses a receipt, ≤ [`RECEIPT_LEN_MAX`] bytes; form only.
    ///
    /// # Errors
    /// The first rule of form that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let shape = ReceiptError::Shape;
        if bytes.len() > RECEIPT_LEN_MAX {
            return Err(ReceiptError::TooLong { len: bytes.len() });
        }
        let item = Item::read_sign1(bytes).map_err(|error| ReceiptError::Cbor { part: "receipt", error })?;
        let [protected, unprotected, payload, signature] =
            members(&item).ok_or(shape("a COSE_Sign1 is an array of four"))?;
        if !payload.is_null() {
            return Err(shape("the payload is detached (null)"));
        }
        let protected = protected.bytes().ok_or(shape("the protected header is a byte string"))?;
        let signature = signature.byte_array().ok_or(shape("the signature is 64 bytes"))?;
        let (claims, kid) = read_protected(protected)?;
        let path = read_proof(&unprotected, &claims)?;
        Ok(Self { claims, kid, path, protected: protected.to_vec(), signature })
    }

    /// What it says. Not verified until [`Receipt::check`] says so.
    pub fn claims(&self) -> &ReceiptClaims {
        &self.claims
    }

    /// The signed part: the protected header and the signature over it and the root.
    pub(in crate::evidence) fn signed_part(&self) -> (&[u8], &[u8; SIGNATURE_LEN]) {
        (&self.protected, &self.signature)
    }

    /// The inclusion path, leaf to root, ≤ 63 hashes. Not verified until [`Receipt::check`] says so.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// Checks that the log of `key` signed that `statement` is in its tree.
    ///
    /// The statement's own signature is not checked here: the log checked it before it was admitted, and whoever
    /// knows its key can check it again.
    ///
    /// # Errors
    /// [`ReceiptError`], naming what does not hold.
    pub fn check(&self, statement: &Statement, key: &KeyLine) -> Result<VerifiedReceipt, ReceiptError> {
        let claims = &self.claims;
        if claims.origin.as_str() != key.name() {
            let found = claims.origin.clone();
            return Err(ReceiptError::OtherOrigin { expected: key.name().to_owned(), found });
        }
        if claims.subject != *statement.subject() || claims.origin != *statement.origin() {
            let (receipt, statement) = (claims.subject.clone(), statement.subject().clone());
            return Err(ReceiptError::OtherStatement { receipt, statement });
        }
        if self.kid != key.key().kid() {
            return Err(ReceiptError::OtherKey { found: self.kid });
        }
        let root = root_from_inclusion(&statement.id().0, claims.index, claims.size, &self.path)?;
        key.key().verify(&to_be_signed(&self.protected, &root), &self.signature).map_err(ReceiptError::Signature)?;
        Ok(VerifiedReceipt { size: claims.size, index: claims.index, iat: claims.iat, root })
    }
}

/// The Sig_structure (RFC 9052 §4.4) whose payload is the root, for a log that signs elsewhere.
pub fn receipt_tbs(claims: &ReceiptClaims, kid: &Kid, root: &Hash) -> Vec<u8> {
    to_be_signed(&protected(claims, kid), root)
}

fn write(protected: &[u8], claims: &ReceiptClaims, path: &[Hash], signature: &[u8; SIGNATURE_LEN]) -> Vec<u8> {
    let path = path.iter().map(|hash| Value::bytes(*hash)).collect();
    let proof = Value::Array(vec![Value::uint(claims.size), Value::uint(claims.index), Value::Array(path)]);
    let proofs = Value::labels([(VDP_INCLUSION, Value::Array(vec![Value::bytes(encode(&proof))]))]);
    encode_tagged(&Value::Array(vec![
        Value::bytes(protected),
        Value::labels([(HEADER_VDP, proofs)]),
        Value::Null,
        Value::bytes(*signature),
    ]))
}

fn protected(claims: &ReceiptClaims, kid: &Kid) -> Vec<u8> {
    let cwt_claims = Value::labels([
        (1, Value::text(claims.origin.as_str())),
        (2, Value::text(claims.subject.to_string())),
        (6, Value::uint(claims.iat)),
        (CLAIM_SIZE, Value::uint(claims.size)),
        (CLAIM_INDEX, Value::uint(claims.index)),
    ]);
    encode(&Value::labels([
        (1, Value::Int(ALG_EDDSA)),
        (4, Value::bytes(kid.0)),
        (15, cwt_claims),
        (16, Value::text(TYP)),
        (HEADER_VDS, Value::Int(VDS_RFC9162_SHA256)),
    ]))
}

pub(in crate::evidence) fn to_be_signed(protected: &[u8], root: &Hash) -> Vec<u8> {
    encode(&Value::Array(vec![
        Value::text("Signature1"),
        Value::bytes(protected),
        Value::bytes([]),
        Value::bytes(*root),
    ]))
}

pub(in crate::evidence) fn read_protected(bytes: &[u8]) -> Result<(ReceiptClaims, Kid), ReceiptError> {
    let shape = ReceiptError::Shape;
    let header = Item::read(bytes).map_err(|error| ReceiptError::Cbor { part: "protected header", error })?;
    let [alg, kid, claims, typ, vds] =
        labels(&header, [1, 4, 15, 16, HEADER_VDS]).ok_or(shape("exactly the headers 1, 4, 15, 16, 395"))?;
    if !matches!(alg.int(), Some(ALG_EDDSA | ALG_ED25519)) {
        return Err(shape("the algorithm is EdDSA (-8)"));
    }
    if typ.text() != Some(TYP) || vds.int() != Some(VDS_RFC9162_SHA256) {
        return Err(shape("the type (16) is that of a receipt and the tree (395) is RFC9162_SHA256 (1)"));
    }
    let kid = Kid(kid.byte_array().ok_or(shape("the key id (4) is 32 bytes"))?);
    let [origin, subject, iat, size, index] = labels(&claims, [1, 2, 6, CLAIM_SIZE, CLAIM_INDEX])
        .ok_or(shape("exactly the claims 1, 2, 6, -70001, -70002"))?;
    let text = |item: &Item<'_>| item.text().map(str::to_owned).ok_or(shape("claims 1 and 2 are texts"));
    let name = |part| move |error| ReceiptError::Name { part, error };
    let claims = ReceiptClaims {
        origin: text(&origin)?.parse().map_err(name("issuer (claim 1)"))?,
        subject: text(&subject)?.parse().map_err(name("subject (claim 2)"))?,
        iat: iat.uint().filter(|iat| *iat <= IAT_MAX).ok_or(shape("claim 6 is 0 … 253402300799"))?,
        size: size.uint().filter(|size| *size >= CHECKPOINT_SIZE_MIN).ok_or(shape("claim -70001 is a size ≥ 2"))?,
        index: index.uint().ok_or(shape("claim -70002 is an index"))?,
    };
    Ok((claims, kid))
}

/// The path of the one inclusion proof, whose size and index are those under the signature.
fn read_proof(unprotected: &Item<'_>, claims: &ReceiptClaims) -> Result<Vec<Hash>, ReceiptError> {
    let shape = ReceiptError::Shape;
    let [proofs] = labels(unprotected, [HEADER_VDP]).ok_or(shape("exactly the unprotected header 396"))?;
    let [proofs] = labels(&proofs, [VDP_INCLUSION]).ok_or(shape("exactly inclusion proofs (-1)"))?;
    let [proof] = members(&proofs).ok_or(shape("exactly one proof"))?;
    let proof = proof.bytes().ok_or(shape("the proof is a byte string"))?;
    let proof = Item::read(proof).map_err(|error| ReceiptError::Cbor { part: "proof", error })?;
    let [size, index, path] = members(&proof).ok_or(shape("a proof is [size, index, path]"))?;
    if size.uint() != Some(claims.size) || index.uint() != Some(claims.index) {
        return Err(ReceiptError::Position);
    }
    if claims.index >= claims.size {
        return Err(ProofError::IndexBeyondSize { index: claims.index, size: claims.size }.into());
    }
    path.array()
        .filter(|path| path.remaining() <= PATH_LEN_MAX as u64)
        .and_then(|path| path.map(|hash| hash.byte_array()).collect())
        .ok_or(shape("a path is at most 63 hashes of 32 bytes"))
}

/// The members of an array of exactly `N`.
fn members<'a, const N: usize>(item: &Item<'a>) -> Option<[Item<'a>; N]> {
    let array = item.array().filter(|array| array.remaining() == N as u64)?;
    array.collect::<Vec<_>>().try_into().ok()
}

/// The values of a map that has exactly these labels.
fn labels<'a, const N: usize>(item: &Item<'a>, labels: [i64; N]) -> Option<[Item<'a>; N]> {
    if item.map()?.remaining() != N as u64 {
        return None;
    }
    let values: Option<Vec<Item<'a>>> = labels.iter().map(|label| item.label(*label)).collect();
    values?.try_into().ok()
}
