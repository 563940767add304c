//! The answer: how a subject stands on a day, as known at a seal. Independent axes, never one colour.

use std::collections::BTreeSet;

use crate::agreement::{PendingLine, Refusal};
use crate::statement::body::{ClauseId, Confidence, LegalDate};
use crate::statement::{Party, StatementId, Subject};

/// The day or instant that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A legal day, answered by the state at its first instant in the zone of the terms.
    Day(LegalDate),
    /// An instant, unix milliseconds.
    Instant(u64),
}

/// The last seal whose entries are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAt {
    /// Its index.
    pub index: u64,
    /// Its time, unix milliseconds.
    pub time_ms: u64,
}

macro_rules! axis {
    ($(#[$meta:meta])* $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $( $(#[doc = $doc])+ $variant, )+ }

        impl $name {
            /// The name for machines, stable.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}

/// Whether it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Force {
    /// Such subjects have no standing: parties, lists, single reports, the registry.
    NotApplicable,
    /// A list: each of its members has its own.
    Listed,
    /// There is none.
    NoAgreement,
    /// There is an open offer, not accepted.
    Offered,
    /// Accepted, and not yet effective.
    NotYet,
    /// In force.
    InForce,
    /// Some clauses are suspended.
    PartlySuspended,
    /// All clauses are suspended.
    Suspended,
    /// Ended by an act of a party.
    Terminated,
    /// Ended by its term.
    Expired,
    /// An offer that was taken back.
    Withdrawn,
    /// Declared void.
    Void,
    /// Not known, and why.
    Indeterminate(Reason),
}

impl Force {
    /// The name for machines, stable; [`Reason::as_str`] goes with `indeterminate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Listed => "listed",
            Self::NoAgreement => "no_agreement",
            Self::Offered => "offered",
            Self::NotYet => "not_yet",
            Self::InForce => "in_force",
            Self::PartlySuspended => "partly_suspended",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Void => "void",
            Self::Indeterminate(_) => "indeterminate",
        }
    }
}

axis! {
    /// Why a standing is not known.
    Reason {
        /// The day begins after the last seal.
        NotYetKnown = "not_yet_known",
        /// A statement of a kind that this reader does not know.
        UnknownKind = "unknown_kind",
        /// A statement against the rules that would have changed force (rule 14).
        Inadmissible = "inadmissible",
        /// Set by whoever asks for freshness: the last seal is too old.
        Stale = "stale",
    }
}

axis! {
    /// What goes with force and does not change it.
    Flag {
        /// An end is announced.
        Notice = "notice",
        /// Press or others report something.
        Reported = "reported",
        /// Registered more than 30 days after its date.
        LateRegistration = "late_registration",
        /// An act was signed when somebody else may have had the key, or the parties contradict each other.
        Disputed = "disputed",
        /// An act waits for more signatures.
        Pending = "pending",
        /// The government declined the offer, and may still accept it.
        Declined = "declined",
        /// A party of it was succeeded on the registrar's word.
        SuccessionByRegistrar = "succession_by_registrar",
    }
}

axis! {
    /// Who says so.
    Assent {
        /// Nobody.
        None = "none",
        /// Each party signed here.
        BothSigned = "both_signed",
        /// The government alone filed a paper.
        GovernmentAttests = "government_attests",
        /// The vendor alone.
        VendorOnly = "vendor_only",
    }
}

axis! {
    /// Whether the texts at hand are the texts agreed upon.
    Integrity {
        /// They are.
        Unchanged = "unchanged",
        /// They are not.
        Mismatch = "mismatch",
        /// They are not public.
        Withheld = "withheld",
        /// They are not at hand.
        Unavailable = "unavailable",
    }
}

axis! {
    /// Whether a breach is alleged; of several findings the worst.
    Contention {
        /// No.
        None = "none",
        /// All findings are closed.
        Closed = "closed",
        /// Alleged.
        Alleged = "alleged",
        /// Determined by whom the terms name.
        Determined = "determined",
        /// Appealed.
        Appealed = "appealed",
    }
}

axis! {
    /// How current the evidence is.
    Assurance {
        /// No evidence was promised or given.
        None = "none",
        /// Current.
        Current = "current",
        /// Overdue.
        Overdue = "overdue",
        /// A canary is late.
        CanaryLate = "canary_late",
        /// The evidence has expired.
        EvidenceExpired = "evidence_expired",
    }
}

axis! {
    /// Whether the law that it rests on stands.
    Basis {
        /// It does, or none is named.
        Live = "live",
        /// It was repealed.
        Repealed = "repealed",
    }
}

axis! {
    /// Why an agreement or an offer ends.
    EndCause {
        /// An announced end.
        Notice = "notice",
        /// A party ended it at once.
        Termination = "termination",
        /// The end of its term.
        Term = "term",
        /// The law that it rests on is gone.
        Basis = "basis",
        /// It was declared void.
        Void = "void",
        /// The last day to accept an offer.
        OpenUntil = "open_until",
        /// An offer was taken back.
        Withdrawal = "withdrawal",
    }
}

/// When and why it ends or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The first day on which it no longer holds, in the zone of the standing.
    pub day: LegalDate,
    /// Why.
    pub cause: EndCause,
    /// The act, if one ended it.
    pub act: Option<StatementId>,
}

