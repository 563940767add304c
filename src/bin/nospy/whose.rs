//! Whose agreements and offers: the complete list, proved by list dockets.
//!
//! - A list docket is complete up to its seal by its digest, and names each statement by its id. The statements are
//!   fetched apart; one that hashes to another id is refused, so nothing is left out and nothing put in.
//! - Where a party is the heir of another one, the other's list belongs to it, generation by generation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use clap::Args;
use nospy::agreement::{KnownAt, is_country};
use nospy::evidence::{DocketFile, Entries, HEIR_GENERATIONS_MAX};
use nospy::statement::{Addressees, Body, GovernmentOrCountry, Party, RollName, Statement, Subject};

use crate::error::CliError;
use crate::exit::Exit;
use crate::shelf::{Held, Shelf, unknown_name};

/// Whose: exactly one of these.
#[derive(Args, Clone)]
#[group(required = true, multiple = false)]
pub struct WhoseArgs {
    /// Of this vendor.
    #[arg(long, value_name = "VENDOR")]
    vendor: Option<Party>,
    /// With this government, such as gb-ncsc.
    #[arg(long, value_name = "GOVERNMENT")]
    government: Option<Party>,
    /// With any government of this country, such as gb.
    #[arg(long, value_name = "CC")]
    country: Option<GovernmentOrCountry>,
    /// Between this vendor and this government or country.
    #[arg(long, num_args = 2, value_names = ["VENDOR", "GOVERNMENT|CC"])]
    between: Option<Vec<String>>,
}

/// Whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of a vendor.
    Vendor(Party),
    /// With a government.
    Government(Party),
    /// With any government of a country.
    Country(GovernmentOrCountry),
    /// Between two.
    Between(Party, GovernmentOrCountry),
}

/// An agreement or an offer, and the statement by which it came about.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its subject.
    pub subject: Subject,
    /// Index of the first acceptance, filing or offer on it.
    pub index: u64,
    /// When that was registered, unix milliseconds.
    pub time_ms: u64,
    /// Of an offer: to whom it is made.
    pub addressees: Option<Addressees>,
}

/// A complete list.
pub struct Found {
    /// The agreements, in the order of the log.
    pub agreements: Vec<Made>,
    /// The offers, in the order of the log.
    pub offers: Vec<Made>,
    /// The list dockets that prove it.
    pub lists: Vec<Subject>,
    /// Of a party: itself and those whose heir it is.
    pub names: BTreeSet<Party>,
    /// The seal up to which it is complete.
    pub seal: KnownAt,
    /// The one file that holds every docket of the list, if there is one (`between/…`).
    pub whole: Option<Held>,
}

impl WhoseArgs {
    /// What the flags ask.
    ///
    /// # Errors
    /// [`Exit::Usage`].
    pub fn whose(&self) -> Result<Whose, CliError> {
        let bad = |flag: &str, text: &str, what: &str| CliError::usage(format!("--{flag} {text}: {what}"));
        match (&self.vendor, &self.government, &self.country, self.between.as_deref()) {
            (Some(vendor), None, None, None) => Ok(Whose::Vendor(vendor.clone())),
            (None, Some(government), None, None) if government.is_government() => {
                Ok(Whose::Government(government.clone()))
            }
            (None, Some(government), None, None) => {
                let what = "a government is <country>-<organ>, such as gb-ncsc";
                Err(bad("government", government.as_str(), what))
            }
            (None, None, Some(country), None) if country.is_country() => Ok(Whose::Country(country.clone())),
            (None, None, Some(country), None) => {
                Err(bad("country", country.as_str(), "a country is two letters; an organ goes with --government"))
            }
            (None, None, None, Some([vendor, government])) => {
                let other: GovernmentOrCountry =
                    government.parse().map_err(|error| bad("between", government, &format!("{error}")))?;
                Ok(Whose::Between(vendor.parse().map_err(|error| bad("between", vendor, &format!("{error}")))?, other))
            }
            _ => Err(CliError::usage("whose: name exactly one of --vendor, --government, --country, --between")),
        }
    }
}

