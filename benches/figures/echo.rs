//! The ceiling of every call: a unary service that only answers, with the server settings of `nospy::net` and
//! messages of the same sizes.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use nospy::net::Limits;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// A message of any size.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Parcel {
    /// What fills it.
    #[prost(bytes = "vec", tag = "1")]
    pub content: Vec<u8>,
    /// How many bytes of content the answer shall have.
    #[prost(uint32, tag = "2")]
    pub answer_len: u32,
}

/// Sizes of the two messages of a call, bytes.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// The request's.
    pub request: usize,
    /// The answer's.
    pub answer: usize,
}

/// The service.
#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<Parcel, Parcel>::default());
            Ok(grpc.unary(Answer, request).await)
        })
    }
}

struct Answer;

impl UnaryService<Parcel> for Answer {
    type Response = Parcel;
    type Future = Ready<Result<Response<Parcel>, Status>>;

    fn call(&mut self, request: Request<Parcel>) -> Self::Future {
        let content = vec![7; request.get_ref().answer_len as usize];
        ready(Ok(Response::new(Parcel { content, answer_len: 0 })))
    }
}

/// Serves on a port of its own until the runtime ends; returns the URL.
pub async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let limits = Limits::default();
    let server = Server::builder()
        .concurrency_limit_per_connection(limits.calls_per_connection_max)
        .load_shed(true)
        .max_concurrent_streams(limits.streams_per_connection_max)
        .initial_stream_window_size(limits.stream_window_len)
        .initial_connection_window_size(limits.connection_window_len)
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
        .http2_max_header_list_size(limits.header_list_len_max)
        .http2_max_pending_accept_reset_streams(Some(limits.pending_resets_max))
        .add_service(Echo);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(async move { server.serve_with_incoming(incoming).await.expect("the echo serves") });
    url
}

/// One call.
pub async fn call(channel: Channel, sizes: Sizes) {
    let mut client = tonic::client::Grpc::new(channel);
    let request = Parcel { content: vec![7; sizes.request], answer_len: u32::try_from(sizes.answer).expect("small") };
    client.ready().await.expect("the echo is up");
    let codec = ProstCodec::<Parcel, Parcel>::default();
    let path = PathAndQuery::from_static("/bench.Echo/Say");
    let answer = client.unary(Request::new(request), path, codec).await.expect("the echo answers");
    assert_eq!(answer.get_ref().content.len(), sizes.answer);
}
