//! `cosignature.json`: notes that a witness has cosigned, or has not.

use crate::vectors::cast::{LOG, ORIGIN, Signer, TIME, W1, W2, base64, case, cosigned, line, malleable, with_bytes};
use crate::vectors::checkpoint::body;
use crate::vectors::json::{Json, map, text};

const C2SP: &str = "c2sp";
const OURS: &str = "nospy";
const S: &str = "cosignature#verification";

struct Cases(Vec<Json>);

impl Cases {
    fn accept(&mut self, name: &str, profile: &str, reason: &str, time: u64, lines: &str) {
        let row = case(name, profile, "accept", S, reason).with("time", text(time.to_string()));
        self.0.push(with_bytes(row, note(lines).as_bytes()));
    }

    /// The note is refused: a line of the witness is there and does not hold.
    fn refuse(&mut self, name: &str, profile: &str, reason: &str, lines: &str) {
        self.0.push(with_bytes(case(name, profile, "refuse", S, reason), note(lines).as_bytes()));
    }

    /// The note holds, and the witness did not cosign it.
    fn absent(&mut self, name: &str, profile: &str, reason: &str, lines: &str) {
        self.0.push(with_bytes(case(name, profile, "absent", S, reason), note(lines).as_bytes()));
    }
}

/// The log's honest checkpoint with these lines behind its own.
fn note(lines: &str) -> String {
    let text = body("17");
    format!("{text}\n{}{lines}", LOG.line(&text))
}

/// The file.
pub fn file() -> Json {
    let mut cases = Cases(Vec::new());
    accepted(&mut cases);
    absent(&mut cases);
    times(&mut cases);
    messages(&mut cases);
    bytes(&mut cases);
    several(&mut cases);
    map([
        (
            "what",
            text("Cosignatures cosignature/v1 of one witness on checkpoints of one log: docs/spec/cosignature.md."),
        ),
        (
            "note",
            text(
                "Every note is well formed and signed by `keys.log`. accept: `keys.witness` cosigned it at `time`; refuse: a \
                 line of its name and key id does not hold, so the note is refused; absent: it has no such line, so it counts \
                 for nothing. profile c2sp: follows from C2SP tlog-cosignature and signed-note (for whoever refuses a note \
                 with a known line that does not verify, a SHOULD there); nospy: a choice that they leave open.",
            ),
        ),
        ("origin", text(ORIGIN)),
        ("keys", map([("log", LOG.to_json()), ("witness", W1.to_json()), ("other_witness", W2.to_json())])),
        ("cases", Json::List(cases.0)),
    ])
}

fn accepted(cases: &mut Cases) {
    let text = body("17");
    let own = W1.cosign(TIME, &text);
    let other = W2.cosign(TIME + 1, &text);
    cases.accept("plain", C2SP, "one line", TIME, &own);
    cases.accept("behind-another", C2SP, "another witness's line stands before it", TIME, &(other.clone() + &own));
    cases.accept("before-another", C2SP, "another witness's line stands behind it", TIME, &(own.clone() + &other));
    let bad = line(W2.name, W2.key_id(), &[3; 72]);
    cases.accept("beside-unknown-bad", C2SP, "a line of an unknown key is not verified", TIME, &(own + &bad));
    cases.accept("time-1", C2SP, "a small time: when is the witness's word", 1, &W1.cosign(1, &text));
    let last = (1 << 63) - 1;
    cases.accept("time-2-63-less-1", C2SP, "the greatest time", last, &W1.cosign(last, &text));
}

