//! A COSE_Sign1 as somebody made it.

use crate::codec::{Loose, LooseError, Value, encode};
use crate::crypto::{ForeignKey, Kid};
use crate::evidence::foreign::shown::{shown_item, shown_labels};
use crate::merkle::{Hash, leaf_hash};

/// Longest foreign message, in bytes.
pub const FOREIGN_LEN_MAX: usize = 4 * 1024 * 1024;
/// Most receipts that a foreign statement carries; each costs signature checks.
pub const FOREIGN_RECEIPTS_MAX: usize = 16;

/// COSE_Sign1, the one message that is read here (RFC 9052 §2).
const TAG_SIGN1: u64 = 18;
/// Tag 18 as a deterministic writer writes it.
const TAG_SIGN1_HEAD: u8 = 0xD2;
const HEADER_ALG: i64 = 1;
const HEADER_CRIT: i64 = 2;
const HEADER_KID: i64 = 4;
const HEADER_CLAIMS: i64 = 15;
const HEADER_RECEIPTS: i64 = 394;
/// Headers that may be critical, since they are processed here or are words about the rest: alg, crit, content type, kid, typ,
/// vds, vdp. Not the CWT claims (15): exp and nbf are not evaluated. Not certificates (33, 34), the hash envelope (258, 259)
/// or receipts (394), which change what a message says.
const UNDERSTOOD: [i64; 7] = [1, 2, 3, 4, 16, 395, 396];
// RFC 9053 and RFC 9864.
const ED25519: [i64; 2] = [-8, -19];
const ES256: [i64; 2] = [-7, -9];

/// Why a foreign message cannot be read, or does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignError {
    /// Longer than [`FOREIGN_LEN_MAX`].
    #[error("a foreign message is at most {FOREIGN_LEN_MAX} bytes long")]
    TooLong,
    /// Not CBOR.
    #[error(transparent)]
    Cbor(#[from] LooseError),
    /// Not the shape of a COSE_Sign1.
    #[error("not a COSE_Sign1: {0}")]
    Shape(&'static str),
    /// A header that its sender says must be understood.
    #[error("it has a critical header that is not understood here: {0}")]
    Critical(String),
    /// An algorithm that is not supported.
    #[error("its algorithm is not supported here: {0}")]
    Algorithm(String),
    /// A verifiable data structure that is not supported.
    #[error("its verifiable data structure is not supported here: {0}")]
    DataStructure(String),
    /// Receipts (394) that are none, or not where they belong.
    #[error("its receipts (394) are not understood here: {0}")]
    Receipts(&'static str),
    /// No key given fits, or none signed it.
    #[error("none of the keys given signed it")]
    Signature,
    /// The payload is not in it and was not given.
    #[error("its payload is detached")]
    Detached,
    /// The inclusion proof leads nowhere.
    #[error("its inclusion proof cannot hold: {0}")]
    Proof(String),
}

/// A well-formed foreign COSE_Sign1; nothing verified yet.
#[derive(Clone, Debug)]
pub struct ForeignMessage<'a> {
    pub(in crate::evidence::foreign) protected: &'a [u8],
    pub(in crate::evidence::foreign) headers: Loose<'a>,
    pub(in crate::evidence::foreign) unprotected: Loose<'a>,
    payload: Option<&'a [u8]>,
    signature: &'a [u8],
    is_tagged: bool,
}

/// The labels that a message has, for a person who wants to know what was not looked at; shown, and so bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Those under the signature.
    pub signed: Vec<String>,
    /// Those that anybody may have added.
    pub unsigned: Vec<String>,
}

