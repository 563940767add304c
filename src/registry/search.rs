//! Search over titles, names, clauses, products and reports. The registry's word: a row says by which subject its proof
//! is fetched.
//!
//! - F1. There is no index: a question reads the log from where the last page ended, at most [`SEARCH_ENTRIES_MAX`]
//!   entries a call. Opening and publishing pay nothing for it, and a search costs as much as the log is long.
//! - F2. Pages are of one size of the log, which the first page fixes: what is registered later shifts nothing.
//! - F3. The count is of what was read: exact if that is everything, else it says how far it came.
//! - F4. A word matches where it stands in a text, in a longer word too; all words of a question match in one
//!   statement. Letters are compared without case, and as Unicode calls them compatible (NFKC).

use unicode_normalization::UnicodeNormalization as _;

use crate::log::LogReader;
use crate::registry::stored::statement_at;
use crate::registry::{ReadError, Registry};
use crate::statement::body::{Body, Description, Terms};
use crate::statement::{KindName, Statement, Subject};

/// Most entries that one call reads.
pub const SEARCH_ENTRIES_MAX: u64 = 10_000;
/// Most words of a question.
pub const SEARCH_WORDS_MAX: usize = 8;
/// Longest question, in bytes.
pub const SEARCH_LEN_MAX: usize = 256;

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchFamily {
    /// Offers.
    Offers,
    /// Acceptances, by the terms of their offer, and everything that carries terms of its own.
    Agreements,
    /// Listings, enrolments and new names of parties.
    Parties,
    /// Reports.
    Reports,
}

impl SearchFamily {
    /// Every family.
    pub const ALL: [Self; 4] = [Self::Offers, Self::Agreements, Self::Parties, Self::Reports];

    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Agreements => "agreements",
            Self::Parties => "parties",
            Self::Reports => "reports",
        }
    }

    /// The family of a kind; `None` if such statements are not searched.
    fn of(kind: &KindName) -> Option<Self> {
        match kind.as_str() {
            "offer.make" => Some(Self::Offers),
            "agreement.accept" | "agreement.file" | "agreement.amend" | "agreement.correct" => Some(Self::Agreements),
            "party.list" | "party.enrol" | "party.rename" => Some(Self::Parties),
            "report.offer" | "report.reply" | "report.act" => Some(Self::Reports),
            _ => None,
        }
    }
}

/// A question: its words folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(Vec<String>);

impl SearchWords {
    /// Reads the words of a question, 1 to [`SEARCH_WORDS_MAX`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > SEARCH_LEN_MAX {
            return Err("longer than 256 bytes");
        }
        let words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
        match words.len() {
            0 => Err("no word to search for"),
            count if count > SEARCH_WORDS_MAX => Err("more than 8 words"),
            _ => Ok(Self(words)),
        }
    }

    fn match_in(&self, texts: &[String]) -> bool {
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    }
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchPlace {
    /// Size of the log that the first page fixed (F2).
    pub size: u64,
    /// The entry to be read next.
    pub next: u64,
    /// Matches before it.
    pub before: u64,
}

/// How much one call gives and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchBounds {
    /// Most rows.
    pub rows: usize,
    /// Most entries that are read; more than [`SEARCH_ENTRIES_MAX`] is read as that.
    pub entries: u64,
}

/// A statement that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRow {
    /// Its index.
    pub index: u64,
    /// When it was registered, unix milliseconds.
    pub time_ms: u64,
    /// Its kind.
    pub kind: KindName,
    /// Its subject: what a docket file is fetched by.
    pub subject: Subject,
    /// The title of the terms, the first name of the party, or what is reported.
    pub title: String,
}

/// A page of matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    /// The rows, in log order.
    pub rows: Vec<SearchRow>,
    /// Matches from the beginning of the log up to `scanned` (F3).
    pub count: u64,
    /// How many entries were read, from the beginning of the log.
    pub scanned: u64,
    /// Size of the log that is searched.
    pub size: u64,
    /// Where the next page starts; `None` if there is nothing more.
    pub next: Option<SearchPlace>,
}

impl SearchPage {
    /// Whether `count` is the number of all matches.
    pub fn is_exact(&self) -> bool {
        self.scanned == self.size
    }
}

impl Registry {
    /// The statements in which all words stand, from `place` on. Counts on behind the last row as far as one call reads.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] for a place beyond the log.
    pub fn search(
        &self,
        words: &SearchWords,
        family: Option<SearchFamily>,
        place: Option<SearchPlace>,
        bounds: SearchBounds,
    ) -> Result<SearchPage, ReadError> {
        let published = self.shown()?;
        let reader = &published.reader;
        let newest = reader.head().size();
        let place = place.unwrap_or(SearchPlace { size: newest, next: 0, before: 0 });
        if place.size > newest || place.next > place.size {
            let what = format!("no search of {} entries stands at entry {}", place.size, place.next);
            return Err(ReadError::OutOfRange { what, size: newest });
        }
        let end = place.size.min(place.next.saturating_add(bounds.entries.clamp(1, SEARCH_ENTRIES_MAX)));
        let (mut rows, mut count, mut next) = (Vec::new(), place.before, None);
        for index in place.next..end {
            let Some(title) = match_at(reader, index, words, family)? else { continue };
            if rows.len() < bounds.rows {
                let statement = statement_at(reader, index)?;
                let (_, time_ms) = reader.covering_seal(index)?;
                let (kind, subject) = (statement.kind().clone(), statement.subject().clone());
                rows.push(SearchRow { index, time_ms, kind, subject, title });
            } else if next.is_none() {
                next = Some(SearchPlace { next: index, before: count, ..place });
            }
            count += 1;
        }
        let unread = (end < place.size).then_some(SearchPlace { next: end, before: count, ..place });
        Ok(SearchPage { rows, count, scanned: end, size: place.size, next: next.or(unread) })
    }
}

