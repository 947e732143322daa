//! The same charts as registry clients read them. A chart of a registry keeps the manifest it came with, so that digest pins hold; for
//! one of a classic repository the manifest is made, the same each time.

use super::meta::{CHART, CONFIG, MANIFEST, Meta, PROVENANCE, provenance};
use super::metadata::clean;
use crate::artifact::{Artifact, Descriptor};
use crate::server::oci::{Repository, is_name};
use crate::store::Shelf;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The repositories of a shelf: `charts/<repository>/<name>`.
pub(super) fn repositories(shelf: &Shelf) -> BTreeMap<String, Repository> {
    let mut all: BTreeMap<String, Repository> = BTreeMap::new();
    for artifact in &shelf.artifacts {
        let Ok(meta) = Meta::of(artifact) else { continue };
        let name = format!("{}/{}", super::NAME, artifact.name);
        // Names with capital letters are no names of repositories: such a chart is had from the classic repository.
        if is_name(&name) {
            add(all.entry(name).or_default(), artifact, &meta);
        }
    }
    all
}

/// The tag of a version: `+` is not legal in one.
pub(super) fn tag(version: &str) -> String {
    version.replace('+', "_")
}

fn add(repository: &mut Repository, artifact: &Artifact, meta: &Meta) {
    artifact.descriptors.iter().for_each(|blob| repository.carry(blob));
    let root = meta.root().unwrap_or_else(|| {
        let config = Bytes::from(Value::Object(clean(&meta.chart)).to_string());
        let size = config.len();
        let digest = repository.make(CONFIG, config);
        let config = json!({ "mediaType": CONFIG, "digest": digest.to_string(), "size": size });
        repository.make(MANIFEST, Bytes::from(manifest(artifact, meta, &config).to_string()))
    });
    repository.tags.insert(tag(&artifact.version), root);
}

fn manifest(artifact: &Artifact, meta: &Meta, config: &Value) -> Value {
    let layer =
        |blob: &Descriptor, media_type: &str| json!({ "mediaType": media_type, "digest": blob.digest.to_string(), "size": blob.size });
    let archive = artifact.descriptors.first().map(|blob| layer(blob, CHART));
    let layers: Vec<Value> = archive.into_iter().chain(provenance(artifact).map(|blob| layer(blob, PROVENANCE))).collect();
    let mut annotations = json!({
        "org.opencontainers.image.title": meta.text("name"),
        "org.opencontainers.image.version": artifact.version,
    });
    for (key, value) in [("description", meta.text("description")), ("url", meta.text("home"))] {
        if let Some(value) = value {
            annotations[format!("org.opencontainers.image.{key}")] = value.into();
        }
    }
    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, "annotations": annotations })
}
