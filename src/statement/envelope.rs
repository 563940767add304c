//! The signed envelope: one tagged COSE_Sign1 (RFC 9052 §4.2) with an empty unprotected map.
//!
//! ```text
//! 18([ << { 1: -8, 3: content type, 4: kid, 15: { 1: issuer, 2: subject, 3: origin, 6: iat }, 16: typ } >>,
//!      {}, << { "v": 1, "body": {…}, "kind": kind } >>, signature ])
//! ```
//!
//! Exactly these header labels, claims and payload keys. The exact bytes are the log entry, and its leaf hash is
//! the statement's id.

use std::ops::Range;

use crate::codec::{CborError, Item, Kind, Value, encode, encode_tagged};
use crate::crypto::{Digest, KeyError, Kid, PublicKey, SIGNATURE_LEN, SigningKey, sha256};
use crate::statement::{KindName, NameError, Origin, Party, Subject};

/// Longest statement, in bytes, counted with its unprotected map emptied.
pub const STATEMENT_LEN_MAX: usize = 61_440;
/// Longest submission, in bytes, with whatever its unprotected map holds.
pub const SUBMISSION_LEN_MAX: usize = 65_536;
/// Largest claim 6: the last second of the year 9999, in unix seconds.
pub const IAT_MAX: u64 = 253_402_300_799;
/// The kind of a seal, the one statement that the registry itself issues.
pub const SEAL_KIND: &str = "registry.seal";
/// The kind of entry 0.
pub const GENESIS_KIND: &str = "registry.genesis";

const CONTENT_TYPE: &str = "application/vnd.nospy.statement+cbor";
const TYP: &str = "application/scitt-statement+cose";
const ALG_EDDSA: i64 = -8;
const ALG_ED25519: i64 = -19;

/// The leaf hash of a statement (RFC 9162 §2.1.1), 32 bytes.
pub type StatementId = Digest;

/// Who signed: a party, or the registry itself (seals only).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Issuer {
    /// A party, or `registrar`.
    Party(Party),
    /// The origin: this is a seal.
    Log,
}

/// What a statement will say, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Who signs.
    pub issuer: Issuer,
    /// What it is about; not a derived subject.
    pub subject: Subject,
    /// The registry it is meant for.
    pub origin: Origin,
    /// Its kind.
    pub kind: KindName,
    /// When the signer says it signed, unix seconds, 0 to [`IAT_MAX`].
    pub iat: u64,
    /// The body, a map.
    pub body: Value,
}

/// The bytes to be signed, and what is needed to finish the statement once the signature is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    protected: Vec<u8>,
    payload: Vec<u8>,
}

/// A well-formed statement. Its signature is not verified until [`Statement::check_signature`] says so.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    bytes: Vec<u8>,
    id: StatementId,
    issuer: Issuer,
    subject: Subject,
    origin: Origin,
    kind: KindName,
    iat: u64,
    kid: Kid,
    protected: Range<usize>,
    payload: Range<usize>,
    body: Range<usize>,
    signature: Range<usize>,
}

