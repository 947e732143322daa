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
            let apart = split(map);
            let below = map.iter().filter(|(key, _)| apart.is_none() || *key != "image");
            below.for_each(|(key, value)| look(value, key, depth + 1, seen));
            seen.images.extend(apart);
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
        // The source of a volume (Kubernetes 1.31), below `image`; lists of images that something pulls ahead.
        Value::String(text) if (key == "reference" || key.strip_suffix('s') == Some("image")) && is_obvious(text) => {
            seen.images.push(text.clone());
        }
        Value::String(text) => mentions(text, seen),
        _ => {}
    }
}

/// An environment variable that tells an operator which image to start.
fn variable(map: &Map<String, Value>, seen: &mut Seen) -> bool {
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let (Some(name), Some(value)) = (text("name"), text("value")) else { return false };
    let tells = name.starts_with("RELATED_IMAGE_")
        || name.ends_with("_IMAGE") && is_plausible(value, "variable")
        || (name == "IMAGE" || name.ends_with("_IMAGE_NAME")) && is_obvious(value);
    if tells && !value.is_empty() {
        seen.images.push(value.trim().to_owned());
    }
    tells
}

/// `image`, `baseImage`, `initImage`, `container_image`, and `imageName` and its kind of custom resources.
fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image") || key.ends_with("_image") || matches!(key, "imageName" | "imageRef" | "imageURL" | "imageUrl")
}

/// What tells that a text is a picture for people.
const PICTURES: [&str; 6] = [".png", ".svg", ".jpg", ".jpeg", ".gif", ".ico"];

/// `image` itself always names one, or what is wrong with it is told; a key that only ends so may hold a switch or a word.
fn is_plausible(text: &str, key: &str) -> bool {
    let text = text.trim();
    let picture =
        text.starts_with('/') || text.starts_with("data:") || PICTURES.iter().any(|ending| text.to_ascii_lowercase().ends_with(ending));
    let reads = text.contains(['/', ':']) && !text.contains("://") && !text.contains(char::is_whitespace) && !picture;
    !text.is_empty() && (key == "image" || reads)
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

/// `{repository, image, version}`, as operators of accelerators have it: the place and the image's own name apart from each other.
fn split(map: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (image, place) = (text("image")?, text("repository").or_else(|| text("registry"))?);
    let hosted = image.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
    if hosted || place.contains("://") {
        return None;
    }
    let tag = text("version").or_else(|| text("tag")).filter(|_| !image.contains([':', '@']));
    let tag = tag.map(|tag| if tag.starts_with("sha256:") { format!("@{tag}") } else { format!(":{tag}") }).unwrap_or_default();
    Some(format!("{}/{image}{tag}", place.trim_end_matches('/')))
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
