//! The product that somebody asks about: any of a package URL, a CPE name, a digest of the image or of the bill of
//! materials, a name, each given at most once, and a version.

use std::fmt;
use std::str::FromStr as _;

use packageurl::PackageUrl;

use crate::agreement::cpe::{CPE_LEN_MAX, Cpe};
use crate::agreement::versions::{VERSION_LEN_MAX, is_version};
use crate::crypto::Digest;
use crate::statement::body::Text;

/// Longest text that names a product, in bytes.
pub const PRODUCT_LEN_MAX: usize = CPE_LEN_MAX;

/// What a product is called. At least one of the five is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductQuery {
    texts: Vec<String>,
    asked_version: Option<String>,
    pub(in crate::agreement) purl: Option<PackageUrl<'static>>,
    pub(in crate::agreement) cpe: Option<Cpe>,
    pub(in crate::agreement) image: Option<Digest>,
    pub(in crate::agreement) sbom: Option<Digest>,
    pub(in crate::agreement) name: Option<Text>,
}

/// Why a product cannot be asked about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProductError {
    /// No product at all.
    #[error("names no product: give a package URL, a CPE 2.3 name, a SHA-256, sbom:<SHA-256>, or a name")]
    Nothing,
    /// Two texts of one sort.
    #[error("names the product twice by its {0}")]
    Twice(&'static str),
    /// A text that begins as one of the sorts and is not of it.
    #[error("`{text}` is no {sort}: {reason}")]
    Unreadable {
        /// The text.
        text: String,
        /// What it begins as.
        sort: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A version of other letters than a version has.
    #[error("`{0}` is no version: 1-128 letters, digits and . _ + ~ : -")]
    Version(String),
    /// The version stands in two places, and they differ.
    #[error("the version is both {0} and {1}")]
    VersionsDiffer(String, String),
}

impl ProductQuery {
    /// Reads what a product is called: `pkg:…`, `cpe:2.3:…`, 64 hex digits or `sha256:…` (an image), `sbom:…` (its bill
    /// of materials), and anything else as a name; each sort at most once. Digits are read in either case.
    ///
    /// # Errors
    /// [`ProductError`].
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>, version: Option<&str>) -> Result<Self, ProductError> {
        let (purl, cpe, image, sbom, name) = (None, None, None, None, None);
        let mut query = Self { texts: Vec::new(), asked_version: None, purl, cpe, image, sbom, name };
        // A text of a sort that is there is refused, so there are at most five.
        texts.into_iter().try_for_each(|text| query.add(text))?;
        if query.texts.is_empty() {
            return Err(ProductError::Nothing);
        }
        if let Some(version) = version {
            query.asked_version = match is_version(version) {
                true => Some(version.to_owned()),
                false => Err(ProductError::Version(shortened(version)))?,
            };
        }
        query.check_versions()?;
        Ok(query)
    }

    fn add(&mut self, text: &str) -> Result<(), ProductError> {
        let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        let digest = |text: &str| Digest::from_str(&text.to_ascii_lowercase());
        if text.len() > PRODUCT_LEN_MAX {
            return Err(unreadable(text, "product", format!("longer than {PRODUCT_LEN_MAX} bytes")));
        }
        if lower.starts_with("pkg:") {
            let purl = PackageUrl::from_str(text).map_err(|error| unreadable(text, "package URL", error))?;
            fill(&mut self.purl, purl, "package URL")?;
        } else if lower.starts_with("cpe:") {
            let cpe = text.parse().map_err(|error| unreadable(text, "CPE name", error))?;
            fill(&mut self.cpe, cpe, "CPE name")?;
        } else if lower.starts_with("sbom:") {
            let sbom = digest(&text[5..]).map_err(|error| unreadable(text, "digest of a bill of materials", error))?;
            fill(&mut self.sbom, sbom, "bill of materials")?;
        } else if lower.starts_with("sha256:") {
            let image = digest(&text[7..]).map_err(|error| unreadable(text, "digest of an image", error))?;
            fill(&mut self.image, image, "image")?;
        } else if let Ok(image) = digest(text) {
            fill(&mut self.image, image, "image")?;
        } else {
            let name = text.parse().map_err(|error| unreadable(text, "name", error))?;
            fill(&mut self.name, name, "name")?;
        }
        self.texts.push(text.to_owned());
        Ok(())
    }

    fn check_versions(&self) -> Result<(), ProductError> {
        let mut versions = self.versions();
        let Some(first) = versions.next() else { return Ok(()) };
        match versions.find(|version| *version != first) {
            Some(other) => Err(ProductError::VersionsDiffer(first.to_owned(), other.to_owned())),
            None => Ok(()),
        }
    }

    /// The texts as they were given, without the version.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The version that was given beside the texts.
    pub fn asked_version(&self) -> Option<&str> {
        self.asked_version.as_deref()
    }

    /// The version, wherever it was given.
    pub fn version(&self) -> Option<&str> {
        self.versions().next()
    }

    fn versions(&self) -> impl Iterator<Item = &str> {
        let purl = self.purl.as_ref().and_then(purl_version);
        let cpe = self.cpe.as_ref().and_then(Cpe::version);
        [self.asked_version.as_deref(), purl, cpe].into_iter().flatten()
    }
}

/// The version of a package URL; an empty one is none.
pub(in crate::agreement) fn purl_version<'a>(purl: &'a PackageUrl<'_>) -> Option<&'a str> {
    purl.version().filter(|version| !version.is_empty())
}

fn fill<T>(place: &mut Option<T>, value: T, sort: &'static str) -> Result<(), ProductError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ProductError::Twice(sort)),
    }
}

fn unreadable(text: &str, sort: &'static str, reason: impl ToString) -> ProductError {
    ProductError::Unreadable { text: shortened(text), sort, reason: reason.to_string() }
}

/// As much of a text as an error repeats.
fn shortened(text: &str) -> String {
    text.chars().take(VERSION_LEN_MAX).collect()
}

impl fmt::Display for ProductQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts.join(", "))?;
        match &self.asked_version {
            Some(version) => write!(f, ", version {version}"),
            None => Ok(()),
        }
    }
}
