//! Who the parties are: names, role, country, numbers, controllers, and whose word that is.

use nospy::agreement::Act;
use nospy::evidence::PartyTrust;
use nospy::statement::body::{Body, Controller, Description, LegalDate};
use nospy::statement::{Party, Subject};

use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, listed, quoted};
use crate::read::words;

/// A party as the statements of the file describe it.
#[derive(Default)]
pub struct Described<'a> {
    description: Option<&'a Description>,
    /// Names registered after the first description.
    renamed: Vec<&'a str>,
    /// Who controls it now, and from when if it changed.
    controllers: Vec<&'a Controller>,
    changed: Option<LegalDate>,
    has_keys: bool,
    successor: Option<&'a Party>,
    is_retired: bool,
}

impl<'a> Described<'a> {
    /// Reads the docket of a party.
    pub fn read(reading: &'a Reading, party: &Party) -> Self {
        let mut described = Self::default();
        let subject = Subject::Party(party.clone());
        for act in
            reading.acts.iter().filter(|act| *act.statement.subject() == subject && reading.remark(act).is_empty())
        {
            described.learn(act);
        }
        described
    }

    fn learn(&mut self, act: &'a Act) {
        match act.body.as_deref() {
            Some(Body::PartyList(body)) => self.describe(body),
            Some(Body::PartyEnrol(body)) => {
                self.has_keys = true;
                self.describe(&body.description);
            }
            Some(Body::PartyRename(body)) => self.renamed.push(body.name.name.as_str()),
            Some(Body::PartyControlChange(body)) => {
                self.controllers = body.controllers.iter().collect();
                self.changed = Some(body.date);
            }
            Some(Body::PartySucceed(body)) => self.successor = Some(&body.successor),
            Some(Body::PartyRetire(_)) => self.is_retired = true,
            _ => {}
        }
    }

    fn describe(&mut self, description: &'a Description) {
        self.controllers = description.controllers.iter().flatten().collect();
        self.description = Some(description);
    }

    /// The name that it bears now.
    pub fn name(&self) -> Option<&'a str> {
        let first = || self.description.and_then(|known| known.names.first()).map(|name| name.name.as_str());
        self.renamed.last().copied().or_else(first)
    }
}

/// A party by its id and its name.
pub fn named(reading: &Reading, party: &Party) -> String {
    match Described::read(reading, party).name() {
        Some(name) => format!("{} ({party})", quoted(name)),
        None => party.to_string(),
    }
}

/// The section.
pub fn write(sheet: &mut Sheet, reading: &Reading) {
    let parties = order(reading);
    if parties.is_empty() {
        return;
    }
    sheet.heading("The parties");
    for party in &parties {
        write_party(sheet, reading, party);
    }
}

/// The two sides first, then everybody else who has a docket in the file.
fn order(reading: &Reading) -> Vec<Party> {
    let (vendor, government) = reading.sides();
    let mut parties: Vec<Party> = vendor.into_iter().chain(government).cloned().collect();
    for (subject, _) in &reading.dockets {
        if let Subject::Party(party) = subject
            && !parties.contains(party)
        {
            parties.push(party.clone());
        }
    }
    parties
}

fn write_party(sheet: &mut Sheet, reading: &Reading, party: &Party) {
    let described = Described::read(reading, party);
    let (vendor, government) = reading.sides();
    let side = match party {
        party if Some(party) == vendor => "The vendor: ",
        party if Some(party) == government => "The government: ",
        _ => "",
    };
    let name = described.name().map_or("no name known".to_owned(), quoted);
    sheet.point(&format!("{side}{party}, {name}"));
    if let Some(known) = described.description {
        let others: Vec<String> = known
            .names
            .iter()
            .filter(|one| Some(one.name.as_str()) != described.name())
            .map(|one| match one.until {
                Some(until) => format!("{} (until {until})", quoted(one.name.as_str())),
                None => quoted(one.name.as_str()),
            })
            .collect();
        if !others.is_empty() {
            sheet.below(&format!("Also or earlier known as {}.", listed(&others)));
        }
        sheet.below(&format!("What it is: {}, country {}.", words::role(known.role), known.country));
        for number in known.identifiers.iter().flatten() {
            let register = number.register.as_ref().map(|name| format!(" of {}", quoted(name.as_str())));
            let (scheme, register) = (words::scheme(number.scheme), register.unwrap_or_default());
            sheet.below(&format!("{scheme}{register}: {}", quoted(number.value.as_str())));
        }
    }
    write_controllers(sheet, &described);
    if let Some(successor) = described.successor {
        sheet.below(&format!("A succession is registered: {successor} takes its place."));
    }
    if described.is_retired {
        sheet.below("It registers nothing more.");
    }
    sheet.below(&whose_word(reading, party, &described));
}

fn write_controllers(sheet: &mut Sheet, described: &Described<'_>) {
    if described.description.is_none() {
        return;
    }
    if described.controllers.is_empty() {
        sheet.below("Who controls it is not stated.");
    }
    for controller in &described.controllers {
        let country = controller.country.as_ref().map(|country| format!(", country {country}")).unwrap_or_default();
        let since = described.changed.map(|day| format!(", registered as a change of {day}")).unwrap_or_default();
        let kind = words::controller(controller.kind);
        sheet.below(&format!("Controlled by {} ({kind}{country}{since}).", quoted(controller.name.as_str())));
    }
}

/// Whose word it is that this is the party.
fn whose_word(reading: &Reading, party: &Party, described: &Described<'_>) -> String {
    let Some(verification) = &reading.verification else {
        return "Nothing of this was checked: it is what the file says.".to_owned();
    };
    let trust = verification.parties.iter().find(|line| line.party == *party).map(|line| line.trust);
    match trust {
        Some(PartyTrust::Pinned) => match verification.standing {
            Some(_) => "You named its key yourself: all that it signed here was signed with that key.".to_owned(),
            None => "You named its key yourself. Whether it signed with that key: see what FAILED above.".to_owned(),
        },
        Some(PartyTrust::Enrolled) => {
            "All this, and that its key is its own, is the registrar's word: you did not name its key yourself."
                .to_owned()
        }
        Some(PartyTrust::Listed) => {
            "All this is the registrar's word. It has no key here: it signed nothing in this registry.".to_owned()
        }
        Some(PartyTrust::Unknown) | None if described.has_keys => "Whose word this is could not be told.".to_owned(),
        Some(PartyTrust::Unknown) | None => "The registry does not know it.".to_owned(),
    }
}
