//! SCITT messages that others made: tolerant in form, strict in what verifies, and never taken for ours.
#![cfg(feature = "cli")]
#![allow(clippy::panic, clippy::unwrap_used)] // a test that panics has failed

mod program;
mod served;

use nospy::codec::{Loose, Value, encode};
use nospy::crypto::{ForeignKey, SigningKey};
use nospy::evidence::foreign::{ForeignError, ForeignMessage, check_receipt, read_keys};
use nospy::evidence::{Receipt, attach_receipts};
use nospy::merkle::{leaf_hash, node_hash};
use nospy::statement::Statement;
use p256::ecdsa::signature::Signer as _;
use program::Bench;
use served::{Engine, Served, listing, log_key, registrar};

/// A map in the order given, which no deterministic writer would write.
fn map(pairs: &[(Value, Value)]) -> Vec<u8> {
    let mut bytes = vec![0xA0 | pairs.len() as u8];
    pairs.iter().for_each(|(key, value)| bytes.extend([encode(key), encode(value)].concat()));
    bytes
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    encode(&Value::Array(vec![
        Value::text("Signature1"),
        Value::bytes(protected),
        Value::bytes([]),
        Value::bytes(payload),
    ]))
}

/// A COSE_Sign1 of raw parts.
fn message(tag: bool, protected: &[u8], unprotected: &[u8], payload: Option<&[u8]>, signature: &[u8]) -> Vec<u8> {
    let payload = payload.map_or(vec![0xF6], |payload| encode(&Value::bytes(payload)));
    let tag: &[u8] = if tag { &[0xD2] } else { &[] };
    [tag, &[0x84], &encode(&Value::bytes(protected)), unprotected, &payload, &encode(&Value::bytes(signature))].concat()
}

/// Headers as another tool writes them: unsorted, with a text key and claims that mean nothing to us.
fn foreign_headers(alg: i64, more: &[(Value, Value)]) -> Vec<u8> {
    let claims = Value::labels([(1, Value::text("https://vendor.example")), (2, Value::text("pkg:generic/thing@1"))]);
    let base = [
        (int(15), claims),
        (Value::text("svn"), int(7)),
        (int(4), Value::text("kid-as-text")),
        (int(3), Value::text("application/json")),
        (int(1), int(alg)),
    ];
    map(&[&base[..], more].concat())
}

fn ed25519() -> (SigningKey, Vec<ForeignKey>) {
    let key = SigningKey::from_seed(&[51; 32]);
    let keys = read_keys(key.public().to_pem().as_bytes()).unwrap();
    (key, keys)
}

fn signed(more: &[(Value, Value)], unprotected: &[u8]) -> Vec<u8> {
    let protected = foreign_headers(-8, more);
    let signature = ed25519().0.sign(&sig_structure(&protected, b"{}"));
    message(true, &protected, unprotected, Some(b"{}"), &signature)
}

#[test]
fn a_foreign_statement_verifies_and_is_none_of_ours() {
    let (key, keys) = ed25519();
    let bytes = signed(&[], &[0xA0]);
    let read = ForeignMessage::parse(&bytes).unwrap();
    read.check(None, &keys).unwrap();
    assert_eq!(
        (read.kid(), read.claims()),
        (Some(&b"kid-as-text"[..]), (Some("https://vendor.example"), Some("pkg:generic/thing@1")))
    );
    assert!(Statement::parse(&bytes).is_err(), "our own reader is strict");
    let other = read_keys(SigningKey::from_seed(&[52; 32]).public().to_pem().as_bytes()).unwrap();
    assert_eq!(read.check(None, &other), Err(ForeignError::Signature));
    // Untagged, detached.
    let protected = foreign_headers(-19, &[]);
    let signature = key.sign(&sig_structure(&protected, b"elsewhere"));
    let detached = message(false, &protected, &[0xA0], None, &signature);
    let read = ForeignMessage::parse(&detached).unwrap();
    assert_eq!(read.check(None, &keys), Err(ForeignError::Detached));
    read.check(Some(b"elsewhere"), &keys).unwrap();
    assert_eq!(read.check(Some(b"something"), &keys), Err(ForeignError::Signature));
}

