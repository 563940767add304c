//! `nospy mirror`: the copy keeps up, is served as the registry serves it, and does not follow a fork.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod program;
mod served;
mod wire;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nospy::merkle::{Bundle, bundles_between, tiles};
use program::Bench;
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
