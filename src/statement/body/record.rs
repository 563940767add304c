//! One definition of a record gives its type, reader, writer and shape; the same for a choice.

/// Defines a record.
///
/// ```text
/// record! {
///     /// What the record is.
///     pub struct Decline {
///         /// What the field means.
///         required reference as "ref": StatementId,
///         /// Why.
///         optional reason: Text,
///     }
///     check Decline::check;
///     list LONG_LIST_MAX, Decline::check_list;
/// }
/// ```
///
/// A field is named in the map as in Rust, unless `as` says otherwise. `optional` makes the Rust type an `Option`,
/// `spread` puts the fields of another record into this one. `check` names a
/// `fn(&Self) -> Result<(), BodyError>` for what several fields must satisfy together; `list` bounds and checks a
/// list of these records.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $record:ident {
            $( $(#[doc = $doc:literal])+ $presence:ident $field:ident $(as $wire:literal)? : $ty:ty ),+ $(,)?
        }
        $(check $check:path;)?
        $(list $list_max:expr $(, $check_list:path)?;)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $record {
            $( $(#[doc = $doc])+ pub $field: record!(@type $presence $ty), )+
        }

        impl $crate::statement::body::Field for $record {
            const SHAPE: $crate::statement::body::Shape =
                $crate::statement::body::Shape::Record(<Self as $crate::statement::body::Record>::FIELDS);

            $( const LIST_MAX: usize = $list_max; )?

            fn read(item: $crate::codec::Item<'_>) -> Result<Self, $crate::statement::body::BodyError> {
                $crate::statement::body::field::check_keys(item, <Self as $crate::statement::body::Record>::FIELDS)?;
                <Self as $crate::statement::body::Record>::read_fields(item)
            }

            fn write(&self) -> $crate::codec::Value {
                let mut fields = Vec::new();
                $crate::statement::body::Record::write_fields(self, &mut fields);
                $crate::codec::Value::record(fields)
            }

            $($( fn check_list(list: &[Self]) -> Result<(), &'static str> {
                $check_list(list)
            } )?)?
        }

        impl $crate::statement::body::Record for $record {
            const FIELDS: &'static [$crate::statement::body::FieldShape] = &[
                $( $crate::statement::body::FieldShape {
                    name: record!(@wire $field $($wire)?),
                    presence: record!(@presence $presence),
                    shape: <$ty as $crate::statement::body::Field>::SHAPE,
                    doc: concat!($($doc),+),
                }, )+
            ];

            fn read_fields(map: $crate::codec::Item<'_>) -> Result<Self, $crate::statement::body::BodyError> {
                let record = Self {
                    $( $field: record!(@read $presence map, record!(@wire $field $($wire)?), concat!($($doc),+)), )+
                };
                $( $check(&record)?; )?
                Ok(record)
            }

            fn write_fields(&self, fields: &mut Vec<(&'static str, $crate::codec::Value)>) {
                $( record!(@write $presence fields, record!(@wire $field $($wire)?), &self.$field); )+
            }
        }
    };

    (@type required $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@type spread $ty:ty) => { $ty };

    (@presence required) => { $crate::statement::body::Presence::Required };
    (@presence optional) => { $crate::statement::body::Presence::Optional };
    (@presence spread) => { $crate::statement::body::Presence::Spread };

    (@wire $field:ident) => { stringify!($field) };
    (@wire $field:ident $wire:literal) => { $wire };

    (@read required $map:expr, $name:expr, $doc:expr) => {
        $crate::statement::body::field::read_required($map, $name, $doc)?
    };
    (@read optional $map:expr, $name:expr, $doc:expr) => {
        $crate::statement::body::field::read_optional($map, $name)?
    };
    (@read spread $map:expr, $name:expr, $doc:expr) => { $crate::statement::body::Record::read_fields($map)? };

    (@write required $fields:expr, $name:expr, $value:expr) => {
        $fields.push(($name, $crate::statement::body::Field::write($value)))
    };
    (@write optional $fields:expr, $name:expr, $value:expr) => {
        if let Some(value) = $value {
            $fields.push(($name, $crate::statement::body::Field::write(value)));
        }
    };
    (@write spread $fields:expr, $name:expr, $value:expr) => {
        $crate::statement::body::Record::write_fields($value, $fields)
    };
}
pub(in crate::statement::body) use record;

/// Defines a choice between lower-case words: `Variant = "word"`.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $choice:ident { $( $(#[$doc:meta])+ $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $choice { $( $(#[$doc])+ $variant, )+ }

        impl $choice {
            /// Every choice, in the order of the specification.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The word in a body.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl std::fmt::Display for $choice {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::statement::body::Field for $choice {
            const SHAPE: $crate::statement::body::Shape = $crate::statement::body::Shape::Choice(&[$( $word ),+]);

            fn read(item: $crate::codec::Item<'_>) -> Result<Self, $crate::statement::body::BodyError> {
                match item.text() {
                    $( Some($word) => Ok(Self::$variant), )+
                    _ => Err($crate::statement::body::field::wants(&<Self as $crate::statement::body::Field>::SHAPE, item)),
                }
            }

            fn write(&self) -> $crate::codec::Value {
                $crate::codec::Value::text(self.as_str())
            }

            fn check_list(list: &[Self]) -> Result<(), &'static str> {
                $crate::statement::body::field::check_unique(list, |word| *word).map_err(|()| "names a choice twice")
            }
        }
    };
}
pub(in crate::statement::body) use choice;
