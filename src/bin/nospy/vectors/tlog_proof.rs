//! `tlog-proof.json`: proofs that a statement is in the log, as text.

use nospy::crypto::hex;

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, TIME, W1, W2, W3, base64, case, line, with_bytes};
use crate::vectors::checkpoint::stray_bits;
use crate::vectors::json::{Json, map, text};
use crate::vectors::log::Log;
use crate::vectors::tree;

const C2SP: &str = "c2sp";
const OURS: &str = "nospy";

/// The policy: one log, two of three witnesses.
pub fn policy() -> String {
    format!(
        "log {}\nwitness one {}\nwitness two {}\nwitness three {}\ngroup some 2 one two three\nquorum some\n",
        LOG.vkey(),
        W1.vkey(),
        W2.vkey(),
        W3.vkey()
    )
}

/// The checkpoint of the log's first `size` entries: its text.
pub fn text_of(log: &Log, size: usize) -> String {
    format!("{ORIGIN}\n{size}\n{}\n", base64(&tree::root(&log.leaves()[..size])))
}

/// A text with the lines of the log and of two witnesses.
pub fn cosigned(text: &str) -> String {
    format!("{text}\n{}{}{}", LOG.line(text), W1.cosign(TIME, text), W2.cosign(TIME + 1, text))
}

struct Cases {
    log: Log,
    rows: Vec<Json>,
}

impl Cases {
    fn proof(&self, index: usize, size: usize) -> (String, Vec<String>, String) {
        let path = tree::path(&self.log.leaves()[..size], index).iter().map(|hash| base64(hash)).collect();
        (format!("index {index}"), path, cosigned(&text_of(&self.log, size)))
    }

    fn push(&mut self, name: &str, profile: &str, expect: &str, reason: &str, entry: usize, bytes: impl AsRef<[u8]>) {
        let section = "tlog-proof#verification";
        let row = case(name, profile, expect, section, reason).with("entry", Json::Number(entry as u64));
        self.rows.push(with_bytes(row, bytes.as_ref()));
    }

    fn refuse(&mut self, name: &str, profile: &str, reason: &str, bytes: impl AsRef<[u8]>) {
        self.push(name, profile, "refuse", reason, ENTRY, bytes);
    }
}

/// Most cases are about this entry of the whole log.
const ENTRY: usize = 6;

fn lines(index: &str, path: &[String], checkpoint: &str) -> String {
    let path: String = path.iter().map(|hash| format!("{hash}\n")).collect();
    format!("c2sp.org/tlog-proof@v1\n{index}\n{path}\n{checkpoint}")
}

/// The file.
pub fn file() -> Json {
    let log = Log::honest();
    let entries = Json::List(log.entries.iter().map(|entry| text(hex(entry.bytes()))).collect());
    let mut cases = Cases { log, rows: Vec::new() };
    accepted(&mut cases);
    headers(&mut cases);
    paths(&mut cases);
    checkpoints(&mut cases);
    map([
        (
            "what",
            text("Proofs c2sp.org/tlog-proof@v1 of entries of one log under one policy: docs/spec/tlog-proof.md."),
        ),
        (
            "note",
            text(
                "accept: under `policy`, the text proves that `entries[entry]` is in the log, at the place `index`. The leaf is \
                 SHA-256(00 || entry). profile c2sp: follows from C2SP tlog-proof, tlog-checkpoint and tlog-policy; nospy: a \
                 stricter rule of ours.",
            ),
        ),
        ("origin", text(ORIGIN)),
        ("policy", text(policy())),
        ("entries", entries),
        ("cases", Json::List(cases.rows)),
    ])
}

