//! `values.schema.json`: whether values are such that Helm would take them.
//!
//! In: a chart and the values it is rendered with. Out: what does not fit, in the words of helm 3.10.1, whose validator reads drafts 4, 6
//! and 7 of JSON Schema, and all three at once where a schema names another draft or none. An own validator, because the published ones
//! take any time a schema wants: alternatives of alternatives double their work with each level. Here work and depth are counted. Never
//! fetches a schema that another one refers to; that it would have to is one of the things told.

mod check;
mod format;
mod keywords;
mod resolve;
#[cfg(test)]
mod tests;

use super::chart::Chart;
use super::functions::json_text;
use super::values::Values;
use serde_json::Value;

/// Longest schema, in bytes.
const MAX_SCHEMA_BYTES: usize = 4 << 20;
/// How many findings of one chart are told.
const MAX_FINDINGS: usize = 20;

/// A finding and the chart whose schema it is of: `app/charts/db`.
pub(super) struct Finding {
    /// The chart, by the path to it.
    pub chart: String,
    /// The place in the values and what is wrong with it.
    pub message: String,
}

/// What the schemas of a chart and of those in it find wrong with the values.
pub(super) fn findings(chart: &Chart, values: &Values) -> Vec<Finding> {
    let mut out = vec![];
    descend(chart, chart.name(), &Value::Object(values.clone()), &mut out);
    out
}

fn descend(chart: &Chart, path: &str, values: &Value, out: &mut Vec<Finding>) {
    if let Some(schema) = &chart.schema {
        let mut found = judged(schema, values).unwrap_or_else(|reason| vec![format!("the schema cannot be applied: {reason}")]);
        if let Some(more) = found.len().checked_sub(MAX_FINDINGS).filter(|more| *more > 0) {
            found.truncate(MAX_FINDINGS);
            found.push(format!("and {more} more"));
        }
        out.extend(found.into_iter().map(|message| Finding { chart: path.into(), message }));
    }
    for part in &chart.subcharts {
        let below = values.get(part.name()).unwrap_or(&Value::Null);
        descend(part, &format!("{path}/charts/{}", part.name()), below, out);
    }
}

/// What a schema finds wrong; an error where it is no schema, or takes too much.
fn judged(schema: &[u8], values: &Value) -> Result<Vec<String>, String> {
    if schema.len() > MAX_SCHEMA_BYTES {
        return Err(format!("it is longer than {MAX_SCHEMA_BYTES} bytes"));
    }
    let schema: Value = serde_json::from_slice(schema.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(schema)).map_err(|e| e.to_string())?;
    if !schema.is_object() && !schema.is_boolean() {
        return Err("schema is invalid".into());
    }
    // As Helm hands them over: as JSON text, in which 3.0 is 3; no values at all are an empty mapping.
    let values = if values.is_null() { Value::Object(Values::new()) } else { values.clone() };
    let values: Value = serde_json::from_str(&json_text(&values)).map_err(|e| e.to_string())?;
    let references = resolve::References::of(&schema)?;
    check::Check::new(&references, resolve::Draft::of(&schema)).root(&schema, &values)
}
