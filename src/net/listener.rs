//! The loop that accepts, and the life of one connection.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::net::calls::Calls;
use crate::net::gate::{Admitted, Gate};
use crate::net::{Limits, Peer, TlsError, TlsIdentity, tls};

/// Serves `routes` on `listener` until `shutdown` is done; without `tls` in clear text. A [`Peer`] is an extension of each
/// request.
///
/// The end, in order (N5): nobody new is accepted and every connection is asked to go; `drain` is awaited, in which the
/// service answers what it has admitted; what is still open after [`Limits::connection_age_grace`] is cut.
///
/// # Errors
/// [`TlsError`], before anything is accepted.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: &Limits,
    tls: Option<&TlsIdentity>,
    shutdown: impl Future<Output = ()>,
    drain: impl Future<Output = ()>,
) -> Result<(), TlsError> {
    let tls = tls.map(tls::acceptor).transpose()?;
    let (cut, is_cut) = watch::channel(false);
    let (go, is_to_go) = watch::channel(false);
    let gate = Gate::new(listener, limits.clone(), is_cut);
    let line = Line { routes, limits: limits.clone(), tls, protocols: protocols(limits), is_to_go };
    let mut connections = JoinSet::new();
    {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                admitted = gate.accept() => drop(connections.spawn(line.clone().live(admitted))),
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    }
    // The port is free from here on.
    drop((gate, line));
    // Without a connection there is nobody to tell.
    let _ = go.send(true);
    let (drained, is_drained) = oneshot::channel::<()>();
    let drain = async {
        drain.await;
        let _ = drained.send(());
    };
    let grace = async {
        let _ = is_drained.await;
        sleep(limits.connection_age_grace).await;
    };
    let close = async {
        let mut closed = std::pin::pin!(async { while connections.join_next().await.is_some() {} });
        tokio::select! {
            () = &mut closed => {}
            () = grace => {
                let _ = cut.send(true);
                closed.await;
            }
        }
    };
    tokio::join!(drain, close);
    Ok(())
}

/// Both protocols with all their limits (DESIGN §8; N2).
fn protocols(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time_max)
        .max_buf_size(limits.header_list_len_max as usize)
        .max_headers(limits.header_lines_max)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection_max)
        .initial_stream_window_size(limits.stream_window_len)
        .initial_connection_window_size(limits.connection_window_len)
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .max_header_list_size(limits.header_list_len_max)
        .max_pending_accept_reset_streams(limits.pending_resets_max);
    builder
}

/// What every connection needs.
#[derive(Clone)]
struct Line {
    routes: Router,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    protocols: Builder<TokioExecutor>,
    is_to_go: watch::Receiver<bool>,
}

impl Line {
    /// From the handshake to the end.
    async fn live(self, admitted: Admitted) {
        let peer = admitted.peer().clone();
        let Some(tls) = self.tls.clone() else { return self.talk(admitted, peer).await };
        // A failed or slow handshake is the peer's affair: nothing to say, nobody to say it to.
        if let Ok(Ok(socket)) = timeout(self.limits.handshake_time_max, tls.accept(admitted)).await {
            self.talk(socket, peer).await;
        }
    }

    async fn talk(mut self, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let calls = Calls::new(self.routes, peer, self.limits.calls_per_connection_max);
        let connection = self.protocols.serve_connection(TokioIo::new(socket), calls);
        let mut connection = std::pin::pin!(connection);
        let asked = async {
            tokio::select! {
                () = sleep(self.limits.connection_age_max) => {}
                // An error means that the listener is gone: the same end.
                _ = self.is_to_go.wait_for(|is_to_go| *is_to_go) => {}
            }
        };
        tokio::select! {
            // How a connection broke says nothing about us.
            _ = connection.as_mut() => return,
            () = asked => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
