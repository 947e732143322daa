//! Encodings, JSON, YAML, TOML.

use super::{Made, entry, json, toml};
use crate::ecosystems::charts::template::{Arguments, Entry, Value, octets};
use crate::ecosystems::charts::yaml;
use data_encoding::{BASE32, BASE64};
use std::borrow::Cow;

pub(super) const TABLE: &[Entry] = &[
    entry("b64enc", 1, 1, |_, a| Ok(BASE64.encode(&octets::to_bytes(a.text(0)?)).into())),
    entry("b64dec", 1, 1, |_, a| decode(a, "base64", |t| BASE64.decode(t))),
    entry("b32enc", 1, 1, |_, a| Ok(BASE32.encode(&octets::to_bytes(a.text(0)?)).into())),
    entry("b32dec", 1, 1, |_, a| decode(a, "base32", |t| BASE32.decode(t))),
    entry("toYaml", 1, 1, |_, a| Ok(to_yaml(a).unwrap_or_else(|_| "".into()))),
    entry("mustToYaml", 1, 1, |_, a| Ok(to_yaml(a)?)),
    entry("toYamlPretty", 1, 1, |_, a| Ok(to_yaml_pretty(a).unwrap_or_else(|_| "".into()))),
    entry("fromYaml", 1, 1, |_, a| Ok(object(from_yaml(a)?, true))),
    entry("fromYamlArray", 1, 1, |_, a| Ok(array(from_yaml(a)?, true))),
    entry("toJson", 1, 1, |_, a| Ok(a.any(0).to_json().map_or_else(|_| "".into(), |j| written(json::to_text(&j, true))))),
    entry("mustToJson", 1, 1, |_, a| Ok(written(json::to_text(&a.any(0).to_json()?, true)))),
    entry("toPrettyJson", 1, 1, |_, a| Ok(a.any(0).to_json().map_or_else(|_| "".into(), |j| written(json::to_pretty(&j))))),
    entry("mustToPrettyJson", 1, 1, |_, a| Ok(written(json::to_pretty(&a.any(0).to_json()?)))),
    entry("toRawJson", 1, 1, |_, a| Ok(written(json::to_text(&a.any(0).to_json()?, false)))),
    entry("mustToRawJson", 1, 1, |_, a| Ok(written(json::to_text(&a.any(0).to_json()?, false)))),
    entry("fromJson", 1, 1, |_, a| Ok(object(json::parse(&octets::to_lossy(a.text(0)?)), false))),
    entry("mustFromJson", 1, 1, |_, a| Ok(Value::from_json(&json::parse(&octets::to_lossy(a.text(0)?))?))),
    entry("fromJsonArray", 1, 1, |_, a| Ok(array(json::parse(&octets::to_lossy(a.text(0)?)), false))),
    entry("toToml", 1, 1, |_, a| Ok(written(toml::to_text(&a.any(0).to_json()?).unwrap_or_else(|e| e)))),
    entry("fromToml", 1, 1, |_, a| Ok(object(toml::parse(&octets::to_lossy(a.text(0)?)), false))),
];

fn decode(a: Arguments<'_>, name: &str, decode: fn(&[u8]) -> Result<Vec<u8>, data_encoding::DecodeError>) -> Made {
    // Go skips line breaks within.
    let text: String = a.text(0)?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    Ok(match decode(text.as_bytes()) {
        Ok(bytes) => octets::from_bytes(&bytes).into(),
        Err(error) => {
            let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
            let at = text.bytes().position(|b| !legal(&b)).filter(|at| text.as_bytes()[*at] != b'=').unwrap_or(error.position);
            format!("illegal {name} data at input byte {at}").into()
        }
    })
}

/// The first document of a text; the outer failure is a wrong type, the inner one a text that is no YAML.
fn from_yaml(a: Arguments<'_>) -> Result<Parsed, String> {
    let text = a.text(0)?;
    Ok(octets::to_utf8(text).ok_or_else(|| "yaml: invalid UTF-8 octet".to_string()).and_then(|text| yaml::parse(&text)))
}

/// A document as a text of templates.
fn written(document: String) -> Value {
    match octets::from_text(&document) {
        Cow::Owned(text) => text.into(),
        Cow::Borrowed(_) => document.into(),
    }
}

fn to_yaml(a: Arguments<'_>) -> Result<Value, String> {
    let text = yaml::to_string(&a.any(0).to_json()?);
    Ok(written(text.strip_suffix('\n').unwrap_or(&text).into()))
}

/// Lists one step further in, as newer Helm offers it.
fn to_yaml_pretty(a: Arguments<'_>) -> Result<Value, String> {
    let text = yaml::to_string_indented(&a.any(0).to_json()?);
    Ok(written(text.strip_suffix('\n').unwrap_or(&text).into()))
}

type Parsed = Result<serde_json::Value, String>;

/// A map, or one with the key `Error`: Helm's way to fail here.
fn object(parsed: Parsed, yaml: bool) -> Value {
    match parsed {
        Ok(value @ serde_json::Value::Object(_)) => Value::from_json(&value),
        Ok(serde_json::Value::Null) => Value::map(Vec::<(&str, Value)>::new()),
        Ok(other) => Value::map([("Error", mismatch(&other, "map[string]interface {}", yaml).into())]),
        Err(error) => Value::map([("Error", format!("{}{error}", if yaml { "error converting YAML to JSON: " } else { "" }).into())]),
    }
}

fn array(parsed: Parsed, yaml: bool) -> Value {
    match parsed {
        Ok(value @ serde_json::Value::Array(_)) => Value::from_json(&value),
        Ok(serde_json::Value::Null) => Value::list(vec![]),
        Ok(other) => Value::list(vec![mismatch(&other, "[]interface {}", yaml).into()]),
        Err(error) => Value::list(vec![format!("{}{error}", if yaml { "error converting YAML to JSON: " } else { "" }).into()]),
    }
}

fn mismatch(value: &serde_json::Value, wanted: &str, yaml: bool) -> String {
    let found = match value {
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Bool(_) => "bool",
        _ => "number",
    };
    let before = if yaml { "error unmarshaling JSON: while decoding JSON: " } else { "" };
    format!("{before}json: cannot unmarshal {found} into Go value of type {wanted}")
}
