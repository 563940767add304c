//! The time of the registry, as a value.
//!
//! The times of seals are what a registry's answers about days rest on. So a clock that somebody sets is allowed to a
//! demonstration only: a registry refuses to open on one unless its origin says that it is a demonstration.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Unix milliseconds.
pub type Millis = u64;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, unix milliseconds.
    fn now_ms(&self) -> Millis;

    /// Whether somebody sets it, so that its times prove nothing.
    fn is_scripted(&self) -> bool {
        false
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that is set to the days of a script and runs on from each at the pace of this machine. It never goes back.
///
/// It runs because seals need times that increase: on a clock that stands still the second batch would find none.
#[derive(Debug)]
pub struct ScriptedClock(Mutex<Mark>);

/// The time that was set, and when.
#[derive(Clone, Copy, Debug)]
struct Mark {
    time_ms: Millis,
    set_at: Instant,
}

impl Mark {
    fn now(time_ms: Millis) -> Self {
        Self { time_ms, set_at: Instant::now() }
    }

    fn shows_ms(self) -> Millis {
        self.time_ms.saturating_add(u64::try_from(self.set_at.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// A scripted clock was to be set to a time that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scripted clock only goes forward: it shows {now_ms} ms, and {to_ms} ms is over")]
pub struct ClockBackwards {
    /// What it shows, unix milliseconds.
    pub now_ms: Millis,
    /// What it was to show.
    pub to_ms: Millis,
}

impl ScriptedClock {
    /// A clock that begins at `start_ms`.
    pub fn new(start_ms: Millis) -> Self {
        Self(Mutex::new(Mark::now(start_ms)))
    }

    /// Sets the time forward.
    ///
    /// # Errors
    /// [`ClockBackwards`] if that time is over; then the clock runs on as it did.
    pub fn advance_to(&self, to_ms: Millis) -> Result<(), ClockBackwards> {
        let mut mark = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = mark.shows_ms();
        if to_ms < now_ms {
            return Err(ClockBackwards { now_ms, to_ms });
        }
        *mark = Mark::now(to_ms);
        Ok(())
    }
}

impl Clock for ScriptedClock {
    fn now_ms(&self) -> Millis {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shows_ms()
    }

    fn is_scripted(&self) -> bool {
        true
    }
}

/// A clock that stands until it is set, to any time: for tests of what a registry does when its clock is wrong.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now_ms`.
    pub fn new(now_ms: Millis) -> Self {
        Self(AtomicU64::new(now_ms))
    }

    /// Sets the time.
    pub fn set(&self, now_ms: Millis) {
        self.0.store(now_ms, Ordering::SeqCst);
    }

    /// Moves the time forward.
    pub fn advance(&self, by_ms: Millis) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }

    fn is_scripted(&self) -> bool {
        true
    }
}
