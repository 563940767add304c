//! The questions, answered from docket files alone: no network, no server, only the files and the policy.

use std::path::{Path, PathBuf};

use nospy::agreement::{Force, On, Standing};
use nospy::evidence::{DocketFile, Outcome, Question as Asked, Trust, Verification, verify};
use nospy::statement::{LegalDate, Subject, Terms};

use crate::demo::directory::Directory;
use crate::demo::expect::Answer;
use crate::demo::fixture::{Fixture, Node};
use crate::demo::huawei;
use crate::demo::letter::{self, Letter};
use crate::demo::script::Script;
use crate::demo::sources::Citation;
use crate::error::CliError;
use crate::{files, trust};

/// A country that nothing in the fixtures is about: there a registry proves that it holds nothing.
const SILENT_COUNTRY: &str = "jp";

/// What a question expects.
#[derive(Clone, Debug)]
pub enum Expected {
    /// The answer that the fixtures spell.
    Answer(String),
    /// No statement at all, proved.
    Nothing,
}

/// A question about one day.
#[derive(Clone, Debug)]
pub struct Question {
    /// In words.
    pub words: String,
    /// The day it is about.
    pub on: LegalDate,
    /// The dockets that answer it; all must give the same answer.
    pub about: Vec<Subject>,
    /// What is expected.
    pub expected: Expected,
    /// How current the assurance is expected to be, if the fixtures say so.
    pub assurance: Option<String>,
}

/// A question and the answer of one docket file.
pub struct Answered {
    /// Where the proof is.
    pub file: PathBuf,
    /// The subject.
    pub about: Subject,
    /// Everything that was checked, and the standing.
    pub verification: Verification,
    /// The answer in short; `None` if there is no standing.
    pub computed: Option<Answer>,
    /// Whether the docket is proved to hold no statement.
    pub is_empty: bool,
    /// How it differs from what is expected.
    pub difference: Option<String>,
    /// Where the facts were published.
    pub sources: Vec<Citation>,
}

impl Answered {
    /// How it stands, if the checks led that far.
    pub fn standing(&self) -> Option<&Standing> {
        self.verification.standing.as_ref()
    }

    /// How many checks held, and how many were skipped.
    pub fn counts(&self) -> (usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| {
            self.verification.checks.iter().filter(|check| wanted(&check.outcome)).count()
        };
        (count(|outcome| *outcome == Outcome::Passed), count(|outcome| matches!(outcome, Outcome::Skipped(_))))
    }
}

/// The questions of the two cases, by the days that the fixtures expect answers for.
///
/// # Errors
/// If a case expects nothing, or an expectation has no day.
pub fn questions(fixture: &Fixture, letter: &Letter<'_>) -> Result<Vec<Question>, CliError> {
    let (f1, f4) = (fixture.case("F1")?, fixture.case("F4")?);
    let vendor = f1.field("head")?.field("vendor")?.text()?;
    let mut questions = Vec::new();
    for (key, answer) in expectations(&f1)? {
        let (country, day) = key.split_once('@').ok_or_else(|| answer.wrong("wants COUNTRY@DAY"))?;
        let on = day_of(day, &answer)?;
        let words = format!("Did {vendor} have a no-spy agreement with {country} on {on}?");
        let about = vec![between(&country.to_lowercase(), &answer)?];
        questions.push(Question {
            words,
            on,
            about,
            expected: Expected::Answer(answer.text()?.to_owned()),
            assurance: None,
        });
    }
    questions.sort_by_key(|question| question.on);
    // The other kind of no stands beside the first.
    if let Some(first) = questions.first() {
        let on = first.on;
        let words = format!("Did {vendor} have a no-spy agreement with {} on {on}?", SILENT_COUNTRY.to_uppercase());
        let about = vec![between(SILENT_COUNTRY, &f1)?];
        questions.insert(1, Question { words, on, about, expected: Expected::Nothing, assurance: None });
    }
    let name = f4.field("head")?.field("later_name")?.text()?;
    let subjects = |organ: &str| letter.subject(organ)?.parse().map_err(|_| f4.wrong("names no organ that could sign"));
    let about: Vec<Subject> =
        letter.organs()?.iter().map(|(organ, _)| subjects(organ)).collect::<Result<_, CliError>>()?;
    for (key, answer) in expectations(&f4)? {
        let on = day_of(key, &answer)?;
        let words = format!("Was the letter of assurances of {name} in force on {on}?");
        let expected = Expected::Answer(answer.text()?.to_owned());
        questions.push(Question { words, on, about: about.clone(), expected, assurance: None });
    }
    Ok(questions)
}

