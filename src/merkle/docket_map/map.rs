//! The map as the registry holds it: the upper part of the trie in memory, the rest in buckets.
//!
//! A part of the trie with at most [`BUCKET_KEYS_MAX`] keys is a *bucket*: only its hash is kept, about 26 bytes for each
//! subject in all, and storage holds nothing but keys and values. A larger part is a *branch* of two halves. Which
//! parts are branches depends on the set of keys alone, so a map that grew and one built at opening are the same. A
//! bucket that outgrows its limit becomes a branch in the same stroke, from the leaves that were just read: there is
//! no day on which everything is rebuilt.
//!
//! Branches are shared and never changed. A clone is one pointer, and keeps its state while the map moves on; an
//! update makes new branches along the changed keys only.
//!
//! Every bucket that is read is compared with the hash in memory before it is used (else damaged storage would go
//! into the next root, over the registry's own signature).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::merkle::docket_map::bucket::{
    BUCKET_BITS_MAX, BUCKET_KEYS_MAX, BucketReader, Leaf, MapReadError, bucket_range, halves, root, walk,
};
use crate::merkle::docket_map::check::MapProof;
use crate::merkle::docket_map::hash::{DocketValue, EMPTY_MAP_ROOT, bit, docket_node, shared_bits};
use crate::merkle::hash::Hash;

/// The docket map of one state of the log. A clone costs one pointer.
#[derive(Clone, Debug, Default)]
pub struct DocketMap {
    top: Subtree,
    len: u64,
}

/// A part of the trie below some prefix.
#[derive(Clone, Debug, Default)]
enum Subtree {
    /// No key.
    #[default]
    Empty,
    /// 1 … 8 keys (more only at depth 32): the root over their leaves. Of one key it is the leaf's hash itself.
    Bucket(Hash),
    /// More than 8 keys.
    Branch(Arc<Branch>),
}

#[derive(Debug)]
struct Branch {
    hash: Hash,
    left: Subtree,
    right: Subtree,
}

/// An update that is computed but not in force: the log seals [`MapUpdate::root`], commits, and then applies it.
#[derive(Clone, Debug)]
#[must_use = "an update changes nothing until it is applied"]
pub struct MapUpdate {
    root_old: Hash,
    map: DocketMap,
}

impl MapUpdate {
    /// The root after the update.
    pub fn root(&self) -> Hash {
        self.map.root()
    }

    /// The number of keys after the update.
    pub fn len(&self) -> u64 {
        self.map.len()
    }

    /// Whether the map has no keys after the update.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl DocketMap {
    /// The map without keys.
    pub fn new() -> DocketMap {
        DocketMap::default()
    }

    /// Builds the map from all keys and values, strictly ascending by key. Each item is looked at once; only the map
    /// itself is kept.
    ///
    /// # Errors
    /// [`MapReadError::Read`] with the first item that is an error, [`MapReadError::Unsorted`],
    /// [`MapReadError::CountZero`].
    pub fn build<E>(
        items: impl IntoIterator<Item = Result<(Hash, DocketValue), E>>,
    ) -> Result<DocketMap, MapReadError<E>> {
        let mut source = Source { items: items.into_iter(), ahead: VecDeque::new(), last: None, len: 0 };
        let top = source.build(Place::TOP, &EMPTY_MAP_ROOT)?;
        Ok(DocketMap { top, len: source.len })
    }

    /// The docket root: 32 zero bytes without keys.
    pub fn root(&self) -> Hash {
        self.top.hash()
    }

    /// The number of keys.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the map has no keys.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Computes the map after `changes` (new keys, and new values of old keys), without changing anything. `reader` serves
    /// the state that this map is in. Costs the buckets of the changed keys and the branches above them.
    ///
    /// # Errors
    /// [`MapReadError::Read`] when the reader fails, [`MapReadError::BucketMismatch`] when it serves another state,
    /// [`MapReadError::CountZero`] for a change to count 0.
    pub fn plan_update<R: BucketReader>(
        &self,
        reader: &R,
        changes: &BTreeMap<Hash, DocketValue>,
    ) -> Result<MapUpdate, MapReadError<R::Error>> {
        if changes.values().any(|value| value.count == 0) {
            return Err(MapReadError::CountZero);
        }
        let changes: Vec<Leaf> = changes.iter().map(|(key, value)| Leaf::new(key, value)).collect();
        let mut len = self.len;
        let top = self.top.update(Place::TOP, reader, &changes, &mut len)?;
        Ok(MapUpdate { root_old: self.root(), map: DocketMap { top, len } })
    }

