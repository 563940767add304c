//! What a stranger may ask for over HTTP.

use std::time::Duration;

/// The limits of the HTTP surface. `Limits::default()` is meant for the open internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory for entry bundles that are being read or sent, in bytes; a call waits for its share.
    pub bundles_len_max: usize,
    /// Time that it waits and reads.
    pub call_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bundles_len_max: 256 * 1024 * 1024, call_time_max: Duration::from_secs(10) }
    }
}
