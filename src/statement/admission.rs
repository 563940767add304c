//! What only a registry's door asks of texts (formats §1): it depends on a Unicode version, so a verifier does
//! not repeat it.

use unicode_normalization::is_nfc;

use crate::codec::Item;
use crate::statement::Statement;

/// A text that is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Not in normalization form C.
    #[error("a text is not in Unicode normalization form C (NFC)")]
    NotNfc,
    /// A bidirectional control that could show the text in another order than it is signed.
    #[error("a text holds a bidirectional control character (U+202A-202E, U+2066-2069)")]
    BidiControl,
    /// Not a COSE_Sign1 at all.
    #[error("the submission is not a COSE_Sign1")]
    NotASubmission,
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Checks every text of a submission: protected header, unprotected map and payload, keys included.
///
/// # Errors
/// The first property that does not hold.
pub fn check_texts(submission: &[u8]) -> Result<(), TextError> {
    let item = Item::read_sign1(submission).map_err(|_| TextError::NotASubmission)?;
    for member in item.array().ok_or(TextError::NotASubmission)? {
        let inner = member.bytes().and_then(|bytes| Item::read(bytes).ok());
        [Some(member), inner].into_iter().flatten().try_for_each(check_item)?;
    }
    Ok(())
}

impl Statement {
    /// As [`check_texts`]. Outside its body a statement has ASCII only: the grammars of its claims and of its kind allow
    /// nothing else.
    ///
    /// # Errors
    /// The first property that does not hold.
    pub fn check_texts(&self) -> Result<(), TextError> {
        check_item(self.body())
    }
}

fn check_item(item: Item<'_>) -> Result<(), TextError> {
    let has_bidi_control = |text: &str| text.chars().any(is_bidi_control);
    // ASCII is neither, and nearly everything is ASCII.
    let is_doubtful = |text: &str| !text.is_ascii() && (has_bidi_control(text) || !is_nfc(text));
    match () {
        () if !item.any_text(&is_doubtful) => Ok(()),
        () if item.any_text(&has_bidi_control) => Err(TextError::BidiControl),
        () => Err(TextError::NotNfc),
    }
}

/// Whether `c` is shown as nothing, or moves the text: a line or paragraph separator, or one of the characters by which
/// a name can be made to look like another, or like a line of its own. The joiners U+200C and U+200D are letters of
/// living scripts and stay.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a text can stand as a name: one line that shows what it is, not blank, no space at either end.
pub fn is_name_text(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// A stranger's text for one line of an answer: it cannot begin a line of its own, and nothing in it is unseen.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => line.push_str(" / "),
            c if c.is_control() || is_invisible(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}
