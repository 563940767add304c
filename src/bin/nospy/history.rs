//! `nospy history`: the timeline of a subject, one line for each statement.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::config::Config;
use crate::describe;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::read::{Opened, history, open, sheet, write_head};

/// The timeline of a docket file or subject: legal day, day of registration, place in the log, who, and what in plain words.
#[derive(Args)]
pub struct HistoryArgs {
    /// The docket file; - for stdin. Or a subject, whose docket file is fetched and verified first.
    #[arg(value_name = "FILE|SUBJECT")]
    file: PathBuf,
    /// Add the statements about the registry and its parties.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// If there is no such file or subject, or the file is none.
pub fn run(args: &HistoryArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let question = nospy::evidence::Question::default();
    let (reading, exit) = match open(&args.file, &args.online, &question, config, output)? {
        Opened::Read { reading, exit } => (reading, exit),
        Opened::Refused(exit) => return Ok(exit),
    };
    let acts = history::ordered(&reading, args.all);
    let mut sheet = sheet::Sheet::new(sheet::width());
    write_head(&mut sheet, &reading);
    match acts.is_empty() {
        true => sheet.line("The file holds no statement about it."),
        false => history::write_rows(&mut sheet, &reading, &acts, None),
    }
    let json = json!({
        "about": reading.about.to_string(), "origin": reading.origin.as_str(),
        "demo": describe::is_demo(&reading.origin), "checked": reading.verification.is_some(),
        "exit": exit.code(), "history": history::to_json(&reading, &acts),
    });
    output.data(&sheet.into_text(), json)?;
    Ok(exit)
}
