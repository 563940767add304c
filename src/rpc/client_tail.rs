//! Following a log: the verifying client recomputes the tree over what it is sent.
//!
//! A run of entries is handed out only when the tree over it and everything before it was proved to be the beginning of a
//! checkpoint that the log signed, and that is of one history with what this client has seen (V1, V2).

use std::time::{SystemTime, UNIX_EPOCH};

use tonic::Streaming;

use crate::crypto::{KeyLine, SigningKey};
use crate::evidence::witness::Pass;
use crate::merkle::{Edge, Hash, PATH_LEN_MAX, leaf_hash};
use crate::registry::{RUN_ENTRIES_MAX, RUN_LEN_MAX};
use crate::rpc::answer::EntryRef;
use crate::rpc::check::{self, VerifiedCheckpoint};
use crate::rpc::client::{ATTEMPT_PAUSE, ATTEMPTS_MAX, VerifyingClient};
use crate::rpc::client_error::{CheckError, ClientError, is_broken_connection};
use crate::rpc::limits::TAIL_MESSAGE_LEN_MAX;
use crate::rpc::proto;
use crate::rpc::seen::SeenCheckpoints;
use crate::statement::STATEMENT_LEN_MAX;

/// Entries in a row, proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRun {
    statements: Vec<Vec<u8>>,
    edge: Edge,
    checkpoint: VerifiedCheckpoint,
}

impl VerifiedRun {
    /// Index of the first entry.
    pub fn start(&self) -> u64 {
        self.edge.size() - self.statements.len() as u64
    }

    /// The exact bytes of the entries, in order; none in the first run of a stream that begins at the end of the log.
    pub fn statements(&self) -> &[Vec<u8>] {
        &self.statements
    }

    /// The right edge of the tree that ends with the last entry. A later [`VerifyingClient::tail`] goes on from it.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The checkpoint whose tree begins with that tree.
    pub fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }
}

/// Where a reader of the log stands. It outlives its stream: [`VerifyingClient::next_run`] opens another one.
#[derive(Debug)]
pub struct Tail {
    edge: Edge,
    until: Option<u64>,
    /// Who asks for what is only offered.
    witness: Option<Box<(KeyLine, SigningKey)>>,
    stream: Option<Streaming<proto::TailStatementsResponse>>,
    checkpoint: Option<VerifiedCheckpoint>,
    is_over: bool,
}

/// A run as it came.
struct ToldRun {
    head: proto::TailRun,
    statements: Vec<Vec<u8>>,
}

