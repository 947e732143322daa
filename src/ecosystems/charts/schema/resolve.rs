//! What the references of a schema refer to, all found before anything is checked.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Where a schema lies that does not say; `.invalid` is nobody's (RFC 2606).
const NOWHERE: &str = "schema://values.invalid/values.schema.json";

/// Which keywords count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    Four,
    Six,
    Seven,
    /// All of them at once.
    Any,
}

impl Draft {
    pub(super) fn of(schema: &Value) -> Self {
        let named = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let bare = named.trim_end_matches('#').trim_start_matches("https://").trim_start_matches("http://");
        match bare {
            "json-schema.org/draft-04/schema" => Self::Four,
            "json-schema.org/draft-06/schema" => Self::Six,
            "json-schema.org/draft-07/schema" => Self::Seven,
            _ => Self::Any,
        }
    }
}

/// The target of every reference, by the place of the object that has it.
pub(super) struct References<'s> {
    targets: HashMap<*const Value, &'s Value>,
}

/// A schema within the schema, and the address that its references begin at.
type Place<'s> = (&'s Value, Url);

struct Finder<'s> {
    root: &'s Value,
    base: Url,
    /// Schemas that gave themselves an address.
    named: HashMap<String, Place<'s>>,
    seen: HashSet<*const Value>,
    references: Vec<(&'s Value, Url)>,
}

impl<'s> References<'s> {
    pub(super) fn of(root: &'s Value) -> Result<Self, String> {
        let base = Url::parse(NOWHERE).map_err(|e| e.to_string())?;
        let mut finder = Finder { root, base: base.clone(), named: HashMap::new(), seen: HashSet::new(), references: vec![] };
        if let Some(Ok(own)) = identity(root).map(|id| base.join(id)) {
            finder.base = own;
        }
        finder.walk(root, base);
        let mut targets = HashMap::new();
        while let Some((node, base)) = finder.references.pop() {
            let text = node.get("$ref").and_then(Value::as_str).unwrap_or_default();
            let (target, base) = finder.find(text, &base)?;
            targets.insert(std::ptr::from_ref(node), target);
            finder.walk(target, base);
        }
        Ok(Self { targets })
    }

    pub(super) fn target(&self, node: &Value) -> Option<&'s Value> {
        self.targets.get(&std::ptr::from_ref(node)).copied()
    }
}

fn identity(schema: &Value) -> Option<&str> {
    schema.get("$id").or_else(|| schema.get("id")).and_then(Value::as_str)
}

impl<'s> Finder<'s> {
    /// All schemas below one, where the standard has them.
    fn walk(&mut self, schema: &'s Value, base: Url) {
        let mut stack = vec![(schema, base)];
        while let Some((schema, base)) = stack.pop() {
            if !schema.is_object() || !self.seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            if schema.get("$ref").is_some_and(Value::is_string) {
                self.references.push((schema, base.clone()));
            }
            let base = match identity(schema).map(|id| base.join(id)) {
                Some(Ok(own)) => {
                    self.named.entry(own.to_string()).or_insert((schema, own.clone()));
                    own
                }
                _ => base,
            };
            stack.extend(below(schema).map(|inner| (inner, base.clone())));
        }
    }

    /// What a reference refers to: within this schema, or nothing that is here.
    fn find(&self, text: &str, base: &Url) -> Result<Place<'s>, String> {
        let absent = || format!("it refers to {text:.200}, which is not in it and is not fetched");
        let mut whole = base.join(text).map_err(|_| absent())?;
        if let Some((found, base)) = self.named.get(whole.as_str()) {
            return Ok((found, base.clone()));
        }
        let fragment = whole.fragment().unwrap_or_default().to_owned();
        whole.set_fragment(None);
        let nowhere = whole.as_str() == NOWHERE || whole == self.base;
        let (document, base) = match self.named.get(whole.as_str()).or_else(|| self.named.get(&format!("{whole}#"))) {
            Some((found, base)) => (*found, base.clone()),
            None if nowhere => (self.root, self.base.clone()),
            None => return Err(absent()),
        };
        let pointer: String = percent(&fragment).ok_or_else(absent)?;
        let found = document.pointer(&pointer).ok_or_else(|| match pointer.rsplit_once('/') {
            Some((_, key)) => format!("Object has no key '{key:.200}'"),
            None => absent(),
        })?;
        Ok((found, base))
    }
}

/// A fragment without its escapes.
fn percent(text: &str) -> Option<String> {
    let (bytes, mut out, mut at) = (text.as_bytes(), vec![], 0);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            out.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// The schemas directly below one.
fn below(schema: &Value) -> impl Iterator<Item = &Value> {
    let maps = ["properties", "patternProperties", "definitions", "$defs", "dependencies"];
    let single = ["items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"];
    let lists = ["allOf", "anyOf", "oneOf", "items"];
    let of_maps = maps.into_iter().filter_map(|key| schema.get(key)?.as_object()).flat_map(|map| map.values());
    let of_lists = lists.into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    of_maps.chain(single.into_iter().filter_map(|key| schema.get(key))).chain(of_lists)
}
