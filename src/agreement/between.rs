//! The standing of a list `between/<vendor>/<government or country>`: its agreements and offers, each with its own
//! standing, and what is reported.
//!
//! Agreements keep their subject and follow the party, so the list of a successor draws in those of its predecessors.

use std::collections::BTreeSet;

use crate::agreement::answer::{blank, moment};
use crate::agreement::day::{LegalZone, day_after};
use crate::agreement::doubt::settle;
use crate::agreement::history::{Entry, Index};
use crate::agreement::void::voided;
use crate::agreement::{Flag, Force, KnownAt, On, Reason, ReportLine, Standing, World, report};
use crate::statement::body::LegalDate;
use crate::statement::{GovernmentOrCountry, Party, StatementId, Subject};

/// Most lists that the answer of one is drawn from: its own and those of whom its parties succeeded.
const BETWEEN_MAX: usize = 1_024;

impl World {
    pub(in crate::agreement) fn between_standing(&self, about: &Subject, on: On, known_at: KnownAt) -> Standing {
        let (day, at_ms) = moment(on, &LegalZone::utc());
        let mut standing = blank(about, on, known_at, &LegalZone::utc());
        let mut named = BTreeSet::new();
        let mut doubt = None;
        for list in self.between_with_predecessors(about, known_at) {
            let entries: Vec<&Entry> = self.entries_known(&list, known_at).collect();
            for entry in &entries {
                match entry.act.statement.subject() {
                    // Its own verdict is looked at below.
                    Subject::Report { .. } => {}
                    _ if entry.is_unknown() => doubt = Some(Reason::UnknownKind),
                    subject => {
                        named.insert(subject.clone());
                    }
                }
            }
            let (reports, index) = self.reports_in(entries.into_iter());
            if reports.iter().any(Entry::is_unknown) {
                doubt = Some(Reason::UnknownKind);
            }
            standing.inadmissible.extend(reports.iter().filter_map(Entry::inadmissible));
            standing.reports.extend(self.reports_on(&reports, &index, day));
        }
        standing.list = named.into_iter().map(|one| (one.clone(), self.standing(&one, on, known_at))).collect();
        if !standing.list.is_empty() {
            standing.force = Force::Listed;
        }
        if !standing.reports.is_empty() {
            standing.flags.insert(Flag::Reported);
        }
        settle(standing, doubt, at_ms)
    }

    /// A list and those of whom its parties succeeded: agreements keep their subject and follow the party.
    fn between_with_predecessors(&self, about: &Subject, known_at: KnownAt) -> Vec<Subject> {
        let mut found = vec![about.clone()];
        let mut next = 0;
        while let Some(subject) = found.get(next).filter(|_| next < BETWEEN_MAX) {
            if let Subject::Between { vendor, government } = subject.clone() {
                let vendors = self.predecessors(&vendor, known_at.index).into_iter();
                let mut pairs: Vec<Subject> =
                    vendors.map(|vendor| Subject::Between { vendor, government: government.clone() }).collect();
                let organ = government.as_str().parse::<Party>().ok();
                let organs = organ.map(|organ| self.predecessors(&organ, known_at.index)).unwrap_or_default();
                let organs = organs.iter().filter_map(|organ| GovernmentOrCountry::try_from(organ).ok());
                pairs.extend(organs.map(|government| Subject::Between { vendor: vendor.clone(), government }));
                pairs.retain(|pair| !found.contains(pair));
                found.extend(pairs);
            }
            next += 1;
        }
        found
    }

    /// What is reported on or before a day, without what its reporter declared void.
    fn reports_on(&self, reports: &[Entry], index: &Index, day: LegalDate) -> Vec<ReportLine> {
        let voids = voided(self, reports, index);
        let by_ms = LegalZone::utc().start_ms(day_after(day));
        let is_void = |id: &StatementId| voids.get(id).is_some_and(|void| void.is_ab_initio || void.time_ms < by_ms);
        let complete = reports.iter().filter_map(Entry::done).filter(|done| !is_void(&done.act.id()));
        complete.filter_map(|done| report::line_on(&done.act, day)).collect()
    }
}
