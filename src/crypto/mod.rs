//! Digests, Ed25519 keys and strict signatures, key ids, PKCS#8 files, signed notes.
//!
//! Every public key that enters the house passes [`PublicKey::from_bytes`], which accepts one encoding of each
//! key and no key of small or mixed order; every signature passes [`PublicKey::verify`], the *strict* equation.
//! There is no batch verification: its equation accepts signatures that the strict one refuses.
//!
//! Nothing here makes randomness: whoever needs a new key or a salt passes the bytes in (invariant A2).

mod digest;
mod foreign_key;
mod key;
mod key_file;
mod note;

pub use digest::{Digest, DigestError, hex, parse_hex, sha256, withheld_commitment};
pub use foreign_key::ForeignKey;
pub use key::{KeyError, Kid, PublicKey, SIGNATURE_LEN, SigningKey, possession_message};
pub use key_file::{KeyFileError, PBKDF2_ITERATIONS, WrapSeed};
pub use note::{
    COSIGNATURE_TIME_MAX, Cosignature, KeyLine, KeyLineError, NOTE_LEN_MAX, NOTE_SIGNATURES_MAX, Note, NoteAlgorithm,
    NoteError, NoteSignature, is_note_name,
};
