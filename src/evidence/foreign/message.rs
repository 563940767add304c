//! A COSE_Sign1 as somebody made it.

use crate::codec::{Loose, LooseError, LooseKey, Value, encode};
use crate::crypto::ForeignKey;

/// Longest foreign message, in bytes.
pub const FOREIGN_LEN_MAX: usize = 4 * 1024 * 1024;

/// COSE_Sign1, the one message that is read here (RFC 9052 §2).
const TAG_SIGN1: u64 = 18;
/// Tag 18 as a deterministic writer writes it.
const TAG_SIGN1_HEAD: u8 = 0xD2;
const HEADER_ALG: i64 = 1;
const HEADER_CRIT: i64 = 2;
const HEADER_KID: i64 = 4;
const HEADER_CLAIMS: i64 = 15;
const HEADER_RECEIPTS: i64 = 394;
/// Headers whose meaning is known here, so that they may be critical: alg, crit, content type, kid, CWT claims, typ, x5chain,
/// x5t, hash envelope, receipts, vds, vdp.
const UNDERSTOOD: [i64; 13] = [1, 2, 3, 4, 15, 16, 33, 34, 258, 259, 394, 395, 396];
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

    /// The receipts that it carries.
    pub fn receipts(&self) -> Vec<&'a [u8]> {
        let receipts = self.unprotected.label(HEADER_RECEIPTS).and_then(Loose::array).unwrap_or_default();
        receipts.iter().filter_map(Loose::bytes).collect()
    }

    /// Checks that one of `keys` signed it, over its own payload or the one that is given.
    ///
    /// # Errors
    /// [`ForeignError`], naming what is not understood or does not hold.
    pub fn check(&self, detached: Option<&[u8]>, keys: &[ForeignKey]) -> Result<(), ForeignError> {
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
            return Err(ForeignError::Algorithm(alg.map_or_else(|| "none named".to_owned(), |alg| format!("{alg:?}"))));
        }
        let fits = |key: &ForeignKey| {
            matches!((key, is_ed25519), (ForeignKey::Ed25519(_), true) | (ForeignKey::P256(_), false))
        };
        match keys.iter().filter(|key| fits(key)).any(|key| key.is_signed(&message, self.signature)) {
            true => Ok(()),
            false => Err(ForeignError::Signature),
        }
    }

    /// RFC 9052 §3.1: who does not understand a critical header does not process the message.
    fn check_critical(&self) -> Result<(), ForeignError> {
        let Some(critical) = self.headers.label(HEADER_CRIT) else { return Ok(()) };
        let labels = critical.array().filter(|labels| !labels.is_empty());
        for label in labels.ok_or(ForeignError::Shape("critical headers are a list"))? {
            if !label.int().is_some_and(|label| UNDERSTOOD.contains(&label) && self.headers.label(label).is_some()) {
                return Err(ForeignError::Critical(format!("{label:?}")));
            }
        }
        Ok(())
    }

    /// What a log may have taken as its entry: the message without anything unprotected, as it was tagged, then the other way.
    pub(in crate::evidence::foreign) fn entries(&self) -> [Vec<u8>; 2] {
        let payload = self.payload.map_or(Value::Null, Value::bytes);
        let bare = encode(&Value::Array(vec![
            Value::bytes(self.protected),
            Value::Map(std::collections::BTreeMap::new()),
            payload,
            Value::bytes(self.signature),
        ]));
        let tagged = [&[TAG_SIGN1_HEAD][..], &bare].concat();
        if self.is_tagged { [tagged, bare] } else { [bare, tagged] }
    }

    /// The labels that it has, for a person who wants to know what was not looked at.
    pub fn labels(&self) -> Vec<String> {
        let of = |item: &Loose<'_>| match item {
            Loose::Map(pairs) => pairs
                .iter()
                .map(|(key, _)| match key {
                    LooseKey::Int(int) => int.to_string(),
                    LooseKey::Text(text) => (*text).to_owned(),
                })
                .collect(),
            _ => Vec::new(),
        };
        [of(&self.headers), of(&self.unprotected)].concat()
    }
}
