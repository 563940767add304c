//! Who stands in the place of whom: agreements keep their subject and follow the party.

use crate::agreement::{Act, World};
use crate::statement::body::Body;
use crate::statement::{Party, Subject};

/// Most successions that are followed, one after the other (formats §9).
pub const HEIR_GENERATIONS_MAX: usize = 16;

impl World {
    /// Who stands in the place of `party` for a statement at `index`: itself, if nobody does.
    pub(in crate::agreement) fn heir(&self, party: &Party, index: u64) -> Party {
        let mut heir = party.clone();
        for _ in 0..HEIR_GENERATIONS_MAX {
            match self.party(&heir).and_then(|state| state.successor(index)) {
                Some(next) => heir = next.clone(),
                None => break,
            }
        }
        heir
    }

    /// Who took the place of `party`, by what is known up to index `known_at`; the nearest generation.
    pub fn successor(&self, party: &Party, known_at: u64) -> Option<&Party> {
        self.party(party)?.successor(known_at + 1)
    }

    /// Whether the issuer of an act is `party`, or stands in its place.
    pub(in crate::agreement) fn is_or_succeeds(&self, act: &Act, party: &Party) -> bool {
        act.issuer().is_some_and(|issuer| issuer == party || *issuer == self.heir(party, act.index))
    }

    /// Whom a `party.succeed` before `index` names `party` as the successor of, complete or not: read from the docket of
    /// `party` alone.
    pub(in crate::agreement) fn named_as_heir<'a>(
        &'a self,
        party: &'a Party,
        index: u64,
    ) -> impl Iterator<Item = &'a Party> {
        let entries = self.history(&Subject::Party(party.clone())).into_iter().flat_map(|history| &history.entries);
        entries.take_while(move |entry| entry.act.index < index).filter_map(move |entry| {
            match (entry.act.body.as_deref(), entry.act.statement.subject()) {
                (Some(Body::PartySucceed(body)), Subject::Party(other)) if body.successor == *party => Some(other),
                _ => None,
            }
        })
    }

    /// Whose place `party` took, by what is known up to index `known_at`; the nearest generation.
    pub(in crate::agreement) fn predecessors(&self, party: &Party, known_at: u64) -> Vec<Party> {
        let mut found: Vec<Party> = self.named_as_heir(party, known_at.saturating_add(1)).cloned().collect();
        found.sort();
        found.dedup();
        found.retain(|other| {
            self.party(other).and_then(|state| state.successor(known_at + 1)).is_some_and(|heir| heir == party)
        });
        found
    }

    /// Whether the place of a party was taken on the registrar's word, up to `known_at`.
    pub(in crate::agreement) fn is_succeeded_by_registrar(&self, party: &Party, known_at: u64) -> bool {
        let mut at = party.clone();
        for _ in 0..HEIR_GENERATIONS_MAX {
            let Some(state) = self.party(&at) else { return false };
            let Some(next) = state.successor(known_at + 1).cloned() else { return false };
            if state.is_succeeded_by_registrar(known_at + 1) {
                return true;
            }
            at = next;
        }
        false
    }

    /// Whether two issuers are the two sides of an act of both.
    pub(in crate::agreement) fn are_sides(&self, act: &Act, body: &Body, one: &Party, other: &Party) -> bool {
        match (act.statement.subject(), body) {
            (Subject::Party(party), Body::PartySucceed(body)) => {
                let is_before = |issuer: &Party| issuer == party || issuer.is_registrar();
                (is_before(one) && *other == body.successor) || (is_before(other) && *one == body.successor)
            }
            (Subject::Agreement { vendor, government, .. }, _) => {
                let (vendor, government) = (self.heir(vendor, act.index), self.heir(government, act.index));
                (*one == vendor && *other == government) || (*one == government && *other == vendor)
            }
            _ => false,
        }
    }

    /// The side that has not signed an act of both.
    pub(in crate::agreement) fn other_side(&self, act: &Act, body: &Body, known_at: u64) -> Option<Party> {
        let issuer = act.issuer()?;
        match (act.statement.subject(), body) {
            (Subject::Party(party), Body::PartySucceed(body)) => {
                Some(if *issuer == body.successor { party.clone() } else { body.successor.clone() })
            }
            (Subject::Agreement { vendor, government, .. }, _) => {
                let (vendor, government) = (self.heir(vendor, known_at + 1), self.heir(government, known_at + 1));
                Some(if *issuer == vendor { government } else { vendor })
            }
            _ => None,
        }
    }
}
