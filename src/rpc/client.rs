//! The verifying client.
//!
//! V1 Nothing of a server's answer is returned before `evidence` or `merkle` has checked it, except inside [`Unverified`].
//! V2 A checkpoint is returned only after it was proved to extend the last one seen, and only then is it remembered.
//! V3 Whatever a server streams is bounded by the format's own limits before it is kept.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::agreement::On;
use crate::crypto::{Digest, KeyLine, sha256};
use crate::merkle::{PATH_LEN_MAX, leaf_hash};
use crate::rpc::answer::{Connection, DryRun, EntryRef, LogInfo, Text, Unverified};
use crate::rpc::check::{self, VerifiedCheckpoint, VerifiedReceipt, VerifiedStatement};
use crate::rpc::client_error::{CheckError, ClientError, is_broken_connection};
use crate::rpc::proto::{
    self, directory_client::DirectoryClient, dockets_client::DocketsClient, log_client::LogClient,
    registry_client::RegistryClient,
};
use crate::rpc::seen::SeenCheckpoints;
use crate::statement::{Statement, StatementId, Subject};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a server is pinged whose stream is quiet: who follows a log waits long for a word.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long its answer may take.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take; longer than the server's own limit, so that the server's words arrive.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a text may take to go out.
const DEPOSIT_TIMEOUT: Duration = Duration::from_secs(150);
/// How often a call is made whose connection goes away under it.
pub(in crate::rpc) const ATTEMPTS_MAX: usize = 3;
/// Pause before the next attempt: the transport notices by then that its connection is gone.
pub(in crate::rpc) const ATTEMPT_PAUSE: Duration = Duration::from_millis(20);
/// Longest docket file, in bytes (docs/formats.md §0).
const DOCKET_LEN_MAX: usize = 64 * 1024 * 1024;
/// Longest text, in bytes.
const TEXT_LEN_MAX: usize = 16 * 1024 * 1024;
/// Longest chunk sent, in bytes: with its frame it stays below the server's 64 KiB.
const CHUNK_LEN: usize = 60 * 1024;

/// A client of one log, pinned by its key.
#[derive(Debug)]
pub struct VerifyingClient<S> {
    url: String,
    channel: Channel,
    log: KeyLine,
    seen: S,
    answer_time_max: Duration,
}

