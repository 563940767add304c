//! What every field of a body can do: be read strictly, be written, say its shape.

use crate::codec::{Item, Kind, Value};
use crate::crypto::{Digest, Kid, PublicKey};
use crate::statement::body::BodyError;
use crate::statement::{GOVERNMENTS_MAX, GovernmentOrCountry, Origin, Party, Subject};

/// Longest list, unless its members say otherwise ([`Field::LIST_MAX`]).
pub const LIST_MAX: usize = 16;
/// Longest list of clauses, clause ids, digests, kinds, or products.
pub const LONG_LIST_MAX: usize = 64;
/// Most characters of a stranger's text that an error message repeats.
const FOUND_CHARS_MAX: usize = 48;

/// A value that stands in a body.
pub trait Field: Sized {
    /// What the value looks like, for conversion from plain trees, templates and help.
    const SHAPE: Shape;
    /// How many of these one list holds at most; at least one is always needed.
    const LIST_MAX: usize = LIST_MAX;

    /// Reads the value.
    ///
    /// # Errors
    /// The path below this value and the rule that is broken.
    fn read(item: Item<'_>) -> Result<Self, BodyError>;

    /// The value as it is written.
    fn write(&self) -> Value;

    /// What a list of these must satisfy besides its length.
    ///
    /// # Errors
    /// The rule that is broken.
    fn check_list(_list: &[Self]) -> Result<(), &'static str> {
        Ok(())
    }
}

/// A [`Field`] that is a map of named fields.
pub trait Record: Field {
    /// The fields in the order of the specification.
    const FIELDS: &'static [FieldShape];

