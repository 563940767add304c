//! F4: the letter of assurances of China Telecom (Americas). It exists on paper only, so that the two organs file
//! it; what followed is entered with the authority that really acted.

use nospy::codec::Value;
use nospy::statement::{LegalDate, NOT_STATED, StatementId};

use crate::demo::cast::DEMO_KEY;
use crate::demo::clauses::{self, Clause};
use crate::demo::fixture::Node;
use crate::demo::script::{Act, Script, record, text};
use crate::demo::sources::Citation;
use crate::error::CliError;

/// The party id of the vendor.
pub const VENDOR: &str = "china-telecom-americas";
/// Where it is seated.
const COUNTRY: &str = "us";
/// Where the days of the letter are counted: its authority sits in Washington.
const ZONE: &str = "America/New_York";
/// What the paper is.
const FORM: &str = "letter of assurances";
/// The authority that ended the authorisations.
const REGULATOR: &str = "Federal Communications Commission";
/// The court that heard the appeal.
const COURT: &str = "United States Court of Appeals for the District of Columbia Circuit";

/// Something that happened later.
struct Event<'a> {
    node: Node<'a>,
    day: LegalDate,
    said: &'a str,
    sources: Vec<Citation>,
}

/// The letter, read.
pub struct Letter<'a> {
    case: Node<'a>,
    clauses: Vec<Clause>,
    events: Vec<Event<'a>>,
}

impl<'a> Letter<'a> {
    /// Reads the case.
    ///
    /// # Errors
    /// If the fixture is not what this demo knows to tell.
    pub fn read(case: Node<'a>) -> Result<Self, CliError> {
        let clauses = case.field("clauses")?;
        let clauses = clauses::read(&clauses.texts()?)
            .ok_or_else(|| clauses.wrong("wants clauses that begin with their type"))?;
        let mut events = Vec::new();
        for (item, sources) in case.field("later")?.items_with_sources()? {
            for (day, said) in item.fields()? {
                let day = day.parse().map_err(|_| item.wrong("wants events by their day"))?;
                events.push(Event { node: said.clone(), day, said: said.text()?, sources: sources.clone() });
            }
        }
        Ok(Self { case, clauses, events })
    }

    /// The organs that hold the letter: party id and name.
    ///
    /// # Errors
    /// If the fixture names none.
    pub fn organs(&self) -> Result<Vec<(String, &'a str)>, CliError> {
        let names = self.case.field("parties")?.field("governments")?.texts()?;
        let id = |name: &str| name.split(' ').next().unwrap_or_default().replace('/', "-").to_lowercase();
        Ok(names.into_iter().map(|name| (id(name), name)).collect())
    }

    /// The subject of the agreement with one organ.
    ///
    /// # Errors
    /// If the fixture has no day of signature.
    pub fn subject(&self, organ: &str) -> Result<String, CliError> {
        let year = self.case.field("dates")?.field("signed")?.day()?.date().year();
        Ok(format!("agreement/{VENDOR}/letter-{year}/{organ}"))
    }

    /// The first day on which the notice has ended the letter.
    ///
    /// # Errors
    /// If the fixture tells of no such notice.
    pub fn end(&self) -> Result<LegalDate, CliError> {
        let notice = self.event("released")?;
        let days = self.notice_days()?;
        let end = notice.day.date().checked_add(jiff::Span::new().days(days)).ok();
        end.and_then(|end| end.try_into().ok()).ok_or_else(|| notice.node.wrong("ends beyond the calendar"))
    }

    /// Signs everything that the case tells.
    ///
    /// # Errors
    /// If the fixture is not what this demo knows to tell.
    pub fn play(&self, script: &mut Script<'_>) -> Result<(), CliError> {
        self.list_vendor(script)?;
        for (organ, name) in self.organs()? {
            self.enrol(script, &organ, name)?;
        }
        for (organ, _) in self.organs()? {
            let letter = self.file(script, &organ)?;
            self.what_followed(script, &organ, &letter)?;
        }
        Ok(())
    }

    fn list_vendor(&self, script: &mut Script<'_>) -> Result<(), CliError> {
        let head = self.case.field("head")?;
        let name = |field: &str| Ok::<_, CliError>(text(head.field(field)?.text()?));
        let names = vec![
            record([("name", name("later_name")?), ("since", text(head.field("name_on_record")?.day()?))]),
            record([("name", name("vendor")?)]),
        ];
        let (parent, country) = self.parent()?;
        let controller = record([
            ("name", text(parent)),
            ("kind", text("parent")),
            ("country", country.map(|country| Value::text(country.to_lowercase()))),
        ]);
        let sources = head.sources()?;
        script.sign(Act {
            issuer: "registrar",
            subject: format!("party/{VENDOR}"),
            kind: "party.list",
            body: record([
                ("names", Some(Value::Array(names))),
                ("role", text("vendor")),
                ("country", text(COUNTRY)),
                ("controllers", Some(Value::Array(vec![controller]))),
                ("source", sources.first().map(Citation::to_value)),
            ]),
            day: None,
            sources,
            bears_on: Vec::new(),
        })?;
        Ok(())
    }

