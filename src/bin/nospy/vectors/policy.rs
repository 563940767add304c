//! `policy.json`: which texts are a policy, and which witnesses are a quorum.

use crate::vectors::cast::{LOG, ORIGIN, OTHER_LOG, STRANGER, Signer, TIME, W1, W2, W3, case, line, with_bytes};
use crate::vectors::checkpoint::body;
use crate::vectors::json::{Json, map, text, texts};

const C2SP: &str = "c2sp";
const OURS: &str = "nospy";

/// The file.
pub fn file() -> Json {
    map([
        (
            "what",
            text(
                "Policies (C2SP tlog-policy) as text, and what they say of cosigned checkpoints: docs/spec/cosignature.md.",
            ),
        ),
        (
            "note",
            text(
                "`cases`: accept if the text is a policy. `quorums`: the text is a policy; accept if the checkpoint of the \
                 witnesses in `by` meets it. `checkpoint` is the note without their lines, `lines` gives each witness's.",
            ),
        ),
        (
            "keys",
            map([
                ("log", LOG.to_json()),
                ("other_log", OTHER_LOG.to_json()),
                ("one", W1.to_json()),
                ("two", W2.to_json()),
                ("three", W3.to_json()),
                ("stranger", STRANGER.to_json()),
            ]),
        ),
        ("cases", Json::List(forms())),
        ("checkpoint", text(format!("{0}\n{1}", body("17"), LOG.line(&body("17"))))),
        ("lines", lines()),
        ("quorums", Json::List(quorums())),
    ])
}

fn lines() -> Json {
    let text_17 = body("17");
    let stranger = Signer { kind: 4, ..STRANGER };
    map([
        ("one", text(W1.cosign(TIME, &text_17))),
        ("two", text(W2.cosign(TIME, &text_17))),
        ("three", text(W3.cosign(TIME, &text_17))),
        ("stranger", text(stranger.cosign(TIME, &text_17))),
        ("one_later", text(W1.cosign(TIME + 60, &text_17))),
        ("one_bad", text(line(W1.name, W1.key_id(), &[3; 72]))),
        ("one_of_other_size", text(W1.cosign(TIME, &body("18")))),
    ])
}

fn witnesses() -> String {
    format!("log {}\nwitness one {}\nwitness two {}\nwitness three {}\n", LOG.vkey(), W1.vkey(), W2.vkey(), W3.vkey())
}

