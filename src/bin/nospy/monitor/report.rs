//! What a look comes to: the events of a batch, what lasts, and what an error means.

use std::path::Path;

use nospy::crypto::hex;
use nospy::evidence::{CLOCK_SKEW_MS_MAX, Seal};
use nospy::merkle::Edge;
use serde_json::{Value as Json, json};

use crate::caught;
use crate::error::CliError;
use crate::exit::Exit;
use crate::monitor::event::Event;
use crate::monitor::follow::{Sealed, heartbeat_ms, tree_json};
use crate::monitor::{Monitor, now_ms};

impl Monitor<'_> {
    /// Reports a batch and goes on behind it; says whether the log was caught.
    pub(super) fn report(&mut self, sealed: Sealed, edge: &Edge) -> Result<bool, CliError> {
        for event in &sealed.events {
            self.deliver(event)?;
        }
        if let Some(evidence) = &sealed.fork {
            let reason = "two seals of the log contradict each other";
            // The evidence must not get lost because a disk is full.
            let fields = match caught::keep(&self.directory, evidence) {
                Ok(path) => json!({ "evidence": path, "reason": reason }),
                Err(failed) => {
                    self.output.error(&failed);
                    json!({ "evidence": null, "evidence_hex": hex(&evidence.to_bytes()), "reason": reason })
                }
            };
            self.tell_fork(&Event::new(&self.origin, "fork", &sealed.index.to_string(), fields))?;
            return Ok(true);
        }
        self.state.set_closed(sealed.is_closed);
        // M2: only now.
        self.state.advance(edge.clone(), sealed.last);
        Ok(false)
    }

    /// Reports an event, unless it was taken in a look that did not get through.
    fn deliver(&mut self, event: &Event) -> Result<(), CliError> {
        if !self.state.was_delivered(event) {
            self.courier.deliver(event)?;
            self.state.note_delivered(event);
        }
        Ok(())
    }

    /// Reports that the log was caught. Who looks once is told by the exit code, even if nobody takes the event.
    pub(super) fn tell_fork(&self, event: &Event) -> Result<(), CliError> {
        match self.courier.deliver(event) {
            Err(error) if self.args.once => {
                self.output.error(&error);
                Ok(())
            }
            delivered => delivered,
        }
    }

    /// Reports that a condition begins or ends.
    pub(super) fn condition(&mut self, name: &'static str, is_on: bool, fields: Json) -> Result<(), CliError> {
        if let Some(event) = self.state.condition(&self.origin, name, is_on, now_ms()?, fields) {
            // The anchor first, so that the event is the same after a kill. A disk that is full keeps no alarm from anybody.
            if let Err(error) = self.state.save() {
                self.output.error(&error);
            }
            self.courier.deliver(&event.with("tree", tree_json(&self.state.edge)))?;
            self.state.set_condition(name, is_on);
            self.state.save()?;
        }
        Ok(())
    }

    /// How old the newest seal is.
    pub(super) fn ages(&mut self) -> Result<Option<Exit>, CliError> {
        let now_ms = now_ms()?;
        let seal = self.state.seal.as_ref().and_then(|(index, seal)| Seal::read(*index, seal).ok());
        let Some(seal) = seal else { return Ok(None) };
        // A seal of a time to come is as old as our knowledge of it: one date cannot switch the alarms off.
        let first_seen_ms = self.state.first_seen_ms(seal.index, now_ms);
        let age_ms = now_ms.saturating_sub(seal.time_ms.min(first_seen_ms));
        let is_ahead = seal.time_ms > now_ms.saturating_add(CLOCK_SKEW_MS_MAX);
        let is_due = !self.state.is_closed();
        let is_late = is_due && age_ms > self.args.max_age.saturating_mul(1_000);
        let is_missing = is_due && self.state.interval_s().is_some_and(|interval_s| age_ms > heartbeat_ms(interval_s));
        let fields = json!({
            "seal": seal.index, "time_ms": seal.time_ms, "age_ms": age_ms, "interval_s": self.state.interval_s(),
        });
        self.condition("heartbeat_missing", is_missing, fields.clone())?;
        self.condition("seal_late", is_late, fields)?;
        Ok((is_late || is_missing || is_ahead).then_some(Exit::Stale))
    }

    /// What an error means: an event, or the end.
    pub(super) fn trouble(&mut self, error: CliError) -> Result<Exit, CliError> {
        let fields = json!({ "reason": error.to_string(), "evidence": error.evidence() });
        let name = match error.exit() {
            Exit::Equivocation => {
                // One for each piece of evidence, however often it is found.
                let name = error.evidence().and_then(Path::file_name);
                let anchor = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                self.tell_fork(&Event::new(&self.origin, "fork", &anchor, fields))?;
                return Ok(Exit::Equivocation);
            }
            Exit::Network | Exit::NotFound | Exit::NotAuthorised => "server_silent",
            Exit::Stale => "rollback",
            Exit::BadInclusion if error.evidence().is_some() => "not_extended",
            Exit::Usage => {
                // Later it is this machine that fails, a disk that is full for one.
                self.is_unusable = !self.has_connected;
                return Err(error);
            }
            _ => "bad_answer",
        };
        self.output.say(error.to_string());
        self.condition(name, true, fields)?;
        self.state.save()?;
        Ok(error.exit())
    }
}
