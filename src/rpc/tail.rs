//! `TailStatements`: runs of entries, each proved, for who has the tree before them.
//!
//! The task of a stream holds one run, at most about 1 MiB, and a slot. It ends when the reader has what was asked for, is too
//! slow or gone, at the end of its time, and when the log stops.

use tokio::time::{Instant, sleep_until};
use tonic::Status;

use crate::net::Slot;
use crate::registry::{Growth, Heads, Run};
use crate::rpc::chunks::{Chunks, Feeder};
use crate::rpc::limits::{CHUNK_LEN, MESSAGE_STATEMENTS_MAX};
use crate::rpc::proto;
use crate::rpc::service::Shared;
use crate::rpc::status;

type Message = proto::TailStatementsResponse;

/// Starts a stream of the entries from `start`.
pub(crate) async fn start(
    shared: &Shared,
    slot: Slot,
    heads: Heads,
    start: u64,
    until: Option<u64>,
) -> Result<Chunks<Message>, Status> {
    let growth = shared.registry.growth(heads);
    // The first run is read before the answer begins: a start beyond the log is an error of the call.
    let (run, slot) = shared.fold(slot, move |registry| registry.run(heads, start, until)).await?;
    let ends_at = Instant::now() + shared.limits.tail_time_max;
    let tail = Tail { shared: shared.clone(), heads, until, ends_at, growth };
    Ok(Chunks::feed(&shared.limits, move |feeder| tail.send(feeder, run, slot)))
}

struct Tail {
    shared: Shared,
    heads: Heads,
    until: Option<u64>,
    ends_at: Instant,
    growth: Growth,
}

impl Tail {
    async fn send(mut self, feeder: Feeder<Message>, mut run: Run, mut slot: Slot) -> Result<(), Status> {
        loop {
            let (end, size) = (run.end(), run.size);
            for message in messages(run) {
                feeder.send(message).await?;
            }
            if self.until == Some(end) || Instant::now() >= self.ends_at {
                return Ok(());
            }
            if end == size {
                tokio::select! {
                    has_grown = self.growth.beyond(end) => if !has_grown {
                        return Err(status::log_stopped(&self.shared.registry.mode()));
                    },
                    () = feeder.closed() => return Ok(()),
                    () = sleep_until(self.ends_at) => return Ok(()),
                }
            }
            let (heads, until) = (self.heads, self.until);
            (run, slot) = self.shared.fold(slot, move |registry| registry.run(heads, end, until)).await?;
        }
    }
}

/// The head of a run, then its statements, packed.
fn messages(run: Run) -> Vec<Message> {
    let head = proto::TailRun {
        start: run.start,
        end: run.end(),
        note: run.note,
        path: run.path.iter().map(|hash| hash.to_vec()).collect(),
    };
    let mut messages = vec![Message { run: Some(head), ..Message::default() }];
    let (mut len, mut index) = (0, run.start);
    for statement in run.statements {
        match messages.last_mut() {
            Some(last)
                if last.run.is_none()
                    && last.statements.len() < MESSAGE_STATEMENTS_MAX
                    && len + statement.len() <= CHUNK_LEN =>
            {
                len += statement.len();
                last.statements.push(statement);
            }
            _ => {
                len = statement.len();
                messages.push(Message { run: None, index, statements: vec![statement] });
            }
        }
        index += 1;
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::limits::TAIL_MESSAGE_LEN_MAX;
    use crate::statement::STATEMENT_LEN_MAX;
    use prost::Message as _;

    #[test]
    fn messages_are_bounded_and_hold_every_statement_in_order() {
        let longest = vec![7; STATEMENT_LEN_MAX];
        let statements: Vec<Vec<u8>> =
            [vec![longest.clone(), longest.clone(), vec![1; 4_096]], vec![vec![2]; 600]].concat();
        let run = Run { start: 40, statements, size: 1_000, note: vec![b'n'; 65_536], path: vec![[0; 32]; 63] };
        let mut found = Vec::new();
        for message in messages(run.clone()) {
            assert!(message.encoded_len() <= TAIL_MESSAGE_LEN_MAX, "{}", message.encoded_len());
            assert!(message.statements.len() <= MESSAGE_STATEMENTS_MAX);
            assert!(message.statements.iter().map(Vec::len).sum::<usize>() <= CHUNK_LEN);
            assert!(message.run.is_some() || message.index == 40 + found.len() as u64);
            found.extend(message.statements);
        }
        assert_eq!(found, run.statements);
    }
}
