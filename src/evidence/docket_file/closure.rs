//! Which dockets a file about a subject holds, and in which order (formats §9): one pure function for who builds
//! such a file and for who checks it.
//!
//! A file must let a stranger judge the standing without asking anybody. So it holds, besides the docket asked for,
//! what its entries rest on: the offers behind agreements, the agreements between two parties and between those
//! whose heirs they are, the registry, and the keys of everyone who signed anything in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::statement::{GovernmentOrCountry, Issuer, Party, RollName, Statement, Subject};

/// Most generations of predecessors that a file about `between/…` follows; one more refuses the file.
pub const HEIR_GENERATIONS_MAX: usize = 16;

/// Why the dockets cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClosureError<E> {
    /// A chain of successions longer than [`HEIR_GENERATIONS_MAX`].
    #[error("the parties follow more than 16 generations of predecessors")]
    TooManySuccessions,
    /// More dockets than the caller has room for.
    #[error("more than {limit} dockets belong to the file")]
    TooManyDockets {
        /// The caller's limit.
        limit: usize,
    },
    /// A docket could not be looked up.
    #[error(transparent)]
    Lookup(E),
}

/// The subjects of the dockets of a file about `about`, in the file's order; `about` is the first, none stands
/// twice.
///
/// `lookup` gives the statements of a docket, none if it does not exist. It is asked for full dockets only (never
/// for a [`Subject::is_list`]), and at most once for each. `limit` is the most subjects that the caller has room for:
/// mergers on both sides multiply, so the work is bounded by it.
///
/// # Errors
/// [`ClosureError::TooManySuccessions`], [`ClosureError::TooManyDockets`], or what `lookup` fails with.
pub fn required_dockets<E>(
    about: &Subject,
    limit: usize,
    lookup: impl FnMut(&Subject) -> Result<Vec<Arc<Statement>>, E>,
) -> Result<Vec<Subject>, ClosureError<E>> {
    let mut closure = Closure { lookup, limit, read: BTreeMap::new(), order: Vec::new(), known: BTreeSet::new() };
    closure.push(about.clone())?;
    match about {
        Subject::Agreement { vendor, reference, .. } => {
            closure.push(Subject::Offer { vendor: vendor.clone(), reference: reference.clone() })?;
        }
        Subject::Between { vendor, government } => closure.between(vendor, government)?,
        _ => {}
    }
    closure.push(Subject::Registry)?;
    closure.parties()?;
    Ok(closure.order)
}

struct Closure<F> {
    lookup: F,
    limit: usize,
    /// What `lookup` answered.
    read: BTreeMap<Subject, Vec<Arc<Statement>>>,
    order: Vec<Subject>,
    known: BTreeSet<Subject>,
}

type Pair = (Party, GovernmentOrCountry);

impl<E, F: FnMut(&Subject) -> Result<Vec<Arc<Statement>>, E>> Closure<F> {
    fn push(&mut self, subject: Subject) -> Result<(), ClosureError<E>> {
        if self.known.insert(subject.clone()) {
            self.check_limit(self.known.len())?;
            self.order.push(subject);
        }
        Ok(())
    }

    fn check_limit(&self, count: usize) -> Result<(), ClosureError<E>> {
        match count <= self.limit {
            true => Ok(()),
            false => Err(ClosureError::TooManyDockets { limit: self.limit }),
        }
    }

    fn statements(&mut self, subject: &Subject) -> Result<&[Arc<Statement>], ClosureError<E>> {
        if !self.read.contains_key(subject) {
            let statements = if subject.is_list() {
                Vec::new() // thin: their statements are fetched apart
            } else {
                (self.lookup)(subject).map_err(ClosureError::Lookup)?
            };
            self.read.insert(subject.clone(), statements);
        }
        Ok(self.read.get(subject).map_or(&[], Vec::as_slice))
    }

    /// What the entries of `between/…` name, then generation by generation the same for every pair of predecessors.
    fn between(&mut self, vendor: &Party, government: &GovernmentOrCountry) -> Result<(), ClosureError<E>> {
        let mut generation: Vec<Pair> = vec![(vendor.clone(), government.clone())];
        let mut seen: BTreeSet<Pair> = generation.iter().cloned().collect();
        for depth in 0.. {
            let dockets: Vec<Subject> = generation
                .iter()
                .map(|(vendor, government)| Subject::Between { vendor: vendor.clone(), government: government.clone() })
                .collect();
            for docket in sorted_by_text(dockets) {
                self.push(docket.clone())?;
                self.named_by(&docket)?;
            }
            generation = self.predecessors(&generation, &mut seen)?;
            if generation.is_empty() {
                break;
            }
            if depth >= HEIR_GENERATIONS_MAX {
                return Err(ClosureError::TooManySuccessions);
            }
        }
        Ok(())
    }