impl<S: SeenCheckpoints> VerifyingClient<S> {
    /// The right edge of the tree of the first `size` entries, proved to be the beginning of the newest checkpoint: for who
    /// wants to follow the log from there without reading what came before.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the code `OutOfRange` beyond the log.
    pub async fn edge_at(&mut self, size: u64) -> Result<Edge, ClientError> {
        let Some(last) = size.checked_sub(1) else { return Ok(Edge::new()) };
        let entry = self.told_statement(EntryRef::Index(last)).await?;
        let request = proto::GetInclusionProofRequest { index: last, size: Some(size) };
        let inclusion = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_inclusion_proof(request).await })
            .await?;
        let inclusion = check::path(&inclusion.path, PATH_LEN_MAX)?;
        let checkpoint = self.checkpoint().await?;
        let path = match checkpoint.size() == size {
            true => Vec::new(),
            false => self.consistency_path(size, checkpoint.size()).await?,
        };
        Ok(check::edge(size, &leaf_hash(&entry.statement), &inclusion, &checkpoint, &path)?)
    }

    /// Prepares to read the log from the end of `edge` (an empty edge: from the beginning) to the entry before `until`, or
    /// without an end. Nothing is asked yet.
    pub fn tail(&self, edge: Edge, until: Option<u64>) -> Tail {
        Tail { edge, until, witness: None, stream: None, checkpoint: None, is_over: false }
    }

    /// As [`Self::tail`] without an end, of the heads that the log offers to its witnesses, for the witness of `name` and `key`: a
    /// checkpoint then may have no cosignature, and is not held against the one that was seen last. Each run extends the one
    /// before. A log of which this is no witness refuses with the reason [`NOT_A_WITNESS`](crate::rpc::NOT_A_WITNESS).
    pub fn tail_of_offered(&self, edge: Edge, name: KeyLine, key: SigningKey) -> Tail {
        Tail { witness: Some(Box::new((name, key))), ..self.tail(edge, None) }
    }

    /// The next run of entries, verified; `None` when `until` is reached. Without an `until` it waits for new entries; it may
    /// be dropped meanwhile, the tail then goes on where the last run ended.
    ///
    /// # Errors
    /// [`CheckError::Inclusion`] if the entries are not those of the checkpoint, [`ClientError::Equivocation`] if the log has
    /// forked, [`ClientError::Network`] if there is an `until` and the next run does not come in time. The tail stays where it
    /// was.
    pub async fn next_run(&mut self, tail: &mut Tail) -> Result<Option<VerifiedRun>, ClientError> {
        if tail.is_over {
            return Ok(None);
        }
        let (told, stream) = self.told_run(tail).await?;
        let path = check::path(&told.head.path, PATH_LEN_MAX)?;
        let checkpoint = match tail.checkpoint.take() {
            Some(last) if last.note() == told.head.note => last,
            // What is not published has no proof of consistency with anything: the edge is the memory.
            _ if tail.witness.is_some() => check::checkpoint(&told.head.note, self.log())?,
            _ => self.place(&told.head.note).await?,
        };
        let edge = check::run(tail.edge.clone(), &told.statements, &checkpoint, &path)?;
        // The stream is kept only now: what failed a check is not read further.
        tail.stream = Some(stream);
        tail.is_over = tail.until == Some(edge.size());
        tail.edge = edge.clone();
        tail.checkpoint = Some(checkpoint.clone());
        Ok(Some(VerifiedRun { statements: told.statements, edge, checkpoint }))
    }

    /// Reads a run, from another stream if this one has ended or broken off.
    async fn told_run(
        &self,
        tail: &mut Tail,
    ) -> Result<(ToldRun, Streaming<proto::TailStatementsResponse>), ClientError> {
        for _ in 0..ATTEMPTS_MAX {
            let (mut stream, is_first) = match tail.stream.take() {
                Some(stream) => (stream, false),
                None => (self.open_tail(tail).await?, true),
            };
            let head = match tail.until {
                // Everything up to `until` is there already: who asked for it does not wait for ever.
                Some(_) => self.within(self.answer_time_max(), stream.message()).await?,
                // Waits as long as it takes: a server that is gone shows by its pings.
                None => stream.message().await,
            };
            match head {
                Ok(Some(head)) => match self.read_run(tail, head, is_first, &mut stream).await {
                    Err(error) if error.is_cut() => {}
                    read => return Ok((read?, stream)),
                },
                Ok(None) => {}
                Err(status) if is_broken_connection(&status) => {}
                Err(status) => match self.error(status) {
                    error if error.is_cut() => {}
                    error => return Err(error),
                },
            }
            tokio::time::sleep(ATTEMPT_PAUSE).await;
        }
        Err(self.trouble("the stream of entries ends again and again before the next run"))
    }

    // A new one for each stream: it is good for some minutes.
    fn pass(&self, name: &KeyLine, key: &SigningKey) -> Result<proto::WitnessPass, ClientError> {
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| self.trouble("the clock stands before 1970"))?;
        let Pass { witness, time_s, signature } = Pass::sign(self.log().name(), name, key, now.as_secs());
        Ok(proto::WitnessPass { witness, time: time_s, signature: signature.to_vec() })
    }

    async fn open_tail(&self, tail: &Tail) -> Result<Streaming<proto::TailStatementsResponse>, ClientError> {
        let offered = tail.witness.as_deref().map(|(name, key)| self.pass(name, key)).transpose()?;
        let request = proto::TailStatementsRequest { start: tail.edge.size(), until: tail.until, offered };
        let client = self.log_reader().max_decoding_message_size(TAIL_MESSAGE_LEN_MAX);
        self.call(client, request, |mut to, request| async move { to.tail_statements(request).await }).await
    }

    // V3: every length is checked before anything is kept.
    async fn read_run(
        &self,
        tail: &Tail,
        first: proto::TailStatementsResponse,
        is_first: bool,
        stream: &mut Streaming<proto::TailStatementsResponse>,
    ) -> Result<ToldRun, ClientError> {
        let field = |field, problem| ClientError::from(CheckError::Field { field, problem });
        let head = first.run.ok_or_else(|| field("run", "is missing before the statements"))?;
        let start = tail.edge.size();
        let count = head.end.checked_sub(start).filter(|_| head.start == start);
        let count = count.ok_or_else(|| field("run", "does not begin where the one before ended"))?;
        if count > RUN_ENTRIES_MAX || tail.until.is_some_and(|until| head.end > until) {
            return Err(field("end", "goes beyond what may come"));
        }
        // Otherwise a server could answer for ever without a word.
        if count == 0 && (!is_first || tail.until.is_some_and(|until| until > start)) {
            return Err(field("end", "does not go beyond the start, and more was asked for"));
        }
        let (mut statements, mut len) = (Vec::new(), 0);
        while (statements.len() as u64) < count {
            let message = self.next(stream).await?;
            let message = message.ok_or_else(|| self.trouble("the stream of entries ends within a run"))?;
            if message.run.is_some() || message.statements.is_empty() {
                return Err(field("statements", "are fewer than the run says"));
            }
            if message.index != start + statements.len() as u64 {
                return Err(field("index", "is not that of the next entry"));
            }
            len += message.statements.iter().map(Vec::len).sum::<usize>();
            if len > RUN_LEN_MAX || message.statements.iter().any(|statement| statement.len() > STATEMENT_LEN_MAX) {
                return Err(CheckError::TooLong { what: "run of entries", max: RUN_LEN_MAX }.into());
            }
            statements.extend(message.statements);
        }
        if statements.len() as u64 > count {
            return Err(field("statements", "are more than the run says"));
        }
        Ok(ToldRun { head, statements })
    }

    pub(in crate::rpc) async fn consistency_path(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, ClientError> {
        let request = proto::GetConsistencyProofRequest { old_size, new_size: Some(new_size) };
        let answer = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_consistency_proof(request).await })
            .await?;
        Ok(check::path(&answer.path, PATH_LEN_MAX)?)
    }
}