/// Something that changes within the day asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, unix milliseconds.
    pub at_ms: u64,
    /// The force from then on.
    pub force: Force,
}

/// A finding as it stands on the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLine {
    /// The `finding.open`.
    pub id: StatementId,
    /// Its index.
    pub index: u64,
    /// Who opened it.
    pub opener: Party,
    /// Its date.
    pub date: LegalDate,
    /// The clauses.
    pub clauses: Vec<ClauseId>,
    /// How it stands.
    pub state: Contention,
    /// What was alleged, replied, appealed, decided: dates and summaries by date.
    pub story: Vec<(LegalDate, String)>,
}

/// A piece of evidence, an opinion, a canary or a circumstance, as known on the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssuranceLine {
    /// The statement.
    pub id: StatementId,
    /// Its index.
    pub index: u64,
    /// Its kind.
    pub kind: String,
    /// Who signed it.
    pub issuer: Party,
    /// The day on which it was registered, in the zone of the standing.
    pub registered: LegalDate,
    /// The last day on which it counts, if it says so.
    pub valid_until: Option<LegalDate>,
    /// What it says, in a few words.
    pub told: String,
}

/// A report as listed; never an act of those it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// `report/<reporter>/<reference>`.
    pub subject: Subject,
    /// Its index.
    pub index: u64,
    /// `report.offer`, `report.reply` or `report.act`.
    pub kind: String,
    /// The day (UTC) of what is reported.
    pub date: LegalDate,
    /// Who published it.
    pub publisher: String,
    /// What is reported.
    pub summary: String,
    /// How sure the reporter is.
    pub confidence: Confidence,
    /// Whether a draft text was shown.
    pub draft: Option<bool>,
    /// Whether it was formally sent.
    pub sent: Option<bool>,
}

/// A statement in the log that breaks a rule and has no effect (rule 14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inadmissible {
    /// Its index.
    pub index: u64,
    /// Its id.
    pub id: StatementId,
    /// Which rule, and why.
    pub refusal: Refusal,
}

/// How a subject stands. Every value is a fold of the dockets; nobody writes one (A4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was asked.
    pub about: Subject,
    /// For when.
    pub on: On,
    /// As known at this seal.
    pub known_at: KnownAt,
    /// The zone in which days are counted.
    pub zone: String,
    /// The version of the compiled-in zone table (rule 12).
    pub zone_table: &'static str,
    /// Whether it binds.
    pub force: Force,
    /// What goes with force.
    pub flags: BTreeSet<Flag>,
    /// Who says so.
    pub assent: Assent,
    /// Whether a breach is alleged.
    pub contention: Contention,
    /// Whether the texts are those agreed upon; whoever has texts at hand says more.
    pub integrity: Integrity,
    /// How current the evidence is.
    pub assurance: Assurance,
    /// Whether the law it rests on stands.
    pub basis: Basis,
    /// The act that carries the terms.
    pub carrier: Option<StatementId>,
    /// The first day in force.
    pub effective: Option<LegalDate>,
    /// When and why it ends or ended.
    pub ends: Option<Ending>,
    /// Clauses that are suspended.
    pub suspended: Vec<ClauseId>,
    /// Clauses that the government did not accept.
    pub reservations: Vec<ClauseId>,
    /// What changes within the day asked about.
    pub changes_on_day: Vec<Change>,
    /// Every finding known on the day.
    pub findings: Vec<FindingLine>,
    /// What shows that it is kept, of the agreement and of its offer, as known on the day.
    pub assurances: Vec<AssuranceLine>,
    /// What waits for signatures on the day.
    pub pending: Vec<PendingLine>,
    /// Of `between/…`: the offers and agreements, each with its own standing.
    pub list: Vec<(Subject, Standing)>,
    /// Of `between/…`: the reports on or before the day.
    pub reports: Vec<ReportLine>,
    /// Statements of the dockets asked about that have no effect.
    pub inadmissible: Vec<Inadmissible>,
    /// Of an indeterminate standing: the answer without what makes it so ("if nothing more is registered: …").
    pub otherwise: Option<Box<Standing>>,
}
