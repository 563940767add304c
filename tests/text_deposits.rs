//! Which bytes a registry keeps as which text, and what it says of a removed one: over gRPC, on the embedded engine.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use std::sync::Arc;

use nospy::crypto::{hex, sha256};
use nospy::registry::{DepositError, Opening, ReadError, Registry, SystemClock, remove_text};
use nospy::rpc::{ClientError, ServerRefusal};
use nospy::server::{Limits, serve};
use nospy::statement::Statement;
use nospy::storage::{SledOptions, SledStorage};
use served::{Engine, Served, enrolment, government, listing, offer_as, options, sign, vendor};
use tokio::net::TcpListener;
use tonic::Code;
use tonic_types::StatusExt as _;

fn refusal(error: ClientError) -> ServerRefusal {
    match error {
        ClientError::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other}"),
    }
}

/// Content, the media type that the terms declare, and whether the two go together.
const CONTENTS: &[(&[u8], &str, bool)] = &[
    (b"%PDF-1.7\n\xFF\x00 binary", "application/pdf", true),
    (b"%PDF-1.7\n", "text/plain", false),
    (b"\n%PDF-1.7 not at the start", "application/pdf", false),
    (b"A plain text.\r\n\tEnd.\x0C", "text/plain", true),
    ("\u{FEFF}Plain \u{2014} with a mark of its byte order".as_bytes(), "text/plain", true),
    (b"<Draft> of an agreement, in brackets", "text/plain", true),
    (b"A text with a NUL \x00", "text/plain", false),
    (b"Latin-1: \xE4", "text/plain", false),
    (b"\x7FELF\x02\x01\x01", "text/plain", false),
    (b"PK\x03\x04 an archive", "application/pdf", false),
    (b"<!DOCTYPE html><p>Page", "text/html", true),
    (b" <!-- a comment --> <HTML lang=en>", "text/html", true),
    (b"<?xml version=\"1.0\"?><!DOCTYPE html><html/>", "text/html", true),
    (b"<?xml version=\"1.0\"?><html/>", "application/xml", true),
    (b"<!doctype html><p>Page", "text/plain", false),
    (b"<!doctype html><p>Page, too", "application/xml", false),
    (b"Just words", "text/html", false),
    (b"<html \xFF>", "text/html", false),
    (b"<!-- no end", "text/html", false),
    (b"<?xml version=\"1.0\"?><agreement/>", "application/xml", true),
    (b"<?xml version=\"1.0\"?>\n<agreement></agreement>", "text/xml", true),
    (b"<agreement xml:lang=\"en\"/>", "text/xml", true),
    (b"<?xml version=\"1.1\"?><agreement/>", "text/plain", false),
    (b"No element", "application/xml", false),
    (b"Words of a word processor", "application/msword", false),
    (b"With a parameter", "text/plain; charset=utf-8", false),
];

#[tokio::test(flavor = "multi_thread")]
async fn content_that_contradicts_its_media_type_is_refused() {
    let served = Served::start(Engine::Sled).await;
    let client = served.client().await;
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.unwrap();
    for (number, (bytes, media_type, is_kept)) in CONTENTS.iter().enumerate() {
        let shown = String::from_utf8_lossy(bytes);
        client.publish(&offer_as(&format!("offer-{number}"), bytes, media_type)).await.unwrap();
        let deposited = client.deposit_text(bytes).await;
        let fetched = client.fetch_text(&sha256(&[bytes])).await;
        if *is_kept {
            deposited.unwrap_or_else(|error| panic!("{shown} as {media_type}: {error}"));
            let text = fetched.unwrap();
            assert_eq!((&text.bytes[..], text.media_type.on_the_servers_word().as_str()), (*bytes, *media_type));
        } else {
            let refused = refusal(deposited.expect_err(&format!("{shown} as {media_type}")));
            assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, "text_media_type"), "{shown}");
            assert!(refused.message.contains(media_type), "{}", refused.message);
            assert_eq!(refusal(fetched.expect_err("not kept")).reason, "not_found");
        }
    }
}

