//! Public keys of messages that others made: Ed25519, and ECDSA over P-256, which many of them use.

use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;

use crate::crypto::{Kid, PublicKey, sha256};

/// A key that a foreign message may be signed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignKey {
    /// Ed25519; its signatures are checked with the strict equation.
    Ed25519(PublicKey),
    /// ECDSA over P-256 with SHA-256.
    P256(Box<p256::ecdsa::VerifyingKey>),
}

impl ForeignKey {
    /// Reads an SPKI PEM.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let ed25519 = PublicKey::from_pem(pem).ok().map(Self::Ed25519);
        ed25519
            .or_else(|| p256::ecdsa::VerifyingKey::from_public_key_pem(pem).ok().map(|key| Self::P256(Box::new(key))))
    }

    /// A point of P-256, each coordinate 32 bytes.
    pub fn from_p256(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [&[4][..], x, y].concat();
        p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok().map(|key| Self::P256(Box::new(key)))
    }

    /// Its thumbprint (RFC 9679): SHA-256 over the canonical COSE_Key.
    pub fn kid(&self) -> Kid {
        match self {
            Self::Ed25519(key) => key.kid(),
            Self::P256(key) => {
                let point = key.to_sec1_point(false);
                // 4, then the two coordinates of 32 bytes.
                let (x, y) = point.as_bytes()[1..].split_at(32);
                // {1: 2, -1: 1, -2: x, -3: y}
                Kid(sha256(&[&[0xA4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y]).0)
            }
        }
    }

    /// Whether `signature` over `message` is this key's; ECDSA signatures are the two numbers of 32 bytes (RFC 9053 §2.1).
    pub fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => key.verify(message, signature).is_ok(),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}
