//! `evidence.json`: files that convict a log, and files that convict nobody.

use nospy::codec::{Value, encode};
use nospy::crypto::hex;
use nospy::merkle::Hash;

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, Signer, W1, base64, case};
use crate::vectors::evidence_omission::omissions;
use crate::vectors::json::{Json, map, text};
use crate::vectors::log::{Log, REGISTRAR, START_MS, STEP_MS, batches, statement};
use crate::vectors::receipt::Parts;
use crate::vectors::tree;

/// What `nospy verify` ends with: the file is of another form; it proves nothing; it proves; it asks.
pub const FORM: u64 = 16;
pub const NOTHING: u64 = 17;
pub const PROVED: u64 = 12;
pub const ASKED: u64 = 18;

/// A case: its name, the exit code, why, and its bytes.
pub type Row = (&'static str, u64, &'static str, Vec<u8>);

/// The file of one kind.
pub fn file_of(kind: &'static str, body: Value) -> Vec<u8> {
    encode(&Value::record([("v", Value::uint(1)), (kind, body)]))
}

/// A checkpoint with one line, as evidence holds it.
pub fn head(signer: Signer, origin: &str, size: usize, root: &Hash) -> String {
    let signed = format!("{origin}\n{size}\n{}\n", base64(root));
    format!("{signed}\n{}", signer.line(&signed))
}

/// The head of a log at a size, signed by its key.
pub fn head_of(log: &Log, size: usize) -> String {
    head(LOG, ORIGIN, size, &tree::root(&log.leaves()[..size]))
}

pub fn hashes(path: &[Hash]) -> Value {
    Value::Array(path.iter().map(Value::bytes).collect())
}

/// A text in which one character of the last line's signature is another one.
pub fn broken(note: &str) -> String {
    let at = note.len() - 20;
    let other = if &note[at..=at] == "A" { "B" } else { "A" };
    [&note[..at], other, &note[at + 1..]].concat()
}

/// The file.
pub fn file() -> Json {
    let (one, other) = (Log::honest(), forked());
    let rows = [prefixes(&one, &other), forms(&one, &other), entries(&one, &other), seals(), suspicions(&one, &other)];
    let rows = rows.into_iter().flatten().chain(omissions());
    let cases = rows.map(|(name, exit, reason, bytes)| {
        let expect = match exit {
            PROVED => "accept",
            ASKED => "absent",
            _ => "refuse",
        };
        let row = case(name, "nospy", expect, "evidence#verification", reason);
        row.with("exit", Json::Number(exit)).with("hex", text(hex(&bytes)))
    });
    map([
        ("about", text("Evidence against one log: docs/spec/evidence.md.")),
        ("origin", text(ORIGIN)),
        ("keys", map([("log", LOG.to_json())])),
        ("cases", Json::List(cases.collect())),
    ])
}

/// The other history: the same up to entry 5, another entry 6.
fn forked() -> Log {
    let mut batches = batches();
    let about = "party/later";
    let body = Value::record([("reason", Value::text("it was never here"))]);
    batches[2] = vec![statement("registrar", REGISTRAR, about, "party.retire", START_MS + 2 * STEP_MS, body)];
    batches.truncate(3);
    Log::of(&batches, |_, _| ())
}

/// A fork by a prefix, with everything in its hands.
#[derive(Clone)]
struct Prefix {
    heads: Vec<Value>,
    root: Vec<u8>,
    path: Vec<Hash>,
}

impl Prefix {
    /// The tree of `earlier` at `old` against that of `later` at `new`.
    fn of(earlier: &Log, old: usize, later: &Log, new: usize) -> Self {
        let leaves = &later.leaves()[..new];
        Self {
            heads: vec![Value::text(head_of(earlier, old)), Value::text(head_of(later, new))],
            root: tree::root(&leaves[..old]).to_vec(),
            path: tree::consistency(leaves, old),
        }
    }

