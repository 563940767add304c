//! What one statement does, in a few plain words that follow the name of its issuer; and the legal day of it.

use nospy::agreement::Act;
use nospy::statement::body::{Addressees, Body, ClauseId, KindInfo, LegalDate, Report};
use nospy::statement::{Issuer, StatementId, Text};

use crate::read::sheet::{listed, quoted};
use crate::read::words;

/// Hex digits of an id that name a statement on a page.
pub const ID_SHORT: usize = 8;

/// Who signed it.
pub fn issuer(act: &Act) -> String {
    match act.statement.issuer() {
        Issuer::Party(party) => party.to_string(),
        Issuer::Log => "the registry".to_owned(),
    }
}

/// The legal day on which it was done, where it has one.
pub fn day(act: &Act) -> Option<LegalDate> {
    Some(match act.body.as_deref()? {
        Body::Accept(body) => body.date,
        Body::Decline(body) => body.date,
        Body::File(body) => body.date,
        Body::Confirm(body) => body.date,
        Body::Dispute(body) => body.date,
        Body::Amend(body) => body.date,
        Body::Correct(body) => body.date,
        Body::Renew(body) => body.date,
        Body::Suspend(body) => body.date,
        Body::Resume(body) => body.date,
        Body::Notice(body) => body.date,
        Body::NoticeRevoke(body) => body.date,
        Body::Terminate(body) => body.date,
        Body::BasisChange(body) => body.date,
        Body::Circumstance(body) => body.date,
        Body::FindingOpen(body) => body.date,
        Body::FindingReply(body) => body.date,
        Body::FindingDetermine(body) => body.date,
        Body::FindingAppeal(body) => body.date,
        Body::FindingClose(body) => body.date,
        Body::ReportOffer(body) | Body::ReportReply(body) | Body::ReportAct(body) => body.date,
        Body::PartySucceed(body) => body.date,
        Body::PartyControlChange(body) => body.date,
        Body::PartyRetire(body) => body.date,
        _ => return None,
    })
}

/// What it does. A stranger's words stand in it in quotation marks only.
pub fn said(act: &Act) -> String {
    let Some(body) = act.body.as_deref() else {
        return match KindInfo::find(act.statement.kind().as_str()) {
            Some(kind) => format!("says {}, in a form that cannot be read", kind.name),
            None => format!("says {}: a kind that this version of the program does not know", act.statement.kind()),
        };
    };
    of_agreement(body)
        .or_else(|| of_assurance(body))
        .or_else(|| of_directory(body))
        .unwrap_or_else(|| format!("says {}", body.kind()))
}

fn of_agreement(body: &Body) -> Option<String> {
    Some(match body {
        Body::OfferMake(offer) => {
            let until = offer.open_until.map(|day| format!(", to be accepted until {day}")).unwrap_or_default();
            format!("offers terms to {}{until}: {}", addressees(&offer.addressees), quoted(offer.terms.title.as_str()))
        }
        Body::OfferWithdraw(body) => format!("takes the offer back{}", because(&body.reason)),
        Body::Accept(body) => {
            let without = body.reservations.as_deref().map(|ids| format!(", without {}", clauses(ids)));
            let replaces = body.replaces.as_ref().map(|subject| format!(", in the place of {subject}"));
            let (without, replaces) = (without.unwrap_or_default(), replaces.unwrap_or_default());
            let how = words::method(body.method);
            format!("accepts the offer by {how}, in force from {}{without}{replaces}", body.effective)
        }
        Body::Decline(body) => format!("declines the offer{}", because(&body.reason)),
        Body::File(body) => {
            format!("files a paper signed on {}: {}", body.paper.signed_on, quoted(body.paper.form.as_str()))
        }
        Body::Confirm(_) => "confirms the paper that was filed".to_owned(),
        Body::Dispute(body) => format!("disputes the paper that was filed: {}", quoted(body.reasons.as_str())),
        Body::Amend(body) => format!("signs new terms, from {} on{}", body.effective, because(&body.reasons)),
        Body::Correct(body) => format!("signs a correction of the terms{}", because(&body.reasons)),
        Body::Renew(body) => format!("signs a new end, {}", last_day(body.ends, body.ends_inclusive)),
        Body::Suspend(body) => {
            let until = body.until.map(|day| format!(", in force again from {day}")).unwrap_or_default();
            let what = body.clauses.as_deref().map_or("all clauses".to_owned(), clauses);
            format!("suspends {what} from {}{until}{}", body.effective, because(&body.reasons))
        }
        Body::Resume(body) => {
            let what = body.clauses.as_deref().map_or("all that is suspended".to_owned(), clauses);
            format!("puts {what} in force again from {}", body.effective)
        }
        Body::Notice(body) => {
            let (measure, day) = (quoted(body.measure.as_str()), body.effective);
            format!("announces the end, no longer in force from {day}: {measure}")
        }
        Body::NoticeRevoke(body) => format!("takes the announced end back{}", because(&body.reasons)),
        Body::Terminate(body) => {
            let (ground, day) = (words::ground(body.ground), body.effective);
            format!("ends it, no longer in force from {day}, for {ground}: {}", quoted(body.reasons.as_str()))
        }
        Body::BasisChange(body) => {
            format!("tells that the law it rests on is {} from {}", body.change, body.effective)
        }
        Body::Void(body) => {
            format!("declares statement {} void: {}", short(&body.reference), quoted(body.reason.as_str()))
        }
        Body::Endorse(body) => format!("stands behind statement {} with another key", short(&body.reference)),
        _ => return None,
    })
}

