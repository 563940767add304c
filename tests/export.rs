//! `nospy log export`: whatever happens, the checkpoint in the directory names a whole log, and the files alone prove it.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod liar;
mod program;
mod served;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding as _};
use liar::Lie;
use nospy::crypto::{KeyLine, Note, NoteAlgorithm, SigningKey};
use nospy::merkle::{Bundle, Edge, Hash, Tile, bundle_entries, bundles_between, leaf_hash, tiles};
use program::{Bench, Ran};
use served::{Engine, Served, listing};

/// The program beside a server.
struct Scene {
    bench: Bench,
    served: Served,
}

impl Scene {
    async fn new(entries: usize) -> Self {
        let scene = Self { bench: Bench::new(), served: Served::start(Engine::Memory).await };
        scene.bench.write("policy.txt", format!("log {}\nquorum none\n", scene.served.log()));
        scene.grow("p", entries).await;
        scene
    }

    async fn grow(&self, prefix: &str, count: usize) {
        let publishes: Vec<_> = (0..count)
            .map(|n| {
                let (registry, statement) = (self.served.registry.clone(), listing(&format!("{prefix}{n}")));
                tokio::spawn(async move { registry.publish(statement.bytes()).await.map(|_| ()) })
            })
            .collect();
        for publish in publishes {
            publish.await.unwrap().unwrap();
        }
    }

    fn size(&self) -> u64 {
        self.served.registry.checkpoint().unwrap().checkpoint().size
    }

    fn url(&self) -> String {
        format!("http://{}", self.served.address)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let url = self.url();
        let variables = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt")];
        tokio::task::block_in_place(|| self.bench.run_with(&variables, arguments))
    }

    fn export(&self) -> Ran {
        self.run(&["log", "export", "copy"])
    }

    fn start_export(&self) -> Child {
        let mut command: Command = self.bench.command(env!("CARGO_BIN_EXE_nospy"));
        command.env("NOSPY_SERVER", self.url()).env("NOSPY_POLICY", "policy.txt").args(["log", "export", "copy"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Size and root that the checkpoint in the directory signs, after the files alone were found to make them.
    fn proved_copy(&self) -> (u64, Hash) {
        let copy = self.bench.path("copy");
        let note = fs::read_to_string(copy.join("checkpoint")).unwrap();
        let lines: Vec<&str> = note.lines().collect();
        let (size, root): (u64, Vec<u8>) = (lines[1].parse().unwrap(), Base64::decode_vec(lines[2]).unwrap());
        assert_eq!(lines[0], served::ORIGIN);
        let (mut edge, mut levels) = (Edge::new(), vec![Vec::new(); 8]);
        for bundle in bundles_between(0, size) {
            let bytes = file_at(&copy, &bundle.path(), &Bundle { width: 256, ..bundle }.path());
            let entries = bundle_entries(&bytes).unwrap();
            for entry in &entries[..usize::from(bundle.width)] {
                edge.push_visiting(leaf_hash(entry), |node, hash| {
                    if node.level % 8 == 0 {
                        levels[usize::from(node.level / 8)].push(*hash);
                    }
                });
            }
        }
        assert_eq!((edge.size(), edge.root().to_vec()), (size, root));
        for tile in tiles(size) {
            let bytes = file_at(&copy, &tile.path(), &Tile { width: 256, ..tile }.path());
            let (first, width) = (tile.node(0).index as usize, usize::from(tile.width));
            let hashes: Vec<Hash> = levels[usize::from(tile.level)][first..first + width].to_vec();
            assert_eq!(bytes[..width * 32], hashes.concat(), "{}", tile.path());
        }
        (size, edge.root())
    }
}

/// A file, or the full one that replaced a partial one (C2SP tlog-tiles).
fn file_at(copy: &Path, path: &str, full: &str) -> Vec<u8> {
    fs::read(copy.join(path)).or_else(|_| fs::read(copy.join(full))).unwrap_or_else(|_| panic!("{path} is missing"))
}

/// Every file below a directory, by its path.
fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => drop(found.insert(entry.path().strip_prefix(directory).unwrap().display().to_string())),
            }
        }
    }
    found
}

