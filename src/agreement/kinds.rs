//! The table of kinds: who signs, whether it changes force, what guards it, what follows from it. A further kind
//! is a line in each of these four.

use crate::agreement::accord::{AgreementState, offer_subject};
use crate::agreement::authority::Signer;
use crate::agreement::history::{Before, Entry, State};
use crate::agreement::life::SignatureRecord;
use crate::agreement::offer::OfferState;
use crate::agreement::party::PartyState;
use crate::agreement::pending::{Done, Outcome};
use crate::agreement::registrar::RegistryState;
use crate::agreement::void::Voided;
use crate::agreement::{
    Act, Refusal, World, accord, amend, assurance, basis, change, finding, offer, party, party_change, registrar, void,
};
use crate::statement::body::{Body, LegalDate};

/// Who signs a kind. Seals are not judged: the log's own proofs are checked elsewhere. Endorsements have rules of their
/// own (`endorse`).
pub(in crate::agreement) fn signer(body: &Body) -> Option<Signer> {
    Some(match body {
        Body::Seal(_) | Body::Genesis(_) | Body::Endorse(_) => return None,
        Body::Policy(_) | Body::Close(_) | Body::PartyList(_) | Body::PartyEnrol(_) => Signer::Registrar,
        Body::PartyKeys(_) => Signer::Itself,
        Body::PartyRename(_) | Body::PartyControlChange(_) | Body::PartyRetire(_) => Signer::ItselfOrRegistrar,
        Body::PartySucceed(_) => Signer::Succession,
        Body::OfferMake(_) | Body::OfferWithdraw(_) | Body::FindingReply(_) => Signer::Vendor,
        Body::Confirm(_) | Body::Dispute(_) => Signer::Vendor,
        Body::Accept(_) | Body::Decline(_) | Body::File(_) | Body::BasisChange(_) => Signer::Government,
        Body::Amend(_) | Body::Correct(_) | Body::Renew(_) => Signer::VendorOrGovernment,
        Body::Suspend(_) | Body::Resume(_) => Signer::VendorOrGovernment,
        Body::Notice(_) | Body::NoticeRevoke(_) | Body::Terminate(_) => Signer::VendorOrGovernment,
        Body::FindingAppeal(_) => Signer::VendorOrGovernment,
        Body::FindingOpen(_) => Signer::GovernmentOrAuditor,
        Body::FindingDetermine(_) => Signer::Determiner,
        Body::FindingClose(_) => Signer::Anyone,
        Body::EvidenceAdd(_) | Body::EvidenceSupersede(_) | Body::EvidenceRevoke(_) => Signer::VendorOrAuditor,
        Body::Opinion(_) => Signer::AuditorOrGovernment,
        Body::Canary(_) | Body::Circumstance(_) => Signer::Vendor,
        Body::ReportOffer(_) | Body::ReportReply(_) | Body::ReportAct(_) => Signer::Reporter,
        Body::Void(_) => Signer::IssuerOfNamed,
    })
}

/// The first legal day on which an agreement's force may be another by this act; `None` if it changes no force. Of a
/// void or an endorsement the day is not in its body.
pub(in crate::agreement) fn force_from(body: &Body) -> Option<LegalDate> {
    Some(match body {
        Body::Accept(body) => body.date.min(body.effective),
        Body::File(body) => body.terms.term.effective.map_or(body.date, |effective| effective.min(body.date)),
        Body::Amend(body) => body.date.min(body.effective),
        Body::Correct(body) => body.terms.term.effective.map_or(body.date, |effective| effective.min(body.date)),
        Body::Renew(body) => body.date,
        Body::Suspend(body) => body.effective,
        Body::Resume(body) => body.effective,
        Body::Notice(body) => body.date,
        Body::NoticeRevoke(body) => body.date,
        Body::Terminate(body) => body.date.min(body.effective),
        Body::BasisChange(body) => body.date.min(body.effective),
        _ => return None,
    })
}

/// Whether rule 11 bounds it: it changes no force. Voids and endorsements are bounded by what they name.
pub(in crate::agreement) fn is_talk(body: &Body) -> bool {
    let is_offer = matches!(body, Body::OfferMake(_) | Body::OfferWithdraw(_));
    force_from(body).is_none() && !is_offer && !matches!(body, Body::Void(_) | Body::Endorse(_))
}

