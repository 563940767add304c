//! What is watched, and whether a statement is about it.

use std::collections::BTreeSet;

use nospy::evidence::parties_of;
use nospy::statement::{Issuer, Party, Statement, Subject};

/// Kinds that change whose keys count for a party.
const KEY_KINDS: [&str; 4] = ["party.enrol", "party.keys", "party.succeed", "party.retire"];

/// Parties and subjects.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Whatever touches, names or comes from one of these.
    pub parties: BTreeSet<Party>,
    /// Whatever stands in one of these dockets.
    pub subjects: BTreeSet<Subject>,
}

impl Watch {
    /// The watch in one line, the same for the same watch.
    pub fn line(&self) -> String {
        let parties = self.parties.iter().map(|party| format!("party={party}"));
        let subjects = self.subjects.iter().map(|subject| format!("subject={subject}"));
        parties.chain(subjects).collect::<Vec<_>>().join(" ")
    }

    /// Why a statement with these touched subjects is reported; empty if it is not.
    pub fn reasons(&self, statement: &Statement, touched: &BTreeSet<Subject>) -> Vec<String> {
        let mut reasons: BTreeSet<String> = BTreeSet::new();
        for subject in touched {
            let is_of = |party: &&Party| parties_of(subject).contains(party);
            if self.subjects.contains(subject) || self.parties.iter().any(|party| is_of(&party)) {
                reasons.insert(format!("touches {subject}"));
            }
        }
        for party in &self.parties {
            if *statement.issuer() == Issuer::Party(party.clone()) {
                reasons.insert(format!("signed as {party}"));
            }
            // A report may name a party without touching its dockets.
            let is_named = |text: &str| {
                text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == party.as_str())
            };
            if statement.kind().family() == "report" && statement.body().any_text(&is_named) {
                reasons.insert(format!("names {party}"));
            }
        }
        reasons.into_iter().collect()
    }

    /// The name of the event that a statement on one of these parties is.
    pub fn event_of(&self, statement: &Statement) -> &'static str {
        let is_key = KEY_KINDS.contains(&statement.kind().as_str());
        match statement.subject() {
            Subject::Party(party) if is_key && self.is_key_of(statement, party) => "key_change",
            _ if statement.kind().family() == "report" => "report",
            _ => "statement",
        }
    }

    fn is_key_of(&self, statement: &Statement, party: &Party) -> bool {
        self.parties.contains(party) || statement.successor().is_some_and(|heir| self.parties.contains(&heir))
    }
}
