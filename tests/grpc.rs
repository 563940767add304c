//! The service through its own door: a real server, a real socket, the verifying client.

#![cfg(feature = "rpc")]
#![allow(clippy::panic)] // a test that panics has failed

mod served;

use std::collections::BTreeSet;
use std::time::Duration;

use nospy::crypto::{Digest, sha256};
use nospy::evidence::{Policy, Trust, check_file};
use nospy::net;
use nospy::registry::Registry;
use nospy::rpc::proto::log_client::LogClient;
use nospy::rpc::proto::registry_client::RegistryClient;
use nospy::rpc::proto::{self, get_statement_request};
use nospy::rpc::{
    AgreementsFilter, ClientError, Connection, EntryRef, ForgetfulCheckpoints, Limits, ServerRefusal, VerifyingClient,
};
use nospy::statement::Subject;
use served::{Engine, Served, acceptance, enrolment, government, listing, offer, options, sign, vendor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

const TEXT: &[u8] = b"We shall not build a backdoor.\n";

fn refusal(error: ClientError) -> ServerRefusal {
    match error {
        ClientError::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other}"),
    }
}

async fn channel(served: &Served) -> Channel {
    Channel::from_shared(format!("http://{}", served.address)).expect("a URL").connect().await.expect("a server")
}

fn subject(text: &str) -> Subject {
    text.parse().expect("a subject")
}

/// Today and tomorrow in the zone of the terms.
fn days() -> (String, String) {
    let today = jiff::Timestamp::now().in_tz(served::ZONE).expect("a zone").date();
    (today.to_string(), today.tomorrow().expect("before the year 9999").to_string())
}

