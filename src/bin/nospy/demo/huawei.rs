//! F1: Huawei's offers as they were reported. The registrar lists the vendor and enters reports; nobody named in
//! them signs anything, so that no agreement can follow.

use nospy::codec::Value;
use nospy::statement::LegalDate;

use crate::demo::clauses;
use crate::demo::fixture::Node;
use crate::demo::script::{Act, Script, record, text};
use crate::demo::sources::Citation;
use crate::error::CliError;

/// Its party id.
pub const VENDOR: &str = "huawei";
/// Where it is seated.
const COUNTRY: &str = "cn";
/// How sure the reporter is: one publisher each.
const CONFIDENCE: &str = "medium";

/// A report to be entered.
struct Told<'a> {
    kind: &'a str,
    day: LegalDate,
    countries: Vec<String>,
    form: &'a str,
    summary: String,
    sources: Vec<Citation>,
    /// Further fields.
    more: Vec<(&'a str, Option<Value>)>,
}

/// Signs everything that F1 tells.
///
/// # Errors
/// If the fixture is not what this demo knows to tell.
pub fn play(case: &Node<'_>, script: &mut Script<'_>) -> Result<(), CliError> {
    let head = case.field("head")?;
    let name = Value::record([("name", Value::text(head.field("vendor")?.text()?))]);
    script.sign(Act {
        issuer: "registrar",
        subject: format!("party/{VENDOR}"),
        kind: "party.list",
        body: record([
            ("names", Some(Value::Array(vec![name]))),
            ("role", text("vendor")),
            ("country", text(COUNTRY)),
            ("source", head.sources()?.first().map(Citation::to_value)),
        ]),
        day: None,
        sources: head.sources()?,
        bears_on: Vec::new(),
    })?;
    let form = head.field("form")?.text()?;
    for (item, sources) in case.field("reports")?.items_with_sources()? {
        enter(script, offer(&item, sources, form)?)?;
    }
    for (item, sources) in case.field("replies")?.items_with_sources()? {
        let (country, said) = of_country(&item)?;
        let form = "reported reply";
        enter(script, told(&item, sources, "report.reply", country, form, format!("{country}: {said}"))?)?;
    }
    for (item, sources) in case.field("adverse_acts")?.items_with_sources()? {
        let (country, done) = of_country(&item)?;
        let form = "published act";
        enter(script, told(&item, sources, "report.act", country, form, format!("{country}: {done}"))?)?;
    }
    Ok(())
}

/// The two capital letters of the countries in a text, or a list of them.
pub fn countries(node: &Node<'_>) -> Result<Vec<String>, CliError> {
    let texts = node.texts()?;
    let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    let mut found: Vec<String> = words.filter(|word| is_country(word)).map(str::to_lowercase).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

fn is_country(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A reported offer or draft.
fn offer<'a>(item: &Node<'a>, sources: Vec<Citation>, form: &'a str) -> Result<Told<'a>, CliError> {
    let addressees = item.field("addressees")?;
    let codes = item.field("clauses")?;
    let types: Option<Vec<Value>> = codes.texts()?.iter().map(|code| clauses::type_of(code).map(Value::text)).collect();
    let types = types.ok_or_else(|| codes.wrong("wants codes NB1 to NB13"))?;
    let flag = |name: &str| item.find(name).map(|node| node.is_true()).transpose();
    let (draft, sent) = (flag("draft")?, flag("sent")?);
    let place = item.find("place").map(|place| place.text()).transpose()?;
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    let what = if draft == Some(true) { "a draft of an agreement" } else { "ready to sign an agreement" };
    let unsent = if sent == Some(false) { ", not sent" } else { "" };
    let summary = format!(
        "{}{place}, {}: {what}{unsent}; addressed to {}",
        item.field("by")?.text()?,
        item.field("on")?.text()?,
        addressees.texts()?.join(", "),
    );
    Ok(Told {
        kind: "report.offer",
        day: item.field("on")?.day()?,
        countries: countries(&addressees)?,
        form: if draft == Some(true) { "draft" } else { form },
        summary,
        sources,
        more: vec![
            ("clauses", Some(Value::Array(types))),
            ("draft", draft.map(Value::Bool)),
            ("sent", sent.map(Value::Bool)),
        ],
    })
}

/// What one country is reported to have said or done. Without a day of its own it has that of its source.
fn told<'a>(
    item: &Node<'a>,
    sources: Vec<Citation>,
    kind: &'a str,
    country: &str,
    form: &'a str,
    summary: String,
) -> Result<Told<'a>, CliError> {
    let day = match item.find("on").or_else(|| item.find("published")) {
        Some(day) => day.day()?,
        None => sources
            .iter()
            .find_map(|source| source.date)
            .ok_or_else(|| item.wrong("has no day, and neither has its source"))?,
    };
    let countries = vec![country.to_lowercase()];
    Ok(Told { kind, day, countries, form, summary, sources, more: Vec::new() })
}

/// The one field that is named like a country.
fn of_country<'a>(item: &Node<'a>) -> Result<(&'a str, &'a str), CliError> {
    let fields = item.fields()?;
    let (country, node) =
        fields.iter().find(|(name, _)| is_country(name)).ok_or_else(|| item.wrong("names no country"))?;
    Ok((country, node.text()?))
}

fn enter(script: &mut Script<'_>, told: Told<'_>) -> Result<(), CliError> {
    let Told { kind, day, countries, form, summary, sources, more } = told;
    let source = sources.first().map(Citation::to_value);
    let governments: Vec<Value> = countries.iter().map(Value::text).collect();
    let word = kind.trim_start_matches("report.");
    let fields = [
        ("date", text(day)),
        ("vendor", text(VENDOR)),
        ("governments", (!governments.is_empty()).then_some(Value::Array(governments))),
        ("source", source),
        ("form", text(form)),
        ("confidence", text(CONFIDENCE)),
        ("summary", text(summary)),
    ];
    script.sign(Act {
        issuer: "registrar",
        subject: format!("report/registrar/{VENDOR}-{word}-{day}-{}", countries.join("-")),
        kind,
        body: record(fields.into_iter().chain(more)),
        day: Some(day),
        sources,
        bears_on: countries.iter().map(|country| format!("between/{VENDOR}/{country}")).collect(),
    })?;
    Ok(())
}
