//! Every small decoder on the same bytes. None may panic, and what is accepted has one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nospy::agreement::Act;
use nospy::codec::{Item, encode};
use nospy::crypto::{KeyLine, Note, PublicKey};
use nospy::evidence::{Policy, Receipt, Seal, SignedCheckpoint, TlogProof, detach_receipts};
use nospy::statement::{Statement, Subject, Unsigned, check_texts, to_plain};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(item) = Item::read(bytes) {
        assert_eq!(encode(&item.to_value()), bytes, "one spelling");
        let _ = to_plain(item);
    }
    if let Ok(statement) = Statement::parse(bytes) {
        assert_eq!(statement.bytes(), bytes);
        let _ = (statement.touches(|_| None), Seal::read(1, &statement));
        let _ = Act::read(0, 0, std::sync::Arc::new(statement));
    }
    let _ = (Statement::parse_submission(bytes), check_texts(bytes), Unsigned::from_to_be_signed(bytes));
    let _ = (Receipt::parse(bytes), detach_receipts(bytes), PublicKey::from_bytes(bytes));
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes, "one spelling");
    }
    let _ = (SignedCheckpoint::parse(bytes), Policy::parse(bytes));
    let _ = TlogProof::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(subject) = text.parse::<Subject>() {
            assert_eq!(subject.to_string(), text, "one spelling");
        }
        let _ = text.parse::<KeyLine>();
    }
});
