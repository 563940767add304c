//! A view of one CBOR item whose bytes have passed the profile.

use std::str;

use crate::codec::{DEPTH_MAX, Key, Value};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

const FALSE: u64 = 20;
const TRUE: u64 = 21;
const NULL: u64 = 22;

/// Where and why bytes are not an item of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not deterministic CBOR at byte {offset}: {fault}")]
pub struct CborError {
    /// Offset of the offending head, in bytes from the start of the input.
    pub offset: usize,
    /// The rule that is broken.
    pub fault: CborFault,
}

/// A rule of the CBOR profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborFault {
    /// The input ends inside an item.
    #[error("the input ends inside an item")]
    Truncated,
    /// Bytes follow the item.
    #[error("bytes follow the item")]
    Trailing,
    /// A head is longer than its argument needs.
    #[error("a length or integer is not written in its shortest form")]
    LongHead,
    /// An indefinite length or a reserved head.
    #[error("indefinite lengths and reserved heads are not allowed")]
    Indefinite,
    /// An integer outside −2^63 … 2^63−1.
    #[error("an integer is outside -2^63 … 2^63-1")]
    IntegerRange,
    /// A float, `undefined` or another simple value.
    #[error("only false, true and null are allowed as simple values")]
    Simple,
    /// A tag where none is allowed.
    #[error("a tag is not allowed here")]
    Tag,
    /// A required tag is missing or another one stands there.
    #[error("the tag 18 of a COSE_Sign1 is missing")]
    TagMissing,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// A control character other than line feed.
    #[error("text holds a control character other than line feed")]
    Control,
    /// A map key that is neither integer nor text.
    #[error("a map key is neither an integer nor text")]
    KeyType,
    /// Map keys not strictly ascending.
    #[error("map keys are not in strictly ascending order")]
    KeyOrder,
    /// Nesting beyond [`DEPTH_MAX`].
    #[error("nesting is deeper than 16")]
    Depth,
}

/// The type of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An integer, −2^63 … 2^63−1.
    Int,
    /// A byte string.
    Bytes,
    /// UTF-8 text without control characters but line feed.
    Text,
    /// An array.
    Array,
    /// A map with integer or text keys.
    Map,
    /// `false` or `true`.
    Bool,
    /// `null`.
    Null,
}

/// One validated item; copying it copies a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// Exactly the bytes of this item. Everything below relies on [`check`] having accepted them.
    bytes: &'a [u8],
}

/// A decoded head: major type, argument, length of the head in bytes.
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    argument: u64,
    len: usize,
}

impl<'a> Item<'a> {
    /// Reads `bytes` as exactly one untagged item. Allocates nothing; time is linear in the input.
    ///
    /// # Errors
    /// The first rule of the profile that is broken, with its offset.
    pub fn read(bytes: &'a [u8]) -> Result<Self, CborError> {
        let end = check(bytes, 0, 0)?;
        if end != bytes.len() {
            return Err(CborError { offset: end, fault: CborFault::Trailing });
        }
        Ok(Self { bytes })
    }

    /// Reads `bytes` as exactly one item under tag 18 (COSE_Sign1, RFC 9052 §4.2) and returns the item inside.
    ///
    /// # Errors
    /// As [`Item::read`], and [`CborFault::TagMissing`].
    pub fn read_sign1(bytes: &'a [u8]) -> Result<Self, CborError> {
        match bytes.split_first() {
            None => Err(CborError { offset: 0, fault: CborFault::Truncated }),
            Some((0xD2, rest)) => {
                Self::read(rest).map_err(|error| CborError { offset: error.offset + 1, fault: error.fault })
            }
            Some(_) => Err(CborError { offset: 0, fault: CborFault::TagMissing }),
        }
    }

    /// The item in bytes that [`Item::read`] has accepted before: it is not checked again.
    pub(crate) fn checked(bytes: &'a [u8]) -> Self {
        debug_assert!(Self::read(bytes).is_ok(), "these bytes were read before");
        Self { bytes }
    }

