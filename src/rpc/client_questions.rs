//! What the verifying client asks when a question is about many subjects: the statements that a verified list names, and
//! search.

use crate::rpc::answer::{EntryRef, Unverified};
use crate::rpc::check;
use crate::rpc::client::VerifyingClient;
use crate::rpc::client_error::ClientError;
use crate::rpc::proto;
use crate::rpc::seen::SeenCheckpoints;
use crate::statement::{Statement, StatementId};

impl<S: SeenCheckpoints> VerifyingClient<S> {
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
