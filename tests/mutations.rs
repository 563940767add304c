//! One byte of evidence is changed, cut off, or two fields change places: the evidence is refused, or what it proves
//! is the same to the last bit.
//!
//! Without `NOSPY_FULL=1` a sample of the positions is tried; the seed is printed and `NOSPY_SEED` repeats it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "vectors/docket_files.rs"]
mod docket_files;
mod vectors;

use docket_files::files;
use nospy::codec::{Item, Key, Value as Cbor, encode};
use nospy::crypto::KeyLine;
use nospy::evidence::{
    DocketFile, Outcome, Policy, Receipt, Step, Trust, VerifiedReceipt, check_file, detach_receipts,
};
use nospy::statement::{Statement, StatementId, Subject};
use serde_json::Value;
use vectors::{bytes, cases, golden, text};

/// How many positions of a long file are tried without `NOSPY_FULL`.
const SAMPLE: usize = 1_500;

/// A small generator (xorshift64*), so that a seed is all that repeats a run.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = std::env::var("NOSPY_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map(|now| now.as_nanos() as u64);
        let seed = given.unwrap_or(now.unwrap_or(1)) | 1;
        eprintln!("NOSPY_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    /// All positions below `end`, or a sample of them.
    fn positions(&mut self, end: usize) -> Vec<usize> {
        match end <= SAMPLE || std::env::var_os("NOSPY_FULL").is_some() {
            true => (0..end).collect(),
            false => (0..SAMPLE).map(|_| self.below(end)).collect(),
        }
    }
}

/// Every single-byte change and every truncation of `original`, by sample.
fn for_each_mutation(original: &[u8], random: &mut Random, mut try_one: impl FnMut(&[u8], &str)) {
    let mut mutated = original.to_vec();
    for at in random.positions(original.len()) {
        for mask in [0x01, 0x80] {
            mutated[at] ^= mask;
            try_one(&mutated, &format!("byte {at} xor {mask:#04x}"));
            mutated[at] ^= mask;
        }
    }
    for len in random.positions(original.len()) {
        try_one(&original[..len], &format!("cut to {len} bytes"));
    }
}

/// What a docket file proves, whoever cosigned it: the outcome of every step but the witnesses', the last seal, and
/// every statement in its place.
#[derive(Debug, PartialEq)]
struct Proved {
    outcomes: Vec<(Step, Outcome)>,
    about: Subject,
    last_seal: StatementId,
    statements: Vec<(u64, u64, Vec<u8>)>,
    dockets: Vec<(Subject, Vec<usize>)>,
}

fn prove(bytes: &[u8], trust: &Trust) -> Option<Proved> {
    let check = check_file(bytes, trust, None);
    let checked = check.file?;
    let outcomes = check.checks.all().iter().map(|line| (line.step, line.outcome.clone()));
    Some(Proved {
        outcomes: outcomes.filter(|(step, _)| *step != Step::WitnessQuorum).collect(),
        about: checked.file().about.clone(),
        last_seal: checked.last_seal_id(),
        statements: checked
            .statements()
            .map(|(entry, time_ms)| (entry.index, time_ms, entry.statement.bytes().to_vec()))
            .collect(),
        dockets: checked.dockets().map(|(subject, places)| (subject.clone(), places)).collect(),
    })
}

fn trusts(golden: &Value) -> [Trust; 2] {
    let log: KeyLine = text(&golden["keys"]["log"], "vkey").parse().expect("vkey");
    let with_witnesses = Policy::parse(text(golden, "policy").as_bytes()).expect("a policy");
    [Trust::of(with_witnesses), Trust::of(Policy::of_log(log))]
}

#[test]
fn a_changed_docket_file_is_refused_or_proves_the_same() {
    let Some(golden) = golden("docket-file.json") else { return };
    let original = &files(&golden)["agreement"];
    let checkpoint = Item::read(original).expect("CBOR").field("checkpoint").expect("a checkpoint").encoded();
    let start = checkpoint.as_ptr().addr() - original.as_ptr().addr();
    let mut random = Random::new();
    for trust in trusts(&golden) {
        let proved = prove(original, &trust).expect("the golden file is accepted");
        let (mut tried, mut accepted) = (0, 0);
        for_each_mutation(original, &mut random, |mutated, what| {
            tried += 1;
            let Some(found) = prove(mutated, &trust) else { return };
            assert_eq!(found, proved, "{what}");
            let at = mutated.iter().zip(original).position(|(a, b)| a != b).expect("a difference");
            assert!((start..start + checkpoint.len()).contains(&at), "{what} is outside the checkpoint");
            accepted += 1;
        });
        // Only lines of strangers may change: with the witnesses in the policy there are none.
        assert_eq!(accepted > 0, !trust.policy.asks_for_witnesses(), "{accepted} of {tried} accepted");
    }
}

