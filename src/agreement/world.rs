//! The folded dockets at hand, and the two questions of a log: may this enter, and what follows from it.
//!
//! - W1. A statement is judged by what stands at lower indexes, and by nothing else: a docket may be folded alone
//!   after those it rests on, and gives the verdicts that the whole log gives.
//! - W2. What breaks a rule has no effect on any docket (rule 14).
//! - W3. A docket that is not at hand counts as empty. Who asks sees to it that [`World::needs`] are loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::accord::AgreementState;
use crate::agreement::authority::{check_iat, check_signer};
use crate::agreement::names::Names;
use crate::agreement::offer::OfferState;
use crate::agreement::party::PartyState;
use crate::agreement::refusal::demand;
use crate::agreement::registrar::{RegistryState, keys_of};
use crate::agreement::{Act, Inadmissible, Refusal, Rule, admission, kinds};
use crate::crypto::{KeyError, Kid, PublicKey};
use crate::statement::body::{Body, BodyError, Description, Genesis, KeyGrant};
use crate::statement::{Issuer, Origin, Party, Statement, Subject};

/// The folded dockets at hand.
#[derive(Clone, Debug)]
pub struct World {
    origin: Origin,
    /// Whether every entry of the log is pushed, so that no docket is missing.
    is_whole: bool,
    histories: BTreeMap<Subject, History>,
    names: Names,
    /// Which party was granted a key first.
    holders: BTreeMap<Kid, Party>,
}

/// A docket: its statements with their verdicts, and what follows from the admissible ones.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct History {
    pub entries: Vec<Entry>,
    pub state: State,
}

/// A statement and its verdict.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Entry {
    pub act: Act,
    pub refusal: Option<Box<Refusal>>,
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

impl World {
    /// An empty cache of dockets: holds what is loaded, and of what is pushed only what belongs to those.
    pub fn new(origin: Origin) -> Self {
        let (histories, names, holders) = (BTreeMap::new(), Names::default(), BTreeMap::new());
        Self { origin, is_whole: false, histories, names, holders }
    }

    /// The world of a log whose entries are pushed from index 0: holds every docket.
    pub fn whole(origin: Origin) -> Self {
        Self { is_whole: true, ..Self::new(origin) }
    }

    /// Pushes everything with index ≤ `known_at` (`None`: everything) of these dockets in index order. A statement
    /// that stands in several dockets is pushed once.
    pub fn replay(origin: Origin, dockets: &BTreeMap<Subject, Vec<Act>>, known_at: Option<u64>) -> Self {
        let known = |act: &&Act| known_at.is_none_or(|last| act.index <= last);
        let acts: BTreeMap<u64, &Act> = dockets.values().flatten().filter(known).map(|act| (act.index, act)).collect();
        let mut world = Self::whole(origin);
        for act in acts.into_values() {
            // Its refusal is kept in the history.
            let _ = world.push(act.clone());
        }
        world
    }

    /// The origin of the log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the docket is at hand.
    pub fn contains(&self, subject: &Subject) -> bool {
        self.is_whole || self.histories.contains_key(subject)
    }

    /// Folds a whole docket, acts in index order, after those that its statements need (W1). Replaces what was at
    /// hand of it.
    pub fn load(&mut self, subject: Subject, acts: Vec<Act>) {
        self.histories.insert(subject.clone(), History::empty(&subject));
        for act in acts {
            self.note(&act);
            // A list keeps its entries; each is judged in the docket of its own subject.
            let refusal = if subject.is_derived() { None } else { self.judge(&act).err().map(Box::new) };
            self.record(&subject, Entry { act, refusal });
        }
    }

    /// Drops a docket. Names and key holders stay known.
    pub fn forget(&mut self, subject: &Subject) {
        self.histories.remove(subject);
    }

    /// Judges an act and folds it into the dockets at hand. Indexes increase; seals are passed over.
    ///
    /// # Errors
    /// The rule it breaks; it is then listed as inadmissible and has no effect (W2).
    pub fn push(&mut self, act: Act) -> Result<(), Refusal> {
        if act.statement.is_seal() {
            return Ok(());
        }
        let verdict = self.judge(&act);
        self.note(&act);
        let own = act.statement.subject().clone();
        // A statement that cannot be placed touches no list; it is refused elsewhere (formats §6).
        let touched = act.statement.touches(|_| None).unwrap_or_default();
        let is_held = |subject: &Subject| subject.is_derived() && self.contains(subject);
        let lists: Vec<Subject> = touched.into_iter().filter(is_held).collect();
        for list in lists {
            self.record(&list, Entry { act: act.clone(), refusal: None });
        }
        if self.contains(&own) {
            self.record(&own, Entry { act, refusal: verdict.clone().err().map(Box::new) });
        }
        verdict
    }

