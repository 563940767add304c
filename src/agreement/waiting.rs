//! What waits for a party: what others did that it may answer, and has not.
//!
//! Each source looks at one subject and says what in it waits. A further source is a function and a line in [`SOURCES`].

use std::fmt;

use crate::agreement::accord::offer_subject;
use crate::agreement::day::LegalZone;
use crate::agreement::history::Entry;
use crate::agreement::{Flag, Force, KnownAt, On, Reason, Standing, Told, World};
use crate::statement::body::{Body, LegalDate};
use crate::statement::{KindName, Party, StatementId, Subject};

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WaitingKind {
    /// An open offer to this government that it neither accepted nor declined.
    OfferToAnswer,
    /// A paper that a government filed alone, which this vendor neither confirmed nor disputed.
    FilingToConfirm,
    /// A statement of this party that waits for another of its own keys.
    StatementToEndorse,
    /// An act of both that the other side signed, and this one has not.
    ActToSign,
}

impl WaitingKind {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OfferToAnswer => "offer_to_answer",
            Self::FilingToConfirm => "filing_to_confirm",
            Self::StatementToEndorse => "statement_to_endorse",
            Self::ActToSign => "act_to_sign",
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
    /// The statement that an answer names; of an act to sign, the one whose body the answer repeats.
    pub statement: StatementId,
    /// Its kind.
    pub statement_kind: KindName,
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

impl Waiting {
    /// The kinds of statement that answer it.
    pub fn answered_by(&self) -> Vec<&str> {
        match self.kind {
            WaitingKind::OfferToAnswer => vec!["agreement.accept", "agreement.decline"],
            WaitingKind::FilingToConfirm => vec!["agreement.confirm", "agreement.dispute"],
            WaitingKind::StatementToEndorse => vec!["endorse"],
            WaitingKind::ActToSign => vec![self.statement_kind.as_str()],
        }
    }
}

/// A source: looks at one subject.
type Source = fn(&World, &Party, &Subject, &Standing) -> Vec<Waiting>;

/// Every source.
const SOURCES: [Source; 3] = [
    |world, party, about, standing| offer_to_answer(world, party, about, standing).into_iter().collect(),
    |world, party, about, standing| filing_to_confirm(world, party, about, standing).into_iter().collect(),
    signatures_wanted,
];

impl World {
    /// What in the docket of `about` waits for `party` at the time of a seal, as known there. The dockets of
    /// [`World::needs_of`] are at hand.
    pub fn waiting_for(&self, party: &Party, about: &Subject, known_at: KnownAt) -> Told<Waiting> {
        let standing = self.standing(about, On::Instant(known_at.time_ms), known_at);
        let lines = SOURCES.iter().flat_map(|source| source(self, party, about, &standing)).collect();
        Told { lines, doubt: doubt_of(&standing) }
    }
}

impl World {
    /// Whether `party` is the one that a subject names, or stands in its place by now.
    fn speaks_for(&self, party: &Party, named: &Party, known_at: KnownAt) -> bool {
        self.heir(named, known_at.index + 1) == *party
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
    if !world.speaks_for(party, government, standing.known_at) || !is_open {
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
    let Subject::Agreement { vendor, .. } = about else { return None };
    if !world.speaks_for(party, vendor, standing.known_at) {
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
        named == filed.act.id() && world.is_or_succeeds(&entry.act, vendor)
    });
    if is_answered { None } else { line(about, WaitingKind::FilingToConfirm, filed, None, standing.zone.clone()) }
}

/// What waits for signatures of the party: its own keys, or the party as the other side.
fn signatures_wanted(world: &World, party: &Party, about: &Subject, standing: &Standing) -> Vec<Waiting> {
    let wanted = standing.pending.iter().filter_map(|pending| {
        let wants_keys = (pending.keys.len() as u64) < pending.threshold;
        let kind = match () {
            () if pending.issuer == *party && wants_keys => WaitingKind::StatementToEndorse,
            () if pending.awaits.as_ref() == Some(party) && !wants_keys => WaitingKind::ActToSign,
            () => return None,
        };
        let entry = known(world, about, standing.known_at).find(|entry| entry.act.id() == pending.id)?;
        let zone = LegalZone::named(&standing.zone);
        // It is over at an instant within that day.
        line(about, kind, entry, Some(zone.day_of(pending.until_ms)), standing.zone.clone())
    });
    wanted.collect()
}

/// The admissible entries of a docket up to a seal.
fn known<'a>(world: &'a World, about: &Subject, known_at: KnownAt) -> impl Iterator<Item = &'a Entry> {
    let entries = world.history(about).map_or(&[][..], |history| &history.entries);
    entries.iter().filter(move |entry| entry.refusal().is_none() && entry.act.index <= known_at.index)
}

fn line(about: &Subject, kind: WaitingKind, entry: &Entry, until: Option<LegalDate>, zone: String) -> Option<Waiting> {
    let act = &entry.act;
    let from = act.issuer()?.clone();
    let (statement, statement_kind) = (act.id(), act.statement.kind().clone());
    let (about, index, time_ms) = (about.clone(), act.index, act.time_ms);
    Some(Waiting { about, kind, statement, statement_kind, index, time_ms, from, until, zone })
}
