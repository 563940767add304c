//! `nospy publish` of several statements: one stream, and a receipt beside each statement as its answer comes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use nospy::rpc::{Published, ServerRefusal};
use nospy::statement::Statement;
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::describe::{self, NOT_APPROVED};
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{self, Online};
use crate::output::Output;
use crate::publish::{PublishArgs, check_origin, read_statement};
use crate::{ask, files, moment};

/// Most statements of one call: all are read before the first is sent, and may have 64 KiB each.
const FILES_MAX: usize = 4_096;

/// A statement, and what became of it.
struct Item {
    file: PathBuf,
    receipt: PathBuf,
    statement: Statement,
    outcome: Option<Result<Published, ServerRefusal>>,
}

impl Item {
    fn is_registered(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }
}

/// Runs the verb for more than one statement.
///
/// # Errors
/// What ended the whole. A registry's refusal of some of them is an exit code, not an error: the others are registered.
pub fn run(args: &PublishArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let mut items = read_all(&args.files)?;
    items.iter().for_each(|item| output.say(describe::statement(&item.statement)));
    if !args.yes {
        ask::confirm("These become public for ever and cannot be deleted. Publish them?")?;
    }
    let mut online = Online::connect(&args.online, config, output)?;
    items.iter().try_for_each(|item| check_origin(&item.statement, &online))?;
    let sent = send_all(&mut items, &mut online, output);
    output.progress("");
    // What was answered before the stream ended is told all the same.
    tell(&items, &online, output)?;
    sent?;
    // The receipts hold; now the log must also still extend what was seen.
    online.ask(|client| client.checkpoint())?;
    output.say(NOT_APPROVED);
    let refused = items.into_iter().find_map(|item| item.outcome.and_then(Result::err));
    Ok(refused.map_or(Exit::Ok, |refusal| online::refused(refusal).exit()))
}

fn read_all(files: &[PathBuf]) -> Result<Vec<Item>, CliError> {
    if files.len() > FILES_MAX {
        return Err(CliError::usage(format!("more than {FILES_MAX} statements")).next_step(
            "Publish them in several calls. A statement that was registered before is not registered twice.",
        ));
    }
    let mut receipts = BTreeSet::new();
    files
        .iter()
        .map(|file| {
            let receipt = file.with_extension("receipt");
            if !receipts.insert(receipt.clone()) {
                return Err(CliError::usage(format!("two statements would have the receipt {}", receipt.display()))
                    .next_step("Name each statement once, under a name of its own."));
            }
            Ok(Item { file: file.clone(), receipt, statement: read_statement(file)?, outcome: None })
        })
        .collect()
}

/// Sends all; then again those that were refused, as long as that lets one in: a statement may be signed with a key that an
/// earlier one grants, which counts only once the earlier one is registered.
fn send_all(items: &mut [Item], online: &mut Online, output: &Output) -> Result<(), CliError> {
    loop {
        let waiting: Vec<usize> = (0..items.len()).filter(|place| !items[*place].is_registered()).collect();
        send(&waiting, items, online, output)?;
        let still = waiting.iter().filter(|place| !items[**place].is_registered()).count();
        if still == 0 || still == waiting.len() {
            return Ok(());
        }
    }
}

fn send(waiting: &[usize], items: &mut [Item], online: &mut Online, output: &Output) -> Result<(), CliError> {
    let statements: Vec<Statement> = waiting.iter().map(|place| items[*place].statement.clone()).collect();
    let mut failed = None;
    let each = |place: usize, outcome: Result<Published, ServerRefusal>| {
        let item = &mut items[waiting[place]];
        if let Ok(published) = &outcome
            && let Err(error) = files::replace(&item.receipt, published.receipt.bytes())
        {
            // It is registered all the same; the first file that could not be written is told at the end.
            failed.get_or_insert(error);
        }
        item.outcome = Some(outcome);
        output.progress(&format!("{} of {}", place + 1, waiting.len()));
    };
    let ended = online.ask(|client| client.publish_many(&statements, each));
    ended?;
    failed.map_or(Ok(()), Err)
}

fn tell(items: &[Item], online: &Online, output: &Output) -> Result<(), CliError> {
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    let listed: Vec<Json> = items.iter().map(row_json).collect();
    let registered = items.iter().filter(|item| item.is_registered()).count();
    let is_demo = items.first().is_some_and(|item| describe::is_demo(item.statement.origin()));
    let json = json!({
        "origin": online.log.name(), "demo": is_demo, "registered": registered, "sent": items.len(), "statements": listed,
    });
    output.rows(&["statement", "entry", "what became of it"], &rows, json)?;
    output.say(format!(
        "{registered} of {} are registered; their receipts were verified with the key {}.",
        items.len(),
        online.log
    ));
    Ok(())
}

fn row(item: &Item) -> Vec<String> {
    let (entry, told) = match &item.outcome {
        None => (String::new(), "no answer came; publish it again, it is registered once".to_owned()),
        Some(Err(refusal)) => (String::new(), format!("refused, {}: {refusal}", refusal.reason)),
        Some(Ok(published)) => {
            let told = published.told.on_the_servers_word();
            let how = if told.is_new { "registered" } else { "registered before" };
            let words =
                format!("{how}, {} by the log's clock; {}", moment::utc_ms(told.time_ms), item.receipt.display());
            (published.receipt.proved().index.to_string(), words)
        }
    };
    vec![item.file.display().to_string(), entry, told]
}

fn row_json(item: &Item) -> Json {
    let mut json =
        json!({ "file": item.file, "id": item.statement.id().to_string(), "registered": item.is_registered() });
    match &item.outcome {
        None => json["registered"] = Json::Null,
        Some(Err(refusal)) => {
            json["refused"] = json!({
                "reason": refusal.reason, "message": refusal.message, "next_step": refusal.next_step,
            });
        }
        Some(Ok(published)) => {
            let (told, proved) = (published.told.on_the_servers_word(), published.receipt.proved());
            json["index"] = json!(proved.index);
            json["size"] = json!(proved.size);
            json["time_ms"] = json!(told.time_ms);
            json["is_new"] = json!(told.is_new);
            json["receipt"] = json!(item.receipt);
        }
    }
    json
}