fn accepted(cases: &mut Cases) {
    let whole = cases.log.entries.len();
    for (index, size) in [(0, 2), (1, 2), (0, whole), (ENTRY, whole), (whole - 1, whole), (4, 6)] {
        let (line, path, checkpoint) = cases.proof(index, size);
        let name = format!("entry-{index}-of-{size}");
        cases.push(&name, C2SP, "accept", "an honest proof", index, lines(&line, &path, &checkpoint));
    }
    let (line, path, checkpoint) = cases.proof(ENTRY, whole);
    let text = text_of(&cases.log, whole);
    let three = checkpoint.clone() + &W3.cosign(TIME, &text);
    cases.push("three-witnesses", C2SP, "accept", "more than the quorum", ENTRY, lines(&line, &path, &three));
    let unknown = checkpoint + &STRANGER.line(&text);
    cases.push(
        "unknown-line",
        C2SP,
        "accept",
        "a line of an unknown key is ignored",
        ENTRY,
        lines(&line, &path, &unknown),
    );
}

fn headers(cases: &mut Cases) {
    let (index, path, checkpoint) = cases.proof(ENTRY, cases.log.entries.len());
    let good = lines(&index, &path, &checkpoint);
    let head = "c2sp.org/tlog-proof@v1\n";
    let edits = [
        ("empty", C2SP, "no bytes", String::new()),
        ("header-missing", C2SP, "no first line", good.replacen(head, "", 1)),
        ("header-v2", C2SP, "another version", good.replacen("@v1", "@v2", 1)),
        ("header-space", C2SP, "a space behind the first line", good.replacen("@v1", "@v1 ", 1)),
        ("header-case", C2SP, "a capital letter in the first line", good.replacen("c2sp", "C2SP", 1)),
        ("header-url", C2SP, "a scheme before the first line", format!("https://{good}")),
        ("header-twice", C2SP, "the first line twice", format!("{head}{good}")),
        ("leading-line-feed", C2SP, "an empty first line", format!("\n{good}")),
        ("crlf", C2SP, "carriage returns", good.replace('\n', "\r\n")),
        ("extra", OURS, "an extra line: nothing vouches for it", good.replacen("index", "extra AAAA\nindex", 1)),
        ("extra-empty", OURS, "an extra line without data", good.replacen("index", "extra \nindex", 1)),
        ("extra-twice", C2SP, "two extra lines", good.replacen("index", "extra AAAA\nextra AAAA\nindex", 1)),
        (
            "extra-behind",
            C2SP,
            "an extra line behind the index",
            good.replacen(&index, &format!("{index}\nextra AAAA"), 1),
        ),
        ("index-missing", C2SP, "no index", good.replacen(&format!("{index}\n"), "", 1)),
        ("index-word", C2SP, "a capital letter", good.replacen("index", "Index", 1)),
        ("index-two-spaces", C2SP, "two spaces", good.replacen("index ", "index  ", 1)),
        ("index-colon", C2SP, "a colon", good.replacen("index ", "index: ", 1)),
        ("index-zero-before", C2SP, "a leading zero", good.replacen("index ", "index 0", 1)),
        ("index-plus", C2SP, "a sign", good.replacen("index ", "index +", 1)),
        ("index-minus", C2SP, "a sign", good.replacen("index ", "index -", 1)),
        ("index-hex", C2SP, "not decimal", good.replacen(&index, "index 0x6", 1)),
        ("index-empty", C2SP, "no number", good.replacen(&index, "index ", 1)),
        ("index-space-behind", C2SP, "a space behind", good.replacen(&index, &format!("{index} "), 1)),
        ("index-2-64", OURS, "beyond 64 bits", good.replacen(&index, "index 18446744073709551622", 1)),
        ("index-twice", C2SP, "the index twice", good.replacen(&index, &format!("{index}\n{index}"), 1)),
        ("index-other", C2SP, "the place of another entry", good.replacen(&index, "index 7", 1)),
        ("index-size", C2SP, "the place behind the last entry", good.replacen(&index, "index 12", 1)),
        ("index-beyond", C2SP, "a place far behind the last entry", good.replacen(&index, "index 1000000", 1)),
    ];
    for (name, profile, reason, bytes) in edits {
        cases.refuse(name, profile, reason, bytes);
    }
    let mut not_utf8 = good.into_bytes();
    not_utf8[0] = 0xFF;
    cases.refuse("not-utf8", C2SP, "the byte FF", &not_utf8);
}

