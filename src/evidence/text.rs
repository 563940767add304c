//! Texts that somebody has at hand, compared with those that the terms name (rule 7). A digest that differs from an
//! authentic text is a mismatch; force is computed all the same, from the statements alone.
//!
//! The terms name each text by the SHA-256 of its bytes, or withhold it behind a salted commitment (formats §0). A text
//! at hand *is* a text of the terms if its digest is the one named, or, given its salt, its commitment is. That is all
//! that bytes can show; that a text at hand is *another* one needs somebody who says which text it is meant to be:
//!
//! - T1. Whoever gives a text may claim a language, or the very digest or commitment that it is said to have. A text that
//!   is given without a claim is meant to be the authentic text, if the terms have exactly one and no other text at
//!   hand is it; otherwise nobody knows what it is meant to be.
//! - T2. A text that is none of those it claims to be contradicts them: those that no other text at hand is; if there are
//!   none, all of them. A claim of a language covers every text in it, so a main text and an annex may both be given.
//! - T3. Without its salt a text is never compared with a withheld one. A wrong salt cannot be told from another text:
//!   both are a mismatch.
//! - T4. Of each text of the terms: `mismatch` if a text at hand contradicts it, `unchanged` if one is it, else `withheld`
//!   or `unavailable`.
//! - T5. The axis is the worst of the authentic texts: mismatch, then unavailable, withheld, unchanged. A translation
//!   never changes it; without an authentic text it is `unavailable`.
//! - T6. What is answered about the texts given: *no* if one contradicts a text of the terms, or claims one that they do
//!   not have; else *unknown* if one is nothing that anybody knows; else they are what they are said to be.
//!
//! In scope: digests and claims as values. Out of scope: reading files, fetching texts, and what a text says.

use crate::agreement::{Integrity, Standing};
use crate::crypto::{Digest, sha256, withheld_commitment};
use crate::evidence::Verification;
use crate::statement::body::{Language, Terms, TextStatus, TextVersion};

/// Bytes of the salt of a withheld text.
pub const SALT_LEN: usize = 32;

/// What a text at hand is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextClaim {
    /// Nothing is said.
    None,
    /// The text in this language.
    Language(Language),
    /// The text that the terms name by this digest or commitment.
    Named(Digest),
}

/// A text at hand: what it is said to be, and what its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenText {
    claim: TextClaim,
    digest: Digest,
    commitment: Option<Digest>,
}

impl GivenText {
    /// A text.
    pub fn new(claim: TextClaim, bytes: &[u8]) -> Self {
        Self { claim, digest: sha256(&[bytes]), commitment: None }
    }

    /// A text with the salt that may open a withheld one.
    pub fn with_salt(claim: TextClaim, salt: &[u8; SALT_LEN], bytes: &[u8]) -> Self {
        Self { commitment: Some(withheld_commitment(salt, bytes)), ..Self::new(claim, bytes) }
    }

    /// What it is said to be.
    pub fn claim(&self) -> &TextClaim {
        &self.claim
    }

    fn is(&self, version: &TextVersion) -> bool {
        match &version.withheld {
            Some(withheld) => self.commitment == Some(withheld.commitment),
            None => version.sha256 == Some(self.digest),
        }
    }

    /// T3.
    fn is_comparable(&self, version: &TextVersion) -> bool {
        version.withheld.is_none() || self.commitment.is_some()
    }

    fn claims(&self, version: &TextVersion) -> bool {
        match &self.claim {
            TextClaim::None => false,
            TextClaim::Language(language) => version.language.as_str().eq_ignore_ascii_case(language.as_str()),
            TextClaim::Named(digest) => fingerprint(version) == Some(*digest),
        }
    }
}

/// The digest or commitment by which terms name a text.
pub fn fingerprint(version: &TextVersion) -> Option<Digest> {
    version.sha256.or(version.withheld.as_ref().map(|withheld| withheld.commitment))
}

/// What a text at hand turned out to be. Numbers are places in [`TextsReport::lines`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenIs {
    /// It is these texts of the terms, and what it claims to be is among them or not among the terms at all.
    Unchanged(Vec<usize>),
    /// It is none of those that it is meant to be, and contradicts these (T2).
    Another(Vec<usize>),
    /// It claims a text that the terms do not have, and is none of theirs.
    NoneOfThese,
    /// It is none of theirs, and what it is meant to be is not known, or could be compared only with a salt.
    Unknown,
}

/// A text of the terms, and what the texts at hand say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// As the terms name it.
    pub version: TextVersion,
    /// T4.
    pub integrity: Integrity,
}

/// What is answered about the texts that were given (T6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextsAnswer {
    /// Each is a text of the terms; also if none was given.
    Unchanged,
    /// At least one is not.
    No,
    /// At least one could not be compared, and none is another.
    Unknown,
}

