//! SCRAPI over a real socket: a statement goes in as bytes, a receipt comes out that holds.
#![cfg(feature = "rpc")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod served;
mod wire;

use std::time::Duration;

use base64ct::Encoding as _;
use coset::{CborSerializable as _, CoseKeySet, CoseSign1, TaggedCborSerializable as _, iana};
use nospy::codec::Item;
use nospy::crypto::{SigningKey, hex};
use nospy::evidence::Receipt;
use nospy::rpc::Limits;
use nospy::statement::Statement;
use served::{Engine, Served, listing, offer, options};
use wire::{Reply, get, send};

async fn post(served: &Served, kind: &str, body: &[u8]) -> Reply {
    let head = format!(
        "POST /entries HTTP/1.1\r\nhost: r\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    send(served.address, [head.as_bytes(), body].concat()).await
}

/// Title and detail of an RFC 9290 answer, after its form was checked.
fn problem(reply: &Reply) -> (String, String) {
    assert!(reply.status >= 400, "{}", reply.status);
    assert_eq!(reply.header("content-type"), Some("application/concise-problem-details+cbor"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let item = Item::read(&reply.body).unwrap();
    let text = |label| item.label(label).unwrap().text().unwrap().to_owned();
    assert_eq!(item.label(-4).unwrap().uint(), Some(u64::from(reply.status)));
    (text(-1), text(-2))
}

fn check(receipt: &[u8], statement: &Statement, served: &Served) -> u64 {
    Receipt::parse(receipt).unwrap().check(statement, &served.log()).unwrap().index
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_goes_in_and_its_receipt_holds() {
    let served = Served::start(Engine::Sled).await;
    let statement = listing("acme");
    let reply = post(&served, "application/cose", statement.bytes()).await;
    assert_eq!((reply.status, reply.header("content-type")), (201, Some("application/cose")));
    let location = reply.header("location").unwrap().to_owned();
    assert_eq!(location, format!("/entries/{}", statement.id()));
    let index = check(&reply.body, &statement, &served);
    // The same bytes once more are the same entry.
    let again = post(&served, "application/scitt-statement+cose; q=1", statement.bytes()).await;
    assert_eq!((again.status, check(&again.body, &statement, &served)), (200, index));
    let read = get(served.address, &location).await;
    assert_eq!((read.status, check(&read.body, &statement, &served)), (200, index));
    let bytes = get(served.address, &format!("{location}/statement")).await;
    assert_eq!((bytes.status, bytes.body.as_slice()), (200, statement.bytes()));
    assert!(bytes.header("cache-control").unwrap().contains("immutable"));
    for header in [&reply, &read, &bytes] {
        assert_eq!(header.header("access-control-allow-origin"), Some("*"));
    }
}

/// Goal: a tool that knows COSE and nothing of us verifies a receipt. Method: `coset` reads keys, receipt and statement; the
/// root is computed here.
#[tokio::test(flavor = "multi_thread")]
async fn a_cose_library_verifies_the_receipt() {
    let served = Served::start(Engine::Memory).await;
    let statement = listing("acme");
    let receipt = post(&served, "application/cose", statement.bytes()).await.body;
    let keys = get(served.address, "/.well-known/scitt-keys").await;
    assert_eq!((keys.status, keys.header("content-type")), (200, Some("application/cbor")));
    let set = CoseKeySet::from_slice(&keys.body).unwrap();
    let [key] = set.0.as_slice() else { panic!("one key") };
    assert_eq!(key.kty, coset::KeyType::Assigned(iana::KeyType::OKP));
    let one = get(served.address, &format!("/.well-known/scitt-keys/{}", hex(&key.key_id))).await;
    assert_eq!(coset::CoseKey::from_slice(&one.body).unwrap(), *key);
    let url = base64ct::Base64UrlUnpadded::encode_string(&key.key_id);
    assert_eq!(get(served.address, &format!("/.well-known/scitt-keys/{url}")).await.body, one.body);
    for other in ["00".repeat(32), format!("{url}="), hex(&key.key_id).to_uppercase(), "%FF".to_owned()] {
        let reply = get(served.address, &format!("/.well-known/scitt-keys/{other}")).await;
        assert_eq!((reply.status, problem(&reply).0.as_str()), (404, "not_found"), "{other}");
    }
    let public: [u8; 32] = key
        .params
        .iter()
        .find_map(|(label, value)| (*label == coset::Label::Int(-2)).then(|| value.as_bytes()))
        .flatten()
        .unwrap()
        .clone()
        .try_into()
        .unwrap();

    let signed = CoseSign1::from_tagged_slice(&receipt).unwrap();
    assert_eq!(signed.protected.header.key_id, key.key_id);
    let (_, proofs) = &signed.unprotected.rest[0];
    let proof = proofs.as_map().unwrap()[0].1.as_array().unwrap()[0].as_bytes().unwrap();
    let claims = Receipt::parse(&receipt).unwrap();
    assert!(!proof.is_empty());
    let root = nospy::merkle::root_from_inclusion(
        &nospy::merkle::leaf_hash(statement.bytes()),
        claims.claims().index,
        claims.claims().size,
        claims.path(),
    )
    .unwrap();
    let verify = |key: &ed25519_dalek::VerifyingKey| {
        signed.verify_detached_signature(&root, b"", |signature, data| {
            key.verify_strict(data, &ed25519_dalek::Signature::from_slice(signature).unwrap())
        })
    };
    verify(&ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap()).unwrap();
    let other = SigningKey::from_seed(&[77; 32]).public();
    assert!(verify(&ed25519_dalek::VerifyingKey::from_bytes(other.as_bytes()).unwrap()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_concise_problem_that_names_the_rule() {
    let served = Served::start(Engine::Memory).await;
    let good = listing("acme");
    let mut broken = good.bytes().to_vec();
    *broken.last_mut().unwrap() ^= 1;
    let stranger = offer("terms-1", b"text");
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("application/json", good.bytes().to_vec(), 415),
        ("text/plain", good.bytes().to_vec(), 415),
        ("application/cose", Vec::new(), 400),
        ("application/cose", b"hello".to_vec(), 400),
        ("application/cose", vec![0xd2; 65_537], 413),
        ("application/cose", good.bytes()[..40].to_vec(), 400),
        ("application/cose", broken, 400),
        ("application/cose", stranger.bytes().to_vec(), 403),
    ];
    for (kind, body, status) in cases {
        let reply = post(&served, kind, &body).await;
        let (title, detail) = problem(&reply);
        assert_eq!(reply.status, status, "{title}: {detail}");
        assert!(!title.is_empty() && detail.contains(';') | (status == 415) | (status == 413), "{title}: {detail}");
    }
    let id = good.id().to_string();
    for path in [
        format!("/entries/{id}"),
        format!("/entries/{id}/statement"),
        "/entries/x".to_owned(),
        "/entries/%FF".to_owned(),
        "/entries/%FF/statement".to_owned(),
        format!("/entries/{}", id.to_uppercase()),
    ] {
        assert_eq!(
            (get(served.address, &path).await.status, problem(&get(served.address, &path).await).0.as_str()),
            (404, "not_found")
        );
    }
    for request in ["GET /entries", "DELETE /entries", "PUT /.well-known/scitt-keys"] {
        let reply = send(
            served.address,
            format!("{request} HTTP/1.1\r\nhost: r\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        )
        .await;
        assert_eq!((reply.status, problem(&reply).0.as_str()), (405, "method_not_allowed"), "{request}");
    }
    let after = post(&served, "application/cose", good.bytes()).await;
    assert_eq!(after.status, 201, "nothing of this stood in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_one_rate_on_both_surfaces() {
    let limits = Limits { publish_burst: 2, publishes_per_second: 1, ..Limits::default() };
    let served = Served::start_with(Engine::Memory, limits, options(), None).await;
    let client = served.client().await;
    client.publish(&listing("one")).await.unwrap();
    assert_eq!(post(&served, "application/cose", listing("two").bytes()).await.status, 201);
    let third = listing("three");
    let reply = post(&served, "application/cose", third.bytes()).await;
    assert_eq!((reply.status, problem(&reply).0.as_str()), (429, "rate_limited"));
    let delay: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    tokio::time::sleep(Duration::from_secs(delay)).await;
    assert_eq!(post(&served, "application/cose", third.bytes()).await.status, 201);
}
