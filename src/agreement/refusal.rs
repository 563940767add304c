//! A refusal: which rule, what failed and whose fault it is, what would be accepted.

use std::fmt;

macro_rules! rules {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $number:expr; )+) => {
        /// A rule by which a statement can be refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule { $( $(#[doc = $doc])+ $variant, )+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// The name for machines, stable.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// The number in the list of rules (`docs/rules.md`), 1-15; `None` for what precedes the rules.
            pub fn number(self) -> Option<u8> {
                match self { $( Self::$variant => $number, )+ }
            }
        }
    };
}

rules! {
    /// The statement is meant for another registry.
    OtherOrigin = "other_origin", None;
    /// The registry does not know the kind.
    UnknownKind = "unknown_kind", None;
    /// The body is not what its kind wants.
    BodyMalformed = "body_malformed", None;
    /// The signature does not verify under the key it names.
    SignatureInvalid = "signature_invalid", None;
    /// Only the registry itself issues seals.
    SealSubmitted = "seal_submitted", None;
    /// A genesis that does not open the log, or names what does not fit.
    GenesisMisplaced = "genesis_misplaced", None;
    /// Nothing enters after the registry was closed.
    RegistryClosed = "registry_closed", None;
    /// More signatures are asked for than there are keys to give them.
    ThresholdTooHigh = "threshold_too_high", None;
    /// The statement waited too long for its signatures.
    PendingOver = "pending_over", None;
    /// Too much waits for signatures already.
    PendingFull = "pending_full", Some(11);
    /// The key stands behind the statement already.
    EndorsedAlready = "endorsed_already", None;
    /// A kind that is not voided, but changed by another statement.
    NotVoidable = "not_voidable", None;
    /// A party that another one has succeeded, or that cannot succeed.
    SuccessionNotAllowed = "succession_not_allowed", None;
    /// A party that is enrolled already.
    AlreadyEnrolled = "already_enrolled", None;
    /// The party is not listed or enrolled.
    PartyUnknown = "party_unknown", None;
    /// An act that changes force is dated or effective before its registration.
    BackDated = "back_dated", Some(2);
    /// An acceptance is effective before the offer, or before the day that the terms state.
    EffectiveBeforeOffer = "effective_before_offer", Some(2);
    /// `ref` does not name the current act.
    RefNotCurrent = "ref_not_current", Some(3);
    /// The issuer's key may not sign this, by its index.
    SignerLacksAuthority = "signer_lacks_authority", Some(5);
    /// The issuer is not who may do this.
    WrongSigner = "wrong_signer", Some(5);
    /// A proof of possession does not verify.
    PossessionUnproven = "possession_unproven", Some(5);
    /// The subject has an offer already.
    OfferExists = "offer_exists", None;
    /// There is no such offer.
    OfferUnknown = "offer_unknown", Some(9);
    /// The offer is withdrawn, or the last day to accept it is over.
    OfferClosed = "offer_closed", Some(8);
    /// The offer is not addressed to this government.
    NotAddressed = "not_addressed", Some(9);
    /// What is accepted is not the offer that is logged.
    OtherText = "other_text", Some(9);
    /// The terms do not allow the reservation.
    ReservationNotAllowed = "reservation_not_allowed", Some(9);
    /// There is no agreement to act upon.
    AgreementUnknown = "agreement_unknown", None;
    /// There is a live agreement already.
    AgreementExists = "agreement_exists", None;
    /// The agreement has ended.
    Terminal = "terminal", None;
    /// The clause is not in the terms.
    ClauseUnknown = "clause_unknown", None;
    /// The days of an act do not follow one another.
    DaysOutOfOrder = "days_out_of_order", None;
    /// The notice is shorter than the terms want, or they know no notice.
    NoticeTooShort = "notice_too_short", None;
    /// The terms do not allow this ground.
    GroundNotAllowed = "ground_not_allowed", None;
    /// It is not renewed in the window of the terms, or they know none.
    NotInWindow = "not_in_window", None;
    /// What is confirmed or disputed is no paper that the government alone filed.
    NotFiled = "not_filed", Some(4);
    /// Claim 6 is too far from the registration time.
    IatOutOfWindow = "iat_out_of_window", Some(10);
    /// Too many statements, or bytes, that do not change force.
    AgreementFull = "agreement_full", Some(11);
    /// The time zone is not in the compiled-in table.
    ZoneUnknown = "zone_unknown", Some(12);
    /// An agreement keeps the zone in which its days are counted.
    ZoneChanged = "zone_changed", Some(12);
    /// The key belongs to a party already.
    KeyTaken = "key_taken", Some(13);
    /// The party has no key with this id to revoke, or it is the one that would be left without any.
    KeyUnknown = "key_unknown", Some(13);
    /// A name can be taken for that of another party.
    NameConfusable = "name_confusable", Some(13);
    /// A text is not NFC, or holds a bidirectional control.
    TextNotAdmitted = "text_not_admitted", Some(13);
    /// The check digits of an LEI do not hold.
    LeiInvalid = "lei_invalid", Some(13);
    /// Not a country of ISO 3166-1, nor `eu`.
    CountryUnknown = "country_unknown", Some(13);
    /// The party's id, role and country do not fit together.
    RoleMismatch = "role_mismatch", Some(13);
    /// A quota is used up.
    QuotaExceeded = "quota_exceeded", Some(13);
}

/// Why a statement does not enter, or, met in a log, has no effect (rule 14).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {message}; {accepted}")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// What failed, and whose fault it is.
    pub message: String,
    /// What would be accepted.
    pub accepted: String,
}

impl Refusal {
    pub(in crate::agreement) fn new(rule: Rule, message: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self { rule, message: message.into(), accepted: accepted.into() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `Ok` if `holds`, else the refusal.
pub(in crate::agreement) fn demand(holds: bool, refusal: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal()) }
}
