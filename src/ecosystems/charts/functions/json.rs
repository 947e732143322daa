//! JSON as `encoding/json` writes it.

use crate::ecosystems::charts::template::json_float;
use serde_json::{Map, Value};

/// Reads one document; the message names the place.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| match e.classify() {
        serde_json::error::Category::Eof => "unexpected end of JSON input".to_string(),
        _ => e.to_string(),
    })
}

/// On one line, keys sorted; `<`, `>` and `&` escaped unless raw.
pub(in crate::ecosystems::charts) fn to_text(value: &Value, html: bool) -> String {
    let mut out = String::new();
    write(&mut out, value, html, None);
    out
}

/// Indented by two.
pub(super) fn to_pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, true, Some(0));
    out
}

fn line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
}

fn write(out: &mut String, value: &Value, html: bool, depth: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) if number.is_f64() => out.push_str(&json_float(number.as_f64().unwrap_or(0.0))),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => string(out, text, html),
        Value::Array(items) => {
            let inner = depth.map(|d| d + 1);
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, inner);
                write(out, item, html, inner);
            }
            if !items.is_empty() {
                line(out, depth);
            }
            out.push(']');
        }
        Value::Object(map) => object(out, map, html, depth),
    }
}

fn object(out: &mut String, map: &Map<String, Value>, html: bool, depth: Option<usize>) {
    let inner = depth.map(|d| d + 1);
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    out.push('{');
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        line(out, inner);
        string(out, key, html);
        out.push_str(if depth.is_some() { ": " } else { ":" });
        write(out, &map[*key], html, inner);
    }
    if !keys.is_empty() {
        line(out, depth);
    }
    out.push('}');
}

fn string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' if html => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
