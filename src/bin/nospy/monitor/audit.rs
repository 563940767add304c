//! `nospy monitor --audit`: besides following the log, what it signed is derived again from its entries, as it grows.
//!
//! It begins with entry 0 at every start, like every audit: what the rules say of an entry depends on all before it. Findings are
//! told once for as long as this monitor's memory is kept.

use nospy::audit::{Auditor, Finding};
use serde_json::json;

use crate::audit::exit_of;
use crate::error::CliError;
use crate::exit::Exit;
use crate::monitor::event::Event;
use crate::monitor::{Monitor, Trouble, next_run};
use crate::online::Online;

/// Which answer stands for several: what cannot be explained by anybody's mistake comes first.
const BY_WEIGHT: [Exit; 3] = [Exit::BadInclusion, Exit::BadSignature, Exit::Indeterminate];

impl Monitor<'_> {
    /// Derives the entries before `size` that were not derived yet, and reports what does not follow; gives the exit code of
    /// all that was found since the start, if anything was.
    pub(super) fn audit(&mut self, online: &mut Online, size: u64) -> Result<Option<Exit>, Trouble> {
        let Some(auditor) = &mut self.auditor else { return Ok(None) };
        let mut tail = online.client.tail(auditor.edge().clone(), Some(size));
        while auditor.edge().size() < size {
            let Some(run) = next_run(online, &mut tail).map_err(Trouble::There)? else { break };
            for entry in run.statements() {
                auditor.push(entry);
            }
        }
        let (_, findings) = auditor.report();
        let exits: Vec<Exit> = findings.faults().map(exit_of).collect();
        let found: Vec<Event> = findings.first().map(|finding| event(&self.origin, finding)).collect();
        for event in found {
            self.tell_finding(&event).map_err(Trouble::Here)?;
        }
        Ok(BY_WEIGHT.into_iter().find(|exit| exits.contains(exit)))
    }

    fn tell_finding(&mut self, event: &Event) -> Result<(), CliError> {
        if self.state.was_found(event) {
            return Ok(());
        }
        self.courier.deliver(event)?;
        self.state.note_found(event);
        self.state.save()
    }
}

/// An auditor of the log `log`, before its first entry.
pub fn auditor(log: &nospy::crypto::KeyLine) -> Result<Auditor, CliError> {
    Auditor::new(log.clone()).map_err(|error| CliError::usage(format!("--audit: the log's name: {error}")))
}

fn event(origin: &str, finding: &Finding) -> Event {
    let Finding { fault, index, rule, message } = finding;
    let fields = json!({
        "fault": fault.as_str(), "index": index, "rule": rule.map(|rule| rule.as_str()), "reason": message,
    });
    Event::new(origin, "audit_finding", &format!("{index} {} {message}", fault.as_str()), fields)
}
