//! Plain trees (YAML, JSON) to bodies and back: bytes are lowercase hex there, everything else is the same.

use std::collections::BTreeMap;

use crate::codec::{Item, Key, Value, encode};
use crate::crypto::{hex, parse_hex};
use crate::statement::KindName;
use crate::statement::body::{Body, BodyError, FieldShape, Form, KindInfo, Shape, for_each_field};

/// Turns a plain tree into the body of a statement of `kind`: digests, ids, keys and signatures are lowercase hex
/// in it. What comes back has been read as [`Body::read`] does.
///
/// # Errors
/// As [`Body::read`].
pub fn from_plain(kind: &KindName, tree: &Value) -> Result<Value, BodyError> {
    let info = KindInfo::find(kind.as_str()).ok_or_else(|| BodyError::UnknownKind(kind.clone()))?;
    let value = convert_record(info.fields, tree)?;
    let bytes = encode(&value);
    let item = Item::read(&bytes).map_err(|error| BodyError::here(error.to_string()))?;
    Body::read(kind, item)?;
    Ok(value)
}

/// The plain tree of any body, of known kind or not: bytes become lowercase hex.
pub fn to_plain(body: Item<'_>) -> Value {
    plain(body.to_value())
}

fn plain(value: Value) -> Value {
    match value {
        Value::Bytes(bytes) => Value::Text(hex(&bytes)),
        Value::Array(members) => Value::Array(members.into_iter().map(plain).collect()),
        Value::Map(pairs) => Value::Map(pairs.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        other => other,
    }
}

/// Converts what has the wanted shape and leaves alone what has not: the reader refuses it with a better reason.
fn convert(shape: &'static Shape, tree: &Value) -> Result<Value, BodyError> {
    match (shape, tree) {
        (Shape::Scalar { form: Form::Bytes(len), .. }, Value::Text(text)) => match parse_hex(text) {
            Some(bytes) if bytes.len() == *len => Ok(Value::Bytes(bytes)),
            _ => Err(BodyError::here(format!("wants {}", shape.wants()))),
        },
        (Shape::Scalar { form: Form::Text, .. } | Shape::Choice(_), Value::Int(_) | Value::Bool(_)) => {
            Err(BodyError::here(format!("wants {}; put the value in quotes", shape.wants())))
        }
        (Shape::Nullable(inner) | Shape::WordOr(_, inner), _) if !matches!(tree, Value::Null | Value::Text(_)) => {
            convert(inner, tree)
        }
        (Shape::Nullable(inner), Value::Text(_)) => convert(inner, tree),
        (Shape::List { of, .. }, Value::Array(members)) => {
            let member = |(index, member)| convert(of, member).map_err(|error| error.within(&format!("[{index}]")));
            members.iter().enumerate().map(member).collect::<Result<_, _>>().map(Value::Array)
        }
        (Shape::Record(fields), _) => convert_record(fields, tree),
        _ => Ok(tree.clone()),
    }
}

fn convert_record(fields: &'static [FieldShape], tree: &Value) -> Result<Value, BodyError> {
    let Value::Map(pairs) = tree else {
        return Ok(tree.clone());
    };
    let mut shapes = BTreeMap::new();
    for_each_field(fields, &mut |field| {
        shapes.insert(field.name, &field.shape);
    });
    let pair = |(key, value): (&Key, &Value)| {
        let converted = match key {
            Key::Text(name) => match shapes.get(name.as_str()) {
                Some(shape) => convert(shape, value).map_err(|error| error.within(name))?,
                None => value.clone(),
            },
            Key::Int(_) => value.clone(),
        };
        Ok((key.clone(), converted))
    };
    pairs.iter().map(pair).collect::<Result<_, _>>().map(Value::Map)
}
