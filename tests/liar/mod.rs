//! A server that passes every question on to an honest one, and lies where a test tells it to: what a registry, or
//! whoever sits in between, could show.
#![allow(dead_code, clippy::unwrap_used)]

use std::pin::Pin;
use std::sync::Arc;

use nospy::rpc::proto::dockets_client::DocketsClient;
use nospy::rpc::proto::dockets_server::{Dockets, DocketsServer};
use nospy::rpc::proto::log_client::LogClient;
use nospy::rpc::proto::log_server::{Log, LogServer};
use nospy::rpc::proto::{
    GetCheckpointRequest, GetCheckpointResponse, GetConsistencyProofRequest, GetConsistencyProofResponse,
    GetDocketRequest, GetDocketResponse, GetInclusionProofRequest, GetInclusionProofResponse, GetLogInfoRequest,
    GetLogInfoResponse, GetReceiptRequest, GetReceiptResponse, GetStandingRequest, GetStandingResponse,
    GetStatementRequest, GetStatementResponse, TailStatementsRequest, TailStatementsResponse, get_statement_request,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

/// Which lie.
#[derive(Clone)]
pub enum Lie {
    /// The docket file of another subject.
    Docket { asked: &'static str, told: &'static str },
    /// These bytes as the docket file of a subject.
    File { asked: &'static str, told: Vec<u8> },
    /// Another entry than the one asked for.
    Statement { asked: u64, told: u64 },
    /// One bit of this entry is turned in a stream of entries.
    Entry(u64),
    /// A consistency proof with one bit turned.
    Consistency,
    /// No consistency proof at all.
    Refuse,
    /// Nobody is there when a consistency proof is asked for.
    Unavailable,
    /// This note as the newest checkpoint, and honest answers to everything else.
    Checkpoint(Vec<u8>),
    /// A stream of entries says that its runs end with this many more than they hold.
    Longer(u64),
}

#[derive(Clone)]
struct Liar {
    log: LogClient<Channel>,
    dockets: DocketsClient<Channel>,
    lie: Arc<Lie>,
}

/// Serves a liar before the server at `url`; gives its own address.
pub async fn serve(url: String, lie: Lie) -> String {
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    let liar = Liar { log: LogClient::new(channel.clone()), dockets: DocketsClient::new(channel), lie: Arc::new(lie) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let services = Server::builder().add_service(LogServer::new(liar.clone())).add_service(DocketsServer::new(liar));
    tokio::spawn(services.serve_with_incoming(TcpListenerStream::new(listener)));
    format!("http://{address}")
}

type Entries = Pin<Box<dyn Stream<Item = Result<TailStatementsResponse, Status>> + Send>>;
type Chunks = Pin<Box<dyn Stream<Item = Result<GetDocketResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Dockets for Liar {
    type GetDocketStream = Chunks;

    async fn get_docket(&self, request: Request<GetDocketRequest>) -> Result<Response<Chunks>, Status> {
        let mut request = request.into_inner();
        match &*self.lie {
            Lie::File { asked, told } if request.subject == *asked => {
                let pieces: Vec<_> = told.chunks(60_000).map(<[u8]>::to_vec).collect();
                let mut size = told.len() as u64;
                let pieces = pieces.into_iter().map(move |chunk| {
                    let piece = GetDocketResponse { size, chunk };
                    size = 0;
                    Ok(piece)
                });
                return Ok(Response::new(Box::pin(tokio_stream::iter(pieces))));
            }
            Lie::Docket { asked, told } if request.subject == *asked => request.subject = (*told).to_owned(),
            _ => {}
        }
        let answer = self.dockets.clone().get_docket(request).await?.into_inner();
        Ok(Response::new(Box::pin(answer.map(|piece| piece))))
    }

    async fn get_standing(
        &self,
        request: Request<GetStandingRequest>,
    ) -> Result<Response<GetStandingResponse>, Status> {
        self.dockets.clone().get_standing(request.into_inner()).await
    }
}

#[tonic::async_trait]
impl Log for Liar {
    type TailStatementsStream = Entries;

    async fn tail_statements(&self, request: Request<TailStatementsRequest>) -> Result<Response<Entries>, Status> {
        let lie = Arc::clone(&self.lie);
        let answer = self.log.clone().tail_statements(request.into_inner()).await?.into_inner();
        Ok(Response::new(Box::pin(answer.map(move |message| {
            let mut message = message?;
            let index = message.index;
            match (&*lie, &mut message.run) {
                (Lie::Entry(at), None) => {
                    let place = at.checked_sub(index).and_then(|place| usize::try_from(place).ok());
                    let told = place.and_then(|place| message.statements.get_mut(place));
                    told.into_iter().for_each(|statement| statement[0] ^= 1);
                }
                (Lie::Longer(more), Some(run)) => run.end += more,
                _ => {}
            }
            Ok(message)
        }))))
    }

    async fn get_statement(
        &self,
        request: Request<GetStatementRequest>,
    ) -> Result<Response<GetStatementResponse>, Status> {
        let mut request = request.into_inner();
        if let (Lie::Statement { asked, told }, Some(get_statement_request::Entry::Index(index))) =
            (&*self.lie, &mut request.entry)
            && index == asked
        {
            *index = *told;
        }
        self.log.clone().get_statement(request).await
    }

    async fn get_log_info(&self, request: Request<GetLogInfoRequest>) -> Result<Response<GetLogInfoResponse>, Status> {
        self.log.clone().get_log_info(request.into_inner()).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        if let Lie::Checkpoint(note) = &*self.lie {
            return Ok(Response::new(GetCheckpointResponse { note: note.clone() }));
        }
        self.log.clone().get_checkpoint(request.into_inner()).await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        self.log.clone().get_inclusion_proof(request.into_inner()).await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        if matches!(*self.lie, Lie::Refuse) {
            return Err(Status::failed_precondition("not today"));
        }
        if matches!(*self.lie, Lie::Unavailable) {
            return Err(Status::unavailable("nobody is here"));
        }
        let mut answer = self.log.clone().get_consistency_proof(request.into_inner()).await?;
        if matches!(*self.lie, Lie::Consistency) {
            answer.get_mut().path.last_mut().unwrap()[0] ^= 1;
        }
        Ok(answer)
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Result<Response<GetReceiptResponse>, Status> {
        self.log.clone().get_receipt(request.into_inner()).await
    }
}
