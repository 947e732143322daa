//! OpenVEX 0.2.0: read, and written so that the same statements give the same bytes.

use super::{Justification, LONGEST_DOCUMENT, MOST_STATEMENTS, Mark, Product, Statement, Status, text, too_long, wrong};
use crate::advisories::moment::Moment;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// What a written document says of itself.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its identifier, an IRI.
    pub id: String,
    /// Who says it.
    pub author: String,
    /// When it is said.
    pub timestamp: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct WireDocument {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id")]
    id: String,
    author: String,
    timestamp: Option<Moment>,
    version: u64,
    statements: Vec<WireStatement>,
}

#[derive(Serialize, Deserialize)]
struct WireStatement {
    vulnerability: WireVulnerability,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Moment>,
    #[serde(default)]
    products: Vec<WireProduct>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WireVulnerability {
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct WireProduct {
    #[serde(rename = "@id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifiers: Option<WireIdentifiers>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<WireProduct>,
}

#[derive(Serialize, Deserialize)]
struct WireIdentifiers {
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

/// Reads a document; `what` names it in errors.
pub fn read(what: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    if bytes.len() > LONGEST_DOCUMENT {
        return Err(too_long(what));
    }
    let wire: WireDocument = serde_json::from_slice(bytes).map_err(|e| wrong(what, "it is not an OpenVEX document").because(&e))?;
    if wire.context != CONTEXT {
        return Err(wrong(what, "its version of OpenVEX is not known")
            .with("expected", CONTEXT)
            .with("found", format!("{:.80}", wire.context)));
    }
    let parts_of = |s: &WireStatement| s.products.iter().map(|product| 1 + product.subcomponents.len()).sum::<usize>();
    let parts: usize = wire.statements.iter().map(|s| 1 + parts_of(s) + s.vulnerability.aliases.len()).sum();
    if parts > MOST_STATEMENTS {
        return Err(too_long(what));
    }
    let author = text(what, "author", wire.author)?;
    wire.statements.into_iter().map(|s| statement(what, s, &author, wire.timestamp.map(|time| time.0))).collect()
}

fn statement(what: &str, wire: WireStatement, author: &str, issued: Option<Timestamp>) -> Result<Statement> {
    let name = text(what, "vulnerability", wire.vulnerability.name)?;
    let about = format!("{what}: the statement about {name:.80}");
    let status = Status::from_word(&wire.status)
        .ok_or_else(|| wrong(&about, "its status is not known").with("found", format!("{:.40}", wire.status)))?;
    let justification = match wire.justification.as_deref().filter(|word| !word.is_empty()) {
        Some(word) => Some(
            Justification::from_word(word)
                .ok_or_else(|| wrong(&about, "its justification is not known").with("found", format!("{word:.60}")))?,
        ),
        None => None,
    };
    // What is to be done says nothing of why a product is not affected.
    let said = if status == Status::Affected { [wire.action_statement, wire.impact_statement] } else { [wire.impact_statement, None] };
    let detail = said.into_iter().flatten().find(|detail| !detail.is_empty());
    let detail = detail.map(|detail| text(&about, "explanation", detail)).transpose()?;
    if status == Status::NotAffected && justification.is_none() && detail.is_none() {
        return Err(wrong(&about, "it says that a product is not affected, but not why"));
    }
    let timestamp =
        wire.timestamp.map(|time| time.0).or(issued).ok_or_else(|| wrong(&about, "it has no time, and nor has its document"))?;
    let products = wire.products.into_iter().map(|p| product(&about, p)).collect::<Result<BTreeSet<_>>>()?;
    let aliases = wire.vulnerability.aliases.into_iter().map(|alias| text(&about, "alias", alias));
    let names = std::iter::once(Ok(name)).chain(aliases).collect::<Result<_>>()?;
    let mark = wire.status_notes.as_deref().and_then(Mark::read).map(|mark| known(&about, mark)).transpose()?;
    Ok(Statement { names, products, status, justification, detail, timestamp, author: author.to_owned(), mark, signers: vec![] })
}

/// A mark whose owner can be shown.
pub(super) fn known(what: &str, mark: Mark) -> Result<Mark> {
    Ok(Mark { owner: text(what, "owner", mark.owner)?, ..mark })
}

fn product(what: &str, wire: WireProduct) -> Result<Product> {
    let parts = wire.subcomponents.iter().map(|part| identifier(what, part)).collect::<Result<_>>()?;
    Ok(Product { id: identifier(what, &wire)?, parts })
}

/// The package URL, or else the identifier.
fn identifier(what: &str, wire: &WireProduct) -> Result<String> {
    let purl = wire.identifiers.as_ref().and_then(|identifiers| identifiers.purl.clone());
    let id = purl.or_else(|| wire.id.clone()).ok_or_else(|| wrong(what, "a product of it has no identifier"))?;
    text(what, "product", id)
}

/// Writes statements, each once and in their order, as a document whose bytes depend on nothing else. Who made each is not written: the
/// document has one author, who says them all again.
pub fn write(document: &Document, statements: &[Statement]) -> Vec<u8> {
    let sorted = in_order(statements);
    let wire = WireDocument {
        context: CONTEXT.to_owned(),
        id: document.id.clone(),
        author: document.author.clone(),
        timestamp: Some(Moment(document.timestamp)),
        version: 1,
        statements: sorted.into_iter().map(written).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&wire).expect("strings and numbers can always be written");
    bytes.push(b'\n');
    bytes
}

/// Statements in the order in which they are written, each once.
pub(super) fn in_order(statements: &[Statement]) -> Vec<&Statement> {
    let mut sorted: Vec<&Statement> = statements.iter().collect();
    sorted.sort_by(|a, b| words(a).cmp(&words(b)));
    sorted.dedup_by(|a, b| words(a) == words(b));
    sorted
}

/// All that is written of a statement.
fn words(statement: &Statement) -> impl Ord + use<'_> {
    let Statement { names, products, status, justification, detail, timestamp, mark, author: _, signers: _ } = statement;
    (names, products, status, justification, detail, timestamp, mark)
}

fn written(statement: &Statement) -> WireStatement {
    let mut names = statement.names.iter().cloned();
    let detail = statement.detail.clone();
    let (impact, action) = if statement.status == Status::Affected { (None, detail) } else { (detail, None) };
    let product = |id: &String, parts| WireProduct { id: Some(id.clone()), identifiers: None, subcomponents: parts };
    let products = statement.products.iter().map(|p| product(&p.id, p.parts.iter().map(|part| product(part, Vec::new())).collect()));
    WireStatement {
        vulnerability: WireVulnerability { name: names.next().unwrap_or_default(), aliases: names.collect() },
        timestamp: Some(Moment(statement.timestamp)),
        products: products.collect(),
        status: statement.status.word().to_owned(),
        status_notes: statement.mark.as_ref().map(Mark::told),
        justification: statement.justification.map(|j| j.word().to_owned()),
        impact_statement: impact,
        action_statement: action,
    }
}
