//! `nospy text`: the texts that statements name by their digest, or withhold behind a commitment.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use nospy::crypto::{Digest, sha256};
use nospy::registry::{Clock as _, MediaType, RemoveError, SystemClock, remove_text};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::opening::Opening;
use crate::output::Output;
use crate::{files, node};

/// Deposit, fetch and withhold texts, and remove them from a registry.
#[derive(Args)]
pub struct TextArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Deposit a text that a registered statement names by its digest, so that it is read where it is proved.
    Deposit {
        /// The text: PDF, plain text, HTML or XML, at most 16 MiB.
        file: PathBuf,
        #[command(flatten)]
        online: OnlineArgs,
    },
    /// Fetch a text by its digest and check it.
    Fetch {
        /// The SHA-256 of the text, 64 hex digits.
        digest: String,
        /// Write here instead of stdout.
        #[arg(short, long = "out", value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        online: OnlineArgs,
    },
    /// Print the digest and size of a file, as terms name it.
    Digest {
        /// The text.
        file: PathBuf,
    },
    /// Withhold a text: print the commitment for the terms, and write what opens it beside the text.
    Commit {
        /// The text, in its final form: not one byte may change.
        file: PathBuf,
    },
    /// Whether an opening and its text still lead to the commitment. Compare with an agreement by: nospy verify --opening
    Open {
        /// The file that `nospy text commit` wrote.
        opening: PathBuf,
    },
    /// Remove a text from a stopped registry. A public tombstone with date and reason stays, for ever.
    Remove {
        /// The SHA-256 of the text, 64 hex digits.
        digest: String,
        /// Why, as everybody will read it: at most 1,024 bytes.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &TextArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match &args.what {
        What::Deposit { file, online } => {
            let bytes = files::read(file)?;
            let mut online = Online::connect(online, config, output)?;
            let digest = online.ask(|client| client.deposit_text(&bytes))?;
            output
                .data(&format!("deposited  {digest}"), json!({ "sha256": digest.to_string(), "size": bytes.len() }))?;
        }
        What::Fetch { digest, out, online } => {
            let digest = parse_digest(digest)?;
            let mut online = Online::connect(online, config, output)?;
            let text = online.ask(|client| client.fetch_text(&digest))?;
            files::write_or_print(out.as_deref(), &text.bytes, output)?;
            output
                .say(format!("{} bytes with the digest {digest}: exactly the text that was named.", text.bytes.len()));
        }
        What::Digest { file } => {
            let bytes = files::read(file)?;
            let digest = sha256(&[&bytes]);
            let kind = MediaType::of(&bytes).map(MediaType::as_str);
            let media_type = kind.map(|kind| format!("\nmedia_type: {kind}")).unwrap_or_default();
            let text = format!("sha256: \"{digest}\"\nsize: {}{media_type}", bytes.len());
            let json = json!({ "sha256": digest.to_string(), "size": bytes.len(), "media_type": kind });
            output.data(&text, json)?;
        }
        What::Commit { file } => commit(&Opening::make(file)?, output)?,
        What::Open { opening } => return open(&Opening::read(opening)?, output),
        What::Remove { digest, reason } => remove(&parse_digest(digest)?, reason, config, output)?,
    }
    Ok(Exit::Ok)
}

fn parse_digest(text: &str) -> Result<Digest, CliError> {
    text.parse().map_err(|error| CliError::usage(format!("{text}: {error}")))
}

/// Writes the opening first: a commitment without it could never be opened.
fn commit(opening: &Opening, output: &Output) -> Result<(), CliError> {
    let written = opening.write()?;
    let text = format!(
        "- language: to be written\n  status: authentic\n  withheld:\n    commitment: \"{}\"\n    \
         reason: to be written\n    review: to be written",
        opening.commitment
    );
    output.data(&text, json!({ "commitment": opening.commitment.to_string(), "opening": written }))?;
    output.say(format!(
        "Put these lines under `texts` of the terms. Keep {} and the text as they are, in two places: nobody can open the \
         commitment without both. Keep both secret as long as the text is withheld.",
        written.display()
    ));
    Ok(())
}

fn open(opening: &Opening, output: &Output) -> Result<Exit, CliError> {
    let (commitment, text) = (opening.commitment, opening.text.display());
    let (exit, said) = match opening.opens()? {
        true => (Exit::Ok, format!("✓ {text} opens the commitment {commitment}")),
        false => (Exit::AnswerNo, format!("✗ {text} does not open the commitment {commitment}: another text or salt")),
    };
    let json = json!({ "commitment": commitment.to_string(), "file": opening.text, "opens": exit == Exit::Ok });
    output.data(&said, json)?;
    Ok(exit)
}

fn remove(digest: &Digest, reason: &str, config: &Config, output: &Output) -> Result<(), CliError> {
    let (serve, origin) = node::settings(config)?;
    let reason = reason.parse().map_err(|error| CliError::usage(format!("--reason: {error}")))?;
    if !serve.data.is_dir() {
        return Err(CliError::new(Exit::NotFound, format!("there is no database at {}", serve.data.display())));
    }
    let storage = node::storage(&serve.data)?;
    let removed = remove_text(&*storage, &origin, digest, reason, SystemClock.now_ms()).map_err(not_removed)?;
    let tombstone = &removed.tombstone;
    let json = json!({
        "sha256": digest.to_string(), "removed_ms": tombstone.removed_ms, "reason": tombstone.reason.as_str(),
        "was_deposited": removed.was_deposited,
    });
    output.data(&tombstone.to_string(), json)?;
    if !removed.was_deposited {
        output.say("Nobody had deposited it; nobody can now.");
    }
    output.say("Everybody who asks for it is told so. Copies elsewhere are not touched: backups, mirrors, readers.");
    Ok(())
}

fn not_removed(error: RemoveError) -> CliError {
    let words = error.to_string();
    match error {
        RemoveError::Open(error) => node::cannot_open(&error),
        RemoveError::NotNamed(_) => CliError::new(Exit::NotFound, words)
            .next_step("Only a text that the terms of a logged statement name can be removed. Is the digest right?"),
        RemoveError::Removed(_) => CliError::new(Exit::Refused, words).next_step("A tombstone is never changed."),
        RemoveError::Commit(error) if error.is_fatal() => CliError::new(Exit::Internal, words)
            .next_step("Run the same command again: it finds out what the disk holds."),
        _ => CliError::usage(words).next_step("Nothing was changed."),
    }
}
