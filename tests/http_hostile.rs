//! Clients on HTTP/1.1 that mean no good: each is cut off by a limit that has a name, and nobody else waits for them.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod served;
mod wire;

use std::time::{Duration, Instant};

use nospy::net;
use nospy::server;
use nospy::web;
use served::{Engine, Served, listing, options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::{get, send};

const SHORT: Duration = Duration::from_millis(300);

async fn served_with(net: net::Limits) -> Served {
    let limits = server::Limits {
        net,
        web: web::Limits { call_time_max: SHORT, ..web::Limits::default() },
        ..server::Limits::default()
    };
    Served::start_with(Engine::Memory, limits, options(), None).await
}

/// Reads until the connection ends; what came, and how long it took.
async fn until_cut(socket: &mut TcpStream) -> (Vec<u8>, Duration) {
    let (start, mut bytes) = (Instant::now(), Vec::new());
    let _ = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut bytes)).await.expect("it is cut");
    (bytes, start.elapsed())
}

async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(served.address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_drip_or_never_end_are_cut() {
    let served =
        served_with(net::Limits { head_time_max: SHORT, first_call_time_max: SHORT * 4, ..net::Limits::default() })
            .await;
    for start in ["", "G", "GET /checkpoint HTTP/1.1\r\n", "GET /checkpoint HTTP/1.1\r\nhost: x\r\nx: "] {
        let mut socket = connect(&served).await;
        socket.write_all(start.as_bytes()).await.unwrap();
        let (_, took) = until_cut(&mut socket).await;
        assert!(took < SHORT * 8, "{start:?}: {took:?}");
    }
    // One byte at a time, for ever.
    let mut socket = connect(&served).await;
    let start = Instant::now();
    while socket.write_all(b"a").await.is_ok() && start.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(start.elapsed() < SHORT * 8, "{:?}", start.elapsed());
    // A second request that does not come, on a connection whose first was answered.
    let mut socket = connect(&served).await;
    socket.write_all(b"GET /checkpoint HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let (bytes, took) = until_cut(&mut socket).await;
    assert!(bytes.starts_with(b"HTTP/1.1 200") && took < SHORT * 8, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_bounded_in_bytes_and_lines() {
    let served = served_with(net::Limits::default()).await;
    let long =
        format!("GET /checkpoint HTTP/1.1\r\nhost: x\r\nx: {}\r\nconnection: close\r\n\r\n", "a".repeat(17 * 1024));
    assert_eq!(send(served.address, long).await.status, 431);
    let lines = format!("GET /checkpoint HTTP/1.1\r\nhost: x\r\n{}connection: close\r\n\r\n", "x: y\r\n".repeat(100));
    assert_eq!(send(served.address, lines).await.status, 431);
    let path = format!("/tile/0/{}", "x000/".repeat(3_000));
    assert!(matches!(get(served.address, &path).await.status, 404 | 414 | 431));
    for nonsense in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET / HTTP/1.1\r\nhost x\r\n\r\n",
    ] {
        let mut socket = connect(&served).await;
        socket.write_all(nonsense.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let (bytes, _) = until_cut(&mut socket).await;
        assert!(
            bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 400") || bytes.starts_with(b"HTTP/1.1 505"),
            "{nonsense:?}"
        );
    }
    assert_eq!(get(served.address, "/checkpoint").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_in_bytes_and_time() {
    let served = served_with(net::Limits::default()).await;
    let post = |more: &str| {
        format!("POST /entries HTTP/1.1\r\nhost: x\r\ncontent-type: application/cose\r\nconnection: close\r\n{more}")
    };
    // Said to be long, and not sent.
    let mut socket = connect(&served).await;
    socket.write_all(post("content-length: 60000\r\n\r\nabc").as_bytes()).await.unwrap();
    let (bytes, took) = until_cut(&mut socket).await;
    assert!(bytes.starts_with(b"HTTP/1.1 408") && took < SHORT * 8, "{}", String::from_utf8_lossy(&bytes));
    // Longer than a submission, in one piece and in chunks.
    let long = "a".repeat(70_000);
    assert_eq!(send(served.address, post(&format!("content-length: {}\r\n\r\n{long}", long.len()))).await.status, 413);
    let chunks = format!("{}0\r\n\r\n", format!("{:x}\r\n{}\r\n", 1_000, "a".repeat(1_000)).repeat(70));
    assert_eq!(send(served.address, post(&format!("transfer-encoding: chunked\r\n\r\n{chunks}"))).await.status, 413);
    // A length of no sense, and two of them.
    for lengths in ["content-length: -1\r\n", "content-length: 1\r\ncontent-length: 2\r\n", "transfer-encoding: x\r\n"]
    {
        let reply = send(served.address, post(&format!("{lengths}\r\na"))).await;
        assert!(matches!(reply.status, 400 | 411 | 501), "{lengths}: {}", reply.status);
    }
    assert_eq!(get(served.address, "/checkpoint").await.status, 200);
}

/// Goal: who asks for much and reads nothing is cut, and gives back what it held.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_given_up() {
    let served = served_with(net::Limits { write_time_max: SHORT, ..net::Limits::default() }).await;
    for n in 0..300 {
        served.registry.publish(listing(&format!("p{n}")).bytes()).await.unwrap();
    }
    let mut socket = connect(&served).await;
    // Many full bundles on one connection: far more than the socket's buffers hold.
    let request = "GET /tile/entries/000 HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    let writing = async {
        let start = Instant::now();
        while socket.write_all(request.as_bytes()).await.is_ok() && start.elapsed() < Duration::from_secs(10) {}
        start.elapsed()
    };
    let took = writing.await;
    assert!(took < Duration::from_secs(8), "it is cut: {took:?}");
    assert_eq!(get(served.address, "/tile/entries/000").await.status, 200);
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Goal: an HTTP/2 peer that takes nothing is cut although no write ever waits. Method: streams without window, and with a
/// window of one byte; the connection is alive and answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_grants_no_window_is_cut() {
    let served = served_with(net::Limits { body_time_max: SHORT, ..net::Limits::default() }).await;
    for n in 0..30 {
        served.registry.publish(listing(&format!("p{n}")).bytes()).await.unwrap();
    }
    let size = served.registry.checkpoint().unwrap().checkpoint().size;
    let path = format!("/tile/entries/000.p/{size}");
    for window in [0_u32, 1] {
        let mut socket = connect(&served).await;
        // SETTINGS_INITIAL_WINDOW_SIZE
        let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
        // :method GET, :scheme http, :path, :authority x (RFC 7541).
        let head = [&[0x82, 0x86, 0x04, path.len() as u8][..], path.as_bytes(), &[0x01, 1, b'x']].concat();
        let mut sent =
            [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &settings), &frame(4, 1, 0, &[])].concat();
        (0..20).for_each(|n| sent.extend(frame(1, 5, 2 * n + 1, &head)));
        socket.write_all(&sent).await.unwrap();
        let (came, took) = until_cut(&mut socket).await;
        assert!(took >= SHORT && took < SHORT * 8, "window {window}: {took:?}");
        assert!(!came.is_empty(), "the heads are answered");
    }
    assert!(get(served.address, &path).await.body.len() > 16 * 1024);
}

/// Whatever a call says that it is, gRPC is not half answered over HTTP/1.1.
#[tokio::test(flavor = "multi_thread")]
async fn grpc_methods_need_http_2() {
    let served = served_with(net::Limits::default()).await;
    for kind in
        ["", "content-type: application/grpc\r\n", "content-type: Application/gRPC+proto\r\n", "content-type: x\r\n"]
    {
        let head = format!(
            "POST /nospy.v1.Log/GetLogInfo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{kind}content-length: 5\r\n\r\n"
        );
        let reply = send(served.address, [head.as_bytes(), &[0; 5]].concat()).await;
        assert_eq!(reply.status, 505, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_have_an_end_and_a_number() {
    let limits =
        net::Limits { connections_per_address_max: 20, first_call_time_max: SHORT * 4, ..net::Limits::default() };
    let served = served_with(limits).await;
    let mut idle = Vec::new();
    for _ in 0..60 {
        idle.push(connect(&served).await);
    }
    let start = Instant::now();
    let mut turned_away = 0;
    for socket in &mut idle {
        let read = tokio::time::timeout(Duration::from_millis(5), socket.read(&mut [0; 1])).await;
        turned_away += usize::from(matches!(read, Ok(Ok(0) | Err(_))));
    }
    assert!(start.elapsed() < SHORT * 4, "before the others have their end");
    assert_eq!(turned_away, 40, "those above the number");
    // Some are closed at once, the rest when they have not called in time.
    for socket in &mut idle {
        until_cut(socket).await;
    }
    assert!(start.elapsed() < SHORT * 12, "{:?}", start.elapsed());
    assert_eq!(get(served.address, "/checkpoint").await.status, 200);
}

/// N3: what is above the calls of a connection is refused at once, to an HTTP client in HTTP's words.
#[tokio::test(flavor = "multi_thread")]
async fn calls_above_the_limit_of_a_connection_are_shed() {
    let served = served_with(net::Limits { calls_per_connection_max: 0, ..net::Limits::default() }).await;
    let reply = get(served.address, "/checkpoint").await;
    assert_eq!(
        (reply.status, reply.header("retry-after"), reply.header("cache-control")),
        (503, Some("1"), Some("no-store"))
    );
    let refused = served.try_client().await.expect("connecting is no call").log_info().await.unwrap_err();
    assert!(refused.to_string().contains("too many calls"), "{refused}");
}
