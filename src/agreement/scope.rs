//! Whether the scope of an agreement covers a product (`docs/scope.md`).
//!
//! - P1. A digest beats a label: where an item lists images and the question names one, that decides. An item that lists
//!   digests says yes to no label alone.
//! - P2. What cannot be read, compared or told apart is no answer: [`ScopeMatch::CannotTell`], with the reason.
//! - P3. Terms without a scope are about everything. Of several items one that covers is enough.

use std::fmt;

use packageurl::PackageUrl;
use unicode_normalization::UnicodeNormalization as _;

use crate::agreement::ProductQuery;
use crate::agreement::cpe::{Cpe, CpeRelation};
use crate::agreement::product::purl_version;
use crate::agreement::versions::{Versions, is_same_version};
use crate::statement::body::ScopeItem;
use crate::statement::one_line;

/// Whether a product is in scope. Unknown has no conversion to yes or no (A6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeMatch {
    /// It is: by the first item that covers it, or because no scope is named.
    InScope(ScopeLine),
    /// It is not: why, item by item.
    NotInScope(Vec<ScopeLine>),
    /// Nobody can tell: the items that leave it open.
    CannotTell(Vec<ScopeLine>),
}

/// What one item says, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// Its place in the terms, from 0, and its product; `None` if the terms name no scope.
    pub item: Option<(usize, String)>,
    /// Why, for machines.
    pub reason: ScopeReason,
    /// Why, in plain words.
    pub words: String,
}

/// Why an item covers a product, does not, or leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ScopeReason {
    /// In: the terms name no scope.
    Everything,
    /// In: the image or bill of materials is listed.
    DigestListed,
    /// In: the label fits, and so does the version.
    LabelFits,
    /// Not: other digests are listed.
    DigestNotListed,
    /// Not: another product.
    LabelDiffers,
    /// Not: another version.
    VersionOutside,
    /// Open: the item lists digests, and none of that sort was asked about.
    DigestNotAsked,
    /// Open: the item is about some versions, and none was asked about.
    VersionNotAsked,
    /// Open: the item's package URL has a part that the question leaves out, or the CPE name asked about is wider.
    LabelTooWide,
    /// Open: the item's versions are outside of the grammar.
    VersionsUnreadable,
    /// Open: the version asked about has no known order.
    VersionNotComparable,
    /// Open: the item's package URL or CPE name cannot be read.
    LabelUnreadable,
    /// Open: one label fits and another does not.
    LabelsContradict,
    /// Open: the item is named in no way in which was asked.
    NoCommonLabel,
}

impl ScopeReason {
    /// The name for machines, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::DigestListed => "digest_listed",
            Self::LabelFits => "label_fits",
            Self::DigestNotListed => "digest_not_listed",
            Self::LabelDiffers => "label_differs",
            Self::VersionOutside => "version_outside",
            Self::DigestNotAsked => "digest_not_asked",
            Self::VersionNotAsked => "version_not_asked",
            Self::LabelTooWide => "label_too_wide",
            Self::VersionsUnreadable => "versions_unreadable",
            Self::VersionNotComparable => "version_not_comparable",
            Self::LabelUnreadable => "label_unreadable",
            Self::LabelsContradict => "labels_contradict",
            Self::NoCommonLabel => "no_common_label",
        }
    }
}

impl ScopeMatch {
    /// Whether terms with this scope ([`crate::statement::body::Terms::scope`]) are about a product.
    pub fn of(scope: Option<&[ScopeItem]>, query: &ProductQuery) -> Self {
        let Some(items) = scope else {
            let words = "the terms name no scope, so they are about everything".to_owned();
            return Self::InScope(ScopeLine { item: None, reason: ScopeReason::Everything, words });
        };
        let (mut outside, mut open) = (Vec::new(), Vec::new());
        for (place, item) in items.iter().enumerate() {
            let line = |(reason, words)| ScopeLine { item: Some((place, item.product.to_string())), reason, words };
            match fit(item, query) {
                Fit::Yes(why) => return Self::InScope(line(why)),
                Fit::No(why) => outside.push(line(why)),
                Fit::Open(why) => open.push(line(why)),
            }
        }
        if open.is_empty() { Self::NotInScope(outside) } else { Self::CannotTell(open) }
    }

    /// The name for machines, stable.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InScope(_) => "in_scope",
            Self::NotInScope(_) => "not_in_scope",
            Self::CannotTell(_) => "cannot_tell",
        }
    }

    /// The items that the answer rests on.
    pub fn lines(&self) -> &[ScopeLine] {
        match self {
            Self::InScope(line) => std::slice::from_ref(line),
            Self::NotInScope(lines) | Self::CannotTell(lines) => lines,
        }
    }
}

