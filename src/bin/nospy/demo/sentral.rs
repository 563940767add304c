//! F6: an invented vendor offers one text to many governments, and each answers on a day of its own. Parties, acts and
//! days are made up; the registry takes the days from a script.

use nospy::codec::Value;
use nospy::crypto::{Digest, sha256};
use nospy::statement::{LegalDate, NOT_STATED, StatementId, Subject, Terms};

use crate::demo::ask::{self, Expected, Question};
use crate::demo::cast::DEMO_KEY;
use crate::demo::clauses::{self, Clause};
use crate::demo::fixture::Node;
use crate::demo::script::{Act, Script, record, text};
use crate::error::CliError;

/// The party id of the vendor.
const VENDOR: &str = "sentral";
/// Where it is seated.
const COUNTRY: &str = "no";
/// Where the days of the agreements are counted.
const ZONE: &str = "Europe/Brussels";
/// Who is addressed: `EU member states and EU/COM`.
const ADDRESSEES: &str = "at be bg cy cz de dk ee es eu-com fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk";
/// The government that is no state.
const COMMISSION: &str = "EU/COM";
/// What the fixture calls the terms of the offer.
const OFFERED: &str = "v1";
/// What it says of an acceptance that comes too late.
const REFUSED: &str = "refused";
/// What it says before the clause that an acceptance reserves.
const RESERVING: &str = "with reservation to ";
/// The hour of every act.
const HOUR: &str = "10:00:00Z";

/// One day of the story.
struct Event<'a> {
    node: Node<'a>,
    day: LegalDate,
    /// The first word: a government, or `vendor`.
    who: &'a str,
    /// The rest.
    did: &'a str,
}

/// The case, read.
pub struct Adhesion<'a> {
    case: Node<'a>,
    clauses: Vec<Clause>,
    events: Vec<Event<'a>>,
}

/// What the parties did so far that later acts refer to.
#[derive(Default)]
struct Ids {
    offer: Option<StatementId>,
    /// By government: the act that carries the terms, and a suspension that lasts.
    carriers: Vec<(String, StatementId)>,
    suspensions: Vec<(String, StatementId)>,
}

impl<'a> Adhesion<'a> {
    /// Reads the case.
    ///
    /// # Errors
    /// If the fixture is not what this demo knows to tell.
    pub fn read(case: Node<'a>) -> Result<Self, CliError> {
        let clauses = case.field("clauses")?;
        let clauses = clauses::read(&clauses.texts()?)
            .ok_or_else(|| clauses.wrong("wants clauses that begin with their type"))?;
        let mut events = Vec::new();
        for item in case.field("events")?.items()? {
            for (day, node) in item.fields()? {
                let day = day.parse().map_err(|_| item.wrong("wants events by their day"))?;
                let (who, did) = node.text()?.split_once(' ').ok_or_else(|| node.wrong("wants WHO DID WHAT"))?;
                events.push(Event { node, day, who, did });
            }
        }
        match events.is_sorted_by_key(|event: &Event<'_>| event.day) && !events.is_empty() {
            true => Ok(Self { case, clauses, events }),
            false => Err(case.field("events")?.wrong("wants events in the order of their days")),
        }
    }

    /// The parties that sign: the vendor, then the governments in the order in which they act.
    pub fn organs(&self) -> Vec<String> {
        let mut organs = vec![VENDOR.to_owned()];
        for event in &self.events {
            let organ = party_of(event.who);
            if !organs.contains(&organ) {
                organs.push(organ);
            }
        }
        organs
    }

    /// The instant at which the registry is opened, unix milliseconds: an hour before the first act.
    ///
    /// # Errors
    /// If that is no time.
    pub fn begins_ms(&self) -> Result<u64, CliError> {
        let first = self.events.first().ok_or_else(|| self.case.wrong("tells of nothing"))?;
        Ok(instant_ms(first.day, &first.node)?.saturating_sub(3_600_000))
    }

    /// The instant after which everything that is asked is known, unix milliseconds: the day after the last question's.
    ///
    /// # Errors
    /// If there is none.
    pub fn closes_ms(&self) -> Result<u64, CliError> {
        let days = self.questions()?.into_iter().map(|question| question.on);
        let last = days.max().ok_or_else(|| self.case.wrong("asks nothing"))?;
        let next = last.date().tomorrow().ok().and_then(|day| day.try_into().ok());
        instant_ms(next.ok_or_else(|| self.case.wrong("ends beyond the calendar"))?, &self.case)
    }

