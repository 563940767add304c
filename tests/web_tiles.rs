//! The read path of C2SP tlog-tiles over a real socket: every file that a published tree implies, and no other.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod served;
mod wire;

use nospy::evidence::SignedCheckpoint;
use nospy::merkle::{Bundle, Tile, TileFile, Tiling, bundles_between, tiles};
use served::{Engine, Served, listing};
use wire::{Reply, get, send};

/// A served registry in which `batches` of so many statements each were sealed one after the other.
async fn grown(engine: Engine, batches: &[usize]) -> Served {
    let served = Served::start(engine).await;
    for (n, count) in batches.iter().enumerate() {
        grow(&served, &format!("b{n}x"), *count).await;
    }
    served
}

async fn grow(served: &Served, prefix: &str, count: usize) {
    let publishes: Vec<_> = (0..count)
        .map(|n| {
            let (registry, statement) = (served.registry.clone(), listing(&format!("{prefix}{n}")));
            tokio::spawn(async move { registry.publish(statement.bytes()).await.map(|_| ()) })
        })
        .collect();
    for publish in publishes {
        publish.await.unwrap().unwrap();
    }
}

/// The files of the newest tree, cut from the entries by themselves.
fn files_of(served: &Served) -> (u64, Vec<TileFile>) {
    let size = served.registry.checkpoint().unwrap().checkpoint().size;
    let (mut tiling, mut files) = (Tiling::new(), Vec::new());
    for index in 0..size {
        tiling.push(&served.registry.entry(index).unwrap().statement, &mut files).unwrap();
    }
    files.extend(tiling.partials());
    (size, files)
}

async fn path(served: &Served, path: &str) -> Reply {
    get(served.address, &format!("/{path}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_the_newest_tree_is_served() {
    let served = grown(Engine::Sled, &[3, 200, 90, 230]).await;
    let (size, files) = files_of(&served);
    assert!(size > 512, "two levels of tiles");
    for file in &files {
        let reply = path(&served, &file.path).await;
        assert_eq!((reply.status, &reply.body), (200, &file.bytes), "{}", file.path);
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    let named: Vec<String> = tiles(size).map(Tile::path).chain(bundles_between(0, size).map(Bundle::path)).collect();
    assert_eq!(files.len(), named.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoint_is_the_registrys_own_and_never_stale() {
    let served = grown(Engine::Memory, &[5]).await;
    let reply = path(&served, "checkpoint").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, served.registry.checkpoint().unwrap().note().to_string().into_bytes());
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    SignedCheckpoint::parse(&reply.body).unwrap().check_log_signature(&served.log()).unwrap();
    grow(&served, "later", 1).await;
    assert_ne!(path(&served, "checkpoint").await.body, reply.body);
}

/// Goal: only sizes that were published imply partial files. Method: every width of every level against the list of sizes at
/// which a seal ended a batch.
#[tokio::test(flavor = "multi_thread")]
async fn partial_files_belong_to_published_sizes_only() {
    let served = Served::start(Engine::Memory).await;
    let mut published = vec![2u64];
    for n in 0..12 {
        grow(&served, &format!("n{n}x"), 1 + (n * 7) % 31).await;
        published.push(served.registry.checkpoint().unwrap().checkpoint().size);
    }
    grow(&served, "many", 300).await;
    // Batches form as they like; what was sealed is read from the entries.
    let size = served.registry.checkpoint().unwrap().checkpoint().size;
    let sizes: Vec<u64> = (0..size).filter(|index| is_seal(&served, *index)).map(|index| index + 1).collect();
    assert!(published.iter().all(|size| sizes.contains(size)) && sizes.last() == Some(&size));
    for level in 0..3u8 {
        for index in 0..3u64 {
            for width in 1..=256u16 {
                let tile = Tile { level, index, width };
                let is_implied = sizes.iter().any(|size| tile.in_tree(*size) == Some(tile));
                let found = path(&served, &tile.path()).await;
                assert_eq!(found.status == 200, is_implied, "{}: {}", tile.path(), found.status);
                if level == 0 {
                    let bundle = Bundle { index, width };
                    assert_eq!(path(&served, &bundle.path()).await.status == 200, is_implied, "{}", bundle.path());
                }
                if found.status == 200 {
                    assert_eq!(found.body.len(), usize::from(width) * 32);
                } else {
                    assert_eq!((found.status, found.header("cache-control")), (404, Some("no-store")));
                }
            }
        }
    }
}

fn is_seal(served: &Served, index: u64) -> bool {
    nospy::statement::Statement::parse(&served.registry.entry(index).unwrap().statement).unwrap().is_seal()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_has_one_spelling() {
    let served = grown(Engine::Memory, &[300]).await;
    assert_eq!(path(&served, "tile/0/000").await.status, 200);
    for other in [
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/0/000/",
        "tile//0/000",
        "tile/0//000",
        "/tile/0/000",
        "tile/0/x000/000",
        "tile/0/X000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/+00",
        "tile/0/-01",
        "tile/0/%30%30%30",
        "tile/%30/000",
        "tile/0/000%00",
        "tile/8/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries/0",
        "tile/entries/x000",
        "tile/entries/000.p/300",
        "tile/entries/../0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/000.p/1/2",
        "tile/",
        "tile",
        "Tile/0/000",
        "tile/0/001",
        "tile/0/001.p/255",
        "tile/1/001",
        "checkpoint/",
        "Checkpoint",
        "checkpoint.txt",
        "",
        "index.html",
        "tile/0/000;a",
        "tile/0/٠٠٠",
    ] {
        let reply = path(&served, other).await;
        // A request line with other bytes than ASCII is no HTTP at all.
        assert!(matches!(reply.status, 404 | 400), "{other}: {}", reply.status);
    }
    // A query changes nothing (W1).
    assert_eq!(path(&served, "tile/0/000?p=1").await.body, path(&served, "tile/0/000").await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_reading_is_possible() {
    let served = grown(Engine::Memory, &[3]).await;
    let head = send(served.address, "HEAD /checkpoint HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!(head.header("content-length").is_some_and(|length| length.parse::<usize>().unwrap() > 100));
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request =
            format!("{method} /checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let reply = send(served.address, &request).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET,HEAD")), "{method}");
    }
    let preflight = "OPTIONS /tile/0/000 HTTP/1.1\r\nhost: x\r\norigin: https://reader.example\r\n\
                     access-control-request-method: GET\r\nconnection: close\r\n\r\n";
    let reply = send(served.address, preflight).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_over_http_1_is_refused_and_an_unknown_method_is_unimplemented() {
    let served = grown(Engine::Memory, &[]).await;
    let request = "POST /nospy.v1.Log/GetCheckpoint HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc\r\n\
                   content-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0";
    assert_eq!(send(served.address, request).await.status, 505);
}
