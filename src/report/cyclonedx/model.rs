//! The model card of CycloneDX, from what a publisher declares and what the files show.

use super::super::model::{Dataset, Model};
use super::{property, put, text};
use serde_json::{Value, json};

/// `modelCard`.
pub(super) fn card(model: &Model) -> Value {
    let mut parameters = json!({});
    put(&mut parameters, "task", model.task.as_deref().and_then(text));
    put(&mut parameters, "modelArchitecture", model.architecture.as_deref().and_then(text));
    let datasets: Vec<Value> = model.datasets.iter().map(|d| json!({ "type": "dataset", "name": d.name })).collect();
    put(&mut parameters, "datasets", (!datasets.is_empty()).then(|| Value::from(datasets)));
    json!({ "modelParameters": parameters, "properties": properties(model) })
}

/// The models it is declared to be made from.
pub(super) fn pedigree(model: &Model) -> Option<Value> {
    let ancestor = |base: &Dataset| {
        let mut value = json!({ "type": "machine-learning-model", "name": base.name });
        put(&mut value, "purl", base.purl.as_deref().and_then(text));
        value
    };
    (!model.bases.is_empty()).then(|| json!({ "ancestors": model.bases.iter().map(ancestor).collect::<Vec<_>>() }))
}

fn properties(model: &Model) -> Vec<Value> {
    let number = |n: u64| if n == 0 { String::new() } else { n.to_string() };
    let all = [
        ("model-parameters", number(model.parameters.unwrap_or_default())),
        ("model-library", model.library.clone().unwrap_or_default()),
        ("model-formats", model.formats.join(", ")),
        ("model-files-that-run-when-loaded", model.executable.join(", ")),
        ("model-files-not-looked-into", number(model.not_looked_into)),
        ("model-source", "declared by the publisher; formats as the files show them".to_owned()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| property(name, &value)).collect()
}
