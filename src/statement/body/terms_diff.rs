//! What two versions of terms say differently.
//!
//! Compared is what is written, along the shape of [`Terms`]: a field that terms get one day is compared without a
//! line here. Members of a list that have a name of their own (a clause its id, a text its language, a product its
//! name) are found by it wherever they stand; all other lists are compared as wholes.

use std::collections::BTreeMap;
use std::fmt;

use crate::codec::{Key, Value};
use crate::statement::body::{Field, FieldShape, Shape, Terms, for_each_field};

/// The lists whose members have a name: the list, and the field that is the name.
const NAMED_LISTS: &[(&str, &str)] = &[("clauses", "id"), ("texts", "language"), ("scope", "product")];

/// Where in the terms, such as `clauses[NB1].text`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermsPath(Vec<PathPart>);

/// One step of a [`TermsPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathPart {
    /// A field of a record.
    Field(&'static str),
    /// A member of a list, by its name; of several with one name (two texts in one language) the `nth`, from 0.
    Member {
        /// Its name: a stranger's text.
        name: String,
        /// Which of those with this name.
        nth: usize,
    },
}

impl TermsPath {
    /// The steps from the terms down.
    pub fn parts(&self) -> &[PathPart] {
        &self.0
    }

    fn with(&self, part: PathPart) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }

    /// The field that names the members of the list here.
    fn member_name(&self) -> Option<&'static str> {
        match self.0.as_slice() {
            [PathPart::Field(list)] => NAMED_LISTS.iter().find(|(named, _)| named == list).map(|(_, name)| *name),
            _ => None,
        }
    }
}

impl fmt::Display for TermsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            match part {
                PathPart::Field(name) if place == 0 => f.write_str(name)?,
                PathPart::Field(name) => write!(f, ".{name}")?,
                PathPart::Member { name, nth: 0 } => write!(f, "[{name}]")?,
                PathPart::Member { name, nth } => write!(f, "[{name}#{}]", nth + 1)?,
            }
        }
        Ok(())
    }
}

/// One difference. Values are as they are written in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsChange {
    /// Where.
    pub path: TermsPath,
    /// What became of it.
    pub what: Changed,
}

/// What became of a field or a member of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Added(Value),
    /// It is gone.
    Removed(Value),
    /// It says something else.
    Replaced {
        /// What it said.
        before: Value,
        /// What it says.
        after: Value,
    },
    /// The members of the list that both have stand in another order.
    Reordered,
}

impl Terms {
    /// What differs in `after`, in the order of the specification; empty if and only if both are the same, or differ in
    /// the place of an added or removed member alone.
    pub fn changes_to(&self, after: &Self) -> Vec<TermsChange> {
        let mut changes = Vec::new();
        compare(&Self::SHAPE, &TermsPath::default(), &self.write(), &after.write(), &mut changes);
        changes
    }
}

fn compare(shape: &Shape, path: &TermsPath, before: &Value, after: &Value, changes: &mut Vec<TermsChange>) {
    match (shape, before, after) {
        _ if before == after => {}
        (Shape::Record(fields), Value::Map(before), Value::Map(after)) => {
            compare_records(fields, path, before, after, changes);
        }
        (Shape::List { of, .. }, Value::Array(before), Value::Array(after)) if path.member_name().is_some() => {
            compare_lists(of, path, before, after, changes);
        }
        _ => {
            let what = Changed::Replaced { before: before.clone(), after: after.clone() };
            changes.push(TermsChange { path: path.clone(), what });
        }
    }
}

fn compare_records(
    fields: &'static [FieldShape],
    path: &TermsPath,
    before: &BTreeMap<Key, Value>,
    after: &BTreeMap<Key, Value>,
    changes: &mut Vec<TermsChange>,
) {
    for_each_field(fields, &mut |field| {
        let key = Key::Text(field.name.to_owned());
        let path = path.with(PathPart::Field(field.name));
        compare_places(&field.shape, path, before.get(&key), after.get(&key), changes);
    });
}

fn compare_lists(of: &Shape, path: &TermsPath, before: &[Value], after: &[Value], changes: &mut Vec<TermsChange>) {
    let (before, after) = (named(path, before), named(path, after));
    let find = |list: &[(PathPart, &Value)], wanted: &PathPart| {
        list.iter().find(|(part, _)| part == wanted).map(|(_, value)| (*value).clone())
    };
    for (part, value) in &before {
        let now = find(&after, part);
        compare_places(of, path.with(part.clone()), Some(value), now.as_ref(), changes);
    }
    for (part, value) in after.iter().filter(|(part, _)| find(&before, part).is_none()) {
        compare_places(of, path.with(part.clone()), None, Some(value), changes);
    }
    let common = |list: &[(PathPart, &Value)], other: &[(PathPart, &Value)]| -> Vec<PathPart> {
        list.iter().map(|(part, _)| part.clone()).filter(|part| find(other, part).is_some()).collect()
    };
    if common(&before, &after) != common(&after, &before) {
        changes.push(TermsChange { path: path.clone(), what: Changed::Reordered });
    }
}

fn compare_places(
    shape: &Shape,
    path: TermsPath,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<TermsChange>,
) {
    let what = match (before, after) {
        (Some(before), Some(after)) => return compare(shape, &path, before, after, changes),
        (None, Some(after)) => Changed::Added(after.clone()),
        (Some(before), None) => Changed::Removed(before.clone()),
        (None, None) => return,
    };
    changes.push(TermsChange { path, what });
}

/// The members of a list with their names.
fn named<'a>(path: &TermsPath, members: &'a [Value]) -> Vec<(PathPart, &'a Value)> {
    let field = path.member_name().unwrap_or_default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let name_of = |member: &Value| match member {
        Value::Map(fields) => match fields.get(&Key::Text(field.to_owned())) {
            Some(Value::Text(name)) => name.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let mut with_name = |member: &'a Value| {
        let name = name_of(member);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        (PathPart::Member { name, nth: *count - 1 }, member)
    };
    members.iter().map(&mut with_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::body::{Presence, Record};

    /// A list of records without a name would be shown as one lump.
    #[test]
    fn every_list_of_records_has_a_name_that_is_always_there() {
        for field in Terms::FIELDS {
            let Shape::List { of: Shape::Record(fields), .. } = field.shape else { continue };
            let name = TermsPath::default().with(PathPart::Field(field.name)).member_name();
            let found = fields.iter().find(|inner| Some(inner.name) == name);
            assert!(found.is_some_and(|inner| inner.presence == Presence::Required), "{}", field.name);
        }
    }
}
