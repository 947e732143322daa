//! Functions every Go template has: comparison, `index`, `slice`, `len`, printing, escaping.

use super::engine::{Arguments, Engine, Entry, Fault};
use super::format::{sprint, sprintf, sprintln};
use super::object::Object;
use super::octets;
use super::value::{MAX_NODES, Value};
use std::cmp::Ordering;

type Made = Result<Value, Fault>;

/// The table of these functions. `and` and `or` are in it for their names; they do not evaluate all arguments, so the walker does them.
pub const TABLE: &[Entry] = &[
    Entry { name: "and", arity: (1, 255), run: |_, a| Ok(a.any(0).clone()) },
    Entry { name: "or", arity: (1, 255), run: |_, a| Ok(a.any(0).clone()) },
    Entry { name: "not", arity: (1, 1), run: |_, a| Ok((!a.any(0).truth()).into()) },
    Entry { name: "eq", arity: (1, 255), run: |_, a| eq(a).map(Value::Bool) },
    Entry { name: "ne", arity: (2, 2), run: |_, a| eq(a).map(|v| Value::Bool(!v)) },
    Entry { name: "lt", arity: (2, 2), run: |_, a| less(a.any(0), a.any(1)).map(Value::Bool) },
    Entry { name: "le", arity: (2, 2), run: |_, a| Ok((less(a.any(0), a.any(1))? || eq(a)?).into()) },
    Entry { name: "gt", arity: (2, 2), run: |_, a| Ok((!(less(a.any(0), a.any(1))? || eq(a)?)).into()) },
    Entry { name: "ge", arity: (2, 2), run: |_, a| Ok((!less(a.any(0), a.any(1))?).into()) },
    Entry { name: "index", arity: (1, 255), run: |_, a| index(a) },
    Entry { name: "slice", arity: (1, 4), run: |_, a| slice(a) },
    Entry { name: "len", arity: (1, 1), run: |_, a| length(a.any(0)) },
    Entry { name: "print", arity: (0, 255), run: |_, a| Ok(sprint(a.values).into()) },
    Entry { name: "println", arity: (0, 255), run: |_, a| Ok(sprintln(a.values).into()) },
    Entry { name: "printf", arity: (1, 255), run: printf },
    Entry { name: "html", arity: (0, 255), run: |_, a| Ok(html(&sprint_one(a)).into()) },
    Entry { name: "js", arity: (0, 255), run: |_, a| Ok(js(&sprint_one(a)).into()) },
    Entry { name: "urlquery", arity: (0, 255), run: |_, a| Ok(query_escape(&sprint_one(a)).into()) },
    Entry {
        name: "call",
        arity: (1, 255),
        run: |_, a| Err(format!("non-function {} of type {}", a.any(0).kind(), a.any(0).type_name()).into()),
    },
];

fn printf(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let Some(made) = sprintf(a.text(0)?, a.rest(1)) else {
        return Err(engine.exhausted(format!("printf prints more than {MAX_NODES} values or 32 times as many bytes at once")));
    };
    engine.wrote(made.len())?;
    Ok(made.into())
}

fn sprint_one(a: Arguments<'_>) -> String {
    match a.values {
        [Value::Text(text)] => text.to_string(),
        values if values.iter().all(Value::is_nil) => "<no value>".into(),
        values => sprint(values),
    }
}

/// The kind two values are compared as.
fn basic(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Long(_) => "int",
        Value::Float(_) => "float",
        Value::Text(_) => "string",
        Value::Object(object) if matches!(**object, Object::Duration(_)) => "int",
        _ => return None,
    })
}

fn int_of(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Long(value) => *value,
        Value::Object(object) => {
            if let Object::Duration(nanos) = &**object {
                *nanos
            } else {
                0
            }
        }
        _ => 0,
    }
}

fn comparable(value: &Value) -> Result<(), String> {
    match value.kind() {
        "map" | "slice" => Err(format!("uncomparable type {}: {}", value.type_name(), super::sprint_value(value))),
        _ => Ok(()),
    }
}

