//! Repositories that the files of a repository name: code to load it with, the model an adapter belongs to, a tokenizer kept elsewhere.

use super::meta::{Reference, is_repo};
use serde_json::Value;

/// Longest file that is read for references, in bytes.
pub(super) const LONGEST: u64 = 16 << 20;

/// Whether a file may name other repositories.
pub(super) fn may_refer(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "config.json" || name.ends_with("_config.json")
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
    let classes = value.get("auto_map").and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    for class in classes.flat_map(|class| class.as_array().map_or(std::slice::from_ref(class), Vec::as_slice)) {
        if let Some((repo, _)) = class.as_str().and_then(|class| class.split_once("--")) {
            add(repo, value.get("code_revision").and_then(Value::as_str), "code");
        }
    }
    let revision = value.get("revision").and_then(Value::as_str);
    for (pointer, role) in [
        ("/base_model_name_or_path", "base-model"),
        ("/tokenizer_name", "tokenizer"),
        ("/tokenizer_name_or_path", "tokenizer"),
        ("/speculators_config/verifier/name_or_path", "verifier"),
    ] {
        if let Some(repo) = value.pointer(pointer).and_then(Value::as_str) {
            add(repo, revision.filter(|_| role == "base-model"), role);
        }
    }
    found.sort();
    found.dedup();
    Some(found)
}
