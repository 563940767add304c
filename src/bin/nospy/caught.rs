//! Evidence against a log: kept as a file before anything else is said, and checked again from that file alone.

use std::path::{Path, PathBuf};

use nospy::crypto::{hex, sha256};
use nospy::evidence::{EvidenceFile, Instead, NotProved, Outcome, Policy, Proved};
use nospy::merkle::Hash;
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::view::CheckLine;
use crate::{describe, files, moment, view};

const NEXT_STEP: &str = "Trust nothing this log says from now on. Give the file to the registry, its witnesses and its \
     monitors; anybody can check it with the log's key: nospy verify FILE --policy VKEY.";

/// Writes evidence into a directory under a name that follows from its bytes, and says where it is. The same evidence is
/// written once; what a process that died left half written is no hindrance.
///
/// # Errors
/// If it cannot be written.
pub fn keep(directory: &Path, evidence: &EvidenceFile) -> Result<PathBuf, CliError> {
    let bytes = evidence.to_bytes();
    let digest = sha256(&[&bytes]).to_string();
    let path = directory.join(format!("evidence-{}.{}", &digest[..16], evidence.suffix()));
    match path.exists() && files::read(&path)? == bytes {
        true => Ok(path),
        false => files::replace(&path, &bytes).map(|()| path),
    }
}

/// The error of a log that was caught: exit 12, with the evidence in a file.
pub fn accuse(directory: &Path, evidence: &EvidenceFile, words: String) -> CliError {
    let error = CliError::new(Exit::Equivocation, words).next_step(NEXT_STEP);
    with_file(error, directory, evidence)
}

/// The error of a log that shows no proof: exit 11, with the question in a file.
pub fn suspect(directory: &Path, suspicion: &EvidenceFile, words: String) -> CliError {
    let error = CliError::new(Exit::BadInclusion, words).next_step(
        "Nothing is proved: the answer may have been spoilt on its way. Ask again, and by another way; if it stays so, \
         publish the file: an honest log answers it with a consistency proof.",
    );
    with_file(error, directory, suspicion)
}

/// An error with both sides of the question in a file.
pub fn with_file(error: CliError, directory: &Path, evidence: &EvidenceFile) -> CliError {
    match keep(directory, evidence) {
        Ok(path) => error.with_evidence(path),
        // The evidence must not get lost because a disk is full.
        Err(failed) => error
            .detail(failed.message().to_owned())
            .detail(format!("the evidence as hex: {}", hex(&evidence.to_bytes()))),
    }
}

