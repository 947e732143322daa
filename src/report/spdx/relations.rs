//! Relationships of an SPDX document (section 11): what contains what, what depends on what, and where that is not known.

use super::super::component::Component;
use super::super::identity::spdx_id;
use super::super::inventory::Inventory;
use super::package::part_id;
use crate::artifact::Completeness;
use serde_json::{Value, json};

/// All of them, an artifact's before the next one's.
pub(super) fn of(inventory: &Inventory, subject: &str) -> impl Iterator<Item = Value> {
    let described = relation("SPDXRef-DOCUMENT", "DESCRIBES", subject);
    let artifacts = inventory.components.iter().flat_map(move |component| {
        let mut all = vec![relation(subject, "CONTAINS", &spdx_id(&component.reference))];
        all.extend(needs(component));
        all.extend(descent(component));
        below(component, &mut all);
        all
    });
    std::iter::once(described).chain(artifacts)
}

/// What a component needs, and whether that is everything.
fn needs(component: &Component) -> Vec<Value> {
    let id = spdx_id(&component.reference);
    let mut all: Vec<Value> = component.needs.iter().map(|need| relation(&id, "DEPENDS_ON", &spdx_id(need))).collect();
    match component.needs_known {
        Completeness::Complete if all.is_empty() => all.push(relation(&id, "DEPENDS_ON", "NONE")),
        Completeness::Complete => {}
        Completeness::Partial | Completeness::Unknown => all.push(relation(&id, "DEPENDS_ON", "NOASSERTION")),
    }
    all
}

/// What a model is declared to be made from and trained on, of what is here. 2.3 has no relationship for data that something was trained on.
fn descent(component: &Component) -> Vec<Value> {
    let id = spdx_id(&component.reference);
    let Some(model) = &component.model else { return vec![] };
    let bases = model.bases.iter().flat_map(|base| &base.here);
    let mut all: Vec<Value> = bases.map(|base| relation(&id, "DESCENDANT_OF", &spdx_id(base))).collect();
    for dataset in model.datasets.iter().flat_map(|dataset| &dataset.here) {
        let mut value = relation(&id, "OTHER", &spdx_id(dataset));
        value["comment"] = json!("declared to have been trained on it");
        all.push(value);
    }
    all
}

fn below(component: &Component, all: &mut Vec<Value>) {
    let id = spdx_id(&component.reference);
    if component.parts.len() > 1 {
        all.extend((0..component.parts.len()).map(|n| relation(&id, "CONTAINS", &part_id(component, n))));
    }
    for inner in component.nested() {
        all.push(relation(&id, "CONTAINS", &spdx_id(&inner.reference)));
        all.extend(needs(inner));
        below(inner, all);
    }
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}
