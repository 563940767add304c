//! `nospy log guard`: the file that notices a restored backup or a second registry on one key.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use nospy::crypto::{KeyLine, NoteAlgorithm, NoteError, hex};
use nospy::evidence::CheckpointError;
use nospy::log::{Guard, GuardError, GuardedHead};
use nospy::registry::{AdoptError, adopt_guard};
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
            let key = keys::read_private(&serve.log_key)?.public();
            let name = KeyLine::new(origin.as_str(), NoteAlgorithm::Ed25519, key)
                .map_err(|error| CliError::usage(error.to_string()))?;
            let storage = node::storage(&serve.data)?;
            let adopted = adopt_guard(&*storage, &serve.guard, &name, &files::read(checkpoint)?)
                .map_err(|error| refused(&error, checkpoint))?;
            output.say(
                "The guard is made. It is only as good as the checkpoint you compared with: was it really the newest?",
            );
            let head = GuardedHead { size: adopted.size, root: adopted.root, seal: adopted.seal };
            print(&head, &serve.guard, output)
        }
    }
}

/// Why a guard was not adopted, with the exit code and the next step.
fn refused(error: &AdoptError, checkpoint: &Path) -> CliError {
    let words = match error {
        AdoptError::Checkpoint(_) => format!("{}: {error}", checkpoint.display()),
        _ => error.to_string(),
    };
    match error {
        AdoptError::Open(error) => node::cannot_open(error),
        AdoptError::Guard(error) => failed(error),
        AdoptError::Checkpoint(
            CheckpointError::Note(NoteError::BadSignature { .. }) | CheckpointError::NotSigned { .. },
        ) => CliError::new(Exit::BadSignature, words),
        AdoptError::Checkpoint(_) => CliError::malformed(words),
        AdoptError::Fork { .. } => CliError::new(Exit::Equivocation, words)
            .next_step("Do not sign with this database. Keep it, and the checkpoint, as evidence."),
        _ => CliError::new(Exit::Refused, words)
            .next_step("Get the missing entries back from a mirror. Signing on now would fork the log."),
    }
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
