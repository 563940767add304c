//! The definitions once more, slowly, straight from the text. Property tests compare the fast code with these.
#![allow(dead_code)]

pub mod map;
pub mod tree;
