//! The folded dockets at hand, and the two questions of a log: may this enter, and what follows from it.
//!
//! - W1. A statement is judged by what stands at lower indexes, and by nothing else: a docket may be folded alone
//!   after those it rests on, and gives the verdicts that the whole log gives.
//! - W2. What breaks a rule has no effect on any docket (rule 14).
//! - W3. A docket that is not at hand counts as empty. Who asks sees to it that [`World::needs`] are loaded.
//! - W4. A statement stands in its own docket with its verdict. In the other dockets that it touches it only stands: lists,
//!   and the docket of the successor that a `party.succeed` names.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::accord::AgreementState;
use crate::agreement::history::{Entry, History, State};
use crate::agreement::names::Names;
use crate::agreement::offer::OfferState;
use crate::agreement::party::PartyState;
use crate::agreement::refusal::demand;
use crate::agreement::registrar::{RegistryState, keys_of};
use crate::agreement::talk::Talk;
use crate::agreement::{Act, Inadmissible, LogEnd, Refusal, Rule, admission, kinds, party};
use crate::crypto::{Digest, KeyError, Kid, PublicKey};
use crate::statement::body::{Body, Description, Genesis, Limits};
use crate::statement::{Issuer, Named, Origin, Party, Statement, Subject};

/// The folded dockets at hand.
#[derive(Clone, Debug)]
pub struct World {
    origin: Origin,
    /// Whether every entry of the log is pushed, so that no docket is missing.
    is_whole: bool,
    // In boxes: a tree moves what it holds, and a history is large.
    histories: BTreeMap<Subject, Box<History>>,
    names: Names,
    /// Which party was granted a key first.
    holders: BTreeMap<Kid, Party>,
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

    /// Folds everything with index ≤ `known_at` (`None`: everything) of these dockets in index order, and holds no other.
    pub fn replay(origin: Origin, dockets: &BTreeMap<Subject, Vec<Act>>, known_at: Option<u64>) -> Self {
        let known = |act: &&Act| known_at.is_none_or(|last| act.index <= last);
        let known =
            dockets.iter().map(|(subject, acts)| (subject.clone(), acts.iter().filter(known).cloned().collect()));
        let mut world = Self::new(origin);
        world.load_together(known.collect());
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
        self.load_together(vec![(subject, acts)]);
    }

    /// As [`World::load`] for dockets that rest on one another, such as those of parties that succeed one another: in the
    /// order of the log. A statement is judged where its own docket is among them, and only stands in the others.
    pub fn load_together(&mut self, dockets: Vec<(Subject, Vec<Act>)>) {
        let mut places: BTreeMap<u64, (Act, Vec<Subject>)> = BTreeMap::new();
        for (subject, acts) in dockets {
            self.histories.insert(subject.clone(), Box::new(History::empty(&subject)));
            for act in acts {
                places.entry(act.index).or_insert_with(|| (act, Vec::new())).1.push(subject.clone());
            }
        }
        for (act, subjects) in places.into_values() {
            self.note(&act);
            let own = act.statement.subject().clone();
            let mut verdict = subjects.contains(&own).then(|| self.weigh_own(&act).map_err(Box::new));
            for subject in subjects {
                let verdict = if subject == own { verdict.take() } else { None };
                self.record(&subject, Entry { act: act.clone(), verdict });
            }
        }
    }

    /// Keeps the names and key holders of an act whose docket is not at hand.
    pub fn remember(&mut self, act: &Act) {
        self.note(act);
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
        let verdict = self.weigh_own(&act);
        self.stand(&act);
        let own = act.statement.subject().clone();
        let answer = verdict.as_ref().map(|_| ()).map_err(Refusal::clone);
        if self.contains(&own) {
            self.record(&own, Entry { act, verdict: Some(verdict.map_err(Box::new)) });
        }
        answer
    }

