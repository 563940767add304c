//! Golden vectors of C2SP tlog-proof texts (formats §8).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod vectors;

use nospy::evidence::{Policy, Quorum, TlogProof, TlogProofError};
use nospy::statement::Statement;
use vectors::{bytes, cases, golden, is_accept, text};

/// Which error the hint of a vector means.
fn is_reason(reason: &str, error: &TlogProofError) -> bool {
    use TlogProofError as E;
    match reason {
        "inclusion" | "path-length" => matches!(error, E::Proof(_)),
        // Beyond the cap or beyond the tree: both are no position.
        "index-size" => matches!(error, E::Proof(_) | E::Index),
        "tlog-proof-index" => matches!(error, E::Index),
        "tlog-proof-header" => matches!(error, E::Header),
        "tlog-proof-extra" => matches!(error, E::Extra),
        "tlog-proof-hash" | "hash-length" => matches!(error, E::Path),
        "witness-quorum" => matches!(error, E::QuorumMissing),
        other => panic!("unknown reason {other}"),
    }
}

#[test]
fn proofs_are_judged_as_published() {
    let Some(file) = golden("tlog-proof.json") else { return };
    let policy = Policy::parse(text(&file, "policy").as_bytes()).expect("a policy");
    for case in cases(&file, "cases") {
        let name = text(case, "name");
        let statement = Statement::parse(&bytes(case, "statement")).expect("a statement");
        let check = |proof: &str| -> Result<(TlogProof, Quorum), TlogProofError> {
            let proof = TlogProof::parse(proof.as_bytes())?;
            let quorum = proof.check(&statement, &policy)?;
            Ok((proof, quorum))
        };
        match (is_accept(case), check(text(case, "proof"))) {
            (true, Ok((proof, quorum))) => {
                assert_eq!(Some(proof.index), case["index"].as_u64(), "{name}");
                assert_eq!(Some(proof.checkpoint.checkpoint().size), case["size"].as_u64(), "{name}");
                assert_eq!(quorum.cosigners.len(), 2, "{name}");
                assert_eq!(proof.to_string(), text(case, "proof"), "{name}");
            }
            (false, Err(error)) => assert!(is_reason(text(case, "reason"), &error), "{name}: {error:?}"),
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}
