//! `vkey.json`: verifier keys of logs and witnesses, as text.

use nospy::crypto::hex;

use crate::vectors::cast::{LOG, ORIGIN, W1, base64, case, key_id, vkey};
use crate::vectors::json::{Json, map, text};

/// A key A + T: A is a multiple of the base point, T a point of order 8. Made once with other arithmetic of the curve.
const TORSION: &str = "example.org/nospy+7d08692b+AQXtuMJhZRME6jNaQ5fgaWufs3yZqoAj7hWDovPkPZ/k";

/// The file.
pub fn file() -> Json {
    let section = "checkpoint#keys";
    let mut cases = Vec::new();
    let (log, witness) = (LOG.vkey(), W1.vkey());
    for (name, kind, vkey) in [("log", "01", &log), ("witness", "04", &witness)] {
        let row = case(name, "c2sp", "accept", section, "as it is published").with("text", text(vkey));
        cases.push(row.with("type", text(kind)));
    }
    let public = LOG.public();
    let with_kind = |kind: &[u8], key: &[u8]| {
        let id = nospy::crypto::sha256(&[ORIGIN.as_bytes(), &[0x0A], kind, key]).0;
        format!("{ORIGIN}+{}+{}", hex(&id[..4]), base64(&[kind, key].concat()))
    };
    let id = hex(&LOG.key_id());
    let mut order_2 = [0xFF_u8; 32];
    (order_2[0], order_2[31]) = (0xEC, 0x7F);
    let mut identity = [0_u8; 32];
    identity[0] = 1;
    let mut not_canonical = [0xFF_u8; 32];
    (not_canonical[0], not_canonical[31]) = (0xEE, 0x7F);
    let mut no_point = [0_u8; 32];
    no_point[0] = 2;
    let weak = "an Ed25519 key of small order, which signs whatever one likes";
    let refused = [
        ("empty", "c2sp", "no text", String::new()),
        ("name-only", "c2sp", "no hash and no key", ORIGIN.to_owned()),
        ("no-key", "c2sp", "no key", format!("{ORIGIN}+{id}")),
        ("empty-key", "c2sp", "an empty key", format!("{ORIGIN}+{id}+")),
        ("empty-name", "c2sp", "an empty name", vkey("", 1, &public)),
        ("space-in-name", "c2sp", "a space in the name", vkey("example org", 1, &public)),
        ("unicode-space", "c2sp", "U+2003, a Unicode space, in the name", vkey("example\u{2003}org", 1, &public)),
        ("id-altered", "c2sp", "a hash that is not of name and key", log.replace(&id, "00000000")),
        ("id-short", "c2sp", "seven digits", log.replace(&id, &id[1..])),
        ("id-long", "c2sp", "nine digits", log.replace(&id, &format!("0{id}"))),
        ("id-upper", "nospy", "hex in capitals", log.replace(&id, &id.to_uppercase())),
        ("name-altered", "c2sp", "another name than the hash is of", log.replace("nospy", "nospx")),
        ("type-00", "nospy", "an unassigned type", with_kind(&[0], &public)),
        ("type-02", "nospy", "ECDSA is not taken", with_kind(&[2], &public)),
        ("type-06", "nospy", "ML-DSA-44 is not taken yet", with_kind(&[6], &[7; 1312])),
        ("type-ff", "nospy", "a type without a name", with_kind(&[0xFF], &public)),
        ("31-bytes", "c2sp", "a short key", with_kind(&[1], &public[..31])),
        ("33-bytes", "c2sp", "a long key", with_kind(&[1], &[&public[..], &[0]].concat())),
        ("no-type", "c2sp", "a key without its type", format!("{ORIGIN}+{id}+{}", base64(&public))),
        ("base64-bits", "c2sp", "a pad that 33 bytes do not have", format!("{log}=")),
        ("base64-space", "c2sp", "a space behind", format!("{log} ")),
        ("line-feed", "c2sp", "a line feed behind", format!("{log}\n")),
        ("fields", "c2sp", "another field behind", format!("{log}+x")),
        ("pem", "c2sp", "another form of key", "-----BEGIN PUBLIC KEY-----".to_owned()),
        ("order-1", "nospy", weak, vkey(ORIGIN, 1, &identity)),
        ("order-2", "nospy", weak, vkey(ORIGIN, 1, &order_2)),
        ("order-4", "nospy", weak, vkey(ORIGIN, 1, &[0; 32])),
        ("torsion", "nospy", "a key with torsion that is not of small order", TORSION.to_owned()),
        ("not-canonical", "nospy", "y is not below 2^255-19 (RFC 8032 5.1.3)", vkey(ORIGIN, 1, &not_canonical)),
        ("no-point", "nospy", "no point of the curve has this y", vkey(ORIGIN, 1, &no_point)),
        ("id-reversed", "c2sp", "the hash in little-endian order", {
            let mut id = key_id(ORIGIN, 1, &public);
            id.reverse();
            log.replace(&hex(&LOG.key_id()), &hex(&id))
        }),
    ];
    for (name, profile, reason, vkey) in refused {
        cases.push(case(name, profile, "refuse", section, reason).with("text", text(vkey)));
    }
    map([
        ("what", text("Verifier keys (C2SP signed-note): docs/spec/checkpoint.md.")),
        (
            "note",
            text(
                "accept: a key that a policy can name; `type` is its signature type. Only accept or refuse is normative.",
            ),
        ),
        ("cases", Json::List(cases)),
    ])
}
