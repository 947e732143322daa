//! Licences of a package: what is declared, and what who accounts for the document concludes.

use super::super::component::Component;
use super::super::identity::short;
use super::super::licence::{Declared, licence_list};
use super::graph::{Graph, Relation};
use crate::artifact::{Completeness, Digest};
use serde_json::{Value, json};
use std::io::Result;

/// Stands where nobody says anything.
const NOTHING_SAID: &str = "expandedlicensing_NoAssertionLicense";
const CONCLUDED: &str = "as it is declared; no text of another licence was found inside";

/// Both relationships of a package: exactly one of each.
pub(super) fn write(component: &Component, from: &str, graph: &mut Graph<'_>) -> Result<()> {
    let declared = match Declared::of(&component.licences) {
        Declared::Nothing => None,
        Declared::Expression(expression) => Some(self::expression(&expression, graph)?),
        Declared::Text(text) => Some(self::text(&text, graph)?),
    };
    let concluded = component.concluded.as_deref().map(|expression| self::expression(expression, graph)).transpose()?;
    let comment = concluded.is_some().then_some(CONCLUDED);
    for (kind, licence, comment) in [("hasDeclaredLicense", declared, None), ("hasConcludedLicense", concluded, comment)] {
        let completeness = if licence.is_some() { Completeness::Complete } else { Completeness::Unknown };
        let to = vec![licence.unwrap_or_else(|| NOTHING_SAID.to_owned())];
        graph.relation(Relation { from, kind, to, completeness, comment })?;
    }
    Ok(())
}

/// An expression of the SPDX list, with what its own references stand for.
pub(super) fn expression(expression: &str, graph: &mut Graph<'_>) -> Result<String> {
    let mut references: Vec<&str> = expression.split([' ', '(', ')']).filter(|word| word.starts_with("LicenseRef-")).collect();
    references.sort_unstable();
    references.dedup();
    let explained = references.into_iter().map(|reference| {
        let text = format!("{reference}, as the publisher names it");
        explain(reference, &text, graph)
    });
    let explained = explained.collect::<Result<Vec<Value>>>()?;
    element(expression, explained, graph)
}

/// What is no expression of the list, under a reference of its own.
fn text(text: &str, graph: &mut Graph<'_>) -> Result<String> {
    let reference = format!("LicenseRef-{}", &Digest::of(text.as_bytes()).hex()[..20]);
    let explained = explain(&reference, text, graph)?;
    element(&reference, vec![explained], graph)
}

fn element(expression: &str, explained: Vec<Value>, graph: &mut Graph<'_>) -> Result<String> {
    graph.shared("simplelicensing_LicenseExpression", &format!("licence-{}", short(expression)), || {
        json!({
            "simplelicensing_licenseExpression": expression,
            "simplelicensing_licenseListVersion": list_version(),
            "simplelicensing_customIdToUri": (!explained.is_empty()).then_some(explained),
        })
    })
}

/// The text that a reference stands for.
fn explain(reference: &str, text: &str, graph: &mut Graph<'_>) -> Result<Value> {
    let name = format!("licence-text-{}", short(reference));
    let value = || json!({ "name": reference, "simplelicensing_licenseText": text });
    let iri = graph.shared("simplelicensing_SimpleLicensingText", &name, value)?;
    Ok(json!({ "type": "DictionaryEntry", "key": reference, "value": iri }))
}

/// The version of the list, in three numbers.
fn list_version() -> String {
    let numbers = licence_list().split('.').chain(std::iter::repeat("0"));
    numbers.take(3).collect::<Vec<_>>().join(".")
}
