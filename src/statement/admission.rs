//! What only a registry's door asks of texts (formats §1): it depends on a Unicode version, so a verifier does
//! not repeat it.

use unicode_normalization::is_nfc;

use crate::codec::Item;

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
        for item in [Some(member), inner].into_iter().flatten() {
            if item.any_text(&|text| text.chars().any(is_bidi_control)) {
                return Err(TextError::BidiControl);
            }
            if item.any_text(&|text| !is_nfc(text)) {
                return Err(TextError::NotNfc);
            }
        }
    }
    Ok(())
}
