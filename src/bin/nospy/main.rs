//! The program `nospy`.
fn main() {}
