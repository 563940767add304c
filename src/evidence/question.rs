//! What a verifier asks of a docket file: for which time, how fresh, and up to when it counts what the log knew.

use crate::agreement::{Force, KnownAt, On, Reason, Standing, World};
use crate::evidence::{DocketFile, Freshness, Seal};
use crate::statement::Subject;

/// What the verifier asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// For which day or instant; `None` is the time up to which everything is known.
    pub on: Option<On>,
    /// How old the file may be; `None` skips `freshness`.
    pub freshness: Option<Freshness>,
    /// Only what was registered up to then counts; `None` is the last seal of the file.
    pub known_at: Option<KnownUpTo>,
}

/// Up to when the registrations of a log count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownUpTo {
    /// Up to the seal with this index, which the file holds.
    Seal(u64),
    /// Up to this instant, unix milliseconds. It may lie between two seals: the dockets of the file are complete, so
    /// what was registered by then is in it.
    Instant(u64),
}

/// What of a file counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::evidence) struct Known<'f> {
    /// The last seal of the file that counts. No entry of the file lies between it and [`Known::until_ms`].
    pub seal: &'f Seal,
    /// The instant up to which everything is known, unix milliseconds: not before that seal.
    pub until_ms: u64,
    /// Why there is no answer; then the last seal stands above.
    pub fault: Option<&'static str>,
    /// The instant that was asked about, if the file ends before it.
    beyond_ms: Option<u64>,
}

impl<'f> Known<'f> {
    /// What counts of a file whose seals are checked.
    pub fn of(file: &'f DocketFile<'_>, asked: Option<KnownUpTo>) -> Self {
        let last = file.last_seal();
        let until = |seal: &'f Seal, until_ms| Self { seal, until_ms, fault: None, beyond_ms: None };
        let none = |fault| Self { fault: Some(fault), ..until(last, last.time_ms) };
        let mut seals = file.seals.iter().map(|entry| &entry.seal);
        match asked {
            None => until(last, last.time_ms),
            Some(KnownUpTo::Seal(index)) => match seals.find(|seal| seal.index == index) {
                Some(seal) => until(seal, seal.time_ms),
                None => none("the file holds no seal with the index that you ask about; ask by a time instead"),
            },
            Some(KnownUpTo::Instant(at_ms)) if at_ms > last.time_ms => {
                Self { beyond_ms: Some(at_ms), ..until(last, last.time_ms) }
            }
            // Times of seals increase (seal-order), and an entry has the time of the seal that closes its batch.
            Some(KnownUpTo::Instant(at_ms)) => match seals.take_while(|seal| seal.time_ms <= at_ms).last() {
                Some(seal) => until(seal, at_ms),
                None => none("the log had sealed nothing yet at the time that you ask about"),
            },
        }
    }

    /// The instant that a question without one is about.
    pub fn now(&self) -> On {
        On::Instant(self.beyond_ms.unwrap_or(self.until_ms))
    }

    /// What [`World::terms`] and [`World::standing`] take for it.
    pub fn known_at(&self) -> KnownAt {
        KnownAt { index: self.seal.index, time_ms: self.until_ms }
    }

    /// How `about` stands, as far as this is known.
    pub fn standing(&self, world: &World, about: &Subject, on: On) -> Standing {
        let mut standing = world.standing(about, on, self.known_at());
        self.name_seal(&mut standing);
        let not_yet = Force::Indeterminate(Reason::NotYetKnown);
        match standing.force {
            force if self.beyond_ms.is_none() || force == not_yet || force == Force::NotApplicable => standing,
            _ => Standing { force: not_yet, otherwise: Some(Box::new(standing.clone())), ..standing },
        }
    }

    /// The standing names the seal with the seal's own time, also where it answers for an instant after it.
    fn name_seal(&self, standing: &mut Standing) {
        standing.known_at = KnownAt { index: self.seal.index, time_ms: self.seal.time_ms };
        standing.list.iter_mut().for_each(|(_, member)| self.name_seal(member));
        if let Some(otherwise) = &mut standing.otherwise {
            self.name_seal(otherwise);
        }
    }
}