    fn with_head(mut self, at: usize, head: impl Into<Value>) -> Self {
        self.heads[at] = head.into();
        self
    }

    fn value(&self) -> Value {
        Value::record([
            ("heads", Value::Array(self.heads.clone())),
            ("root", Value::bytes(self.root.clone())),
            ("path", hashes(&self.path)),
        ])
    }

    fn bytes(&self) -> Vec<u8> {
        file_of("fork", self.value())
    }
}

/// The signed part of a receipt, as a head.
fn receipt_head(parts: &Parts) -> Value {
    Value::Array(vec![Value::bytes(parts.protected()), Value::bytes(parts.sign()), Value::bytes(parts.root)])
}

fn prefixes(one: &Log, other: &Log) -> Vec<Row> {
    let good = Prefix::of(one, 7, other, 8);
    let turned = |path: &[Hash]| path.iter().map(|hash| hash.map(|byte| byte ^ 1)).collect::<Vec<_>>();
    let power = Prefix { root: tree::root(&other.leaves()[..8]).to_vec(), ..Prefix::of(other, 8, one, 12) };
    let of_receipt = Parts::of(one, 6, 8);
    let (leaves, size) = (other.leaves(), 7);
    let same_size = |first: &Log, second: &Log| Prefix {
        heads: vec![Value::text(head_of(first, size)), Value::text(head_of(second, size))],
        root: tree::root(&second.leaves()[..size]).to_vec(),
        path: Vec::new(),
    };
    let smaller_first = tree::root(&one.leaves()[..size]) < tree::root(&leaves[..size]);
    let (low, high) = if smaller_first { (one, other) } else { (other, one) };
    let origin = "example.org/another";
    let row = |name, exit, reason, prefix: Prefix| (name, exit, reason, prefix.bytes());
    vec![
        row("fork-prefix", PROVED, "a later tree that begins with another root than was signed", good.clone()),
        row("fork-longer", PROVED, "the same over more entries", Prefix::of(other, 7, one, 12)),
        row("fork-power-of-two", PROVED, "the earlier size is a power of two: the path leaves out its root", {
            Prefix { root: tree::root(&one.leaves()[..8]).to_vec(), ..power.clone() }
        }),
        row("fork-one-size", PROVED, "two roots of one size", same_size(low, high)),
        row("fork-receipt-head", PROVED, "one head is the signed part of a receipt", {
            Prefix::of(one, 8, other, 8).with_head(0, receipt_head(&of_receipt)).ordered(&of_receipt.root)
        }),
        row("fork-root-own", NOTHING, "the root of the first head itself: nothing forks", {
            Prefix { root: tree::root(&one.leaves()[..7]).to_vec(), ..good.clone() }
        }),
        row("honest-growth", NOTHING, "two heads of one history", Prefix::of(one, 7, one, 12)),
        row("fork-root-turned", NOTHING, "a root from which no path leads", {
            Prefix { root: turned(&[tree::root(&leaves[..7])])[0].to_vec(), ..good.clone() }
        }),
        row(
            "fork-path-turned",
            NOTHING,
            "a path that leads elsewhere",
            Prefix { path: turned(&good.path), ..good.clone() },
        ),
        row("fork-path-short", NOTHING, "a hash of the path is missing", {
            Prefix { path: good.path[1..].to_vec(), ..good.clone() }
        }),
        row("fork-path-more", NOTHING, "a hash behind the path", {
            Prefix { path: [&good.path[..], &[[7; 32]]].concat(), ..good.clone() }
        }),
        row("fork-power-own-root", NOTHING, "the root that the path leaves out is that of the first head", power),
        row("fork-one-size-path", NOTHING, "of one size there is no path", {
            Prefix { path: vec![[7; 32]], ..same_size(low, high) }
        }),
        row("fork-one-size-root", NOTHING, "of one size the root is that of the second head", {
            Prefix { root: vec![7; 32], ..same_size(low, high) }
        }),
        row("fork-one-size-order", FORM, "of one size the smaller root stands first", same_size(high, low)),
        row("fork-order", FORM, "the smaller size stands first", {
            let [first, second] = [good.heads[0].clone(), good.heads[1].clone()];
            good.clone().with_head(0, second).with_head(1, first)
        }),
        row("fork-one-head-twice", NOTHING, "the same head twice", {
            let head = Value::text(head_of(one, 7));
            Prefix { root: tree::root(&one.leaves()[..7]).to_vec(), path: Vec::new(), heads: vec![head.clone(), head] }
        }),
        row("fork-signature-first", NOTHING, "the signature of the first head", {
            good.clone().with_head(0, Value::text(broken(&head_of(one, 7))))
        }),
        row("fork-signature-second", NOTHING, "the signature of the second head", {
            good.clone().with_head(1, Value::text(broken(&head_of(other, 8))))
        }),
        row("fork-stranger", NOTHING, "another key signed under the name of the log", {
            let stranger = Signer { name: ORIGIN, ..STRANGER };
            good.clone().with_head(1, Value::text(head(stranger, ORIGIN, 8, &tree::root(&leaves[..8]))))
        }),
        row("fork-two-origins", FORM, "the heads are of two logs", {
            let other_log = Signer { name: origin, ..OTHER_LOG };
            good.clone().with_head(1, Value::text(head(other_log, origin, 8, &tree::root(&leaves[..8]))))
        }),
        row("fork-receipt-root", NOTHING, "the root beside a receipt's signature is another one", {
            let parts = Parts { root: tree::root(&leaves[..8]), ..of_receipt.clone() };
            let head = Value::Array(vec![
                Value::bytes(of_receipt.protected()),
                Value::bytes(of_receipt.sign()),
                Value::bytes(parts.root),
            ]);
            Prefix::of(one, 8, one, 12).with_head(0, head)
        }),
    ]
}