/// Goal: the files alone prove the log, after the first export and after each later one. Method: sizes on both sides of a
/// full tile, and what is in the directory beside what C2SP names.
#[tokio::test(flavor = "multi_thread")]
async fn the_files_alone_prove_the_log() {
    let scene = Scene::new(100).await;
    for (round, more) in [0, 1, 60, 0, 90, 260, 700].into_iter().enumerate() {
        scene.grow(&format!("q{round}x"), more).await;
        let size = scene.size();
        scene.export().exits(0).says(&format!("{size} entries"));
        let (copied, root) = scene.proved_copy();
        let signed = scene.served.registry.checkpoint().unwrap();
        assert_eq!((copied, root), (size, signed.checkpoint().root));
        let found = files(&scene.bench.path("copy"));
        for path in tiles(size).map(Tile::path).chain(bundles_between(0, size).map(Bundle::path)) {
            assert!(found.contains(&path), "{path} of {size}");
        }
        assert!(!found.contains(".export.new"), "{found:?}");
        let replaced = found.iter().filter(|path| path.split_once(".p/").is_some_and(|(full, _)| found.contains(full)));
        assert_eq!(replaced.collect::<Vec<_>>(), Vec::<&String>::new(), "partial files of full ones");
    }
    let json = scene.run(&["log", "export", "copy", "--output", "json"]).exits(0).json();
    assert_eq!((json["from"].as_u64(), json["size"].as_u64()), (Some(scene.size()), Some(scene.size())));
}

/// Goal: an export that is killed leaves what was complete, and the next one completes it. Method: kill when so many files
/// have been written, many times, over a copy that was complete before.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_export_leaves_a_whole_log() {
    let scene = Scene::new(1_200).await;
    let copy = scene.bench.path("copy");
    let mut killed = 0;
    for files_then in 1..8 {
        killed += usize::from(kill_after(&scene, files_then));
        assert!(!copy.join("checkpoint").exists() || killed < files_then, "no checkpoint before the end");
    }
    assert!(killed >= 3, "{killed} exports were killed before their end");
    scene.export().exits(0);
    let first = scene.proved_copy();
    assert_eq!(first.0, scene.size());

    scene.grow("later", 1_500).await;
    let known = files(&copy).len();
    for more in 1..6 {
        if !kill_after(&scene, known + more) {
            break;
        }
        let kept = scene.proved_copy();
        assert!(kept == first || kept.0 == scene.size(), "the checkpoint names what is there");
    }
    scene.export().exits(0);
    assert_eq!(scene.proved_copy().0, scene.size());
}

/// Kills an export when the directory holds so many files; whether it was still running then.
fn kill_after(scene: &Scene, count: usize) -> bool {
    let (mut child, started) = (scene.start_export(), Instant::now());
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if files(&scene.bench.path("copy")).len() >= count {
            // SIGKILL: nothing is tidied up.
            child.kill().unwrap();
            return child.wait().unwrap().code().is_none();
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the export hangs");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Goal: a copy is never continued with another history. Method: two logs under one key and one name; the machine itself has
/// seen only the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_named_and_nothing_is_written() {
    let scene = Scene::new(30).await;
    scene.export().exits(0);
    let before = scene.proved_copy();
    let other = Scene::new(300).await;
    let url = other.url();
    let elsewhere = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt"), ("NOSPY_STATE", "other-state")];
    let ran = tokio::task::block_in_place(|| scene.bench.run_with(&elsewhere, &["log", "export", "copy"]));
    ran.exits(12).says("two histories").says("the evidence is in other-state");
    assert_eq!(scene.proved_copy(), before, "the copy is what it was");
    // Less than was copied, and otherwise: the copy itself is the later tree of the proof.
    let shorter = Scene::new(0).await;
    shorter.grow("elsewhere", 1).await;
    let url = shorter.url();
    let elsewhere = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt"), ("NOSPY_STATE", "third-state")];
    let ran = tokio::task::block_in_place(|| scene.bench.run_with(&elsewhere, &["log", "export", "copy"]));
    ran.exits(12).says("two histories");
    let evidence = files(&scene.bench.path("third-state")).into_iter().find(|name| name.ends_with(".fork")).unwrap();
    let evidence = format!("third-state/{evidence}");
    scene.run(&["verify", &evidence, "--policy", "policy.txt"]).exits(12);
    assert_eq!(scene.proved_copy(), before);
}

/// Goal: a registry that lags behind the copy is not accused. Method: the copy goes on, the server shows an older head of
/// the same log, to a machine that has seen nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_head_of_the_copied_log_is_no_fork() {
    let scene = Scene::new(30).await;
    let old = scene.served.registry.checkpoint().unwrap().note().to_string();
    scene.grow("later", 300).await;
    scene.export().exits(0);
    let before = scene.proved_copy();
    let url = liar::serve(scene.url(), Lie::Checkpoint(old.into_bytes())).await;
    for state in ["fresh-state", "state"] {
        let behind = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt"), ("NOSPY_STATE", state)];
        let ran = tokio::task::block_in_place(|| scene.bench.run_with(&behind, &["log", "export", "copy"]));
        ran.exits(14).says("begins with the same");
        let left: Vec<String> =
            files(&scene.bench.path(state)).into_iter().filter(|name| name.contains("evidence")).collect();
        assert!(left.is_empty(), "{left:?}: no question is open");
    }
    assert_eq!(scene.proved_copy(), before);
}

