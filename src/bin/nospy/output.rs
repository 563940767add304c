//! What the program says: data on stdout, talk on stderr, as text for people or JSON for programs.
//!
//! Text that somebody else wrote may hold characters that move the cursor or turn the reading order around.
//! Everything that goes out as text passes [`clean`]; JSON escapes control characters by itself.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value as Json, json};

use crate::error::CliError;

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    Table,
    /// One JSON document.
    Json,
}

/// Where the program speaks.
pub struct Output {
    format: Format,
    is_quiet: bool,
}

impl Output {
    /// An output of this format; `is_quiet` drops the talk, never the data and never an error.
    pub fn new(format: Format, is_quiet: bool) -> Self {
        Self { format, is_quiet }
    }

    /// Whether nobody wants to be talked to.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Talk: one or more lines on stderr.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.is_quiet {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(io::stderr(), "{}", clean(text.as_ref()));
        }
    }

    /// How far something long is: one line on stderr that is written over by the next; an empty one takes it away. Only
    /// on a terminal.
    pub fn progress(&self, text: &str) {
        let mut stderr = io::stderr();
        if !self.is_quiet && stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K{}", clean(text)).and_then(|()| stderr.flush());
        }
    }

    /// Data: the text form or the JSON form.
    ///
    /// # Errors
    /// If stdout cannot be written, other than by a reader that went away.
    pub fn data(&self, text: &str, json: Json) -> Result<(), CliError> {
        match self.format {
            Format::Table => write_stdout(&clean(text)),
            Format::Json => write_stdout(&format!("{json:#}")),
        }
    }

    /// Data that is a file of its own, unchanged.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        let mut stdout = io::stdout().lock();
        checked(stdout.write_all(bytes).and_then(|()| stdout.flush()))
    }

    /// Data in rows.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub fn rows(&self, header: &[&str], rows: &[Vec<String>], json: Json) -> Result<(), CliError> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header.iter().copied());
        for row in rows {
            table.add_row(row.iter().map(|cell| clean(cell)));
        }
        self.data(&table.trim_fmt(), json)
    }

    /// An error on stderr: with colours and a frame on a terminal, plain lines otherwise, JSON if asked for.
    pub fn error(&self, error: &CliError) {
        let mut stderr = io::stderr();
        let text = match self.format {
            Format::Json => {
                let object = json!({ "error": {
                    "exit": error.exit().code(), "reason": error.exit().name(), "message": error.message(),
                    "details": error.details(), "next_step": error.advice(),
                }});
                format!("{object:#}")
            }
            Format::Table if stderr.is_terminal() => fancy(error),
            Format::Table => plain(error),
        };
        let _ = writeln!(stderr, "{text}");
    }
}

fn fancy(error: &CliError) -> String {
    let mut text = String::new();
    let cleaned = error
        .details()
        .iter()
        .fold(CliError::new(error.exit(), clean(error.message())), |cleaned, line| cleaned.detail(clean(line)));
    let cleaned = match error.advice() {
        Some(advice) => cleaned.next_step(clean(advice)),
        None => cleaned,
    };
    match miette::GraphicalReportHandler::new().render_report(&mut text, &cleaned) {
        Ok(()) => text,
        Err(_) => plain(error),
    }
}

fn plain(error: &CliError) -> String {
    let mut text = format!("nospy: {}", clean(error.message()));
    for line in error.details() {
        let _ = write!(text, "\n  {}", clean(line));
    }
    if let Some(advice) = error.advice() {
        let _ = write!(text, "\n  next: {}", clean(advice));
    }
    let _ = write!(text, "\n  ({}, exit {})", error.exit().name(), error.exit().code());
    text
}

/// `text` with everything escaped that a terminal would act on instead of show: control characters but LF, and
/// bidirectional controls.
pub fn clean(text: &str) -> String {
    let is_active = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut cleaned, c| {
        match is_active(c) {
            true => cleaned.extend(c.escape_unicode()),
            false => cleaned.push(c),
        }
        cleaned
    })
}

fn write_stdout(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    checked(writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush()))
}

fn checked(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::usage(format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}
