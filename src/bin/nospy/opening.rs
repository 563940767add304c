//! What opens a withheld text: its salt, kept in a small file beside the text until the text may be shown.
//!
//! ```toml
//! commitment = "64 hex digits"   # as the terms name it
//! salt = "64 hex digits"         # a secret as long as the text is withheld
//! file = "terms-de.pdf"          # the text: a file in the same folder
//! ```
//!
//! Whoever has the salt and a guess of the text can tell whether the guess is right; so the file is written with mode
//! 0600, and nothing prints the salt.

use std::path::{Path, PathBuf};

use nospy::crypto::{Digest, withheld_commitment};
use nospy::evidence::{GivenText, SALT_LEN, TextClaim};
use serde::Deserialize;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

/// How the name of an opening ends.
pub const OPENING_EXTENSION: &str = "opening";
/// Longest opening, in bytes.
const OPENING_LEN_MAX: usize = 4 * 1024;

/// A withheld text and what opens it.
pub struct Opening {
    /// The commitment that the terms name.
    pub commitment: Digest,
    salt: [u8; SALT_LEN],
    /// Where the text is.
    pub text: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    commitment: String,
    salt: String,
    file: String,
}

impl Opening {
    /// Commits to the text in a file under a new salt.
    ///
    /// # Errors
    /// If the file cannot be read, or the system gives no random bytes.
    pub fn make(text: &Path) -> Result<Self, CliError> {
        let bytes = files::read(text)?;
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt)
            .map_err(|error| CliError::new(Exit::Internal, format!("no random bytes from the system: {error}")))?;
        Ok(Self { commitment: withheld_commitment(&salt, &bytes), salt, text: text.to_owned() })
    }

    /// Reads an opening.
    ///
    /// # Errors
    /// [`Exit::Malformed`] for anything but the three lines.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let malformed = |what: &str| CliError::malformed(format!("{} is not an opening: {what}", path.display()));
        let text = files::read_text(path)?;
        if text.len() > OPENING_LEN_MAX {
            return Err(malformed(&format!("it is longer than {OPENING_LEN_MAX} bytes")));
        }
        // The parser's own message would quote the line with the salt.
        let written: Written = toml::from_str(&text)
            .map_err(|_| malformed("it wants exactly the lines commitment, salt and file, each in quotes"))?;
        let digest = |what: &str, text: &str| -> Result<Digest, CliError> {
            text.parse().map_err(|_| malformed(&format!("the {what} is not 64 lowercase hex digits")))
        };
        // A file from a stranger must not make this program read others.
        if Path::new(&written.file).file_name().is_none_or(|name| name != written.file.as_str()) {
            return Err(malformed("the file is not the plain name of a file in the same folder"));
        }
        Ok(Self {
            commitment: digest("commitment", &written.commitment)?,
            salt: digest("salt", &written.salt)?.0,
            text: path.with_file_name(written.file),
        })
    }

    /// Writes the opening beside its text, readable by its owner alone; returns where.
    ///
    /// # Errors
    /// If the file exists, cannot be written, or the text's name cannot stand in it.
    pub fn write(&self) -> Result<PathBuf, CliError> {
        let name = self.text.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| !name.contains(['"', '\\']) && !name.chars().any(char::is_control));
        let name = name.ok_or_else(|| {
            CliError::usage(format!("{}: this name cannot be written into an opening", self.text.display()))
                .next_step("Give the text a name without quotes, backslashes and control characters.")
        })?;
        let path = self.text.with_file_name(format!("{name}.{OPENING_EXTENSION}"));
        let written = format!(
            "# Opens a withheld text. Keep it and the text unchanged, and secret as long as the text is withheld.\n\
             commitment = \"{}\"\nsalt = \"{}\"\nfile = \"{name}\"\n",
            self.commitment,
            Digest(self.salt)
        );
        files::write_secret(&path, written.as_bytes())?;
        Ok(path)
    }

    /// The text as it is at hand, said to be the one with this commitment.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn given(&self) -> Result<GivenText, CliError> {
        let bytes = files::read(&self.text)?;
        Ok(GivenText::with_salt(TextClaim::Named(self.commitment), &self.salt, &bytes))
    }

    /// Whether the text at hand is the one that was committed to.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn opens(&self) -> Result<bool, CliError> {
        Ok(withheld_commitment(&self.salt, &files::read(&self.text)?) == self.commitment)
    }
}
