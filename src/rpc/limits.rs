//! Everything a stranger can ask for is bounded here. What tonic 0.14 leaves open by default is set by name.

use std::time::Duration;

/// Longest request message, in bytes: a submission of 65,536 bytes and its protobuf field.
pub const REQUEST_LEN_MAX: usize = 65_536 + 64;
/// Longest chunk of a stream from the server, in bytes.
pub const CHUNK_LEN: usize = 64 * 1024;
/// Most statements of one message of a stream.
pub const MESSAGE_STATEMENTS_MAX: usize = 256;
/// Longest message of a stream of entries, in bytes: [`CHUNK_LEN`] of statements or a note, and the fields around them.
pub const TAIL_MESSAGE_LEN_MAX: usize = CHUNK_LEN + 8 * 1024;
/// Most rows of a page.
pub const PAGE_ROWS_MAX: u32 = 200;
/// Rows of a page when the caller does not say.
pub const PAGE_ROWS: u32 = 50;

/// The limits of the gRPC surface. `Limits::default()` is meant for the open internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for a unary call, from its headers to its answer: a request body that drips falls under it.
    pub call_time_max: Duration,
    /// Time for a whole text to come in.
    pub deposit_time_max: Duration,
    /// Time for the next chunk of a stream, in either direction. A peer that does not read is cut off.
    pub chunk_time_max: Duration,
    /// Time for a whole docket file or text to go out.
    pub stream_time_max: Duration,
    /// Docket files and standings being made or sent at once: each may hold 64 MiB.
    pub dockets_at_work_max: usize,
    /// Texts coming in or going out at once: each may hold 16 MiB.
    pub texts_at_work_max: usize,
    /// Streams that follow the log at once: each may hold about 1 MiB.
    pub tails_at_work_max: usize,
    /// Those of one address.
    pub tails_per_address_max: usize,
    /// Streams of witnesses that follow what is offered, beside those: strangers take none of their room.
    pub offer_tails_at_work_max: usize,
    /// Those of one address.
    pub offer_tails_per_address_max: usize,
    /// Time after which a stream that follows the log is ended in peace, before its connection is asked to go.
    pub tail_time_max: Duration,
    /// Streams that publish at once: each may hold [`Self::publish_window`] statements.
    pub publish_streams_max: usize,
    /// Those of one address.
    pub publish_streams_per_address_max: usize,
    /// Statements of one stream that may be without an answer.
    pub publish_window: usize,
    /// Longest text, in bytes.
    pub text_len_max: usize,
    /// Publishes and dry runs that one address may send at once, after a pause.
    pub publish_burst: u32,
    /// Publishes and dry runs of one address a second, lasting.
    pub publishes_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_time_max: Duration::from_secs(10),
            deposit_time_max: Duration::from_secs(120),
            chunk_time_max: Duration::from_secs(10),
            stream_time_max: Duration::from_secs(300),
            dockets_at_work_max: 8,
            texts_at_work_max: 16,
            tails_at_work_max: 64,
            tails_per_address_max: 8,
            offer_tails_at_work_max: 128,
            offer_tails_per_address_max: 16,
            tail_time_max: Duration::from_secs(10 * 60),
            publish_streams_max: 16,
            publish_streams_per_address_max: 4,
            publish_window: 256,
            text_len_max: 16 * 1024 * 1024,
            publish_burst: 2_000,
            publishes_per_second: 500,
        }
    }
}
