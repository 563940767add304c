//! Who may connect, and for how long.
//!
//! G1 The accept loop never ends on an error: a bad connection is skipped, a lack of descriptors waited out.
//! G2 Every connection holds a ticket; a ticket is given back when the connection is dropped, however it ended.
//! G3 A connection ends by itself: without a first call, at its age and grace, or when the server closes for good. Asking
//!    it to go before is the listener's.
//! G4 A write that the peer does not take has a time: a reader that stops holds its answer in our memory.
//! G5 So has the body of an answer over HTTP, for over HTTP/2 a peer can stop without a write that waits.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::net::Limits;
use crate::net::carried::Sending;

/// Pause after an accept error of our own side, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The network that an address is counted under: an IPv4 address itself, an IPv6 address by its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// The other end of a connection; an extension of each of its requests.
#[derive(Clone, Debug)]
pub struct Peer {
    network: IpAddr,
    has_called: Arc<AtomicBool>,
    sending: Sending,
}

impl Peer {
    /// What it is counted under: an IPv4 address itself, an IPv6 address by its /64.
    pub fn network(&self) -> IpAddr {
        self.network
    }

    /// The bodies that are being sent to it.
    pub(in crate::net) fn sending(&self) -> &Sending {
        &self.sending
    }

    /// Remembers that a call came.
    pub(in crate::net) fn note_call(&self) {
        self.has_called.store(true, Ordering::Relaxed);
    }
}

/// Counts the connections.
#[derive(Debug)]
struct Counts {
    connections: usize,
    by_network: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Ticket {
    counts: Arc<Mutex<Counts>>,
    network: IpAddr,
}

impl Ticket {
    fn take(counts: &Arc<Mutex<Counts>>, network: IpAddr, limits: &Limits) -> Option<Self> {
        let mut held = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = held.by_network.get(&network).copied().unwrap_or(0);
        if held.connections >= limits.connections_max || of_network >= limits.connections_per_address_max {
            return None;
        }
        held.connections += 1;
        held.by_network.insert(network, of_network + 1);
        Some(Self { counts: counts.clone(), network })
    }
}

// G2
impl Drop for Ticket {
    fn drop(&mut self) {
        let mut held = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        held.connections = held.connections.saturating_sub(1);
        if let Some(count) = held.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                held.by_network.remove(&self.network);
            }
        }
    }
}

/// Accepts connections and says which are admitted.
pub(in crate::net) struct Gate {
    listener: TcpListener,
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
    closing: watch::Receiver<bool>,
}

impl Gate {
    /// `closing` turns true when what is still open is to be cut.
    pub fn new(listener: TcpListener, limits: Limits, closing: watch::Receiver<bool>) -> Self {
        let counts = Arc::new(Mutex::new(Counts { connections: 0, by_network: HashMap::new() }));
        Self { listener, limits, counts, closing }
    }

    /// The next connection that is admitted. Nothing is lost if it is dropped before it is done.
    pub async fn accept(&self) -> Admitted {
        loop {
            match self.listener.accept().await {
                Ok((socket, address)) => match self.admit(socket, address.ip()) {
                    Some(admitted) => return admitted,
                    None => tracing::debug!(%address, "a connection above the limits was closed"),
                },
                // G1: the peer was gone before it was accepted.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
                    ) => {}
                // G1: our own trouble; others will close their connections.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for the moment");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, socket: TcpStream, address: IpAddr) -> Option<Admitted> {
        let network = network(address);
        let ticket = Ticket::take(&self.counts, network, &self.limits)?;
        // Small answers leave at once; a socket that refuses the option still works.
        let _ = socket.set_nodelay(true);
        let peer = Peer { network, has_called: Arc::new(AtomicBool::new(false)), sending: Sending::default() };
        let end = Box::pin(end_of(peer.clone(), self.limits.clone(), self.closing.clone()));
        let write_time_max = self.limits.write_time_max;
        Some(Admitted { socket, peer, end, is_over: false, write_time_max, stalled: None, _ticket: ticket })
    }
}

// G3
async fn end_of(peer: Peer, limits: Limits, mut closing: watch::Receiver<bool>) {
    let aged = async {
        sleep(limits.first_call_time_max).await;
        if peer.has_called.load(Ordering::Relaxed) {
            let age = limits.connection_age_max + limits.connection_age_grace;
            sleep(age.saturating_sub(limits.first_call_time_max)).await;
        }
    };
    // G5
    let untaken = async {
        loop {
            sleep(limits.body_time_max / 4).await;
            if peer.sending.age().is_some_and(|age| age > limits.body_time_max) {
                return;
            }
        }
    };
    tokio::select! {
        () = aged => {}
        () = untaken => {}
        // An error means that the server is gone: the same end.
        _ = closing.wait_for(|is_closing| *is_closing) => {}
    }
}

/// A connection with its ticket and its end.
pub(in crate::net) struct Admitted {
    socket: TcpStream,
    peer: Peer,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
    write_time_max: Duration,
    /// Set while a write waits for the peer.
    stalled: Option<Pin<Box<Sleep>>>,
    _ticket: Ticket,
}

impl Admitted {
    /// The other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    // G4
    fn poll_stalled(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let time = self.write_time_max;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
        if stalled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")));
        }
        Poll::Pending
    }

    // Asked on every read and write: either may be the only one that is polled when the other is stuck.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.is_over || self.end.as_mut().poll(cx).is_ready() {
            self.is_over = true;
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the connection has reached its end"));
        }
        Ok(())
    }
}

impl AsyncRead for Admitted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_over(cx)?;
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_over(cx)?;
        let written = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.poll_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_over(cx)?;
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.poll_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
