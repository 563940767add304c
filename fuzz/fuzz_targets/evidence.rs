//! Evidence files: no panic, one spelling, and a check that ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey};
use nospy::evidence::{EvidenceFile, Policy};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = EvidenceFile::parse(bytes) else { return };
    assert_eq!(file.to_bytes(), bytes, "one spelling");
    let key = SigningKey::from_seed(&[1; 32]).public();
    if let Ok(log) = KeyLine::new(file.origin().as_str(), NoteAlgorithm::Ed25519, key) {
        let _ = file.check(&Policy::of_log(log));
    }
});
