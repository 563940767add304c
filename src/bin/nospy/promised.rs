//! Whether a docket file holds what a receipt promises; if it does not, the evidence.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::crypto::KeyLine;
use nospy::evidence::{
    DocketFile, EvidenceFile, Omission, Outcome, Promise, Receipt, TlogProof, Trust, Word, check_file, detach_receipts,
};
use nospy::statement::{Statement, StatementId};
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::view::{self, CheckLine};
use crate::{caught, files};

/// Name of the check.
const NAME: &str = "promise";

/// A receipt that a docket file is held against.
#[derive(Args, Clone, Default)]
pub struct PromiseArgs {
    /// A receipt that the docket file must keep: a statement with its receipts, or a receipt or tlog-proof beside
    /// --statement. If the file lacks what the log promised, the evidence is written and the exit code is 12.
    #[arg(long = "receipt", value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The statement that an `endorse` or `void` of --receipt names, if the file does not hold it; may be given twice.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    named: Vec<PathBuf>,
    /// Where evidence is written.
    #[arg(long, value_name = "DIR", default_value = ".")]
    evidence: PathBuf,
}

/// What became of a promise.
pub struct Kept {
    check: CheckLine,
    /// The evidence, if the file does not keep it.
    evidence: Option<(PathBuf, String)>,
    exit: Option<Exit>,
}

impl PromiseArgs {
    /// Whether a receipt was given.
    pub fn is_asked(&self) -> bool {
        self.receipt.is_some()
    }

    /// Where evidence is written.
    pub fn directory(&self) -> &Path {
        &self.evidence
    }

    /// Holds the file against the receipt, if one was given.
    ///
    /// # Errors
    /// If a file cannot be read, or the evidence cannot be written.
    pub fn hold(&self, bytes: &[u8], statement: Option<&Path>, trust: &Trust) -> Result<Option<Kept>, CliError> {
        let Some(path) = &self.receipt else { return Ok(None) };
        let not_run = || Kept {
            check: CheckLine { name: NAME, outcome: Outcome::NotRun, detail: None },
            evidence: None,
            exit: None,
        };
        let Ok(file) = DocketFile::parse(bytes) else { return Ok(Some(not_run())) };
        let Some(log) = trust.policy.log_of(&file.origin) else { return Ok(Some(not_run())) };
        let promise = self.read(path, statement, &file, log)?;
        let kept = self.judge(&promise, &file, log)?;
        // A file that fails a check of its own keeps no promise; that it breaks one, it proves all the same.
        let holds = kept.evidence.is_some() || check_file(bytes, trust, None).file.is_some();
        Ok(Some(if holds { kept } else { not_run() }))
    }

    fn read(
        &self,
        path: &Path,
        statement: Option<&Path>,
        file: &DocketFile<'_>,
        log: &KeyLine,
    ) -> Result<Promise, CliError> {
        let bytes = files::read(path)?;
        let given = statement.map(read_statement).transpose()?;
        let needs = || {
            CliError::usage(format!("{} is for one statement", path.display()))
                .next_step("Name it with --statement FILE.")
        };
        let (statement, word) = match (detach_receipts(&bytes), Receipt::parse(&bytes), TlogProof::parse(&bytes)) {
            (Ok((statement, receipts)), ..) => {
                let of_log = receipts.into_iter().filter_map(|receipt| Receipt::parse(receipt).ok());
                let receipt = of_log.into_iter().find(|receipt| receipt.claims().origin.as_str() == log.name());
                let receipt = receipt.ok_or_else(|| {
                    CliError::malformed(format!("{} carries no receipt of {}", path.display(), log.name()))
                })?;
                (statement, Word::Receipt(receipt))
            }
            (_, Ok(receipt), _) => (given.ok_or_else(needs)?, Word::Receipt(receipt)),
            (.., Ok(proof)) => {
                let checkpoint = proof.checkpoint.with_line_of(log).ok_or_else(|| {
                    CliError::new(Exit::BadSignature, format!("{}: not signed by {log}", path.display()))
                })?;
                let word = Word::Entry { checkpoint, index: proof.index, path: proof.path };
                (given.ok_or_else(needs)?, word)
            }
            _ => {
                let what = "is neither a statement with receipts, nor a receipt, nor a tlog-proof";
                return Err(CliError::malformed(format!("{} {what}", path.display())));
            }
        };
        let given = self.named.iter().map(|path| read_statement(path)).collect::<Result<Vec<_>, _>>()?;
        let in_file = |id: &StatementId| {
            let found = file.statements.iter().find(|entry| entry.statement.id() == id);
            found.map(|entry| Statement::clone(&entry.statement))
        };
        let find = |id: &StatementId| given.iter().find(|one| one.id() == id).cloned().or_else(|| in_file(id));
        Promise::gather(statement, word, find).map_err(|id| {
            CliError::usage(format!("the statement names {id}, which the file does not hold"))
                .next_step("Give that one, too, with --named FILE.")
        })
    }

    fn judge(&self, promise: &Promise, file: &DocketFile<'_>, log: &KeyLine) -> Result<Kept, CliError> {
        let kept =
            |result: Result<String, String>, exit| Kept { check: CheckLine::of(NAME, result), evidence: None, exit };
        let skipped =
            |why| Ok(Kept { check: CheckLine::skipped(NAME, why), evidence: None, exit: Some(Exit::Indeterminate) });
        let touched = match promise.check(log).and_then(|_| promise.touches()) {
            Ok(touched) => touched,
            Err(error) => return Ok(kept(Err(format!("the receipt itself: {error}")), Some(Exit::BadInclusion))),
        };
        if let Some(omission) = Omission::find(log, promise, file) {
            let proved = omission.check(log).map(|proved| caught::sentence(&proved)).unwrap_or_default();
            let path = caught::keep(&self.evidence, &EvidenceFile::Omission(Box::new(omission)))?;
            let check = CheckLine::of(NAME, Err(proved.clone()));
            return Ok(Kept { check, evidence: Some((path, proved)), exit: Some(Exit::Equivocation) });
        }
        let index = promise.index();
        if index >= file.last_seal().index {
            return skipped("the file was made before the statement was registered");
        }
        let held: Vec<String> = file
            .dockets
            .iter()
            .map(|docket| &docket.subject)
            .filter(|subject| touched.contains(subject))
            .map(ToString::to_string)
            .collect();
        match held.is_empty() {
            true => skipped("no docket of the file is one that the statement must stand in"),
            false => Ok(kept(Ok(format!("entry {index} stands in {}", held.join(", "))), None)),
        }
    }
}

impl Kept {
    /// The exit code of an answer, with that of the promise: a file that fails a check of its own stays what it is.
    pub fn exit(&self, exit: Exit) -> Exit {
        match self.exit {
            Some(Exit::Equivocation) => Exit::Equivocation,
            Some(promise) if matches!(exit, Exit::Ok | Exit::AnswerNo | Exit::Indeterminate) => promise,
            _ => exit,
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("\nWhat the log promised:\n{}", view::checks_text(std::slice::from_ref(&self.check)));
        if let Some((path, _)) = &self.evidence {
            text.push_str(&format!(
                "\u{2717} OMISSION PROVED. The evidence is in {}: it stands alone, and anybody can check it with the log's key.\n",
                path.display()
            ));
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let mut json = view::checks_json(std::slice::from_ref(&self.check));
        let mut line = json[0].take();
        line["evidence"] = json!(self.evidence.as_ref().map(|(path, _)| path));
        line
    }
}

fn read_statement(path: &Path) -> Result<Statement, CliError> {
    crate::publish::read_statement(path)
}
