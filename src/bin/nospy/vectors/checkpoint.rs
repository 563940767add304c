//! `checkpoint.json`: signed notes that are a checkpoint of one log, or are not.

mod fields;

use nospy::crypto::hex;

use crate::vectors::cast::{
    LOG, ORIGIN, STRANGER, Signer, TIME, W1, base64, case, key_id, line, malleable, with_bytes,
};
use crate::vectors::json::{Json, map, text};

const C2SP: &str = "c2sp";
const OURS: &str = "nospy";
/// The log's line on the text of `plain` with r = 0: R is the identity and S = k * a. Made once with the log's seed.
const R_IDENTITY: &str = "\u{2014} example.org/nospy LvrAiQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEpTZ/FL5ICZFtFPQ9jndBekkhScLBttvNqFCUexLhwg=\n";
/// The same with R = [12345]B + T, T of order 8, and S = 12345 + k * a.
const R_TORSION: &str = "\u{2014} example.org/nospy LvrAiUCkz1xhHXN6LxxvzKhNnKv+2AmH8YalpsV+Ypv/GvJ/xhinGzcdOitgoF8dLisMKNnAGDTRD/oOeIXs3V94VQE=\n";

/// A checkpoint's text of this many entries; its root is no real tree's, for nothing here looks into the tree.
pub fn body(size: &str) -> String {
    format!("{ORIGIN}\n{size}\n{}\n", base64(&[0xA5; 32]))
}

fn note(signed: &str, lines: &str) -> String {
    format!("{signed}\n{lines}")
}

/// A text with the log's honest signature.
fn signed(text: &str) -> String {
    note(text, &LOG.line(text))
}

struct Cases(Vec<Json>);

impl Cases {
    fn accept(&mut self, name: &str, profile: &str, section: &str, reason: &str, size: u64, bytes: &str) {
        let row = case(name, profile, "accept", section, reason);
        let row = row.with("size", text(size.to_string())).with("root", text(hex(&[0xA5; 32])));
        self.0.push(with_bytes(row, bytes.as_bytes()));
    }

    fn refuse(&mut self, name: &str, profile: &str, section: &str, reason: &str, bytes: impl AsRef<[u8]>) {
        self.0.push(with_bytes(case(name, profile, "refuse", section, reason), bytes.as_ref()));
    }
}

/// The file.
pub fn file() -> Json {
    let mut cases = Cases(Vec::new());
    accepted(&mut cases);
    form(&mut cases);
    lines_of_signatures(&mut cases);
    signatures(&mut cases);
    fields::sizes(&mut cases);
    fields::roots(&mut cases);
    fields::bodies(&mut cases);
    map([
        ("what", text("Checkpoints as signed notes, verified with the key of one log: docs/spec/checkpoint.md.")),
        (
            "note",
            text(
                "accept: the note is well formed, `keys.log` signed it, and it says `size` and `root` of `origin`. \
                 profile c2sp: follows from C2SP signed-note and tlog-checkpoint; nospy: a choice that they leave open, or a \
                 stricter rule of ours. All texts are signed with care for what they say, unless the case says otherwise. \
                 Only accept or refuse is normative, the reason is for people.",
            ),
        ),
        ("origin", text(ORIGIN)),
        ("keys", map([("log", LOG.to_json()), ("stranger", STRANGER.to_json()), ("witness", W1.to_json())])),
        ("cases", Json::List(cases.0)),
    ])
}

