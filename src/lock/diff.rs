//! What changed between two locks, in the words of a reviewer.

use super::Lock;
use crate::artifact::{Artifact, Digest};
use serde::Serialize;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// One difference; names are `ecosystem/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// A name that was not there before.
    New {
        /// The name.
        name: String,
        /// Its versions.
        after: Vec<String>,
    },
    /// A name that is gone.
    Removed {
        /// The name.
        name: String,
        /// The versions it had.
        before: Vec<String>,
    },
    /// A name whose versions changed.
    Changed {
        /// The name.
        name: String,
        /// The versions it had.
        before: Vec<String>,
        /// The versions it has.
        after: Vec<String>,
    },
    /// The same version with other bytes: what a reviewer must look at first.
    Rebuilt {
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
}

/// All differences of two locks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LockDiff {
    /// The differences, sorted.
    pub changes: Vec<Change>,
    /// Bytes the new lock needs that the old one did not have.
    pub new_bytes: u64,
}

type Versions = BTreeMap<String, BTreeSet<Digest>>;

impl LockDiff {
    /// The differences from `old` to `new`.
    pub fn between(old: &Lock, new: &Lock) -> Self {
        Self::since(Some(old), new)
    }

    /// The same where there may have been nothing before.
    pub fn since(old: Option<&Lock>, new: &Lock) -> Self {
        Self::of(old.map_or(&[], |old| &old.artifacts), &new.artifacts)
    }

    /// The differences of artifacts that need not be those of one lock: what several bundles have installed. One that is there twice counts
    /// once.
    pub fn of<A: Borrow<Artifact>, B: Borrow<Artifact>>(old: &[A], new: &[B]) -> Self {
        let (before, after) = (by_name(old), by_name(new));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut changes: Vec<Change> = names.into_iter().flat_map(|name| compare(name, before.get(name), after.get(name))).collect();
        changes.sort();
        let had = blobs(old);
        let new_bytes =
            blobs(new).iter().filter(|(digest, _)| !had.contains_key(digest)).fold(0, |sum: u64, (_, size)| sum.saturating_add(*size));
        Self { changes, new_bytes }
    }

    /// How many are (changed, new, removed, rebuilt).
    pub fn counts(&self) -> (usize, usize, usize, usize) {
        let count = |wanted: fn(&Change) -> bool| self.changes.iter().filter(|c| wanted(c)).count();
        (
            count(|c| matches!(c, Change::Changed { .. })),
            count(|c| matches!(c, Change::New { .. })),
            count(|c| matches!(c, Change::Removed { .. })),
            count(|c| matches!(c, Change::Rebuilt { .. })),
        )
    }
}

fn blobs<A: Borrow<Artifact>>(artifacts: &[A]) -> BTreeMap<Digest, u64> {
    artifacts.iter().flat_map(|artifact| &artifact.borrow().descriptors).map(|blob| (blob.digest, blob.size)).collect()
}

fn by_name<A: Borrow<Artifact>>(artifacts: &[A]) -> BTreeMap<String, Versions> {
    let mut names: BTreeMap<String, Versions> = BTreeMap::new();
    for artifact in artifacts.iter().map(Borrow::borrow) {
        let versions = names.entry(format!("{}/{}", artifact.ecosystem, artifact.name)).or_default();
        versions.entry(artifact.version.clone()).or_default().extend(artifact.descriptors.iter().map(|d| d.digest));
    }
    names
}

fn compare(name: &str, before: Option<&Versions>, after: Option<&Versions>) -> Vec<Change> {
    let list = |versions: &Versions| versions.keys().cloned().collect::<Vec<_>>();
    match (before, after) {
        (Some(before), None) => vec![Change::Removed { name: name.to_owned(), before: list(before) }],
        (None, Some(after)) => vec![Change::New { name: name.to_owned(), after: list(after) }],
        (Some(before), Some(after)) => {
            let rebuilt = before.iter().filter(|(version, digests)| after.get(*version).is_some_and(|now| now != *digests));
            let mut changes: Vec<Change> =
                rebuilt.map(|(version, _)| Change::Rebuilt { name: name.to_owned(), version: version.clone() }).collect();
            if before.keys().ne(after.keys()) {
                changes.push(Change::Changed { name: name.to_owned(), before: list(before), after: list(after) });
            }
            changes
        }
        (None, None) => vec![],
    }
}
