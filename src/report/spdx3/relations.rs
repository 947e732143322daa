//! What a package needs and what lies in it, and whether that is everything.

use super::super::component::Component;
use super::super::cyclonedx::assembly;
use super::graph::{Graph, Relation};
use super::package::fragment;
use std::io::Result;

/// Both relationships of a package.
pub(super) fn write(component: &Component, from: &str, graph: &mut Graph<'_>) -> Result<()> {
    let to = component.needs.iter().map(|reference| graph.iri(&fragment(reference))).collect();
    let needs = Relation { from, kind: "dependsOn", to, completeness: component.needs_known, comment: None };
    graph.relation(needs)?;
    let Some(completeness) = assembly(component) else { return Ok(()) };
    let to = component.nested().iter().map(|inner| graph.iri(&fragment(&inner.reference))).collect();
    graph.relation(Relation { from, kind: "contains", to, completeness, comment: None })
}
