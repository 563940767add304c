//! What a template of each mode holds: which kind of statement, whom it binds, which clauses, how it ends.
//!
//! A sketch is a plain tree with the template's words where only a person can write: [`UNWRITTEN`] for a text, a day or
//! a zone, zeros for a digest. Every disclosure field stands there as `not_stated`.

use nospy::codec::Value;
use nospy::statement::body::{Disclosure, Mode, NOT_STATED, Record};

use crate::modes::clauses::clauses;
use crate::template::UNWRITTEN;

/// The template of a mode.
pub struct Sketch {
    /// The kind of statement that brings such terms into the log.
    pub kind: &'static str,
    /// When to take this one.
    pub used: &'static str,
    /// What comes after this statement.
    pub next: &'static str,
    /// The body, a plain tree.
    pub body: Value,
}

/// What the modes differ in.
#[derive(Default)]
struct Pattern {
    clauses: &'static [usize],
    has_basis: bool,
    has_scope: bool,
    has_services: bool,
    has_start: bool,
    has_end: bool,
    has_renewal: bool,
    /// `none`, or the clause that may be reserved.
    reservations: &'static str,
    notice_period: Option<&'static str>,
    grounds: &'static [&'static str],
    has_canary: bool,
}

const ACCEPTED_BY_EACH: &str = "Each government that agrees registers an agreement.accept.";
const FILED: &str = "The vendor may register an agreement.confirm or an agreement.dispute.";

/// The template of a mode. A mode without one does not compile.
pub fn sketch(mode: Mode) -> Sketch {
    let made = |used, next, addressees, open_until, pattern| offer(mode, used, next, addressees, open_until, pattern);
    match mode {
        Mode::OpenOffer => made(
            "A vendor offers one text to every government; each accepts for itself.",
            ACCEPTED_BY_EACH,
            to_all(),
            false,
            Pattern {
                clauses: &[1, 2, 4, 5, 6, 7, 11, 12, 13],
                reservations: "none",
                notice_period: Some("P6M"),
                has_canary: true,
                ..Pattern::default()
            },
        ),
        Mode::Bilateral => made(
            "A vendor and one government have negotiated a text; the vendor offers exactly that one.",
            "The government registers an agreement.accept.",
            to_one(),
            true,
            Pattern {
                clauses: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
                has_scope: true,
                has_start: true,
                has_end: true,
                has_renewal: true,
                reservations: "none",
                notice_period: Some("P6M"),
                grounds: &["breach", "urgency", "mutual"],
                ..Pattern::default()
            },
        ),
        Mode::Adhesion => made(
            "A vendor's standard text; governments take it as it is, but for what may be reserved.",
            ACCEPTED_BY_EACH,
            to_all(),
            true,
            Pattern {
                clauses: &[4, 5, 10, 12, 13],
                has_services: true,
                reservations: "NB12",
                notice_period: Some("P6M"),
                has_canary: true,
                ..Pattern::default()
            },
        ),
        Mode::UnilateralFiled => filing(
            mode,
            "A vendor has signed a declaration on paper, and it lies with an authority.",
            "filing",
            Pattern { clauses: &[2, 6, 7, 8, 9, 10], has_basis: true, has_scope: true, ..Pattern::default() },
        ),
        Mode::ProcurementDeclaration => made(
            "A bidder declares it in a tender.",
            "The contracting authority registers an agreement.accept with the award.",
            to_one(),
            true,
            Pattern {
                clauses: &[1, 2, 3, 4, 12],
                has_basis: true,
                has_services: true,
                has_end: true,
                reservations: "none",
                grounds: &["breach", "urgency"],
                ..Pattern::default()
            },
        ),
        Mode::LicenceCondition => filing(
            mode,
            "A licence hangs on it: a letter to the authorities, signed on paper.",
            "licence_condition",
            Pattern {
                clauses: &[2, 4, 8, 9, 10, 13],
                has_basis: true,
                has_services: true,
                grounds: &["breach", "urgency"],
                ..Pattern::default()
            },
        ),
        Mode::Pledge => made(
            "A public promise to everybody. It is offered, and never more than that, until a government accepts it.",
            ACCEPTED_BY_EACH,
            to_all(),
            false,
            Pattern { clauses: &[1, 2, 5], reservations: "none", has_canary: true, ..Pattern::default() },
        ),
    }
}