fn accepted(cases: &mut Cases) {
    let text = body("17");
    let own = LOG.line(&text);
    let unknown = STRANGER.line(&text);
    let s = "checkpoint#fields";
    cases.accept("plain", C2SP, s, "one line of the log", 17, &signed(&text));
    cases.accept("size-1", C2SP, s, "one entry", 1, &signed(&body("1")));
    cases.accept(
        "size-2-63-less-1",
        C2SP,
        s,
        "the greatest size",
        (1 << 63) - 1,
        &signed(&body("9223372036854775807")),
    );
    cases.accept("size-0-other-root", OURS, s, "form and signature do not look at the tree", 0, &signed(&body("0")));
    let empty = format!("{ORIGIN}\n0\n{}\n", base64(&nospy::merkle::EMPTY_ROOT));
    let row = case("size-0", C2SP, "accept", s, "the empty tree").with("size", crate::vectors::json::text("0"));
    let row = row.with("root", crate::vectors::json::text(hex(&nospy::merkle::EMPTY_ROOT)));
    cases.0.push(with_bytes(row, signed(&empty).as_bytes()));
    let s = "checkpoint#verification";
    cases.accept(
        "unknown-after",
        C2SP,
        s,
        "a line of an unknown key is ignored",
        17,
        &note(&text, &(own.clone() + &unknown)),
    );
    cases.accept("unknown-before", C2SP, s, "order does not matter", 17, &note(&text, &(unknown + &own)));
    let cosigned = own.clone() + &W1.cosign(TIME, &text);
    cases.accept("cosigned", C2SP, s, "a witness's line is a line of an unknown key here", 17, &note(&text, &cosigned));
    let bad_unknown = own.clone() + &line(STRANGER.name, STRANGER.key_id(), &[0; 64]);
    cases.accept(
        "unknown-does-not-verify",
        C2SP,
        s,
        "nobody can verify an unknown key's line",
        17,
        &note(&text, &bad_unknown),
    );
    let other_id = own.clone() + &line(ORIGIN, [0, 0, 0, 0], &[7; 64]);
    cases.accept("name-known-id-not", C2SP, s, "name and id together identify a key", 17, &note(&text, &other_id));
    let other_name = own.clone() + &line("example.org/nospy2", LOG.key_id(), &[7; 64]);
    cases.accept("id-known-name-not", C2SP, s, "name and id together identify a key", 17, &note(&text, &other_name));
    let long = own.clone() + &line("example.org/pq", [6, 6, 6, 6], &[9; 2428]);
    cases.accept("unknown-type-long", C2SP, s, "a line as long as an ML-DSA-44 cosignature", 17, &note(&text, &long));
    let short = own.clone() + &line("example.org/short", [6, 6, 6, 6], &[9]);
    cases.accept("unknown-type-short", C2SP, s, "a signature of one byte by an unknown key", 17, &note(&text, &short));
    let utf8 = own.clone() + &line("z\u{fc}rich.example/\u{65e5}", [1, 2, 3, 4], &[9; 64]);
    cases.accept("unknown-name-utf8", C2SP, s, "names are UTF-8", 17, &note(&text, &utf8));
    let sixteen: String = (0..15_u8).map(|i| line("example.org/many", [i; 4], &[i; 64])).collect();
    cases.accept("16-lines", C2SP, s, "at least 16 lines must be taken", 17, &note(&text, &(sixteen + &own)));
    let hundred: String = (0..99_u8).map(|i| line("example.org/many", [i; 4], &[i; 64])).collect();
    cases.accept("100-lines", OURS, s, "our limit", 17, &note(&text, &(hundred.clone() + &own)));
    let more = hundred + &line("example.org/many", [99; 4], &[99; 64]) + &own;
    cases.refuse("101-lines", OURS, s, "one more than our limit", note(&text, &more));
    cases.accept("twice", C2SP, s, "the log's line twice, both verify", 17, &note(&text, &own.repeat(2)));
}

fn form(cases: &mut Cases) {
    let text = body("17");
    let own = LOG.line(&text);
    let good = signed(&text);
    let s = "checkpoint#form";
    cases.refuse("empty", C2SP, s, "no bytes", "");
    cases.refuse("line-feed", C2SP, s, "one line feed", "\n");
    cases.refuse("text-only", C2SP, s, "no empty line and no signature", &text);
    cases.refuse("no-lines", C2SP, s, "an empty line and no signature", note(&text, ""));
    cases.refuse("no-empty-line", C2SP, s, "the signature follows the text directly", text.clone() + &own);
    cases.refuse(
        "two-empty-lines",
        C2SP,
        s,
        "the first empty line becomes part of the text",
        format!("{text}\n\n{own}"),
    );
    cases.refuse("empty-line-behind", C2SP, s, "the last empty line has no signature behind it", good.clone() + "\n");
    cases.refuse(
        "empty-line-between",
        C2SP,
        s,
        "the first signature line becomes text",
        format!("{text}\n{own}\n{own}"),
    );
    cases.refuse("no-final-line-feed", C2SP, s, "the last line is not ended", good.trim_end());
    cases.refuse("crlf", C2SP, s, "carriage returns", good.replace('\n', "\r\n"));
    cases.refuse(
        "crlf-signed",
        C2SP,
        s,
        "carriage returns in a text that is signed so",
        signed(&text.replace('\n', "\r\n")),
    );
    cases.refuse(
        "cr-behind",
        C2SP,
        s,
        "a carriage return before the last line feed",
        good.trim_end().to_owned() + "\r\n",
    );
    cases.refuse("leading-line-feed", C2SP, s, "an empty first line that is not signed", format!("\n{good}"));
    cases.refuse("byte-order-mark", C2SP, s, "a mark before the text that is not signed", format!("\u{feff}{good}"));
    cases.refuse("behind", C2SP, s, "a line that is no signature behind the last", good.clone() + "end\n");
    for (name, c) in [("nul", '\0'), ("tab", '\t'), ("escape", '\u{1b}'), ("unit-separator", '\u{1f}')] {
        let unknown = line(&format!("example.org/{c}x"), [1, 2, 3, 4], &[9; 64]);
        let reason = "a control character, in the name of an unknown key";
        cases.refuse(&format!("control-{name}"), C2SP, s, reason, note(&text, &(own.clone() + &unknown)));
    }
    let next_line = line("example.org/\u{85}x", [1, 2, 3, 4], &[9; 64]);
    let reason = "U+0085, of the controls that C2SP lets stand";
    cases.refuse("control-c1", OURS, s, reason, note(&text, &(own.clone() + &next_line)));
    let delete = line("example.org/\u{7f}x", [1, 2, 3, 4], &[9; 64]);
    let reason = "U+007F: C2SP forbids only what is below U+0020, we every control character";
    cases.refuse("control-delete", OURS, s, reason, note(&text, &(own.clone() + &delete)));
    let unknown = line("example.org/x", [1, 2, 3, 4], &[9; 64]);
    let mut bytes = note(&text, &(own.clone() + &unknown)).into_bytes();
    if let Some(last) = bytes.windows(2).rposition(|pair| pair == b"x ") {
        bytes[last] = 0xFF;
    }
    cases.refuse("not-utf8", C2SP, s, "the byte FF in a name", &bytes);
    let mut overlong = good.clone().into_bytes();
    overlong.splice(..1, [0xC1, 0xA5]);
    cases.refuse("overlong-utf8", C2SP, s, "an overlong spelling of the first character", &overlong);
}

