//! Docket files that were changed behind the log's back: each edit with the step that finds it.

use nospy::codec::{Value, encode};

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, TIME, W1, W2, line};
use crate::vectors::docket_file::{
    CLOSURES,
    P::{F, I},
    Refused, docket, file_of, list, part,
};
use crate::vectors::log::Log;
use crate::vectors::tlog_proof::{cosigned, text_of};

const PRESENT: usize = 0;
const ABSENT: usize = 1;
const BETWEEN: usize = 2;
const LIST: usize = 3;

struct Edits<'l> {
    log: &'l Log,
    rows: Vec<Refused>,
}

impl Edits<'_> {
    fn edit(&mut self, step: &'static str, name: &str, base: usize, reason: &str, change: impl FnOnce(&mut Value)) {
        let mut value = file_of(self.log, CLOSURES[base]);
        change(&mut value);
        self.bytes(step, name, base, reason, encode(&value));
    }

    fn bytes(&mut self, step: &'static str, name: &str, base: usize, reason: &str, bytes: Vec<u8>) {
        let (name, reason) = (format!("{step}:{name}"), reason.to_owned());
        self.rows.push(Refused { name, step, reason, base: CLOSURES[base][0], bytes });
    }
}

fn flip(value: &mut Value, at: usize) {
    if let Value::Bytes(bytes) = value {
        bytes[at] ^= 1;
    }
}

