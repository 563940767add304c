//! The signed envelope, kinds and their bodies, names, what a statement touches.
