//! A docket as it is kept: its statements with their verdicts, what waits, and what follows from what is complete.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::agreement::accord::AgreementState;
use crate::agreement::offer::OfferState;
use crate::agreement::party::PartyState;
use crate::agreement::pending::{Book, Done, Outcome};
use crate::agreement::registrar::RegistryState;
use crate::agreement::void::{voided, voided_act};
use crate::agreement::{Act, Inadmissible, Refusal, Rule, World, kinds};
use crate::statement::body::{Body, BodyError, Voiding};
use crate::statement::{Statement, StatementId, Subject};

/// Up to so many entries a debug build folds a docket again after each void.
const CHECKED_ENTRIES_MAX: usize = 256;

/// A docket: its statements with their verdicts, what waits for signatures, and what follows from what is complete.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct History {
    pub entries: Vec<Entry>,
    pub index: Index,
    pub book: Book,
    pub state: State,
}

/// Where in a docket a statement stands, is complete, and is named: looked up for every `endorse` and `void`, so that a
/// docket of many of them is folded without reading all of it for each.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Index {
    own: HashMap<StatementId, usize>,
    done: HashMap<StatementId, usize>,
    naming: BTreeMap<StatementId, Vec<usize>>,
}

impl Index {
    /// Adds the entry that is the next one of its docket.
    pub fn add(&mut self, place: usize, entry: &Entry) {
        self.own.insert(entry.act.id(), place);
        self.done.extend(entry.done().into_iter().flat_map(|done| &done.ids).map(|id| (*id, place)));
        let completed = entry.done().map(|done| &done.act).and_then(names);
        let named: BTreeSet<StatementId> = entry.names().into_iter().chain(completed).collect();
        named.into_iter().for_each(|id| self.naming.entry(id).or_default().push(place));
    }

    /// The place of a statement.
    pub fn own(&self, id: &StatementId) -> Option<usize> {
        self.own.get(id).copied()
    }

    /// The place of the entry that completes the act known by an id.
    pub fn done(&self, id: &StatementId) -> Option<usize> {
        self.done.get(id).copied()
    }

    /// The places of the `endorse` and `void` statements that name a statement, or complete a `void` that does, in log
    /// order.
    pub fn naming(&self, id: &StatementId) -> &[usize] {
        self.naming.get(id).map_or(&[], Vec::as_slice)
    }

    /// Every statement that is named.
    pub fn named(&self) -> impl Iterator<Item = &StatementId> {
        self.naming.keys()
    }
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
    pub index: &'a Index,
    pub book: &'a Book,
}

impl<'a> Before<'a> {
    /// The statement with this id.
    pub fn own(&self, id: &StatementId) -> Option<&'a Entry> {
        self.entries.get(self.index.own(id)?)
    }

    /// The act that is complete and known by this id.
    pub fn done(&self, id: &StatementId) -> Option<&'a Done> {
        self.entries.get(self.index.done(id)?)?.done()
    }

    /// What names a statement, in log order.
    pub fn naming(&self, id: &StatementId) -> impl Iterator<Item = &'a Entry> {
        let entries = self.entries;
        self.index.naming(id).iter().filter_map(move |place| entries.get(*place))
    }
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
        Self { entries: Vec::new(), index: Index::default(), book: Book::default(), state }
    }
}

impl Entry {
    /// The statement that an `endorse` or `void` names.
    pub fn names(&self) -> Option<StatementId> {
        names(&self.act)
    }

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

fn names(act: &Act) -> Option<StatementId> {
    match act.body.as_deref()? {
        Body::Endorse(body) => Some(body.reference),
        Body::Void(body) => Some(body.reference),
        _ => None,
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
        let Some(history) = self.history(subject) else { return History::empty(subject).state };
        let known = history.entries.partition_point(|entry| entry.act.index <= last);
        self.fold(subject, &history.entries[..known], &history.index, by_ms)
    }

    /// `index` may know of more than `entries`, which are the first of its docket.
    fn fold(&self, subject: &Subject, entries: &[Entry], index: &Index, by_ms: u64) -> State {
        let mut state = History::empty(subject).state;
        let voids = voided(self, entries, index);
        for entry in entries {
            if let Some(done) = entry.done() {
                let voided = voids.get(&done.act.id());
                match voided {
                    Some(voided) if kinds::is_kept_when_void(done) => {
                        kinds::effect(self, &mut state, done);
                        kinds::mark_void(&mut state, voided);
                    }
                    Some(voided) if voided.is_ab_initio || voided.time_ms < by_ms => {
                        kinds::effect_of_void(&mut state, done)
                    }
                    _ => kinds::effect(self, &mut state, done),
                }
            }
            kinds::affirm(&mut state, entry);
        }
        state
    }

    /// Whether a docket's state is what its fold gives; of a long docket it is not asked.
    fn is_as_folded(&self, subject: &Subject, history: &History) -> bool {
        let folded = || self.fold(subject, &history.entries, &history.index, u64::MAX);
        history.entries.len() > CHECKED_ENTRIES_MAX || format!("{:?}", history.state) == format!("{:?}", folded())
    }

    /// Lets a `void` that is complete count in a docket: what it completes the voiding of is taken out, or marked.
    pub(in crate::agreement) fn take_void(&self, subject: &Subject, history: &mut History, void: &Voiding) {
        let Some(place) = history.index.done(&void.reference) else { return };
        let Some(done) = history.entries.get(place).and_then(Entry::done).cloned() else { return };
        if voided_act(self, &done, &history.entries, &history.index).is_none() {
            return;
        }
        if kinds::is_kept_when_void(&done) || !kinds::forget(&mut history.state, &done) {
            // Acts after it may have been read by it, or several agreements stand on the subject.
            history.state = self.fold(subject, &history.entries, &history.index, u64::MAX);
        }
        debug_assert!(self.is_as_folded(subject, history), "what is taken out is as if it had never been applied");
    }
}