fn absent(cases: &mut Cases) {
    let text = body("17");
    cases.absent("none", C2SP, "the log's line alone", "");
    cases.absent("other-witness", C2SP, "only another witness cosigned", &W2.cosign(TIME, &text));
    let type_1 = Signer { kind: 1, ..W1 };
    cases.absent("type-1", C2SP, "the same key signed the text as type 01", &type_1.line(&text));
    let renamed = Signer { name: "example.org/Witness/1", ..W1 };
    cases.absent("name-case", C2SP, "the same key under another name", &renamed.cosign(TIME, &text));
    let blob = [&TIME.to_be_bytes()[..], &W1.key().sign(cosigned(TIME, &text).as_bytes())].concat();
    cases.absent("id-of-other", C2SP, "the key id of another key", &line(W1.name, W2.key_id(), &blob));
    cases.absent("name-of-other", C2SP, "the name of another key", &line(W2.name, W1.key_id(), &blob));
    let type_6 = Signer { kind: 6, ..W1 };
    cases.absent("type-6", C2SP, "a key id of another signature type", &type_6.cosign(TIME, &text));
    let posing = Signer { name: W1.name, ..W2 };
    cases.absent(
        "posing",
        C2SP,
        "another key under the witness's name, with its own key id",
        &posing.cosign(TIME, &text),
    );
}

fn times(cases: &mut Cases) {
    let text = body("17");
    let reason = "time 0 tells no time; only ML-DSA-44 cosignatures give it a meaning";
    cases.refuse("time-0", OURS, reason, &W1.cosign(0, &text));
    cases.refuse("time-2-63", C2SP, "the time must not exceed 2^63-1", &W1.cosign(1 << 63, &text));
    cases.refuse("time-2-64-less-1", C2SP, "the time must not exceed 2^63-1", &W1.cosign(u64::MAX, &text));
    let of = |message_time: u64| cosigned(message_time, &text);
    cases.refuse("time-later", C2SP, "the blob's time is one second later", &W1.cosign_as(TIME + 1, &of(TIME)));
    cases.refuse("time-earlier", C2SP, "the blob's time is one second earlier", &W1.cosign_as(TIME - 1, &of(TIME)));
    cases.refuse("time-reversed", C2SP, "the time in little-endian order", &W1.cosign_as(TIME.swap_bytes(), &of(TIME)));
    cases.refuse("time-milliseconds", C2SP, "milliseconds in the blob only", &W1.cosign_as(TIME * 1_000, &of(TIME)));
    cases.refuse("time-zero-in-blob", C2SP, "the blob's time is 0, the message's is not", &W1.cosign_as(0, &of(TIME)));
}

fn messages(cases: &mut Cases) {
    let text = body("17");
    let good = cosigned(TIME, &text);
    let log_line = LOG.line(&text);
    let other_root = text.replace(&base64(&[0xA5; 32]), &base64(&[0xA6; 32]));
    let messages = [
        ("text-only", "the text alone", text.clone()),
        ("no-header", "no header line", format!("time {TIME}\n{text}")),
        ("no-time", "no time line", format!("cosignature/v1\n{text}")),
        ("v2", "another header", good.replace("/v1", "/v2")),
        ("header-case", "a capital letter in the header", good.replace("cosig", "Cosig")),
        ("header-space", "a space behind the header", good.replace("/v1\n", "/v1 \n")),
        ("time-leading-zero", "a leading zero in the time line", good.replace("time ", "time 0")),
        ("time-two-spaces", "two spaces in the time line", good.replace("time ", "time  ")),
        ("time-plus", "a sign in the time line", good.replace("time ", "time +")),
        ("time-hex", "the time in hex", good.replace(&TIME.to_string(), &format!("{TIME:x}"))),
        ("time-key", "another word in the time line", good.replace("time ", "timestamp ")),
        ("order", "time before header", format!("time {TIME}\ncosignature/v1\n{text}")),
        ("no-final-line-feed", "no last line feed", good.trim_end().to_owned()),
        ("empty-line", "the empty line behind the text", format!("{good}\n")),
        ("with-log-line", "the log's signature line too", format!("{good}\n{log_line}")),
        ("crlf", "carriage returns", good.replace('\n', "\r\n")),
        ("other-size", "another size", cosigned(TIME, &body("18"))),
        ("other-root", "another root", cosigned(TIME, &other_root)),
        ("other-origin", "another origin", good.replace(ORIGIN, "example.org/nospy2")),
        ("two-lines", "origin and size without the root", cosigned(TIME, &format!("{ORIGIN}\n17\n"))),
        ("more-lines", "an extension line that is not there", format!("{good}x\n")),
        ("nothing", "the empty message", String::new()),
    ];
    for (name, reason, message) in messages {
        let reason = format!("the signature is over a message with a difference: {reason}");
        cases.refuse(&format!("signed-{name}"), C2SP, &reason, &W1.cosign_as(TIME, &message));
    }
}

