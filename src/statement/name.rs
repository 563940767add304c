//! Names: origins, parties, references, kinds. One grammar each (formats §2), checked once.

use std::fmt;
use std::str::FromStr;

/// Longest origin, in bytes.
pub const ORIGIN_LEN_MAX: usize = 255;
/// Longest party id or reference, in bytes.
pub const LABEL_LEN_MAX: usize = 63;
/// Longest kind, in bytes.
pub const KIND_LEN_MAX: usize = 64;

/// A text that is not the name it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not an origin.
    #[error(
        "not an origin: lower-case host, optional :port and /path, at most 255 bytes, not of the form of a party id"
    )]
    Origin,
    /// Not a party id.
    #[error("not a party id: 1-63 of a-z, 0-9 and inner hyphens; two letters alone mean a country")]
    Party,
    /// Not the id of a government's organ.
    #[error("not a government id: <two-letter country>-<organ>, such as gb-ncsc")]
    Government,
    /// Neither a government id nor a country.
    #[error("neither a government id (gb-ncsc) nor a country code (gb)")]
    GovernmentOrCountry,
    /// Not a reference.
    #[error("not a reference: 1-63 of a-z, 0-9, inner hyphens and dots")]
    Reference,
    /// Not a kind.
    #[error("not a statement kind: <word> or <word>.<word>, lower case, at most 64 bytes")]
    Kind,
    /// Not a subject.
    #[error(
        "not a subject: registry, party/<party>, offer/<vendor>/<reference>, agreement/<vendor>/<reference>/<government>, report/<reporter>/<reference>, or a list of docs/formats.md §2"
    )]
    Subject,
}

fn is_label(text: &str, inner: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let alnum = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=LABEL_LEN_MAX).contains(&bytes.len())
        && bytes.first().is_some_and(alnum)
        && bytes.last().is_some_and(alnum)
        && bytes.iter().all(|byte| alnum(byte) || inner.contains(byte))
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $error:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                match $check(text) {
                    true => Ok(Self(text.into())),
                    false => Err(NameError::$error),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of one registry for ever: checkpoint origin, name of the log's note key and `aud` of every
    /// statement. 1-255 bytes.
    Origin, Origin, is_origin
);
name!(
    /// A party: vendor, government, auditor, or `registrar`. 1-63 bytes, never two letters alone.
    Party, Party, is_party
);
name!(
    /// A government's organ (`gb-ncsc`) or a bare country (`gb`). 2-63 bytes.
    GovernmentOrCountry, GovernmentOrCountry, is_government_or_country
);
name!(
    /// A reference that a vendor or reporter chose. 1-63 bytes.
    Reference, Reference, is_reference
);
name!(
    /// A statement kind, known or not. 1-64 bytes.
    KindName, Kind, is_kind
);

fn is_origin(text: &str) -> bool {
    let (authority, path) = text.split_once('/').map_or((text, None), |(authority, path)| (authority, Some(path)));
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let alnum = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let host = host.as_bytes();
    let is_host = host.first().is_some_and(|byte| alnum(*byte))
        && host.last().is_some_and(|byte| alnum(*byte))
        && host.iter().all(|byte| alnum(*byte) || matches!(byte, b'.' | b'-'));
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b))
    };
    text.len() <= ORIGIN_LEN_MAX
        && is_host
        && port.is_none_or(is_port)
        && path.is_none_or(|path| path.split('/').all(is_segment))
        && !is_party(text)
}

fn is_party(text: &str) -> bool {
    is_label(text, b"-") && !is_country(text)
}

fn is_government(text: &str) -> bool {
    is_party(text) && text.split_once('-').is_some_and(|(country, organ)| is_country(country) && !organ.is_empty())
}

fn is_government_or_country(text: &str) -> bool {
    is_country(text) || is_government(text)
}

fn is_reference(text: &str) -> bool {
    is_label(text, b"-.")
}

fn is_kind(text: &str) -> bool {
    let word = |word: &str, extra: &[u8]| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || extra.contains(&byte))
    };
    text.len() <= KIND_LEN_MAX
        && match text.split_once('.') {
            None => word(text, b""),
            Some((family, act)) => word(family, b"") && word(act, b"_"),
        }
}

impl Party {
    /// The registry's own authority, `registrar`.
    pub fn registrar() -> Self {
        Self("registrar".into())
    }

    /// Whether this is the registry's own authority.
    pub fn is_registrar(&self) -> bool {
        &*self.0 == "registrar"
    }

    /// Whether this has the form of a government's organ, `<cc>-<organ>`.
    pub fn is_government(&self) -> bool {
        is_government(&self.0)
    }
}

impl GovernmentOrCountry {
    /// The country, two letters: of `gb-ncsc` and of `gb` itself `gb`.
    pub fn country(&self) -> Self {
        Self(self.0.chars().take(2).collect::<String>().into())
    }

    /// Whether this is a bare country.
    pub fn is_country(&self) -> bool {
        is_country(&self.0)
    }
}

impl TryFrom<&Party> for GovernmentOrCountry {
    type Error = NameError;

    fn try_from(party: &Party) -> Result<Self, NameError> {
        party.as_str().parse()
    }
}

impl KindName {
    /// The part before the dot, or all of it.
    pub fn family(&self) -> &str {
        self.0.split_once('.').map_or(&self.0, |(family, _)| family)
    }
}
