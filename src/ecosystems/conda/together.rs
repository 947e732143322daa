//! Packages that several sections want: which are one, and which cannot be served beside each other.

use super::meta::{Meta, Relations};
use crate::artifact::Artifact;
use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What two sections know together of one archive: a channel may have corrected its record between them, or one of them has it from a
/// lock file. The one that says more is kept, whichever comes first.
pub(super) fn unite(first: &Value, second: &Value) -> Option<Value> {
    let [first, second] = [first, second].map(|value| Meta::deserialize(value).ok());
    let (first, second) = (first?, second?);
    if (&first.channel, &first.subdir) != (&second.channel, &second.subdir) {
        return None;
    }
    let weight = |meta: &Meta| (meta.record.as_object().map_or(0, serde_json::Map::len), meta.record.to_string());
    let run_exports = first.run_exports.clone().or_else(|| second.run_exports.clone());
    let beside = first.beside.iter().chain(&second.beside).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let relations = united(&first.relations, &second.relations);
    let meta = if weight(&second) > weight(&first) { second } else { first };
    Some(Meta { run_exports, beside, relations, ..meta }.to_value())
}

/// What either section was told; of two that differ the same one is kept, whichever comes first.
fn united(first: &BTreeMap<String, Relations>, second: &BTreeMap<String, Relations>) -> BTreeMap<String, Relations> {
    let mut all = first.clone();
    for (channel, relations) in second {
        let known = all.entry(channel.clone()).or_default();
        if *relations > *known {
            known.clone_from(relations);
        }
    }
    all
}

/// One name of an archive in one channel is one archive.
pub(super) fn check(artifacts: &[&Artifact]) -> Result<()> {
    let mut known: BTreeMap<(&str, &str), &Artifact> = BTreeMap::new();
    for artifact in artifacts {
        let [blob] = &artifact.descriptors[..] else { continue };
        let folder = artifact.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = (folder, blob.name.as_deref().unwrap_or_default());
        let other = known.entry(key).or_insert(artifact);
        let [first, second] = [&**other, *artifact].map(|a| a.descriptors.first().map(|d| (d.digest, d.origins.join(", "))));
        let (Some(first), Some(second)) = (first, second) else { continue };
        if first.0 != second.0 {
            return Err(Error::usage(format!("{folder}/{}: two different archives would be served under this name", key.1))
                .with_all("found", &[first.1, second.1])
                .with("sections", [&other.sections[..], &artifact.sections[..]].concat().join(", "))
                .hint("they come from two channels of one name: give one another: { name = \"…\", url = \"…\" }"));
        }
    }
    Ok(())
}