/// `nospy verify` of an evidence file.
///
/// # Errors
/// [`Exit::Malformed`] if it is none; that it proves nothing is an answer.
pub fn verify(bytes: &[u8], name: &str, policy: &Policy, output: &Output) -> Result<Exit, CliError> {
    let evidence = EvidenceFile::parse(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is not evidence against a log: {error}")))?;
    let checked = evidence.check(policy);
    let exit = match &checked {
        Ok(Some(_)) => Exit::Equivocation,
        Ok(None) => Exit::Indeterminate,
        Err(_) => Exit::AnswerNo,
    };
    let checks = checks(&evidence, &checked);
    let (title, sentence) = title_and_sentence(&evidence, &checked);
    let text = format!(
        "{}{} against {}\n\n{}\n{title}\n{sentence}\n{}\n\nAnswer: {} (exit {})",
        describe::demo_mark(evidence.origin()),
        evidence.suffix(),
        evidence.origin(),
        view::checks_text(&checks),
        NOT_PROVEN,
        exit.meaning(),
        exit.code()
    );
    let json = json!({
        "type": evidence.suffix(), "exit": exit.code(), "answer": exit.name(), "origin": evidence.origin().as_str(),
        "demo": describe::is_demo(evidence.origin()), "proved": matches!(checked, Ok(Some(_))),
        "claim": checked.as_ref().ok().and_then(Option::as_ref).map(claim_json), "sentence": sentence,
        "checks": view::checks_json(&checks), "not_proven": [NOT_PROVEN],
    });
    output.data(&text, json)?;
    Ok(exit)
}

const NOT_PROVEN: &str = "Not proven: who did it. Whoever holds the log's key can sign, and a key can be stolen.";

/// The two checks of evidence: the log's signatures, and what contradicts between them.
fn checks(evidence: &EvidenceFile, checked: &Result<Option<Proved>, NotProved>) -> Vec<CheckLine> {
    let name = "contradiction";
    let signed = Ok("all that counts in the file is signed by the log that you trust".to_owned());
    match checked {
        Err(error @ (NotProved::LogNotTrusted(_) | NotProved::Signature(_))) => vec![
            CheckLine::of("log-signatures", Err(error.to_string())),
            CheckLine { name, outcome: Outcome::NotRun, detail: None },
        ],
        // An omission may fail before its last signature is looked at.
        Err(error) if matches!(evidence, EvidenceFile::Omission(_)) => vec![
            CheckLine { name: "log-signatures", outcome: Outcome::NotRun, detail: None },
            CheckLine::of(name, Err(error.to_string())),
        ],
        Err(error) => vec![CheckLine::of("log-signatures", signed), CheckLine::of(name, Err(error.to_string()))],
        Ok(None) => vec![
            CheckLine::of("log-signatures", signed),
            CheckLine::skipped(name, "a suspicion holds no proof: it is a question to the log"),
        ],
        Ok(Some(_)) => {
            let shown = format!("an honest log cannot have signed all of this {}", evidence.suffix());
            vec![CheckLine::of("log-signatures", signed), CheckLine::of(name, Ok(shown))]
        }
    }
}

fn title_and_sentence(evidence: &EvidenceFile, checked: &Result<Option<Proved>, NotProved>) -> (&'static str, String) {
    match (checked, evidence) {
        (Ok(Some(proved @ Proved::LeftOut { .. })), _) => ("\u{2717} OMISSION PROVED", sentence(proved)),
        (Ok(Some(proved)), _) => ("\u{2717} EQUIVOCATION PROVED", sentence(proved)),
        (Ok(None), EvidenceFile::Suspicion(suspicion)) => {
            let [earlier, later] = suspicion.heads();
            let words = format!(
                "The log signed a tree of {} entries and one of {}. Ask it for the consistency proof between them: an \
                 honest log can always show it.",
                earlier.size(),
                later.size()
            );
            ("\u{2013} NOTHING PROVED: the log signed both, and that is all", words)
        }
        (Err(error), _) => ("\u{2717} NOTHING PROVED: this is no evidence", format!("Because {error}.")),
        (Ok(None), _) => ("\u{2013} NOTHING PROVED", String::new()),
    }
}

/// What is proved, in one sentence.
pub fn sentence(proved: &Proved) -> String {
    match proved {
        Proved::TwoRoots { size, roots: [one, other] } => {
            format!("The log signed two trees of {size} entries: root {} and root {}.", hex(one), hex(other))
        }
        Proved::NotExtended { size, signed, found, later_size } => format!(
            "The log signed a tree of {size} entries with root {}, and a tree of {later_size} entries whose first {size} \
             have root {}.",
            hex(signed),
            hex(found)
        ),
        Proved::TwoEntries { index, ids: [one, other] } => {
            format!("The log signed that entry {index} is {}, and that it is {}.", hex(one), hex(other))
        }
        Proved::TwoSeals { ids: [one, other], why } => {
            format!("The log signed the seals {} and {}: {why}.", hex(one), hex(other))
        }
        Proved::LeftOut { subject, id, index, seal, instead } => format!(
            "The log signed that the statement {} is its entry {index}, and in the seal at {seal} that {}.",
            hex(id),
            match instead {
                Instead::NoDocket => format!("nothing about {subject} exists"),
                Instead::Nothing => format!("everything about {subject} is a list that lacks it"),
                Instead::OtherIndex(other) => format!("in everything about {subject} it is entry {other}"),
                Instead::OtherStatement(other) => {
                    format!("in everything about {subject} entry {index} is {}", hex(other))
                }
                Instead::Later(time_ms) => {
                    let time = moment::utc_ms(*time_ms);
                    format!("it was registered at {time}, after the log had given its receipt")
                }
                _ => format!("{subject} says otherwise"),
            }
        ),
        _ => "This program knows no words for it.".to_owned(),
    }
}

/// What is proved, for programs.
pub fn claim_json(proved: &Proved) -> Json {
    let both = |hashes: &[Hash; 2]| json!(hashes.map(|hash| hex(&hash)));
    match proved {
        Proved::TwoRoots { size, roots } => json!({ "claim": "two_roots", "size": size, "roots": both(roots) }),
        Proved::NotExtended { size, signed, found, later_size } => json!({
            "claim": "not_extended", "size": size, "signed": hex(signed), "found": hex(found), "later_size": later_size,
        }),
        Proved::TwoEntries { index, ids } => json!({ "claim": "two_entries", "index": index, "ids": both(ids) }),
        Proved::TwoSeals { ids, why } => json!({ "claim": "two_seals", "ids": both(ids), "why": why }),
        Proved::LeftOut { subject, id, index, seal, .. } => json!({
            "claim": "left_out", "subject": subject.to_string(), "id": hex(id), "index": index, "seal": seal,
        }),
        _ => json!({ "claim": "unknown" }),
    }
}