    /// What is asked about each government, by the days that the fixture expects answers for.
    ///
    /// # Errors
    /// If the case expects nothing, or an expectation has no government and day.
    pub fn questions(&self) -> Result<Vec<Question>, CliError> {
        let vendor = self.case.field("head")?.field("vendor")?.text()?;
        let mut questions = Vec::new();
        for (key, answer) in ask::expectations(&self.case)? {
            let (government, day) = key.split_once('@').ok_or_else(|| answer.wrong("wants GOVERNMENT@DAY"))?;
            let on = day.parse().map_err(|_| answer.wrong("wants answers by their day"))?;
            let assurance = self.case.find("assurance").and_then(|by_day| by_day.find(key));
            questions.push(Question {
                words: format!("How did the offer of {vendor} (invented) stand with {government} on {on}?"),
                on,
                about: vec![self.subject(&party_of(government))?],
                expected: Expected::Answer(answer.text()?.to_owned()),
                assurance: assurance.map(|node| node.text().map(str::to_owned)).transpose()?,
            });
        }
        questions.sort_by_key(|question| question.on);
        Ok(questions)
    }

    /// What the fixture calls these terms, such as `v1`: the terms whose texts they name.
    pub fn version_of(&self, terms: &Terms) -> Option<String> {
        let named: Vec<String> =
            terms.texts.iter().flatten().filter_map(|text| text.sha256).map(|digest| digest.to_string()).collect();
        let fields = self.case.fields().ok()?;
        let versions = fields.iter().filter_map(|(name, node)| Some((name.strip_prefix("terms_")?, node)));
        versions
            .filter(|(_, node)| {
                let digests = languages(node).unwrap_or_default();
                digests.len() == named.len()
                    && digests.iter().all(|(_, digest)| named.iter().any(|name| name == digest))
            })
            .map(|(version, _)| version.to_owned())
            .next()
    }

    /// Signs everything that the case tells, each act for its own day.
    ///
    /// # Errors
    /// If the fixture is not what this demo knows to tell.
    pub fn play(&self, script: &mut Script<'_>) -> Result<(), CliError> {
        for organ in self.organs() {
            self.enrol(script, &organ)?;
        }
        let mut ids = Ids { offer: Some(self.offer(script)?), ..Ids::default() };
        for event in &self.events {
            script.set_time_ms(instant_ms(event.day, &event.node)?);
            self.act(script, event, &mut ids)?;
        }
        Ok(())
    }

    fn enrol(&self, script: &mut Script<'_>, organ: &str) -> Result<(), CliError> {
        let head = self.case.field("head")?;
        let grant = script.cast.grant(organ)?;
        let is_vendor = organ == VENDOR;
        let (name, role, country) = match is_vendor {
            true => (head.field("vendor")?.text()?.to_owned(), "vendor", COUNTRY),
            false => {
                (format!("Invented organ {}", organ.to_uppercase()), "government", organ.get(..2).unwrap_or_default())
            }
        };
        let identifier = record([("scheme", text("lei")), ("value", text(head.field("lei")?.text()?))]);
        script.sign(Act {
            issuer: "registrar",
            subject: format!("party/{organ}"),
            kind: "party.enrol",
            body: record([
                ("names", Some(Value::Array(vec![record([("name", text(format!("{name} {DEMO_KEY}")))])]))),
                ("role", text(role)),
                ("country", text(country)),
                ("identifiers", is_vendor.then(|| Value::Array(vec![identifier]))),
                ("keys", Some(Value::Array(vec![grant]))),
                ("threshold", Some(Value::Int(1))),
            ]),
            day: None,
            sources: Vec::new(),
            bears_on: Vec::new(),
        })?;
        Ok(())
    }

    fn offer(&self, script: &mut Script<'_>) -> Result<StatementId, CliError> {
        let head = self.case.field("head")?;
        let addressees = ADDRESSEES.split(' ').map(Value::text).collect();
        let body = record([
            ("addressees", Some(record([("governments", Some(Value::Array(addressees)))]))),
            ("terms", Some(self.terms(OFFERED)?)),
            ("open_until", text(head.field("open_until")?.day()?)),
        ]);
        self.sign(script, VENDOR, self.offer_subject(), "offer.make", body)
    }

