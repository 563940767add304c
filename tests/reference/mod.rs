//! The definitions once more, slowly, straight from the text. Property tests compare the fast code with these.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part; a test fails by panicking")]

pub mod map;
pub mod tree;
