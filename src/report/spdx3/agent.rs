//! Who publishes or wrote something, as an element of its own.

use super::super::identity::short;
use super::super::who::Who;
use super::graph::Graph;
use serde_json::{Value, json};
use std::io::Result;

/// Writes who that is; nothing where nobody is named.
pub(super) fn write(text: &str, contacts: &[String], graph: &mut Graph<'_>) -> Result<Option<String>> {
    let Some(who) = Who::read(text, contacts) else { return Ok(None) };
    let name = format!("agent-{}", short(&format!("{text}\n{}", contacts.join("\n"))));
    // It is known only by a name, so that it is taken for an organisation, as in the older form.
    graph.shared("Organization", &name, || value(&who)).map(Some)
}

fn value(who: &Who) -> Value {
    let identifiers = |kind: &'static str, all: &[String]| {
        let one = |text: &String| json!({ "type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": text });
        all.iter().map(one).collect::<Vec<_>>()
    };
    let all = [identifiers("email", &who.emails), identifiers("urlScheme", &who.pages)].concat();
    json!({ "name": who.name, "externalIdentifier": (!all.is_empty()).then_some(all) })
}