/// What a case expects. A demo that compared nothing would prove nothing.
///
/// # Errors
/// If it expects nothing.
pub fn expectations<'a>(case: &Node<'a>) -> Result<Vec<(&'a str, Node<'a>)>, CliError> {
    let expect = case.field("expect")?;
    let fields = expect.fields()?;
    if fields.is_empty() { Err(expect.wrong("expects nothing")) } else { Ok(fields) }
}

fn day_of(text: &str, node: &Node<'_>) -> Result<LegalDate, CliError> {
    text.parse().map_err(|_| node.wrong("wants answers by their day"))
}

fn between(country: &str, node: &Node<'_>) -> Result<Subject, CliError> {
    format!("between/{}/{country}", huawei::VENDOR).parse().map_err(|_| node.wrong("names no country"))
}

/// The name of the file that holds the docket file of a subject.
pub fn file_name(subject: &Subject) -> String {
    format!("{}.docket", subject.to_string().replace('/', "-"))
}

/// What the fixtures call the terms of a standing, such as `v1`.
pub type Version<'a> = &'a dyn Fn(&Terms) -> Option<String>;

/// Answers a question from the files in the directory.
fn answer(
    question: &Question,
    directory: &Directory,
    policy: &Path,
    script: &Script<'_>,
    version: Version<'_>,
) -> Result<Vec<Answered>, CliError> {
    let trust = Trust::of(trust::read_policy(policy)?);
    let one = |about: &Subject| {
        let file = directory.file(&file_name(about));
        let bytes = files::read(&file)?;
        let asked = Asked { on: Some(On::Day(question.on)), ..Asked::default() };
        let verification = verify(&bytes, &trust, &asked);
        let terms = verification.terms.as_deref();
        let named = terms.and_then(version);
        let computed = verification.standing.as_ref().map(|one| Answer::of(one).with_terms(terms, named.as_deref()));
        let is_empty = DocketFile::parse(&bytes)
            .is_ok_and(|file| file.dockets.first().is_some_and(|docket| docket.entries.is_empty()));
        let difference = difference(question, &verification, computed.as_ref(), is_empty);
        let sources = script.sources_of(&about.to_string(), question.on);
        Ok(Answered { file, about: about.clone(), verification, computed, is_empty, difference, sources })
    };
    question.about.iter().map(one).collect()
}

/// Answers the questions from the files in the directory.
///
/// # Errors
/// If a file cannot be read.
pub fn answer_all(
    questions: Vec<Question>,
    directory: &Directory,
    policy: &Path,
    script: &Script<'_>,
    version: Version<'_>,
) -> Result<Vec<(Question, Vec<Answered>)>, CliError> {
    let one =
        |question: Question| answer(&question, directory, policy, script, version).map(|answers| (question, answers));
    questions.into_iter().map(one).collect()
}

/// How many answers differ from what is expected.
pub fn differences(answers: &[(Question, Vec<Answered>)]) -> usize {
    answers.iter().flat_map(|(_, answers)| answers).filter(|answer| answer.difference.is_some()).count()
}

fn difference(
    question: &Question,
    verification: &Verification,
    computed: Option<&Answer>,
    is_empty: bool,
) -> Option<String> {
    if let Some(failed) = verification.failed() {
        return Some(format!("the check {} failed", failed.name()));
    }
    let Some((computed, standing)) = computed.zip(verification.standing.as_ref()) else {
        return Some("there is no standing".to_owned());
    };
    if let Some(wanted) = question.assurance.as_ref().filter(|wanted| *wanted != standing.assurance.as_str()) {
        return Some(format!("its assurance is {}, not {wanted}", standing.assurance.as_str()));
    }
    match &question.expected {
        Expected::Nothing if is_empty && standing.force == Force::NoAgreement => None,
        Expected::Nothing => Some(format!("there is something: {computed}")),
        Expected::Answer(text) => match text.parse::<Answer>() {
            Err(error) => Some(error.to_string()),
            Ok(expected) if computed.is(&expected) => None,
            Ok(_) => Some(format!("it is {computed}")),
        },
    }
}

/// The subject of the letter that a reader is shown: the first organ's.
pub fn is_about_letter(subject: &Subject) -> bool {
    matches!(subject, Subject::Agreement { vendor, .. } if vendor.as_str() == letter::VENDOR)
}
