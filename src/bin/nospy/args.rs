//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::output::Format;
use crate::{docket, draft, exit, init, key, list, log, publish, serve, show, sign, text, verify};

/// The registry of no-spy agreements: draft, sign, publish and verify statements.
///
/// Registered is not approved: the registry proves what was said, by whom and when; it never says that a device is clean.
#[derive(Parser)]
#[command(name = "nospy", version, max_term_width = 110, after_long_help = exit::table(), propagate_version = true)]
#[command(after_help = "The exit codes are listed by --help.")]
pub struct Cli {
    /// How data is written to stdout.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, env = "NOSPY_OUTPUT")]
    pub output: Format,
    /// No talk on stderr; errors are still shown.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Configuration file (TOML); flags and NOSPY_* variables override it.
    #[arg(long, global = true, env = "NOSPY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is to be done.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is to be done.
#[derive(Subcommand)]
pub enum Verb {
    /// Make everything a new registry starts from.
    Init(init::InitArgs),
    /// Run the registry that the configuration describes.
    Serve(serve::ServeArgs),
    /// Make, show and offer keys.
    Key(key::KeyArgs),
    /// Write what a statement will say.
    Draft(draft::DraftArgs),
    /// Turn a draft into a signed statement, offline.
    Sign(sign::SignArgs),
    /// Say what a file is and what it says; verifies nothing.
    Show(show::ShowArgs),
    /// Check a docket file, receipt, statement or checkpoint, without any network.
    Verify(verify::VerifyArgs),
    /// Hand a statement to the registry and verify its receipt.
    Publish(publish::PublishArgs),
    /// Find parties and agreements; the server's word.
    List(list::ListArgs),
    /// How a subject stands, fetched and verified here.
    Standing(docket::StandingArgs),
    /// Fetch the docket file of a subject, verify it, and keep it.
    Docket(docket::DocketArgs),
    /// What the log signed.
    Log(log::LogArgs),
    /// Deposit and fetch the texts that statements name.
    Text(text::TextArgs),
}
