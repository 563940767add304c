//! A registry that passes many statements on to an honest one, and changes the answers.
#![allow(clippy::unwrap_used)]

use std::pin::Pin;

use nospy::rpc::proto::publish_many_response::Outcome;
use nospy::rpc::proto::registry_client::RegistryClient;
use nospy::rpc::proto::registry_server::{Registry, RegistryServer};
use nospy::rpc::proto::{
    DepositTextRequest, DepositTextResponse, DryRunRequest, DryRunResponse, FetchTextRequest, FetchTextResponse,
    PublishManyRequest, PublishManyResponse, PublishRequest, PublishResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

/// Which swindle, from the third answer on.
#[derive(Clone, Copy, Debug)]
pub enum Swindle {
    /// One bit of the receipt is turned.
    Receipt,
    /// The receipt of the statement before.
    OtherReceipt,
    /// Another index beside an honest receipt.
    Index,
    /// The answer to the next statement.
    Number,
    /// No outcome.
    Nothing,
    /// The stream ends as if it were whole.
    End,
}

#[derive(Clone)]
struct Swindler {
    registry: RegistryClient<Channel>,
    swindle: Swindle,
}

/// Serves one before the server at `url`; gives its own address.
pub async fn serve(url: String, swindle: Swindle) -> String {
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    let swindler = Swindler { registry: RegistryClient::new(channel), swindle };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let services = Server::builder().add_service(RegistryServer::new(swindler));
    tokio::spawn(services.serve_with_incoming(TcpListenerStream::new(listener)));
    format!("http://{address}")
}

fn change(swindle: Swindle, before: &[u8], answer: &mut PublishManyResponse) {
    match (swindle, &mut answer.outcome) {
        (Swindle::Receipt, Some(Outcome::Published(published))) => *published.receipt.last_mut().unwrap() ^= 1,
        (Swindle::OtherReceipt, Some(Outcome::Published(published))) => published.receipt = before.to_vec(),
        (Swindle::Index, Some(Outcome::Published(published))) => published.index += 1,
        (Swindle::Number, _) => answer.number += 1,
        (Swindle::Nothing, outcome) => *outcome = None,
        _ => {}
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<PublishManyResponse, Status>> + Send>>;
type Nothing = Pin<Box<dyn Stream<Item = Result<FetchTextResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Registry for Swindler {
    type PublishManyStream = Answers;
    type FetchTextStream = Nothing;

    async fn publish_many(&self, request: Request<Streaming<PublishManyRequest>>) -> Result<Response<Answers>, Status> {
        let requests = request.into_inner().filter_map(Result::ok);
        let answers = self.registry.clone().publish_many(requests).await?.into_inner();
        let (swindle, mut seen, mut before) = (self.swindle, 0, Vec::new());
        let kept = if matches!(swindle, Swindle::End) { 2 } else { usize::MAX };
        Ok(Response::new(Box::pin(answers.take(kept).map(move |answer| {
            let mut answer = answer?;
            let honest = answer.clone();
            if seen >= 2 {
                change(swindle, &before, &mut answer);
            }
            seen += 1;
            if let Some(Outcome::Published(published)) = honest.outcome {
                before = published.receipt;
            }
            Ok(answer)
        }))))
    }

    async fn publish(&self, _: Request<PublishRequest>) -> Result<Response<PublishResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn dry_run(&self, _: Request<DryRunRequest>) -> Result<Response<DryRunResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn deposit_text(
        &self,
        _: Request<Streaming<DepositTextRequest>>,
    ) -> Result<Response<DepositTextResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn fetch_text(&self, _: Request<FetchTextRequest>) -> Result<Response<Nothing>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}
