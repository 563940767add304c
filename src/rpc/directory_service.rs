//! `nospy.v1.Directory`: lists by page.

use tonic::{Request, Response, Status};

use crate::registry::{AgreementFilter, Registry, SEARCH_ENTRIES_MAX, SearchBounds, SearchWords};
use crate::rpc::convert;
use crate::rpc::proto::{self, directory_server};
use crate::rpc::service::Shared;
use crate::rpc::status::invalid_field;

#[derive(Clone)]
pub(crate) struct DirectoryService(pub Shared);

#[tonic::async_trait]
impl directory_server::Directory for DirectoryService {
    async fn list_parties(
        &self,
        request: Request<proto::ListPartiesRequest>,
    ) -> Result<Response<proto::ListPartiesResponse>, Status> {
        let proto::ListPartiesRequest { page_size, page_token } = request.into_inner();
        let page = convert::page(page_size, &page_token)?;
        let permit = self.0.docket_permit()?;
        let (page, _permit) = self.0.fold(permit, move |registry| registry.parties(page)).await?;
        Ok(Response::new(proto::ListPartiesResponse {
            next_page_token: convert::next_page_token(page.next),
            parties: page.rows.into_iter().map(convert::party_row).collect(),
        }))
    }

    async fn list_agreements(
        &self,
        request: Request<proto::ListAgreementsRequest>,
    ) -> Result<Response<proto::ListAgreementsResponse>, Status> {
        let proto::ListAgreementsRequest { vendor, government, page_size, page_token } = request.into_inner();
        let filter = AgreementFilter {
            vendor: convert::optional_name("vendor", &vendor)?,
            government: convert::optional_name("government", &government)?,
        };
        let page = convert::page(page_size, &page_token)?;
        let permit = self.0.docket_permit()?;
        let (page, _permit) = self.0.fold(permit, move |registry| registry.agreements(&filter, page)).await?;
        Ok(Response::new(proto::ListAgreementsResponse {
            next_page_token: convert::next_page_token(page.next),
            agreements: page.rows.iter().map(convert::agreement_row).collect(),
        }))
    }

    async fn search(&self, request: Request<proto::SearchRequest>) -> Result<Response<proto::SearchResponse>, Status> {
        let proto::SearchRequest { words, kind, page_size, page_token } = request.into_inner();
        let words = SearchWords::read(&words).map_err(|problem| invalid_field("words", problem))?;
        let family = convert::search_family(&kind)?;
        let bounds = SearchBounds { rows: convert::page_rows(page_size), entries: SEARCH_ENTRIES_MAX };
        let place = convert::search_place(&page_token)?;
        let permit = self.0.docket_permit()?;
        let read = move |registry: &Registry| registry.search(&words, family, place, bounds);
        let (page, _permit) = self.0.fold(permit, read).await?;
        Ok(Response::new(convert::search_page(page)))
    }
}
