//! Trees, proofs, chain and tiles against vectors that others made.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nospy::merkle::{
    Bundle, Edge, Hash, Tile, TileNodes, Tiling, TilingError, bundle_entries, bundles_between, chain_next, chain_start,
    check_consistency, check_inclusion, leaf_hash, tiles,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The folder of the vectors, or `None` after saying that the test is skipped.
fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("NOSPY_VECTORS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: NOSPY_VECTORS does not name the folder of the vectors");
    }
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash in base64; `None` when it is not 32 bytes long.
fn base64_hash(value: &Value) -> Option<Hash> {
    use base64ct::{Base64, Encoding};
    Base64::decode_vec(value.as_str().unwrap_or("")).unwrap().try_into().ok()
}

/// All hashes of a proof; a proof of `null` is empty. `None` when one is not 32 bytes long.
fn base64_path(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(base64_hash).collect()
}

#[test]
fn inclusion_proofs_of_transparency_dev() {
    let Some(folder) = vectors() else { return };
    let mut files = vec![];
    files_below(&folder.join("merkle/inclusion"), &mut files);
    let mut accepted = 0;
    for file in &files {
        let case = json(file);
        let hashes = (base64_hash(&case["leafHash"]), base64_hash(&case["root"]), base64_path(&case["proof"]));
        // Sizes and indexes beyond u64 do not parse; a type that cannot hold them refuses them.
        let numbers = (case["leafIdx"].as_u64(), case["treeSize"].as_u64());
        let is_ok = match (hashes, numbers) {
            ((Some(leaf), Some(root), Some(path)), (Some(index), Some(size))) => {
                check_inclusion(&leaf, index, size, &path, &root).is_ok()
            }
            _ => false,
        };
        assert_eq!(is_ok, !case["wantErr"].as_bool().unwrap(), "{}", file.display());
        accepted += usize::from(is_ok);
    }
    assert!(accepted >= 5 && files.len() > 80, "{accepted} of {} accepted", files.len());
}

#[test]
fn consistency_proofs_of_transparency_dev() {
    let Some(folder) = vectors() else { return };
    let mut files = vec![];
    files_below(&folder.join("merkle/consistency"), &mut files);
    let mut accepted = 0;
    for file in &files {
        // Its roots are 12 bytes long and it wants them accepted, which a 32-byte type cannot.
        if file.ends_with("additional/sizes-are-equal-one-and-proof-is-empty.json") {
            continue;
        }
        let case = json(file);
        let hashes = (base64_hash(&case["root1"]), base64_hash(&case["root2"]), base64_path(&case["proof"]));
        let numbers = (case["size1"].as_u64(), case["size2"].as_u64());
        let is_ok = match (hashes, numbers) {
            ((Some(root1), Some(root2), Some(path)), (Some(size1), Some(size2))) => {
                check_consistency(size1, size2, &root1, &root2, &path).is_ok()
            }
            _ => false,
        };
        assert_eq!(is_ok, !case["wantErr"].as_bool().unwrap(), "{}", file.display());
        accepted += usize::from(is_ok);
    }
    assert!(accepted >= 5 && files.len() > 90, "{accepted} of {} accepted", files.len());
}

#[test]
fn chain_of_entries() {
    let Some(folder) = vectors() else { return };
    for case in json(&folder.join("golden/chain.json"))["cases"].as_array().unwrap() {
        let mut chain = chain_start(case["origin"].as_str().unwrap());
        assert_eq!(chain.to_vec(), hex(&case["chain_0"]));
        for entry in case["entries"].as_array().unwrap() {
            let leaf = leaf_hash(&hex(&entry["entry"]));
            assert_eq!(leaf.to_vec(), hex(&entry["leaf"]));
            chain = chain_next(&chain, &leaf);
            assert_eq!(chain.to_vec(), hex(&entry["chain"]));
        }
    }
}

#[test]
fn tiles_of_trees() {
    let Some(folder) = vectors() else { return };
    let golden = json(&folder.join("golden/tiles.json"));
    for (index, path) in golden["paths"].as_object().unwrap() {
        let tile = Tile { level: 3, index: index.parse().unwrap(), width: 256 };
        let expected = format!("tile/3/{}", path.as_str().unwrap());
        assert_eq!(tile.path(), expected);
        assert_eq!(Tile::parse(&expected), Ok(tile));
    }

    let size_max = golden["cases"].as_array().unwrap().iter().map(|case| case["size"].as_u64().unwrap()).max().unwrap();
    let entries: Vec<Vec<u8>> = (0..size_max).map(|index| format!("entry {index}").into_bytes()).collect();
    // The hashes of each level of tiles, as the tree completes them.
    let mut levels: Vec<Vec<Hash>> = vec![vec![]; 8];
    let mut edge = Edge::new();
    let mut roots = vec![edge.root()];
    for entry in &entries {
        edge.push_visiting(leaf_hash(entry), |id, hash| {
            if id.level % 8 == 0 {
                levels[usize::from(id.level / 8)].push(*hash);
            }
        });
        roots.push(edge.root());
    }

    for case in golden["cases"].as_array().unwrap() {
        let size = case["size"].as_u64().unwrap();
        assert_eq!(roots[size as usize].to_vec(), hex(&case["root"]), "root of {size}");
        // Every file with its bytes, in the order of `all`.
        let mut files: Vec<(String, Vec<u8>)> = vec![];
        for tile in tiles(size) {
            let first = tile.node(0);
            assert_eq!(u32::from(first.level), u32::from(tile.level) * 8);
            let hashes = &levels[usize::from(tile.level)][first.index as usize..][..usize::from(tile.width)];
            assert_eq!(TileNodes::expand_hashes(hashes).unwrap().width(), hashes.len());
            assert_eq!(Tile::parse(&tile.path()), Ok(tile));
            files.push((tile.path(), hashes.concat()));
        }
        for bundle in bundles_between(0, size) {
            let first = bundle.index as usize * 256;
            let mut bytes = vec![];
            for entry in &entries[first..first + usize::from(bundle.width)] {
                bytes.extend((entry.len() as u16).to_be_bytes());
                bytes.extend(entry);
            }
            assert_eq!(Bundle::parse(&bundle.path()), Ok(bundle));
            files.push((bundle.path(), bytes));
        }
        assert_eq!(files.len() as u64, case["tiles"].as_u64().unwrap(), "number of files of {size}");
        let mut listed = 0;
        let mut all = String::new();
        for (path, bytes) in &files {
            let digest = to_hex(&Sha256::digest(bytes));
            all += &format!("{path} {} {digest}\n", bytes.len());
            if let Some(file) = case["files"].get(path) {
                assert_eq!(file["sha256"].as_str().unwrap(), digest, "{path} of {size}");
                listed += 1;
            }
        }
        assert_eq!(listed, case["files"].as_object().unwrap().len(), "listed files of {size}");
        assert_eq!(to_hex(&Sha256::digest(all)), case["all"].as_str().unwrap(), "all files of {size}");
    }
}

