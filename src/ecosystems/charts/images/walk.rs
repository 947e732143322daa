//! Rendered documents: where Kubernetes and the custom resources of operators name images, and what only looks like one.

use super::reference::is_obvious;
use serde_json::{Map, Value};

/// Deepest nesting that is looked at.
const DEEPEST: usize = 128;
/// Longest text that is searched for references, in bytes.
const LONGEST_TEXT: usize = 1 << 20;

/// What was found in one document.
#[derive(Debug, Default)]
pub(in super::super) struct Seen {
    /// Texts in places of images: a container's `image`, a custom resource's `…Image`, an operator's `RELATED_IMAGE_…`.
    pub images: Vec<String>,
    /// Texts elsewhere that look like a reference: arguments, configuration files.
    pub mentions: Vec<String>,
}

/// Looks through a document. A definition of custom resources names no image, though its examples may.
pub(in super::super) fn walk(document: &Value, seen: &mut Seen) {
    if document.get("kind").and_then(Value::as_str) != Some("CustomResourceDefinition") {
        look(document, "", 0, seen);
    }
}

fn look(value: &Value, key: &str, depth: usize, seen: &mut Seen) {
    match value {
        _ if depth > DEEPEST => {}
        Value::Object(map) => {
            if variable(map, seen) {
                return;
            }
            if is_image_key(key) {
                seen.images.extend(composed(map));
            }
            map.iter().for_each(|(key, value)| look(value, key, depth + 1, seen));
        }
        Value::Array(list) => {
            if key == "containers" || key.ends_with("Containers") {
                // A container without an image is no container: what was meant is not known.
                let nameless = list.iter().filter(|c| c.is_object() && c.get("image").is_none_or(|i| i.as_str().is_none_or(str::is_empty)));
                seen.images.extend(nameless.map(|_| String::new()));
            }
            list.iter().for_each(|value| look(value, key, depth + 1, seen));
        }
        Value::String(text) if is_image_key(key) && is_plausible(text, key) => seen.images.push(text.trim().to_owned()),
        // The source of a volume (Kubernetes 1.31), below `image`.
        Value::String(text) if key == "reference" && is_obvious(text) => seen.images.push(text.clone()),
        Value::String(text) => mentions(text, seen),
        _ => {}
    }
}

/// An environment variable that tells an operator which image to start.
fn variable(map: &Map<String, Value>, seen: &mut Seen) -> bool {
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let (Some(name), Some(value)) = (text("name"), text("value")) else { return false };
    let tells = name.starts_with("RELATED_IMAGE_") || name.ends_with("_IMAGE") && is_plausible(value, "variable");
    if tells && !value.is_empty() {
        seen.images.push(value.trim().to_owned());
    }
    tells
}

/// `image`, `baseImage`, `initImage`, `container_image`.
fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image") || key.ends_with("_image")
}

/// `image` itself always names one; a key that only ends so may hold a switch or a word.
fn is_plausible(text: &str, key: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && (key == "image" || text.contains(['/', ':'])) && !text.contains("://") && !text.contains(char::is_whitespace)
}

/// An image in parts, as some custom resources have it.
fn composed(map: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let repository = text("repository").or_else(|| text("name").filter(|_| map.contains_key("tag")))?;
    let registry = text("registry").map(|registry| format!("{registry}/")).unwrap_or_default();
    let tag = map.get("tag").filter(|tag| !tag.is_null()).map(|tag| tag.as_str().map_or_else(|| tag.to_string(), str::to_owned));
    let tag = tag.filter(|tag| !tag.is_empty()).map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = text("digest").map(|digest| format!("@{digest}")).unwrap_or_default();
    Some(format!("{registry}{repository}{tag}{digest}"))
}

/// References within a text: an argument, a script, a configuration file.
fn mentions(text: &str, seen: &mut Seen) {
    if text.len() > LONGEST_TEXT || !text.contains('/') {
        return;
    }
    let end = |c: char| c.is_whitespace() || "\"'`=,;()[]{}<>|\\".contains(c);
    for word in text.split(end).filter(|word| word.contains('/') && word.contains([':', '@'])) {
        let word = word.trim_end_matches(['.', ':']);
        if is_obvious(word) {
            seen.mentions.push(word.to_owned());
        }
    }
}
