//! The model card of CycloneDX, from what a publisher declares and what the files show.

use super::super::model::{Dataset, Model};
use super::{property, put, text};
use serde_json::{Value, json};

/// `modelCard`.
pub(super) fn card(model: &Model) -> Value {
    let mut parameters = json!({});
    put(&mut parameters, "task", model.task.as_deref().and_then(text));
    put(&mut parameters, "modelArchitecture", model.architecture.as_deref().and_then(text));
    let datasets: Vec<Value> = model.datasets.iter().flat_map(dataset).collect();
    put(&mut parameters, "datasets", (!datasets.is_empty()).then(|| Value::from(datasets)));
    json!({ "modelParameters": parameters, "properties": properties(model) })
}

/// The models it is declared to be made from.
pub(super) fn pedigree(model: &Model) -> Option<Value> {
    let ancestor = |base: &Dataset| {
        let mut value = json!({ "type": "machine-learning-model", "name": base.name });
        put(&mut value, "purl", base.purl.as_deref().and_then(text));
        let here = base.here.iter().map(|reference| property("reference", reference)).collect::<Vec<_>>();
        put(&mut value, "properties", (!here.is_empty()).then(|| Value::from(here)));
        value
    };
    (!model.bases.is_empty()).then(|| json!({ "ancestors": model.bases.iter().map(ancestor).collect::<Vec<_>>() }))
}

/// What is here by its reference; else its name, and its package URL as a property of its contents: there is no member for one.
fn dataset(dataset: &Dataset) -> Vec<Value> {
    if !dataset.here.is_empty() {
        return dataset.here.iter().map(|reference| json!({ "ref": reference })).collect();
    }
    let mut value = json!({ "type": "dataset", "name": dataset.name });
    let contents = |purl: &str| json!({ "properties": [property("package-url", purl)] });
    put(&mut value, "contents", dataset.purl.as_deref().map(contents));
    vec![value]
}

/// What there is no member for.
pub fn properties(model: &Model) -> Vec<Value> {
    const SOURCE: &str = "declared by the publisher; formats as the files show them; what is counted is of the files' headers";
    let facts = model.facts().into_iter().map(|(name, value)| property(name, &value));
    facts.chain([property("model-source", SOURCE)]).collect()
}