/// The title of the entry at `index`, if all words stand in it.
fn match_at(
    reader: &LogReader,
    index: u64,
    words: &SearchWords,
    family: Option<SearchFamily>,
) -> Result<Option<String>, ReadError> {
    let statement = statement_at(reader, index)?;
    let is_wanted = SearchFamily::of(statement.kind()).is_some_and(|own| family.is_none_or(|wanted| wanted == own));
    if !is_wanted {
        return Ok(None);
    }
    let Some(text) = searchable(reader, &statement)? else { return Ok(None) };
    let folded: Vec<String> = text.texts.iter().map(|text| fold(text)).collect();
    Ok(words.match_in(&folded).then_some(text.title))
}

/// What of a statement is searched, and how it is called in a row.
struct Searchable {
    title: String,
    texts: Vec<String>,
}

/// The texts of a statement; of an acceptance those of its offer. `None` if its body cannot be read.
fn searchable(reader: &LogReader, statement: &Statement) -> Result<Option<Searchable>, ReadError> {
    let Ok(body) = Body::read(statement.kind(), statement.body()) else { return Ok(None) };
    let mut found = match body {
        Body::OfferMake(body) => of_terms(&body.terms),
        Body::File(body) => of_terms(&body.terms),
        Body::Amend(body) => of_terms(&body.terms),
        Body::Correct(body) => of_terms(&body.terms),
        Body::Accept(body) => {
            let Some(index) = reader.index_of(&body.reference.0)? else { return Ok(None) };
            let offer = statement_at(reader, index)?;
            match Body::read(offer.kind(), offer.body()) {
                Ok(Body::OfferMake(offer)) => of_terms(&offer.terms),
                _ => return Ok(None),
            }
        }
        Body::PartyList(body) => of_description(&body),
        Body::PartyEnrol(body) => of_description(&body.description),
        Body::PartyRename(body) => {
            let name = body.name.name.to_string();
            Searchable { title: name.clone(), texts: vec![name] }
        }
        Body::ReportOffer(body) | Body::ReportReply(body) | Body::ReportAct(body) => {
            let mut texts = vec![body.summary.to_string(), body.source.publisher.to_string(), body.form.to_string()];
            texts.extend(body.quote.iter().map(ToString::to_string));
            texts.push(body.vendor.to_string());
            Searchable { title: body.summary.to_string(), texts }
        }
        _ => return Ok(None),
    };
    found.texts.push(statement.subject().to_string());
    Ok(Some(found))
}

fn of_terms(terms: &Terms) -> Searchable {
    let mut texts = vec![terms.title.to_string()];
    for clause in &terms.clauses {
        texts.extend([clause.id.to_string(), clause.clause_type.as_str().to_owned()]);
        texts.extend(clause.text.iter().chain(&clause.exceptions).map(ToString::to_string));
    }
    for item in terms.scope.iter().flatten() {
        texts.push(item.product.to_string());
        texts.extend([&item.cpe, &item.purl, &item.versions].into_iter().flatten().map(ToString::to_string));
        texts.extend(item.sha256.iter().flatten().chain(&item.sbom).map(ToString::to_string));
    }
    texts.extend(terms.territory.iter().chain(&terms.services).map(ToString::to_string));
    Searchable { title: terms.title.to_string(), texts }
}

fn of_description(description: &Description) -> Searchable {
    let mut texts: Vec<String> = description.names.iter().map(|name| name.name.to_string()).collect();
    let title = texts.first().cloned().unwrap_or_default();
    texts.push(description.country.to_string());
    texts.extend(description.identifiers.iter().flatten().map(|identifier| identifier.value.to_string()));
    Searchable { title, texts }
}

/// A text without case: upper case first, so that `ß` and `SS`, `ς` and `σ` become one.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_compared_without_case() {
        for (word, text) in [
            ("STRASSE", "Hauptstraße 1"),
            ("οδοσ", "Ο\u{394}ΟΣ"),
            ("ﬁrmware", "FIRMWARE"),
            ("radio", "Nordhavn Radio AB"),
            ("Å", "A\u{30a}land"),
            ("pkg:deb/", "PKG:DEB/x@1"),
        ] {
            assert!(SearchWords::read(word).unwrap().match_in(&[fold(text)]), "{word} in {text}");
        }
        let words = SearchWords::read("radio  nord").unwrap();
        assert!(words.match_in(&["nordhavn".into(), "radio".into()]), "all words, each anywhere");
        assert!(!words.match_in(&["radio".into()]));
    }

    #[test]
    fn a_question_is_bounded() {
        assert!(SearchWords::read("  ").is_err());
        assert!(SearchWords::read(&"a ".repeat(9)).is_err());
        assert!(SearchWords::read(&"a".repeat(257)).is_err());
        assert!(SearchWords::read(&"a ".repeat(8)).is_ok());
    }
}
