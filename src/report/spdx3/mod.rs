//! SPDX 3.0.1 in JSON-LD, an element a line: packages with the files they are distributed as, who made them, their licences, and how they
//! hang together (`docs/formats/sbom.md`).

mod agent;
mod graph;
mod licence;
mod model;
mod package;
mod relations;

use super::cyclonedx::{counted, property};
use super::identity::of_document;
use super::inventory::{Inventory, Subject, SubjectKind};
use super::spdx::{NO_TIME, WITHOUT_TIME, name};
use crate::artifact::Completeness;
use graph::{Graph, Relation};
use serde_json::{Value, json};
use std::io::{Result, Write};

/// What the elements keep to. Nothing is claimed of the profiles for AI and data: they want to know when each was released. That of
/// extensions cannot be named: in the context its name is that of a property.
const PROFILES: [&str; 3] = ["core", "simpleLicensing", "software"];

/// Writes the document.
pub(super) fn write(inventory: &Inventory, out: &mut dyn Write) -> Result<()> {
    let namespace = of_document("spdx 3.0.1", |namespace, out| document(inventory, namespace, out))?;
    document(inventory, &namespace, out)
}

fn document(inventory: &Inventory, namespace: &str, out: &mut dyn Write) -> Result<()> {
    let mut graph = Graph::begin(namespace, out)?;
    creation(&inventory.subject, &mut graph)?;
    let root = subject(inventory, &mut graph)?;
    for component in &inventory.components {
        package::write(component, &mut graph)?;
    }
    let sbom = sbom(inventory, &root, &mut graph)?;
    let licence = licence::expression("CC0-1.0", &mut graph)?;
    let all = graph.elements();
    graph.element(
        "SpdxDocument",
        "document",
        json!({ "name": name(inventory), "rootElement": [sbom], "element": all, "dataLicense": licence, "profileConformance": PROFILES }),
    )?;
    graph.end()
}

/// Who made the document, with what, and when. Without an author it is the program that did.
fn creation(subject: &Subject, graph: &mut Graph<'_>) -> Result<()> {
    let program = json!({ "name": "airlift", "extension": properties(&[property("version", env!("CARGO_PKG_VERSION"))]) });
    let tool = graph.element("Tool", "tool", program.clone())?;
    let author = match subject.author.as_deref().map(|text| agent::write(text, &[], graph)).transpose()?.flatten() {
        Some(author) => author,
        None => graph.element("SoftwareAgent", "program", program)?,
    };
    graph.creation(json!({
        "created": subject.created.as_deref().unwrap_or(NO_TIME),
        "createdBy": [author],
        "createdUsing": [tool],
        "comment": subject.created.is_none().then_some(WITHOUT_TIME),
    }))
}

/// What the document is about: a file, not a package. Nobody publishes it under a licence, and what lies in it is not its maker's.
fn subject(inventory: &Inventory, graph: &mut Graph<'_>) -> Result<String> {
    let subject = &inventory.subject;
    let purpose = if subject.kind == SubjectKind::Bundle { "archive" } else { "manifest" };
    let mut about = vec![property("subject", subject.kind.name())];
    about.extend((!subject.version.is_empty()).then(|| property("version", &subject.version)));
    let mut value = json!({ "name": name(inventory), "software_primaryPurpose": purpose, "extension": properties(&about) });
    if !subject.partial {
        value["verifiedUsing"] = json!([package::hash("sha256", &subject.digest.hex())]);
    }
    let root = graph.artifact("software_File", "subject", value)?;
    let to = inventory.components.iter().map(|component| graph.iri(&package::fragment(&component.reference))).collect();
    let completeness = if subject.partial { Completeness::Partial } else { Completeness::Complete };
    graph.relation(Relation { from: "subject", kind: "contains", to, completeness, comment: None })?;
    Ok(root)
}

fn sbom(inventory: &Inventory, root: &str, graph: &mut Graph<'_>) -> Result<String> {
    let kind = match inventory.subject.kind {
        SubjectKind::Lock => "design",
        SubjectKind::Bundle => "analyzed",
        SubjectKind::Installed => "deployed",
        SubjectKind::Program => "build",
    };
    let artifacts = graph.artifacts();
    graph.element(
        "software_Sbom",
        "sbom",
        json!({
            "name": name(inventory),
            "rootElement": [root],
            "element": artifacts,
            "software_sbomType": [kind],
            "profileConformance": PROFILES,
            "extension": properties(&counted(inventory)),
        }),
    )
}

/// Properties as CycloneDX has them, in the extension that the specification has for these; null where there are none.
fn properties(all: &[Value]) -> Value {
    if all.is_empty() {
        return Value::Null;
    }
    let entry = |property: &Value| {
        json!({
            "type": "extension_CdxPropertyEntry",
            "extension_cdxPropName": property["name"],
            "extension_cdxPropValue": property["value"],
        })
    };
    json!([{ "type": "extension_CdxPropertiesExtension", "extension_cdxProperty": all.iter().map(entry).collect::<Value>() }])
}
