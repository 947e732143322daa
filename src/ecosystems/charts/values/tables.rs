//! Coalescing: the user's values over the chart's, the chart's over its subcharts', globals downwards.

use super::Values;
use crate::ecosystems::charts::chart::Chart;
use serde_json::Value;

/// How many warnings of one kind of trouble are worth keeping.
const MAX_WARNINGS: usize = 100;

fn warn(warnings: &mut Vec<String>, text: String) {
    if warnings.len() < MAX_WARNINGS && !warnings.contains(&text) {
        warnings.push(text);
    }
}

/// The values of the chart and of all below it.
pub(in crate::ecosystems::charts) fn coalesce(chart: &Chart, mut values: Values, warnings: &mut Vec<String>) -> Result<Values, String> {
    own(chart, &mut values, warnings);
    for subchart in &chart.subcharts {
        let name = subchart.name().to_string();
        let mut below = match values.remove(&name) {
            None => Values::new(),
            Some(Value::Object(map)) => map,
            Some(other) => return Err(format!("type mismatch on {name}: the values of the subchart are {}", kind(&other))),
        };
        globals(&mut below, &values, warnings);
        values.insert(name, Value::Object(coalesce(subchart, below, warnings)?));
    }
    Ok(values)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn own(chart: &Chart, values: &mut Values, warnings: &mut Vec<String>) {
    for (key, default) in &chart.values {
        match (values.get_mut(key), default) {
            (None, _) => {
                values.insert(key.clone(), default.clone());
            }
            (Some(Value::Null), _) => {
                values.remove(key);
            }
            (Some(Value::Object(above)), Value::Object(below)) => tables(above, below, &format!("{}.{key}", chart.name()), warnings),
            (Some(Value::Object(_)), Value::Null) => {}
            (Some(Value::Object(_)), _) => warn(warnings, format!("skipped value for {}.{key}: not a table", chart.name())),
            _ => {}
        }
    }
}

/// Fills what is missing above from below; a null above takes the key away.
pub(super) fn tables(above: &mut Values, below: &Values, path: &str, warnings: &mut Vec<String>) {
    for (key, value) in below {
        match (above.get_mut(key), value) {
            (None, _) => {
                above.insert(key.clone(), value.clone());
            }
            (Some(Value::Null), _) => {
                above.remove(key);
            }
            (Some(Value::Object(inner)), Value::Object(under)) => tables(inner, under, &format!("{path}.{key}"), warnings),
            (Some(Value::Object(_)), under) if !under.is_null() => {
                warn(warnings, format!("destination for {path}.{key} is a table; ignoring the non-table value"));
            }
            (Some(_), Value::Object(_)) => warn(warnings, format!("cannot overwrite table with non table for {path}.{key}")),
            _ => {}
        }
    }
}

/// `global` of the parent into the child, parent first.
fn globals(child: &mut Values, parent: &Values, warnings: &mut Vec<String>) {
    let mut merged = match child.remove("global") {
        None => Values::new(),
        Some(Value::Object(map)) => map,
        Some(other) => {
            warn(warnings, "skipping globals because destination global is not a table".into());
            child.insert("global".into(), other);
            return;
        }
    };
    match parent.get("global") {
        None => {}
        Some(Value::Object(from)) => {
            for (key, value) in from {
                global(&mut merged, key, value, warnings);
            }
        }
        Some(_) => warn(warnings, "skipping globals because source global is not a table".into()),
    }
    child.insert("global".into(), Value::Object(merged));
}

fn global(merged: &mut Values, key: &str, value: &Value, warnings: &mut Vec<String>) {
    match (merged.get(key), value) {
        (Some(Value::Object(below)), Value::Object(above)) => {
            let mut above = above.clone();
            tables(&mut above, below, key, warnings);
            merged.insert(key.into(), Value::Object(above));
        }
        (Some(other), Value::Object(_)) if !other.is_object() => warn(warnings, format!("cannot merge map onto non-map for global {key}")),
        (Some(Value::Object(_)), _) => warn(warnings, format!("global {key} is a table; skipping")),
        _ => {
            merged.insert(key.into(), value.clone());
        }
    }
}
