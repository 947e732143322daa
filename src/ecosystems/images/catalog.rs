//! What a shelf holds, by repository: made once when a shelf is opened, so that a request is a few lookups.

use super::address::{candidates, served_name};
use super::document::{Document, MOST_BYTES, is_manifest};
use super::meta::{Meta, Role};
use crate::artifact::percent_encoded as segment;
use crate::artifact::{Artifact, Blobs, Digest};
use crate::store::Shelf;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::{Arc, OnceLock};

/// Longest annotations of a referrer that are listed, in bytes; longer ones are left out of the list, not out of the manifest.
const MOST_ANNOTATION_BYTES: usize = 64 << 10;

/// The content of a shelf.
pub(super) struct Catalog {
    /// Repositories by the name they are served under.
    pub repositories: BTreeMap<String, Repository>,
    /// The bytes.
    pub blobs: Arc<dyn Blobs>,
    /// The path of the registry as clients see it, for links: `/v2`, or below the room for a view that is not the latest.
    pub base: String,
}

/// One repository: nothing is served under it that is not its own.
#[derive(Default)]
pub(super) struct Repository {
    /// Tags; of two bundles the newer one decides.
    pub tags: BTreeMap<String, Digest>,
    /// Manifests with their media types.
    pub manifests: BTreeMap<Digest, String>,
    /// All other blobs.
    pub blobs: BTreeSet<Digest>,
    /// Referrers by subject.
    pub referrers: BTreeMap<Digest, Subject>,
    /// Why part of the repository cannot be served, when its entry in the lock is not sound.
    pub fault: Option<String>,
}

/// What refers to one manifest.
#[derive(Default)]
pub(super) struct Subject {
    roots: BTreeMap<Digest, Root>,
    listed: OnceLock<Vec<Listed>>,
}

struct Root {
    media_type: String,
    size: u64,
    kind: Option<String>,
}

/// A line of a referrers list (distribution specification, "Listing Referrers").
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    media_type: String,
    digest: String,
    size: u64,
    /// The kind a client may filter by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl Catalog {
    /// Reads a shelf; no blob is opened.
    pub(super) fn new(shelf: &Shelf) -> Self {
        let base = if shelf.view == "latest" { "/v2".to_owned() } else { format!("/{}/{}/v2", super::NAME, segment(&shelf.view)) };
        let mut catalog = Self { repositories: BTreeMap::new(), blobs: shelf.blobs.clone(), base };
        for artifact in &shelf.artifacts {
            let repository = catalog.repositories.entry(served_name(&artifact.name)).or_default();
            match Meta::of(artifact) {
                Ok(meta) => repository.add(artifact, &meta),
                Err(error) => repository.fault = Some(error.message().to_owned()),
            }
        }
        catalog
    }

    /// The repository a request means, and whether there is one.
    pub(super) fn find(&self, name: &str, namespace: Option<&str>) -> Option<&Repository> {
        candidates(name, namespace).iter().find_map(|name| self.repositories.get(name))
    }
}

impl Repository {
    fn add(&mut self, artifact: &Artifact, meta: &Meta) {
        for blob in &artifact.descriptors {
            if is_manifest(&blob.media_type) {
                self.manifests.insert(blob.digest, blob.media_type.clone());
            } else {
                self.blobs.insert(blob.digest);
            }
        }
        let Some(root) = artifact.descriptors.first() else { return };
        if let Some(tag) = &meta.tag {
            self.tags.insert(tag.clone(), root.digest);
        }
        if let (Some(subject), Role::Referrer | Role::Image) = (artifact.subject, meta.role) {
            let kind = meta.artifact_type.clone();
            let root_entry = Root { media_type: root.media_type.clone(), size: root.size, kind };
            self.referrers.entry(subject).or_default().roots.insert(root.digest, root_entry);
        }
    }

    /// The digest a tag or digest stands for, when it is a manifest of this repository.
    pub(super) fn manifest(&self, reference: &str) -> Option<(Digest, &str)> {
        let digest = if reference.contains(':') { reference.parse().ok()? } else { *self.tags.get(reference)? };
        self.manifests.get(&digest).map(|media_type| (digest, media_type.as_str()))
    }
}

impl Subject {
    /// The list, with annotations from the referrers' own manifests; reads those once, and does without where one cannot be read.
    pub(super) fn listed(&self, blobs: &dyn Blobs) -> &[Listed] {
        self.listed.get_or_init(|| self.roots.iter().map(|(digest, root)| root.listed(*digest, blobs)).collect())
    }
}

impl Root {
    fn listed(&self, digest: Digest, blobs: &dyn Blobs) -> Listed {
        let document = read(digest, blobs).and_then(|bytes| Document::parse(&bytes, &self.media_type).ok());
        let annotations = document.map(|document| document.annotations).unwrap_or_default();
        let length: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
        Listed {
            media_type: self.media_type.clone(),
            digest: digest.to_string(),
            size: self.size,
            artifact_type: self.kind.clone(),
            annotations: if length <= MOST_ANNOTATION_BYTES { annotations } else { BTreeMap::new() },
        }
    }
}

/// A manifest's bytes, when they are at hand and not too many.
pub(super) fn read(digest: Digest, blobs: &dyn Blobs) -> Option<Vec<u8>> {
    let blob = blobs.open(&digest).ok()??;
    let mut bytes = Vec::new();
    blob.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= MOST_BYTES && Digest::of(&bytes) == digest).then_some(bytes)
}
