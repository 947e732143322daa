//! Values: maps and texts that look like images, for those that no rendering reaches, and the keys that lead a chart to a mirror.

use super::reference::Reference;
use crate::ecosystems::charts::meta::Redirect;
use serde_json::{Map, Value};

/// Deepest nesting that is looked at.
const DEEPEST: usize = 64;
/// Most guesses of one chart.
const MOST: usize = 2_000;

/// An image as values describe it.
#[derive(Debug, Clone)]
pub(in super::super) struct Guess {
    /// The keys that lead to it, joined by dots.
    pub place: String,
    /// The reference.
    pub reference: Reference,
    /// The value that leads it to a mirror; values within lists cannot be set one by one.
    pub redirect: Option<Redirect>,
}

/// Looks through values; `app_version` tells the default tag of the chart that a path of keys belongs to.
pub(in super::super) fn guesses(values: &Value, app_version: &dyn Fn(&[String]) -> Option<String>) -> Vec<Guess> {
    let mut search = Search { path: vec![], in_list: false, found: vec![], app_version };
    search.look(values, 0);
    search.found
}

/// `global.imageRegistry` and the like: where it is set, it wins over every other.
pub(in super::super) fn global(values: &Value) -> Option<Redirect> {
    let global = values.get("global")?.as_object()?;
    let (key, registry) = ["imageRegistry", "registry"].into_iter().find_map(|key| Some((key, global.get(key)?.as_str()?)))?;
    let registry = registry.trim_end_matches('/');
    let value = Some(registry).filter(|registry| !registry.is_empty()).map(served)?;
    Some(Redirect { path: vec!["global".to_owned(), key.to_owned()], value })
}

/// The name under which the mirror serves what a registry has: a colon has no place in the name of a repository.
fn served(name: &str) -> String {
    match name.split_once('/') {
        Some((host, rest)) => format!("{}/{rest}", host.replace(':', "_")),
        None => name.replace(':', "_"),
    }
}

struct Search<'a> {
    path: Vec<String>,
    in_list: bool,
    found: Vec<Guess>,
    app_version: &'a dyn Fn(&[String]) -> Option<String>,
}

impl Search<'_> {
    fn look(&mut self, value: &Value, depth: usize) {
        if depth > DEEPEST || self.found.len() >= MOST {
            return;
        }
        match value {
            Value::Object(map) => {
                self.map(map);
                for (key, value) in map {
                    self.path.push(key.clone());
                    if let Value::String(text) = value {
                        self.text(key, text, map);
                    }
                    self.look(value, depth + 1);
                    self.path.pop();
                }
            }
            Value::Array(list) => {
                let before = std::mem::replace(&mut self.in_list, true);
                list.iter().for_each(|value| self.look(value, depth + 1));
                self.in_list = before;
            }
            _ => {}
        }
    }

    /// `{registry, repository, tag, digest}`, or `{name, tag}`.
    fn map(&mut self, map: &Map<String, Value>) {
        let named_image = self.path.last().is_some_and(|key| key.to_ascii_lowercase().contains("image"));
        let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
        let (key, repository) = match (text(map, "repository"), text(map, "name")) {
            (Some(repository), _) if named_image || has(&["tag", "registry", "digest", "pullPolicy", "sha"]) => ("repository", repository),
            (None, Some(name)) if map.contains_key("tag") && (named_image || name.contains('/')) => ("name", name),
            _ => return,
        };
        let registry = text(map, "registry");
        let name = registry.as_deref().map_or_else(|| repository.clone(), |r| format!("{}/{repository}", r.trim_end_matches('/')));
        let tag = text(map, "tag").or_else(|| (self.app_version)(&self.path));
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = text(map, "digest").map(|digest| format!("@{digest}")).unwrap_or_default();
        // A tag may be in the name already.
        let whole = if repository.contains(['@', ':']) { format!("{name}{digest}") } else { format!("{name}{tag}{digest}") };
        let Ok(reference) = Reference::parse(&whole) else { return };
        let (key, value) = match registry {
            Some(registry) => ("registry", served(registry.trim_end_matches('/'))),
            None => (key, served(&reference.name())),
        };
        self.add(reference, Some(key), value);
    }

    /// A text that is keyed `image`, or ends so; its tag may stand beside it.
    fn text(&mut self, key: &str, image: &str, beside: &Map<String, Value>) {
        let keyed = key == "image" || key.ends_with("Image") || key.ends_with("_image");
        if !keyed || image.contains("://") || image.contains("{{") || !(key == "image" || image.contains(['/', ':'])) {
            return;
        }
        let last = image.rsplit('/').next().unwrap_or_default();
        let tagged = last.contains([':', '@']);
        let sibling = [format!("{key}Tag"), format!("{key}_tag"), "tag".to_owned()].iter().find_map(|key| text(beside, key));
        let whole = match sibling {
            Some(tag) if !tagged => format!("{image}:{tag}"),
            _ => image.to_owned(),
        };
        let Ok(reference) = Reference::parse(&whole) else { return };
        let rest = if tagged { whole[whole.rfind(last).unwrap_or_default()..].find([':', '@']).map(|at| &last[at..]) } else { None };
        let value = format!("{}{}", served(&reference.name()), rest.unwrap_or_default());
        self.add(reference, None, value);
    }

    fn add(&mut self, reference: Reference, key: Option<&str>, value: String) {
        let place = self.path.join(".");
        let path: Vec<String> = self.path.iter().cloned().chain(key.map(str::to_owned)).collect();
        let redirect = (!self.in_list && !path.is_empty()).then_some(Redirect { path, value });
        self.found.push(Guess { place, reference, redirect });
    }
}

/// A text, or a number where people forgot the quotes.
fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    match map.get(key)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