fn bytes(cases: &mut Cases) {
    let text = body("17");
    let signature = W1.key().sign(cosigned(TIME, &text).as_bytes());
    let blob = [&TIME.to_be_bytes()[..], &signature].concat();
    let by = |blob: &[u8]| line(W1.name, W1.key_id(), blob);
    for (name, at) in [("time-first", 0), ("time-last", 7), ("r", 8), ("s", 40), ("last", 71)] {
        let mut flipped = blob.clone();
        flipped[at] ^= 1;
        cases.refuse(&format!("bit-{name}"), C2SP, "one bit of the blob", &by(&flipped));
    }
    cases.refuse("71-bytes", C2SP, "the blob without its last byte", &by(&blob[..71]));
    cases.refuse("73-bytes", C2SP, "one byte behind the blob", &by(&[&blob[..], &[0]].concat()));
    cases.refuse("64-bytes", C2SP, "no time", &by(&signature));
    cases.refuse("8-bytes", C2SP, "a time alone", &by(&blob[..8]));
    cases.refuse("7-bytes", C2SP, "less than a time", &by(&blob[..7]));
    cases.refuse(
        "time-behind",
        C2SP,
        "the time behind the signature",
        &by(&[&signature[..], &TIME.to_be_bytes()].concat()),
    );
    let time_4 = [&TIME.to_be_bytes()[4..], &signature].concat();
    cases.refuse("time-of-4-bytes", C2SP, "a time of four bytes", &by(&time_4));
    cases.refuse("zero", C2SP, "72 zero bytes", &by(&[0; 72]));
    let other = [&TIME.to_be_bytes()[..], &malleable(&signature)].concat();
    cases.refuse("s-plus-l", C2SP, "S is not below the order of the group (RFC 8032 5.1.7)", &by(&other));
    let other = [&TIME.to_be_bytes()[..], &W2.key().sign(cosigned(TIME, &text).as_bytes())].concat();
    cases.refuse("other-key", C2SP, "another witness's signature under this name and id", &by(&other));
    let log = [&TIME.to_be_bytes()[..], &LOG.key().sign(cosigned(TIME, &text).as_bytes())].concat();
    cases.refuse("log-key", C2SP, "the log's signature under the witness's name and id", &by(&log));
}

fn several(cases: &mut Cases) {
    let text = body("17");
    let (first, second) = (W1.cosign(TIME, &text), W1.cosign(TIME + 5, &text));
    let reason = "of several lines of one witness the latest time counts";
    cases.accept("twice", OURS, "the same line twice is one cosignature", TIME, &first.repeat(2));
    cases.accept("two-times", OURS, reason, TIME + 5, &(first.clone() + &second));
    cases.accept("two-times-reversed", OURS, reason, TIME + 5, &(second + &first));
    let bad = line(W1.name, W1.key_id(), &[3; 72]);
    let reason = "a known key's line that does not verify refuses the note (C2SP: SHOULD)";
    cases.refuse("good-then-bad", OURS, reason, &(first.clone() + &bad));
    cases.refuse("bad-then-good", OURS, reason, &(bad + &first));
    let zero = W1.cosign(0, &text);
    cases.refuse("good-then-time-0", OURS, "time 0 refuses the note, whatever stands beside it", &(first + &zero));
}
