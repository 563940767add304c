//! The clock of a registry: this machine's, or for a demonstration one that a file sets.
//!
//! The file holds one time, such as `2026-01-10T10:00:00Z`. The clock starts there and runs on; whoever writes a later
//! time into the file sets it forward. What cannot be read, and a time that is over, sets nothing and is logged once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nospy::registry::{Clock, ScriptedClock, SystemClock};

use crate::error::CliError;
use crate::{files, moment};

/// A scripted clock and the file that sets it.
struct ClockFile {
    path: PathBuf,
    clock: ScriptedClock,
    /// What the file held when it was read last: only a change is obeyed.
    read_last: Mutex<String>,
}

/// This machine's clock, or the one that a file sets.
///
/// # Errors
/// If the file cannot be read or holds no time.
pub fn of(file: Option<&Path>) -> Result<Arc<dyn Clock>, CliError> {
    let Some(path) = file else { return Ok(Arc::new(SystemClock)) };
    let text = files::read_text(path)?;
    let start_ms =
        milliseconds(&text).map_err(|error| CliError::usage(format!("the clock {}: {error}", path.display())))?;
    let (path, clock) = (path.to_owned(), ScriptedClock::new(start_ms));
    Ok(Arc::new(ClockFile { path, clock, read_last: Mutex::new(text) }))
}

impl ClockFile {
    /// Sets the clock to what the file says, if it says something new.
    fn obey(&self) {
        let text = files::read_text(&self.path).unwrap_or_default();
        let mut read_last = self.read_last.lock().unwrap_or_else(PoisonError::into_inner);
        // An empty file is one that is being written.
        if text.trim().is_empty() || *read_last == text {
            return;
        }
        let set = milliseconds(&text).map_err(|error| error.to_string());
        let set = set.and_then(|to_ms| self.clock.advance_to(to_ms).map_err(|error| error.to_string()));
        if let Err(error) = set {
            tracing::warn!(file = %self.path.display(), %error, "the clock is not set");
        }
        *read_last = text;
    }
}

impl Clock for ClockFile {
    fn now_ms(&self) -> u64 {
        self.obey();
        self.clock.now_ms()
    }

    fn is_scripted(&self) -> bool {
        true
    }
}

fn milliseconds(text: &str) -> Result<u64, CliError> {
    // A time that can be signed, in seconds, is far from the end of milliseconds.
    moment::parse_seconds(text.trim()).map(|seconds| seconds.saturating_mul(1_000))
}
