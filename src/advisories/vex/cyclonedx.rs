//! The statements of a CycloneDX 1.4 to 1.7 document: `vulnerabilities[].analysis`; written as 1.6.

use super::openvex::{Document, in_order, known};
use super::{Justification, LONGEST_DOCUMENT, MOST_STATEMENTS, Mark, Product, Statement, Status, text, too_long, wrong};
use crate::advisories::moment::Moment;
use crate::error::Result;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most components that are looked through for package URLs.
const MOST_COMPONENTS: usize = 1_000_000;
/// The properties of a statement that say until when it holds, and who answers for it.
const UNTIL: &str = "airlift:until";
const OWNER: &str = "airlift:owner";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDocument {
    bom_format: String,
    metadata: Option<WireMetadata>,
    #[serde(default)]
    components: Vec<WireComponent>,
    #[serde(default)]
    vulnerabilities: Vec<WireVulnerability>,
}

#[derive(Deserialize)]
struct WireMetadata {
    timestamp: Option<Moment>,
    component: Option<WireComponent>,
    supplier: Option<WireNamed>,
    manufacturer: Option<WireNamed>,
    #[serde(default)]
    authors: Vec<WireNamed>,
}

#[derive(Deserialize)]
struct WireNamed {
    name: Option<String>,
}

#[derive(Deserialize)]
struct WireComponent {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    purl: Option<String>,
    name: Option<String>,
    #[serde(default)]
    components: Vec<WireComponent>,
}

#[derive(Deserialize)]
struct WireVulnerability {
    id: Option<String>,
    #[serde(default)]
    references: Vec<WireReference>,
    updated: Option<Moment>,
    analysis: Option<WireAnalysis>,
    #[serde(default)]
    affects: Vec<WireAffects>,
    #[serde(default)]
    properties: Vec<WireProperty>,
}

#[derive(Deserialize)]
struct WireProperty {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct WireReference {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAnalysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
    first_issued: Option<Moment>,
    last_updated: Option<Moment>,
}

#[derive(Deserialize)]
struct WireAffects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Vec<serde::de::IgnoredAny>,
}

impl WireAffects {
    fn is_read(&self) -> bool {
        self.versions.is_empty() && !self.reference.starts_with("urn:cdx:")
    }
}

/// What a document describes: its components by their references, and which of them is the product that it is about.
struct Described<'a> {
    purls: BTreeMap<String, String>,
    top: Option<&'a WireComponent>,
}

impl Described<'_> {
    /// A reference as a product: a component is only spoken of as a part of the product that the document is about.
    fn product(&self, reference: String) -> (String, Option<String>) {
        let id = self.purls.get(&reference).cloned().unwrap_or_else(|| reference.clone());
        match self.top {
            Some(top) if top.reference.as_deref() != Some(&*reference) => (top.identity(), Some(id)),
            _ => (id, None),
        }
    }
}

impl WireComponent {
    fn identity(&self) -> String {
        [&self.purl, &self.reference, &self.name].into_iter().flatten().find(|text| !text.is_empty()).cloned().unwrap_or_default()
    }
}

/// What a document says: its statements, and how many products of them could not be taken over.
#[derive(Debug, Default)]
pub struct Said {
    /// The statements.
    pub statements: Vec<Statement>,
    /// Products of which nothing is said: those named with a list of versions, each with a status of its own, and those that another
    /// document describes (BOM-Link). Neither is read.
    pub left_out: usize,
}

/// Reads a document; `what` names it in errors.
pub fn read(what: &str, bytes: &[u8]) -> Result<Said> {
    if bytes.len() > LONGEST_DOCUMENT {
        return Err(too_long(what));
    }
    let wire: WireDocument = serde_json::from_slice(bytes).map_err(|e| wrong(what, "it is not a CycloneDX document").because(&e))?;
    if wire.bom_format != "CycloneDX" {
        return Err(wrong(what, "it is not a CycloneDX document").with("found", format!("{:.40}", wire.bom_format)));
    }
    let parts: usize = wire.vulnerabilities.iter().map(|v| 1 + v.affects.len() + v.references.len()).sum();
    if parts > MOST_STATEMENTS {
        return Err(too_long(what));
    }
    let issued = wire.metadata.as_ref().and_then(|m| m.timestamp).map(|time| time.0);
    let author = author(what, wire.metadata.as_ref())?;
    let tops = wire.components.iter().chain(wire.metadata.iter().filter_map(|m| m.component.as_ref()));
    let described = Described { purls: purls(what, tops.collect())?, top: wire.metadata.as_ref().and_then(|m| m.component.as_ref()) };
    let mut said = Said::default();
    for vulnerability in wire.vulnerabilities {
        said.left_out += vulnerability.affects.iter().filter(|affects| !affects.is_read()).count();
        said.statements.extend(statement(what, vulnerability, &described, &author, issued)?);
    }
    Ok(said)
}

