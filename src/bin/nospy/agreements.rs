//! `nospy agreements`: every agreement of a vendor, a government, a country, or between two, and how each stands;
//! complete by docket, each standing computed here from its own verified file.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use nospy::agreement::{Force, On, Standing};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::footing::Footing;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::shelf::{self, Shelf};
use crate::whose::{self, Found, Made, WhoseArgs};
use crate::{asked, moment, view};

/// Most agreements of one page: each but those of `--between` is a file to fetch and to verify.
pub const PAGE_AGREEMENTS_MAX: u16 = 500;

/// Every agreement of a vendor, a government, a country, or between two, and how each stands: the list is proved
/// complete, and each standing is computed here; the server's word counts for nothing.
#[derive(Args)]
pub struct AgreementsArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// For which day (YYYY-MM-DD) or instant (2026-01-10T10:00:00Z); the seal's time if left out.
    #[arg(long, value_name = "DAY|TIME")]
    on: Option<String>,
    /// As known at the seal of this index; the newest if left out.
    #[arg(long, value_name = "SEAL", conflicts_with = "page_token")]
    known_at: Option<u64>,
    /// Keep every file that the answer rests on in this directory.
    #[arg(short, long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
    /// Most agreements of one answer.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=i64::from(PAGE_AGREEMENTS_MAX)))]
    page_size: u16,
    /// Goes on where an answer ended, as of the same seal: what is registered in between shifts nothing.
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<PageToken>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Where a page starts: `<seal index>.<agreements before it>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageToken {
    seal: u64,
    skip: usize,
}

impl std::str::FromStr for PageToken {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = "not a page token of an answer of this program";
        let (seal, skip) = text.split_once('.').ok_or(bad)?;
        let token = Self { seal: seal.parse().map_err(|_| bad)?, skip: skip.parse().map_err(|_| bad)? };
        if token.to_string() == text { Ok(token) } else { Err(bad) }
    }
}

impl std::fmt::Display for PageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.seal, self.skip)
    }
}

/// An agreement and how it stands.
struct Row {
    made: Made,
    standing: Standing,
    /// The file that proves it, if it is kept.
    file: Option<String>,
}

/// One page of a complete list.
struct Answer {
    rows: Vec<Row>,
    /// How many agreements there are in all, and before this page.
    total: usize,
    skipped: usize,
    next: Option<PageToken>,
    footing: Footing,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &AgreementsArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let whose = args.whose.whose()?;
    let on = args.on.as_deref().map(asked::moment_asked).transpose()?;
    let mut shelf = Shelf::open(&args.online, args.out.as_deref(), config, output)?;
    let asked = args.page_token.map(|token| token.seal).or(args.known_at);
    let known_at = asked.map(|index| shelf.seal(index)).transpose()?;
    let found = whose::find(&whose, known_at, &mut shelf)?;
    let skipped = args.page_token.map_or(0, |token| token.skip);
    let rows = found
        .agreements
        .iter()
        .skip(skipped)
        .take(usize::from(args.page_size))
        .map(|made| row(made, &found, on, args.out.is_some(), &mut shelf))
        .collect::<Result<Vec<_>, _>>()?;
    let total = found.agreements.len();
    let reached = skipped.saturating_add(rows.len());
    let next = (reached < total).then_some(PageToken { seal: found.seal.index, skip: reached });
    let footing = shelf.footing(found.lists, found.seal, vec![whose.note().to_owned()])?;
    let answer = Answer { rows, total, skipped, next, footing };
    let exit = answer.exit();
    output.data(&answer.text(exit), answer.json(exit))?;
    Ok(exit)
}

/// How one agreement stands, from the file that holds its docket.
fn row(made: &Made, found: &Found, on: Option<On>, is_kept: bool, shelf: &mut Shelf) -> Result<Row, CliError> {
    let on = on.unwrap_or(On::Instant(found.seal.time_ms));
    let (standing, proof) = match &found.whole {
        Some(whole) => (whole.world.standing(&made.subject, on, found.seal), whole.subject.clone()),
        None => (shelf.fetch(&made.subject)?.world.standing(&made.subject, on, found.seal), made.subject.clone()),
    };
    let file = is_kept.then(|| shelf::file_name(&proof));
    Ok(Row { made: made.clone(), standing, file })
}

impl Answer {
    /// Of a list that is empty the answer is no; what is not known of one agreement is not known of the list.
    fn exit(&self) -> Exit {
        let is_open = |row: &Row| matches!(row.standing.force, Force::Indeterminate(_));
        self.footing.exit(match () {
            () if self.total == 0 => Exit::AnswerNo,
            () if self.rows.iter().any(is_open) => Exit::Indeterminate,
            () => Exit::Ok,
        })
    }

    fn text(&self, exit: Exit) -> String {
        let mut text = self.footing.head().to_owned();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text + &self.footing.foot(exit)
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        for row in &self.rows {
            writeln!(text, "{}", row.made.subject)?;
            writeln!(text, "  registered   entry {}, {}", row.made.index, moment::utc_ms(row.made.time_ms))?;
            writeln!(text, "  stands       {}", row.standing.sentence())?;
            if let Some(file) = &row.file {
                writeln!(text, "  proof        {file}")?;
            }
        }
        let shown = match self.rows.len() {
            0 => "none shown".to_owned(),
            count => format!("{} to {} shown", self.skipped + 1, self.skipped + count),
        };
        writeln!(text, "\n{} agreements, {shown}.", self.total)?;
        match &self.next {
            Some(next) => writeln!(text, "The next ones, as of the same seal: --page-token {next}"),
            None => Ok(()),
        }
    }

    fn json(&self, exit: Exit) -> Json {
        let rows: Vec<Json> = self
            .rows
            .iter()
            .map(|row| {
                json!({ "subject": row.made.subject.to_string(), "index": row.made.index, "time_ms": row.made.time_ms,
                        "standing": view::standing_json(&row.standing), "proof": row.file })
            })
            .collect();
        let fields = json!({ "count": self.total, "skipped": self.skipped, "agreements": rows,
                             "next_page_token": self.next.map(|token| token.to_string()) });
        self.footing.json("agreements", exit, fields)
    }
}
