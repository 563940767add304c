//! A forgery: one character of a docket file is changed, and the file is refused.

use std::path::{Path, PathBuf};

use nospy::evidence::{Outcome, Question, Trust, Verification, verify};
use nospy::statement::LegalDate;

use crate::error::CliError;
use crate::exit::Exit;
use crate::{files, trust, view};

/// The forged copy, and what became of it.
pub struct Forgery {
    /// The file that was copied.
    pub original: PathBuf,
    /// The copy.
    pub file: PathBuf,
    /// What it said, and what it says now.
    pub change: (String, String),
    /// The checks of the copy.
    pub verification: Verification,
}

impl Forgery {
    /// Copies a docket file and puts off, by one character, the day from which a notice in it ends an agreement.
    ///
    /// # Errors
    /// If a file cannot be read or written, or there is no such notice in it.
    pub fn make(original: &Path, end: LegalDate, policy: &Path) -> Result<Self, CliError> {
        let mut bytes = files::read(original)?;
        let before = end.to_string();
        // In the notice's bytes: the field's name and its value, each behind the head of a text.
        let field = [&[0x69][..], b"effective", &[0x6A], before.as_bytes()].concat();
        let missing =
            || CliError::new(Exit::Internal, format!("no notice effective {before} in {}", original.display()));
        let start = bytes.windows(field.len()).position(|window| window == field).ok_or_else(missing)?;
        // The third digit of the year: ten years more, or less.
        let place = start + field.len() - before.len() + 2;
        let byte = bytes.get_mut(place).ok_or_else(missing)?;
        *byte ^= 1;
        let after = String::from_utf8_lossy(&bytes[place - 2..place - 2 + before.len()]).into_owned();
        let file = original.with_extension("docket.tampered");
        files::write_new(&file, &bytes)?;
        let trust = Trust::of(trust::read_policy(policy)?);
        let verification = verify(&files::read(&file)?, &trust, &Question::default());
        Ok(Self { original: original.to_owned(), file, change: (before, after), verification })
    }

    /// The check that refused it and why; `None` if it was not refused.
    pub fn refusal(&self) -> Option<(&'static str, &str)> {
        let failed = self.verification.failed()?;
        match &failed.outcome {
            Outcome::Failed(reason) => Some((failed.name(), reason)),
            _ => None,
        }
    }

    /// The exit code of `nospy verify` on it.
    pub fn exit(&self) -> Exit {
        view::exit_of(self.verification.verdict())
    }
}