/// Whether its docket keeps it, marked, when it is void; anything else that is void is dropped from the fold. An agreement
/// or offer is shown as void; an offer is asked as of an index, at which its withdrawal may not have been void yet.
pub(in crate::agreement) fn is_kept_when_void(done: &Done) -> bool {
    let body = done.act.body.as_deref();
    matches!(body, Some(Body::Accept(_) | Body::File(_) | Body::OfferMake(_) | Body::OfferWithdraw(_)))
}

/// What the kind asks beyond signer and time (the *r* rules).
pub(in crate::agreement) fn guard(world: &World, act: &Act, body: &Body, before: Before<'_>) -> Result<(), Refusal> {
    match body {
        Body::Seal(_) | Body::Endorse(_) => Ok(()),
        Body::Genesis(body) => registrar::check(world, act, body),
        Body::Policy(body) => registrar::check_policy(world, act, body),
        Body::Close(body) => registrar::check_close(world, act, body),
        Body::PartyList(body) => party::check_list(world, act, body),
        Body::PartyEnrol(body) => party::check_enrol(world, act, body),
        Body::PartyKeys(body) => party::check_keys(world, act, body),
        Body::PartyRename(_) | Body::PartyControlChange(_) | Body::PartyRetire(_) => {
            party_change::check_known(world, act)
        }
        Body::PartySucceed(body) => party_change::check_succeed(world, act, body, before),
        Body::OfferMake(body) => offer::check_make(world, act, body),
        Body::OfferWithdraw(body) => offer::check_withdraw(world, act, body),
        Body::ReportOffer(_) | Body::ReportReply(_) | Body::ReportAct(_) => Ok(()),
        Body::Void(body) => void::check(world, act, body, before),
        body => guard_on_agreement(world, act, body),
    }
}

fn guard_on_agreement(world: &World, act: &Act, body: &Body) -> Result<(), Refusal> {
    match body {
        Body::Accept(body) => accord::check_accept(world, act, body),
        Body::Decline(body) => accord::check_decline(world, act, body),
        Body::File(body) => accord::check_file(world, act, body),
        Body::Confirm(body) => accord::check_word(world, act, &body.reference, body.date),
        Body::Dispute(body) => accord::check_word(world, act, &body.reference, body.date),
        Body::Amend(body) => amend::check_amend(world, act, body),
        Body::Correct(body) => amend::check_correct(world, act, body),
        Body::Renew(body) => amend::check_renew(world, act, body),
        Body::Suspend(body) => change::check_suspend(world, act, body),
        Body::Resume(body) => change::check_resume(world, act, body),
        Body::Notice(body) => change::check_notice(world, act, body),
        Body::NoticeRevoke(body) => change::check_notice_revoke(world, act, body),
        Body::Terminate(body) => change::check_terminate(world, act, body),
        Body::BasisChange(body) => basis::check_change(world, act, body),
        Body::FindingOpen(body) => finding::check_open(world, act, body),
        Body::FindingReply(body) => finding::check_step(world, act, &body.reference, body.date),
        Body::FindingDetermine(body) => finding::check_determine(world, act, body),
        Body::FindingAppeal(body) => finding::check_step(world, act, &body.reference, body.date),
        Body::FindingClose(body) => finding::check_close(world, act, body),
        body => assurance::check_given(world, act, body),
    }
}

/// What follows from a complete act for a docket in which it stands.
pub(in crate::agreement) fn effect(world: &World, state: &mut State, done: &Done) {
    let Some(body) = done.act.body.as_deref() else { return };
    match state {
        State::Registry(state) => effect_on_registry(state, &done.act, body),
        State::Party(state) => effect_on_party(state, done, body),
        State::Offer(state) => effect_on_offer(state, done, body),
        State::Agreement(state) => effect_on_agreement(world, state, done, body),
        State::List => {}
    }
}

fn effect_on_registry(state: &mut RegistryState, act: &Act, body: &Body) {
    match body {
        Body::Genesis(body) => state.apply(act, body),
        Body::Policy(body) => state.apply_policy(act, body),
        Body::Close(body) => state.apply_close(act, body),
        _ => {}
    }
}

fn effect_on_party(state: &mut PartyState, done: &Done, body: &Body) {
    let index = done.act.index;
    match body {
        Body::PartyList(body) => state.apply_list(index, body),
        Body::PartyEnrol(body) => state.apply_enrol(index, body),
        Body::PartyKeys(body) => state.apply_keys(index, body),
        Body::PartyRename(body) => state.apply_change(index, |party| party.names.insert(0, body.name.clone())),
        Body::PartyControlChange(body) => {
            state.apply_change(index, |party| party.controllers = Some(body.controllers.clone()));
        }
        Body::PartySucceed(body) => {
            let by_registrar = done.signatures.iter().any(|signature| signature.issuer.is_registrar());
            state.apply_succeed(index, &body.successor, by_registrar);
        }
        Body::PartyRetire(_) => state.apply_retire(index),
        _ => {}
    }
}

