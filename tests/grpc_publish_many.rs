//! Many statements over one stream: each answered in order, none lost, and no peer that holds more than its window.

#![cfg(feature = "rpc")]
#![allow(clippy::panic)] // a test that panics has failed

mod served;
mod swindler;

use std::time::{Duration, Instant};

use nospy::net;
use nospy::registry::PublishError;
use nospy::rpc::proto::publish_many_response::Outcome;
use nospy::rpc::proto::registry_client::RegistryClient;
use nospy::rpc::proto::{self, PublishManyRequest};
use nospy::rpc::{CheckError, Connection, ForgetfulCheckpoints, VerifyingClient};
use nospy::rpc::{ClientError, Limits, Published, ServerRefusal};
use nospy::server;
use nospy::statement::Statement;
use served::{Engine, Served, acceptance, enrolment, government, listing, offer, options, vendor};
use swindler::Swindle;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

const PATIENCE: Duration = Duration::from_secs(30);

async fn publish_many(
    served: &Served,
    statements: &[Statement],
) -> (Vec<Result<Published, ServerRefusal>>, Result<(), ClientError>) {
    let (client, mut outcomes) = (served.client().await, Vec::new());
    let ended = client.publish_many(statements, |place, outcome| {
        assert_eq!(place, outcomes.len(), "in order, each once");
        outcomes.push(outcome);
    });
    let ended = timeout(PATIENCE, ended).await.expect("in time");
    (outcomes, ended)
}

async fn raw(served: &Served) -> RegistryClient<Channel> {
    let url = format!("http://{}", served.address);
    RegistryClient::new(Channel::from_shared(url).expect("a URL").connect().await.expect("a server"))
}

fn listings(prefix: &str, count: usize) -> Vec<Statement> {
    (0..count).map(|n| listing(&format!("{prefix}{n}"))).collect()
}

/// Goal: every statement has a receipt that holds, they enter in the order sent, and the same stream again enters nothing.
#[tokio::test(flavor = "multi_thread")]
async fn many_enter_in_order_and_once() {
    let served = Served::start(Engine::Sled).await;
    let statements = listings("p", 700);
    let (outcomes, ended) = publish_many(&served, &statements).await;
    ended.expect("all answered");
    let published: Vec<Published> = outcomes.into_iter().map(|outcome| outcome.expect("accepted")).collect();
    assert_eq!(published.len(), statements.len());
    assert!(published.is_sorted_by_key(|one| one.receipt.proved().index), "in the order sent");
    for (one, statement) in published.iter().zip(&statements) {
        assert_eq!(one.receipt.id(), statement.id());
        assert!(one.told.on_the_servers_word().is_new);
    }
    let size = served.registry.checkpoint().expect("signed").checkpoint().size;
    assert!(size < 2 + 2 * 700, "they share seals: {size} entries");

    let (again, ended) = publish_many(&served, &statements).await;
    ended.expect("all answered");
    for (again, first) in again.into_iter().zip(&published) {
        let again = again.expect("known");
        assert!(!again.told.on_the_servers_word().is_new);
        assert_eq!(again.receipt.proved().index, first.receipt.proved().index);
    }
    assert_eq!(served.registry.checkpoint().expect("signed").checkpoint().size, size, "nothing entered twice");
}

/// Goal: a refusal says what a unary call says and ends nothing; a statement may rely on one sent before it.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_end_nothing_and_order_counts() {
    let served = Served::start(Engine::Memory).await;
    let parties =
        [enrolment("acme", "vendor", "se", &vendor()), enrolment("de-bsi", "government", "de", &government())];
    let (outcomes, ended) = publish_many(&served, &parties).await;
    ended.expect("answered");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");

    let today = jiff::Timestamp::now().in_tz(served::ZONE).expect("a zone").date();
    let (today, tomorrow) = (today.to_string(), today.tomorrow().expect("a day").to_string());
    let made = offer("no-spy", b"We shall not build a backdoor.\n");
    let again = enrolment("acme", "vendor", "no", &government());
    let statements =
        [listing("p1"), again.clone(), made.clone(), acceptance("no-spy", &made, &today, &tomorrow), listing("p2")];
    let (outcomes, ended) = publish_many(&served, &statements).await;
    ended.expect("answered");
    let accepted: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, false, true, true, true], "{outcomes:?}");
    let refused = outcomes[1].clone().expect_err("enrolled already");
    let ClientError::Refused(alone) = served.client().await.publish(&again).await.expect_err("enrolled already") else {
        panic!("not a refusal");
    };
    assert_eq!(refused, alone, "the same words as alone");
}

