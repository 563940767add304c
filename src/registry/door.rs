//! The door: what is checked of a submission before it waits for the sequencer, on the caller's own thread.

use std::sync::Arc;

use crate::agreement::{Act, Refusal, Rule};
use crate::crypto::Digest;
use crate::evidence::{Receipt, ReceiptClaims};
use crate::log::{LogReader, SubmitError};
use crate::registry::desk::{Submission, View};
use crate::registry::stored::registration_of;
use crate::registry::{PublishError, ReadError, Registry, State};
use crate::statement::{GENESIS_KIND, Statement, StatementId, Subject, check_texts};

/// How long a caller should wait when the pool is full.
const RETRY_AFTER_MS: u64 = 250;

/// A published statement: durable, sealed, in a signed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its id.
    pub id: StatementId,
    /// Its index.
    pub index: u64,
    /// Size of a checkpoint that holds it.
    pub size: u64,
    /// Its registration time, unix milliseconds.
    pub time_ms: u64,
    /// The receipt for it in the tree of `size`.
    pub receipt: Vec<u8>,
    /// Whether this call entered it; `false` if the same bytes stood in the log already.
    pub is_new: bool,
}

/// A submission that passed the door and may go to the log.
pub struct Examined(Found);

enum Found {
    /// The same bytes stand in the log already.
    Stands(Box<Published>),
    /// They are new.
    New(StatementId, Box<Submission>),
}

/// What publishing would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// The id it would have.
    pub id: StatementId,
    /// The dockets it would stand in.
    pub touches: Vec<Subject>,
    /// Where the same bytes stand already, if they do.
    pub index: Option<u64>,
}

impl Registry {
    /// Publishes a submission (≤ 65,536 bytes). Answers only when the statement is durable, sealed and in a signed
    /// tree. The same bytes sent again get the same index.
    ///
    /// # Errors
    /// [`PublishError`]: nothing was written, except for `ShuttingDown`.
    pub async fn publish(&self, submission: &[u8]) -> Result<Published, PublishError> {
        self.enter(self.examine(submission)?).await
    }

    /// The first half of [`Self::publish`]: what is checked on the caller's thread.
    ///
    /// # Errors
    /// [`PublishError`]: nothing was written.
    pub fn examine(&self, submission: &[u8]) -> Result<Examined, PublishError> {
        if let State::ReadOnly { reason, .. } = &self.0.state {
            return Err(PublishError::ReadOnly { reason: reason.clone() });
        }
        let published = self.published();
        let statement = self.read_submission(submission)?;
        let id = *statement.id();
        if let Some(index) = self.index_in(&published.reader, &id)? {
            if published.checkpoint.is_none() {
                return Err(PublishError::Unwitnessed);
            }
            return self
                .answer(&published.reader, id, index, false)
                .map(|stood| Examined(Found::Stands(Box::new(stood))));
        }
        Ok(Examined(Found::New(id, Box::new(self.check(statement)?))))
    }