fn blank() -> Value {
    Value::text(UNWRITTEN)
}

fn no_digest() -> Value {
    Value::text("00".repeat(32))
}

fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| Value::text(*text)).collect())
}

fn to_all() -> Value {
    Value::record([("any", Value::Bool(true))])
}

fn to_one() -> Value {
    Value::record([("governments", texts(&[UNWRITTEN]))])
}

fn offer(
    mode: Mode,
    used: &'static str,
    next: &'static str,
    addressees: Value,
    has_last_day: bool,
    pattern: Pattern,
) -> Sketch {
    let mut fields = vec![("addressees", addressees), ("terms", terms(mode, &pattern))];
    fields.extend(has_last_day.then(|| ("open_until", blank())));
    Sketch { kind: "offer.make", used, next, body: Value::record(fields) }
}

fn filing(mode: Mode, used: &'static str, method: &str, pattern: Pattern) -> Sketch {
    let pattern = Pattern { has_start: true, ..pattern };
    let paper = Value::record([
        ("signed_on", blank()),
        ("filed_on", blank()),
        ("method", Value::text(method)),
        ("form", blank()),
    ]);
    let body = Value::record([("date", blank()), ("terms", terms(mode, &pattern)), ("paper", paper)]);
    Sketch { kind: "agreement.file", used, next: FILED, body }
}

fn terms(mode: Mode, pattern: &Pattern) -> Value {
    let text = Value::record([
        ("language", blank()),
        ("status", Value::text("authentic")),
        ("sha256", no_digest()),
        ("size", blank()),
        ("media_type", Value::text("application/pdf")),
    ]);
    let mut fields = vec![
        ("mode", Value::text(mode.as_str())),
        ("title", blank()),
        ("texts", Value::Array(vec![text])),
        ("clauses", clauses(pattern.clauses)),
        ("disclosure", disclosure()),
        ("term", term(pattern)),
    ];
    if pattern.has_basis {
        fields.push(("basis", Value::record([("law", blank()), ("lapse", Value::Bool(false))])));
    }
    if pattern.has_scope {
        let product = Value::record([("product", blank()), ("versions", blank())]);
        fields.push(("scope", Value::Array(vec![product])));
    }
    if pattern.has_services {
        fields.extend([("territory", blank()), ("services", blank())]);
    }
    if pattern.has_canary {
        let promise = Value::record([("every", Value::text("P3M")), ("grace", Value::text("P14D"))]);
        fields.push(("canary", promise));
    }
    Value::record(fields)
}

/// Every field of the disclosure, not stated.
fn disclosure() -> Value {
    Value::record(Disclosure::FIELDS.iter().map(|field| (field.name, Value::text(NOT_STATED))))
}

fn term(pattern: &Pattern) -> Value {
    let mut fields = vec![("zone", blank())];
    if pattern.has_start {
        fields.push(("effective", blank()));
    }
    if pattern.has_end {
        fields.extend([("ends", blank()), ("ends_inclusive", Value::Bool(true))]);
    }
    if pattern.has_renewal {
        let window = Value::record([("opens", Value::text("P3M")), ("closes", Value::text("P6W"))]);
        fields.push(("renewal", window));
    }
    fields.extend(pattern.notice_period.map(|period| ("notice_period", Value::text(period))));
    match pattern.reservations {
        "" => {}
        "none" => fields.push(("reservations", Value::text("none"))),
        clause => fields.push(("reservations", texts(&[clause]))),
    }
    if !pattern.grounds.is_empty() {
        fields.extend([("breach_determined_by", blank()), ("grounds", texts(pattern.grounds))]);
    }
    Value::record(fields)
}
