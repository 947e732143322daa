//! What registry clients read: every commit of a repository as a ModelPack of the CNCF model specification, and what came from a
//! registry as it was there.
//!
//! The layers of a made ModelPack are `raw`: the files themselves, so that one blob serves the hub's clients and the registry's. Manifest
//! and configuration are made from the lock alone, by structs with a fixed order: the same lock gives the same digests everywhere.

use super::carried::{Carried, Role};
use super::catalog::{Catalog, Commit, Repo};
use super::document::is_large;
use super::meta::Kind;
use crate::artifact::{Descriptor, Digest};
use crate::server::oci::{MANIFEST, Referrer, Repository, is_name, served_name};
use crate::store::Shelf;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

const ARTIFACT_TYPE: &str = "application/vnd.cncf.model.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.cncf.model.config.v1+json";
/// Longest manifest or configuration that is made, in bytes: registries need not take, and clients need not read, a longer one
/// (distribution specification, "Pushing Manifests").
const MOST: usize = 4 << 20;
/// Digits of a commit that make a tag.
const SHORT: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    artifact_type: &'static str,
    config: Layer,
    layers: Vec<Layer>,
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Config {
    descriptor: About,
    config: Technical,
    modelfs: Files,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<String>,
    name: String,
    revision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Technical {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param_size: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Files {
    r#type: &'static str,
    diff_ids: Vec<String>,
}

/// The repositories of a shelf by the name they are served under.
pub(super) fn repositories(shelf: &Shelf) -> BTreeMap<String, Repository> {
    let (mut all, mut owners) = (BTreeMap::new(), BTreeMap::new());
    let catalog = Catalog::new(shelf);
    for (kind, id, why) in catalog.faults() {
        if let Some(name) = name(kind, id) {
            let served: &mut Repository = all.entry(name).or_default();
            served.fault = Some(why.to_owned());
        }
    }
    for repo in catalog.repos() {
        let Some(name) = name(repo.kind, &repo.id) else { continue };
        let owner = owners.entry(name.clone()).or_insert_with(|| repo.id.clone());
        let served: &mut Repository = all.entry(name).or_default();
        if *owner == repo.id {
            make(served, repo);
        } else {
            // Registries know no capitals: neither is served for the other.
            *served = Repository::default();
            served.fault = Some(format!("{owner} and {} would have one name here", repo.id));
        }
    }
    for artifact in shelf.artifacts.iter().filter(|artifact| Carried::is_of(artifact)) {
        let name = served_name(&artifact.name);
        let served = all.entry(name.clone()).or_default();
        served.aliases.insert(format!("{}/{name}", super::NAME));
        match Carried::of(artifact) {
            Ok(meta) => {
                artifact.descriptors.iter().for_each(|blob| served.carry(blob));
                let Some(root) = artifact.descriptors.first() else { continue };
                if let (Some(subject), Some(Role::Referrer)) = (artifact.subject, meta.beside) {
                    let (media_type, size, artifact_type) = (root.media_type.clone(), root.size, meta.artifact_type);
                    served.refer(subject, root.digest, Referrer { media_type, size, artifact_type });
                }
                served.tags.extend(meta.tag.map(|tag| (tag, root.digest)));
            }
            Err(error) => served.fault = Some(error.message().to_owned()),
        }
    }
    all
}

/// `models/owner/name` in the grammar of registries: lower case, and separators that stand alone.
fn name(kind: Kind, id: &str) -> Option<String> {
    let path: Vec<String> = id.split('/').map(component).collect();
    Some(format!("{}/{}{}", super::NAME, kind.prefix(), path.join("/"))).filter(|name| is_name(name))
}

fn component(text: &str) -> String {
    let (mut out, mut between) = (String::new(), String::new());
    for c in text.to_ascii_lowercase().chars() {
        if !c.is_ascii_alphanumeric() {
            between.push(c);
            continue;
        }
        let legal = matches!(&*between, "" | "." | "_" | "__") || between.chars().all(|c| c == '-');
        if !out.is_empty() {
            out.push_str(if legal { &between } else { "-" });
        }
        between.clear();
        out.push(c);
    }
    out
}

fn make(served: &mut Repository, repo: &Repo) {
    let mut roots = BTreeMap::new();
    for (hash, commit) in &repo.commits {
        let Some(root) = made(served, repo, hash, commit) else {
            let files = commit.files.len();
            served.fault = Some(format!("commit {hash} of {} has {files} files: its manifest would be longer than {MOST} bytes", repo.id));
            continue;
        };
        roots.insert(hash.as_str(), root);
        served.blobs.extend(commit.files.values().map(|file| file.blob.digest));
    }
    let main = repo.commit("main").map(|(hash, _)| ("main", hash));
    let named = repo.revisions.iter().map(|(revision, hash)| (revision.as_str(), hash.as_str()));
    let short = repo.commits.keys().flat_map(|hash| [(&hash[..SHORT], hash.as_str()), (hash.as_str(), hash.as_str())]);
    for (tag, hash) in named.chain(main).chain(short) {
        if let (Some(tag), Some(root)) = (as_tag(tag), roots.get(hash)) {
            served.tags.entry(tag).or_insert(*root);
        }
    }
}

/// A revision in the grammar of tags: `refs/pr/3` is `refs-pr-3`.
fn as_tag(revision: &str) -> Option<String> {
    let legal = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let tag: String = revision.chars().map(legal).collect();
    (tag.len() <= 128 && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')).then_some(tag)
}

/// Makes configuration and manifest of a commit, where neither grows too long.
fn made(served: &mut Repository, repo: &Repo, hash: &str, commit: &Commit) -> Option<Digest> {
    let config = json(&config(repo, hash, commit))?;
    let (media_type, size, digest) = (CONFIG_TYPE.to_owned(), config.len() as u64, Digest::of(&config).to_string());
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        artifact_type: ARTIFACT_TYPE,
        config: Layer { media_type, digest, size, annotations: BTreeMap::new() },
        layers: commit.files.iter().map(|(path, file)| layer(repo.kind, path, &file.blob)).collect(),
        annotations: BTreeMap::from([
            ("org.opencontainers.image.revision", hash.to_owned()),
            ("org.opencontainers.image.title", repo.id.clone()),
        ]),
    };
    let manifest = json(&manifest)?;
    served.make(CONFIG_TYPE, config);
    Some(served.make(MANIFEST, manifest))
}

/// A document, unless it grows too long.
fn json(value: &impl Serialize) -> Option<Bytes> {
    let bytes = serde_json::to_vec(value).expect("structs with string keys become JSON");
    (bytes.len() <= MOST).then(|| Bytes::from(bytes))
}

fn config(repo: &Repo, hash: &str, commit: &Commit) -> Config {
    let card = &commit.meta.card;
    let parameters: u64 = card.parameters.values().fold(0, |sum, n| sum.saturating_add(*n));
    let format =
        commit.meta.looked.as_ref().and_then(|looked| looked.formats.iter().find(|f| matches!(f.as_str(), "safetensors" | "gguf")));
    Config {
        descriptor: About {
            licenses: card.licences().collect(),
            name: repo.id.clone(),
            revision: hash.to_owned(),
            vendor: repo.id.split_once('/').map(|(owner, _)| owner.to_owned()),
            version: hash.to_owned(),
        },
        config: Technical { format: format.cloned(), param_size: (parameters > 0).then(|| scaled(parameters)) },
        modelfs: Files { r#type: "layers", diff_ids: commit.files.values().map(|file| file.blob.digest.to_string()).collect() },
    }
}

/// A number of parameters as the specification writes it: `6.7b`.
fn scaled(parameters: u64) -> String {
    let scales = [(1e15, "q"), (1e12, "t"), (1e9, "b"), (1e6, "m")];
    let (scale, letter) = scales.into_iter().find(|(scale, _)| parameters as f64 >= *scale).unwrap_or((1e3, "k"));
    let text = format!("{:.1}", parameters as f64 / scale);
    format!("{}{letter}", text.strip_suffix(".0").unwrap_or(&text))
}

fn layer(kind: Kind, path: &str, blob: &Descriptor) -> Layer {
    let annotations = BTreeMap::from([("org.cncf.model.filepath", path.to_owned()), ("org.opencontainers.image.title", path.to_owned())]);
    let media_type = format!("application/vnd.cncf.model.{}.v1.raw", sort(kind, path, blob));
    Layer { media_type, digest: blob.digest.to_string(), size: blob.size, annotations }
}

/// What a file is to a model, by its name: the specification knows five sorts.
fn sort(kind: Kind, path: &str, blob: &Descriptor) -> &'static str {
    let extension = Path::new(path).extension().and_then(|x| x.to_str()).unwrap_or_default().to_ascii_lowercase();
    let stem = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    match &*extension {
        "md" | "pdf" | "rst" => "doc",
        _ if ["license", "licence", "notice", "readme"].iter().any(|word| stem.starts_with(word)) => "doc",
        "py" | "ipynb" | "sh" => "code",
        _ if kind == Kind::Dataset => "dataset",
        "safetensors" | "bin" | "gguf" | "pt" | "pth" | "ckpt" | "onnx" | "h5" | "msgpack" | "ot" | "tflite" | "pkl" | "npz" => "weight",
        "json" | "yaml" | "yml" | "txt" | "model" | "jinja" => "weight.config",
        _ if is_large(blob) => "weight",
        _ => "weight.config",
    }
}
