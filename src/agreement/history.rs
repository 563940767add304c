//! A docket as it is kept: its statements with their verdicts, what waits, and what follows from what is complete.

use crate::agreement::accord::AgreementState;
use crate::agreement::offer::OfferState;
use crate::agreement::party::PartyState;
use crate::agreement::pending::{Book, Done, Outcome};
use crate::agreement::registrar::RegistryState;
use crate::agreement::void::voided;
use crate::agreement::{Act, Inadmissible, Refusal, Rule, World, kinds};
use crate::statement::body::{Body, BodyError};
use crate::statement::{Statement, Subject};

/// A docket: its statements with their verdicts, what waits for signatures, and what follows from what is complete.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct History {
    pub entries: Vec<Entry>,
    pub book: Book,
    pub state: State,
}

/// A statement and its verdict; `None` where it only stands (W4).
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Entry {
    pub act: Act,
    pub verdict: Option<Result<Outcome, Box<Refusal>>>,
}

/// What stands before a statement in the docket in which it is judged.
#[derive(Clone, Copy, Debug)]
pub(in crate::agreement) struct Before<'a> {
    pub entries: &'a [Entry],
    pub book: &'a Book,
}

/// What follows from a docket.
#[derive(Clone, Debug)]
pub(in crate::agreement) enum State {
    Registry(RegistryState),
    Party(PartyState),
    Offer(OfferState),
    Agreement(AgreementState),
    /// Reports and lists: their entries are all there is.
    List,
}

impl History {
    pub fn empty(subject: &Subject) -> Self {
        let state = match subject {
            Subject::Registry => State::Registry(RegistryState::default()),
            Subject::Party(_) => State::Party(PartyState::default()),
            Subject::Offer { .. } => State::Offer(OfferState::default()),
            Subject::Agreement { .. } => State::Agreement(AgreementState::default()),
            _ => State::List,
        };
        Self { entries: Vec::new(), book: Book::default(), state }
    }
}

impl Entry {
    /// The act that is complete by it.
    pub fn done(&self) -> Option<&Done> {
        match &self.verdict {
            Some(Ok(Outcome::Done(done))) => Some(done),
            _ => None,
        }
    }

    /// Why it has no effect.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.verdict.as_ref()?.as_ref().err().map(|refusal| &**refusal)
    }

    /// The line of rule 14, if it has no effect.
    pub fn inadmissible(&self) -> Option<Inadmissible> {
        let refusal = self.refusal().filter(|refusal| refusal.rule != Rule::UnknownKind)?;
        Some(Inadmissible { index: self.act.index, id: self.act.id(), refusal: refusal.clone() })
    }

    /// Whether this reader does not know its kind.
    pub fn is_unknown(&self) -> bool {
        // In a list, where nothing is judged, a body that is not there says it.
        match &self.verdict {
            Some(_) => self.refusal().is_some_and(|refusal| refusal.rule == Rule::UnknownKind),
            None => self.act.body.is_none() && unreadable(&self.act.statement).rule == Rule::UnknownKind,
        }
    }
}

/// Why a statement has no body here.
pub(in crate::agreement) fn unreadable(statement: &Statement) -> Refusal {
    match Body::read(statement.kind(), statement.body()) {
        Err(BodyError::Field { path, rule }) => {
            Refusal::new(Rule::BodyMalformed, format!("{path}: {rule}"), "a body as the kind's definition wants it")
        }
        _ => {
            let message = format!("this version does not know the kind {}", statement.kind());
            Refusal::new(Rule::UnknownKind, message, "a kind that this registry knows")
        }
    }
}

impl World {
    /// Folds a docket up to and including index `last`, without what was voided before `by_ms` or from the beginning.
    pub(in crate::agreement) fn state_as_of(&self, subject: &Subject, last: u64, by_ms: u64) -> State {
        let entries = self.history(subject).map_or(&[][..], |history| &history.entries);
        let known = entries.partition_point(|entry| entry.act.index <= last);
        self.fold(subject, &entries[..known], by_ms)
    }

    pub(in crate::agreement) fn fold(&self, subject: &Subject, entries: &[Entry], by_ms: u64) -> State {
        let mut state = History::empty(subject).state;
        let voids = voided(self, entries);
        for entry in entries {
            if let Some(done) = entry.done() {
                let voided = voids.iter().find(|voided| done.ids.contains(&voided.id));
                match voided {
                    Some(voided) if kinds::is_kept_when_void(done) => {
                        kinds::effect(self, &mut state, done);
                        kinds::mark_void(&mut state, voided);
                    }
                    Some(voided) if voided.is_ab_initio || voided.time_ms < by_ms => {}
                    _ => kinds::effect(self, &mut state, done),
                }
            }
            kinds::affirm(&mut state, entry);
        }
        state
    }
}
