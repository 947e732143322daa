//! CycloneDX 1.6 in JSON (ECMA-424): a component a line, so that two documents can be compared by eye (`docs/formats/sbom.md`).

mod component;
mod model;

pub(super) use component::{assembly, properties};
pub(super) use model::properties as properties_of_model;

use super::identity::of_document;
use super::inventory::{Inventory, SubjectKind};
use super::lines::Lines;
use super::who::Who;
use crate::artifact::Completeness;
use serde_json::{Map, Value, json};
use std::io::{Result, Write};

/// Writes the document.
pub(super) fn write(inventory: &Inventory, out: &mut dyn Write) -> Result<()> {
    let serial = of_document("cyclonedx 1.6", |serial, out| document(inventory, serial, out))?;
    document(inventory, &serial, out)
}

fn document(inventory: &Inventory, serial: &str, out: &mut dyn Write) -> Result<()> {
    let subject = reference(inventory);
    let mut lines = Lines::begin(out)?;
    lines.member("$schema", &json!("http://cyclonedx.org/schema/bom-1.6.schema.json"))?;
    lines.member("bomFormat", &json!("CycloneDX"))?;
    lines.member("specVersion", &json!("1.6"))?;
    lines.member("serialNumber", &json!(format!("urn:uuid:{serial}")))?;
    lines.member("version", &json!(1))?;
    lines.member("metadata", &metadata(inventory, &subject))?;
    lines.list("components", inventory.components.iter().map(component::value))?;
    dependencies(inventory, &subject, &mut lines)?;
    lines.list("compositions", compositions(inventory, &subject).into_iter())?;
    lines.end()
}

/// The name of what the document is about.
fn reference(inventory: &Inventory) -> String {
    let subject = &inventory.subject;
    format!("urn:airlift:{}:{}", subject.kind.name(), subject.digest.hex())
}

fn metadata(inventory: &Inventory, reference: &str) -> Value {
    let subject = &inventory.subject;
    // A lock is what will be fetched, a bundle what was, a snapshot what is in use.
    let phase = match subject.kind {
        SubjectKind::Lock => "pre-build",
        SubjectKind::Bundle => "post-build",
        SubjectKind::Installed => "operations",
        SubjectKind::Program => "build",
    };
    let mut component = json!({
        "type": "application",
        "bom-ref": reference,
        "name": subject.name,
    });
    put(&mut component, "hashes", (!subject.partial).then(|| json!([{ "alg": "SHA-256", "content": subject.digest.hex() }])));
    put(&mut component, "version", text(&subject.version));
    let tool = json!({ "type": "application", "name": "airlift", "version": env!("CARGO_PKG_VERSION") });
    let mut metadata = json!({
        "lifecycles": [{ "phase": phase }],
        "tools": { "components": [tool] },
        "component": component,
        "properties": counted(inventory),
    });
    put(&mut metadata, "timestamp", subject.created.as_deref().and_then(text));
    put(&mut metadata, "manufacturer", subject.author.as_deref().and_then(|name| Some(organization(name, &Who::read(name, &[])?))));
    metadata
}

/// The counts, as properties of the document.
pub(super) fn counted(inventory: &Inventory) -> Vec<Value> {
    let counts = inventory.counts();
    let all = [
        ("artifacts", counts.artifacts as u64),
        ("components", counts.components as u64),
        ("artifacts-not-examined", counts.not_examined as u64),
        ("artifacts-unreadable", counts.unreadable as u64),
        ("licences-of-the-list", counts.licensed as u64),
        ("licences-otherwise-stated", counts.otherwise_licensed as u64),
        ("licences-absent", counts.unlicensed as u64),
        ("licences-only-found", counts.only_found as u64),
        ("dependencies-complete", counts.linked as u64),
        ("dependencies-incomplete", counts.partly_linked as u64),
        ("dependencies-unknown", counts.unlinked as u64),
        ("files-inside", counts.files),
        ("files-accounted-for", counts.accounted),
    ];
    all.into_iter().map(|(name, count)| property(name, &count.to_string())).collect()
}

fn dependencies(inventory: &Inventory, subject: &str, lines: &mut Lines<'_>) -> Result<()> {
    let artifacts: Vec<&str> = inventory.components.iter().map(|c| c.reference.as_str()).collect();
    let mut all = vec![(subject, artifacts)];
    inventory.walk(&mut |c| all.push((&c.reference, c.needs.iter().map(String::as_str).collect())));
    let value = |(reference, needs): (&str, Vec<&str>)| {
        let mut value = json!({ "ref": reference });
        put(&mut value, "dependsOn", (!needs.is_empty()).then(|| json!(needs)));
        value
    };
    lines.list("dependencies", all.into_iter().map(value))
}

/// What is known whole, in part, or not at all: of what lies inside, and of what is needed.
fn compositions(inventory: &Inventory, subject: &str) -> Vec<Value> {
    let states = [(Completeness::Complete, "complete"), (Completeness::Partial, "incomplete"), (Completeness::Unknown, "unknown")];
    states
        .into_iter()
        .filter_map(|(state, aggregate)| {
            let (mut assemblies, mut dependencies) = (Vec::new(), Vec::new());
            let listed = if inventory.subject.partial { Completeness::Partial } else { Completeness::Complete };
            if state == listed {
                assemblies.push(subject);
                dependencies.push(subject);
            }
            inventory.walk(&mut |component| {
                assemblies.extend((component::assembly(component) == Some(state)).then_some(component.reference.as_str()));
                dependencies.extend((component.needs_known == state).then_some(component.reference.as_str()));
            });
            let mut value = json!({ "aggregate": aggregate });
            put(&mut value, "assemblies", (!assemblies.is_empty()).then(|| json!(assemblies)));
            put(&mut value, "dependencies", (!dependencies.is_empty()).then(|| json!(dependencies)));
            (value.as_object().map_or(0, Map::len) > 1).then_some(value)
        })
        .collect()
}

/// An organisation, and how to reach it.
fn organization(name: &str, who: &Who) -> Value {
    let mut value = json!({ "name": name });
    put(&mut value, "url", (!who.pages.is_empty()).then(|| json!(who.pages)));
    let contacts = who.emails.iter().map(|email| json!({ "email": email })).collect::<Vec<_>>();
    put(&mut value, "contact", (!contacts.is_empty()).then(|| Value::from(contacts)));
    value
}

/// A property in the program's own namespace.
pub(super) fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("airlift:{name}"), "value": value })
}

/// A member that is there only when it has something to say.
fn put(object: &mut Value, member: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[member] = value;
    }
}

fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::from(text))
}
