//! The program `nospy`: parse, dispatch, exit code.

mod args;
mod config;
mod error;
mod exit;
mod files;
mod key;
mod keys;
mod output;
mod plain;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Verb};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    keys::forbid_core_dumps();
    let cli = Cli::parse();
    let output = Output::new(cli.output, cli.quiet);
    let exit = match run(cli, &output) {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli, output: &Output) -> Result<Exit, CliError> {
    match cli.verb {
        Verb::Key(args) => key::run(args, output),
    }
}
