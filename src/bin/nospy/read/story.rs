//! How it came about: offered and accepted, or signed on paper and filed; and what both have changed since.

use nospy::agreement::Act;
use nospy::statement::body::{Body, Filing, Terms};
use nospy::statement::{Issuer, Subject};

use crate::moment;
use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, quoted, sentence};
use crate::read::{acts, parties, words};

/// The section.
pub fn write(sheet: &mut Sheet, reading: &Reading, terms: &Terms) {
    sheet.heading("How it came about");
    sheet.say(&format!("Its form: {}.", words::mode(terms.mode)));
    if let Some(offer) = reading.offer() {
        let who = issuer(reading, offer);
        sheet.point(&format!("{who} {} Registered {}.", sentence(&acts::said(offer)), registered(offer)));
    }
    let Subject::Agreement { .. } = reading.about else {
        let withdrawals = reading.on(&reading.about).filter(|act| matches!(body(act), Some(Body::OfferWithdraw(_))));
        withdrawals.for_each(|act| point(sheet, reading, act));
        return;
    };
    for act in reading.on(&reading.about) {
        match body(act) {
            Some(Body::File(filing)) => write_filing(sheet, reading, act, filing),
            Some(Body::Amend(_) | Body::Correct(_) | Body::Renew(_)) => write_half(sheet, reading, act),
            Some(
                Body::Accept(_)
                | Body::Decline(_)
                | Body::Confirm(_)
                | Body::Dispute(_)
                | Body::Suspend(_)
                | Body::Resume(_)
                | Body::Notice(_)
                | Body::NoticeRevoke(_)
                | Body::Terminate(_)
                | Body::Void(_)
                | Body::BasisChange(_),
            ) => point(sheet, reading, act),
            _ => {}
        }
    }
}

fn body(act: &Act) -> Option<&Body> {
    act.body.as_deref()
}

fn point(sheet: &mut Sheet, reading: &Reading, act: &Act) {
    let day = acts::day(act).map(|day| format!("On {day} ")).unwrap_or_default();
    sheet.point(&format!(
        "{day}{} {} Registered {}.{}",
        issuer(reading, act),
        sentence(&acts::said(act)),
        registered(act),
        reading.remark(act)
    ));
    if let Some(by) = really_acted(act) {
        sheet.below(&by);
    }
}

/// A paper: what was signed elsewhere is told apart from what was signed here.
fn write_filing(sheet: &mut Sheet, reading: &Reading, act: &Act, filing: &Filing) {
    let paper = &filing.paper;
    let filed_on = paper.filed_on.map(|day| format!(", filed with the authority on {day}")).unwrap_or_default();
    sheet.point(&format!(
        "It exists on paper: {}, signed on {}{filed_on}. It binds by {}.",
        quoted(paper.form.as_str()),
        paper.signed_on,
        words::method(paper.method)
    ));
    sheet.below(&format!(
        "{} filed it here, with the date {}. Registered {}. So the government attests it; the vendor has signed nothing here by that.{}",
        issuer(reading, act),
        filing.date,
        registered(act),
        reading.remark(act)
    ));
    match &paper.digest {
        Some(digest) => sheet.below(&format!("SHA-256 of a copy of the paper: {digest}")),
        None => sheet.below("No fingerprint of a copy of the paper is registered."),
    }
}

/// What needs both signatures says who signed, and whether the other side did.
fn write_half(sheet: &mut Sheet, reading: &Reading, act: &Act) {
    point(sheet, reading, act);
    let is_alone = !reading.is_by_both(act);
    if is_alone {
        sheet.below("Only one side signed exactly this. Until the other signs the same, it changes nothing.");
    }
}

fn issuer(reading: &Reading, act: &Act) -> String {
    match act.statement.issuer() {
        Issuer::Party(party) => parties::named(reading, party),
        Issuer::Log => "The registry".to_owned(),
    }
}

fn registered(act: &Act) -> String {
    format!("{}, entry {}", moment::utc_ms(act.time_ms), act.index)
}

/// The authority that really acted, where it is not the one that signs.
pub fn really_acted(act: &Act) -> Option<String> {
    let by = match body(act)? {
        Body::Notice(body) => body.by.as_ref(),
        Body::Terminate(body) => body.by.as_ref(),
        Body::BasisChange(body) => body.by.as_ref(),
        Body::FindingOpen(body) => body.by.as_ref(),
        Body::FindingReply(body) => body.by.as_ref(),
        Body::FindingDetermine(body) => body.by.as_ref(),
        Body::FindingAppeal(body) => body.by.as_ref(),
        Body::FindingClose(body) => body.by.as_ref(),
        _ => None,
    }?;
    let docket = by.docket.as_ref().map(|number| format!(", file {}", quoted(number.as_str()))).unwrap_or_default();
    let source = by.source.as_ref().map(|source| format!(", published by {}", quoted(source.publisher.as_str())));
    let (name, source) = (quoted(by.name.as_str()), source.unwrap_or_default());
    Some(format!("Whoever signed says that really acted: {name}{docket}{source}."))
}
