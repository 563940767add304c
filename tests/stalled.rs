//! The client before a server that begins to answer and never ends: it waits for a while, and not for ever.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Response;
use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey};
use nospy::rpc::{ClientError, Connection, EntryRef, ForgetfulCheckpoints, VerifyingClient};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;

/// Serves the head of an answer to every question, and no body.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = || async {
        let never = tokio_stream::pending::<Result<Bytes, std::io::Error>>();
        Response::builder().header("content-type", "application/grpc").body(Body::from_stream(never)).unwrap()
    };
    let routes = Routes::from(Router::new().fallback(answer));
    tokio::spawn(Server::builder().add_routes(routes).serve_with_incoming(TcpListenerStream::new(listener)));
    format!("http://{address}")
}

#[tokio::test]
async fn an_answer_that_begins_and_does_not_end_is_silence() {
    let log = KeyLine::new("log.example", NoteAlgorithm::Ed25519, SigningKey::from_seed(&[1; 32]).public()).unwrap();
    let connection = Connection { url: serve().await, ca_pem: None };
    let client = VerifyingClient::connect(&connection, log, ForgetfulCheckpoints::default()).await.unwrap();
    let mut client = client.with_answer_time_max(Duration::from_millis(200));
    let patience = Duration::from_secs(20);
    let error = tokio::time::timeout(patience, client.checkpoint()).await.expect("an end").unwrap_err();
    assert!(matches!(error, ClientError::Network { .. }), "{error}");
    let statement = client.statement(EntryRef::Index(0));
    let error = tokio::time::timeout(patience, statement).await.expect("an end").unwrap_err();
    assert!(matches!(error, ClientError::Network { .. }), "{error}");
}
