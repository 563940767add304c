//! What an audit of the stored log says.

use std::path::PathBuf;

use crate::agreement::Rule;
use crate::merkle::Hash;
use crate::registry::fsck::{Fault, FaultFamily};

/// Most findings of one audit: it ends there.
pub const FINDINGS_MAX: usize = 100;
/// Most findings of one kind that are told, so that what follows from one damage does not hide another.
pub const FINDINGS_OF_A_FAULT_MAX: usize = 25;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsckFinding {
    /// Its kind.
    pub fault: Fault,
    /// The index of the entry where it shows, if it is about one.
    pub index: Option<u64>,
    /// The rule that an inadmissible entry breaks.
    pub rule: Option<Rule>,
    /// A sentence for the operator.
    pub message: String,
}

/// What became of the head guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardCheck {
    /// No guard was named.
    NotAsked,
    /// It has seen the log, or its beginning, of this size.
    Agrees {
        /// The size that it remembers.
        size: u64,
    },
    /// It could not be looked at; that is no finding about the log.
    NotChecked {
        /// Why.
        why: String,
    },
    /// It does not agree; see the findings.
    Differs {
        /// The file.
        path: PathBuf,
    },
}

/// The outcome of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsckReport {
    /// The log's name.
    pub origin: String,
    /// Entries looked at.
    pub entries: u64,
    /// Of them, seals.
    pub seals: u64,
    /// Signatures that verified, those of seals included.
    pub signatures: u64,
    /// Dockets.
    pub dockets: u64,
    /// Deposited texts.
    pub texts: u64,
    /// The root of the tree of the entries; `None` if one is missing.
    pub root: Option<Hash>,
    /// The head guard.
    pub guard: GuardCheck,
    /// The faults, by index; those about no entry last. At most [`FINDINGS_MAX`].
    pub findings: Vec<FsckFinding>,
    /// Whether findings were left out: beyond [`FINDINGS_OF_A_FAULT_MAX`] of one kind, or the audit ended early at
    /// [`FINDINGS_MAX`].
    pub is_cut_short: bool,
}

impl FsckReport {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// The gravest family that was found.
    pub fn gravest(&self) -> Option<FaultFamily> {
        self.findings.iter().map(|finding| finding.fault.family()).min()
    }
}

/// Findings as they come.
#[derive(Default)]
pub(in crate::registry::fsck) struct Findings {
    kept: Vec<FsckFinding>,
    is_cut_short: bool,
}

impl Findings {
    pub fn add(&mut self, fault: Fault, index: impl Into<Option<u64>>, message: impl Into<String>) {
        self.push(FsckFinding { fault, index: index.into(), rule: None, message: message.into() });
    }

    /// Keeps a finding; what comes beyond the most is dropped.
    pub fn push(&mut self, finding: FsckFinding) {
        let alike = self.kept.iter().filter(|kept| kept.fault == finding.fault).count();
        match self.is_full() || alike >= FINDINGS_OF_A_FAULT_MAX {
            true => self.is_cut_short = true,
            false => self.kept.push(finding),
        }
    }

    /// Whether no more is kept: the audit ends.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= FINDINGS_MAX
    }

    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short || self.is_full()
    }

    /// By index, those about no entry last; in the order in which they came otherwise.
    pub fn into_sorted(mut self) -> Vec<FsckFinding> {
        self.kept.sort_by_key(|finding| finding.index.unwrap_or(u64::MAX));
        self.kept
    }
}
