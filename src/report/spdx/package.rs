//! Packages of an SPDX document (section 7), and the licences that are not on the list (section 10).

use super::super::component::{Class, Component, Examined, Part};
use super::super::identity::spdx_id;
use super::super::inventory::Inventory;
use super::super::licence::{Basis, Declared, difference, in_older_terms};
use super::super::links::is_link;
use super::super::model::{Dataset, Model};
use crate::artifact::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOTHING_SAID: &str = "NOASSERTION";

/// Texts that stand for licences, by the reference they are named with.
#[derive(Default)]
pub(super) struct LicenseRefs(BTreeMap<String, String>);

impl LicenseRefs {
    /// The reference of a text.
    fn of(&mut self, text: &str) -> String {
        let id = format!("LicenseRef-{}", &Digest::of(text.as_bytes()).hex()[..20]);
        self.0.insert(id.clone(), text.to_owned());
        id
    }

    /// An expression as readers of this version take it. The references in it are explained, those that it brings along too.
    fn expression(&mut self, expression: &str) -> String {
        let expression = in_older_terms(expression, &mut |reference, meaning| drop(self.0.insert(reference.to_owned(), meaning)));
        let words = expression.split([' ', '(', ')']).filter(|word| word.starts_with("LicenseRef-"));
        for word in words {
            self.0.entry(word.to_owned()).or_insert_with(|| format!("{word}, as the publisher names it"));
        }
        expression
    }

    /// The section of the document.
    pub fn infos(self) -> impl Iterator<Item = Value> {
        let name = |text: &str| text.lines().next().unwrap_or_default().chars().take(100).collect::<String>();
        self.0.into_iter().map(move |(id, text)| json!({ "licenseId": id, "name": name(&text), "extractedText": text }))
    }
}

/// The package of what the document is about.
pub(super) fn of_subject(inventory: &Inventory, id: &str) -> Value {
    let subject = &inventory.subject;
    let mut value = blank(id, &subject.name, NOTHING_SAID.to_owned());
    if !subject.partial {
        value["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": subject.digest.hex() }]);
    }
    value["primaryPackagePurpose"] = json!("ARCHIVE");
    value["versionInfo"] = json!(if subject.version.is_empty() { subject.digest.hex() } else { subject.version.clone() });
    value["supplier"] = json!(supplier(subject.author.as_deref()));
    value
}

/// The packages of a component: its own, and one for each file of several.
pub(super) fn of(component: &Component, refs: &mut LicenseRefs, packages: &mut Vec<Value>) {
    let mut value = blank(&spdx_id(&component.reference), &component.name, licence(component, refs));
    value["supplier"] = json!(supplier(component.supplier.as_deref()));
    value["primaryPackagePurpose"] = json!(purpose(component.class));
    if let Some(concluded) = &component.concluded {
        value["licenseConcluded"] = json!(refs.expression(concluded));
    }
    let digest = component.first().map(|part| part.digest.to_string()).unwrap_or_default();
    let texts = [
        // What has no version is identified by what it is.
        ("versionInfo", if component.version.is_empty() { digest.as_str() } else { component.version.as_str() }),
        ("releaseDate", component.released.as_deref().unwrap_or_default()),
        ("summary", component.summary.as_deref().unwrap_or_default()),
        ("comment", &comment(component)),
    ];
    for (member, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        value[member] = json!(text);
    }
    if let Some(author) = &component.author {
        value["originator"] = json!(supplier(Some(author)));
    }
    if !component.purl.is_empty() {
        let purl = json!({ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component.purl });
        value["externalRefs"] = json!([purl]);
    }
    if let Some(first) = component.first().filter(|_| component.parts.len() == 1 || component.class == Class::Container) {
        of_a_file(&mut value, first);
    }
    packages.push(value);
    if component.parts.len() > 1 {
        packages.extend(component.parts.iter().enumerate().map(|(n, part)| file(component, n, part)));
    }
}

/// The identifier of one file of several.
pub(super) fn part_id(component: &Component, n: usize) -> String {
    spdx_id(&format!("{} part {n}", component.reference))
}

fn file(component: &Component, n: usize, part: &Part) -> Value {
    let digest = part.digest.to_string();
    let mut value = blank(&part_id(component, n), part.name.as_deref().unwrap_or(&digest), NOTHING_SAID.to_owned());
    value["versionInfo"] = json!(if component.version.is_empty() { &digest } else { &component.version });
    value["supplier"] = json!(supplier(component.supplier.as_deref()));
    value["primaryPackagePurpose"] = json!("FILE");
    of_a_file(&mut value, part);
    value
}