impl<S: SeenCheckpoints> VerifyingClient<S> {
    /// Connects to the registry whose log has the key `log` (of a trust policy), with a memory of what was seen before.
    ///
    /// # Errors
    /// [`ClientError::Address`] for a URL or certificate that cannot be used, [`ClientError::Network`] if nobody answers.
    pub async fn connect(connection: &Connection, log: KeyLine, seen: S) -> Result<Self, ClientError> {
        let url = connection.url.clone();
        let address = |error: tonic::transport::Error| ClientError::Address {
            url: connection.url.clone(),
            reason: with_causes(&error),
        };
        let mut endpoint = Endpoint::from_shared(url.clone())
            .map_err(address)?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .user_agent(concat!("nospy/", env!("CARGO_PKG_VERSION")))
            .map_err(address)?;
        if let Some(pem) = &connection.ca_pem {
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).map_err(address)?;
        }
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| ClientError::Network { url: url.clone(), reason: with_causes(&error) })?;
        Ok(Self { url, channel, log, seen, answer_time_max: ANSWER_TIMEOUT })
    }

    /// The same client, which waits so long for an answer; 30 s at first.
    #[must_use]
    pub fn with_answer_time_max(self, answer_time_max: Duration) -> Self {
        Self { answer_time_max, ..self }
    }

    /// Gives the memory back.
    pub fn into_seen(self) -> S {
        self.seen
    }

    /// Asks whether a statement would be accepted now.
    ///
    /// # Errors
    /// [`ClientError::Refused`] names the rule that would refuse it.
    pub async fn dry_run(&self, statement: &Statement) -> Result<Unverified<DryRun>, ClientError> {
        let request = proto::DryRunRequest { statement: statement.bytes().to_vec() };
        let answer =
            self.call(self.registry(), request, |mut to, request| async move { to.dry_run(request).await }).await?;
        if answer.id != statement.id().0 {
            return Err(CheckError::Field { field: "id", problem: "is not that of the statement" }.into());
        }
        Ok(Unverified::new(DryRun { touches: answer.touches }))
    }

    /// What the log says about itself.
    ///
    /// # Errors
    /// Network trouble only.
    pub async fn log_info(&self) -> Result<Unverified<LogInfo>, ClientError> {
        let request = proto::GetLogInfoRequest {};
        let answer = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_log_info(request).await })
            .await?;
        Ok(Unverified::new(answer.into()))
    }

    /// The newest checkpoint, verified and proved to extend the last one seen.
    ///
    /// # Errors
    /// [`ClientError::Equivocation`] with what proves it to others if the log has forked, [`ClientError::NotExtended`] if it
    /// does not show that it has not.
    pub async fn checkpoint(&mut self) -> Result<VerifiedCheckpoint, ClientError> {
        let request = proto::GetCheckpointRequest {};
        let answer = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_checkpoint(request).await })
            .await?;
        let new = check::checkpoint(&answer.note, &self.log)?;
        if let Some(old) = self.last_seen()? {
            self.check_extends(&old, &new).await?;
        }
        // V2: remembered only once it is proved.
        self.seen.store(&self.log, new.note())?;
        Ok(new)
    }

    /// A checkpoint that came beside something else: proved to be of one history with the last one seen. It may be the
    /// older of the two, for it may have waited in a stream.
    pub(in crate::rpc) async fn place(&mut self, note: &[u8]) -> Result<VerifiedCheckpoint, ClientError> {
        let came = check::checkpoint(note, &self.log)?;
        match self.last_seen()? {
            Some(seen) if came.size() < seen.size() => match self.check_extends(&came, &seen).await {
                // A server that does not reach what was seen cannot prove it: a stale copy, or a log rolled back.
                Err(ClientError::NotExtended { refusal: Some(refusal), .. }) if refusal.code == Code::OutOfRange => {
                    return Err(self.older(&seen, &came));
                }
                checked => checked?,
            },
            Some(seen) => {
                self.check_extends(&seen, &came).await?;
                self.seen.store(&self.log, came.note())?;
            }
            None => self.seen.store(&self.log, came.note())?,
        }
        Ok(came)
    }

    fn last_seen(&self) -> Result<Option<VerifiedCheckpoint>, ClientError> {
        let Some(note) = self.seen.last(&self.log)? else { return Ok(None) };
        let stored = check::checkpoint(&note, &self.log);
        Ok(Some(stored.map_err(|error| CheckError::StoredCheckpoint(error.to_string()))?))
    }

    /// An entry, proved to be in the tree of the newest checkpoint.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the code `NotFound` or `OutOfRange` if there is none.
    pub async fn statement(&mut self, entry: EntryRef) -> Result<VerifiedStatement, ClientError> {
        let answer = self.told_statement(entry).await?;
        let statement =
            Statement::parse(&answer.statement).map_err(|error| CheckError::Statement(error.to_string()))?;
        let is_asked = match entry {
            EntryRef::Index(index) => index == answer.index,
            EntryRef::Id(id) => id == *statement.id(),
        };
        if !is_asked {
            return Err(CheckError::Statement("it is not the one asked for".to_owned()).into());
        }
        let checkpoint = self.checkpoint().await?;
        let request = proto::GetInclusionProofRequest { index: answer.index, size: Some(checkpoint.size()) };
        let proof = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_inclusion_proof(request).await })
            .await?;
        let path = check::path(&proof.path, PATH_LEN_MAX)?;
        Ok(check::inclusion(statement, answer.index, &path, checkpoint)?)
    }

    /// The statement that another one names by its id, proved to be in the tree of the newest checkpoint; `None` if the
    /// server says that it holds none, or if the bytes of this id are no statement.
    ///
    /// # Errors
    /// As [`Self::statement`]. Other bytes than those of this id are an answer that fails a check.
    pub async fn named(&mut self, id: &StatementId) -> Result<Option<VerifiedStatement>, ClientError> {
        let answer = match self.told_statement(EntryRef::Id(*id)).await {
            Err(ClientError::Refused(refusal)) if matches!(refusal.code, Code::NotFound | Code::OutOfRange) => {
                return Ok(None);
            }
            answer => answer?,
        };
        let is_asked = leaf_hash(&answer.statement) == id.0;
        match Statement::parse(&answer.statement) {
            // Nobody could make a statement of it: an entry's id is the hash of its bytes.
            Err(_) if is_asked => Ok(None),
            _ => self.statement(EntryRef::Id(*id)).await.map(Some),
        }
    }

    /// A statement as it came, for who checks it.
    pub(in crate::rpc) async fn told_statement(
        &self,
        entry: EntryRef,
    ) -> Result<proto::GetStatementResponse, ClientError> {
        use proto::get_statement_request::Entry;
        let asked = match entry {
            EntryRef::Index(index) => Entry::Index(index),
            EntryRef::Id(id) => Entry::Id(id.0.to_vec()),
        };
        let request = proto::GetStatementRequest { entry: Some(asked) };
        self.call(self.log_reader(), request, |mut to, request| async move { to.get_statement(request).await }).await
    }

    /// The receipt of a statement that is in the log, verified for exactly it.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the code `NotFound` if the log does not hold it.
    pub async fn receipt(&self, statement: &Statement) -> Result<VerifiedReceipt, ClientError> {
        let entry = proto::get_receipt_request::Entry::Id(statement.id().0.to_vec());
        let request = proto::GetReceiptRequest { entry: Some(entry), size: None };
        let answer = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_receipt(request).await })
            .await?;
        Ok(check::receipt(&answer.receipt, statement, &self.log)?)
    }

    /// The docket file of a subject as it came: give it to `evidence::verify`.
    ///
    /// # Errors
    /// [`CheckError::TooLong`] beyond 64 MiB.
    pub async fn docket_file(&self, subject: &Subject) -> Result<Unverified<Vec<u8>>, ClientError> {
        let request = proto::GetDocketRequest { subject: subject.to_string() };
        let mut stream =
            self.call(self.dockets(), request, |mut to, request| async move { to.get_docket(request).await }).await?;
        let mut file = Vec::new();
        let mut size = None;
        while let Some(piece) = self.next(&mut stream).await? {
            size.get_or_insert(piece.size);
            append(&mut file, &piece.chunk, DOCKET_LEN_MAX, "docket file")?;
        }
        check_whole(size, &file)?;
        Ok(Unverified::new(file))
    }

    /// Deposits a text that a logged statement names.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if nothing names it.
    pub async fn deposit_text(&self, text: &[u8]) -> Result<Digest, ClientError> {
        if text.len() > TEXT_LEN_MAX {
            return Err(CheckError::TooLong { what: "text", max: TEXT_LEN_MAX }.into());
        }
        let digest = sha256(&[text]);
        let mut pieces: Vec<proto::DepositTextRequest> = text
            .chunks(CHUNK_LEN)
            .map(|chunk| proto::DepositTextRequest { sha256: Vec::new(), size: 0, chunk: chunk.to_vec() })
            .collect();
        if let Some(first) = pieces.first_mut() {
            first.sha256 = digest.0.to_vec();
            first.size = text.len() as u64;
        }
        let mut request = Request::new(tokio_stream::iter(pieces));
        request.set_timeout(DEPOSIT_TIMEOUT);
        let mut registry = self.registry();
        self.within(DEPOSIT_TIMEOUT, registry.deposit_text(request)).await?.map_err(|e| self.error(e))?;
        Ok(digest)
    }

    /// Fetches a deposited text and checks its digest.
    ///
    /// # Errors
    /// [`CheckError::Digest`] if other bytes came.
    pub async fn fetch_text(&self, digest: &Digest) -> Result<Text, ClientError> {
        let request = proto::FetchTextRequest { sha256: digest.0.to_vec() };
        let mut stream =
            self.call(self.registry(), request, |mut to, request| async move { to.fetch_text(request).await }).await?;
        let mut bytes = Vec::new();
        let mut media_type = None;
        while let Some(piece) = self.next(&mut stream).await? {
            media_type.get_or_insert(piece.media_type);
            append(&mut bytes, &piece.chunk, TEXT_LEN_MAX, "text")?;
        }
        let computed = sha256(&[&bytes]);
        if computed != *digest {
            return Err(CheckError::Digest { expected: *digest, computed }.into());
        }
        Ok(Text { bytes, media_type: Unverified::new(media_type.unwrap_or_default()) })
    }

    /// The standing of a subject on a day or at an instant (`None`: the latest known), as known at a seal (`None`: the newest), as
    /// the server computes it. Who must know verifies [`Self::docket_file`] instead.
    ///
    /// # Errors
    /// [`ClientError::Refused`] for a subject that has no standing.
    pub async fn standing(
        &self,
        subject: &Subject,
        on: Option<On>,
        known_at: Option<u64>,
    ) -> Result<Unverified<proto::GetStandingResponse>, ClientError> {
        let on = on.map(|on| match on {
            On::Day(day) => proto::get_standing_request::On::Day(day.to_string()),
            On::Instant(ms) => proto::get_standing_request::On::InstantMs(ms),
        });
        let request = proto::GetStandingRequest { subject: subject.to_string(), on, known_at };
        let answer =
            self.call(self.dockets(), request, |mut to, request| async move { to.get_standing(request).await }).await?;
        Ok(Unverified::new(answer))
    }

    pub(in crate::rpc) fn registry(&self) -> RegistryClient<Channel> {
        RegistryClient::new(self.channel.clone())
    }

    pub(in crate::rpc) fn log_reader(&self) -> LogClient<Channel> {
        LogClient::new(self.channel.clone())
    }

    fn dockets(&self) -> DocketsClient<Channel> {
        DocketsClient::new(self.channel.clone())
    }

    pub(in crate::rpc) fn directory(&self) -> DirectoryClient<Channel> {
        DirectoryClient::new(self.channel.clone())
    }

    /// Calls, and again if the connection went away under the call: a server asks old connections to go, and a call
    /// that waits for its turn then is never sent. Every call of this service may be made twice.
    pub(in crate::rpc) async fn call<C: Clone, M: Clone, T, F: Future<Output = Result<Response<T>, Status>>>(
        &self,
        to: C,
        message: M,
        send: impl Fn(C, Request<M>) -> F,
    ) -> Result<T, ClientError> {
        let time_max = self.answer_time_max;
        let mut answer = self.within(time_max, send(to.clone(), timed(message.clone(), time_max))).await?;
        for _ in 1..ATTEMPTS_MAX {
            match &answer {
                Err(status) if is_broken_connection(status) => {
                    tokio::time::sleep(ATTEMPT_PAUSE).await;
                    answer = self.within(time_max, send(to.clone(), timed(message.clone(), time_max))).await?;
                }
                _ => break,
            }
        }
        answer.map(Response::into_inner).map_err(|status| self.error(status))
    }

    // The time limit of a request ends with the head of its answer; the body could keep us waiting for ever.
    pub(in crate::rpc) async fn within<T>(
        &self,
        time_max: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, ClientError> {
        let answer = tokio::time::timeout(time_max, answer).await;
        answer.map_err(|_| self.trouble(&format!("the answer does not come within {} s", time_max.as_secs_f32())))
    }

    pub(in crate::rpc) async fn next<T>(&self, stream: &mut Streaming<T>) -> Result<Option<T>, ClientError> {
        let message = tokio::time::timeout(self.answer_time_max, stream.message()).await;
        let message = message.map_err(|_| self.trouble("the next piece of the answer does not come"))?;
        message.map_err(|status| self.error(status))
    }

    pub(in crate::rpc) fn error(&self, status: Status) -> ClientError {
        ClientError::from_status(&self.url, status)
    }

    pub(in crate::rpc) fn answer_time_max(&self) -> Duration {
        self.answer_time_max
    }

    pub(in crate::rpc) fn log(&self) -> &KeyLine {
        &self.log
    }

    pub(in crate::rpc) fn trouble(&self, reason: &str) -> ClientError {
        ClientError::Network { url: self.url.clone(), reason: reason.to_owned() }
    }
}

fn timed<T>(message: T, time_max: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(time_max);
    request
}

// V3: refused before it is kept.
fn append(bytes: &mut Vec<u8>, chunk: &[u8], max: usize, what: &'static str) -> Result<(), CheckError> {
    if bytes.len() + chunk.len() > max {
        return Err(CheckError::TooLong { what, max });
    }
    bytes.extend_from_slice(chunk);
    Ok(())
}

// A stream that broke off is not a short file.
fn check_whole(size: Option<u64>, bytes: &[u8]) -> Result<(), CheckError> {
    let is_whole = size == Some(bytes.len() as u64);
    is_whole.then_some(()).ok_or(CheckError::Field { field: "size", problem: "differs from the bytes that came" })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
