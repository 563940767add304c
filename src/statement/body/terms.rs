//! The terms of an offer or a filed agreement.

use crate::codec::{Item, Value};
use crate::crypto::Digest;
use crate::statement::body::field::{LONG_LIST_MAX, check_unique, wants};
use crate::statement::body::record::{choice, record};
use crate::statement::body::{BodyError, ClauseId, Field, Language, LegalDate, Period, Shape, Text, Zone};

choice! {
    /// How the agreement comes about.
    pub enum Mode {
        /// Offered to many, accepted by each.
        OpenOffer = "open_offer",
        /// Negotiated by two.
        Bilateral = "bilateral",
        /// One side's standard text.
        Adhesion = "adhesion",
        /// Signed by one side and filed with an authority.
        UnilateralFiled = "unilateral_filed",
        /// A declaration in a tender.
        ProcurementDeclaration = "procurement_declaration",
        /// A condition of a licence.
        LicenceCondition = "licence_condition",
        /// A public promise.
        Pledge = "pledge",
    }
}

choice! {
    /// What a text in one language is.
    pub enum TextStatus {
        /// It binds.
        Authentic = "authentic",
        /// It helps to read.
        Translation = "translation",
    }
}

choice! {
    /// What a clause is about.
    pub enum ClauseType {
        /// NB1: no function that unwantedly exfiltrates, alters or injects.
        NoBackdoor = "no_backdoor",
        /// NB2: no disclosure of data to a third state.
        NoDisclosure = "no_disclosure",
        /// NB3: no legal duty to disclose exists.
        NoDutyToDisclose = "no_duty_to_disclose",
        /// NB4: a new duty is reported.
        ReportNewDuty = "report_new_duty",
        /// NB5: orders are contested.
        ContestOrders = "contest_orders",
        /// NB6: inspection, source code review.
        Inspection = "inspection",
        /// NB7: vulnerabilities are reported.
        VulnerabilityReport = "vulnerability_report",
        /// NB8: changes are notified.
        ChangeNotice = "change_notice",
        /// NB9: records are kept.
        Records = "records",
        /// NB10: a contact is named.
        Contact = "contact",
        /// NB11: suppliers are bound too.
        FlowDown = "flow_down",
        /// NB12: what follows a breach.
        Remedy = "remedy",
        /// NB13: duration and end.
        TermAndExit = "term_and_exit",
        /// Anything else.
        Other = "other",
    }
}

choice! {
    /// Whom a clause binds.
    pub enum Obligor {
        /// The vendor.
        Vendor = "vendor",
        /// The government.
        Government = "government",
        /// Each.
        Both = "both",
    }
}

choice! {
    /// How a clause binds.
    pub enum Modality {
        /// States a fact.
        Represents = "represents",
        /// Answers for a fact.
        Warrants = "warrants",
        /// Promises an act.
        Undertakes = "undertakes",
        /// Allows an act.
        Permits = "permits",
    }
}

choice! {
    /// Why an agreement is ended.
    pub enum Ground {
        /// With notice, for no other reason.
        Notice = "notice",
        /// The other side broke it.
        Breach = "breach",
        /// It cannot wait.
        Urgency = "urgency",
        /// Both want it.
        Mutual = "mutual",
    }
}

record! {
    /// The terms.
    pub struct Terms {
        /// How the agreement comes about.
        required mode: Mode,
        /// Its title.
        required title: Text,
        /// The law it rests on.
        optional basis: Basis,
        /// The full texts, 1-16.
        optional texts: Vec<TextVersion>,
        /// The clauses, 1-64, ids unique.
        required clauses: Vec<Clause>,
        /// The products it is about, 1-64; everything if left out.
        optional scope: Vec<ScopeItem>,
        /// Where it holds.
        optional territory: Text,
        /// The services it is about.
        optional services: Text,
        /// What it says, or does not say, about seven things that decide what it is worth.
        required disclosure: Disclosure,
        /// When it begins and ends, and who may change that.
        required term: Term,
        /// How often the vendor gives a canary.
        optional canary: CanaryPromise,
    }
    check Terms::check;
}