    /// The pairs one step of succession before `generation`, on either side, that are not seen yet.
    fn predecessors(&mut self, generation: &[Pair], seen: &mut BTreeSet<Pair>) -> Result<Vec<Pair>, ClosureError<E>> {
        let mut before = Vec::new();
        for (vendor, government) in generation {
            let mut pairs = Vec::new();
            for predecessor in self.predecessors_of(vendor)? {
                pairs.push((predecessor, government.clone()));
            }
            // A country has no heirs, and a predecessor that is no government no `between`.
            if let Ok(organ) = government.as_str().parse::<Party>() {
                let organs = self.predecessors_of(&organ)?;
                let governments = organs.iter().filter_map(|organ| GovernmentOrCountry::try_from(organ).ok());
                pairs.extend(governments.map(|predecessor| (vendor.clone(), predecessor)));
            }
            before.extend(pairs.into_iter().filter(|pair| seen.insert(pair.clone())));
            self.check_limit(seen.len())?;
        }
        Ok(before)
    }

    /// Whose heir `party` is, by the bytes of the successions in its docket.
    fn predecessors_of(&mut self, party: &Party) -> Result<BTreeSet<Party>, ClosureError<E>> {
        if party.is_registrar() {
            return Ok(BTreeSet::new());
        }
        let statements = self.statements(&Subject::Party(party.clone()))?;
        let succeeded = statements.iter().filter(|statement| statement.successor().as_ref() == Some(party));
        let predecessors = succeeded.filter_map(|statement| match statement.subject() {
            Subject::Party(predecessor) => Some(predecessor.clone()),
            _ => None,
        });
        Ok(predecessors.collect())
    }

    /// Every agreement that the entries of `docket` name in claim 2 with its offer, and every offer they name.
    fn named_by(&mut self, docket: &Subject) -> Result<(), ClosureError<E>> {
        let mut named = BTreeSet::new();
        for statement in self.statements(docket)? {
            match statement.subject() {
                agreement @ Subject::Agreement { vendor, reference, .. } => {
                    named.insert(agreement.clone());
                    named.insert(Subject::Offer { vendor: vendor.clone(), reference: reference.clone() });
                }
                offer @ Subject::Offer { .. } => {
                    named.insert(offer.clone());
                }
                _ => {}
            }
        }
        sorted_by_text(named).into_iter().try_for_each(|subject| self.push(subject))
    }

    /// `party/…` of every issuer that appears and of every party that a subject names, until nobody is missing: a
    /// party's own docket may hold statements of others.
    fn parties(&mut self) -> Result<(), ClosureError<E>> {
        let mut parties = BTreeSet::new();
        let mut todo = self.order.clone();
        while let Some(subject) = todo.pop() {
            let mut appear = parties_of(&subject);
            for statement in self.statements(&subject)? {
                match statement.issuer() {
                    Issuer::Party(party) if !appear.contains(party) => appear.push(party.clone()),
                    _ => {}
                }
            }
            for party in appear {
                let docket = Subject::Party(party.clone());
                if !party.is_registrar() && parties.insert(party) && !self.known.contains(&docket) {
                    todo.push(docket);
                }
            }
        }
        // Parties sort as their subjects do: the texts differ in the same place.
        parties.into_iter().try_for_each(|party| self.push(Subject::Party(party)))
    }
}

/// The parties that a subject names; a country is no party.
pub fn parties_of(subject: &Subject) -> Vec<Party> {
    match subject {
        Subject::Registry | Subject::Parties | Subject::Roll(RollName::Country(_)) => Vec::new(),
        Subject::Party(party) | Subject::Roll(RollName::Party(party)) => vec![party.clone()],
        Subject::Offer { vendor, .. } | Subject::Participants { vendor, .. } => vec![vendor.clone()],
        Subject::Agreement { vendor, government, .. } => vec![vendor.clone(), government.clone()],
        Subject::Report { reporter, .. } => vec![reporter.clone()],
        Subject::Between { vendor, government } => {
            [Some(vendor.clone()), government.as_str().parse().ok()].into_iter().flatten().collect()
        }
    }
}

fn sorted_by_text(subjects: impl IntoIterator<Item = Subject>) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = subjects.into_iter().collect();
    subjects.sort_by_cached_key(Subject::to_string);
    subjects
}
