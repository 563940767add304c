//! Who may sign what (rules 1, 5, 6, 10): the issuer is who the subject names, its key may sign the kind at that
//! index, and claim 6 lies near the registration time.

use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::statement::body::Role;
use crate::statement::{Party, Subject};

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
    /// The reporter that the subject names: registrar or auditor.
    Reporter,
}

/// Rules 5 and 6.
pub(in crate::agreement) fn check_signer(world: &World, act: &Act, signer: Signer) -> Result<(), Refusal> {
    let Some(issuer) = act.issuer() else {
        return Err(wrong_signer("the registry itself issues nothing but seals", signer));
    };
    demand(is_named(act.statement.subject(), issuer, signer), || {
        wrong_signer(format!("{issuer} is not who signs this"), signer)
    })?;
    match issuer.is_registrar() {
        true => check_registrar(world, act),
        false => {
            check_role(world, act, issuer, signer)?;
            check_key(world, act, issuer, signer)
        }
    }
}

/// Whether the issuer is who the subject names for that signer; roles are looked at afterwards.
fn is_named(subject: &Subject, issuer: &Party, signer: Signer) -> bool {
    let is_registrar = issuer.is_registrar();
    match (signer, subject) {
        (Signer::Registrar, _) => is_registrar,
        (Signer::Itself, Subject::Party(party)) => party == issuer,
        (Signer::Vendor, Subject::Offer { vendor, .. } | Subject::Agreement { vendor, .. }) => vendor == issuer,
        (Signer::Government, Subject::Agreement { government, .. }) => government == issuer,
        (Signer::VendorOrGovernment, Subject::Agreement { vendor, government, .. }) => {
            vendor == issuer || government == issuer
        }
        (Signer::GovernmentOrAuditor | Signer::Anyone, Subject::Agreement { .. }) => !is_registrar,
        (Signer::Reporter, Subject::Report { reporter, .. }) => reporter == issuer,
        _ => false,
    }
}

fn check_role(world: &World, act: &Act, issuer: &Party, signer: Signer) -> Result<(), Refusal> {
    let role = world.party(issuer).and_then(|state| state.description(act.index)).map(|description| description.role);
    let Some(role) = role else {
        let message = format!("{issuer} is not enrolled before index {}", act.index);
        return Err(Refusal::new(Rule::SignerLacksAuthority, message, "enrolment by the registrar first"));
    };
    let (is_vendor, is_government) = match act.statement.subject() {
        Subject::Agreement { vendor, government, .. } => (vendor == issuer, government == issuer),
        Subject::Offer { vendor, .. } => (vendor == issuer, false),
        _ => (false, false),
    };
    let fits = match signer {
        Signer::Registrar => false,
        Signer::Itself => true,
        Signer::Reporter => role == Role::Auditor,
        Signer::Vendor => role == Role::Vendor,
        Signer::Government => role == Role::Government,
        Signer::VendorOrGovernment => is_either(role, is_vendor, is_government),
        Signer::GovernmentOrAuditor => role == Role::Auditor || (is_government && role == Role::Government),
        Signer::Anyone => role == Role::Auditor || is_either(role, is_vendor, is_government),
    };
    demand(fits, || wrong_signer(format!("{issuer}, a {}, is not who signs this", role.as_str()), signer))
}

fn is_either(role: Role, is_vendor: bool, is_government: bool) -> bool {
    (is_vendor && role == Role::Vendor) || (is_government && role == Role::Government)
}

fn check_registrar(world: &World, act: &Act) -> Result<(), Refusal> {
    let known = world.registrar_key(act.statement.kid()).is_some();
    demand(known, || {
        let message = format!("the key {} is not a registrar's key of this registry", act.statement.kid());
        Refusal::new(Rule::SignerLacksAuthority, message, "a signature by a key of the genesis")
    })
}

fn check_key(world: &World, act: &Act, issuer: &Party, signer: Signer) -> Result<(), Refusal> {
    let (kid, kind) = (act.statement.kid(), act.statement.kind());
    let lacks = |what: String| {
        let accepted = format!("a key of {issuer} that may sign {kind} at that index");
        Refusal::new(Rule::SignerLacksAuthority, what, accepted)
    };
    let record = world.party(issuer).and_then(|state| state.granted(kid, act.index));
    let Some(record) = record else {
        return Err(lacks(format!("{issuer} had no key {kid} before index {}", act.index)));
    };
    demand(!record.is_ended(act.index), || lacks(format!("{issuer} had revoked its key {kid} before")))?;
    demand(record.is_within_period(act.time_ms), || {
        lacks(format!("the key {kid} of {issuer} was registered for another time"))
    })?;
    let allowed = match signer {
        Signer::Itself => record.authority.keys,
        _ => record.authority.kinds.iter().any(|pattern| pattern.allows(kind)),
    };
    demand(allowed, || lacks(format!("the key {kid} of {issuer} may not sign {kind}")))
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
        Signer::Vendor => "the signature of the vendor that the subject names",
        Signer::Government => "the signature of the government that the subject names",
        Signer::VendorOrGovernment => "the signature of the vendor or the government that the subject names",
        Signer::GovernmentOrAuditor => "the signature of the government that the subject names, or of an auditor",
        Signer::Anyone => "the signature of the vendor, the government, or an auditor",
        Signer::Reporter => "the signature of the reporter that the subject names: the registrar or an auditor",
    };
    Refusal::new(Rule::WrongSigner, message, accepted)
}