fn paths(cases: &mut Cases) {
    let whole = cases.log.entries.len();
    let (index, path, checkpoint) = cases.proof(ENTRY, whole);
    let zero = base64(&[0; 32]);
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut path = path.clone();
        change(&mut path);
        lines(&index, &path, &checkpoint)
    };
    let last = path.len() - 1;
    let own = base64(&cases.log.leaves()[ENTRY]);
    let root = base64(&tree::root(&cases.log.leaves()));
    let edits = [
        ("path-empty", "no hash", with(&Vec::clear)),
        ("path-short", "the last hash is missing", with(&|path| drop(path.pop()))),
        ("path-late", "the first hash is missing", with(&|path| drop(path.remove(0)))),
        ("path-long", "one hash too many", with(&|path| path.push(zero.clone()))),
        ("path-root", "the root itself behind the path", with(&|path| path.push(root.clone()))),
        ("path-leaf", "the entry's own hash before the path", with(&|path| path.insert(0, own.clone()))),
        ("path-reversed", "root to leaf", with(&|path| path.reverse())),
        ("path-swapped", "the first two hashes have changed places", with(&|path| path.swap(0, 1))),
        ("path-first-zero", "zeros in the place of the first hash", with(&|path| path[0] = zero.clone())),
        ("path-last-zero", "zeros in the place of the last hash", with(&|path| path[last] = zero.clone())),
        ("path-64", "64 hashes", with(&|path| path.resize(64, zero.clone()))),
        ("path-31-bytes", "a hash of 31 bytes", with(&|path| path[0] = base64(&[0; 31]))),
        ("path-33-bytes", "a hash of 33 bytes", with(&|path| path[0] = base64(&[0; 33]))),
        ("path-hex", "a hash in hex", with(&|path| path[0] = hex(&[0; 32]))),
        ("path-unpadded", "no padding", with(&|path| path[0] = path[0].trim_end_matches('=').to_owned())),
        ("path-space", "a space behind a hash", with(&|path| path[0].push(' '))),
        ("path-joined", "two hashes on a line", with(&|path| path[0] = format!("{}{}", path[0], path[1]))),
        ("path-comma", "commas behind the hashes", with(&|path| path.iter_mut().for_each(|hash| hash.push(',')))),
    ];
    for (name, reason, bytes) in edits {
        cases.refuse(name, C2SP, reason, bytes);
    }
    let leaves = cases.log.leaves();
    let first = tree::path(&leaves, ENTRY)[0];
    let stray = with(&|path| path[0] = stray_bits(&first));
    cases.refuse("path-bits", OURS, "pad bits that are not zero: RFC 4648 lets a decoder choose", stray);
    let good = lines(&index, &path, &checkpoint);
    let no_line = good.replacen(&format!("\n\n{ORIGIN}"), &format!("\n{ORIGIN}"), 1);
    cases.refuse("no-empty-line", C2SP, "no empty line before the checkpoint", no_line);
    let two_lines = good.replacen(&format!("\n\n{ORIGIN}"), &format!("\n\n\n{ORIGIN}"), 1);
    cases.refuse("two-empty-lines", C2SP, "two empty lines before the checkpoint", two_lines);
    let (other_index, other_path, _) = cases.proof(7, whole);
    cases.refuse("other-entry", C2SP, "the proof of another entry", lines(&other_index, &other_path, &checkpoint));
    let (old_index, old_path, old) = cases.proof(ENTRY, 8);
    cases.refuse("old-path", C2SP, "a path in an older tree", lines(&old_index, &old_path, &checkpoint));
    cases.refuse("old-checkpoint", C2SP, "a path in a newer tree", lines(&index, &path, &old));
    // An inner node of the tree, told as if it were a leaf: the leaf and node prefixes keep them apart.
    let inner = lines("index 3", &path[1..], &checkpoint);
    cases.refuse("inner-node", C2SP, "the path of the node above the entry", inner);
}

