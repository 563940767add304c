//! That a log has ended and who continues it, as people and programs read it.

use nospy::agreement::LogEnd;
use nospy::statement::one_line;
use serde_json::{Value as Json, json};

use crate::moment;

/// What is said of a log that a checked file shows to be closed: whole lines.
pub fn text(end: &LogEnd) -> String {
    let reason = end.reason.as_deref().map(|reason| format!("\n  its reason: \"{}\"", one_line(reason)));
    format!(
        "This log is closed: entry {} of {} ended it, and its last seal never gets younger. {} continues it.\n  \
         log key of that registry, as this log names it: {}{}\n  \
         Pin that key by a way of your own, and let `nospy log seam` check that both logs name each other.\n",
        end.index,
        moment::utc_ms(end.time_ms),
        end.origin,
        end.log_name(),
        reason.unwrap_or_default(),
    )
}

/// The same for programs.
pub fn json(end: &LogEnd) -> Json {
    json!({
        "id": end.id.to_string(), "index": end.index, "time_ms": end.time_ms, "origin": end.origin.as_str(),
        "log_key": end.log_name().to_string(), "reason": end.reason,
    })
}