fn forms() -> Vec<Json> {
    let w = witnesses();
    let log = format!("log {}\n", LOG.vkey());
    let one = format!("witness one {}\n", W1.vkey());
    let same_key = Signer { name: "example.org/again", ..W1 };
    let same_log = Signer { name: "example.org/again", ..LOG };
    let as_log = Signer { kind: 1, ..W1 };
    let as_witness = Signer { kind: 4, ..LOG };
    let (log_vkey, one_vkey) = (LOG.vkey(), W1.vkey());
    let chain = |groups: usize| -> String {
        let member = |i: usize| if i == 0 { "one".to_owned() } else { format!("g{}", i - 1) };
        (0..groups).map(|i| format!("group g{i} any {}\n", member(i))).collect()
    };
    let named = |len: usize| format!("{log}witness {0} {one_vkey}\nquorum {0}\n", "n".repeat(len));
    let padded = |len: usize| {
        let policy = format!("{log}quorum none\n");
        format!("#{}\n{policy}", "-".repeat(len - policy.len() - 2))
    };
    let accepted = [
        ("none", C2SP, "no witness is asked for", format!("{log}quorum none\n")),
        ("one", C2SP, "one witness", format!("{log}{one}quorum one\n")),
        ("group", C2SP, "two of three", format!("{w}group g 2 one two three\nquorum g\n")),
        ("nested", C2SP, "a group in a group", format!("{w}group a any one two\ngroup b all a three\nquorum b\n")),
        (
            "urls",
            C2SP,
            "URLs",
            format!("log {log_vkey} https://a.example/\nwitness one {one_vkey} https://b.example/\nquorum one\n"),
        ),
        (
            "white",
            C2SP,
            "tabs, spaces, empty lines and comments",
            format!(" \t\n# a comment\n  # another\n\tlog \t {log_vkey} \nquorum\tnone \n"),
        ),
        ("two-logs", C2SP, "two logs", format!("{log}log {}\nquorum none\n", OTHER_LOG.vkey())),
        ("log-behind", C2SP, "lines stand in any order", format!("{one}quorum one\n{log}")),
        ("witness-not-used", C2SP, "a witness that no group names", format!("{w}quorum two\n")),
        ("name-utf8", C2SP, "a name is opaque", format!("{log}witness z\u{fc}rich {one_vkey}\nquorum z\u{fc}rich\n")),
        ("name-like-keyword", C2SP, "a name like a keyword", format!("{log}witness log {one_vkey}\nquorum log\n")),
        (
            "one-key-both",
            C2SP,
            "one key as log and as witness",
            format!("{log}witness w {}\nquorum w\n", as_witness.vkey()),
        ),
        ("name-plus", C2SP, "a plus in a name", format!("{log}witness a+b {one_vkey}\nquorum a+b\n")),
        ("hash-inside", C2SP, "a word may hold a #", format!("{log}witness a# {one_vkey}\nquorum a#\n")),
        ("no-final-line-feed", OURS, "the last line is not ended", format!("{log}quorum none")),
        ("name-255", OURS, "a name of 255 bytes", named(255)),
        ("512-lines", OURS, "512 lines that say something", format!("{log}{one}{}quorum g508\n", chain(509))),
        (
            "comments-not-counted",
            OURS,
            "512 lines that say something, comments and empty lines",
            format!("# a\n\n{log}{one}{}\n # b\nquorum g508\n", chain(509)),
        ),
        ("65536-bytes", OURS, "the longest policy", padded(65_536)),
    ];
    let refused = [
        ("empty", C2SP, "no bytes", String::new()),
        ("no-quorum", C2SP, "no quorum line", w.clone()),
        ("two-quorums", C2SP, "two quorum lines", format!("{w}quorum one\nquorum one\n")),
        ("no-log", OURS, "no log: C2SP lets an application know it otherwise", format!("{one}quorum one\n")),
        ("quorum-undefined", C2SP, "a name that no line defines", format!("{w}quorum four\n")),
        ("quorum-before", C2SP, "a name that a later line defines", format!("{log}quorum one\n{one}")),
        ("quorum-any", C2SP, "no name at all", format!("{w}quorum\n")),
        ("quorum-two-names", C2SP, "two names", format!("{w}quorum one two\n")),
        ("group-before", C2SP, "a member that a later line defines", format!("{log}group g any one\n{one}quorum g\n")),
        ("group-self", C2SP, "a group that names itself", format!("{w}group g any g\nquorum g\n")),
        ("group-none", C2SP, "none is no member", format!("{w}group g any none\nquorum g\n")),
        ("group-empty", C2SP, "a group without members", format!("{w}group g any\nquorum g\n")),
        ("group-0", C2SP, "a threshold of 0", format!("{w}group g 0 one two\nquorum g\n")),
        ("group-3-of-2", C2SP, "a threshold beyond the members", format!("{w}group g 3 one two\nquorum g\n")),
        ("group-most", C2SP, "an unknown threshold", format!("{w}group g most one two\nquorum g\n")),
        ("group-minus", C2SP, "a signed threshold", format!("{w}group g -1 one two\nquorum g\n")),
        ("group-fraction", C2SP, "half a witness", format!("{w}group g 1.5 one two\nquorum g\n")),
        ("member-twice", C2SP, "a member twice in a group", format!("{w}group g 2 one one\nquorum g\n")),
        (
            "member-of-two",
            C2SP,
            "a member of two groups",
            format!("{w}group a any one two\ngroup b any one three\ngroup c all a b\nquorum c\n"),
        ),
        ("name-twice", C2SP, "a name twice", format!("{log}{one}witness one {}\nquorum one\n", W2.vkey())),
        (
            "group-named-as-witness",
            C2SP,
            "a group with a witness's name",
            format!("{w}group one any two three\nquorum one\n"),
        ),
        ("name-none", C2SP, "none is taken", format!("{log}witness none {one_vkey}\nquorum none\n")),
        ("group-named-none", C2SP, "none is taken", format!("{w}group none any one\nquorum none\n")),
        (
            "key-twice",
            C2SP,
            "a witness's line twice under two names",
            format!("{log}{one}witness two {one_vkey}\nquorum one\n"),
        ),
        (
            "key-renamed",
            C2SP,
            "a witness's key under another key name",
            format!("{log}{one}witness two {}\nquorum one\n", same_key.vkey()),
        ),
        ("log-twice", C2SP, "a log's line twice", format!("{log}{log}quorum none\n")),
        (
            "log-renamed",
            C2SP,
            "a log's key under another key name",
            format!("{log}log {}\nquorum none\n", same_log.vkey()),
        ),
        (
            "log-two-keys",
            OURS,
            "an origin has one key",
            format!("{log}log {}\nquorum none\n", Signer { name: ORIGIN, ..OTHER_LOG }.vkey()),
        ),
        ("log-of-witness", OURS, "a log's key of type 04", format!("log {one_vkey}\nquorum none\n")),
        (
            "witness-of-log",
            C2SP,
            "a witness's key of type 01",
            format!("{log}witness one {}\nquorum one\n", as_log.vkey()),
        ),
        ("witness-no-name", C2SP, "a witness without a name", format!("{log}witness {one_vkey}\nquorum none\n")),
        (
            "witness-more",
            C2SP,
            "too many words",
            format!("{log}witness one {one_vkey} https://a.example/ b\nquorum one\n"),
        ),
        ("log-more", C2SP, "too many words", format!("log {log_vkey} https://a.example/ b\nquorum none\n")),
        ("log-no-key", C2SP, "a log without a key", "log\nquorum none\n".to_owned()),
        ("keyword", C2SP, "an unknown keyword", format!("{log}witnesses one {one_vkey}\nquorum none\n")),
        ("keyword-case", C2SP, "a keyword in capitals", format!("LOG {log_vkey}\nquorum none\n")),
        (
            "key-altered",
            C2SP,
            "a key whose hash is wrong",
            format!("log {}\nquorum none\n", log_vkey.replace("nospy+", "nospx+")),
        ),
        ("comment-behind", C2SP, "a comment behind a line is words", format!("{log}quorum none # why\n")),
        ("crlf", C2SP, "carriage returns are not white space", format!("{log}quorum none\n").replace('\n', "\r\n")),
        ("crlf-comment", C2SP, "a carriage return behind a comment", format!("# a\r\n{log}quorum none\n")),
        ("cr-last", C2SP, "a carriage return before the last line feed", format!("{log}quorum none\r\n")),
        ("form-feed", C2SP, "a form feed", format!("{log}\u{c}quorum none\n")),
        ("vertical-tab", C2SP, "a vertical tab between words", format!("{log}quorum\u{b}none\n")),
        ("nul", C2SP, "a zero byte in a comment", format!("# \0\n{log}quorum none\n")),
        ("delete", OURS, "U+007F in a comment", format!("# \u{7f}\n{log}quorum none\n")),
        ("no-break-space", C2SP, "U+00A0 is no white space here", format!("{log}quorum\u{a0}none\n")),
        ("byte-order-mark", C2SP, "a mark before the first keyword", format!("\u{feff}{log}quorum none\n")),
        ("c1-control", OURS, "U+0085 in a comment: C2SP lets it stand", format!("# \u{85}\n{log}quorum none\n")),
        ("group-02", OURS, "a leading zero in a threshold", format!("{w}group g 02 one two\nquorum g\n")),
        ("name-256", OURS, "a name of 256 bytes", named(256)),
        ("65537-bytes", OURS, "one byte more than our limit", padded(65_537)),
        (
            "513-lines",
            OURS,
            "our limit is 512 lines that say something",
            format!("{log}{one}{}quorum g509\n", chain(510)),
        ),
    ];
    let mut rows: Vec<Json> = Vec::new();
    for (name, profile, reason, bytes) in accepted {
        rows.push(with_bytes(case(name, profile, "accept", "cosignature#policies", reason), bytes.as_bytes()));
    }
    for (name, profile, reason, bytes) in refused {
        rows.push(with_bytes(case(name, profile, "refuse", "cosignature#policies", reason), bytes.as_bytes()));
    }
    let mut latin_1 = format!("# z?rich\n{log}quorum none\n").into_bytes();
    latin_1[3] = 0xFC;
    let reason = "other bytes than UTF-8, which C2SP only advises against";
    rows.push(with_bytes(case("latin-1", OURS, "refuse", "cosignature#policies", reason), &latin_1));
    rows
}

