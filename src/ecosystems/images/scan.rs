//! Lints: manifests with one reading, of the type and length that names them, and a walk from the root that meets every blob.

use super::meta::{Meta, Role};
use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest};
use crate::error::Result;
use crate::scan::{self, Findings, Profile, rules};
use crate::server::oci::{Document, Entry, Shape, is_manifest, read};
use std::collections::{BTreeMap, BTreeSet};

/// Looks into one blob; manifests are read with the whole image.
pub(super) fn blob(artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    match &blob.media_type {
        kind if is_manifest(kind) => Ok(()),
        kind if is_layer(kind) && runs(artifact) => scan::as_tar(bytes, Profile::Tree, found),
        _ => scan::by_content(bytes, Profile::Tree, found),
    }
}

/// Whether an artifact has the configuration of an image: only then does anything run it. Other artifacts of registries give the types
/// of layers to whatever they hold (`oras push` calls plain files so), which then say themselves what they are.
fn runs(artifact: &Artifact) -> bool {
    let configurations = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
    artifact.descriptors.iter().any(|blob| configurations.contains(&&*blob.media_type))
}

/// Whether a blob of that type is unpacked as a tar by whatever runs an image.
fn is_layer(kind: &str) -> bool {
    let beginnings = [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ];
    beginnings.iter().any(|beginning| kind.starts_with(beginning))
}

/// Walks an image from its root.
pub(super) fn whole(artifact: &Artifact, blobs: &dyn Blobs, found: &mut Findings) -> Result<()> {
    let Some(meta) = found.damage(rules::MANIFEST, "", Meta::of(artifact))? else { return Ok(()) };
    let mut walk = Walk {
        carried: artifact.descriptors.iter().map(|blob| (blob.digest, blob)).collect(),
        absent: meta.missing.iter().filter_map(|child| child.digest.parse().ok()).collect(),
        list: meta.role == Role::ReferrersTag,
        met: BTreeSet::new(),
        named: BTreeMap::new(),
    };
    let mut next: Vec<Digest> = artifact.descriptors.first().map(|root| root.digest).into_iter().collect();
    while let Some(digest) = next.pop() {
        if walk.met.insert(digest) {
            next.extend(walk.below(digest, blobs, found)?);
        }
    }
    walk.compare(found);
    Ok(())
}

struct Walk<'a> {
    carried: BTreeMap<Digest, &'a Descriptor>,
    /// Children that are known to be left out.
    absent: BTreeSet<Digest>,
    /// Whether it is a list of referrers, which are artifacts of their own.
    list: bool,
    met: BTreeSet<Digest>,
    /// What each blob is said to be: two manifests may call one blob by two types.
    named: BTreeMap<Digest, BTreeSet<(String, u64)>>,
}

impl Walk<'_> {
    /// What a manifest names; nothing for other blobs.
    fn below(&mut self, digest: Digest, blobs: &dyn Blobs, found: &mut Findings) -> Result<Vec<Digest>> {
        let Some(blob) = self.carried.get(&digest).filter(|blob| is_manifest(&blob.media_type)) else { return Ok(vec![]) };
        let Some(bytes) = read(digest, blobs) else {
            found.add(rules::NOT_EXAMINED, digest, "the manifest is not here");
            return Ok(vec![]);
        };
        let Some(document) = found.damage(rules::MANIFEST, digest, Document::parse(&bytes, &blob.media_type))? else { return Ok(vec![]) };
        let mut next = Vec::new();
        for child in children(&document) {
            if self.carried.contains_key(&child.digest) {
                self.named.entry(child.digest).or_default().insert((child.media_type.clone(), child.size));
                next.push(child.digest);
            } else if !self.list && !self.absent.contains(&child.digest) {
                found.add(rules::WALK, child.digest, format!("{digest} names it and it is not carried"));
            }
        }
        Ok(next)
    }

    /// What is carried, with what it is said to be.
    fn compare(&self, found: &mut Findings) {
        for (digest, blob) in &self.carried {
            let is = (blob.media_type.clone(), blob.size);
            match self.named.get(digest) {
                _ if !self.met.contains(digest) => found.add(rules::WALK, digest, "no manifest of the image names it"),
                Some(said) if !said.contains(&is) || said.iter().any(|(_, size)| *size != blob.size) => {
                    let said: Vec<String> = said.iter().take(4).map(|(kind, size)| format!("{kind:.80} of {size} bytes")).collect();
                    found.add(rules::MANIFEST, digest, format!("it is {:.80} of {} bytes, and named as {}", is.0, is.1, said.join(", ")));
                }
                _ => {}
            }
        }
    }
}

fn children(document: &Document) -> Vec<&Entry> {
    match &document.shape {
        Shape::Index(entries) => entries.iter().collect(),
        Shape::Manifest { .. } => document.parts(),
    }
}
