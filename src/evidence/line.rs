//! The lines of a verification: the parties that a file names, and the statements that it holds, each in its place.

use crate::agreement::{Act, World};
use crate::evidence::summary::summary;
use crate::evidence::{CheckedFile, Trust};
use crate::statement::body::Body;
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
        void: void_of(world, acts, act, known_at),
    };
    let mut history: Vec<HistoryLine> = acts.iter().map(line).collect();
    history.sort_by_key(|line| line.index);
    history
}

fn void_of(world: &World, acts: &[Act], act: &Act, known_at: u64) -> Option<(u64, String)> {
    let by = world.void_of(act, known_at)?;
    let void = acts.iter().find(|other| other.id() == by)?;
    match void.body.as_deref()? {
        Body::Void(body) => Some((void.index, body.reason.as_str().to_owned())),
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
        let now = world.describe(party, known_at + 1);
        let mut names: Vec<String> =
            now.into_iter().flat_map(|known| &known.names).map(|name| name.name.as_str().to_owned()).collect();
        let mut word = PartyTrust::Unknown;
        for act in places.iter().map(|place| &acts[*place]).filter(|act| act.statement.subject() == subject) {
            match act.statement.kind().as_str() {
                "party.list" if word == PartyTrust::Unknown => word = PartyTrust::Listed,
                "party.enrol" => word = PartyTrust::Enrolled,
                _ => {}
            }
            for name in act.statement.body().field("names").and_then(|names| names.array()).into_iter().flatten() {
                let name = name.field("name").and_then(|name| name.text());
                names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
            }
        }
        if trust.party_keys.contains_key(party) {
            word = PartyTrust::Pinned;
        }
        let successor = world.successor(party, known_at).cloned();
        lines.push(PartyLine { party: party.clone(), names, trust: word, successor });
    }
    lines.sort_by(|a, b| a.party.cmp(&b.party));
    lines
}
