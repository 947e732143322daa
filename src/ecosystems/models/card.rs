//! What the hub read from a model card, cleaned for the lock.

use super::hub::Account;
use super::meta::Card;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most entries of a list, and most characters of a text, that are kept.
const MOST: usize = 500;

pub(super) fn read(account: &Account) -> Card {
    let field = |name: &str| account.card.get(name).unwrap_or(&Value::Null);
    Card {
        licences: texts(field("license")),
        licence_name: text(field("license_name")),
        licence_link: text(field("license_link")),
        base_models: texts(field("base_model")),
        library: account.library_name.as_deref().or(field("library_name").as_str()).map(clean),
        pipeline: account.pipeline_tag.as_deref().or(field("pipeline_tag").as_str()).map(clean),
        tags: texts(field("tags")),
        parameters: parameters(&account.safetensors),
    }
}

fn parameters(counted: &Value) -> BTreeMap<String, u64> {
    let kinds = counted.get("parameters").and_then(Value::as_object).into_iter().flatten();
    kinds.filter_map(|(kind, n)| Some((clean(kind), n.as_u64().filter(|n| *n < 1 << 53)?))).take(MOST).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(clean)
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    all.iter().filter_map(text).take(MOST).collect()
}

/// One line without control characters: it is shown, and stands in a signed document.
fn clean(text: &str) -> String {
    crate::error::plain(text).replace('\n', " ").trim().chars().take(MOST).collect()
}
