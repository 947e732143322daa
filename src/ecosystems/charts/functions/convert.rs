//! Sprig's loose conversions: `strval`, `strslice`, `cast.ToInt64` and `cast.ToFloat64`.

use crate::ecosystems::charts::template::{Object, Value, octets, sprint_value};
use crate::ecosystems::charts::yaml::{Scalar, resolve};
use std::rc::Rc;

/// `strval`
pub(super) fn text_of(value: &Value) -> Rc<str> {
    match value {
        Value::Text(text) => text.clone(),
        Value::Object(object) => match &**object {
            Object::Bytes(bytes) => octets::from_bytes(bytes).into(),
            _ => sprint_value(value).into(),
        },
        other => sprint_value(other).into(),
    }
}

/// `strslice`
pub(super) fn texts_of(value: &Value) -> Vec<Rc<str>> {
    match value {
        Value::Absent | Value::Nil => vec![],
        other => match items_of(other) {
            Some(items) => items.iter().filter(|v| !v.is_nil()).map(text_of).collect(),
            None => vec![text_of(other)],
        },
    }
}

/// The elements of anything Go calls a slice.
pub(super) fn items_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.items.clone()),
        Value::Object(object) => match &**object {
            Object::Versions(versions) => Some(versions.iter().map(|v| Value::Text(v.clone())).collect()),
            Object::Bytes(bytes) => Some(bytes.iter().map(|b| Value::Int(i64::from(*b))).collect()),
            _ => None,
        },
        _ => None,
    }
}

/// `cast.ToInt64`: what cannot be converted is zero.
pub(super) fn int_of(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Long(value) => *value,
        Value::Float(value) => *value as i64,
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => match resolve(text) {
            Scalar::Int(value) => value,
            _ => 0,
        },
        Value::Object(object) => {
            if let Object::Duration(nanos) = **object {
                nanos
            } else {
                0
            }
        }
        _ => 0,
    }
}

/// `cast.ToFloat64`
pub(super) fn float_of(value: &Value) -> f64 {
    match value {
        Value::Int(value) | Value::Long(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(*value),
        Value::Text(text) => text.replace('_', "x").parse().unwrap_or(0.0),
        _ => 0.0,
    }
}
