//! What statements touch, kept for the endorsements and voids that name them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use nospy::statement::{Named, StatementId};

/// Most statements that are kept.
const NAMED_MAX: usize = 16_384;
/// Most subjects that they touch together: a subject is short, and a statement may touch hundreds.
const SUBJECTS_MAX: usize = 65_536;

/// Statements by their ids, each with its index. What is no longer kept is asked for again.
#[derive(Default)]
pub struct Names {
    kept: BTreeMap<StatementId, (u64, Named)>,
    subjects: usize,
}

impl Names {
    /// What the statement touches, if it is kept. Only an entry below `before` may be named there (formats §6).
    pub fn get(&self, id: &StatementId, before: u64) -> Option<&Named> {
        self.kept.get(id).filter(|(index, _)| *index < before).map(|(_, named)| named)
    }

    /// Keeps the statement that is entry `index`.
    pub fn keep(&mut self, id: StatementId, index: u64, named: Named) {
        let subjects = named.touches.len();
        if self.kept.len() >= NAMED_MAX || self.subjects.saturating_add(subjects) > SUBJECTS_MAX {
            self.kept.clear();
            self.subjects = 0;
        }
        // A log that holds a statement twice means the first.
        if let Entry::Vacant(place) = self.kept.entry(id) {
            place.insert((index, named));
            self.subjects += subjects;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use nospy::crypto::sha256;
    use nospy::statement::{NamedRole, Subject};

    use super::*;

    #[test]
    fn what_is_kept_is_bounded_by_the_subjects_too() {
        let touches: BTreeSet<Subject> = (0..600).map(|n| format!("offer/v/r-{n}").parse().unwrap()).collect();
        let subject = touches.first().unwrap().clone();
        let named = Named { role: NamedRole::Act, subject, touches };
        let mut names = Names::default();
        for n in 0..1_000_u64 {
            let id = sha256(&[&n.to_be_bytes()]);
            names.keep(id, n, named.clone());
            assert!(names.get(&id, n + 1).is_some() && names.get(&id, n).is_none());
            let held: usize = names.kept.values().map(|(_, named)| named.touches.len()).sum();
            assert!(held == names.subjects && held <= SUBJECTS_MAX, "{n}: {held}");
        }
    }
}
