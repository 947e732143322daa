//! Repositories that the files of a repository name: code to load it with, the model an adapter belongs to, a tokenizer kept elsewhere.

use super::meta::{Reference, is_repo};
use serde_json::Value;

/// Longest file that is read for references, in bytes.
pub(super) const LONGEST: u64 = 16 << 20;

/// Where configurations name a repository that is loaded with theirs, and what for.
const PLACES: [(&str, &str); 10] = [
    ("/base_model_name_or_path", "base-model"),
    ("/tokenizer_name", "tokenizer"),
    ("/tokenizer_name_or_path", "tokenizer"),
    ("/speculators_config/verifier/name_or_path", "verifier"),
    // open_clip: a text tower of transformers, and whose tokenizer it takes.
    ("/model_cfg/text_cfg/hf_tokenizer_name", "tokenizer"),
    ("/model_cfg/text_cfg/hf_model_name", "text-model"),
    // LLaVA and its kin: the images' half stays a repository of its own.
    ("/mm_vision_tower", "vision-model"),
    // Ultravox: halves that are not in its own weights.
    ("/text_model_id", "text-model"),
    ("/audio_model_id", "audio-model"),
    ("/vision_model_id", "vision-model"),
];

/// The same in files of one name only, since elsewhere the key means something else: mlx and adapters; GLiNER.
const PLACES_IN: [(&str, &str, &str); 4] = [
    ("adapter_config.json", "/model", "base-model"),
    ("adapter_config.json", "/model_name", "base-model"),
    ("gliner_config.json", "/model_name", "text-model"),
    ("gliner_config.json", "/labels_encoder", "text-model"),
];

/// Whether a file may name other repositories.
pub(super) fn may_refer(path: &str) -> bool {
    let name = last(path);
    name == "config.json" || name.ends_with("_config.json") || name == "modules.json"
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The repositories that a file names, its own excepted; `None` where it cannot be read.
pub(super) fn references(own: &str, path: &str, content: &[u8]) -> Option<Vec<Reference>> {
    let value: Value = serde_json::from_slice(content).ok()?;
    let mut found = Vec::new();
    let mut add = |repo: &str, revision: Option<&str>, role: &str| {
        if is_repo(repo) && !repo.eq_ignore_ascii_case(own) {
            let (repo, revision) = (repo.to_owned(), revision.map(str::to_owned));
            found.push(Reference { repo, revision, role: role.to_owned(), file: path.to_owned(), carried: false });
        }
    };
    for (repo, _) in classes(&value).filter_map(|class| class.split_once("--")) {
        add(repo, value.get("code_revision").and_then(Value::as_str), "code");
    }
    let revision = value.get("revision").and_then(Value::as_str);
    let here = PLACES_IN.iter().filter(|(name, ..)| *name == last(path)).map(|(_, pointer, role)| (*pointer, *role));
    for (pointer, role) in PLACES.into_iter().chain(here) {
        // Towers that are code of their own go by one word.
        let named = value.pointer(pointer).and_then(Value::as_str).filter(|repo| role != "vision-model" || repo.contains('/'));
        if let Some(repo) = named {
            add(repo, revision.filter(|_| role == "base-model"), role);
        }
    }
    if let Some(repo) = backbone(&value) {
        add(repo, None, "backbone");
    }
    found.sort();
    found.dedup();
    Some(found)
}

/// Classes of code: those of `auto_map`, and those of the modules of sentence-transformers.
fn classes(value: &Value) -> impl Iterator<Item = &str> {
    let map = value.get("auto_map").and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    let map = map.flat_map(|class| class.as_array().map_or(std::slice::from_ref(class), Vec::as_slice));
    let modules = value.as_array().into_iter().flatten().filter_map(|module| module.get("type"));
    map.chain(modules).filter_map(Value::as_str)
}

/// The backbone of a model of images, where it is another repository's and its weights are taken from there.
fn backbone(value: &Value) -> Option<&str> {
    let said = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let named = value.get("backbone").and_then(Value::as_str).filter(|repo| repo.contains('/'));
    named.filter(|_| said("use_pretrained_backbone") && !said("use_timm_backbone"))
}
