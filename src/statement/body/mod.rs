//! The bodies of statements: one definition per kind, and everything that follows from it.
//!
//! A body is decoded once, at the door, into a typed struct: exact keys, every field checked, every list bounded.
//! The same definition writes it, turns a plain tree (YAML, JSON) into it and says what each field means. A new
//! kind is a record in the file of its family and one line in the list of [`Body`].
//!
//! In scope: the shape of one body, fields that must stand together within it. Out of scope: whether the
//! statement may enter, what follows from it, and anything that needs a second statement (the rules).

mod agreement;
mod field;
mod finding;
mod offer;
mod party;
mod plain;
mod record;
mod registry;
mod report;
mod scalar;
mod terms;

pub use agreement::{
    Acceptance, Decline, Filing, Method, Notice, NoticeRevocation, Paper, Resumption, Suspension, Termination,
};
pub use field::{Field, FieldShape, Form, LIST_MAX, LONG_LIST_MAX, Presence, Record, Shape, for_each_field, nearest};
pub use finding::{By, Finding, FindingAppeal, FindingClose, FindingReply, Outcome};
pub use offer::{Addressees, Offer, Withdrawal};
pub use party::{
    Authority, Controller, ControllerKind, Description, Enrolment, Identifier, IdentifierScheme, KeyChange, KeyGrant,
    PartyName, PossessionProof, Revocation, RevocationReason, Role, Source,
};
pub use plain::{from_plain, to_plain};
pub use registry::{Genesis, Limits, Predecessor, RULES_VERSION, Registrars, SEAL_INTERVAL_MAX, Seal};
pub use report::{Confidence, Report};
pub use scalar::{
    CLAUSE_ID_LEN_MAX, ClauseId, Country, Instant, KindPattern, LANGUAGE_LEN_MAX, Language, LegalDate, NOT_STATED,
    PERIOD_YEARS_MAX, Period, ScalarError, TEXT_LEN_MAX, Text, ZONE_LEN_MAX, Zone,
};
pub use terms::{
    Basis, Clause, ClauseType, Disclosure, Ground, Modality, Mode, Obligor, Renewal, Reservations, ScopeItem, Term,
    Terms, TextStatus, TextVersion, Withheld,
};

use crate::codec::{Item, Value};
use crate::statement::KindName;

/// Why a body is not what its kind wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// This version of the program does not know the kind.
    #[error("unknown kind of statement: {0}")]
    UnknownKind(KindName),
    /// A field is missing, unknown, or not what it should be.
    #[error("{path}: {rule}")]
    Field {
        /// Where, such as `terms.clauses[2].id`; `body` for the whole.
        path: String,
        /// What is wanted.
        rule: String,
    },
}

/// The path of an error about the whole body.
const HERE: &str = "body";

impl BodyError {
    /// An error about the value itself; callers put the path before it.
    fn here(rule: impl Into<String>) -> Self {
        Self::at(HERE, rule)
    }

    /// An error about a field of the value.
    fn at(path: &str, rule: impl Into<String>) -> Self {
        Self::Field { path: path.to_owned(), rule: rule.into() }
    }

    /// The same error, seen from the record or list that holds the value under `name`.
    fn within(self, name: &str) -> Self {
        match self {
            Self::Field { path, rule } if path == HERE => Self::Field { path: name.to_owned(), rule },
            Self::Field { path, rule } if path.starts_with('[') => Self::Field { path: format!("{name}{path}"), rule },
            Self::Field { path, rule } => Self::Field { path: format!("{name}.{path}"), rule },
            other => other,
        }
    }
}

/// What a kind is, for help and templates.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Its name.
    pub name: &'static str,
    /// Who signs it.
    pub signer: &'static str,
    /// The form of its subject.
    pub subject: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its body.
    pub fields: &'static [FieldShape],
}

