//! Keys on disk: PKCS#8 PEM (RFC 8410, RFC 5958), encrypted with PBES2 (RFC 8018) unless asked otherwise, and
//! SPKI PEM for public keys. `openssl genpkey -algorithm ed25519` writes what is read here, and `openssl pkey`
//! reads what is written here: so version 1 of the structure, without the public key that old tools refuse.

use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::pkcs5::pbes2;
use pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use crate::crypto::{PublicKey, SigningKey};

/// Rounds of PBKDF2-HMAC-SHA-256 for a new encrypted key file (OWASP's advice of 2023).
pub const PBKDF2_ITERATIONS: u32 = 600_000;

const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";
const PRIVATE_LABEL: &str = "PRIVATE KEY";

/// Fresh randomness for one encrypted key file: 16 bytes of salt, 16 bytes of initialisation vector.
pub struct WrapSeed(pub [u8; 32]);

/// Why a key file cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Not PEM, or another label than a key's.
    #[error("not a PEM file with a private or public key (PKCS#8, SPKI)")]
    NotPem,
    /// A key of another algorithm than Ed25519, or a damaged one.
    #[error("the file does not hold an Ed25519 key (RFC 8410)")]
    NotEd25519,
    /// The key is encrypted and no passphrase was given.
    #[error("the key is encrypted: a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase is wrong, or the encryption is not PBES2.
    #[error("the key cannot be decrypted: wrong passphrase, or not PBES2")]
    Decrypt,
    /// The key could not be encrypted.
    #[error("the key cannot be encrypted")]
    Encrypt,
}

impl SigningKey {
    /// PKCS#8 PEM of this key. With a passphrase it is encrypted by PBES2 (PBKDF2-HMAC-SHA-256, AES-256-CBC).
    ///
    /// # Errors
    /// [`KeyFileError::Encrypt`] if the passphrase is unusable.
    pub fn to_pem(&self, passphrase: Option<(&[u8], WrapSeed)>) -> Result<Zeroizing<String>, KeyFileError> {
        let pair = KeypairBytes { secret_key: *self.seed(), public_key: None };
        let plain = pair.to_pkcs8_der().map_err(|_| KeyFileError::NotEd25519)?;
        let Some((passphrase, WrapSeed(seed))) = passphrase else {
            return plain.to_pem(PRIVATE_LABEL, LineEnding::LF).map_err(|_| KeyFileError::NotEd25519);
        };
        let (salt, iv) = seed.split_at(16);
        let kdf = pbes2::Pbkdf2Params::hmac_sha256(PBKDF2_ITERATIONS, salt).map_err(|_| KeyFileError::Encrypt)?;
        let iv: [u8; 16] = iv.try_into().map_err(|_| KeyFileError::Encrypt)?;
        let parameters = pbes2::Parameters { kdf: kdf.into(), encryption: pbes2::EncryptionScheme::Aes256Cbc { iv } };
        let info = pkcs8::PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|_| KeyFileError::NotEd25519)?;
        let wrapped = info.encrypt_with_params(parameters, passphrase).map_err(|_| KeyFileError::Encrypt)?;
        wrapped.to_pem(ENCRYPTED_LABEL, LineEnding::LF).map_err(|_| KeyFileError::Encrypt)
    }

    /// Whether `pem` is an encrypted key, so that a passphrase must be asked for.
    pub fn is_encrypted_pem(pem: &str) -> bool {
        pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    }

    /// Reads PKCS#8 PEM, encrypted or not.
    ///
    /// # Errors
    /// What the file is not, or that the passphrase is missing or wrong.
    pub fn from_pem(pem: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| KeyFileError::NotPem)?;
        let plain = match label {
            PRIVATE_LABEL => document,
            ENCRYPTED_LABEL => {
                let passphrase = passphrase.ok_or(KeyFileError::PassphraseNeeded)?;
                let wrapped = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
                wrapped.and_then(|info| info.decrypt(passphrase)).map_err(|_| KeyFileError::Decrypt)?
            }
            _ => return Err(KeyFileError::NotPem),
        };
        let pair = KeypairBytes::from_pkcs8_der(plain.as_bytes()).map_err(|_| KeyFileError::NotEd25519)?;
        let seed = Zeroizing::new(pair.secret_key);
        let key = Self::from_seed(&seed);
        match pair.public_key {
            Some(public) if public.to_bytes() != *key.public().as_bytes() => Err(KeyFileError::NotEd25519),
            _ => Ok(key),
        }
    }
}

impl PublicKey {
    /// SPKI PEM of this key (RFC 8410 §4).
    pub fn to_pem(&self) -> String {
        ed25519_dalek::pkcs8::PublicKeyBytes(*self.as_bytes())
            .to_public_key_der()
            .ok()
            .and_then(|document| document.to_pem("PUBLIC KEY", LineEnding::LF).ok())
            .expect("32 bytes always encode as SPKI")
    }

    /// Reads SPKI PEM.
    ///
    /// # Errors
    /// [`KeyFileError::NotPem`], or [`KeyFileError::NotEd25519`] also for a key that is not registrable.
    pub fn from_pem(pem: &str) -> Result<Self, KeyFileError> {
        let (label, document) = pkcs8::Document::from_pem(pem).map_err(|_| KeyFileError::NotPem)?;
        if label != "PUBLIC KEY" {
            return Err(KeyFileError::NotPem);
        }
        let key = ed25519_dalek::pkcs8::PublicKeyBytes::from_public_key_der(document.as_bytes())
            .map_err(|_| KeyFileError::NotEd25519)?;
        Self::from_bytes(&key.0).map_err(|_| KeyFileError::NotEd25519)
    }
}
