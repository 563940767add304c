//! `nospy list`: find parties and agreements. All of it is the server's word, and the output says so.

use clap::{Args, Subcommand};
use nospy::rpc::AgreementsFilter;
use nospy::rpc::proto::{AgreementRow, PartyRow};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::moment;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;

/// Rows asked for at once; the most that a registry gives.
const PAGE_ROWS: u32 = 200;
/// What stands below every list.
const SERVERS_WORD: &str = "This list is the server's word: it may be short. A docket file proves what is complete: \
                            nospy docket parties -o FILE, nospy docket roll/<party> -o FILE.";

/// Find parties and agreements.
#[derive(Args)]
pub struct ListArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The parties that the registrar listed or enrolled.
    Parties(PartiesArgs),
    /// Agreements, and how the server says they stand today.
    Agreements(AgreementsArgs),
}

#[derive(Args)]
struct PartiesArgs {
    /// Most rows.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    #[command(flatten)]
    online: OnlineArgs,
}

#[derive(Args)]
struct AgreementsArgs {
    /// Only of this vendor.
    #[arg(long)]
    vendor: Option<String>,
    /// Only with this government (gb-ncsc) or country (gb).
    #[arg(long)]
    government: Option<String>,
    /// Most rows.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &ListArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match &args.what {
        What::Parties(args) => parties(args, config, output),
        What::Agreements(args) => agreements(args, config, output),
    }
}

fn parties(args: &PartiesArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let mut online = Online::connect(&args.online, config, output)?;
    let mut rows: Vec<PartyRow> = Vec::new();
    let mut token = String::new();
    loop {
        let page = online.ask(|client| client.parties(PAGE_ROWS, &token))?.into_the_servers_word();
        rows.extend(page.parties);
        // A server that repeats its token would keep us here for ever.
        if page.next_page_token.is_empty() || page.next_page_token == token || rows.len() >= args.limit {
            break;
        }
        token = page.next_page_token;
    }
    rows.truncate(args.limit);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let powers = if row.is_enrolled { "can sign" } else { "named only" };
            let name = row.names.first().cloned().unwrap_or_default();
            vec![row.party.clone(), name, row.role.clone(), row.country.clone(), powers.to_owned()]
        })
        .collect();
    let json = rows
        .iter()
        .map(|row| {
            json!({ "party": row.party, "names": row.names, "role": row.role, "country": row.country,
                    "is_enrolled": row.is_enrolled, "listed_index": row.listed_index })
        })
        .collect::<Vec<_>>();
    let json = json!({ "verified": false, "origin": online.log.name(), "parties": json });
    output.rows(&["party", "name", "role", "country", "keys"], &cells, json)?;
    output.say(SERVERS_WORD);
    Ok(Exit::Ok)
}

fn agreements(args: &AgreementsArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let vendor = args.vendor.as_ref().map(|text| text.parse()).transpose();
    let vendor = vendor.map_err(|error| CliError::usage(format!("--vendor: {error}")))?;
    let government = args.government.as_ref().map(|text| text.parse()).transpose();
    let government = government.map_err(|error| CliError::usage(format!("--government: {error}")))?;
    let filter = AgreementsFilter { vendor, government };
    let mut online = Online::connect(&args.online, config, output)?;
    let mut rows: Vec<AgreementRow> = Vec::new();
    let mut token = String::new();
    loop {
        let page = online.ask(|client| client.agreements(&filter, PAGE_ROWS, &token))?.into_the_servers_word();
        rows.extend(page.agreements);
        if page.next_page_token.is_empty() || page.next_page_token == token || rows.len() >= args.limit {
            break;
        }
        token = page.next_page_token;
    }
    rows.truncate(args.limit);
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| vec![row.subject.clone(), moment::utc_ms(row.time_ms), sentence(row)]).collect();
    let json = rows
        .iter()
        .map(|row| json!({ "subject": row.subject, "index": row.index, "time_ms": row.time_ms, "standing": sentence(row) }))
        .collect::<Vec<_>>();
    let json = json!({ "verified": false, "origin": online.log.name(), "agreements": json });
    output.rows(&["agreement", "registered", "how the server says it stands"], &cells, json)?;
    output.say(SERVERS_WORD);
    Ok(Exit::Ok)
}

/// The standing of a row as the server tells it, in a few words.
fn sentence(row: &AgreementRow) -> String {
    let Some(standing) = &row.standing else { return "not told".to_owned() };
    let words = [&standing.force, &standing.indeterminate_reason, &standing.assent];
    let words = words.into_iter().filter(|word| !word.is_empty()).map(|word| word.replace('_', " "));
    words.chain(standing.flags.iter().map(|flag| flag.replace('_', " "))).collect::<Vec<_>>().join(", ")
}