    /// Puts a planned update in force.
    ///
    /// # Panics
    /// When the update was planned on another state: the log has one writer, and it applies what it planned last.
    pub fn apply(&mut self, update: MapUpdate) {
        assert!(update.root_old == self.root(), "an update is applied to the map that it was planned on");
        *self = update.map;
    }

    /// The value of a key with the proof of its presence, or `None` with the proof of its absence. `reader` serves the
    /// state that this map is in. Reads one bucket.
    ///
    /// # Errors
    /// [`MapReadError::Read`] when the reader fails, [`MapReadError::BucketMismatch`] when it serves another state.
    pub fn prove<R: BucketReader>(
        &self,
        reader: &R,
        key: &Hash,
    ) -> Result<(Option<DocketValue>, MapProof), MapReadError<R::Error>> {
        let mut siblings = Vec::new();
        let (mut subtree, mut place) = (&self.top, Place::TOP);
        while let Subtree::Branch(branch) = subtree {
            let is_right = bit(key, place.depth());
            let (next, sibling) = if is_right { (&branch.right, &branch.left) } else { (&branch.left, &branch.right) };
            siblings.push(sibling.hash());
            (subtree, place) = (next, place.half(is_right));
        }
        let stored = subtree.read(place, reader)?;
        let leaves: Vec<Leaf> = stored.iter().map(|(_, leaf)| *leaf).collect();
        let found = walk(&leaves, key, place.depth(), &mut siblings);
        siblings.reverse();
        Ok(match found.map(|position| (leaves[position].key, stored[position].0)) {
            Some((at, value)) if at == *key => (Some(value), MapProof { siblings, other: None }),
            Some((at, value)) => (None, MapProof { siblings, other: Some((at, value.to_bytes())) }),
            None => (None, MapProof { siblings, other: None }),
        })
    }
}

/// A prefix: the place of a subtree.
#[derive(Clone, Copy)]
struct Place {
    bits: u8,
    prefix: u32,
}

impl Place {
    const TOP: Place = Place { bits: 0, prefix: 0 };

    fn depth(self) -> usize {
        usize::from(self.bits)
    }

    /// One half of it; only places above depth 32 are halved.
    fn half(self, is_right: bool) -> Place {
        debug_assert!(self.bits < BUCKET_BITS_MAX);
        Place { bits: self.bits + 1, prefix: self.prefix << 1 | u32::from(is_right) }
    }

    /// Whether a part with this many keys is a branch.
    fn is_branch(self, keys: usize) -> bool {
        keys > BUCKET_KEYS_MAX && self.bits < BUCKET_BITS_MAX
    }
}

impl Subtree {
    fn hash(&self) -> Hash {
        match self {
            Subtree::Empty => EMPTY_MAP_ROOT,
            Subtree::Bucket(hash) => *hash,
            Subtree::Branch(branch) => branch.hash,
        }
    }

    fn branch(left: Subtree, right: Subtree) -> Subtree {
        let hash = docket_node(&left.hash(), &right.hash());
        Subtree::Branch(Arc::new(Branch { hash, left, right }))
    }

    /// The subtree over all leaves at a place, ascending. Depth ≤ 32, then [`root`].
    fn over(place: Place, leaves: &[Leaf]) -> Subtree {
        if leaves.is_empty() {
            Subtree::Empty
        } else if place.is_branch(leaves.len()) {
            let (left, right) = halves(leaves, place.depth());
            Subtree::branch(Subtree::over(place.half(false), left), Subtree::over(place.half(true), right))
        } else {
            Subtree::Bucket(root(leaves, place.depth()))
        }
    }