    /// The encoding of this item.
    pub fn encoded(&self) -> &'a [u8] {
        self.bytes
    }

    /// The type of this item.
    pub fn kind(&self) -> Kind {
        match self.head().major {
            UNSIGNED | NEGATIVE => Kind::Int,
            BYTES => Kind::Bytes,
            TEXT => Kind::Text,
            ARRAY => Kind::Array,
            MAP => Kind::Map,
            _ if self.is_null() => Kind::Null,
            _ => Kind::Bool,
        }
    }

    /// The integer, if this is one.
    pub fn int(&self) -> Option<i64> {
        let head = self.head();
        let argument = i64::try_from(head.argument).ok()?;
        match head.major {
            UNSIGNED => Some(argument),
            NEGATIVE => Some(-1 - argument),
            _ => None,
        }
    }

    /// The integer, if this is one and it is not negative.
    pub fn uint(&self) -> Option<u64> {
        let head = self.head();
        (head.major == UNSIGNED).then_some(head.argument)
    }

    /// The content of a byte string.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        let head = self.head();
        (head.major == BYTES).then(|| &self.bytes[head.len..])
    }

    /// The content of a byte string of exactly `N` bytes.
    pub fn byte_array<const N: usize>(&self) -> Option<[u8; N]> {
        self.bytes()?.try_into().ok()
    }

    /// The content of a text.
    pub fn text(&self) -> Option<&'a str> {
        let head = self.head();
        if head.major != TEXT {
            return None;
        }
        str::from_utf8(&self.bytes[head.len..]).ok()
    }

    /// Whether this is that text. Compares bytes, which [`Item::text`] would first have to look through.
    fn is_text(&self, text: &str) -> bool {
        let head = self.head();
        head.major == TEXT && self.bytes[head.len..] == *text.as_bytes()
    }

    /// The boolean, if this is one.
    pub fn boolean(&self) -> Option<bool> {
        let head = self.head();
        match (head.major, head.argument) {
            (7, FALSE) => Some(false),
            (7, TRUE) => Some(true),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        let head = self.head();
        head.major == 7 && head.argument == NULL
    }

    /// The members of an array, in order.
    pub fn array(&self) -> Option<Elements<'a>> {
        let head = self.head();
        (head.major == ARRAY).then(|| Elements { rest: &self.bytes[head.len..], left: head.argument })
    }

    /// The pairs of a map, in key order.
    pub fn map(&self) -> Option<Pairs<'a>> {
        let head = self.head();
        (head.major == MAP).then(|| Pairs(Elements { rest: &self.bytes[head.len..], left: head.argument * 2 }))
    }

    /// The value under a text key; `None` if this is no map or has no such key.
    pub fn field(&self, name: &str) -> Option<Item<'a>> {
        self.map()?.find_map(|(key, value)| key.is_text(name).then_some(value))
    }

    /// The value under an integer key; `None` if this is no map or has no such key.
    pub fn label(&self, label: i64) -> Option<Item<'a>> {
        self.map()?.find_map(|(key, value)| (key.int() == Some(label)).then_some(value))
    }

    /// Whether any text in this item, keys included, satisfies `predicate`. Byte strings are not looked into.
    pub fn any_text(&self, predicate: &dyn Fn(&str) -> bool) -> bool {
        match self.kind() {
            Kind::Text => self.text().is_some_and(predicate),
            Kind::Array => self.array().is_some_and(|mut members| members.any(|member| member.any_text(predicate))),
            Kind::Map => {
                self.map().is_some_and(|mut pairs| pairs.any(|(k, v)| k.any_text(predicate) || v.any_text(predicate)))
            }
            _ => false,
        }
    }

    /// An owned tree of this item. Allocates in proportion to the number of items: for our own values and for
    /// display, not for a stranger's large input.
    pub fn to_value(&self) -> Value {
        match self.kind() {
            Kind::Int => Value::Int(self.int().unwrap_or_default()),
            Kind::Bytes => Value::Bytes(self.bytes().unwrap_or_default().to_vec()),
            Kind::Text => Value::Text(self.text().unwrap_or_default().to_owned()),
            Kind::Bool => Value::Bool(self.boolean().unwrap_or_default()),
            Kind::Null => Value::Null,
            Kind::Array => Value::Array(self.array().into_iter().flatten().map(|item| item.to_value()).collect()),
            Kind::Map => {
                let key = |item: Item<'_>| match item.int() {
                    Some(label) => Key::Int(label),
                    None => Key::Text(item.text().unwrap_or_default().to_owned()),
                };
                Value::Map(self.map().into_iter().flatten().map(|(k, v)| (key(k), v.to_value())).collect())
            }
        }
    }

    fn head(&self) -> Head {
        read_head(self.bytes, 0).expect("an Item holds one checked item, so its head decodes")
    }
}

impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            Kind::Int => write!(f, "{}", self.int().unwrap_or_default()),
            Kind::Bytes => write!(f, "bytes({})", self.bytes().unwrap_or_default().len()),
            Kind::Text => write!(f, "{:?}", self.text().unwrap_or_default()),
            Kind::Bool => write!(f, "{}", self.boolean().unwrap_or_default()),
            Kind::Null => write!(f, "null"),
            Kind::Array => f.debug_list().entries(self.array().into_iter().flatten()).finish(),
            Kind::Map => f.debug_map().entries(self.map().into_iter().flatten()).finish(),
        }
    }
}

/// The members of an array.
#[derive(Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
    left: u64,
}

impl Elements<'_> {
    /// How many members are left.
    pub fn remaining(&self) -> u64 {
        self.left
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (bytes, rest) = self.rest.split_at(skip(self.rest));
        self.rest = rest;
        Some(Item { bytes })
    }
}

/// The pairs of a map.
#[derive(Clone)]
pub struct Pairs<'a>(Elements<'a>);