/// Name, profile, expectation, reason, policy, witnesses.
type Row<'r> = (&'r str, &'r str, &'r str, &'r str, &'r str, &'r [&'r str]);

fn quorums() -> Vec<Json> {
    let w = witnesses();
    let all = format!("{w}group g all one two three\nquorum g\n");
    let two = format!("{w}group g 2 one two three\nquorum g\n");
    let any = format!("{w}group g any one two three\nquorum g\n");
    let nested = format!("{w}group a any one two\ngroup b all a three\nquorum b\n");
    let single = format!("{w}quorum two\n");
    let none = format!("{w}quorum none\n");
    let aside = format!("{w}group a all one two\ngroup b any three\nquorum a\n");
    let rows: [Row<'_>; 33] = [
        ("none-by-none", C2SP, "accept", "no witness is asked for", &none, &[]),
        ("none-by-one", C2SP, "accept", "more than is asked for", &none, &["one"]),
        ("none-by-bad", OURS, "refuse", "a known witness's line does not verify", &none, &["one_bad"]),
        ("single", C2SP, "accept", "the witness that is asked for", &single, &["two"]),
        ("single-other", C2SP, "refuse", "another witness", &single, &["one"]),
        ("single-others", C2SP, "refuse", "all other witnesses", &single, &["one", "three"]),
        ("any-none", C2SP, "refuse", "nobody", &any, &[]),
        ("any-one", C2SP, "accept", "one is enough", &any, &["three"]),
        ("any-all", C2SP, "accept", "all of them", &any, &["three", "one", "two"]),
        ("any-stranger", C2SP, "refuse", "a stranger only", &any, &["stranger"]),
        ("any-of-other-size", C2SP, "refuse", "a cosignature of another checkpoint", &any, &["one_of_other_size"]),
        ("two-none", C2SP, "refuse", "nobody", &two, &[]),
        ("two-one", C2SP, "refuse", "one of two", &two, &["one"]),
        ("two-one-twice", C2SP, "refuse", "one witness twice is one", &two, &["one", "one"]),
        ("two-one-later", C2SP, "refuse", "one witness at two times is one", &two, &["one", "one_later"]),
        ("two-and-stranger", C2SP, "refuse", "one and a stranger", &two, &["one", "stranger"]),
        ("two-two", C2SP, "accept", "two", &two, &["one", "three"]),
        ("two-two-reversed", C2SP, "accept", "the order does not matter", &two, &["three", "one"]),
        ("two-three", C2SP, "accept", "all of them", &two, &["one", "two", "three"]),
        (
            "two-two-and-bad",
            OURS,
            "refuse",
            "two, and a known witness's line that does not verify",
            &two,
            &["two", "three", "one_bad"],
        ),
        ("two-two-twice", OURS, "accept", "two, and one of them again", &two, &["two", "one", "one_later"]),
        ("two-two-and-stranger", C2SP, "accept", "a stranger does no harm", &two, &["stranger", "two", "one"]),
        ("all-two", C2SP, "refuse", "two of three", &all, &["one", "two"]),
        ("all-three", C2SP, "accept", "three of three", &all, &["one", "two", "three"]),
        ("all-two-and-stranger", C2SP, "refuse", "a stranger is no third", &all, &["one", "two", "stranger"]),
        ("nested-three", C2SP, "refuse", "a member of the outer group only", &nested, &["three"]),
        ("nested-inner", C2SP, "refuse", "the inner group only", &nested, &["one", "two"]),
        (
            "nested-one-three",
            C2SP,
            "accept",
            "one of the inner group, and the outer member",
            &nested,
            &["one", "three"],
        ),
        ("nested-two-three", C2SP, "accept", "the other of the inner group", &nested, &["two", "three"]),
        ("nested-all", C2SP, "accept", "everybody", &nested, &["one", "two", "three"]),
        ("aside", C2SP, "refuse", "a group that is not the quorum", &aside, &["three"]),
        ("aside-half", C2SP, "refuse", "half of the quorum, and another group", &aside, &["one", "three"]),
        ("aside-both", C2SP, "accept", "the quorum", &aside, &["one", "two"]),
    ];
    let row = |(name, profile, expect, reason, policy, by): (&str, &str, &str, &str, &String, &[&str])| {
        case(name, profile, expect, "cosignature#policies", reason)
            .with("policy", text(policy.as_str()))
            .with("by", texts(by))
    };
    rows.into_iter()
        .map(|(name, profile, expect, reason, policy, by)| row((name, profile, expect, reason, &policy.to_owned(), by)))
        .collect()
}
