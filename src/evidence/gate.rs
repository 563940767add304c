//! The tender gate: has this vendor, with this government, at the closing time, an agreement in force whose scope covers
//! the product? One file, one policy, one answer that a script can act on, and that anyone finds again from the file.
//!
//! - G1. Yes, no and cannot tell are three answers. A failed check, a name that nobody knows, a stale file, a scope that
//!   cannot be read: each is a reason of its own, and none of them is a no.
//! - G2. What counts is what was registered by the closing time, unless the question says otherwise: an act that is
//!   registered later changes no award.
//! - G3. A file that ends before the closing time says nothing of what was registered in between. It answers only as far
//!   as the question accepts that age.
//!
//! Out of scope: printing, fetching the file, the clock. The answer is a function of the bytes, the trust and the question.

use crate::agreement::{Flag, Force, On, ProductQuery, Reason, ScopeMatch, Standing};
use crate::evidence::{KnownUpTo, Question, Step, Trust, Verdict, Verification, verify};
use crate::statement::body::Terms;
use crate::statement::{GovernmentOrCountry, Party, Subject, one_line};

/// What the gate is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateQuestion {
    /// The vendor.
    pub vendor: Party,
    /// The organ, or a country for any organ of it.
    pub government: GovernmentOrCountry,
    /// The product.
    pub product: ProductQuery,
    /// The closing time, unix milliseconds.
    pub closing_ms: u64,
    /// What counts as known.
    pub known_at: GateKnown,
    /// How long before the closing time the file may end, in seconds; 0: not at all.
    pub max_age_s: u64,
}

/// What counts as known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GateKnown {
    /// What was registered by the closing time.
    #[default]
    AtClosing,
    /// All that the file holds.
    Latest,
    /// What was registered by a time or seal that the question names.
    UpTo(KnownUpTo),
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    /// There is such an agreement.
    Yes,
    /// There is none.
    No,
    /// Not to be told from this.
    CannotTell,
}

/// Why, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GateReason {
    /// Yes: in force, and its scope covers the product.
    Covered,
    /// No: nothing is agreed between the two.
    NoAgreement,
    /// No: not in force at the closing time.
    NotInForce,
    /// No: in force, and about other products.
    NotInScope,
    /// Cannot tell: in force, and its scope leaves the product open.
    ScopeOpen,
    /// Cannot tell: how the agreement stands is not known.
    Indeterminate,
    /// Cannot tell: the file ends too long before the closing time.
    Stale,
    /// Cannot tell: a name that the registry does not know.
    UnknownName,
    /// Cannot tell: what was known then cannot be told from this file.
    KnownAtNotInFile,
    /// Cannot tell: the file is about something else.
    OtherSubject,
    /// Cannot tell: a check of the file failed.
    CheckFailed,
}

impl GateAnswer {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::CannotTell => "cannot_tell",
        }
    }
}

impl GateReason {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::NoAgreement => "no_agreement",
            Self::NotInForce => "not_in_force",
            Self::NotInScope => "not_in_scope",
            Self::ScopeOpen => "scope_open",
            Self::Indeterminate => "indeterminate",
            Self::Stale => "stale",
            Self::UnknownName => "unknown_name",
            Self::KnownAtNotInFile => "known_at_not_in_file",
            Self::OtherSubject => "other_subject",
            Self::CheckFailed => "check_failed",
        }
    }

    /// The answer that it stands for.
    pub fn answer(self) -> GateAnswer {
        match self {
            Self::Covered => GateAnswer::Yes,
            Self::NoAgreement | Self::NotInForce | Self::NotInScope => GateAnswer::No,
            _ => GateAnswer::CannotTell,
        }
    }
}

/// One reason, and the agreement that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFinding {
    /// Why.
    pub reason: GateReason,
    /// Why, in plain words.
    pub words: String,
    /// The agreement, if one is meant.
    pub agreement: Option<Subject>,
    /// Its force at the closing time.
    pub force: Option<Force>,
    /// What its scope says; only of an agreement in force.
    pub scope: Option<ScopeMatch>,
    /// What goes with a yes and does not change it, in plain words.
    pub notes: Vec<String>,
}