fn author(what: &str, metadata: Option<&WireMetadata>) -> Result<String> {
    let named = metadata.into_iter().flat_map(|m| m.authors.iter().chain(&m.manufacturer).chain(&m.supplier));
    let name = named.filter_map(|named| named.name.clone()).find(|name| !name.is_empty());
    name.map_or_else(|| Ok("not named".to_owned()), |name| text(what, "author", name))
}

/// The package URL of every component, by its reference.
fn purls(what: &str, mut open: Vec<&WireComponent>) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut count = 0;
    while let Some(component) = open.pop() {
        count += 1;
        if count > MOST_COMPONENTS {
            return Err(too_long(what));
        }
        if let (Some(reference), Some(purl)) = (&component.reference, &component.purl) {
            found.insert(reference.clone(), purl.clone());
        }
        open.extend(&component.components);
    }
    Ok(found)
}

/// One statement; `None` where the vulnerability is only listed.
fn statement(
    what: &str,
    wire: WireVulnerability,
    described: &Described<'_>,
    author: &str,
    issued: Option<Timestamp>,
) -> Result<Option<Statement>> {
    let Some(analysis) = wire.analysis else { return Ok(None) };
    let Some(state) = analysis.state else { return Ok(None) };
    let name = text(what, "vulnerability", wire.id.unwrap_or_default())?;
    let about = format!("{what}: the statement about {name:.80}");
    let status = status(&state).ok_or_else(|| wrong(&about, "its state is not known").with("found", format!("{state:.40}")))?;
    let justification = match analysis.justification.as_deref() {
        Some(word) => {
            Some(justification(word).ok_or_else(|| wrong(&about, "its justification is not known").with("found", format!("{word:.60}")))?)
        }
        None => None,
    };
    let detail = analysis.detail.filter(|detail| !detail.is_empty()).map(|detail| text(&about, "explanation", detail)).transpose()?;
    let given = justification.is_some() || detail.is_some() || state == "false_positive";
    if status == Status::NotAffected && !given {
        return Err(wrong(&about, "it says that a product is not affected, but not why"));
    }
    let timestamp = analysis.last_updated.or(analysis.first_issued).or(wire.updated).map(|time| time.0).or(issued);
    let timestamp = timestamp.ok_or_else(|| wrong(&about, "it has no time, and nor has its document"))?;
    let whole = wire.affects.into_iter().filter(WireAffects::is_read);
    let product = |affects: WireAffects| {
        let (id, part) = described.product(affects.reference);
        let parts = part.map(|part| text(&about, "component", part)).into_iter().collect::<Result<_>>()?;
        Ok(Product { id: text(&about, "product", id)?, parts })
    };
    let products = whole.map(product).collect::<Result<BTreeSet<_>>>()?;
    let aliases = wire.references.into_iter().map(|reference| text(&about, "reference", reference.id));
    let names = std::iter::once(Ok(name.clone())).chain(aliases).collect::<Result<_>>()?;
    let author = author.to_owned();
    let property = |name: &str| wire.properties.iter().find(|property| property.name == name)?.value.as_deref();
    let mark = property(UNTIL).zip(property(OWNER)).and_then(|(until, owner)| Mark::of(until, owner));
    let mark = mark.map(|mark| known(&about, mark)).transpose()?;
    Ok((!products.is_empty()).then_some(Statement {
        names,
        products,
        status,
        justification,
        detail,
        timestamp,
        author,
        mark,
        signers: vec![],
    }))
}