/// The files of a log as it is cut entry by entry, and by one that goes on from the files of another.
#[test]
fn a_log_is_cut_into_the_golden_files() {
    let Some(folder) = vectors() else { return };
    let golden = json(&folder.join("golden/tiles.json"));
    let mut written: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut tiling = Tiling::new();
    for case in golden["cases"].as_array().unwrap() {
        let size = case["size"].as_u64().unwrap();
        let mut full = Vec::new();
        for index in tiling.edge().size()..size {
            tiling.push(format!("entry {index}").as_bytes(), &mut full).unwrap();
        }
        assert_eq!(tiling.edge().root().to_vec(), hex(&case["root"]), "{size}");
        written.extend(full.into_iter().map(|file| (file.path, file.bytes)));
        let partials = tiling.partials();
        let mut all = String::new();
        let paths = tiles(size).map(Tile::path).chain(bundles_between(0, size).map(Bundle::path));
        for path in paths {
            let partial = partials.iter().find(|file| file.path == path).map(|file| &file.bytes);
            let bytes = partial.or(written.get(&path)).unwrap_or_else(|| panic!("{path} of {size} is missing"));
            all += &format!("{path} {} {}\n", bytes.len(), to_hex(&Sha256::digest(bytes)));
        }
        assert_eq!(to_hex(&Sha256::digest(all)), case["all"].as_str().unwrap(), "all files of {size}");
        let read = |path: &str, len_max: usize| {
            let file = partials.iter().find(|file| file.path == path).expect("only partial files are read");
            assert!(file.bytes.len() <= len_max, "{path}");
            Ok::<_, TilingError>(file.bytes.clone())
        };
        let resumed = Tiling::resume(size, read).unwrap();
        assert_eq!(resumed, tiling, "{size}");
        tiling = resumed;
    }
}

#[test]
fn a_log_does_not_go_on_from_damaged_files() {
    let mut tiling = Tiling::new();
    (0..300u32).for_each(|n| tiling.push(&n.to_be_bytes(), &mut Vec::new()).unwrap());
    let files = tiling.partials();
    assert_eq!(files.len(), 3, "two tiles and a bundle");
    let resume = |bad: usize, damage: &dyn Fn(&mut Vec<u8>)| {
        Tiling::resume(300, |path, _| {
            let place = files.iter().position(|file| file.path == path).unwrap();
            let mut bytes = files[place].bytes.clone();
            if place == bad {
                damage(&mut bytes);
            }
            Ok::<_, TilingError>(bytes)
        })
    };
    assert_eq!(resume(9, &|_| ()).as_ref(), Ok(&tiling));
    for (bad, file) in files.iter().enumerate() {
        let shorter = resume(bad, &|bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(shorter, Err(TilingError::Damaged { path: file.path.clone() }));
        // A hash that no other file repeats shows by the root.
        let flipped = resume(bad, &|bytes| *bytes.last_mut().unwrap() ^= 1);
        assert!(flipped.is_err() || flipped.is_ok_and(|other| other.edge().root() != tiling.edge().root()), "{bad}");
    }
    assert_eq!(
        tiling.push(&vec![0; 65_536], &mut Vec::new()),
        Err(TilingError::EntryTooLong { length: 65_536 }),
        "no length of two bytes says this"
    );
    assert_eq!(bundle_entries(&[0, 2, 7, 7, 0, 0]), Some(vec![&[7, 7][..], &[]]));
    assert_eq!((bundle_entries(&[0, 2, 7]), bundle_entries(&[0])), (None, None));
}

#[test]
fn paths_with_a_second_spelling_are_refused() {
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/+01",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "/tile/0/000",
        "tile/0/xx001/000",
        "tile/0/x1/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/entries/000",
    ] {
        assert!(Tile::parse(path).is_err(), "{path:?}");
    }
    for path in ["tile/entries/", "tile/entries/00", "tile/entries/000.p/0", "tile/entries/x000/000", "tile/0/000"] {
        assert!(Bundle::parse(path).is_err(), "{path:?}");
    }
}