    /// The rules that every verifier replays. The signature is not verified: bytes and signatures that fail refuse
    /// a whole file, long before.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge(&self, act: &Act) -> Result<(), Refusal> {
        if act.statement.is_seal() {
            return Ok(());
        }
        self.weigh_own(act).map(|_| ())
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
        self.check_admission(act)
    }

    /// The *a* rules alone, quotas aside, for an act that [`World::judge`] finds admissible.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_admission(&self, act: &Act) -> Result<(), Refusal> {
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
            // A key that has ended still says who signed; that it may not is the rules' to say.
            return self.registry()?.any_key(statement.kid(), index).copied();
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
            let of_reports = subject.is_derived().then(|| self.reports_in(history.entries.iter()));
            let entries = of_reports.as_ref().map_or(&history.entries, |(reports, _)| reports);
            found.extend(entries.iter().filter_map(Entry::inadmissible).map(|line| (line.index, line)));
        }
        found.into_values().collect()
    }

    /// Entry 0, if it is at hand.
    pub fn genesis(&self) -> Option<&Genesis> {
        self.registry()?.genesis()
    }

    /// How much one party may register, for a statement at `index`; `None` if that is not limited.
    pub fn limits(&self, index: u64) -> Option<&Limits> {
        self.registry()?.limits(index)
    }

    /// Whether the registrar closed the log.
    pub fn is_closed(&self) -> bool {
        self.log_end().is_some()
    }

    /// The end of the log and who continues it, if the registrar closed it.
    pub fn log_end(&self) -> Option<&LogEnd> {
        self.registry()?.end(u64::MAX)
    }

    /// Who a party is, as of `index`.
    pub fn describe(&self, party: &Party, index: u64) -> Option<Description> {
        self.party(party)?.described(index)
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
        self.histories.get(subject).map(Box::as_ref)
    }

    /// A statement of a docket at hand, for those that name it.
    fn named(&self, subject: &Subject, id: &Digest) -> Option<Named> {
        let history = self.history(subject)?;
        let statement = &history.entries.get(history.index.own(id)?)?.act.statement;
        let touches = statement.touches(|id| self.named(subject, id)).ok()?;
        Some(Named { role: statement.named_role(), subject: statement.subject().clone(), touches })
    }

    /// What the issuer of an act stated on its subject before.
    pub(in crate::agreement) fn stated<'a>(&'a self, act: &'a Act) -> impl Iterator<Item = &'a Act> {
        let subject = act.statement.subject();
        let entries = self.history(subject).into_iter().flat_map(|history| &history.entries).map(|entry| &entry.act);
        entries.filter(move |own| own.statement.subject() == subject && own.issuer() == act.issuer())
    }

    pub(in crate::agreement) fn registry(&self) -> Option<&RegistryState> {
        match &self.history(&Subject::Registry)?.state {
            State::Registry(state) => Some(state),
            _ => None,
        }
    }

    pub(in crate::agreement) fn registrar_key(&self, kid: &Kid, index: u64) -> Option<&PublicKey> {
        self.registry()?.key(kid, index)
    }

    pub(in crate::agreement) fn registry_owns(&self, kid: &Kid, index: u64) -> bool {
        self.registry().is_some_and(|state| state.owns(kid, index))
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

    pub(in crate::agreement) fn talk(&self, subject: &Subject) -> Option<&Talk> {
        match &self.history(subject)?.state {
            State::Offer(state) => Some(&state.talk),
            State::Agreement(state) => Some(&state.talk),
            _ => None,
        }
    }

    /// Appends an entry to a docket and lets it take effect.
    fn record(&mut self, subject: &Subject, entry: Entry) {
        let mut history = self.histories.remove(subject).unwrap_or_else(|| Box::new(History::empty(subject)));
        if let Some(Ok(outcome)) = &entry.verdict {
            history.book.apply(&entry.act, outcome);
        }
        if let Some(done) = entry.done() {
            kinds::effect(self, &mut history.state, done);
        }
        kinds::affirm(&mut history.state, &entry);
        let complete = entry.done().and_then(|done| done.act.body.clone());
        history.index.add(history.entries.len(), &entry);
        history.entries.push(entry);
        if let Some(Body::Void(void)) = complete.as_deref() {
            self.take_void(subject, &mut history, void);
        }
        self.histories.insert(subject.clone(), history);
    }

    /// Enters an act, unjudged, into the dockets at hand that it touches beside its own (W4).
    fn stand(&mut self, act: &Act) {
        self.note(act);
        let own = act.statement.subject();
        // A statement that cannot be placed touches nothing; it is refused elsewhere (formats §6).
        let touched = act.statement.touches(|id| self.named(own, id)).unwrap_or_default();
        let others = touched.into_iter().filter(|subject| subject != own && self.contains(subject));
        for other in others.collect::<Vec<Subject>>() {
            self.record(&other, Entry { act: act.clone(), verdict: None });
        }
    }

    /// Keeps names and key holders, admissible or not: what was seen once is not free any more.
    fn note(&mut self, act: &Act) {
        let (Some(body), Subject::Party(party)) = (act.body.as_deref(), act.statement.subject()) else { return };
        let (names, grants) = party::names_and_keys(body);
        if !names.is_empty() {
            self.names.insert(party, party.as_str());
            names.iter().for_each(|name| self.names.insert(party, name.name.as_str()));
        }
        for grant in grants {
            self.holders.entry(grant.key.kid()).or_insert_with(|| party.clone());
        }
    }
}
