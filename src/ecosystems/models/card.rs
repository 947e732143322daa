//! What the hub read from a model card, cleaned for the lock.

use super::hub::Account;
use super::meta::Card;
use super::words::{MOST, clean, text, texts};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn read(account: &Account) -> Card {
    let field = |name: &str| account.card.get(name).unwrap_or(&Value::Null);
    Card {
        licences: texts(field("license")),
        licence_name: text(field("license_name")),
        licence_link: text(field("license_link")),
        base_models: texts(field("base_model")),
        library: account.library_name.as_deref().or(field("library_name").as_str()).and_then(clean),
        pipeline: account.pipeline_tag.as_deref().or(field("pipeline_tag").as_str()).and_then(clean),
        tags: texts(field("tags")),
        parameters: parameters(account),
        architecture: account.gguf.get("architecture").and_then(text),
        context_length: account.gguf.get("context_length").and_then(number),
    }
}

/// What was counted in tensors; where there are none, in GGUF files.
fn parameters(account: &Account) -> BTreeMap<String, u64> {
    let kinds = account.safetensors.get("parameters").and_then(Value::as_object).into_iter().flatten();
    let counted: BTreeMap<String, u64> = kinds.filter_map(|(kind, n)| Some((clean(kind)?, number(n)?))).take(MOST).collect();
    if counted.is_empty() {
        account.gguf.get("total").and_then(number).map(|n| ("GGUF".to_owned(), n)).into_iter().collect()
    } else {
        counted
    }
}

/// A count that JSON's readers agree about.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|n| *n < 1 << 53)
}
