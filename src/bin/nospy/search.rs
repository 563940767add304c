//! `nospy search`: statements in which all words stand. The server's word, and the output says so.

use std::fmt::Write as _;

use clap::Args;
use nospy::registry::SearchWords;
use nospy::rpc::proto::{SearchRequest, SearchRow};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::moment;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;

/// Most rows of one answer.
const PAGE_ROWS_MAX: i64 = 200;
/// Most calls of one question: each reads a bounded part of the log, and rare words stand far apart.
const CALLS_MAX: usize = 100;
/// What stands below every answer.
const SERVERS_WORD: &str = "This is the server's word: it may leave out what matches. What there is about a subject is \
                            proved by its docket file: nospy docket SUBJECT -o FILE.";

/// Search titles, clauses, products, names of parties and reports: statements in which all words stand, whatever their
/// case. The server's word; each row names the subject by which a proof is fetched.
#[derive(Args)]
pub struct SearchArgs {
    /// What all stands in one statement; a part of a word is enough.
    #[arg(required = true)]
    words: Vec<String>,
    /// Only these.
    #[arg(long, value_parser = ["offers", "agreements", "parties", "reports"])]
    kind: Option<String>,
    /// Most rows of one answer.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=PAGE_ROWS_MAX))]
    page_size: u32,
    /// Goes on where an answer ended; the log is searched as far as it reached at the first page.
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    page_token: String,
    #[command(flatten)]
    online: OnlineArgs,
}

/// What was found.
struct Answer {
    rows: Vec<SearchRow>,
    count: u64,
    scanned: u64,
    size: u64,
    next: String,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &SearchArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    SearchWords::read(&args.words.join(" ")).map_err(|problem| CliError::usage(format!("the words: {problem}")))?;
    let mut online = Online::connect(&args.online, config, output)?;
    let answer = ask(args, &mut online)?;
    output.data(&answer.text(), answer.json(online.log.name()))?;
    output.say(SERVERS_WORD);
    Ok(Exit::Ok)
}

/// Reads on until the page is full or the log at its end.
fn ask(args: &SearchArgs, online: &mut Online) -> Result<Answer, CliError> {
    let mut answer = Answer { rows: Vec::new(), count: 0, scanned: 0, size: 0, next: args.page_token.clone() };
    for _ in 0..CALLS_MAX {
        let missing = args.page_size.saturating_sub(u32::try_from(answer.rows.len()).unwrap_or(u32::MAX));
        if missing == 0 {
            break;
        }
        let request = SearchRequest {
            words: args.words.join(" "),
            kind: args.kind.clone().unwrap_or_default(),
            page_size: missing,
            page_token: answer.next.clone(),
        };
        let page = online.ask(|client| client.search(request))?.into_the_servers_word();
        // A server that repeats its token would keep us here.
        let is_last = page.next_page_token.is_empty() || page.next_page_token == answer.next;
        answer.rows.extend(page.rows.into_iter().take(missing as usize));
        (answer.count, answer.scanned, answer.size) = (page.count, page.scanned, page.size);
        answer.next = page.next_page_token;
        if is_last {
            break;
        }
    }
    Ok(answer)
}

impl Answer {
    fn is_exact(&self) -> bool {
        self.scanned == self.size
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        for row in &self.rows {
            writeln!(text, "{:>6}  {}  {}", row.index, moment::utc_ms(row.time_ms), row.subject)?;
            writeln!(text, "        {}: \"{}\"", row.kind, nospy::statement::one_line(&row.title))?;
        }
        match self.is_exact() {
            true => writeln!(text, "\n{} statements match, {} shown.", self.count, self.rows.len())?,
            false => writeln!(
                text,
                "\nAt least {} statements match, {} shown; the search stopped at entry {} of {}.",
                self.count,
                self.rows.len(),
                self.scanned,
                self.size
            )?,
        }
        match self.next.is_empty() {
            true => Ok(()),
            false => writeln!(text, "Further: --page-token {}", self.next),
        }
    }

    fn json(&self, origin: &str) -> Json {
        let rows: Vec<Json> = self
            .rows
            .iter()
            .map(|row| {
                json!({ "subject": row.subject, "index": row.index, "time_ms": row.time_ms, "kind": row.kind,
                        "title": row.title })
            })
            .collect();
        json!({
            "type": "search", "verified": false, "origin": origin, "rows": rows, "count": self.count,
            "is_exact": self.is_exact(), "scanned": self.scanned, "size": self.size,
            "next_page_token": if self.next.is_empty() { Json::Null } else { json!(self.next) },
        })
    }
}