#[test]
fn es256_is_read_from_a_cose_key() {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = (&point.as_bytes()[1..33], &point.as_bytes()[33..]);
    let cose = Value::labels([(1, int(2)), (-1, int(1)), (-2, Value::bytes(x)), (-3, Value::bytes(y))]);
    let keys = read_keys(&encode(&Value::Array(vec![cose]))).unwrap();
    let protected = foreign_headers(-7, &[]);
    let signature: p256::ecdsa::Signature = key.sign(&sig_structure(&protected, b"{}"));
    let bytes = message(true, &protected, &[0xA0], Some(b"{}"), &signature.to_bytes());
    ForeignMessage::parse(&bytes).unwrap().check(None, &keys).unwrap();
    // A key of the other kind is not tried.
    assert_eq!(ForeignMessage::parse(&bytes).unwrap().check(None, &ed25519().1), Err(ForeignError::Signature));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let holds = ForeignMessage::parse(&changed).is_ok_and(|read| read.check(None, &keys).is_ok());
        assert!(!holds, "byte {at}");
    }
}

#[test]
fn what_is_not_understood_is_said_and_not_verified() {
    let (_, keys) = ed25519();
    let check = |bytes: &[u8]| ForeignMessage::parse(bytes).and_then(|read| read.check(None, &keys));
    let critical = signed(&[(int(2), Value::Array(vec![int(999)])), (int(999), int(1))], &[0xA0]);
    assert!(matches!(check(&critical), Err(ForeignError::Critical(_))));
    let absent = signed(&[(int(2), Value::Array(vec![int(33)]))], &[0xA0]);
    assert!(matches!(check(&absent), Err(ForeignError::Critical(_))), "a critical header that is not there");
    check(&signed(&[(int(2), Value::Array(vec![int(4)]))], &[0xA0])).unwrap();
    // Known by name, and not processed here: claims with an expiry, certificates, a hashed payload, receipts.
    for label in [15, 33, 34, 258, 259, 394] {
        let more = if label == 15 { vec![] } else { vec![(int(label), int(1))] };
        let critical = signed(&[&[(int(2), Value::Array(vec![int(label)]))], &more[..]].concat(), &[0xA0]);
        assert_eq!(check(&critical), Err(ForeignError::Critical(label.to_string())));
    }
    let unprotected = map(&[(int(2), Value::Array(vec![int(999)])), (int(999), int(1))]);
    assert!(matches!(check(&signed(&[], &unprotected)), Err(ForeignError::Shape(_))), "crit that nobody signed");
    for label in [int(4), Value::text("svn")] {
        assert!(matches!(check(&signed(&[], &map(&[(label, int(1))]))), Err(ForeignError::Shape(_))), "in both maps");
    }
    let protected = foreign_headers(-38, &[]);
    assert!(matches!(
        check(&message(true, &protected, &[0xA0], Some(b"{}"), &[0; 64])),
        Err(ForeignError::Algorithm(_))
    ));
    let none = map(&[(int(3), int(50))]);
    assert!(matches!(check(&message(true, &none, &[0xA0], Some(b"{}"), &[0; 64])), Err(ForeignError::Algorithm(_))));
    // One key twice means two things.
    let twice = map(&[(int(1), int(-8)), (int(1), int(-7))]);
    assert!(matches!(
        ForeignMessage::parse(&message(true, &twice, &[0xA0], Some(b"{}"), &[0; 64])),
        Err(ForeignError::Cbor(_))
    ));
    for bytes in [
        &b""[..],
        b"\xd2",
        b"\xd2\x83\x40\xa0\x40",
        b"\xd2\x84\x40\xa0\x40\x40\x00",
        b"\x84\x40\x40\x40\x40",
        b"\xd2\x84\xa0\xa0\x40\x40",
    ] {
        assert!(ForeignMessage::parse(bytes).is_err(), "{bytes:x?}");
    }
}

#[test]
fn no_other_message_is_read_as_a_sign1() {
    let (_, keys) = ed25519();
    let bytes = signed(&[], &[0xA0]);
    let bare = &bytes[1..];
    let tagged = |tag: &[u8]| [tag, bare].concat();
    for good in [&bytes[..], bare, &tagged(&[0xD8, 18])] {
        ForeignMessage::parse(good).unwrap().check(None, &keys).unwrap();
    }
    // COSE_Mac0, COSE_Sign, CWT around a Sign1, a chain, self-described CBOR.
    for tag in [&[0xD1][..], &[0xD8, 98], &[0xD8, 61, 0xD2], &[0xD2, 0xD2], &[0xD9, 0xD9, 0xF7]] {
        assert!(matches!(ForeignMessage::parse(&tagged(tag)), Err(ForeignError::Shape(_))), "{tag:x?}");
    }
    // A tag on any of the four, or on the header inside its byte string.
    let (protected, tag) = (encode(&Value::bytes(foreign_headers(-8, &[]))), [0xC1]);
    let (empty, payload, signature) = (vec![0xA0], encode(&Value::bytes(b"{}")), encode(&Value::bytes([0; 64])));
    let members = [protected, empty, payload, signature];
    for at in 0..4 {
        let mut members = members.clone();
        members[at].splice(0..0, tag);
        let bytes = [&[0xD2, 0x84][..], &members.concat()].concat();
        assert!(matches!(ForeignMessage::parse(&bytes), Err(ForeignError::Shape(_))), "member {at}");
    }
    let inner = [&tag[..], &foreign_headers(-8, &[])].concat();
    let bytes = message(true, &inner, &[0xA0], Some(b"{}"), &[0; 64]);
    assert!(matches!(ForeignMessage::parse(&bytes), Err(ForeignError::Shape(_))));
}

