//! Golden vectors of formats §5: seals with what a verifier knows, and wrong ones that are all correctly signed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod vectors;

use nospy::crypto::{Digest, KeyLine, SigningKey};
use nospy::evidence::{Seal, SealError};
use nospy::merkle::Hash;
use nospy::statement::{Origin, Statement, StatementError};
use serde_json::Value;
use vectors::{bytes, cases, golden, is_accept, text};

fn hash(case: &Value, field: &str) -> Hash {
    bytes(case, field).try_into().expect("32 bytes")
}

fn key(file: &Value) -> KeyLine {
    text(&file["keys"]["log"], "vkey").parse().expect("the log's vkey")
}

/// What is known of the seal before: enough of it for what follows.
fn previous(case: &Value) -> Option<Seal> {
    let previous = case["previous"].as_object()?;
    Some(Seal {
        index: previous["index"].as_u64().expect("index"),
        id: Digest(hash(&case["previous"], "id")),
        from: 0,
        prev: None,
        time_ms: previous["time"].as_u64().expect("time"),
        chain: [0; 32],
        dockets: [0; 32],
    })
}

#[derive(Debug, PartialEq)]
enum Refused {
    Statement(StatementError),
    Seal(SealError),
}

fn check(case: &Value, key: &KeyLine) -> Result<Seal, Refused> {
    let statement = Statement::parse(&bytes(case, "hex")).map_err(Refused::Statement)?;
    let index = case["index"].as_u64().expect("index");
    let seal = Seal::read(index, &statement).map_err(Refused::Seal)?;
    seal.check_signature(&statement, key).map_err(Refused::Seal)?;
    seal.check_follows(previous(case).as_ref()).map_err(Refused::Seal)?;
    seal.check_commitments(&hash(case, "chain"), &hash(case, "dockets")).map_err(Refused::Seal)?;
    Ok(seal)
}

/// Which error the hint of a vector means.
fn is_reason(reason: &str, refused: &Refused) -> bool {
    use Refused::Seal as S;
    match reason {
        "seal-from" => matches!(refused, S(SealError::From { .. } | SealError::FromBehind { .. })),
        "seal-prev" => matches!(refused, S(SealError::Prev)),
        "seal-types" | "seal-keys" => matches!(refused, S(SealError::Body)),
        "seal-time" => matches!(refused, S(SealError::Time { .. })),
        "seal-iat" => matches!(refused, S(SealError::Iat { .. })),
        "seal-chain" => matches!(refused, S(SealError::Chain)),
        "seal-dockets" => matches!(refused, S(SealError::Dockets)),
        "iss-seal" | "kind-subject" => matches!(refused, Refused::Statement(StatementError::Mismatch(_))),
        // The issuer of a seal is its own audience, so a seal of another registry is not issued by its log.
        "aud" => matches!(refused, Refused::Statement(_) | S(SealError::OtherOrigin { .. })),
        "kid-mismatch" => matches!(refused, S(SealError::Signature(_))),
        other => panic!("unknown reason {other}"),
    }
}

#[test]
fn seals_are_judged_as_published() {
    let Some(file) = golden("seal.json") else { return };
    let key = key(&file);
    for case in cases(&file, "cases") {
        let result = check(case, &key);
        let name = text(case, "name");
        match (is_accept(case), &result) {
            (true, Ok(_)) => {}
            (false, Err(refused)) => {
                assert!(is_reason(text(case, "reason"), refused), "{name}: {refused:?}");
            }
            _ => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn a_seal_is_made_again_to_the_same_bytes() {
    let Some(file) = golden("seal.json") else { return };
    let origin: Origin = text(&file, "origin").parse().expect("origin");
    let log = SigningKey::from_seed(&hash(&file["keys"]["log"], "seed"));
    for case in cases(&file, "cases").iter().filter(|case| is_accept(case)) {
        let read = check(case, &key(&file)).expect("accepted above");
        let draft = Seal::draft(&origin, read.from, read.prev.as_ref(), read.time_ms, &read.chain, &read.dockets);
        let again = draft.sign(&log).expect("a seal of ours parses");
        assert_eq!(again.bytes(), bytes(case, "hex"), "{}", text(case, "name"));
    }
}
