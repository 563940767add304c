//! Who may sign what (rules 1, 5, 6, 10): the issuer is who the subject names, its key may sign the kind at that
//! index, and claim 6 lies near the registration time.

use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::Kid;
use crate::statement::body::{Body, Role};
use crate::statement::{KindName, Party, Subject};

/// Claim 6 is at most so long before the registration time: 90 days, in seconds (rule 10).
pub const IAT_BEFORE_MAX: u64 = 90 * 86_400;
/// Claim 6 is at most so long after the registration time, in seconds (rule 10).
pub const IAT_AFTER_MAX: u64 = 300;

/// Who signs a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agreement) enum Signer {
    /// The registry's authority.
    Registrar,
    /// The party that the subject is about, by a key with the right `keys`.
    Itself,
    /// The party that the subject is about, or the registrar.
    ItselfOrRegistrar,
    /// The party that the subject is about, its successor, or the registrar.
    Succession,
    /// The vendor that the subject names.
    Vendor,
    /// The government that the subject names.
    Government,
    /// Either.
    VendorOrGovernment,
    /// The government that the subject names, or any auditor.
    GovernmentOrAuditor,
    /// The vendor, the government, or any auditor.
    Anyone,
    /// The vendor that the subject names, or any auditor.
    VendorOrAuditor,
    /// Any auditor; of an agreement its government too.
    AuditorOrGovernment,
    /// Whom the terms name; the rules of findings look closer.
    Determiner,
    /// Who issued the statement that is named; the rules of `void` look closer.
    IssuerOfNamed,
    /// The reporter that the subject names: registrar or auditor.
    Reporter,
}

/// Rules 5 and 6.
pub(in crate::agreement) fn check_signer(world: &World, act: &Act, signer: Signer) -> Result<(), Refusal> {
    let Some(issuer) = act.issuer() else {
        return Err(wrong_signer("the registry itself issues nothing but seals", signer));
    };
    demand(is_named(world, act, issuer, signer), || match heir_of_named(world, act, issuer) {
        Some(heir) => wrong_signer(format!("{heir} has taken the place of {issuer}"), signer),
        None => wrong_signer(format!("{issuer} is not who signs this"), signer),
    })?;
    if !issuer.is_registrar() {
        check_role(world, act, issuer, signer)?;
    }
    check_key(world, act, issuer, signer, act.statement.kind())
}

/// The sides of a subject at the index of an act: whoever has taken the place of those it names.
struct Sides {
    vendor: Option<Party>,
    government: Option<Party>,
}

impl Sides {
    fn of(world: &World, act: &Act) -> Self {
        let heir = |party: &Party| Some(world.heir(party, act.index));
        match act.statement.subject() {
            Subject::Offer { vendor, .. } => Self { vendor: heir(vendor), government: None },
            Subject::Agreement { vendor, government, .. } => {
                Self { vendor: heir(vendor), government: heir(government) }
            }
            _ => Self { vendor: None, government: None },
        }
    }

    fn is_vendor(&self, issuer: &Party) -> bool {
        self.vendor.as_ref() == Some(issuer)
    }

    fn is_government(&self, issuer: &Party) -> bool {
        self.government.as_ref() == Some(issuer)
    }
}

/// Whether the issuer is who the subject names for that signer; roles are looked at afterwards.
fn is_named(world: &World, act: &Act, issuer: &Party, signer: Signer) -> bool {
    let (is_registrar, subject, sides) = (issuer.is_registrar(), act.statement.subject(), Sides::of(world, act));
    let (is_vendor, is_government) = (sides.is_vendor(issuer), sides.is_government(issuer));
    let is_itself = matches!(subject, Subject::Party(party) if party == issuer);
    match signer {
        Signer::Registrar => is_registrar,
        Signer::Itself => is_itself && world.heir(issuer, act.index) == *issuer,
        Signer::ItselfOrRegistrar => is_registrar || (is_itself && world.heir(issuer, act.index) == *issuer),
        Signer::Succession => {
            let successor = match act.body.as_deref() {
                Some(Body::PartySucceed(body)) => Some(&body.successor),
                _ => None,
            };
            is_registrar || is_itself || successor == Some(issuer)
        }
        Signer::Vendor => is_vendor,
        Signer::Government => is_government,
        Signer::VendorOrGovernment => is_vendor || is_government,
        Signer::GovernmentOrAuditor | Signer::Anyone | Signer::Determiner => {
            !is_registrar && matches!(subject, Subject::Agreement { .. })
        }
        Signer::VendorOrAuditor | Signer::AuditorOrGovernment => {
            !is_registrar && matches!(subject, Subject::Agreement { .. } | Subject::Offer { .. })
        }
        Signer::Reporter => matches!(subject, Subject::Report { reporter, .. } if reporter == issuer),
        Signer::IssuerOfNamed => true,
    }
}

/// Who stands in the place of an issuer that the subject names.
fn heir_of_named(world: &World, act: &Act, issuer: &Party) -> Option<Party> {
    let is_named = match act.statement.subject() {
        Subject::Party(party) | Subject::Offer { vendor: party, .. } => party == issuer,
        Subject::Agreement { vendor, government, .. } => vendor == issuer || government == issuer,
        _ => false,
    };
    Some(world.heir(issuer, act.index)).filter(|heir| is_named && heir != issuer)
}