impl Prefix {
    /// Of two heads of one size: the smaller root first, where the first head has `root`.
    fn ordered(mut self, root: &Hash) -> Self {
        let second: Hash = self.root.clone().try_into().expect("every case that is ordered has a root of 32 bytes");
        if second < *root {
            self.heads.swap(0, 1);
            self.root = root.to_vec();
        }
        self
    }
}

fn forms(one: &Log, other: &Log) -> Vec<Row> {
    let good = Prefix::of(one, 7, other, 8);
    let bytes = good.bytes();
    let with = |name: &'static str, value: Value| {
        let fields = ["heads", "root", "path"].map(|own| match own == name {
            true => (own, value.clone()),
            false => (own, field(&good.value(), own)),
        });
        file_of("fork", Value::record(fields))
    };
    let whole = |fields: Vec<(&'static str, Value)>| encode(&Value::record(fields));
    let (signed, line) = head_of(other, 8)
        .split_once("\n\n")
        .map(|(a, b)| (format!("{a}\n"), b.to_owned()))
        .expect("an empty line ends the text of a note");
    let extended = format!("{signed}more\n");
    vec![
        ("form-empty", FORM, "no bytes", Vec::new()),
        ("form-behind", FORM, "a byte behind the file", [&bytes[..], &[0]].concat()),
        ("form-cut", FORM, "the last byte is missing", bytes[..bytes.len() - 1].to_vec()),
        ("form-long-head", FORM, "the outer map has a head of two bytes", [&[0xB8, 2], &bytes[1..]].concat()),
        ("form-version", FORM, "version 2", whole(vec![("v", Value::uint(2)), ("fork", good.value())])),
        ("form-no-version", FORM, "no version", whole(vec![("fork", good.value())])),
        ("form-kind", FORM, "a kind that is not known", file_of("split", good.value())),
        ("form-two-kinds", FORM, "two kinds in one file", {
            whole(vec![("v", Value::uint(1)), ("fork", good.value()), ("suspicion", good.value())])
        }),
        ("form-field-more", FORM, "a field that nothing reads", {
            let fields = ["heads", "root", "path"].map(|own| (own, field(&good.value(), own)));
            file_of("fork", Value::record(fields.into_iter().chain([("note", Value::Null)])))
        }),
        ("form-field-less", FORM, "no path", {
            file_of("fork", Value::record(["heads", "root"].map(|own| (own, field(&good.value(), own)))))
        }),
        ("form-root-length", FORM, "a root of 31 bytes", with("root", Value::bytes([7; 31]))),
        ("form-root-text", FORM, "a root that is a text", with("root", Value::text("root"))),
        ("form-path-member", FORM, "a hash of 33 bytes", with("path", Value::Array(vec![Value::bytes([7; 33])]))),
        ("form-path-64", FORM, "64 hashes", with("path", hashes(&[[7; 32]; 64]))),
        ("form-one-head", FORM, "one head", with("heads", Value::Array(vec![good.heads[0].clone()]))),
        ("form-three-heads", FORM, "three heads", {
            with("heads", Value::Array([good.heads.clone(), vec![good.heads[1].clone()]].concat()))
        }),
        ("form-head-bytes", FORM, "a head that is a byte string", {
            good.clone().with_head(0, Value::bytes(head_of(one, 7))).bytes()
        }),
        ("form-head-cosigned", FORM, "a head with a witness's line", {
            let cosigned = format!("{}{}", head_of(other, 8), W1.cosign(1_767_261_600, &signed));
            good.clone().with_head(1, Value::text(cosigned)).bytes()
        }),
        ("form-head-two-lines", FORM, "the log's line twice", {
            good.clone().with_head(1, Value::text(format!("{}{line}", head_of(other, 8)))).bytes()
        }),
        ("form-head-extension", FORM, "a head with an extension line", {
            good.clone().with_head(1, Value::text(format!("{extended}\n{}", LOG.line(&extended)))).bytes()
        }),
        ("form-head-unsigned", FORM, "a head without a line", good.clone().with_head(1, Value::text(signed)).bytes()),
    ]
}