    /// Reads the fields of this record out of a map that may hold others.
    ///
    /// # Errors
    /// As [`Field::read`].
    fn read_fields(map: Item<'_>) -> Result<Self, BodyError>;

    /// Appends what stands in the map.
    fn write_fields(&self, fields: &mut Vec<(&'static str, Value)>);
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// One CBOR item.
    Scalar {
        /// Its CBOR type.
        form: Form,
        /// What is wanted, as a phrase that follows "wants".
        wants: &'static str,
    },
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// One of these texts, or another shape.
    WordOr(&'static [&'static str], &'static Shape),
    /// The shape, or `null`.
    Nullable(&'static Shape),
    /// A list of 1 to `max` members.
    List {
        /// Of what.
        of: &'static Shape,
        /// How many at most.
        max: usize,
    },
    /// A map of exactly these fields.
    Record(&'static [FieldShape]),
}

/// The CBOR type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// A byte string of so many bytes; in plain trees lowercase hex.
    Bytes(usize),
    /// An integer, 0 to 2^63−1.
    Uint,
    /// `false` or `true`.
    Bool,
}

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct FieldShape {
    /// Its name in the map.
    pub name: &'static str,
    /// Whether it must be there.
    pub presence: Presence,
    /// What its value looks like.
    pub shape: Shape,
    /// What it means, one or two sentences; may begin with a space.
    pub doc: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Required,
    /// It may be left out.
    Optional,
    /// Not a field: the fields of its shape, a record, stand here themselves.
    Spread,
}

impl Shape {
    /// What is wanted, as a phrase that follows "wants".
    pub fn wants(&self) -> String {
        match self {
            Self::Scalar { wants, .. } => (*wants).to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::WordOr(words, shape) => format!("{} or {}", words.join(" or "), shape.wants()),
            Self::Nullable(shape) => format!("{} or null", shape.wants()),
            Self::List { of, max } => format!("a list of 1-{max} of: {}", of.wants()),
            Self::Record(fields) => {
                let mut names = Vec::new();
                for_each_field(fields, &mut |field| {
                    names.push(match field.presence {
                        Presence::Optional => format!("{}?", field.name),
                        _ => field.name.to_owned(),
                    });
                });
                format!("a map of {}", names.join(", "))
            }
        }
    }
}

/// Calls `visit` for each field of a record, those of spread records in their place.
pub fn for_each_field(fields: &'static [FieldShape], visit: &mut dyn FnMut(&'static FieldShape)) {
    for field in fields {
        match (field.presence, &field.shape) {
            (Presence::Spread, Shape::Record(inner)) => for_each_field(inner, visit),
            _ => visit(field),
        }
    }
}

/// Refuses a value that is no map, or holds a key that is not a field. Afterwards the map is no larger than the
/// record, so that looking up its fields one by one costs a stranger's input nothing.
pub(in crate::statement::body) fn check_keys(item: Item<'_>, fields: &'static [FieldShape]) -> Result<(), BodyError> {
    let pairs = item.map().ok_or_else(|| wants(&Shape::Record(fields), item))?;
    let mut names = Vec::new();
    for_each_field(fields, &mut |field| names.push(field.name));
    for (key, _) in pairs {
        match key.text() {
            Some(name) if names.contains(&name) => {}
            Some(name) => return Err(BodyError::at(&clipped(name), unknown_field(name, &names))),
            None => return Err(BodyError::here("field names are texts")),
        }
    }
    Ok(())
}

/// A field that must be there.
pub(in crate::statement::body) fn read_required<T: Field>(
    map: Item<'_>,
    name: &'static str,
    doc: &'static str,
) -> Result<T, BodyError> {
    match map.field(name) {
        Some(item) => T::read(item).map_err(|error| error.within(name)),
        None => Err(BodyError::at(name, format!("missing: {}", doc.trim()))),
    }
}

/// A field that may be left out.
pub(in crate::statement::body) fn read_optional<T: Field>(
    map: Item<'_>,
    name: &'static str,
) -> Result<Option<T>, BodyError> {
    map.field(name).map(|item| T::read(item).map_err(|error| error.within(name))).transpose()
}

/// The error for a value that does not have its shape.
pub(in crate::statement::body) fn wants(shape: &Shape, item: Item<'_>) -> BodyError {
    let found = match item.kind() {
        Kind::Text => format!("\"{}\"", clipped(item.text().unwrap_or_default())),
        Kind::Int => item.int().map_or_else(|| "an integer".to_owned(), |value| value.to_string()),
        Kind::Bytes => format!("{} bytes", item.bytes().unwrap_or_default().len()),
        Kind::Array => "a list".to_owned(),
        Kind::Map => "a map".to_owned(),
        Kind::Bool => item.boolean().unwrap_or_default().to_string(),
        Kind::Null => "null".to_owned(),
    };
    BodyError::here(format!("wants {}, found {found}", shape.wants()))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(FOUND_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn unknown_field(name: &str, names: &[&str]) -> String {
    match nearest(name, names) {
        Some(near) => format!("unknown field; did you mean {near}?"),
        None => format!("unknown field; allowed here: {}", names.join(", ")),
    }
}

/// The name that `name` is most likely a misspelling of: at most two edits away, and not a word so short that
/// anything is. For kinds and field names in messages.
pub fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONG_LIST_MAX {
        return None;
    }
    let near = |known: &&'a str| (distance(name, known), *known);
    let (edits, known) = names.iter().map(near).min()?;
    (edits <= 2 && edits * 2 < known.len()).then_some(known)
}

/// The number of single-byte edits between two short texts (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

impl<T: Field> Field for Vec<T> {
    const SHAPE: Shape = Shape::List { of: &T::SHAPE, max: T::LIST_MAX };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        let members = item.array().ok_or_else(|| wants(&Self::SHAPE, item))?;
        let count = members.remaining();
        if count == 0 || count > T::LIST_MAX as u64 {
            return Err(BodyError::here(format!("wants 1-{} members, found {count}", T::LIST_MAX)));
        }
        let read = |(index, member)| T::read(member).map_err(|error| error.within(&format!("[{index}]")));
        let list: Self = members.enumerate().map(read).collect::<Result<_, _>>()?;
        T::check_list(&list).map_err(BodyError::here)?;
        Ok(list)
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(Field::write).collect())
    }
}

/// A field that must be there and may be `null`; a field that may be left out is an
/// `optional` one of its record.
impl<T: Field> Field for Option<T> {
    const SHAPE: Shape = Shape::Nullable(&T::SHAPE);

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        if item.is_null() { Ok(None) } else { T::read(item).map(Some) }
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::write)
    }
}

