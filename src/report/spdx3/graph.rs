//! `@graph`: elements written as they come, each with a name of its own below the document's.

use super::super::lines::Lines;
use crate::artifact::Completeness;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Result, Write};

const CONTEXT: &str = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";
/// What every element says of how it came to be.
const CREATION: &str = "_:creation";

/// The elements being written.
pub(super) struct Graph<'a> {
    lines: Lines<'a>,
    namespace: &'a str,
    /// The names of all elements.
    elements: Vec<String>,
    /// Those of them that are packages or files.
    artifacts: Vec<String>,
    /// Those that several others refer to.
    shared: HashSet<String>,
}

/// How an element is related to others. Where there are none it says that there are none, or that nobody knows.
pub(super) struct Relation<'a> {
    /// The name of the element.
    pub from: &'a str,
    /// A `RelationshipType`.
    pub kind: &'a str,
    /// Identifiers of others.
    pub to: Vec<String>,
    /// Whether those are all.
    pub completeness: Completeness,
    /// What else is to be said.
    pub comment: Option<&'a str>,
}

impl<'a> Graph<'a> {
    /// Opens the document.
    pub fn begin(namespace: &'a str, out: &'a mut dyn Write) -> Result<Self> {
        let mut lines = Lines::begin(out)?;
        lines.member("@context", &json!(CONTEXT))?;
        lines.open("@graph")?;
        Ok(Self { lines, namespace, elements: vec![], artifacts: vec![], shared: HashSet::new() })
    }

    /// The identifier of the element of that name.
    pub fn iri(&self, name: &str) -> String {
        format!("urn:uuid:{}#{name}", self.namespace)
    }

    /// How all elements came to be.
    pub fn creation(&mut self, mut value: Value) -> Result<()> {
        value["@id"] = json!(CREATION);
        value["type"] = json!("CreationInfo");
        value["specVersion"] = json!("3.0.1");
        self.write(value)
    }

    /// Writes an element, and gives its identifier.
    pub fn element(&mut self, kind: &str, name: &str, mut value: Value) -> Result<String> {
        let iri = self.iri(name);
        value["type"] = json!(kind);
        value["spdxId"] = json!(iri);
        value["creationInfo"] = json!(CREATION);
        self.write(value)?;
        self.elements.push(name.to_owned());
        Ok(iri)
    }

    /// A package or file.
    pub fn artifact(&mut self, kind: &str, name: &str, value: Value) -> Result<String> {
        self.artifacts.push(name.to_owned());
        self.element(kind, name, value)
    }

    /// An element that several others refer to: it is written where it is met first.
    pub fn shared(&mut self, kind: &str, name: &str, value: impl FnOnce() -> Value) -> Result<String> {
        if self.shared.insert(name.to_owned()) { self.element(kind, name, value()) } else { Ok(self.iri(name)) }
    }

    /// Writes a relationship, one of each kind for an element.
    pub fn relation(&mut self, relation: Relation<'_>) -> Result<()> {
        let Relation { from, kind, mut to, completeness, comment } = relation;
        if to.is_empty() {
            to.push(if completeness == Completeness::Complete { "NoneElement" } else { "NoAssertionElement" }.to_owned());
        }
        let completeness = match completeness {
            Completeness::Complete => "complete",
            Completeness::Partial => "incomplete",
            Completeness::Unknown => "noAssertion",
        };
        let value = json!({
            "from": self.iri(from),
            "relationshipType": kind,
            "to": to,
            "completeness": completeness,
            "comment": comment,
        });
        self.element("Relationship", &format!("{from}-{kind}"), value).map(drop)
    }

    /// The identifiers of all elements so far.
    pub fn elements(&self) -> Vec<String> {
        self.elements.iter().map(|name| self.iri(name)).collect()
    }

    /// Those of packages and files.
    pub fn artifacts(&self) -> Vec<String> {
        self.artifacts.iter().map(|name| self.iri(name)).collect()
    }

    /// Closes the document.
    pub fn end(mut self) -> Result<()> {
        self.lines.close()?;
        self.lines.end()
    }

    /// A line, without what is not known.
    fn write(&mut self, mut value: Value) -> Result<()> {
        if let Some(members) = value.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        self.lines.item(&value)
    }
}
