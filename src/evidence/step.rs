//! The steps of verification, their names and their order: the one table.

use std::fmt;

/// A step of the verification of a docket file (formats §9). The first that fails ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// All that needs no key and no hash: form, caps, names, order and closure of the dockets.
    FileFormat,
    /// The log that is trusted signed the checkpoint.
    CheckpointSignature,
    /// Enough witnesses cosigned it.
    WitnessQuorum,
    /// Every seal is in the tree of the checkpoint.
    SealInclusion,
    /// Every seal is signed by the log, and its claim 6 is its time.
    SealSignature,
    /// The seals follow each other and close the batch of every entry.
    SealOrder,
    /// Every docket is the one that the last seal commits to: complete, in order, nothing hidden.
    DocketDigest,
    /// Every entry is in the tree of the checkpoint.
    EntryInclusion,
    /// Every statement is signed by the key that it names.
    StatementSignature,
    /// The last seal is as young as the caller asks for.
    Freshness,
    /// Every key had the authority for what it signed, at that index.
    KeyAuthority,
    /// Every statement was admissible.
    Rules,
    /// What follows: how it stands.
    Standing,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 13] = [
        Self::FileFormat,
        Self::CheckpointSignature,
        Self::WitnessQuorum,
        Self::SealInclusion,
        Self::SealSignature,
        Self::SealOrder,
        Self::DocketDigest,
        Self::EntryInclusion,
        Self::StatementSignature,
        Self::Freshness,
        Self::KeyAuthority,
        Self::Rules,
        Self::Standing,
    ];

    /// The name as it is printed and as other tools know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FileFormat => "file-format",
            Self::CheckpointSignature => "checkpoint-signature",
            Self::WitnessQuorum => "witness-quorum",
            Self::SealInclusion => "seal-inclusion",
            Self::SealSignature => "seal-signature",
            Self::SealOrder => "seal-order",
            Self::DocketDigest => "docket-digest",
            Self::EntryInclusion => "entry-inclusion",
            Self::StatementSignature => "statement-signature",
            Self::Freshness => "freshness",
            Self::KeyAuthority => "key-authority",
            Self::Rules => "rules",
            Self::Standing => "standing",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was run and holds.
    Passed,
    /// It was run and does not hold, and why.
    Failed(String),
    /// It was not asked for, and why; never counts as passed.
    Skipped(&'static str),
    /// A step before it failed.
    NotRun,
}

/// One step and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which step.
    pub step: Step,
    /// What became of it.
    pub outcome: Outcome,
    /// What was found, in a few words, such as the witnesses that cosigned.
    pub detail: Option<String>,
}

impl Check {
    /// The name of the step.
    pub fn name(&self) -> &'static str {
        self.step.name()
    }

    /// Why it was skipped, if it was.
    pub fn skipped(&self) -> Option<&'static str> {
        match self.outcome {
            Outcome::Skipped(why) => Some(why),
            _ => None,
        }
    }
}

/// The checks of one verification so far: one for each step, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checks(Vec<Check>);

impl Checks {
    pub(in crate::evidence) fn new() -> Self {
        Self(Step::ALL.map(|step| Check { step, outcome: Outcome::NotRun, detail: None }).to_vec())
    }

    /// Every step, in order.
    pub fn all(&self) -> &[Check] {
        &self.0
    }

    /// The first step that failed.
    pub fn failed(&self) -> Option<&Check> {
        self.0.iter().find(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// What became of `step`.
    pub fn outcome(&self, step: Step) -> &Outcome {
        &self.0[step as usize].outcome
    }

    pub(in crate::evidence) fn into_vec(self) -> Vec<Check> {
        self.0
    }

    /// Records the end of a step; gives back the value if it holds.
    pub(in crate::evidence) fn record<T, E: fmt::Display>(&mut self, step: Step, result: Result<T, E>) -> Option<T> {
        let check = &mut self.0[step as usize];
        match result {
            Ok(value) => {
                check.outcome = Outcome::Passed;
                Some(value)
            }
            Err(error) => {
                check.outcome = Outcome::Failed(error.to_string());
                None
            }
        }
    }

    pub(in crate::evidence) fn skip(&mut self, step: Step, why: &'static str) {
        self.0[step as usize].outcome = Outcome::Skipped(why);
    }

    pub(in crate::evidence) fn detail(&mut self, step: Step, detail: String) {
        self.0[step as usize].detail = Some(detail);
    }
}
