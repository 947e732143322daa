//! SPDX 2.3 in JSON: a package for every component, and how they hang together (`docs/formats/sbom.md`).

mod package;
mod relations;

use super::identity::{of_document, spdx_id};
use super::inventory::Inventory;
use super::licence::licence_list;
use super::lines::Lines;
use serde_json::{Value, json};
use std::io::{Result, Write};

/// What stands where a time must and nobody said one.
pub(super) const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// What is said of that.
pub(super) const WITHOUT_TIME: &str = "what this document is about names no time; the one above stands for none";

/// Writes the document.
pub(super) fn write(inventory: &Inventory, out: &mut dyn Write) -> Result<()> {
    let namespace = of_document("spdx 2.3", |namespace, out| document(inventory, namespace, out))?;
    document(inventory, &namespace, out)
}

fn document(inventory: &Inventory, namespace: &str, out: &mut dyn Write) -> Result<()> {
    let subject = subject(inventory);
    let mut lines = Lines::begin(out)?;
    lines.member("spdxVersion", &json!("SPDX-2.3"))?;
    lines.member("dataLicense", &json!("CC0-1.0"))?;
    lines.member("SPDXID", &json!("SPDXRef-DOCUMENT"))?;
    lines.member("name", &json!(name(inventory)))?;
    lines.member("documentNamespace", &json!(format!("urn:uuid:{namespace}")))?;
    lines.member("creationInfo", &creation(inventory))?;
    lines.member("documentDescribes", &json!([subject]))?;
    let mut refs = package::LicenseRefs::default();
    let mut packages = vec![package::of_subject(inventory, &subject)];
    inventory.walk(&mut |component| package::of(component, &mut refs, &mut packages));
    lines.list("packages", packages.into_iter())?;
    lines.list("hasExtractedLicensingInfos", refs.infos())?;
    lines.list("relationships", relations::of(inventory, &subject))?;
    lines.end()
}

/// The identifier of what the document is about.
fn subject(inventory: &Inventory) -> String {
    spdx_id(&format!("{} {}", inventory.subject.kind.name(), inventory.subject.digest.hex()))
}

/// What the document is about, in a word or a few.
pub(super) fn name(inventory: &Inventory) -> String {
    let subject = &inventory.subject;
    [&subject.name, &subject.version].map(String::as_str).join(" ").trim().to_owned()
}

fn creation(inventory: &Inventory) -> Value {
    let subject = &inventory.subject;
    let tool = concat!("Tool: airlift-", env!("CARGO_PKG_VERSION")).to_owned();
    let creators: Vec<String> = subject.author.iter().map(|author| format!("Organization: {author}")).chain([tool]).collect();
    let mut value = json!({
        "created": subject.created.as_deref().unwrap_or(NO_TIME),
        "creators": creators,
        "licenseListVersion": licence_list().splitn(3, '.').take(2).collect::<Vec<_>>().join("."),
    });
    if subject.created.is_none() {
        value["comment"] = json!(WITHOUT_TIME);
    }
    value
}