impl Field for bool {
    const SHAPE: Shape = Shape::Scalar { form: Form::Bool, wants: "true or false" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.boolean().ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Field for u64 {
    const SHAPE: Shape = Shape::Scalar { form: Form::Uint, wants: "a whole number, 0 or more" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.uint().ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::uint(*self)
    }
}

/// A digest, or the id of a statement.
impl Field for Digest {
    const SHAPE: Shape = Shape::Scalar { form: Form::Bytes(32), wants: "a digest or id of 32 bytes (64 hex digits)" };
    const LIST_MAX: usize = LONG_LIST_MAX;

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.byte_array().map(Self).ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::bytes(self.0)
    }
}

impl Field for Kid {
    const SHAPE: Shape = Shape::Scalar { form: Form::Bytes(32), wants: "a key id of 32 bytes (64 hex digits)" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        item.byte_array().map(Self).ok_or_else(|| wants(&Self::SHAPE, item))
    }

    fn write(&self) -> Value {
        Value::bytes(self.0)
    }

    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |kid| *kid).map_err(|()| "names a key twice")
    }
}

impl Field for PublicKey {
    const SHAPE: Shape =
        Shape::Scalar { form: Form::Bytes(32), wants: "an Ed25519 public key of 32 bytes (64 hex digits)" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        let bytes = item.bytes().ok_or_else(|| wants(&Self::SHAPE, item))?;
        Self::from_bytes(bytes).map_err(|error| BodyError::here(error.to_string()))
    }

    fn write(&self) -> Value {
        Value::bytes(*self.as_bytes())
    }

    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        check_unique(list, |key| *key.as_bytes()).map_err(|()| "names a key twice")
    }
}

/// Whether the keys of a list differ from each other. Lists are short, so that this compares each with each.
pub(in crate::statement::body) fn check_unique<T, K: PartialEq>(list: &[T], key: impl Fn(&T) -> K) -> Result<(), ()> {
    let twice = |(index, member): (usize, &T)| list[..index].iter().any(|earlier| key(earlier) == key(member));
    if list.iter().enumerate().any(twice) { Err(()) } else { Ok(()) }
}

/// Implements [`Field`] for types with one text form (`FromStr` and `Display`).
macro_rules! text_field {
    ($name:ty, $wants:literal $(, { $($extra:item)* })?) => {
        impl $crate::statement::body::Field for $name {
            const SHAPE: $crate::statement::body::Shape = $crate::statement::body::Shape::Scalar {
                form: $crate::statement::body::Form::Text,
                wants: $wants,
            };

            $($($extra)*)?

            fn read(item: $crate::codec::Item<'_>) -> Result<Self, $crate::statement::body::BodyError> {
                item.text()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| $crate::statement::body::field::wants(&<Self as $crate::statement::body::Field>::SHAPE, item))
            }

            fn write(&self) -> $crate::codec::Value {
                $crate::codec::Value::text(self.to_string())
            }
        }
    };
}
pub(in crate::statement::body) use text_field;

text_field!(Party, "a party id (1-63 of a-z, 0-9, inner hyphens; not two letters alone)");
text_field!(Origin, "an origin such as registry.example/nospy");
text_field!(GovernmentOrCountry, "a government id (gb-ncsc) or a country code (gb)", {
    const LIST_MAX: usize = GOVERNMENTS_MAX as usize;

    fn check_list(list: &[Self]) -> Result<(), &'static str> {
        match list.is_sorted_by(|a, b| a.as_str() < b.as_str()) {
            true => Ok(()),
            false => Err("government ids stand in strictly ascending order, none twice"),
        }
    }
});

/// The subject of another agreement.
impl Field for Subject {
    const SHAPE: Shape = Shape::Scalar { form: Form::Text, wants: "agreement/<vendor>/<reference>/<government>" };

    fn read(item: Item<'_>) -> Result<Self, BodyError> {
        match item.text().and_then(|text| text.parse().ok()) {
            Some(subject @ Self::Agreement { .. }) => Ok(subject),
            _ => Err(wants(&Self::SHAPE, item)),
        }
    }

    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
}
