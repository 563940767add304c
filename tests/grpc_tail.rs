//! Following a log through its door: every entry proved, from anywhere, and nothing held for who does not read.

#![cfg(feature = "rpc")]
#![allow(clippy::panic)] // a test that panics has failed

mod liar;
mod served;

use std::time::Duration;

use liar::Lie;
use nospy::crypto::KeyLine;
use nospy::evidence::Checkpoint;
use nospy::merkle::{Edge, leaf_hash};
use nospy::registry::RUN_ENTRIES_MAX;
use nospy::rpc::proto::log_client::LogClient;
use nospy::rpc::proto::{GetStatementRequest, TailStatementsRequest, WitnessPass, get_statement_request};
use nospy::rpc::{
    CheckError, ClientError, Connection, ForgetfulCheckpoints, Limits, SeenCheckpoints as _, ServerRefusal, Tail,
    VerifyingClient,
};
use served::{Engine, Served, listing, options};
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

type Client = VerifyingClient<ForgetfulCheckpoints>;

/// Long enough for any answer, short enough for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn refusal(error: ClientError) -> ServerRefusal {
    match error {
        ClientError::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other}"),
    }
}

/// Registers so many vendors, at once.
async fn grow(served: &Served, prefix: &str, count: usize) {
    let publishes: Vec<_> = (0..count)
        .map(|n| {
            let (registry, statement) = (served.registry.clone(), listing(&format!("{prefix}{n}")));
            tokio::spawn(async move { registry.publish(statement.bytes()).await.map(|_| ()) })
        })
        .collect();
    for publish in publishes {
        publish.await.expect("no panic").expect("published");
    }
}

fn size(served: &Served) -> u64 {
    served.registry.checkpoint().expect("signed").checkpoint().size
}

/// Every entry that the tail gives until it ends.
async fn all(client: &mut Client, tail: &mut Tail) -> Result<Vec<Vec<u8>>, ClientError> {
    let mut entries = Vec::new();
    while let Some(run) = timeout(PATIENCE, client.next_run(tail)).await.expect("in time")? {
        entries.extend_from_slice(run.statements());
    }
    Ok(entries)
}

async fn client_at(url: &str, log: KeyLine, seen: ForgetfulCheckpoints) -> Client {
    let connection = Connection { url: url.to_owned(), ca_pem: None };
    VerifyingClient::connect(&connection, log, seen).await.expect("connected")
}

async fn raw(served: &Served) -> LogClient<Channel> {
    let url = format!("http://{}", served.address);
    // As little as HTTP/2 allows may pass unread.
    let channel = Channel::from_shared(url).expect("a URL").initial_stream_window_size(65_535);
    LogClient::new(channel.connect().await.expect("a server"))
}

/// Goal: what is streamed is the log, from any index. Method: every way to start, compared with the entries one by one.
#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_the_log_from_anywhere() {
    let served = Served::start(Engine::Sled).await;
    grow(&served, "p", 1_500).await;
    let (mut client, size) = (served.client().await, size(&served));
    assert!(size > RUN_ENTRIES_MAX, "more than one run");

    let mut tail = client.tail(Edge::new(), Some(size));
    let (mut entries, mut edges) = (Vec::new(), vec![Edge::new()]);
    while let Some(run) = client.next_run(&mut tail).await.expect("proved") {
        assert_eq!(run.start(), entries.len() as u64);
        entries.extend_from_slice(run.statements());
        assert_eq!(run.edge().size(), entries.len() as u64);
        assert!(run.checkpoint().size() >= run.edge().size());
        edges.push(run.edge().clone());
    }
    assert_eq!(entries.len() as u64, size);
    let checkpoint = client.checkpoint().await.expect("signed");
    assert_eq!(edges.last().expect("some").root(), *checkpoint.root());
    let mut one_by_one = raw(&served).await;
    for index in (0..size).step_by(97) {
        let entry = Some(get_statement_request::Entry::Index(index));
        let told = one_by_one.get_statement(GetStatementRequest { entry }).await.expect("logged").into_inner();
        assert_eq!(told.statement, entries[index as usize]);
    }

    for edge in edges {
        let from = edge.size() as usize;
        let mut tail = client.tail(edge, Some(size));
        assert_eq!(all(&mut client, &mut tail).await.expect("proved"), entries[from..]);
    }
    for from in [1, 2, 3, 64, 255, 256, 257, 1_024, size - 1, size] {
        let edge = client.edge_at(from).await.expect("proved");
        let mut own = Edge::new();
        entries[..from as usize].iter().for_each(|entry| own.push(leaf_hash(entry)));
        assert_eq!(edge, own, "{from}");
        for until in [from, from + (size - from) / 2, size] {
            let mut tail = client.tail(edge.clone(), Some(until));
            let found = all(&mut client, &mut tail).await.expect("proved");
            assert_eq!(found, entries[from as usize..until as usize], "{from} to {until}");
        }
    }
}

