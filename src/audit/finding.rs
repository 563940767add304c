//! What an audit finds.

use std::collections::BTreeMap;

use crate::agreement::Rule;

/// Most findings that are kept; how many there were of each kind is counted on.
pub const FINDINGS_MAX: usize = 100;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// An entry is no statement.
    EntryMalformed,
    /// Two entries are equal.
    Duplicate,
    /// Entry 0 is not the genesis of this log, or another entry is one.
    Genesis,
    /// A seal cannot be read, does not follow the one before, or stands behind the end of the log.
    SealOrder,
    /// A seal is not signed by the log's key.
    SealSignature,
    /// The chain that a seal signs is not that of the entries.
    SealChain,
    /// The docket root that a seal signs is not that of the entries: something was left out, or put in.
    SealDockets,
    /// It cannot be said what a statement touches.
    Unplaceable,
    /// A statement's signature does not verify under the key that the log had granted.
    StatementSignature,
    /// The log had granted no such key to the issuer.
    SigningKey,
    /// A statement breaks a rule of the registry and has no effect.
    Inadmissible,
    /// A statement has effect, but the registry should have refused it at its door (the *a* rules): one key for two parties,
    /// names that can be taken for one another, more than a quota allows. Some follow tables of Unicode and ISO 3166 that
    /// change; they are asked as this version has them.
    Admission,
}

impl Fault {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntryMalformed => "entry_malformed",
            Self::Duplicate => "duplicate",
            Self::Genesis => "genesis",
            Self::SealOrder => "seal_order",
            Self::SealSignature => "seal_signature",
            Self::SealChain => "seal_chain",
            Self::SealDockets => "seal_dockets",
            Self::Unplaceable => "unplaceable",
            Self::StatementSignature => "statement_signature",
            Self::SigningKey => "signing_key",
            Self::Inadmissible => "inadmissible",
            Self::Admission => "admission",
        }
    }
}

/// Something that an honest log does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub fault: Fault,
    /// The entry.
    pub index: u64,
    /// The rule that the statement breaks, for [`Fault::Inadmissible`] and [`Fault::Admission`].
    pub rule: Option<Rule>,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// The first findings of a log, and how many there were: a log without one honest entry fills no memory.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// By entry, kind, and order of arrival.
    kept: BTreeMap<(u64, Fault, u64), Finding>,
    counts: BTreeMap<Fault, u64>,
}

impl Findings {
    /// The first [`FINDINGS_MAX`] by index, whatever the order in which they were found.
    pub fn first(&self) -> impl ExactSizeIterator<Item = &Finding> {
        self.kept.values()
    }

    /// Every kind of fault that was found, also where no finding of it is kept.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        self.counts.keys().copied()
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Adds one.
    pub(in crate::audit) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.fault).or_default();
        *count += 1;
        self.kept.insert((finding.index, finding.fault, *count), finding);
        if self.kept.len() > FINDINGS_MAX {
            self.kept.pop_last();
        }
    }
}