    /// The rules that every verifier replays. The signature is not verified: bytes and signatures that fail refuse
    /// a whole file, long before.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge(&self, act: &Act) -> Result<(), Refusal> {
        let statement = &act.statement;
        if statement.is_seal() {
            return Ok(());
        }
        demand(*statement.origin() == self.origin, || {
            let message = format!("it is meant for {}, this is {}", statement.origin(), self.origin);
            Refusal::new(Rule::OtherOrigin, message, "a statement signed for this registry")
        })?;
        let Some(body) = act.body.as_deref() else { return Err(unreadable(statement)) };
        check_iat(act)?;
        if let Some(signer) = kinds::signer(body) {
            check_signer(self, act, signer)?;
        }
        kinds::guard(self, act, body)?;
        match self.agreement(statement.subject()) {
            Some(state) if kinds::force_from(body).is_none() => state.check_room(act),
            _ => Ok(()),
        }
    }

    /// The signature, [`World::judge`], and the rules of admission. A refusal writes nothing (rule 15).
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self, act: &Act) -> Result<(), Refusal> {
        self.admit_signed(act)?;
        demand(self.check_signature(&act.statement, act.index) == Some(Ok(())), || {
            let message = format!("the signature does not verify under the key {}", act.statement.kid());
            Refusal::new(Rule::SignatureInvalid, message, "the bytes as they were signed")
        })
    }

    /// [`World::admit`] for a statement whose signature the caller has verified under the key with its key id: a
    /// registry does that before the statement waits, so that who orders statements never checks a signature.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit_signed(&self, act: &Act) -> Result<(), Refusal> {
        demand(!act.statement.is_seal(), || {
            Refusal::new(Rule::SealSubmitted, "only the registry itself issues seals", "any other kind")
        })?;
        self.judge(act)?;
        admission::check(self, act)
    }

    /// The key that signed a statement at `index`, if its issuer was granted it before. A genesis names its own.
    pub fn signing_key(&self, statement: &Statement, index: u64) -> Option<PublicKey> {
        let Issuer::Party(issuer) = statement.issuer() else {
            return self.genesis().map(|genesis| genesis.log_key).filter(|key| key.kid() == *statement.kid());
        };
        if !issuer.is_registrar() {
            return self.party(issuer)?.granted(statement.kid(), index).map(|record| record.key);
        }
        if index > 0 {
            return self.registrar_key(statement.kid()).copied();
        }
        match Body::read(statement.kind(), statement.body()) {
            Ok(Body::Genesis(body)) => keys_of(&body).into_iter().find(|(kid, _)| kid == statement.kid()),
            _ => None,
        }
        .map(|(_, key)| key)
    }

    /// Checks a signature under [`World::signing_key`]; `None` if there is no such key, and the statement is
    /// inadmissible for want of authority.
    pub fn check_signature(&self, statement: &Statement, index: u64) -> Option<Result<(), KeyError>> {
        Some(statement.check_signature_of_kid(&self.signing_key(statement, index)?))
    }

    /// Every statement at hand that has no effect, by index. A kind that this reader does not know is not among
    /// them: it makes the standing of its docket indeterminate.
    pub fn inadmissible(&self) -> Vec<Inadmissible> {
        let mut found = BTreeMap::new();
        for (subject, history) in &self.histories {
            let lines = history.entries.iter().filter_map(|entry| match subject.is_derived() {
                true => self.inadmissible_in_list(entry),
                false => entry.inadmissible(),
            });
            found.extend(lines.map(|line| (line.index, line)));
        }
        found.into_values().collect()
    }

    /// Entry 0, if it is at hand.
    pub fn genesis(&self) -> Option<&Genesis> {
        self.registry()?.genesis()
    }

    /// Who a party is, as of `index`.
    pub fn describe(&self, party: &Party, index: u64) -> Option<&Description> {
        self.party(party)?.description(index)
    }

    /// Every party whose listing or enrolment was loaded or pushed.
    pub fn party_names(&self) -> BTreeSet<&Party> {
        self.names.parties()
    }

    /// The party that was granted a key, as far as is known.
    pub fn key_holder(&self, kid: &Kid) -> Option<&Party> {
        self.holders.get(kid)
    }
}

/// For the rooms' own files.
impl World {
    pub(in crate::agreement) fn names(&self) -> &Names {
        &self.names
    }

    pub(in crate::agreement) fn history(&self, subject: &Subject) -> Option<&History> {
        self.histories.get(subject)
    }

    /// The verdict on an entry of a list. A report stands in lists without its own docket, and rests on its
    /// reporter's keys alone; anything else is judged in the docket of its own subject.
    pub(in crate::agreement) fn verdict_in_list(&self, entry: &Entry) -> Option<Refusal> {
        let is_known = entry.act.body.is_some();
        match entry.act.statement.subject() {
            Subject::Report { .. } => self.judge(&entry.act).err(),
            _ if is_known => None,
            _ => Some(unreadable(&entry.act.statement)),
        }
    }

