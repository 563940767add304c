//! `nospy mirror`: the copy keeps up, is served as the registry serves it once it is checked, and ends with a fork alone.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod liar;
mod program;
mod served;
mod wire;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use liar::Lie;
use nospy::merkle::{Bundle, bundles_between, tiles};
use program::{Bench, Ran};
use served::{Engine, Served, listing};
use wire::get;

struct Mirror {
    child: Child,
    address: SocketAddr,
}

impl Mirror {
    fn start(bench: &Bench, url: &str) -> Self {
        let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
        command.env("NOSPY_SERVER", url).env("NOSPY_POLICY", "policy.txt");
        command.args(["mirror", "copy", "--every", "1", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = { lines }
            .map(Result::unwrap)
            .find_map(|line| line.rsplit_once("http://").map(|(_, rest)| rest.parse().unwrap()));
        Self { child, address: address.expect("the mirror says where it answers") }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn grow(served: &Served, prefix: &str, count: usize) {
    for n in 0..count {
        served.registry.publish(listing(&format!("{prefix}{n}")).bytes()).await.unwrap();
    }
}

async fn eventually_has(mirror: &Mirror, note: &str) {
    let start = Instant::now();
    while get(mirror.address, "/checkpoint").await.body != note.as_bytes() {
        assert!(start.elapsed() < Duration::from_secs(20), "the mirror does not keep up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_what_the_registry_serves_and_keeps_up() {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    bench.write("policy.txt", format!("log {}\nquorum none\n", served.log()));
    grow(&served, "a", 5).await;
    let mirror = Mirror::start(&bench, &format!("http://{}", served.address));
    for round in 0..3 {
        grow(&served, &format!("r{round}x"), 60).await;
        let note = served.registry.checkpoint().unwrap();
        eventually_has(&mirror, &note.note().to_string()).await;
        let size = note.checkpoint().size;
        let paths = tiles(size).map(|tile| tile.path()).chain(bundles_between(0, size).map(Bundle::path));
        for path in paths.chain(["checkpoint".to_owned()]) {
            let (ours, theirs) =
                (get(mirror.address, &format!("/{path}")).await, get(served.address, &format!("/{path}")).await);
            assert_eq!((ours.status, &ours.body), (200, &theirs.body), "{path}");
            for header in ["content-type", "cache-control", "access-control-allow-origin"] {
                assert_eq!(ours.header(header), theirs.header(header), "{path}: {header}");
            }
        }
    }
    for path in [
        "/.export.lock",
        "/tile/../checkpoint",
        "/tile/0/../../policy.txt",
        "/%2e%2e/policy.txt",
        "/tile/0/000.p",
        "/",
        "/tile/0",
    ] {
        assert!(matches!(get(mirror.address, path).await.status, 404 | 400), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_is_waited_for() {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    bench.write("policy.txt", format!("log {}\nquorum none\n", served.log()));
    grow(&served, "a", 3).await;
    let mirror = Mirror::start(&bench, &format!("http://{}", served.address));
    let note = served.registry.checkpoint().unwrap().note().to_string();
    let mut served = served;
    served.stop();
    served.ended().await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(get(mirror.address, "/checkpoint").await.body, note.as_bytes(), "it goes on serving");
    let url = "http://127.0.0.1:9".to_owned();
    let ran = tokio::task::block_in_place(|| {
        bench.run_with(&[("NOSPY_SERVER", &url), ("NOSPY_POLICY", "policy.txt")], &["mirror", "fresh", "--once"])
    });
    assert_eq!(ran.code, 5, "{}", ran.stderr);
}

/// The program on a bench that has the policy, run to its end.
fn run(bench: &Bench, url: &str, arguments: &[&str]) -> Ran {
    let variables = [("NOSPY_SERVER", url), ("NOSPY_POLICY", "policy.txt")];
    tokio::task::block_in_place(|| bench.run_with(&variables, arguments))
}

/// A copy of a log of so many entries more than an empty one has.
async fn copied(entries: usize) -> (Bench, Served) {
    let (bench, served) = (Bench::new(), Served::start(Engine::Memory).await);
    bench.write("policy.txt", format!("log {}\nquorum none\n", served.log()));
    grow(&served, "a", entries).await;
    run(&bench, &format!("http://{}", served.address), &["mirror", "copy", "--once"]).exits(0);
    (bench, served)
}

const NOBODY: &str = "http://127.0.0.1:9";

/// Goal: a mirror that begins again serves what it has, whether the registry is there or not, but only what it has checked.
/// Method: every kind of file damaged in turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_checked_before_it_is_served() {
    let (bench, served) = copied(300).await;
    let size = served.registry.checkpoint().unwrap().checkpoint().size;
    let note = bench.read("copy/checkpoint");
    drop(served);
    let mirror = Mirror::start(&bench, NOBODY);
    assert_eq!(get(mirror.address, "/checkpoint").await.body, note);
    drop(mirror);
    let serve = ["mirror", "copy", "--every", "1", "--listen", "127.0.0.1:0"];
    for path in tiles(size).map(|tile| tile.path()).chain(bundles_between(0, size).map(Bundle::path)) {
        let path = format!("copy/{path}");
        let whole = bench.read(&path);
        let mut damaged = whole.clone();
        damaged[20] ^= 1;
        bench.write(&path, &damaged);
        run(&bench, NOBODY, &serve).exits(16).says("the copy is damaged");
        bench.write(&path, &whole);
    }
    let other = String::from_utf8(note).unwrap().replace(served::ORIGIN, "demo.other.example/nospy");
    bench.write("copy/checkpoint", other);
    run(&bench, NOBODY, &serve).exits(2).says("another log");
}

/// Goal: a proved fork ends the mirror, a longer one as well as a shorter one, and the copy stays. Method: another log of the
/// same key in the registry's place.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_ends_the_mirror_and_leaves_the_copy() {
    let (bench, served) = copied(20).await;
    let note = bench.read("copy/checkpoint");
    drop(served);
    for (entries, state) in [(5, "shorter"), (60, "longer")] {
        let other = Served::start(Engine::Memory).await;
        grow(&other, "elsewhere", entries).await;
        let url = format!("http://{}", other.address);
        run(&bench, &url, &["mirror", "copy", "--every", "1", "--state", state]).exits(12).says(".fork");
        assert_eq!(bench.read("copy/checkpoint"), note, "{state}");
    }
}

/// Goal: who stands in between cannot end a mirror. Method: a liar spoils proofs, and entries, until it stops.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_answer_does_not_end_the_mirror() {
    let (bench, served) = copied(20).await;
    grow(&served, "later", 20).await;
    let honest = format!("http://{}", served.address);
    let note = bench.read("copy/checkpoint");
    for lie in [Lie::Consistency, Lie::Refuse, Lie::Entry(50), Lie::Longer(1)] {
        let url = liar::serve(honest.clone(), lie).await;
        let mut mirror = Mirror::start(&bench, &url);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(mirror.child.try_wait().unwrap().is_none(), "it goes on");
        assert_eq!(get(mirror.address, "/checkpoint").await.body, note);
    }
    let mirror = Mirror::start(&bench, &honest);
    eventually_has(&mirror, &served.registry.checkpoint().unwrap().note().to_string()).await;
}
