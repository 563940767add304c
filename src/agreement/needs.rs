//! Which dockets a question rests on, in the order in which they can be loaded.

use std::collections::BTreeSet;

use crate::agreement::World;
use crate::agreement::accord::offer_subject;
use crate::statement::{GovernmentOrCountry, Issuer, Party, RollName, Statement, Subject};

impl World {
    /// The subjects whose dockets judging this statement reads, in load order; its own is the last. To load that
    /// one, the needs of each of its statements come first.
    pub fn needs(statement: &Statement) -> Vec<Subject> {
        let mut needed = BTreeSet::new();
        insert_issuer(&mut needed, statement);
        insert_subject(&mut needed, statement.subject());
        insert_party(&mut needed, statement.successor().as_ref());
        in_order(needed)
    }

    /// Subjects in the order in which their dockets can be loaded: lists first, since they rest on nothing; then each
    /// family after those it rests on.
    pub fn in_load_order(subjects: BTreeSet<Subject>) -> Vec<Subject> {
        in_order(subjects)
    }

    /// What [`World::admit`] reads: [`World::needs`], `parties`, the vendor that a report names, and the agreement of the
    /// government that voids an offer.
    pub fn needs_to_admit(statement: &Statement) -> Vec<Subject> {
        let mut needed: BTreeSet<Subject> = Self::needs(statement).into_iter().collect();
        match statement.kind().family() {
            "party" => {
                needed.insert(Subject::Parties);
            }
            "void" => needed.extend(agreement_of_voider(statement)),
            "report" => {
                let vendor = statement.body().field("vendor").and_then(|item| item.text()?.parse::<Party>().ok());
                insert_party(&mut needed, vendor.as_ref());
            }
            _ => {}
        }
        in_order(needed)
    }

    /// The subjects whose dockets the standing of `about` reads, in load order. What a list such as `between/…`
    /// names is known once the list itself is at hand: ask again then. To load a docket, the needs of each of its
    /// statements come first.
    pub fn needs_of(&self, about: &Subject) -> Vec<Subject> {
        let mut needed = BTreeSet::new();
        insert_subject(&mut needed, about);
        for entry in self.history(about).iter().flat_map(|history| &history.entries) {
            insert_issuer(&mut needed, &entry.act.statement);
            // A report in a list rests on its reporter alone.
            if about.is_derived() && !matches!(entry.act.statement.subject(), Subject::Report { .. }) {
                insert_subject(&mut needed, entry.act.statement.subject());
            }
        }
        in_order(needed)
    }
}

/// The agreement that a government has by the offer on whose subject its statement stands.
pub(in crate::agreement) fn agreement_of_voider(statement: &Statement) -> Option<Subject> {
    match (statement.subject(), statement.issuer()) {
        (Subject::Offer { vendor, reference }, Issuer::Party(government)) if government.is_government() => {
            let (vendor, reference, government) = (vendor.clone(), reference.clone(), government.clone());
            Some(Subject::Agreement { vendor, reference, government })
        }
        _ => None,
    }
}

fn insert_issuer(needed: &mut BTreeSet<Subject>, statement: &Statement) {
    if let Issuer::Party(issuer) = statement.issuer() {
        insert_party(needed, Some(issuer));
    }
}

fn insert_subject(needed: &mut BTreeSet<Subject>, subject: &Subject) {
    let of_government = |government: &GovernmentOrCountry| government.as_str().parse::<Party>().ok();
    needed.insert(Subject::Registry);
    match subject {
        Subject::Registry | Subject::Parties | Subject::Party(_) => {}
        Subject::Offer { vendor, .. } | Subject::Participants { vendor, .. } => insert_party(needed, Some(vendor)),
        Subject::Agreement { vendor, government, .. } => {
            insert_party(needed, Some(vendor));
            insert_party(needed, Some(government));
            needed.extend(offer_subject(subject));
        }
        Subject::Report { reporter, .. } => insert_party(needed, Some(reporter)),
        Subject::Between { vendor, government } => {
            insert_party(needed, Some(vendor));
            insert_party(needed, of_government(government).as_ref());
        }
        Subject::Roll(RollName::Party(party)) => insert_party(needed, Some(party)),
        Subject::Roll(RollName::Country(_)) => {}
    }
    needed.insert(subject.clone());
}

fn insert_party(needed: &mut BTreeSet<Subject>, party: Option<&Party>) {
    needed.extend(party.filter(|party| !party.is_registrar()).cloned().map(Subject::Party));
}

fn in_order(needed: BTreeSet<Subject>) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = needed.into_iter().collect();
    subjects.sort_by_key(|subject| match subject {
        Subject::Parties | Subject::Roll(_) | Subject::Between { .. } | Subject::Participants { .. } => 0,
        Subject::Registry => 1,
        Subject::Party(_) => 2,
        Subject::Offer { .. } => 3,
        Subject::Agreement { .. } => 4,
        Subject::Report { .. } => 5,
    });
    subjects
}
