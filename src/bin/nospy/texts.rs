//! Texts at hand: which the caller gives, and what they turn out to be (rule 7).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use nospy::agreement::Integrity;
use nospy::crypto::Digest;
use nospy::evidence::{GivenIs, GivenText, TextClaim, TextLine, TextsAnswer, TextsReport, Verification, fingerprint};
use nospy::registry::MediaType;
use nospy::statement::body::{Language, Terms, TextStatus, TextVersion};
use nospy::statement::one_line;
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::opening::Opening;

/// Most texts that are given at once.
const GIVEN_MAX: usize = 64;
/// How the name of a note ends that tells of a removed text.
const REMOVED_EXTENSION: &str = "removed";
/// Longest note of a removed text that is shown, in bytes.
const NOTE_LEN_MAX: usize = 8 * 1024;

/// Which texts are at hand.
#[derive(Args, Clone, Default)]
pub struct TextsArgs {
    /// A text to compare with the terms of the day: LANG=FILE says which one it is meant to be, FILE alone is the only
    /// authentic text. May be given many times.
    #[arg(long = "text", value_name = "[LANG=]FILE")]
    texts: Vec<String>,
    /// What opens a withheld text: the file that `nospy text commit` wrote, or LANG=SALT:FILE with the salt in 64 hex
    /// digits. May be given many times.
    #[arg(long = "opening", value_name = "FILE.opening|LANG=SALT:FILE")]
    openings: Vec<String>,
    /// A folder of texts named by their digest, as `nospy docket --texts` fills it; those that the terms name are
    /// compared.
    #[arg(long = "texts", value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Texts at hand, read and hashed.
#[derive(Default)]
pub struct AtHand {
    given: Vec<GivenText>,
    /// The file of each.
    names: Vec<String>,
    /// What a registry said of texts that it removed.
    removed: BTreeMap<Digest, String>,
}

/// What the texts at hand came to.
pub struct Compared {
    at_hand: AtHand,
    /// `None`: there are no terms on that day.
    report: Option<TextsReport>,
}

impl TextsArgs {
    /// The texts of this folder.
    pub fn of_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..Self::default() }
    }

    /// Whether any text was asked about.
    pub fn is_asked(&self) -> bool {
        !self.texts.is_empty() || !self.openings.is_empty() || self.folder.is_some()
    }

    /// Reads the texts and compares them with the terms that were verified; writes the axis into the standing. `None` if
    /// nothing was asked.
    ///
    /// # Errors
    /// If a file cannot be read, or a flag is not what it should be.
    pub fn compare(&self, verification: &mut Verification) -> Result<Option<Compared>, CliError> {
        if !self.is_asked() {
            return Ok(None);
        }
        let at_hand = self.read(verification.terms.as_deref())?;
        let report = verification.compare_texts(&at_hand.given);
        Ok(Some(Compared { at_hand, report }))
    }

    fn read(&self, terms: Option<&Terms>) -> Result<AtHand, CliError> {
        if self.texts.len() + self.openings.len() > GIVEN_MAX {
            return Err(CliError::usage(format!("more than {GIVEN_MAX} texts at once"))
                .next_step("Ask about some of them, then about the others."));
        }
        let mut at_hand = AtHand::default();
        for text in &self.texts {
            let (claim, path) = match text.split_once('=').map(|(language, path)| (language.parse(), path)) {
                Some((Ok(language), path)) => (TextClaim::Language(language), path),
                _ => (TextClaim::None, text.as_str()),
            };
            at_hand.add(GivenText::new(claim, &files::read(Path::new(path))?), path);
        }
        for text in &self.openings {
            match inline_opening(text) {
                Some((language, salt, path)) => {
                    let bytes = files::read(Path::new(path))?;
                    at_hand.add(GivenText::with_salt(TextClaim::Language(language), &salt.0, &bytes), path);
                }
                None => {
                    let opening = Opening::read(Path::new(text))?;
                    at_hand.add(opening.given()?, &opening.text.display().to_string());
                }
            }
        }
        if let (Some(folder), Some(terms)) = (&self.folder, terms) {
            at_hand.read_folder(folder, terms)?;
        }
        Ok(at_hand)
    }
}

/// `LANG=SALT:FILE`.
fn inline_opening(text: &str) -> Option<(Language, Digest, &str)> {
    let (language, rest) = text.split_once('=')?;
    let (salt, path) = rest.split_once(':')?;
    Some((language.parse().ok()?, salt.parse().ok()?, path))
}

impl AtHand {
    fn add(&mut self, text: GivenText, name: &str) {
        self.given.push(text);
        self.names.push(name.to_owned());
    }

    /// A file is said to be the text by whose digest it is called.
    fn read_folder(&mut self, folder: &Path, terms: &Terms) -> Result<(), CliError> {
        if !folder.is_dir() {
            return Err(CliError::new(Exit::NotFound, format!("there is no folder {}", folder.display())));
        }
        for version in terms.texts.iter().flatten() {
            let Some(digest) = version.sha256 else { continue };
            let path = folder.join(file_name(version, &digest));
            if path.exists() {
                let text = GivenText::new(TextClaim::Named(digest), &files::read(&path)?);
                self.add(text, &path.display().to_string());
                continue;
            }
            let note = folder.join(note_name(&digest));
            if note.exists() {
                let note = files::read(&note)?;
                let note = String::from_utf8_lossy(&note[..note.len().min(NOTE_LEN_MAX)]).into_owned();
                self.removed.insert(digest, note.trim_end().to_owned());
            }
        }
        Ok(())
    }
}