/// Goal: who follows gets each batch when it is sealed, across the ends of streams. Method: streams that end early.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gets_what_is_sealed() {
    let limits = Limits { tail_time_max: Duration::from_millis(150), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let mut client = served.client().await;
    let edge = client.edge_at(size(&served)).await.expect("proved");
    let mut tail = client.tail(edge, None);
    let first = client.next_run(&mut tail).await.expect("proved").expect("it follows");
    assert!(first.statements().is_empty(), "nothing is new, and the client knows at once where it stands");
    for n in 0..8 {
        let statement = listing(&format!("follow{n}"));
        let publish = served.registry.publish(statement.bytes());
        tokio::time::sleep(Duration::from_millis(50)).await;
        let index = publish.await.expect("published").index;
        let mut found = Vec::new();
        // A stream that was opened again begins with what there is, be it nothing.
        while found.len() < 2 {
            let run = timeout(PATIENCE, client.next_run(&mut tail)).await.expect("in time");
            let run = run.expect("proved").expect("it follows");
            assert_eq!(run.start(), index + found.len() as u64);
            found.extend_from_slice(run.statements());
        }
        assert_eq!(found[0], statement.bytes());
    }
    assert_eq!(tail_end(&mut client, &mut tail, &served).await, size(&served));
}

async fn tail_end(client: &mut Client, tail: &mut Tail, served: &Served) -> u64 {
    grow(served, "last", 1).await;
    loop {
        let run = timeout(PATIENCE, client.next_run(tail)).await.expect("in time").expect("proved").expect("follows");
        if run.edge().size() == size(served) {
            return run.edge().size();
        }
    }
}

/// Goal: nothing unproved is handed out. Method: a server in between that turns one bit, or promises more than there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_liar_hands_nothing_out() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, "p", 20).await;
    let (url, size) = (format!("http://{}", served.address), size(&served));
    for at in [0, 1, 7, size - 1] {
        let liar = liar::serve(url.clone(), Lie::Entry(at)).await;
        let mut client = client_at(&liar, served.log(), ForgetfulCheckpoints::default()).await;
        let mut tail = client.tail(Edge::new(), Some(size));
        let failed = all(&mut client, &mut tail).await.expect_err("one bit is another entry");
        assert!(matches!(failed, ClientError::Check(CheckError::Inclusion(_))), "{at}: {failed}");
        // The tail stays where it was: an honest server goes on with it.
        let mut honest = served.client().await;
        assert_eq!(all(&mut honest, &mut tail).await.expect("proved").len() as u64, size);
    }
    for more in [1, RUN_ENTRIES_MAX, u64::MAX - size] {
        let liar = liar::serve(url.clone(), Lie::Longer(more)).await;
        let mut client = client_at(&liar, served.log(), ForgetfulCheckpoints::default()).await;
        let mut tail = client.tail(Edge::new(), None);
        let failed = timeout(Duration::from_secs(2), client.next_run(&mut tail)).await;
        // The last run of a follower is one entry short: the client waits for it, and hands nothing out.
        assert!(failed.is_err() || failed.is_ok_and(|run| run.is_err()), "{more}");
    }
}