fn checkpoints(cases: &mut Cases) {
    let whole = cases.log.entries.len();
    let (index, path, _) = cases.proof(ENTRY, whole);
    let text = text_of(&cases.log, whole);
    let other_text = text.replace(ORIGIN, OTHER_LOG.name);
    let (log, one, two) = (LOG.line(&text), W1.cosign(TIME, &text), W2.cosign(TIME, &text));
    let flipped = line(W1.name, W1.key_id(), &[5; 72]);
    let older = text_of(&cases.log, 8);
    let wrong_root = format!("{ORIGIN}\n{whole}\n{}\n", base64(&[7; 32]));
    let notes = [
        ("no-checkpoint", C2SP, "nothing behind the empty line", String::new()),
        ("text-only", C2SP, "a checkpoint without signatures", text.clone()),
        ("no-log-line", C2SP, "the witnesses cosigned what the log did not sign", format!("{text}\n{one}{two}")),
        ("log-line-of-stranger", C2SP, "a stranger signed", format!("{text}\n{}{one}{two}", STRANGER.line(&text))),
        (
            "log-line-bad",
            C2SP,
            "the log's line does not verify",
            format!("{text}\n{}{one}{two}", line(ORIGIN, LOG.key_id(), &[5; 64])),
        ),
        ("no-witness", C2SP, "no witness of two", format!("{text}\n{log}")),
        ("one-witness", C2SP, "one witness of two", format!("{text}\n{log}{one}")),
        (
            "one-witness-twice",
            C2SP,
            "one witness twice is one witness",
            format!("{text}\n{log}{one}{}", W1.cosign(TIME + 9, &text)),
        ),
        ("witness-as-type-1", C2SP, "a witness's type 01 line is no cosignature", {
            let type_1 = crate::vectors::cast::Signer { kind: 1, ..W2 };
            format!("{text}\n{log}{one}{}", type_1.line(&text))
        }),
        ("stranger-cosigned", C2SP, "a stranger's cosignature does not count", {
            let stranger = crate::vectors::cast::Signer { kind: 4, ..STRANGER };
            format!("{text}\n{log}{one}{}", stranger.cosign(TIME, &text))
        }),
        (
            "witness-bad",
            OURS,
            "two good lines, and a third witness's that does not verify",
            format!("{text}\n{log}{two}{}{flipped}", W3.cosign(TIME, &text)),
        ),
        (
            "witness-of-older",
            C2SP,
            "a cosignature of an older checkpoint",
            format!("{text}\n{log}{one}{}", W2.cosign(TIME, &older)),
        ),
        ("witness-time-0", OURS, "a cosignature without a time", format!("{text}\n{log}{one}{}", W2.cosign(0, &text))),
        (
            "witness-time-2-63",
            C2SP,
            "a cosignature with an impossible time",
            format!("{text}\n{log}{one}{}", W2.cosign(1 << 63, &text)),
        ),
        ("root-wrong", C2SP, "everybody signed another root", cosigned(&wrong_root)),
        (
            "root-altered",
            C2SP,
            "the root was changed behind the signatures",
            cosigned(&text).replacen(&text, &wrong_root, 1),
        ),
        (
            "other-log",
            C2SP,
            "the checkpoint of a log that the policy does not name",
            format!(
                "{other_text}\n{}{}{}",
                OTHER_LOG.line(&other_text),
                W1.cosign(TIME, &other_text),
                W2.cosign(TIME, &other_text)
            ),
        ),
        ("extension", OURS, "an extension line", cosigned(&format!("{text}x\n"))),
    ];
    for (name, profile, reason, note) in notes {
        cases.refuse(&format!("checkpoint-{name}"), profile, reason, lines(&index, &path, &note));
    }
}
