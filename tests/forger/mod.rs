//! A log that signs whatever it is told to: a server over any list of entries, honest about its tree and about nothing else.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use nospy::crypto::{KeyLine, SigningKey};
use nospy::evidence::{Checkpoint, Receipt, ReceiptClaims};
use nospy::merkle::{Hash, leaf_hash};
use nospy::rpc::proto::dockets_server::{Dockets, DocketsServer};
use nospy::rpc::proto::log_server::{Log, LogServer};
use nospy::rpc::proto::registry_server::{Registry, RegistryServer};
use nospy::rpc::proto::{
    DepositTextRequest, DepositTextResponse, DryRunRequest, DryRunResponse, FetchTextRequest, FetchTextResponse,
    GetCheckpointRequest, GetCheckpointResponse, GetConsistencyProofRequest, GetConsistencyProofResponse,
    GetDocketRequest, GetDocketResponse, GetInclusionProofRequest, GetInclusionProofResponse, GetLogInfoRequest,
    GetLogInfoResponse, GetReceiptRequest, GetReceiptResponse, GetStandingRequest, GetStandingResponse,
    GetStatementRequest, GetStatementResponse, PublishManyRequest, PublishManyResponse, PublishRequest,
    PublishResponse, TailRun, TailStatementsRequest, TailStatementsResponse, get_receipt_request,
    get_statement_request,
};
use nospy::statement::Statement;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use crate::histories::{consistency, inclusion, tree};

/// The log; its entries may be added to while it is served.
#[derive(Clone)]
pub struct Forger {
    pub entries: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Docket files by their subject, as it hands them out.
    pub files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    log: KeyLine,
    key: Arc<SigningKey>,
}

impl Forger {
    pub fn new(log: KeyLine, key: SigningKey, entries: Vec<Vec<u8>>) -> Self {
        Self { entries: Arc::new(Mutex::new(entries)), files: Arc::default(), log, key: Arc::new(key) }
    }

    /// Serves it; gives its address.
    pub async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = Server::builder()
            .add_service(LogServer::new(self.clone()))
            .add_service(DocketsServer::new(self.clone()))
            .add_service(RegistryServer::new(self.clone()));
        tokio::spawn(services.serve_with_incoming(TcpListenerStream::new(listener)));
        format!("http://{address}")
    }

    pub fn push(&self, entry: &[u8]) {
        self.entries.lock().unwrap().push(entry.to_vec());
    }

    fn leaves(&self, size: Option<u64>) -> Vec<Hash> {
        let entries = self.entries.lock().unwrap();
        let size = size.map_or(entries.len(), |size| size as usize);
        entries[..size].iter().map(|entry| leaf_hash(entry)).collect()
    }

    /// The receipt of an entry in the tree of all entries.
    fn receipt(&self, index: usize) -> Vec<u8> {
        let leaves = self.leaves(None);
        let (statement, last) = {
            let entries = self.entries.lock().unwrap();
            (Statement::parse(&entries[index]).unwrap(), Statement::parse(entries.last().unwrap()).unwrap())
        };
        let claims = ReceiptClaims {
            origin: statement.origin().clone(),
            subject: statement.subject().clone(),
            iat: last.iat(),
            size: leaves.len() as u64,
            index: index as u64,
        };
        Receipt::build(&self.key, &claims, &inclusion(&leaves, index), &tree(&leaves))
    }

    fn note(&self) -> Vec<u8> {
        let leaves = self.leaves(None);
        let origin = self.log.name().parse().unwrap();
        let checkpoint = Checkpoint { origin, size: leaves.len() as u64, root: tree(&leaves) };
        checkpoint.sign(&self.log, &self.key).to_string().into_bytes()
    }
}

fn hashes(path: Vec<Hash>) -> Vec<Vec<u8>> {
    path.into_iter().map(|hash| hash.to_vec()).collect()
}

type Entries = Pin<Box<dyn Stream<Item = Result<TailStatementsResponse, Status>> + Send>>;

