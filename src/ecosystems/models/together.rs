//! What sections want that one mirror cannot have: a branch or tag that would mean two things.

use super::carried::Carried;
use super::meta::Meta;
use crate::artifact::Artifact;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Refuses artifacts that would be served under one name: of two commits of a branch, or two manifests of a tag, one could never be had.
pub(super) fn check(artifacts: &[&Artifact]) -> Result<()> {
    let mut known: BTreeMap<(String, String), (String, &Artifact)> = BTreeMap::new();
    for artifact in artifacts {
        for (name, is) in names(artifact) {
            let key = (artifact.name.clone(), name);
            let (other, by) = known.entry(key.clone()).or_insert_with(|| (is.clone(), artifact));
            if *other != is {
                let sections = [&by.sections[..], &artifact.sections[..]].concat().join(", ");
                return Err(Error::usage(format!("{}: {} would mean two things inside", artifact.name, key.1))
                    .with("found", other)
                    .with("found", is)
                    .with("sections", sections)
                    .hint("name one of them by its commit or digest alone; if neither is pinned, it moved meanwhile: lock again"));
            }
        }
    }
    Ok(())
}

/// The names that clients have for an artifact and that stand for one thing, each with what it stands for.
fn names(artifact: &Artifact) -> Vec<(String, String)> {
    if Carried::is_of(artifact) {
        let meta = Carried::of(artifact).ok();
        return meta.and_then(|meta| Some((meta.tag?, meta.root))).into_iter().collect();
    }
    let meta = Meta::of(artifact).ok();
    meta.into_iter().flat_map(|meta| meta.revisions.into_iter().map(move |revision| (revision, meta.commit.clone()))).collect()
}
