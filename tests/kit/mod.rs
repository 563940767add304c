//! A small registry in memory for tests of the rules: parties with keys from their names, a clock as a value.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use nospy::agreement::{Act, Force, KnownAt, On, Refusal, Rule, Standing, World};
use nospy::codec::Value;
use nospy::crypto::{Kid, SigningKey, possession_message, sha256};
use nospy::statement::{Draft, Issuer, Named, Origin, Statement, StatementId, Subject};

pub const ORIGIN: &str = "demo.nospy.example";

/// Fields of a record.
pub type Fields<'a> = Vec<(&'a str, Value)>;

pub struct Kit {
    pub world: World,
    /// Every act pushed, admissible or not.
    pub log: Vec<Act>,
    pub next: u64,
    pub now_ms: u64,
    /// Claim 6 of what is signed next, if not the clock's.
    pub iat: Option<u64>,
}

pub fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

pub fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

/// The key of a name; `acme` and `acme#2` are two.
pub fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(&sha256(&[b"test key", name.as_bytes()]).0)
}

pub fn kid(name: &str) -> Kid {
    key(name).public().kid()
}

pub fn ms(instant: &str) -> u64 {
    let text = if instant.contains('T') { instant.to_owned() } else { format!("{instant}T10:00:00Z") };
    u64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_millisecond()).unwrap()
}

pub fn text(text: &str) -> Value {
    Value::text(text)
}

pub fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|one| Value::text(*one)).collect())
}

pub fn id(id: &StatementId) -> Value {
    Value::bytes(id.0)
}

pub fn record(fields: Fields<'_>) -> Value {
    Value::record(fields)
}

/// Fields of `base`, those of `over` put in their place; `Null` takes a field away.
pub fn with<'a>(mut base: Fields<'a>, over: Fields<'a>) -> Fields<'a> {
    for (name, value) in over {
        base.retain(|(own, _)| *own != name);
        if value != Value::Null {
            base.push((name, value));
        }
    }
    base
}

pub fn genesis() -> Fields<'static> {
    let registrars = record(vec![
        ("keys", Value::Array(vec![public("registrar"), public("registrar#2")])),
        ("threshold", Value::Int(1)),
    ]);
    vec![
        ("title", text("Test registry")),
        ("origin", text(ORIGIN)),
        ("log_key", public("log")),
        ("registrars", registrars),
        ("rules", Value::Int(1)),
        ("seal_interval", Value::Int(600)),
    ]
}

pub fn public(name: &str) -> Value {
    Value::bytes(*key(name).public().as_bytes())
}

pub fn description(name: &str, role: &str, country: &str) -> Fields<'static> {
    vec![
        ("names", Value::Array(vec![record(vec![("name", text(name))])])),
        ("role", text(role)),
        ("country", text(country)),
    ]
}

pub fn authority(kinds: &[&str], keys: bool) -> Fields<'static> {
    vec![("kinds", texts(kinds)), ("keys", Value::Bool(keys))]
}

/// A grant of the key of `name` to `party`, with a proof of possession for `proof_for`.
pub fn grant_for(party: &str, name: &str, authority: Fields<'_>, proof_for: &str) -> Value {
    let _ = party;
    let message = possession_message(ORIGIN, proof_for, &key(name).public());
    record(vec![
        ("key", public(name)),
        ("proof", Value::bytes(key(name).sign(&message))),
        ("authority", record(authority)),
    ])
}

pub fn grant(party: &str, name: &str, authority: Fields<'_>) -> Value {
    grant_for(party, name, authority, party)
}

pub fn enrolment(party: &str, role: &str, country: &str) -> Fields<'static> {
    let mut fields = description(&format!("The {party} of tests"), role, country);
    fields.push(("keys", Value::Array(vec![grant(party, party, authority(&["*"], true))])));
    fields.push(("threshold", Value::Int(1)));
    fields
}

pub fn term(over: Fields<'_>) -> Value {
    record(with(vec![("zone", text("Europe/Berlin"))], over))
}