fn eq(a: Arguments<'_>) -> Result<bool, Fault> {
    let first = a.any(0);
    comparable(first)?;
    if a.values.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    for other in a.rest(1) {
        let equal = match (basic(first), basic(other)) {
            (Some("int"), Some("int")) => int_of(first) == int_of(other),
            (x, y) if x != y => {
                if !first.is_nil() && !other.is_nil() {
                    return Err("incompatible types for comparison".into());
                }
                false
            }
            _ => {
                if !other.is_nil() {
                    comparable(other)?;
                }
                first.deep_equal(other)
            }
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

fn less(first: &Value, second: &Value) -> Result<bool, Fault> {
    let invalid = || Fault::from("invalid type for comparison");
    let (x, y) = (basic(first).ok_or_else(invalid)?, basic(second).ok_or_else(invalid)?);
    if x != y {
        return Err("incompatible types for comparison".into());
    }
    let order = match (first, second) {
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(octets::to_bytes(a).cmp(&octets::to_bytes(b))),
        (Value::Bool(_), _) => return Err(invalid()),
        _ => Some(int_of(first).cmp(&int_of(second))),
    };
    Ok(order == Some(Ordering::Less))
}

fn position(index: &Value, most: usize, word: &str) -> Result<usize, String> {
    let number = match index {
        Value::Int(value) | Value::Long(value) => *value,
        Value::Absent | Value::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name())),
    };
    usize::try_from(number).ok().filter(|n| *n <= most).ok_or_else(|| format!("{word} out of range: {number}"))
}

fn index(a: Arguments<'_>) -> Made {
    let mut item = a.any(0).clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in a.rest(1) {
        item = match &item {
            Value::Absent | Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => {
                let at = position(index, list.items.len(), "index")?;
                list.items.get(at).cloned().ok_or_else(|| format!("index out of range: {at}"))?
            }
            Value::Text(text) => {
                let bytes = octets::to_bytes(text);
                let at = position(index, bytes.len(), "index")?;
                let byte = bytes.get(at).ok_or_else(|| format!("index out of range: {at}"))?;
                Value::Int(i64::from(*byte))
            }
            Value::Map(map) => match index {
                Value::Text(key) => map.get(key).unwrap_or(Value::Nil),
                Value::Absent | Value::Nil => return Err("value is nil; should be of type string".into()),
                other => return Err(format!("value has type {}; should be string", other.type_name()).into()),
            },
            Value::Object(object) => of_object(object, index)?,
            other => return Err(format!("can't index item of type {}", other.type_name()).into()),
        };
    }
    Ok(item)
}

fn of_object(object: &Object, index: &Value) -> Result<Value, String> {
    let out = |at: usize| format!("index out of range: {at}");
    match (object, index) {
        (Object::Files(_), Value::Text(name)) => Ok(object.field(name).unwrap_or_default()),
        (Object::Versions(versions), _) => {
            let at = position(index, versions.len(), "index")?;
            versions.get(at).map(|v| Value::Text(v.clone())).ok_or_else(|| out(at))
        }
        (Object::Bytes(bytes), _) => {
            let at = position(index, bytes.len(), "index")?;
            bytes.get(at).map(|b| Value::Int(i64::from(*b))).ok_or_else(|| out(at))
        }
        _ => Err(format!("can't index item of type {}", object.type_name())),
    }
}

fn slice(a: Arguments<'_>) -> Made {
    let item = a.any(0);
    let most = match item {
        Value::Text(text) if a.values.len() <= 3 => octets::to_bytes(text).len(),
        Value::Text(_) => return Err("cannot 3-index slice a string".into()),
        Value::List(list) => list.items.len(),
        Value::Absent | Value::Nil => return Err("slice of untyped nil".into()),
        other => return Err(format!("can't slice item of type {}", other.type_name()).into()),
    };
    let mut bounds = vec![];
    for index in a.rest(1) {
        bounds.push(position(index, most, "index")?);
    }
    let start = bounds.first().copied().unwrap_or(0);
    let end = bounds.get(1).copied().unwrap_or(most);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}").into());
    }
    Ok(match item {
        Value::Text(text) => octets::from_bytes(&octets::to_bytes(text)[start..end]).into(),
        Value::List(list) => Value::List(std::rc::Rc::new(super::List { items: list.items[start..end].to_vec(), strings: list.strings })),
        _ => Value::Absent,
    })
}

fn length(value: &Value) -> Made {
    let length = match value {
        Value::Text(text) => octets::to_bytes(text).len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.len(),
        Value::Absent | Value::Nil => return Err("len of nil pointer".into()),
        Value::Object(object) => match &**object {
            Object::Files(files) => files.len(),
            Object::Versions(versions) => versions.len(),
            Object::Bytes(bytes) => bytes.len(),
            other => return Err(format!("len of type {}", other.type_name()).into()),
        },
        other => return Err(format!("len of type {}", other.type_name()).into()),
    };
    Ok(Value::Int(length as i64))
}

/// How messages name the type of a value that has no such field.
pub(super) fn go_type(value: &Value) -> &str {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Text(_) | Value::List(_) => "interface {}",
        other => other.type_name(),
    }
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u00{:02X}", u32::from(c))),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u00{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// `url.QueryEscape`
fn query_escape(text: &str) -> String {
    let mut out = String::new();
    for b in octets::to_bytes(text).iter().copied() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