    fn enrol(&self, script: &mut Script<'_>, organ: &str, name: &str) -> Result<(), CliError> {
        let grant = script.cast.grant(organ)?;
        let name = record([("name", text(format!("{name} {DEMO_KEY}")))]);
        script.sign(Act {
            issuer: "registrar",
            subject: format!("party/{organ}"),
            kind: "party.enrol",
            body: record([
                ("names", Some(Value::Array(vec![name]))),
                ("role", text("government")),
                ("country", organ.get(..2).and_then(text)),
                ("keys", Some(Value::Array(vec![grant]))),
                ("threshold", Some(Value::Int(1))),
            ]),
            day: None,
            sources: Vec::new(),
            bears_on: Vec::new(),
        })?;
        Ok(())
    }

    fn file(&self, script: &mut Script<'_>, organ: &str) -> Result<StatementId, CliError> {
        let dates = self.case.field("dates")?;
        let (signed, filed) = (dates.field("signed")?.day()?, dates.field("filed")?.day()?);
        let effective = dates.field("condition_effective")?.day()?;
        let mode = self.case.field("head")?.field("mode")?.text()?;
        let term = record([
            ("zone", text(ZONE)),
            ("effective", text(effective)),
            ("notice_period", text(format!("P{}D", self.notice_days()?))),
        ]);
        let terms = record([
            ("mode", text(mode)),
            ("title", text(format!("{FORM} of {}", self.case.field("head")?.field("vendor")?.text()?))),
            ("clauses", Some(Value::Array(self.clauses.iter().map(Clause::to_value).collect()))),
            ("disclosure", Some(self.disclosure()?)),
            ("term", Some(term)),
        ]);
        let paper = record([
            ("signed_on", text(signed)),
            ("filed_on", text(filed)),
            ("method", text("licence_condition")),
            ("form", text(FORM)),
        ]);
        let mut sources = dates.sources()?;
        sources.extend(
            self.case
                .field("clauses")?
                .sources()?
                .into_iter()
                .filter(|source| !sources.contains(source))
                .collect::<Vec<_>>(),
        );
        script.sign(Act {
            issuer: organ,
            subject: self.subject(organ)?,
            kind: "agreement.file",
            body: record([("date", text(filed)), ("terms", Some(terms)), ("paper", Some(paper))]),
            day: Some(filed),
            sources,
            bears_on: Vec::new(),
        })
    }

    /// Allegation, announced end, appeal and decision, in the order of their days. The rest is reported.
    fn what_followed(&self, script: &mut Script<'_>, organ: &str, letter: &StatementId) -> Result<(), CliError> {
        let mut finding = None;
        for event in &self.events {
            let reference = |id: &StatementId| text(id);
            let open = || finding.as_ref().ok_or_else(|| event.node.wrong("comes before any finding.open"));
            let date = ("date", text(event.day));
            let summary = ("summary", text(event.said));
            let (kind, body) = match event.said {
                said if said.starts_with("finding.open") => {
                    let (who, what) = allegation(said).ok_or_else(|| event.node.wrong("wants `by WHO (WHAT)`"))?;
                    let clauses: Vec<Value> = self.records().map(|clause| Value::text(clause.id.clone())).collect();
                    let clauses = ("clauses", Some(Value::Array(clauses)));
                    ("finding.open", vec![date, clauses, ("summary", text(what)), by(who, None, event)])
                }
                said if said.contains("released") => {
                    let note = self.case.find("note").map(|note| note.text()).transpose()?.unwrap_or(said);
                    let effective = ("effective", text(self.end()?));
                    let measure = ("measure", text(said));
                    let docket = said.split(" released").next();
                    let reasons = ("reasons", text(note));
                    let act = vec![("ref", reference(letter)), date, measure, reasons, effective];
                    ("agreement.notice", [act, vec![by(REGULATOR, docket, event)]].concat())
                }
                said if said.starts_with("appeal") => {
                    let company = self.case.field("head")?.field("later_name")?.text()?;
                    let act = vec![("ref", reference(open()?)), date, summary, by(company, self.court_docket(), event)];
                    ("finding.appeal", act)
                }
                said if said.contains("denied") => {
                    // The court refused the appeal: what was alleged stands.
                    let act = vec![("ref", reference(open()?)), date, ("outcome", text("upheld")), summary];
                    ("finding.close", [act, vec![by(COURT, self.court_docket(), event)]].concat())
                }
                _ => {
                    self.report(script, organ, event)?;
                    continue;
                }
            };
            let id = script.sign(Act {
                issuer: organ,
                subject: self.subject(organ)?,
                kind,
                body: record(body),
                day: Some(event.day),
                sources: event.sources.clone(),
                bears_on: Vec::new(),
            })?;
            if kind == "finding.open" {
                finding = Some(id);
            }
        }
        Ok(())
    }

