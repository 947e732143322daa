//! The ways a chart is installed: layers of values from files and from the manifest.

use super::images::Way;
use super::section::{Item, Layer};
use super::values::layered;
use super::yaml;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;

/// Longest file of values, in bytes.
const MOST_VALUES_BYTES: u64 = 8 << 20;

/// The ways a chart of the manifest is installed: with `values`, or its own, and with each value set on top of them.
pub(super) fn ways(item: &Item, base: &Path) -> Result<Vec<Way>> {
    let layers = item.values.layers();
    let mut values = Map::new();
    layer(&mut values, &layers, base)?;
    let name = if layers.is_empty() { "default" } else { "values" };
    let mut ways = vec![Way { name: name.to_owned(), values: values.clone() }];
    for (name, set) in &item.value_sets {
        let mut values = values.clone();
        layer(&mut values, &set.layers(), base).map_err(|e| e.about(format!("value set {name}")))?;
        ways.push(Way { name: name.clone(), values });
    }
    Ok(ways)
}

fn layer(values: &mut Map<String, Value>, layers: &[Layer], base: &Path) -> Result<()> {
    let mut all = vec![std::mem::take(values)];
    for layer in layers {
        all.push(match layer {
            Layer::File(name) => read(name, base)?,
            Layer::Inline(table) => plain(table)?,
        });
    }
    *values = layered(&all);
    Ok(())
}

fn read(name: &str, base: &Path) -> Result<Map<String, Value>> {
    let unread = |e: &std::io::Error| Error::usage(format!("the values of {name:.200} cannot be read")).because(e);
    let file = std::fs::File::open(base.join(name)).map_err(|e| unread(&e))?;
    let mut bytes = Vec::new();
    file.take(MOST_VALUES_BYTES + 1).read_to_end(&mut bytes).map_err(|e| unread(&e))?;
    if bytes.len() as u64 > MOST_VALUES_BYTES {
        return Err(
            Error::usage(format!("the values of {name} are too long")).with("expected", format!("at most {MOST_VALUES_BYTES} bytes"))
        );
    }
    match yaml::parse_at(name, &bytes).map_err(|e| e.of_kind(crate::error::Kind::Usage))? {
        Value::Null => Ok(Map::new()),
        Value::Object(values) => Ok(values),
        other => Err(Error::usage(format!("{name} does not hold values")).with("expected", "a mapping").with("found", kind(&other))),
    }
}

/// A table of the manifest as Helm would have it from a file of values: dates are text there.
fn plain(table: &toml::Table) -> Result<Map<String, Value>> {
    table.iter().map(|(key, value)| Ok((key.clone(), json(key, value)?))).collect()
}

/// One value; `place` are the keys that lead to it.
fn json(place: &str, value: &toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(*number)
            .map(Value::Number)
            .ok_or_else(|| Error::usage(format!("the value `{place:.200}` is no number that values can hold")).with("found", number))?,
        toml::Value::Array(items) => {
            Value::Array(items.iter().enumerate().map(|(n, item)| json(&format!("{place}[{n}]"), item)).collect::<Result<_>>()?)
        }
        toml::Value::Table(table) => {
            let entry = |(key, value): (&String, &toml::Value)| Ok((key.clone(), json(&format!("{place}.{key}"), value)?));
            Value::Object(table.iter().map(entry).collect::<Result<_>>()?)
        }
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        _ => "a scalar",
    }
}
