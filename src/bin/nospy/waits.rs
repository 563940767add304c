//! Whether a statement that was just registered only waits: for other keys of its party, or for the other side.
//!
//! A receipt proves that a statement stands in the log, and not that anything follows from it. That is told by the docket
//! file of its subject, fetched after the receipt and verified here; where that cannot be had, it is said to be unknown.

use nospy::agreement::PendingLine;
use nospy::evidence::{
    DocketFile, EvidenceFile, Omission, Promise, Question, Receipt, Trust, Verification, Word, verify,
};
use nospy::rpc::VerifiedReceipt;
use nospy::statement::{Statement, StatementId};
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::online::Online;
use crate::{caught, view};

/// The kind that stands behind another statement.
const ENDORSE_KIND: &str = "endorse";

/// What a registered statement waits for.
pub enum Waits {
    /// Nothing: it counts, as far as its kind does anything.
    No,
    /// It is an endorsement, and what it endorses is complete.
    Completed(StatementId),
    /// Signatures. The line is that of the statement itself, or of the one that it endorses.
    For {
        /// Whether the line is of the statement that it endorses.
        is_endorsed: bool,
        /// What is missing.
        line: Box<PendingLine>,
    },
    /// It could not be found out.
    Unknown(String),
}

impl Waits {
    /// Asks the docket file of the statement's subject.
    ///
    /// # Errors
    /// [`crate::exit::Exit::Equivocation`] with the evidence in a file if the complete docket lacks the statement for which the log gave a
    /// receipt, or if the file is of another history. Anything else is [`Waits::Unknown`], for the
    /// statement is registered all the same.
    pub fn ask(
        statement: &Statement,
        receipt: &VerifiedReceipt,
        trust: &Trust,
        online: &mut Online,
    ) -> Result<Self, CliError> {
        let bytes = match online.ask(|client| client.docket_file(statement.subject())) {
            Ok(told) => told.into_the_servers_word(),
            Err(error) => return Ok(Self::Unknown(error.message().to_owned())),
        };
        if let Ok(file) = DocketFile::parse(&bytes) {
            online.demand_same_history(file.checkpoint.note().to_string().as_bytes())?;
        }
        demand_kept(statement, receipt, &bytes, online)?;
        let found = verify(&bytes, trust, &Question::default());
        if let Some(failed) = found.failed() {
            return Ok(Self::Unknown(format!("the check {} of the docket file fails", failed.name())));
        }
        Ok(Self::of(statement, receipt.proved().index, &found))
    }

    fn of(statement: &Statement, index: u64, found: &Verification) -> Self {
        let is_older = found.as_known_at.is_none_or(|known| known.size <= index);
        let (false, Some(standing)) = (is_older, &found.standing) else {
            return Self::Unknown("the docket file does not tell it".to_owned());
        };
        let endorsed = endorsed(statement);
        let about = endorsed.unwrap_or(*statement.id());
        let line = standing.pending.iter().find(|line| line.id == about);
        match (line, endorsed) {
            (Some(line), _) => Self::For { is_endorsed: endorsed.is_some(), line: Box::new(line.clone()) },
            (None, Some(id)) => Self::Completed(id),
            (None, None) => Self::No,
        }
    }

    /// In words, behind a receipt that holds.
    pub fn text(&self, is_new: bool) -> String {
        let how = if is_new { "Registered" } else { "It was registered before; this is the same entry" };
        match self {
            Self::No => format!("{how}."),
            Self::Completed(id) => format!("{how}. It stands behind {id}, which has every signature that it needs."),
            Self::For { is_endorsed: false, line } => {
                format!("{how}, and pending: {}. Until then it changes nothing.", view::wanted(line))
            }
            Self::For { is_endorsed: true, line } => {
                format!("{how}. The statement that it endorses is pending: {}.", view::wanted(line))
            }
            Self::Unknown(why) => format!("{how}. Whether it waits for more signatures is not known: {why}."),
        }
    }

    /// Adds it to what is said for programs: `waits` is `no`, `yes` or `unknown`.
    pub fn tell(&self, json: &mut Json) {
        let (waits, pending, why) = match self {
            Self::No | Self::Completed(_) => ("no", Json::Null, Json::Null),
            Self::For { line, .. } => ("yes", view::pending_json(line), Json::Null),
            Self::Unknown(why) => ("unknown", Json::Null, json!(why)),
        };
        json["waits"] = json!(waits);
        json["pending"] = pending;
        json["waits_unknown"] = why;
    }
}

/// That the complete docket of the statement's subject holds what the log gave a receipt for.
fn demand_kept(
    statement: &Statement,
    receipt: &VerifiedReceipt,
    bytes: &[u8],
    online: &Online,
) -> Result<(), CliError> {
    let (Ok(file), Ok(receipt)) = (DocketFile::parse(bytes), Receipt::parse(receipt.bytes())) else { return Ok(()) };
    // What an endorsement names stands in the same docket, or nothing can be said.
    let find = |id: &StatementId| {
        let found = file.statements.iter().find(|entry| entry.statement.id() == id);
        found.map(|entry| Statement::clone(&entry.statement))
    };
    let Ok(promise) = Promise::gather(statement.clone(), Word::Receipt(receipt), find) else { return Ok(()) };
    match Omission::find(&online.log, &promise, &file) {
        None => Ok(()),
        Some(omission) => {
            let words = format!(
                "the log gave a receipt for entry {}, and its complete docket lacks the statement",
                promise.index()
            );
            Err(caught::accuse(online.state(), &EvidenceFile::Omission(Box::new(omission)), words))
        }
    }
}

/// The statement that an endorsement names.
fn endorsed(statement: &Statement) -> Option<StatementId> {
    let named = statement.body().field("ref").filter(|_| statement.kind().as_str() == ENDORSE_KIND)?;
    named.bytes()?.try_into().ok().map(nospy::crypto::Digest)
}
