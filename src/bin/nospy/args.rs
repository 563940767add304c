//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::output::Format;
use crate::{
    agreements, audit, changes, demo, diff, docket, draft, due, exit, gate, history, inbox, init, key, list, log,
    mirror, modes, monitor, publish, receipt, search, serve, show, sign, text, vectors, verify, witness,
};

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

/// What is to be done; each verb's own arguments say what it does.
#[derive(Subcommand)]
pub enum Verb {
    Init(init::InitArgs),
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Key(key::KeyArgs),
    Draft(draft::DraftArgs),
    Template(modes::TemplateArgs),
    Sign(sign::SignArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    History(history::HistoryArgs),
    Verify(verify::VerifyArgs),
    Receipt(receipt::ReceiptArgs),
    Attach(receipt::AttachArgs),
    Publish(publish::PublishArgs),
    List(list::ListArgs),
    Agreements(agreements::AgreementsArgs),
    Inbox(inbox::InboxArgs),
    Due(due::DueArgs),
    Search(search::SearchArgs),
    Changes(changes::ChangesArgs),
    Monitor(monitor::MonitorArgs),
    Standing(docket::StandingArgs),
    Docket(docket::DocketArgs),
    Gate(gate::GateArgs),
    Log(log::LogArgs),
    Text(text::TextArgs),
    Mirror(mirror::MirrorArgs),
    Audit(audit::AuditArgs),
    Vectors(vectors::VectorsArgs),
    Witness(witness::WitnessArgs),
}
