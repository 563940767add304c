//! An error as a person reads it: what failed, whose fault it is, what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;

/// What ended the program, and the exit code that says so.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    message: String,
    next_step: Option<String>,
    details: Vec<String>,
    evidence: Option<PathBuf>,
}

impl CliError {
    /// An error with its exit code. `message` is one sentence: what failed, and whose fault it is.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next_step: None, details: Vec::new(), evidence: None }
    }

    /// A command line, configuration or local file that cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Input that is not what it should be.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Exit::Malformed, message)
    }

    /// A local file that could not be read or written.
    pub fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Usage };
        let next = match error.kind() {
            io::ErrorKind::AlreadyExists => Some("Nothing is overwritten: choose another name or move the file away."),
            io::ErrorKind::PermissionDenied => Some("Check who owns the file and its mode."),
            _ => None,
        };
        let failed = Self::new(exit, format!("cannot {doing} {}: {error}", path.display()));
        match next {
            Some(next) => failed.next_step(next),
            None => failed,
        }
    }

    /// Says what to do next, one or two sentences.
    pub fn next_step(mut self, text: impl Into<String>) -> Self {
        self.next_step = Some(text.into());
        self
    }

    /// Adds a line of detail below the message.
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push(text.into());
        self
    }

    /// Says where the evidence is.
    pub fn with_evidence(mut self, path: PathBuf) -> Self {
        self.details.push(format!("the evidence is in {}", path.display()));
        self.evidence = Some(path);
        self
    }

    /// The file of evidence against the log, if one was written.
    pub fn evidence(&self) -> Option<&Path> {
        self.evidence.as_deref()
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What failed.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, if there is something.
    pub fn advice(&self) -> Option<&str> {
        self.next_step.as_deref()
    }

    /// Further lines.
    pub fn details(&self) -> &[String] {
        &self.details
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.details.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl std::error::Error for CliError {}

impl miette::Diagnostic for CliError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{} (exit {})", self.exit.name(), self.exit.code())))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.next_step.as_ref().map(|text| Box::new(text) as Box<dyn fmt::Display>)
    }
}