async fn publish_twice(engine: Engine) {
    let served = Served::start(engine).await;
    let mut client = served.client().await;
    let statement = listing("acme");
    let first = client.publish(&statement).await.expect("published");
    assert!(first.told.on_the_servers_word().is_new);
    assert_eq!(first.receipt.id(), statement.id());
    assert!(first.receipt.proved().index >= 2, "after genesis and the first seal");
    let second = client.publish(&statement).await.expect("published before");
    assert!(!second.told.on_the_servers_word().is_new);
    assert_eq!(second.receipt.proved().index, first.receipt.proved().index);

    let checkpoint = client.checkpoint().await.expect("a checkpoint");
    assert!(checkpoint.size() >= first.receipt.proved().size);
    for entry in [EntryRef::Index(first.receipt.proved().index), EntryRef::Id(*statement.id())] {
        let found = client.statement(entry).await.expect("logged");
        assert_eq!(found.statement(), &statement);
        assert_eq!(found.index(), first.receipt.proved().index);
    }
    assert_eq!(client.receipt(&statement).await.expect("a receipt").proved().index, first.receipt.proved().index);
    let mut served = served;
    served.stop();
    served.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_proved_in_memory() {
    publish_twice(Engine::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_proved_on_sled() {
    publish_twice(Engine::Sled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_extend_each_other() {
    let served = Served::start(Engine::Memory).await;
    let mut client = served.client().await;
    let mut sizes = BTreeSet::new();
    for name in ["a1", "b2", "c3", "d4"] {
        client.publish(&listing(name)).await.expect("published");
        sizes.insert(client.checkpoint().await.expect("it extends the one before").size());
    }
    assert_eq!(sizes.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_rule_and_what_would_be_accepted() {
    let served = Served::start(Engine::Memory).await;
    let client = served.client().await;
    let stranger = vendor();
    let before = served.registry.checkpoint().expect("signed").checkpoint().size;

    // A key that nobody enrolled.
    let refused = refusal(client.publish(&offer("no-spy", TEXT)).await.expect_err("nobody knows acme"));
    assert_eq!(refused.code, Code::PermissionDenied, "{refused}");
    assert!(!refused.reason.is_empty() && !refused.next_step.is_empty(), "{refused:?}");

    // The registrar's name under another key.
    let body = serde_json::json!({ "names": [{ "name": "X" }], "role": "vendor", "country": "se" });
    let forged = sign(&stranger, "registrar", "party/forged", "party.list", &body);
    let refused = refusal(client.publish(&forged).await.expect_err("not the registrar"));
    assert_eq!(refused.code, Code::PermissionDenied, "{refused:?}");

    // The same words said twice are one entry; other words about an enrolled party are refused.
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.expect("enrolled");
    let again = enrolment("acme", "vendor", "no", &government());
    let refused = refusal(client.publish(&again).await.expect_err("enrolled already"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "already_enrolled"));
    let judged = refusal(client.dry_run(&again).await.expect_err("enrolled already"));
    assert_eq!(judged.reason, refused.reason, "a dry run says what publishing says");

    let after = served.registry.checkpoint().expect("signed").checkpoint().size;
    assert_eq!(after, before + 2, "one statement and its seal: a refusal writes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_statements_are_refused_by_form() {
    let served = Served::start(Engine::Memory).await;
    let mut raw = RegistryClient::new(channel(&served).await);
    let mut flipped = listing("acme").bytes().to_vec();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let statement = listing("acme");
    let truncated = statement.bytes()[..statement.bytes().len() - 1].to_vec();
    for (bytes, what) in [
        (Vec::new(), "nothing"),
        (vec![0xff; 100], "garbage"),
        (vec![0x81; 40_000], "deep nesting"),
        (truncated, "a truncated statement"),
        (flipped, "a broken signature"),
    ] {
        let status = raw.publish(proto::PublishRequest { statement: bytes }).await.expect_err(what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status}");
        let details = status.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!(info.domain, "nospy.v1");
        assert!(!info.reason.is_empty() && info.metadata.contains_key("next_step"), "{what}: {info:?}");
    }
    // Beyond the limit of a message the bytes are not even looked at.
    let oversize = proto::PublishRequest { statement: vec![0; 70_000] };
    let status = raw.publish(oversize).await.expect_err("oversize");
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status}");
    // Nothing of this hurt the server.
    served.client().await.publish(&statement).await.expect("published");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_what_is_not_there_say_so() {
    let served = Served::start(Engine::Memory).await;
    let mut client = served.client().await;
    let refused = refusal(client.statement(EntryRef::Id(Digest([7; 32]))).await.expect_err("no such id"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::NotFound, "not_found"));
    for index in [1_000, u64::MAX] {
        let refused = refusal(client.statement(EntryRef::Index(index)).await.expect_err("no such index"));
        assert_eq!((refused.code, refused.reason.as_str()), (Code::OutOfRange, "out_of_range"), "{index}");
    }
    let refused = refusal(client.fetch_text(&Digest([7; 32])).await.expect_err("no such text"));
    assert_eq!(refused.code, Code::NotFound);
    let refused = refusal(client.deposit_text(TEXT).await.expect_err("nobody names it"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "text_not_named"));

    let mut raw = LogClient::new(channel(&served).await);
    for entry in [None, Some(get_statement_request::Entry::Id(vec![1; 31]))] {
        let status = raw.get_statement(proto::GetStatementRequest { entry }).await.expect_err("malformed");
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    for (old_size, new_size) in [(0, None), (3, Some(2)), (1, Some(1 << 40)), (u64::MAX, None)] {
        let request = proto::GetConsistencyProofRequest { old_size, new_size };
        let status = raw.get_consistency_proof(request).await.expect_err("impossible sizes");
        assert!(matches!(status.code(), Code::InvalidArgument | Code::OutOfRange), "{old_size} {status}");
    }
    for (index, size) in [(5, Some(5)), (0, Some(1 << 40)), (u64::MAX, None)] {
        let request = proto::GetInclusionProofRequest { index, size };
        let status = raw.get_inclusion_proof(request).await.expect_err("impossible position");
        assert_eq!(status.code(), Code::OutOfRange, "{index} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_stable_while_the_log_grows() {
    let served = Served::start(Engine::Memory).await;
    let client = served.client().await;
    for n in 0..7 {
        client.publish(&listing(&format!("party{n}"))).await.expect("published");
    }
    let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = client.parties(3, &token).await.expect("a page").into_the_servers_word();
        assert!(page.parties.len() <= 3);
        found.extend(page.parties.into_iter().map(|row| row.party));
        client.publish(&listing(&format!("late{pages}"))).await.expect("published");
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() || pages > 10 {
            break;
        }
    }
    let early: Vec<_> = (0..7).map(|n| format!("party{n}")).collect();
    assert_eq!(found[..7], early[..], "in the order of the log, none twice");
    for token in ["x", "-1", "007", "18446744073709551616"] {
        let refused = refusal(client.parties(3, token).await.expect_err("not a token"));
        assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "invalid_argument"), "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_listed_proved_and_read() {
    let served = Served::start(Engine::Sled).await;
    let client = served.client().await;
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.expect("the vendor is enrolled");
    client.publish(&enrolment("de-bsi", "government", "de", &government())).await.expect("the government is enrolled");
    // Longer than a chunk in either direction.
    let text = TEXT.repeat(10_000);
    let offer = offer("no-spy", &text);
    client.publish(&offer).await.expect("offered");
    let (today, tomorrow) = days();
    client.publish(&acceptance("no-spy", &offer, &today, &tomorrow)).await.expect("accepted");

    let about = subject("agreement/acme/no-spy/de-bsi");
    let standing = client.standing(&about, None, None).await.expect("a standing").into_the_servers_word();
    let standing = standing.standing.expect("always set");
    assert_eq!((standing.force.as_str(), standing.assent.as_str()), ("not_yet", "both_signed"));
    for (vendor, government, rows) in [
        (None, None, 1),
        (Some("acme"), Some("de"), 1),
        (None, Some("de-bsi"), 1),
        (None, Some("fr"), 0),
        (Some("zeta"), None, 0),
    ] {
        let filter = AgreementsFilter {
            vendor: vendor.map(|name| name.parse().expect("a party")),
            government: government.map(|name| name.parse().expect("a government")),
        };
        let page = client.agreements(&filter, 0, "").await.expect("a page").into_the_servers_word();
        assert_eq!(page.agreements.len(), rows, "{filter:?}");
    }

    let trust = Trust::of(Policy::of_log(served.log()));
    for about in ["agreement/acme/no-spy/de-bsi", "between/acme/de", "offer/acme/other", "party/nobody"] {
        let file = client.docket_file(&subject(about)).await.expect("a docket file").into_the_servers_word();
        let check = check_file(&file, &trust, None);
        assert!(check.file.is_some(), "{about}: {:?}", check.checks);
    }

    let digest = client.deposit_text(&text).await.expect("deposited");
    assert_eq!(digest, sha256(&[&text]));
    assert_eq!(client.deposit_text(&text).await.expect("again"), digest);
    let found = client.fetch_text(&digest).await.expect("deposited before");
    assert!(found.bytes == text, "{} bytes of {}", found.bytes.len(), text.len());
    assert_eq!(found.media_type.on_the_servers_word(), "text/plain");
}

/// Goal: the promise of an end in peace. Method: sixty publishes are in flight when the server is told to stop; each ends in
/// a receipt or in a refusal that says so, and every receipt is in the log.
#[tokio::test(flavor = "multi_thread")]
async fn shutdown_answers_what_was_admitted() {
    let mut served = Served::start(Engine::Sled).await;
    let mut publishes = Vec::new();
    for n in 0..4 {
        let client = std::sync::Arc::new(served.client().await);
        for m in 0..15 {
            let client = client.clone();
            publishes.push(tokio::spawn(async move {
                let statement = listing(&format!("party{n}x{m}"));
                (statement.clone(), client.publish(&statement).await)
            }));
        }
    }
    tokio::time::sleep(Duration::from_millis(3)).await;
    served.stop();
    let registry: Registry = served.registry.clone();
    let (mut answered, mut refused) = (0, 0);
    for publish in publishes {
        match publish.await.expect("no panic") {
            (statement, Ok(published)) => {
                assert_eq!(registry.index_of(statement.id()).expect("logged"), published.receipt.proved().index);
                answered += 1;
            }
            (statement, Err(ClientError::Refused(refusal))) => {
                assert_eq!(refusal.reason, "shutting_down", "{refusal:?}");
                assert!(registry.index_of(statement.id()).is_err(), "refused, so it is not in the log");
                refused += 1;
            }
            // A call that came after the end of its connection was announced.
            (statement, Err(ClientError::Network { .. })) => {
                assert!(registry.index_of(statement.id()).is_err(), "unanswered, so it was never admitted");
                refused += 1;
            }
            (_, Err(other)) => panic!("{other}"),
        }
    }
    eprintln!("{answered} answered, {refused} refused");
    assert_eq!(answered + refused, 60);
    let address = served.address;
    served.ended().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_cap_are_closed() {
    let limits = net::Limits { connections_per_address_max: 1, ..net::Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let first = served.client().await;
    first.log_info().await.expect("the first connection is served");
    let is_refused = match served.try_client().await {
        Err(_) => true,
        Ok(second) => second.log_info().await.is_err(),
    };
    assert!(is_refused, "one connection per address");
    first.log_info().await.expect("the first connection does not notice");
    drop(first);
    // G2: the ticket comes back with the end of the connection.
    let mut is_back = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Ok(third) = served.try_client().await
            && third.log_info().await.is_ok()
        {
            is_back = true;
            break;
        }
    }
    assert!(is_back, "a closed connection makes room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_call_ends() {
    let limits = net::Limits { first_call_time_max: Duration::from_millis(200), ..net::Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    // One says nothing, one says nothing of use.
    for greeting in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        let mut socket = TcpStream::connect(served.address).await.expect("accepted");
        socket.write_all(greeting).await.expect("written");
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the server ends it after {} bytes of greeting", greeting.len());
    }
    // A connection that was used stays.
    let client = served.client().await;
    client.log_info().await.expect("served");
    tokio::time::sleep(Duration::from_millis(400)).await;
    client.log_info().await.expect("still served");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_served_and_checked() {
    let limits = net::Limits { handshake_time_max: Duration::from_millis(200), ..net::Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), Some(served::tls())).await;
    let url = format!("https://localhost:{}", served.address.port());
    let trusting = Connection { url: url.clone(), ca_pem: Some(served::tls().certificate_pem) };
    let mut client = VerifyingClient::connect(&trusting, served.log(), ForgetfulCheckpoints::default())
        .await
        .expect("the certificate is the one expected");
    client.publish(&listing("acme")).await.expect("published");
    client.checkpoint().await.expect("signed");
    // Who does not know the certificate does not talk.
    let strict = Connection { url, ca_pem: None };
    let unknown = VerifyingClient::connect(&strict, served.log(), ForgetfulCheckpoints::default()).await;
    assert!(matches!(unknown, Err(ClientError::Network { .. } | ClientError::Address { .. })), "{:?}", unknown.err());
    // Half a handshake is ended.
    let mut socket = TcpStream::connect(served.address).await.expect("accepted");
    socket.write_all(&[0x16, 3, 1]).await.expect("written");
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the server ends it");
}

/// Goal: a stream that drips does not hold its place. Method: one chunk, then nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_dripping_deposit_is_cut() {
    let limits = Limits { chunk_time_max: Duration::from_millis(200), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let mut raw = RegistryClient::new(channel(&served).await);
    let first = proto::DepositTextRequest { sha256: vec![1; 32], size: 10, chunk: b"1".to_vec() };
    let pieces = tokio_stream::StreamExt::chain(tokio_stream::iter([first]), tokio_stream::pending());
    let answer = tokio::time::timeout(Duration::from_secs(5), raw.deposit_text(pieces)).await;
    let status = answer.expect("the server does not wait").expect_err("cut");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.get_error_details().error_info().expect("named").reason, "too_slow");
}

/// Goal: a unary call has a time, from its headers on. Method: a call of Publish whose message never comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_its_message_is_cut() {
    let limits = Limits { call_time_max: Duration::from_millis(200), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let mut grpc = tonic::client::Grpc::new(channel(&served).await);
    grpc.ready().await.expect("connected");
    let nothing = tonic::Request::new(tokio_stream::pending::<proto::PublishRequest>());
    let path = "/nospy.v1.Registry/Publish".parse().expect("a path");
    let codec = tonic_prost::ProstCodec::<proto::PublishRequest, proto::PublishResponse>::default();
    let answer = tokio::time::timeout(Duration::from_secs(5), grpc.client_streaming(nothing, path, codec)).await;
    let status = answer.expect("the server does not wait").expect_err("cut");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.get_error_details().error_info().expect("named").reason, "too_slow");
}

/// Goal: an old connection is asked to go and no call suffers. Method: many calls over several ages of a connection.
#[tokio::test(flavor = "multi_thread")]
async fn old_connections_go_in_peace() {
    let limits = net::Limits { connection_age_max: Duration::from_millis(100), ..net::Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let client = served.client().await;
    for n in 0..50 {
        client.publish(&listing(&format!("party{n}"))).await.expect("published");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Goal: a reader that does not read holds nothing for long. Method: room for one text; the first reader takes its stream
/// and reads none of it, while the text is longer than what HTTP/2 lets pass unread.
#[tokio::test(flavor = "multi_thread")]
async fn an_unread_text_makes_room() {
    let limits = Limits { texts_at_work_max: 1, chunk_time_max: Duration::from_millis(300), ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let client = served.client().await;
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.expect("the vendor is enrolled");
    let text = TEXT.repeat(400_000);
    client.publish(&offer("no-spy", &text)).await.expect("offered");
    let digest = client.deposit_text(&text).await.expect("deposited");
    let mut raw = RegistryClient::new(channel(&served).await);
    let request = proto::FetchTextRequest { sha256: digest.0.to_vec() };
    let mut unread = raw.fetch_text(request).await.expect("found").into_inner();
    let refused = refusal(client.fetch_text(&digest).await.expect_err("no room"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "busy"));
    assert!(refused.retry_after.is_some());
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(client.fetch_text(&digest).await.expect("there is room again").bytes.len(), text.len());
    // Who reads at last finds an error, not a short text.
    let end = loop {
        match unread.message().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert_eq!(end.expect_err("cut").code(), Code::DeadlineExceeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_statements_of_one_address_wait() {
    let limits = Limits { publish_burst: 2, publishes_per_second: 1, ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let mut client = served.client().await;
    let statement = listing("acme");
    client.publish(&statement).await.expect("the first");
    client.publish(&statement).await.expect("the second");
    let refused = refusal(client.publish(&statement).await.expect_err("the third"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::ResourceExhausted, "rate_limited"));
    assert!(refused.retry_after.is_some_and(|delay| delay <= Duration::from_secs(1)), "{refused:?}");
    client.checkpoint().await.expect("reads go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_keeps_its_promises() {
    let served = Served::start(Engine::Memory).await;
    let mut raw = RegistryClient::new(channel(&served).await);
    let piece = |sha256: &[u8], size: u64, chunk: &[u8]| proto::DepositTextRequest {
        sha256: sha256.to_vec(),
        size,
        chunk: chunk.to_vec(),
    };
    let digest = sha256(&[TEXT]).0;
    for (pieces, field) in [
        (vec![], "sha256"),
        (vec![piece(&[1], 5, b"12345")], "sha256"),
        (vec![piece(&digest, 0, b"1")], "size"),
        (vec![piece(&digest, u64::MAX, b"1")], "size"),
        (vec![piece(&digest, 5, b"")], "chunk"),
        (vec![piece(&digest, 5, b"123"), piece(&[], 0, b"456")], "chunk"),
        (vec![piece(&digest, 5, b"123")], "size"),
    ] {
        let status = raw.deposit_text(tokio_stream::iter(pieces)).await.expect_err(field);
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        let details = status.get_error_details();
        let blamed = details.bad_request().and_then(|request| request.field_violations.first());
        assert_eq!(blamed.map(|violation| violation.field.as_str()), Some(field));
    }
    let wrong = vec![piece(&[9; 32], 5, b"12345")];
    let status = raw.deposit_text(tokio_stream::iter(wrong)).await.expect_err("another digest");
    assert_eq!(status.get_error_details().error_info().expect("named").reason, "text_digest_mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_answer() {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let mut served = Served::start(Engine::Memory).await;
    let channel = channel(&served).await;
    let mut health = HealthClient::new(channel.clone());
    for service in ["", "nospy.v1.Registry", "nospy.v1.Log", "nospy.v1.Dockets", "nospy.v1.Directory"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("known").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers =
        reflection.server_reflection_info(tokio_stream::iter([request])).await.expect("served").into_inner();
    let answer = answers.message().await.expect("an answer").and_then(|answer| answer.message_response);
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("not a list of services") };
    let names: BTreeSet<_> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["nospy.v1.Registry", "nospy.v1.Log", "nospy.v1.Dockets", "nospy.v1.Directory", "grpc.health.v1.Health"]
    {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    // At the end the watchers are told before the connections close.
    let request = HealthCheckRequest { service: "nospy.v1.Registry".to_owned() };
    let mut watch = health.watch(request).await.expect("served").into_inner();
    let first = watch.message().await.expect("a status").expect("a status");
    assert_eq!(first.status(), ServingStatus::Serving);
    served.stop();
    let last = watch.message().await.expect("a status").expect("a status");
    assert_eq!(last.status(), ServingStatus::NotServing);
    drop((watch, health, reflection, answers, channel));
    served.ended().await;
}

/// Goal: V2, a log that forks is caught. Method: the client remembers a checkpoint that the log's key signed over another
/// tree of the same size.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_evidence() {
    use nospy::evidence::Checkpoint;
    use nospy::rpc::SeenCheckpoints as _;

    let served = Served::start(Engine::Memory).await;
    let client = served.client().await;
    client.publish(&listing("acme")).await.expect("published");
    let size = served.registry.checkpoint().expect("signed").checkpoint().size;
    for seen_size in [2, size] {
        let other = Checkpoint { origin: served.registry.origin().clone(), size: seen_size, root: [9; 32] };
        let note = other.sign(&served.log(), &served::log_key()).to_string().into_bytes();
        let mut seen = ForgetfulCheckpoints::default();
        seen.store(&served.log(), &note).expect("kept in memory");
        let mut client = VerifyingClient::connect(&served.connection(), served.log(), seen).await.expect("connected");
        match client.checkpoint().await.expect_err("it does not extend what was seen") {
            ClientError::Equivocation { old_note, new_note, fork, .. } => {
                assert_eq!(old_note, note);
                assert_ne!(new_note, note);
                fork.check(&served.log()).expect("it proves the fork to anybody");
            }
            other => panic!("size {seen_size}: {other}"),
        }
        let kept = client.into_seen().last(&served.log()).expect("kept in memory");
        assert_eq!(kept, Some(note), "what was seen stays");
    }
    // A smaller tree than seen before shows no fork.
    let ahead = Checkpoint { origin: served.registry.origin().clone(), size: size + 10, root: [9; 32] };
    let mut seen = ForgetfulCheckpoints::default();
    let note = ahead.sign(&served.log(), &served::log_key()).to_string().into_bytes();
    seen.store(&served.log(), &note).expect("kept in memory");
    let mut client = VerifyingClient::connect(&served.connection(), served.log(), seen).await.expect("connected");
    assert!(matches!(client.checkpoint().await, Err(ClientError::Older { .. })));
}