/// Goal: a fork is seen before an entry is handed out. Method: the client has seen another tree under the log's own key.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_seen_in_a_stream() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, "p", 3).await;
    let size = size(&served);
    for (seen_size, is_fork) in [(2, true), (size, true), (size + 1, false)] {
        let other = Checkpoint { origin: served.registry.origin().clone(), size: seen_size, root: [9; 32] };
        let note = other.sign(&served.log(), &served::log_key()).to_string().into_bytes();
        let mut seen = ForgetfulCheckpoints::default();
        seen.store(&served.log(), &note).expect("kept in memory");
        let mut client = client_at(&format!("http://{}", served.address), served.log(), seen).await;
        let mut tail = client.tail(Edge::new(), None);
        match client.next_run(&mut tail).await.expect_err("it is not what was seen") {
            ClientError::Equivocation { old_note, .. } if is_fork => assert_eq!(old_note, note),
            ClientError::Older { old_size, .. } if !is_fork => assert_eq!(old_size, seen_size),
            other => panic!("{seen_size}: {other}"),
        }
    }
    // A tree before the client's own edge that is not the log's.
    let mut client = served.client().await;
    let mut wrong = Edge::new();
    (0..3).for_each(|n| wrong.push([n; 32]));
    let mut tail = client.tail(wrong, None);
    let failed = client.next_run(&mut tail).await.expect_err("not this log");
    assert!(matches!(failed, ClientError::Check(CheckError::Inclusion(_))), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_streamed() {
    let served = Served::start(Engine::Memory).await;
    let (mut raw, size) = (raw(&served).await, size(&served));
    for (start, until, code) in [
        (size + 1, None, Code::OutOfRange),
        (u64::MAX, None, Code::OutOfRange),
        (0, Some(size + 1), Code::OutOfRange),
        (0, Some(u64::MAX), Code::OutOfRange),
        (0, Some(0), Code::InvalidArgument),
        (2, Some(1), Code::InvalidArgument),
    ] {
        let refused = raw
            .tail_statements(TailStatementsRequest { start, until, offered: None })
            .await
            .expect_err("nothing there");
        assert_eq!(refused.code(), code, "{start} {until:?}: {refused}");
        assert!(refused.get_details_error_info().is_some(), "{refused:?}");
    }
    // Passes that are none, of any length and time, before a log that has no witnesses.
    for (len, code) in [(0, Code::InvalidArgument), (65, Code::InvalidArgument), (64, Code::PermissionDenied)] {
        for time in [0, served::now_s(), u64::MAX] {
            let pass = WitnessPass { witness: "w".repeat(9_000), time, signature: vec![7; len] };
            let request = TailStatementsRequest { start: 0, until: None, offered: Some(pass) };
            let refused = raw.tail_statements(request).await.expect_err("no witness");
            assert_eq!(refused.code(), code, "{len} {time}: {refused}");
        }
    }
}

/// Goal: a stream holds a slot, and only as long as it is read. Method: one slot; a reader that stops reading a log which
/// is longer than what HTTP/2 lets pass unread.
#[tokio::test(flavor = "multi_thread")]
async fn an_unread_stream_makes_room() {
    let limits = Limits { tails_per_address_max: 1, chunk_time_max: Duration::from_millis(300), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    grow(&served, "p", 3_000).await;
    let request = TailStatementsRequest { start: 0, until: None, offered: None };
    let mut unread = raw(&served).await.tail_statements(request).await.expect("a slot").into_inner();
    let mut client = served.client().await;
    let mut tail = client.tail(Edge::new(), Some(size(&served)));
    let refused = refusal(client.next_run(&mut tail).await.expect_err("no slot"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "busy"));
    assert!(refused.retry_after.is_some());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(all(&mut client, &mut tail).await.expect("there is room again").len() as u64, size(&served));
    let cut = loop {
        match unread.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stream that was cut looks whole"),
            Err(status) => break status,
        }
    };
    assert_eq!(cut.code(), Code::DeadlineExceeded);
    // A caller who had other things to do goes on where it was.
    let mut slow = client.tail(Edge::new(), Some(size(&served)));
    let mut entries = 0;
    while let Some(run) = client.next_run(&mut slow).await.expect("it goes on") {
        entries += run.statements().len() as u64;
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    assert_eq!(entries, size(&served));
}

/// Goal: a follower does not hold up the end of a server.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_log_lets_its_followers_go() {
    let mut served = Served::start(Engine::Memory).await;
    let mut client = served.client().await;
    let mut tail = client.tail(Edge::new(), None);
    client.next_run(&mut tail).await.expect("proved").expect("the first entries");
    served.stop();
    let refused = refusal(timeout(PATIENCE, client.next_run(&mut tail)).await.expect("told").expect_err("it ended"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "shutting_down"));
    drop(client);
    timeout(Duration::from_secs(10), served.ended()).await.expect("long before the grace is over");
}
