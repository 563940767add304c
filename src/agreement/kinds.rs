//! The table of kinds: who signs, whether it changes force, what guards it, what follows from it. A further kind
//! is a line in each of these four.

use crate::agreement::accord::offer_subject;
use crate::agreement::authority::Signer;
use crate::agreement::world::State;
use crate::agreement::{Act, Refusal, Rule, World, accord, change, finding, offer, party, registrar};
use crate::statement::body::{Body, LegalDate};

/// Who signs a kind. Seals are not judged: the log's own proofs are checked elsewhere.
pub(in crate::agreement) fn signer(body: &Body) -> Option<Signer> {
    Some(match body {
        Body::Seal(_) | Body::Genesis(_) => return None,
        Body::PartyList(_) | Body::PartyEnrol(_) => Signer::Registrar,
        Body::Policy(_) | Body::Close(_) => Signer::Registrar,
        Body::PartyKeys(_) => Signer::Itself,
        Body::OfferMake(_) | Body::OfferWithdraw(_) | Body::FindingReply(_) => Signer::Vendor,
        Body::Accept(_) | Body::Decline(_) | Body::File(_) => Signer::Government,
        Body::Suspend(_) | Body::Resume(_) => Signer::VendorOrGovernment,
        Body::Notice(_) | Body::NoticeRevoke(_) | Body::Terminate(_) => Signer::VendorOrGovernment,
        Body::FindingAppeal(_) => Signer::VendorOrGovernment,
        Body::FindingOpen(_) => Signer::GovernmentOrAuditor,
        Body::FindingClose(_) => Signer::Anyone,
        Body::ReportOffer(_) | Body::ReportReply(_) | Body::ReportAct(_) => Signer::Reporter,
        _ => return None,
    })
}

/// The first legal day on which an agreement's force may be another by this act; `None` if it changes no force.
pub(in crate::agreement) fn force_from(body: &Body) -> Option<LegalDate> {
    Some(match body {
        Body::Accept(body) => body.date.min(body.effective),
        Body::File(body) => body.terms.term.effective.map_or(body.date, |effective| effective.min(body.date)),
        Body::Suspend(body) => body.effective,
        Body::Resume(body) => body.effective,
        Body::Notice(body) => body.date,
        Body::NoticeRevoke(body) => body.date,
        Body::Terminate(body) => body.date,
        _ => return None,
    })
}

/// What the kind asks beyond signer and time (the *r* rules).
pub(in crate::agreement) fn guard(world: &World, act: &Act, body: &Body) -> Result<(), Refusal> {
    match body {
        Body::Seal(_) => Ok(()),
        Body::Genesis(body) => registrar::check(world, act, body),
        Body::PartyList(body) => party::check_list(world, act, body),
        Body::PartyEnrol(body) => party::check_enrol(world, act, body),
        Body::PartyKeys(body) => party::check_keys(world, act, body),
        Body::OfferMake(body) => offer::check_make(world, act, body),
        Body::OfferWithdraw(body) => offer::check_withdraw(world, act, body),
        Body::Accept(body) => accord::check_accept(world, act, body),
        Body::Decline(body) => accord::check_decline(world, act, body),
        Body::File(body) => accord::check_file(world, act, body),
        Body::Suspend(body) => change::check_suspend(world, act, body),
        Body::Resume(body) => change::check_resume(world, act, body),
        Body::Notice(body) => change::check_notice(world, act, body),
        Body::NoticeRevoke(body) => change::check_notice_revoke(world, act, body),
        Body::Terminate(body) => change::check_terminate(world, act, body),
        Body::FindingOpen(body) => finding::check_open(world, act, body),
        Body::FindingReply(body) => finding::check_step(world, act, &body.reference, body.date),
        Body::FindingAppeal(body) => finding::check_step(world, act, &body.reference, body.date),
        Body::FindingClose(body) => finding::check_close(world, act, body),
        Body::ReportOffer(_) | Body::ReportReply(_) | Body::ReportAct(_) => Ok(()),
        // Their bodies can be read; nothing admits them before their rules are here.
        other => {
            let message = format!("the rules of {} are not known yet", other.kind());
            Err(Refusal::new(Rule::UnknownKind, message, "a kind that this registry knows"))
        }
    }
}

/// What follows from an admissible act for the docket of its subject.
pub(in crate::agreement) fn effect(world: &World, state: &mut State, act: &Act, body: &Body) {
    match (state, body) {
        (State::Registry(state), Body::Genesis(body)) => state.apply(body),
        (State::Party(state), Body::PartyList(body)) => state.apply_list(act.index, body),
        (State::Party(state), Body::PartyEnrol(body)) => state.apply_enrol(act.index, body),
        (State::Party(state), Body::PartyKeys(body)) => state.apply_keys(act.index, body),
        (State::Offer(state), Body::OfferMake(body)) => state.apply_make(act, body),
        (State::Offer(state), Body::OfferWithdraw(_)) => state.apply_withdraw(act),
        (State::Agreement(state), body) => effect_on_agreement(world, state, act, body),
        _ => {}
    }
}

fn effect_on_agreement(world: &World, state: &mut accord::AgreementState, act: &Act, body: &Body) {
    match body {
        Body::Accept(body) => {
            let offer = offer_subject(act.statement.subject()).and_then(|offer| world.offer(&offer));
            if let Some(made) = offer.and_then(|state| state.made(act.index)) {
                state.apply_accept(act, body, made);
            }
        }
        Body::Decline(body) => state.apply_decline(body),
        Body::File(body) => state.apply_file(act, body),
        Body::Suspend(body) => state.apply_suspend(act, body),
        Body::Resume(body) => state.apply_resume(act, body),
        Body::Notice(body) => state.apply_notice(act, body),
        Body::NoticeRevoke(body) => state.apply_notice_revoke(act, body),
        Body::Terminate(body) => state.apply_terminate(act, body),
        Body::FindingOpen(body) => state.apply_finding(act, body),
        Body::FindingReply(body) => state.apply_reply(act, body),
        Body::FindingAppeal(body) => state.apply_appeal(act, body),
        Body::FindingClose(body) => state.apply_close(act, body),
        _ => {}
    }
    if force_from(body).is_none() {
        state.count_talk(act);
    }
}
