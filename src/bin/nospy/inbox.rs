//! `nospy inbox`: what others did that a party may answer, and has not; computed here from verified files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use nospy::agreement::{KnownAt, Reason, Told, Waiting, WaitingKind};
use nospy::statement::{GovernmentOrCountry, Party, Subject};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::footing::{self, Footing};
use crate::moment;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::shelf::Shelf;
use crate::whose::{self, Found, Whose};

/// Most subjects that one question looks at: each is a file to fetch and to verify.
pub const INBOX_SUBJECTS_MAX: usize = 1_000;

/// What waits for a party: open offers to it or its country that it has not answered, and papers that a government filed
/// alone. Computed here from verified files.
#[derive(Args)]
pub struct InboxArgs {
    /// The party, such as gb-ncsc or nordhavn.
    party: Party,
    /// Look also at what this vendor offers to everybody; may be given many times. Such offers stand in the vendor's list
    /// only.
    #[arg(long, value_name = "VENDOR")]
    vendor: Vec<Party>,
    /// Keep every file that the answer rests on in this directory.
    #[arg(short, long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

struct Answer {
    party: Party,
    /// How many subjects were looked at.
    looked_at: usize,
    lines: Vec<Waiting>,
    /// Subjects of which it cannot be told what waits, and why.
    open: Vec<(Subject, Reason)>,
    footing: Footing,
}

/// Runs the verb.
///
/// # Errors
/// What failed; [`Exit::Indeterminate`] for a party that the registry does not know.
pub fn run(args: &InboxArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let mut shelf = Shelf::open(&args.online, args.out.as_deref(), config, output)?;
    let party = &args.party;
    let own = shelf.fetch(&Subject::Party(party.clone()))?;
    own.demand_known(party)?;
    let seal = own.seal;
    let (subjects, lists) = looked_at(party, &args.vendor, seal, &mut shelf)?;
    if subjects.len() > INBOX_SUBJECTS_MAX {
        let words = format!("{} subjects are more than the {INBOX_SUBJECTS_MAX} of one question", subjects.len());
        return Err(CliError::usage(words).next_step("`nospy agreements` shows them page by page."));
    }
    let (mut lines, mut open) = (Vec::new(), Vec::new());
    let looked_at = subjects.len();
    let mut tell = |subject: &Subject, told: Told<Waiting>| {
        lines.extend(told.lines);
        open.extend(told.doubt.map(|reason| (subject.clone(), reason)));
    };
    tell(&own.subject, own.world.waiting_for(party, &own.subject, seal));
    for subject in &subjects {
        tell(subject, shelf.fetch(subject)?.world.waiting_for(party, subject, seal));
    }
    lines.sort_by_key(|line| line.index);
    let footing = shelf.footing(lists, seal, note(party).into_iter().collect())?;
    let answer = Answer { party: party.clone(), looked_at, lines, open, footing };
    let exit = answer.exit();
    output.data(&answer.text(exit), answer.json(exit))?;
    Ok(exit)
}

/// Where offers are seen that the lists of a government leave out.
fn note(party: &Party) -> Option<String> {
    let note = "An offer to everybody stands in the list of its vendor only: name the vendor with --vendor.";
    party.is_government().then(|| note.to_owned())
}

/// The subjects in which something may wait for a party, and the lists that prove that there are no others: its own
/// agreements and offers, and of a government the agreements that offers to it would become.
fn looked_at(
    party: &Party,
    vendors: &[Party],
    seal: KnownAt,
    shelf: &mut Shelf,
) -> Result<(BTreeSet<Subject>, Vec<Subject>), CliError> {
    let mut sources = vec![Whose::Vendor(party.clone())];
    if let Ok(government) = GovernmentOrCountry::try_from(party) {
        // What names an organ stands in the list of its country too, and so does what names the country itself.
        sources = vec![Whose::Government(party.clone()), Whose::Country(government.country())];
    }
    sources.extend(vendors.iter().cloned().map(Whose::Vendor));
    let (mut subjects, mut lists) = (BTreeSet::new(), Vec::new());
    // The party itself, and those in whose place it stands.
    let mut names = BTreeSet::new();
    for whose in sources {
        let Found { agreements, offers, lists: read, names: found, .. } = whose::find(&whose, Some(seal), shelf)?;
        if names.is_empty() {
            names = found;
        }
        subjects.extend(agreements.into_iter().map(|made| made.subject).filter(|subject| is_of(subject, &names)));
        for offer in offers {
            let to = offer.addressees.as_ref();
            let addressed = names.iter().filter(|name| name.is_government() && to.is_some_and(|to| to.includes(name)));
            subjects.extend(addressed.filter_map(|name| answer_subject(&offer.subject, name)));
            subjects.extend(Some(offer.subject).filter(|subject| is_of(subject, &names)));
        }
        lists.extend(read);
    }
    Ok((subjects, lists))
}

/// Whether a subject is one of these parties' own.
fn is_of(subject: &Subject, names: &BTreeSet<Party>) -> bool {
    match subject {
        Subject::Agreement { vendor, government, .. } => names.contains(vendor) || names.contains(government),
        Subject::Offer { vendor, .. } => names.contains(vendor),
        _ => false,
    }
}

/// The subject on which a government answers an offer.
fn answer_subject(offer: &Subject, government: &Party) -> Option<Subject> {
    match offer {
        Subject::Offer { vendor, reference } => Some(Subject::Agreement {
            vendor: vendor.clone(),
            reference: reference.clone(),
            government: government.clone(),
        }),
        _ => None,
    }
}

/// What is to be done about something that waits, in plain words.
fn words(line: &Waiting) -> String {
    let until = line.until.map_or_else(String::new, |day| format!(", until {day} ({})", line.zone));
    let answers = line.answered_by().join(" or ");
    let same = if line.kind == WaitingKind::ActToSign { ", the same body word for word," } else { "" };
    let what = line.kind.as_str().replace('_', " ");
    format!("{what} by {}; answer with {answers}{same} on {}{until}", line.from, line.about)
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
        for line in &self.lines {
            writeln!(text, "{:>6}  {}  {}", line.index, moment::utc_ms(line.time_ms), words(line))?;
            writeln!(text, "        ref {}", line.statement)?;
        }
        for (subject, reason) in &self.open {
            writeln!(text, "not known  {subject}: {}", reason.as_str().replace('_', " "))?;
        }
        writeln!(text, "\n{} things wait for {}; {} subjects looked at.", self.lines.len(), self.party, self.looked_at)
    }

    fn json(&self, exit: Exit) -> Json {
        let lines: Vec<Json> = self
            .lines
            .iter()
            .map(|line| {
                json!({ "what": line.kind.as_str(), "subject": line.about.to_string(), "from": line.from.as_str(),
                        "statement": line.statement.to_string(), "index": line.index, "time_ms": line.time_ms,
                        "until": line.until.map(|day| day.to_string()), "zone": line.zone,
                        "answer_with": line.answered_by() })
            })
            .collect();
        let fields = json!({ "party": self.party.as_str(), "looked_at": self.looked_at, "waiting": lines,
                             "not_known": footing::open_json(&self.open) });
        self.footing.json("inbox", exit, fields)
    }
}
