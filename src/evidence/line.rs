//! The lines of a verification: the parties that a file names, and the statements that it holds, each in its place.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::{Act, World};
use crate::evidence::summary::summary;
use crate::evidence::{CheckedFile, Trust};
use crate::statement::body::{Body, Description};
use crate::statement::{Issuer, Party, StatementId, Subject};

/// Whose word it is that a party is who it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyTrust {
    /// The verifier named its keys.
    Pinned,
    /// The registrar enrolled it.
    Enrolled,
    /// The registrar listed it; it has no keys.
    Listed,
    /// The registry has no docket of it.
    Unknown,
}

impl PartyTrust {
    /// As it is printed beside the party.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Pinned => "key pinned by you",
            Self::Enrolled => "key as enrolled by the registrar",
            Self::Listed => "listed by the registrar, without a key",
            Self::Unknown => "unknown to the registry",
        }
    }
}

/// A party that the file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyLine {
    /// Its id.
    pub party: Party,
    /// Its names, the one that it bears now first.
    pub names: Vec<String>,
    /// Whose word that is.
    pub trust: PartyTrust,
    /// Who has taken its place.
    pub successor: Option<Party>,
}

/// A statement of the file in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its place in the log.
    pub index: u64,
    /// Registration time, unix milliseconds.
    pub time_ms: u64,
    /// Its kind, known or not.
    pub kind: String,
    /// Who signed it.
    pub issuer: String,
    /// What it is about.
    pub subject: Subject,
    /// Its id.
    pub id: StatementId,
    /// What its body says, in a few words.
    pub summary: String,
    /// What declares it void: the index and the reason.
    pub void: Option<(u64, String)>,
}

/// Every statement with a body, by index, and what is void by all that is known up to `known_at`.
pub(in crate::evidence) fn history(world: &World, acts: &[Act], known_at: u64) -> Vec<HistoryLine> {
    let subjects: BTreeSet<&Subject> = acts.iter().map(|act| act.statement.subject()).collect();
    let voids: BTreeMap<StatementId, StatementId> =
        subjects.into_iter().flat_map(|subject| world.voids(subject, known_at)).collect();
    let reasons: BTreeMap<StatementId, (u64, &str)> = acts.iter().filter_map(reason_of).collect();
    let void_of = |id: &StatementId| reasons.get(voids.get(id)?).map(|(index, reason)| (*index, (*reason).to_owned()));
    let line = |act: &Act| HistoryLine {
        index: act.index,
        time_ms: act.time_ms,
        kind: act.statement.kind().to_string(),
        issuer: match act.statement.issuer() {
            Issuer::Party(party) => party.to_string(),
            Issuer::Log => act.statement.origin().to_string(),
        },
        subject: act.statement.subject().clone(),
        id: act.id(),
        summary: summary(&act.statement),
        void: void_of(&act.id()),
    };
    let mut history: Vec<HistoryLine> = acts.iter().map(line).collect();
    history.sort_by_key(|line| line.index);
    history
}

/// The id of a `void`, its index, and its reason.
fn reason_of(act: &Act) -> Option<(StatementId, (u64, &str))> {
    match act.body.as_deref()? {
        Body::Void(body) => Some((act.id(), (act.index, body.reason.as_str()))),
        _ => None,
    }
}

/// Every party whose docket the file holds, with its names and whose word they are.
pub(in crate::evidence) fn parties(
    file: &CheckedFile<'_>,
    world: &World,
    acts: &[Act],
    trust: &Trust,
    known_at: u64,
) -> Vec<PartyLine> {
    let mut lines = Vec::new();
    for (subject, places) in file.dockets() {
        let Subject::Party(party) = subject else { continue };
        let own: Vec<&Act> =
            places.iter().map(|place| &acts[*place]).filter(|act| act.statement.subject() == subject).collect();
        let now = world.describe(party, known_at + 1);
        let word = match now {
            _ if trust.party_keys.contains_key(party) => PartyTrust::Pinned,
            Some(_) if world.is_enrolled(party, known_at + 1) => PartyTrust::Enrolled,
            Some(_) => PartyTrust::Listed,
            // Who came into the registry after the time asked for is spelt right all the same.
            None => own.iter().filter(|act| act.index > known_at).fold(PartyTrust::Unknown, entered),
        };
        let names = if word == PartyTrust::Unknown { Vec::new() } else { names(now.as_ref(), &own) };
        let successor = world.successor(party, known_at).cloned();
        lines.push(PartyLine { party: party.clone(), names, trust: word, successor });
    }
    lines.sort_by(|a, b| a.party.cmp(&b.party));
    lines
}

/// What becomes of a party by one more statement on it.
fn entered(before: PartyTrust, act: &&Act) -> PartyTrust {
    match act.body.as_deref() {
        Some(Body::PartyEnrol(_)) => PartyTrust::Enrolled,
        Some(Body::PartyList(_)) if before == PartyTrust::Unknown => PartyTrust::Listed,
        _ => before,
    }
}

/// The names that a party bears now, and then those that it was listed or enrolled with.
fn names(now: Option<&Description>, own: &[&Act]) -> Vec<String> {
    let listed = own.iter().flat_map(|act| match act.body.as_deref() {
        Some(Body::PartyList(body)) => body.names.as_slice(),
        Some(Body::PartyEnrol(body)) => body.description.names.as_slice(),
        _ => &[],
    });
    let mut seen = BTreeSet::new();
    let all = now.into_iter().flat_map(|known| &known.names).chain(listed).map(|name| name.name.as_str());
    all.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}
