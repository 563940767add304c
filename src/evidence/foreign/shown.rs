//! What a stranger wrote, cut to what an answer may hold: one line, of a length that is known.

use crate::codec::{Loose, LooseKey};
use crate::statement::one_line;

/// Most characters of a stranger's text that are shown.
pub const SHOWN_LEN_MAX: usize = 80;
/// Most labels of a map that are shown.
const SHOWN_LABELS_MAX: usize = 32;

/// A stranger's text on one line, at most [`SHOWN_LEN_MAX`] of its characters.
pub fn shown(text: &str) -> String {
    // Cut first: a character that is escaped becomes several, and the whole text may be megabytes long.
    match text.char_indices().nth(SHOWN_LEN_MAX) {
        Some((end, _)) => one_line(&text[..end]) + "…",
        None => one_line(text),
    }
}

/// An item where an error names it: integers and texts as they are, of anything else only what it is.
pub(in crate::evidence::foreign) fn shown_item(item: Option<&Loose<'_>>) -> String {
    let kind = match item {
        None => "none named",
        Some(Loose::Int(int)) => return int.to_string(),
        Some(Loose::Text(text)) => return format!("\"{}\"", shown(text)),
        Some(Loose::Bytes(_)) => "a byte string",
        Some(Loose::Array(_)) => "an array",
        Some(Loose::Map(_)) => "a map",
        Some(Loose::Tagged(..)) => "a tagged item",
        Some(Loose::Null) => "null",
        Some(Loose::Other) => "a number or simple value that means nothing here",
    };
    kind.to_owned()
}

/// The labels of a map; of very many only the first.
pub(in crate::evidence::foreign) fn shown_labels(map: &Loose<'_>) -> Vec<String> {
    let Loose::Map(pairs) = map else { return Vec::new() };
    let shown = pairs.iter().take(SHOWN_LABELS_MAX).map(|(key, _)| match key {
        LooseKey::Int(int) => int.to_string(),
        LooseKey::Text(text) => format!("\"{}\"", shown(text)),
    });
    let rest = pairs.len().saturating_sub(SHOWN_LABELS_MAX);
    shown.chain((rest > 0).then(|| format!("and {rest} more"))).collect()
}