impl<'a> ForeignMessage<'a> {
    /// Reads a message, tagged or not.
    ///
    /// # Errors
    /// [`ForeignError`], of form.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ForeignError> {
        if bytes.len() > FOREIGN_LEN_MAX {
            return Err(ForeignError::TooLong);
        }
        let (is_tagged, item) = match Loose::read(bytes)? {
            Loose::Tagged(TAG_SIGN1, item) => (true, *item),
            Loose::Tagged(..) => return Err(ForeignError::Shape("its tag is 18, or it has none")),
            item => (false, item),
        };
        let members = item.array().filter(|members| members.len() == 4);
        let [protected, unprotected, payload, signature] = members.ok_or(ForeignError::Shape("an array of four"))?
        else {
            return Err(ForeignError::Shape("an array of four"));
        };
        let protected = protected.bytes().ok_or(ForeignError::Shape("the protected header is a byte string"))?;
        let headers = if protected.is_empty() { Loose::Map(Vec::new()) } else { Loose::read(protected)? };
        let is_map = |item: &Loose<'_>| matches!(item, Loose::Map(_));
        if !is_map(&headers) || !is_map(unprotected) {
            return Err(ForeignError::Shape("headers are maps"));
        }
        check_maps(&headers, unprotected)?;
        let payload = match payload {
            Loose::Null => None,
            payload => Some(payload.bytes().ok_or(ForeignError::Shape("the payload is a byte string or null"))?),
        };
        let signature = signature.bytes().ok_or(ForeignError::Shape("the signature is a byte string"))?;
        Ok(Self { protected, headers, unprotected: unprotected.clone(), payload, signature, is_tagged })
    }

    /// The payload, if it is in the message.
    pub fn payload(&self) -> Option<&'a [u8]> {
        self.payload
    }

    /// The key id that it names, as bytes or as the bytes of a text.
    pub fn kid(&self) -> Option<&'a [u8]> {
        let kid = self.headers.label(HEADER_KID).or_else(|| self.unprotected.label(HEADER_KID))?;
        kid.bytes().or_else(|| kid.text().map(str::as_bytes))
    }

    /// Issuer and subject of its CWT claims.
    pub fn claims(&self) -> (Option<&'a str>, Option<&'a str>) {
        let claims = self.headers.label(HEADER_CLAIMS);
        let claim = |label| claims.and_then(|claims| claims.label(label)).and_then(Loose::text);
        (claim(1), claim(2))
    }

    /// The receipts that it carries, at most [`FOREIGN_RECEIPTS_MAX`], none of them looked into.
    ///
    /// # Errors
    /// [`ForeignError::Receipts`]: what is there and cannot be read is not the same as no receipt.
    pub fn receipts(&self) -> Result<Vec<&'a [u8]>, ForeignError> {
        if self.headers.label(HEADER_RECEIPTS).is_some() {
            return Err(ForeignError::Receipts("they stand in the protected header"));
        }
        let Some(receipts) = self.unprotected.label(HEADER_RECEIPTS) else { return Ok(Vec::new()) };
        let receipts = receipts.array().filter(|receipts| !receipts.is_empty());
        let receipts = receipts.ok_or(ForeignError::Receipts("no array of at least one"))?;
        if receipts.len() > FOREIGN_RECEIPTS_MAX {
            return Err(ForeignError::Receipts("more than 16"));
        }
        receipts.iter().map(Loose::bytes).collect::<Option<_>>().ok_or(ForeignError::Receipts("one is no byte string"))
    }

    /// Checks that one of `keys` signed it, over its own payload or the one that is given; says which.
    ///
    /// # Errors
    /// [`ForeignError`], naming what is not understood or does not hold.
    pub fn check(&self, detached: Option<&[u8]>, keys: &[ForeignKey]) -> Result<Kid, ForeignError> {
        self.check_critical()?;
        let payload = self.payload.or(detached).ok_or(ForeignError::Detached)?;
        let message = encode(&Value::Array(vec![
            Value::text("Signature1"),
            Value::bytes(self.protected),
            Value::bytes([]),
            Value::bytes(payload),
        ]));
        let alg = self.headers.label(HEADER_ALG);
        let is_ed25519 = alg.and_then(Loose::int).is_some_and(|alg| ED25519.contains(&alg));
        let is_es256 = alg.and_then(Loose::int).is_some_and(|alg| ES256.contains(&alg));
        if !is_ed25519 && !is_es256 {
            return Err(ForeignError::Algorithm(shown_item(alg)));
        }
        let fits = |key: &ForeignKey| {
            matches!((key, is_ed25519), (ForeignKey::Ed25519(_), true) | (ForeignKey::P256(_), false))
        };
        let found = keys.iter().filter(|key| fits(key)).find(|key| key.is_signed(&message, self.signature));
        found.map(ForeignKey::kid).ok_or(ForeignError::Signature)
    }

    /// RFC 9052 §3.1: who does not understand a critical header does not process the message.
    fn check_critical(&self) -> Result<(), ForeignError> {
        let Some(critical) = self.headers.label(HEADER_CRIT) else { return Ok(()) };
        let labels = critical.array().filter(|labels| !labels.is_empty());
        for label in labels.ok_or(ForeignError::Shape("critical headers are a list"))? {
            if !label.int().is_some_and(|label| UNDERSTOOD.contains(&label) && self.headers.label(label).is_some()) {
                return Err(ForeignError::Critical(shown_item(Some(label))));
            }
        }
        Ok(())
    }

    /// What a log may have taken as its entry, hashed: the message without anything unprotected, as it was tagged, then the
    /// other way.
    pub(in crate::evidence::foreign) fn leaves(&self) -> [Hash; 2] {
        let payload = self.payload.map_or(Value::Null, Value::bytes);
        let bare = encode(&Value::Array(vec![
            Value::bytes(self.protected),
            Value::Map(std::collections::BTreeMap::new()),
            payload,
            Value::bytes(self.signature),
        ]));
        let (tagged, bare) = (leaf_hash(&[&[TAG_SIGN1_HEAD][..], &bare].concat()), leaf_hash(&bare));
        if self.is_tagged { [tagged, bare] } else { [bare, tagged] }
    }

    /// The labels that it has.
    pub fn labels(&self) -> Labels {
        Labels { signed: shown_labels(&self.headers), unsigned: shown_labels(&self.unprotected) }
    }
}

/// RFC 9052 §3: a label stands in one of the two maps only, and what is critical is said under the signature. A label in both
/// would be read from the one by this reader and from the other by the next.
fn check_maps(headers: &Loose<'_>, unprotected: &Loose<'_>) -> Result<(), ForeignError> {
    if unprotected.label(HEADER_CRIT).is_some() {
        return Err(ForeignError::Shape("the list of critical headers is protected"));
    }
    let (Loose::Map(signed), Loose::Map(unsigned)) = (headers, unprotected) else { return Ok(()) };
    // Each map has at most LOOSE_ITEMS_MAX / 2 keys.
    match unsigned.iter().any(|(key, _)| signed.iter().any(|(known, _)| known == key)) {
        true => Err(ForeignError::Shape("one label stands in both headers")),
        false => Ok(()),
    }
}