impl Pairs<'_> {
    /// How many pairs are left.
    pub fn remaining(&self) -> u64 {
        self.0.left / 2
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Item<'a>, Item<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// Length in bytes of the checked item at the start of `bytes`. A loop, not a recursion: it only counts.
fn skip(bytes: &[u8]) -> usize {
    let (mut at, mut left) = (0usize, 1u64);
    while left > 0 {
        let head = read_head(bytes, at).expect("checked bytes decode");
        at += head.len;
        left -= 1;
        match head.major {
            BYTES | TEXT => at += usize::try_from(head.argument).expect("checked lengths fit the input"),
            ARRAY => left += head.argument,
            MAP => left += head.argument * 2,
            _ => {}
        }
    }
    at
}

/// Checks the item at `at`, `depth` containers deep, and returns where it ends.
///
/// Recursion is at most [`DEPTH_MAX`] deep. A claimed count larger than the input ends as `Truncated` after at
/// most as many steps as there are bytes, for every member takes at least one.
fn check(bytes: &[u8], at: usize, depth: usize) -> Result<usize, CborError> {
    let fail = |fault| Err(CborError { offset: at, fault });
    let head = read_head(bytes, at)?;
    let body = at + head.len;
    match head.major {
        UNSIGNED | NEGATIVE if head.argument > i64::MAX as u64 => fail(CborFault::IntegerRange),
        UNSIGNED | NEGATIVE => Ok(body),
        BYTES | TEXT => {
            let len = usize::try_from(head.argument).unwrap_or(usize::MAX);
            let Some(content) = bytes[body..].get(..len) else { return fail(CborFault::Truncated) };
            if head.major == TEXT {
                check_text(content).map_err(|fault| CborError { offset: at, fault })?;
            }
            Ok(body + len)
        }
        ARRAY | MAP if depth >= DEPTH_MAX => fail(CborFault::Depth),
        ARRAY => (0..head.argument).try_fold(body, |at, _| check(bytes, at, depth + 1)),
        MAP => check_map(bytes, body, head.argument, depth),
        TAG => fail(CborFault::Tag),
        _ if matches!(head.argument, FALSE | TRUE | NULL) && head.len == 1 => Ok(body),
        _ => fail(CborFault::Simple),
    }
}

fn check_map(bytes: &[u8], mut at: usize, pairs: u64, depth: usize) -> Result<usize, CborError> {
    let mut previous: Option<&[u8]> = None;
    for _ in 0..pairs {
        let start = at;
        let fail = |fault| Err(CborError { offset: start, fault });
        if !matches!(read_head(bytes, start)?.major, UNSIGNED | NEGATIVE | TEXT) {
            return fail(CborFault::KeyType);
        }
        at = check(bytes, start, depth + 1)?;
        let key = &bytes[start..at];
        if previous.is_some_and(|previous| previous >= key) {
            return fail(CborFault::KeyOrder);
        }
        previous = Some(key);
        at = check(bytes, at, depth + 1)?;
    }
    Ok(at)
}

/// Bytes of a text that are looked at together.
const CHUNK_LEN: usize = 64;

fn check_text(content: &[u8]) -> Result<(), CborFault> {
    str::from_utf8(content).map_err(|_| CborFault::Utf8)?;
    // The category Cc, read off the bytes, since every text of every entry passes here: U+0000-1F and 7F are one byte each,
    // U+0080-9F are C2 80-9F, and in UTF-8 none of these bytes is part of anything else.
    let is_c0 = |byte: u8| (byte < 0x20 && byte != b'\n') || byte == 0x7F;
    let is_c1 = |pair: &[u8]| pair[0] == 0xC2 && pair[1] < 0xA0;
    // Without an early way out within a chunk, a chunk is one comparison of vectors.
    let has_c0 = |chunk: &[u8]| chunk.iter().fold(false, |has, byte| has | is_c0(*byte));
    match content.chunks(CHUNK_LEN).any(has_c0) || (!content.is_ascii() && content.windows(2).any(is_c1)) {
        true => Err(CborFault::Control),
        false => Ok(()),
    }
}

fn read_head(bytes: &[u8], at: usize) -> Result<Head, CborError> {
    let error = |fault| CborError { offset: at, fault };
    let first = *bytes.get(at).ok_or(error(CborFault::Truncated))?;
    let (major, low) = (first >> 5, first & 0x1F);
    let extra = match low {
        0..=23 => return Ok(Head { major, argument: u64::from(low), len: 1 }),
        24..=27 => 1usize << (low - 24),
        _ if major == 7 => return Err(error(CborFault::Simple)),
        _ => return Err(error(CborFault::Indefinite)),
    };
    let tail = bytes.get(at + 1..at + 1 + extra).ok_or(error(CborFault::Truncated))?;
    if major == 7 {
        return Err(error(CborFault::Simple)); // floats and two-byte simple values
    }
    let argument = tail.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let least = [24, 0x100, 0x1_0000, 0x1_0000_0000][usize::from(low - 24)];
    if argument < least {
        return Err(error(CborFault::LongHead));
    }
    Ok(Head { major, argument, len: 1 + extra })
}
