//! Golden vectors of formats §8: receipts of statements, wrong ones, and a transparent statement.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod vectors;

use nospy::crypto::{Digest, KeyLine, SigningKey};
use nospy::evidence::{
    Receipt, ReceiptError, TransparentError, VerifiedReceipt, attach_receipts, detach_receipts, receipt_tbs,
};
use nospy::statement::{Statement, StatementError};
use serde_json::Value;
use vectors::{bytes, cases, golden, is_accept, text};

fn key(file: &Value) -> KeyLine {
    text(&file["keys"]["log"], "vkey").parse().expect("the log's vkey")
}

fn log(file: &Value) -> SigningKey {
    SigningKey::from_seed(&bytes(&file["keys"]["log"], "seed").try_into().expect("a seed"))
}

#[derive(Debug, PartialEq)]
enum Refused {
    Statement(StatementError),
    Receipt(ReceiptError),
}

fn check(case: &Value, key: &KeyLine) -> Result<VerifiedReceipt, Refused> {
    let receipt = Receipt::parse(&bytes(case, "receipt")).map_err(Refused::Receipt)?;
    let statement = Statement::parse(&bytes(case, "statement")).map_err(Refused::Statement)?;
    receipt.check(&statement, key).map_err(Refused::Receipt)
}

/// Which error the hint of a vector means.
fn is_reason(reason: &str, refused: &Refused) -> bool {
    use ReceiptError as E;
    let Refused::Receipt(error) = refused else { return reason == "unprotected-not-empty" };
    match reason {
        "signature" => matches!(error, E::Signature(_)),
        "receipt-sub" => matches!(error, E::OtherStatement { .. }),
        "kid-mismatch" => matches!(error, E::OtherKey { .. }),
        "iss" => matches!(error, E::OtherOrigin { .. }),
        "position-mismatch" => matches!(error, E::Position),
        "path-length" | "index-size" => matches!(error, E::Proof(_)),
        "too-long" => matches!(error, E::TooLong { .. }),
        "not-tag-18" => matches!(error, E::Cbor { .. }),
        _ => matches!(error, E::Shape(_)),
    }
}

#[test]
fn receipts_are_judged_as_published() {
    let Some(file) = golden("receipt.json") else { return };
    let key = key(&file);
    for case in cases(&file, "cases") {
        let name = text(case, "name");
        let result = check(case, &key);
        match (is_accept(case), &result) {
            (true, Ok(verified)) => {
                assert_eq!(Some(verified.size), case["size"].as_u64(), "{name}");
                assert_eq!(Some(verified.index), case["index"].as_u64(), "{name}");
                assert_eq!(Digest(verified.root).to_string(), text(case, "root"), "{name}");
            }
            (false, Err(refused)) => assert!(is_reason(text(case, "reason"), refused), "{name}: {refused:?}"),
            _ => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn a_receipt_is_a_function_of_size_and_index() {
    let Some(file) = golden("receipt.json") else { return };
    let log = log(&file);
    for case in cases(&file, "cases").iter().filter(|case| is_accept(case)) {
        let receipt = Receipt::parse(&bytes(case, "receipt")).expect("accepted above");
        let root = bytes(case, "root").try_into().expect("a root");
        let again = Receipt::build(&log, receipt.claims(), receipt.path(), &root);
        assert_eq!(again, bytes(case, "receipt"), "{}", text(case, "name"));
        // Whoever signs elsewhere signs these bytes.
        let signature = log.sign(&receipt_tbs(receipt.claims(), &log.public().kid(), &root));
        assert!(again.ends_with(&signature));
    }
}

#[test]
fn a_transparent_statement_gives_back_what_was_attached() {
    let Some(file) = golden("receipt.json") else { return };
    let transparent = bytes(&file["transparent"], "hex");
    let receipts: Vec<Vec<u8>> = cases(&file["transparent"], "receipts")
        .iter()
        .map(|hex| nospy::crypto::parse_hex(hex.as_str().expect("hex")).expect("hex"))
        .collect();
    let (statement, found) = detach_receipts(&transparent).expect("a transparent statement");
    assert_eq!(statement.bytes(), bytes(&file["transparent"], "statement"));
    assert_eq!(found, receipts);
    let refs: Vec<&[u8]> = receipts.iter().map(Vec::as_slice).collect();
    assert_eq!(attach_receipts(&statement, &refs).expect("it fits"), transparent);
    Receipt::parse(found[0]).expect("a receipt").check(&statement, &key(&file)).expect("its receipt");

    // A log entry carries none; a statement carries 1 to 16, each of bounded length.
    assert_eq!(detach_receipts(statement.bytes()), Err(TransparentError::Receipts));
    assert_eq!(attach_receipts(&statement, &[]), Err(TransparentError::Receipts));
    assert_eq!(attach_receipts(&statement, &[&[0; 4_097]]), Err(TransparentError::Receipts));
    assert_eq!(attach_receipts(&statement, &vec![refs[0]; 17]), Err(TransparentError::Receipts));
    let sixteen = attach_receipts(&statement, &vec![refs[0]; 16]).expect("it fits");
    assert_eq!(detach_receipts(&sixteen).expect("sixteen").1.len(), 16);
    assert!(Statement::parse(&transparent).is_err());
}