impl Whose {
    /// The list docket that holds it.
    pub fn list(&self) -> Subject {
        match self {
            Self::Vendor(party) | Self::Government(party) => Subject::Roll(RollName::Party(party.clone())),
            Self::Country(country) => Subject::Roll(RollName::Country(country.clone())),
            Self::Between(vendor, government) => {
                Subject::Between { vendor: vendor.clone(), government: government.clone() }
            }
        }
    }

    /// What such a list leaves out, in a sentence.
    pub fn note(&self) -> &'static str {
        match self {
            Self::Vendor(_) => "An offer to everybody stands in this list too; a report is no agreement.",
            _ => "An offer to everybody stands in the list of its vendor only (roll/<vendor>): ask with --vendor.",
        }
    }

    fn holds(&self, agreement: &Subject, name: Option<&Party>) -> bool {
        let Subject::Agreement { vendor, government, .. } = agreement else { return false };
        match self {
            Self::Vendor(_) => Some(vendor) == name,
            Self::Government(_) => Some(government) == name,
            Self::Country(country) => {
                GovernmentOrCountry::try_from(government).is_ok_and(|own| own.country() == *country)
            }
            Self::Between(..) => true,
        }
    }
}

/// Everything that `whose` asks for, as known at a seal: at the newest one if `None`.
///
/// # Errors
/// [`Exit::Indeterminate`] for a name that the registry does not know; a list that is not complete.
pub fn find(whose: &Whose, known_at: Option<KnownAt>, shelf: &mut Shelf) -> Result<Found, CliError> {
    match whose {
        Whose::Between(vendor, government) => between(vendor, government, whose, known_at, shelf),
        Whose::Country(country) => {
            demand_country(country)?;
            let list = shelf.fetch(&whose.list())?;
            let seal = seal_of(&list, known_at)?;
            let mut gathered = Gathered::default();
            gathered.add(whose, None, &list, seal, shelf)?;
            Ok(gathered.found(vec![list.subject], seal))
        }
        Whose::Vendor(party) | Whose::Government(party) => of_party(party, whose, known_at, shelf),
    }
}

/// The lists of a party and of those whose heir it is.
fn of_party(party: &Party, whose: &Whose, known_at: Option<KnownAt>, shelf: &mut Shelf) -> Result<Found, CliError> {
    let mut gathered = Gathered::default();
    let (mut lists, mut seal) = (Vec::new(), known_at);
    let mut seen = BTreeSet::from([party.clone()]);
    let mut todo = VecDeque::from([(party.clone(), 0)]);
    while let Some((name, generation)) = todo.pop_front() {
        let list = shelf.fetch(&Subject::Roll(RollName::Party(name.clone())))?;
        list.demand_known(&name)?;
        let known = seal_of(&list, seal)?;
        // Every further list is read as the first one's seal knew it: one moment for all.
        seal = Some(known);
        gathered.add(whose, Some(&name), &list, known, shelf)?;
        for predecessor in predecessors(&list, &name, known)? {
            if generation == HEIR_GENERATIONS_MAX {
                let words = format!("{party} follows more than {HEIR_GENERATIONS_MAX} generations of predecessors");
                return Err(CliError::new(Exit::Indeterminate, words));
            }
            if seen.insert(predecessor.clone()) {
                todo.push_back((predecessor, generation + 1));
            }
        }
        lists.push(list.subject);
    }
    let seal = seal.ok_or_else(|| CliError::new(Exit::Internal, "a list without a seal"))?;
    Ok(Found { names: seen, ..gathered.found(lists, seal) })
}