/// Every value that comes from `value` by swapping two neighbours of one array, or the values of two neighbouring keys.
fn for_each_swap(value: &Cbor, with: &dyn Fn(Cbor) -> Cbor, try_one: &mut dyn FnMut(&Cbor)) {
    match value {
        Cbor::Array(members) => {
            for i in 0..members.len() {
                if i + 1 < members.len() && members[i] != members[i + 1] {
                    let mut swapped = members.clone();
                    swapped.swap(i, i + 1);
                    try_one(&with(Cbor::Array(swapped)));
                }
                let rebuilt = |member| {
                    let mut changed = members.clone();
                    changed[i] = member;
                    with(Cbor::Array(changed))
                };
                for_each_swap(&members[i], &rebuilt, try_one);
            }
        }
        Cbor::Map(map) => {
            let keys: Vec<&Key> = map.keys().collect();
            for (i, key) in keys.iter().enumerate() {
                if let Some(next) = keys.get(i + 1).filter(|next| map[*key] != map[**next]) {
                    let mut swapped = map.clone();
                    swapped.insert((*key).clone(), map[*next].clone());
                    swapped.insert((*next).clone(), map[*key].clone());
                    try_one(&with(Cbor::Map(swapped)));
                }
                let rebuilt = |member| {
                    let mut changed = map.clone();
                    changed.insert((*key).clone(), member);
                    with(Cbor::Map(changed))
                };
                for_each_swap(&map[*key], &rebuilt, try_one);
            }
        }
        _ => {}
    }
}

#[test]
fn a_docket_file_with_two_fields_swapped_is_refused() {
    let Some(golden) = golden("docket-file.json") else { return };
    let original = &files(&golden)["agreement"];
    let [trust, _] = trusts(&golden);
    let value = Item::read(original).expect("CBOR").to_value();
    let mut tried = 0;
    for_each_swap(&value, &|value| value, &mut |swapped| {
        let bytes = encode(swapped);
        assert_ne!(bytes, *original);
        assert!(prove(&bytes, &trust).is_none(), "{swapped:?}");
        tried += 1;
    });
    assert!(tried > 100, "only {tried} swaps");
}

#[test]
fn a_changed_receipt_is_refused() {
    let Some(golden) = golden("receipt.json") else { return };
    let key: KeyLine = text(&golden["keys"]["log"], "vkey").parse().expect("vkey");
    let case = cases(&golden, "cases").iter().find(|case| text(case, "name") == "entry-9-of-24").expect("a case");
    let (receipt, statement) = (bytes(case, "receipt"), bytes(case, "statement"));
    let check = |receipt: &[u8], statement: &[u8]| -> Option<VerifiedReceipt> {
        Receipt::parse(receipt).ok()?.check(&Statement::parse(statement).ok()?, &key).ok()
    };
    assert!(check(&receipt, &statement).is_some());
    let mut random = Random::new();
    for_each_mutation(&receipt, &mut random, |mutated, what| {
        assert_eq!(check(mutated, &statement), None, "receipt, {what}");
    });
    for_each_mutation(&statement, &mut random, |mutated, what| {
        assert_eq!(check(&receipt, mutated), None, "statement, {what}");
    });
    let value = Item::read_sign1(&receipt).expect("CBOR").to_value();
    for_each_swap(&value, &|value| value, &mut |swapped| {
        assert_eq!(check(&nospy::codec::encode_tagged(swapped), &statement), None, "{swapped:?}");
    });
}

#[test]
fn a_changed_statement_is_refused_by_its_key() {
    let Some(golden) = golden("receipt.json") else { return };
    let keys = [text(&golden["keys"]["log"], "vkey")].map(|vkey| *vkey.parse::<KeyLine>().expect("vkey").key());
    let case = cases(&golden, "cases").iter().find(|case| text(case, "what") == "seal").expect("a seal");
    let original = bytes(case, "statement");
    let check = |bytes: &[u8]| {
        let statement = Statement::parse(bytes).ok()?;
        keys.iter().find(|key| statement.check_signature(key).is_ok()).map(|_| *statement.id())
    };
    assert!(check(&original).is_some());
    for_each_mutation(&original, &mut Random::new(), |mutated, what| assert_eq!(check(mutated), None, "{what}"));
}

#[test]
fn a_changed_transparent_statement_is_refused() {
    let Some(golden) = golden("receipt.json") else { return };
    let key: KeyLine = text(&golden["keys"]["log"], "vkey").parse().expect("vkey");
    let original = bytes(&golden["transparent"], "hex");
    let check = |bytes: &[u8]| {
        let (statement, receipts) = detach_receipts(bytes).ok()?;
        Receipt::parse(receipts.first()?).ok()?.check(&statement, &key).ok()
    };
    assert!(check(&original).is_some());
    for_each_mutation(&original, &mut Random::new(), |mutated, what| assert_eq!(check(mutated), None, "{what}"));
}

#[test]
fn no_mutation_makes_the_reader_panic_or_accept_another_spelling() {
    let Some(golden) = golden("docket-file.json") else { return };
    let mut random = Random::new();
    for name in ["between", "roll", "absence-beside-other"] {
        let original = &files(&golden)[name];
        for_each_mutation(original, &mut random, |mutated, what| {
            if DocketFile::parse(mutated).is_ok() {
                let value = Item::read(mutated).expect("what is parsed is CBOR").to_value();
                assert_eq!(encode(&value), mutated, "{name}, {what}");
            }
        });
    }
}