fn lines_of_signatures(cases: &mut Cases) {
    let text = body("17");
    let own = LOG.line(&text);
    let s = "checkpoint#form";
    let edits: [(&str, &str, &str, String); 17] = [
        ("hyphen", C2SP, "a hyphen in the place of the em dash", own.replace('\u{2014}', "-")),
        ("en-dash", C2SP, "U+2013 in the place of U+2014", own.replace('\u{2014}', "\u{2013}")),
        ("two-hyphens", C2SP, "two hyphens in the place of the em dash", own.replace('\u{2014}', "--")),
        ("no-dash", C2SP, "no dash", own.replace("\u{2014} ", "")),
        ("no-space", C2SP, "no space behind the dash", own.replace("\u{2014} ", "\u{2014}")),
        ("two-spaces", C2SP, "two spaces behind the dash: an empty name", own.replace("\u{2014} ", "\u{2014}  ")),
        ("leading-space", C2SP, "a space before the dash", format!(" {own}")),
        ("space-behind", C2SP, "a space at the end of the line", own.replace('\n', " \n")),
        ("no-signature", C2SP, "a name alone", format!("\u{2014} {ORIGIN}\n")),
        ("empty-signature", C2SP, "a name, a space and nothing", format!("\u{2014} {ORIGIN} \n")),
        ("no-break-space", C2SP, "U+00A0 in the place of the second space", own.replacen("nospy ", "nospy\u{a0}", 1)),
        ("three-bytes", C2SP, "too short for a key id", own.clone() + &format!("\u{2014} x {}\n", base64(&[1, 2, 3]))),
        ("id-only", OURS, "an unknown key's line without a signature", own.clone() + &line("x", [1, 2, 3, 4], &[])),
        ("name-plus", C2SP, "a plus in the name of an unknown key", own.clone() + &line("a+b", [1, 2, 3, 4], &[9; 64])),
        ("name-space", C2SP, "U+3000, a Unicode space, in a name", own.clone() + &line("a\u{3000}b", [1; 4], &[9; 64])),
        ("name-empty", C2SP, "an unknown key without a name", own.clone() + &line("", [1, 2, 3, 4], &[9; 64])),
        ("base64-star", C2SP, "a character that is none of base64", own.clone() + "\u{2014} x AAAA*AAA\n"),
    ];
    for (name, profile, reason, lines) in edits {
        cases.refuse(&format!("line-{name}"), profile, s, reason, note(&text, &lines));
    }
    let blob = [&LOG.key_id()[..], &LOG.key().sign(text.as_bytes())].concat();
    // 68 bytes: one pad character, and two bits that a decoder may overlook.
    let unpadded = base64(&blob).trim_end_matches('=').to_owned();
    let raw = |blob: &str| note(&text, &format!("\u{2014} {ORIGIN} {blob}\n"));
    cases.refuse("base64-unpadded", C2SP, s, "no padding", raw(&unpadded));
    cases.refuse("base64-more-pad", C2SP, s, "padding behind the padding", raw(&format!("{unpadded}====")));
    cases.refuse(
        "base64-bits",
        OURS,
        s,
        "pad bits that are not zero: RFC 4648 lets a decoder choose",
        raw(&stray_bits(&blob)),
    );
    let url = base64(&[0xFB; 68]).replace('+', "-").replace('/', "_");
    let unknown = own + &format!("\u{2014} x {url}\n");
    cases.refuse("base64-url", C2SP, s, "the alphabet of URLs, in an unknown key's line", note(&text, &unknown));
}

