//! The application without a wire format.
