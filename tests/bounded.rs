//! No decoder panics on, recurses past its limit in, or allocates more than twice a stranger's input + 64 KiB.
//!
//! One test, because the allocator's peak is the whole process's.

mod vectors;

use nospy::codec::{Item, Value, encode};
use nospy::crypto::Note;
use nospy::evidence::{DocketFile, EvidenceFile, Policy, Receipt, SignedCheckpoint};
use nospy::statement::Statement;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const SLACK: usize = 64 * 1024;

fn peak_of(decode: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    decode();
    MEMORY.peak_usage().saturating_sub(before)
}

/// Inputs that cost a careless decoder most: many tiny items, deep nesting, lengths that lie.
fn hostile(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut many = vec![0x9A];
    many.extend(u32::try_from(len).expect("fits").to_be_bytes());
    many.resize(len, 0x00);
    let mut lying = vec![0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    lying.resize(len, 0x80);
    let mut text = vec![0x7B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    text.resize(len, b'a');
    let mut sign1 = vec![0xD2, 0x84, 0x5A];
    sign1.extend(u32::try_from(len).expect("fits").to_be_bytes());
    sign1.resize(len, 0xA1);
    vec![
        ("many small items", many),
        ("a count that lies", lying),
        ("a text length that lies", text),
        ("an envelope that lies", sign1),
        ("deep arrays", vec![0x81; len]),
        ("deep maps", [0xA1, 0x00].repeat(len / 2)),
        ("line feeds", vec![b'\n'; len]),
        ("signature lines", "— a b\n".repeat(len / 8).into_bytes()),
        ("zeros", vec![0; len]),
    ]
}

#[test]
fn decoders_are_bounded() {
    let mut inputs: Vec<(&'static str, Vec<u8>)> = [100, 4_096, 65_536, 1 << 20].map(hostile).concat();
    // A well-formed docket file whose lists are as long as they may be, of nothing.
    let thin = Value::record([
        ("v", Value::Int(1)),
        ("about", Value::text("parties")),
        ("seals", Value::Array(vec![Value::Int(0); 300_000])),
        ("origin", Value::text("a.example/b")),
        ("dockets", Value::Array(vec![Value::record([]); 300_000])),
        ("checkpoint", Value::text("x\n")),
    ]);
    inputs.push(("a thin docket file", encode(&thin)));
    let rows = Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(0), Value::bytes([0; 32])]); 65_536]);
    let omission = Value::record([("v", Value::Int(1)), ("omission", Value::record([("rows", rows)]))]);
    inputs.push(("an omission of nothing", encode(&omission)));
    if let Some(file) = vectors::golden("docket-file.json") {
        let agreement = vectors::cases(&file, "cases").iter().find(|case| vectors::text(case, "name") == "agreement");
        inputs.push(("the golden docket file", vectors::bytes(agreement.expect("the case"), "hex")));
    }
    for (name, input) in &inputs {
        let bound = 2 * input.len() + SLACK;
        let decoders: [(&str, &dyn Fn()); 9] = [
            ("item", &|| assert!(Item::read(input).is_ok() || !input.is_empty())),
            ("statement", &|| drop(Statement::parse(input))),
            ("submission", &|| drop(Statement::parse_submission(input))),
            ("note", &|| drop(Note::parse(input))),
            ("checkpoint", &|| drop(SignedCheckpoint::parse(input))),
            ("receipt", &|| drop(Receipt::parse(input))),
            ("docket file", &|| drop(DocketFile::parse(input))),
            ("evidence", &|| drop(EvidenceFile::parse(input))),
            ("policy", &|| drop(Policy::parse(input))),
        ];
        for (decoder, decode) in decoders {
            let peak = peak_of(decode);
            assert!(peak <= bound, "{decoder} on {name}: {peak} bytes for an input of {}", input.len());
        }
    }
}