impl Terms {
    /// The clause with this id.
    pub fn clause(&self, id: &ClauseId) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == *id)
    }

    fn check(&self) -> Result<(), BodyError> {
        match &self.term.reservations {
            Some(Reservations::Clauses(ids)) => match ids.iter().find(|id| self.clause(id).is_none()) {
                Some(id) => Err(BodyError::at("term.reservations", format!("no clause has the id {id}"))),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

record! {
    /// A promise of canaries: the first is due `every` after the first day in force.
    pub struct CanaryPromise {
        /// How often.
        required every: Period,
        /// How long after its due day a canary is not yet late.
        required grace: Period,
    }
}

record! {
    /// The law that an agreement rests on.
    pub struct Basis {
        /// The law.
        required law: Text,
        /// Whether the agreement lapses with it.
        required lapse: bool,
    }
}

record! {
    /// The full text in one language: exactly one of `sha256` (with `size` and `media_type`) and `withheld`.
    pub struct TextVersion {
        /// Its language, a BCP 47 tag.
        required language: Language,
        /// Whether it binds.
        required status: TextStatus,
        /// Whether it prevails over the others.
        optional prevails: bool,
        /// The SHA-256 of its bytes.
        optional sha256: Digest,
        /// Its size in bytes.
        optional size: u64,
        /// Its media type, such as application/pdf.
        optional media_type: Text,
        /// Where it can be read.
        optional url: Text,
        /// What is shown instead of a text that is not public.
        optional withheld: Withheld,
    }
    check TextVersion::check;
}

impl TextVersion {
    fn check(&self) -> Result<(), BodyError> {
        let with_digest = [self.size.is_some(), self.media_type.is_some()];
        match (self.sha256.is_some(), self.withheld.is_some()) {
            (true, false) if with_digest == [true, true] => Ok(()),
            (true, false) => Err(BodyError::here("sha256 goes together with size and media_type")),
            (false, true) if with_digest == [false, false] => Ok(()),
            (false, true) => Err(BodyError::here("size and media_type go with sha256, not with withheld")),
            _ => Err(BodyError::here("wants exactly one of sha256 and withheld")),
        }
    }
}

record! {
    /// A text that is not public, and yet cannot be exchanged.
    pub struct Withheld {
        /// The salted commitment to it (formats §0).
        required commitment: Digest,
        /// Why it is withheld.
        required reason: Text,
        /// The day on which that is looked at again, in the zone of the term.
        required review: LegalDate,
    }
}

record! {
    /// A clause.
    pub struct Clause {
        /// Its id within these terms, 1-32 of `A-Z a-z 0-9 . _ -`.
        required id: ClauseId,
        /// What it is about.
        required clause_type as "type": ClauseType,
        /// Whom it binds.
        required obligor: Obligor,
        /// How it binds.
        required modality: Modality,
        /// What it says.
        optional text: Text,
        /// Within which period it is to be done.
        optional deadline: Period,
        /// What it does not cover.
        optional exceptions: Text,
    }
    list LONG_LIST_MAX, Clause::check_list;
}

impl Clause {
    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |clause| clause.id.clone()).map_err(|()| "two clauses have the same id")
    }
}

record! {
    /// A product that an agreement is about; a digest beats a label.
    pub struct ScopeItem {
        /// Its name.
        required product: Text,
        /// Its CPE 2.3 name.
        optional cpe: Text,
        /// Its package URL.
        optional purl: Text,
        /// Which versions, with open or closed ends stated.
        optional versions: Text,
        /// The SHA-256 of its images, 1-64.
        optional sha256: Vec<Digest>,
        /// The SHA-256 of its bill of materials.
        optional sbom: Digest,
    }
    list LONG_LIST_MAX;
}

record! {
    /// What an agreement says about the things that decide what it is worth; each a text, or `not_stated`.
    pub struct Disclosure {
        /// Whether the parent company is bound; `not_stated` is accepted.
        required binds_parent: Text,
        /// Whether affiliated companies are bound; `not_stated` is accepted.
        required binds_affiliates: Text,
        /// What follows a breach; `not_stated` is accepted.
        required remedy_on_breach: Text,
        /// Who verifies that it is kept; `not_stated` is accepted.
        required who_verifies: Text,
        /// Whether the vendor's home state signs too; `not_stated` is accepted.
        required home_state_signs: Text,
        /// Under which law it stands; `not_stated` is accepted.
        required governing_law: Text,
        /// Whether its full text is public; `not_stated` is accepted.
        required text_availability: Text,
    }
}

record! {
    /// When an agreement begins and ends, and who may change that.
    pub struct Term {
        /// The time zone of every legal day of this agreement.
        required zone: Zone,
        /// The first day it is in force.
        optional effective: LegalDate,
        /// Its last day, or the first day it is no longer in force: `ends_inclusive` says which.
        optional ends: LegalDate,
        /// Whether the day `ends` still belongs to it; required if there is an end.
        optional ends_inclusive: bool,
        /// When it may be renewed.
        optional renewal: Renewal,
        /// How long before its effect a termination is to be announced.
        optional notice_period: Period,
        /// Which clauses an acceptance may reserve: `none`, `any`, or 1-64 clause ids; none if left out.
        optional reservations: Reservations,
        /// Whether the vendor may suspend too.
        optional vendor_may_suspend: bool,
        /// Who determines a breach.
        optional breach_determined_by: Text,
        /// The grounds on which it may be ended at once, 1-4; for urgency, with reasons, a party may end it whatever stands here.
        optional grounds: Vec<Ground>,
    }
    check Term::check;
}

impl Term {
    fn check(&self) -> Result<(), BodyError> {
        match (self.ends, self.ends_inclusive) {
            (Some(_), None) => {
                Err(BodyError::at("ends_inclusive", "missing: say whether the day `ends` still belongs to the term"))
            }
            (None, Some(_)) => Err(BodyError::at("ends_inclusive", "goes with ends only")),
            _ => Ok(()),
        }
    }
}

record! {
    /// The window in which an agreement may be renewed, both ends inclusive.
    pub struct Renewal {
        /// It opens so long before the end.
        required opens: Period,
        /// It closes so long before the end.
        required closes: Period,
    }
}

/// Which clauses an acceptance may reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservations {
    /// None.
    None,
    /// Any.
    Any,
    /// These, 1-64.
    Clauses(Vec<ClauseId>),
}

impl Reservations {
    /// Whether the clause may be reserved.
    pub fn allows(&self, id: &ClauseId) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Clauses(ids) => ids.contains(id),
        }
    }
}

impl Field for Reservations {
    const SHAPE: Shape = Shape::WordOr(&["none", "any"], &<Vec<ClauseId>>::SHAPE);

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        match (item.text(), item.array()) {
            (Some("none"), _) => Ok(Self::None),
            (Some("any"), _) => Ok(Self::Any),
            (None, Some(_)) => Field::read(item).map(Self::Clauses),
            _ => Err(wants(&Self::SHAPE, item)),
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::None => Value::text("none"),
            Self::Any => Value::text("any"),
            Self::Clauses(ids) => ids.write(),
        }
    }
}
