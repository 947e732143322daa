//! What is known of models and of the data they were trained on: what a publisher declares, and what the files show.

use super::super::component::{Class, Component};
use super::super::identity::short;
use super::super::links::is_uri;
use super::super::model::{Dataset, Model};
use super::graph::{Graph, Relation};
use super::package::fragment;
use crate::artifact::Completeness;
use serde_json::{Value, json};
use std::io::Result;

/// What a name alone says of something that is not here.
const ONLY_NAMED: &str = "a publisher names it; it is not here";
const DECLARED: &str = "as its publisher declares it";

/// Adds to a package what only models and data have.
pub(super) fn add(component: &Component, value: &mut Value) {
    if component.class == Class::Dataset {
        value["dataset_datasetType"] = json!(["noAssertion"]);
    }
    let Some(model) = component.model.as_ref().filter(|_| component.class == Class::Model) else { return };
    value["ai_typeOfModel"] = json!(model.architecture.as_ref().map(|architecture| [architecture]));
    value["ai_informationAboutApplication"] = json!(application(model));
}

/// What it is for, and what runs it.
fn application(model: &Model) -> Option<String> {
    let said = [("task", &model.task), ("library", &model.library)];
    let said: Vec<String> = said.iter().filter_map(|(what, text)| Some(format!("{what}: {}", text.as_ref()?))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// What a model was trained on and made from, as declared: what is here, else what the name says.
pub(super) fn write(component: &Component, from: &str, graph: &mut Graph<'_>) -> Result<()> {
    let Some(model) = &component.model else { return Ok(()) };
    let declared = [("trainedOn", "dataset_DatasetPackage", &model.datasets), ("descendantOf", "ai_AIPackage", &model.bases)];
    for (kind, class, all) in declared.into_iter().filter(|(_, _, all)| !all.is_empty()) {
        let mut to = Vec::new();
        for one in all {
            match &one.here[..] {
                [] => to.push(named(one, class, graph)?),
                here => to.extend(here.iter().map(|reference| graph.iri(&fragment(reference)))),
            }
        }
        // Cards tell what they tell.
        graph.relation(Relation { from, kind, to, completeness: Completeness::Unknown, comment: Some(DECLARED) })?;
    }
    Ok(())
}

fn named(one: &Dataset, class: &str, graph: &mut Graph<'_>) -> Result<String> {
    let (purl, data) = (one.purl.as_deref(), class == "dataset_DatasetPackage");
    graph.shared(class, &format!("named-{}", short(&format!("{class} {} {}", one.name, purl.unwrap_or_default()))), || {
        json!({
            "name": one.name,
            "comment": ONLY_NAMED,
            "software_packageUrl": purl.filter(|purl| is_uri(purl)),
            "software_primaryPurpose": if data { "data" } else { "model" },
            "dataset_datasetType": data.then_some(["noAssertion"]),
        })
    })
}
