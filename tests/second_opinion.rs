//! Notes, checkpoints, tiles and proofs before the public crates of these formats: what one accepts, the other does.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod served;
mod wire;

use std::collections::BTreeMap;

use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::merkle::{self, tiles};
use proptest::prelude::*;
use served::{Engine, Served, listing};
use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, Tile, TileHashReader, TileReader};
use wire::get;

/// Whether the other crate finds the note signed by this key.
fn they_accept(bytes: &[u8], vkey: &str) -> bool {
    let verifier = StandardVerifier::new(vkey).unwrap();
    let list = VerifierList::new(vec![Box::new(verifier)]);
    signed_note::Note::from_bytes(bytes).is_ok_and(|note| note.verify(&list).is_ok())
}

fn we_accept(bytes: &[u8], key: &KeyLine) -> bool {
    Note::parse(bytes).is_ok_and(|note| note.is_signed_by(key) == Ok(true))
}

fn key(name: &str, seed: u8) -> (KeyLine, SigningKey) {
    let key = SigningKey::from_seed(&[seed; 32]);
    (KeyLine::new(name, NoteAlgorithm::Ed25519, key.public()).unwrap(), key)
}

proptest! {
    /// The seed of a failure is printed by the runner.
    #[test]
    fn notes_are_signed_for_both_or_for_none(
        lines in proptest::collection::vec("[ -~]{1,40}", 1..5),
        at in any::<proptest::sample::Index>(),
        bit in 0u8..8,
    ) {
        let (name, signing) = key("example.org/log", 5);
        let (other, _) = key("example.org/log", 6);
        let text = lines.join("\n") + "\n";
        let note = Note::sign(&text, &name, &signing).to_string().into_bytes();
        prop_assert!(we_accept(&note, &name) && they_accept(&note, &name.to_string()));
        prop_assert!(!we_accept(&note, &other) && !they_accept(&note, &other.to_string()));
        let mut changed = note.clone();
        changed[at.index(note.len())] ^= 1 << bit;
        // Stricter is allowed: nothing that they refuse is accepted here.
        prop_assert!(!we_accept(&changed, &name) || they_accept(&changed, &name.to_string()));
        prop_assert!(!we_accept(&changed, &name), "a changed note");
    }
}

/// Tiles as they were served, by our path.
struct Fetched(BTreeMap<String, Vec<u8>>);

impl TileReader for Fetched {
    fn height(&self) -> u8 {
        merkle::TILE_HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &Tile| {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            self.0.get(&path).cloned().ok_or(tlog_tiles::Error::InvalidTile)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn hashes(path: &[merkle::Hash]) -> Vec<Hash> {
    path.iter().map(|hash| Hash(*hash)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn served_tiles_give_the_proofs_that_we_give() {
    let served = Served::start(Engine::Memory).await;
    let mut earlier = Vec::new();
    for size in [3, 70, 130, 80] {
        for n in 0..size {
            served.registry.publish(listing(&format!("s{size}n{n}")).bytes()).await.unwrap();
        }
        let newest = served.registry.checkpoint().unwrap().checkpoint().clone();
        earlier.push((newest.size, newest.root));
    }
    let note = get(served.address, "/checkpoint").await.body;
    assert!(they_accept(&note, &served.log().to_string()));
    let checkpoint = Checkpoint::from_bytes(signed_note::Note::from_bytes(&note).unwrap().text()).unwrap();
    let (size, root) = (checkpoint.size(), *checkpoint.hash());
    assert_eq!(checkpoint.origin(), served::ORIGIN);
    let mut fetched = BTreeMap::new();
    for tile in tiles(size) {
        fetched.insert(tile.path(), get(served.address, &format!("/{}", tile.path())).await.body);
    }
    let fetched = Fetched(fetched);
    let reader = TileHashReader::new(size, root, &fetched);
    assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
    for index in (0..size).step_by(7).chain([size - 1]) {
        let leaf = tlog_tiles::record_hash(&served.registry.entry(index).unwrap().statement);
        let theirs = tlog_tiles::prove_record(size, index, &reader).unwrap();
        let ours = served.registry.inclusion(index, Some(size)).unwrap();
        assert_eq!(theirs, hashes(&ours.path), "entry {index}");
        tlog_tiles::check_record(&hashes(&ours.path), size, root, index, leaf).unwrap();
        let mut wrong = ours.path.clone();
        wrong[0][0] ^= 1;
        assert!(tlog_tiles::check_record(&hashes(&wrong), size, root, index, leaf).is_err());
        assert!(merkle::check_inclusion(&leaf.0, index, size, &wrong, &root.0).is_err());
    }
    for (old, old_root) in earlier {
        let theirs = tlog_tiles::prove_tree(size, old, &reader).unwrap();
        let ours = served.registry.consistency(old, Some(size)).unwrap();
        assert_eq!(theirs, hashes(&ours), "from {old}");
        tlog_tiles::check_tree(&hashes(&ours), size, root, old, Hash(old_root)).unwrap();
    }
    // One hash of one tile is wrong: some proof made of the tiles does not hold. (Their reader of hashes does not prove each
    // tile that it reads, so it is the proof that is asked.)
    for path in fetched.0.keys().cloned().collect::<Vec<_>>() {
        let mut damaged = Fetched(fetched.0.clone());
        damaged.0.get_mut(&path).unwrap()[5] ^= 1;
        let reader = TileHashReader::new(size, root, &damaged);
        let holds = |index: u64| {
            let leaf = tlog_tiles::record_hash(&served.registry.entry(index).unwrap().statement);
            let proof = tlog_tiles::prove_record(size, index, &reader);
            proof.is_ok_and(|proof| tlog_tiles::check_record(&proof, size, root, index, leaf).is_ok())
        };
        assert!(!(0..size).all(holds), "{path}");
    }
}

#[test]
fn paths_of_tiles_are_the_same() {
    for size in [1, 255, 256, 257, 70_000, 16_777_216, 1 << 40] {
        let theirs: Vec<String> =
            Tile::new_tiles(8, size - 1, size).iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect();
        let ours: Vec<String> = merkle::tiles_between(size - 1, size).map(merkle::Tile::path).collect();
        assert_eq!(theirs, ours, "{size}");
        for path in ours {
            assert!(Tile::from_path(&path.replacen("tile/", "tile/8/", 1)).is_ok());
        }
    }
}
