//! Golden vectors of formats §7: checkpoints as signed notes, verified with the log's key and one witness's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod vectors;

use base64ct::{Base64, Encoding as _};
use nospy::crypto::{Digest, KeyLine, Note, NoteAlgorithm, PublicKey, SigningKey};
use nospy::evidence::{Checkpoint, CheckpointError, Policy, SignedCheckpoint};
use serde_json::Value;
use vectors::{bytes, cases, golden, is_accept, text};

fn policy(file: &Value) -> Policy {
    let (log, witness) = (text(&file["keys"]["log"], "vkey"), text(&file["keys"]["witness1"], "vkey"));
    Policy::parse(format!("log {log}\nwitness w1 {witness}\nquorum none\n").as_bytes()).expect("a policy")
}

fn check(note: &[u8], policy: &Policy) -> Result<(SignedCheckpoint, Option<u64>), CheckpointError> {
    let signed = SignedCheckpoint::parse(note)?;
    signed.check_log_signature(&policy.logs()[0])?;
    let quorum = signed.check_quorum(policy)?;
    Ok((signed, quorum.cosigners.first().map(|cosigner| cosigner.time)))
}

/// Which error the hint of a vector means.
fn is_reason(reason: &str, error: &CheckpointError) -> bool {
    use CheckpointError as E;
    match reason {
        "log-signature" => matches!(error, E::NotSigned { .. } | E::Note(_)),
        "checkpoint-lines" => matches!(error, E::Lines),
        "checkpoint-size" => matches!(error, E::Size),
        "checkpoint-root" => matches!(error, E::Root),
        "checkpoint-origin" => matches!(error, E::OtherOrigin { .. }),
        other => {
            assert!(other.starts_with("note-") || other.starts_with("cosignature"), "unknown reason {other}");
            matches!(error, E::Note(_))
        }
    }
}

