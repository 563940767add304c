//! `witness.json`: the exchange with a witness, as scripts of requests.

mod form;

use nospy::crypto::hex;
use nospy::merkle::{Hash, leaf_hash};

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, Signer, TIME, W1, W2, base64, line, with_bytes};
use crate::vectors::json::{Json, map, text};
use crate::vectors::tree;

const C2SP: &str = "c2sp";
const OURS: &str = "nospy";
/// Entry `i` of the log is the text `entry <i>`.
const ENTRIES: usize = 40;

struct Tree(Vec<Hash>);

/// What a request is made of.
#[derive(Clone)]
struct Parts {
    old: String,
    proof: Vec<String>,
    text: String,
    lines: String,
}

impl Parts {
    fn bytes(&self) -> String {
        let proof: String = self.proof.iter().map(|hash| format!("{hash}\n")).collect();
        format!("{}\n{proof}\n{}\n{}", self.old, self.text, self.lines)
    }

    fn old(mut self, old: &str) -> Self {
        self.old = old.to_owned();
        self
    }

    fn lines(mut self, lines: String) -> Self {
        self.lines = lines;
        self
    }

    /// Another text, signed by the log.
    fn text(mut self, text: String) -> Self {
        self.lines = LOG.line(&text);
        self.text = text;
        self
    }

    fn proof(mut self, change: impl FnOnce(&mut Vec<String>)) -> Self {
        change(&mut self.proof);
        self
    }
}

impl Tree {
    fn text(&self, size: usize) -> String {
        format!("{ORIGIN}\n{size}\n{}\n", base64(&tree::root(&self.0[..size])))
    }

    /// An honest request.
    fn request(&self, old: usize, size: usize) -> Parts {
        let proof = tree::consistency(&self.0[..size], old).iter().map(|hash| base64(hash)).collect();
        let text = self.text(size);
        Parts { old: format!("old {old}"), proof, lines: LOG.line(&text), text }
    }
}

/// What a step must be answered with: a status, and what else a 409 says.
struct Step {
    name: String,
    profile: &'static str,
    reason: String,
    bytes: Vec<u8>,
    status: u64,
    /// The size in the body of a 409.
    size: Option<usize>,
    /// The text that a 200 cosigns.
    cosigned: Option<String>,
    /// Another status that editions of the text ask for.
    other: Option<u64>,
    after: usize,
}

impl Step {
    fn to_json(&self) -> Json {
        let mut row = map([
            ("name", text(&self.name)),
            ("profile", text(self.profile)),
            ("status", Json::Number(self.status)),
            ("reason", text(&self.reason)),
            ("after", Json::Number(self.after as u64)),
        ]);
        if let Some(size) = self.size {
            row = row.with("media_type", text("text/x.tlog.size")).with("body", text(format!("{size}\n")));
        }
        if let Some(cosigned) = &self.cosigned {
            row = row.with("cosigned", text(cosigned.as_str()));
        }
        if let Some(other) = self.other {
            row = row.with("other_status", Json::Number(other));
        }
        with_bytes(row, &self.bytes)
    }
}

/// A witness that has cosigned `kept` entries, and what is then sent to it.
struct Script {
    name: &'static str,
    what: &'static str,
    kept: usize,
    steps: Vec<Step>,
}

impl Script {
    fn new(name: &'static str, what: &'static str, kept: usize) -> Self {
        Self { name, what, kept, steps: Vec::new() }
    }

    fn now(&self) -> usize {
        self.steps.last().map_or(self.kept, |step| step.after)
    }