/// Why bytes are not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Longer than [`STATEMENT_LEN_MAX`] or [`SUBMISSION_LEN_MAX`].
    #[error("it is {len} bytes long, at most {max} are allowed")]
    TooLong {
        /// Length found, in bytes.
        len: usize,
        /// Length allowed, in bytes.
        max: usize,
    },
    /// Not in the CBOR profile.
    #[error("{part}: {error}")]
    Cbor {
        /// Which CBOR item.
        part: &'static str,
        /// What is wrong with it.
        error: CborError,
    },
    /// Not the shape of a COSE_Sign1 of ours.
    #[error("not as docs/formats.md §3 wants it: {0}")]
    Shape(&'static str),
    /// The unprotected map of a log entry is not empty.
    #[error("the unprotected map of a logged statement must be empty")]
    Unprotected,
    /// A name does not fit its grammar.
    #[error("{part}: {error}")]
    Name {
        /// Which field.
        part: &'static str,
        /// What is wrong with it.
        error: NameError,
    },
    /// Issuer, kind and subject do not belong together.
    #[error("{0}")]
    Mismatch(&'static str),
}

impl Draft {
    /// The bytes that a key signs.
    pub fn unsigned(&self, kid: &Kid) -> Unsigned {
        let issuer = match &self.issuer {
            Issuer::Party(party) => party.as_str(),
            Issuer::Log => self.origin.as_str(),
        };
        let claims = Value::labels([
            (1, Value::text(issuer)),
            (2, Value::text(self.subject.to_string())),
            (3, Value::text(self.origin.as_str())),
            (6, Value::uint(self.iat)),
        ]);
        let protected = encode(&Value::labels([
            (1, Value::Int(ALG_EDDSA)),
            (3, Value::text(CONTENT_TYPE)),
            (4, Value::bytes(kid.0)),
            (15, claims),
            (16, Value::text(TYP)),
        ]));
        let payload = encode(&Value::record([
            ("v", Value::Int(1)),
            ("body", self.body.clone()),
            ("kind", Value::text(self.kind.as_str())),
        ]));
        Unsigned { protected, payload }
    }

    /// Signs this draft and reads the result back, so that nothing is ever signed that nobody would accept.
    ///
    /// # Errors
    /// What a reader would refuse.
    pub fn sign(&self, key: &SigningKey) -> Result<Statement, StatementError> {
        let unsigned = self.unsigned(&key.public().kid());
        unsigned.finish(&key.sign(&unsigned.to_be_signed()))
    }
}

impl Unsigned {
    /// The Sig_structure (RFC 9052 §4.4), the message of the signature.
    pub fn to_be_signed(&self) -> Vec<u8> {
        sig_structure(&self.protected, &self.payload)
    }

    /// The statement with this signature, 64 bytes. The signature is not verified.
    ///
    /// # Errors
    /// What a reader would refuse.
    pub fn finish(&self, signature: &[u8]) -> Result<Statement, StatementError> {
        Statement::parse(&encode_tagged(&Value::Array(vec![
            Value::bytes(self.protected.clone()),
            Value::labels([]),
            Value::bytes(self.payload.clone()),
            Value::bytes(signature),
        ])))
    }

    /// Recovers the parts from a Sig_structure, as written to a file for an outside signer.
    ///
    /// # Errors
    /// [`StatementError`] if the bytes are not a Sig_structure with context `Signature1` and no external data.
    pub fn from_to_be_signed(bytes: &[u8]) -> Result<Self, StatementError> {
        let shape = || StatementError::Shape("a Sig_structure [\"Signature1\", protected, h'', payload]");
        check_len(bytes.len(), SUBMISSION_LEN_MAX)?;
        let item = read("bytes to be signed", bytes)?;
        let parts: Vec<Item<'_>> = item.array().filter(|array| array.remaining() == 4).ok_or_else(shape)?.collect();
        let [context, protected, external, payload] = parts.try_into().map_err(|_| shape())?;
        match (context.text(), protected.bytes(), external.bytes(), payload.bytes()) {
            (Some("Signature1"), Some(protected), Some([]), Some(payload)) => {
                Ok(Self { protected: protected.to_vec(), payload: payload.to_vec() })
            }
            _ => Err(shape()),
        }
    }
}

impl Statement {
    /// Parses the bytes of a log entry.
    ///
    /// # Errors
    /// The first rule of form that is broken. Signatures and the meaning of the body are not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        check_len(bytes.len(), STATEMENT_LEN_MAX)?;
        let parts = Parts::read(bytes)?;
        if parts.unprotected.map().is_none_or(|map| map.remaining() > 0) {
            return Err(StatementError::Unprotected);
        }
        let header = Header::read(parts.protected)?;
        let payload = Payload::read(parts.payload)?;
        header.check_belonging(&payload.kind)?;
        Ok(Self {
            id: sha256(&[&[0x00], bytes]),
            protected: range(bytes, parts.protected),
            payload: range(bytes, parts.payload),
            body: range(bytes, payload.body),
            signature: range(bytes, parts.signature),
            issuer: header.issuer,
            subject: header.subject,
            origin: header.origin,
            iat: header.iat,
            kid: header.kid,
            kind: payload.kind,
            bytes: bytes.to_vec(),
        })
    }

    /// Parses a submission: the same gate, then whatever its unprotected map holds is dropped before anything is
    /// hashed.
    ///
    /// # Errors
    /// As [`Statement::parse`].
    pub fn parse_submission(bytes: &[u8]) -> Result<Self, StatementError> {
        check_len(bytes.len(), SUBMISSION_LEN_MAX)?;
        let parts = Parts::read(bytes)?;
        if parts.unprotected.kind() != Kind::Map {
            return Err(StatementError::Shape("the unprotected header is a map"));
        }
        let mut entry = bytes.to_vec();
        entry.splice(range(bytes, parts.unprotected.encoded()), [0xA0]);
        Self::parse(&entry)
    }

    /// Checks the signature with the strict equation under `key`, whose id must be the statement's.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn check_signature(&self, key: &PublicKey) -> Result<(), KeyError> {
        if key.kid() != self.kid {
            return Err(KeyError::Signature);
        }
        self.check_signature_of_kid(key)
    }

    /// As [`Statement::check_signature`] for a caller that found `key` by [`Statement::kid`], so that the key's
    /// id need not be hashed again.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn check_signature_of_kid(&self, key: &PublicKey) -> Result<(), KeyError> {
        let message = sig_structure(&self.bytes[self.protected.clone()], &self.bytes[self.payload.clone()]);
        key.verify(&message, &self.bytes[self.signature.clone()])
    }

    /// The exact bytes of the log entry, ≤ [`STATEMENT_LEN_MAX`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The leaf hash of [`Statement::bytes`].
    pub fn id(&self) -> &StatementId {
        &self.id
    }

    /// Claim 1: who signed.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Claim 2: what it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Claim 3: the registry it was meant for.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Claim 6: the signer's word for when it signed, unix seconds.
    pub fn iat(&self) -> u64 {
        self.iat
    }

    /// The id of the signing key.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The kind, known or not.
    pub fn kind(&self) -> &KindName {
        &self.kind
    }

    /// The body, a map.
    pub fn body(&self) -> Item<'_> {
        // `parse` checked this range, and the bytes never change.
        Item::checked(&self.bytes[self.body.clone()])
    }

    /// Whether this is a seal.
    pub fn is_seal(&self) -> bool {
        self.issuer == Issuer::Log
    }
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Statement({} on {}, {})", self.kind, self.subject, self.id)
    }
}