impl KindInfo {
    /// The kind of this name, if it is known.
    pub fn find(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

/// Defines [`Body`], its reader and writer, and [`KINDS`].
macro_rules! kinds {
    ($( $name:literal $variant:ident($body:ty), $signer:literal, $subject:literal, $summary:literal; )+) => {
        /// The body of a statement of a known kind.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body {
            $( #[doc = concat!("`", $name, "`: ", $summary)] $variant($body), )+
        }

        impl Body {
            /// Reads the body of a statement of `kind`.
            ///
            /// # Errors
            /// [`BodyError::UnknownKind`]; [`BodyError::Field`] with the path of the first field that is unknown,
            /// missing, or not what it should be.
            pub fn read(kind: &KindName, body: Item<'_>) -> Result<Self, BodyError> {
                match kind.as_str() {
                    $( $name => Field::read(body).map(Self::$variant), )+
                    _ => Err(BodyError::UnknownKind(kind.clone())),
                }
            }

            /// The kind.
            pub fn kind(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name, )+ }
            }

            /// The value to be written. [`Body::read`] accepts it if the struct keeps the bounds of its fields.
            pub fn write(&self) -> Value {
                match self { $( Self::$variant(body) => body.write(), )+ }
            }
        }

        /// Every kind that this version knows.
        pub const KINDS: &[KindInfo] = &[
            $( KindInfo {
                name: $name,
                signer: $signer,
                subject: $subject,
                summary: $summary,
                fields: <$body as Record>::FIELDS,
            }, )+
        ];
    };
}

kinds! {
    "registry.genesis" Genesis(Genesis), "registrar", "registry",
        "Opens a registry: its name, keys, rules and limits.";
    "registry.seal" Seal(Seal), "log key", "registry",
        "Closes a batch: its time, the hash chain and the root of all dockets.";
    "party.list" PartyList(Description), "registrar", "party/<party>",
        "Names a party, without keys or powers.";
    "party.enrol" PartyEnrol(Enrolment), "registrar", "party/<party>",
        "Names a party and its first keys.";
    "party.keys" PartyKeys(KeyChange), "the party", "party/<party>",
        "Grants and revokes keys of the party.";
    "offer.make" OfferMake(Offer), "vendor", "offer/<vendor>/<reference>",
        "Offers terms to some or all governments.";
    "offer.withdraw" OfferWithdraw(Withdrawal), "vendor", "offer/<vendor>/<reference>",
        "Takes an offer back; acceptances already registered stand.";
    "agreement.accept" Accept(Acceptance), "government", "agreement/<vendor>/<reference>/<government>",
        "Accepts an offer.";
    "agreement.decline" Decline(Decline), "government", "agreement/<vendor>/<reference>/<government>",
        "Declines an offer; the government may still accept later.";
    "agreement.file" File(Filing), "government", "agreement/<vendor>/<reference>/<government>",
        "Files an agreement that exists on paper only.";
    "agreement.suspend" Suspend(Suspension), "government, or vendor if the terms say so",
        "agreement/<vendor>/<reference>/<government>", "Suspends all or some clauses.";
    "agreement.resume" Resume(Resumption), "government, or vendor if the terms say so",
        "agreement/<vendor>/<reference>/<government>", "Ends a suspension.";
    "agreement.notice" Notice(Notice), "vendor or government", "agreement/<vendor>/<reference>/<government>",
        "Announces the end of an agreement.";
    "agreement.notice_revoke" NoticeRevoke(NoticeRevocation), "whoever gave notice",
        "agreement/<vendor>/<reference>/<government>", "Takes a notice back before its effect.";
    "agreement.terminate" Terminate(Termination), "vendor or government, as the terms allow",
        "agreement/<vendor>/<reference>/<government>", "Ends an agreement.";
    "finding.open" FindingOpen(Finding), "government or auditor", "agreement/<vendor>/<reference>/<government>",
        "Alleges a breach; force does not change.";
    "finding.reply" FindingReply(FindingReply), "vendor", "agreement/<vendor>/<reference>/<government>",
        "Answers a finding.";
    "finding.appeal" FindingAppeal(FindingAppeal), "vendor or government",
        "agreement/<vendor>/<reference>/<government>", "Takes a finding further.";
    "finding.close" FindingClose(FindingClose), "whoever opened, determined or appealed it",
        "agreement/<vendor>/<reference>/<government>", "Ends a finding.";
    "report.offer" ReportOffer(Report), "registrar or auditor", "report/<reporter>/<reference>",
        "Reports an offer that a vendor is said to have made.";
    "report.reply" ReportReply(Report), "registrar or auditor", "report/<reporter>/<reference>",
        "Reports an answer that a government is said to have given.";
    "report.act" ReportAct(Report), "registrar or auditor", "report/<reporter>/<reference>",
        "Reports anything else that a vendor or government is said to have done.";
}