    /// One event as the statements that it takes.
    fn act(&self, script: &mut Script<'_>, event: &Event<'_>, ids: &mut Ids) -> Result<(), CliError> {
        let organ = party_of(event.who);
        let (kind, body) = self.deed(event, &organ, ids)?;
        let about = match kind {
            "offer.withdraw" => self.offer_subject(),
            _ => self.subject(&organ)?.to_string(),
        };
        // Both sign an amendment, the same; the second signature is the act.
        if kind == "agreement.amend" {
            self.sign(script, VENDOR, about.clone(), kind, body.clone())?;
        }
        let id = self.sign(script, &organ, about, kind, body)?;
        match kind {
            "agreement.accept" if event.did.ends_with(REFUSED) => script.expect_refusal(),
            "agreement.accept" | "agreement.amend" => ids.carriers.push((organ, id)),
            "agreement.suspend" => ids.suspensions.push((organ, id)),
            _ => {}
        }
        Ok(())
    }

    /// What somebody did, as a kind and its body.
    fn deed(&self, event: &Event<'_>, organ: &str, ids: &Ids) -> Result<(&'static str, Value), CliError> {
        let of = |list: &[(String, StatementId)]| {
            let found = list.iter().rev().find(|(own, _)| own == organ);
            found.map(|(_, id)| text(id)).ok_or_else(|| event.node.wrong("refers to what has not happened"))
        };
        let offer = ("ref", text(ids.offer.ok_or_else(|| event.node.wrong("comes before the offer"))?));
        let (date, effective) = (("date", text(event.day)), ("effective", text(event.day)));
        let clauses = |clause: &str| Some(Value::Array(vec![Value::text(clause)]));
        let words: Vec<&str> = event.did.splitn(3, ' ').collect();
        Ok(match words.as_slice() {
            ["accept", REFUSED] | ["accepts", OFFERED, ..] => {
                let reserved = event.did.rsplit_once(RESERVING).and_then(|(_, clause)| clauses(clause));
                let method = ("method", text("signature"));
                ("agreement.accept", record([offer, date, method, effective, ("reservations", reserved)]))
            }
            ["declines"] => ("agreement.decline", record([offer, date])),
            ["amends", "to", version] => {
                let (reference, terms) = (("ref", of(&ids.carriers)?), ("terms", Some(self.terms(version)?)));
                ("agreement.amend", record([reference, date, effective, terms]))
            }
            ["suspends", clause] => {
                let reference = ("ref", of(&ids.carriers)?);
                ("agreement.suspend", record([reference, date, effective, ("clauses", clauses(clause))]))
            }
            ["resumes", clause] => {
                let reference = ("ref", of(&ids.suspensions)?);
                ("agreement.resume", record([reference, date, effective, ("clauses", clauses(clause))]))
            }
            ["withdraws", ..] => ("offer.withdraw", record([offer])),
            ["gives", ..] => {
                let (reference, reasons) = (("ref", of(&ids.carriers)?), ("reasons", text("invented")));
                let measure = ("measure", text(format!("{} {}", event.who, event.did)));
                let effective = ("effective", text(self.notice_end(event)?));
                ("agreement.notice", record([reference, date, measure, reasons, effective]))
            }
            _ => return Err(event.node.wrong("is nothing that this demo knows to act")),
        })
    }

    fn sign(
        &self,
        script: &mut Script<'_>,
        issuer: &str,
        subject: String,
        kind: &str,
        body: Value,
    ) -> Result<StatementId, CliError> {
        script.sign(Act { issuer, subject, kind, body, day: None, sources: Vec::new(), bears_on: Vec::new() })
    }

    fn terms(&self, version: &str) -> Result<Value, CliError> {
        let head = self.case.field("head")?;
        let canary = self.case.field("canary")?;
        let days = |name: &str| Ok::<_, CliError>(text(format!("P{}D", canary.field(name)?.number()?)));
        let reserved = self.events.iter().filter_map(|event| event.did.rsplit_once(RESERVING));
        let reserved: Vec<Value> = reserved.map(|(_, clause)| Value::text(clause)).collect();
        let term = record([
            ("zone", text(ZONE)),
            ("notice_period", text(format!("P{}M", self.notice_months()?))),
            ("reservations", (!reserved.is_empty()).then_some(Value::Array(reserved))),
        ]);
        Ok(record([
            ("mode", text(head.field("mode")?.text()?)),
            ("title", text(format!("Terms {version} of {} (invented)", head.field("vendor")?.text()?))),
            ("texts", Some(self.texts(version)?)),
            ("clauses", Some(Value::Array(self.clauses.iter().map(Clause::to_value).collect()))),
            ("disclosure", Some(self.disclosure()?)),
            ("term", Some(term)),
            ("canary", Some(record([("every", days("every_days")?), ("grace", days("grace_days")?)]))),
        ]))
    }