#[test]
fn receipts_that_cannot_be_read_are_not_none() {
    let bench = Bench::new();
    bench.write("issuer.pem", ed25519().0.public().to_pem());
    for (name, value) in [
        ("no array", Value::bytes([1])),
        ("null", Value::Null),
        ("empty", Value::Array(vec![])),
        ("an integer in it", Value::Array(vec![Value::bytes([1]), int(1)])),
        ("very many", Value::Array(vec![Value::bytes([1]); 17])),
    ] {
        let bytes = signed(&[], &receipts(value));
        let read = ForeignMessage::parse(&bytes).unwrap();
        assert!(matches!(read.receipts(), Err(ForeignError::Receipts(_))), "{name}");
        bench.write("odd", &bytes);
        for more in [&[][..], &["--foreign-log-key", "issuer.pem"]] {
            let ran = bench.run(&[&["verify", "odd", "--foreign-key", "issuer.pem"], more].concat());
            ran.exits(18).says("receipts (394) are not understood");
        }
    }
    let signed_ones = signed(&[(int(394), Value::Array(vec![Value::bytes([1])]))], &[0xA0]);
    assert!(matches!(ForeignMessage::parse(&signed_ones).unwrap().receipts(), Err(ForeignError::Receipts(_))));
    assert_eq!(ForeignMessage::parse(&signed(&[], &[0xA0])).unwrap().receipts(), Ok(vec![]));
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    let point = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap().verifying_key().to_sec1_point(false);
    let (x, y) = (&point.as_bytes()[1..33], &point.as_bytes()[33..]);
    let cose = |x: &[u8], y: &[u8]| {
        encode(&Value::labels([(1, int(2)), (-1, int(1)), (-2, Value::bytes(x)), (-3, Value::bytes(y))]))
    };
    let thumbprint = nospy::crypto::sha256(&[&cose(x, y)]);
    assert_eq!(read_keys(&cose(x, y)).unwrap()[0].kid().to_string(), thumbprint.to_string(), "RFC 9679");
    let mut off = y.to_vec();
    off[31] ^= 1;
    for (x, y) in [(x, &off[..]), (y, x), (&[0; 32], &[0; 32]), (&[0xFF; 32], y), (&x[1..], y), (x, &y[..31])] {
        assert!(read_keys(&cose(x, y)).is_err(), "{x:x?} {y:x?}");
    }
}