    /// The line of rule 14 for a report of a list.
    pub(in crate::agreement) fn inadmissible_in_list(&self, entry: &Entry) -> Option<Inadmissible> {
        let is_report = matches!(entry.act.statement.subject(), Subject::Report { .. });
        let refusal = self.verdict_in_list(entry).filter(|refusal| is_report && refusal.rule != Rule::UnknownKind)?;
        Some(Inadmissible { index: entry.act.index, id: entry.act.id(), refusal })
    }

    pub(in crate::agreement) fn docket_len(&self, subject: &Subject) -> usize {
        self.history(subject).map_or(0, |history| history.entries.len())
    }

    fn registry(&self) -> Option<&RegistryState> {
        match &self.history(&Subject::Registry)?.state {
            State::Registry(state) => Some(state),
            _ => None,
        }
    }

    pub(in crate::agreement) fn registrar_key(&self, kid: &Kid) -> Option<&PublicKey> {
        self.registry()?.key(kid)
    }

    pub(in crate::agreement) fn registry_owns(&self, kid: &Kid) -> bool {
        self.registry().is_some_and(|state| state.owns(kid))
    }

    pub(in crate::agreement) fn party(&self, party: &Party) -> Option<&PartyState> {
        match &self.history(&Subject::Party(party.clone()))?.state {
            State::Party(state) => Some(state),
            _ => None,
        }
    }

    pub(in crate::agreement) fn offer(&self, subject: &Subject) -> Option<&OfferState> {
        match &self.history(subject)?.state {
            State::Offer(state) => Some(state),
            _ => None,
        }
    }

    pub(in crate::agreement) fn agreement(&self, subject: &Subject) -> Option<&AgreementState> {
        match &self.history(subject)?.state {
            State::Agreement(state) => Some(state),
            _ => None,
        }
    }

    /// Folds an agreement's docket again up to and including `last`.
    pub(in crate::agreement) fn agreement_as_of(&self, subject: &Subject, last: u64) -> AgreementState {
        let mut state = State::Agreement(AgreementState::default());
        let entries = self.history(subject).map_or(&[][..], |history| &history.entries);
        for entry in entries.iter().filter(|entry| entry.act.index <= last) {
            entry.apply(self, &mut state);
        }
        match state {
            State::Agreement(state) => state,
            _ => AgreementState::default(),
        }
    }

    /// Appends an entry to a docket and lets it take effect.
    fn record(&mut self, subject: &Subject, entry: Entry) {
        let mut history = self.histories.remove(subject).unwrap_or_else(|| History::empty(subject));
        entry.apply(self, &mut history.state);
        history.entries.push(entry);
        self.histories.insert(subject.clone(), history);
    }

    /// Keeps names and key holders, admissible or not: what was seen once is not free any more.
    fn note(&mut self, act: &Act) {
        let (Some(body), Subject::Party(party)) = (act.body.as_deref(), act.statement.subject()) else { return };
        let (description, grants): (Option<&Description>, &[KeyGrant]) = match body {
            Body::PartyList(body) => (Some(body), &[]),
            Body::PartyEnrol(body) => (Some(&body.description), &body.keys),
            Body::PartyKeys(body) => (None, body.grant.as_deref().unwrap_or_default()),
            _ => return,
        };
        if let Some(description) = description {
            self.names.insert(party, party.as_str());
            description.names.iter().for_each(|name| self.names.insert(party, name.name.as_str()));
        }
        for grant in grants {
            self.holders.entry(grant.key.kid()).or_insert_with(|| party.clone());
        }
    }
}

impl History {
    fn empty(subject: &Subject) -> Self {
        let state = match subject {
            Subject::Registry => State::Registry(RegistryState::default()),
            Subject::Party(_) => State::Party(PartyState::default()),
            Subject::Offer { .. } => State::Offer(OfferState::default()),
            Subject::Agreement { .. } => State::Agreement(AgreementState::default()),
            _ => State::List,
        };
        Self { entries: Vec::new(), state }
    }
}

impl Entry {
    fn apply(&self, world: &World, state: &mut State) {
        if let (None, Some(body)) = (&self.refusal, self.act.body.as_deref()) {
            kinds::effect(world, state, &self.act, body);
        }
    }

    /// The line of rule 14, if it has no effect.
    pub fn inadmissible(&self) -> Option<Inadmissible> {
        let refusal = self.refusal.as_deref().filter(|refusal| refusal.rule != Rule::UnknownKind)?;
        Some(Inadmissible { index: self.act.index, id: self.act.id(), refusal: refusal.clone() })
    }

    /// Whether this reader does not know its kind.
    pub fn is_unknown(&self) -> bool {
        self.refusal.as_deref().is_some_and(|refusal| refusal.rule == Rule::UnknownKind)
    }
}

fn unreadable(statement: &Statement) -> Refusal {
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