fn blank(id: &str, name: &str, licence: String) -> Value {
    json!({
        "SPDXID": id,
        "name": name,
        "downloadLocation": NOTHING_SAID,
        "filesAnalyzed": false,
        "licenseConcluded": NOTHING_SAID,
        "licenseDeclared": licence,
        "copyrightText": NOTHING_SAID,
    })
}

fn of_a_file(value: &mut Value, part: &Part) {
    let named = |algorithm: &str| match algorithm {
        "sha512" => Some("SHA512"),
        "sha1" => Some("SHA1"),
        "md5" => Some("MD5"),
        _ => None,
    };
    let others = part.hashes.iter().filter_map(|(algorithm, hex)| Some((named(algorithm)?, hex.clone())));
    let all = std::iter::once(("SHA256", part.digest.hex())).chain(others);
    value["checksums"] = all.map(|(algorithm, hex)| json!({ "algorithm": algorithm, "checksumValue": hex })).collect();
    if let Some(origin) = part.origins.iter().find(|origin| is_link(origin)) {
        value["downloadLocation"] = json!(origin);
    }
    if let Some(name) = &part.name {
        value["packageFileName"] = json!(name);
    }
}

fn licence(component: &Component, refs: &mut LicenseRefs) -> String {
    match Declared::of(&component.licences) {
        Declared::Nothing => NOTHING_SAID.to_owned(),
        Declared::Expression(expression) => refs.expression(&expression),
        Declared::Text(text) => refs.of(&text),
    }
}

/// Section 7.5: who it is is known only as a name, so that it is taken for an organisation.
fn supplier(name: Option<&str>) -> String {
    let name = name.map(|name| name.replace(['(', ')'], " ").split_whitespace().collect::<Vec<_>>().join(" "));
    name.filter(|name| !name.is_empty()).map_or_else(|| NOTHING_SAID.to_owned(), |name| format!("Organization: {name}"))
}

const fn purpose(class: Class) -> &'static str {
    match class {
        Class::Library => "LIBRARY",
        Class::Application => "APPLICATION",
        Class::Container => "CONTAINER",
        Class::OperatingSystem => "OPERATING_SYSTEM",
        Class::File => "FILE",
        // 2.3 has no purposes of their own for these.
        Class::Model | Class::Dataset | Class::Data => "OTHER",
    }
}

/// What SPDX 2.3 has no member for.
fn comment(component: &Component) -> String {
    let mut lines = Vec::new();
    match &component.found_by {
        Some(place) => lines.push(format!("named by {place}")),
        None => lines.push(component.examined.words().to_owned()),
    }
    if let Examined::Unreadable(why) = &component.examined {
        lines.push(format!("it could not be read: {why}"));
    }
    if let Some(inside) = &component.inside {
        lines.push(format!("{} of {} files inside belong to packages that were found", inside.accounted, inside.files));
        lines.extend(inside.databases.iter().map(|database| format!("package database: {}", database.told())));
        lines.extend(inside.not_assessed.iter().map(|why| format!("not assessable: {why}")));
    }
    lines.extend(component.compared.iter().map(|compared| format!("beside its publisher's list: {}", compared.told())));
    let found = component.licences.iter().filter(|l| l.basis == Basis::Found).map(|l| format!("licence file: {}", l.source_line()));
    lines.extend(found);
    lines.extend(difference(&component.licences).map(|what| format!("licences differ: {what}")));
    lines.extend(component.model.iter().flat_map(model));
    lines.extend(component.unmet.iter().map(|unmet| format!("requires, and it is not here: {unmet}")));
    lines.join("\n")
}

/// What is known of a model, in lines.
fn model(model: &Model) -> Vec<String> {
    let named = |what: &str, one: &Dataset| match &one.purl {
        Some(purl) => format!("{what}: {} ({purl})", one.name),
        None => format!("{what}: {}", one.name),
    };
    let words = [("task", &model.task), ("architecture", &model.architecture)];
    let mut lines: Vec<String> = words.iter().filter_map(|(what, text)| Some(format!("model {what}: {}", text.as_ref()?))).collect();
    lines.extend(model.facts().iter().map(|(name, value)| format!("{}: {value}", name.replace('-', " "))));
    lines.extend(model.datasets.iter().map(|dataset| named("declared to have been trained on", dataset)));
    lines.extend(model.bases.iter().map(|base| named("declared to be made from", base)));
    lines
}
