//! What the verifying client asks when a question is about many subjects: lists, the statements that a verified list names,
//! and search.

use crate::rpc::answer::{AgreementsFilter, EntryRef, Unverified};
use crate::rpc::check;
use crate::rpc::client::VerifyingClient;
use crate::rpc::client_error::ClientError;
use crate::rpc::proto;
use crate::rpc::seen::SeenCheckpoints;
use crate::statement::{Statement, StatementId};

impl<S: SeenCheckpoints> VerifyingClient<S> {
    /// A page of parties; pass the `next_page_token` of the page before.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for a token that is none.
    pub async fn parties(
        &self,
        page_size: u32,
        page_token: &str,
    ) -> Result<Unverified<proto::ListPartiesResponse>, ClientError> {
        let request = proto::ListPartiesRequest { page_size, page_token: page_token.to_owned() };
        let answer = self
            .call(self.directory(), request, |mut to, request| async move { to.list_parties(request).await })
            .await?;
        Ok(Unverified::new(answer))
    }

    /// A page of agreements; pass the `next_page_token` of the page before, with the same filter.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for a token that is none.
    pub async fn agreements(
        &self,
        filter: &AgreementsFilter,
        page_size: u32,
        page_token: &str,
    ) -> Result<Unverified<proto::ListAgreementsResponse>, ClientError> {
        let request = proto::ListAgreementsRequest {
            vendor: filter.vendor.as_ref().map(ToString::to_string).unwrap_or_default(),
            government: filter.government.as_ref().map(ToString::to_string).unwrap_or_default(),
            page_size,
            page_token: page_token.to_owned(),
        };
        let answer = self
            .call(self.directory(), request, |mut to, request| async move { to.list_agreements(request).await })
            .await?;
        Ok(Unverified::new(answer))
    }

    /// The statement that a verified list names at `index`: its bytes hash to `id`, so nothing else about it is told.
    ///
    /// # Errors
    /// [`CheckError::Statement`](crate::rpc::CheckError::Statement) if another one came.
    pub async fn listed(&self, index: u64, id: &StatementId) -> Result<Statement, ClientError> {
        let answer = self.told_statement(EntryRef::Index(index)).await?;
        Ok(check::listed(&answer.statement, id)?)
    }

    /// A page of a search.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for words, a kind or a token that are none.
    pub async fn search(
        &self,
        request: proto::SearchRequest,
    ) -> Result<Unverified<proto::SearchResponse>, ClientError> {
        let answer =
            self.call(self.directory(), request, |mut to, request| async move { to.search(request).await }).await?;
        Ok(Unverified::new(answer))
    }
}
