//! What sections want of images that one mirror cannot have: a tag that would mean two of them.

use super::meta::{Meta, Role};
use crate::artifact::{Artifact, Learned};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Refuses a tag that two sections found to be two images: clients would get one of them under it, and not what is listed there for the
/// other. One that is pinned by its digest is had by it, whatever the tag means; platforms and targets are parts of one image.
pub(super) fn check(artifacts: &[&Artifact]) -> Result<()> {
    let mut known: BTreeMap<(&str, String), &Artifact> = BTreeMap::new();
    for artifact in artifacts {
        let Some(tag) = tag(artifact) else { continue };
        let other = known.entry((&artifact.name, tag.clone())).or_insert(artifact);
        let [first, second] = [&**other, *artifact].map(|a| a.descriptors.first().map(|root| root.digest.to_string()).unwrap_or_default());
        if first != second {
            let sections = [&other.sections[..], &artifact.sections[..]].concat().join(", ");
            return Err(Error::usage(format!("{}:{tag} would be two images inside", artifact.name))
                .with("found", first)
                .with("found", second)
                .with("sections", sections)
                .hint("it moved meanwhile, or the sections have it from different mirrors: lock again, or pin it with @sha256:…"));
        }
    }
    Ok(())
}

/// The tag by which an image was found, not pinned.
fn tag(artifact: &Artifact) -> Option<String> {
    let pinned = artifact.descriptors.first().is_none_or(|root| root.learned == Learned::Pinned);
    Meta::of(artifact).ok().filter(|meta| meta.role == Role::Image && !pinned)?.tag
}
