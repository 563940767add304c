//! One port for HTTP/1.1 and HTTP/2, with every limit that a stranger meets on the way to a service.
//!
//! [`serve`] takes routes and knows nothing of what they answer: the registry's server and the witness both stand on it.
//!
//! - N1 Who may connect, and for how long: see `gate`, G1 to G4.
//! - N2 Every read and write has a time. The head of an HTTP/1.1 request, a TLS handshake and a write that the peer does not
//!   take are timed here; the body of a request and the making of an answer by whoever serves it.
//! - N3 A connection has at most [`Limits::calls_per_connection_max`] calls at work. What is above is refused at once, as a
//!   gRPC status or as HTTP 503, never queued.
//! - N4 gRPC needs HTTP/2: over HTTP/1.1 it is refused before any service sees it.
//! - N5 At the end nobody new is accepted and every connection is asked to go; running calls are answered first.
//!
//! [`RateLimit`] and [`Slots`] count what one address asks for; what costs how much is known to the services (`rpc`, `web`,
//! `witness`).

mod calls;
mod carried;
mod gate;
mod limits;
mod listener;
mod rate;
mod slots;
mod tls;

pub use gate::Peer;
pub use limits::Limits;
pub use listener::serve;
pub use rate::{ADDRESSES_MAX, RateLimit};
pub use slots::{Slot, Slots};
pub use tls::{TlsError, TlsIdentity};