#[test]
fn checkpoints_are_judged_as_published() {
    let Some(file) = golden("note.json") else { return };
    let policy = policy(&file);
    for case in cases(&file, "cases") {
        let name = text(case, "name");
        let result = check(text(case, "note").as_bytes(), &policy);
        match (is_accept(case), &result) {
            (true, Ok((signed, cosigned_at))) => {
                let checkpoint = signed.checkpoint();
                assert_eq!(Some(checkpoint.size), case["size"].as_u64(), "{name}");
                assert_eq!(Digest(checkpoint.root).to_string(), text(case, "root"), "{name}");
                assert_eq!(*cosigned_at, case["cosigned_at"].as_u64(), "{name}");
                assert_eq!(signed.note().to_string(), text(case, "note"), "{name}");
            }
            (false, Err(error)) => assert!(is_reason(text(case, "reason"), error), "{name}: {error:?}"),
            _ => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn a_note_has_room_for_65536_bytes() {
    let Some(file) = golden("note.json") else { return };
    let policy = policy(&file);
    let plain = text(&cases(&file, "cases")[0], "note");
    for case in cases(&file, "sizes") {
        let zeros = vec![0; case["zeros"].as_u64().expect("zeros") as usize];
        let note = format!("{plain}— w.example {}\n", Base64::encode_string(&zeros));
        assert_eq!(Some(note.len() as u64), case["length"].as_u64());
        assert_eq!(check(note.as_bytes(), &policy).is_ok(), is_accept(case), "{}", text(case, "name"));
    }
}

#[test]
fn a_checkpoint_is_signed_and_cosigned_to_the_same_bytes() {
    let Some(file) = golden("note.json") else { return };
    let key = |name: &str| {
        let seed: [u8; 32] = bytes(&file["keys"][name], "seed").try_into().expect("a seed");
        (text(&file["keys"][name], "vkey").parse::<KeyLine>().expect("vkey"), SigningKey::from_seed(&seed))
    };
    let (log_name, log) = key("log");
    let (witness_name, witness) = key("witness1");
    for case in &cases(&file, "cases")[..2] {
        let checkpoint = Checkpoint {
            origin: text(&file, "origin").parse().expect("origin"),
            size: case["size"].as_u64().expect("size"),
            root: bytes(case, "root").try_into().expect("root"),
        };
        let mut note = checkpoint.sign(&log_name, &log);
        if let Some(time) = case["cosigned_at"].as_u64() {
            note.cosign(&witness_name, &witness, time);
        }
        assert_eq!(note.to_string(), text(case, "note"));
    }
}

/// A policy of made-up keys: witness `i` has the seed `i, i, …`.
fn witness(i: u8) -> (KeyLine, SigningKey) {
    let key = SigningKey::from_seed(&[i; 32]);
    (KeyLine::new(&format!("w{i}.example"), NoteAlgorithm::Cosignature, key.public()).expect("a name"), key)
}

fn log() -> (KeyLine, SigningKey) {
    let key = SigningKey::from_seed(&[99; 32]);
    (KeyLine::new("log.example", NoteAlgorithm::Ed25519, key.public()).expect("a name"), key)
}

#[test]
fn quorums_count_each_witness_once() {
    let lines: String = (1..=4).map(|i| format!("witness w{i} {} https://w{i}.example\n", witness(i).0)).collect();
    let text = format!(
        "# a policy\n\nlog {}\n{lines}group left any w1 w2\ngroup right 2 w3 w4\ngroup both all left right\nquorum both\n",
        log().0
    );
    let policy = Policy::parse(text.as_bytes()).expect("a policy");
    assert!(policy.asks_for_witnesses());
    let checkpoint = Checkpoint { origin: "log.example".parse().expect("origin"), size: 2, root: [7; 32] };
    // One group of two by `any`, one by number: the quorum is met exactly when both are.
    for chosen in 0..16u8 {
        let mut note = checkpoint.sign(&log().0, &log().1);
        let members: Vec<u8> = (1..=4).filter(|i| chosen & (1 << (i - 1)) != 0).collect();
        for i in &members {
            note.cosign(&witness(*i).0, &witness(*i).1, 5);
            note.cosign(&witness(*i).0, &witness(*i).1, 6);
        }
        let quorum = policy.evaluate(&note).expect("every line verifies");
        let expected = (members.contains(&1) || members.contains(&2)) && members.contains(&3) && members.contains(&4);
        assert_eq!(quorum.is_met, expected, "{members:?}");
        assert_eq!(quorum.cosigners.len(), members.len());
        assert!(quorum.cosigners.iter().all(|cosigner| cosigner.time == 6));
        assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note));
    }
}

#[test]
fn a_policy_is_refused_with_the_line_and_the_reason() {
    let (log, w1, w2) = (log().0, witness(1).0, witness(2).0);
    let other_log: PublicKey = witness(3).1.public();
    let other_log = KeyLine::new("log.example", NoteAlgorithm::Ed25519, other_log).expect("a name");
    for (policy, wanted) in [
        (format!("log {log}\n"), "ends with `quorum"),
        ("quorum none\n".to_owned(), "at least one log"),
        (format!("log {log}\nquorum w1\n"), "line 2: w1 is not defined"),
        (format!("log {log} a b\nquorum none\n"), "line 1: expected `log <vkey> [url]`"),
        (format!("log {w1}\nquorum none\n"), "line 1: a log's key is of type 01"),
        (format!("log {log}\nwitness w1 {log}\nquorum none\n"), "line 2: a log's key is of type 01"),
        (format!("log {log}\nlog {other_log}\nquorum none\n"), "line 2: log.example is defined twice"),
        (format!("log {log}\nwitness none {w1}\nquorum none\n"), "line 2: a name is"),
        (format!("log {log}\nwitness a {w1}\nwitness a {w2}\nquorum none\n"), "line 3: a is defined twice"),
        (format!("log {log}\nwitness a {w1}\nwitness b {w1}\nquorum none\n"), "line 3: w1.example is defined twice"),
        (format!("log {log}\nwitness a {w1}\ngroup g any a a\nquorum g\n"), "line 3: a counts in a group already"),
        (format!("log {log}\nwitness a {w1}\ngroup g 2 a\nquorum g\n"), "line 3: the threshold"),
        (format!("log {log}\nwitness a {w1}\ngroup g 01 a\nquorum g\n"), "line 3: the threshold"),
        (format!("log {log}\nwitness a {w1}\ngroup g any\nquorum g\n"), "line 3: expected `group"),
        (format!("log {log}\nquorum none\nquorum none\n"), "line 3: there is one quorum"),
        (format!("log {log}\nwitnes a {w1}\nquorum none\n"), "line 2: expected log, witness"),
        (format!("log {log}\nquorum none\u{b}\n"), "line 2: a control"),
        (format!("log {log}\r\nquorum none\n"), "line 1: a control"),
        (format!("log {log}\nquorum none\r\n"), "line 2: a control"),
    ] {
        let error = Policy::parse(policy.as_bytes()).expect_err(&policy).to_string();
        assert!(error.contains(wanted), "{policy}: {error}");
    }
    assert!(Policy::parse(format!("log {log}\nquorum none\n").repeat(2_000).as_bytes()).is_err());
    assert_eq!(Policy::parse(format!("log {log}\nquorum none").as_bytes()), Ok(Policy::of_log(log)));
}