fn check_role(world: &World, act: &Act, issuer: &Party, signer: Signer) -> Result<(), Refusal> {
    let role = world.party(issuer).and_then(|state| state.description(act.index)).map(|description| description.role);
    let Some(role) = role else {
        let message = format!("{issuer} is not enrolled before index {}", act.index);
        return Err(Refusal::new(Rule::SignerLacksAuthority, message, "enrolment by the registrar first"));
    };
    let sides = Sides::of(world, act);
    let is_vendor = sides.is_vendor(issuer) && role == Role::Vendor;
    let is_government = sides.is_government(issuer) && role == Role::Government;
    let fits = match signer {
        Signer::Registrar => false,
        Signer::Itself | Signer::ItselfOrRegistrar | Signer::Succession => true,
        Signer::Determiner | Signer::IssuerOfNamed => true,
        Signer::Reporter => role == Role::Auditor,
        Signer::Vendor => is_vendor,
        Signer::Government => is_government,
        Signer::VendorOrGovernment => is_vendor || is_government,
        Signer::GovernmentOrAuditor | Signer::AuditorOrGovernment => role == Role::Auditor || is_government,
        Signer::VendorOrAuditor => role == Role::Auditor || is_vendor,
        Signer::Anyone => role == Role::Auditor || is_vendor || is_government,
    };
    demand(fits, || wrong_signer(format!("{issuer}, a {}, is not who signs this", role.as_str()), signer))
}

fn check_registrar(world: &World, act: &Act) -> Result<(), Refusal> {
    let known = world.registrar_key(act.statement.kid(), act.index).is_some();
    demand(known, || {
        let message = format!("the key {} is not a registrar's key of this registry", act.statement.kid());
        Refusal::new(Rule::SignerLacksAuthority, message, "a signature by a key of the genesis or of a later policy")
    })
}

/// Whether the key of an act may sign `kind` for its issuer, at the act's index.
pub(in crate::agreement) fn check_key(
    world: &World,
    act: &Act,
    issuer: &Party,
    signer: Signer,
    kind: &KindName,
) -> Result<(), Refusal> {
    if issuer.is_registrar() {
        return check_registrar(world, act);
    }
    let kid = act.statement.kid();
    let lacks = |what: String| {
        let accepted = format!("a key of {issuer} that may sign {kind} at that index");
        Refusal::new(Rule::SignerLacksAuthority, what, accepted)
    };
    let party = world.party(issuer);
    let Some(record) = party.and_then(|state| state.granted(kid, act.index)) else {
        return Err(lacks(format!("{issuer} had no key {kid} before index {}", act.index)));
    };
    demand(!record.is_ended(act.index), || lacks(format!("{issuer} had revoked its key {kid} before")))?;
    demand(record.is_within_period(act.time_ms), || {
        lacks(format!("the key {kid} of {issuer} was registered for another time"))
    })?;
    let is_retired = party.is_some_and(|state| state.is_retired(act.index));
    demand(!is_retired, || lacks(format!("{issuer} has retired and registers nothing more")))?;
    let allowed = match signer {
        Signer::Itself => record.authority.keys,
        _ => record.authority.kinds.iter().any(|pattern| pattern.allows(kind)),
    };
    demand(allowed, || lacks(format!("the key {kid} of {issuer} may not sign {kind}")))
}

impl World {
    /// How many keys of an issuer must stand behind a statement at `index`.
    pub(in crate::agreement) fn threshold(&self, issuer: &Party, index: u64) -> u64 {
        match issuer.is_registrar() {
            true => self.registry().map_or(1, |state| state.threshold(index)),
            false => self.party(issuer).map_or(1, |state| state.threshold(index)),
        }
    }

    /// Whether a key of an issuer is granted and not revoked before `index`.
    pub(in crate::agreement) fn is_key_live(&self, issuer: &Party, kid: &Kid, index: u64) -> bool {
        match issuer.is_registrar() {
            true => self.registrar_key(kid, index).is_some(),
            false => self
                .party(issuer)
                .and_then(|state| state.granted(kid, index))
                .is_some_and(|record| !record.is_ended(index)),
        }
    }
}

/// Rule 10: old drafts that leak later do not register.
pub(in crate::agreement) fn check_iat(act: &Act) -> Result<(), Refusal> {
    let (iat, registered) = (act.statement.iat(), act.time_ms / 1_000);
    let within = registered <= iat.saturating_add(IAT_BEFORE_MAX) && iat <= registered + IAT_AFTER_MAX;
    demand(within, || {
        let message = format!("the signer says {iat} (unix seconds), the registration is at {registered}");
        Refusal::new(Rule::IatOutOfWindow, message, "a statement signed within 90 days before its registration")
    })
}

fn wrong_signer(message: impl Into<String>, signer: Signer) -> Refusal {
    let accepted = match signer {
        Signer::Registrar => "the registrar's signature",
        Signer::Itself => "the signature of the party itself, by a key with the right `keys`",
        Signer::ItselfOrRegistrar => "the signature of the party itself, or of the registrar",
        Signer::Succession => "the signatures of the party and its successor, or of the registrar and the successor",
        Signer::Vendor => "the signature of the vendor that the subject names",
        Signer::Government => "the signature of the government that the subject names",
        Signer::VendorOrGovernment => "the signature of the vendor or the government that the subject names",
        Signer::GovernmentOrAuditor => "the signature of the government that the subject names, or of an auditor",
        Signer::Anyone => "the signature of the vendor, the government, or an auditor",
        Signer::VendorOrAuditor => "the signature of the vendor that the subject names, or of an auditor",
        Signer::AuditorOrGovernment => "the signature of an auditor, or of the government that the subject names",
        Signer::Determiner => "the signature of the body that the terms name",
        Signer::IssuerOfNamed => "the signature of who issued the statement that ref names",
        Signer::Reporter => "the signature of the reporter that the subject names: the registrar or an auditor",
    };
    Refusal::new(Rule::WrongSigner, message, accepted)
}