/// The answer with its reasons, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateReport {
    /// The answer.
    pub answer: GateAnswer,
    /// Every reason, those of the answer first; never empty.
    pub findings: Vec<GateFinding>,
    /// The verification of the file.
    pub verification: Verification,
}

impl GateQuestion {
    /// What the file is about that answers: `between/<vendor>/<government or country>`.
    pub fn about(&self) -> Subject {
        Subject::Between { vendor: self.vendor.clone(), government: self.government.clone() }
    }

    /// The instant up to which registrations are to be known, and what it is called.
    fn needed(&self) -> (u64, &'static str) {
        match self.known_at {
            GateKnown::UpTo(KnownUpTo::Instant(at_ms)) if at_ms > self.closing_ms => {
                (at_ms, "the time that you ask for")
            }
            _ => (self.closing_ms, "the closing time"),
        }
    }

    fn of_the_file(&self) -> Question {
        let known_at = match self.known_at {
            GateKnown::AtClosing => Some(KnownUpTo::Instant(self.closing_ms)),
            GateKnown::Latest => None,
            GateKnown::UpTo(known) => Some(known),
        };
        Question { on: Some(On::Instant(self.closing_ms)), freshness: None, known_at }
    }
}

impl GateReport {
    /// The answer as the verdict of a verification: what a program exits with.
    pub fn verdict(&self) -> Verdict {
        match (self.answer, self.findings.first().map(|finding| finding.reason)) {
            (GateAnswer::Yes, _) => Verdict::Holds,
            (GateAnswer::No, _) => Verdict::No,
            (_, Some(GateReason::CheckFailed)) => self.verification.verdict(),
            (_, Some(GateReason::Stale)) => Verdict::Stale,
            _ => Verdict::Indeterminate,
        }
    }
}

/// Answers from the bytes of a docket file.
pub fn gate(bytes: &[u8], trust: &Trust, question: &GateQuestion) -> GateReport {
    let verification = verify(bytes, trust, &question.of_the_file());
    let mut findings = match obstacle(&verification, question) {
        Some(finding) => vec![finding],
        None => findings(&verification, question),
    };
    let rank = |answer: GateAnswer| match answer {
        GateAnswer::Yes => 0,
        GateAnswer::CannotTell => 1,
        GateAnswer::No => 2,
    };
    // One agreement that covers the product is enough, and one that is open forbids a no.
    findings.sort_by_key(|finding| rank(finding.reason.answer()));
    let answer = findings.first().map_or(GateAnswer::CannotTell, |finding| finding.reason.answer());
    GateReport { answer, findings, verification }
}

/// Why the file cannot answer at all.
fn obstacle(verification: &Verification, question: &GateQuestion) -> Option<GateFinding> {
    let found = |reason, words: String| Some(GateFinding::plain(reason, words));
    if let Some(failed) = verification.failed() {
        let words = format!("the check {} of the file failed; nothing follows from it", failed.name());
        return found(GateReason::CheckFailed, words);
    }
    let about = question.about();
    if verification.about.as_ref() != Some(&about) {
        let other = verification.about.as_ref().map_or_else(String::new, ToString::to_string);
        return found(GateReason::OtherSubject, format!("the file is about {other}; this question needs {about}"));
    }
    // Also where the file ends too early for a no: else an accepted age would make a no of a misspelt name.
    if let Some(unknown) = verification.unknown_name(&about) {
        let words = format!("`{unknown}` is nobody whom this registry knows: is it spelt right?");
        return found(GateReason::UnknownName, words);
    }
    let until_ms = verification.as_known_at.map_or(0, |known| known.until_ms);
    if verification.standing.is_none() {
        let standing = verification.checks.iter().find(|check| check.step == Step::Standing);
        let why = standing.and_then(|check| check.skipped()).unwrap_or("the file gives no standing");
        return found(GateReason::KnownAtNotInFile, why.to_owned());
    }
    let (needed_ms, needed) = question.needed();
    let short_ms = needed_ms.saturating_sub(until_ms);
    let accepted_ms = question.max_age_s.saturating_mul(1_000);
    (short_ms > accepted_ms).then(|| {
        let (short_s, accepted_s) = (short_ms.div_ceil(1_000), question.max_age_s);
        let words = format!(
            "what the file shows ends {short_s} s before {needed}, and you accept {accepted_s} s; what was registered in \
             between is not known"
        );
        GateFinding::plain(GateReason::Stale, words)
    })
}

