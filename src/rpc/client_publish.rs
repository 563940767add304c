//! Publishing, one statement or many: what comes back is believed only with a receipt for exactly that statement (V1).

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Streaming};

use crate::rpc::answer::{Published, PublishedTold, Unverified};
use crate::rpc::check;
use crate::rpc::client::{ATTEMPT_PAUSE, ATTEMPTS_MAX, VerifyingClient};
use crate::rpc::client_error::{CheckError, ClientError, ServerRefusal};
use crate::rpc::proto::{self, publish_many_response::Outcome};
use crate::rpc::seen::SeenCheckpoints;
use crate::statement::Statement;

/// Statements that wait to be sent: the server's window, not this, decides how many are at work.
const SEND_AHEAD: usize = 16;

impl<S: SeenCheckpoints> VerifyingClient<S> {
    /// Publishes a statement and verifies the receipt for exactly it.
    ///
    /// The receipt proves a tree that the log signed; that this tree extends what was seen before is proved by the next
    /// [`Self::checkpoint`].
    ///
    /// # Errors
    /// [`ClientError::Refused`] names the rule; after [`ClientError::Network`] publish the same statement again.
    pub async fn publish(&self, statement: &Statement) -> Result<Published, ClientError> {
        let request = proto::PublishRequest { statement: statement.bytes().to_vec() };
        let answer =
            self.call(self.registry(), request, |mut to, request| async move { to.publish(request).await }).await?;
        self.check_published(&answer, statement)
    }

    /// Publishes many statements over one stream, and tells `each` the place and the outcome of every one, in order, as the
    /// answers come: with a receipt that was verified for exactly it, or with the registry's refusal.
    ///
    /// A stream that breaks off is begun again from the first statement without an answer.
    ///
    /// # Errors
    /// What ends the whole: the network, or an answer that fails a check. Statements without an outcome may be registered or
    /// not; publish the same ones again.
    pub async fn publish_many(
        &self,
        statements: &[Statement],
        mut each: impl FnMut(usize, Result<Published, ServerRefusal>),
    ) -> Result<(), ClientError> {
        let (mut answered, mut attempts) = (0, 0);
        while answered < statements.len() {
            let before = answered;
            let ended = self.publish_from(statements, &mut answered, &mut each).await;
            attempts = if answered > before { 1 } else { attempts + 1 };
            match ended {
                Err(error) if !error.is_cut() || attempts >= ATTEMPTS_MAX => return Err(error),
                Ok(()) | Err(_) => tokio::time::sleep(ATTEMPT_PAUSE).await,
            }
        }
        Ok(())
    }

    /// One stream: sends from `answered` on, and counts the answers.
    async fn publish_from(
        &self,
        statements: &[Statement],
        answered: &mut usize,
        each: &mut impl FnMut(usize, Result<Published, ServerRefusal>),
    ) -> Result<(), ClientError> {
        let (sender, waiting) = mpsc::channel(SEND_AHEAD);
        let first = *answered;
        let send = async move {
            for (number, statement) in statements.iter().enumerate().skip(first) {
                let request =
                    proto::PublishManyRequest { number: number as u64, statement: statement.bytes().to_vec() };
                if sender.send(request).await.is_err() {
                    break;
                }
            }
            // The end of what is sent is told by the end of the sender; the end of the call by its answers.
            drop(sender);
            std::future::pending::<()>().await
        };
        let read = async {
            let request = Request::new(ReceiverStream::new(waiting));
            let mut answers = self.registry().publish_many(request).await.map_err(|e| self.error(e))?.into_inner();
            while *answered < statements.len() {
                let outcome = self.next_outcome(&mut answers, *answered, &statements[*answered]).await?;
                each(*answered, outcome);
                *answered += 1;
            }
            Ok(())
        };
        tokio::select! {
            read = read => read,
            () = send => Ok(()),
        }
    }

    async fn next_outcome(
        &self,
        answers: &mut Streaming<proto::PublishManyResponse>,
        place: usize,
        statement: &Statement,
    ) -> Result<Result<Published, ServerRefusal>, ClientError> {
        let answer = self.next(answers).await?;
        let answer = answer.ok_or_else(|| self.trouble("the stream ends before every statement is answered"))?;
        if answer.number != place as u64 {
            return Err(CheckError::Field { field: "number", problem: "is not that of the next statement" }.into());
        }
        match answer.outcome {
            Some(Outcome::Published(answer)) => self.check_published(&answer, statement).map(Ok),
            Some(Outcome::Refused(refused)) => Ok(Err(ServerRefusal {
                code: Code::from(refused.code),
                reason: refused.reason,
                message: refused.message,
                next_step: refused.next_step,
                retry_after: (refused.retry_after_ms > 0).then(|| Duration::from_millis(refused.retry_after_ms)),
            })),
            None => Err(CheckError::Field { field: "outcome", problem: "is missing" }.into()),
        }
    }

    fn check_published(
        &self,
        answer: &proto::PublishResponse,
        statement: &Statement,
    ) -> Result<Published, ClientError> {
        let receipt = check::receipt(&answer.receipt, statement, self.log())?;
        check_equal("index", answer.index, receipt.proved().index)?;
        check_equal("size", answer.size, receipt.proved().size)?;
        let told = Unverified::new(PublishedTold { time_ms: answer.time_ms, is_new: answer.is_new });
        Ok(Published { receipt, told })
    }
}

fn check_equal(field: &'static str, told: u64, proved: u64) -> Result<(), CheckError> {
    if told == proved { Ok(()) } else { Err(CheckError::Field { field, problem: "differs from the receipt" }) }
}