    /// The texts of one version: the digests that the fixture names are those of the strings that it quotes.
    fn texts(&self, version: &str) -> Result<Value, CliError> {
        let node = self.case.field(&format!("terms_{version}"))?;
        let mut texts = Vec::new();
        for (language, digest) in languages(&node)? {
            let bytes = format!("NSR-FIXTURE F6 terms {version} ({language})\n");
            if sha256(&[bytes.as_bytes()]).to_string() != digest {
                return Err(node.wrong("names a digest that is not the quoted text's"));
            }
            texts.push(record([
                ("language", text(language)),
                ("status", text("authentic")),
                ("sha256", text(digest)),
                ("size", Some(Value::uint(bytes.len() as u64))),
                ("media_type", text("text/plain")),
            ]));
        }
        Ok(Value::Array(texts))
    }

    fn disclosure(&self) -> Result<Value, CliError> {
        let affiliates = self.case.field("head")?.field("binds_affiliates")?.text()?;
        Ok(record([
            ("binds_parent", text(NOT_STATED)),
            ("binds_affiliates", text(affiliates)),
            ("remedy_on_breach", text(NOT_STATED)),
            ("who_verifies", text(NOT_STATED)),
            ("home_state_signs", text(NOT_STATED)),
            ("governing_law", text(NOT_STATED)),
            ("text_availability", text(NOT_STATED)),
        ]))
    }

    /// `FR gives 6 months notice`
    fn notice_months(&self) -> Result<i64, CliError> {
        let notices = self.events.iter().filter_map(|event| event.did.strip_prefix("gives "));
        let months = notices.filter_map(|rest| rest.strip_suffix(" months notice")?.parse().ok()).next();
        months.ok_or_else(|| self.case.wrong("tells of no `N months notice`"))
    }

    fn notice_end(&self, event: &Event<'_>) -> Result<LegalDate, CliError> {
        let months = jiff::Span::new().try_months(self.notice_months()?);
        let end = months.and_then(|span| event.day.date().checked_add(span)).ok();
        end.and_then(|end| end.try_into().ok()).ok_or_else(|| event.node.wrong("ends beyond the calendar"))
    }

    fn reference(&self) -> String {
        let year = self.events.first().map_or(0, |event| event.day.date().year());
        format!("adhesion-{year}")
    }

    fn offer_subject(&self) -> String {
        format!("offer/{VENDOR}/{}", self.reference())
    }

    fn subject(&self, organ: &str) -> Result<Subject, CliError> {
        // The vendor itself has no agreement; its acts are about the offer.
        let about = match organ {
            VENDOR => self.offer_subject(),
            _ => format!("agreement/{VENDOR}/{}/{organ}", self.reference()),
        };
        about.parse().map_err(|_| self.case.wrong("names nobody who could sign"))
    }
}

/// `fr-organ` of `FR`: one organ each.
fn party_of(who: &str) -> String {
    match who {
        "vendor" => VENDOR.to_owned(),
        // The fixture asks about it by the country alone.
        COMMISSION | "EU" => "eu-com".to_owned(),
        state => format!("{}-organ", state.to_lowercase()),
    }
}

/// The digests of one version by their language: the other fields say how the texts stand to each other.
fn languages<'a>(node: &Node<'a>) -> Result<Vec<(&'a str, String)>, CliError> {
    let is_language = |name: &str| name.len() == 2;
    let fields = node.fields()?.into_iter().filter(|(name, _)| is_language(name));
    fields
        .map(|(name, node)| {
            Ok((name, node.text()?.parse::<Digest>().map_err(|_| node.wrong("wants a digest"))?.to_string()))
        })
        .collect()
}

fn instant_ms(day: LegalDate, node: &Node<'_>) -> Result<u64, CliError> {
    let time = format!("{day}T{HOUR}").parse::<jiff::Timestamp>().ok();
    time.and_then(|time| u64::try_from(time.as_millisecond()).ok()).ok_or_else(|| node.wrong("wants a day after 1970"))
}
