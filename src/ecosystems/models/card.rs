//! What the hub read from a model card, cleaned for the lock.

use super::front_matter;
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

/// What the card of a repository declares that no hub has read: of the head of its README.
pub(super) fn of_file(text: &str) -> Card {
    let one = |key: &str| front_matter::list(text, key).into_iter().next().as_deref().and_then(clean);
    let all = |key: &str| front_matter::list(text, key).iter().filter_map(|entry| clean(entry)).take(MOST).collect();
    Card {
        licences: all("license"),
        licence_name: one("license_name"),
        base_models: all("base_model"),
        library: one("library_name"),
        pipeline: one("pipeline_tag"),
        tags: all("tags"),
        ..Card::default()
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

#[cfg(test)]
mod tests {
    use super::of_file;

    #[test]
    fn a_readme_declares_what_a_hub_would_have_read() {
        let card = of_file("---\nlicense: apache-2.0\nbase_model:\n- acme/base\npipeline_tag: text-generation\n---\n# A model\n");
        assert_eq!(card.licences().collect::<Vec<_>>(), ["apache-2.0"]);
        assert_eq!((card.base_models, card.pipeline.as_deref()), (vec!["acme/base".to_owned()], Some("text-generation")));
        let own = of_file("---\nlicense: other\nlicense_name: acme-terms\n---\n");
        assert_eq!(own.licences().collect::<Vec<_>>(), ["acme-terms"]);
        assert_eq!(of_file("# A model\nlicense: mit\n"), super::Card::default());
    }
}
