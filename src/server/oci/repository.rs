//! One repository as it is served, and the lists of what refers to its manifests.

use super::document::{Document, is_manifest, read};
use crate::artifact::{Blobs, Descriptor, Digest};
use bytes::Bytes;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Longest annotations of a referrer that are listed, in bytes; longer ones are left out of the list, not out of the manifest.
const MOST_ANNOTATION_BYTES: usize = 64 << 10;

/// One repository: nothing is served under it that is not its own.
#[derive(Debug, Default)]
pub struct Repository {
    /// Tags; of two bundles the newer one decides.
    pub tags: BTreeMap<String, Digest>,
    /// Manifests with their media types.
    pub manifests: BTreeMap<Digest, String>,
    /// All other blobs.
    pub blobs: BTreeSet<Digest>,
    /// Small documents that no store holds: manifests and configurations that are made from what a lock says.
    pub made: BTreeMap<Digest, Bytes>,
    /// Other full names of it.
    pub aliases: BTreeSet<String>,
    /// Its names without the registry, for clients that know one registry only.
    pub short: BTreeSet<String>,
    /// Why part of the repository cannot be served, when its entry in the lock is not sound.
    pub fault: Option<String>,
    referrers: BTreeMap<Digest, Subject>,
    /// Tags and digests that two rooms disagreed about: no third one decides.
    disputed: BTreeSet<String>,
}

/// A manifest that refers to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its kind, as lists show it.
    pub artifact_type: Option<String>,
}

/// What refers to one manifest.
#[derive(Debug, Default)]
pub(super) struct Subject {
    roots: BTreeMap<Digest, Referrer>,
    listed: OnceLock<Vec<Listed>>,
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

impl Repository {
    /// Adds a blob of the store: as a manifest, where its media type says that it is one.
    pub fn carry(&mut self, blob: &Descriptor) {
        if is_manifest(&blob.media_type) {
            self.manifests.insert(blob.digest, blob.media_type.clone());
        } else {
            self.blobs.insert(blob.digest);
        }
    }

    /// Adds a document that no store holds, and tells its digest.
    pub fn make(&mut self, media_type: &str, bytes: Bytes) -> Digest {
        let digest = Digest::of(&bytes);
        if is_manifest(media_type) {
            self.manifests.insert(digest, media_type.to_owned());
        } else {
            self.blobs.insert(digest);
        }
        self.made.insert(digest, bytes);
        digest
    }

    /// Lists a manifest among those that refer to a subject.
    pub fn refer(&mut self, subject: Digest, digest: Digest, referrer: Referrer) {
        self.referrers.entry(subject).or_default().roots.insert(digest, referrer);
    }

    /// Takes in what another room has under the same name. What the two disagree about is served from neither.
    pub(super) fn merge(&mut self, other: Self) {
        let conflict = |what: &str| format!("two parts of this mirror hold different things under {what}: neither is served");
        for (tag, digest) in other.tags {
            if self.disputed.contains(&tag) {
                continue;
            }
            if *self.tags.entry(tag.clone()).or_insert(digest) != digest {
                self.fault = Some(conflict(&format!("the tag {tag}")));
                self.tags.remove(&tag);
                self.disputed.insert(tag);
            }
        }
        for (digest, media_type) in other.manifests {
            let name = digest.to_string();
            if self.disputed.contains(&name) {
                continue;
            }
            if *self.manifests.entry(digest).or_insert_with(|| media_type.clone()) != media_type {
                self.fault = Some(conflict(&name));
                self.manifests.remove(&digest);
                self.disputed.insert(name);
            }
        }
        self.blobs.extend(other.blobs);
        self.made.extend(other.made);
        self.aliases.extend(other.aliases);
        self.short.extend(other.short);
        self.fault = self.fault.take().or(other.fault);
        for (subject, found) in other.referrers {
            self.referrers.entry(subject).or_default().roots.extend(found.roots);
        }
    }

    /// The digest a tag or digest stands for, when it is a manifest of this repository.
    pub(super) fn manifest(&self, reference: &str) -> Option<(Digest, &str)> {
        let digest = if reference.contains(':') { reference.parse().ok()? } else { *self.tags.get(reference)? };
        self.manifests.get(&digest).map(|media_type| (digest, media_type.as_str()))
    }

    /// What refers to a manifest.
    pub(super) fn referrers(&self, subject: &Digest) -> Option<&Subject> {
        self.referrers.get(subject)
    }
}

impl Subject {
    /// The list, with annotations from the referrers' own manifests; reads those once, and does without where one cannot be read.
    pub(super) fn listed(&self, blobs: &dyn Blobs) -> &[Listed] {
        self.listed.get_or_init(|| self.roots.iter().map(|(digest, root)| root.listed(*digest, blobs)).collect())
    }
}

impl Referrer {
    fn listed(&self, digest: Digest, blobs: &dyn Blobs) -> Listed {
        let document = read(digest, blobs).and_then(|bytes| Document::parse(&bytes, &self.media_type).ok());
        let annotations = document.map(|document| document.annotations).unwrap_or_default();
        let length: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
        Listed {
            media_type: self.media_type.clone(),
            digest: digest.to_string(),
            size: self.size,
            artifact_type: self.artifact_type.clone(),
            annotations: if length <= MOST_ANNOTATION_BYTES { annotations } else { BTreeMap::new() },
        }
    }
}
