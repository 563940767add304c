//! Signed notes and cosignatures (C2SP signed-note, tlog-cosignature).
//!
//! ```text
//! registry.example/nospy
//! 17
//! SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=
//!
//! — registry.example/nospy DJ0JPaOPLX1QXK…
//! ```
//!
//! The text ends with a line feed; an empty line follows, then one line for each signature:
//! `— <name> <base64(key id ‖ signature)>`. A key id is the first four bytes of SHA-256(name ‖ 0A ‖ type ‖ key).
//! Signatures of unknown keys are ignored; a line whose (name, key id) is known must verify, or the whole note
//! is refused.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};

use crate::crypto::{PublicKey, SigningKey, sha256};

/// Longest note, in bytes.
pub const NOTE_LEN_MAX: usize = 65_536;
/// Most signature lines on a note.
pub const NOTE_SIGNATURES_MAX: usize = 100;

/// Latest time of a cosignature, unix seconds (C2SP tlog-cosignature).
pub const COSIGNATURE_TIME_MAX: u64 = i64::MAX as u64;

/// What a note key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteAlgorithm {
    /// `0x01`: Ed25519 over the text.
    Ed25519,
    /// `0x04`: `cosignature/v1`, Ed25519 over a time and the text.
    Cosignature,
}

impl NoteAlgorithm {
    fn type_byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A named public key of a log or witness; its text form is the C2SP vkey `<name>+<8 hex>+<base64(type ‖ key)>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    name: String,
    algorithm: NoteAlgorithm,
    key: PublicKey,
    key_id: [u8; 4],
}

/// Why a text is not a vkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyLineError {
    /// Not `name+hash+key`.
    #[error("a verifier key is <name>+<8 hex digits>+<base64>")]
    Form,
    /// Not a valid name.
    #[error("the name of a key is not empty and holds no space and no plus sign")]
    Name,
    /// Neither type 01 nor type 04.
    #[error("the key is of a type other than 01 (Ed25519) and 04 (cosignature)")]
    Algorithm,
    /// Not a registrable Ed25519 key.
    #[error("the key is not a registrable Ed25519 key")]
    Key,
    /// The hash is not that of name and key.
    #[error("the 8 hex digits are not the hash of name and key: the line was altered")]
    KeyId,
}

/// Whether `name` can stand in a note: not empty, no Unicode space, no plus sign.
pub fn is_note_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control())
}

impl KeyLine {
    /// Names a key.
    ///
    /// # Errors
    /// [`KeyLineError::Name`].
    pub fn new(name: &str, algorithm: NoteAlgorithm, key: PublicKey) -> Result<Self, KeyLineError> {
        if !is_note_name(name) {
            return Err(KeyLineError::Name);
        }
        let hash = sha256(&[name.as_bytes(), &[0x0A, algorithm.type_byte()], key.as_bytes()]);
        let [a, b, c, d, ..] = hash.0;
        Ok(Self { name: name.to_owned(), algorithm, key, key_id: [a, b, c, d] })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn algorithm(&self) -> NoteAlgorithm {
        self.algorithm
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The first four bytes of SHA-256(name ‖ 0A ‖ type ‖ key).
    pub fn key_id(&self) -> [u8; 4] {
        self.key_id
    }
}

impl fmt::Display for KeyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm.type_byte()];
        key.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.key_id), Base64::encode_string(&key))
    }
}

impl FromStr for KeyLine {
    type Err = KeyLineError;

    fn from_str(text: &str) -> Result<Self, KeyLineError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyLineError::Form);
        };
        let bytes = Base64::decode_vec(key).map_err(|_| KeyLineError::Form)?;
        let (type_byte, key) = bytes.split_first().ok_or(KeyLineError::Form)?;
        let algorithm = match type_byte {
            0x01 => NoteAlgorithm::Ed25519,
            0x04 => NoteAlgorithm::Cosignature,
            _ => return Err(KeyLineError::Algorithm),
        };
        let key = PublicKey::from_bytes(key).map_err(|_| KeyLineError::Key)?;
        let line = Self::new(name, algorithm, key)?;
        match hash == format!("{:08x}", u32::from_be_bytes(line.key_id)) {
            true => Ok(line),
            false => Err(KeyLineError::KeyId),
        }
    }
}

/// Why a note is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than [`NOTE_LEN_MAX`].
    #[error("a note is at most 65536 bytes long")]
    TooLong,
    /// Not UTF-8, or with a control character other than line feed.
    #[error("a note is UTF-8 text without control characters")]
    Control,
    /// The last line is not ended by a line feed.
    #[error("a note ends with a line feed")]
    NoFinalNewline,
    /// No empty line before the signatures, or no signature.
    #[error("a note has an empty line and then at least one signature line")]
    NoSignatures,
    /// More than [`NOTE_SIGNATURES_MAX`] lines.
    #[error("a note has at most 100 signature lines")]
    TooManySignatures,
    /// A line that is not `— <name> <base64>`.
    #[error("signature line {line} is not `— <name> <base64>`")]
    SignatureLine {
        /// 1 is the first signature line.
        line: usize,
    },
    /// A known key's line does not verify.
    #[error("the signature of {name} does not verify")]
    BadSignature {
        /// The name on the line.
        name: String,
    },
}

/// A parsed note: well-formed, nothing verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The signer's name.
    pub name: String,
    /// The first four bytes of the blob.
    pub key_id: [u8; 4],
    /// The rest of the blob, ≥ 1 byte; 64 bytes for type 01, 72 for type 04.
    pub signature: Vec<u8>,
}

/// A witness's checked statement that it saw a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Unix seconds, 1 to [`COSIGNATURE_TIME_MAX`].
    pub time: u64,
}

impl Note {
    /// Parses a note without verifying any signature.
    ///
    /// # Errors
    /// The rule of form that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_LEN_MAX {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Control)?;
        if note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Control);
        }
        if !note.ends_with('\n') {
            return Err(NoteError::NoFinalNewline);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let lines: Vec<&str> = lines.lines().collect();
        match lines.len() {
            0 => return Err(NoteError::NoSignatures),
            n if n > NOTE_SIGNATURES_MAX => return Err(NoteError::TooManySignatures),
            _ => {}
        }
        let signatures = lines
            .iter()
            .enumerate()
            .map(|(i, line)| NoteSignature::parse(line).ok_or(NoteError::SignatureLine { line: i + 1 }))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, ending with a line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in order, 1 to [`NOTE_SIGNATURES_MAX`].
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Whether `key` signed this note. Only for keys of type 01.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if any line with the name and key id of `key` does not verify.
    pub fn is_signed_by(&self, key: &KeyLine) -> Result<bool, NoteError> {
        let mut found = false;
        for line in self.lines_of(key) {
            if key.algorithm != NoteAlgorithm::Ed25519 || key.key.verify(self.text.as_bytes(), &line.signature).is_err()
            {
                return Err(NoteError::BadSignature { name: line.name.clone() });
            }
            found = true;
        }
        Ok(found)
    }

    /// The cosignature of `key` (type 04), if there is one; of several, the latest time.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if any line with the name and key id of `key` does not verify, or has time 0 or one
    /// beyond [`COSIGNATURE_TIME_MAX`].
    pub fn cosigned_by(&self, key: &KeyLine) -> Result<Option<Cosignature>, NoteError> {
        let mut latest = None::<Cosignature>;
        for line in self.lines_of(key) {
            let bad = || NoteError::BadSignature { name: line.name.clone() };
            let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(bad)?;
            let time = u64::from_be_bytes(*time);
            let message = cosigned_message(time, &self.text);
            if !(1..=COSIGNATURE_TIME_MAX).contains(&time)
                || key.algorithm != NoteAlgorithm::Cosignature
                || key.key.verify(message.as_bytes(), signature).is_err()
            {
                return Err(bad());
            }
            latest = latest.filter(|kept| kept.time >= time).or(Some(Cosignature { time }));
        }
        Ok(latest)
    }

    /// Adds a signature line in the place of those that the same key has already. Nothing is verified.
    pub fn put_line(&mut self, line: &NoteSignature) {
        self.signatures.retain(|known| known.name != line.name || known.key_id != line.key_id);
        self.signatures.push(line.clone());
    }

    /// This note with the first signature line of each of `keys` and no other; there may be none. Nothing is verified.
    pub fn with_lines_of(&self, keys: &[KeyLine]) -> Self {
        let signatures = keys.iter().filter_map(|key| self.lines_of(key).next().cloned()).collect();
        Self { text: self.text.clone(), signatures }
    }

    /// The signature lines of `key` as they are published, each ended by a line feed. Nothing is verified.
    pub fn lines_text(&self, key: &KeyLine) -> String {
        self.lines_of(key).map(|line| format!("{line}\n")).collect()
    }

    /// This note with the first signature line of `key` and no other, or `None` if there is none. Nothing is verified.
    pub fn with_line_of(&self, key: &KeyLine) -> Option<Self> {
        let line = self.lines_of(key).next()?.clone();
        Some(Self { text: self.text.clone(), signatures: vec![line] })
    }

    fn lines_of<'a>(&'a self, key: &'a KeyLine) -> impl Iterator<Item = &'a NoteSignature> {
        self.signatures.iter().filter(move |line| line.name == key.name && line.key_id == key.key_id)
    }

    /// A note of `text`, signed under `name` with type 01.
    pub fn sign(text: &str, name: &KeyLine, key: &SigningKey) -> Self {
        let signature = key.sign(text.as_bytes()).to_vec();
        let line = NoteSignature { name: name.name.clone(), key_id: name.key_id, signature };
        Self { text: text.to_owned(), signatures: vec![line] }
    }

    /// Appends a `cosignature/v1` line of `key` at `time` (unix seconds, > 0).
    pub fn cosign(&mut self, name: &KeyLine, key: &SigningKey, time: u64) {
        let mut signature = time.to_be_bytes().to_vec();
        signature.extend(key.sign(cosigned_message(time, &self.text).as_bytes()));
        self.signatures.push(NoteSignature { name: name.name.clone(), key_id: name.key_id, signature });
    }
}

fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
        let blob = Base64::decode_vec(blob).ok()?;
        let (key_id, signature) = blob.split_first_chunk::<4>()?;
        if !is_note_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
    }
}

impl fmt::Display for Note {
    /// The note's bytes as they are published.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for NoteSignature {
    /// The line without its line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.key_id[..], &self.signature].concat();
        write!(f, "— {} {}", self.name, Base64::encode_string(&blob))
    }
}