/// The texts of the terms beside those at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextsReport {
    /// Each text of the terms, in their order.
    pub lines: Vec<TextLine>,
    /// What each given text is, in the order given.
    pub given: Vec<GivenIs>,
    /// The axis (T5).
    pub integrity: Integrity,
}

impl TextsReport {
    /// T6.
    pub fn answer(&self) -> TextsAnswer {
        let is_no = |given: &GivenIs| matches!(given, GivenIs::Another(_) | GivenIs::NoneOfThese);
        match () {
            () if self.given.iter().any(is_no) => TextsAnswer::No,
            () if self.given.contains(&GivenIs::Unknown) => TextsAnswer::Unknown,
            () => TextsAnswer::Unchanged,
        }
    }
}

/// Compares texts at hand with those of the terms.
pub fn compare_texts(terms: &Terms, given: &[GivenText]) -> TextsReport {
    let versions = terms.texts.as_deref().unwrap_or_default();
    let is_found = |version: &TextVersion| given.iter().any(|text| text.is(version));
    let given: Vec<GivenIs> = given.iter().map(|text| what_is(text, versions, is_found)).collect();
    let contradicted = |place: usize| given.iter().any(|is| matches!(is, GivenIs::Another(of) if of.contains(&place)));
    let integrity_of = |place: usize, version: &TextVersion| match () {
        () if contradicted(place) => Integrity::Mismatch,
        () if is_found(version) => Integrity::Unchanged,
        () if version.withheld.is_some() => Integrity::Withheld,
        () => Integrity::Unavailable,
    };
    let lines: Vec<TextLine> = versions
        .iter()
        .enumerate()
        .map(|(place, version)| TextLine { version: version.clone(), integrity: integrity_of(place, version) })
        .collect();
    let authentic = lines.iter().filter(|line| line.version.status == TextStatus::Authentic);
    let worst = authentic.map(|line| line.integrity).max_by_key(|integrity| gravity(*integrity));
    TextsReport { integrity: worst.unwrap_or(Integrity::Unavailable), lines, given }
}

fn what_is(text: &GivenText, versions: &[TextVersion], is_found: impl Fn(&TextVersion) -> bool) -> GivenIs {
    let places = |holds: &dyn Fn(&TextVersion) -> bool| -> Vec<usize> {
        versions.iter().enumerate().filter(|(_, version)| holds(version)).map(|(place, _)| place).collect()
    };
    let matched = places(&|version| text.is(version));
    let claimed = match text.claim {
        TextClaim::None => the_authentic(versions).filter(|place| !is_found(&versions[*place])).into_iter().collect(),
        _ => places(&|version| text.claims(version)),
    };
    let keeps_its_claim = claimed.is_empty() || text.claim == TextClaim::None;
    if !matched.is_empty() && (keeps_its_claim || claimed.iter().any(|place| matched.contains(place))) {
        return GivenIs::Unchanged(matched);
    }
    if claimed.is_empty() {
        return if text.claim == TextClaim::None { GivenIs::Unknown } else { GivenIs::NoneOfThese };
    }
    let compared: Vec<usize> = claimed.into_iter().filter(|place| text.is_comparable(&versions[*place])).collect();
    let open: Vec<usize> = compared.iter().copied().filter(|place| !is_found(&versions[*place])).collect();
    match (compared.is_empty(), open.is_empty()) {
        (true, _) => GivenIs::Unknown,
        (false, true) => GivenIs::Another(compared),
        (false, false) => GivenIs::Another(open),
    }
}

/// The place of the authentic text, if there is exactly one (T1).
fn the_authentic(versions: &[TextVersion]) -> Option<usize> {
    let mut authentic = versions.iter().enumerate().filter(|(_, version)| version.status == TextStatus::Authentic);
    let (place, _) = authentic.next()?;
    authentic.next().is_none().then_some(place)
}

/// T5.
fn gravity(integrity: Integrity) -> u8 {
    match integrity {
        Integrity::Unchanged => 0,
        Integrity::Withheld => 1,
        Integrity::Unavailable => 2,
        Integrity::Mismatch => 3,
    }
}

impl Verification {
    /// Compares texts at hand with the terms that the standing speaks of, and writes the axis into the standing. Force and
    /// every other axis stay. `None` if there are no terms on that day: then no text was compared.
    pub fn compare_texts(&mut self, given: &[GivenText]) -> Option<TextsReport> {
        let report = compare_texts(self.terms.as_deref()?, given);
        let mut standing: Option<&mut Standing> = self.standing.as_mut();
        // An indeterminate standing holds the one beside it, which speaks of the same terms.
        while let Some(one) = standing {
            one.integrity = report.integrity;
            standing = one.otherwise.as_deref_mut();
        }
        Some(report)
    }
}