    /// What has no act of its own is a report of the registrar, entered once.
    fn report(&self, script: &mut Script<'_>, organ: &str, event: &Event<'_>) -> Result<(), CliError> {
        if self.organs()?.first().is_none_or(|(first, _)| first != organ) {
            return Ok(());
        }
        script.sign(Act {
            issuer: "registrar",
            subject: format!("report/registrar/{VENDOR}-{}", event.day),
            kind: "report.act",
            body: record([
                ("date", text(event.day)),
                ("vendor", text(VENDOR)),
                ("governments", Some(Value::Array(vec![Value::text(COUNTRY)]))),
                ("source", event.sources.first().map(Citation::to_value)),
                ("form", text("published act")),
                ("confidence", text("high")),
                ("summary", text(event.said)),
            ]),
            day: Some(event.day),
            sources: event.sources.clone(),
            bears_on: vec![format!("between/{VENDOR}/{COUNTRY}")],
        })?;
        Ok(())
    }

    fn disclosure(&self) -> Result<Value, CliError> {
        let parties = self.case.field("parties")?;
        let binds_parent = match parties.field("parent_signs")?.is_true()? {
            true => text(format!("{} signs", parties.field("parent")?.text()?)),
            false => text(format!("no: {} does not sign", parties.field("parent")?.text()?)),
        };
        let paper = self.case.field("dates")?.sources()?;
        let text_availability = paper.first().map(|source| Value::text(source.sentence()));
        Ok(record([
            ("binds_parent", binds_parent),
            ("binds_affiliates", text(NOT_STATED)),
            ("remedy_on_breach", text(NOT_STATED)),
            ("who_verifies", text(NOT_STATED)),
            ("home_state_signs", text(NOT_STATED)),
            ("governing_law", text(NOT_STATED)),
            ("text_availability", text_availability.or_else(|| text(NOT_STATED))),
        ]))
    }

    /// `Name (CC)`.
    fn parent(&self) -> Result<(&'a str, Option<&'a str>), CliError> {
        let parent = self.case.field("parties")?.field("parent")?.text()?;
        Ok(match parent.strip_suffix(')').and_then(|parent| parent.rsplit_once(" (")) {
            Some((name, country)) => (name, Some(country)),
            None => (parent, None),
        })
    }

    /// The days between the order and its effect: `stop within 60 days`.
    fn notice_days(&self) -> Result<i64, CliError> {
        let notice = self.event("released")?;
        let (_, rest) = notice.said.split_once("within ").ok_or_else(|| notice.node.wrong("wants `within N days`"))?;
        let number = rest.split(' ').next().unwrap_or_default();
        number.parse().map_err(|_| notice.node.wrong("wants `within N days`"))
    }

    /// The number of the court's case: the last word of the appeal, such as `21-1233`.
    fn court_docket(&self) -> Option<&'a str> {
        self.events.iter().find(|event| event.said.starts_with("appeal"))?.said.rsplit(' ').next()
    }

    /// The clauses that the allegation is about: those on records.
    fn records(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(|clause| clause.clause_type == "records")
    }

    fn event(&self, word: &str) -> Result<&Event<'a>, CliError> {
        self.events
            .iter()
            .find(|event| event.said.contains(word))
            .ok_or_else(|| self.case.wrong(&format!("tells of nothing `{word}` in `later`")))
    }
}

/// `finding.open by WHO (WHAT)`.
fn allegation(said: &str) -> Option<(&str, &str)> {
    let (who, what) = said.split_once("by ")?.1.split_once(" (")?;
    Some((who, what.strip_suffix(')')?))
}

/// The authority that really acted.
fn by(name: &str, docket: Option<&str>, event: &Event<'_>) -> (&'static str, Option<Value>) {
    let source = event.sources.first().map(Citation::to_value);
    ("by", Some(record([("name", text(name)), ("docket", docket.and_then(text)), ("source", source)])))
}
