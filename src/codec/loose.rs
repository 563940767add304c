//! A tolerant reader of CBOR for messages that others made: any order of map keys, any length of heads, indefinite arrays and
//! maps. What it reads is a tree of its own type, so that nothing of it gets where the profile is asked for.
//!
//! What is not well-formed (RFC 8949) stays refused, and two things that mean two things at once: a map with one key twice, and
//! bytes behind the item. A tag is kept, since it says what an item is: an array under another tag is another message. Byte strings
//! and texts are not copied; the tree has at most [`LOOSE_ITEMS_MAX`] items.

use std::str;

use crate::codec::DEPTH_MAX;

/// Most items of a tree, containers and keys included.
pub const LOOSE_ITEMS_MAX: usize = 1_024;

/// A key of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooseKey<'a> {
    /// An integer.
    Int(i64),
    /// A text.
    Text(&'a str),
}

/// An item as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loose<'a> {
    /// An integer, −2^63 … 2^63−1.
    Int(i64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// An array.
    Array(Vec<Loose<'a>>),
    /// A map, in its own order, no key twice.
    Map(Vec<(LooseKey<'a>, Loose<'a>)>),
    /// A tag and what it is put on. A tag changes what an item is, so no other question is answered for it.
    Tagged(u64, Box<Loose<'a>>),
    /// `null`.
    Null,
    /// Well-formed and of no use here: floats, other simple values, larger integers.
    Other,
}

/// Why bytes are not well-formed, or not for this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not CBOR that can be read, at byte {offset}: {fault}")]
pub struct LooseError {
    /// Offset from the start of the input.
    pub offset: usize,
    /// What is wrong.
    pub fault: &'static str,
}

impl<'a> Loose<'a> {
    /// Reads exactly one item.
    ///
    /// # Errors
    /// [`LooseError`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, LooseError> {
        let mut reader = Reader { bytes, at: 0, items: 0 };
        let item = reader.item(0)?.ok_or(LooseError { offset: 0, fault: "a break without a beginning" })?;
        match reader.at == bytes.len() {
            true => Ok(item),
            false => Err(reader.fail("bytes follow the item")),
        }
    }

    /// The value under an integer key; `None` if this is no map or has no such key.
    pub fn label(&self, label: i64) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| *key == LooseKey::Int(label)).map(|(_, value)| value)
    }

    /// The content of a byte string.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The content of a text.
    pub fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer.
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(int) = self { Some(*int) } else { None }
    }

    /// The integer, if it is not negative.
    pub fn uint(&self) -> Option<u64> {
        self.int().and_then(|int| u64::try_from(int).ok())
    }

    /// The members of an array.
    pub fn array(&self) -> Option<&[Self]> {
        if let Self::Array(members) = self { Some(members) } else { None }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: usize,
}

impl<'a> Reader<'a> {
    fn fail(&self, fault: &'static str) -> LooseError {
        LooseError { offset: self.at, fault }
    }

    /// The next item; `None` for a break. Recursion is at most [`DEPTH_MAX`] deep.
    fn item(&mut self, depth: usize) -> Result<Option<Loose<'a>>, LooseError> {
        self.items += 1;
        if self.items > LOOSE_ITEMS_MAX {
            return Err(self.fail("too many items"));
        }
        if depth > DEPTH_MAX {
            return Err(self.fail("nesting is deeper than 16"));
        }
        let (major, argument) = self.head()?;
        let item = match (major, argument) {
            (7, None) => return Ok(None),
            (0, Some(value)) => i64::try_from(value).map_or(Loose::Other, Loose::Int),
            (1, Some(value)) => i64::try_from(value).map_or(Loose::Other, |value| Loose::Int(-1 - value)),
            (2, Some(len)) => Loose::Bytes(self.take(len)?),
            (3, Some(len)) => {
                let text = self.take(len)?;
                Loose::Text(str::from_utf8(text).map_err(|_| self.fail("text is not UTF-8"))?)
            }
            (4, count) => Loose::Array(self.members(count, depth)?),
            (5, count) => self.map(count, depth)?,
            (6, Some(tag)) => Loose::Tagged(
                tag,
                Box::new(self.item(depth + 1)?.ok_or(self.fail("a break instead of what is tagged"))?),
            ),
            (7, Some(22)) => Loose::Null,
            (7, Some(_)) => Loose::Other,
            _ => return Err(self.fail("an indefinite string, tag or integer")),
        };
        Ok(Some(item))
    }

    fn members(&mut self, count: Option<u64>, depth: usize) -> Result<Vec<Loose<'a>>, LooseError> {
        let mut members = Vec::new();
        while count.is_none_or(|count| (members.len() as u64) < count) {
            match self.item(depth + 1)? {
                Some(member) => members.push(member),
                None if count.is_none() => break,
                None => return Err(self.fail("a break in an array of a known length")),
            }
        }
        Ok(members)
    }

    fn map(&mut self, count: Option<u64>, depth: usize) -> Result<Loose<'a>, LooseError> {
        let mut pairs: Vec<(LooseKey<'a>, Loose<'a>)> = Vec::new();
        while count.is_none_or(|count| (pairs.len() as u64) < count) {
            let key = match self.item(depth + 1)? {
                Some(Loose::Int(int)) => LooseKey::Int(int),
                Some(Loose::Text(text)) => LooseKey::Text(text),
                None if count.is_none() => break,
                _ => return Err(self.fail("a map key is neither an integer nor text")),
            };
            if pairs.iter().any(|(known, _)| *known == key) {
                return Err(self.fail("one map key twice"));
            }
            let value = self.item(depth + 1)?.ok_or(self.fail("a break instead of a value"))?;
            pairs.push((key, value));
        }
        Ok(Loose::Map(pairs))
    }

    /// Major type and argument; `None` for an indefinite length or a break.
    fn head(&mut self) -> Result<(u8, Option<u64>), LooseError> {
        let first = *self.bytes.get(self.at).ok_or(self.fail("the input ends inside an item"))?;
        self.at += 1;
        let (major, low) = (first >> 5, first & 0x1F);
        let argument = match low {
            0..=23 => Some(u64::from(low)),
            24..=27 => Some(self.take(1 << (low - 24))?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))),
            31 => None,
            _ => return Err(self.fail("a reserved head")),
        };
        // RFC 8949 §3.3: a simple value below 32 has one spelling, in the first byte.
        if major == 7 && low == 24 && argument.is_some_and(|value| value < 32) {
            return Err(self.fail("a simple value below 32 in two bytes"));
        }
        // The bits of a float are no simple value.
        let argument = if major == 7 && (25..=27).contains(&low) { Some(u64::MAX) } else { argument };
        Ok((major, argument))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], LooseError> {
        let end = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
        let bytes =
            end.and_then(|end| self.bytes.get(self.at..end)).ok_or(self.fail("the input ends inside an item"))?;
        self.at += bytes.len();
        Ok(bytes)
    }
}
