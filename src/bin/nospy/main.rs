//! The program `nospy`: parse, dispatch, exit code.

mod against;
mod agreements;
mod args;
mod ask;
mod asked;
mod audit;
mod caught;
mod changes;
mod clock;
mod closed;
mod config;
mod demo;
mod deposited;
mod describe;
mod diff;
mod docket;
mod draft;
mod draft_file;
mod due;
mod error;
mod exit;
mod export;
mod extract;
mod files;
mod footing;
mod foreign;
mod fsck;
mod gate;
mod gate_result;
mod guard;
mod history;
mod inbox;
mod init;
mod key;
mod key_request;
mod keys;
mod list;
mod log;
mod mirror;
mod modes;
mod moment;
mod monitor;
mod node;
mod online;
mod opening;
mod output;
mod plain;
mod promised;
mod publish;
mod publish_many;
mod read;
mod receipt;
mod seam;
mod search;
mod seen;
mod serve;
mod shelf;
mod show;
mod sign;
mod template;
mod text;
mod texts;
mod trust;
mod vectors;
mod verify;
mod view;
mod waits;
mod whose;
mod witness;
mod witness_audit;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Verb};
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    keys::forbid_core_dumps();
    let cli = Cli::parse();
    let output = Output::new(cli.output, cli.quiet);
    let exit = match panic::catch_unwind(AssertUnwindSafe(|| run(cli, &output))) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            output.error(&error);
            error.exit()
        }
        // The panic has printed itself.
        Err(_) => Exit::Internal,
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli, output: &Output) -> Result<Exit, CliError> {
    let config = Config::load(cli.config.as_deref())?;
    match cli.verb {
        Verb::Key(args) => key::run(args, &config, output),
        Verb::Draft(args) => draft::run(&args, &config, output),
        Verb::Template(args) => modes::run(&args, &config, output),
        Verb::History(args) => history::run(&args, &config, output),
        Verb::Diff(args) => diff::run(&args, &config, output),
        Verb::Show(args) => show::run(&args, &config, output),
        Verb::Init(args) => init::run(&args, output),
        Verb::Demo(args) => demo::run(&args, output),
        Verb::Verify(args) => verify::run(&args, &config, output),
        Verb::Serve(args) => serve::run(&args, &config, output),
        Verb::Publish(args) => publish::run(&args, &config, output),
        Verb::List(args) => list::run(&args, &config, output),
        Verb::Agreements(args) => agreements::run(&args, &config, output),
        Verb::Changes(args) => changes::run(&args, &config, output),
        Verb::Monitor(args) => monitor::run(&args, &config, output),
        Verb::Inbox(args) => inbox::run(&args, &config, output),
        Verb::Due(args) => due::run(&args, &config, output),
        Verb::Search(args) => search::run(&args, &config, output),
        Verb::Standing(args) => docket::standing(&args, &config, output),
        Verb::Gate(args) => gate::run(&args, &config, output),
        Verb::Docket(args) => docket::run(&args, &config, output),
        Verb::Log(args) => log::run(&args, &config, output),
        Verb::Text(args) => text::run(&args, &config, output),
        Verb::Witness(args) => witness::run(&args, &config, output),
        Verb::Receipt(args) => receipt::run(&args, &config, output),
        Verb::Attach(args) => receipt::attach(&args, &config, output),
        Verb::Mirror(args) => mirror::run(&args, &config, output),
        Verb::Audit(args) => audit::run(&args, &config, output),
        Verb::Vectors(args) => vectors::run(&args, output),
        Verb::Sign(args) => sign::run(&args, &config, output),
    }
}
