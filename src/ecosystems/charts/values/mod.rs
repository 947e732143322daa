//! What a chart is rendered with: its own values, its subcharts', the user's, laid over one another as Helm does it.
//!
//! In: a [`Chart`] and the user's layers. Out: the chart with the subcharts that are switched on, under their aliases, with what they
//! hand up imported; and the values of the whole. A user's `null` takes a key away. Never reads a file.

mod dependencies;
mod tables;
#[cfg(test)]
mod tests;

use super::chart::Chart;
use serde_json::{Map, Value};

pub use dependencies::compatible;
pub(super) use dependencies::process;
pub(super) use tables::coalesce;

/// A mapping of values.
pub type Values = Map<String, Value>;

/// Lays the user's layers over one another, later over earlier, mapping by mapping.
pub fn layered(layers: &[Values]) -> Values {
    let mut out = Values::new();
    for layer in layers {
        lay_over(&mut out, layer);
    }
    out
}

fn lay_over(target: &mut Values, layer: &Values) {
    for (key, value) in layer {
        match (target.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => lay_over(below, above),
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The chart as it is rendered, its values, and what a person should know of both.
pub(super) fn prepare(chart: &Chart, user: &Values) -> Result<(Chart, Values, Vec<String>), String> {
    let mut warnings = vec![];
    let mut chart = chart.clone();
    process(&mut chart, user, &mut warnings)?;
    let values = coalesce(&chart, user.clone(), &mut warnings)?;
    Ok((chart, values, warnings))
}