/// Goal: whoever reads the copy never loses the witnesses. Method: a checkpoint that a witness cosigned, then a larger and a
/// cosigned one without.
#[tokio::test(flavor = "multi_thread")]
async fn a_cosigned_checkpoint_is_not_replaced_by_one_without_the_quorum() {
    let scene = Scene::new(300).await;
    let key = SigningKey::from_seed(&[7; 32]);
    let witness = KeyLine::new("witness.example.org/w1", NoteAlgorithm::Cosignature, key.public()).unwrap();
    scene.bench.write("policy.txt", format!("log {}\nwitness w1 {witness}\nquorum w1\n", scene.served.log()));
    scene.export().exits(13);
    let path = scene.bench.path("copy/checkpoint");
    let cosigned = |note: &[u8]| {
        let mut note = Note::parse(note).unwrap();
        note.cosign(&witness, &key, served::now_s());
        note.to_string().into_bytes()
    };
    let kept = cosigned(&fs::read(&path).unwrap());
    fs::write(&path, &kept).unwrap();
    scene.export().exits(13).says("keeps its checkpoint");
    scene.grow("later", 400).await;
    scene.export().exits(13).says("keeps its checkpoint");
    assert_eq!(fs::read(&path).unwrap(), kept);
    scene.proved_copy();
    // With the witness the copy goes on.
    let newest = cosigned(scene.served.registry.checkpoint().unwrap().note().to_string().as_bytes());
    let url = liar::serve(scene.url(), Lie::Checkpoint(newest.clone())).await;
    let met = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt")];
    tokio::task::block_in_place(|| scene.bench.run_with(&met, &["log", "export", "copy"])).exits(0);
    assert_eq!((fs::read(&path).unwrap(), scene.proved_copy().0), (newest, scene.size()));
}

/// Goal: what a stop leaves behind is removed later. Method: a partial file of a full tile, as a process leaves it that was
/// killed behind its checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_export_could_not_remove_is_removed_by_the_next() {
    let scene = Scene::new(300).await;
    scene.export().exits(0);
    let left = [scene.bench.path("copy/tile/0/000.p/7"), scene.bench.path("copy/.export.replaced")];
    fs::create_dir_all(left[0].parent().unwrap()).unwrap();
    fs::write(&left[0], [0; 7 * 32]).unwrap();
    for words in ["7", "no number"] {
        fs::write(&left[1], words).unwrap();
        scene.export().exits(0);
        assert!(left.iter().all(|path| !path.exists()));
        fs::create_dir_all(left[0].parent().unwrap()).unwrap();
        fs::write(&left[0], [0; 7 * 32]).unwrap();
    }
}

/// Goal: a copy without the witnesses of the policy is not told as if it had them.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_says_which_witnesses_are_missing() {
    let scene = Scene::new(3).await;
    let key = SigningKey::from_seed(&[7; 32]).public();
    let witness = KeyLine::new("witness.example.org/w1", NoteAlgorithm::Cosignature, key).unwrap();
    let log = scene.served.log();
    scene.bench.write("policy.txt", format!("log {log}\nwitness w1 {witness}\nquorum w1\n"));
    scene.export().exits(13).says("have not cosigned");
    assert_eq!(scene.proved_copy().0, scene.size());
}

/// Goal: a damaged copy is named, not continued.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_is_not_continued() {
    let scene = Scene::new(300).await;
    scene.export().exits(0);
    let (copy, size) = (scene.bench.path("copy"), scene.size());
    let bundle = Bundle::in_tree(size / 256, size).unwrap().path();
    let tile = Tile { level: 1, index: 0, width: (size / 256) as u16 }.path();
    for (path, words) in [(bundle, "is not what its name says"), (tile, "root")] {
        let whole = fs::read(copy.join(&path)).unwrap();
        let mut damaged = whole.clone();
        *damaged.last_mut().unwrap() ^= 1;
        fs::write(copy.join(&path), &damaged).unwrap();
        scene.export().exits(16).says(words);
        fs::remove_file(copy.join(&path)).unwrap();
        scene.export().exits(16).says(&path).says("is missing");
        fs::write(copy.join(&path), &whole).unwrap();
        scene.export().exits(0);
    }
    // Another log's checkpoint is not gone on from.
    let note = fs::read_to_string(copy.join("checkpoint")).unwrap();
    fs::write(copy.join("checkpoint"), note.replace(served::ORIGIN, "demo.other.example/nospy")).unwrap();
    scene.export().exits(2).says("another directory");
    // Two at a time would write over each other.
    let lock = fs::File::open(copy.join(".export.lock")).unwrap();
    lock.lock().unwrap();
    scene.export().exits(2).says("another export");
}