/// A field of a record made here.
fn field(record: &Value, name: &str) -> Value {
    let bytes = encode(record);
    nospy::codec::Item::read(&bytes)
        .ok()
        .and_then(|item| item.field(name))
        .expect("a record that was made here has its fields")
        .to_value()
}

fn entries(one: &Log, other: &Log) -> Vec<Row> {
    let side = |log: &Log, index: usize, size: usize| {
        let (leaves, id) = (&log.leaves()[..size], log.entries[index].id().0);
        (head_of(log, size), Value::Array(vec![Value::bytes(id), hashes(&tree::path(leaves, index))]), id)
    };
    let file = |index: u64, mut sides: Vec<(String, Value, Hash)>, is_ordered: bool| {
        sides.sort_by_key(|(_, _, id)| *id);
        if !is_ordered {
            sides.reverse();
        }
        let (heads, entries) = sides.into_iter().map(|(head, entry, _)| (Value::text(head), entry)).unzip();
        let fields =
            [("heads", Value::Array(heads)), ("index", Value::uint(index)), ("entries", Value::Array(entries))];
        file_of("fork", Value::record(fields))
    };
    let (a, b) = (side(one, 6, 12), side(other, 6, 8));
    let broken = (broken(&b.0), b.1.clone(), b.2);
    vec![
        ("entries", PROVED, "two statements at one index", file(6, vec![a.clone(), b.clone()], true)),
        (
            "entries-one-log",
            FORM,
            "one entry, under two heads: the ids differ",
            file(6, vec![a.clone(), side(one, 6, 8)], true),
        ),
        ("entries-order", FORM, "the smaller id stands first", file(6, vec![a.clone(), b.clone()], false)),
        ("entries-index", NOTHING, "another index than that of the paths", file(7, vec![a.clone(), b.clone()], true)),
        ("entries-beyond", NOTHING, "an index that the trees do not reach", file(12, vec![a.clone(), b.clone()], true)),
        ("entries-signature", NOTHING, "the signature of a head", file(6, vec![a.clone(), broken], true)),
        ("entries-two-places", NOTHING, "two entries of one log at two places", {
            file(6, vec![a, side(one, 7, 12)], true)
        }),
    ]
}

