//! A typical clause of each type, NB1 to NB13: words to begin with, and no advice.

use nospy::codec::Value;

use crate::template::UNWRITTEN;

/// A clause as templates propose it.
struct Clause {
    id: &'static str,
    clause_type: &'static str,
    obligor: &'static str,
    modality: &'static str,
    text: &'static str,
    deadline: Option<&'static str>,
}

const fn vendor(id: &'static str, clause_type: &'static str, modality: &'static str, text: &'static str) -> Clause {
    Clause { id, clause_type, obligor: "vendor", modality, text, deadline: None }
}

const fn within(deadline: &'static str, clause: Clause) -> Clause {
    Clause { deadline: Some(deadline), ..clause }
}

/// NB1 … NB13, in this order.
const CLAUSES: [Clause; 13] = [
    vendor(
        "NB1",
        "no_backdoor",
        "warrants",
        "The products contain no function that unwantedly exfiltrates, alters or injects data, and none will be added.",
    ),
    vendor(
        "NB2",
        "no_disclosure",
        "undertakes",
        "Data that the products carry or hold is not disclosed to a third state or to anyone who acts for one.",
    ),
    vendor(
        "NB3",
        "no_duty_to_disclose",
        "represents",
        "No law and no order obliges the vendor to disclose such data or to weaken the products.",
    ),
    within(
        "P14D",
        vendor(
            "NB4",
            "report_new_duty",
            "undertakes",
            "A new duty, or an order, that stands against a clause is reported to the government as far as the law allows.",
        ),
    ),
    vendor(
        "NB5",
        "contest_orders",
        "undertakes",
        "An order that stands against a clause is contested before the courts by every remedy that is open.",
    ),
    vendor(
        "NB6",
        "inspection",
        "permits",
        "The government, or whoever it names, may inspect and test the products and review their source code.",
    ),
    within(
        "P3D",
        vendor(
            "NB7",
            "vulnerability_report",
            "undertakes",
            "A vulnerability that becomes known is reported, with what can be done about it.",
        ),
    ),
    within(
        "P30D",
        vendor(
            "NB8",
            "change_notice",
            "undertakes",
            "A change of owner, of supplier or of the place of production is notified before it takes effect.",
        ),
    ),
    vendor(
        "NB9",
        "records",
        "undertakes",
        "Records that show how these clauses are kept are made, protected against change and open to inspection.",
    ),
    // Which office: nobody can propose it.
    vendor("NB10", "contact", "undertakes", UNWRITTEN),
    vendor("NB11", "flow_down", "undertakes", "Suppliers whose parts bear on these clauses are bound by the same."),
    vendor(
        "NB12",
        "remedy",
        "undertakes",
        "After a breach the government may end its contracts about the products without paying for it.",
    ),
    Clause {
        obligor: "both",
        ..vendor(
            "NB13",
            "term_and_exit",
            "undertakes",
            "What protects data that is already held goes on after the end.",
        )
    },
];

/// The clauses of these numbers as terms hold them. A number outside 1-13 has none.
pub fn clauses(numbers: &[usize]) -> Value {
    let of = |number: &usize| CLAUSES.get(number.checked_sub(1)?);
    Value::Array(numbers.iter().filter_map(of).map(Clause::to_value).collect())
}

impl Clause {
    fn to_value(&self) -> Value {
        let fields = [
            ("id", self.id),
            ("type", self.clause_type),
            ("obligor", self.obligor),
            ("modality", self.modality),
            ("text", self.text),
        ];
        let fields = fields.into_iter().chain(self.deadline.map(|deadline| ("deadline", deadline)));
        Value::record(fields.map(|(name, text)| (name, Value::text(text))))
    }
}