/// The docket between two holds the statements themselves, and its file every docket that they name.
fn between(
    vendor: &Party,
    government: &GovernmentOrCountry,
    whose: &Whose,
    known_at: Option<KnownAt>,
    shelf: &mut Shelf,
) -> Result<Found, CliError> {
    demand_country(&government.country())?;
    let held = shelf.fetch(&whose.list())?;
    held.demand_known(vendor)?;
    if let Ok(organ) = government.as_str().parse::<Party>() {
        held.demand_known(&organ)?;
    }
    let seal = seal_of(&held, known_at)?;
    let mut gathered = Gathered::default();
    let file = DocketFile::parse(&held.bytes).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
    let times: BTreeMap<u64, u64> = held.verification.history.iter().map(|line| (line.index, line.time_ms)).collect();
    for docket in &file.dockets {
        let Entries::Full(entries) = &docket.entries else { continue };
        for statement in entries.iter().map(|entry| &file.statements[entry.statement]) {
            let is_known = statement.index <= seal.index && *statement.statement.subject() == docket.subject;
            if let (true, Some(time_ms)) = (is_known, times.get(&statement.index)) {
                gathered.note(whose, None, statement.index, *time_ms, &statement.statement);
            }
        }
    }
    let lists = vec![held.subject.clone()];
    Ok(Found { whole: Some(held), ..gathered.found(lists, seal) })
}

/// What the lists name, each subject once, by the first statement that makes it.
#[derive(Default)]
struct Gathered {
    agreements: BTreeMap<Subject, Made>,
    offers: BTreeMap<Subject, Made>,
}

impl Gathered {
    /// Reads a thin list up to a seal.
    fn add(
        &mut self,
        whose: &Whose,
        name: Option<&Party>,
        list: &Held,
        seal: KnownAt,
        shelf: &mut Shelf,
    ) -> Result<(), CliError> {
        for (index, time_ms, id) in list.verification.list.iter().filter(|(index, ..)| *index <= seal.index) {
            let statement = shelf.listed(*index, id)?;
            self.note(whose, name, *index, *time_ms, &statement);
        }
        Ok(())
    }

    fn note(&mut self, whose: &Whose, name: Option<&Party>, index: u64, time_ms: u64, statement: &Statement) {
        let subject = statement.subject().clone();
        let made = |addressees| Made { subject: subject.clone(), index, time_ms, addressees };
        match statement.kind().as_str() {
            "agreement.accept" | "agreement.file" if whose.holds(&subject, name) => {
                self.agreements.entry(subject.clone()).or_insert_with(|| made(None));
            }
            "offer.make" => {
                let addressees = match Body::read(statement.kind(), statement.body()) {
                    Ok(Body::OfferMake(offer)) => Some(offer.addressees),
                    // It is in the log against its rules; its docket says so.
                    _ => None,
                };
                self.offers.entry(subject.clone()).or_insert_with(|| made(addressees));
            }
            _ => {}
        }
    }

    fn found(self, lists: Vec<Subject>, seal: KnownAt) -> Found {
        let by_index = |made: BTreeMap<Subject, Made>| {
            let mut rows: Vec<Made> = made.into_values().collect();
            rows.sort_by_key(|row| row.index);
            rows
        };
        Found {
            agreements: by_index(self.agreements),
            offers: by_index(self.offers),
            lists,
            names: BTreeSet::new(),
            seal,
            whole: None,
        }
    }
}

/// Whose heir a party is, by the successions in its docket, which stands in the file of its list.
fn predecessors(list: &Held, party: &Party, seal: KnownAt) -> Result<BTreeSet<Party>, CliError> {
    let statements = list.statements()?;
    let succeeded = statements
        .iter()
        .filter(|entry| entry.index <= seal.index && entry.statement.successor().as_ref() == Some(party));
    Ok(succeeded
        .filter_map(|entry| match entry.statement.subject() {
            Subject::Party(predecessor) => Some(predecessor.clone()),
            _ => None,
        })
        .collect())
}

/// The seal as of which a file is read.
fn seal_of(held: &Held, known_at: Option<KnownAt>) -> Result<KnownAt, CliError> {
    match known_at {
        None => Ok(held.seal),
        Some(seal) if seal.index <= held.seal.index => Ok(seal),
        Some(seal) => {
            let words = format!("the file about {} ends before the seal at {}", held.subject, seal.index);
            Err(CliError::new(Exit::Stale, words).next_step("Ask again: the registry showed that seal already."))
        }
    }
}

/// A misspelt country would read as a proven no.
fn demand_country(country: &GovernmentOrCountry) -> Result<(), CliError> {
    match is_country(country.as_str()) {
        true => Ok(()),
        false => Err(unknown_name(country.as_str())),
    }
}
