//! TOML as BurntSushi's encoder writes it: plain keys of a table first, then its tables.

use crate::ecosystems::charts::template::{json_float, quote};
use serde_json::{Map, Value};

/// Reads a document into JSON.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    ::toml::from_str::<Value>(text).map_err(|e| format!("toml: {}", e.message()))
}

/// Writes a table; what is not one has no TOML.
pub(super) fn to_text(value: &Value) -> Result<String, String> {
    let Value::Object(map) = value else { return Err("toml: top-level values must be Go maps or structs".into()) };
    let mut out = String::new();
    table(&mut out, map, &[])?;
    Ok(out)
}

fn is_table(value: &Value) -> bool {
    value.is_object() || value.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(Value::is_object))
}

fn table(out: &mut String, map: &Map<String, Value>, path: &[String]) -> Result<(), String> {
    let indent = "  ".repeat(path.len().saturating_sub(0));
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    for key in keys.iter().filter(|k| !is_table(&map[k.as_str()]) && !map[k.as_str()].is_null()) {
        out.push_str(&format!("{indent}{} = {}\n", key_text(key), value_text(&map[key.as_str()])?));
    }
    for key in keys.iter().filter(|k| is_table(&map[k.as_str()])) {
        let inner: Vec<String> = path.iter().cloned().chain([key_text(key)]).collect();
        let name = inner.join(".");
        match &map[key.as_str()] {
            Value::Object(inside) => {
                heading(out, &indent, &format!("[{name}]"));
                table(out, inside, &inner)?;
            }
            Value::Array(items) => {
                for item in items.iter().filter_map(Value::as_object) {
                    heading(out, &indent, &format!("[[{name}]]"));
                    table(out, item, &inner)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// An empty line stands before each heading of the outermost tables but the first line.
fn heading(out: &mut String, indent: &str, text: &str) {
    if !out.is_empty() && indent.is_empty() {
        out.push('\n');
    }
    out.push_str(&format!("{indent}{text}\n"));
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.into() } else { quote(key) }
}

fn value_text(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => return Err("toml: cannot encode a nil value".into()),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => {
                let text = json_float(float);
                if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
            }
            _ => number.to_string(),
        },
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(value_text).collect::<Result<_, _>>()?;
            format!("[{}]", parts.join(", "))
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let parts = keys.iter().map(|k| Ok(format!("{} = {}", key_text(k), value_text(&map[k.as_str()])?)));
            format!("{{{}}}", parts.collect::<Result<Vec<_>, String>>()?.join(", "))
        }
    })
}
