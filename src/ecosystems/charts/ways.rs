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
            Layer::Inline(table) => table.clone(),
        });
    }
    *values = layered(&all);
    Ok(())
}

fn read(name: &str, base: &Path) -> Result<Map<String, Value>> {
    let path = base.join(name);
    let file = std::fs::File::open(&path).map_err(|e| Error::io(format!("the values of {name}"), &e).of_kind(crate::error::Kind::Usage))?;
    let mut bytes = Vec::new();
    file.take(MOST_VALUES_BYTES + 1).read_to_end(&mut bytes).map_err(|e| Error::io(format!("the values of {name}"), &e))?;
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

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        _ => "a scalar",
    }
}
