//! What holds for every connection. What hyper leaves open by default is set by name.

use std::time::Duration;

/// The limits of one listener. `Limits::default()` is meant for the open internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, from everybody; further ones are closed as they come.
    pub connections_max: usize,
    /// Connections at once from one address (IPv4) or network (IPv6, /64).
    pub connections_per_address_max: usize,
    /// Streams at once on one HTTP/2 connection, as announced to the peer. Without it hyper's own cap is removed.
    pub streams_per_connection_max: u32,
    /// Calls at work at once on one connection; further ones are refused, not queued.
    pub calls_per_connection_max: usize,
    /// Time for a TLS handshake.
    pub handshake_time_max: Duration,
    /// Time from the connection to the headers of its first call: idle, half-open and dripping peers fall under it.
    pub first_call_time_max: Duration,
    /// Time for the head of each HTTP/1.1 request, and between two of them.
    pub head_time_max: Duration,
    /// Time that a write may wait for a peer that does not read.
    pub write_time_max: Duration,
    /// Time to take the whole body of an answer over HTTP, whatever else happens on the connection: an HTTP/2 peer that grants
    /// no window lets no write wait. gRPC's own are not counted: streams may last.
    pub body_time_max: Duration,
    /// How often a quiet HTTP/2 peer is pinged.
    pub keepalive_interval: Duration,
    /// Time for its answer.
    pub keepalive_timeout: Duration,
    /// Age at which a connection is asked to go (GOAWAY, `connection: close`); running calls end in peace.
    pub connection_age_max: Duration,
    /// Time that they have for it, here and at shutdown.
    pub connection_age_grace: Duration,
    /// Longest headers of an HTTP/2 call, and longest head of an HTTP/1.1 request, in bytes, ≥ 8,192.
    pub header_list_len_max: u32,
    /// Most header lines of an HTTP/1.1 request.
    pub header_lines_max: usize,
    /// Streams that a peer may reset before they are accepted (rapid reset); more end the connection.
    pub pending_resets_max: usize,
    /// Bytes in flight of one stream from the peer.
    pub stream_window_len: u32,
    /// Bytes in flight of one connection from the peer.
    pub connection_window_len: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            connections_per_address_max: 128,
            streams_per_connection_max: 100,
            calls_per_connection_max: 32,
            handshake_time_max: Duration::from_secs(5),
            first_call_time_max: Duration::from_secs(15),
            head_time_max: Duration::from_secs(10),
            write_time_max: Duration::from_secs(15),
            body_time_max: Duration::from_secs(120),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            connection_age_max: Duration::from_secs(15 * 60),
            connection_age_grace: Duration::from_secs(30),
            header_list_len_max: 16 * 1024,
            header_lines_max: 100,
            pending_resets_max: 20,
            stream_window_len: 128 * 1024,
            connection_window_len: 512 * 1024,
        }
    }
}
