//! What only the registry's door asks (the *a* rules): it depends on tables that change, on what else is in the
//! registry, or on taste. A verifier does not repeat it; an audit does.

use crate::agreement::day::LegalZone;
use crate::agreement::needs::agreement_of_voider;
use crate::agreement::offer::offer_unknown;
use crate::agreement::party::{is_role_of_id, key_taken, subject_party};
use crate::agreement::party_change::check_successor;
use crate::agreement::refusal::demand;
use crate::agreement::report::report_of;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::PublicKey;
use crate::statement::body::{
    Addressees, Body, Description, IdentifierScheme, KeyGrant, Offer, RegistryPolicy, Report,
};
use crate::statement::{GovernmentOrCountry, Party, Subject, is_name_text};

/// Most statements of one issuer on a subject `party/…`, `report/…` or `registry`.
pub const DOCKET_STATEMENTS_MAX: usize = 1_024;
/// Most successions that one issuer states on one subject: each stands in the docket of another party too.
pub const SUCCESSIONS_MAX: usize = 16;

/// The countries of ISO 3166-1 alpha-2 (2026), in lower case, and `eu`.
const COUNTRIES: &str = "ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br \
    bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et \
    eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io \
    iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk \
    ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr \
    ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk \
    tl tm tn to tr tt tv tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";

/// The *a* rules, after [`World::judge`].
pub(in crate::agreement) fn check(world: &World, act: &Act) -> Result<(), Refusal> {
    act.statement.check_texts().map_err(|error| {
        Refusal::new(Rule::TextNotAdmitted, error.to_string(), "texts in NFC without bidirectional controls")
    })?;
    let Some(body) = act.body.as_deref() else { return Ok(()) };
    check_names(body)?;
    match body {
        Body::PartyList(body) => {
            check_docket_room(world, act)?;
            check_description(world, act, body)
        }
        Body::PartyEnrol(body) => {
            check_description(world, act, &body.description)?;
            check_grants(world, act, &body.keys)
        }
        Body::PartyKeys(body) => {
            check_docket_room(world, act)?;
            check_grants(world, act, body.grant.as_deref().unwrap_or_default())
        }
        Body::PartyRename(body) => {
            check_docket_room(world, act)?;
            subject_party(act).map_or(Ok(()), |party| check_name(world, party, body.name.name.as_str()))
        }
        Body::PartySucceed(body) => {
            check_docket_room(world, act)?;
            check_successions(world, act)?;
            // Asked early, so that nobody waits for a signature that would be refused.
            subject_party(act).map_or(Ok(()), |party| check_successor(world, act, party, body))
        }
        Body::PartyControlChange(_) | Body::PartyRetire(_) => check_docket_room(world, act),
        Body::Policy(body) => check_docket_room(world, act).and_then(|()| check_registrar_keys(world, body)),
        Body::OfferMake(body) => check_offer(act, body),
        Body::File(_) => check_vendor(world, act),
        Body::Void(_) => check_void_of_offer(world, act),
        body => match report_of(body) {
            Some(report) => check_report(world, act, report),
            None => Ok(()),
        },
    }
}