#[test]
fn the_tolerant_reader_is_bounded() {
    for bytes in [
        vec![0x9F, 0xC1, 0xFF],
        vec![0xC1, 0xFF],
        vec![0xF8, 0x16],
        vec![0xC1; 40],
        vec![0x81; 40],
        vec![0x9F; 5_000],
        [vec![0x99, 0xFF, 0xFF], vec![0; 65_535]].concat(),
        vec![0x5F, 0x41, 0, 0xFF],
        vec![0xFF],
        vec![0x1C],
        vec![0xBF, 1, 0xFF],
    ] {
        assert!(Loose::read(&bytes).is_err(), "{:x?}", &bytes[..4.min(bytes.len())]);
    }
    assert_eq!(
        Loose::read(&[0xBF, 0x18, 0x05, 0x9F, 0x19, 0, 1, 0xFF, 0xFF])
            .unwrap()
            .label(5)
            .and_then(|item| item.array())
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_receipt_in_another_order_is_foreign_and_holds() {
    let served = Served::start(Engine::Memory).await;
    let statement = listing("acme");
    let published = served.registry.publish(statement.bytes()).await.unwrap();
    let keys = read_keys(log_key().public().to_pem().as_bytes()).unwrap();
    let foreign = ForeignMessage::parse(statement.bytes()).unwrap();
    let place = check_receipt(&published.receipt, &foreign, &keys).unwrap();
    assert_eq!((place.index, place.size), (published.index, published.size));
    // One more header that nobody signs, before the other: strict refuses, tolerant verifies.
    let at = published.receipt.windows(4).position(|window| window == [0xA1, 0x19, 0x01, 0x8C]).unwrap();
    let mut shuffled = published.receipt.clone();
    shuffled[at] = 0xA2;
    shuffled.splice(at + 1..at + 1, [0x19, 0xFF, 0xFF, 0x00]);
    assert!(Receipt::parse(&shuffled).is_err());
    assert_eq!(check_receipt(&shuffled, &foreign, &keys).unwrap(), place);
    for at in 0..published.receipt.len() {
        let mut changed = published.receipt.clone();
        changed[at] ^= 1;
        // Everything counts, but a bit of size or index that changes no hash.
        if let Ok(found) = check_receipt(&changed, &foreign, &keys) {
            assert!(found.root == place.root && found != place, "byte {at}");
        }
    }
    let other = listing("other");
    assert!(check_receipt(&published.receipt, &ForeignMessage::parse(other.bytes()).unwrap(), &keys).is_err());
}

/// A log of somebody else: two entries, a receipt with other headers in another order.
fn foreign_receipt(statement: &[u8], vds: i64) -> (Vec<u8>, Vec<ForeignKey>) {
    let log = SigningKey::from_seed(&[61; 32]);
    (receipt_by(&log, statement, vds), read_keys(log.public().to_pem().as_bytes()).unwrap())
}

/// A receipt that anybody can make who has a key.
fn receipt_by(log: &SigningKey, statement: &[u8], vds: i64) -> Vec<u8> {
    let (leaf, beside) = (leaf_hash(statement), leaf_hash(b"another"));
    let root = node_hash(&beside, &leaf);
    let protected = map(&[(int(395), int(vds)), (int(4), Value::bytes([1])), (int(1), int(-8))]);
    let proof = encode(&Value::Array(vec![int(2), int(1), Value::Array(vec![Value::bytes(beside)])]));
    let proofs = Value::labels([(-1, Value::Array(vec![Value::bytes(proof)]))]);
    let signature = log.sign(&sig_structure(&protected, &root));
    message(true, &protected, &map(&[(int(396), proofs)]), None, &signature)
}

/// An unprotected map that holds only what is said to be receipts.
fn receipts(value: Value) -> Vec<u8> {
    map(&[(int(394), value)])
}

#[test]
fn a_foreign_transparent_statement_verifies_through_the_program() {
    let bench = Bench::new();
    let bare = signed(&[], &[0xA0]);
    let (receipt, _) = foreign_receipt(&bare, 1);
    bench.write("transparent", signed(&[], &receipts(Value::Array(vec![Value::bytes(receipt.clone())]))));
    bench.write("statement", &bare);
    bench.write("receipt", &receipt);
    bench.write("issuer.pem", ed25519().0.public().to_pem());
    bench.write("log.pem", SigningKey::from_seed(&[61; 32]).public().to_pem());
    let both = ["--foreign-key", "issuer.pem", "--foreign-log-key", "log.pem"];
    let kid = |seed: u8| SigningKey::from_seed(&[seed; 32]).public().kid().to_string();
    let ran = bench.ok(&[&["verify", "transparent"], &both[..]].concat()).says("entry 1 of 2");
    let ran = ran.says("https://vendor.example").says("unsigned headers  394\n");
    ran.says(&format!("by key {} of issuer.pem", kid(51))).says(&format!("by key {} of log.pem", kid(61)));
    bench.ok(&[&["verify", "receipt", "--statement", "statement"], &both[..]].concat());
    let named = |issuer, log| ["verify", "transparent", "--foreign-key", issuer, "--foreign-log-key", log];
    bench.run(&named("issuer.pem", "issuer.pem")).exits(11);
    bench.run(&named("log.pem", "log.pem")).exits(10).says("its signature is not verified");
    // Without a log key nothing is said of the receipt, and not that all is well.
    let ran = bench.run(&["verify", "transparent", "--foreign-key", "issuer.pem"]).exits(18);
    ran.says("not checked, no log key given").says("--foreign-log-key");
    bench.run(&["verify", "receipt", "--statement", "statement", "--foreign-key", "issuer.pem"]).exits(18);
    bench.ok(&["verify", "statement", "--foreign-key", "issuer.pem"]).says("it carries no receipt");
    bench.run(&[&["verify", "statement"], &both[..]].concat()).exits(18).says("it carries no receipt");
    let (unknown, _) = foreign_receipt(&bare, 2);
    bench.write("unknown", unknown);
    bench
        .run(&[&["verify", "unknown", "--statement", "statement"], &both[..]].concat())
        .exits(18)
        .says("data structure is not supported");
    bench.run(&["verify", "unknown", "--foreign-key", "transparent"]).exits(16);
    bench.write("garbage", b"hello");
    bench.run(&[&["verify", "garbage"], &both[..]].concat()).exits(16);
}

#[test]
fn an_issuer_is_not_its_own_log() {
    let bench = Bench::new();
    let bare = signed(&[], &[0xA0]);
    let receipt = receipt_by(&ed25519().0, &bare, 1);
    bench.write("transparent", signed(&[], &receipts(Value::Array(vec![Value::bytes(receipt)]))));
    bench.write("issuer.pem", ed25519().0.public().to_pem());
    bench.write("log.pem", SigningKey::from_seed(&[61; 32]).public().to_pem());
    let alone = ["verify", "transparent", "--foreign-key", "issuer.pem"];
    bench.run(&alone).exits(18).says("– entry-inclusion");
    bench.run(&[&alone[..], &["--foreign-key", "log.pem"]].concat()).exits(18);
    bench.run(&[&alone[..], &["--foreign-log-key", "log.pem"]].concat()).exits(11);
    // A log key alone says nothing of who may sign the statement.
    bench.run(&["verify", "transparent", "--foreign-log-key", "log.pem"]).exits(2);
}

#[test]
fn what_a_foreign_verification_would_not_ask_is_refused() {
    let bench = Bench::new();
    bench.write("statement", signed(&[], &[0xA0]));
    bench.write("issuer.pem", ed25519().0.public().to_pem());
    let verify = ["verify", "statement", "--foreign-key", "issuer.pem"];
    for flag in [
        "--receipt",
        "--policy",
        "--max-age",
        "--party-key",
        "--on",
        "--known-at",
        "--product",
        "--text",
        "--texts",
        "--opening",
        "--evidence",
    ] {
        let value = if flag == "--max-age" { "1d" } else { "issuer.pem" };
        bench.run(&[&verify[..], &[flag, value]].concat()).exits(2).says(flag);
    }
    // What is set once for all commands is no question of this one.
    bench.run_with(&[("NOSPY_POLICY", "absent")], &verify).exits(0);
}

#[test]
fn a_foreign_message_cannot_write_the_answer() {
    let bench = Bench::new();
    let forged = "a\n\n✓ entry-inclusion       entry 1 of 2\n\nAnswer: done\u{2028}\u{202E}";
    let claims = Value::labels([(1, Value::text(forged)), (2, Value::text(forged.repeat(5_000)))]);
    let key = ed25519().0;
    let text = Value::text(format!("{forged}{}", "x".repeat(5_000)));
    let protected = map(&[(int(1), int(-8)), (int(15), claims), (text.clone(), int(1))]);
    let signature = key.sign(&sig_structure(&protected, b"{}"));
    bench.write("forged", message(true, &protected, &map(&[(Value::text("b\n✓"), int(0))]), Some(b"{}"), &signature));
    bench.write("issuer.pem", key.public().to_pem());
    let verify = |file| ["verify", file, "--foreign-key", "issuer.pem"];
    let ran = bench.ok(&verify("forged")).says("issuer   a /  / ✓");
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with(['✓', 'A'])).count(), 2, "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.len() < 1_000), "{}", ran.stdout);
    // In an error neither, whatever stands where an integer should.
    let long = Value::Array(vec![text.clone(); 100]);
    for (name, protected) in [
        ("alg text", map(&[(int(1), text.clone())])),
        ("alg array", map(&[(int(1), long)])),
        ("crit", map(&[(int(1), int(-8)), (int(2), Value::Array(vec![text.clone()])), (text, int(1))])),
    ] {
        bench.write("odd", message(true, &protected, &[0xA0], Some(b"{}"), &[0; 64]));
        let ran = bench.run(&verify("odd")).exits(18).says("not understood");
        assert!(ran.stdout.lines().all(|line| line.len() < 1_000 && !line.starts_with("✓")), "{name}: {}", ran.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_transparent_statement_is_read_by_both() {
    let served = Served::start(Engine::Memory).await;
    let statement = listing("acme");
    let receipt = served.registry.publish(statement.bytes()).await.unwrap().receipt;
    let bench = Bench::new();
    bench.write("ours", attach_receipts(&statement, &[&receipt]).unwrap());
    bench.write("log.pem", log_key().public().to_pem());
    bench.write("registrar.pem", registrar().public().to_pem());
    let both = ["--foreign-key", "registrar.pem", "--foreign-log-key", "log.pem"];
    bench.ok(&[&["verify", "ours"], &both[..]].concat()).says("entry 2 of");
    bench.ok(&["verify", "ours", "--policy", &served.log().to_string()]);
}
