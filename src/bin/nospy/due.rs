//! `nospy due`: what ends, closes, opens or has to be looked at within a period, computed here from verified files.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use nospy::agreement::{Due, Reason, Told, Window};
use nospy::statement::{LegalDate, Period, Subject};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::footing::{self, Footing};
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::shelf::Shelf;
use crate::whose::{self, Made, WhoseArgs};

/// Most agreements and offers that one question looks at: each is a file to fetch and to verify.
pub const DUE_SUBJECTS_MAX: usize = 1_000;

/// What ends or falls due within a period: terms, notices, offers, suspensions, renewal windows, the last days for
/// notice, reviews of withheld texts. Computed here from verified files; it holds if nothing more is registered.
#[derive(Args)]
pub struct DueArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// How far to look: P30D, P6M, P1Y.
    #[arg(long, value_name = "PERIOD")]
    within: Period,
    /// The first day; the day (UTC) of the newest seal if left out.
    #[arg(long, value_name = "DAY")]
    from: Option<LegalDate>,
    /// Keep every file that the answer rests on in this directory.
    #[arg(short, long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

struct Answer {
    window: Window,
    lines: Vec<Due>,
    /// Subjects of which it cannot be told what falls due, and why.
    open: Vec<(Subject, Reason)>,
    /// How many agreements and offers were looked at.
    agreements: usize,
    offers: usize,
    footing: Footing,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &DueArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let whose = args.whose.whose()?;
    let mut shelf = Shelf::open(&args.online, args.out.as_deref(), config, output)?;
    let found = whose::find(&whose, None, &mut shelf)?;
    let from = args.from.map_or_else(|| day_of(found.seal.time_ms), Ok)?;
    let window = Window::within(from, &args.within);
    let subjects: Vec<&Made> = found.agreements.iter().chain(&found.offers).collect();
    if subjects.len() > DUE_SUBJECTS_MAX {
        let words =
            format!("{} agreements and offers are more than the {DUE_SUBJECTS_MAX} of one question", subjects.len());
        return Err(CliError::usage(words).next_step("Ask narrower, such as --between VENDOR GOVERNMENT."));
    }
    let (mut lines, mut open) = (Vec::new(), Vec::new());
    for made in subjects {
        let told = match &found.whole {
            Some(whole) => whole.world.due(&made.subject, window, found.seal),
            None => shelf.fetch(&made.subject)?.world.due(&made.subject, window, found.seal),
        };
        let Told { lines: due, doubt } = told;
        lines.extend(due);
        open.extend(doubt.map(|reason| (made.subject.clone(), reason)));
    }
    lines.sort();
    let (agreements, offers) = (found.agreements.len(), found.offers.len());
    let footing = shelf.footing(found.lists, found.seal, vec![whose.note().to_owned()])?;
    let answer = Answer { window, lines, open, agreements, offers, footing };
    let exit = answer.exit();
    output.data(&answer.text(exit), answer.json(exit))?;
    Ok(exit)
}

/// The day (UTC) of an instant.
fn day_of(ms: u64) -> Result<LegalDate, CliError> {
    let day = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let day = day.map(|instant| jiff::tz::TimeZone::UTC.to_datetime(instant).date());
    day.and_then(|day| day.try_into().ok()).ok_or_else(|| CliError::malformed("the newest seal's time is no day"))
}

impl Answer {
    fn exit(&self) -> Exit {
        self.footing.exit(if self.open.is_empty() { Exit::Ok } else { Exit::Indeterminate })
    }

    fn text(&self, exit: Exit) -> String {
        let mut text = self.footing.head().to_owned();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text + &self.footing.foot(exit)
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        for due in &self.lines {
            writeln!(text, "{}  {:<16}  {}", due.day, due.kind.as_str().replace('_', " "), due.about)?;
            writeln!(text, "            {} ({})", due.words, due.zone)?;
        }
        for (subject, reason) in &self.open {
            writeln!(text, "not known   {subject}: {}", reason.as_str().replace('_', " "))?;
        }
        let (from, to) = (self.window.from, self.window.to);
        writeln!(text, "\n{} days to note from {from} to {to}, if nothing more is registered.", self.lines.len())?;
        writeln!(text, "Looked at: {} agreements and {} offers.", self.agreements, self.offers)
    }

    fn json(&self, exit: Exit) -> Json {
        let lines: Vec<Json> = self
            .lines
            .iter()
            .map(|due| {
                json!({ "day": due.day.to_string(), "zone": due.zone, "what": due.kind.as_str(),
                        "subject": due.about.to_string(), "words": due.words })
            })
            .collect();
        let fields = json!({
            "from": self.window.from.to_string(), "to": self.window.to.to_string(),
            "agreements": self.agreements, "offers": self.offers, "due": lines,
            "not_known": footing::open_json(&self.open),
        });
        self.footing.json("due", exit, fields)
    }
}