pub fn terms(term: Value) -> Value {
    let clause = |id: &str, kind: &str| {
        record(vec![
            ("id", text(id)),
            ("type", text(kind)),
            ("obligor", text("vendor")),
            ("modality", text("undertakes")),
        ])
    };
    let names = [
        "binds_parent",
        "binds_affiliates",
        "remedy_on_breach",
        "who_verifies",
        "home_state_signs",
        "governing_law",
        "text_availability",
    ];
    record(vec![
        ("mode", text("open_offer")),
        ("title", text("No spying")),
        (
            "clauses",
            Value::Array(vec![
                clause("NB4", "report_new_duty"),
                clause("NB5", "contest_orders"),
                clause("NB12", "remedy"),
            ]),
        ),
        ("disclosure", record(names.iter().map(|name| (*name, text("not_stated"))).collect())),
        ("term", term),
    ])
}

/// Terms with notice of six months, NB12 reservable, and an end for breach.
pub fn usual_term() -> Fields<'static> {
    vec![("notice_period", text("P6M")), ("reservations", texts(&["NB12"])), ("grounds", texts(&["notice", "breach"]))]
}

pub fn offer(governments: &[&str], term_over: Fields<'_>) -> Fields<'static> {
    let addressees = match governments {
        [] => vec![("any", Value::Bool(true))],
        some => vec![("governments", texts(some))],
    };
    vec![("addressees", record(addressees)), ("terms", terms(term(with(usual_term(), term_over))))]
}

pub fn accept(offer: &StatementId, date: &str) -> Fields<'static> {
    vec![("ref", id(offer)), ("date", text(date)), ("method", text("signature")), ("effective", text(date))]
}

/// `ref`, `date`, `effective` the same day.
pub fn change(reference: &StatementId, date: &str) -> Fields<'static> {
    vec![("ref", id(reference)), ("date", text(date)), ("effective", text(date))]
}

