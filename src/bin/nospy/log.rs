//! `nospy log`: what the log signed, and that it still holds what it held.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use nospy::agreement::LogEnd;
use nospy::crypto::hex;
use nospy::evidence::{Question, SignedCheckpoint, Trust, verify};
use nospy::rpc::EntryRef;
use nospy::statement::Subject;
use serde_json::json;

use crate::config::Config;
use crate::describe;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::{closed, export, files, fsck, guard, seam};

/// What the log signed, and that it still holds what it held.
#[derive(Args)]
pub struct LogArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The newest checkpoint, proved to extend the last one that this machine saw.
    Checkpoint {
        /// Write the signed note here.
        #[arg(short, long = "out", value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        online: OnlineArgs,
    },
    /// A statement by index or id, proved to be in the log; its receipt can be kept.
    Proof {
        /// The index, or the id in 64 hex digits.
        entry: String,
        /// Write the statement here.
        #[arg(short, long = "out", value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write its receipt here.
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
        #[command(flatten)]
        online: OnlineArgs,
    },
    /// That the log still holds the tree of an older checkpoint: proves that the newest one extends it.
    Consistency {
        /// The older checkpoint, as a signed note.
        old: PathBuf,
        /// A second checkpoint that must belong to the same history.
        new: Option<PathBuf>,
        #[command(flatten)]
        online: OnlineArgs,
    },
    Seam(seam::SeamArgs),
    Export(export::ExportArgs),
    Fsck(fsck::FsckArgs),
    Guard(guard::GuardArgs),
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &LogArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match &args.what {
        What::Checkpoint { out, online } => checkpoint(out.as_ref(), online, config, output),
        What::Consistency { old, new, online } => {
            let notes = std::iter::once(old).chain(new).map(|path| signed_note(path)).collect::<Result<Vec<_>, _>>()?;
            consistency(&notes, &mut Online::connect(online, config, output)?, output)
        }
        What::Seam(args) => seam::run(args, output),
        What::Export(args) => export::run(args, config, output),
        What::Fsck(args) => fsck::run(args, config, output),
        What::Guard(args) => guard::run(args, config, output),
        What::Proof { entry, out, receipt, online } => {
            let entry = match (entry.parse::<u64>(), entry.parse()) {
                (Ok(index), _) => EntryRef::Index(index),
                (_, Ok(id)) => EntryRef::Id(id),
                _ => return Err(CliError::usage(format!("{entry} is neither an index nor an id of 64 hex digits"))),
            };
            proof(entry, out.as_ref(), receipt.as_ref(), &mut Online::connect(online, config, output)?, output)
        }
    }
}

fn checkpoint(out: Option<&PathBuf>, args: &OnlineArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let mut online = Online::connect(args, config, output)?;
    let end = log_end(&mut online)?;
    let checkpoint = &online.checkpoint;
    let signed =
        SignedCheckpoint::parse(checkpoint.note()).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
    let quorum = signed
        .check_quorum(&online.policy)
        .map_err(|error| CliError::new(Exit::BadSignature, format!("a witness's cosignature: {error}")))?;
    if let Some(path) = out {
        files::write_new(path, checkpoint.note())?;
    }
    let witnesses: Vec<&str> = quorum.cosigners.iter().map(|one| one.name.as_str()).collect();
    let said = match (online.policy.asks_for_witnesses(), witnesses.is_empty()) {
        (false, _) => "your policy asks for none".to_owned(),
        (true, true) => "none of your policy".to_owned(),
        (true, false) => witnesses.join(", "),
    };
    let text = format!(
        "{}log        {}\nsize       {} entries\nroot       {}\nwitnesses  {said}\nIt extends every checkpoint of this log that this machine has seen.{}",
        if online.log.name().starts_with("demo.") { describe::DEMO } else { "" },
        online.log.name(),
        checkpoint.size(),
        hex(checkpoint.root()),
        end.as_ref().map(|end| format!("\n{}", closed::text(end))).unwrap_or_default(),
    );
    let exit = if quorum.is_met { Exit::Ok } else { Exit::WitnessQuorum };
    let json = json!({
        "origin": online.log.name(), "size": checkpoint.size(), "root": hex(checkpoint.root()), "witnesses": witnesses,
        "closed": end.as_ref().map(closed::json), "quorum_met": quorum.is_met, "note": String::from_utf8_lossy(checkpoint.note()), "exit": exit.code(),
    });
    output.data(&text, json)?;
    Ok(exit)
}

/// The end of the log, if the server says that it is closed; proved by the docket file of `registry`, for a server could
/// name any successor.
fn log_end(online: &mut Online) -> Result<Option<LogEnd>, CliError> {
    if online.ask(|client| client.log_info())?.on_the_servers_word().closed.is_none() {
        return Ok(None);
    }
    let bytes = online.ask(|client| client.docket_file(&Subject::Registry))?.into_the_servers_word();
    let found = verify(&bytes, &Trust::of(online.policy.clone()), &Question::default());
    match (found.failed(), &found.closed) {
        (None, Some(end)) => Ok(Some(end.clone())),
        (failed, _) => {
            let why = failed.map_or("it shows no close".to_owned(), |check| format!("{} fails", check.name()));
            Err(CliError::new(
                Exit::Indeterminate,
                format!("the registry says that its log is closed, and its docket file of `registry` does not prove it: {why}"),
            )
            .next_step("Follow no successor that this log does not prove. Fetch the file: nospy docket registry -o FILE."))
        }
    }
}

/// A checkpoint from a file, as it was signed.
fn signed_note(path: &Path) -> Result<SignedCheckpoint, CliError> {
    SignedCheckpoint::parse(&files::read(path)?)
        .map_err(|error| CliError::malformed(format!("{} is not a checkpoint: {error}", path.display())))
}

fn consistency(notes: &[SignedCheckpoint], online: &mut Online, output: &Output) -> Result<Exit, CliError> {
    for signed in notes {
        signed
            .check_log_signature(&online.log)
            .map_err(|error| CliError::new(Exit::BadSignature, format!("the checkpoint in the file: {error}")))?;
        online.demand_same_history(signed.note().to_string().as_bytes())?;
    }
    let sizes: Vec<u64> = notes.iter().map(|signed| signed.checkpoint().size).collect();
    let listed = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ");
    let text = format!(
        "✓ the trees of {listed} entries are beginnings of the log that {} signs today: nothing in them was changed or removed",
        online.log.name()
    );
    output.data(&text, json!({ "origin": online.log.name(), "sizes": sizes, "consistent": true }))?;
    Ok(Exit::Ok)
}

/// Shows an entry that is proved to be in the log.
///
/// # Errors
/// As [`Online::ask`].
pub fn proof(
    entry: EntryRef,
    out: Option<&PathBuf>,
    receipt: Option<&PathBuf>,
    online: &mut Online,
    output: &Output,
) -> Result<Exit, CliError> {
    let found = online.ask(|client| client.statement(entry))?;
    let statement = found.statement();
    if let Some(path) = out {
        files::write_new(path, statement.bytes())?;
    }
    if let Some(path) = receipt {
        let receipt = online.ask(|client| client.receipt(statement))?;
        files::write_new(path, receipt.bytes())?;
    }
    let size = found.checkpoint().size();
    let text = format!(
        "{}\n✓ entry {} of the {} that {} signed.\nIts signer's key is not checked here: a docket file shows whether it had authority.",
        describe::statement(statement),
        found.index(),
        size,
        online.log.name()
    );
    let mut json = describe::statement_json(statement);
    json["index"] = json!(found.index());
    json["size"] = json!(size);
    output.data(&text, json)?;
    Ok(Exit::Ok)
}