/// Goal: outside bytes are answered, not fatal. Method: raw messages, with numbers of the peer's own.
#[tokio::test(flavor = "multi_thread")]
async fn malformed_statements_are_answered_by_number() {
    let served = Served::start(Engine::Memory).await;
    let good = listing("p").bytes().to_vec();
    let sent = [(9, Vec::new()), (7, vec![0xff; 100]), (7, good.clone()), (u64::MAX, vec![0x81; 60_000]), (0, good)];
    let requests: Vec<_> = sent.iter().map(|(number, bytes)| request(*number, bytes)).collect();
    let mut answers = raw(&served).await.publish_many(tokio_stream::iter(requests)).await.expect("taken").into_inner();
    let mut found = Vec::new();
    while let Some(answer) = answers.message().await.expect("answered") {
        let outcome = match answer.outcome.expect("an outcome") {
            Outcome::Published(published) => Ok(published.is_new),
            Outcome::Refused(refused) => {
                assert!(!refused.reason.is_empty() && !refused.message.is_empty(), "{refused:?}");
                Err(Code::from(refused.code))
            }
        };
        found.push((answer.number, outcome));
    }
    // The last may be found in the log, or be decided about in the batch of its twin.
    let twin = found.pop().expect("five answers");
    assert_eq!((twin.0, twin.1.is_ok()), (0, true));
    let bad = Err(Code::InvalidArgument);
    assert_eq!(found, [(9, bad), (7, bad), (7, Ok(true)), (u64::MAX, bad)]);
}

fn request(number: u64, statement: &[u8]) -> PublishManyRequest {
    PublishManyRequest { number, statement: statement.to_vec() }
}

/// Goal: the rate of an address is kept by waiting, not by refusals.
#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_kept_by_waiting() {
    let limits = Limits { publish_burst: 5, publishes_per_second: 20, ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let started = Instant::now();
    let (outcomes, ended) = publish_many(&served, &listings("p", 25)).await;
    ended.expect("answered");
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(started.elapsed() > Duration::from_millis(900), "{:?}", started.elapsed());
}

/// Goal: a peer that sends and does not read stops at its window, is cut, and gives its slot back.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_is_stopped() {
    let limits = Limits {
        publish_streams_per_address_max: 1,
        publish_window: 8,
        chunk_time_max: Duration::from_millis(400),
        ..Limits::default()
    };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let (sender, waiting) = mpsc::channel(1);
    // As little as HTTP/2 allows may pass unread: some hundred answers.
    let url = format!("http://{}", served.address);
    let channel = Channel::from_shared(url).expect("a URL").initial_stream_window_size(65_535);
    let mut slow = RegistryClient::new(channel.connect().await.expect("a server"));
    let mut unread = slow.publish_many(ReceiverStream::new(waiting)).await.expect("a slot").into_inner();
    let busy = raw(&served).await.publish_many(tokio_stream::empty()).await.expect_err("no slot");
    assert_eq!(busy.get_details_error_info().expect("named").reason, "busy");
    let statements = listings("p", 3_000);
    let mut sent = 0;
    for (number, statement) in (0..).zip(&statements) {
        let send = sender.send(request(number, statement.bytes()));
        match timeout(Duration::from_secs(2), send).await {
            Ok(Ok(())) => sent += 1,
            Ok(Err(_)) | Err(_) => break,
        }
    }
    assert!(sent < statements.len(), "nobody held it back");
    let size = served.registry.checkpoint().expect("signed").checkpoint().size;
    assert!(size < statements.len() as u64, "the log took {size} entries of a peer that reads no answer");
    let (outcomes, ended) = publish_many(&served, &listings("q", 3)).await;
    ended.expect("there is room again");
    assert_eq!(outcomes.len(), 3);
    let cut = loop {
        match unread.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stream that was cut looks whole"),
            Err(status) => break status,
        }
    };
    assert_eq!(cut.code(), Code::DeadlineExceeded, "{cut}");
}

/// Goal: a peer that sends nothing is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_cut() {
    let limits = Limits { chunk_time_max: Duration::from_millis(200), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let (sender, waiting) = mpsc::channel(1);
    sender.send(request(0, listing("p").bytes())).await.expect("sent");
    let mut answers = raw(&served).await.publish_many(ReceiverStream::new(waiting)).await.expect("taken").into_inner();
    let first = timeout(PATIENCE, answers.message()).await.expect("in time").expect("an answer");
    assert!(matches!(first.expect("answered").outcome, Some(Outcome::Published(_))));
    let cut = timeout(PATIENCE, answers.message()).await.expect("in time").expect_err("cut");
    assert_eq!(
        (cut.code(), cut.get_details_error_info().expect("named").reason),
        (Code::DeadlineExceeded, "too_slow".into())
    );
}

