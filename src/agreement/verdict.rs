//! What a statement does where it stands: the order in which the rules are asked.

use crate::agreement::authority::{check_iat, check_signer};
use crate::agreement::history::{Before, Entry, History, Index, unreadable};
use crate::agreement::life::SignatureRecord;
use crate::agreement::pending::{Book, Outcome};
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World, endorse, kinds};
use crate::statement::Subject;
use crate::statement::body::Body;

impl World {
    /// The reports that stand in a list, judged there: a report rests on its reporter alone, and its own docket is not
    /// among those of a list's file. What names a report stands beside it.
    pub(in crate::agreement) fn reports_in<'a>(&self, list: impl Iterator<Item = &'a Entry>) -> (Vec<Entry>, Index) {
        let (mut entries, mut index, mut book) = (Vec::new(), Index::default(), Book::default());
        let is_report = |entry: &&Entry| matches!(entry.act.statement.subject(), Subject::Report { .. });
        for entry in list.filter(is_report) {
            let verdict = self.weigh(&entry.act, Before { entries: &entries, index: &index, book: &book });
            if let Ok(outcome) = &verdict {
                book.apply(&entry.act, outcome);
            }
            let entry = Entry { act: entry.act.clone(), verdict: Some(verdict.map_err(Box::new)) };
            index.add(entries.len(), &entry);
            entries.push(entry);
        }
        (entries, index)
    }

    pub(in crate::agreement) fn weigh_own(&self, act: &Act) -> Result<Outcome, Refusal> {
        let (book, index) = (Book::default(), Index::default());
        match self.history(act.statement.subject()) {
            Some(History { entries, index, book, .. }) => self.weigh(act, Before { entries, index, book }),
            None => self.weigh(act, Before { entries: &[], index: &index, book: &book }),
        }
    }

    /// What a statement does in the docket of its subject, if no rule is broken.
    fn weigh(&self, act: &Act, before: Before<'_>) -> Result<Outcome, Refusal> {
        let statement = &act.statement;
        demand(statement.origin() == self.origin(), || {
            let message = format!("it is meant for {}, this is {}", statement.origin(), self.origin());
            Refusal::new(Rule::OtherOrigin, message, "a statement signed for this registry")
        })?;
        let Some(body) = act.body.as_deref() else { return Err(unreadable(statement)) };
        check_iat(act)?;
        if let Some(registry) = self.registry() {
            registry.check_open(act)?;
        }
        if let Body::Endorse(body) = body {
            return endorse::weigh(self, act, body, before);
        }
        self.check_rules(act, body, before)?;
        if let Some(talk) = self.talk(statement.subject()).filter(|_| kinds::is_talk(body)) {
            talk.check_room(act)?;
        }
        self.complete(act, SignatureRecord::of(act).into_iter().collect(), before.book)
    }

    /// Who signs, and what the kind asks: the rules that are judged again where an act becomes complete.
    pub(in crate::agreement) fn check_rules(&self, act: &Act, body: &Body, before: Before<'_>) -> Result<(), Refusal> {
        if let Some(signer) = kinds::signer(body) {
            check_signer(self, act, signer)?;
        }
        kinds::guard(self, act, body, before)
    }
}