    fn push(
        &mut self,
        name: &str,
        profile: &'static str,
        reason: &str,
        bytes: impl AsRef<[u8]>,
        status: u64,
    ) -> &mut Step {
        let after = self.now();
        let (size, cosigned) = (if status == 409 { Some(after) } else { None }, None);
        let (name, reason, bytes) = (name.to_owned(), reason.to_owned(), bytes.as_ref().to_vec());
        self.steps.push(Step { name, profile, reason, bytes, status, size, cosigned, other: None, after });
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    fn ok(&mut self, name: &str, profile: &'static str, reason: &str, request: &Parts, after: usize) {
        let step = self.push(name, profile, reason, request.bytes(), 200);
        step.cosigned = Some(request.text.clone());
        step.after = after;
    }

    fn to_json(&self, tree: &Tree) -> Json {
        let kept = match self.kept {
            0 => Json::Null,
            size => map([("size", Json::Number(size as u64)), ("root", text(hex(&tree::root(&tree.0[..size]))))]),
        };
        let steps = Json::List(self.steps.iter().map(Step::to_json).collect());
        map([("name", text(self.name)), ("what", text(self.what)), ("kept", kept), ("steps", steps)])
    }
}

/// The file.
pub fn file() -> Json {
    let tree = Tree((0..ENTRIES).map(|i| leaf_hash(format!("entry {i}").as_bytes())).collect());
    let mut scripts = vec![growth(&tree), first(&tree), sizes(&tree), proofs(&tree), roots(&tree), signatures(&tree)];
    scripts.extend([form::old(&tree), form::proof(&tree), form::note(&tree), order(&tree)]);
    let roots = (0..=ENTRIES).map(|size| text(hex(&tree::root(&tree.0[..size])))).collect();
    map([
        ("what", text("The exchange add-checkpoint of C2SP tlog-witness, as scripts: docs/spec/witness.md.")),
        (
            "note",
            text(
                "The witness knows the log `keys.log` alone. Each script begins with `kept` (null: nothing was cosigned yet) and \
                 sends the bodies of its steps in order; `after` is the size that is kept after each. 200: the body is one or \
                 more signature lines, and a cosignature of the witness on `cosigned` is among them. 409: media type and body as \
                 given. `other_status` is what another edition of the text asks for: a set of tests may take either. profile \
                 nospy: a choice that the text leaves open.",
            ),
        ),
        ("keys", map([("log", LOG.to_json()), ("witness", W1.to_json()), ("stranger", STRANGER.to_json())])),
        ("roots", Json::List(roots)),
        ("scripts", Json::List(scripts.iter().map(|script| script.to_json(&tree)).collect())),
    ])
}

fn growth(tree: &Tree) -> Script {
    let mut script = Script::new("growth", "a log grows, and asks again", 0);
    script.ok("first", C2SP, "nothing was cosigned yet", &tree.request(0, 1), 1);
    script.ok("again", C2SP, "the same size and root again: a new cosignature", &tree.request(1, 1), 1);
    for (old, size) in [(1, 2), (2, 3), (3, 8), (8, 9), (9, 16), (16, 31), (31, 33), (33, 40)] {
        let reason = "an honest extension";
        script.ok(&format!("{old}-to-{size}"), C2SP, reason, &tree.request(old, size), size);
    }
    script.push("back", C2SP, "a smaller tree than was cosigned", tree.request(33, 39).bytes(), 409);
    script.push("replay", C2SP, "the request before the last again", tree.request(31, 33).bytes(), 409);
    script.push("from-the-start", C2SP, "the log has forgotten what was cosigned", tree.request(0, 40).bytes(), 409);
    script.ok("again-40", C2SP, "told the size, the log asks again", &tree.request(40, 40), 40);
    script
}

fn first(tree: &Tree) -> Script {
    let mut script = Script::new("first", "a witness that has cosigned nothing", 0);
    let honest = tree.request(0, 5);
    let hash = base64(&[7; 32]);
    let proved = honest.clone().proof(|proof| proof.push(hash));
    script.push("proof-from-nothing", C2SP, "the proof from 0 is empty", proved.bytes(), 422);
    script.push("old-3", C2SP, "nothing was cosigned: the old size is 0", tree.request(3, 5).bytes(), 409);
    script.push("old-5", C2SP, "nothing was cosigned: the old size is 0", tree.request(5, 5).bytes(), 409);
    let empty = format!("{ORIGIN}\n0\n{}\n", base64(&[9; 32]));
    let step =
        script.push("empty-with-root", OURS, "the empty tree has one root", honest.clone().text(empty).bytes(), 422);
    step.other = Some(409);
    script.push("other-log", C2SP, "a log that the witness does not know", other_log(tree, 0, 5).bytes(), 404);
    script.ok("five", C2SP, "the first checkpoint", &honest, 5);
    script.push("five-again", C2SP, "the same request: 5 are cosigned by now", honest.bytes(), 409);
    script
}

fn other_log(tree: &Tree, old: usize, size: usize) -> Parts {
    let mut request = tree.request(old, size);
    request.text = request.text.replace(ORIGIN, OTHER_LOG.name);
    request.lines = OTHER_LOG.line(&request.text);
    request
}

fn sizes(tree: &Tree) -> Script {
    let mut script = Script::new("sizes", "old sizes that are not what was cosigned", 13);
    for old in [0, 1, 12, 14, 20] {
        let reason = "the old size is not the cosigned one";
        script.push(&format!("old-{old}"), C2SP, reason, tree.request(old, 20).bytes(), 409);
    }
    let honest = tree.request(13, 20);
    for old in ["old 21", "old 40", "old 9223372036854775807"] {
        let request = honest.clone().old(old);
        script.push(
            &old.replace(' ', "-beyond-"),
            C2SP,
            "the old size is beyond the checkpoint's",
            request.bytes(),
            400,
        );
    }
    script.push("smaller", C2SP, "an older checkpoint, from an older size", tree.request(5, 12).bytes(), 409);
    script.push(
        "smaller-from-kept",
        C2SP,
        "an older checkpoint, from the cosigned size",
        tree.request(12, 12).old("old 13").bytes(),
        400,
    );
    script.push("smallest", C2SP, "the empty tree", tree.request(0, 0).bytes(), 409);
    script.ok("right", C2SP, "the cosigned size", &honest, 20);
    script
}

fn proofs(tree: &Tree) -> Script {
    let mut script = Script::new("proofs", "proofs that do not lead from 13 to 20", 13);
    let honest = tree.request(13, 20);
    let zero = base64(&[0; 32]);
    let other = |old, size| tree.request(old, size).proof;
    let edits: [(&str, &str, Parts); 13] = [
        ("none", "no hash", honest.clone().proof(Vec::clear)),
        ("short", "the last hash is missing", honest.clone().proof(|proof| drop(proof.pop()))),
        ("late", "the first hash is missing", honest.clone().proof(|proof| drop(proof.remove(0)))),
        ("long", "a hash too many", honest.clone().proof(|proof| proof.push(zero.clone()))),
        ("doubled", "the first hash twice", honest.clone().proof(|proof| proof.insert(0, proof[0].clone()))),
        ("reversed", "the order is turned round", honest.clone().proof(|proof| proof.reverse())),
        ("swapped", "two hashes have changed places", honest.clone().proof(|proof| proof.swap(0, 1))),
        ("first-zero", "zeros in the place of the first hash", honest.clone().proof(|proof| proof[0] = zero.clone())),
        (
            "last-zero",
            "zeros in the place of the last hash",
            honest.clone().proof(|proof| {
                if let Some(last) = proof.last_mut() {
                    last.clone_from(&zero);
                }
            }),
        ),
        ("63", "63 hashes", honest.clone().proof(|proof| proof.resize(63, zero.clone()))),
        ("of-12", "the proof from 12", honest.clone().proof(|proof| *proof = other(12, 20))),
        ("to-21", "the proof to 21", honest.clone().proof(|proof| *proof = other(13, 21))),
        (
            "inclusion",
            "an inclusion proof",
            honest.clone().proof(|proof| {
                *proof = tree::path(&tree.0[..20], 13).iter().map(|hash| base64(hash)).collect();
            }),
        ),
    ];
    for (name, reason, request) in edits {
        script.push(&format!("proof-{name}"), C2SP, reason, request.bytes(), 422);
    }
    let same = tree.request(13, 13).proof(|proof| proof.push(zero.clone()));
    script.push("proof-same-size", C2SP, "the proof from a size to itself is empty", same.bytes(), 422);
    script.ok("right", C2SP, "after all this the honest proof still holds", &honest, 20);
    script
}

fn roots(tree: &Tree) -> Script {
    let mut script = Script::new("roots", "a log that signs another history", 16);
    let forged = |size: usize| format!("{ORIGIN}\n{size}\n{}\n", base64(&[0x5A; 32]));
    let same = tree.request(16, 16).text(forged(16));
    let step = script.push("same-size", OURS, "another root at the cosigned size", same.bytes(), 422);
    step.other = Some(409);
    let larger = tree.request(16, 20).text(forged(20));
    script.push("larger", C2SP, "a root to which no proof leads", larger.bytes(), 422);
    // Another history that is proved as well as can be: it parts from this one at entry 10.
    let mut leaves = tree.0.clone();
    leaves[10] = leaf_hash(b"another entry 10");
    let fork = Tree(leaves);
    script.push("fork", C2SP, "a true proof, in another history", fork.request(16, 20).bytes(), 422);
    let step =
        script.push("fork-same-size", OURS, "the same size, in another history", fork.request(16, 16).bytes(), 422);
    step.other = Some(409);
    let mixed = fork.request(16, 20).proof(|proof| *proof = tree.request(16, 20).proof);
    script.push("fork-mixed", C2SP, "the proof of one history, the checkpoint of another", mixed.bytes(), 422);
    script.ok("right", C2SP, "after all this the honest history goes on", &tree.request(16, 20), 20);
    script
}

fn signatures(tree: &Tree) -> Script {
    let mut script = Script::new("signatures", "who signed the checkpoint", 13);
    let honest = tree.request(13, 20);
    let own = LOG.line(&honest.text);
    let posing = Signer { name: ORIGIN, ..STRANGER };
    let as_witness = Signer { kind: 4, ..LOG };
    let bad = line(ORIGIN, LOG.key_id(), &[1; 64]);
    let refused = [
        ("stranger", C2SP, "a stranger's line only", STRANGER.line(&honest.text)),
        ("posing", C2SP, "a stranger under the log's name", posing.line(&honest.text)),
        ("other-text", C2SP, "the log signed another size", LOG.line(&tree.text(21))),
        ("bad", C2SP, "the log's line does not verify", bad.clone()),
        ("cosignature", C2SP, "the log's key cosigned", as_witness.cosign(TIME, &honest.text)),
        ("witness-only", C2SP, "the witness's own cosignature", W1.cosign(TIME, &honest.text)),
        (
            "short",
            C2SP,
            "a signature of 63 bytes",
            line(ORIGIN, LOG.key_id(), &LOG.key().sign(honest.text.as_bytes())[..63]),
        ),
        ("good-and-bad", OURS, "a line of the log that verifies, and one that does not", own.clone() + &bad),
    ];
    for (name, profile, reason, lines) in refused {
        script.push(&format!("signed-{name}"), profile, reason, honest.clone().lines(lines).bytes(), 403);
    }
    let more = own + &STRANGER.line(&honest.text) + &W2.cosign(TIME, &honest.text);
    script.ok("signed-more", C2SP, "lines of unknown keys are ignored", &honest.lines(more), 20);
    script
}

fn order(tree: &Tree) -> Script {
    let mut script = Script::new("order", "several faults at once: which is told", 13);
    let unsigned = |request: Parts| {
        let lines = STRANGER.line(&request.text);
        request.lines(lines)
    };
    let unknown = unsigned(other_log(tree, 20, 20).old("old 40"));
    script.push("unknown-and-unsigned", C2SP, "the origin before the signature", unknown.bytes(), 404);
    let request = unsigned(tree.request(13, 20).old("old 30"));
    script.push("unsigned-and-beyond", OURS, "the signature before the sizes", request.bytes(), 403);
    let request = unsigned(tree.request(7, 20));
    script.push(
        "unsigned-and-conflict",
        C2SP,
        "nobody learns a size without the log's signature",
        request.bytes(),
        403,
    );
    let request = tree.request(20, 20).old("old 30");
    script.push("beyond-and-conflict", C2SP, "the old size against the checkpoint first", request.bytes(), 400);
    let request = tree.request(7, 20).proof(Vec::clear);
    script.push("conflict-and-proof", C2SP, "the old size before the proof", request.bytes(), 409);
    let request = unsigned(tree.request(13, 20)).proof(|proof| proof.push("x".to_owned()));
    script.push("malformed-and-unsigned", OURS, "the form before everything", request.bytes(), 400);
    script.ok("right", C2SP, "nothing of this changed what is kept", &tree.request(13, 20), 20);
    script
}
