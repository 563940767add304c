//! The docket file reader. It may refuse, it may not panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nospy::evidence::DocketFile;

fuzz_target!(|bytes: &[u8]| {
    let _ = DocketFile::parse(bytes);
});