/// A letter that the government `de-bsi` files, with a copy of these bytes.
fn filing(reference: &str, copy: &[u8]) -> Statement {
    let today = jiff::Timestamp::now().in_tz(served::ZONE).unwrap().date().to_string();
    let body = serde_json::json!({
        "date": today,
        "paper": { "signed_on": today, "method": "filing", "form": "a letter", "digest": hex(&sha256(&[copy]).0) },
        "terms": {
            "mode": "unilateral_filed", "title": "A letter",
            "clauses": [{ "id": "NB1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants" }],
            "disclosure": {
                "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
                "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
                "text_availability": "not_stated",
            },
            "term": { "zone": served::ZONE, "effective": today },
        },
    });
    sign(&government(), "de-bsi", &format!("agreement/acme/{reference}/de-bsi"), "agreement.file", &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_of_a_paper_is_whatever_it_begins_as() {
    let served = Served::start(Engine::Sled).await;
    let client = served.client().await;
    client.publish(&listing("acme")).await.unwrap();
    client.publish(&enrolment("de-bsi", "government", "de", &government())).await.unwrap();
    for (reference, copy, media_type) in [
        ("pdf", &b"%PDF-1.4 scan"[..], Some("application/pdf")),
        ("html", b"<html>typed</html>", Some("text/html")),
        ("xml", b"<letter>typed</letter>", Some("application/xml")),
        ("plain", b"<typed> as it was", Some("text/plain")),
        ("image", b"\x89PNG\r\n\x1A\n", None),
    ] {
        client.publish(&filing(reference, copy)).await.unwrap();
        let deposited = client.deposit_text(copy).await;
        match media_type {
            Some(media_type) => {
                let text = client.fetch_text(&deposited.unwrap()).await.unwrap();
                assert_eq!(text.media_type.on_the_servers_word(), media_type);
            }
            None => assert_eq!(refusal(deposited.expect_err("an image")).reason, "text_media_type"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_is_served_with_its_reason_and_date() {
    const TEXT: &[u8] = b"Words that had to go.";
    let mut served = Served::start(Engine::Sled).await;
    let mut client = served.client().await;
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.unwrap();
    client.publish(&offer_as("open", TEXT, "text/plain")).await.unwrap();
    let digest = client.deposit_text(TEXT).await.unwrap();
    let before = client.checkpoint().await.unwrap();
    drop(client);
    served.stop();
    let log = served.log();
    // The handles of the stopped registry go, its directory stays.
    let directory = std::mem::replace(&mut served.directory, tempfile::tempdir().unwrap());
    served.ended().await;

    let storage = Arc::new(SledStorage::open(directory.path().join("data"), SledOptions::default()).unwrap());
    let origin = served::ORIGIN.parse().unwrap();
    let reason = "By order of a court, 7 O 12/26";
    let removed = remove_text(&*storage, &origin, &digest, reason.parse().unwrap(), 1_700_000_000_000).unwrap();
    assert!(removed.was_deposited);
    let opening = Opening {
        storage,
        guard: directory.path().join("guard"),
        log_key: served::log_key(),
        origin,
        clock: Arc::new(SystemClock),
        on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
        options: options(),
    };
    let registry = Registry::open(opening).unwrap();
    assert!(matches!(registry.text(&digest), Err(ReadError::Removed(tombstone)) if tombstone == removed.tombstone));
    assert!(matches!(registry.deposit_text(&digest, TEXT).await, Err(DepositError::Removed(_))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(registry, listener, Limits::default(), None, std::future::pending()));
    let channel = tonic::transport::Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();

    let mut raw = nospy::rpc::proto::registry_client::RegistryClient::new(channel);
    let request = nospy::rpc::proto::FetchTextRequest { sha256: digest.0.to_vec() };
    let status = raw.fetch_text(request).await.expect_err("removed");
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("2023-11-14T22:13:20Z") && status.message().contains(reason), "{status}");
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.metadata["removed_ms"].as_str()), ("text_removed", "1700000000000"));
    assert_eq!(info.metadata["removal_reason"], reason);

    let connection = nospy::rpc::Connection { url, ca_pem: None };
    let seen = nospy::rpc::ForgetfulCheckpoints::default();
    let mut client = nospy::rpc::VerifyingClient::connect(&connection, log, seen).await.unwrap();
    let refused = refusal(client.deposit_text(TEXT).await.expect_err("removed"));
    assert_eq!((refused.code, refused.reason.as_str()), (Code::FailedPrecondition, "text_removed"));
    // R4: the log is what it was.
    let after = client.checkpoint().await.unwrap();
    assert_eq!((before.size(), before.root()), (after.size(), after.root()));
}
