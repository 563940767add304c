//! Ed25519 keys (RFC 8032), their ids (RFC 9679) and proofs of possession.

use std::fmt;

use ed25519_dalek::Signer as _;

use crate::crypto::{Digest, sha256};

/// Length of an Ed25519 signature in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// A key id: SHA-256 of the COSE_Key of the public key (RFC 9679), 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub [u8; 32]);

impl Kid {
    /// The id that a key of these bytes has, whether or not it is registrable. Parsing a key costs a hundred times
    /// this, so whoever looks for one among many asks for their ids first.
    pub fn of_bytes(key: &[u8; 32]) -> Self {
        Self(sha256(&[&[0xA3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20], key]).0)
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest(self.0).fmt(f)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why bytes are not a registrable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not 32 bytes.
    #[error("a public key is 32 bytes")]
    Length,
    /// Not the encoding of a point on the curve.
    #[error("the bytes are not a point on the curve")]
    NotAPoint,
    /// A second spelling of a point.
    #[error("the key is not written in its one canonical encoding")]
    NotCanonical,
    /// A point of small or mixed order.
    #[error("the key has a small-order part and would accept ambiguous signatures")]
    Torsion,
    /// The signature is not 64 bytes, or the strict equation does not hold.
    #[error("the signature does not verify under this key")]
    Signature,
}

/// A registrable Ed25519 public key, parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Parses 32 bytes. Accepts a key iff it decodes, is not of small order, re-encodes to the same bytes and is
    /// torsion-free (formats §3): `ed25519-dalek` alone accepts 24 encodings that do not re-encode.
    ///
    /// # Errors
    /// The property that failed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| KeyError::Length)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().as_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() || !point.is_torsion_free() {
            return Err(KeyError::Torsion);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key id (RFC 9679): SHA-256 over the canonical COSE_Key `{1: 1, -1: 6, -2: key}`.
    pub fn kid(&self) -> Kid {
        Kid::of_bytes(self.as_bytes())
    }

    /// Checks a 64-byte signature with the strict equation: small-order A or R refused, S < L.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| KeyError::Signature)?;
        self.0.verify_strict(message, &signature).map_err(|_| KeyError::Signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", Digest(*self.as_bytes()))
    }
}

/// An Ed25519 private key; wiped when dropped, never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed, 32 bytes. Wipe it after use.
    pub(in crate::crypto) fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public key. A key made from a seed is always registrable.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message`; one value per key and message (RFC 8032).
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public().kid())
    }
}

/// What a party signs to prove that it holds a key: `"nospy key proof v1\n" origin "\n" party "\n" key` (formats §0).
pub fn possession_message(origin: &str, party: &str, key: &PublicKey) -> Vec<u8> {
    [b"nospy key proof v1\n", origin.as_bytes(), b"\n", party.as_bytes(), b"\n", key.as_bytes()].concat()
}
