//! Bodies that are no request: the first line, the proof, the checkpoint.

use nospy::crypto::hex;

use crate::vectors::cast::{ORIGIN, base64};
use crate::vectors::checkpoint::stray_bits;
use crate::vectors::tree;
use crate::vectors::witness::{C2SP, OURS, Script, Tree};

pub fn old(tree: &Tree) -> Script {
    let mut script = Script::new("form-old", "first lines that are none", 13);
    let honest = tree.request(13, 20);
    let lines = [
        ("empty", "", "an empty line"),
        ("word", "old", "no number"),
        ("space", "old ", "no number behind the space"),
        ("number-only", "13", "no word"),
        ("case", "Old 13", "a capital letter"),
        ("two-spaces", "old  13", "two spaces"),
        ("tab", "old\t13", "a tab"),
        ("colon", "old: 13", "a colon"),
        ("leading-zero", "old 013", "a leading zero"),
        ("plus", "old +13", "a sign"),
        ("minus", "old -13", "a sign"),
        ("hex", "old 0xd", "not decimal"),
        ("fraction", "old 13.0", "not an integer"),
        ("space-behind", "old 13 ", "a space behind"),
        ("carriage-return", "old 13\r", "a carriage return"),
        ("2-64", "old 18446744073709551629", "13 after an overflow of 64 bits"),
        ("arabic-digits", "old \u{661}\u{663}", "digits, but not ASCII"),
        ("size", "size 13", "another word"),
    ];
    for (name, line, reason) in lines {
        script.push(&format!("old-{name}"), C2SP, reason, honest.clone().old(line).bytes(), 400);
    }
    let bytes = honest.bytes();
    script.push("old-missing", C2SP, "the first line is missing", bytes.replacen("old 13\n", "", 1), 400);
    script.push("old-twice", C2SP, "the first line twice", format!("old 13\n{bytes}"), 400);
    script.push("line-feed-before", C2SP, "an empty first line", format!("\n{bytes}"), 400);
    script.push("byte-order-mark", C2SP, "a mark before the first line", format!("\u{feff}{bytes}"), 400);
    script.ok("right", C2SP, "nothing of this changed what is kept", &honest, 20);
    script
}

pub fn proof(tree: &Tree) -> Script {
    let mut script = Script::new("form-proof", "lines of the proof that are none", 13);
    let honest = tree.request(13, 20);
    let first = tree::consistency(&tree.0[..20], 13)[0];
    let whole = base64(&first);
    let lines = [
        ("31-bytes", C2SP, base64(&first[..31]), "31 bytes"),
        ("33-bytes", C2SP, base64(&[0; 33]), "33 bytes"),
        ("hex", C2SP, hex(&first), "hex"),
        ("unpadded", C2SP, whole.trim_end_matches('=').to_owned(), "no padding"),
        ("space-behind", C2SP, format!("{whole} "), "a space behind"),
        ("space-before", C2SP, format!(" {whole}"), "a space before"),
        ("star", C2SP, whole.replacen(&whole[..1], "*", 1), "a character that is none of base64"),
        ("url", C2SP, base64(&[0xFB; 32]).replace('+', "-").replace('/', "_"), "the alphabet of URLs"),
        ("bits", OURS, stray_bits(&first), "pad bits that are not zero: RFC 4648 lets a decoder choose"),
        ("word", C2SP, "proof".to_owned(), "a word"),
    ];
    for (name, profile, line, reason) in lines {
        let request = honest.clone().proof(|proof| proof[0] = line);
        script.push(&format!("hash-{name}"), profile, reason, request.bytes(), 400);
    }
    let many = honest.clone().proof(|proof| proof.resize(64, whole.clone()));
    script.push("64-hashes", C2SP, "at most 63 hashes may be sent", many.bytes(), 400);
    let early = honest.bytes().replacen("old 13\n", "old 13\n\n", 1);
    script.push("empty-line-early", C2SP, "the empty line stands before the proof", early, 400);
    script.ok("right", C2SP, "nothing of this changed what is kept", &honest, 20);
    script
}

pub fn note(tree: &Tree) -> Script {
    let mut script = Script::new("form-note", "checkpoints that are none", 13);
    let honest = tree.request(13, 20);
    let good = honest.bytes();
    let root = base64(&tree::root(&tree.0[..20]));
    let whole = [
        ("empty", "no bytes", String::new()),
        ("old-only", "a first line alone", "old 13\n".to_owned()),
        (
            "no-empty-line",
            "no empty line before the checkpoint",
            good.replacen(&format!("\n\n{ORIGIN}"), &format!("\n{ORIGIN}"), 1),
        ),
        ("no-checkpoint", "nothing behind the empty line", "old 13\n\n".to_owned()),
        ("no-signature", "a text without signature lines", format!("old 13\n\n{}", honest.text)),
        ("no-final-line-feed", "the last line is not ended", good.trim_end().to_owned()),
        ("crlf", "carriage returns", good.replace('\n', "\r\n")),
        ("json", "JSON", "{\"old\": 13}\n".to_owned()),
    ];
    for (name, reason, bytes) in whole {
        script.push(&format!("body-{name}"), C2SP, reason, bytes, 400);
    }
    let texts = [
        ("two-lines", C2SP, format!("{ORIGIN}\n20\n"), "no root"),
        (
            "extension",
            OURS,
            format!("{ORIGIN}\n20\n{root}\nx\n"),
            "an extension line: the witness would cosign what it cannot judge",
        ),
        ("size-zero-before", C2SP, format!("{ORIGIN}\n020\n{root}\n"), "a leading zero"),
        ("size-minus", C2SP, format!("{ORIGIN}\n-20\n{root}\n"), "a sign"),
        ("size-2-63", OURS, format!("{ORIGIN}\n9223372036854775808\n{root}\n"), "beyond 2^63-1"),
        ("size-empty", C2SP, format!("{ORIGIN}\n\n{root}\n"), "an empty line"),
        ("root-short", C2SP, format!("{ORIGIN}\n20\n{}\n", base64(&[1; 31])), "a root of 31 bytes"),
        ("root-unpadded", C2SP, format!("{ORIGIN}\n20\n{}\n", root.trim_end_matches('=')), "no padding"),
        ("root-hex", C2SP, format!("{ORIGIN}\n20\n{}\n", hex(&[1; 32])), "a root in hex"),
        ("order", C2SP, format!("{ORIGIN}\n{root}\n20\n"), "size and root have changed places"),
    ];
    for (name, profile, body, reason) in texts {
        script.push(&format!("text-{name}"), profile, reason, honest.clone().text(body).bytes(), 400);
    }
    // An origin may have 1 to 255 bytes; one that is well formed is of a log that nobody knows.
    for (len, status) in [(0, 400), (255, 404), (256, 400)] {
        let body = format!("{}\n20\n{root}\n", "o".repeat(len));
        let (name, reason) = (format!("origin-{len}"), format!("an origin of {len} bytes"));
        script.push(&name, OURS, &reason, honest.clone().text(body).bytes(), status);
    }
    let mut not_utf8 = good.into_bytes();
    let last = not_utf8.len() - 3;
    not_utf8[last] = 0xFF;
    script.push("not-utf8", C2SP, "the byte FF", &not_utf8, 400);
    script.ok("right", C2SP, "nothing of this changed what is kept", &honest, 20);
    script
}
