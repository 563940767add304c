//! `nospy.v1.Dockets`: files and standings, folded beside the workers.

use tonic::{Request, Response, Status};

use crate::agreement::On;
use crate::registry::Registry;
use crate::rpc::chunks::Chunks;
use crate::rpc::convert;
use crate::rpc::proto::{self, dockets_server};
use crate::rpc::service::Shared;
use crate::statement::Subject;

#[derive(Clone)]
pub(crate) struct DocketsService(pub Shared);

#[tonic::async_trait]
impl dockets_server::Dockets for DocketsService {
    type GetDocketStream = Chunks<proto::GetDocketResponse>;

    async fn get_docket(
        &self,
        request: Request<proto::GetDocketRequest>,
    ) -> Result<Response<Self::GetDocketStream>, Status> {
        let subject: Subject = convert::name("subject", &request.into_inner().subject)?;
        let permit = self.0.docket_permit()?;
        let (file, permit) = self.0.fold(permit, move |registry| registry.docket_file(&subject)).await?;
        let size = file.len() as u64;
        let chunks = Chunks::send(file, permit, &self.0.limits, move |offset, chunk| {
            let size = if offset == 0 { size } else { 0 };
            proto::GetDocketResponse { size, chunk: chunk.to_vec() }
        });
        Ok(Response::new(chunks))
    }

    async fn get_standing(
        &self,
        request: Request<proto::GetStandingRequest>,
    ) -> Result<Response<proto::GetStandingResponse>, Status> {
        let proto::GetStandingRequest { subject, on, known_at } = request.into_inner();
        let subject: Subject = convert::name("subject", &subject)?;
        let on = convert::on(on)?;
        let permit = self.0.docket_permit()?;
        let read = move |registry: &Registry| {
            if let Some(on) = on {
                return Ok((registry.standing(&subject, on, known_at)?, subject));
            }
            // "Now" is the latest moment that is known: that of the seal. What comes after it is not yet known.
            let seal = match known_at {
                Some(seal) => seal,
                None => registry.checkpoint()?.checkpoint().size.saturating_sub(1),
            };
            let on = On::Instant(registry.entry(seal)?.time_ms);
            Ok((registry.standing(&subject, on, Some(seal))?, subject))
        };
        let ((standing, subject), _permit) = self.0.fold(permit, read).await?;
        Ok(Response::new(proto::GetStandingResponse {
            known_at_index: standing.known_at.index,
            known_at_ms: standing.known_at.time_ms,
            standing: Some(convert::standing(&subject, &standing)),
        }))
    }
}