impl fmt::Display for ScopeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words repeat texts of the terms, and the name comes last and in quotes: whoever chose them must not be able
        // to write the words beside them.
        let words = one_line(&self.words);
        match &self.item {
            Some((place, product)) => write!(f, "item {}: {words}; \"{}\"", place + 1, one_line(product)),
            None => f.write_str(&words),
        }
    }
}

type Why = (ScopeReason, String);

/// What one item, or one label of it, says.
enum Fit {
    Yes(Why),
    No(Why),
    Open(Why),
}

impl Fit {
    fn yes(words: &str) -> Self {
        Self::Yes((ScopeReason::LabelFits, words.to_owned()))
    }

    fn no(reason: ScopeReason, words: impl Into<String>) -> Self {
        Self::No((reason, words.into()))
    }

    fn open(reason: ScopeReason, words: impl Into<String>) -> Self {
        Self::Open((reason, words.into()))
    }

    /// All of them hold: the first no, else the first that is open, else the first yes.
    fn all(fits: Vec<Self>) -> Option<Self> {
        fits.into_iter().min_by_key(|fit| match fit {
            Self::No(_) => 0,
            Self::Open(_) => 1,
            Self::Yes(_) => 2,
        })
    }
}

fn fit(item: &ScopeItem, query: &ProductQuery) -> Fit {
    if let Some(decided) = digest_fit(item, query) {
        return decided;
    }
    let mut fits = vec![label_fit(item, query)];
    fits.extend(version_fits(item, query));
    if item.sha256.is_some() || item.sbom.is_some() {
        fits.push(Fit::open(
            ScopeReason::DigestNotAsked,
            "a digest beats a label: it lists digests, and the question names none of that sort",
        ));
    }
    let nothing = || Fit::open(ScopeReason::NoCommonLabel, "it is named in no way in which was asked");
    Fit::all(fits).unwrap_or_else(nothing)
}

/// P1: what the digests decide. The image is the thing itself, so it comes before its bill of materials.
fn digest_fit(item: &ScopeItem, query: &ProductQuery) -> Option<Fit> {
    let decided = |is_listed: bool, what: &str| match is_listed {
        true => Fit::Yes((ScopeReason::DigestListed, format!("it lists this {what}"))),
        false => Fit::no(ScopeReason::DigestNotListed, format!("it lists another {what}")),
    };
    match (&item.sha256, query.image, item.sbom, query.sbom) {
        (Some(images), Some(image), ..) => Some(decided(images.contains(&image), "image")),
        (.., Some(listed), Some(sbom)) => Some(decided(listed == sbom, "bill of materials")),
        _ => None,
    }
}

/// What the labels say without the version: the identifiers where there are any in common, else the names.
fn label_fit(item: &ScopeItem, query: &ProductQuery) -> Fit {
    let mut fits = Vec::new();
    if let (Some(text), Some(asked)) = (&item.purl, &query.purl) {
        fits.push(
            text.as_str()
                .parse::<PackageUrl<'static>>()
                .map_or_else(|error| unreadable("package URL", error), |purl| purl_fit(&purl, asked)),
        );
    }
    if let (Some(text), Some(asked)) = (&item.cpe, &query.cpe) {
        fits.push(
            text.as_str()
                .parse::<Cpe>()
                .map_or_else(|error| unreadable("CPE name", error), |cpe| cpe_fit(&cpe, asked, query.version())),
        );
    }
    let (some_fit, some_differ) =
        (fits.iter().any(|fit| matches!(fit, Fit::Yes(_))), fits.iter().any(|fit| matches!(fit, Fit::No(_))));
    if some_fit && some_differ {
        return Fit::open(ScopeReason::LabelsContradict, "one of its labels fits and the other does not");
    }
    match (Fit::all(fits), &query.name) {
        (Some(fit), _) => fit,
        (None, Some(name)) if plain_name(name.as_str()) == plain_name(item.product.as_str()) => {
            Fit::yes("its name is the one asked about")
        }
        (None, Some(_)) => Fit::no(ScopeReason::LabelDiffers, "it is named otherwise"),
        (None, None) => Fit::open(ScopeReason::NoCommonLabel, "it is named in no way in which was asked"),
    }
}

fn unreadable(what: &str, error: impl fmt::Display) -> Fit {
    Fit::open(ScopeReason::LabelUnreadable, format!("its {what} cannot be read: {error}"))
}

