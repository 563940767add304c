//! Omissions: a promised entry that a docket does not hold, and dockets that hold all that was promised.

use nospy::codec::Value;
use nospy::crypto::Digest;
use nospy::merkle::{Hash, MapProof, docket_key};

use crate::vectors::cast::STRANGER;
use crate::vectors::evidence::{FORM, NOTHING, PROVED, Row, broken, file_of, hashes, head_of};
use crate::vectors::log::{Log, batches, map_of, subject};
use crate::vectors::receipt::Parts;
use crate::vectors::tree;

/// The entry that is promised, the offer, and the docket that must hold it.
const PROMISED: usize = 6;
const SUBJECT: &str = "offer/acme/no-spy";
/// The size under which it was promised.
const PROMISED_SIZE: usize = 8;

/// The parts of a file.
#[derive(Clone)]
struct Parted {
    statement: Vec<u8>,
    named: Vec<Value>,
    promise: Value,
    checkpoint: String,
    seal: Vec<u8>,
    seal_path: Vec<Hash>,
    subject: String,
    siblings: Vec<Hash>,
    other: Option<Value>,
    rows: Vec<(u64, u64, Digest)>,
}

impl Parted {
    /// What `log` says of the docket of a subject at its last seal, beside a promise of the honest log.
    fn of(log: &Log, about: &str) -> Self {
        let (leaves, last) = (log.leaves(), log.entries.len() - 1);
        let rows: Vec<usize> = log.dockets.get(&subject(about)).cloned().unwrap_or_default();
        let proof: MapProof = map_of(&log.values(), Some(&docket_key(about)), 0).1;
        let honest = Log::honest();
        Self {
            statement: honest.entries[PROMISED].bytes().to_vec(),
            named: Vec::new(),
            promise: Value::bytes(Parts::of(&honest, PROMISED, PROMISED_SIZE).bytes()),
            checkpoint: head_of(log, last + 1),
            seal: log.entries[last].bytes().to_vec(),
            seal_path: tree::path(&leaves, last),
            subject: about.to_owned(),
            siblings: proof.siblings,
            other: proof.other.map(|(key, value)| Value::Array(vec![Value::bytes(key), Value::bytes(value)])),
            rows: rows.into_iter().map(|i| (i as u64, log.sealed[i].1, *log.entries[i].id())).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let rows = self.rows.iter();
        let row = |(index, time, id): &(u64, u64, Digest)| {
            Value::Array(vec![Value::uint(*index), Value::uint(*time), Value::bytes(id.0)])
        };
        let mut fields = vec![
            ("statement", Value::bytes(self.statement.clone())),
            ("named", Value::Array(self.named.clone())),
            ("promise", self.promise.clone()),
            ("checkpoint", Value::text(&self.checkpoint)),
            ("seal", Value::Array(vec![Value::bytes(self.seal.clone()), hashes(&self.seal_path)])),
            ("subject", Value::text(&self.subject)),
            ("siblings", hashes(&self.siblings)),
            ("rows", Value::Array(rows.map(row).collect())),
        ];
        fields.extend(self.other.clone().map(|other| ("other", other)));
        file_of("omission", Value::record(fields))
    }
}

/// The honest entries under a last seal that commits to other dockets than theirs.
fn log_with(change: impl FnOnce(&mut Log)) -> Log {
    let mut changed = Log::honest();
    change(&mut changed);
    let dockets = map_of(&changed.values(), None, 0).0;
    let last = batches().len() - 1;
    let mut log = Log::of(&batches(), |number, fields| {
        if number == last {
            fields.dockets = dockets;
        }
    });
    // What it says of its dockets is what it sealed.
    (log.dockets, log.sealed) = (changed.dockets, changed.sealed);
    log
}

/// Leaves an entry out of a docket.
fn hide(log: &mut Log, about: &str) {
    let about = subject(about);
    let rows = log.dockets.get_mut(&about).expect("the honest log has this docket: the offer touches it");
    rows.retain(|index| *index != PROMISED);
    if rows.is_empty() {
        log.dockets.remove(&about);
    }
}

/// The cases.
pub fn omissions() -> Vec<Row> {
    let honest = Log::honest();
    let hiding = log_with(|log| hide(log, SUBJECT));
    let good = Parted::of(&hiding, SUBJECT);
    // A docket that must hold the offer and in the honest log holds nothing else.
    let touched = honest.entries[PROMISED].touches(|_| None).expect("an offer names no statement");
    let alone = touched
        .iter()
        .find(|about| honest.dockets[about] == [PROMISED])
        .expect("one docket of the honest log holds the offer alone")
        .to_string();
    let absent = Parted::of(&log_with(|log| hide(log, &alone)), &alone);
    let late = log_with(|log| log.sealed[PROMISED].1 += 1_000);
    let early = log_with(|log| log.sealed[PROMISED].1 -= 1_000);
    let by_entry = Value::Array(vec![
        Value::text(head_of(&honest, PROMISED_SIZE)),
        Value::uint(PROMISED as u64),
        hashes(&tree::path(&honest.leaves()[..PROMISED_SIZE], PROMISED)),
    ]);
    let receipt = Parts::of(&honest, PROMISED, PROMISED_SIZE);
    let row = |name, exit, reason, parted: Parted| (name, exit, reason, parted.bytes());
    let mut turned = good.clone();
    turned.siblings[0][0] ^= 1;
    let mut rows = vec![
        row("omission", PROVED, "the docket of an offer without the offer", good.clone()),
        row("omission-absent", PROVED, "a docket that is said to be empty", absent.clone()),
        row("omission-by-entry", PROVED, "promised by a checkpoint and a path", {
            Parted { promise: by_entry.clone(), ..good.clone() }
        }),
        row(
            "omission-late",
            PROVED,
            "the entry is there, a second later than was promised",
            Parted::of(&late, SUBJECT),
        ),
        row("omission-early", NOTHING, "the entry is there, earlier than was promised", Parted::of(&early, SUBJECT)),
        row("omission-late-by-entry", NOTHING, "a checkpoint and a path promise no time", {
            Parted { promise: by_entry, ..Parted::of(&late, SUBJECT) }
        }),
        row("omission-honest", NOTHING, "the docket holds what was promised", Parted::of(&honest, SUBJECT)),
        row("omission-untouched", NOTHING, "the docket of a subject that the statement does not touch", {
            Parted::of(&hiding, "party/fr-anssi")
        }),
        row(
            "omission-row-dropped",
            NOTHING,
            "an honest docket with the row taken away: the siblings lead elsewhere",
            {
                let mut parted = Parted::of(&honest, SUBJECT);
                parted.rows.retain(|(index, ..)| *index != PROMISED as u64);
                parted
            },
        ),
        row("omission-sibling-turned", NOTHING, "a sibling with a bit turned", turned),
        row("omission-sibling-more", NOTHING, "a sibling more", {
            Parted { siblings: [&good.siblings[..], &[[7; 32]]].concat(), ..good.clone() }
        }),
        row("omission-other-beside-rows", NOTHING, "rows, and another key in their place", {
            let other = Value::Array(vec![Value::bytes([7; 32]), Value::bytes([7; 40])]);
            Parted { other: Some(other), ..good.clone() }
        }),
    ];
    rows.extend(promises(&good, &receipt, &honest));
    rows
}

/// Promises, seals and checkpoints that are none.
fn promises(good: &Parted, receipt: &Parts, honest: &Log) -> Vec<Row> {
    let row = |name, exit, reason, parted: Parted| (name, exit, reason, parted.bytes());
    let with_receipt = |parts: Parts| Parted { promise: Value::bytes(parts.bytes()), ..good.clone() };
    let mut cut_short = Parted::of(&log_with(|log| hide(log, SUBJECT)), SUBJECT);
    cut_short.checkpoint = head_of(honest, PROMISED);
    vec![
        row("omission-promise-stranger", NOTHING, "another key promised", {
            with_receipt(Parts { signer: STRANGER.seed, ..receipt.clone() })
        }),
        row("omission-promise-of-another", NOTHING, "the promise is of another entry", {
            with_receipt(Parts::of(honest, 8, 12))
        }),
        row("omission-promise-cut", FORM, "the receipt is cut short", {
            let bytes = receipt.bytes();
            Parted { promise: Value::bytes(&bytes[..bytes.len() - 1]), ..good.clone() }
        }),
        row("omission-promise-text", FORM, "a promise that is a text", {
            Parted { promise: Value::text("I promise"), ..good.clone() }
        }),
        row("omission-named-more", NOTHING, "a statement that nothing names", {
            Parted { named: vec![Value::bytes(honest.entries[8].bytes())], ..good.clone() }
        }),
        row("omission-named-three", FORM, "three statements that are named", {
            Parted { named: vec![Value::bytes(honest.entries[8].bytes()); 3], ..good.clone() }
        }),
        row("omission-checkpoint-signature", NOTHING, "the signature of the checkpoint", {
            Parted { checkpoint: broken(&good.checkpoint), ..good.clone() }
        }),
        row(
            "omission-checkpoint-before",
            NOTHING,
            "a checkpoint of another tree than the seal's path leads to",
            cut_short,
        ),
        row("omission-seal-path", NOTHING, "the path of the seal leads elsewhere", {
            Parted { seal_path: good.seal_path.iter().map(|hash| hash.map(|byte| byte ^ 1)).collect(), ..good.clone() }
        }),
        row("omission-seal-statement", NOTHING, "no seal in the place of the seal", {
            Parted { seal: honest.entries[8].bytes().to_vec(), ..good.clone() }
        }),
        row(
            "omission-subject",
            FORM,
            "a subject that is none",
            Parted { subject: "offers/acme".into(), ..good.clone() },
        ),
        row("omission-statement", FORM, "bytes that are no statement", Parted { statement: vec![0], ..good.clone() }),
        row("omission-rows-order", FORM, "rows that do not ascend", {
            let row = (9, 1, Digest([7; 32]));
            Parted { rows: vec![row, row], ..good.clone() }
        }),
    ]
}