    /// The second half of [`Self::publish`]. The statement waits in line as soon as this is called: statements of one
    /// caller enter in the order of its calls.
    ///
    /// # Errors
    /// [`PublishError`]: nothing was written, except for `ShuttingDown`.
    pub fn enter(
        &self,
        examined: Examined,
    ) -> impl Future<Output = Result<Published, PublishError>> + Send + 'static + use<> {
        let registry = self.clone();
        let waiting = match (examined.0, &self.0.state) {
            (Found::Stands(stood), _) => Err(Ok(*stood)),
            (Found::New(id, submission), State::Running(log)) => Ok((id, log.submit(*submission))),
            (_, State::ReadOnly { reason, .. }) => Err(Err(PublishError::ReadOnly { reason: reason.clone() })),
        };
        async move {
            let (id, placed) = match waiting {
                Ok((id, placed)) => (id, placed.await),
                Err(known) => return known,
            };
            match placed {
                // A head that was overtaken while its answer waited for a thread may have expired; the newest holds it too.
                Ok(placed) => registry
                    .answer(&placed.published.reader, id, placed.index, placed.is_new)
                    .or_else(|_| registry.answer(&registry.published().reader, id, placed.index, placed.is_new)),
                Err(SubmitError::Refused(error)) => Err(error),
                Err(SubmitError::Busy) => Err(PublishError::Busy { retry_after_ms: RETRY_AFTER_MS }),
                Err(SubmitError::NoSpace) => Err(PublishError::NoSpace),
                Err(SubmitError::ClockBehind) => Err(PublishError::ClockBehind),
                Err(SubmitError::Unwitnessed) => Err(PublishError::Unwitnessed),
                // A closed log answers a submission by its refusal; only rows beside the entries are told so.
                Err(SubmitError::Stopped | SubmitError::Closed) => Err(PublishError::ShuttingDown),
            }
        }
    }

    /// Decides about a submission as the newest head stands, and writes nothing.
    ///
    /// # Errors
    /// [`PublishError`], as publishing would answer now.
    pub fn dry_run(&self, submission: &[u8]) -> Result<DryRun, PublishError> {
        let statement = self.read_submission(submission)?;
        let published = self.published();
        let id = *statement.id();
        let index = self.index_in(&published.reader, &id)?;
        if let Some(stood) = index {
            let touches = View::touches_at(&published.reader, stood)?;
            return Ok(DryRun { id, touches: touches.into_iter().collect(), index });
        }
        let submission = self.check(statement)?;
        let touches = published.view.try_admit(&published.reader, &submission, self.0.clock.now_ms())?;
        self.0.keys.check_free(&submission.act.statement).map_err(PublishError::Refused)?;
        Ok(DryRun { id, touches: touches.into_iter().collect(), index: None })
    }

    /// Form, origin, place and texts.
    fn read_submission(&self, submission: &[u8]) -> Result<Statement, PublishError> {
        let malformed = |rule, message: String| PublishError::Malformed { rule, message };
        let statement = Statement::parse_submission(submission)
            .map_err(|error| malformed("statement_malformed", format!("not a statement: {error}")))?;
        check_texts(submission).map_err(|error| malformed("text_not_admitted", error.to_string()))?;
        let refuse = |rule, message: String, accepted: &str| {
            Err(PublishError::Refused(Refusal { rule, message, accepted: accepted.into() }))
        };
        if statement.origin() != self.origin() {
            let message =
                format!("the statement is meant for {}, this registry is {}", statement.origin(), self.origin());
            return refuse(Rule::OtherOrigin, message, "sign it again with this registry's origin as audience");
        }
        if statement.is_seal() {
            let message = "a seal was submitted: only the registry itself issues seals".to_owned();
            return refuse(Rule::SealSubmitted, message, "statements of parties and of the registrar");
        }
        if statement.kind().as_str() == GENESIS_KIND {
            let message = "a genesis is entry 0 of a log and nothing else".to_owned();
            return refuse(Rule::GenesisMisplaced, message, "statements of parties and of the registrar");
        }
        Ok(statement)
    }

    /// Body and signature, on the caller's thread: the sequencer never checks a signature.
    fn check(&self, statement: Statement) -> Result<Submission, PublishError> {
        let key = self.0.keys.get(statement.kid()).ok_or_else(|| {
            PublishError::Refused(Refusal {
                rule: Rule::SignerLacksAuthority,
                message: format!("the signing key {} belongs to no party of this registry", statement.kid()),
                accepted: "a key that the registrar enrolled for the issuer, or that the issuer granted since".into(),
            })
        })?;
        statement.check_signature_of_kid(&key).map_err(|_| {
            PublishError::Refused(Refusal {
                rule: Rule::SignatureInvalid,
                message: format!("the signature does not verify under the key {}", statement.kid()),
                accepted: "the same statement, signed again".into(),
            })
        })?;
        let act = Act::read(0, 0, Arc::new(statement)).map_err(|error| PublishError::Malformed {
            rule: Rule::BodyMalformed.as_str(),
            message: error.to_string(),
        })?;
        Ok(Submission { act })
    }

    fn index_in(&self, reader: &LogReader, id: &Digest) -> Result<Option<u64>, PublishError> {
        Ok(reader.index_of(&id.0).map_err(ReadError::from)?)
    }

    fn answer(&self, reader: &LogReader, id: StatementId, index: u64, is_new: bool) -> Result<Published, PublishError> {
        let size = reader.head().size();
        let receipt = self.receipt_in(reader, index, size)?;
        let (_, time_ms) = registration_of(reader, index)?;
        Ok(Published { id, index, size, time_ms, receipt, is_new })
    }

    pub(in crate::registry) fn receipt_in(
        &self,
        reader: &LogReader,
        index: u64,
        size: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let not_a_size =
            || ReadError::OutOfRange { what: format!("no checkpoint ends at size {size}"), size: reader.head().size() };
        let seal_index = size.checked_sub(1).ok_or_else(not_a_size)?;
        reader.seal_time(seal_index)?.filter(|_| size <= reader.head().size()).ok_or_else(not_a_size)?;
        let (_, time_ms) = registration_of(reader, seal_index)?;
        let not_there = || ReadError::NotFound { what: format!("entry {index} in the tree of size {size}") };
        let entry = reader.entry(index)?.filter(|_| index < size).ok_or_else(not_there)?;
        let statement = Statement::parse(&entry.bytes).map_err(|error| ReadError::Damaged(error.to_string()))?;
        let claims = ReceiptClaims {
            origin: self.origin().clone(),
            subject: statement.subject().clone(),
            iat: time_ms / 1_000,
            size,
            index,
        };
        let path = reader.inclusion(index, size)?;
        Ok(Receipt::build(&self.0.signer.key, &claims, &path, &reader.root_at(size)?))
    }
}
