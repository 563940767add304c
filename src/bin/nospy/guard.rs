//! `nospy log guard`: the file that notices a restored backup or a second registry on one key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use nospy::crypto::{KeyLine, NoteAlgorithm, hex};
use nospy::evidence::SignedCheckpoint;
use nospy::log::{Guard, GuardError, GuardedHead, TileCache, read_head};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{files, keys, node};

/// Show or make the head guard, on the registry's machine, while the registry is stopped.
#[derive(Args)]
pub struct GuardArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The newest head that the guard remembers.
    Show,
    /// Make a missing guard, after the newest checkpoint that any client has seen was compared with the database.
    Adopt {
        /// The newest checkpoint that any client, witness or mirror of this log has.
        #[arg(long, value_name = "FILE")]
        checkpoint: PathBuf,
    },
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &GuardArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (serve, origin) = node::settings(config)?;
    match &args.what {
        What::Show => {
            let guard = Guard::open(&serve.guard, origin.as_str()).map_err(|error| failed(&error))?;
            print(guard.head(), &serve.guard, output)
        }
        What::Adopt { checkpoint } => {
            let head = compared(checkpoint, config)?;
            Guard::create(&serve.guard, origin.as_str(), head).map_err(|error| failed(&error))?;
            output.say(
                "The guard is made. It is only as good as the checkpoint you compared with: was it really the newest?",
            );
            print(&head, &serve.guard, output)
        }
    }
}

/// The head of the database, if it extends the checkpoint.
fn compared(path: &Path, config: &Config) -> Result<GuardedHead, CliError> {
    let (serve, origin) = node::settings(config)?;
    let signed = SignedCheckpoint::parse(&files::read(path)?)
        .map_err(|error| CliError::malformed(format!("{} is not a checkpoint: {error}", path.display())))?;
    let key = keys::read_private(&serve.log_key)?.public();
    let name = KeyLine::new(origin.as_str(), NoteAlgorithm::Ed25519, key)
        .map_err(|error| CliError::usage(error.to_string()))?;
    signed
        .check_log_signature(&name)
        .map_err(|error| CliError::new(Exit::BadSignature, format!("{}: {error}", path.display())))?;
    let seen = signed.checkpoint();
    let storage = node::storage(&serve.data)?;
    let reader = read_head(&*storage, origin.as_str(), &Arc::new(TileCache::new(0)))
        .map_err(|error| node::cannot_open(&error))?;
    let head = reader.head();
    if seen.size > head.size() {
        return Err(CliError::new(
            Exit::Refused,
            format!(
                "the database has {} entries, {} were signed: it was restored from a backup",
                head.size(),
                seen.size
            ),
        )
        .next_step("Get the missing entries back from a mirror. Signing on now would fork the log."));
    }
    let root = reader.root_at(seen.size).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
    if root != seen.root {
        return Err(CliError::new(
            Exit::Equivocation,
            format!("the database holds another tree of {} entries than the one that was signed", seen.size),
        )
        .next_step("Do not sign with this database. Keep it, and the checkpoint, as evidence."));
    }
    let seal = head.seal.ok_or_else(|| CliError::new(Exit::Internal, "the head has no seal"))?;
    Ok(GuardedHead { size: head.size(), root: head.root(), seal: seal.id })
}

fn print(head: &GuardedHead, path: &Path, output: &Output) -> Result<Exit, CliError> {
    let text = format!(
        "guard  {}\nsize   {} entries\nroot   {}\nseal   {}",
        path.display(),
        head.size,
        hex(&head.root),
        head.seal
    );
    let json = json!({ "guard": path, "size": head.size, "root": hex(&head.root), "seal": head.seal.to_string() });
    output.data(&text, json)?;
    Ok(Exit::Ok)
}

fn failed(error: &GuardError) -> CliError {
    let exit = if matches!(error, GuardError::Missing { .. }) { Exit::NotFound } else { Exit::Usage };
    let next = match error {
        GuardError::Missing { .. } => {
            "If it is lost: nospy log guard adopt --checkpoint FILE, with the newest checkpoint that any client has."
        }
        GuardError::Locked { .. } => "Stop the registry first.",
        GuardError::Exists { .. } => "A guard is never replaced: it may know a newer head.",
        _ => "Keep the file. A damaged guard needs the newest checkpoint that any client has.",
    };
    CliError::new(exit, error.to_string()).next_step(next)
}
