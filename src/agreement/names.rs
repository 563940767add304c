//! Which names can be taken for one another (rule 13): homoglyphs by UTS 39, other case, spaces and punctuation.

use std::collections::{BTreeMap, BTreeSet};

use unicode_security::skeleton;

use crate::statement::Party;

/// The names and ids of every party at hand, by what a reader sees.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Names {
    seen: BTreeMap<String, BTreeMap<Party, String>>,
}

impl Names {
    /// Keeps a name of a party.
    pub fn insert(&mut self, party: &Party, name: &str) {
        for looks in looks_of(name) {
            self.seen.entry(looks).or_default().entry(party.clone()).or_insert_with(|| name.to_owned());
        }
    }

    /// Another party with a name that can be taken for this one, and that name.
    pub fn collision(&self, party: &Party, name: &str) -> Option<(&Party, &str)> {
        let looks = looks_of(name);
        let mut others = looks.iter().filter_map(|looks| self.seen.get(looks)).flatten();
        others.find(|(other, _)| *other != party).map(|(other, name)| (other, name.as_str()))
    }

    /// Every party at hand.
    pub fn parties(&self) -> BTreeSet<&Party> {
        self.seen.values().flat_map(BTreeMap::keys).collect()
    }
}

/// What a reader sees in a name: as written, since a capital I looks like a small l; and in small letters.
fn looks_of(name: &str) -> BTreeSet<String> {
    [name.to_owned(), name.to_lowercase()].iter().map(|text| looks(text)).collect()
}

fn looks(text: &str) -> String {
    let seen: String = skeleton(text).filter(|c| c.is_alphanumeric()).collect();
    seen.to_lowercase()
}