/// Names stand in the middle of answers: whoever is named must not be able to write the answer.
fn check_names(body: &Body) -> Result<(), Refusal> {
    let description = match body {
        Body::PartyList(body) => Some(body),
        Body::PartyEnrol(body) => Some(&body.description),
        _ => None,
    };
    let described = description.into_iter().flat_map(|body| {
        let controllers = body.controllers.iter().flatten().map(|controller| &controller.name);
        let publisher = body.source.iter().map(|source| &source.publisher);
        body.names.iter().map(|name| &name.name).chain(controllers).chain(publisher)
    });
    let changed = match body {
        Body::PartyRename(body) => vec![&body.name.name],
        Body::PartyControlChange(body) => body.controllers.iter().map(|controller| &controller.name).collect(),
        _ => Vec::new(),
    };
    let reported = report_of(body).map(|report| &report.source.publisher);
    let by = match body {
        Body::Notice(body) => body.by.as_ref(),
        Body::Terminate(body) => body.by.as_ref(),
        Body::FindingOpen(body) => body.by.as_ref(),
        Body::FindingReply(body) => body.by.as_ref(),
        Body::FindingAppeal(body) => body.by.as_ref(),
        Body::FindingDetermine(body) => body.by.as_ref(),
        Body::FindingClose(body) => body.by.as_ref(),
        Body::BasisChange(body) => body.by.as_ref(),
        _ => None,
    };
    for name in described.chain(changed).chain(reported).chain(by.map(|by| &by.name)) {
        demand(is_name_text(name.as_str()), || {
            let message = format!("{:?} cannot stand as a name", name.as_str());
            let accepted = "one line without invisible characters, and no space at either end";
            Refusal::new(Rule::TextNotAdmitted, message, accepted)
        })?;
    }
    Ok(())
}

fn check_description(world: &World, act: &Act, body: &Description) -> Result<(), Refusal> {
    let Some(party) = subject_party(act) else { return Ok(()) };
    let countries = body.controllers.iter().flatten().filter_map(|controller| controller.country.as_ref());
    countries.chain([&body.country]).try_for_each(|country| check_country(country.as_str()))?;
    check_role(party, body)?;
    for identifier in body.identifiers.iter().flatten() {
        let is_lei = identifier.scheme == IdentifierScheme::Lei;
        demand(!is_lei || is_lei_valid(identifier.value.as_str()), || {
            let message = format!("identifiers: {} is not an LEI: its check digits do not hold", identifier.value);
            Refusal::new(Rule::LeiInvalid, message, "20 characters whose check digits hold (ISO 17442)")
        })?;
    }
    let names = body.names.iter().map(|name| name.name.as_str());
    names.chain([party.as_str()]).try_for_each(|name| check_name(world, party, name))
}

fn check_role(party: &Party, body: &Description) -> Result<(), Refusal> {
    demand(is_role_of_id(party, body), || {
        let message = format!("{party} cannot be a government's organ of {}", body.country);
        Refusal::new(Rule::RoleMismatch, message, format!("a party id {}-<organ>", body.country))
    })
}

fn check_name(world: &World, party: &Party, name: &str) -> Result<(), Refusal> {
    match world.names().collision(party, name) {
        None => Ok(()),
        Some((other, seen)) => {
            let message = format!("the name {name} can be taken for {seen}, a name of {other}");
            Err(Refusal::new(Rule::NameConfusable, message, "a name that tells the two apart"))
        }
    }
}

fn check_grants(world: &World, act: &Act, grants: &[KeyGrant]) -> Result<(), Refusal> {
    let party = subject_party(act);
    for kid in grants.iter().map(|grant| grant.key.kid()) {
        demand(world.key_holder(&kid).is_none_or(|holder| Some(holder) == party), || key_taken(&kid))?;
    }
    Ok(())
}

/// A registrar's key is nobody else's.
fn check_registrar_keys(world: &World, body: &RegistryPolicy) -> Result<(), Refusal> {
    let granted = body.grant.iter().flatten().map(PublicKey::kid);
    granted.into_iter().try_for_each(|kid| demand(world.key_holder(&kid).is_none(), || key_taken(&kid)))
}

fn check_offer(act: &Act, body: &Offer) -> Result<(), Refusal> {
    if let Addressees::Governments(governments) = &body.addressees {
        check_governments(governments)?;
    }
    let registered = LegalZone::find(&body.terms.term.zone).map(|zone| zone.day_of(act.time_ms));
    demand(body.open_until.is_none_or(|last| registered.is_none_or(|today| today <= last)), || {
        let message = "open_until is over before the offer is registered";
        Refusal::new(Rule::DaysOutOfOrder, message, "a later day, or none")
    })
}