type Chunks = Pin<Box<dyn Stream<Item = Result<GetDocketResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Dockets for Forger {
    type GetDocketStream = Chunks;

    async fn get_docket(&self, request: Request<GetDocketRequest>) -> Result<Response<Chunks>, Status> {
        let file = self.files.lock().unwrap().get(&request.into_inner().subject).cloned();
        let file = file.ok_or_else(|| Status::not_found("no such file"))?;
        let size = file.len() as u64;
        let pieces: Vec<_> =
            file.chunks(60_000).map(|chunk| Ok(GetDocketResponse { size, chunk: chunk.to_vec() })).collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn get_standing(&self, _: Request<GetStandingRequest>) -> Result<Response<GetStandingResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

#[tonic::async_trait]
impl Log for Forger {
    type TailStatementsStream = Entries;

    async fn tail_statements(&self, request: Request<TailStatementsRequest>) -> Result<Response<Entries>, Status> {
        let start = request.into_inner().start;
        let entries = self.entries.lock().unwrap()[start as usize..].to_vec();
        let run = TailRun { start, end: start + entries.len() as u64, note: self.note(), path: Vec::new() };
        let head = TailStatementsResponse { run: Some(run), ..TailStatementsResponse::default() };
        let body = TailStatementsResponse { run: None, index: start, statements: entries };
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(head), Ok(body)]))))
    }

    async fn get_statement(
        &self,
        request: Request<GetStatementRequest>,
    ) -> Result<Response<GetStatementResponse>, Status> {
        let entries = self.entries.lock().unwrap();
        let index = match request.into_inner().entry {
            Some(get_statement_request::Entry::Index(index)) => Some(index as usize),
            Some(get_statement_request::Entry::Id(id)) => entries.iter().position(|one| leaf_hash(one)[..] == id[..]),
            None => None,
        };
        let index = index.filter(|index| *index < entries.len()).ok_or_else(|| Status::not_found("no such entry"))?;
        let answer =
            GetStatementResponse { index: index as u64, statement: entries[index].clone(), ..Default::default() };
        Ok(Response::new(answer))
    }

    async fn get_checkpoint(
        &self,
        _: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        Ok(Response::new(GetCheckpointResponse { note: self.note() }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        let request = request.into_inner();
        let path = hashes(inclusion(&self.leaves(request.size), request.index as usize));
        Ok(Response::new(GetInclusionProofResponse { path, ..Default::default() }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        let request = request.into_inner();
        let path = hashes(consistency(&self.leaves(request.new_size), request.old_size as usize));
        Ok(Response::new(GetConsistencyProofResponse { path, ..Default::default() }))
    }

    async fn get_log_info(&self, _: Request<GetLogInfoRequest>) -> Result<Response<GetLogInfoResponse>, Status> {
        Ok(Response::new(GetLogInfoResponse::default()))
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Result<Response<GetReceiptResponse>, Status> {
        let index = match request.into_inner().entry {
            Some(get_receipt_request::Entry::Index(index)) => Some(index as usize),
            Some(get_receipt_request::Entry::Id(id)) => self.leaves(None).iter().position(|leaf| leaf[..] == id[..]),
            None => None,
        };
        let index = index.ok_or_else(|| Status::not_found("no such entry"))?;
        Ok(Response::new(GetReceiptResponse { index: index as u64, receipt: self.receipt(index) }))
    }
}

type Texts = Pin<Box<dyn Stream<Item = Result<FetchTextResponse, Status>> + Send>>;
type Answers = Pin<Box<dyn Stream<Item = Result<PublishManyResponse, Status>> + Send>>;

#[tonic::async_trait]
impl Registry for Forger {
    type FetchTextStream = Texts;
    type PublishManyStream = Answers;

    /// Says of what it holds that it was registered before.
    async fn publish(&self, request: Request<PublishRequest>) -> Result<Response<PublishResponse>, Status> {
        let leaves = self.leaves(None);
        let id = leaf_hash(&request.into_inner().statement);
        let index = leaves.iter().position(|leaf| *leaf == id).ok_or_else(|| Status::not_found("not here"))?;
        Ok(Response::new(PublishResponse {
            id: id.to_vec(),
            index: index as u64,
            size: leaves.len() as u64,
            receipt: self.receipt(index),
            ..PublishResponse::default()
        }))
    }

    async fn dry_run(&self, _: Request<DryRunRequest>) -> Result<Response<DryRunResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn publish_many(&self, _: Request<Streaming<PublishManyRequest>>) -> Result<Response<Answers>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn deposit_text(
        &self,
        _: Request<Streaming<DepositTextRequest>>,
    ) -> Result<Response<DepositTextResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn fetch_text(&self, _: Request<FetchTextRequest>) -> Result<Response<Texts>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}