fn seals() -> Vec<Row> {
    let one = Log::honest();
    let seal = |log: &Log, batch: usize| {
        let at: Vec<_> = log.entries.iter().filter(|entry| entry.is_seal()).collect();
        (at[batch].id().0, at[batch].bytes().to_vec())
    };
    let file = |mut sides: Vec<(Hash, Vec<u8>)>, is_ordered: bool| {
        sides.sort();
        if !is_ordered {
            sides.reverse();
        }
        let seals = sides.into_iter().map(|(_, bytes)| Value::bytes(bytes)).collect();
        file_of("fork", Value::record([("seals", Value::Array(seals))]))
    };
    let lied = |lie: &dyn Fn(&mut crate::vectors::log::SealFields)| {
        seal(
            &Log::of(&batches(), |number, fields| {
                if number == 3 {
                    lie(fields)
                }
            }),
            3,
        )
    };
    let third = seal(&one, 3);
    let stranger =
        lied(&|fields| (fields.signer, fields.named, fields.chain) = (STRANGER.seed, STRANGER.seed, [7; 32]));
    vec![
        ("seals-same-place", PROVED, "two seals of one batch", {
            file(vec![third.clone(), lied(&|fields| fields.chain = [7; 32])], true)
        }),
        ("seals-same-previous", PROVED, "two seals behind one", {
            file(vec![third.clone(), lied(&|fields| fields.from += 1)], true)
        }),
        ("seals-back-in-time", PROVED, "a later batch with an earlier time", {
            let early = lied(&|fields| (fields.time_ms, fields.iat) = (START_MS + 1, START_MS / 1_000));
            file(vec![seal(&one, 2), early], true)
        }),
        ("seals-honest", NOTHING, "two seals that follow one another", file(vec![seal(&one, 2), third.clone()], true)),
        ("seals-order", FORM, "the smaller id stands first", {
            file(vec![third.clone(), lied(&|fields| fields.chain = [7; 32])], false)
        }),
        ("seals-twice", FORM, "one seal twice", file(vec![third.clone(), third.clone()], true)),
        ("seals-signature", NOTHING, "the signature of a seal", {
            file(vec![third.clone(), lied(&|fields| (fields.is_broken, fields.chain) = (true, [7; 32]))], true)
        }),
        ("seals-stranger", NOTHING, "a seal that another key signed", file(vec![third.clone(), stranger], true)),
        ("seals-statement", NOTHING, "one of the two is no seal", {
            file(vec![third, (one.entries[6].id().0, one.entries[6].bytes().to_vec())], true)
        }),
    ]
}

fn suspicions(one: &Log, other: &Log) -> Vec<Row> {
    let file = |heads: [String; 2]| {
        file_of("suspicion", Value::record([("heads", Value::Array(heads.map(Value::text).to_vec()))]))
    };
    vec![
        ("suspicion", ASKED, "two heads: a question, and no proof", file([head_of(one, 7), head_of(other, 8)])),
        ("suspicion-order", FORM, "the smaller size stands first", file([head_of(other, 8), head_of(one, 7)])),
        (
            "suspicion-one-size",
            FORM,
            "two heads of one size are no question",
            file([head_of(one, 7), head_of(other, 7)]),
        ),
        ("suspicion-signature", NOTHING, "a signature", file([head_of(one, 7), broken(&head_of(other, 8))])),
    ]
}