/// The four parts of a COSE_Sign1, well-formed and of the right types.
struct Parts<'a> {
    protected: &'a [u8],
    unprotected: Item<'a>,
    payload: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, StatementError> {
        let shape = StatementError::Shape;
        let item = Item::read_sign1(bytes).map_err(|error| StatementError::Cbor { part: "statement", error })?;
        let mut members =
            item.array().filter(|members| members.remaining() == 4).ok_or(shape("a COSE_Sign1 is an array of four"))?;
        let mut next = || members.next().ok_or(shape("a COSE_Sign1 is an array of four"));
        let (protected, unprotected, payload, signature) = (next()?, next()?, next()?, next()?);
        Ok(Self {
            protected: protected.bytes().ok_or(shape("the protected header is a byte string"))?,
            unprotected,
            payload: payload.bytes().ok_or(shape("the payload is a byte string"))?,
            signature: signature
                .bytes()
                .filter(|signature| signature.len() == SIGNATURE_LEN)
                .ok_or(shape("the signature is 64 bytes"))?,
        })
    }
}

/// The protected header: key id and claims.
struct Header {
    kid: Kid,
    issuer: Issuer,
    subject: Subject,
    origin: Origin,
    iat: u64,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        let shape = StatementError::Shape;
        let header = read("protected header", bytes)?;
        let [alg, content_type, kid, claims, typ] =
            labels(&header, [1, 3, 4, 15, 16]).ok_or(shape("exactly the headers 1, 3, 4, 15, 16"))?;
        if !matches!(alg.int(), Some(ALG_EDDSA | ALG_ED25519)) {
            return Err(shape("the algorithm is EdDSA (-8)"));
        }
        if content_type.text() != Some(CONTENT_TYPE) || typ.text() != Some(TYP) {
            return Err(shape("the content type (3) and type (16) are those of a statement"));
        }
        let kid = Kid(kid.byte_array().ok_or(shape("the key id (4) is 32 bytes"))?);
        let [issuer, subject, audience, iat] =
            labels(&claims, [1, 2, 3, 6]).ok_or(shape("exactly the claims 1, 2, 3, 6"))?;
        let text = |item: Item<'_>| item.text().map(str::to_owned).ok_or(shape("claims 1, 2, 3 are texts"));
        let name = |part| move |error| StatementError::Name { part, error };
        let origin: Origin = text(audience)?.parse().map_err(name("audience (claim 3)"))?;
        let issuer = match text(issuer)? {
            issuer if issuer == origin.as_str() => Issuer::Log,
            issuer => Issuer::Party(issuer.parse().map_err(name("issuer (claim 1)"))?),
        };
        let subject: Subject = text(subject)?.parse().map_err(name("subject (claim 2)"))?;
        let iat = iat.uint().filter(|iat| *iat <= IAT_MAX).ok_or(shape("claim 6 is 0 … 253402300799"))?;
        Ok(Self { kid, issuer, subject, origin, iat })
    }

    fn check_belonging(&self, kind: &KindName) -> Result<(), StatementError> {
        let registrar = |issuer: &Issuer| matches!(issuer, Issuer::Party(party) if party.is_registrar());
        if self.subject.is_derived() {
            return Err(StatementError::Mismatch("the subject is derived: no statement may name it"));
        }
        if !self.subject.admits_kind(kind) {
            return Err(StatementError::Mismatch("the kind does not belong to this family of subjects"));
        }
        if (self.issuer == Issuer::Log) != (kind.as_str() == SEAL_KIND) {
            return Err(StatementError::Mismatch("the registry itself issues seals, and nothing else"));
        }
        if kind.as_str() == GENESIS_KIND && !registrar(&self.issuer) {
            return Err(StatementError::Mismatch("the genesis is issued by the registrar"));
        }
        Ok(())
    }
}

