//! `nospy.v1.Registry`: decode, delegate, encode.

use tokio::time::timeout;
use tonic::{Request, Response, Status, Streaming};

use crate::rpc::chunks::Chunks;
use crate::rpc::convert;
use crate::rpc::proto::{self, registry_server};
use crate::rpc::publish_many;
use crate::rpc::service::Shared;
use crate::rpc::status::{self, invalid_field};

/// Memory taken for a text before its bytes are there, in bytes.
const TEXT_RESERVE: usize = 256 * 1024;

#[derive(Clone)]
pub(crate) struct RegistryService(pub Shared);

#[tonic::async_trait]
impl registry_server::Registry for RegistryService {
    async fn publish(
        &self,
        request: Request<proto::PublishRequest>,
    ) -> Result<Response<proto::PublishResponse>, Status> {
        self.0.check_rate(&request)?;
        let statement = request.into_inner().statement;
        let published = self.0.registry.publish(&statement).await.map_err(|error| status::from_publish(&error))?;
        Ok(Response::new(convert::published(published)))
    }

    type PublishManyStream = Chunks<proto::PublishManyResponse>;

    async fn publish_many(
        &self,
        request: Request<Streaming<proto::PublishManyRequest>>,
    ) -> Result<Response<Self::PublishManyStream>, Status> {
        let slot = self.0.publish_slot(&request)?;
        Ok(Response::new(publish_many::start(&self.0, slot, request.into_inner())))
    }

    async fn dry_run(&self, request: Request<proto::DryRunRequest>) -> Result<Response<proto::DryRunResponse>, Status> {
        self.0.check_rate(&request)?;
        let statement = request.into_inner().statement;
        // Not under the permits of dockets: what a statement's own dockets hold is folded for every publish too.
        let registry = self.0.registry.clone();
        let judged = tokio::task::spawn_blocking(move || registry.dry_run(&statement)).await;
        let judged = judged.map_err(|error| status::internal(&error))?.map_err(|error| status::from_publish(&error))?;
        Ok(Response::new(proto::DryRunResponse {
            id: judged.id.0.to_vec(),
            touches: judged.touches.iter().map(ToString::to_string).collect(),
            index: judged.index,
        }))
    }

    async fn deposit_text(
        &self,
        request: Request<Streaming<proto::DepositTextRequest>>,
    ) -> Result<Response<proto::DepositTextResponse>, Status> {
        self.0.check_rate(&request)?;
        let _permit = self.0.text_permit()?;
        let mut pieces = request.into_inner();
        let first = self.next_piece(&mut pieces).await?.ok_or_else(|| invalid_field("sha256", "no message came"))?;
        let digest = convert::digest("sha256", &first.sha256)?;
        let size = usize::try_from(first.size).unwrap_or(usize::MAX);
        if size == 0 || size > self.0.limits.text_len_max {
            let problem = format!("is not from 1 to {}", self.0.limits.text_len_max);
            return Err(invalid_field("size", &problem));
        }
        // What was promised is not yet there: memory grows with the bytes.
        let mut text = Vec::with_capacity(size.min(TEXT_RESERVE));
        let mut piece = Some(first);
        while let Some(proto::DepositTextRequest { chunk, .. }) = piece {
            if chunk.is_empty() {
                return Err(invalid_field("chunk", "is empty"));
            }
            if text.len() + chunk.len() > size {
                return Err(invalid_field("chunk", "goes beyond the size of the first message"));
            }
            text.extend_from_slice(&chunk);
            piece = self.next_piece(&mut pieces).await?;
        }
        if text.len() < size {
            return Err(invalid_field("size", "is more than what came"));
        }
        let stored = self.0.registry.deposit_text(&digest, &text).await;
        stored.map_err(|error| status::from_deposit(&error))?;
        Ok(Response::new(proto::DepositTextResponse {}))
    }

    type FetchTextStream = Chunks<proto::FetchTextResponse>;

    async fn fetch_text(
        &self,
        request: Request<proto::FetchTextRequest>,
    ) -> Result<Response<Self::FetchTextStream>, Status> {
        let digest = convert::digest("sha256", &request.into_inner().sha256)?;
        let permit = self.0.text_permit()?;
        let (text, permit) = self.0.fold(permit, move |registry| registry.text(&digest)).await?;
        let (size, media_type) = (text.bytes.len() as u64, text.media_type);
        let chunks = Chunks::send(text.bytes, permit, &self.0.limits, move |offset, chunk| match offset {
            0 => proto::FetchTextResponse { media_type: media_type.clone(), size, chunk: chunk.to_vec() },
            _ => proto::FetchTextResponse { chunk: chunk.to_vec(), ..Default::default() },
        });
        Ok(Response::new(chunks))
    }
}

impl RegistryService {
    async fn next_piece(
        &self,
        pieces: &mut Streaming<proto::DepositTextRequest>,
    ) -> Result<Option<proto::DepositTextRequest>, Status> {
        let piece = timeout(self.0.limits.chunk_time_max, pieces.message()).await;
        piece.map_err(|_| status::too_slow("the next chunk of the text"))?
    }
}
