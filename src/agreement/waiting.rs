//! What waits for a party: what others did that it may answer, and has not.
//!
//! Each source looks at one subject and says what in it waits. A further source, such as acts that wait for a second
//! signature, is a function and a line in [`SOURCES`].

use std::fmt;

use crate::agreement::accord::offer_subject;
use crate::agreement::world::Entry;
use crate::agreement::{Flag, Force, KnownAt, On, Reason, Standing, Told, World};
use crate::statement::body::{Body, LegalDate};
use crate::statement::{Party, StatementId, Subject};

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WaitingKind {
    /// An open offer to this government that it neither accepted nor declined.
    OfferToAnswer,
    /// A paper that a government filed alone, which this vendor neither confirmed nor disputed.
    FilingToConfirm,
}

impl WaitingKind {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OfferToAnswer => "offer_to_answer",
            Self::FilingToConfirm => "filing_to_confirm",
        }
    }

    /// The kinds of statement that answer it.
    pub fn answered_by(self) -> &'static [&'static str] {
        match self {
            Self::OfferToAnswer => &["agreement.accept", "agreement.decline"],
            Self::FilingToConfirm => &["agreement.confirm", "agreement.dispute"],
        }
    }
}

impl fmt::Display for WaitingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that waits for a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The subject on which it is answered.
    pub about: Subject,
    /// What waits.
    pub kind: WaitingKind,
    /// The statement that an answer names.
    pub statement: StatementId,
    /// Its index.
    pub index: u64,
    /// When it was registered, unix milliseconds.
    pub time_ms: u64,
    /// Who signed it.
    pub from: Party,
    /// The last day to answer, in `zone`; `None` if there is none.
    pub until: Option<LegalDate>,
    /// The zone in which that day is counted.
    pub zone: String,
}

/// A source: looks at one subject.
type Source = fn(&World, &Party, &Subject, &Standing) -> Option<Waiting>;

/// Every source.
const SOURCES: [Source; 2] = [offer_to_answer, filing_to_confirm];

impl World {
    /// What in the docket of `about` waits for `party` at the time of a seal, as known there. The dockets of
    /// [`World::needs_of`] are at hand.
    pub fn waiting_for(&self, party: &Party, about: &Subject, known_at: KnownAt) -> Told<Waiting> {
        let standing = self.standing(about, On::Instant(known_at.time_ms), known_at);
        let lines = SOURCES.iter().filter_map(|source| source(self, party, about, &standing)).collect();
        Told { lines, doubt: doubt_of(&standing) }
    }
}

fn doubt_of(standing: &Standing) -> Option<Reason> {
    match standing.force {
        Force::Indeterminate(reason) => Some(reason),
        _ => None,
    }
}

fn offer_to_answer(world: &World, party: &Party, about: &Subject, standing: &Standing) -> Option<Waiting> {
    let Subject::Agreement { government, .. } = about else { return None };
    // An agreement that ended may come about again; nobody waits for that.
    let is_open = standing.force == Force::Offered && !standing.flags.contains(&Flag::Declined);
    if government != party || !is_open {
        return None;
    }
    let offer = offer_subject(about)?;
    let offered = world.standing(&offer, standing.on, standing.known_at);
    let made = known(world, &offer, standing.known_at).find(|entry| Some(entry.act.id()) == offered.carrier)?;
    let until = match made.act.body.as_deref() {
        Some(Body::OfferMake(body)) => body.open_until,
        _ => None,
    };
    line(about, WaitingKind::OfferToAnswer, made, until, offered.zone)
}

fn filing_to_confirm(world: &World, party: &Party, about: &Subject, standing: &Standing) -> Option<Waiting> {
    if !matches!(about, Subject::Agreement { vendor, .. } if vendor == party) {
        return None;
    }
    let entries = || known(world, about, standing.known_at);
    let filed = entries().filter(|entry| matches!(entry.act.body.as_deref(), Some(Body::File(_)))).last()?;
    let is_answered = entries().any(|entry| {
        let named = match entry.act.body.as_deref() {
            Some(Body::Confirm(body)) => body.reference,
            Some(Body::Dispute(body)) => body.reference,
            _ => return false,
        };
        named == filed.act.id() && entry.act.issuer() == Some(party)
    });
    if is_answered { None } else { line(about, WaitingKind::FilingToConfirm, filed, None, standing.zone.clone()) }
}

/// The admissible entries of a docket up to a seal.
fn known<'a>(world: &'a World, about: &Subject, known_at: KnownAt) -> impl Iterator<Item = &'a Entry> {
    let entries = world.history(about).map_or(&[][..], |history| &history.entries);
    entries.iter().filter(move |entry| entry.refusal().is_none() && entry.act.index <= known_at.index)
}

fn line(about: &Subject, kind: WaitingKind, entry: &Entry, until: Option<LegalDate>, zone: String) -> Option<Waiting> {
    let act = &entry.act;
    let from = act.issuer()?.clone();
    let (statement, index, time_ms) = (act.id(), act.index, act.time_ms);
    Some(Waiting { about: about.clone(), kind, statement, index, time_ms, from, until, zone })
}
