//! A hub on loopback: accounts, trees and files of made-up repositories, as the protocol has them.

use crate::images::registry::{Answer, Asked, Registry};
use airlift::artifact::Digest;
use serde_json::{Value, json};
use std::process::Command;

/// The hub.
pub struct Hub {
    pub server: Registry,
}

/// One file of a repository.
#[derive(Clone)]
pub struct File {
    pub path: &'static str,
    pub bytes: Vec<u8>,
    pub large: bool,
}

/// A file that git holds.
pub fn small(path: &'static str, bytes: impl Into<Vec<u8>>) -> File {
    File { path, bytes: bytes.into(), large: false }
}

/// A file whose pointer git holds.
pub fn large(path: &'static str, bytes: impl Into<Vec<u8>>) -> File {
    File { path, bytes: bytes.into(), large: true }
}

/// The pointer of a large file, as git-lfs writes it.
pub fn pointer(bytes: &[u8]) -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid {}\nsize {}\n", Digest::of(bytes), bytes.len())
}

/// What git itself calls a blob.
pub fn git_name(bytes: &[u8]) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("f"), bytes).unwrap();
    let output = Command::new("git").args(["hash-object", "--no-filters", "f"]).current_dir(folder.path()).output().expect("git runs");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A commit's made-up name.
pub fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

impl Hub {
    pub fn start() -> Self {
        Self { server: Registry::start() }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.server.host)
    }

    /// A repository at `main`; `kind` is `models` or `datasets`.
    pub fn repo(&self, kind: &str, id: &str, commit: &str, files: &[File]) {
        self.revision(kind, id, "main", commit);
        self.revision(kind, id, commit, commit);
        self.json(&format!("/api/{kind}/{id}/tree/{commit}"), &files.iter().map(entry).collect());
        let prefix = if kind == "models" { String::new() } else { format!("{kind}/") };
        for file in files {
            self.server.put(format!("/{prefix}{id}/resolve/{commit}/{}", file.path), "application/octet-stream", &file.bytes);
        }
    }

    /// What a revision is.
    pub fn revision(&self, kind: &str, id: &str, revision: &str, commit: &str) {
        let account = json!({
            "id": id, "sha": commit, "gated": false, "downloads": 7, "pipeline_tag": "text-generation",
            "cardData": { "license": "mit", "base_model": "acme/base", "tags": ["air"], "score": 0.5 },
            "safetensors": { "parameters": { "F32": 1000 }, "total": 1000 },
        });
        self.json(&format!("/api/{kind}/{id}/revision/{revision}"), &account);
    }

    pub fn json(&self, path: &str, value: &Value) {
        self.server.put(path.to_owned(), "application/json", value.to_string().as_bytes());
    }

    /// Another answer for a path.
    pub fn answer(&self, path: &str, answer: Answer) {
        let path = path.to_owned();
        self.server.rule(move |asked: &Asked| (asked.path == path).then(|| answer.clone()));
    }
}

/// A file as a tree lists it.
pub fn entry(file: &File) -> Value {
    let mut entry = json!({ "type": "file", "path": file.path, "size": file.bytes.len(), "oid": git_name(&file.bytes) });
    if file.large {
        let pointer = pointer(&file.bytes);
        entry["oid"] = git_name(pointer.as_bytes()).into();
        entry["lfs"] = json!({ "oid": Digest::of(&file.bytes).hex(), "size": file.bytes.len(), "pointerSize": pointer.len() });
        entry["xetHash"] = "0".repeat(64).into();
    }
    entry
}

/// A model with code-free configuration, tokenizer and weights; two of its files are the same.
pub fn tiny() -> Vec<File> {
    vec![
        small(".gitattributes", "*.safetensors filter=lfs\n"),
        small("README.md", "---\nlicense: mit\n---\n# tiny\n"),
        small("config.json", r#"{"model_type":"bert"}"#),
        small("copy/config.json", r#"{"model_type":"bert"}"#),
        large("model.safetensors", crate::world::noise(300_000, 3)),
        large("onnx/model.onnx", crate::world::noise(50_000, 4)),
    ]
}
