//! Keywords that need nothing but the value: types, constants, counts, multiples.

use super::check::Outcome;
use super::format::meets;
use super::resolve::Draft;
use crate::ecosystems::charts::functions::json_text;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];

/// A list of a schema.
pub(super) fn list<'v>(schema: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    schema.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A count of a schema.
pub(super) fn count(schema: &Map<String, Value>, key: &str) -> Option<usize> {
    let number = schema.get(key)?.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
    Some(number as usize)
}

/// A bound, and how it is written.
pub(super) fn numeric(value: Option<&Value>) -> Option<(f64, String)> {
    let number = value?;
    number.as_f64().map(|float| (float, json_text(number)))
}

fn is_integer(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if is_integer(number) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The message where a value is of none of the types; an error where there is no such type.
pub(super) fn mistyped(schema: &Map<String, Value>, value: &Value) -> Result<Option<String>, String> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(None),
    };
    if let Some(strange) = types.iter().find(|name| !TYPES.contains(*name)) {
        return Err(format!("has a primitive type that is NOT VALID -- given: /{strange:.40}/"));
    }
    let found = type_of(value);
    if types.is_empty() || types.iter().any(|name| *name == found || (*name == "number" && found == "integer")) {
        return Ok(None);
    }
    let wanted = if let [one] = types[..] { one.to_owned() } else { format!("[{}]", types.join(",")) };
    Ok(Some(format!("Invalid type. Expected: {wanted}, given: {found}")))
}

/// `const`, `enum`, `format`.
pub(super) fn common(schema: &Map<String, Value>, value: &Value, place: &str, draft: Draft, out: &mut Outcome) {
    let field = if place.is_empty() { "(root)" } else { place };
    if let Some(wanted) = schema.get("const").filter(|_| draft >= Draft::Six)
        && !same(wanted, value)
    {
        out.fail(place, &format!("{field} does not match: {}", json_text(wanted)));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.iter().any(|one| same(one, value))
    {
        let allowed: Vec<String> = allowed.iter().map(json_text).collect();
        out.fail(place, &format!("{field} must be one of the following: {}", allowed.join(", ")));
    }
    if let (Some(Value::String(format)), Value::String(text)) = (schema.get("format"), value)
        && !meets(format, text)
    {
        out.fail(place, &format!("Does not match format '{format}'"));
    }
}

/// Equal as JSON text: 1.0 is 1.
fn same(a: &Value, b: &Value) -> bool {
    a == b || json_text(a) == json_text(b)
}

/// The first two items that are the same.
pub(super) fn same_item(items: &[Value]) -> Option<(usize, usize)> {
    let mut seen = HashMap::new();
    items.iter().enumerate().find_map(|(index, item)| seen.insert(json_text(item), index).map(|first| (first, index)))
}

/// A number as an integer and a power of ten.
fn decimal(number: &Number) -> Option<(i128, u32)> {
    let text = number.to_string();
    if text.contains(['e', 'E']) {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction}").parse().ok().map(|digits| (digits, fraction.len() as u32))
}

/// Whether a number is a multiple of another, exactly, as they are written.
pub(super) fn decimal_multiple(number: &Number, of: &Number) -> bool {
    let scaled = |(digits, places): (i128, u32), to: u32| 10_i128.checked_pow(to - places)?.checked_mul(digits);
    let exact = decimal(number).zip(decimal(of)).and_then(|(a, b)| {
        let places = a.1.max(b.1);
        scaled(a, places)?.checked_rem(scaled(b, places)?)
    });
    let rest = || number.as_f64().zip(of.as_f64()).is_some_and(|(a, b)| a % b == 0.0);
    exact.map_or_else(rest, |rest| rest == 0)
}