/// What each agreement of the list says.
fn findings(verification: &Verification, question: &GateQuestion) -> Vec<GateFinding> {
    // The obstacles leave no file without a standing.
    let Some(standing) = verification.standing.as_ref().map(accepted) else { return Vec::new() };
    let mut findings: Vec<GateFinding> = Vec::new();
    if let Force::Indeterminate(reason) = standing.force {
        let words = format!("what is agreed between the two cannot be told: {}", reason.as_str().replace('_', " "));
        findings.push(GateFinding::plain(GateReason::Indeterminate, words));
    }
    let agreements = standing.list.iter().filter(|(subject, _)| matches!(subject, Subject::Agreement { .. }));
    findings.extend(agreements.map(|(subject, member)| {
        let terms = verification.list_terms.get(subject);
        finding(subject, accepted(member), terms.map(|terms| &**terms), &question.product)
    }));
    if findings.is_empty() {
        findings.push(GateFinding::plain(GateReason::NoAgreement, nothing_words(standing, question)));
    }
    // A doubt about the list is a doubt about every yes in it.
    if matches!(standing.force, Force::Indeterminate(_)) {
        findings.retain(|finding| finding.reason != GateReason::Covered);
    }
    findings
}

/// The standing that counts: where the file ends before the closing time within the accepted age, the one that holds if
/// nothing more was registered.
fn accepted(standing: &Standing) -> &Standing {
    match (standing.force, &standing.otherwise) {
        (Force::Indeterminate(Reason::NotYetKnown), Some(otherwise)) => otherwise,
        _ => standing,
    }
}

fn nothing_words(standing: &Standing, question: &GateQuestion) -> String {
    let mut words = format!("nothing is agreed between {} and {}", question.vendor, question.government);
    if !standing.list.is_empty() {
        words.push_str("; an offer alone is no agreement");
    }
    if standing.flags.contains(&Flag::Reported) {
        words.push_str("; what others report is no agreement");
    }
    words
}

fn finding(about: &Subject, standing: &Standing, terms: Option<&Terms>, product: &ProductQuery) -> GateFinding {
    let force = standing.force;
    let plain = |reason, words: String| GateFinding {
        agreement: Some(about.clone()),
        force: Some(force),
        ..GateFinding::plain(reason, words)
    };
    match (force, terms) {
        (Force::Indeterminate(_), _) => plain(GateReason::Indeterminate, standing.sentence()),
        (Force::InForce | Force::PartlySuspended, Some(terms)) => {
            let scope = ScopeMatch::of(terms.scope.as_deref(), product);
            let (reason, claim) = match &scope {
                ScopeMatch::InScope(_) => (GateReason::Covered, "covers the product"),
                ScopeMatch::NotInScope(_) => (GateReason::NotInScope, "does not cover the product"),
                ScopeMatch::CannotTell(_) => (GateReason::ScopeOpen, "leaves open whether it covers the product"),
            };
            let lines: Vec<String> = scope.lines().iter().map(ToString::to_string).collect();
            let words = format!("in force, and its scope {claim}: {}", lines.join("; "));
            GateFinding { notes: notes(standing, terms), scope: Some(scope), ..plain(reason, words) }
        }
        (Force::InForce | Force::PartlySuspended, None) => {
            plain(GateReason::Indeterminate, "in force, and its terms are not in the file".to_owned())
        }
        _ => plain(GateReason::NotInForce, standing.sentence()),
    }
}

/// What somebody who reads a yes should know beside it.
fn notes(standing: &Standing, terms: &Terms) -> Vec<String> {
    let mut notes = vec![standing.sentence()];
    let texts = [("territory", &terms.territory), ("services", &terms.services)];
    // A text of people: no program compares it.
    notes.extend(texts.into_iter().filter_map(|(what, text)| {
        let text = one_line(text.as_ref()?.as_str());
        Some(format!("its {what}, which no program compares: \"{text}\""))
    }));
    notes
}

impl GateFinding {
    fn plain(reason: GateReason, words: String) -> Self {
        Self { reason, words, agreement: None, force: None, scope: None, notes: Vec::new() }
    }
}