fn effect_on_offer(state: &mut OfferState, done: &Done, body: &Body) {
    match body {
        Body::OfferMake(body) => state.apply_make(done, body),
        Body::OfferWithdraw(_) => state.apply_withdraw(&done.act),
        body => state.assurances.apply(&done.act, body),
    }
    if is_talk(body) {
        state.talk.count(&done.act);
    }
}

fn effect_on_agreement(world: &World, state: &mut AgreementState, done: &Done, body: &Body) {
    let act = &done.act;
    match body {
        Body::Accept(body) => {
            let offer = offer_subject(act.statement.subject()).and_then(|offer| world.offer(&offer));
            if let Some(made) = offer.and_then(|state| state.made(act.index)) {
                state.apply_accept(act, body, made);
            }
        }
        Body::Decline(body) => state.apply_decline(act, body),
        Body::File(body) => state.apply_file(act, body),
        Body::Confirm(body) => state.apply_word(act, body.date, true),
        Body::Dispute(body) => state.apply_word(act, body.date, false),
        Body::Amend(body) => state.apply_amend(done, body),
        Body::Correct(body) => state.apply_correct(done, body),
        Body::Renew(body) => state.apply_renew(act, body),
        Body::Suspend(body) => state.apply_suspend(act, body),
        Body::Resume(body) => state.apply_resume(act, body),
        Body::Notice(body) => state.apply_notice(act, body),
        Body::NoticeRevoke(body) => state.apply_notice_revoke(act, body),
        Body::Terminate(body) => state.apply_terminate(act, body),
        Body::BasisChange(body) => state.apply_basis(act, body),
        Body::FindingOpen(body) => state.apply_finding(act, body),
        Body::FindingReply(body) => state.apply_reply(act, body),
        Body::FindingDetermine(body) => state.apply_determine(act, body),
        Body::FindingAppeal(body) => state.apply_appeal(act, body),
        Body::FindingClose(body) => state.apply_close(act, body),
        body => state.assurances.apply(act, body),
    }
    match is_talk(body) {
        true => state.talk.count(act),
        false => {
            if let Some(life) = state.life_mut() {
                life.signatures.extend(done.signatures.iter().cloned());
            }
        }
    }
}

/// What is left of an act that is void and dropped: talk has used up its room all the same (rule 11).
pub(in crate::agreement) fn effect_of_void(state: &mut State, done: &Done) {
    let talk = match state {
        State::Offer(state) => &mut state.talk,
        State::Agreement(state) => &mut state.talk,
        _ => return,
    };
    if done.act.body.as_deref().is_some_and(is_talk) {
        talk.count(&done.act);
    }
}

/// Takes the effect of an act back that is void. `false` where acts after it may have been read by it, or it is kept and
/// marked: then the docket is folded again.
pub(in crate::agreement) fn forget(state: &mut State, done: &Done) -> bool {
    let id = done.act.id();
    match (state, done.act.body.as_deref()) {
        (_, Some(Body::Amend(_) | Body::Correct(_) | Body::Renew(_))) => false,
        (_, Some(Body::Accept(_) | Body::File(_) | Body::OfferMake(_) | Body::OfferWithdraw(_))) => false,
        (State::Offer(state), _) => {
            state.assurances.forget(&id);
            true
        }
        (State::Agreement(state), _) => {
            state.forget(&id);
            true
        }
        _ => false,
    }
}

/// Marks the agreement or offer that a docket's newest carrier brought about as void.
pub(in crate::agreement) fn mark_void(state: &mut State, voided: &Voided) {
    match state {
        State::Offer(state) => state.voids.push(voided.clone()),
        State::Agreement(state) => {
            if let Some(life) = state.life_mut() {
                life.mark_void(voided);
            }
        }
        _ => {}
    }
}

/// Rule 5: an uncompromised key of the same party stands behind an act that is complete.
pub(in crate::agreement) fn affirm(state: &mut State, entry: &Entry) {
    let Some(Ok(Outcome::Affirms)) = &entry.verdict else { return };
    let signature = SignatureRecord::of(&entry.act);
    match state {
        State::Offer(state) => state.affirmations.extend(signature),
        State::Agreement(state) => {
            if let Some(life) = state.life_mut() {
                life.affirmations.extend(signature);
            }
        }
        _ => {}
    }
}