/// The payload: kind and body.
struct Payload<'a> {
    kind: KindName,
    body: &'a [u8],
}

impl<'a> Payload<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, StatementError> {
        let shape = StatementError::Shape;
        let payload = read("payload", bytes)?;
        let keys = payload.map().map(|map| map.remaining());
        let (Some(3), Some(version), Some(body), Some(kind)) =
            (keys, payload.field("v"), payload.field("body"), payload.field("kind"))
        else {
            return Err(shape("the payload is a map of v, body and kind"));
        };
        if version.uint() != Some(1) {
            return Err(shape("the payload version is 1"));
        }
        if body.kind() != Kind::Map {
            return Err(shape("the body is a map"));
        }
        let kind = kind.text().ok_or(shape("the kind is a text"))?;
        let kind = kind.parse().map_err(|error| StatementError::Name { part: "kind", error })?;
        Ok(Self { kind, body: body.encoded() })
    }
}

fn read<'a>(part: &'static str, bytes: &'a [u8]) -> Result<Item<'a>, StatementError> {
    Item::read(bytes).map_err(|error| StatementError::Cbor { part, error })
}

fn check_len(len: usize, max: usize) -> Result<(), StatementError> {
    match len <= max {
        true => Ok(()),
        false => Err(StatementError::TooLong { len, max }),
    }
}

/// The values of a map that has exactly these labels.
fn labels<'a, const N: usize>(item: &Item<'a>, labels: [i64; N]) -> Option<[Item<'a>; N]> {
    if item.map()?.remaining() != N as u64 {
        return None;
    }
    let values: Option<Vec<Item<'a>>> = labels.iter().map(|label| item.label(*label)).collect();
    values?.try_into().ok()
}

/// Where `part`, a slice of `whole`, stands in it.
fn range(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

/// `["Signature1", protected, h'', payload]` (RFC 9052 §4.4).
///
/// Written without a [`Value`]: this runs once for each signature check, and the heads are all that is to encode.
fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(protected.len() + payload.len() + 24);
    bytes.extend(b"\x84\x6aSignature1");
    push_byte_string(&mut bytes, protected);
    bytes.push(0x40);
    push_byte_string(&mut bytes, payload);
    bytes
}

fn push_byte_string(bytes: &mut Vec<u8>, content: &[u8]) {
    match content.len() {
        len @ 0..=23 => bytes.push(0x40 | len as u8),
        len @ 24..=0xFF => bytes.extend([0x58, len as u8]),
        len @ 0x100..=0xFFFF => {
            bytes.push(0x59);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x5A);
            bytes.extend((len as u32).to_be_bytes());
        }
    }
    bytes.extend(content);
}