/// Goal: a stream whose connection goes away is begun again where it stands. Method: connections that live for 100 ms, and
/// are cut 100 ms later.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stream_goes_on() {
    let limits = server::Limits {
        net: net::Limits {
            connection_age_max: Duration::from_millis(100),
            connection_age_grace: Duration::from_millis(100),
            ..net::Limits::default()
        },
        rpc: Limits { publish_burst: 1, publishes_per_second: 100, ..Limits::default() },
        ..server::Limits::default()
    };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let statements = listings("p", 80);
    let (outcomes, ended) = publish_many(&served, &statements).await;
    ended.expect("all answered");
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(outcomes.len(), statements.len());
}

/// Goal: at the end of a server every statement is answered or was never let in. Method: it stops while a stream runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_nothing_open() {
    let mut served = Served::start(Engine::Sled).await;
    let statements = listings("p", 3_000);
    let (client, registry) = (served.client().await, served.registry.clone());
    let (told, mut first_told) = mpsc::channel(1);
    let stream = tokio::spawn(async move {
        let mut outcomes = Vec::new();
        let ended = client
            .publish_many(&statements, |_, outcome| {
                outcomes.push(outcome);
                let _ = told.try_send(());
            })
            .await;
        (statements, outcomes, ended)
    });
    timeout(PATIENCE, first_told.recv()).await.expect("in time");
    served.stop();
    let (statements, outcomes, ended) = timeout(PATIENCE, stream).await.expect("in time").expect("no panic");
    let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(answered > 0);
    assert!(ended.is_err() || answered == statements.len());
    for (statement, outcome) in statements.iter().zip(&outcomes) {
        match outcome {
            Ok(published) => {
                assert_eq!(registry.index_of(statement.id()).expect("logged"), published.receipt.proved().index);
            }
            Err(refused) => assert_eq!(refused.reason, PublishError::ShuttingDown.reason()),
        }
    }
    timeout(PATIENCE, served.ended()).await.expect("no stream holds the server up");
}

/// Goal: an answer is told only with a receipt for exactly that statement. Method: a registry that swindles from the third
/// answer on.
#[tokio::test(flavor = "multi_thread")]
async fn a_swindle_ends_the_stream() {
    let served = Served::start(Engine::Memory).await;
    let statements = listings("p", 5);
    for (swindle, told) in [
        (Swindle::Receipt, 2),
        (Swindle::OtherReceipt, 2),
        (Swindle::Index, 2),
        (Swindle::Number, 2),
        (Swindle::Nothing, 2),
        // Begun again from the first without an answer, as often as that brings answers.
        (Swindle::End, 5),
    ] {
        let url = swindler::serve(format!("http://{}", served.address), swindle).await;
        let connection = Connection { url, ca_pem: None };
        let seen = ForgetfulCheckpoints::default();
        let client = VerifyingClient::connect(&connection, served.log(), seen).await.expect("connected");
        let mut outcomes = Vec::new();
        let ended = client.publish_many(&statements, |_, outcome| outcomes.push(outcome)).await;
        assert_eq!(outcomes.len(), told, "{swindle:?}");
        for (outcome, statement) in outcomes.iter().zip(&statements) {
            assert_eq!(outcome.as_ref().expect("accepted").receipt.id(), statement.id());
        }
        match (swindle, ended) {
            (Swindle::End, ended) => ended.expect("all answered"),
            (Swindle::Receipt | Swindle::OtherReceipt, Err(ClientError::Check(CheckError::Receipt(_)))) => {}
            (_, Err(ClientError::Check(CheckError::Field { .. }))) => {}
            (swindle, other) => panic!("{swindle:?}: {other:?}"),
        }
    }
}

/// Nothing sent is nothing answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_statements_ends_in_peace() {
    let served = Served::start(Engine::Memory).await;
    let nothing = tokio_stream::empty::<proto::PublishManyRequest>();
    let mut answers = raw(&served).await.publish_many(nothing).await.expect("taken").into_inner();
    assert!(answers.message().await.expect("no error").is_none());
    let (outcomes, ended) = publish_many(&served, &[]).await;
    assert!(outcomes.is_empty() && ended.is_ok());
}
