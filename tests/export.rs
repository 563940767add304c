//! `nospy log export`: whatever happens, the checkpoint in the directory names a whole log, and the files alone prove it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod program;
mod served;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding as _};
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
    // A log that shows less than was copied proves no fork.
    let shorter = Scene::new(1).await;
    let url = shorter.url();
    let elsewhere = [("NOSPY_SERVER", url.as_str()), ("NOSPY_POLICY", "policy.txt"), ("NOSPY_STATE", "third-state")];
    let ran = tokio::task::block_in_place(|| scene.bench.run_with(&elsewhere, &["log", "export", "copy"]));
    ran.exits(14);
    assert_eq!(scene.proved_copy(), before);
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
        scene.export().exits(3).says(&path);
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