/// The base64 of bytes with the lowest unused bit set; of what needs no padding the same.
pub fn stray_bits(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = base64(bytes);
    let body = text.trim_end_matches('=');
    let value = body.bytes().last().and_then(|last| ALPHABET.iter().position(|c| *c == last));
    match value {
        Some(value) if body.len() < text.len() => {
            format!("{}{}{}", &body[..body.len() - 1], char::from(ALPHABET[value | 1]), &text[body.len()..])
        }
        _ => text,
    }
}

fn signatures(cases: &mut Cases) {
    let text = body("17");
    let s = "checkpoint#verification";
    let good = LOG.key().sign(text.as_bytes());
    let by = |signature: &[u8]| note(&text, &line(ORIGIN, LOG.key_id(), signature));
    for (name, at) in [("first", 0), ("r-last", 31), ("s-first", 32), ("last", 63)] {
        let mut flipped = good;
        flipped[at] ^= 1;
        cases.refuse(&format!("bit-{name}"), C2SP, s, "one bit of the signature", by(&flipped));
    }
    cases.refuse("63-bytes", C2SP, s, "the signature without its last byte", by(&good[..63]));
    cases.refuse("65-bytes", C2SP, s, "one byte behind the signature", by(&[&good[..], &[0]].concat()));
    cases.refuse("128-bytes", C2SP, s, "the signature twice", by(&good.repeat(2)));
    cases.refuse("zero", C2SP, s, "64 zero bytes", by(&[0; 64]));
    cases.refuse("r-identity", OURS, s, "R is the identity, of small order", note(&text, R_IDENTITY));
    cases.refuse(
        "r-torsion",
        OURS,
        s,
        "R has torsion: holds only if multiplied by the cofactor",
        note(&text, R_TORSION),
    );
    cases.refuse("s-plus-l", C2SP, s, "S is not below the order of the group (RFC 8032 5.1.7)", by(&malleable(&good)));
    let stranger = |message: &str| STRANGER.key().sign(message.as_bytes());
    cases.refuse("other-key", C2SP, s, "a stranger's signature under the log's name and id", by(&stranger(&text)));
    cases.refuse("stranger-only", C2SP, s, "nobody known signed", note(&text, &STRANGER.line(&text)));
    let posing = Signer { name: ORIGIN, ..STRANGER };
    cases.refuse(
        "stranger-posing",
        C2SP,
        s,
        "the log's name with a stranger's key and id",
        note(&text, &posing.line(&text)),
    );
    let one_id = Signer { name: ORIGIN, kind: 4, ..LOG };
    let as_type_4 = note(&text, &one_id.line(&text));
    cases.refuse("type-4-id", C2SP, s, "the key id of the same key as a witness", as_type_4);
    let cosigned = note(&text, &one_id.cosign(TIME, &text));
    cases.refuse("cosignature-only", C2SP, s, "the log's key cosigned, but did not sign", cosigned);
    let no_name = key_id("", 1, &LOG.public());
    cases.refuse(
        "id-without-name",
        C2SP,
        s,
        "a key id that is not of the name",
        note(&text, &line(ORIGIN, no_name, &good)),
    );
    let mut reversed = LOG.key_id();
    reversed.reverse();
    cases.refuse(
        "id-reversed",
        C2SP,
        s,
        "the key id in little-endian order",
        note(&text, &line(ORIGIN, reversed, &good)),
    );
    let name = line("example.org/Nospy", LOG.key_id(), &good);
    cases.refuse("name-case", C2SP, s, "names are compared byte by byte", note(&text, &name));
    let messages = [
        ("without-line-feed", "the text without its last line feed", text.trim_end().to_owned()),
        ("with-empty-line", "the text with the empty line", format!("{text}\n")),
        ("of-cosignature", "the message of a cosignature", crate::vectors::cast::cosigned(TIME, &text)),
        ("of-nothing", "the empty message", String::new()),
        ("of-other-size", "another size", body("18")),
        ("of-hash", "the hash of the text", nospy::crypto::sha256(&[text.as_bytes()]).to_string()),
    ];
    for (name, reason, message) in messages {
        let signature = LOG.key().sign(message.as_bytes());
        cases.refuse(&format!("signed-{name}"), C2SP, s, &format!("the signature is over {reason}"), by(&signature));
    }
    let bad = line(ORIGIN, LOG.key_id(), &[1; 64]);
    let reason = "a known key's line that does not verify refuses the note (C2SP: SHOULD)";
    cases.refuse("good-then-bad", OURS, s, reason, note(&text, &(LOG.line(&text) + &bad)));
    cases.refuse("bad-then-good", OURS, s, reason, note(&text, &(bad + &LOG.line(&text))));
}
