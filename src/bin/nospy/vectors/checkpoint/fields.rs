//! Size, root and the other lines of a checkpoint's text, and how long a note may be.

use nospy::crypto::hex;

use crate::vectors::cast::{ORIGIN, OTHER_LOG, base64, case};
use crate::vectors::checkpoint::{C2SP, Cases, OURS, body, signed, stray_bits};
use crate::vectors::json::{Json, text};

pub fn sizes(cases: &mut Cases) {
    let s = "checkpoint#fields";
    let spellings = [
        ("leading-zero", "017", C2SP, "a leading zero"),
        ("two-zeros", "00", C2SP, "zero is spelt 0"),
        ("plus", "+17", C2SP, "a sign"),
        ("minus", "-1", C2SP, "a sign"),
        ("minus-zero", "-0", C2SP, "a sign"),
        ("empty", "", C2SP, "an empty line, which the text of a checkpoint does not have here"),
        ("space-before", " 17", C2SP, "a space"),
        ("space-behind", "17 ", C2SP, "a space"),
        ("hex", "0x11", C2SP, "not decimal"),
        ("fraction", "17.0", C2SP, "not an integer"),
        ("exponent", "1e1", C2SP, "not decimal digits"),
        ("underscore", "1_7", C2SP, "not decimal digits"),
        ("arabic-digits", "\u{661}\u{667}", C2SP, "digits, but not ASCII"),
        ("full-width", "\u{ff11}\u{ff17}", C2SP, "digits, but not ASCII"),
        ("word", "seventeen", C2SP, "not a number"),
        ("2-63", "9223372036854775808", OURS, "beyond 2^63-1"),
        ("2-64", "18446744073709551616", OURS, "beyond 64 bits"),
        ("2-64-plus-17", "18446744073709551633", OURS, "17 after an overflow of 64 bits"),
        ("very-long", &"1".repeat(400), OURS, "400 digits"),
    ];
    for (name, size, profile, reason) in spellings {
        cases.refuse(&format!("size-{name}"), profile, s, reason, signed(&body(size)));
    }
}

pub fn roots(cases: &mut Cases) {
    let s = "checkpoint#fields";
    let whole = base64(&[0xA5; 32]);
    let spellings = [
        ("31-bytes", base64(&[0xA5; 31]), C2SP, "too short"),
        ("33-bytes", base64(&[0xA5; 33]), C2SP, "too long"),
        ("64-bytes", base64(&[0xA5; 64]), C2SP, "two hashes"),
        ("empty", String::new(), C2SP, "an empty line"),
        ("hex", hex(&[0xA5; 32]), C2SP, "hex: base64 of 48 bytes"),
        ("unpadded", whole.trim_end_matches('=').to_owned(), C2SP, "no padding"),
        ("two-pads", format!("{whole}="), C2SP, "too much padding"),
        ("url", base64(&[0xFB; 32]).replace('+', "-").replace('/', "_"), C2SP, "the alphabet of URLs"),
        ("space-before", format!(" {whole}"), C2SP, "a space"),
        ("space-behind", format!("{whole} "), C2SP, "a space"),
        ("bits", stray_bits(&[0xA5; 32]), OURS, "pad bits that are not zero: RFC 4648 lets a decoder choose"),
    ];
    for (name, root, profile, reason) in spellings {
        cases.refuse(&format!("root-{name}"), profile, s, reason, signed(&format!("{ORIGIN}\n17\n{root}\n")));
    }
}

pub fn bodies(cases: &mut Cases) {
    let s = "checkpoint#fields";
    let root = base64(&[0xA5; 32]);
    let texts = [
        ("one-line", format!("{ORIGIN}\n"), C2SP, "the origin alone"),
        ("two-lines", format!("{ORIGIN}\n17\n"), C2SP, "no root"),
        ("order", format!("{ORIGIN}\n{root}\n17\n"), C2SP, "size and root have changed places"),
        ("no-origin", format!("17\n{root}\n"), C2SP, "no origin"),
        ("empty-origin", format!("\n17\n{root}\n"), C2SP, "an empty origin"),
        ("empty-line-inside", format!("{ORIGIN}\n\n17\n{root}\n"), C2SP, "an empty line in the text"),
        ("empty-extension", format!("{ORIGIN}\n17\n{root}\n\n"), C2SP, "an empty extension line"),
        ("one-line-joined", format!("{ORIGIN} 17 {root}\n"), C2SP, "spaces in the place of line feeds"),
        ("extension", format!("{ORIGIN}\n17\n{root}\nx\n"), OURS, "an extension line: nobody can audit it"),
        (
            "extension-time",
            format!("{ORIGIN}\n17\n{root}\nTimestamp: 1\n"),
            OURS,
            "an extension line as some logs write it",
        ),
        ("other-origin", format!("{}\n17\n{root}\n", OTHER_LOG.name), OURS, "a key signs for the log of its name only"),
        ("origin-case", format!("example.org/Nospy\n17\n{root}\n"), OURS, "the origin is not the key's name"),
        ("origin-scheme", format!("https://{ORIGIN}\n17\n{root}\n"), OURS, "the origin is not the key's name"),
        ("origin-slash", format!("{ORIGIN}/\n17\n{root}\n"), OURS, "the origin is not the key's name"),
        ("origin-space-behind", format!("{ORIGIN} \n17\n{root}\n"), OURS, "the origin is not the key's name"),
    ];
    for (name, text, profile, reason) in texts {
        cases.refuse(&format!("body-{name}"), profile, s, reason, signed(&text));
    }
    let unit = "\u{2014} example.org/long ".len();
    let head = signed(&body("17"));
    // 65,536 bytes are taken, 65,537 are not; written as parts, so that the file stays short.
    for (name, expect, total) in [("65536-bytes", "accept", 65_536), ("65540-bytes", "refuse", 65_540)] {
        let zeros = total - head.len() - unit - 1;
        let (pad, profile) = (zeros % 4, OURS);
        // The name takes up what base64's groups of four leave.
        let name_more = "x".repeat(pad);
        let parts = Json::List(vec![
            Json::List(vec![text(&head), Json::Number(1)]),
            Json::List(vec![text(format!("\u{2014} example.org/long{name_more} ")), Json::Number(1)]),
            Json::List(vec![text("AAAA"), Json::Number((zeros / 4) as u64)]),
            Json::List(vec![text("\n"), Json::Number(1)]),
        ]);
        let row = case(name, profile, expect, "checkpoint#form", "the limit of a note is 65,536 bytes");
        let row = match expect {
            "accept" => row.with("size", text("17")).with("root", text(hex(&[0xA5; 32]))),
            _ => row,
        };
        cases.0.push(row.with("parts", parts));
    }
}
