//! `nospy.v1.Log`: quick reads at the newest head, answered on the spot, and the stream of all entries.

use tonic::{Request, Response, Status};

use crate::evidence::witness::Pass;
use crate::registry::{Heads, Mode, ReadError, Registry};
use crate::rpc::chunks::Chunks;
use crate::rpc::convert;
use crate::rpc::proto::{self, get_log_info_response, get_receipt_request, get_statement_request, log_server};
use crate::rpc::service::Shared;
use crate::rpc::status::{from_read, invalid_field};
use crate::rpc::tail;

#[derive(Clone)]
pub(crate) struct LogService(pub Shared);

impl LogService {
    fn read<T>(&self, read: impl FnOnce(&Registry) -> Result<T, ReadError>) -> Result<T, Status> {
        read(&self.0.registry).map_err(|error| from_read(&error))
    }

    fn index_of(&self, id: &[u8]) -> Result<u64, Status> {
        let id = convert::digest("id", id)?;
        self.read(|registry| registry.index_of(&id))
    }
}

#[tonic::async_trait]
impl log_server::Log for LogService {
    async fn get_log_info(
        &self,
        _: Request<proto::GetLogInfoRequest>,
    ) -> Result<Response<proto::GetLogInfoResponse>, Status> {
        let registry = &self.0.registry;
        let (mode, mode_reason) = match registry.mode() {
            Mode::Signing => (get_log_info_response::Mode::Signing, String::new()),
            Mode::ReadOnly { reason } => (get_log_info_response::Mode::ReadOnly, reason),
        };
        Ok(Response::new(proto::GetLogInfoResponse {
            origin: registry.origin().to_string(),
            log_key: registry.log_key().to_string(),
            is_demo: registry.is_demo(),
            is_clock_scripted: registry.is_clock_scripted(),
            mode: mode.into(),
            mode_reason,
            is_witnessed: registry.is_witnessed(),
            closed: registry.log_end().map(|end| convert::log_end(&end)),
        }))
    }

    async fn get_checkpoint(
        &self,
        _: Request<proto::GetCheckpointRequest>,
    ) -> Result<Response<proto::GetCheckpointResponse>, Status> {
        let checkpoint = self.read(Registry::checkpoint)?;
        Ok(Response::new(proto::GetCheckpointResponse { note: checkpoint.note().to_string().into_bytes() }))
    }

    async fn get_statement(
        &self,
        request: Request<proto::GetStatementRequest>,
    ) -> Result<Response<proto::GetStatementResponse>, Status> {
        let index = match request.into_inner().entry {
            Some(get_statement_request::Entry::Index(index)) => index,
            Some(get_statement_request::Entry::Id(id)) => self.index_of(&id)?,
            None => return Err(invalid_field("entry", "neither index nor id is given")),
        };
        let row = self.read(|registry| registry.entry(index))?;
        Ok(Response::new(proto::GetStatementResponse {
            index: row.index,
            statement: row.statement,
            time_ms: row.time_ms,
            seal_index: row.seal_index,
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<proto::GetInclusionProofRequest>,
    ) -> Result<Response<proto::GetInclusionProofResponse>, Status> {
        let proto::GetInclusionProofRequest { index, size } = request.into_inner();
        let proof = self.read(|registry| registry.inclusion(index, size))?;
        Ok(Response::new(proto::GetInclusionProofResponse {
            index: proof.index,
            size: proof.size,
            path: proof.path.iter().map(|hash| hash.to_vec()).collect(),
            root: proof.root.to_vec(),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<proto::GetConsistencyProofRequest>,
    ) -> Result<Response<proto::GetConsistencyProofResponse>, Status> {
        let proto::GetConsistencyProofRequest { old_size, new_size } = request.into_inner();
        if old_size == 0 || new_size.is_some_and(|new_size| new_size < old_size) {
            return Err(invalid_field("old_size", "is not from 1 to the newer size"));
        }
        // One size for the proof and for the answer, though the log grows in between.
        let new_size = match new_size {
            Some(new_size) => new_size,
            None => self.read(Registry::checkpoint)?.checkpoint().size,
        };
        let path = self.read(|registry| registry.consistency(old_size, Some(new_size)))?;
        let path = path.iter().map(|hash| hash.to_vec()).collect();
        Ok(Response::new(proto::GetConsistencyProofResponse { path, new_size }))
    }

    async fn get_receipt(
        &self,
        request: Request<proto::GetReceiptRequest>,
    ) -> Result<Response<proto::GetReceiptResponse>, Status> {
        let proto::GetReceiptRequest { entry, size } = request.into_inner();
        let index = match entry {
            Some(get_receipt_request::Entry::Index(index)) => index,
            Some(get_receipt_request::Entry::Id(id)) => self.index_of(&id)?,
            None => return Err(invalid_field("entry", "neither index nor id is given")),
        };
        let receipt = self.read(|registry| registry.receipt(index, size))?;
        Ok(Response::new(proto::GetReceiptResponse { index, receipt }))
    }

    type TailStatementsStream = Chunks<proto::TailStatementsResponse>;

    async fn tail_statements(
        &self,
        request: Request<proto::TailStatementsRequest>,
    ) -> Result<Response<Self::TailStatementsStream>, Status> {
        let (heads, slot) = match &request.get_ref().offered {
            None => (Heads::Published, self.0.tail_slot(&request)?),
            Some(pass) => (Heads::Offered, self.0.offer_tail_slot(&request, &to_pass(pass)?)?),
        };
        let proto::TailStatementsRequest { start, until, .. } = request.into_inner();
        if until.is_some_and(|until| until == 0 || until < start) {
            return Err(invalid_field("until", "is not 1 or more, or before the start"));
        }
        Ok(Response::new(tail::start(&self.0, slot, heads, start, until).await?))
    }
}

fn to_pass(pass: &proto::WitnessPass) -> Result<Pass, Status> {
    let signature =
        pass.signature.as_slice().try_into().map_err(|_| invalid_field("offered.signature", "is not 64 bytes"))?;
    Ok(Pass { witness: pass.witness.clone(), time_s: pass.time, signature })
}
