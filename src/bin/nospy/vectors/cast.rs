//! Who appears in the vectors: keys from fixed seeds, names under `example.org`, and lines made byte by byte.

use base64ct::{Base64, Encoding as _};
use nospy::crypto::{SIGNATURE_LEN, SigningKey, hex, sha256};

use crate::vectors::json::{Json, map, text};

/// The registry of the vectors.
pub const ORIGIN: &str = "example.org/nospy";
/// When witnesses cosign, unix seconds.
pub const TIME: u64 = 1_767_261_600;

/// A name with a seed of 32 equal bytes.
#[derive(Clone, Copy, Debug)]
pub struct Signer {
    pub name: &'static str,
    pub seed: u8,
    pub kind: u8,
}

pub const LOG: Signer = Signer { name: ORIGIN, seed: 0x11, kind: 1 };
pub const OTHER_LOG: Signer = Signer { name: "example.org/other", seed: 0x12, kind: 1 };
pub const W1: Signer = Signer { name: "example.org/witness/1", seed: 0x21, kind: 4 };
pub const W2: Signer = Signer { name: "example.org/witness/2", seed: 0x22, kind: 4 };
pub const W3: Signer = Signer { name: "example.org/witness/3", seed: 0x23, kind: 4 };
/// A key that no vector trusts.
pub const STRANGER: Signer = Signer { name: "example.org/stranger", seed: 0x31, kind: 1 };

impl Signer {
    pub fn key(self) -> SigningKey {
        SigningKey::from_seed(&[self.seed; 32])
    }

    pub fn public(self) -> [u8; 32] {
        *self.key().public().as_bytes()
    }

    pub fn key_id(self) -> [u8; 4] {
        key_id(self.name, self.kind, &self.public())
    }

    pub fn vkey(self) -> String {
        vkey(self.name, self.kind, &self.public())
    }

    /// Signs a note text, as a line.
    pub fn line(self, signed: &str) -> String {
        line(self.name, self.key_id(), &self.key().sign(signed.as_bytes()))
    }

    /// The line of `cosignature/v1` at a time.
    pub fn cosign(self, time: u64, signed: &str) -> String {
        self.cosign_as(time, &cosigned(time, signed))
    }

    /// A line that claims `time` over a signature of any message.
    pub fn cosign_as(self, time: u64, message: &str) -> String {
        let blob = [&time.to_be_bytes()[..], &self.key().sign(message.as_bytes())].concat();
        line(self.name, self.key_id(), &blob)
    }

    pub fn to_json(self) -> Json {
        map([
            ("name", text(self.name)),
            ("seed", text(hex(&[self.seed; 32]))),
            ("public", text(hex(&self.public()))),
            ("vkey", text(self.vkey())),
        ])
    }
}

/// The message of a cosignature.
pub fn cosigned(time: u64, signed: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{signed}")
}

pub fn key_id(name: &str, kind: u8, public: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), &[0x0A, kind], public]).0;
    [a, b, c, d]
}

pub fn vkey(name: &str, kind: u8, public: &[u8]) -> String {
    format!("{name}+{}+{}", hex(&key_id(name, kind, public)), base64(&[&[kind], public].concat()))
}

/// `— <name> <base64(key id ‖ signature)>` and a line feed.
pub fn line(name: &str, key_id: [u8; 4], signature: &[u8]) -> String {
    format!("\u{2014} {name} {}\n", base64(&[&key_id[..], signature].concat()))
}

pub fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// The signature (R, S) with S + L in the place of S: the same point equation, another spelling, which RFC 8032 refuses.
pub fn malleable(signature: &[u8; SIGNATURE_LEN]) -> [u8; SIGNATURE_LEN] {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut other = *signature;
    let mut carry = 0_u16;
    for (byte, add) in other[32..].iter_mut().zip(L) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = (carry & 0xFF) as u8;
        carry >>= 8;
    }
    other
}

/// The fields of a case that tell what it is.
pub fn case(name: &str, profile: &str, expect: &str, section: &str, reason: &str) -> Json {
    map([
        ("name", text(name)),
        ("profile", text(profile)),
        ("expect", text(expect)),
        ("section", text(section)),
        ("reason", text(reason)),
    ])
}

/// Bytes as `text` if they are UTF-8, else as `hex`.
pub fn with_bytes(case: Json, bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(utf8) => case.with("text", text(utf8)),
        Err(_) => case.with("hex", text(hex(bytes))),
    }
}