/// Type, namespace and name are equal; each qualifier of the item stands in the question with the same value; the
/// subpath lies at or below the item's. What the question says beyond that is narrower, and fits.
fn purl_fit(item: &PackageUrl<'_>, asked: &PackageUrl<'_>) -> Fit {
    let differs = |what: &str| Fit::no(ScopeReason::LabelDiffers, format!("its package URL has another {what}"));
    let left_out = |what: &str| {
        Fit::open(ScopeReason::LabelTooWide, format!("its package URL has the {what}, the one asked about has none"))
    };
    if (item.ty(), item.namespace(), item.name()) != (asked.ty(), asked.namespace(), asked.name()) {
        return differs("type, namespace or name");
    }
    let mut fits = vec![Fit::yes("its package URL fits")];
    let mut qualifiers: Vec<_> = item.qualifiers().iter().collect();
    qualifiers.sort();
    for (key, value) in qualifiers {
        match asked.qualifiers().get(key) {
            Some(asked) if asked == value => {}
            Some(_) => fits.push(differs(key)),
            None => fits.push(left_out(&format!("qualifier {key}"))),
        }
    }
    match (item.subpath().filter(|path| !path.is_empty()), asked.subpath().filter(|path| !path.is_empty())) {
        (None, _) => {}
        (Some(item), None) => fits.push(left_out(&format!("subpath {item}"))),
        (Some(item), Some(asked)) => {
            let is_below = asked.strip_prefix(item).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if !is_below {
                fits.push(differs("subpath"));
            }
        }
    }
    Fit::all(fits).unwrap_or_else(|| differs("part"))
}

fn cpe_fit(item: &Cpe, asked: &Cpe, version: Option<&str>) -> Fit {
    let asked = version.map_or_else(|| asked.clone(), |version| asked.clone().with_version(version));
    match item.relation_to(&asked) {
        CpeRelation::Covers => Fit::yes("its CPE name fits"),
        CpeRelation::Disjoint => {
            Fit::no(ScopeReason::LabelDiffers, "its CPE name has nothing in common with the one asked about")
        }
        CpeRelation::Unclear => Fit::open(ScopeReason::LabelTooWide, "the CPE name asked about is wider than its own"),
    }
}

/// What the item's versions say: that of its package URL, that of its CPE name, and its `versions`; all of them hold.
fn version_fits(item: &ScopeItem, query: &ProductQuery) -> Vec<Fit> {
    let mut fits = Vec::new();
    match item.purl.as_ref().map(|text| text.as_str().parse::<PackageUrl<'static>>()) {
        Some(Ok(purl)) => {
            let only = purl_version(&purl);
            fits.extend(only.and_then(|only| single_version_fit(only, query.version())));
        }
        // It may be about one version only.
        Some(Err(error)) => fits.push(unreadable("package URL", error)),
        None => {}
    }
    match item.cpe.as_ref().map(|text| text.as_str().parse::<Cpe>()) {
        // Where both have a CPE name, the version was compared with it.
        Some(Ok(cpe)) if query.cpe.is_none() => {
            fits.extend(cpe.version().and_then(|only| single_version_fit(only, query.version())));
        }
        Some(Err(error)) => fits.push(unreadable("CPE name", error)),
        _ => {}
    }
    if let Some(text) = &item.versions {
        fits.extend(match text.as_str().parse::<Versions>() {
            Ok(versions) => versions_fit(&versions, query.version()),
            Err(error) => {
                Some(Fit::open(ScopeReason::VersionsUnreadable, format!("its versions cannot be read: {error}")))
            }
        });
    }
    fits
}

/// `None` where the version is in.
fn single_version_fit(only: &str, asked: Option<&str>) -> Option<Fit> {
    told(asked.map(|asked| is_same_version(only, asked)), asked, only)
}

/// `None` where the version is in.
fn versions_fit(versions: &Versions, asked: Option<&str>) -> Option<Fit> {
    let answer = match asked {
        None if versions.is_all() => Some(Some(true)),
        asked => asked.map(|asked| versions.contains(asked)),
    };
    told(answer, asked, &versions.to_string())
}

/// `answer`: `None` if no version was asked about, then whether it is in, if that is known.
fn told(answer: Option<Option<bool>>, asked: Option<&str>, covered: &str) -> Option<Fit> {
    let asked = asked.unwrap_or_default();
    match answer {
        Some(Some(true)) => None,
        Some(Some(false)) => {
            Some(Fit::no(ScopeReason::VersionOutside, format!("version {asked} is outside of its versions {covered}")))
        }
        Some(None) => Some(Fit::open(
            ScopeReason::VersionNotComparable,
            format!("version {asked} cannot be compared with its versions {covered}"),
        )),
        None => Some(Fit::open(
            ScopeReason::VersionNotAsked,
            format!("it is about the versions {covered}, and the question names none"),
        )),
    }
}

/// A name as it is compared: in NFKC, in lower case, one space for any run of spaces, hyphens and underscores.
fn plain_name(name: &str) -> String {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    lower
        .split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