/// New terms from a day on, like the usual ones but for what `term_over` says.
pub fn amend(reference: &StatementId, date: &str, term_over: Fields<'_>) -> Fields<'static> {
    with(change(reference, date), vec![("terms", terms(term(with(usual_term(), term_over))))])
}

pub fn filing(date: &str, effective: &str, term_over: Fields<'_>) -> Fields<'static> {
    let paper = vec![("signed_on", text(date)), ("method", text("licence_condition")), ("form", text("a letter"))];
    let base = vec![("effective", text(effective)), ("notice_period", text("P60D"))];
    vec![("date", text(date)), ("terms", terms(term(with(base, term_over)))), ("paper", record(paper))]
}

pub fn report(date: &str, vendor: &str, governments: &[&str]) -> Fields<'static> {
    let mut fields = vec![
        ("date", text(date)),
        ("vendor", text(vendor)),
        ("source", record(vec![("publisher", text("A newspaper"))])),
        ("form", text("speech")),
        ("confidence", text("high")),
        ("summary", text("willing to sign")),
    ];
    if !governments.is_empty() {
        fields.push(("governments", texts(governments)));
    }
    fields
}

impl Default for Kit {
    fn default() -> Self {
        Self::new("2026-01-01")
    }
}

impl Kit {
    /// A registry opened on a day, with a vendor, governments and an auditor enrolled.
    pub fn new(day: &str) -> Self {
        let mut kit = Self::bare(day);
        kit.ok("registrar", "registry", "registry.genesis", genesis());
        kit.enrol("acme", "vendor", "se");
        for government in ["de-bsi", "fr-anssi", "gb-ncsc", "nl-aivd"] {
            kit.enrol(government, "government", &government[..2]);
        }
        kit.enrol("lab", "auditor", "ch");
        kit
    }

    /// A log without entries.
    pub fn bare(day: &str) -> Self {
        Self { world: World::whole(origin()), log: Vec::new(), next: 0, now_ms: ms(day), iat: None }
    }

    pub fn enrol(&mut self, party: &str, role: &str, country: &str) -> StatementId {
        self.ok("registrar", &format!("party/{party}"), "party.enrol", enrolment(party, role, country))
    }

    /// Sets the clock: a day (10:00 UTC) or an instant.
    pub fn at(&mut self, instant: &str) -> &mut Self {
        self.now_ms = ms(instant);
        self
    }

    /// Signs with the issuer's first key, or `issuer#2` with the second one of `issuer`.
    pub fn sign(&self, issuer: &str, about: &str, kind: &str, body: Fields<'_>) -> Statement {
        let party = issuer.split('#').next().unwrap();
        let draft = Draft {
            issuer: Issuer::Party(party.parse().unwrap()),
            subject: subject(about),
            origin: origin(),
            kind: kind.parse().unwrap(),
            iat: self.iat.unwrap_or(self.now_ms / 1000),
            body: record(body),
        };
        draft.sign(&key(issuer)).unwrap()
    }

    pub fn candidate(&self, statement: Statement) -> Act {
        Act::met(self.next, self.now_ms, Arc::new(statement))
    }

    /// Submits a statement: admitted and pushed, or refused and nothing written (rule 15).
    pub fn submit(&mut self, statement: Statement) -> Result<StatementId, Refusal> {
        let act = self.candidate(statement);
        self.world.admit(&act)?;
        let id = act.id();
        self.log.push(act.clone());
        self.world.push(act).expect("what is admitted is admissible");
        self.next += 1;
        Ok(id)
    }

    pub fn try_push(
        &mut self,
        issuer: &str,
        about: &str,
        kind: &str,
        body: Fields<'_>,
    ) -> Result<StatementId, Refusal> {
        self.submit(self.sign(issuer, about, kind, body))
    }

    #[track_caller]
    pub fn ok(&mut self, issuer: &str, about: &str, kind: &str, body: Fields<'_>) -> StatementId {
        match self.try_push(issuer, about, kind, body) {
            Ok(id) => id,
            Err(refusal) => panic!("{kind} on {about} by {issuer}: {refusal}"),
        }
    }

    #[track_caller]
    pub fn refused(&mut self, rule: Rule, issuer: &str, about: &str, kind: &str, body: Fields<'_>) -> Refusal {
        let before = self.next;
        let refusal = self.try_push(issuer, about, kind, body).expect_err("it must be refused");
        assert_eq!(refusal.rule, rule, "{refusal}");
        assert!(!refusal.message.is_empty() && !refusal.accepted.is_empty(), "rule 15: {refusal:?}");
        assert_eq!(self.next, before);
        refusal
    }

    /// Logs a statement as a registry by mistake does: without admission.
    pub fn log_by_mistake(&mut self, statement: Statement) -> Result<(), Refusal> {
        let act = self.candidate(statement);
        self.log.push(act.clone());
        self.next += 1;
        self.world.push(act)
    }

    pub fn known_at(&self) -> KnownAt {
        KnownAt { index: self.next, time_ms: self.now_ms }
    }

    pub fn standing(&self, about: &str, day: &str) -> Standing {
        self.world.standing(&subject(about), On::Day(day.parse().unwrap()), self.known_at())
    }

    #[track_caller]
    pub fn expect(&self, about: &str, day: &str, force: Force) -> Standing {
        let standing = self.standing(about, day);
        assert_eq!(standing.force, force, "{}", standing.sentence());
        standing
    }

    /// What a statement of the log is to those that name it.
    pub fn named(&self, id: &StatementId) -> Option<Named> {
        let statement = &self.log.iter().find(|act| act.id() == *id)?.statement;
        let touches = statement.touches(|id| self.named(id)).ok()?;
        Some(Named { role: statement.named_role(), subject: statement.subject().clone(), touches })
    }

    /// The log as dockets.
    pub fn dockets(&self) -> BTreeMap<Subject, Vec<Act>> {
        let mut dockets: BTreeMap<Subject, Vec<Act>> = BTreeMap::new();
        for act in &self.log {
            for subject in act.statement.touches(|id| self.named(id)).unwrap() {
                dockets.entry(subject).or_default().push(act.clone());
            }
        }
        dockets
    }
}
