//! Which subcharts are on, under which names, and what they hand up.

use super::Values;
use super::tables::{coalesce, tables};
use crate::ecosystems::charts::chart::{Chart, Dependency};
use crate::ecosystems::charts::template::semver::{Constraint, Version};
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether a version meets a constraint; what cannot be read does not.
pub fn compatible(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.check(&version),
        _ => false,
    }
}

/// How many charts a chart may have within it once every alias is a chart of its own.
const MAX_CHARTS: usize = 1_000;

/// Switches, renames and imports, in the chart itself.
pub(in crate::ecosystems::charts) fn process(chart: &mut Chart, user: &Values, warnings: &mut Vec<String>) -> Result<(), String> {
    let mut left = MAX_CHARTS;
    enable(chart, user, "", &mut left, warnings)?;
    import_all(chart, warnings)
}

fn enable(chart: &mut Chart, user: &Values, path: &str, left: &mut usize, warnings: &mut Vec<String>) -> Result<(), String> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    rename(chart);
    *left = left.checked_sub(chart.subcharts.len()).ok_or_else(|| format!("{}: more than {MAX_CHARTS} charts in charts", chart.name()))?;
    let values = coalesce(chart, user.clone(), warnings)?;
    let off: BTreeSet<String> =
        chart.metadata.dependencies.iter().filter(|d| !enabled(d, &values, path, warnings)).map(|d| d.name.clone()).collect();
    chart.subcharts.retain(|c| !off.contains(c.name()));
    chart.metadata.dependencies.retain(|d| !off.contains(&d.name));
    for subchart in &mut chart.subcharts {
        let below = format!("{path}{}.", subchart.name());
        enable(subchart, &values, &below, left, warnings)?;
    }
    Ok(())
}

/// One chart for each declaration, under its alias; charts nobody declared stay.
fn rename(chart: &mut Chart) {
    let declared = |c: &Chart, d: &Dependency| c.name() == d.name && compatible(&d.version, &c.metadata.version);
    let present = std::mem::take(&mut chart.subcharts);
    let mut kept: Vec<Chart> = present.iter().filter(|c| !chart.metadata.dependencies.iter().any(|d| declared(c, d))).cloned().collect();
    for dependency in &mut chart.metadata.dependencies {
        if let Some(found) = present.iter().find(|c| declared(c, dependency)) {
            let mut found = found.clone();
            if !dependency.alias.is_empty() {
                found.metadata.name.clone_from(&dependency.alias);
            }
            kept.push(found);
        }
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
    }
    chart.subcharts = kept;
}

fn enabled(dependency: &Dependency, values: &Values, path: &str, warnings: &mut Vec<String>) -> bool {
    for condition in dependency.condition.trim().split(',').filter(|c| !c.is_empty()) {
        match at(values, &format!("{path}{condition}")) {
            Some(Value::Bool(on)) => return *on,
            Some(Value::Object(_)) | None => {}
            Some(_) => warnings.push(format!("condition path '{condition}' for chart {} returned non-bool value", dependency.name)),
        }
    }
    let Some(Value::Object(tags)) = values.get("tags") else { return true };
    let switches: Vec<bool> = dependency.tags.iter().filter_map(|t| tags.get(t).and_then(Value::as_bool)).collect();
    switches.is_empty() || switches.contains(&true)
}

fn at<'v>(values: &'v Values, path: &str) -> Option<&'v Value> {
    let mut parts = path.split('.');
    let mut value = values.get(parts.next()?)?;
    for part in parts {
        value = value.as_object()?.get(part)?;
    }
    Some(value)
}

fn table<'v>(values: &'v Values, path: &str) -> Option<&'v Values> {
    at(values, path)?.as_object()
}

fn import_all(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), String> {
    for subchart in &mut chart.subcharts {
        import_all(subchart, warnings)?;
    }
    import(chart, warnings)
}

/// Child before parent: what a subchart hands up stands under what the chart itself says.
fn import(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), String> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut values = coalesce(chart, Values::new(), warnings)?;
    let mut handed = Values::new();
    for dependency in &chart.metadata.dependencies {
        for item in &dependency.import_values {
            match item {
                Value::Object(map) => {
                    let text = |key: &str| map.get(key).and_then(Value::as_str);
                    let (Some(child), Some(parent)) = (text("child"), text("parent")) else {
                        return Err(format!("import-values of {}: child and parent must be text", dependency.name));
                    };
                    match table(&values, &format!("{}.{child}", dependency.name)) {
                        Some(found) => {
                            let nested = nest(parent, found.clone());
                            tables(&mut values, &nested, chart.name(), warnings);
                        }
                        None => warnings.push(format!("import-values: no table {child} in chart {}", dependency.name)),
                    }
                }
                Value::String(name) => match table(&values, &format!("{}.exports.{name}", dependency.name)) {
                    Some(found) => {
                        let found = found.clone();
                        tables(&mut handed, &found, chart.name(), warnings);
                    }
                    None => warnings.push(format!("import-values: no table exports.{name} in chart {}", dependency.name)),
                },
                _ => {}
            }
        }
    }
    tables(&mut values, &handed, chart.name(), warnings);
    chart.values = values;
    Ok(())
}

fn nest(path: &str, values: Values) -> Values {
    if path == "." {
        return values;
    }
    path.split('.').rev().fold(values, |inner, part| [(part.to_string(), Value::Object(inner))].into_iter().collect())
}