/// The name of the file of a text in a folder of texts.
pub fn file_name(version: &TextVersion, digest: &Digest) -> String {
    let kind = version.media_type.as_ref().and_then(|name| MediaType::named(name.as_str()));
    format!("{digest}.{}", kind.map_or("bin", MediaType::extension))
}

/// The name of the note that a text was removed.
pub fn note_name(digest: &Digest) -> String {
    format!("{digest}.{REMOVED_EXTENSION}")
}

impl Compared {
    /// The exit code of an answer, with that of the texts: both must be yes, and a no of either is a no. A check that
    /// failed stays what it is.
    pub fn exit(&self, exit: Exit) -> Exit {
        let texts = match &self.report {
            Some(report) => report.answer(),
            None if self.at_hand.given.is_empty() => TextsAnswer::Unchanged,
            None => TextsAnswer::Unknown,
        };
        match (exit, texts) {
            (Exit::Ok | Exit::Indeterminate, TextsAnswer::No) => Exit::AnswerNo,
            (Exit::Ok, TextsAnswer::Unknown) => Exit::Indeterminate,
            _ => exit,
        }
    }

    /// Each text of the terms and each that was given, for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let Some(report) = &self.report else {
            return writeln!(
                text,
                "\nThe texts: compared with nothing, for no terms of that day are known from this file."
            );
        };
        writeln!(text, "\nThe texts that the terms of that day name:")?;
        if report.lines.is_empty() {
            writeln!(text, "  none")?;
        }
        for (place, line) in report.lines.iter().enumerate() {
            let mark = match line.integrity {
                Integrity::Unchanged => '✓',
                Integrity::Mismatch => '✗',
                _ => '–',
            };
            let (language, status) = (line.version.language.as_str(), status_of(&line.version));
            writeln!(text, "  {mark} {language:<8} {status:<19} {}", self.finding(report, place, line))?;
        }
        for (given, name) in report.given.iter().zip(&self.at_hand.names) {
            match given {
                GivenIs::NoneOfThese => writeln!(text, "  ✗ {}: no text of these terms", one_line(name))?,
                GivenIs::Unknown => writeln!(
                    text,
                    "  – {}: no text of these terms that could be compared; say which one it is meant to be: \
                     --text LANG=FILE, or --opening for a withheld one",
                    one_line(name)
                )?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What was found about one text of the terms.
    fn finding(&self, report: &TextsReport, place: usize, line: &TextLine) -> String {
        let files = |wanted: &dyn Fn(&GivenIs) -> bool| {
            let named = report.given.iter().zip(&self.at_hand.names).filter(|(given, _)| wanted(given));
            named.map(|(_, name)| one_line(name).to_string()).collect::<Vec<_>>().join(", ")
        };
        let digest = fingerprint(&line.version);
        match (line.integrity, &line.version.withheld) {
            (Integrity::Unchanged, withheld) => {
                let how = if withheld.is_some() { "opens the commitment" } else { "has the digest" };
                let files = files(&|given| matches!(given, GivenIs::Unchanged(of) if of.contains(&place)));
                format!("unchanged: {files} {how} that the terms name")
            }
            (Integrity::Mismatch, withheld) => {
                let files = files(&|given| matches!(given, GivenIs::Another(of) if of.contains(&place)));
                let what = if withheld.is_some() { "the commitment" } else { "the SHA-256" };
                let digest = digest.map(|digest| digest.to_string()).unwrap_or_default();
                format!("MISMATCH: {files} is another text than the one with {what} {digest}")
            }
            (_, Some(withheld)) => {
                format!("withheld: {}; looked at again on {}", one_line(withheld.reason.as_str()), withheld.review)
            }
            _ => match digest.and_then(|digest| self.at_hand.removed.get(&digest)) {
                Some(note) => format!("unavailable; the registry's word: {}", one_line(note)),
                None => "unavailable: no copy at hand".to_owned(),
            },
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Json {
        let Some(report) = &self.report else { return json!({ "terms": false }) };
        let lines: Vec<Json> = report
            .lines
            .iter()
            .map(|line| {
                let digest = line.version.sha256;
                json!({
                    "language": line.version.language.as_str(), "status": status_word(&line.version),
                    "prevails": line.version.prevails, "integrity": line.integrity.as_str(),
                    "sha256": digest.map(|digest| digest.to_string()),
                    "commitment": line.version.withheld.as_ref().map(|withheld| withheld.commitment.to_string()),
                    "removed": digest.and_then(|digest| self.at_hand.removed.get(&digest)),
                })
            })
            .collect();
        let given: Vec<Json> = report
            .given
            .iter()
            .zip(&self.at_hand.names)
            .map(|(given, file)| {
                let (word, places) = match given {
                    GivenIs::Unchanged(places) => ("unchanged", places.as_slice()),
                    GivenIs::Another(places) => ("mismatch", places.as_slice()),
                    GivenIs::NoneOfThese => ("no_text_of_these_terms", &[][..]),
                    GivenIs::Unknown => ("unknown", &[][..]),
                };
                json!({ "file": file, "is": word, "texts": places })
            })
            .collect();
        json!({ "terms": true, "integrity": report.integrity.as_str(), "texts": lines, "given": given })
    }
}

fn status_word(version: &TextVersion) -> &'static str {
    match version.status {
        TextStatus::Authentic => "authentic",
        TextStatus::Translation => "translation",
    }
}

fn status_of(version: &TextVersion) -> String {
    match version.prevails {
        Some(true) => format!("{}, prevails", status_word(version)),
        _ => status_word(version).to_owned(),
    }
}
