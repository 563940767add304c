//! The folded dockets at hand.

use std::collections::BTreeMap;

use crate::agreement::{Act, Inadmissible, KnownAt, On, Refusal, Standing};
use crate::crypto::{KeyError, PublicKey};
use crate::statement::{Origin, Statement, Subject};

/// The folded dockets at hand.
#[derive(Clone, Debug)]
pub struct World {
    origin: Origin,
}

impl World {
    /// An empty cache of dockets: holds what is loaded, and what is pushed onto that.
    pub fn new(origin: Origin) -> Self {
        Self { origin }
    }

    /// The world of a log that is pushed from index 0: holds every docket.
    pub fn whole(origin: Origin) -> Self {
        Self { origin }
    }

    /// Pushes everything with index ≤ `known_at` in index order.
    pub fn replay(origin: Origin, dockets: &BTreeMap<Subject, Vec<Act>>, known_at: Option<u64>) -> Self {
        let _ = (dockets, known_at);
        Self { origin }
    }

    /// The subjects whose histories judging this statement reads, in load order; its own subject is the last.
    pub fn needs(statement: &Statement) -> Vec<Subject> {
        vec![statement.subject().clone()]
    }

    /// The subjects that admission reads besides [`World::needs`].
    pub fn needs_to_admit(statement: &Statement) -> Vec<Subject> {
        vec![statement.subject().clone()]
    }

    /// The subjects whose histories the standing of `about` reads, in load order. Of `between/…` ask again once
    /// it is loaded: what its entries name comes then.
    pub fn needs_of(&self, about: &Subject) -> Vec<Subject> {
        vec![about.clone()]
    }

    /// Whether the docket is at hand.
    pub fn contains(&self, _subject: &Subject) -> bool {
        false
    }

    /// Folds a whole docket, acts in index order, after those it rests on.
    pub fn load(&mut self, _subject: Subject, _acts: Vec<Act>) {}

    /// Drops a docket.
    pub fn forget(&mut self, _subject: &Subject) {}

    /// The key that signed, if the issuer was granted it before `index`.
    pub fn signing_key(&self, _statement: &Statement, _index: u64) -> Option<PublicKey> {
        None
    }

    /// Checks the signature under [`World::signing_key`]; `None` if there is no such key.
    pub fn check_signature(&self, statement: &Statement, index: u64) -> Option<Result<(), KeyError>> {
        Some(statement.check_signature_of_kid(&self.signing_key(statement, index)?))
    }

    /// The rules that every verifier replays. The signature is not verified.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn judge(&self, _act: &Act) -> Result<(), Refusal> {
        Ok(())
    }

    /// [`World::judge`], the signature, and the rules of admission.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn admit(&self, act: &Act) -> Result<(), Refusal> {
        self.judge(act)
    }

    /// Judges an act and folds it into the histories at hand. Indexes increase.
    ///
    /// # Errors
    /// The rule it breaks; it is then listed as inadmissible and has no effect (rule 14).
    pub fn push(&mut self, act: Act) -> Result<(), Refusal> {
        self.judge(&act)
    }

    /// Every statement at hand that has no effect, by index.
    pub fn inadmissible(&self) -> Vec<Inadmissible> {
        Vec::new()
    }

    /// How `about` stands.
    pub fn standing(&self, about: &Subject, _on: On, _known_at: KnownAt) -> Standing {
        unimplemented!("{about} {}", self.origin)
    }
}
