//! The keys of everybody who was ever enrolled.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::agreement::{Refusal, Rule};
use crate::codec::Item;
use crate::crypto::{Kid, PublicKey};
use crate::statement::Statement;

/// Every key that was ever enrolled, by its id, with the party that holds it. Whether a key may sign is judged at the
/// desk, by index.
#[derive(Default)]
pub struct KeyIndex(RwLock<HashMap<Kid, (PublicKey, String)>>);

impl KeyIndex {
    /// The key with this id.
    pub fn get(&self, kid: &Kid) -> Option<PublicKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(kid).map(|(key, _)| *key)
    }

    /// Learns the keys that a logged statement names: enrolments, grants, the genesis.
    pub fn learn(&self, statement: &Statement) {
        let keys = keys_of(statement);
        if !keys.is_empty() {
            let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for key in keys {
                index.entry(key.kid()).or_insert_with(|| (key, statement.subject().to_string()));
            }
        }
    }

    /// Checks that no other party holds a key that `statement` names (rule 13: one party for ever). The folded dockets
    /// at the desk are a cache and may not hold that party; this index holds every key of the log.
    ///
    /// # Errors
    /// [`Rule::KeyTaken`].
    pub(in crate::registry) fn check_free(&self, statement: &Statement) -> Result<(), Refusal> {
        let keys = keys_of(statement);
        if keys.is_empty() {
            return Ok(());
        }
        let (index, holder) = (self.0.read().unwrap_or_else(PoisonError::into_inner), statement.subject().to_string());
        let taken =
            keys.iter().map(PublicKey::kid).find(|kid| index.get(kid).is_some_and(|(_, other)| *other != holder));
        taken.map_or(Ok(()), |kid| {
            Err(Refusal {
                rule: Rule::KeyTaken,
                message: format!("the key {kid} belongs to another party, once and for ever"),
                accepted: "a new key".into(),
            })
        })
    }
}

/// The keys that a statement names, read from its bytes.
pub(in crate::registry) fn keys_of(statement: &Statement) -> Vec<PublicKey> {
    if !matches!(statement.kind().family(), "party" | "registry") {
        return Vec::new();
    }
    let body = statement.body();
    let member = |item: Item<'_>| item.field("key").and_then(|key| key.bytes()).and_then(to_key);
    let list = |field| body.field(field).and_then(|list: Item<'_>| list.array()).into_iter().flatten();
    let registrars = body.field("registrars").and_then(|registrars| registrars.field("keys"));
    let registrars = registrars.and_then(|keys| keys.array()).into_iter().flatten();
    let registrars = registrars.filter_map(|key| key.bytes().and_then(to_key));
    // A policy grants bare keys; a party's grants are maps.
    let granted = |item: Item<'_>| member(item).or_else(|| item.bytes().and_then(to_key));
    list("keys").chain(list("grant")).filter_map(granted).chain(registrars).collect()
}

fn to_key(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::from_bytes(bytes).ok()
}
