//! `nospy publish`: hand a statement to the registry, and believe it only with a receipt that holds.

use std::path::PathBuf;

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
use crate::{ask, files, moment};

/// Hand a statement to the registry and verify its receipt.
#[derive(Args)]
pub struct PublishArgs {
    /// The statement that `nospy sign` wrote.
    file: PathBuf,
    /// Only ask whether it would be accepted now; nothing is registered.
    #[arg(long)]
    dry_run: bool,
    /// Where the receipt goes; the statement's name with `.receipt` if left out.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// The registry's refusal with the rule it names, or a receipt that does not hold.
pub fn run(args: &PublishArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let bytes = files::read(&args.file)?;
    let statement = Statement::parse_submission(&bytes)
        .map_err(|error| CliError::malformed(format!("{} is not a statement: {error}", args.file.display())))?;
    output.say(describe::statement(&statement));
    if !args.dry_run && !args.yes {
        ask::confirm("This becomes public for ever and cannot be deleted. Publish it?")?;
    }
    let mut online = Online::connect(&args.online, config, output)?;
    if statement.origin().as_str() != online.log.name() {
        return Err(CliError::usage(format!(
            "the statement is meant for {}, this registry is {}",
            statement.origin(),
            online.log.name()
        )));
    }
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
    let path = args.receipt.clone().unwrap_or_else(|| args.file.with_extension("receipt"));
    files::replace(&path, receipt.bytes())?;
    let told = published.told.on_the_servers_word();
    let trust = Trust { policy: online.policy.clone(), party_keys: args.online.trust.party_keys()? };
    let waits = Waits::ask(&statement, receipt.proved().index, &trust, &mut online)?;
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