    /// The leaves of a subtree that is no branch, checked against its hash.
    fn read<R: BucketReader>(
        &self,
        place: Place,
        reader: &R,
    ) -> Result<Vec<(DocketValue, Leaf)>, MapReadError<R::Error>> {
        if matches!(self, Subtree::Empty) {
            return Ok(Vec::new());
        }
        let items = reader.bucket(place.bits, place.prefix).map_err(MapReadError::Read)?;
        if !items.is_sorted_by(|one, next| one.0 < next.0) {
            return Err(MapReadError::Unsorted);
        }
        let mismatch = || MapReadError::BucketMismatch { prefix_bits: place.bits, prefix: place.prefix };
        // Keys from elsewhere could agree in every bit below the prefix, where `root` would look for a difference.
        let (first, last) = bucket_range(place.bits, place.prefix);
        if items.iter().any(|(key, _)| *key < first || *key > last) {
            return Err(mismatch());
        }
        let stored: Vec<(DocketValue, Leaf)> =
            items.into_iter().map(|(key, value)| (value, Leaf::new(&key, &value))).collect();
        let leaves: Vec<Leaf> = stored.iter().map(|(_, leaf)| *leaf).collect();
        if root(&leaves, place.depth()) != self.hash() {
            return Err(mismatch());
        }
        Ok(stored)
    }

    /// The subtree after `changes`, all of which lie at this place, ascending. Adds the new keys to `len`. Depth ≤ 32.
    fn update<R: BucketReader>(
        &self,
        place: Place,
        reader: &R,
        changes: &[Leaf],
        len: &mut u64,
    ) -> Result<Subtree, MapReadError<R::Error>> {
        if changes.is_empty() {
            return Ok(self.clone());
        }
        if let Subtree::Branch(branch) = self {
            let (left, right) = halves(changes, place.depth());
            return Ok(Subtree::branch(
                branch.left.update(place.half(false), reader, left, len)?,
                branch.right.update(place.half(true), reader, right, len)?,
            ));
        }
        let stored = self.read(place, reader)?;
        let leaves = overlay(&stored, changes);
        *len += (leaves.len() - stored.len()) as u64;
        Ok(Subtree::over(place, &leaves))
    }
}

/// Two ascending lists as one; where both have a key, the change counts.
fn overlay(stored: &[(DocketValue, Leaf)], changes: &[Leaf]) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(stored.len() + changes.len());
    let mut changes = changes.iter().copied().peekable();
    for (_, leaf) in stored {
        while let Some(change) = changes.next_if(|change| change.key < leaf.key) {
            leaves.push(change);
        }
        leaves.push(changes.next_if(|change| change.key == leaf.key).unwrap_or(*leaf));
    }
    leaves.extend(changes);
    leaves
}

/// The items of [`DocketMap::build`], looked at a few ahead.
struct Source<I> {
    items: I,
    ahead: VecDeque<Leaf>,
    last: Option<Hash>,
    len: u64,
}

impl<E, I: Iterator<Item = Result<(Hash, DocketValue), E>>> Source<I> {
    /// The subtree over all coming items that share the prefix of `place`, of which `first` is the lowest key. At each
    /// call no item below `first` is left. Depth ≤ 32.
    fn build(&mut self, place: Place, first: &Hash) -> Result<Subtree, MapReadError<E>> {
        self.look_ahead(BUCKET_KEYS_MAX + 1)?;
        let is_here = |leaf: &Leaf| shared_bits(&leaf.key, first) >= place.depth();
        let count = self.ahead.partition_point(is_here);
        if place.is_branch(count) {
            let left = self.build(place.half(false), first)?;
            let mut middle = *first;
            middle[place.depth() / 8] |= 0x80 >> (place.depth() % 8);
            return Ok(Subtree::branch(left, self.build(place.half(true), &middle)?));
        }
        let mut leaves: Vec<Leaf> = self.ahead.drain(..count).collect();
        // Only at depth 32 can more come.
        while self.ahead.is_empty() {
            self.look_ahead(1)?;
            match self.ahead.front() {
                Some(leaf) if is_here(leaf) => leaves.extend(self.ahead.pop_front()),
                _ => break,
            }
        }
        Ok(Subtree::over(place, &leaves))
    }

    fn look_ahead(&mut self, count: usize) -> Result<(), MapReadError<E>> {
        while self.ahead.len() < count {
            let Some(item) = self.items.next() else { return Ok(()) };
            let (key, value) = item.map_err(MapReadError::Read)?;
            if self.last.is_some_and(|last| last >= key) {
                return Err(MapReadError::Unsorted);
            }
            if value.count == 0 {
                return Err(MapReadError::CountZero);
            }
            self.last = Some(key);
            self.len += 1;
            self.ahead.push_back(Leaf::new(&key, &value));
        }
        Ok(())
    }
}
