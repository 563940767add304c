//! Private and public keys on disk, passphrases, fresh randomness. Secrets are wiped after use and never printed.

use std::io::IsTerminal as _;
use std::path::Path;

use nospy::crypto::{KeyFileError, PublicKey, SigningKey, WrapSeed, parse_hex};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

/// The environment variable that holds a passphrase where nobody can be asked.
pub const PASSPHRASE_VARIABLE: &str = "NOSPY_PASSPHRASE";
/// The environment variable that names a file with the passphrase, such as a credential of the service manager.
pub const PASSPHRASE_FILE_VARIABLE: &str = "NOSPY_PASSPHRASE_FILE";

/// Least length of a new passphrase, in characters.
const PASSPHRASE_CHARS_MIN: usize = 8;

/// Keeps this process's memory out of core dumps and away from debuggers of the same user.
pub fn forbid_core_dumps() {
    // Only a hardening: without it the program is as safe as any other.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Fresh random bytes from the operating system.
///
/// # Errors
/// If the operating system has none.
pub fn random() -> Result<Zeroizing<[u8; 32]>, CliError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| CliError::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

/// A new private key.
///
/// # Errors
/// As [`random`].
pub fn generate() -> Result<SigningKey, CliError> {
    Ok(SigningKey::from_seed(&*random()?))
}

/// How a new key file is protected.
pub struct Protection(Option<Zeroizing<String>>);

impl Protection {
    /// By a passphrase, from the environment or asked for twice; or, if the caller insists, by the file mode alone.
    ///
    /// # Errors
    /// If there is nobody to ask, or the passphrase is too short.
    pub fn choose(no_passphrase: bool) -> Result<Self, CliError> {
        if no_passphrase {
            return Ok(Self(None));
        }
        let passphrase = match given_passphrase()? {
            Some(passphrase) => passphrase,
            None => {
                let first = ask("New passphrase: ")?;
                if *first != *ask("The same again: ")? {
                    return Err(CliError::usage("the two passphrases differ").next_step("Run the command again."));
                }
                first
            }
        };
        match passphrase.chars().count() >= PASSPHRASE_CHARS_MIN {
            true => Ok(Self(Some(passphrase))),
            false => Err(CliError::usage(format!("a passphrase has at least {PASSPHRASE_CHARS_MIN} characters"))),
        }
    }

    /// Writes `key` as a new PKCS#8 PEM file, mode 0600.
    ///
    /// # Errors
    /// If the file exists or cannot be written.
    pub fn write(&self, path: &Path, key: &SigningKey) -> Result<(), CliError> {
        let wrap = match &self.0 {
            Some(passphrase) => Some((passphrase.as_bytes(), WrapSeed(*random()?))),
            None => None,
        };
        let pem = key.to_pem(wrap).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
        files::write_secret(path, pem.as_bytes())
    }

    /// How the file is protected, for a sentence.
    pub fn describe(&self) -> &'static str {
        match self.0 {
            Some(_) => "encrypted with your passphrase",
            None => "NOT encrypted: whoever reads the file has the key",
        }
    }
}

/// Reads a private key, asking for its passphrase if it has one.
///
/// # Errors
/// If the file is not a key, or the passphrase is missing or wrong.
pub fn read_private(path: &Path) -> Result<SigningKey, CliError> {
    let pem = Zeroizing::new(files::read_text(path)?);
    let passphrase = match SigningKey::is_encrypted_pem(&pem) {
        false => None,
        true => Some(match given_passphrase()? {
            Some(passphrase) => passphrase,
            None => ask(&format!("Passphrase of {}: ", path.display()))?,
        }),
    };
    SigningKey::from_pem(&pem, passphrase.as_ref().map(|text| text.as_bytes())).map_err(|error| {
        let failed = CliError::new(
            if error == KeyFileError::Decrypt { Exit::NotAuthorised } else { Exit::Malformed },
            format!("cannot use the key {}: {error}", path.display()),
        );
        match error {
            KeyFileError::Decrypt => {
                failed.next_step(format!("Check the passphrase ({PASSPHRASE_VARIABLE} is used if it is set)."))
            }
            _ => failed.next_step("A key is made by `nospy key new` or `openssl genpkey -algorithm ed25519`."),
        }
    })
}

/// Reads a public key: an SPKI PEM file, a private key file (whose public key is meant), or 64 hex digits.
///
/// # Errors
/// If it is none of these, or not a registrable key.
pub fn read_public(path_or_hex: &str) -> Result<PublicKey, CliError> {
    if let Some(bytes) = parse_hex(path_or_hex).filter(|bytes| bytes.len() == 32) {
        return PublicKey::from_bytes(&bytes).map_err(|error| CliError::malformed(error.to_string()));
    }
    let path = Path::new(path_or_hex);
    let pem = Zeroizing::new(files::read_text(path)?);
    match pem.contains("PRIVATE KEY-----") {
        true => Ok(read_private(path)?.public()),
        false => PublicKey::from_pem(&pem)
            .map_err(|error| CliError::malformed(format!("cannot use the key {}: {error}", path.display()))),
    }
}

/// The passphrase from the environment, or from the file that it names: the first line.
fn given_passphrase() -> Result<Option<Zeroizing<String>>, CliError> {
    if let Some(text) = std::env::var(PASSPHRASE_VARIABLE).ok().filter(|text| !text.is_empty()) {
        return Ok(Some(Zeroizing::new(text)));
    }
    let Some(path) = std::env::var_os(PASSPHRASE_FILE_VARIABLE).filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let text = Zeroizing::new(files::read_text(Path::new(&path))?);
    Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::usage("a passphrase is needed and there is nobody to ask")
            .next_step(format!("Set {PASSPHRASE_VARIABLE} or {PASSPHRASE_FILE_VARIABLE}, or use --no-passphrase for a new key that needs none.")));
    }
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| CliError::usage(format!("cannot read a passphrase: {error}")))
}