fn fields(value: &mut Value, change: impl FnOnce(&mut Vec<(String, Value)>)) {
    if let Value::Map(map) = value {
        let text = |key: &nospy::codec::Key| match key {
            nospy::codec::Key::Text(text) => text.clone(),
            nospy::codec::Key::Int(_) => String::new(),
        };
        let mut all: Vec<(String, Value)> = map.iter().map(|(key, value)| (text(key), value.clone())).collect();
        change(&mut all);
        *value = Value::record(all.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }
}

/// Every edit of a base case.
pub fn edits(log: &Log) -> Vec<Refused> {
    let mut edits = Edits { log, rows: Vec::new() };
    bytes(&mut edits);
    form(&mut edits);
    closure(&mut edits);
    checkpoint(&mut edits);
    quorum(&mut edits);
    seals(&mut edits);
    digest(&mut edits);
    lists(&mut edits);
    inclusion(&mut edits);
    edits.rows
}

fn bytes(edits: &mut Edits<'_>) {
    let good = encode(&file_of(edits.log, CLOSURES[PRESENT]));
    let step = "file-format";
    edits.bytes(step, "empty", PRESENT, "no bytes", Vec::new());
    edits.bytes(step, "byte-behind", PRESENT, "a byte behind the end", [&good[..], &[0]].concat());
    edits.bytes(step, "byte-less", PRESENT, "the last byte is missing", good[..good.len() - 1].to_vec());
    edits.bytes(step, "tagged", PRESENT, "a tag before the map", [&[0xC1], &good[..]].concat());
    edits.bytes(step, "indefinite", PRESENT, "a map of indefinite length", [&[0xBF], &good[1..], &[0xFF]].concat());
    edits.bytes(step, "head-long", PRESENT, "the map's head in two bytes", [&[0xB8, 6], &good[1..]].concat());
    edits.bytes(step, "array", PRESENT, "an array around the map", [&[0x81], &good[..]].concat());
    edits.bytes(step, "field-less", PRESENT, "the head says five fields", [&[0xA5], &good[1..]].concat());
}

fn form(edits: &mut Edits<'_>) {
    let step = "file-format";
    edits.edit(step, "v-2", PRESENT, "another version", |file| *part(file, &[F("v")]) = Value::Int(2));
    edits.edit(step, "v-text", PRESENT, "the version as text", |file| *part(file, &[F("v")]) = Value::text("1"));
    for name in ["v", "about", "origin", "checkpoint", "seals", "dockets"] {
        let reason = "a field is missing";
        edits.edit(step, &format!("no-{name}"), PRESENT, reason, |file| {
            fields(file, |all| all.retain(|(own, _)| own != name))
        });
    }
    let more = |file: &mut Value| fields(file, |all| all.push(("note".to_owned(), Value::text("x"))));
    edits.edit(step, "field-more", PRESENT, "another field", more);
    edits.edit(step, "about-none", PRESENT, "no subject", |file| *part(file, &[F("about")]) = Value::text("agreement"));
    edits.edit(step, "about-other", PRESENT, "the first docket is not the one asked for", |file| {
        *part(file, &[F("about")]) = Value::text("offer/acme/no-spy")
    });
    edits.edit(step, "origin-other", PRESENT, "statements and checkpoint are of another registry", |file| {
        *part(file, &[F("origin")]) = Value::text(OTHER_LOG.name)
    });
    edits.edit(step, "origin-none", PRESENT, "no origin", |file| *part(file, &[F("origin")]) = Value::text("acme"));
    edits.edit(step, "checkpoint-none", PRESENT, "no note", |file| *part(file, &[F("checkpoint")]) = Value::text("x"));
    edits.edit(step, "checkpoint-bytes", PRESENT, "the note as bytes", |file| {
        *part(file, &[F("checkpoint")]) = Value::bytes([1])
    });
    let shorter = cosigned(&text_of(edits.log, edits.log.entries.len() - 2));
    edits.edit(step, "checkpoint-older", PRESENT, "the last seal is beyond the checkpoint", |file| {
        *part(file, &[F("checkpoint")]) = Value::text(shorter)
    });
    edits.edit(step, "seals-none", PRESENT, "no seal", |file| list(file, &[F("seals")]).clear());
    edits.edit(step, "seals-reversed", PRESENT, "seals do not ascend", |file| list(file, &[F("seals")]).reverse());
    edits.edit(step, "seal-twice", PRESENT, "a seal twice", |file| {
        let seals = list(file, &[F("seals")]);
        let first = seals[0].clone();
        seals.insert(0, first);
    });
    edits.edit(step, "seal-last-missing", PRESENT, "the last entry of the log is not there", |file| {
        drop(list(file, &[F("seals")]).pop())
    });
    edits.edit(step, "seal-is-none", PRESENT, "a statement of another kind among the seals", |file| {
        let other = part(file, &[F("dockets"), I(0), F("entries"), I(0), F("statement")]).clone();
        *part(file, &[F("seals"), I(0), F("statement")]) = other;
    });
    let entry = [F("dockets"), I(0), F("entries"), I(0)];
    let at = |name| [&entry[..], &[F(name)]].concat();
    edits.edit(step, "index-negative", PRESENT, "a negative index", |file| *part(file, &at("index")) = Value::Int(-1));
    edits.edit(step, "index-text", PRESENT, "an index as text", |file| *part(file, &at("index")) = Value::text("8"));
    edits.edit(step, "statement-empty", PRESENT, "no statement", |file| {
        *part(file, &at("statement")) = Value::bytes([])
    });
    edits.edit(step, "statement-byte-behind", PRESENT, "a byte behind a statement", |file| {
        if let Value::Bytes(bytes) = part(file, &at("statement")) {
            bytes.push(0);
        }
    });
    edits.edit(step, "path-64", PRESENT, "a path of 64 hashes", |file| {
        list(file, &at("path")).resize(64, Value::bytes([0; 32]))
    });
    edits.edit(step, "path-31-bytes", PRESENT, "a hash of 31 bytes", |file| {
        list(file, &at("path"))[0] = Value::bytes([0; 31])
    });
    let siblings = [F("dockets"), I(0), F("siblings")];
    edits.edit(step, "siblings-257", PRESENT, "more siblings than bits", |file| {
        list(file, &siblings).resize(257, Value::bytes([0; 32]))
    });
    edits.edit(step, "sibling-33-bytes", PRESENT, "a sibling of 33 bytes", |file| {
        list(file, &siblings)[0] = Value::bytes([0; 33])
    });
}

fn closure(edits: &mut Edits<'_>) {
    let step = "file-format";
    for (at, name) in CLOSURES[PRESENT].iter().enumerate().skip(1) {
        let reason = "a docket that belongs to the file is missing";
        edits.edit(step, &format!("without-{}", name.replace('/', "-")), PRESENT, reason, |file| {
            drop(list(file, &[F("dockets")]).remove(at))
        });
    }
    edits.edit(step, "dockets-none", PRESENT, "no docket", |file| list(file, &[F("dockets")]).clear());
    edits.edit(step, "dockets-swapped", PRESENT, "registry before the offer", |file| {
        list(file, &[F("dockets")]).swap(1, 2)
    });
    edits.edit(step, "parties-swapped", PRESENT, "parties are not sorted", |file| {
        list(file, &[F("dockets")]).swap(3, 4)
    });
    let more = docket(edits.log, "party/fr-anssi");
    edits.edit(step, "docket-more", PRESENT, "a docket that does not belong to the file", |file| {
        list(file, &[F("dockets")]).push(more)
    });
    edits.edit(step, "docket-twice", PRESENT, "a docket twice", |file| {
        let dockets = list(file, &[F("dockets")]);
        let last = dockets[4].clone();
        dockets.push(last);
    });
    edits.edit(step, "absent-party-missing", ABSENT, "a party that is absent belongs to the file too", |file| {
        drop(list(file, &[F("dockets")]).pop())
    });
    edits.edit(step, "between-agreement-missing", BETWEEN, "an agreement that the entries name is missing", |file| {
        drop(list(file, &[F("dockets")]).remove(1))
    });
    let other = Value::Array(vec![Value::bytes([0; 32]), Value::bytes([1; 40])]);
    edits.edit(step, "other-beside-entries", PRESENT, "presence and absence at once", |file| {
        fields(part(file, &[F("dockets"), I(0)]), |all| all.push(("other".to_owned(), other)));
    });
    edits.edit(step, "absent-empty-map", ABSENT, "absence from an empty map", |file| {
        let docket = part(file, &[F("dockets"), I(0)]);
        fields(docket, |all| all.retain(|(name, _)| name != "other"));
        list(docket, &[F("siblings")]).clear();
    });
    edits.edit(step, "list-with-statements", LIST, "a list that is not thin", |file| {
        let entries = part(file, &[F("dockets"), I(2), F("entries")]).clone();
        *part(file, &[F("dockets"), I(0), F("entries")]) = entries;
    });
}

fn set_note(file: &mut Value, note: String) {
    *part(file, &[F("checkpoint")]) = Value::text(note);
}

fn checkpoint(edits: &mut Edits<'_>) {
    let step = "checkpoint-signature";
    let body = text_of(edits.log, edits.log.entries.len());
    let (one, two) = (W1.cosign(TIME, &body), W2.cosign(TIME, &body));
    let notes = [
        ("missing", "no line of the log", format!("{body}\n{one}{two}")),
        ("zero", "64 zero bytes", format!("{body}\n{}{one}{two}", line(ORIGIN, LOG.key_id(), &[0; 64]))),
        (
            "stranger",
            "a stranger's signature under the log's name and id",
            format!("{body}\n{}{one}{two}", line(ORIGIN, LOG.key_id(), &STRANGER.key().sign(body.as_bytes()))),
        ),
        ("stranger-line", "a stranger's line only", format!("{body}\n{}{one}{two}", STRANGER.line(&body))),
        (
            "older",
            "the log's signature of an older checkpoint",
            format!("{body}\n{}{one}{two}", LOG.line(&text_of(edits.log, 8))),
        ),
        (
            "twice",
            "a second line of the log that does not verify",
            format!("{body}\n{}{}{one}{two}", LOG.line(&body), line(ORIGIN, LOG.key_id(), &[1; 64])),
        ),
    ];
    for (name, reason, note) in notes {
        edits.edit(step, name, PRESENT, reason, |file| set_note(file, note));
    }
}

fn quorum(edits: &mut Edits<'_>) {
    let step = "witness-quorum";
    let body = text_of(edits.log, edits.log.entries.len());
    let (log, one) = (LOG.line(&body), W1.cosign(TIME, &body));
    let notes = [
        ("none", "no witness", format!("{body}\n{log}")),
        ("one", "one of two", format!("{body}\n{log}{one}")),
        ("one-twice", "one witness twice", format!("{body}\n{log}{one}{}", W1.cosign(TIME + 1, &body))),
        ("bad", "a line that does not verify", format!("{body}\n{log}{one}{}", line(W2.name, W2.key_id(), &[1; 72]))),
        (
            "older",
            "a cosignature of an older checkpoint",
            format!("{body}\n{log}{one}{}", W2.cosign(TIME, &text_of(edits.log, 8))),
        ),
        ("time-0", "a cosignature without a time", format!("{body}\n{log}{one}{}", W2.cosign(0, &body))),
    ];
    for (name, reason, note) in notes {
        edits.edit(step, name, ABSENT, reason, |file| set_note(file, note));
    }
}

fn seals(edits: &mut Edits<'_>) {
    let step = "seal-inclusion";
    let path = [F("seals"), I(1), F("path")];
    edits.edit(step, "bit", PRESENT, "one bit of a path", |file| flip(&mut list(file, &path)[0], 0));
    edits.edit(step, "short", PRESENT, "a hash is missing", |file| drop(list(file, &path).pop()));
    edits.edit(step, "long", PRESENT, "a hash too many", |file| list(file, &path).push(Value::bytes([0; 32])));
    edits.edit(step, "reversed", PRESENT, "root to leaf", |file| list(file, &path).reverse());
    edits.edit(step, "empty", PRESENT, "no path", |file| list(file, &path).clear());
    edits.edit(step, "of-other", PRESENT, "the path of another seal", |file| {
        let other = part(file, &[F("seals"), I(0), F("path")]).clone();
        *part(file, &path) = other;
    });
    edits.edit(step, "signature-bit", PRESENT, "a seal with another signature is another leaf", |file| {
        if let Value::Bytes(bytes) = part(file, &[F("seals"), I(1), F("statement")])
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
    });
    let step = "seal-order";
    edits.edit(step, "missing", PRESENT, "the seal that closes an entry's batch is missing", |file| {
        drop(list(file, &[F("seals")]).remove(1))
    });
    edits.edit(step, "first-missing", PRESENT, "the first seal is missing", |file| {
        drop(list(file, &[F("seals")]).remove(0))
    });
    let more = file_of(edits.log, CLOSURES[PRESENT]);
    edits.edit(step, "superfluous", 4, "a seal that covers nothing in the file", |file| {
        let mut more = more;
        let seal = list(&mut more, &[F("seals")])[1].clone();
        list(file, &[F("seals")]).insert(1, seal);
    });
}

fn digest(edits: &mut Edits<'_>) {
    let step = "docket-digest";
    let first = |name| [F("dockets"), I(0), F(name)];
    edits.edit(step, "sibling-bit", PRESENT, "one bit of a sibling", |file| {
        flip(&mut list(file, &first("siblings"))[0], 0)
    });
    edits.edit(step, "sibling-short", PRESENT, "a sibling is missing", |file| {
        drop(list(file, &first("siblings")).pop())
    });
    edits.edit(step, "sibling-long", PRESENT, "a sibling too many", |file| {
        list(file, &first("siblings")).push(Value::bytes([0; 32]))
    });
    edits.edit(step, "siblings-reversed", PRESENT, "root to leaf", |file| list(file, &first("siblings")).reverse());
    edits.edit(step, "absent-other-bit", ABSENT, "another value beside the empty place", |file| {
        flip(&mut list(file, &first("other"))[1], 39)
    });
    edits.edit(step, "absent-other-key", ABSENT, "the key itself as the other leaf", |file| {
        let key = nospy::merkle::docket_key(CLOSURES[ABSENT][0]);
        list(file, &first("other"))[0] = Value::bytes(key);
    });
    edits.edit(step, "absent-other-count-0", ABSENT, "another leaf of no entries", |file| {
        if let Value::Bytes(value) = &mut list(file, &first("other"))[1] {
            value[..8].fill(0);
        }
    });
    edits.edit(step, "absent-sibling-bit", ABSENT, "one bit of a sibling", |file| {
        flip(&mut list(file, &first("siblings"))[0], 31)
    });
    edits.edit(
        "file-format",
        "between-entry-hidden",
        BETWEEN,
        "the last entry is left out, so that the agreement's docket does not belong to the file",
        |file| drop(list(file, &first("entries")).pop()),
    );
    edits.edit(step, "between-entry-first-hidden", BETWEEN, "the first entry is left out", |file| {
        drop(list(file, &first("entries")).remove(0))
    });
    edits.edit(step, "between-entries-swapped", BETWEEN, "entries have changed places", |file| {
        list(file, &first("entries")).swap(0, 1)
    });
    edits.edit(step, "between-entry-twice", BETWEEN, "an entry twice", |file| {
        let entries = list(file, &first("entries"));
        let last = entries[1].clone();
        entries.push(last);
    });
}

fn lists(edits: &mut Edits<'_>) {
    let step = "docket-digest";
    let at = |index, name| [F("dockets"), I(0), F("entries"), I(index), F(name)];
    edits.edit(step, "list-id-bit", LIST, "one bit of an id", |file| flip(part(file, &at(0, "id")), 0));
    edits.edit(step, "list-index", LIST, "another index", |file| *part(file, &at(1, "index")) = Value::Int(9));
    edits.edit(step, "list-hidden", LIST, "the last entry is left out", |file| {
        drop(list(file, &[F("dockets"), I(0), F("entries")]).pop())
    });
    edits.edit(step, "list-time", LIST, "another time", |file| {
        if let Value::Int(time) = part(file, &at(1, "time")) {
            *time += 1;
        }
    });
    edits.edit(step, "list-time-back", LIST, "times decrease", |file| *part(file, &at(1, "time")) = Value::Int(0));
}

fn inclusion(edits: &mut Edits<'_>) {
    let step = "entry-inclusion";
    let path = [F("dockets"), I(0), F("entries"), I(0), F("path")];
    edits.edit(step, "bit", PRESENT, "one bit of a path", |file| flip(&mut list(file, &path)[1], 7));
    edits.edit(step, "short", PRESENT, "a hash is missing", |file| drop(list(file, &path).pop()));
    edits.edit(step, "long", PRESENT, "a hash too many", |file| list(file, &path).push(Value::bytes([0; 32])));
    edits.edit(step, "reversed", PRESENT, "root to leaf", |file| list(file, &path).reverse());
    edits.edit(step, "empty", PRESENT, "no path", |file| list(file, &path).clear());
    let second = [F("dockets"), I(0), F("entries"), I(1), F("path")];
    edits.edit(step, "second-place", BETWEEN, "wrong in one docket, right in another", |file| {
        flip(&mut list(file, &second)[0], 0)
    });
}
