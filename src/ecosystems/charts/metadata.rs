//! `Chart.yaml` as clients read it: known keys of the right type only. One chart with a strange key must not make them refuse a whole
//! index, which they read strictly.

use serde_json::{Map, Value};

const TEXTS: [&str; 10] =
    ["apiVersion", "name", "version", "description", "type", "kubeVersion", "appVersion", "home", "icon", "condition"];
const LISTS: [&str; 2] = ["keywords", "sources"];
const OF_MAINTAINER: [&str; 3] = ["name", "email", "url"];
const OF_DEPENDENCY: [&str; 5] = ["name", "version", "repository", "condition", "alias"];

/// The metadata of a chart without what no client knows.
pub(super) fn clean(chart: &Value) -> Map<String, Value> {
    let mut out = texts(chart, &TEXTS);
    for key in LISTS {
        insert(&mut out, key, list(chart.get(key), text));
    }
    insert(&mut out, "maintainers", list(chart.get("maintainers"), |entry| map(texts(entry, &OF_MAINTAINER))));
    insert(&mut out, "dependencies", list(chart.get("dependencies"), |entry| map(dependency(entry))));
    if let Some(tags) = chart.get("tags").and_then(text) {
        out.insert("tags".to_owned(), tags);
    }
    if chart.get("deprecated") == Some(&Value::Bool(true)) {
        out.insert("deprecated".to_owned(), true.into());
    }
    if let Some(Value::Object(annotations)) = chart.get("annotations") {
        let kept: Map<String, Value> = annotations.iter().filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect();
        insert(&mut out, "annotations", map(kept));
    }
    out
}

fn dependency(entry: &Value) -> Map<String, Value> {
    let mut out = texts(entry, &OF_DEPENDENCY);
    insert(&mut out, "tags", list(entry.get("tags"), text));
    if let Some(Value::Array(imports)) = entry.get("import-values") {
        out.insert("import-values".to_owned(), Value::Array(imports.clone()));
    }
    out
}

fn texts(value: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), text(value.get(key)?)?))).collect()
}

/// Text, and numbers where people forgot the quotes.
fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(text.clone())),
        Value::Number(_) | Value::Bool(_) => Some(Value::String(value.to_string())),
        _ => None,
    }
}

fn map(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

fn list(value: Option<&Value>, read: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    let kept: Vec<Value> = value?.as_array()?.iter().filter_map(read).collect();
    (!kept.is_empty()).then_some(Value::Array(kept))
}

fn insert(out: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    out.extend(value.map(|value| (key.to_owned(), value)));
}