fn status(state: &str) -> Option<Status> {
    Some(match state {
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "exploitable" => Status::Affected,
        "in_triage" => Status::UnderInvestigation,
        "false_positive" | "not_affected" => Status::NotAffected,
        _ => return None,
    })
}

/// CycloneDX has nine reasons where OpenVEX has five: the nearest one.
fn justification(word: &str) -> Option<Justification> {
    Some(match word {
        "code_not_present" => Justification::VulnerableCodeNotPresent,
        "code_not_reachable" => Justification::VulnerableCodeNotInExecutePath,
        "requires_configuration" | "requires_dependency" | "requires_environment" => {
            Justification::VulnerableCodeCannotBeControlledByAdversary
        }
        "protected_by_compiler" | "protected_at_runtime" | "protected_at_perimeter" | "protected_by_mitigating_control" => {
            Justification::InlineMitigationsAlreadyExist
        }
        _ => return None,
    })
}

/// Writes statements, each once and in their order, so that the same ones give the same bytes. `Err` with the first that CycloneDX has no
/// form for: one about a part of a product.
pub fn write(document: &Document, statements: &[Statement]) -> Result<Vec<u8>> {
    let sorted = in_order(statements);
    if let Some(part) = sorted.iter().flat_map(|statement| &statement.products).find(|product| !product.parts.is_empty()) {
        return Err(wrong("the statements", "CycloneDX cannot say this of a part of a product").with("found", format!("{:.80}", part.id)));
    }
    let products: BTreeSet<&str> = sorted.iter().flat_map(|statement| statement.products.iter().map(|product| &*product.id)).collect();
    let component = |purl: &&str| {
        let name = crate::artifact::Purl::read(purl).map_or_else(|| (*purl).to_owned(), |purl| purl.name());
        json!({ "type": "library", "bom-ref": purl, "name": name, "purl": purl })
    };
    let bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": document.id,
        "version": 1,
        "metadata": { "timestamp": document.timestamp.to_string(), "authors": [{ "name": document.author }] },
        "components": products.iter().map(component).collect::<Vec<_>>(),
        "vulnerabilities": sorted.into_iter().map(vulnerability).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&bom).expect("strings and numbers can always be written");
    bytes.push(b'\n');
    Ok(bytes)
}

fn vulnerability(statement: &Statement) -> Value {
    let mut names = statement.names.iter();
    let id = names.next().cloned().unwrap_or_default();
    let time = statement.timestamp.to_string();
    let mut analysis = json!({ "state": state(statement.status), "firstIssued": time, "lastUpdated": time });
    if let Some(justification) = statement.justification {
        analysis["justification"] = nearest(justification).into();
    }
    if let Some(detail) = &statement.detail {
        analysis["detail"] = detail.as_str().into();
    }
    let affects: Vec<Value> = statement.products.iter().map(|product| json!({ "ref": product.id })).collect();
    let mut value = json!({ "id": id, "analysis": analysis, "affects": affects });
    let aliases: Vec<Value> = names.map(|name| json!({ "id": name, "source": { "name": source(name) } })).collect();
    if !aliases.is_empty() {
        value["references"] = aliases.into();
    }
    if let Some(mark) = &statement.mark {
        value["properties"] = json!([{ "name": OWNER, "value": mark.owner }, { "name": UNTIL, "value": mark.until.to_string() }]);
    }
    value
}

/// Whose number it is: what stands before the first hyphen.
fn source(name: &str) -> &str {
    name.split_once('-').map_or(name, |(source, _)| source)
}

const fn state(status: Status) -> &'static str {
    match status {
        Status::NotAffected => "not_affected",
        Status::Fixed => "resolved",
        Status::UnderInvestigation => "in_triage",
        Status::Affected => "exploitable",
    }
}

/// OpenVEX has five reasons where CycloneDX has nine: the nearest one.
const fn nearest(justification: Justification) -> &'static str {
    match justification {
        Justification::ComponentNotPresent | Justification::VulnerableCodeNotPresent => "code_not_present",
        Justification::VulnerableCodeNotInExecutePath => "code_not_reachable",
        Justification::VulnerableCodeCannotBeControlledByAdversary => "requires_environment",
        Justification::InlineMitigationsAlreadyExist => "protected_by_mitigating_control",
    }
}
