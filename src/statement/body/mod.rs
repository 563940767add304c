//! The bodies of statements: one definition per kind, and everything that follows from it.
//!
//! A body is decoded once, at the door, into a typed struct: exact keys, every field checked, every list bounded.
//! The same definition writes it, turns a plain tree (YAML, JSON) into it and says what each field means. A new
//! kind is a record in the file of its family and one line in the list of [`Body`].
//!
//! In scope: the shape of one body, fields that must stand together within it. Out of scope: whether the
//! statement may enter, what follows from it, and anything that needs a second statement (the rules).

mod agreement;
mod amendment;
mod assurance;
mod basis;
mod evidence;
mod field;
mod finding;
mod offer;
mod party;
mod party_change;
mod plain;
mod ratify;
mod record;
mod registry;
mod report;
mod scalar;
mod terms;
mod terms_diff;

pub use agreement::{
    Acceptance, Confirmation, Decline, Dispute, Filing, Method, Notice, NoticeRevocation, Paper, Resumption,
    Suspension, Termination,
};
pub use amendment::{Amendment, Correction, Renewed};
pub use assurance::{Canary, Circumstance, CircumstanceType, Opinion, OpinionResult, Scale};
pub use basis::{BasisChange, BasisFate};
pub use evidence::{Evidence, EvidenceRevocation, EvidenceSupersession, EvidenceType};
pub use field::{Field, FieldShape, Form, LIST_MAX, LONG_LIST_MAX, Presence, Record, Shape, for_each_field, nearest};
pub use finding::{By, Finding, FindingAppeal, FindingClose, FindingDetermination, FindingReply, Outcome};
pub use offer::{Addressees, Offer, Withdrawal};
pub use party::{
    Authority, Controller, ControllerKind, Description, Enrolment, Identifier, IdentifierScheme, KeyChange, KeyGrant,
    PartyName, PossessionProof, Revocation, RevocationReason, Role, Source,
};
pub use party_change::{ControlChange, Renaming, Retirement, Succession};
pub use plain::{from_plain, to_plain};
pub use ratify::{Endorsement, Voiding};
pub use registry::{
    Closing, Genesis, Limits, Predecessor, RULES_VERSION, Registrars, RegistryPolicy, SEAL_INTERVAL_MAX, Seal,
};
pub use report::{Confidence, Report};
pub use scalar::{
    CLAUSE_ID_LEN_MAX, ClauseId, Country, Instant, KindPattern, LANGUAGE_LEN_MAX, Language, LegalDate, NOT_STATED,
    PERIOD_YEARS_MAX, Period, ScalarError, TEXT_LEN_MAX, Text, ZONE_LEN_MAX, Zone,
};
pub use terms::{
    Basis, CanaryPromise, Clause, ClauseType, Disclosure, Ground, Modality, Mode, Obligor, Renewal, Reservations,
    ScopeItem, Term, Terms, TextStatus, TextVersion, Withheld,
};
pub use terms_diff::{Changed, PathPart, TermsChange, TermsPath};

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
    "registry.policy" Policy(RegistryPolicy), "registrar", "registry",
        "Changes the registrar's keys, their threshold or the limits.";
    "registry.close" Close(Closing), "registrar", "registry",
        "Closes the log for ever and names the one that continues it.";
    "party.list" PartyList(Description), "registrar", "party/<party>",
        "Names a party, without keys or powers.";
    "party.enrol" PartyEnrol(Enrolment), "registrar", "party/<party>",
        "Names a party and its first keys.";
    "party.keys" PartyKeys(KeyChange), "the party", "party/<party>",
        "Grants and revokes keys of the party.";
    "party.rename" PartyRename(Renaming), "the party, or registrar", "party/<party>",
        "Gives a party another name; its id stays.";
    "party.succeed" PartySucceed(Succession), "the party and its successor, each the same; or registrar and successor",
        "party/<party>", "Puts another party in the place of this one.";
    "party.control_change" PartyControlChange(ControlChange), "the party, or registrar", "party/<party>",
        "Tells who controls a party from now on.";
    "party.retire" PartyRetire(Retirement), "the party, or registrar", "party/<party>",
        "Ends what a party may register; its agreements stand.";
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
    "agreement.confirm" Confirm(Confirmation), "vendor", "agreement/<vendor>/<reference>/<government>",
        "Confirms a paper that the government filed.";
    "agreement.dispute" Dispute(Dispute), "vendor", "agreement/<vendor>/<reference>/<government>",
        "Disputes a paper that the government filed.";
    "agreement.amend" Amend(Amendment), "vendor and government, each the same", "agreement/<vendor>/<reference>/<government>",
        "Puts new terms in the place of the old ones from a day on.";
    "agreement.correct" Correct(Correction), "vendor and government, each the same",
        "agreement/<vendor>/<reference>/<government>", "Corrects the terms from the beginning.";
    "agreement.renew" Renew(Renewed), "vendor and government, each the same", "agreement/<vendor>/<reference>/<government>",
        "Gives an agreement a new end.";
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
    "basis.change" BasisChange(BasisChange), "government", "agreement/<vendor>/<reference>/<government>",
        "Tells that the law an agreement rests on is repealed or replaced.";
    "evidence.add" EvidenceAdd(Evidence), "vendor or auditor",
        "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>", "Names a piece of evidence.";
    "evidence.supersede" EvidenceSupersede(EvidenceSupersession), "whoever gave the older piece",
        "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>", "Puts a newer piece of evidence in the place of an older one.";
    "evidence.revoke" EvidenceRevoke(EvidenceRevocation), "whoever gave it",
        "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>", "Takes a piece of evidence back.";
    "assurance.opinion" Opinion(Opinion), "auditor or government",
        "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>", "Says how far an agreement is kept.";
    "canary" Canary(Canary), "vendor", "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>",
        "Says that nothing happened that the vendor would have to report.";
    "notice.circumstance" Circumstance(Circumstance), "vendor",
        "agreement/<vendor>/<reference>/<government> or offer/<vendor>/<reference>", "Tells what has changed around an agreement.";
    "finding.open" FindingOpen(Finding), "government or auditor", "agreement/<vendor>/<reference>/<government>",
        "Alleges a breach; force does not change.";
    "finding.reply" FindingReply(FindingReply), "vendor", "agreement/<vendor>/<reference>/<government>",
        "Answers a finding.";
    "finding.determine" FindingDetermine(FindingDetermination), "the body named in the terms",
        "agreement/<vendor>/<reference>/<government>", "Decides that there was a breach; force does not change.";
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
    "void" Void(Voiding), "whoever issued the statement it names", "that of the statement it names",
        "Says that a statement does not count; it is marked and never deleted.";
    "endorse" Endorse(Endorsement), "another key of the same party", "that of the statement it names",
        "Stands behind a statement, where more than one key must.";
}
