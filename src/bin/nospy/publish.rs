//! `nospy publish`: hand a statement to the registry, and believe it only with a receipt that holds.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::evidence::Trust;
use nospy::statement::Statement;
use serde_json::json;

use crate::config::Config;
use crate::describe::{self, NOT_APPROVED};
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::waits::Waits;
use crate::{ask, files, moment, publish_many};

/// Hand a statement to the registry and verify its receipt.
#[derive(Args)]
pub struct PublishArgs {
    /// The statement that `nospy sign` wrote; several go over one stream, in this order.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Only ask whether it would be accepted now; nothing is registered. For one statement.
    #[arg(long)]
    dry_run: bool,
    /// Where the receipt goes; the statement's name with `.receipt` if left out. For one statement.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// The registry's refusal with the rule it names, or a receipt that does not hold.
pub fn run(args: &PublishArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let [file] = args.files.as_slice() else {
        return match args.dry_run || args.receipt.is_some() {
            true => Err(CliError::usage("--dry-run and --receipt go with one statement")),
            false => publish_many::run(args, config, output),
        };
    };
    let statement = read_statement(file)?;
    output.say(describe::statement(&statement));
    if !args.dry_run && !args.yes {
        ask::confirm("This becomes public for ever and cannot be deleted. Publish it?")?;
    }
    let mut online = Online::connect(&args.online, config, output)?;
    check_origin(&statement, &online)?;
    if args.dry_run {
        let answer = online.ask(|client| client.dry_run(&statement))?.into_the_servers_word();
        let text = format!(
            "The registry says it would accept this now. It would stand in:\n  {}\nNothing was registered.",
            answer.touches.join("\n  ")
        );
        let json = json!({ "would_be_accepted": true, "id": statement.id().to_string(), "touches": answer.touches, "registered": false });
        output.data(&text, json)?;
        return Ok(Exit::Ok);
    }
    let published = online.ask(|client| client.publish(&statement))?;
    // The receipt holds; now the log must also still extend what was seen.
    online.ask(|client| client.checkpoint())?;
    let receipt = &published.receipt;
    let path = args.receipt.clone().unwrap_or_else(|| file.with_extension("receipt"));
    files::replace(&path, receipt.bytes())?;
    let told = published.told.on_the_servers_word();
    let trust = Trust { policy: online.policy.clone(), party_keys: args.online.trust.party_keys()? };
    let waits = Waits::ask(&statement, receipt, &trust, &mut online)?;
    let how = waits.text(told.is_new);
    let text = format!(
        "{}{how}\nstatement  {}\nentry      {} of {}\nregistered {} by the log's clock\nreceipt    {}, verified with the key {}",
        describe::demo_mark(statement.origin()),
        statement.id(),
        receipt.proved().index,
        online.log.name(),
        moment::utc_ms(told.time_ms),
        path.display(),
        online.log
    );
    let mut json = json!({
        "id": statement.id().to_string(), "index": receipt.proved().index, "size": receipt.proved().size, "time_ms": told.time_ms,
        "is_new": told.is_new, "receipt": path, "origin": online.log.name(), "demo": describe::is_demo(statement.origin()),
    });
    waits.tell(&mut json);
    output.data(&text, json)?;
    output.say(NOT_APPROVED);
    Ok(Exit::Ok)
}

/// Reads a statement from a file.
///
/// # Errors
/// If it cannot be read, or is none.
pub fn read_statement(file: &Path) -> Result<Statement, CliError> {
    let bytes = files::read(file)?;
    Statement::parse_submission(&bytes)
        .map_err(|error| CliError::malformed(format!("{} is not a statement: {error}", file.display())))
}

/// That a statement is meant for this registry.
///
/// # Errors
/// If it is meant for another one.
pub fn check_origin(statement: &Statement, online: &Online) -> Result<(), CliError> {
    let (meant, here) = (statement.origin(), online.log.name());
    match meant.as_str() == here {
        true => Ok(()),
        false => Err(CliError::usage(format!("the statement is meant for {meant}, this registry is {here}"))),
    }
}
