//! The clause types of the fixtures, NB1 to NB13, and the clauses that name them.

use std::collections::BTreeMap;

use nospy::codec::Value;

/// NB1 … NB13, in this order.
const TYPES: [&str; 13] = [
    "no_backdoor",
    "no_disclosure",
    "no_duty_to_disclose",
    "report_new_duty",
    "contest_orders",
    "inspection",
    "vulnerability_report",
    "change_notice",
    "records",
    "contact",
    "flow_down",
    "remedy",
    "term_and_exit",
];

/// A clause of a fixture: `NB4/NB8 notify …` is two with one text.
pub struct Clause {
    /// Unique among the clauses of one agreement.
    pub id: String,
    /// Its type.
    pub clause_type: &'static str,
    /// What it says.
    pub text: String,
}

impl Clause {
    /// The clause as terms hold it. What a letter of assurances says, the vendor undertakes.
    pub fn to_value(&self) -> Value {
        Value::record([
            ("id", Value::text(self.id.clone())),
            ("type", Value::text(self.clause_type)),
            ("obligor", Value::text("vendor")),
            ("modality", Value::text("undertakes")),
            ("text", Value::text(self.text.clone())),
        ])
    }
}

/// The type of a code such as `NB4`.
pub fn type_of(code: &str) -> Option<&'static str> {
    let number: usize = code.strip_prefix("NB")?.parse().ok()?;
    TYPES.get(number.checked_sub(1)?).copied()
}

/// Reads the clauses of a fixture, such as `NB9 US records available on lawful process`. `None` if one has no code.
pub fn read(lines: &[&str]) -> Option<Vec<Clause>> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    let mut clauses = Vec::new();
    for line in lines {
        let (codes, text) = line.split_once(' ')?;
        for code in codes.split('/') {
            let clause_type = type_of(code)?;
            let count = uses.entry(code.to_owned()).and_modify(|count| *count += 1).or_insert(1);
            let id = if *count == 1 { code.to_owned() } else { format!("{code}-{count}") };
            clauses.push(Clause { id, clause_type, text: text.to_owned() });
        }
    }
    Some(clauses)
}
