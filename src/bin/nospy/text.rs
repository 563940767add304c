//! `nospy text`: deposit and fetch the texts that statements name by their digest.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use nospy::crypto::{Digest, sha256};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;

/// Deposit and fetch texts.
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
            let digest: Digest = digest.parse().map_err(|error| CliError::usage(format!("{digest}: {error}")))?;
            let mut online = Online::connect(online, config, output)?;
            let text = online.ask(|client| client.fetch_text(&digest))?;
            files::write_or_print(out.as_deref(), &text.bytes, output)?;
            output
                .say(format!("{} bytes with the digest {digest}: exactly the text that was named.", text.bytes.len()));
        }
        What::Digest { file } => {
            let bytes = files::read(file)?;
            let digest = sha256(&[&bytes]);
            let text = format!("sha256: \"{digest}\"\nsize: {}", bytes.len());
            output.data(&text, json!({ "sha256": digest.to_string(), "size": bytes.len() }))?;
        }
    }
    Ok(Exit::Ok)
}