fn check_vendor(world: &World, act: &Act) -> Result<(), Refusal> {
    match act.statement.subject() {
        Subject::Agreement { vendor, .. } => check_listed(world, act, vendor),
        other => Err(offer_unknown(other)),
    }
}

/// A government voids an offer that it accepted. The offer's own docket does not tell who did, so no verifier repeats this;
/// the void of one that did not accept it changes nothing.
fn check_void_of_offer(world: &World, act: &Act) -> Result<(), Refusal> {
    let (Some(agreement), Some(issuer)) = (agreement_of_voider(&act.statement), act.issuer()) else { return Ok(()) };
    let has_accepted = world.agreement(&agreement).is_some_and(|state| state.life().is_some());
    // What an heir took over stands on subjects of others.
    let is_heir = world.named_as_heir(issuer, act.index).next().is_some();
    demand(has_accepted || is_heir, || {
        let message = format!("{issuer} has no agreement that rests on this offer");
        Refusal::new(
            Rule::WrongSigner,
            message,
            "the signature of the vendor, or of a government that accepted the offer",
        )
    })
}

fn check_report(world: &World, act: &Act, body: &Report) -> Result<(), Refusal> {
    check_docket_room(world, act)?;
    check_listed(world, act, &body.vendor)?;
    check_governments(body.governments.as_deref().unwrap_or_default())
}

fn check_listed(world: &World, act: &Act, party: &Party) -> Result<(), Refusal> {
    let listed = world.party(party).is_some_and(|state| state.description(act.index).is_some());
    demand(listed, || {
        let message = format!("{party} is neither listed nor enrolled");
        Refusal::new(Rule::PartyUnknown, message, "party.list by the registrar first")
    })
}

fn check_governments(governments: &[GovernmentOrCountry]) -> Result<(), Refusal> {
    governments.iter().try_for_each(|government| check_country(government.country().as_str()))
}

fn check_country(country: &str) -> Result<(), Refusal> {
    demand(is_country(country), || {
        let message = format!("{country} is not a country of ISO 3166-1");
        Refusal::new(Rule::CountryUnknown, message, "two lower-case letters of ISO 3166-1, or eu")
    })
}

/// Whether `code` is a country of ISO 3166-1 alpha-2 in lower case, or `eu`, by the compiled-in list.
pub fn is_country(code: &str) -> bool {
    COUNTRIES.split_ascii_whitespace().any(|known| known == code)
}

/// Nobody fills the docket of another party.
fn check_successions(world: &World, act: &Act) -> Result<(), Refusal> {
    let is_succession = |own: &Act| matches!(own.body.as_deref(), Some(Body::PartySucceed(_)));
    demand(world.stated(act).filter(|own| is_succession(own)).count() < SUCCESSIONS_MAX, || {
        let message = format!("the issuer has stated {SUCCESSIONS_MAX} successions on {}", act.statement.subject());
        Refusal::new(Rule::QuotaExceeded, message, "the signature of the other side under one of them")
    })
}

/// Counted by issuer, so that a party always has room on its own subject.
fn check_docket_room(world: &World, act: &Act) -> Result<(), Refusal> {
    demand(world.stated(act).count() < DOCKET_STATEMENTS_MAX, || {
        let subject = act.statement.subject();
        let message = format!("{subject} holds {DOCKET_STATEMENTS_MAX} statements of the issuer");
        Refusal::new(Rule::QuotaExceeded, message, "nothing more on this subject")
    })
}

/// Whether the check digits of an LEI hold: letters count 10 to 35, and the number is 1 modulo 97 (ISO 17442,
/// ISO 7064 MOD 97-10).
fn is_lei_valid(lei: &str) -> bool {
    let is_form = lei.len() == 20 && lei.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let remainder = lei.chars().filter_map(|c| c.to_digit(36)).fold(0, |remainder, digit| {
        if digit < 10 { (remainder * 10 + digit) % 97 } else { (remainder * 100 + digit) % 97 }
    });
    is_form && remainder == 1
}