fn of_assurance(body: &Body) -> Option<String> {
    Some(match body {
        Body::EvidenceAdd(body) => format!("names evidence: {}", words::evidence(body.evidence_type)),
        Body::EvidenceSupersede(body) => {
            format!("names newer evidence: {}", words::evidence(body.evidence.evidence_type))
        }
        Body::EvidenceRevoke(body) => format!("takes evidence back: {}", quoted(body.reason.as_str())),
        Body::Opinion(body) => format!("gives an opinion, {} ({} assurance)", body.opinion, body.scale),
        Body::Canary(body) => {
            format!("says that nothing is to be reported for {} to {}; next due {}", body.from, body.until, body.due)
        }
        Body::Circumstance(body) => {
            let what = body.circumstance_type.as_str().replace('_', " ");
            format!("tells of a change around the agreement ({what}): {}", quoted(body.summary.as_str()))
        }
        Body::FindingOpen(body) => {
            format!("alleges a breach of {}: {}", clauses(&body.clauses), quoted(body.summary.as_str()))
        }
        Body::FindingReply(body) => format!("replies to the allegation: {}", quoted(body.summary.as_str())),
        Body::FindingDetermine(body) => {
            format!("decides that there was a breach: {}", quoted(body.summary.as_str()))
        }
        Body::FindingAppeal(body) => format!("registers an appeal: {}", quoted(body.summary.as_str())),
        Body::FindingClose(body) => {
            format!("closes the allegation, {}: {}", words::outcome(body.outcome), quoted(body.summary.as_str()))
        }
        Body::ReportOffer(body) => format!("reports an offer{}", reported(body)),
        Body::ReportReply(body) => format!("reports an answer{}", reported(body)),
        Body::ReportAct(body) => format!("reports an act{}", reported(body)),
        _ => return None,
    })
}

fn of_directory(body: &Body) -> Option<String> {
    let name = |names: &[nospy::statement::body::PartyName]| {
        names.first().map(|name| quoted(name.name.as_str())).unwrap_or_default()
    };
    Some(match body {
        Body::Genesis(body) => format!("opens the registry: {}", quoted(body.title.as_str())),
        Body::Seal(_) => "seals a batch".to_owned(),
        Body::Policy(_) => "changes the registrar's keys or the limits".to_owned(),
        Body::Close(_) => "closes the registry for ever".to_owned(),
        Body::PartyList(body) => format!("lists a party, without keys: {}", name(&body.names)),
        Body::PartyEnrol(body) => format!("enrols a party with its keys: {}", name(&body.description.names)),
        Body::PartyKeys(body) => {
            let revoked = body.revoke.iter().flatten().map(|one| words::revocation(one.reason).to_owned());
            let revoked: Vec<String> = revoked.collect();
            let granted = body.grant.as_ref().map_or(0, Vec::len);
            match (granted, revoked.is_empty()) {
                (0, true) => "changes how many keys must sign".to_owned(),
                (granted, true) => format!("grants keys: {granted}"),
                (0, false) => format!("revokes keys: {}", revoked.join(", ")),
                (granted, false) => format!("grants keys: {granted}; revokes keys: {}", revoked.join(", ")),
            }
        }
        Body::PartyRename(body) => format!("registers a new name: {}", quoted(body.name.name.as_str())),
        Body::PartySucceed(body) => format!("signs that {} takes the place of the party", body.successor),
        Body::PartyControlChange(body) => {
            let names: Vec<String> = body.controllers.iter().map(|one| quoted(one.name.as_str())).collect();
            format!("tells who controls the party from now on: {}", listed(&names))
        }
        Body::PartyRetire(body) => {
            format!("tells that the party registers nothing more{}", because(&body.reason))
        }
        _ => return None,
    })
}

/// Whom an offer is made to.
pub fn addressees(to: &Addressees) -> String {
    match to {
        Addressees::Any => "every government".to_owned(),
        Addressees::Governments(named) => {
            let named: Vec<String> = named
                .iter()
                .map(|one| match one.is_country() {
                    true => format!("any organ of the country {one}"),
                    false => one.to_string(),
                })
                .collect();
            listed(&named)
        }
    }
}

/// The clauses by their ids.
pub fn clauses(ids: &[ClauseId]) -> String {
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{} {}", if ids.len() == 1 { "clause" } else { "clauses" }, listed(&names))
}

/// An end in words that leave nothing open about the day itself.
pub fn last_day(ends: LegalDate, is_inclusive: bool) -> String {
    match is_inclusive {
        true => format!("{ends}, and that day still belongs to it"),
        false => format!("{ends}, and on that day it is no longer in force"),
    }
}

fn because(reason: &Option<Text>) -> String {
    reason.as_ref().map(|reason| format!(": {}", quoted(reason.as_str()))).unwrap_or_default()
}

fn reported(report: &Report) -> String {
    format!(", published by {}: {}", quoted(report.source.publisher.as_str()), quoted(report.summary.as_str()))
}

/// The beginning of an id, as the timeline prints it.
pub fn short(id: &StatementId) -> String {
    id.to_string().chars().take(ID_SHORT).collect()
}
