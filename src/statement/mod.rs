//! The signed envelope, kinds and their bodies, names, what a statement touches.
//!
//! A statement is one signed act of one party on one subject, in bytes that never change: the log entry, the leaf
//! and the thing a docket file carries are the same bytes. [`Statement::parse`] decides form only, so that a
//! verifier older than the log can still place a kind it does not know.

mod admission;
pub mod body;
mod envelope;
mod name;
mod subject;
mod touches;

pub use admission::{TextError, check_texts, is_name_text, one_line};
pub use body::{
    Acceptance, Addressees, Authority, Basis, Body, BodyError, By, CLAUSE_ID_LEN_MAX, Clause, ClauseId, ClauseType,
    Confidence, Controller, ControllerKind, Country, Decline, Description, Disclosure, Enrolment, Field, FieldShape,
    Filing, Finding, FindingAppeal, FindingClose, FindingReply, Form, Genesis, Ground, Identifier, IdentifierScheme,
    Instant, KINDS, KeyChange, KeyGrant, KindInfo, KindPattern, LANGUAGE_LEN_MAX, LIST_MAX, LONG_LIST_MAX, Language,
    LegalDate, Limits, Method, Modality, Mode, NOT_STATED, Notice, NoticeRevocation, Obligor, Offer, Outcome,
    PERIOD_YEARS_MAX, Paper, PartyName, Period, PossessionProof, Predecessor, Presence, RULES_VERSION, Record,
    Registrars, Renewal, Report, Reservations, Resumption, Revocation, RevocationReason, Role, SEAL_INTERVAL_MAX,
    ScalarError, ScopeItem, Seal, Shape, Source, Suspension, TEXT_LEN_MAX, Term, Termination, Terms, Text, TextStatus,
    TextVersion, Withdrawal, Withheld, ZONE_LEN_MAX, Zone, for_each_field, from_plain, nearest, to_plain,
};
pub use envelope::{
    Draft, GENESIS_KIND, IAT_MAX, Issuer, SEAL_KIND, STATEMENT_LEN_MAX, SUBMISSION_LEN_MAX, Statement, StatementError,
    StatementId, Unsigned,
};
pub use name::{
    GovernmentOrCountry, KIND_LEN_MAX, KindName, LABEL_LEN_MAX, NameError, ORIGIN_LEN_MAX, Origin, Party, Reference,
};
pub use subject::{RollName, Subject};
pub use touches::{GOVERNMENTS_MAX, Named, NamedRole, TOUCHES_MAX, TouchesError};
