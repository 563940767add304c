//! `nospy diff`: what changed between two versions of terms, in words.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::agreement::Act;
use nospy::codec::{Item, encode};
use nospy::rpc::EntryRef;
use nospy::statement::body::{Body, Terms};
use nospy::statement::{Statement, StatementId};
use serde_json::json;

use crate::config::Config;
use crate::draft_file::{DraftFile, Header};
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::read::{Opened, Reading, acts, changes, open, sheet, write_head};
use crate::{describe, files};

/// Say what changed between two versions of terms: between A and B, or by an amendment of an agreement.
#[derive(Args)]
pub struct DiffArgs {
    /// The earlier terms: a statement file, a draft, or the id of a statement. With --amendment a docket file or subject.
    #[arg(value_name = "A|FILE|SUBJECT")]
    first: PathBuf,
    /// The later terms: a statement file, a draft, or the id of a statement.
    #[arg(value_name = "B", required_unless_present = "amendment", conflicts_with = "amendment")]
    second: Option<PathBuf>,
    /// The statement in the docket file that brings the later terms: its id, or the beginning of it as `nospy history`
    /// prints it.
    #[arg(long, value_name = "ID")]
    amendment: Option<String>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// If one of both carries no terms.
pub fn run(args: &DiffArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match (&args.amendment, &args.second) {
        (Some(id), _) => amendment(id, args, config, output),
        (None, Some(second)) => two(&args.first, second, args, config, output),
        (None, None) => Err(CliError::usage("two versions are compared: name a second one, or --amendment ID")),
    }
}

/// Terms that somebody named, and how they are called on the page.
struct Named {
    terms: Terms,
    called: String,
}

fn two(first: &Path, second: &Path, args: &DiffArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (before, after) = (named(first, args, config, output)?, named(second, args, config, output)?);
    let found = before.terms.changes_to(&after.terms);
    let mut page = sheet::Sheet::new(sheet::width());
    page.line("Two versions of terms. Nothing about their signatures or force was checked.");
    page.item("earlier", &before.called);
    page.item("later", &after.called);
    changes::write(&mut page, &found);
    let json = json!({
        "earlier": before.called, "later": after.called, "same": found.is_empty(), "changes": changes::to_json(&found),
    });
    output.data(&page.into_text(), json)?;
    Ok(Exit::Ok)
}

/// The terms in a statement file or draft, or of the statement with this id.
fn named(path: &Path, args: &DiffArgs, config: &Config, output: &Output) -> Result<Named, CliError> {
    let name = path.display().to_string();
    if let (Ok(id), false) = (name.parse::<StatementId>(), path.exists()) {
        let mut online = Online::connect(&args.online, config, output)?;
        let found = online.ask(|client| client.statement(EntryRef::Id(id)))?;
        return of_statement(found.statement(), &name);
    }
    let bytes = files::read(path)?;
    match bytes.first() {
        Some(0xD2) => {
            let statement = Statement::parse_submission(&bytes)
                .map_err(|error| CliError::malformed(format!("{name} is not a statement: {error}")))?;
            of_statement(&statement, &name)
        }
        _ => match String::from_utf8(bytes) {
            Ok(text) => of_draft(&text, &name),
            Err(_) => Err(CliError::usage(format!("{name} is neither a statement nor a draft"))
                .next_step("Of a docket file, name the statement that brings the later terms: --amendment ID.")),
        },
    }
}

fn of_statement(statement: &Statement, name: &str) -> Result<Named, CliError> {
    let body = Body::read(statement.kind(), statement.body())
        .map_err(|error| CliError::malformed(format!("{name}: {error}")))?;
    let kind = statement.kind();
    let called = format!("{kind} by {} on {} ({name})", describe::issuer(statement), statement.subject());
    Ok(Named { terms: own_terms(body, name)?, called })
}

fn of_draft(text: &str, name: &str) -> Result<Named, CliError> {
    let draft = DraftFile::parse(text, name, &Header::default())?;
    let bytes = encode(&draft.body);
    let kind = draft.kind.name.parse().map_err(|error| CliError::malformed(format!("{name}: {error}")))?;
    let read = Item::read(&bytes).map_err(|error| error.to_string());
    let body = read.and_then(|item| Body::read(&kind, item).map_err(|error| error.to_string()));
    let body = body.map_err(|error| CliError::malformed(format!("{name}: {error}")))?;
    let called = format!("a draft of {kind} by {} on {} ({name})", draft.issuer, draft.subject);
    Ok(Named { terms: own_terms(body, name)?, called })
}

/// The terms that stand in a body.
fn own_terms(body: Body, name: &str) -> Result<Terms, CliError> {
    match body {
        Body::OfferMake(body) => Ok(body.terms),
        Body::File(body) => Ok(body.terms),
        Body::Amend(body) => Ok(body.terms),
        Body::Correct(body) => Ok(body.terms),
        other => Err(CliError::usage(format!("{name}: {} carries no terms of its own", other.kind()))
            .next_step("Compare offer.make, agreement.file, agreement.amend or agreement.correct; or a docket file with --amendment ID.")),
    }
}

/// What a statement of a docket file changes, against the terms that it replaces.
fn amendment(id: &str, args: &DiffArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let question = nospy::evidence::Question::default();
    let (reading, exit) = match open(&args.first, &args.online, &question, config, output)? {
        Opened::Read { reading, exit } => (reading, exit),
        Opened::Refused(exit) => return Ok(exit),
    };
    let act = find(&reading, id)?;
    let (before, after) = versions(&reading, act)?;
    let found = before.changes_to(&after);
    let halves: Vec<&Act> = reading.halves(act).collect();
    let signed: Vec<String> =
        halves.iter().map(|half| format!("{} (entry {})", acts::issuer(half), half.index)).collect();
    let mut page = sheet::Sheet::new(sheet::width());
    write_head(&mut page, &reading);
    page.heading("The statement");
    page.say(&format!("{} {}{}", acts::issuer(act), sheet::sentence(&acts::said(act)), reading.remark(act)));
    page.item("signed by", &sheet::listed(&signed));
    if !reading.is_by_both(act) {
        page.item("", "Only one side signed exactly this. Until the other signs the same, it changes nothing.");
    }
    changes::write(&mut page, &found);
    let json = json!({
        "about": reading.about.to_string(), "checked": reading.verification.is_some(), "exit": exit.code(),
        "amendment": act.id().to_string(), "signed_by": halves.iter().map(|half| acts::issuer(half)).collect::<Vec<_>>(),
        "same": found.is_empty(), "changes": changes::to_json(&found),
    });
    output.data(&page.into_text(), json)?;
    Ok(exit)
}

/// The one statement whose id begins so.
fn find<'a>(reading: &'a Reading, id: &str) -> Result<&'a Act, CliError> {
    let wanted = id.to_lowercase();
    if wanted.len() < acts::ID_SHORT {
        return Err(CliError::usage(format!("--amendment {id}: at least {} digits of the id", acts::ID_SHORT)));
    }
    let mut fitting = reading.acts.iter().filter(|act| act.id().to_string().starts_with(&wanted));
    match (fitting.next(), fitting.next()) {
        (Some(act), None) => Ok(act),
        (Some(_), Some(_)) => Err(CliError::usage(format!("--amendment {id}: several ids begin so; give more digits"))),
        (None, _) => Err(CliError::new(Exit::NotFound, format!("--amendment {id}: the file holds no such statement"))
            .next_step("`nospy history FILE` prints the ids.")),
    }
}

/// The terms before and after a statement that changes them.
fn versions(reading: &Reading, act: &Act) -> Result<(Terms, Terms), CliError> {
    let reference = match act.body.as_deref() {
        Some(Body::Amend(body)) => body.reference,
        Some(Body::Correct(body)) => body.reference,
        Some(Body::Renew(body)) => body.reference,
        _ => {
            let words = format!("{} by {} changes no terms", act.statement.kind(), acts::issuer(act));
            return Err(CliError::usage(words).next_step(
                "Name an agreement.amend, agreement.correct or agreement.renew; `nospy history` lists them.",
            ));
        }
    };
    match (reading.terms_before(act, &reference), reading.carried_by(act)) {
        (Some(before), Some(after)) => Ok((before, after)),
        _ => Err(CliError::malformed("the file does not hold the terms that this statement refers to")),
    }
}
